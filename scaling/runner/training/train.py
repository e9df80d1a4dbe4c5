"""Training one trial with a compiled program, from its seed or from its checkpoint: the two end with the same bits."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scaling.datasets import check_batch
from scaling.models.weights import Weights
from scaling.results.correct import packed
from scaling.runner.compute import mixing
from scaling.runner.compute.backend import Tensor
from scaling.runner.compute.compilation import choose
from scaling.runner.compute.program import Program
from scaling.runner.data import Augmentation, ImageDataset, Part
from scaling.runner.jobs import Position, StopReason
from scaling.runner.training import checkpoint as checkpoints
from scaling.runner.training.checkpoint import Checkpoint, CheckpointError
from scaling.runner.training.schedule import learning_rate, rates
from scaling.schema import Epoch, Score, Trial

log = logging.getLogger(__name__)

SECONDS_BETWEEN_REPORTS = 0.5
LEAST_CLASSES_OF_TOP5 = 10
"""Of fewer classes, five say little."""

STEPS_IN_FLIGHT = 2
"""Steps handed to the device before the oldest is waited for: it never idles, and no epoch of batches piles up."""


STOPPED: dict[StopReason, str] = {
    "interrupted": "the run was asked to stop",
    "preempted": "the worker was sent SIGTERM",
}


class NotFiniteError(ArithmeticError):
    """The loss is no longer a number."""


class StoppedError(Exception):
    """Somebody asked the training to stop; its checkpoint is written.

    Attributes:
        reason: the kind of failure that this is.
    """

    def __init__(self, reason: StopReason) -> None:
        super().__init__(STOPPED[reason])
        self.reason = reason


@dataclass(frozen=True)
class Outcome:
    """What training gave; its seconds are those of all epochs, whoever began them, and of the scores after the last."""

    history: tuple[Epoch, ...]
    validation_raw: Score
    validation_ema: Score
    test_raw: Score
    test_ema: Score
    validation_correct: str
    train_seconds: float


@dataclass(frozen=True)
class Callbacks:
    """How a training talks with the world.

    Attributes:
        report: called with the position, a few times a second at most.
        note: called with a sentence that people should read.
        epoch: called with each whole epoch.
        stop: why to write a checkpoint and end now, None to go on; asked before every step.
        checkpoint: where that is; None: nowhere.
        checkpoint_seconds: time from one to the next.
    """

    report: Callable[[Position], None] = lambda position: None
    note: Callable[[str], None] = lambda note: None
    epoch: Callable[[Epoch], object] = lambda epoch: None
    stop: Callable[[], StopReason | None] = lambda: None
    checkpoint: str | None = None
    checkpoint_seconds: float = 60.0


NO_CALLBACKS = Callbacks()


def resumable(callbacks: Callbacks, batch_size: int, devices: int = 1) -> Checkpoint | None:
    """The checkpoint to continue from; None where there is none, or none that can be used, which is set aside.

    Args:
        callbacks: says where it is, and is told if it cannot be used.
        batch_size: of the recipe; it must divide into the checkpoint's parts of a batch.
        devices: that share each part.
    """
    if callbacks.checkpoint is None:
        return None
    try:
        start = checkpoints.load(callbacks.checkpoint)
        if start is not None and batch_size % (devices * start.micro_batches):
            parts = devices * start.micro_batches
            raise CheckpointError(f"{callbacks.checkpoint}: batches of {batch_size} do not divide into {parts} parts")
    except CheckpointError as error:
        _set_aside(callbacks, error)
        return None
    return start


def _set_aside(callbacks: Callbacks, error: CheckpointError) -> None:
    try:
        aside = f"it is now {checkpoints.set_aside(callbacks.checkpoint or '')}"
    except OSError as problem:
        aside = f"it could not be renamed ({problem.strerror}), so the next checkpoint replaces it"
    callbacks.note(f"{error}; {aside}. The trial starts over.")


def train(
    trial: Trial,
    program: Program,
    data: ImageDataset,
    callbacks: Callbacks = NO_CALLBACKS,
    start: Checkpoint | None = None,
    init: Weights | None = None,
) -> Outcome:
    """Trains to the last epoch, then looks at the test images once.

    Args:
        trial: what to train.
        program: compiled for the trial's variant; its state is started over.
        images: at the variant's resolution.
        callbacks: is told how it goes.
        start: what to go on from; None: the trial's seed.
        init: weights that it begins with where there is no `start`.

    Raises:
        DataError: if there are fewer training images than one batch.
        NotFiniteError: as soon as a step's loss is NaN or infinite.
        StoppedError: if `callbacks.stop` said so.
    """
    check_batch(data.train_size, trial.recipe.batch_size)
    training = _Training(trial, program, data, callbacks)
    training.begin(start, init)
    while len(training.history) < trial.recipe.epochs:
        training.run_epoch()
    return training.outcome()


SCORED = 256
"""Images that are scored at once, at least, where they have no more than `SCORED_PIXELS` together. On one core
`14x0.0625@14`, `14x0.125@14`, `26x0.0625@14` and `26x0.125@14` were scored 1.09, 1.18, 1.10 and 1.05 times as fast
with 256 images at once as with 128; with 512 at most 4% faster still, with 1,024 the last one slower than with 128."""

SCORED_PIXELS = 2**16


def score(
    program: Program,
    data: ImageDataset,
    part: Part,
    batch_size: int,
    averaged: bool,
    between: Callable[[], None] = lambda: None,
) -> tuple[Score, NDArray[np.bool_]]:
    """Counts right answers over a part of the images, with raw or averaged weights, calling `between` as it goes.

    Returns:
        The score, and `(n,)` which images are right, in the data set's order.
    """
    sums, each, masks = [], [], []
    for images, labels, mask in data.evaluation(part, batch_size):
        between()
        *totals, which = program.evaluate(images, labels, mask, averaged=averaged)
        sums.append(totals)
        each.append(which)
        masks.append(np.asarray(mask) > 0)
    seen = sum(int(mask.sum()) for mask in masks)
    correct, in_top5, loss = (math.fsum(map(float, column)) for column in zip(*sums, strict=True))
    images_right = np.concatenate([np.asarray(which)[mask] > 0 for which, mask in zip(each, masks, strict=True)])
    known = program.key.dataset_info.classes >= LEAST_CLASSES_OF_TOP5
    right = Score(correct=round(correct), correct_top5=round(in_top5) if known else None, n=seen, loss=loss / seen)
    return right, images_right


class _Training:
    """A trial on its way: the whole epochs, and the steps of the running one."""

    def __init__(self, trial: Trial, program: Program, data: ImageDataset, callbacks: Callbacks) -> None:
        self._trial, self._program, self._data, self._callbacks = trial, program, data, callbacks
        self._steps = data.train_size // trial.recipe.batch_size
        self.history: list[Epoch] = []
        self._losses: list[float] = []
        self._rights: list[float] = []
        self._correct: dict[bool, NDArray[np.bool_]] | None = None
        self._in_flight: deque[tuple[Tensor, Tensor]] = deque()
        self._chosen = program.execution.compile != "auto"
        self._began = self._saved = self._reported = time.monotonic()

    def begin(self, start: Checkpoint | None, init: Weights | None) -> None:
        """Starts from the seed and what weights there are, or goes on from a checkpoint, compiled as it was."""
        self._program.reset(self._trial.seed, init)
        start = self._usable(start)
        if start is not None:
            self._program.restore(start.state)
            self.history, self._losses, self._rights = list(start.history), list(start.losses), list(start.rights)
            if start.compiled in self._program.compilers:
                self._program.compiled, self._chosen = start.compiled, True
        self._began = self._saved = time.monotonic()
        self._began -= start.seconds if start else 0.0

    def _usable(self, start: Checkpoint | None) -> Checkpoint | None:
        if start is None:
            return None
        try:
            checkpoints.check_fits(start, self._program.state, self._trial.recipe.epochs, self._steps)
        except CheckpointError as error:
            _set_aside(self._callbacks, error)
            return None
        return start

    def run_epoch(self) -> None:
        """Trains the rest of the running epoch and evaluates on the validation images."""
        recipe, epoch = self._trial.recipe, len(self.history) + 1
        augmentation = Augmentation.of(self._trial.dataset, recipe)
        batches = self._data.training(recipe.batch_size, self._trial.seed, epoch, augmentation, start=len(self._losses))
        first = (epoch - 1) * self._steps
        for step, (images, labels) in enumerate(batches, start=first + len(self._losses)):
            self._pause()
            mix = mixing.draw(recipe, self._trial.seed, step, *images.shape[:2])
            take = partial(self._program.step, images, labels, rates(recipe, step, self._steps), mix)
            if not self._chosen:
                self._choose(take, steps_ahead=recipe.epochs * self._steps - step)
            self._in_flight.append(take())
            self._settle(STEPS_IN_FLIGHT)
            self._report(step + 1 - first)
        self._settle(0)
        self._end_epoch(epoch)

    def outcome(self) -> Outcome:
        """Scores of the last epoch, and of the test images."""
        return Outcome(
            history=tuple(self.history),
            validation_raw=self.history[-1].validation_raw,
            validation_ema=self.history[-1].validation_ema,
            test_raw=self._score("test", averaged=False)[0],
            test_ema=self._score("test", averaged=True)[0],
            validation_correct=packed(self._validation_correct()),
            train_seconds=math.fsum(epoch.seconds for epoch in self.history) + time.monotonic() - self._began,
        )

    def _validation_correct(self) -> NDArray[np.bool_]:
        """Of the weights whose accuracy is the trial's; evaluated anew where a checkpoint was all that was left."""
        averaged = bool(self._trial.recipe.ema_decay)
        return self._score("validation", averaged)[1] if self._correct is None else self._correct[averaged]

    def _choose(self, take: Callable[[], tuple[Tensor, Tensor]], steps_ahead: int) -> None:
        self._chosen = True
        log.info("compiled as %s", choose(self._program, lambda: take()[0], steps_ahead).reason)
        self._saved = time.monotonic()

    def _score(self, part: Part, averaged: bool) -> tuple[Score, NDArray[np.bool_]]:
        return score(self._program, self._data, part, self._scored_at_once(), averaged, self._pause)

    def _scored_at_once(self) -> int:
        """Images: those of a training's batch, or more where they are small and on one device."""
        recipe, resolution = self._trial.recipe, self._trial.variant.resolution
        more = self._program.devices == 1 and SCORED * resolution**2 <= SCORED_PIXELS
        return max(recipe.batch_size, SCORED) if more else recipe.batch_size

    def _end_epoch(self, epoch: int) -> None:
        recipe = self._trial.recipe
        (raw, raw_correct), (ema, ema_correct) = (self._score("validation", averaged) for averaged in (False, True))
        self._correct = {False: raw_correct, True: ema_correct}
        done = Epoch(
            epoch=epoch,
            learning_rate=learning_rate(recipe, epoch * self._steps - 1, self._steps),
            train_loss=math.fsum(self._losses) / self._steps,
            train_top1=math.fsum(self._rights) / (self._steps * recipe.batch_size),
            validation_raw=raw,
            validation_ema=ema,
            seconds=time.monotonic() - self._began,
        )
        self.history.append(done)
        self._losses, self._rights, self._began = [], [], time.monotonic()
        self._callbacks.epoch(done)
        self._callbacks.report(Position(epoch, done))

    def _settle(self, allowed: int) -> None:
        """Waits for the oldest steps until no more than `allowed` are under way."""
        while len(self._in_flight) > allowed:
            loss, right = (float(value) for value in self._in_flight.popleft())
            if not math.isfinite(loss):
                raise NotFiniteError(
                    f"training loss is {loss} in epoch {len(self.history) + 1}; a lower learning rate may help"
                )
            self._losses.append(loss)
            self._rights.append(right)

    def _report(self, steps_done: int) -> None:
        """Says how far it is, but not more often than people can read."""
        if (now := time.monotonic()) - self._reported >= SECONDS_BETWEEN_REPORTS:
            self._reported = now
            last = self.history[-1] if self.history else None
            self._callbacks.report(Position(len(self.history) + steps_done / self._steps, last))

    def _pause(self) -> None:
        """Between two steps, or two batches of an evaluation, which changes nothing that a checkpoint holds."""
        if reason := self._callbacks.stop():
            self._save()
            raise StoppedError(reason)
        if self._callbacks.checkpoint and time.monotonic() - self._saved >= self._callbacks.checkpoint_seconds:
            self._save()

    def _save(self) -> None:
        if self._callbacks.checkpoint is None:
            return
        self._settle(0)
        now = Checkpoint(
            state=self._program.snapshot(),
            history=tuple(self.history),
            losses=tuple(self._losses),
            rights=tuple(self._rights),
            seconds=time.monotonic() - self._began,
            compiled=self._program.compiled,
            micro_batches=self._program.execution.micro_batches,
            precision=self._program.key.precision,
        )
        try:
            checkpoints.save(self._callbacks.checkpoint, now)
        except OSError as error:
            self._callbacks.note(f"no checkpoint written: {error}; training goes on")
        self._saved = time.monotonic()
