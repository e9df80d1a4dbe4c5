"""Should a vision model grow in depth, in width, in resolution or in training time? Ask it on your own data.

The few names a notebook needs; each loads what it stands on when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling.errors import UserError as UserError
    from scaling.interface.asking import load_study as load_study
    from scaling.interface.asking import plan as plan
    from scaling.interface.choosing import next_trials as next_trials
    from scaling.interface.choosing import recommend as recommend
    from scaling.interface.deciding import answer as answer
    from scaling.interface.deciding import claims as claims
    from scaling.interface.deciding import compare as compare
    from scaling.interface.deciding import fit as fit
    from scaling.interface.deciding import regimes as regimes
    from scaling.interface.deciding import report as report
    from scaling.interface.drawing import figure as figure
    from scaling.interface.results import reference as reference
    from scaling.interface.running import run as run
    from scaling.results.frame import load_results as load_results

__version__ = "0.1.0"

_HOMES = {
    "load_study": "scaling.interface.asking",
    "plan": "scaling.interface.asking",
    "run": "scaling.interface.running",
    "load_results": "scaling.results.frame",
    "reference": "scaling.interface.results",
    "answer": "scaling.interface.deciding",
    "compare": "scaling.interface.deciding",
    "fit": "scaling.interface.deciding",
    "regimes": "scaling.interface.deciding",
    "claims": "scaling.interface.deciding",
    "recommend": "scaling.interface.choosing",
    "next_trials": "scaling.interface.choosing",
    "report": "scaling.interface.deciding",
    "figure": "scaling.interface.drawing",
    "UserError": "scaling.errors",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'scaling' has no attribute {name!r}")
