"""Learning curves that others measured: fitted on their beginning, predicted about twice as far, by several laws.

The curves are those of arXiv 2209.06640 (error of a network on a small task against images seen in pre-training). They
are not part of this project; `make calibration ARGS="--curves FILE.csv"` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize

from scaling.analysis.laws.forecast import forecast
from tests.analysis.simulated import Floats

CHANCE = {"bird": 1 - 1 / 500, "c": 0.99, "cal": 1 - 1 / 101, "inet": 0.999}
"""Error at chance, by the beginning of a task's name (200 to 1000 classes; CIFAR-100, Caltech-101, ImageNet)."""

PLACES = 4


@dataclass(frozen=True)
class LearningCurve:
    """`(n,)` logs of images seen, less a center, and of error; the first part to fit, the second to predict."""

    task: str
    u: Floats
    y: Floats
    later: Floats
    truth: Floats


def read(path: Path) -> list[LearningCurve]:
    """Curves of a CSV with `model`, `task`, `seen_examples`, `error`, `fitted`."""
    return [_curve(str(task), rows) for (_, task), rows in pd.read_csv(path).groupby(["model", "task"], sort=False)]


def _curve(task: str, rows: pd.DataFrame) -> LearningCurve:
    fitted, later = (part.sort_values("seen_examples") for _, part in rows.groupby(rows["fitted"] == 0))
    center = np.log(fitted["seen_examples"]).mean()
    parts = [
        (np.log(part["seen_examples"].to_numpy(float)) - center, np.log(part["error"].to_numpy(float)))
        for part in (fitted, later)
    ]
    return LearningCurve(task, *parts[0], *parts[1])


def m1(theta: Floats, u: Floats, _: float) -> Floats:
    """A power law."""
    return theta[0] - theta[1] * u


def m2(theta: Floats, u: Floats, _: float) -> Floats:
    """A power law with a floor."""
    return np.asarray(np.logaddexp(theta[0] - theta[1] * u, theta[2]))


def m4(theta: Floats, u: Floats, chance: float) -> Floats:
    """(error - floor) / (chance - error)^alpha = beta x^-c, solved by halving."""
    beta, c, floor, alpha = theta[0], theta[1], np.exp(theta[2]), theta[3]
    low, high = np.full_like(u, floor), np.full_like(u, max(chance, floor + 1e-9))
    for _ in range(45):
        middle = (low + high) / 2
        above = np.log(middle - floor + 1e-15) - alpha * np.log(chance - middle + 1e-15) > beta - c * u
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(np.log((low + high) / 2))


def bnsl(theta: Floats, u: Floats, _: float) -> Floats:
    """One smooth break, with a floor (arXiv 2210.14891)."""
    floor, b, c0, c1, d, log_f = theta
    f = np.exp(log_f)
    return np.asarray(np.logaddexp(floor, b - c0 * u - c1 * f * np.logaddexp(0, (u - d) / f)))


Formula = Callable[[Floats, Floats, float], Floats]


def _starts(formula: Formula, u: Floats, y: Floats) -> Iterator[tuple[list[float], list[float], list[float]]]:
    """Where to begin, and the bounds."""
    least, top = float(y.min()), float(y.max())
    for c in (0.2, 0.5, 1.0):
        for gap in (0.1, 0.5, 1.5):
            if formula is m1:
                yield [y.mean(), c], [-20, -5], [20, 5]
            elif formula is m2:
                yield [y.mean(), c, least - gap], [-20, 0, -12], [20, 6, 0]
            elif formula is m4:
                for alpha in (0.3, 1.0):
                    yield [y.mean() + 1, c, least - gap, alpha], [-20, 0, -12, 0], [30, 6, least, 6]
            else:
                for d in np.quantile(u, [0.2, 0.5, 0.8]):
                    low, high = [-12, -10, -1, -3, u[0] - 2, -4], [0, 10, 6, 6, u[-1] + 2, 2]
                    yield [least - gap, top, 0.05, c, d, np.log(0.5)], low, high


def predicted(formula: Formula, curve: LearningCurve) -> Floats:
    """Least squares in log error from every start; the best of them at the later places."""
    chance = max(CHANCE[curve.task.split("_")[0]], float(np.exp(curve.y.max())) * 1.0005)
    found = [
        optimize.least_squares(
            lambda theta: formula(theta, curve.u, chance) - curve.y,
            np.clip(start, np.add(low, 1e-9), np.subtract(high, 1e-9)),
            bounds=(low, high),
            max_nfev=200,
        )
        for start, low, high in _starts(formula, curve.u, curve.y)
    ]
    best = min(found, key=lambda one: float(one.cost))
    return formula(best.x, curve.later, chance)


def of_ours(curve: LearningCurve) -> tuple[Floats, Floats, Floats]:
    """`scaling.analysis.laws.forecast` at the later places: log error and the ends of its interval."""
    grid = np.linspace(curve.later[0], curve.later[-1], PLACES)
    found = forecast(curve.u, curve.y, np.zeros_like(curve.u), grid)
    ends = ([one.error for one in found], [one.low for one in found], [one.high for one in found])
    error, low, high = (np.interp(curve.later, grid, np.log(of)) for of in ends)
    return error, low, high


LAWS: dict[str, Formula] = {
    "M1, a power law": m1,
    "M2, with a floor": m2,
    "M4, from chance to a floor": m4,
    "BNSL, one break, with a floor": bnsl,
}


def scores(curve: LearningCurve) -> list[float]:
    """Root mean square of the later log errors by each of `LAWS` and by ours; then the part inside our interval."""
    error, low, high = of_ours(curve)
    lines = [*(predicted(formula, curve) for formula in LAWS.values()), error]
    inside = (low <= curve.truth) & (curve.truth <= high)
    return [*(float(np.sqrt(np.mean((line - curve.truth) ** 2))) for line in lines), float(inside.mean())]


MEAN, NEARER, COVERED = 0.035, 0.60, (0.80, 0.95)
"""What is wanted of the forecast: its root mean square of log error at most, in which part of the curves it is nearer
than one break with a floor at least, and which part of the later points its 90% intervals hold."""


def as_near_as(mean: float) -> str:
    """Whether the forecast is as near as is wanted."""
    return f"mean at most {MEAN:g}{_missed(round(mean, 4) > MEAN)}"


def nearer_than_bnsl(part: float) -> str:
    """Whether it is nearer in as many curves as is wanted."""
    return f"at least {NEARER:.0%}{_missed(round(part, 2) < NEARER)}"


def covering(part: float) -> str:
    """Whether its intervals hold as much as is wanted."""
    low, high = COVERED
    return f"wanted {low:.0%} to {high:.0%}{_missed(not low <= round(part, 3) <= high)}"


def _missed(it_is: bool) -> str:
    return ": missed" if it_is else ""


def section(path: Path) -> str:
    """The part of the document on these curves."""
    curves: Sequence[LearningCurve] = read(path)
    with ProcessPoolExecutor() as pool:
        found = np.array(list(pool.map(scores, curves)))
    off, inside = found[:, :-1], found[:, -1]
    ours = off[:, -1]
    rows = []
    for (name, formula), column in zip(LAWS.items(), off.T, strict=False):
        nearer = float((ours < column).mean())
        target = nearer_than_bnsl(nearer) if formula is bnsl else ""
        rows.append(f"| {name} | {column.mean():.4f} | {np.median(column):.4f} | {nearer:.0%} | {target} |")
    mean = float(ours.mean())
    rows.append(f"| the forecast of `scaling fit --at` | {mean:.4f} | {np.median(ours):.4f} | | {as_near_as(mean)} |")
    return f"""{len(curves)} of the 72 learning curves of vision networks in the benchmark of arXiv 2209.06640, each
fitted on its beginning and predicted about twice as far. All laws are fitted here, by least squares of log error.

| law | root mean square of log error, mean of curves | median | the forecast is nearer in | wanted |
|---|---|---|---|---|
{chr(10).join(rows)}

The forecast's 90% intervals hold {inside.mean():.1%} of the later points
({covering(float(inside.mean()))}), and at least half of them in {(inside >= 0.5).mean():.0%} of the curves.
The curves were seen while the forecast was made.
"""
