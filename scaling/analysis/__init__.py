"""From the results frame to answers: data in, data out, without drawing and without TensorFlow."""
