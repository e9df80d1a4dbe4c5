"""Ours and theirs, measured in turn on one machine: `make bench`, or `python -m benchmarks study plan`."""
