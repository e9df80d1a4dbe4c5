"""SIGTERM is answered from the command's first line on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STUDY = """
study: brief
question: Is it stopped?
dataset: {name: synthetic, train_examples: 64}
grid: [{depth: 14, width: 0.0625}]
across: {resolution: 8, stem: small, epochs: 1}
recipe: {batch_size: 32}
"""

TERMINATED_WHILE_LOADING = """
import importlib.abc, os, signal, sys

class Terminating(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == MODULE:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Terminating())
from scaling.cli.__main__ import main
sys.argv[:] = ["scaling", "run", "brief.yaml"]
main()
"""


@pytest.mark.parametrize("module", ["typer", "scaling.cli.app", "scaling.generator.study", "scaling.launch.run"])
def test_a_command_that_is_terminated_while_it_loads_exits_with_130(tmp_path: Path, module: str) -> None:
    (tmp_path / "brief.yaml").write_text(STUDY)
    code = f"MODULE = {module!r}\n{TERMINATED_WHILE_LOADING}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results" / "brief" / "records.jsonl").exists()
