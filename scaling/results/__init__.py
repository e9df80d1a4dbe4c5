"""What was measured: the records of a study, the one frame they make, and the lock of whoever writes them."""
