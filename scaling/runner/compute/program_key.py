"""What a compiled program depends on: pure data, so that the driver groups jobs by it without loading Keras."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from scaling.datasets import DatasetInfo, dataset_info
from scaling.schema import LatencyRequest, Precision, Recipe, Trial, Variant


@dataclass(frozen=True)
class ProgramKey:
    """What a compiled program depends on; trials with equal keys share one."""

    variant: Variant
    dataset_info: DatasetInfo
    dropout: float
    stochastic_depth: float
    batch_norm_momentum: float
    batch_norm_group: int | None
    precision: Precision
    optimizer: str
    nesterov: bool
    clips: bool
    mixes: bool
    frozen_stages: int
    tunes: bool

    @classmethod
    def of(
        cls, variant: Variant, dataset_info: DatasetInfo, recipe: Recipe, precision: Precision | None = None
    ) -> ProgramKey:
        """The key of a recipe: its fields of the same names, and which parts of the step it asks for.

        Args:
            variant: the network.
            dataset_info: of its images.
            recipe: that it is trained by.
            precision: to compute in, see `scaling.runner.compute.precision`; None: the recipe's, and float32 where that
                leaves it to a device.
        """
        own = {name: getattr(recipe, name) for name in cls.__dataclass_fields__.keys() & Recipe.model_fields.keys()}
        own["precision"] = precision or ("float32" if recipe.precision == "auto" else recipe.precision)
        return cls(
            variant,
            dataset_info,
            clips=recipe.clip_norm > 0,
            mixes=bool(recipe.mixup_alpha or recipe.cutmix_alpha),
            tunes=recipe.body_rate < 1 or recipe.layer_decay < 1,
            **own,
        )

    def __hash__(self) -> int:
        return hash((self.variant, self.dataset_info.name))


def of_trial(trial: Trial, precision: Precision | None = None) -> ProgramKey:
    """The program that trains a trial; a driver, which does not know the device, groups trials without a precision."""
    return _of(trial.variant, trial.dataset.name, trial.recipe, precision)


def of_timing(request: LatencyRequest, dataset: str) -> ProgramKey:
    """The program that is timed: by a recipe of defaults, on images like those of a data set."""
    return _of(request.variant, dataset, Recipe.model_validate({"epochs": 1, "precision": request.precision}))


@functools.lru_cache(maxsize=4096)
def _of(variant: Variant, dataset: str, recipe: Recipe, precision: Precision | None = None) -> ProgramKey:
    return ProgramKey.of(variant, dataset_info(dataset), recipe, precision)
