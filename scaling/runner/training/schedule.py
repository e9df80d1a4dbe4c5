"""What changes from step to step: the learning rate, and how much the running averages keep."""

from __future__ import annotations

import math

from scaling.runner.compute.rates import Rates
from scaling.schema import Recipe

_DECAY, _DECAY_EPOCHS = 0.97, 2.4


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up to the peak, then the recipe's schedule.

    `cosine` reaches 0 where the last epoch ends (Model Garden's configurations); `step` is a tenth, a hundredth and a
    thousandth of the peak from 30/90, 60/90 and 80/90 of training on (released `resnet_main.py`); `exponential` falls
    to 0.97 of itself every 2.4 epochs, counted from the first step (released `efficientnet/utils.py`).

    Args:
        recipe: gives peak, warm-up and length.
        step: from 0; the rate is the one this step is made with.
        steps_per_epoch: whole batches in an epoch.
    """
    warmup, total = recipe.warmup_epochs * steps_per_epoch, recipe.epochs * steps_per_epoch
    if step < warmup:
        return recipe.learning_rate * (step + 1) / (math.ceil(warmup) + 1)
    if recipe.schedule == "step":
        return recipe.learning_rate * 0.1 ** sum(step >= total * part / 90 for part in (30, 60, 80))
    if recipe.schedule == "exponential":
        return recipe.learning_rate * _DECAY ** math.floor(step / (_DECAY_EPOCHS * steps_per_epoch))
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def ema_decay(recipe: Recipe, step: int) -> float:
    """`min(ema_decay, (1 + step) / (10 + step))`: early averages forget the first weights (released code)."""
    return min(recipe.ema_decay, (1 + step) / (10 + step))


def rates(recipe: Recipe, step: int, steps_per_epoch: int) -> Rates:
    """What a step, counted from 0 over all epochs, is made with; see `Rates`."""
    constant = Rates(*(getattr(recipe, name) for name in Rates._fields))
    return constant._replace(
        learning_rate=learning_rate(recipe, step, steps_per_epoch), ema_decay=ema_decay(recipe, step)
    )
