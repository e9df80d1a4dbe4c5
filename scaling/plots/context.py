"""What a figure may ask of results: each answer is computed when it is first asked for, and once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import pandas as pd

from scaling.analysis.comparability import cost_metric
from scaling.analysis.equal_accuracy.compare import Comparisons, compare
from scaling.analysis.settings import collapse_seeds
from scaling.schema import Question

MOST_DEVICES = 6

PUBLISHED_DEVICE = "TPUv3"
"""The device whose published times stand behind one's own: the paper's first, of its Table 7 and Figure 1."""

Tables = Callable[[Sequence[str]], pd.DataFrame]
"""Gives published tables as one frame, by their names."""


class Context:
    """Results, and what is computed from them for more than one figure.

    Attributes:
        frame: as `scaling.load_results` gives it.
        question: of the study; without a plan where nobody knows it.
    """

    def __init__(self, frame: pd.DataFrame, tables: Tables | None = None, question: Question | None = None) -> None:
        """Computes nothing yet.

        Args:
            frame: see above.
            tables: where published numbers come from that stand behind these results; None: none do.
            question: see above; None: nobody knows it.
        """
        self.frame, self.question = frame, question or Question()
        self._tables = tables
        self._published: dict[tuple[str, ...], Context] = {}
        self._comparisons: dict[str, list[tuple[str, Comparisons]]] = {}

    def published(self, *tables: str) -> Context | None:
        """Published tables to stand behind these results; None where none are to."""
        if self._tables is None:
            return None
        if tables not in self._published:
            self._published[tables] = Context(self._tables(tables))
        return self._published[tables]

    @functools.cached_property
    def settings(self) -> pd.DataFrame:
        """One row a setting, with its noise; see `collapse_seeds`."""
        return collapse_seeds(self.frame)

    @functools.cached_property
    def cost(self) -> str:
        """The cost to draw against: the time of a training step, of an inference step, or multiply-accumulates."""
        return next((name for name in ("training_ms", "inference_ms") if self.has(name)), "macs")

    def has(self, cost: str) -> bool:
        """Whether the cost is known of any trial."""
        return cost in self.frame and bool(self.frame[cost].notna().any())

    def by_device(self, cost: str) -> list[tuple[str, pd.DataFrame]]:
        """Each device with the settings timed on it, and with those that no device timed; see `by_device`."""
        return by_device(self.settings, cost)

    def published_part(self, cost: str) -> tuple[str, pd.DataFrame]:
        """The device of published results that stands behind one's own, and its settings; see `published_part`."""
        return published_part(self.settings, cost)

    def comparisons(self, cost: str) -> list[tuple[str, Comparisons]]:
        """The families compared on each device.

        Raises:
            UserError: if what was measured on one device does not compare.
        """
        if cost not in self._comparisons:
            self._comparisons[cost] = [(device, compare(part, cost)) for device, part in self.by_device(cost)]
        return self._comparisons[cost]


def by_device(settings: pd.DataFrame, cost: str) -> list[tuple[str, pd.DataFrame]]:
    """Settings parted by the device that timed them, so that each panel compares like with like.

    Args:
        settings: as `collapse_seeds` gives them.
        cost: of `METRICS`; what depends on no device has one part, without a name.
    """
    phase = cost_metric(cost).phase
    names = settings[f"{phase}_device"].astype("string") if phase else pd.Series(dtype="string")
    known = sorted(names.dropna().unique())
    if not known:
        return [("", settings)]
    return [
        (str(name), settings[(names.isna() | names.eq(name)).fillna(False).to_numpy(bool)])
        for name in known[:MOST_DEVICES]
    ]


def published_part(settings: pd.DataFrame, cost: str) -> tuple[str, pd.DataFrame]:
    """The published settings to stand behind one's own, and the name of their device; empty for no time.

    Args:
        settings: of published results.
        cost: of `METRICS`.
    """
    parts = by_device(settings, cost)
    return next((part for part in parts if part[0].startswith(PUBLISHED_DEVICE)), parts[0])
