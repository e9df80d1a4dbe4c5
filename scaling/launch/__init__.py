"""The driver: runs what a study is missing, on workers of this machine or of a cluster, and records what comes out."""

from scaling.launch.calibrate import calibrate
from scaling.launch.loop import RunSummary
from scaling.launch.options import RunOptions, Until, retried_kinds
from scaling.launch.retry import RetryPolicy
from scaling.launch.run import run

__all__ = ["RetryPolicy", "RunOptions", "RunSummary", "Until", "calibrate", "retried_kinds", "run"]
