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

    def label(self, number: int) -> str:
        """What a class is called."""
        return self.labels[number] if self.labels else f"class {number}"

    def trainable(self, validation_fraction: float) -> int:
        """Training images that are left when validation is taken out."""
        return self.train - (round(self.train * validation_fraction) if self.validation is None else 0)

    def validated(self, validation_fraction: float) -> int:
        """Images that are validated on; the test images where none are held out."""
        if self.validation is not None:
            return self.validation
        return self.train - self.trainable(validation_fraction) or self.test


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
