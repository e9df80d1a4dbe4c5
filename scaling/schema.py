"""The nouns that every part of the toolkit shares: frozen, validated, JSON in and out.

A `Trial` (dataset + variant + recipe + seed) is the question, a `TrainRecord` its answer; a `LatencyRecord` is what
timing a variant on a device gave. Nothing here trains, reads or writes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

SCHEMA_VERSION = 1
"""Version of a line in `records.jsonl` and `latency.jsonl`; a newer one than this is refused, never guessed at."""

Family: TypeAlias = Literal["resnet_rs", "efficientnet"]
Stem: TypeAlias = Literal["resnet_rs", "resnet_d", "paper_text", "small"]
Precision: TypeAlias = Literal["float32", "mixed_bfloat16"]
Phase: TypeAlias = Literal["training", "inference"]
FailureKind: TypeAlias = Literal["oom", "nan", "data", "crash", "timeout", "interrupted", "error"]

Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Rate: TypeAlias = Annotated[Number, Field(ge=0, lt=1)]


class Noun(BaseModel):
    """A frozen value that refuses unknown fields and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as JSON values; what an id is made of."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Dataset(Noun):
    """Which pictures, and how many of them.

    Attributes:
        name: a name of `scaling.datasets.DATASETS`.
        train_examples: train on the first so many pictures of a fixed shuffle, validation taken out; None: on all.
        validation_fraction: the part of the training pictures held out as validation (the paper's minival is 2%, 4.2).
    """

    name: str
    train_examples: Count | None = None
    validation_fraction: Annotated[Number, Field(gt=0, lt=1)] = 0.02


class Variant(Noun):
    """What is built.

    Attributes:
        family: `resnet_rs` or `efficientnet`.
        depth: weight layers (`resnet_rs`), or the compound depth coefficient (`efficientnet`).
        width: multiplier of all filters; for `efficientnet` the compound width coefficient.
        resolution: pixels a side of the square input.
        stem: `resnet_rs` as released; `resnet_d` with max pooling, as the scaling study's FLOPs fit; `paper_text` with
            the stride in the first block (section 4.1); `small` for pictures of few pixels.
        se_ratio: hidden over output channels of squeeze-and-excitation; 0 leaves it out.
        resnet_d: the ResNet-D stem and shortcuts; without it the 7x7 stem and strided shortcuts of the plain ResNet.
        activation: None is the family's own, relu for `resnet_rs`; Model Garden's ResNet-RS has swish.
        blocks: bottleneck blocks of stages c2 to c5, for a depth that has no layout of its own.

    `stem` to `blocks` are options of `resnet_rs` only.
    """

    family: Family = "resnet_rs"
    depth: Annotated[Number, Field(gt=0)]
    width: Annotated[Number, Field(gt=0)] = 1.0
    resolution: Count
    stem: Stem = "resnet_rs"
    se_ratio: Annotated[Number, Field(ge=0, le=1)] = 0.25
    resnet_d: StrictBool = True
    activation: Literal["relu", "swish"] | None = None
    blocks: tuple[Count, Count, Count, Count] | None = None

    @model_validator(mode="after")
    def _options_of_family(self) -> Self:
        options = {"stem", "se_ratio", "resnet_d", "activation", "blocks"} & self.changed().keys()
        if self.family == "efficientnet" and options:
            raise ValueError(f"{', '.join(sorted(options))}: of resnet_rs only; leave out for efficientnet")
        return self

    @property
    def name(self) -> str:
        """Readable and unique within a family's usual options: `resnet_rs_50x0.5@32`."""
        width = "" if self.width == 1 else f"x{self.width:g}"
        return f"{self.family}_{self.depth:g}{width}@{self.resolution}"


class Recipe(Noun):
    """How a variant is trained.

    Attributes:
        epochs: passes over the training pictures.
        batch_size: pictures a step.
        learning_rate: peak, reached after warm-up; the paper's is 0.1 * batch_size / 256.
        warmup_epochs: linear warm-up from 0, before the schedule proper.
        schedule: `cosine` to 0 at the last step, or `step`: a tenth at 1/3, 2/3 and 8/9 of training (released code).
        momentum: of SGD.
        nesterov: Nesterov's form of it (released code; Model Garden has the plain one).
        weight_decay: L2 penalty `weight_decay * w**2 / 2` on kernels and dense biases, not on batch norm
            (4e-5 in the released configurations).
        label_smoothing: probability mass spread evenly over all classes.
        dropout: rate before the last dense layer.
        stochastic_depth: drop rate of the deepest stage's residual branches; earlier stages proportionally less.
        randaugment_layers: operations applied to each training picture; 0 is no RandAugment.
        randaugment_magnitude: of each operation, 10 being the range the operations were made for.
        ema_decay: of the running average of weights and batch-norm statistics, warmed up as
            `min(ema_decay, (1 + step) / (10 + step))` (released code).
        batch_norm_momentum: of the batch-norm statistics; 0 keeps the last batch's (released code, with EMA),
            0.9 suits runs of few steps.
        precision: of the arithmetic; variables stay float32.
    """

    epochs: Count
    batch_size: Count = 128
    learning_rate: Annotated[Number, Field(gt=0)] = 0.1
    warmup_epochs: Annotated[Number, Field(ge=0)] = 0.0
    schedule: Literal["cosine", "step"] = "cosine"
    momentum: Rate = 0.9
    nesterov: StrictBool = False
    weight_decay: Annotated[Number, Field(ge=0)] = 4e-5
    label_smoothing: Rate = 0.0
    dropout: Rate = 0.0
    stochastic_depth: Rate = 0.0
    randaugment_layers: Annotated[int, Field(strict=True, ge=0)] = 0
    randaugment_magnitude: Annotated[Number, Field(ge=0, le=30)] = 10.0
    ema_decay: Rate = 0.9999
    batch_norm_momentum: Rate = 0.9
    precision: Precision = "float32"

    @model_validator(mode="after")
    def _warmup_ends(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs:g} must be less than epochs {self.epochs}")
        return self


class Trial(Noun):
    """One question: this variant, trained by this recipe on this data, from this seed."""

    dataset: Dataset
    variant: Variant
    recipe: Recipe
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0

    @property
    def id(self) -> str:
        """A readable prefix and a hash of what differs from the defaults: the same question, the same id, anywhere."""
        variant = self.variant
        family = {"resnet_rs": "rs", "efficientnet": "en"}[variant.family]
        prefix = (
            f"{family}{variant.depth:g}-w{variant.width:g}-r{variant.resolution}-e{self.recipe.epochs}-s{self.seed}"
        )
        return f"{prefix}-{digest(self.changed())}"


class LatencyPlan(Noun):
    """What a study wants timed, for each of its variants.

    Attributes:
        phases: `training` (one optimiser step), `inference` (one forward pass), or both, or none.
        batch_size: pictures a step, halved until it fits (the paper's protocol, Table 7).
        precision: of the arithmetic.
        max_seconds: a phase is timed until the 95% interval of the median is within 3%, or for so long.
    """

    phases: tuple[Phase, ...] = ("training", "inference")
    batch_size: Count = 128
    precision: Precision = "float32"
    max_seconds: Annotated[Number, Field(gt=0)] = 10.0


class Score(Noun):
    """`correct` of `n` pictures, and the mean cross-entropy over them (nats, without label smoothing)."""

    correct: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=1)]
    loss: float

    @property
    def top1(self) -> float:
        """The fraction that is right, in [0, 1]."""
        return self.correct / self.n


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
    """Why a trial or a timing ended without a result; `traceback` is its end."""

    kind: FailureKind
    message: str
    traceback: str = ""


class Environment(Noun):
    """Where a number was made: versions, device and code, never environment variables.

    Attributes:
        versions: of Python and the packages that matter, by name.
        platform: operating system and machine type.
        device: the processor's or accelerator's name.
        cores: logical processors this process could use.
        memory_gb: of the machine, in 1e9 bytes.
        git_commit: of the checkout the driver ran in, if any.
        git_dirty: whether tracked files differed from that commit.
    """

    versions: dict[str, str]
    platform: str
    device: str
    cores: int
    memory_gb: float
    git_commit: str | None = None
    git_dirty: bool | None = None

    @property
    def place(self) -> str:
        """Device and Keras backend: latencies of two places are not those of one."""
        return f"{self.device} ({self.versions.get('backend', 'unknown backend')})"


class _Record(Noun):
    schema_version: int = SCHEMA_VERSION
    finished: datetime
    environment: Environment

    @field_validator("schema_version")
    @classmethod
    def _known_version(cls, version: int) -> int:
        if version > SCHEMA_VERSION:
            raise ValueError(f"schema_version {version} is newer than this toolkit's {SCHEMA_VERSION}: upgrade it")
        return version


class TrainRecord(_Record):
    """What training a trial gave, failed or not.

    Attributes:
        validation_raw, validation_ema: after the last epoch, with raw and with averaged weights.
        test_raw, test_ema: touched once, after the last epoch.
        history: one entry an epoch.
        train_seconds: spent in epochs, evaluation included; `setup_seconds`: building, compiling, loading before them.
    """

    trial_id: str
    trial: Trial
    params: int
    macs: int
    activations: int
    failure: Failure | None = None
    validation_raw: Score | None = None
    validation_ema: Score | None = None
    test_raw: Score | None = None
    test_ema: Score | None = None
    history: tuple[Epoch, ...] = ()
    train_seconds: float | None = None
    setup_seconds: float | None = None

    @property
    def ok(self) -> bool:
        return self.failure is None


class LatencyRequest(Noun):
    """One thing to time. Classes and channels are part of it: they change the first and the last layer."""

    variant: Variant
    classes: int
    channels: int
    phase: Phase
    batch_size: int
    precision: Precision

    @property
    def id(self) -> str:
        return f"{self.variant.name}-{self.phase}-{digest(self.model_dump(mode='json'))}"


class LatencyRecord(_Record):
    """What timing a variant gave; times in milliseconds for one step of `batch_size` pictures.

    Attributes:
        batch_size: what fitted, at most the request's.
        median_ms, p10_ms, p90_ms: over `n` steps, each synchronised with the device, warm-up left out.
        low_ms, high_ms: 95% interval of the median, from order statistics.
        converged: whether that interval came within 3% of the median before the time cap.
    """

    request: LatencyRequest
    failure: Failure | None = None
    batch_size: int | None = None
    median_ms: float | None = None
    p10_ms: float | None = None
    p90_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    n: int | None = None
    converged: StrictBool | None = None

    @property
    def ok(self) -> bool:
        return self.failure is None


def digest(value: Any) -> str:
    """Eight hex digits of SHA-256 over canonical JSON; `1` and `1.0` are one number."""
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _canonical(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
        case _:
            return value
