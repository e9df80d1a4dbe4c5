"""The pace of images, and who sets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.runner.check import Rate, bottleneck, pipeline_rate
from scaling.runner.data import Augmentation, DataError, ImageDataset
from tests.runner.data import stored


class Slow:
    """Images in batches of 10 that take these seconds each; a clock tells."""

    train_size = 50

    def __init__(self, seconds: Iterator[float]) -> None:
        self._seconds, self.now = seconds, 0.0

    def training(self, *_: Any) -> Iterator[Any]:
        for _ in range(5):
            self.now += next(self._seconds)
            yield None

    def clock(self) -> float:
        return self.now


def rate(slow: Slow, batch_size: int = 10, seconds: float = 0) -> Rate:
    images: ImageDataset = slow  # type: ignore[assignment]
    return pipeline_rate(images, batch_size, Augmentation(flip=False), seconds, slow.clock)


def test_warm_up_is_left_out_and_epochs_follow_each_other() -> None:
    steady = rate(Slow(iter([9.0] * 4 + [0.5] * 100)), seconds=20)
    assert (steady.mean, steady.low, steady.high) == pytest.approx((20, 20, 20))


def test_noise_widens_the_interval() -> None:
    noisy = rate(Slow(iter([0.0] * 4 + [0.5, 1.0] * 5)))
    assert noisy.mean == pytest.approx(15)
    assert (
        noisy.high - noisy.mean == pytest.approx(noisy.mean - noisy.low) == pytest.approx(2.262 * 5.27 / 10**0.5, 1e-3)
    )


def test_too_few_images_for_a_batch_are_told() -> None:
    with pytest.raises(DataError, match="50 training images do not fill one batch of 64"):
        rate(Slow(iter([])), batch_size=64)


@pytest.mark.parametrize(("model", "expected"), [(50, "model"), (150, "data"), (100, "undecided")])
def test_the_slower_is_the_bottleneck_where_the_interval_tells(model: float, expected: str) -> None:
    assert bottleneck(Rate(100, 90, 110), model) == expected


@pytest.mark.slow
def test_the_command_measures_a_folder_and_a_model(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path)
    options = ["--batch-size", "8", "--seconds", "0.2", "--augment", "--model", "resnet_rs_14x0.0625@32"]
    result = CliRunner().invoke(app, ["data", "check", name, *options, "--json"])
    checked = json.loads(result.stdout)
    assert (checked["resolution"], checked["randaugment_layers"], checked["skipped"]) == (32, 2, [])
    assert checked["train"] + checked["validation"] + checked["test"] == 48
    assert checked["low"] < checked["images_per_second"] < checked["high"]
    assert checked["per_core"] == checked["images_per_second"] / checked["cores"]
    assert checked["bottleneck"] == bottleneck(
        Rate(checked["images_per_second"], checked["low"], checked["high"]), checked["model"]["images_per_second"]
    )
    shown = CliRunner().invoke(app, ["data", "check", name, "--batch-size", "8", "--seconds", "0.1"]).stdout
    assert "pipeline: " in shown
    assert "bottleneck" not in shown
    refused = CliRunner().invoke(app, ["data", "check", name, "--resolution", "8", "--model", "resnet_rs_14@32"])
    assert (refused.exit_code, "resolution 8: resnet_rs_14@32 has its own" in refused.stderr) == (2, True)
