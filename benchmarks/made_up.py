"""Results that nobody trained, for measuring what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from scaling.schema import Dataset, Environment, Epoch, Recipe, Score, TrainRecord, Trial, Variant

ENVIRONMENT = Environment(
    versions={"python": "3.11", "backend": "tensorflow"}, platform="Linux", device="made up", cores=2, memory_gb=8.0
)


PHOTO = (500, 375)
"""Width and height of a usual picture of ImageNet."""

DEPTHS, WIDTHS = [14, 26, 50, 101, 200], [0.25, 0.5, 1.0, 1.5, 2.0]
RESOLUTIONS, EPOCHS = [128, 160, 224, 320], list(range(1, 11))
STUDY = f"""study: many
question: What do records cost to read?
dataset: {{name: imagenet}}
grid: [{{depth: {DEPTHS}, width: {WIDTHS}, resolution: {RESOLUTIONS}}}]
"""


def write_photos(folder: Path, count: int, copies: int) -> float:
    """An image folder of ten classes: to train on `count` JPEGs of about 100 kB, each several times, and one as test.

    Returns:
        Their mean size in bytes.
    """
    random, sizes = np.random.default_rng(0), list[int]()
    for index in range(count):
        picture = _photo(random)
        files = (folder / "train" / f"class_{index % 10}" / f"{index}_{copy}.jpg" for copy in range(copies))
        sizes += [_saved(picture, file) for file in files]
    _saved(_photo(random), folder / "test" / "class_0" / "0.jpg")
    return float(np.mean(sizes))


def _saved(picture: Image.Image, file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.save(file, quality=90)
    return file.stat().st_size


def _photo(random: np.random.Generator) -> Image.Image:
    """Smooth colours under a texture as fine as a photograph's, upright or not."""
    size = PHOTO if random.random() < 0.8 else PHOTO[::-1]
    few = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    colours = np.asarray(few.resize(size, Image.Resampling.BICUBIC), np.float32)
    noise = Image.fromarray(random.normal(128, 30, size[::-1]).clip(0, 255).astype(np.uint8))
    texture = np.asarray(noise.filter(ImageFilter.GaussianBlur(0.8)), np.float32)[..., None] - 128
    return Image.fromarray((colours + 2 * texture).clip(0, 255).astype(np.uint8))


def write_records(folder: Path, count: int) -> None:
    """A results folder of `count` trainings: a grid of a thousand cells, and seeds until there are enough."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY + f"across: {{epochs: {EPOCHS}, seed: {list(range(count // 1000))}}}\n")
    with (folder / "records.jsonl").open("w", encoding="utf-8") as file:
        for index in range(count):
            file.write(_record(index, random).model_dump_json(exclude_none=True) + "\n")


def write_long_records(folder: Path, count: int, epochs: int) -> None:
    """A results folder of `count` trainings of one network that differ in the seed, each of so many epochs."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    with (folder / "records.jsonl").open("w", encoding="utf-8") as file:
        for seed in range(count):
            trial = Trial(
                dataset=Dataset(name="imagenet"),
                variant=Variant(depth=50, width=1.0, resolution=160),
                recipe=Recipe(epochs=epochs),
                seed=seed,
            )
            file.write(record_of(trial, random).model_dump_json(exclude_none=True) + "\n")


def _record(index: int, random: np.random.Generator) -> TrainRecord:
    cell, seed = index % 1000, index // 1000
    depth, width = DEPTHS[cell % 5], WIDTHS[cell // 5 % 5]
    resolution, epochs = RESOLUTIONS[cell // 25 % 4], EPOCHS[cell // 100]
    trial = Trial(
        dataset=Dataset(name="imagenet"),
        variant=Variant(depth=depth, width=width, resolution=resolution),
        recipe=Recipe(epochs=epochs),
        seed=seed,
    )
    return record_of(trial, random)


def record_of(trial: Trial, random: np.random.Generator, with_history: bool = True) -> TrainRecord:
    """A training that nobody did: its accuracy grows with its compute, and is noisy."""
    variant, epochs = trial.variant, trial.recipe.epochs
    cost = variant.depth * variant.width**2 * variant.resolution**2
    correct = int(25_000 * (0.8 - 0.5 / np.log(cost * epochs)) + random.normal(0, 100))
    score = Score(correct=correct, n=25_000, loss=1.0)
    history = tuple(
        Epoch(epoch=1 + i, learning_rate=0.1, train_loss=1.0, train_top1=0.5, validation_raw=score,
              validation_ema=score, seconds=1.0)
        for i in range(epochs if with_history else 0)
    )  # fmt: skip
    return TrainRecord(
        trial_id=trial.id, trial=trial, params=int(1e5 * variant.depth * variant.width**2), macs=int(1e3 * cost),
        activations=int(1e3 * variant.depth * variant.width * variant.resolution), history=history,
        validation_raw=score, validation_ema=score, train_seconds=10.0 * epochs, setup_seconds=1.0,
        finished=datetime(2026, 1, 1, tzinfo=UTC), environment=ENVIRONMENT,
    )  # fmt: skip
