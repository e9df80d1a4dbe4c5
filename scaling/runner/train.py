"""Training one trial with a compiled program."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scaling.runner.data import Augmentation, DataError, Part, Pictures
from scaling.runner.jobs import Position
from scaling.runner.program import Program
from scaling.schema import Epoch, Recipe, Score, Trial

SECONDS_BETWEEN_REPORTS = 0.5


class NotFiniteError(ArithmeticError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class Outcome:
    """What training gave."""

    history: tuple[Epoch, ...]
    validation_raw: Score
    validation_ema: Score
    test_raw: Score
    test_ema: Score


def train(trial: Trial, program: Program, pictures: Pictures, report: Callable[[Position], None]) -> Outcome:
    """Trains from the trial's seed to its last epoch, then looks at the test pictures once.

    Args:
        trial: what to train.
        program: compiled for the trial's variant; its state is started over.
        pictures: at the variant's resolution.
        report: called with the position, a few times a second at most.

    Raises:
        DataError: if there are fewer training pictures than one batch.
        NotFiniteError: as soon as an epoch's loss is NaN or infinite.
    """
    recipe = trial.recipe
    if pictures.train_size < recipe.batch_size:
        raise DataError(f"{pictures.train_size} training pictures do not fill one batch of {recipe.batch_size}")
    program.reset(trial.seed)
    history: list[Epoch] = []
    for epoch in range(1, recipe.epochs + 1):
        history.append(_train_epoch(epoch, trial, program, pictures, _throttled(report, history)))
        report(Position(epoch, history[-1]))
    return Outcome(
        history=tuple(history),
        validation_raw=history[-1].validation_raw,
        validation_ema=history[-1].validation_ema,
        test_raw=score(program, pictures, "test", recipe.batch_size, averaged=False),
        test_ema=score(program, pictures, "test", recipe.batch_size, averaged=True),
    )


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up to the peak, then the recipe's schedule.

    `cosine` reaches 0 where the last epoch ends (Model Garden's configurations); `step` is a tenth, a hundredth and a
    thousandth of the peak from 30/90, 60/90 and 80/90 of training on (released `resnet_main.py`).

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
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2


def ema_decay(recipe: Recipe, step: int) -> float:
    """`min(ema_decay, (1 + step) / (10 + step))`: early averages forget the first weights (released code)."""
    return min(recipe.ema_decay, (1 + step) / (10 + step))


def score(program: Program, pictures: Pictures, part: Part, batch_size: int, averaged: bool) -> Score:
    """Counts right answers over a split, with raw or averaged weights; `n` is what could be decoded of it."""
    n, results = 0, []
    for images, labels, mask in pictures.evaluation(part, batch_size):
        results.append(program.evaluate(images, labels, mask, averaged=averaged))
        n += int(mask.sum())
    return Score(
        correct=round(_total(correct for correct, _ in results)),
        n=n,
        loss=_total(loss for _, loss in results) / n,
    )


def _train_epoch(
    epoch: int, trial: Trial, program: Program, pictures: Pictures, report: Callable[[float], None]
) -> Epoch:
    started = time.perf_counter()
    recipe = trial.recipe
    steps = pictures.train_size // recipe.batch_size
    first = (epoch - 1) * steps
    results = []
    batches = pictures.training(recipe.batch_size, trial.seed, epoch, Augmentation.of(trial.dataset, recipe))
    for step, (images, labels) in enumerate(batches, start=first):
        results.append(program.step(images, labels, _rates(recipe, step, steps)))
        if (done := step + 1) % steps:  # the last step's news is the whole epoch, evaluation included
            report(done / steps)
    loss = _total(loss for loss, _ in results) / steps
    if not math.isfinite(loss):
        raise NotFiniteError(f"training loss is {loss} in epoch {epoch}; a lower learning rate may help")
    return Epoch(
        epoch=epoch,
        learning_rate=learning_rate(recipe, first + steps - 1, steps),
        train_loss=loss,
        train_top1=_total(correct for _, correct in results) / (steps * recipe.batch_size),
        validation_raw=score(program, pictures, "validation", recipe.batch_size, averaged=False),
        validation_ema=score(program, pictures, "validation", recipe.batch_size, averaged=True),
        seconds=time.perf_counter() - started,
    )


def _rates(recipe: Recipe, step: int, steps_per_epoch: int) -> dict[str, float]:
    return {
        "learning_rate": learning_rate(recipe, step, steps_per_epoch),
        "momentum": recipe.momentum,
        "weight_decay": recipe.weight_decay,
        "label_smoothing": recipe.label_smoothing,
        "ema_decay": ema_decay(recipe, step),
    }


def _throttled(report: Callable[[Position], None], history: Sequence[Epoch]) -> Callable[[float], None]:
    """Passes the number of epochs done on, but not more often than people can read."""
    last = time.monotonic()

    def throttled(epochs_done: float) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= SECONDS_BETWEEN_REPORTS:
            last = now
            report(Position(epochs_done, history[-1] if history else None))

    return throttled


def _total(results: Iterable[float]) -> float:
    return math.fsum(float(result) for result in results)
