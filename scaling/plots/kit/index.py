"""`index.md` beside the figures: what each shows, and what one may conclude, as it was computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scaling.plots.kit.figure_spec import FigureSpec, Skipped

FILE = "index.md"


def write_index(
    folder: Path, title: str, drawn: Iterable[FigureSpec | Skipped], formats: Sequence[str], lead: Sequence[str] = ()
) -> Path:
    """Writes the index of the figures in `folder`.

    Args:
        folder: that the figures are in.
        title: heading.
        drawn: in the order to stand in; what was skipped is listed last, with its reason.
        lead: sentences that stand first.
        formats: that each figure was drawn in; PNG is shown if it is one of them, else SVG, else linked.
    """
    every = list(drawn)
    skipped = [spec for spec in every if isinstance(spec, Skipped)]
    parts = [
        f"# {title}\n",
        *(f"{sentence}\n" for sentence in lead),
        *(part for spec in every if isinstance(spec, FigureSpec) for part in _entry(spec, formats)),
    ]
    if skipped:
        parts += ["## Not drawn\n", *(f"- `{spec.name}`: {spec.reason}" for spec in skipped), ""]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    file.write_text("\n".join(parts), encoding="utf-8")
    return file


def _entry(spec: FigureSpec, formats: Sequence[str]) -> Iterator[str]:
    yield f"## {spec.title}\n"
    shown = next((form for form in ("png", "svg") if form in formats), None)
    if shown:
        yield f"![{spec.name}]({spec.name}.{shown})\n"
    elif formats:
        yield f"[{spec.name}]({spec.name}.{formats[0]})\n"
    yield f"Shows: {spec.shows}\n"
    if spec.concludes:
        yield f"**One may conclude:** {spec.concludes}\n"
    if spec.notes:
        yield "Small print: " + " ".join(spec.notes) + "\n"
