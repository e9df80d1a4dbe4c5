"""Studies made up with a known truth: accuracy over depth, width, resolution and epochs, all four crossed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from tests.analysis.simulated import Floats, row

FACTORS = ["depth", "width", "resolution", "epochs"]
CENTER = np.array([50.0, 1.0, 128.0, 30.0])
"""Where the effect of each factor is measured from."""

DEPTHS, WIDTHS = (14.0, 26.0, 50.0, 101.0, 200.0), (0.25, 0.5, 1.0, 1.5, 2.0)
RESOLUTIONS, EPOCHS = (64, 96, 128, 192, 256), (10, 30, 100)


@dataclass(frozen=True, eq=False)
class Simulated:
    """A study whose truth is known.

    Attributes:
        frame: one row a trial, every cell of the grid, as `scaling.load_results` gives it.
        truth: accuracy (fraction) without noise of images and seeds, by depth, width, resolution and epochs.
        cost: multiply-accumulates of an image times epochs, by the same.
    """

    frame: pd.DataFrame
    truth: pd.Series
    cost: pd.Series

    def hiding(self, cells: pd.Index) -> pd.DataFrame:
        """The frame as it were if nobody had trained these cells: they are planned."""
        hidden = pd.MultiIndex.from_frame(self.frame[FACTORS]).isin(cells)
        once = self.frame[~hidden | (self.frame["seed"] == 0)]
        planned = hidden[once.index]
        return once.assign(top1=once["top1"].mask(planned), status=once["status"].mask(planned, "planned")).reset_index(
            drop=True
        )

    def dearest(self, share: float = 1 / 3) -> pd.Index:
        """That share of the cells, of the most compute."""
        return self.cost.sort_values(kind="stable").index[-round(share * len(self.cost)) :]


def surface(
    seed: int,
    *,
    depths: Sequence[float] = DEPTHS,
    widths: Sequence[float] = WIDTHS,
    resolutions: Sequence[int] = RESOLUTIONS,
    epochs: Sequence[int] = EPOCHS,
    seeds: int = 1,
    images: int = 10_000,
    seed_noise: float = 0.003,
    timing_noise: float = 0.02,
    scatter: float = 0.01,
) -> Simulated:
    """A study of one family.

    Error is a floor and a sum of power laws of the four factors, bent by what grids on real data show: products of
    depth and width with resolution and epochs (small networks gain less from either), and a penalty for a resolution
    that is large for the network. How strong each is differs from one study to the next.

    Args:
        seed: of the surface and of all noise; the same one gives the same study.
        depths, widths, resolutions, epochs: of the grid.
        seeds: a cell.
        images: of the validation set; their noise is shared by a cell's seeds.
        seed_noise: standard deviation between seeds (fraction).
        timing_noise: of the logarithm of a time, which its interval reflects.
        scatter: by how much each cell's true error lies off the smooth surface, as a recipe suits one network more than
            another (standard deviation of the logarithm).
    """
    random = np.random.default_rng(seed)
    grid = np.array([*product(depths, widths, resolutions, epochs)], dtype=float)
    truth = 1 - _error(np.log(grid / CENTER), random) * np.exp(scatter * random.standard_normal(len(grid)))
    macs = 1e8 * grid[:, 0] / 50 * grid[:, 1] ** 2 * (grid[:, 2] / 128) ** 2
    seen = truth + np.sqrt(truth * (1 - truth) / images) * random.standard_normal(len(grid))
    measured = np.clip(seen + seed_noise * random.standard_normal((seeds, len(grid))), 0.001, 0.999)
    times = macs**0.8 / 1e5 * np.exp(timing_noise * random.standard_normal(len(grid)))
    rows = [
        _row(cell, time, count, top1, number, images, timing_noise)
        for number, accuracies in enumerate(measured)
        for cell, time, count, top1 in zip(grid, times, macs, accuracies, strict=True)
    ]
    index = pd.MultiIndex.from_arrays(grid.T, names=FACTORS)
    return Simulated(pd.DataFrame(rows), pd.Series(truth, index), pd.Series(macs * grid[:, 3], index))


def _error(logs: Floats, random: np.random.Generator) -> Floats:
    depth, width, resolution, epochs = logs.T
    floor, strength = random.uniform(0, 0.12), random.uniform(0.15, 0.4)
    slopes, shares = random.uniform(0.1, 0.7, 4), random.dirichlet(np.ones(4))
    error = floor + strength * (np.exp(-logs * slopes) @ shares)
    products = {0.04: (depth * resolution, width * resolution), 0.03: (width * epochs, depth * epochs)}
    for spread, pairs in products.items():
        for pair in pairs:
            error *= np.exp(random.normal(0, spread) * pair)
    too_large = np.maximum(resolution - 0.3 * (depth + width), 0)
    error *= np.exp(random.uniform(0, 0.06) * too_large**2)
    return np.clip(error, 0.01, 0.97)


def _row(
    cell: Floats, time: float, macs: float, top1: float, seed: int, images: int, timing_noise: float
) -> dict[str, object]:
    depth, width, resolution, epochs = cell
    timed = row("resnet_rs", depth, time, top1, seed, images, timing_noise)
    inference = {name.replace("training", "inference"): value for name, value in timed.items() if "training" in name}
    for name in ("inference_ms", "inference_low_ms", "inference_high_ms"):
        inference[name] /= 3  # type: ignore[operator]
    sizes = {"width": width, "resolution": int(resolution), "epochs": int(epochs)}
    return timed | inference | sizes | {"macs": macs, "params": 1e5 * depth * width**2}
