"""What `scaling data check` says: what a data set holds, what needs a look, and how fast it is read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console

from scaling.analysis.decide.resolvable import EXPECTED, POWER, between_two
from scaling.analysis.uncertainty import LEVEL
from scaling.datasets.folder import ENOUGH, NAMED
from scaling.reports import tables

TINY = 10
"""Images of a class, below which it is named."""

IMBALANCE = 3.0
"""Largest over smallest class, from which on it is told."""

SHOWN = 20
"""Classes in the table; of more, the largest and the smallest."""


@dataclass(frozen=True)
class Remark:
    """Something to know of a data set; a warning where results would be wrong or worse for it."""

    kind: Literal["warning", "note"]
    text: str


def resolves(overview: dict[str, Any]) -> dict[str, Any] | None:
    """What the validation images decide, JSON values; None where there are none."""
    if not overview["validation"]:
        return None
    difference = between_two(overview["validation"])
    return {"difference": difference, "accuracy": EXPECTED, "power": POWER, "confidence": LEVEL}


def remarks(overview: dict[str, Any], resolution: int) -> list[Remark]:
    """All that there is to know of a data set, warnings first.

    Args:
        overview: of `scaling.runner.check.overview`.
        resolution: that is trained at, in pixels.
    """
    found = [*_of_splits(overview)]
    if (inside := overview["folder"]) is not None:
        found += [*_of_classes(inside), *_of_copies(inside), *_of_files(inside), *_of_images(inside, resolution)]
    return sorted(found, key=lambda remark: remark.kind != "warning")


def _of_splits(overview: dict[str, Any]) -> Iterator[Remark]:
    count, resolved = overview["validation"], resolves(overview)
    if overview["problem"]:
        yield Remark("warning", f"There are {overview['problem']}: no study of these images can be run.")
    if resolved:
        yield Remark(
            "note" if count >= ENOUGH else "warning",
            f"With {count:,} validation images and one seed each, two networks of about {EXPECTED:.0%} accuracy must "
            f"differ by {100 * resolved['difference']:.1f} points to be told apart with a chance of {POWER:.0%} (at "
            f"{LEVEL:.0%} confidence). Four times as many images halve that.",
        )


def _of_classes(inside: dict[str, Any]) -> Iterator[Remark]:
    filled = [each for each in inside["classes"] if each["images"]]
    if empty := [each["name"] for each in inside["classes"] if not each["images"]]:
        has = _said(empty, "class has no image", "classes have no image")
        yield Remark("warning", f"{has}, and yet a network has an output for each: {_some(empty)}.")
    if tiny := [f"{each['name']} ({each['images']})" for each in filled if each["images"] < TINY]:
        has = _said(tiny, "class has", "classes have")
        yield Remark("warning", f"{has} fewer than {TINY} images: {_some(tiny)}.")
    for split, purpose in (("train", "train on"), ("validation", "validate on"), ("test", "test on")):
        lacking = [each["name"] for each in filled if not each[split]]
        if lacking and len(lacking) < len(filled):
            has = _said(lacking, "class has", "classes have")
            yield Remark("note", f"{has} no image to {purpose}: {_some(lacking)}.")
    if filled:
        yield from _of_imbalance(filled, inside["images"])


def _of_imbalance(filled: Sequence[dict[str, Any]], images: int) -> Iterator[Remark]:
    least, most = (choose(filled, key=lambda each: each["images"]) for choose in (min, max))
    if (ratio := most["images"] / least["images"]) >= IMBALANCE:
        yield Remark(
            "note",
            f"The largest class, {most['name']}, has {ratio:.3g} times as many images as the smallest, "
            f"{least['name']}. Accuracy counts images, not classes: always answering {most['name']} is right for "
            f"{most['images'] / images:.0%} of them.",
        )


def _of_copies(inside: dict[str, Any]) -> Iterator[Remark]:
    """Copies in two splits make accuracies too high; of copies in two classes, one has a wrong label."""
    if across := inside["copies_across_splits"]:
        has = _said(across, "image has exact copies", "images have exact copies")
        yield Remark(
            "warning",
            f"{has} in another split, so that a network is scored on what it was trained on: {_pairs(across)}. Delete "
            "the copies.",
        )
    if labels := inside["copies_across_classes"]:
        has = _said(labels, "image has exact copies", "images have exact copies")
        yield Remark("warning", f"{has} in another class: {_pairs(labels)}.")
    named = {frozenset(same) for same in (*across, *labels)}
    paths = ([file["path"] for file in same] for same in inside["copies"])
    if copies := [same for same in paths if frozenset(same) not in named]:
        more = [path for same in copies for path in same[1:]]
        where = [" in its class and split", " in their class and split"] if named else ["", ""]
        are = _said(more, f"file is an exact copy of another{where[0]}", f"files are exact copies of others{where[1]}")
        yield Remark("note", f"{are}: {_pairs(copies)}.")


def _of_files(inside: dict[str, Any]) -> Iterator[Remark]:
    if damaged := [f"{path} ({reason})" for path, reason in inside["damaged"].items()]:
        cannot = _said(damaged, "image cannot be read and is skipped", "images cannot be read and are skipped")
        yield Remark("warning", f"{cannot}: {_some(damaged)}.")
    if special := inside["special"]:
        are = _said(special, "file is no regular file and is", "files are no regular files and are")
        yield Remark("warning", f"{are} skipped: {_some(special)}.")
    if left_out := [f"{reason} ({count:,})" for reason, count in inside["left_out"].items()]:
        unread = any("not read" in reason for reason in inside["left_out"])
        yield Remark("warning" if unread else "note", f"Left out: {'; '.join(left_out)}.")


def _of_images(inside: dict[str, Any], resolution: int) -> Iterator[Remark]:
    if turned := inside["turned"]:
        has = _said(turned, "image has", "images have")
        yield Remark(
            "warning",
            f"{has} a rotation in the EXIF data, which is not applied: networks see the pixels as they are stored "
            f"({_some(turned)}). Turn them first, for instance with `mogrify -auto-orient`.",
        )
    if alpha := inside["with_alpha"]:
        has = _said(alpha, "image has", "images have")
        below = "which is dropped: networks see the colours below it"
        yield Remark("note", f"{has} transparency, {below} ({_some(alpha)}).")
    if long := inside["long"]:
        has = _said(long, "image has", "images have")
        yield Remark(
            "note",
            f"{has} one side more than twice as long as the other: evaluation sees the middle square alone "
            f"({_some(long)}).",
        )
    if animated := inside["animated"]:
        are = _said(animated, "image is an animation", "images are animations")
        yield Remark("note", f"{are}, of which only the first frame is read ({_some(animated)}).")
    if deep := inside["deep"]:
        has = _said(deep, "image has", "images have")
        yield Remark("note", f"{has} more than 8 bits a channel, of which 8 are read ({_some(deep)}).")
    if (sizes := inside["sizes"]) and sizes["shorter_side"]["median"] < resolution:
        yield Remark(
            "note",
            f"More than half of the images have a side below {resolution} pixels, and are enlarged to be trained on at "
            "this resolution.",
        )


def show(overview: dict[str, Any], resolution: int, console: Console) -> None:
    """What a data set holds; arguments as for `remarks`."""
    _print(overview["title"], console)
    counts = "images: {train:,} to train on, {validation:,} to validate on, {test:,} to test on"
    _print(counts.format(**overview), console)
    if (fraction := overview["validation_fraction"]) is not None:
        _print(f"validation_fraction: {fraction:g}", console)
    if overview["folder"] is not None:
        _show_folder(overview["folder"], console)
    for remark in remarks(overview, resolution):
        _print(f"{remark.kind}: {remark.text}", console, "yellow" if remark.kind == "warning" else None)


def _show_folder(inside: dict[str, Any], console: Console) -> None:
    _show_classes(inside["classes"], console)
    for name in ("formats", "modes"):
        listed = ", ".join(f"{count:,} {kind}" for kind, count in inside[name].items())
        _print(f"{name}: {listed or 'none'}", console)
    if sizes := inside["sizes"]:
        side = sizes["shorter_side"]
        smallest, largest = (" x ".join(map(str, sizes[name])) for name in ("smallest", "largest"))
        low = f"95% have {side['twentieth']} or more"
        _print(f"sizes: {smallest} to {largest} pixels; shorter side: median {side['median']}, {low}", console)
    looked, images = inside["looked_into"], inside["images"]
    part = f"{looked:,}" if looked == images else f"{looked:,} of {images:,}"
    sample = "" if looked == images else ", a random sample (--look-into takes more)"
    _print(f"looked into: the headers of {part} images{sample}; {inside['decoded']:,} were decoded whole", console)


def _show_classes(classes: Sequence[dict[str, Any]], console: Console) -> None:
    """The classes, the largest first; in the middle of many, those left out are counted."""
    numbers = ("images", "train", "validation", "test")
    table = tables.table(("class", *numbers), right=numbers)
    ranked = sorted(classes, key=lambda each: -each["images"])
    hidden = len(ranked) - SHOWN
    for place, each in enumerate(ranked):
        if hidden <= 0 or not SHOWN // 2 <= place < SHOWN // 2 + hidden:
            table.add_row(each["name"], *(f"{each[name]:,}" for name in numbers))
        elif place == SHOWN // 2:
            table.add_row(f"... {hidden:,} more", "", "", "", "")
    tables.print_whole(table, console)


def _print(text: str, console: Console, style: str | None = None) -> None:
    """A paragraph, whose further lines are indented; words, as paths, are not cut."""
    lines = textwrap.wrap(text, console.width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    console.print("\n".join(lines), style=style, highlight=False, markup=False, soft_wrap=True)


def show_speed(checked: dict[str, Any], console: Console) -> None:
    """How fast images come, and who sets the pace."""
    rate, low, high = (float(f"{checked[name]:.2g}") for name in ("images_per_second", "low", "high"))
    _print(
        f"pipeline: {rate:g} images/s (95%: {low:g} to {high:g}) on {checked['cores']} cores, at "
        f"{checked['resolution']} px, batches of {checked['batch_size']}",
        console,
    )
    if skipped := checked["skipped"]:
        cannot = _said(skipped, "image cannot be decoded", "images cannot be decoded")
        _print(f"warning: {cannot}: {_some(skipped)}", console, "yellow")
    if model := checked["model"]:
        told = {
            "data": "the data are the bottleneck",
            "model": "the model is the bottleneck",
            "undecided": "which of them is the bottleneck is within the noise",
        }
        _print(
            f"{model['name']}: {model['images_per_second']:.0f} images/s in training steps of "
            f"{model['batch_size']}: {told[checked['bottleneck']]}",
            console,
        )


def _said(named: Sequence[object], singular: str, plural: str) -> str:
    """Their number, and words that go with it."""
    return f"{len(named):,} {singular if len(named) == 1 else plural}"


def _some(names: Sequence[str]) -> str:
    """The first ones, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _pairs(copies: Sequence[Sequence[str]]) -> str:
    return _some([" = ".join(sorted(same, key=lambda path: (len(path), path))[:NAMED]) for same in copies])
