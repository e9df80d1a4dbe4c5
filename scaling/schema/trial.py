"""The question: which network, trained how, on which images, from which seed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_serializer,
    model_validator,
)

from scaling.schema.noun import Count, Noun, Number, Rate, digest

FamilyName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*(:[A-Za-z_]\w*)?$", max_length=200)]
"""Of a built-in family or an installed one; or `module:function`, one's own."""

OptionValue: TypeAlias = StrictBool | StrictInt | StrictFloat | StrictStr
Stem: TypeAlias = Literal["resnet_rs", "resnet_d", "paper_text", "small"]
Resize: TypeAlias = Literal["bicubic", "legacy_bicubic"]
Precision: TypeAlias = Literal["float32", "mixed_bfloat16", "mixed_float16"]
AskedPrecision: TypeAlias = Literal[Precision, "auto"]
"""Of a recipe, which may leave it to the device."""


class Dataset(Noun):
    """The images that networks are trained and validated on.

    Attributes:
        name: name of the data set. `scaling data list` shows which ones are on this machine; docs/data.md describes
            them.
        train_examples: number of training images to use: the first ones of a fixed shuffle, after validation images
            were taken out. By default, all.
        validation_fraction: fraction of the training images that is held out for validation (2% is the paper's
            minival, section 4.2). With 0, all of them are trained on and the test images are validated on, as for the
            paper's final numbers.
        resize: how crops of stored images are resized: `bicubic`, or `legacy_bicubic` as in the released code, which
            does not align pixels at their centres and does not round the images that are evaluated. Small images that
            are kept in memory are resized in another way.
    """

    name: str
    train_examples: Count | None = None
    validation_fraction: Annotated[Number, Field(ge=0, lt=1)] = 0.02
    resize: Resize = "bicubic"


RESNET_RS_OPTIONS = frozenset({"stem", "se_ratio", "resnet_d", "activation", "blocks"})
"""Fields of a variant that only ResNet-RS has; other families keep theirs in `options`."""

NAMED_ONLY = "model"
"""Option of a network that others trained, of a family that is not known here: all that is known is its name."""

_SHORT = {"resnet_rs": "rs", "efficientnet": "en"}
"""In ids of trials; the first two families have had these from the start, all others their names."""


def _pairs(options: Any) -> Any:
    return tuple(sorted(options.items())) if isinstance(options, Mapping) else options


Options: TypeAlias = Annotated[
    tuple[tuple[str, OptionValue], ...], BeforeValidator(_pairs), PlainSerializer(dict, return_type=dict)
]
"""Pairs in alphabetical order, in JSON a mapping."""


class Variant(Noun):
    """A network.

    Attributes:
        family: family of networks; docs/families.md says how to add one of your own, as `module:function`. The family
            decides what depth and width mean.
        depth: depth of the network in weight layers (`resnet_rs`, `resnet`) or blocks (`convnext`, `vit`); for
            `efficientnet`, the compound depth coefficient.
        width: multiplier of all filters or features; for `efficientnet`, the compound width coefficient.
        resolution: side of the square input image in pixels.
        stem: first layers. `resnet_rs` is the released stem; `resnet_d` has max pooling, which the FLOPs of the paper's
            scaling study fit; `paper_text` has the stride in the first block (section 4.1); `small` is for images of
            few pixels.
        se_ratio: squeeze-and-excitation's hidden channels as a fraction of its output channels; 0 leaves it out.
        resnet_d: whether the network has the stem and shortcuts of ResNet-D. Without them it has the 7x7 stem and the
            strided shortcuts of the plain ResNet.
        activation: activation function. By default, the family's own, which is relu for `resnet_rs`; the Model Garden's
            ResNet-RS has swish.
        blocks: numbers of bottleneck blocks in stages c2 to c5, for a depth that has no layout of its own.
        options: options of other families than `resnet_rs` that differ from the family's defaults.
        code: digest of the code of a family that is not built in.

    `stem` to `blocks` are options of `resnet_rs` only, and left out of the JSON of others.
    """

    family: FamilyName = "resnet_rs"
    depth: Annotated[Number, Field(gt=0)]
    width: Annotated[Number, Field(gt=0)] = 1.0
    resolution: Count
    stem: Stem = "resnet_rs"
    se_ratio: Annotated[Number, Field(ge=0, le=1)] = 0.25
    resnet_d: StrictBool = True
    activation: Literal["relu", "swish"] | None = None
    blocks: tuple[Count, Count, Count, Count] | None = None
    options: Options = ()
    code: str | None = None

    @model_validator(mode="after")
    def _options_of_family(self) -> Self:
        if self.family == "resnet_rs":
            return self
        defaults = {name: type(self).model_fields[name].default for name in RESNET_RS_OPTIONS}
        if options := sorted(name for name, default in defaults.items() if getattr(self, name) != default):
            raise ValueError(f"{', '.join(options)}: of resnet_rs only; leave out for {self.family}")
        return self

    @model_serializer(mode="wrap")
    def _own_fields(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = serialized(self)
        left_out = set() if self.family == "resnet_rs" else set(RESNET_RS_OPTIONS)
        left_out |= {name for name in ("options", "code") if not getattr(self, name)}
        return {name: value for name, value in values.items() if name not in left_out}

    @property
    def name(self) -> str:
        """Readable and unique within a family's usual options: `resnet_rs_50x0.5@32`."""
        width = "" if self.width == 1 else f"x{self.width:g}"
        return f"{self._family_name}_{self.depth:g}{width}@{self.resolution}"

    @property
    def short(self) -> str:
        """The family, depth, width and resolution as an id begins with them: `rs50-w0.5-r32`."""
        family = _SHORT.get(self.family, self._family_name)
        return f"{family}{self.depth:g}-w{self.width:g}-r{self.resolution}"

    @property
    def _family_name(self) -> str:
        """Of a family of one's own the function's name."""
        return self.family.rpartition(":")[2]


class Recipe(Noun):
    """How a network is trained.

    Attributes:
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: peak learning rate, reached after the warm-up. The paper's is 0.1 * batch_size / 256.
        warmup_epochs: epochs of linear warm-up from 0, before the schedule proper; fewer than `epochs`.
        schedule: course of the learning rate. `cosine` falls to 0 at the last step; `step` divides it by 10 at 1/3, 2/3
            and 8/9 of the training (released ResNet-RS); `exponential` multiplies it by 0.97 every 2.4 epochs, in steps
            (released EfficientNet).
        optimizer: `sgd` with momentum, or `rmsprop` as in the released EfficientNet (decay 0.9, epsilon 0.001).
        momentum: momentum of the optimiser.
        nesterov: whether the momentum is Nesterov's; with `sgd` only. The released code has it; the Model Garden does
            not.
        weight_decay: factor of the L2 penalty `weight_decay * w**2 / 2` on kernels and dense biases, but not on batch
            norm (4e-5 in the released configurations).
        label_smoothing: probability mass that is spread evenly over all classes.
        dropout: dropout rate before the last dense layer.
        stochastic_depth: drop rate of the residual branches in the deepest stage; it is proportionally lower in
            earlier stages.
        randaugment_layers: number of RandAugment's operations on each training image; 0 switches RandAugment off.
        randaugment_magnitude: magnitude of each operation; 10 is the range that the operations were made for.
        autoaugment: whether AutoAugment's policy for ImageNet takes the place of RandAugment, as in EfficientNet by its
            authors.
        randaugment: form of the operations. With `scaled`, distances grow with the image, and each operation does what
            its name says. `released` is the authors' code, made for images of about 224 pixels.
        mixup_alpha: alpha of the Beta(alpha, alpha) distribution from which mixup draws how much of an image, and of
            its label, is blended with another of the batch (arXiv 1710.09412); 0 switches mixup off.
        cutmix_alpha: alpha of the Beta(alpha, alpha) distribution from which CutMix draws the area of a box that is
            replaced by that of another image (arXiv 1905.04899); 0 switches CutMix off. With both mixup and CutMix,
            each batch gets one of the two, with equal chances.
        clip_norm: largest norm of the gradient of all weights together, before the weight penalty is added; 0 clips
            nothing.
        ema_decay: decay of the running average of weights and batch-norm statistics, warmed up as
            `min(ema_decay, (1 + step) / (10 + step))` (released code); 0 keeps no average.
        batch_norm_momentum: momentum of the batch-norm statistics. 0 keeps those of the last batch (released code, with
            a running average of weights); 0.9 suits runs of few steps.
        batch_norm_group: number of images that are normalised by common statistics in training, on however many devices
            and in however many parts a batch is computed. It has to divide `batch_size`. The released code normalises
            over the images of one TPU core, which are 128 by Table 3. By default, the whole batch, or the part of it
            that memory allows.
        precision: precision of the arithmetic; variables stay float32. With `mixed_float16`, the loss is scaled while
            gradients are computed, and a step whose gradients overflow is skipped. `auto` leaves the choice to the
            machine that trains: `mixed_bfloat16` where its device multiplies in bfloat16 and that pays for this network
            (see docs/devices.md), else `float32`. The record says which of them it was, and a trial that goes on from
            its checkpoint keeps it.
        frozen_stages: number of stages, the stem first, that keep the weights they begin with, including the
            statistics of batch norm, and are not trained; with `init` only.
        body_rate: learning rate of all layers but the head, as a fraction of the head's.
        layer_decay: factor by which the learning rate shrinks with each stage further from the head.
    """

    epochs: Count
    batch_size: Count = 128
    learning_rate: Annotated[Number, Field(gt=0)] = 0.1
    warmup_epochs: Annotated[Number, Field(ge=0)] = 0.0
    schedule: Literal["cosine", "step", "exponential"] = "cosine"
    optimizer: Literal["sgd", "rmsprop"] = "sgd"
    momentum: Rate = 0.9
    nesterov: StrictBool = False
    weight_decay: Annotated[Number, Field(ge=0)] = 4e-5
    label_smoothing: Rate = 0.0
    dropout: Rate = 0.0
    stochastic_depth: Rate = 0.0
    randaugment_layers: Annotated[int, Field(strict=True, ge=0)] = 0
    randaugment_magnitude: Annotated[Number, Field(ge=0, le=30)] = 10.0
    randaugment: Literal["scaled", "released"] = "scaled"
    autoaugment: StrictBool = False
    mixup_alpha: Annotated[Number, Field(ge=0)] = 0.0
    cutmix_alpha: Annotated[Number, Field(ge=0)] = 0.0
    clip_norm: Annotated[Number, Field(ge=0)] = 0.0
    ema_decay: Rate = 0.9999
    batch_norm_momentum: Rate = 0.9
    batch_norm_group: Count | None = None
    precision: AskedPrecision = "float32"
    frozen_stages: Annotated[int, Field(strict=True, ge=0)] = 0
    body_rate: Annotated[Number, Field(gt=0, le=1)] = 1.0
    layer_decay: Annotated[Number, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _warmup_ends(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs:g} must be less than epochs {self.epochs}")
        return self

    @model_validator(mode="after")
    def _whole_groups(self) -> Self:
        if self.batch_norm_group and self.batch_size % self.batch_norm_group:
            raise ValueError(f"batch_norm_group {self.batch_norm_group} must divide batch_size {self.batch_size}")
        return self

    @model_validator(mode="after")
    def _one_policy(self) -> Self:
        if self.autoaugment and self.randaugment_layers:
            raise ValueError(f"autoaugment is in place of RandAugment; randaugment_layers is {self.randaugment_layers}")
        return self

    @model_validator(mode="after")
    def _nesterov_is_of_sgd(self) -> Self:
        if self.nesterov and self.optimizer != "sgd":
            raise ValueError(f"nesterov is a form of sgd; optimizer is {self.optimizer}")
        return self


WeightsDigest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The first 16 digits of the SHA-256 of a file of weights."""


class Reported(Noun):
    """A network that somebody else trained and scored: which one is known, how it was trained is not.

    Attributes:
        model: the name its source gives it.
        dataset: a name of `scaling.datasets.DATASETS`.
        variant: the network, at the resolution it was scored at.
        init: of its weights, where they were scored here.
    """

    model: str
    dataset: str
    variant: Variant
    init: WeightsDigest | None = None

    @property
    def weights(self) -> str | None:
        """What the model's name says of how it was trained: `aa_in1k` of `tf_efficientnet_b0.aa_in1k`.

        None where they were scored here: the name is that of a file then, and `init` tells which.
        """
        return None if self.init else self.model.partition(".")[2] or None

    @property
    def id(self) -> str:
        """One a network, data set and resolution, whoever trained it; if it was scored here, one a file of weights."""
        which = {"dataset": self.dataset} | ({"weights": self.init} if self.init else {})
        return f"reported-{self.variant.name}-{digest({**which, **self.variant.changed()})}"


class Trial(Noun):
    """One question: this variant, trained by this recipe on this data, from this seed.

    Attributes:
        seed: seed of everything random in a training: first weights, order of images, augmentation.
        init: digest of the weights that training begins with; None: those that the seed gives.
    """

    dataset: Dataset
    variant: Variant
    recipe: Recipe
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0
    init: WeightsDigest | None = None

    @cached_property
    def id(self) -> str:
        """A readable prefix and a hash of what differs from the defaults: the same question, the same id, anywhere."""
        prefix = f"{self.variant.short}-e{self.recipe.epochs}-s{self.seed}"
        return f"{prefix}-{digest(self.changed())}"
