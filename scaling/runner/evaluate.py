"""The accuracy of weights from a file on a data set's test images, measured here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scaling.datasets import dataset_info
from scaling.errors import UserError
from scaling.models import cost
from scaling.models.checkpoints import digest
from scaling.runner import data
from scaling.runner.environment import describe
from scaling.schema import Dataset, Recipe, Reported, Score, TrainRecord, Variant

SOURCE = "weights of {file}, measured here"


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation gave.

    Attributes:
        record: for a results folder.
        skipped: images that could not be decoded.
    """

    record: TrainRecord
    skipped: tuple[str, ...]


def evaluate(
    variant: Variant,
    weights: Path,
    dataset: str,
    batch_size: int = 128,
    progress: Callable[[float], None] = lambda part: None,
) -> Evaluated:
    """Counts right answers of a network with a file's weights.

    Images are prepared as for the paper's evaluation: of stored ones the middle 0.875 of the shorter side, by the
    released code's bicubic filter. Keras is loaded, in this process.

    Args:
        variant: the network.
        weights: see `scaling.models.weights.read`.
        dataset: its name.
        batch_size: images at once.
        progress: called with the part that is done.

    Raises:
        UserError: where the weights are not this network's, or are for other classes.
        DataError: if the images are not on this machine.
    """
    info = dataset_info(dataset)
    try:
        sum_of_file = digest(weights)
        data.locate(dataset)
        from scaling.runner.compute.program import Program
        from scaling.runner.compute.program_key import ProgramKey
        from scaling.runner.training.train import score

        program = Program(ProgramKey.of(variant, info, Recipe(epochs=1)))
        held = program.network.read(weights, None)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from None
    if held.new:
        raise UserError(f"{weights}: is not for the {info.classes} classes of {dataset}; its head has another shape")
    own = Dataset(name=dataset) if info.in_memory else Dataset(name=dataset, resize="legacy_bicubic")
    images = data.load(own, variant.resolution)
    program.reset(0, held)
    batches = -(-images.test_size // batch_size)
    done = iter(range(1, batches + 1))
    result, _ = score(
        program, images, "test", batch_size, averaged=False, between=lambda: progress(next(done, batches) / batches)
    )
    return Evaluated(_record(variant, weights, sum_of_file, dataset, result), tuple(images.skipped))


def _record(variant: Variant, weights: Path, sum_of_file: str, dataset: str, result: Score) -> TrainRecord:
    import keras

    from scaling.runner.compute import backend

    info = dataset_info(dataset)
    trial = Reported(model=weights.name, dataset=dataset, variant=variant, init=sum_of_file)
    return TrainRecord(
        trial_id=trial.id,
        trial=trial,
        source=SOURCE.format(file=weights.name),
        **vars(cost(variant, channels=info.channels, classes=info.classes)),
        validation_raw=result,
        test_raw=result,
        finished=datetime.now(UTC),
        environment=describe(keras.backend.backend(), backend.device_name()),
    )
