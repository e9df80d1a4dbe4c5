"""The right images, in an order that seed and epoch decide."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.datasets.known import FASHION_MNIST
from scaling.runner import data
from scaling.runner.data import Augmentation, DataError, Shard, fashion_mnist
from scaling.runner.data.images import WHOLE
from scaling.runner.data.memory import InMemory, Split, resize
from scaling.schema import Dataset


def test_fashion_mnist_is_what_its_facts_say() -> None:
    try:
        train, test = fashion_mnist.read()
    except DataError as error:
        pytest.skip(str(error).splitlines()[0])
    assert train.images.shape == (60_000, 28, 28, 1)
    assert test.images.shape == (10_000, 28, 28, 1)
    assert np.bincount(train.labels).tolist() == [6000] * 10
    assert train.images.mean() / 255 == pytest.approx(FASHION_MNIST.mean[0], abs=1e-4)
    assert train.images.std() / 255 == pytest.approx(FASHION_MNIST.std[0], abs=1e-4)


def test_splits_are_disjoint_and_fixed() -> None:
    small, large = Dataset(name="synthetic", train_examples=100), Dataset(name="synthetic", train_examples=200)
    first, second = data.load(small, 8), data.load(large, 8)
    assert isinstance(first, InMemory)
    assert isinstance(second, InMemory)
    assert (len(first.train), len(first.validation), len(first.test)) == (100, 200, 1000)
    np.testing.assert_array_equal(first.validation.images, second.validation.images)
    np.testing.assert_array_equal(first.train.images, second.train.images[:100])
    seen = {image.tobytes() for image in second.train.images}
    assert not seen & {image.tobytes() for image in second.validation.images}


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(
        DataError, match="9,801 are asked for, but only 9,800 training images remain after the validation split"
    ):
        data.load(Dataset(name="synthetic", train_examples=9801), 8)


def numbered(count: int, shard: Shard = WHOLE, size: int = 8) -> InMemory:
    """Images of noise whose label is their number, all of them in each split."""
    noise = np.random.default_rng(0).integers(0, 256, (count, size, size, 1), dtype=np.uint8)
    split = Split(noise, np.arange(count, dtype=np.int32))
    return InMemory(split, split, split, shard)


AUGMENTATION = Augmentation(flip=True, layers=1, magnitude=10)


def test_an_epoch_holds_whole_batches_of_different_images_in_an_order_of_its_own() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return [label for _, labels in numbered(70).training(16, seed, epoch, AUGMENTATION) for label in labels]

    assert len(order(0, 1)) == len(set(order(0, 1))) == 64
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2) != order(1, 2)


def test_beginning_at_a_batch_gives_the_bits_of_coming_to_it() -> None:
    whole = list(numbered(70).training(16, 3, 1, AUGMENTATION))
    for start in range(5):
        rest = list(numbered(70).training(16, 3, 1, AUGMENTATION, start))
        assert len(rest) == len(whole) - start
        for batch, expected in zip(rest, whole[start:], strict=True):
            np.testing.assert_array_equal(batch[0], expected[0])
            np.testing.assert_array_equal(batch[1], expected[1])


def test_hosts_partition_each_batch() -> None:
    whole = list(numbered(70).training(16, 0, 1, AUGMENTATION))
    parts = [numbered(70, Shard(index, 4)).training(16, 0, 1, AUGMENTATION) for index in range(4)]
    for (images, labels), *hosts in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([part[0] for part in hosts]), images)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in hosts]), labels)
    parts = [numbered(70, Shard(index, 4)).evaluation("test", 32) for index in range(4)]
    seen = [label for part in parts for _, labels, mask in part for label in labels[mask == 1]]
    assert sorted(seen) == list(range(70))
    with pytest.raises(DataError, match="a batch of 15 has no 2 equal parts"):
        next(numbered(70, Shard(0, 2)).training(15, 0, 1, AUGMENTATION))


def test_augmentation_shifts_by_an_eighth_at_most_and_mirrors_half() -> None:
    size = 16
    image = np.zeros((1, size, size, 1), np.uint8)
    image[0, 8, 4] = 255
    split = Split(np.repeat(image, 512, axis=0), np.zeros(512, np.int32))
    dataset = InMemory(split, split, split)
    images = next(dataset.training(512, 0, 1, Augmentation(flip=True)))[0]
    _, rows, columns, _ = np.nonzero(images)
    assert set(rows) == set(range(6, 11))
    assert set(columns) == {2, 3, 4, 5, 6} | {9, 10, 11, 12, 13}
    assert 200 < (columns > 8).sum() < 312
    unflipped = next(dataset.training(512, 0, 1, Augmentation(flip=False)))[0]
    assert set(np.nonzero(unflipped)[2]) == {2, 3, 4, 5, 6}


def test_evaluation_sees_every_image_once() -> None:
    batches = list(numbered(70).evaluation("validation", 32))
    assert [len(labels) for _, labels, _ in batches] == [32, 32, 32]
    seen = np.concatenate([labels[mask == 1] for _, labels, mask in batches])
    assert seen.tolist() == list(range(70))


@pytest.mark.slow
def test_resizing_keeps_brightness() -> None:
    random = np.random.default_rng(0)
    split = Split(random.integers(0, 256, (10, 28, 28, 1), dtype=np.uint8), np.zeros(10, np.int32))
    for resolution in (14, 32):
        resized = resize(split, resolution)
        assert resized.images.shape == (10, resolution, resolution, 1)
        assert resized.images.dtype == np.uint8
        assert resized.images.mean() == pytest.approx(split.images.mean(), rel=0.02)


def test_without_a_validation_part_all_is_trained_on_and_the_test_images_are_validated_on() -> None:
    part, all_of_it = (data.load(Dataset(name="synthetic", validation_fraction=of), 32) for of in (0.02, 0))
    assert (part.train_size, all_of_it.train_size) == (9800, 10_000)
    assert (all_of_it.validation_size, all_of_it.test_size) == (1000, 1000)
    (validated, *_), (tested, *_) = (list(all_of_it.evaluation(of, 1000)) for of in ("validation", "test"))
    assert all((one == other).all() for one, other in zip(validated, tested, strict=True))
