"""How to run a study again: commands that can be pasted, and the study file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import yaml

from scaling.reports.page.page import Repeat
from scaling.results.records import ResultsFolder
from scaling.schema import Environment

AGAIN = Path("again")
"""Results of the repetition go below it: beside the records there would be nothing left to train."""


def repeat(folder: ResultsFolder, environments: Sequence[Environment]) -> Repeat:
    """The commands that make the records of a folder anew, elsewhere, and a page of them."""
    text = _text(folder)
    return Repeat(() if text is None else tuple(_commands(folder, environments, text)), text, str(folder.study_file))


def _commands(folder: ResultsFolder, environments: Sequence[Environment], text: str) -> list[str]:
    commits = {environment.git_commit for environment in environments}
    backends = {environment.versions.get("backend") for environment in environments}
    commit, backend = (next(iter(values)) if len(values) == 1 else None for values in (commits, backends))
    run = shlex.join(["scaling", "run", str(folder.study_file), "--results", str(AGAIN)])
    prefix = f"KERAS_BACKEND={shlex.quote(backend)} " if backend not in (None, "tensorflow") else ""
    checkout = [f"git checkout {shlex.quote(commit)}"] if commit else []
    return [*checkout, prefix + run, shlex.join(["scaling", "report", str(AGAIN / _name(folder, text))])]


def _name(folder: ResultsFolder, text: str) -> str:
    """Of the study, which its results are called after."""
    try:
        return str(yaml.safe_load(text)["study"])
    except (KeyError, TypeError, yaml.YAMLError):
        return folder.name


def _text(folder: ResultsFolder) -> str | None:
    try:
        return folder.study_file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
