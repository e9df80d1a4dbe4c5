"""What `scaling compare` and `scaling claims` print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.results.frame import load_results
from scaling.schema import Variant
from tests.builders import latency_record, results_folder, train_record, trial


def run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, list(arguments))
    return ran.exit_code, ran.output


def test_compare_prints_bands_and_a_sentence() -> None:
    code, text = run("compare", "--published", "table7", "--device", "v100")
    assert code == 0
    assert "ResNet-RS over EfficientNet" in text
    assert "none in the range tested" in " ".join(text.split())


def test_compare_as_json() -> None:
    code, text = run("compare", "--published", "table7", "--device", "tpu", "--json")
    document = json.loads(text)
    assert code == 0
    (part,) = document["parts"]
    assert part["crossovers"] == []
    assert {"accuracy", "speedup", "low", "high", "verdict"} <= part["bands"][0].keys()
    assert part["conditions"]["training_device"] == "TPUv3 (8 cores)"


def test_compare_answers_for_each_device_in_turn() -> None:
    code, text = run("compare", "--published", "table7", "--json")
    parts = {part["part"]: part for part in json.loads(text)["parts"]}
    assert code == 0
    tpu = "training device TPUv3 (8 cores), training precision mixed_bfloat16, training batch size 1024"
    gpu = "training device Tesla V100, training precision float32, training batch size 128"
    assert list(parts) == [tpu, gpu]
    alone = json.loads(run("compare", "--published", "table7", "--device", "tpu", "--json")[1])["parts"][0]
    assert parts[tpu]["pairs"] == alone["pairs"]
    code, text = run("compare", "--published", "table7")
    assert code == 0
    assert all(part in text for part in parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--published", "table77"], "did you mean 'table7'"),
        (["--published", "table7", "--cost", "mac"], "did you mean 'macs'"),
        (["--published", "table7", "--device", "h100"], "nothing was timed on 'h100'"),
    ],
)
def test_compare_refuses_with_a_message(options: list[str], message: str) -> None:
    code, text = run("compare", *options)
    assert code == 2
    assert message in " ".join(text.split())


def test_claims_as_json_and_for_people() -> None:
    code, text = run("claims", "results/reference/full_grid", "--json")
    document = json.loads(text)
    assert code == 0
    assert {"claim", "source", "verdict", "found", "expected"} <= document[0].keys()
    assert {"not addressed", "holds"} <= {one["verdict"] for one in document}
    code, text = run("claims", "results/reference/full_grid")
    assert code == 0
    assert "not addressed by these results" in " ".join(text.split())


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    """One study, trained and timed on two machines."""
    variants = [Variant(depth=depth, width=0.25, resolution=16, stem="small") for depth in (14, 26, 50)]
    trials = [
        trial(**variant.changed(), epochs=epochs, seed=s) for variant in variants for epochs in (1, 2) for s in (0, 1)
    ]
    devices = ("laptop", "server")
    training = [
        train_record(of, top1=0.5 + of.variant.depth / 200 + of.seed / 100, device=devices[of.seed]) for of in trials
    ]
    timings = [
        latency_record(variant, median_ms=variant.depth / speed, device=device, phase=phase)
        for variant in variants
        for device, speed in zip(devices, (1.0, 10.0), strict=True)
        for phase in ("training", "inference")
    ]
    return results_folder(tmp_path / "results" / "both", training, timings).path.parent


@pytest.mark.parametrize("command", ["compare", "fit", "claims", "status"])
def test_results_of_several_devices_are_answered_one_by_one(heap: Path, command: str) -> None:
    code, text = run(command, str(heap))
    assert code == 0, text
    if command in ("compare", "claims"):
        assert text.index("training device laptop") < text.index("training device server")


def test_training_times_of_several_devices_are_never_compared(heap: Path) -> None:
    code, text = run("compare", str(heap), "--cost", "train_seconds", "--by", "epochs")
    assert code == 0
    assert text.index("train device laptop") < text.index("train device server")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A checkout's `results/`, with the runs that ship with it."""
    results_folder(tmp_path / "results" / "reference" / "shipped", [train_record(top1=0.9)])
    return tmp_path / "results"


def test_reference_runs_stand_in_only_where_there_are_no_own_ones(user: Path) -> None:
    with pytest.warns(UserWarning, match="no runs of your own"):
        assert load_results(user)["study"].tolist() == ["shipped"]
    assert load_results(user / "reference")["study"].tolist() == ["shipped"]
    assert "no study has been run" in run("status", str(user))[1]
    assert run("plot", str(user))[0] == 2
    results_folder(user / "mine", [train_record(top1=0.5)])
    assert load_results(user)["study"].tolist() == ["mine"]
    assert "mine" in run("status", str(user))[1]
    assert "shipped" in run("status", str(user / "reference"))[1]
