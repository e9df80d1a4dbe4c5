"""How often verdicts are false, and how often right ones are found, in studies whose truth is known.

`make calibration` writes docs/calibration.md with 200 studies a row or more; tests run a few of them. A part of the
document alone: `make calibration ARGS="--parts price pairing"`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from scaling.analysis.decide.contrasts import along
from scaling.analysis.decide.differences import differences
from scaling.analysis.depth_width.regimes import Regimes, regimes
from scaling.analysis.equal_accuracy.compare import NODES, Comparison, compare
from scaling.analysis.equal_accuracy.cost_curve import curve, knots
from scaling.analysis.laws.forecast import forecast
from scaling.analysis.laws.power_law import fit
from scaling.analysis.pareto.front import front, front_chance
from scaling.analysis.settings import collapse_seeds
from scaling.results.correct import packed
from scaling.schema import AnswerPlan, Question
from tests.analysis import curves, price
from tests.analysis.simulated import Floats, Law, row, saturating, study

DOCUMENT = Path(__file__).parents[2] / "docs" / "calibration.md"
STUDIES = 200
LAW = saturating(0.66, 0.83, 0.25)
NEARLY_EQUAL, EQUAL = saturating(0.800, 0.805, 0.25), saturating(0.8, 0.8, 0.25)
CHANCES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)
"""Ends of the bins of chances to be on the front."""
SEED_NOISE = 0.003


@dataclass(frozen=True)
class Row:
    """A kind of study, what is asked of it, and what is wanted of the answers.

    Attributes:
        what: in words.
        wanted: in words, `0.98 to 1.02`, `at most 0.10` or `at least 0.90`; empty where it is reported only.
        outcome: from a study's number to 1 or 0, or to a number whose mean is told; NaN where a study says nothing.
        too_much: what more than is wanted is called: an interval that holds too often is too wide.
        times: how many times as many studies are made, where one takes little.
    """

    what: str
    wanted: str
    outcome: Callable[[int], float]
    too_much: str = ""
    times: int = 1

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
    frame = families_frame(number, points, behind, ratio, seed_noise=SEED_NOISE, **noise)
    (pair,) = compare(collapse_seeds(frame)).pairs
    return pair


def families_frame(number: int, points: int, behind: float, ratio: float = 1.0, **noise: float) -> pd.DataFrame:
    """The trials of such a study; the same number with less noise has the same truth."""
    random = np.random.default_rng(number)

    def law(log_cost: np.ndarray) -> np.ndarray:
        return LAW(log_cost - np.log(ratio))

    sides: dict[str, tuple[Law, float]] = {"a": (LAW, 0.0), "b": (law, behind)}
    frames = [
        study({name: of}, points, random, behind=extra, **noise)  # type: ignore[arg-type]
        for name, (of, extra) in sides.items()
    ]
    return pd.concat(frames, ignore_index=True)


def true_logs(number: int, points: int, behind: float, at: Floats) -> Floats:
    """Logarithms of the speed-up of `b` over `a` at some accuracies, by the frontiers of their true members."""
    frame = families_frame(number, points, behind, seeds=1, seed_noise=0.0, timing_noise=0.0, pictures=10**18)
    curves = [
        curve(*knots(*rows[["training_ms", "top1"]].to_numpy(float).T))
        for _, rows in frame.groupby("family", sort=True)
    ]
    return np.asarray(curves[0](at) - curves[1](at))


def leaves_out_the_truth(number: int, points: int, behind: float, **noise: float) -> float:
    """Whether the interval of any band, or of the whole, leaves out the ratio of the frontiers of true members."""
    pair = families(number, points, behind, **noise)
    assert pair.overall is not None
    nodes = [np.linspace(band.accuracy_low, band.accuracy_high, NODES) for band in pair.bands]
    truths = [float(np.exp(true_logs(number, points, behind, at).mean())) for at in (*nodes, np.concatenate(nodes))]
    said = zip((*pair.bands, pair.overall), truths, strict=True)
    return float(not all(band.low <= truth <= band.high for band, truth in said))


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


def few_seeds_hold(number: int) -> float:
    """Whether the interval of a step holds its truth, known from two seeds of each of two settings, and no more."""
    random, truth = np.random.default_rng(number), (0.80, 0.81)
    rows = [
        row("a", 26, 1.0, top1 + SEED_NOISE * random.standard_normal(), seed, pictures=10**9) | {"resolution": size}
        for size, top1 in zip((32, 64), truth, strict=True)
        for seed in range(2)
    ]
    (step,) = along(collapse_seeds(pd.DataFrame(rows)), "resolution")
    return float(step.difference.low <= truth[1] - truth[0] <= step.difference.high)


def depth_width(
    number: int, seeds: int, ahead: float = 0.0, cells: int = 2, images: int = 10_000, paired: bool = False
) -> Regimes:
    """Depth and width arms at `cells` resolutions in three regimes, width better by `ahead` (fraction).

    Where they are `paired`, all networks look at the same images, some of which are hard for all, and it is known which
    each was right on.
    """
    return regimes(collapse_seeds(depth_width_frame(number, seeds, ahead, cells, images, paired)))


def depth_width_frame(
    number: int, seeds: int, ahead: float = 0.0, cells: int = 2, images: int = 10_000, paired: bool = False
) -> pd.DataFrame:
    """The trials of such a study."""
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
    return pd.DataFrame(rows)


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
    """How likely a new point lies in the interval of a forecast from twelve points over a factor of 30."""
    random, law = np.random.default_rng(number), TRUTHS[truth]
    u = np.linspace(-1.7, 1.7, 12)
    noise = 0.01 if number % 2 else 0.02
    y, at = law(u) + noise * random.standard_normal(12), u[-1:] + np.log(times)
    (found,) = forecast(u, y, np.zeros(12), at)
    return float(np.diff(stats.norm.cdf(np.log([found.low, found.high]), law(at), noise))[0])


def break_is_located(number: int, truth: str, points: int = 30) -> float:
    """Whether it is said where a power law breaks, from points over a factor of 160."""
    random, law = np.random.default_rng(number), TRUTHS[truth]
    u = np.linspace(-2.55, 2.55, points)
    y = law(u) + (0.01 if number % 2 else 0.02) * random.standard_normal(points)
    broken = fit(np.exp(u), np.exp(np.minimum(y, 0)), draws=100).broken
    assert broken is not None
    return float(broken.verdict == "holds" and broken.told_apart)


def front_chance_off(number: int, low: float, high: float, law: Law = LAW, behind: float = 0.005) -> float:
    """Of 15 networks about a curve those whose stated chance lies in [low, high): truly on the front, less that.

    `behind` is the mean of what networks lie below the law.
    """
    random = np.random.default_rng(number)
    log_cost = np.sort(random.uniform(0, 4, 15))
    truth = law(log_cost) - behind * random.exponential(size=15)
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
        "the same: any interval leaves out the ratio of the frontiers of their true members",
        "at most 0.10",
        lambda number: leaves_out_the_truth(number, points=15, behind=0.02, seeds=3),
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
        "two settings of two seeds each, noise known with two degrees of freedom: the interval holds their difference",
        "0.87 to 0.93",
        few_seeds_hold,
        "too wide",
        times=3,
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
        for low, high in pairwise(CHANCES)
    ),
    *(
        Row(
            f"nearly equal networks that rise {rise}, chance of {low:g} to {high:g} to be on the Pareto front: truly "
            "on it, less the chance stated",
            "-0.05 to 0.05",
            lambda number, low=low, high=high, law=law: front_chance_off(number, low, high, law, 0.0005),
        )
        for low, high in ((0.3, 0.5), (0.5, 0.7))
        for law, rise in ((NEARLY_EQUAL, "by 0.5 points with cost"), (EQUAL, "not at all"))
    ),
    *(
        Row(
            f"error follows {truth}, forecast {times} times beyond twelve points: the interval holds a new point",
            "0.85 to 0.95",
            lambda number, truth=truth, times=times: forecast_holds(number, truth, times),
            "too wide",
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


class Measured(NamedTuple):
    """Mean of the outcomes, its standard error, and the number of studies that had one."""

    mean: float
    error: float
    studies: int


def measured(row: Row, studies: int) -> Measured:
    """Over so many studies."""
    outcomes = np.array([row.outcome(number) for number in range(row.times * studies)])
    outcomes = outcomes[np.isfinite(outcomes)]
    return Measured(float(outcomes.mean()), float(outcomes.std(ddof=1) / np.sqrt(len(outcomes))), len(outcomes))


def _measured(place: int, studies: int) -> Measured:
    return measured(ROWS[place], studies)


HEADER = """# Calibration: what is said of studies whose truth is known

`make calibration` simulates studies whose truth it knows (`tests/analysis/calibration.py`), and asks of each what is
said of it. Verdicts that are read together are bounded together: in at most 10% of studies may anything be false. The
standard error says how far a figure may be off for so few studies. What misses its target says so.

| studies | measured | standard error | of so many | wanted |
|---|---|---|---|---|
"""
MISSED = "What was missed, and why"
PRICE = "What it costs"
PAIRING = "What is gained where it is known who was right on what"
CURVES = "Curves that others measured"
PARTS: dict[str, Callable[[], str]] = {"price": price.section, "pairing": price.pairing}
HEADINGS = {"price": PRICE, "pairing": PAIRING}


def power_of(difference: float, sd: float) -> float:
    """How often one interval of 90%, widened for nothing else, would leave out 0."""
    half = stats.norm.ppf(0.95)
    return float(stats.norm.sf(half - difference / sd) + stats.norm.sf(half + difference / sd))


def without_pairing(ahead: float = 0.005, seeds: int = 5, images: int = 10_000) -> str:
    """What a single test could tell whose images are not known to be shared."""
    top1 = 0.75
    two = float(np.sqrt(2 * (top1 * (1 - top1) / images + SEED_NOISE**2 / seeds)))
    settings, weights = _longest_regime()
    known = settings["top1"].to_numpy(float)
    regime = float(np.sqrt(weights**2 @ (known * (1 - known) / images + SEED_NOISE**2 / seeds)))
    size = ahead * float(weights[settings["width"].to_numpy(float) > 1].sum())
    count = int((np.abs(weights) > 1e-9).sum())
    return f"""**Power without pairing.** The difference of two networks that are right on {top1:.0%} of {images:,}
images, each with {seeds} seeds, has a standard error of {100 * two:.2f} points where nothing is known of which images.
A single 90% interval, widened for no other statement, tells {100 * ahead:g} points from 0 in {power_of(ahead, two):.0%}
of studies. The longest regime averages over {count} networks: from the base on, which both arms share, width is ahead
by {100 * size:.2f} points with a standard error of {100 * regime:.2f}, which a single interval tells in
{power_of(size, regime):.0%}. Ten statements that hold jointly can only tell it less often, and narrower intervals
would be false too often. What is left is to know which images each network was right on, as records do."""


def _longest_regime() -> tuple[pd.DataFrame, Floats]:
    """Settings, and the weights of their accuracies in the mean difference of the longest regime, all cells alike."""
    frame = depth_width_frame(0, seeds=1)
    settings = collapse_seeds(frame)
    question = Question("", AnswerPlan(compare=("width", "depth"), cost="training_ms"))
    asked = differences(frame, settings, question, settings["top1"].to_numpy(float))
    longest = [difference.weights for difference in asked if difference.name.endswith("100 epochs")]
    return settings, np.asarray(np.mean(longest, axis=0))


OF_ARMS = """**Depth and width alike, three seeds.** The excess over 0.10 is less than one standard error of it. Where
it is known which images each was right on, it is not seen."""

OF_FRONTS = """**Fronts of nearly equal networks.** Noise of 0.4 points hides what the networks differ by. Each is drawn
towards the trend of accuracy over cost, but none is taken to lie on it: what networks truly differ by is never taken to
be less than a tenth of the variance of the noise, 0.14 points. Where they differ by less about a rising trend, more of
them are on the front than is stated, and where nothing rises, fewer."""

OF_FORECASTS = """**Forecasts that hold too often.** Twelve points do not tell whether error goes on falling or
bends, so an interval reaches from what several laws say, with what they part by, to where error would fall straight
on. Where the truth bends or has a floor, the straight side of it is never needed. How much it counts that laws
part, and that the straight line has half a voice, was set by the learning curves below, which follow no formula."""

WHY: tuple[tuple[str, Callable[[], str]], ...] = (
    ("depth equals width, three seeds, ten verdicts", lambda: OF_ARMS),
    (": longest regime decided", without_pairing),
    ("nearly equal networks", lambda: OF_FRONTS),
    ("the interval holds a new point", lambda: OF_FORECASTS),
)
"""By words of a row, why it misses its target and what was tried; told where it does."""


def line(row: Row, found: Measured) -> str:
    """A row of the table."""
    wanted = f"{row.wanted or 'reported'}{_missed(row, found.mean)}"
    return f"| {row.what} | {found.mean:.3f} | {found.error:.3f} | {found.studies} | {wanted} |"


def _missed(row: Row, mean: float) -> str:
    low, high = row.range
    if low <= round(mean, 3) <= high:
        return ""
    return f": {row.too_much}: missed" if row.too_much and mean > high else ": missed"


def simulated(studies: int, only: str, before: dict[str, str], workers: int | None = None) -> str:
    """The part on studies made up; those rows are measured whose words contain `only`, and those that are new."""
    chosen = [place for place, row in enumerate(ROWS) if only in row.what or row.what not in before]
    with ProcessPoolExecutor(workers) as pool:
        found = dict(zip(chosen, pool.map(_measured, chosen, [studies] * len(chosen)), strict=True))
    every = [(row, found[place] if place in found else numbers(before[row.what])) for place, row in enumerate(ROWS)]
    lines = "\n".join(line(row, of) for row, of in every)
    return f"{HEADER}{lines}\n{missed(every)}"


def missed(every: Sequence[tuple[Row, Measured]]) -> str:
    """Why each row misses its target that does; empty where none does."""
    which = [row.what for row, found in every if _missed(row, found.mean)]
    told = [why() for words, why in WHY if any(words in what for what in which)]
    return f"\n## {MISSED}\n\n" + "\n\n".join(told) + "\n" if told else ""


def numbers(text: str) -> Measured:
    """Of a row of a document."""
    value, error, studies = (float(part) for part in text.split(" | ")[1:4])
    return Measured(value, error, int(studies))


def told(document: str) -> dict[str, str]:
    """The rows of a document, by their words."""
    rows = (text for text in document.splitlines() if text.startswith("| "))
    return {text.split(" | ")[0].removeprefix("| "): text for text in rows}


def part_of(document: str, heading: str) -> str:
    """What stands under a heading of a document, up to the next; empty where there is none."""
    return document.partition(f"\n## {heading}\n\n")[2].partition("\n## ")[0]


def written(before: str, given: argparse.Namespace) -> str:
    """The document; what is not measured stays as it was."""
    asked = given.parts or ["studies", *PARTS]
    if "studies" in asked:
        made_up = simulated(given.studies, given.only, told(before), given.workers)
    else:
        made_up = before.partition(f"\n## {PRICE}\n")[0]
    sections = {
        HEADINGS[name]: part() if name in asked else part_of(before, HEADINGS[name]) for name, part in PARTS.items()
    }
    sections[CURVES] = curves.section(given.curves) if given.curves else part_of(before, CURVES)
    return made_up + "".join(f"\n## {heading}\n\n{text}" for heading, text in sections.items() if text)


def main() -> None:
    """Writes the document; rows that are not measured, and without a file the part on curves, stay as they are."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--studies", type=int, default=STUDIES)
    arguments.add_argument("--only", default="", help="Measure only the rows with these words in them.")
    arguments.add_argument("--parts", nargs="+", choices=("studies", *PARTS, "curves"), help="Only these, not all.")
    arguments.add_argument("--workers", type=int, help="Rows that are measured side by side; default: one a core.")
    arguments.add_argument("--curves", type=Path, help="CSV: model, task, seen_examples, error, fitted")
    given = arguments.parse_args()
    before = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    DOCUMENT.write_text(written(before, given))


if __name__ == "__main__":
    main()
