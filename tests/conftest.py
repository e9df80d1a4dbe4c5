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

LONG = (
    "test_failures_end_to_end.py",
    "test_replicas.py",
    "test_kills_end_to_end.py",
    "test_end_to_end.py",
    "test_until_end_to_end.py",
    "test_limits_end_to_end.py",
    "test_export.py",
    "test_resume.py",
    "test_weights_end_to_end.py",
    "test_search_end_to_end.py",
    "test_backends.py",
    "test_own_family.py",
)
"""Files of slow tests that take longest, those first: where files run side by side, none is left alone at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Where files run side by side, they are begun in the order below: xdist would begin with those of most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the slow tests last, so that what is cheap to find fails first; of files, those with slow tests in them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item: pytest.Item) -> tuple[bool, bool, int]:
        long = LONG.index(item.path.name) if item.path.name in LONG else len(LONG)
        return item.get_closest_marker("slow") is not None, item.path in slow, long

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _no_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody has timed on this machine changes no plan in a test."""
    from scaling.generator import calibration

    monkeypatch.setattr(calibration, "read", lambda: ())
