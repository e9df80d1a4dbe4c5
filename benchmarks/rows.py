"""A measured row, and the files that rows are kept in."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
JSON, MARKDOWN = HERE / "results.json", HERE / "results.md"


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
        note: what must be known to read the row, or why it was not measured.
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
    room: str = ""
    date: str = ""


def compared(
    name: str, ours: Sequence[float], peer: Sequence[float], unit: str, target: str, note: str = "", more: bool = False
) -> Row:
    """A row of repeats of ours and the peer's, measured in turn; `more` where more of the unit is better."""
    sign, wanted = target.split()
    straight = sign == "<=" or more
    ratio, *ratios = [
        a / b if straight else b / a
        for a, b in ((statistics.median(ours), statistics.median(peer)), *zip(ours, peer, strict=True))
    ]
    return Row(
        name=name,
        unit=unit,
        target=target,
        ours=statistics.median(ours),
        peer=statistics.median(peer),
        ratio=ratio,
        low=min(ratios),
        high=max(ratios),
        met=ratio <= float(wanted) if sign == "<=" else ratio >= float(wanted),
        note=note,
    )


def write(room: str, rows: Iterable[Row], about: dict[str, Any]) -> None:
    """Writes a room's rows over those it had, keeps those of other rooms, and draws the table anew.

    A row that could not be measured here does not take the place of one that was measured elsewhere.
    """
    before = json.loads(JSON.read_text())["rows"] if JSON.exists() else []
    measured = {row["name"]: row for row in before if row["room"] == room and row["ours"] is not None}
    made = [asdict(replace(row, room=room, date=about["date"])) for row in rows]
    made = [measured.get(row["name"], row) if row["ours"] is None else row for row in made]
    kept = [*(row for row in before if row["room"] != room), *made]
    JSON.write_text(json.dumps({**about, "rows": kept}, indent=1) + "\n")
    MARKDOWN.write_text(_markdown([Row(**row) for row in kept], about))


def _markdown(rows: Sequence[Row], about: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        f"# Ours and theirs on {about['device']}",
        "",
        f"`{about['command']}`. {versions}. What each row means: [README.md](README.md).",
        "",
        "| what | ours | peer | unit | ratio | low to high | target | met | measured |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
        *(f"- {row.name}: {row.note}" for row in rows if row.note),
    ]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    met = {True: "yes", False: "**no**", None: ""}[row.met] if row.ours is not None else "not measured"
    spread = f"{row.low:.3g} to {row.high:.3g}" if row.low is not None else ""
    numbers = ["" if value is None else f"{value:.4g}" for value in (row.ours, row.peer, row.ratio)]
    ours, peer, ratio = numbers
    return f"| {row.name} | {ours} | {peer} | {row.unit} | {ratio} | {spread} | {row.target} | {met} | {row.date} |"
