"""timm's published CSV files: accuracies (`results-*.csv`) and speeds (`benchmark-*.csv`)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from scaling.errors import UserError, did_you_mean
from scaling.models.families import BUILT_IN
from scaling.models.names import parse
from scaling.schema import NAMED_ONLY, Phase, Variant
from scaling.schema.records import TimedPrecision

PRECISIONS: dict[str, TimedPrecision] = {
    "amp": "amp",
    "amp_bf16": "amp_bf16",
    "fp32": "float32",
    "float32": "float32",
    "fp16": "float16",
    "float16": "float16",
    "bf16": "bfloat16",
    "bfloat16": "bfloat16",
}
"""What file names call them, and what records do."""

_PHASES: dict[str, Phase] = {"train": "training", "infer": "inference"}
_LAYOUTS = ("nhwc", "nchw")
_MORE_DATA = re.compile(r"in2[12]k|in12k|ns_|jft|ig1b")
"""Of a tag: trained on more images than ImageNet's own."""


@dataclass(frozen=True)
class Scored:
    """A line of accuracies.

    Attributes:
        model: timm's name, as `tf_efficientnet_b0.aa_in1k`; `weights`: the tag behind the point.
        more_data: whether it took more images than ImageNet's own.
        top1, top5: fractions; the second is None where the file does not say.
        params: of the network as the file has it.
    """

    model: str
    weights: str
    variant: Variant
    more_data: bool
    top1: float
    top5: float | None
    params: int | None


@dataclass(frozen=True)
class Timed:
    """A line of speeds: `images_per_second` with `batch_size` images a step.

    `macs` and `activations` of an image are the file's own, where it has them.
    """

    model: str
    variant: Variant
    batch_size: int
    images_per_second: float
    macs: int | None
    activations: int | None


@dataclass(frozen=True)
class Place:
    """What a benchmark file's name says of where it was made."""

    device: str
    precision: TimedPrecision
    software: str


def read_accuracies(path: Path, families: Sequence[str] = ()) -> tuple[list[Scored], int]:
    """Reads the lines of some families in a file of accuracies, and counts the others; see `variant_of`.

    Raises:
        UserError: if a column is missing or a cell is no number, with its place.
    """
    rows = _rows(path, "model", "img_size", "top1")
    scored = [
        Scored(
            model=row["model"],
            weights=(weights := row["model"].partition(".")[2]),
            variant=variant,
            more_data=bool(_MORE_DATA.search(weights)),
            top1=(top1 := _per_cent(path, line, row, "top1")),
            top5=_per_cent(path, line, row, "top5", least=top1) if row.get("top5") else None,
            params=_counted(path, line, row, "param_count"),
        )
        for line, row in rows
        if (variant := variant_of(row["model"], int(_number(path, line, row, "img_size")), families))
    ]
    return scored, len(rows) - len(scored)


def read_speeds(path: Path, families: Sequence[str] = ()) -> tuple[Phase, list[Timed], int]:
    """Reads the lines of some families in a file of speeds, and counts the others; see `variant_of`.

    Returns:
        The phase, told by the columns; the lines; the number of others.

    Raises:
        UserError: if a column is missing or a cell is no number, with its place.
    """
    with path.open(newline="", encoding="utf-8-sig") as lines:
        header = next(csv.reader(lines), [])
    short = "train" if "train_samples_per_sec" in header else "infer"
    size, speed, batch = (f"{short}_{name}" for name in ("img_size", "samples_per_sec", "batch_size"))
    rows = _rows(path, "model", size, speed, batch)
    timed = [
        Timed(
            model=row["model"],
            variant=variant,
            batch_size=int(_number(path, line, row, batch)),
            images_per_second=_number(path, line, row, speed),
            macs=_counted(path, line, row, f"{short}_gmacs", 1e9),
            activations=_counted(path, line, row, f"{short}_macts", 1e6),
        )
        for line, row in rows
        if (variant := variant_of(row["model"], int(_number(path, line, row, size)), families))
    ]
    return _PHASES[short], timed, len(rows) - len(timed)


def variant_of(model: str, resolution: int, families: Sequence[str] = ()) -> Variant | None:
    """The network that a name of timm's means, its tag aside; None for those of other families.

    Args:
        model: the name.
        resolution: pixels a side.
        families: that are wanted; none: all that are known here. One that is not known has the networks whose names
            begin like it; nothing but their names tells these apart.
    """
    base = model.partition(".")[0]
    for family in BUILT_IN.values():
        if (not families or family.name in families) and (name := family.timm(base)):
            try:
                return parse(f"{name}@{resolution}")
            except ValueError:
                return None
    for family_name in families:
        if family_name not in BUILT_IN and base.startswith(family_name):
            named = {"depth": 1, "resolution": resolution, "options": {NAMED_ONLY: base}}
            return Variant.model_validate({"family": family_name, **named})
    return None


def place_of(path: Path, device: str | None, precision: str | None) -> Place:
    """Reads device, precision and software off a name such as `benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv`.

    Args:
        path: the file.
        device, precision: where given, they count instead.

    Raises:
        UserError: if the name does not say and it was not given, or the precision is not known.
    """
    words = [word for word in path.stem.lower().split("-") if word not in ("benchmark", "train", "infer")]
    named = next((word for word in words if word in PRECISIONS), None)
    software = [word for word in words if word in _LAYOUTS or word == "dynamo" or re.fullmatch(r"(pt|cu)\d+", word)]
    rest = [word for word in words if word not in software and word != named]
    if precision is not None and precision not in PRECISIONS:
        raise UserError(f"--precision {precision}: not known{did_you_mean(precision, PRECISIONS)}")
    if (chosen := precision or named) is None:
        raise UserError(f"{path}: its name says no precision; give --precision ({', '.join(PRECISIONS)})")
    if not (device or rest):
        raise UserError(f"{path}: its name says no device; give --device")
    return Place(device or _spelled("-".join(rest)), PRECISIONS[chosen], " ".join(["pytorch", *software]))


def _spelled(device: str) -> str:
    """`rtx3090`, or `3090` alone, as `RTX 3090`, as the published tables have it; other names as they stand."""
    device = re.sub(r"^(?=[345]0\d0$)", "rtx", device)
    return re.sub(r"^(rtx|gtx)(?=\d)", lambda match: match[1].upper() + " ", device)


def _rows(path: Path, *columns: str) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise UserError(f"{path}: no column {', '.join(missing)}; is this a file of timm's results/?")
        rows = [(reader.line_num, cast("dict[str, str]", row)) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a text file of comma-separated values ({error})") from None
    if not rows:
        raise UserError(f"{path}: its columns are named, but no line follows")
    return rows


def _counted(path: Path, line: int, row: dict[str, str], column: str, unit: float = 1e6) -> int | None:
    """A count that the file gives in millions or billions, None where it does not."""
    return round(_number(path, line, row, column) * unit) if row.get(column) else None


def _per_cent(path: Path, line: int, row: dict[str, str], column: str, least: float = 0.0) -> float:
    value = _number(path, line, row, column) / 100
    if not least <= value <= 1:
        raise UserError(f"{path}:{line}: {column} is {row[column]}, not between {100 * least:g} and 100 per cent")
    return value


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = float("nan")
    if not 0 < value < float("inf"):
        raise UserError(f"{path}:{line}: {column} is {row[column]!r}, not a number above 0")
    return value
