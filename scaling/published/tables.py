"""The files in `data/`, by name; read without pandas."""

from __future__ import annotations

import csv
from importlib.resources import files

from scaling.errors import UserError, did_you_mean

_TITLES = {
    "table1": "Additive study of ResNet-200: from the baseline to ResNet-RS, step by step",
    "table2": "Weight decay against regularization (minival)",
    "table3": "Memory and time of four large models",
    "table6": "Additive study of a 3D ResNet-50 on Kinetics-400; most rows unverified",
    "table7": "ResNet-RS and EfficientNet: accuracy, size, time per training step on V100 and TPUv3",
    "table12": "Dropout by width for 350 epochs; unverified",
    "fig2": "Error against FLOPs at 350 epochs (minival); 125 of the grid's 175 cells, none of depth 350",
    "fig3": "Depth against width at 10, 100 and 350 epochs (minival)",
    "fig5": "EfficientNet-RS: EfficientNet at lower resolutions",
    "grid_complexity": "Parameters and FLOPs of the scaling study's grid, for two stems",
    "recipes": "Hyper-parameters of the 11 released configurations; Model Garden's accuracies (swish)",
    "efficientnet_coefficients": "Compound coefficients of EfficientNet B0 to B7",
    "released_weights": "The 11 released ResNet-RS checkpoints, evaluated by others on ImageNet's validation images",
    "timm_rtx3090": "The same models in timm: accuracy, and speed on an RTX 3090",
}


def names() -> list[str]:
    """The tables there are."""
    return list(_TITLES)


def title(name: str) -> str:
    """What the table shows.

    Raises:
        ValueError: if there is no such table.
    """
    _check(name)
    return _TITLES[name]


def read_rows(name: str) -> list[dict[str, str]]:
    """Reads a table as text, cell by cell, without pandas; an empty cell is `""`.

    Raises:
        ValueError: if there is no such table.
    """
    return list(csv.DictReader(read_text(name).splitlines()))


def read_text(name: str) -> str:
    """Reads a table's file.

    Raises:
        ValueError: if there is no such table.
    """
    _check(name)
    return files("scaling.published").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")


def _check(name: str) -> None:
    if name not in _TITLES:
        raise UserError(f"no published table named {name!r}{did_you_mean(name, _TITLES)}")
