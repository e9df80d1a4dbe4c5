"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from scaling.session.options import Options, retried_kinds
from scaling.session.run import run
from scaling.session.work import jobs

__all__ = ["Options", "jobs", "retried_kinds", "run"]
