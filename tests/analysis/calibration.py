"""How often verdicts are false, and how often right ones are found, in studies whose truth is known.

`make calibration` writes docs/calibration.md with 200 studies a row; tests run a few of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from scaling.analysis.claims.replay import replay
from scaling.analysis.depth_width.regimes import Regimes, regimes
from scaling.analysis.equal_accuracy.compare import Comparison, compare
from scaling.analysis.laws.forecast import forecast
from scaling.analysis.laws.power_law import fit
from scaling.analysis.pareto.front import front, front_chance
from scaling.analysis.settings import collapse_seeds
from scaling.results.correct import packed
from tests.analysis.curves import section
from tests.analysis.simulated import Floats, Law, row, saturating, study

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
STUDIES = 200
LAW = saturating(0.66, 0.83, 0.25)
SEED_NOISE = 0.003


@dataclass(frozen=True)
class Row:
    """A kind of study, what is asked of it, and what is wanted of the answers.

    Attributes:
        what: in words.
        wanted: in words, `0.98 to 1.02`, `at most 0.10` or `at least 0.90`; empty where it is reported only.
        outcome: from a study's number to 1 or 0, or to a number whose mean is told.
    """

    what: str
    wanted: str
    outcome: Callable[[int], float]

    @property
    def range(self) -> tuple[float, float]:
        """The least and the most that is wanted."""
        numbers = [float(word) for word in self.wanted.split() if word.strip("-.").replace(".", "").isdigit()]
        if not numbers:
            return -np.inf, np.inf
        low, high = numbers[0], numbers[-1]
        return (-np.inf if "at most" in self.wanted else low), (np.inf if "at least" in self.wanted else high)


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


def depth_width(
    number: int, seeds: int, ahead: float = 0.0, cells: int = 2, images: int = 10_000, paired: bool = False
) -> Regimes:
    """Depth and width arms at `cells` resolutions in three regimes, width better by `ahead` (fraction).

    Where they are `paired`, all networks look at the same images, some of which are hard for all, and it is known which
    each was right on.
    """
    random, rows = np.random.default_rng(number), []
    easy = random.standard_normal(images)
    arms = [(26, 1.0, 2.0), (50, 1.0, 4.0), (101, 1.0, 8.0), (14, 1.5, 2.1), (14, 2.0, 4.2), (14, 3.0, 7.8)]
    for resolution in (16, 32)[:cells]:
        for epochs in (10, 50, 100):
            for depth, width, cost in [(14, 1.0, 1.0), *arms]:
                truth = 0.7 + 0.05 * np.log(cost) + (ahead if width > 1 else 0.0)
                mean = truth + np.sqrt(truth * (1 - truth) / images) * random.standard_normal()
                time = cost * np.exp(0.02 * random.standard_normal())
                for seed in range(seeds):
                    top1, correct = mean + SEED_NOISE * random.standard_normal(), None
                    if paired:
                        right = looks_easy(easy, truth + SEED_NOISE * random.standard_normal(), random)
                        top1, correct = right.mean(), packed(right)
                    made = row("resnet_rs", depth, time, top1, seed, images, 0.02) | {"validation_correct": correct}
                    rows.append(made | {"width": width, "resolution": resolution, "epochs": epochs, "stem": "small"})
    return regimes(collapse_seeds(pd.DataFrame(rows)))


def looks_easy(easy: npt.NDArray[np.float64], truth: float, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """`(images,)`, which a network is right on: half of what decides is the image, half the network's own chance.

    Of two networks that are right on 70% of the images, this makes one right on 82% of those that the other is.
    """
    looks = (easy + random.standard_normal(len(easy))) / np.sqrt(2)
    return np.asarray(looks < stats.norm.ppf(truth))


BREAKS = "a power law that breaks"
TRUTHS: dict[str, Callable[[Floats], Floats]] = {
    "a power law": lambda u: np.log(0.3) - 0.2 * u,
    "a power law with a floor": lambda u: np.log(0.05 + 0.2 * np.exp(-0.4 * u)),
    BREAKS: lambda u: np.log(0.25) - np.where(u < 0, 0.35, 0.1) * u,
    "a smooth bend": lambda u: np.log(0.25) - 0.3 * u + 0.2 * np.log1p(np.exp(u / 0.7)) * 0.7,
    "a logistic with a floor": lambda u: np.log(0.1 + 0.9 / (1 + np.exp(0.6 * (u + 1)))),
}
"""Log error at log x."""


def forecast_holds(number: int, truth: str, times: float) -> float:
    """Whether a new point lies in the interval of a forecast from twelve points over a factor of 30."""
    random, law = np.random.default_rng(number), TRUTHS[truth]
    u = np.linspace(-1.7, 1.7, 12)
    noise = 0.01 if number % 2 else 0.02
    y, at = law(u) + noise * random.standard_normal(12), u[-1:] + np.log(times)
    (found,) = forecast(u, y, np.zeros(12), at)
    new = float(np.exp(law(at)[0] + noise * random.standard_normal()))
    return float(found.low <= new <= found.high)


def break_is_located(number: int, truth: str, points: int = 30) -> float:
    """Whether it is said where a power law breaks, from points over a factor of 160."""
    random, law = np.random.default_rng(number), TRUTHS[truth]
    u = np.linspace(-2.55, 2.55, points)
    y = law(u) + (0.01 if number % 2 else 0.02) * random.standard_normal(points)
    broken = fit(np.exp(u), np.exp(np.minimum(y, 0)), draws=100).broken
    assert broken is not None
    return float(broken.verdict == "holds" and broken.told_apart)


def front_chance_off(number: int, low: float, high: float) -> float:
    """Of 15 networks about a curve those whose stated chance lies in [low, high): truly on the front, less that."""
    random = np.random.default_rng(number)
    log_cost = np.sort(random.uniform(0, 4, 15))
    truth = LAW(log_cost) - 0.005 * random.exponential(size=15)
    measured = truth + np.sqrt(truth * (1 - truth) / 10_000) * random.standard_normal(15)
    rows = [
        row("a", place, float(np.exp(log_cost[place])), measured[place] + SEED_NOISE * random.standard_normal(), seed)
        for place in range(15)
        for seed in range(3)
    ]
    settings = collapse_seeds(pd.DataFrame(rows))
    stated = front_chance(settings, "training_ms", "top1", draws=300).to_numpy()
    on = front(settings.assign(top1=truth), "training_ms", "top1").to_numpy()
    some = (low <= stated) & (stated < high)
    return float((on[some] - stated[some]).mean()) if some.any() else np.nan


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
    ),
    Row(
        "the same with three seeds: anything false",
        "at most 0.10",
        lambda number: says_something(families(number, seeds=3)),
    ),
    Row(
        "the same, where one family has inferior extra members: anything false",
        "at most 0.10",
        lambda number: says_something(families(number, points=15, behind=0.02, seeds=3)),
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
    ),
    Row(
        "depth equals width, three seeds, ten verdicts: anything false",
        "at most 0.10",
        lambda number: says_something_of_arms(depth_width(number, seeds=3)),
    ),
    Row(
        "depth equals width, one seed, ten verdicts: anything false",
        "at most 0.10",
        lambda number: says_something_of_arms(depth_width(number, seeds=1)),
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
    *(
        Row(
            f"width better than depth by 0.5 points, five seeds, 10,000 images{how}: longest regime decided",
            f"at least {least}",
            lambda number, paired=paired: float(
                depth_width(number, 5, ahead=0.005, paired=paired).regimes[-1].verdict == "width"
            ),
        )
        for paired, how, least in ((False, "", "0.60"), (True, ", known which each was right on", "0.90"))
    ),
    Row(
        "depth equals width, three seeds, known which images each was right on, ten verdicts: anything false",
        "at most 0.10",
        lambda number: says_something_of_arms(depth_width(number, seeds=3, paired=True)),
    ),
    *(
        Row(
            f"chance of {low:g} to {min(high, 1):g} to be on the Pareto front: truly on it, less the chance stated",
            "-0.05 to 0.05",
            lambda number, low=low, high=high: front_chance_off(number, low, high),
        )
        for low, high in ((0, 0.3), (0.3, 0.7), (0.7, 1.01))
    ),
    *(
        Row(
            f"error follows {truth}, forecast {times} times beyond twelve points: the interval holds a new point",
            "at least 0.85",
            lambda number, truth=truth, times=times: forecast_holds(number, truth, times),
        )
        for truth in TRUTHS
        for times in (2, 10)
    ),
    *(
        Row(
            f"error follows {truth}, 30 points: it is said where a power law breaks",
            "" if truth == BREAKS else "at most 0.10",
            lambda number, truth=truth: break_is_located(number, truth),
        )
        for truth in TRUTHS
    ),
)


def measured(row: Row, studies: int) -> tuple[float, float]:
    """Mean of the outcomes over so many studies, and its standard error."""
    outcomes = np.array([row.outcome(number) for number in range(studies)])
    outcomes = outcomes[np.isfinite(outcomes)]
    return float(outcomes.mean()), float(outcomes.std(ddof=1) / np.sqrt(len(outcomes)))


def _measured(place: int, studies: int) -> tuple[float, float]:
    return measured(ROWS[place], studies)


HEADER = """# Calibration: what is said of studies whose truth is known

`make calibration` simulates studies whose truth it knows (`tests/analysis/calibration.py`), and asks of each what is
said of it. Verdicts that are read together are bounded together: in at most 10% of studies may anything be false. The
standard error says how far a figure may be off for so few studies. What misses its target says so.

| studies | measured | standard error | of so many | wanted |
|---|---|---|---|---|
"""
CURVES = """
## Curves that others measured

"""


def price() -> str:
    """Which of the paper's claims, replayed on its own numbers, would have another verdict without assumed noise."""
    with_noise, without = replay(), {one.claim.claim: one.verdict for one in replay(seed_noise=0.0)}
    turned = [one.claim.claim for one in with_noise if one.verdict != without[one.claim.claim]]
    hold, would = sum(one.verdict == "holds" for one in with_noise), sum(one == "holds" for one in without.values())
    return f"""
## What it costs

The paper's numbers come from one seed each. Of its {len(with_noise)} claims, replayed on them, {hold} hold. Were seeds
taken to be alike, {would} would: {", ".join(f"`{name}`" for name in turned)}.
"""


def line(row: Row, studies: int, found: tuple[float, float]) -> str:
    """A row of the table."""
    mean, error = found
    return f"| {row.what} | {mean:.3f} | {error:.3f} | {studies} | {row.wanted or 'reported'}{_missed(row, mean)} |"


def _missed(row: Row, mean: float) -> str:
    low, high = row.range
    return "" if low <= round(mean, 3) <= high else ": missed"


def simulated(studies: int, only: str, before: dict[str, str]) -> str:
    """The part on studies made up; those rows are measured whose words contain `only`, side by side."""
    chosen = [place for place, row in enumerate(ROWS) if only in row.what or row.what not in before]
    with ProcessPoolExecutor() as pool:
        found = dict(zip(chosen, pool.map(_measured, chosen, [studies] * len(chosen)), strict=True))
    lines = (
        line(row, studies, found[place]) if place in found else line(row, *_numbers(before[row.what]))
        for place, row in enumerate(ROWS)
    )
    return HEADER + "\n".join(lines) + "\n" + price()


def _numbers(text: str) -> tuple[int, tuple[float, float]]:
    value, error, studies = (float(part) for part in text.split(" | ")[1:4])
    return int(studies), (value, error)


def told(document: str) -> dict[str, str]:
    """The rows of a document, by their words."""
    rows = (text for text in document.splitlines() if text.startswith("| "))
    return {text.split(" | ")[0].removeprefix("| "): text for text in rows}


def main() -> None:
    """Writes the document; rows that are not measured, and without a file the part on curves, stay as they are."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--studies", type=int, default=STUDIES)
    arguments.add_argument("--only", default="", help="Measure only the rows with these words in them.")
    arguments.add_argument("--curves", type=Path, help="CSV: model, task, seen_examples, error, fitted")
    given = arguments.parse_args()
    before = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    curves = section(given.curves) if given.curves else before.partition(CURVES)[2]
    made_up = simulated(given.studies, given.only, told(before))
    DOCUMENT.write_text(made_up + (CURVES + curves if curves else ""))


if __name__ == "__main__":
    main()
