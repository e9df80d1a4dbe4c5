"""What commands share: words of the command line, errors as messages, JSON on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling.cli import completing
from scaling.cli.exit_codes import INPUT_IS_WRONG
from scaling.errors import listed

if TYPE_CHECKING:
    from rich.console import Console

    from scaling.runner.tracked import Tracked

RESULTS = Path("results")

StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A name that `scaling studies` lists, the path of a study file, or a results folder.",
        autocompletion=completing.studies,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override a value, as recipe.epochs=10. Repeatable."),
]
ResultsDir = Annotated[Path, typer.Option("--results", help="Folder that holds a folder for each study.")]
Accelerator = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ACCELERATOR",
        help="Reckon time and money for it: cpu, a100-40, h100, v100, tpuv3-8, rtx-3090, or one of accelerators.yaml "
        "(next to the study or in ~/.config/scaling/). Default: constraints.on, else what its records were made on, "
        "else this cpu.",
    ),
]
MaxHours = Annotated[float | None, typer.Option(min=0, help="Refuse (exit 2) when more hours than this are left.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="Refuse (exit 2) when more dollars than this are left.")]
SeedNoise = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="POINTS",
        help="Standard deviation between seeds, in points of accuracy, in place of what was measured or is assumed.",
    ),
]
AtMost = Annotated[
    list[str] | None,
    typer.Option(
        "--at-most",
        metavar="COST=NUMBER",
        help="A limit, as inference_ms=5, inference_litert_ms=2, train_hours=12, dollars=100, params=5e6, "
        "memory_gb=16. Repeatable; all are to be met.",
    ),
]
Wide = Annotated[bool, typer.Option("--wide", help="Show all columns, in more than 80 characters.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]


@contextmanager
def input_errors() -> Iterator[None]:
    """What the user can mend is said in a message with exit code 2; so is a full or vanished disk."""
    from scaling.errors import UserError

    try:
        yield
    except BrokenPipeError:
        raise  # `| head` has read enough
    except (UserError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(INPUT_IS_WRONG) from None


def only_our_words() -> None:
    """Keeps what TensorFlow and other libraries write by themselves off the screen, for commands that load them here.

    They write to the process' standard error; Python's own leads to the screen as before.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with contextlib.suppress(OSError, ValueError):  # there is none, or a test has its own
        screen = os.dup(sys.stderr.fileno())
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        sys.stderr = os.fdopen(screen, "w", buffering=1)


def print_json(document: Any) -> None:
    """The one document on standard output."""
    typer.echo(json.dumps(document))


def terminal(stderr: bool = False) -> Console:
    """Where tables go; loading it takes longer than `--help` and what else needs none."""
    from rich.console import Console

    return Console(stderr=stderr)


@contextmanager
def progress(shown: bool) -> Iterator[Tracked]:
    """A bar for each piece of work that takes a while, on standard error where that is a terminal."""
    from rich.progress import Progress

    console = terminal(stderr=True)
    with Progress(console=console, transient=True, disable=not (shown and console.is_terminal)) as bars:
        yield lambda items, what, total: bars.track(items, total=total, description=what)


@contextmanager
def notes_told() -> Iterator[None]:
    """What a command warns of, as notes on standard error once it is done or has failed; others' warnings as ever."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            ours = [str(warning.message) for warning in caught if warning.category is UserWarning]
            for note in listed(dict.fromkeys(ours)):
                typer.echo(f"note: {note}", err=True)
    for warning in caught:
        if warning.category is not UserWarning:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
