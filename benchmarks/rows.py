"""A row that compares ours with a peer, and rows that are measured together."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        name: what was measured, and against whom.
        ours, peer: medians, in `unit`.
        ratio: how many times better ours is where the target is `>=`; ours over the peer's where it is `<=`.
        low, high: of the ratio, over the repeats, each of ours with the peer's that was measured next to it.
        target: `>= 1.5` or `<= 1.15`; empty where there is none.
        met: None where there is nothing to compare.
        note: what must be known to read the row, or what is missing here to measure it.
        failure: what went wrong when measuring it was tried last; empty where nothing did.
        device: what it was measured on.
        commit: the code that was measured; empty where that is not known.
        seconds: that measuring it took.
    """

    name: str
    unit: str
    target: str
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    met: bool | None = None
    note: str = ""
    failure: str = ""
    room: str = ""
    device: str = ""
    commit: str = ""
    date: str = ""
    seconds: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """A device's row of a name takes the place of its earlier one."""
        return self.name, self.device

    @property
    def measured(self) -> bool:
        return self.ours is not None

    @property
    def only_lacks(self) -> bool:
        """Whether it says no more than what is missing on its device."""
        return not self.measured and not self.failure


@dataclass(frozen=True)
class Measurement:
    """Rows that come of the same processes.

    Attributes:
        rows: as they are before they are measured.
        measure: given these rows, gives them measured, in the same order, each as soon as it is done.
        device: what they are measured on; empty: this machine's processor.
        missing: why they cannot be measured here; empty where they can.
    """

    rows: tuple[Row, ...]
    measure: Callable[..., Iterable[Row]]
    device: str = ""
    missing: str = ""

    def measured(self) -> Iterator[Row]:
        """The rows, one after the other.

        Raises:
            ValueError: where others come than were planned.
        """
        for row, done in zip(self.rows, self.measure(*self.rows), strict=True):
            if done.name != row.name:
                raise ValueError(f"{row.name!r} was to be measured, not {done.name!r}")
            yield done


def lacking(rows: Iterable[Row], why: str) -> Measurement:
    """Of rows that cannot be measured here."""
    return Measurement(tuple(replace(row, note=why) for row in rows), lambda *same: same, missing=why)


def compared(row: Row, ours: Sequence[float], peer: Sequence[float], note: str = "", more: bool = False) -> Row:
    """A row with repeats of ours and the peer's, measured in turn; `more` where more of the unit is better."""
    sign, wanted = row.target.split()
    straight = sign == "<=" or more
    ratio, *ratios = [
        a / b if straight else b / a
        for a, b in ((statistics.median(ours), statistics.median(peer)), *zip(ours, peer, strict=True))
    ]
    return replace(
        row,
        ours=statistics.median(ours),
        peer=statistics.median(peer),
        ratio=ratio,
        low=min(ratios),
        high=max(ratios),
        met=ratio <= float(wanted) if sign == "<=" else ratio >= float(wanted),
        note=note or row.note,
    )
