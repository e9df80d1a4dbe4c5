"""From a study file to the trials it asks for; no TensorFlow."""
