"""How many cores read and decode."""

from __future__ import annotations

import os


def threads() -> int:
    """Cores of this worker: those that its TensorFlow was given, else all of the machine."""
    return int(os.environ.get("TF_NUM_INTEROP_THREADS") or os.cpu_count() or 1)
