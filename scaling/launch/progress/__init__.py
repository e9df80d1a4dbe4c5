"""Watching a study run."""
