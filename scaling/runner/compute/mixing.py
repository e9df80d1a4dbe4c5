"""Mixup and CutMix: images of a batch blended with others of it, and their labels likewise.

What is random is drawn here, outside the compiled step and as a function of (recipe, seed, step) alone, so that a
resumed training draws it again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from scaling.runner.compute.backend import Batch, Tensor
from scaling.schema import Recipe

STREAM = 1
"""Keeps these draws apart from those for the images themselves, which are of (seed, epoch)."""


@dataclass(frozen=True)
class Mix:
    """How a batch is blended.

    Attributes:
        partners: `(batch,)`, the row each image is blended with.
        weights: `(resolution, resolution)`, the part that a pixel keeps of its own image.
    """

    partners: NDArray[np.int64]
    weights: NDArray[np.float32]


class Blend(NamedTuple):
    """A mix as the compiled step reads it.

    Attributes:
        own_weights: `(resolution, resolution, 1)`, the part that a pixel keeps of its own image.
        own_share: their mean, the part that a label keeps.
    """

    own_weights: Tensor
    own_share: Tensor


def draw(recipe: Recipe, seed: int, step: int, batch_size: int, resolution: int) -> Mix | None:
    """The blend of one step: mixup or CutMix, either with equal chances where the recipe has both; None for neither."""
    ways = [way for way in (_mixup, _cutmix) if _alpha(recipe, way is _mixup)]
    if not ways:
        return None
    random = np.random.default_rng((seed, step, STREAM))
    way = ways[random.integers(len(ways))]
    alpha = _alpha(recipe, way is _mixup)
    weights = way(float(random.beta(alpha, alpha)), resolution, random)
    return Mix(random.permutation(batch_size), weights)


def with_partners(batch: Batch, mix: Mix | None) -> tuple[Batch, Blend | None]:
    """A batch with what it is blended with beside it, and how: what `blended` and `objective.of_labels` read."""
    if mix is None:
        return batch, None
    partners = {f"partner_{name}": np.asarray(rows)[mix.partners] for name, rows in batch.items()}
    blend = Blend(mix.weights[..., None], np.float32(mix.weights.mean(dtype=np.float64)))
    return {**batch, **partners}, blend


def blended(batch: Batch, blend: Blend | None) -> Tensor:
    """The images, blended pixel by pixel where there is a mix."""
    if blend is None:
        return batch["images"]
    own, other = (ops.cast(batch[name], "float32") for name in ("images", "partner_images"))
    return other + blend.own_weights * (own - other)


def _alpha(recipe: Recipe, mixup: bool) -> float:
    return recipe.mixup_alpha if mixup else recipe.cutmix_alpha


def _mixup(share: float, resolution: int, random: np.random.Generator) -> NDArray[np.float32]:
    return np.full((resolution, resolution), share, np.float32)


def _cutmix(share: float, resolution: int, random: np.random.Generator) -> NDArray[np.float32]:
    """0 in a box of `1 - share` of the area, its centre anywhere; what sticks out is lost."""
    half = resolution * math.sqrt(1 - share) / 2
    spans = [
        slice(*(int(np.clip(round(centre + side), 0, resolution)) for side in (-half, half)))
        for centre in random.uniform(0, resolution, size=2)
    ]
    weights = np.ones((resolution, resolution), np.float32)
    weights[spans[0], spans[1]] = 0
    return weights
