"""What `scaling compare` and `scaling claims` print."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app


def run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, list(arguments))
    return ran.exit_code, ran.output


def test_compare_prints_bands_and_a_sentence() -> None:
    code, text = run("compare", "--published", "table7", "--device", "v100")
    assert code == 0
    assert "resnet_rs over efficientnet" in text
    assert "none in the range tested" in " ".join(text.split())


def test_compare_as_json() -> None:
    code, text = run("compare", "--published", "table7", "--device", "tpu", "--json")
    document = json.loads(text)
    assert code == 0
    assert document["crossovers"] == []
    assert {"accuracy", "speedup", "low", "high", "verdict"} <= document["bands"][0].keys()
    assert document["conditions"]["training_device"] == "TPUv3 (8 cores)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--published", "table7"], "training_device: Tesla V100"),
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
    code, text = run("claims", "results/reference/depth_vs_width", "--json")
    document = json.loads(text)
    assert code == 0
    assert {"claim", "source", "verdict", "found", "expected"} <= document[0].keys()
    assert {"not addressed", "holds"} <= {one["verdict"] for one in document}
    code, text = run("claims", "results/reference/depth_vs_width")
    assert code == 0
    assert "not addressed by these results" in " ".join(text.split())
