"""The rows of all devices, in `results.json`, and as tables in `results.md`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from benchmarks.rows import Row

HERE = Path(__file__).parent
JSON, MARKDOWN = "results.json", "results.md"
COMMAND = "make bench"

Versions = Mapping[str, str]
"""By package."""


@dataclass(frozen=True)
class Results:
    """All rows.

    Attributes:
        rows: one for each name and device.
        versions: by device, of what its latest row was measured with.
    """

    rows: tuple[Row, ...] = ()
    versions: Mapping[str, Versions] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def read(cls, folder: Path = HERE) -> Results:
        """What a folder has; nothing where it has no file."""
        if not (file := folder / JSON).exists():
            return cls()
        held = json.loads(file.read_text())
        return cls(tuple(Row(**row) for row in held["rows"]), held["devices"])

    def write(self, folder: Path = HERE) -> None:
        """Puts both files in the place of those before; whoever reads finds the one or the other, never a part."""
        held = {"command": COMMAND, "devices": dict(self.versions), "rows": [asdict(row) for row in self.rows]}
        _replace(folder / JSON, json.dumps(held, indent=1) + "\n")
        _replace(folder / MARKDOWN, "\n".join(_markdown(self)) + "\n")

    def row(self, name: str, device: str) -> Row | None:
        """The one of this name and device."""
        return next((row for row in self.rows if row.key == (name, device)), None)

    def with_row(self, new: Row, versions: Versions) -> Results:
        """These and a new row, which takes the place of its device's earlier one.

        A row that was not measured leaves the numbers of an earlier one as they are; if it failed, that is said with
        them. One that only lacks something is left out where another device has a row of its name, and goes where
        another device's comes.
        """
        latest = {new.device: versions} if new.measured else {}
        old = self.row(*new.key)
        others = [row for row in self.rows if row.name == new.name and row.key != new.key]
        if new.only_lacks and others:
            return self
        if old is not None and old.measured and not new.measured:
            new = replace(old, failure=new.failure or old.failure)
        rows = [row for row in self.rows if row.name != new.name or row.key == new.key or not row.only_lacks]
        place = next((place for place, row in enumerate(rows) if row.key == new.key), None)
        if place is not None:
            rows[place] = new
        else:
            rows.insert(_end_of(new.room, rows), new)
        return Results(tuple(rows), {**self.versions, **latest})

    def only(self, room: str, devices: Collection[str], names: Collection[str]) -> Results:
        """Without the rows of a room, of these devices, that have another name: nobody measures them any more."""
        kept = (row for row in self.rows if row.room != room or row.device not in devices or row.name in names)
        return replace(self, rows=tuple(kept))


def _end_of(room: str, rows: Sequence[Row]) -> int:
    """The place behind the last row of a room; behind all where there is none."""
    places = [place for place, row in enumerate(rows) if row.room == room]
    return places[-1] + 1 if places else len(rows)


def _replace(file: Path, text: str) -> None:
    new = file.with_name(f".{file.name}.new")
    new.write_text(text)
    new.replace(file)


def _markdown(results: Results) -> Iterator[str]:
    yield "# Ours and theirs"
    yield ""
    yield f"`{COMMAND}`. What each row means: [README.md](README.md)."
    for device in dict.fromkeys(row.device for row in results.rows):
        yield ""
        yield from _section(device, [row for row in results.rows if row.device == device], results.versions)


def _section(device: str, rows: Sequence[Row], versions: Mapping[str, Versions]) -> Iterator[str]:
    installed = ", ".join(f"{name} {version}" for name, version in versions.get(device, {}).items())
    yield f"## On {device}"
    yield ""
    if installed:
        yield f"The latest row was measured with {installed}."
        yield ""
    yield "| what | ours | peer | unit | ratio | low to high | target | met | measured |"
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from (_line(row) for row in rows)
    if notes := [f"- {row.name}: {said}" for row in rows if (said := _said(row))]:
        yield ""
        yield from notes


def _line(row: Row) -> str:
    met = {True: "yes", False: "**no**", None: ""}[row.met] if row.measured else "not measured"
    spread = f"{row.low:.3g} to {row.high:.3g}" if row.low is not None else ""
    ours, peer, ratio = ("" if value is None else f"{value:.4g}" for value in (row.ours, row.peer, row.ratio))
    when = ", ".join(filter(None, (row.date, row.commit))) if row.measured else ""
    return f"| {row.name} | {ours} | {peer} | {row.unit} | {ratio} | {spread} | {row.target} | {met} | {when} |"


def _said(row: Row) -> str:
    """Note and failure, in one line."""
    failed = f"the latest try failed: {row.failure}" if row.measured and row.failure else row.failure
    return "; ".join(filter(None, (row.note, failed)))
