"""What is known of each data set before it is loaded: sizes, normalisation, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DatasetFacts:
    """A classification data set of square pictures.

    Attributes:
        name: as study files give it.
        title: for people.
        classes: number of labels.
        channels: of a picture.
        size: pixels a side as stored.
        train, test: number of pictures; validation is cut from `train`.
        mean, std: per channel of the training pictures, in [0, 1] units.
        flip: whether a mirrored picture is still of its class.
        minival: pictures that the paper holds out of `train` as validation: 20 of ImageNet's 1024 shards, its "2%"
            (github.com/tensorflow/tpu, models/official/efficientnet); a fraction of 0.0195306 gives the same number.
        sha256: of each file's uncompressed bytes.
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
    minival: int | None = None
    sha256: dict[str, str] = field(default_factory=dict)


FASHION_MNIST = DatasetFacts(
    name="fashion_mnist",
    title="Fashion-MNIST: clothes (arXiv 1708.07747)",
    classes=10,
    channels=1,
    size=28,
    train=60_000,
    test=10_000,
    mean=(0.2860,),
    std=(0.3530,),
    flip=True,
    sha256={
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)

SYNTHETIC = DatasetFacts(
    name="synthetic",
    title="Generated gratings: a class is a direction",
    classes=10,
    channels=3,
    size=32,
    train=10_000,
    test=1_000,
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    flip=False,
)

IMAGENET = DatasetFacts(
    name="imagenet",
    title="ImageNet (ILSVRC 2012), its validation set of 50,000 as test",
    classes=1000,
    channels=3,
    size=224,
    train=1_281_167,
    test=50_000,
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    flip=True,
    minival=25_022,
)

DATASETS: dict[str, DatasetFacts] = {facts.name: facts for facts in (FASHION_MNIST, SYNTHETIC, IMAGENET)}
