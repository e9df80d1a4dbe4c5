"""Counters of energy as Linux shows them, made up in a folder: no machine here lets us read its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.runner import energy
from scaling.runner.energy import Rapl
from scaling.runner.timing import measure


def zone(root: Path, name: str, energy_uj: int, wraps_at: int = 1_000_000) -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{wraps_at}\n")
    return folder


def test_packages_are_added_their_parts_are_not_and_wrapping_is_followed(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", 900_000)
    zone(tmp_path, "intel-rapl:1", 5)
    zone(tmp_path, "intel-rapl:0:0", 7)
    meter = Rapl(tmp_path)
    assert meter() == 0
    zone(tmp_path, "intel-rapl:0", 100_000)
    zone(tmp_path, "intel-rapl:1", 500_005)
    zone(tmp_path, "intel-rapl:0:0", 900_000)
    assert meter() == pytest.approx(0.2 + 0.5)
    zone(tmp_path, "intel-rapl:1", 500_006)
    assert meter() == pytest.approx(0.700001)


def test_where_nothing_is_told_there_is_no_meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "Rapl", lambda: Rapl(tmp_path))
    assert energy.meter(None) is None


def test_a_step_has_the_mean_over_its_blocks_with_an_interval() -> None:
    joules = iter([0.0, 6.0, 10.0, 16.0, 20.0, 26.0, 30.0, 36.0])
    times = iter(range(10_000))
    timing = measure(
        lambda: None,
        max_seconds=1.0,
        clock=lambda: next(times) / 10,
        sleep=lambda seconds: None,
        others=lambda: None,
        meter=lambda: next(joules),
    )
    assert timing.joules == pytest.approx(2.0)
    assert timing.joules_low == timing.joules_high == pytest.approx(2.0)
    assert measure(lambda: None, 0.01, others=lambda: None).joules is None
