"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from scaling.launch.options import Options, retried_kinds
from scaling.launch.run import run
from scaling.launch.workload import jobs

__all__ = ["Options", "jobs", "retried_kinds", "run"]
