"""The source distribution, the wheel that is built from it, and what is installed of that outside the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import scaling

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]

TOP = (
    *("scaling", "studies", "notebooks", "docs", "tests", "results/reference"),
    *("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "Makefile"),
)
"""Of the checkout, all that building asks for, and tests, which have to stay out of it."""

BUILD = "import sys, setuptools.build_meta as backend; print(getattr(backend, sys.argv[1])(sys.argv[2]))"

STUDY = """
study: tiny
question: Is it trained where the package is installed?
dataset: {name: synthetic, train_examples: 64}
grid: [{depth: 1, width: 0.0625}]
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 1, seed: [0, 1]}
recipe: {batch_size: 32}
"""


def built(source: Path, kind: str, into: Path) -> Path:
    """The distribution that the build backend makes of a folder, as `python -m build --no-isolation` does."""
    ran = subprocess.run(
        [sys.executable, "-c", BUILD, f"build_{kind}", str(into)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return into / ran.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a copy of the checkout, so that building leaves nothing in it."""
    place = tmp_path_factory.mktemp("checkout")
    for name in TOP:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name)
        else:
            shutil.copyfile(ROOT / name, place / name)
    return built(place, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (source,) = unpacked.iterdir()
    return built(source, "wheel", tmp_path_factory.mktemp("wheel"))


def of_checkout(folder: str, *patterns: str) -> set[str]:
    """Files of the checkout, by their paths in it."""
    files = {file for pattern in patterns for file in (ROOT / folder).rglob(pattern)}
    return {file.relative_to(ROOT).as_posix() for file in files if file.is_file()}


def test_the_source_distribution_has_what_the_wheel_is_built_of(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert of_checkout("studies", "*.yaml") | of_checkout("notebooks", "*.ipynb") <= names
    assert of_checkout("scaling", "*.py", "*.csv", "*.yaml", "*.j2", "py.typed") <= names
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_has_the_package_and_what_ships_with_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = (
        of_checkout("studies", "*.yaml")
        | of_checkout("notebooks", "*.ipynb")
        | of_checkout("results/reference", "*.jsonl", "study.yaml", "*.png", "*.svg", "index.md")
    )
    assert len(shipped) > 50
    assert {f"scaling/shipped/{name}" for name in shipped} <= names
    package = of_checkout("scaling", "*.py", "*.csv", "*.yaml", "*.j2", "*.css", "*.js", "py.typed")
    assert package <= names
    others = {name.partition("/")[0] for name in names} - {"scaling"}
    assert others == {f"scaling_study-{scaling.__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc") or "/tests/" in name]


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that has the wheel, and all else from the environment that runs this test."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, capture_output=True)
    python = place / "bin" / "python"
    # A path in a .pth file is searched last, and its own .pth files, such as the checkout's, are not followed.
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "running_environment.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    install = [*pip, "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    subprocess.run([*install, str(wheel)], check=True, env=clean(), cwd=place)
    return place / "bin" / "scaling"


def clean() -> dict[str, str]:
    """The environment without what would lead to the checkout, or hide what libraries write."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL")}
    return kept | {"COLUMNS": "80"}


def ran(command: Path, folder: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """Standard output and standard error of a command, which has to end with `code`."""
    done = subprocess.run(
        [str(command), *arguments], cwd=folder, env=clean(), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


IN_TURN = """
import json, sys
from typer.testing import CliRunner
from scaling.cli.app import app

told = []
for arguments in json.load(sys.stdin):
    done = CliRunner().invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    told.append((done.exit_code, done.stdout, done.stderr))
json.dump(told, sys.stdout)
"""


def ran_in_turn(command: Path, folder: Path, *calls: str) -> list[tuple[int, str, str]]:
    """Exit codes and what was said, of several commands in one process of the environment, which says no more."""
    done = subprocess.run(
        [str(command.with_name("python")), "-c", IN_TURN],
        input=json.dumps([call.split() for call in calls]),
        cwd=folder,
        env=clean(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [(code, said, errors) for code, said, errors in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


def test_the_installed_package_is_imported(command: Path, folder: Path) -> None:
    code = "import scaling, scaling.results.shipped as s; print(scaling.__file__, s.shipped('studies'))"
    python = command.with_name("python")
    said = subprocess.run(
        [str(python), "-c", code], cwd=folder, env=clean(), capture_output=True, text=True, check=True
    )
    assert all(path.startswith(str(command.parents[1])) for path in said.stdout.split())


COMMANDS = (
    ("--version", 0, rf"scaling {re.escape(scaling.__version__)}$"),
    ("studies", 0, r"additive  \(Table 1\)  22 trials, "),
    ("plan depth_vs_width", 0, r"depth_vs_width: For the same time per training step, does depth or width pay"),
    ("models resnet_rs_50@160", 0, r"name +depth +width +px +params +MACs +acts$"),
    ("data list", 0, r"name +train +test +classes +px +where$"),
    ("compare", 0, r"depth_vs_width: For the same time per training step, "),
    ("fit", 0, r"depth_vs_width: For the same time per training step, "),
    ("recommend", 0, r"depth_vs_width"),
    ("status", 0, r"no study has been run into results yet$"),
    ("next depth_vs_width", 0, r"depth_vs_width: \d+ trainings would decide most, "),
    (
        "plot",
        2,
        r"error: .*Their figures are in \S+/scaling/shipped/results/reference/\*/figures/; to redraw those",
    ),
    ("plot --published --figure additive --format png", 0, r"results/published/figures/additive\.png$"),
    ("studies --copy fig3_depth_vs_width", 0, r"fig3_depth_vs_width\.ipynb$"),
    ("studies --copy depth_vs_width", 0, r"depth_vs_width\.yaml$"),
    ("studies --copy depth_vs_width", 2, r"error: depth_vs_width\.yaml is there already; it was left as it is$"),
)
"""Their arguments, exit code, and the beginning of the first line that they say."""


@pytest.fixture(scope="module")
def told(command: Path, folder: Path) -> list[tuple[int, str, str]]:
    return ran_in_turn(command, folder, *(arguments for arguments, _, _ in COMMANDS))


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[arguments for arguments, _, _ in COMMANDS])
def test_every_command_works_in_a_folder_without_anything(told: list[tuple[int, str, str]], number: int) -> None:
    (_, expected, begins), (code, said, errors) = COMMANDS[number], told[number]
    assert code == expected, said + errors
    first = (errors if code else said).splitlines()[0]
    assert re.match(begins, first), first
    ours = ("note: ", "error: ", "warning: ", "  ")  # a warning of images that are not here goes on below
    assert all(line.startswith(ours) for line in errors.splitlines()), errors


def test_a_study_is_trained_and_no_library_writes_to_the_screen(command: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    said, errors = ran(command, tmp_path, "run", "tiny.yaml", "--keep", "all")
    assert re.search(
        r"^tiny: 2 trainings and \d+ timings finished, 0 failed; records in results/tiny$", said, re.MULTILINE
    )
    assert errors == ""
    status, plot, report = ran_in_turn(command, tmp_path, "status", "plot --format png", "report")
    assert (status[0], plot[0], report[0]) == (0, 0, 0)
    assert status[1].startswith("tiny  2 of 2 done")
    assert report[1].strip().endswith("report.html")
    assert (tmp_path / "results/tiny/figures/index.md").is_file()
    assert ran(command, tmp_path, "export", "results/tiny", "best", "-o", "tiny.keras")[1] == ""


@pytest.mark.parametrize("arguments", ["doctor", "data check synthetic --seconds 0.1 --resolution 8 --batch-size 16"])
def test_commands_that_load_tensorflow_keep_its_lines_off_the_screen(
    command: Path, tmp_path: Path, arguments: str
) -> None:
    assert ran(command, tmp_path, *arguments.split())[1] == ""
