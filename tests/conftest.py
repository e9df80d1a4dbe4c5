"""What holds for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# The same examples on every run, and no limit on their time: CI's two cores are shared.
settings.register_profile("scaling", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("scaling")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the slow tests last, so that what is cheap to find fails first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody has timed on this machine changes no plan in a test."""
    from scaling.generator import calibration

    monkeypatch.setattr(calibration, "read", lambda: ())
