"""How often verdicts are false, and how often right ones are found, in studies whose truth is known.

`make calibration` writes docs/calibration.md with 200 studies a row; tests run a few of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scaling.analysis.depth_width.regimes import Regimes, regimes
from scaling.analysis.equal_accuracy.compare import Comparison, compare
from scaling.analysis.settings import collapse_seeds
from tests.analysis.simulated import Law, row, saturating, study

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
STUDIES = 200
LAW = saturating(0.66, 0.83, 0.25)
SEED_NOISE = 0.003


@dataclass(frozen=True)
class Row:
    """A kind of study, what is asked of it, and what is wanted of the answers.

    Attributes:
        what: in words.
        wanted: in words; empty where it is reported only.
        outcome: from a study's number to 1 or 0, or to a number whose mean is told.
        bound: the mean must not lie surely above this; NaN: no bound.
    """

    what: str
    wanted: str
    outcome: Callable[[int], float]
    bound: float = np.nan


def families(number: int, points: int = 8, behind: float = 0.0, ratio: float = 1.0, **noise: float) -> Comparison:
    """Two families, the second of which needs `ratio` times the cost, or has extra members that lie behind its law."""
    random = np.random.default_rng(number)

    def law(log_cost: np.ndarray) -> np.ndarray:
        return LAW(log_cost - np.log(ratio))

    sides: dict[str, tuple[Law, float]] = {"a": (LAW, 0.0), "b": (law, behind)}
    frames = [
        study({name: of}, points, random, seed_noise=SEED_NOISE, behind=extra, **noise)  # type: ignore[arg-type]
        for name, (of, extra) in sides.items()
    ]
    (pair,) = compare(collapse_seeds(pd.concat(frames, ignore_index=True))).pairs
    return pair


def says_something(pair: Comparison) -> float:
    """Whether any band, the whole or a crossover is decided."""
    assert pair.overall is not None
    decided = [band.verdict != "undecided" for band in (*pair.bands, pair.overall)]
    return float(any(decided) or any(crossover.decided for crossover in pair.crossovers))


def speedup(pair: Comparison) -> float:
    """On the whole."""
    assert pair.overall is not None
    return pair.overall.speedup


def decided(pair: Comparison) -> float:
    """Whether the whole is."""
    assert pair.overall is not None
    return float(pair.overall.verdict != "undecided")


def few_seeds(number: int) -> Comparison:
    """Seed noise that is known from two settings with two seeds: two degrees of freedom."""
    random = np.random.default_rng(number)
    frame = study({"a": LAW, "b": LAW}, 8, random, seeds=1, seed_noise=SEED_NOISE)
    again = frame.iloc[[0, 8]].assign(seed=1)
    again["top1"] += SEED_NOISE * np.sqrt(2) * random.standard_normal(2)
    (pair,) = compare(collapse_seeds(pd.concat([frame, again], ignore_index=True))).pairs
    return pair


def depth_width(number: int, seeds: int, ahead: float = 0.0, cells: int = 2, images: int = 10_000) -> Regimes:
    """Depth and width arms at `cells` resolutions in three regimes, width better by `ahead` (fraction)."""
    random, rows = np.random.default_rng(number), []
    arms = [(26, 1.0, 2.0), (50, 1.0, 4.0), (101, 1.0, 8.0), (14, 1.5, 2.1), (14, 2.0, 4.2), (14, 3.0, 7.8)]
    for resolution in (16, 32)[:cells]:
        for epochs in (10, 50, 100):
            for depth, width, cost in [(14, 1.0, 1.0), *arms]:
                truth = 0.7 + 0.05 * np.log(cost) + (ahead if width > 1 else 0.0)
                mean = truth + np.sqrt(truth * (1 - truth) / images) * random.standard_normal()
                time = cost * np.exp(0.02 * random.standard_normal())
                for seed in range(seeds):
                    top1 = mean + SEED_NOISE * random.standard_normal()
                    made = row("resnet_rs", depth, time, top1, seed, images, 0.02)
                    rows.append(made | {"width": width, "resolution": resolution, "epochs": epochs, "stem": "small"})
    return regimes(collapse_seeds(pd.DataFrame(rows)))


def verdicts(found: Regimes) -> list[str]:
    """Of all cells, all regimes and what longer training changes."""
    cells = [cell.verdict for regime in found.regimes for cell in regime.cells]
    return [*cells, *(regime.verdict for regime in found.regimes), found.towards]


def says_something_of_arms(found: Regimes) -> float:
    """Whether any verdict is decided."""
    return float(any(verdict != "undecided" for verdict in verdicts(found)))


ROWS = (
    Row(
        "two equal families, one seed each, noise of 0.3 points between seeds not measured: anything false",
        "at most 0.10",
        lambda number: says_something(families(number, seeds=1)),
        0.10,
    ),
    Row(
        "the same with three seeds: anything false",
        "at most 0.10",
        lambda number: says_something(families(number, seeds=3)),
        0.10,
    ),
    Row(
        "the same, where one family has inferior extra members: anything false",
        "at most 0.10",
        lambda number: says_something(families(number, points=15, behind=0.02, seeds=3)),
        0.10,
    ),
    Row(
        "the same: mean speed-up of two equal frontiers",
        "0.98 to 1.02",
        lambda number: speedup(families(number, points=15, behind=0.02, seeds=3)),
    ),
    Row(
        "two equal families, noise known with two degrees of freedom: anything false",
        "at most 0.10",
        lambda number: says_something(few_seeds(number)),
        0.10,
    ),
    Row(
        "depth equals width, three seeds, ten verdicts: anything false",
        "at most 0.10",
        lambda number: says_something_of_arms(depth_width(number, seeds=3)),
        0.10,
    ),
    Row(
        "depth equals width, one seed, ten verdicts: anything false",
        "at most 0.10",
        lambda number: says_something_of_arms(depth_width(number, seeds=1)),
        0.10,
    ),
    Row(
        "one family needs 1.15 times the cost, three seeds: decided on the whole",
        "",
        lambda number: decided(families(number, ratio=1.15, seeds=3)),
    ),
    Row(
        "one family needs 1.3 times the cost, three seeds: decided on the whole",
        "",
        lambda number: decided(families(number, ratio=1.3, seeds=3)),
    ),
    Row(
        "width better than depth by 0.5 points, five seeds, 10,000 images: longest regime decided",
        "at least 0.60",
        lambda number: float(depth_width(number, 5, ahead=0.005).regimes[-1].verdict == "width"),
    ),
)


def measured(row: Row, studies: int) -> tuple[float, float]:
    """Mean of the outcomes over so many studies, and its standard error."""
    outcomes = np.array([row.outcome(number) for number in range(studies)])
    return float(outcomes.mean()), float(outcomes.std(ddof=1) / np.sqrt(studies))


def _measured(place: int, studies: int) -> tuple[float, float]:
    return measured(ROWS[place], studies)


HEADER = """# Calibration: what is said of studies whose truth is known

`make calibration` simulates {studies} studies a row (`tests/analysis/calibration.py`). Verdicts that are read together
are bounded together: in at most 10% of studies may anything be false. The standard error says how far a figure may be
off for so few studies.

| studies | measured | standard error | wanted |
|---|---|---|---|
"""


def document(studies: int) -> str:
    """The whole document; rows are measured side by side."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(_measured, range(len(ROWS)), [studies] * len(ROWS)))
    rows = (
        f"| {each.what} | {mean:.3f} | {error:.3f} | {each.wanted or 'reported'} |\n"
        for each, (mean, error) in zip(ROWS, found, strict=True)
    )
    return HEADER.format(studies=studies) + "".join(rows)


def main() -> None:
    """Writes it."""
    DOCUMENT.write_text(document(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES))


if __name__ == "__main__":
    main()
