"""From a trial whose weights were kept to a file that others can run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling.datasets import DatasetInfo, dataset_info
from scaling.errors import UserError
from scaling.models import family_of, trained
from scaling.models.checkpoints import open_checkpoint
from scaling.runner.deploy import sidecar
from scaling.runner.deploy.runtimes import Call, Runtime
from scaling.runner.deploy.sidecar import Sidecar
from scaling.schema import TrainRecord, Trial, Variant

CHECKED = 4
"""Random images that an exported network is tried on."""

WORST = 1e-4
"""How far the logarithm of a probability may lie from the trained network's."""


@dataclass(frozen=True)
class Exported:
    """A network that was written.

    Attributes:
        path: of it.
        files: all that was written, the network first.
        difference: the largest between a logarithm of its probabilities and of the trained network's; None where its
            runtime is not here to try.
        sidecar: see there.
    """

    path: Path
    files: tuple[Path, ...]
    difference: float | None
    sidecar: Sidecar


def export(record: TrainRecord, weights: Path, runtime: Runtime, into: Path) -> Exported:
    """Writes a trained network for a runtime, its normalisation inside, images in and probabilities out.

    Args:
        record: of the trial.
        weights: as they were kept.
        runtime: that it is for.
        into: the file, or for TensorFlow's SavedModel the folder; it appears whole or not at all.

    Raises:
        UserError: if the weights are not there, a package is missing, or it cannot be written or converted.
    """
    trial = record.trial
    if not isinstance(trial, Trial):
        raise UserError(f"{record.trial_id}: was trained by others; there are no weights of it here")
    _check(into, runtime)
    values = _values(weights, trial)
    info = dataset_info(trial.dataset.name)
    model = network(trial.variant, values, info, runtime)
    about = _sidecar(record, trial, info)
    difference = _written(model, runtime, into, about, logits(trial.variant, values, info))
    sidecar.write(into, about)
    files = [into, *([into.with_suffix(".bin")] if runtime.name == "openvino" else []), sidecar.path_of(into)]
    return Exported(into, tuple(files), difference, about)


def network(variant: Variant, values: Mapping[str, NDArray[Any]], info: DatasetInfo, runtime: Runtime) -> Any:
    """A Keras model from images to probabilities, of Keras' own layers where the family is one of ours."""
    import keras

    from scaling.models.build import plain

    model = plain(
        variant, values, classes=info.classes, mean=info.mean, std=info.std, by_error_function=runtime.name == "onnx"
    )
    probabilities = keras.layers.Softmax(name="probabilities")(model.output)
    return keras.Model(model.inputs[0], probabilities, name=model.name)


def logits(variant: Variant, values: Mapping[str, NDArray[Any]], info: DatasetInfo) -> Call:
    """The network as it was trained, by its own layers: what an exported one is held against."""
    from scaling.models.build import build
    from scaling.models.weights import variables

    model = build(variant, classes=info.classes, mean=info.mean, std=info.std)
    for name, variable in variables(model).items():
        variable.assign(values[name])
    return lambda images: np.asarray(model(images, training=False))


def random_values(variant: Variant, info: DatasetInfo) -> dict[str, NDArray[Any]]:
    """Weights of a network that nobody has trained, by their names."""
    from scaling.models.build import build, initialize
    from scaling.models.weights import variables

    model = build(variant, classes=info.classes, mean=info.mean, std=info.std)
    initialize(model, seed=0)
    return {name: np.asarray(variable) for name, variable in variables(model).items()}


def images_like(info: DatasetInfo, resolution: int, count: int = CHECKED) -> NDArray[np.float32]:
    """Random images, smooth enough to look like some."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 4, 4, info.channels))
    pixels = np.arange(resolution) * 4 // resolution
    return coarse[:, pixels][:, :, pixels].astype(np.float32)


def _check(into: Path, runtime: Runtime) -> None:
    runtime.check(writes=True)
    if into.exists():
        raise UserError(f"{into}: is there already; delete it, or choose another name with -o")
    if into.suffix != runtime.suffix and runtime.suffix:
        raise UserError(f"{into}: {runtime.title} reads files that end in {runtime.suffix}")
    if not into.absolute().parent.is_dir():
        raise UserError(f"{into}: there is no folder {into.parent}")


def _values(weights: Path, trial: Trial) -> dict[str, NDArray[Any]]:
    if not weights.is_file():
        raise UserError(
            f"{weights}: the weights of {trial.id} were not kept; train it again with --keep all, into another folder "
            "(--results)"
        )
    try:
        with open_checkpoint(weights) as tensors:
            about = trained.about(weights, tensors.about)
            if about is None or about.trial.id != trial.id:
                raise UserError(f"{weights}: not the weights of {trial.id}")
            chosen = trained.chosen(tensors, about.averaged)
            return {name: np.asarray(chosen.read(name)) for name in chosen.shapes}
    except ValueError as error:
        raise UserError(str(error)) from None


def _sidecar(record: TrainRecord, trial: Trial, info: DatasetInfo) -> Sidecar:
    score = record.test or record.validation
    return Sidecar(
        model=trial.variant.name,
        trial_id=record.trial_id,
        trial=trial,
        resolution=trial.variant.resolution,
        channels=info.channels,
        labels=tuple(info.label(number) for number in range(info.classes)),
        crop=1.0 if info.in_memory else 0.875,
        top1=score.top1 if score else None,
        top1_n=score.n if score else None,
    )


def _written(model: Any, runtime: Runtime, into: Path, about: Sidecar, as_trained: Call) -> float | None:
    """Writes beside the target, tries the result, and moves it to its place."""
    with tempfile.TemporaryDirectory(prefix=".export-", dir=into.absolute().parent) as draft:
        path = Path(draft) / into.name
        try:
            runtime.write(model, path)
        except Exception as error:  # converters raise whatever they like
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise UserError(f"{about.model} cannot be written for {runtime.title}: {reason}") from error
        difference = _difference(runtime, path, about, as_trained)
        for file in sorted(path.parent.iterdir()):
            file.replace(into.with_name(file.name))
    return difference


def _difference(runtime: Runtime, path: Path, about: Sidecar, as_trained: Call) -> float:
    info = dataset_info(about.trial.dataset.name)
    images = images_like(info, about.resolution)
    wanted = log_softmax(as_trained(images))
    given = np.log(np.maximum(runtime.load(path)(images), np.finfo(np.float32).tiny))
    difference = float(np.abs(given - wanted)[wanted > -80].max())
    if not difference <= WORST * max(1.0, float(np.abs(wanted).max())):
        raise UserError(
            f"{about.model}: what {runtime.title} computes differs from the trained network by {difference:.2g} in the "
            "logarithm of a probability; nothing was written"
        )
    return difference


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of the probabilities."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def check_family(variant: Variant) -> None:
    """Stops at a network whose code is not that of the record.

    Raises:
        UserError: where a family of one's own has been edited since.
    """
    if family_of(variant.family).code != variant.code:
        raise UserError(f"family {variant.family!r}: its code has changed since this network was trained")
