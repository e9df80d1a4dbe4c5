"""A trial from its seed, or its checkpoint, to its scores."""
