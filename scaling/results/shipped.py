"""What ships with the toolkit beside its code: studies, notebooks, and the runs under `results/reference/`."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(folder: str) -> Path:
    """A folder that ships, as `studies`: inside the package where it is installed, beside it in a checkout."""
    inside = PACKAGE / "shipped" / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder
