"""Should a vision model grow in depth, in width, in resolution or in training time? Ask it on your own data.

The few names a notebook needs; each loads what it stands on when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling.results.frame import load_results as load_results

__version__ = "0.1.0"
__all__ = ["load_results"]

_HOMES = {"load_results": "scaling.results.frame"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'scaling' has no attribute {name!r}")
