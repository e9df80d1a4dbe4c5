"""`tfds:<name>`: what TensorFlow Datasets has prepared, streamed from its TFRecord files without it."""

from __future__ import annotations

from scaling.datasets import DataError, dataset_info, prepared
from scaling.runner.data.reader import Reader, streamed
from scaling.runner.data.source import Source
from scaling.schema import Dataset


def locate(name: str) -> str:
    """The folder of the version that is read.

    Raises:
        DataError: if it is not on this machine.
    """
    return str(prepared.locate(name.partition(":")[2]))


def fetch(name: str) -> None:
    """Has TensorFlow Datasets download it and write its TFRecord files."""
    try:
        import tensorflow_datasets
    except ModuleNotFoundError as missing:
        raise DataError(f'{missing}; `pip install "scaling-study[tfds]"` brings it') from None
    tensorflow_datasets.builder(name.partition(":")[2], data_dir=prepared.roots()[0]).download_and_prepare()


def _source(dataset: Dataset) -> Source:
    """Its splits; without splits of their own, validation is the first training examples, test the last.

    Of no validation at all, the test examples are validated on.

    Raises:
        DataError: if too many examples are asked for.
    """
    from scaling.runner.data.records import Keys, Records, examples, whole

    stored, info = prepared.read(dataset.name.partition(":")[2]), dataset_info(dataset.name)
    splits = {split: [(str(file), count) for file, count in shards] for split, shards in stored.shards.items()}
    sizes = info.splits(dataset.validation_fraction)
    train_size, held_out = sizes.check(dataset.train_examples, dataset.name), info.train - sizes.train
    train, own, tested = splits["train"], stored.validation, stored.test
    test = whole(splits[tested]) if tested else examples(train, info.train, info.train + info.test)
    validation = whole(splits[own]) if own else examples(train, 0, held_out) if held_out else test
    return Records(
        Keys("image", "label"),
        train=examples(train, held_out, held_out + train_size),
        validation=validation,
        test=test,
        train_size=train_size,
        validation_size=sizes.validation,
        test_size=info.test,
    )


READER = Reader(locate, streamed(_source), fetch)
