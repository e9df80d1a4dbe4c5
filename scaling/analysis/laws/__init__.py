"""Error as a law of size, time or training: the laws, their fit, and how well they predict."""
