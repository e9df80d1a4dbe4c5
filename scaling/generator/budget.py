"""What a trial will need before it is run: memory, work, time and money."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling.datasets import dataset_info
from scaling.generator import accelerators
from scaling.generator.accelerators import Accelerator
from scaling.models import BUILT_IN, Complexity, cost
from scaling.models.memory import training_memory_gb
from scaling.schema import LatencyRecord, TrainRecord, Trial, Variant
from scaling.wording import counted

TRAINING_PASSES = 3
"""Multiply-accumulates of a training step over those of a forward pass: backward computes two gradients."""

OPERATIONS_PER_MAC = 2
"""Peak rates count a multiply-accumulate as two."""


def train_macs(trial: Trial, complexity: Complexity) -> int:
    """Multiply-accumulates of the whole training: 3 * MACs * images * epochs, evaluation left out."""
    dataset = trial.dataset
    images = dataset.train_examples or dataset_info(dataset.name).trainable(dataset.validation_fraction)
    return TRAINING_PASSES * complexity.macs * images * trial.recipe.epochs


@dataclass(frozen=True)
class Pace:
    """How fast trainings went on one device.

    Attributes:
        device: its name.
        rests_on: what was measured, in words: `12 trainings`.
        by_variant: seconds for a training multiply-accumulate, and the variant's multiply-accumulates for an image.
        setup_seconds: mean of a training's building, compiling and loading.
        side_by_side: trainings that shared the accelerator, a processor; the seconds are each one's part.
    """

    device: str
    rests_on: str
    by_variant: Mapping[Variant, tuple[float, int]]
    setup_seconds: float
    side_by_side: float = 1.0

    def seconds(self, variant: Variant, macs: int, total_macs: float) -> float:
        """Seconds of a training of `total_macs`, at the pace of this variant, else of the one nearest in MACs."""
        own = self.by_variant.get(variant) or min(
            self.by_variant.values(), key=lambda known: abs(math.log(known[1] / macs))
        )
        return own[0] * total_macs + self.setup_seconds


def pace(records: Iterable[TrainRecord], accelerator: Accelerator) -> Pace | None:
    """What successful records say of an accelerator's pace; of several such devices, the last record's counts."""
    made_on = [
        record for record in records if record.train_seconds and accelerator.is_device(record.environment.device)
    ]
    measured = [
        record for record in made_on if record.ok and record.environment.device == made_on[-1].environment.device
    ]
    if not measured:
        return None
    spent: dict[Variant, tuple[float, float, int]] = {}
    whole, had = accelerator.cores, measured[-1].environment.cores
    side_by_side = max(1.0, whole / had) if whole and had else 1.0
    for record in measured:
        if not (isinstance(record.trial, Trial) and record.params and record.macs and record.activations):
            continue
        variant, needed = record.trial.variant, Complexity(record.params, record.macs, record.activations)
        seconds, done, _ = spent.get(variant, (0.0, 0.0, 0))
        seconds += (record.train_seconds or 0) / side_by_side
        spent[variant] = (seconds, done + train_macs(record.trial, needed), record.macs)
    return Pace(
        device=measured[-1].environment.device,
        rests_on=counted(len(measured), "training"),
        by_variant={variant: (seconds / done, macs) for variant, (seconds, done, macs) in spent.items()},
        setup_seconds=sum(record.setup_seconds or 0 for record in measured) / len(measured) / side_by_side,
        side_by_side=side_by_side,
    )


def pace_of_timings(timings: Iterable[LatencyRecord], accelerator: Accelerator) -> Pace | None:
    """The same by training steps that were timed; of several such devices, the last one's count."""
    known = [timing for timing in timings if timing.request.variant.family in BUILT_IN]
    made_on = [timing for timing in known if accelerator.is_device(timing.environment.device)]
    here = [timing for timing in made_on if timing.environment.place == made_on[-1].environment.place]
    if not here:
        return None
    whole, had = accelerator.cores, here[-1].environment.cores
    side_by_side = max(1.0, whole / had) if whole and had else 1.0
    by_variant = {}
    for timing in here:
        request = timing.request
        macs = cost(request.variant, channels=request.channels, classes=request.classes).macs
        step_macs = TRAINING_PASSES * macs * request.batch_size
        by_variant[request.variant] = (timing.whole_batch_ms / 1000 / step_macs / side_by_side, macs)
    device, steps = here[-1].environment.device, counted(len(by_variant), "network")
    return Pace(device, f"training steps of {steps}", by_variant, 0.0, side_by_side)


@dataclass(frozen=True)
class Estimate:
    """What one training takes.

    Attributes:
        memory_gb: of a training step, in 1e9 bytes.
        train_macs: multiply-accumulates of all of it.
        hours: on the accelerator, alone on it.
        cost: in dollars.
    """

    memory_gb: float
    train_macs: int
    hours: float
    cost: float


@dataclass(frozen=True)
class Basis:
    """What hours and money are reckoned by: an accelerator's table entry, or the pace measured on it."""

    accelerator: Accelerator
    pace: Pace | None = None

    def estimate(self, trial: Trial, complexity: Complexity) -> Estimate:
        """What a trial takes: memory, work, time and money."""
        recipe, work = trial.recipe, train_macs(trial, complexity)
        if self.pace is not None:
            seconds = self.pace.seconds(trial.variant, complexity.macs, work)
        else:
            rate = self.accelerator.operations_per_second(trial.variant.family, recipe.precision)
            seconds = OPERATIONS_PER_MAC * work / rate
        hours = seconds / 3600
        memory = training_memory_gb(complexity, recipe.batch_size, recipe.precision)
        return Estimate(memory, work, hours, hours * self.accelerator.dollars_per_hour)

    def as_json(self) -> dict[str, Any]:
        """What time and money rest on."""
        return {
            "accelerator": self.accelerator.model_dump(mode="json", exclude={"devices"}),
            "measured": None if self.pace is None else {"device": self.pace.device, "by": self.pace.rests_on},
        }

    def __str__(self) -> str:
        """Where the hours and the money come from, and how far to trust them."""
        accelerator, measured = self.accelerator, self.pace
        if measured is None:
            peaks = " or ".join(f"{peak:g} ({precision})" for precision, peak in accelerator.peak_tflops.items())
            alike = {
                share: [name for name, utilisation in accelerator.utilisation.items() if utilisation == share]
                for share in accelerator.utilisation.values()
            }
            shares = " or ".join(f"{share:.0%} ({', '.join(names)})" for share, names in alike.items())
            hours = f"{shares} of {peaks} TFLOP/s; {accelerator.source}"
        else:
            beside = f", {measured.side_by_side:g} side by side" if measured.side_by_side > 1 else ""
            hours = f"the measured pace of {measured.rests_on} on {measured.device}{beside}"
        priced = f"{accelerator.dollars_per_hour:g} dollars an hour; {accelerator.price}"
        return (
            f"time: {hours}\nmoney: {priced if accelerator.dollars_per_hour else 'the price of an hour is not known'}"
        )


def basis(
    on: str | None,
    records: Sequence[TrainRecord],
    beside: Path | None = None,
    timings: Iterable[LatencyRecord] = (),
) -> Basis:
    """What to reckon by.

    Args:
        on: name of an accelerator; None: the one that the records were made on, else this machine's processor.
        records: of the study, from which its own pace replaces the accelerator's peak and utilisation.
        beside: folder of the study, for the user's `accelerators.yaml`.
        timings: of training steps, which count where no record does; see `scaling.generator.calibration`.

    Raises:
        StudyError: for an unknown name, or a wrong file of accelerators.
    """
    known = accelerators.table(beside)
    devices = [record.environment.device for record in records if record.ok]
    chosen = accelerators.of_devices(devices, known) if on is None else accelerators.named(on, known)
    return Basis(chosen, pace(records, chosen) or pace_of_timings(timings, chosen))
