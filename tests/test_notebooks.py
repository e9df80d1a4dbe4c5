"""The notebooks run from top to bottom, and say today what their committed output says."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec

FOLDER = Path(__file__).parents[1] / "notebooks"
TRAINS = "your_own_study"
NAMES = [
    "fig1_speed_accuracy",
    "fig2_power_law",
    "fig3_depth_vs_width",
    "fig4_pareto",
    "fig5_efficientnet_rs",
    "table1_additive",
    TRAINS,
]
NUMBER = re.compile(r"(?<![\w@])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?")


def read(name: str, folder: Path = FOLDER) -> Any:
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(cell: Any) -> str:
    """What a cell's output says, without pictures."""
    said = (
        output.text if output.output_type == "stream" else output.data.get("text/markdown", output.data["text/plain"])
        for output in cell.outputs
    )
    return " ".join(" ".join(said).split())


def kinds(cell: Any) -> list[tuple[str, list[str]]]:
    return [(output.output_type, sorted(output.get("data", {}))) for output in cell.outputs]


def numbers(said: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(said)]


COMMAND = ["nbconvert", "--to", "notebook", "--execute"]
IN_ONE_PIECE = "--NotebookExporter.preprocessors=nbconvert.preprocessors.CoalesceStreamsPreprocessor"


def executed(file: Path, folder: Path) -> Any:
    """In a process of its own, and by this interpreter, whatever kernels are installed."""
    write_kernel_spec(folder / "kernels" / "python3")
    first_on_path = {"PATH": Path(sys.executable).parent, "PYTHONPATH": FOLDER.parent}
    paths = {
        key: os.pathsep.join(filter(None, (str(first), os.environ.get(key)))) for key, first in first_on_path.items()
    }
    subprocess.run(
        [sys.executable, "-m", *COMMAND, IN_ONE_PIECE, "--output-dir", folder / "ran", file],
        cwd=FOLDER,
        env={**os.environ, **paths, "JUPYTER_DATA_DIR": str(folder)},
        timeout=900,
        check=True,
    )
    return read(file.stem, folder / "ran")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Code cells, once run, of all that train nothing: one after the other by one kernel, without others' names."""
    folder = tmp_path_factory.mktemp("notebooks")
    together, lengths = read(NAMES[0]), {}
    together.cells = []
    for name in NAMES:
        if name != TRAINS:
            cells = [nbformat.v4.new_code_cell(cell.source) for cell in code(read(name))]
            together.cells += [nbformat.v4.new_code_cell("%reset -f"), *cells]
            lengths[name] = len(cells)
    nbformat.write(together, folder / "together.ipynb")
    ran = iter(code(executed(folder / "together.ipynb", folder)))
    return {name: list(islice(ran, 1, length + 1)) for name, length in lengths.items()}


def test_there_is_one_for_each_figure_and_table() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_committed_output_is_whole_and_tells_nothing_of_the_machine(name: str) -> None:
    notebook, cells = read(name), code(read(name))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert notebook.metadata == {"kernelspec": notebook.metadata.kernelspec}
    assert notebook.metadata.kernelspec.name == "python3"
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result", "stream"}
    assert {output.name for output in outputs if output.output_type == "stream"} <= {"stdout"}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    said = " ".join(text(cell) for cell in cells)
    assert not re.search(r"(^|[\s'\"])(/\w|[A-Z]:\\)|\bobject at 0x|Warning", said), said
    assert platform.node() not in said
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_conclusions_are_computed_and_stand_last(name: str) -> None:
    cells = read(name).cells
    assert cells[-1].cell_type == "code"
    assert "text/markdown" in cells[-1].outputs[-1].data
    assert re.search(r"\b(holds|fails|undecided|not addressed|leads)\b", text(cells[-1]))
    headings = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert "## What holds" in headings[-1]
    assert not re.search(r"\d", headings[-1].replace("90%", ""))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_says_what_its_committed_output_says(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trains = name == TRAINS
    ran = code(executed(FOLDER / f"{name}.ipynb", tmp_path)) if trains else request.getfixturevalue("asked")[name]
    for then, now in zip(code(read(name)), ran, strict=True):
        assert kinds(now) == kinds(then), then.source
        if name != TRAINS:
            assert NUMBER.sub("#", text(now)) == NUMBER.sub("#", text(then))
            assert numbers(text(now)) == pytest.approx(numbers(text(then)), rel=0.05, abs=0.02)
    if name == TRAINS:
        assert any("16 trainings finished, 0 failed" in text(cell) for cell in ran)
