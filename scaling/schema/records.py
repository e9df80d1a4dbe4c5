"""The answers: what training a trial gave, what timing a variant gave, and where."""

from __future__ import annotations

import base64
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, StrictBool, Tag, field_validator, model_validator

from scaling.schema.noun import Count, Noun, Number, Whole, digest
from scaling.schema.trial import AskedPrecision, Precision, Reported, Trial, Variant

SCHEMA_VERSION = 1
"""Version of a line in `records.jsonl` and `latency.jsonl`; a newer one than this is refused, never guessed at."""

Phase: TypeAlias = Literal["training", "inference"]
Compiled: TypeAlias = Literal["graph", "xla"]
FailureKind: TypeAlias = Literal["oom", "nan", "data", "crash", "timeout", "preempted", "interrupted", "error"]
TRANSIENT: frozenset[FailureKind] = frozenset({"crash", "preempted", "timeout"})
"""Failures that may not be the trial's own fault. A retry begins at its checkpoint, so it costs little."""

UNFINISHED: frozenset[FailureKind] = frozenset({"interrupted", "preempted"})
"""Of trials that were stopped from outside: they count as not done, not as failed."""

RESUMED: frozenset[FailureKind] = TRANSIENT | UNFINISHED
"""Recorded failures that a later run takes up again without being asked."""

TimedPrecision: TypeAlias = Literal[Precision, "amp", "amp_bf16", "float16", "bfloat16"]
"""What a timing may be of: this toolkit's own, and those of others (`amp`: automatic mixed precision)."""


Runtime: TypeAlias = Literal["keras", "litert", "onnx", "openvino"]
"""What runs a network: Keras, as it is trained, or what it is deployed with, for inference only."""


class LatencyPlan(Noun):
    """What is timed of each network of the study.

    Attributes:
        phases: the steps to time: `training` (one optimiser step), `inference` (one forward pass), both, or none. A
            search also times the phases that its objectives and limits need.
        batch_size: images per step. It is halved until it fits into memory (the paper's protocol, Table 7).
        precision: precision of the arithmetic.
        max_seconds: longest time in seconds for timing one phase. Timing ends earlier once the 95% interval of the
            median is within 3% of it.
        runtimes: runtimes to time inference with. Training is timed with Keras alone. All but `keras` compute in
            float32 and come with the extra `deploy`.
    """

    phases: tuple[Phase, ...] = ("training", "inference")
    batch_size: Count = 128
    precision: Precision = "float32"
    max_seconds: Annotated[Number, Field(gt=0)] = 10.0
    runtimes: Annotated[tuple[Runtime, ...], Field(min_length=1)] = ("keras",)


class Score(Noun):
    """`correct` of `n` images, and the mean cross-entropy over them (nats, without label smoothing), where known.

    `correct_top5` counts those whose class is among the five most likely ones, where there are at least ten.
    """

    correct: Whole
    correct_top5: Whole | None = None
    n: Annotated[Whole, Field(ge=1)]
    loss: float | None = None

    @model_validator(mode="after")
    def _at_most_all(self) -> Score:
        if self.correct > self.n:
            raise ValueError(f"correct {self.correct} is more than n {self.n}")
        if self.correct_top5 is not None and not self.correct <= self.correct_top5 <= self.n:
            raise ValueError(f"correct_top5 {self.correct_top5} is not from correct {self.correct} to n {self.n}")
        return self

    @property
    def top1(self) -> float:
        """The fraction that is right, in [0, 1]."""
        return self.correct / self.n

    @property
    def top5(self) -> float | None:
        """The fraction whose class is among the five most likely, in [0, 1]."""
        return None if self.correct_top5 is None else self.correct_top5 / self.n


class Epoch(Noun):
    """One line of a trial's history. `train_*` are means over the epoch's steps, augmentation and dropout on."""

    epoch: int
    learning_rate: float
    train_loss: float
    train_top1: float
    validation_raw: Score
    validation_ema: Score
    seconds: float


class Failure(Noun):
    """Why a trial or a timing ended without a result; `traceback` is its end.

    Kinds: `oom` (no memory, even for one image at a time), `nan` (the loss is no number), `data` (images missing or
    damaged), `crash` (the worker died), `timeout` (it reported no progress), `preempted` (its machine was taken away),
    `interrupted` (somebody stopped the run), `error` (anything else).
    """

    kind: FailureKind
    message: str
    traceback: str = ""


class Environment(Noun):
    """Where a number was made: versions, device and code, never environment variables.

    Attributes:
        versions: of Python and the packages that matter, by name.
        platform: operating system, its version to the second number, and machine type.
        device: the processor's or accelerator's name.
        cores: logical processors this process could use; None where others measured and did not say.
        memory_gb: of the machine, in 1e9 bytes; None likewise.
        git_commit: of the checkout the driver ran in, if any.
        git_dirty: whether tracked files differed from that commit.
    """

    versions: dict[str, str]
    platform: str
    device: str
    cores: int | None = None
    memory_gb: float | None = None
    git_commit: str | None = None
    git_dirty: bool | None = None

    @property
    def place(self) -> str:
        """Device and Keras backend: latencies of two places are not those of one."""
        return f"{self.device} ({self.versions.get('backend', 'unknown backend')})"


def known_version(version: int) -> int:
    """Refuses the version of a record that a newer toolkit wrote."""
    if version > SCHEMA_VERSION:
        raise ValueError(f"schema_version {version} is newer than this toolkit's {SCHEMA_VERSION}: upgrade it")
    return version


class _Record(Noun):
    """What all records have; `log` is the name of the job's file in the results folder's `logs/`."""

    schema_version: int = SCHEMA_VERSION
    finished: datetime
    environment: Environment
    log: str | None = None

    _known_version = field_validator("schema_version")(known_version)


def _kind(trial: Any) -> str:
    return "reported" if isinstance(trial, Reported) or (isinstance(trial, dict) and "model" in trial) else "trial"


class TrainRecord(_Record):
    """What training a trial gave, failed or not.

    Attributes:
        trial: what was trained; what somebody else trained is `Reported`, and has no history and no times.
        source: where the numbers were read, when they were not measured here.
        params, macs, activations: of an image; None where others trained a network that is not known here, and their
            files do not say.
        validation_raw, validation_ema: after the last epoch, with raw and with averaged weights.
        test_raw, test_ema: touched once, after the last epoch.
        history: one entry an epoch.
        train_seconds: spent in epochs, evaluation included, also before an interruption; `setup_seconds`: building,
            compiling, loading before them.
        precision: what it was computed in; None where nothing was, in older records, and where the worker died.
        compiled: how its step was compiled, `graph` or `xla`.
        micro_batch_size: images computed at once, where the recipe's batch did not fit or was not meant to.
        devices: that shared each batch.
        peak_memory_gb: the most in use on one device, in 1e9 bytes, where the backend tells it.
        skipped: names of images that could not be decoded.
        validation_correct: which validation images the weights were right on whose accuracy is the trial's; see
            `scaling.results.correct`.
        weights_from: the file that held the weights it began with.
    """

    trial_id: str
    trial: Annotated[Annotated[Trial, Tag("trial")] | Annotated[Reported, Tag("reported")], Discriminator(_kind)]
    source: str | None = None
    params: Whole | None = None
    macs: Whole | None = None
    activations: Whole | None = None
    failure: Failure | None = None
    validation_raw: Score | None = None
    validation_ema: Score | None = None
    test_raw: Score | None = None
    test_ema: Score | None = None
    history: tuple[Epoch, ...] = ()
    train_seconds: float | None = None
    setup_seconds: float | None = None
    precision: Precision | None = None
    compiled: Compiled | None = None
    micro_batch_size: int | None = None
    devices: int | None = None
    peak_memory_gb: float | None = None
    skipped: tuple[str, ...] = ()
    validation_correct: str | None = None
    weights_from: str | None = None

    @field_validator("validation_correct")
    @classmethod
    def _whole_bytes(cls, text: str | None) -> str | None:
        if text is not None:
            base64.b64decode(text, validate=True)
        return text

    @property
    def ok(self) -> bool:
        return self.failure is None

    @property
    def computed_in(self) -> AskedPrecision | None:
        """The precision of its arithmetic; `auto` where it failed before that was chosen, None where others trained."""
        return self.precision or (self.trial.recipe.precision if isinstance(self.trial, Trial) else None)

    @property
    def averages(self) -> bool:
        """Whether the averaged weights are those whose accuracy is the trial's."""
        return isinstance(self.trial, Trial) and bool(self.trial.recipe.ema_decay)

    @property
    def validation(self) -> Score | None:
        """The trial's accuracy on validation images."""
        return self.validation_ema if self.averages else self.validation_raw

    @property
    def test(self) -> Score | None:
        """The trial's accuracy on test images."""
        return self.test_ema if self.averages else self.test_raw


class LatencyRequest(Noun):
    """One thing to time. Classes and channels are part of it: they change the first and the last layer."""

    variant: Variant
    classes: int
    channels: int
    phase: Phase
    batch_size: int
    precision: TimedPrecision
    runtime: Runtime = "keras"

    @cached_property
    def id(self) -> str:
        fields = self.model_dump(mode="json")
        if self.runtime == "keras":
            del fields["runtime"]  # which is newer than the ids
        return f"{self.variant.name}-{self.phase}-{digest(fields)}"


class LatencyRecord(_Record):
    """What timing a variant gave; times in milliseconds for one step of `batch_size` images.

    Attributes:
        batch_size: what fitted, at most the request's.
        measured_batch_size: images a step when it was measured, where the times are stated for another number.
        source: where the numbers were read, when they were not measured here.
        median_ms, p10_ms, p90_ms: over `n` steps, each synchronised with the device, warm-up left out.
        low_ms, high_ms: 95% interval of the median: of Student's t over the medians of blocks of steps, see
            `scaling.runner.timing`; from order statistics in records without `blocks_ms`.
        converged: whether that interval came within 3% of the median before the time cap.
        disturbed: whether too many blocks had to be set aside, because they disagree or other processes took their
            cores; None where nobody looked.
        load: part of its cores' time that other processes took while it was timed; None where that is not known.
        blocks_ms: medians of all blocks, in the order in which they were timed.
        joules, joules_low, joules_high: that the processor's package or the GPUs took for a step, with a 95% interval;
            None where the machine does not tell.
        compiled, devices, peak_memory_gb: as of `TrainRecord`.
    """

    request: LatencyRequest
    failure: Failure | None = None
    batch_size: int | None = None
    measured_batch_size: int | None = None
    source: str | None = None
    median_ms: float | None = None
    p10_ms: float | None = None
    p90_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    n: int | None = None
    converged: StrictBool | None = None
    disturbed: StrictBool | None = None
    load: float | None = None
    blocks_ms: tuple[float, ...] = ()
    joules: float | None = None
    joules_low: float | None = None
    joules_high: float | None = None
    compiled: Compiled | None = None
    devices: int | None = None
    peak_memory_gb: float | None = None

    @property
    def ok(self) -> bool:
        return self.failure is None

    @property
    def whole_batch_ms(self) -> float:
        """The median for a step of as many images as were asked for; 0 where it failed.

        Where that batch did not fit it was halved; time grows in proportion (Table 7's own protocol).
        """
        return (self.median_ms or 0.0) * self.request.batch_size / (self.batch_size or 1)
