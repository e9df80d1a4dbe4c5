"""What a machine can do, and what it says when it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scaling import machine
from scaling.runner import doctor
from scaling.runner.doctor import Finding


def findings(results: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:
    monkeypatch.setattr(doctor, "_training", lambda: Finding("training", "ok", "left out"))
    return {finding.about: finding for finding in doctor.examine(results)}


def test_a_results_folder_that_cannot_be_made_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert findings(tmp_path / "file" / "results", monkeypatch)["results folder"].state == "problem"
    good = findings(tmp_path / "results", monkeypatch)["results folder"]
    assert good.state in ("ok", "note")
    assert not (tmp_path / "results").exists(), "looking leaves nothing behind"
    (tmp_path / "own").mkdir()
    findings(tmp_path / "own", monkeypatch)
    assert list((tmp_path / "own").iterdir()) == []


def test_missing_packages_are_named_with_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_has", lambda name: name != "ray")
    assert findings(tmp_path, monkeypatch)["optional packages"].found.startswith("not installed: ray (cluster);")


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("model name\t: one\nflags\t\t: fpu avx512_bf16 amx_bf16 sse2\n", "ok", "amx_bf16, avx512_bf16;"),
        ("Features\t: fp asimd bf16\n", "ok", "bf16;"),
        ("flags\t\t: fpu avx512f\nbugs\t\t: avx512_bf16\n", "note", "no instructions for it"),
        (None, "note", "not known"),
    ],
)
def test_a_processor_that_multiplies_in_bfloat16_is_told_from_one_that_does_not(
    text: str | None, state: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "PROCESSOR", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    finding = findings(tmp_path / "results", monkeypatch)["bfloat16 on the processor"]
    assert finding.state == state
    assert finding.found.startswith(words)


@pytest.mark.slow
def test_the_command_takes_a_step_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scaling.cli", "doctor", "--results", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {finding["about"]: finding for finding in json.loads(done.stdout)}
    assert found["training"]["state"] == "ok"
    assert "a small network built, compiled and trained a step" in found["training"]["found"]
