"""Trained, kept, begun from, exported, evaluated: real runs by the command line, and weights that do not fit."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.models import trained
from scaling.models.checkpoints import digest
from tests import commands

pytestmark = pytest.mark.slow

FIRST = """
study: first
question: Which network?
dataset: {name: synthetic, train_examples: 512}
grid:
  - {family: resnet, depth: 10, width: [0.0625, 0.125], resolution: 8, stem: small}
recipe: {epochs: 2, batch_size: 64, learning_rate: 0.05, ema_decay: 0.5}
latency: {phases: []}
"""
SECOND = """
study: second
question: Do weights help?
dataset: {name: synthetic, train_examples: 128}
grid:
  - {init: [null, results/first], frozen_stages: 0}
  - {init: results/first, frozen_stages: 2, body_rate: 0.5, layer_decay: 0.8}
across: {family: resnet, depth: 10, width: [0.0625], resolution: 8, stem: small}
recipe: {epochs: 1, batch_size: 64, learning_rate: 0.05, ema_decay: 0}
latency: {phases: []}
"""


def scaling(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own; the others in this one, which loads TensorFlow once."""
    run = arguments[0] == "run"
    done = commands.call(folder, *arguments) if run else commands.inside(folder, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def records(folder: Path, study: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results" / study / "records.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first study run, all weights kept, and the second begun from them."""
    folder = tmp_path_factory.mktemp("weights")
    for name, text in {"first": FIRST, "second": SECOND}.items():
        (folder / f"{name}.yaml").write_text(text)
    scaling(folder, "run", "first.yaml", "--keep", "all", "--workers", "1")
    scaling(folder, "run", "second.yaml", "--keep", "all", "--workers", "1")
    return folder


def test_a_run_keeps_raw_and_averaged_weights_and_no_checkpoint(folder: Path) -> None:
    from safetensors import safe_open

    for record in records(folder, "first"):
        path = folder / "results" / "first" / "weights" / f"{record['trial_id']}.safetensors"
        with safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            raw, averaged = (file.get_tensor(f"{kind}/head_dense/kernel") for kind in ("raw", "averaged"))
        assert {name.partition("/")[0] for name in names} == {"raw", "averaged"}
        assert not np.array_equal(raw, averaged)
    assert not list((folder / "results" / "first" / "checkpoints").glob("*.npz"))


def test_a_trial_begins_with_the_weights_of_another_and_frozen_stages_keep_them(folder: Path) -> None:
    from safetensors import safe_open

    (source,) = [record for record in records(folder, "first") if record["trial"]["variant"]["width"] == 0.0625]
    path = folder / "results" / "first" / "weights" / f"{source['trial_id']}.safetensors"
    begun = {record["trial_id"]: record for record in records(folder, "second") if record["trial"].get("init")}
    assert len(begun) == 2
    assert {record["trial"]["init"] for record in begun.values()} == {digest(path)}
    assert {record["weights_from"] for record in begun.values()} == {str(path)}
    (frozen,) = [record for record in begun.values() if record["trial"]["recipe"].get("frozen_stages")]
    after = folder / "results" / "second" / "weights" / f"{frozen['trial_id']}.safetensors"
    with safe_open(path, framework="numpy") as old, safe_open(after, framework="numpy") as new:
        for name in (key.removeprefix("raw/") for key in new.keys()):  # noqa: SIM118 (no mapping)
            # The weights whose accuracy was the source's: its averages.
            same = np.array_equal(old.get_tensor(f"averaged/{name}"), new.get_tensor(f"raw/{name}"))
            assert same == name.startswith(("stem", "stage2")), name


def test_a_kept_network_evaluates_to_its_recorded_accuracy(folder: Path) -> None:
    (record,) = [one for one in records(folder, "second") if not one["trial"].get("init")]
    weights = folder / "results" / "second" / "weights" / f"{record['trial_id']}.safetensors"
    arguments = ("evaluate", "synthetic", "--weights", str(weights), "--results", "own", "--json")
    told = json.loads(scaling(folder, *arguments).stdout)
    assert told["top1"]["value"] == pytest.approx(record["test_raw"]["correct"] / record["test_raw"]["n"])
    assert told["top5"]["value"] == pytest.approx(record["test_raw"]["correct_top5"] / record["test_raw"]["n"])
    wrong = scaling(folder, *arguments, "--model", "resnet_rs_50@32", code=2)
    assert "blocks 1-1-1-1" in wrong.stderr or "not this network" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_released_weights_are_measured_recorded_and_set_beside_others(folder: Path) -> None:
    from scaling.datasets import dataset_info
    from scaling.models.names import parse
    from scaling.runner.deploy.export import logits, random_values
    from tests.models.weight_files import as_timm, write_timm

    variant, info = parse("resnet_rs_26x0.125@32"), dataset_info("synthetic")
    values = random_values(variant, info)
    write_timm(folder / "released.safetensors", as_timm(values))
    arguments = ("evaluate", "synthetic", "--model", "resnet_rs_26x0.125@32", "--weights", "released.safetensors")
    told = json.loads(scaling(folder, *arguments, "--json").stdout)
    from scaling.runner.data.synthetic import gratings

    test = gratings(info.test, 32, seed=1)
    computed = logits(variant, values, info)(test.images.astype("float32"))
    assert told["n"] == info.test
    assert told["top1"]["value"] == pytest.approx(float(np.mean(computed.argmax(-1) == test.labels)), abs=2e-3)
    assert told["top1"]["low"] < told["top1"]["value"] < told["top1"]["high"]
    said = scaling(folder, *arguments).stdout
    assert "resnet_rs_26x0.125@32 with released.safetensors: top-1" in said
    (record, again) = records(folder, "evaluated")
    assert record["trial_id"] == again["trial_id"]
    assert record["trial"]["init"] == digest(folder / "released.safetensors")
    scaling(folder, "plot", "results/evaluated", "--format", "png")
    missing = scaling(folder, *arguments[:-1], "absent.h5", code=2)
    assert missing.stderr.strip() == "error: absent.h5: no such file"


def test_a_head_for_other_classes_is_new_in_training_and_refused_in_evaluation(folder: Path) -> None:
    from scaling.models.names import parse
    from tests.models.weight_files import FakeModel, as_timm, values, write_timm

    weights = as_timm(values(FakeModel(parse("resnet_rs_26x0.125@32"), seed=1)))
    weights["fc.weight"], weights["fc.bias"] = np.zeros((7, 256), np.float32), np.zeros(7, np.float32)
    write_timm(folder / "seven.safetensors", weights)
    network = ("--model", "resnet_rs_26x0.125@32", "--weights", "seven.safetensors")
    error = scaling(folder, "evaluate", "synthetic", *network, code=2).stderr
    assert "of another shape: fc.bias gives (7,) for head_dense/bias (10,)" in error or "is not for the 10" in error
    study = FIRST.replace("study: first", "study: head").replace(
        "family: resnet, depth: 10, width: [0.0625, 0.125], resolution: 8, stem: small",
        "depth: 26, width: 0.125, resolution: 32",
    )
    study += "init: seven.safetensors\n"
    (folder / "head.yaml").write_text(study.replace("epochs: 2", "epochs: 1"))
    said = scaling(folder, "run", "head.yaml").stdout
    assert "weights loaded; the head is new (head_dense/kernel, head_dense/bias)" in said


def test_export_and_predict_by_the_command_line(folder: Path) -> None:
    from PIL import Image

    scaling(folder, "export", "results/first", "best", "-o", "best.keras", "--licence", "CC0")
    card = (folder / "best.keras.md").read_text()
    assert "Licence of the weights: CC0." in card
    assert "class 0, class 1" in card
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(folder / "black.png")
    told = json.loads(scaling(folder, "predict", "best.keras", "black.png", "--json").stdout)
    assert sum(one["probability"] for one in told["images"][0]["classes"]) <= 1 + 1e-6
    assert scaling(folder, "predict", "best.keras", "nothing.png", code=1).stdout.count("no such file") == 1
    error = scaling(folder, "export", "results/first", "resnet10", code=2).stderr
    assert "2 trials begin so; weights are kept of resnet10" in error


def test_weights_that_do_not_fit_are_said_and_the_record_is_safe(folder: Path, tmp_path: Path) -> None:
    study = FIRST.replace("family: resnet, depth: 10", "family: vit, depth: 1, patch: 4")
    (tmp_path / "first.yaml").write_text(study.replace(", stem: small", ""))
    done = scaling(tmp_path, "run", "first.yaml", "--weights-gb", "0.00005", "--workers", "1")
    assert done.stdout.count("its weights are not kept") == 2
    assert [record.get("failure") for record in records(tmp_path, "first")] == [None, None]
    assert not list((tmp_path / "results" / "first" / "weights").glob("*"))


def test_a_disk_that_is_full_while_weights_are_written_leaves_no_part_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scaling.generator.study import check
    from scaling.runner.training import weights

    class Full:
        def weights(self, averaged: bool) -> dict[str, Any]:
            return {"a/b": np.zeros(100_000, np.float32)}

    (trial, *_) = check({**__import__("yaml").safe_load(FIRST)}).trials
    notes: list[str] = []

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    weights.keep(Full(), trial, str(tmp_path / "weights"), 10.0, False, notes.append)  # type: ignore[arg-type]
    assert notes == ["its weights are not kept: [Errno 28] No space left on device"]
    assert not list((tmp_path / "weights").iterdir())
    monkeypatch.undo()
    weights.keep(Full(), trial, str(tmp_path / "weights"), 10.0, False, notes.append)  # type: ignore[arg-type]
    assert [file.name for file in (tmp_path / "weights").iterdir()] == [f"{trial.id}{trained.SUFFIX}"]
