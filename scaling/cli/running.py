"""Commands that run a study, and say how far it is and what a machine can do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scaling.cli import completing
from scaling.cli.asking import load, stop_beyond
from scaling.cli.common import (
    RESULTS,
    Accelerator,
    AsJson,
    AtMost,
    MaxCost,
    MaxHours,
    Overrides,
    ResultsDir,
    SeedNoise,
    StudyName,
    Wide,
    input_errors,
    only_our_words,
    print_json,
    terminal,
)
from scaling.cli.exit_codes import INTERRUPTED, SOME_FAILED
from scaling.cli.suggest import same_command

if TYPE_CHECKING:
    from scaling.launch import RunSummary
    from scaling.runner.doctor import Finding

Compile = Literal["auto", "graph", "xla"]
Engine = Literal["local", "ray"]
Keep = Literal["best", "all", "none"]
Until = Literal["decided"]
Phase = Literal["training", "inference"]
SAME = (
    *("workers", "devices", "engine", "address", "resources", "limit", "checkpoints", "checkpoint_seconds"),
    *("keep", "weights_gb"),
)
"""Options that `scaling.launch.RunOptions` has under the same names."""
BOTH: tuple[Phase, ...] = ("training", "inference")
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="gpu:0,gpu:1|cpu|tpu",
        show_default="all accelerators, else the CPU",
        help="Devices the workers share; one that gets several splits each batch.",
    ),
]
Retry = Annotated[
    str | None,
    typer.Option(
        metavar="failed[:KIND]|disturbed", help="Also retry recorded failures, or timings that were disturbed."
    ),
]
Compiling = Annotated[Compile, typer.Option("--compile", help="Plain graph or XLA; auto times both where that pays.")]


def run(
    context: typer.Context,
    study: StudyName,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default="one for each accelerator; on a CPU, one for each core while memory lasts",
            help="Worker processes. On a CPU they share its cores to train; a timing has all cores to itself.",
        ),
    ] = None,
    devices: Devices = None,
    compile_: Compiling = "auto",
    engine: Annotated[Engine, typer.Option(help="Where workers run: on this machine, or on a Ray cluster.")] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|ray://...",
            show_default="a Ray of its own, on this machine",
            help="The Ray cluster.",
        ),
    ] = None,
    resources: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=NUMBER,...",
            show_default="GPU=1 or TPU=1 where there are some, and a share of the CPUs",
            help="What each worker asks of Ray.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Train at most this many trials now.")] = None,
    retry: Retry = None,
    retries: Annotated[
        int,
        typer.Option(min=0, help="Times a trial that crashes, hangs or is preempted is retried from its checkpoint."),
    ] = 2,
    timeout: Annotated[
        float,
        typer.Option(min=1, metavar="SECONDS", help="Restart a worker that reports no progress for this many seconds."),
    ] = 1800.0,
    checkpoints: Annotated[
        str | None,
        typer.Option(metavar="FOLDER|URL", show_default="beside the records", help="Where checkpoints are written."),
    ] = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints; at most this much training is lost.")
    ] = 60.0,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write each epoch's numbers for TensorBoard, into logs/.")
    ] = False,
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Also send each epoch's numbers to the MLflow of MLFLOW_TRACKING_URI.")
    ] = False,
    keep: Annotated[
        Keep, typer.Option(help="Which trained weights stay: those of the networks on a front, all, or none.")
    ] = "best",
    weights_gb: Annotated[
        float, typer.Option(min=0, metavar="GB", help="Disk that trained weights may take; beyond it none are kept.")
    ] = 10.0,
    until: Annotated[
        Until | None,
        typer.Option(
            help="Train only what decides the study's question, or with --at-most the choice under these limits: until "
            "it is decided, --max-hours of training or --max-cost dollars are spent, or no run of the study can "
            "decide it."
        ),
    ] = None,
    at_most: AtMost = None,
    on: Accelerator = None,
    max_hours: MaxHours = None,
    max_cost: MaxCost = None,
    seed_noise: SeedNoise = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
) -> None:
    """Train and time what a study is still missing. Stop and start it at will: what is finished is never run again."""
    from scaling import launch
    from scaling.interface import asking

    console = terminal()
    if until is not None:
        from scaling.analysis.decide.limits import limits_of
        from scaling.interface.running import until_of
    with input_errors():
        planned, place = load(study, overrides, results, writes=True)
        asking.check_accelerator(planned, on)
        if at_most and until is None:
            raise typer.BadParameter("--at-most goes with --until decided; limits of a study stand in its constraints")
        if until is None and (max_hours is not None or max_cost is not None):
            stop_beyond(asking.plan(planned, place, on), max_hours, max_cost)
        folder = place / planned.name
        options = launch.RunOptions(
            compile=compile_,
            policy=launch.RetryPolicy(retries, timeout, launch.retried_kinds(retry)),
            until=None
            if until is None
            else until_of(planned, folder, limits_of(at_most or ()), max_hours, max_cost, on, seed_noise),
            trackers=(*(("tensorboard",) if tensorboard else ()), *(("mlflow",) if mlflow else ())),
            **{name: value for name, value in context.params.items() if name in SAME},
        )
        try:
            summary = launch.run(planned, folder, options, console)
        except KeyboardInterrupt:
            summary = launch.RunSummary(stopped=True)
    for line in _told(summary, folder, same_command(context), same_command(context, without=("retry", "limit"))):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not summary.stopped:
        _answer(folder, seed_noise)
    if summary.stopped:
        raise typer.Exit(INTERRUPTED)
    if summary.failed or summary.failures:
        raise typer.Exit(SOME_FAILED)


def _answer(folder: Path, seed_noise: float | None) -> None:
    """The answer to the study's question, as far as there is one."""
    from scaling.cli.deciding import tell_answer
    from scaling.interface.deciding import answer_of
    from scaling.results.records import ResultsFolder

    if ResultsFolder(folder).training.path.exists():
        for said in answer_of(folder, seed_noise).conclusions:
            tell_answer(said, terminal())


def _told(summary: "RunSummary", folder: Path, command: str, plain: str) -> Iterator[str]:
    """What a run did, what has failed, and the command that goes on from there."""
    if summary.reason:
        yield f"{folder.name}: stopped, since {summary.reason}"
    if summary.ended:
        counts = f"{summary.finished}, {summary.failed} failed"
        paused = f", {summary.interrupted} interrupted" if summary.interrupted else ""
        yield f"{folder.name}: {counts}{paused}; records in {folder}"
    if summary.stopped:
        yield f"Interrupted. Finished trials are recorded, the others go on from their checkpoints with: {command}"
        return
    if summary.failures:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(summary.failures.items()))
        yield f"{folder.name}: {sum(summary.failures.values())} failed in all ({kinds}). Retry them with:"
        yield f"  {plain} --retry failed"


def status(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS]...", help="Study folders, or folders of them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how far studies are. Done, running, failed by kind, time left, and how to go on."""
    from scaling.reports import status as statuses
    from scaling.results import records

    with input_errors():
        places = results or [RESULTS]
        folders = records.find(*places, begun=True)
        if records.about_reference(places, folders):
            folders = []
        listed = [statuses.of(folder) for folder in folders]
    if as_json:
        print_json(listed)
        return
    for study_status in listed:
        name = typer.style(study_status["study"], bold=True)
        typer.echo("\n    ".join((f"{name}  {statuses.counts(study_status)}", *statuses.details(study_status))))
    if not listed:
        typer.echo(f"no study has been run into {', '.join(map(str, places))} yet")


def doctor(results: ResultsDir = RESULTS, as_json: AsJson = False) -> None:
    """Find out what this machine can do. Device, versions, data, disk, and a step of training."""
    from dataclasses import asdict
    from itertools import chain

    only_our_words()
    from scaling.runner import doctor as doctors

    colors, console = {"ok": "green", "note": "yellow", "problem": "red"}, terminal(stderr=as_json)
    findings = []
    for finding in chain(doctors.examine(results), _speed(), _timings(results)):
        findings.append(finding)
        console.print(f"[{colors[finding.state]}]{finding.state:8}[/]{finding.about}:", end=" ", highlight=False)
        console.print(finding.found, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(SOME_FAILED)


def _speed() -> "Iterator[Finding]":
    """Whether plans of studies without records know how fast this machine is."""
    from scaling.generator import calibration
    from scaling.runner.doctor import Finding

    count = sum(1 for _ in calibration.of_training())
    timed = f"training steps of {count} networks were timed; plans without records go by them"
    missing = "not timed yet: `scaling plan STUDY --calibrate` does it, so that hours are not guessed"
    yield Finding("speed for plans", "ok", timed) if count else Finding("speed for plans", "note", missing)


def _timings(results: Path) -> "Iterator[Finding]":
    """Whether the recorded timings can be right: a larger network of a family does not take less time."""
    from scaling.reports import latencies
    from scaling.results import records
    from scaling.runner.doctor import Finding

    if results.is_dir():
        folders = (records.ResultsFolder(path) for path in sorted(results.rglob("*")) if path.is_dir())
        for folder in folders:
            for warning in latencies.broken_orders(folder.latency.read()[0]):
                yield Finding(f"timings in {folder.path}", "note", warning)


def latency(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]", help="Time a study's variants, as it asks.", autocompletion=completing.studies
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Time this network instead, as resnet_rs_50@160. Repeatable.", autocompletion=completing.models
        ),
    ] = None,
    phase: Annotated[Phase | None, typer.Option(show_default="both", help="Of the two.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a step, halved until they fit.")] = 128,
    precision: Annotated[Precision, typer.Option(help="Of the arithmetic.")] = "float32",
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            show_default="keras",
            metavar="keras|litert|onnx|openvino",
            help="What runs inference of --model. Repeatable.",
        ),
    ] = None,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Time each for so long at most.")] = 10.0,
    devices: Devices = None,
    compile_: Compiling = "auto",
    retry: Retry = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Time training steps and inference alone. What was timed on this device before is not timed again."""
    from scaling import launch
    from scaling.reports import latencies
    from scaling.results import records

    with input_errors():
        if (study is None) == (not model):
            raise typer.BadParameter("give a STUDY, or --model")
        if study and runtime:
            raise typer.BadParameter("--runtime goes with --model; a study names its own in latency.runtimes")
        if study is not None:
            asked, results = load(study, overrides, results, writes=True)
        else:
            phases: tuple[Phase, ...] = (phase,) if phase else BOTH if runtime is None else ("inference",)
            asked = latencies.study_of(model or [], phases, batch_size, precision, max_seconds, runtime or ("keras",))
        folder = results / asked.name
        options = launch.RunOptions(
            devices=devices,
            compile=compile_,
            policy=launch.RetryPolicy(recorded=launch.retried_kinds(retry)),
            timings_only=True,
        )
        summary = launch.run(asked, folder, options, terminal(stderr=as_json))
        listed = latencies.rows(asked, folder)
        for warning in latencies.broken_orders(records.ResultsFolder(folder).latency.read()[0]):
            typer.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json(listed)
    else:
        latencies.show(listed, terminal(), wide)
    if summary.stopped:
        raise typer.Exit(INTERRUPTED)
    if summary.failed or summary.failures:
        raise typer.Exit(SOME_FAILED)
