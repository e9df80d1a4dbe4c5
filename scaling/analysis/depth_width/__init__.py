"""Depth against width at the same cost, and how training time moves the answer."""
