"""What a shell completes, and what it loads for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scaling.generator.study import available
from scaling.models.names import known
from scaling.plots.names import FIGURES, MODULES
from tests.test_packaging import HEAVY

ROOT = Path(__file__).parents[2]

COMPLETE = """
import sys
from scaling.cli.app import app
try:
    app(prog_name="scaling")
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""


def completed(line: str) -> tuple[list[str], set[str]]:
    """What bash is given to complete the last word of `line`, and the packages that were loaded for that."""
    words = line.split(" ")
    environment = os.environ | {
        "_SCALING_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = subprocess.run(
        [sys.executable, "-c", COMPLETE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    loaded = ran.stderr.rpartition("loaded:")[2].split()
    assert loaded, ran.stderr
    return ran.stdout.split(), {name.partition(".")[0] for name in loaded}


@pytest.mark.parametrize(
    ("line", "choices", "begins"),
    [
        ("scaling plan dep", available(), "dep"),
        ("scaling run imagenet/", available(), "imagenet/"),
        ("scaling studies --copy add", available(), "add"),
        ("scaling studies --copy fig3", ["fig3_depth_vs_width"], "fig3"),
        ("scaling models efficientnet_b", known(), "efficientnet_b"),
        ("scaling latency --model resnet_rs_", known(), "resnet_rs_"),
        ("scaling plot --figure f", FIGURES, "f"),
        ("scaling plot --figure accuracy_vs_m", FIGURES, "accuracy_vs_m"),
        ("scaling data fetch fash", ["fashion_mnist"], "fash"),
    ],
)
def test_names_are_completed_without_loading_what_uses_them(line: str, choices: list[str], begins: str) -> None:
    words, loaded = completed(line)
    assert words == [name for name in choices if name.startswith(begins)] != []
    assert not HEAVY & loaded


def test_a_further_figure_is_completed_after_a_comma() -> None:
    assert completed("scaling plot --figure regimes,fro")[0] == ["regimes,fronts"]


def test_commands_are_completed() -> None:
    assert completed("scaling rec")[0] == ["recommend"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_shown(shell: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", 'from scaling.cli.app import app; app(prog_name="scaling")', "--show-completion", shell],
        cwd=ROOT,
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"complete_{shell}" in ran.stdout
    assert "_SCALING_COMPLETE" in ran.stdout


def test_figures_are_called_after_their_modules() -> None:
    from scaling.plots import registry

    assert [figure.NAME for figure in registry.FIGURES] == list(MODULES)
