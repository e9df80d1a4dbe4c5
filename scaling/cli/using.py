"""Commands that use trained networks: evaluate weights, export a trial's, and predict with what was exported."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scaling.cli import completing
from scaling.cli.common import RESULTS, AsJson, ResultsDir, input_errors, only_our_words, print_json, terminal
from scaling.cli.exit_codes import SOME_FAILED

if TYPE_CHECKING:
    from scaling.results.records import ResultsFolder
    from scaling.schema import LatencyRecord, TrainRecord, Variant

Form = Literal["keras", "saved_model", "litert", "onnx", "openvino"]

CONVERTED_FROM = "tensorflow"
"""The backend of Keras that runtimes' files are converted from, whatever a network was trained by."""

EVALUATED = "evaluated"
"""The folder of evaluations, under `results/`."""


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET", help="As imagenet; see `scaling data list`.", autocompletion=completing.datasets
        ),
    ],
    weights: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The weights: .safetensors (timm's or kept here), .h5 (Keras), or a TF1 checkpoint."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            show_default="what a file that was kept here says",
            help="The network, as resnet_rs_50@160.",
            autocompletion=completing.models,
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 128,
    results: ResultsDir = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Measure the accuracy of released weights. On a data set's test images, recorded for figures and comparisons."""
    from scaling.reports import evaluate as report
    from scaling.results.records import ResultsFolder
    from scaling.runner.evaluate import evaluate as measure

    only_our_words()
    console = terminal(stderr=True)
    with input_errors():
        network = _network(model, weights)
        with console.status(f"{network.name}: loading") as shown:
            evaluated = measure(
                network,
                weights,
                dataset,
                batch_size,
                lambda part: shown.update(f"{network.name} on {dataset}: {part:.0%} of the test images"),
            )
        folder = ResultsFolder(results / EVALUATED)
        with folder.writing():
            folder.append(evaluated.record)
    if as_json:
        print_json(report.as_json(evaluated.record, evaluated.skipped))
        return
    for line in report.lines(evaluated.record, evaluated.skipped):
        typer.echo(line)
    typer.echo(f"  recorded in {folder.path}; scaling plot and compare take it")


def export(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A study's folder.")],
    trial: Annotated[
        str, typer.Argument(metavar="TRIAL", help="Its id, or how it begins; best: the most accurate one kept.")
    ],
    form: Annotated[Form, typer.Option("--format", help="Of the file.")] = "keras",
    into: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", show_default="the trial's id, in this folder")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of the weights, for the card; you have to know it.")
    ] = None,
) -> None:
    """Write a trained network for others. Normalisation inside, images in, probabilities out; with a model card."""
    from scaling.reports.card import card
    from scaling.runner.deploy.export import check_family
    from scaling.runner.deploy.export import export as write
    from scaling.runner.deploy.runtimes import RUNTIMES

    only_our_words()
    os.environ["KERAS_BACKEND"] = CONVERTED_FROM
    with input_errors():
        record, weights, timings = _kept(results, trial)
        runtime = RUNTIMES[form]
        target = into or Path(f"{record.trial_id}{runtime.suffix}")
        check_family(record.trial.variant)
        exported = write(record, weights, runtime, target)
        text = card(record, timings, target, runtime.title, exported.difference, licence)
        beside = target.with_name(f"{target.name}.md")
        beside.write_text(text, encoding="utf-8")
    for file in (*exported.files, beside):
        typer.echo(file)
    typer.echo(f"tried on random images: log-probabilities within {exported.difference:.1g} of the trained network's")


def predict(
    exported: Annotated[Path, typer.Argument(metavar="FILE", help="What `scaling export` wrote.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES...", help="Image files.")],
    top: Annotated[int, typer.Option(min=1, help="Classes to show for each image.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Classify images with an exported network. A first look: classes and probabilities."""
    from scaling.reports import tables
    from scaling.runner.deploy.predict import predict as run

    only_our_words()
    os.environ["KERAS_BACKEND"] = CONVERTED_FROM
    with input_errors():
        about, predictions = run(exported, images, top)
    failed = any(prediction.error for prediction in predictions)
    if as_json:
        print_json(
            {
                "model": about.model,
                "trial": about.trial_id,
                "images": [
                    {
                        "image": told.image,
                        "error": told.error,
                        "classes": [{"label": label, "probability": part} for label, part in told.classes],
                    }
                    for told in predictions
                ],
            }
        )
    else:
        table = tables.table(("image", "class", "probability"), right=("probability",))
        for told in predictions:
            if told.error:
                table.add_row(told.image, f"not read: {told.error}", "")
            for place, (label, part) in enumerate(told.classes):
                table.add_row("" if place else told.image, label, f"{part:.1%}")
        tables.print_narrow(table, terminal(), short=("class", "image"))
    if failed:
        raise typer.Exit(SOME_FAILED)


def _network(model: str | None, weights: Path) -> "Variant":
    """The network that is named, else the one that the file says it is of."""
    from scaling.errors import UserError
    from scaling.models import trained
    from scaling.reports.catalogue import variant
    from scaling.results.records import ResultsFolder

    if (folder := ResultsFolder(weights)).exists():
        raise UserError(_which_of(folder))
    if model is not None:
        return variant(model)
    try:
        about = trained.read_about(weights)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from None
    if about is None:
        raise UserError(f"{weights}: does not say which network it is of; name it with --model")
    return about.trial.variant


def _which_of(folder: "ResultsFolder") -> str:
    """That a results folder is no file of weights, and the files of its trials, the most accurate first."""
    from scaling.errors import listed

    good, kept = _succeeded(folder)
    if not kept:
        return f"{folder.path}: a results folder that keeps no weights; run its study with --keep best or all"
    accuracies = {name: score.top1 for name in kept if (score := good[name].validation)}
    best_first = sorted(accuracies, key=lambda name: (-accuracies[name], name))
    lines = listed(f"  {_file(folder, name)}  (validation {accuracies[name]:.1%})" for name in best_first)
    return "\n".join((f"{folder.path}: a results folder; name one of its files of weights with --weights:", *lines))


def _succeeded(folder: "ResultsFolder") -> "tuple[dict[str, TrainRecord], list[str]]":
    """The records of the trials that succeeded, by id, and the ids of those whose weights are kept."""
    from scaling.results.records import latest

    records, _ = folder.training.read()
    good = {name: record for name, record in latest(records, lambda held: held.trial_id).items() if record.ok}
    return good, [name for name in good if _file(folder, name).is_file()]


def _file(folder: "ResultsFolder", trial_id: str) -> Path:
    """Where the weights of a trial are, if they are kept."""
    from scaling.models import trained

    return Path(trained.path_of(str(folder.weights), trial_id))


def _kept(results: Path, trial: str) -> "tuple[TrainRecord, Path, list[LatencyRecord]]":
    """The record of a trial, where its weights are, and what was timed of its network."""
    from scaling.results.records import ResultsError, ResultsFolder, latest

    folder = ResultsFolder(results)
    if not folder.exists():
        raise ResultsError(f"{results}: no records.jsonl in it; run a study first")
    good, kept = _succeeded(folder)
    record = _chosen(folder, good, kept, trial)
    timings, _ = folder.latency.read()
    own = latest([t for t in timings if t.ok and t.request.variant == record.trial.variant], lambda t: t.request.id)
    return record, _file(folder, record.trial_id), list(own.values())


def _chosen(folder: "ResultsFolder", good: "dict[str, TrainRecord]", kept: list[str], trial: str) -> "TrainRecord":
    from scaling.errors import did_you_mean
    from scaling.results.records import ResultsError

    if trial == "best":
        if not kept:
            raise ResultsError(f"{folder.weights}: no weights were kept; run the study with --keep best or all")
        return max((good[name] for name in kept), key=lambda record: record.validation.top1 if record.validation else 0)
    fitting = [name for name in good if name.startswith(trial)]
    if len(fitting) != 1:
        several = f"{len(fitting)} trials begin so" if fitting else f"there is no such trial{did_you_mean(trial, good)}"
        listed = ", ".join((kept or [*good])[:3]) or "none"
        raise ResultsError(f"trial {trial!r} of {folder.path}: {several}; weights are kept of {listed}")
    return good[fitting[0]]
