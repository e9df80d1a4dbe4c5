"""The card of an exported network, in Markdown: what it is, how it was trained, what it reaches and costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scaling import __version__
from scaling.datasets import dataset_info
from scaling.reports.evaluate import interval
from scaling.schema import LatencyRecord, TrainRecord, Trial
from scaling.wording import counted

UNKNOWN_LICENCE = "not stated. Weights may carry the terms of the images and of the weights that they were trained from"


def card(
    record: TrainRecord,
    timings: Sequence[LatencyRecord],
    exported: Path,
    form: str,
    difference: float | None,
    licence: str | None,
) -> str:
    """Writes the card.

    Args:
        record: of the trial.
        timings: of its network, on whatever device.
        exported: the file.
        form: of the file, as people call it.
        difference: as of `scaling.runner.deploy.export.Exported`.
        licence: of the weights, as the user states it.
    """
    if not isinstance(record.trial, Trial):
        raise TypeError("a card is of a trial")
    parts = (
        _head(record.trial, exported, form, licence),
        _data(record.trial),
        _accuracy(record),
        _cost(record, timings),
        _recipe(record, record.trial),
        _use(exported, difference),
        _made(record),
    )
    return "\n".join(line for part in parts for line in part)


def _head(trial: Trial, exported: Path, form: str, licence: str | None) -> Iterator[str]:
    info = dataset_info(trial.dataset.name)
    yield f"# {trial.variant.name}"
    yield ""
    yield f"An image classifier for the {info.classes} classes of {info.title}; file `{exported.name}` ({form})."
    yield ""
    yield f"- Trial: `{trial.id}`"
    yield f"- Licence of the weights: {licence or UNKNOWN_LICENCE}."
    yield ""


def _data(trial: Trial) -> Iterator[str]:
    info, dataset = dataset_info(trial.dataset.name), trial.dataset
    count = dataset.train_examples or info.trainable(dataset.validation_fraction)
    yield "## Data"
    held_out = f"{100 * dataset.validation_fraction:.3g}%"
    yield f"{info.title}: trained on {count:,} images; {held_out} of the training images held out."
    yield ""
    labels = [info.label(number) for number in range(info.classes)]
    more = f" and {len(labels) - 20} more" if len(labels) > 20 else ""
    yield f"Classes, in the order of the probabilities: {', '.join(labels[:20])}{more}."
    yield ""


def _accuracy(record: TrainRecord) -> Iterator[str]:
    kind = "averaged" if record.averages else "raw"
    yield "## Accuracy"
    yield f"Of the {kind} weights, which the file holds. Intervals are 95%, of the number of images alone:"
    yield "another seed would differ by more."
    yield ""
    yield "| images | n | top-1 | 95% |"
    yield "|---|---|---|---|"
    for images, score in (("validation", record.validation), ("test", record.test)):
        if score:
            low, high = interval(score.correct, score.n)
            yield f"| {images} | {score.n:,} | {100 * score.top1:.2f}% | {100 * low:.2f} to {100 * high:.2f} |"
    yield ""


def _cost(record: TrainRecord, timings: Sequence[LatencyRecord]) -> Iterator[str]:
    yield "## Cost"
    for what, value in (
        ("trainable parameters", record.params),
        ("multiply-accumulates an image", record.macs),
        ("activations an image", record.activations),
    ):
        if value is not None:
            yield f"- {value:,} {what}"
    for timing in timings:
        request = timing.request
        if timing.median_ms is not None:
            spread = f" ({timing.low_ms:.3g} to {timing.high_ms:.3g})" if timing.low_ms and timing.high_ms else ""
            images = counted(timing.batch_size or 0, "image")
            yield (
                f"- {timing.median_ms:.3g} ms{spread} for {request.phase} of {images} with "
                f"{request.runtime}, {request.precision}, on {timing.environment.place}"
            )
    yield ""


def _recipe(record: TrainRecord, trial: Trial) -> Iterator[str]:
    yield "## Recipe"
    yield f"Seed {trial.seed}; {trial.recipe.epochs} epochs. What differs from the defaults:"
    yield ""
    for field, value in trial.recipe.changed().items():
        chosen = f", which was {record.precision}" if value == "auto" and record.precision else ""
        yield f"- {field}: {value}{chosen}"
    if trial.init:
        name = Path(record.weights_from).name if record.weights_from else "a file"
        yield f"- began with the weights of `{name}` (SHA-256 begins with {trial.init})"
    yield ""


def _use(exported: Path, difference: float | None) -> Iterator[str]:
    yield "## Use"
    yield "In: images `(n, height, width, channels)` as floats from 0 to 255; their normalisation is inside. Out:"
    yield "probabilities `(n, classes)`. Classes and sizes stand in the `.json` beside the file."
    yield ""
    yield f"    scaling predict {exported.name} IMAGE..."
    if difference is not None:
        yield ""
        yield (
            "Tried when it was written: the logarithms of its probabilities differ from the trained network's by "
            f"{difference:.1g} at most."
        )
    yield ""


def _made(record: TrainRecord) -> Iterator[str]:
    environment = record.environment
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
    yield "## Made"
    yield f"Trained {record.finished:%Y-%m-%d} on {environment.device} with {versions}"
    yield f"by scaling-study {__version__}" + (f", commit {environment.git_commit}" if environment.git_commit else "")
    yield ""
