"""The nouns of data sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scaling.errors import UserError

TEST_SHARE = 0.1
"""Of the training images, where a data set has no test images of its own."""


class DataError(UserError):
    """Images that are missing, damaged or too few; the message says each way to mend it."""


@dataclass(frozen=True)
class Splits:
    """How many images there are to train on, to validate on and to test on.

    What cannot be trained on is refused here, in the same words when a study is planned and when it is run.
    """

    train: int
    validation: int
    test: int

    def problem(self) -> str | None:
        """Why nothing can be trained on these; None where it can be."""
        empty = [name for name in ("train", "validation", "test") if not getattr(self, name)]
        return f"no images to {' or to '.join(_PURPOSE[name] for name in empty)} ({self})" if empty else None

    def check(self, wanted: int | None, name: str) -> int:
        """The number of images to train on, `wanted` or all.

        Raises:
            DataError: if there are too few; it begins with the data set's `name`.
        """
        if problem := self.problem() or self.shortage(wanted):
            raise DataError(f"{name}: {problem}")
        return wanted or self.train

    def shortage(self, wanted: int | None) -> str | None:
        """That so many training images are not there; None where they are."""
        if not wanted or wanted <= self.train:
            return None
        return f"{wanted:,} are asked for, but only {self.train:,} training images remain after the validation split"

    def __str__(self) -> str:
        return f"{self.train:,} to train on, {self.validation:,} to validate on, {self.test:,} to test on"


_PURPOSE = {"train": "train on", "validation": "validate on", "test": "test on"}


def check_batch(train: int, batch_size: int) -> None:
    """Refuses batches that the training images cannot fill.

    Raises:
        DataError: if there are fewer images than a batch has.
    """
    if train < batch_size:
        raise DataError(f"{train:,} training images do not fill one batch of {batch_size:,}")


@dataclass(frozen=True)
class DatasetInfo:
    """A classification data set.

    Attributes:
        name: as study files give it.
        title: for people.
        classes: number of labels.
        channels: of an image.
        size: pixels a side as stored; where sizes differ, the one that is usual to train at.
        train, test: number of images; validation is cut from `train`, unless it has images of its own.
        mean, std: per channel of the training images, in [0, 1] units.
        flip: whether a mirrored image is still of its class.
        validation: images of a validation split of its own.
        minival: images that the paper holds out of `train` as validation: 20 of ImageNet's 1024 shards, its "2%"
            (github.com/tensorflow/tpu, models/official/efficientnet); a fraction of 0.0195306 gives the same number.
        in_memory: whether all images are read at once, and resized there.
        labels: names of the classes, in order; empty where they are not known.
        held_out: from a validation fraction to the number of images that it takes out of `train`; None: that part of
            them, rounded.
        sha256: of each file; where files are compressed one by one, of the uncompressed bytes.
    """

    name: str
    title: str
    classes: int
    channels: int
    size: int
    train: int
    test: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flip: bool
    validation: int | None = None
    minival: int | None = None
    in_memory: bool = False
    labels: tuple[str, ...] = ()
    sha256: dict[str, str] = field(default_factory=dict)
    held_out: Callable[[float], int] | None = field(default=None, compare=False, repr=False)

    def label(self, number: int) -> str:
        """What a class is called."""
        return self.labels[number] if self.labels else f"class {number}"

    def trainable(self, validation_fraction: float) -> int:
        """Training images that are left when validation is taken out."""
        return self.train - self._cut(validation_fraction)

    def validated(self, validation_fraction: float) -> int:
        """Images that are validated on; the test images where none are held out."""
        if self.validation is not None:
            return self.validation
        return self._cut(validation_fraction) if validation_fraction else self.test

    def splits(self, validation_fraction: float) -> Splits:
        """How many images there are to train on, to validate on and to test on."""
        return Splits(self.trainable(validation_fraction), self.validated(validation_fraction), self.test)

    def _cut(self, fraction: float) -> int:
        if self.validation is not None:
            return 0
        return self.held_out(fraction) if self.held_out else round(self.train * fraction)


@dataclass(frozen=True)
class Registration:
    """A data set, or a family of them, as the toolkit finds it by its name.

    Attributes:
        pattern: its name in study files; of a family `kind:<which>`.
        title: for people.
        info: from which data set of the family (nothing where it is no family) to what is known of it.
        reader: the module whose `READER` finds, fetches and reads it; imported when that is asked for.
    """

    pattern: str
    title: str
    info: Callable[[str], DatasetInfo]
    reader: str

    @property
    def kind(self) -> str:
        """The name, or the part of it before the colon."""
        return self.pattern.partition(":")[0]

    @property
    def is_family(self) -> bool:
        """Whether the name stands for many data sets."""
        return ":" in self.pattern
