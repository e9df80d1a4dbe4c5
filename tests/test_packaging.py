from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import scaling

ROOT = Path(__file__).parents[1]
TRAINING = {"tensorflow", "keras", "jax", "ray"}
HEAVY = TRAINING | {"pandas", "scipy", "matplotlib", "seaborn", "optuna"}


def python(code: str) -> str:
    """Standard output of `code` in an interpreter of its own."""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def loaded_by(module: str) -> set[str]:
    names = python(f"import sys, {module}; print(*(name.partition('.')[0] for name in sys.modules))")
    return set(names.split())


def make(*arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    run = subprocess.run(["make", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_installed_version_is_the_package_s():
    assert metadata.version("scaling-study") == scaling.__version__


def test_the_command_is_callable():
    (command,) = metadata.entry_points(group="console_scripts", name="scaling")
    assert callable(command.load())


def test_package_exports_what_it_names():
    assert all(hasattr(scaling, name) for name in scaling.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = scaling.no_such_name


def test_the_command_line_starts_light():
    heavy = HEAVY & loaded_by("scaling.cli.app")
    assert not heavy, f"`import scaling.cli` imports {sorted(heavy)}: import these inside the commands that need them"


@pytest.mark.parametrize(
    "module", ["scaling", "scaling.results.frame", "scaling.generator", "scaling.analysis", "scaling.plots"]
)
def test_only_the_runner_loads_a_training_stack(module):
    assert not TRAINING & loaded_by(module)


def test_planning_an_ordinary_study_stays_light():
    """The paper's whole grid has to be planned in a second or two: what it resolves takes pandas and scipy, no more."""
    plan = "scaling.cli.app.app(['plan', 'imagenet/full_grid', '--json'], standalone_mode=False)"
    code = f"import sys, io, contextlib, scaling.cli.app\nwith contextlib.redirect_stdout(io.StringIO()):\n    {plan}\n"
    loaded = python(f"{code}print(*(name.partition('.')[0] for name in sys.modules))")
    assert not (HEAVY - {"pandas", "scipy"}) & set(loaded.split())


def test_help_lists_every_target():
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    listed = re.findall(r"^  make (\S+) +\S", make("help"), re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())


def test_help_is_what_make_does_by_default():
    assert make() == make("help")


def test_clean_never_deletes_results():
    assert "results" not in make("--dry-run", "clean")


def test_every_file_of_the_package_is_in_its_wheel():
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["scaling"]
    package = ROOT / "scaling"
    packed = {file for glob in globs for file in package.glob(glob)}
    files = {file for file in package.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    assert files == packed


def test_every_extra_is_documented():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = [
        line.split("|")[1] for line in (ROOT / "docs" / "install.md").read_text().splitlines() if line.startswith("|")
    ]
    assert set(extras) <= {name for row in rows for name in re.findall("`([^`]+)`", row)}


def test_every_dependency_has_a_lower_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    for requirement in [*project["dependencies"], *extras]:
        assert re.search(r">=|==|^scaling-study\[", requirement), requirement
