"""All commands. The training stack is imported only inside the commands that train or time.

The modules of its commands have no `from __future__ import annotations`: typer would evaluate each option's text twice.
"""

import gc
from typing import Annotated

import typer

from scaling import __version__
from scaling.cli import asking, choosing, data, deciding, running, using
from scaling.cli.usage import Commands


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scaling {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="scaling",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version, and exit.")
    ] = False,
) -> None:
    """Should a vision model grow in depth, width, resolution or training time? Ask your own data and accelerator."""


for command in (
    asking.studies,
    asking.plan,
    running.run,
    running.status,
    running.latency,
    deciding.plot,
    deciding.report,
    deciding.fit,
    deciding.compare,
    deciding.claims,
    choosing.recommend,
    choosing.next_trials,
    using.evaluate,
    using.export,
    using.predict,
    asking.models,
    running.doctor,
):
    app.command("next" if command is choosing.next_trials else None)(command)

_data = typer.Typer(help="List, fetch and check data sets.", no_args_is_help=True)
_data.command("list")(data.show)
_data.command("fetch")(data.fetch)
_data.command("check")(data.check)
app.add_typer(_data, name="data")

_import = typer.Typer(help="Turn results that others published into a results folder.", no_args_is_help=True)
_import.command("timm")(data.import_timm)
app.add_typer(_import, name="import")


def run() -> None:
    """Runs the command that was given."""
    gc.freeze()  # what is loaded stays to the end: looking through it for garbage, there too, takes 15 ms
    gc.set_threshold(10_000)  # instead of 700: commands load modules and read records, next to none of it garbage
    try:
        app()
    finally:
        gc.freeze()  # likewise what was loaded since
