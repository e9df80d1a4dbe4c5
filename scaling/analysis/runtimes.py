"""Where the ranking of networks by speed is another with a deployment runtime than with the training framework."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from scaling.analysis.comparability import conditions
from scaling.analysis.settings import VARIANT
from scaling.analysis.uncertainty import LEVEL, Z95
from scaling.results.columns import RUNTIMES
from scaling.schema import Runtime

KERAS = "inference"
"""How the columns of Keras' own inference begin."""

TOLD = 1
"""Pairs that the sentence names: the clearest."""


@dataclass(frozen=True)
class Flip:
    """Two networks that change places.

    Attributes:
        first, second: rows of the points; the first is faster with Keras.
        keras: how many times as fast it is there.
        runtime: how many times as fast it is with the runtime, below 1.
    """

    first: int
    second: int
    keras: float
    runtime: float


@dataclass(frozen=True, eq=False)
class RuntimeRanks:
    """Networks timed both ways.

    Attributes:
        runtime: as records have it.
        points: the variant's columns, `keras_ms` and `runtime_ms`, each with `_low` and `_high` (95%), by number.
        pairs: of networks whose order is told with both.
        flips: those whose order differs, all told jointly at `LEVEL`; the clearest first.
        sentence: all of this in words.
    """

    runtime: Runtime
    points: pd.DataFrame
    pairs: int
    flips: tuple[Flip, ...]
    sentence: str

    @property
    def title(self) -> str:
        """The runtime, as people call it."""
        return RUNTIMES[self.runtime]


def runtime_ranks(settings: pd.DataFrame) -> list[RuntimeRanks]:
    """Compares the order of networks with Keras and with each runtime that has timed two of them or more.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives them.

    Raises:
        MixedConditionsError: if what a runtime timed was timed on several devices, or in batches of several sizes.
    """
    return [ranks for runtime in RUNTIMES if runtime != "keras" and (ranks := _ranks(settings, runtime)) is not None]


def _ranks(settings: pd.DataFrame, runtime: Runtime) -> RuntimeRanks | None:
    columns = {"keras": KERAS, "runtime": f"{KERAS}_{runtime}"}
    known = settings.dropna(subset=[f"{prefix}_ms" for prefix in columns.values()])
    points = known.drop_duplicates(list(VARIANT)).reset_index(drop=True)
    if len(points) < 2:
        return None
    for prefix in columns.values():
        conditions(points.assign(top1=points["top1"].fillna(0.0)), f"{prefix}_ms")
    times = {
        f"{own}_{column}": points[f"{prefix}_{theirs}"]
        for own, prefix in columns.items()
        for column, theirs in (("ms", "ms"), ("low", "low_ms"), ("high", "high_ms"))
    }
    points = points[list(VARIANT)].assign(**times)
    pairs = list(itertools.combinations(range(len(points)), 2))
    # Both orders of every pair are read together.
    sure = float(stats.norm.isf((1 - LEVEL) / (4 * len(pairs))))
    orders = {own: [_order(points, own, pair, sure) for pair in pairs] for own in columns}
    told = [
        (pair, keras, other)
        for pair, keras, other in zip(pairs, orders["keras"], orders["runtime"], strict=True)
        if keras and other
    ]
    flips = [_flip(pair, keras, other) for pair, keras, other in told if keras * other < 0]
    flips.sort(key=lambda flip: flip.runtime / flip.keras)
    ranks = RuntimeRanks(runtime, points, len(told), tuple(flips), "")
    return RuntimeRanks(runtime, points, len(told), tuple(flips), _sentence(ranks, len(pairs)))


def _order(points: pd.DataFrame, own: str, pair: tuple[int, int], sure: float) -> float:
    """The logarithm of how many times as fast the first is; 0 where that is not told."""
    logs = np.log(points.loc[list(pair), f"{own}_ms"].to_numpy(float))
    ends = np.log(points.loc[list(pair), [f"{own}_low", f"{own}_high"]].to_numpy(float))
    deviation = float(np.hypot(*((ends[:, 1] - ends[:, 0]) / (2 * Z95))))
    difference = float(logs[1] - logs[0])
    return difference if abs(difference) > sure * deviation else 0.0


def _flip(pair: tuple[int, int], keras: float, other: float) -> Flip:
    first, second = pair if keras > 0 else pair[::-1]
    sign = 1 if keras > 0 else -1
    return Flip(first, second, float(np.exp(sign * keras)), float(np.exp(sign * other)))


def _sentence(ranks: RuntimeRanks, pairs: int) -> str:
    title = ranks.title
    if not ranks.flips:
        undecided = f"; {pairs - ranks.pairs} are not told" if ranks.pairs < pairs else ""
        return f"{title} orders {ranks.pairs} of {pairs} pairs of networks by speed as Keras does{undecided}."
    named = "; ".join(
        f"{_name(ranks, flip.first)} is {flip.keras:.2g} times as fast as {_name(ranks, flip.second)} with Keras, and "
        f"the latter {1 / flip.runtime:.2g} times as fast with {title}"
        for flip in ranks.flips[:TOLD]
    )
    return (
        f"With {title} {len(ranks.flips)} of {pairs} pairs of networks change places (jointly at {LEVEL:.0%}): {named}."
    )


def _name(ranks: RuntimeRanks, row: int) -> str:
    point = ranks.points.loc[row]
    width = "" if point["width"] == 1 else f"x{point['width']:g}"
    return f"{str(point['family']).rpartition(':')[2]}_{point['depth']:g}{width}@{point['resolution']:g}"
