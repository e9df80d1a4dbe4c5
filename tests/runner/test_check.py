"""The pace of images, and who sets it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
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
    steady = rate(Slow(iter([4.0] * 4 + [0.5] * 100)), seconds=20)
    assert (steady.mean, steady.low, steady.high) == pytest.approx((20, 20, 20))


def test_noise_widens_the_interval() -> None:
    """All images over all time, and the standard error of the logarithm of a mean duration."""
    noisy = rate(Slow(iter([0.0] * 4 + [0.5, 1.0] * 5)))
    assert noisy.mean == pytest.approx(100 / 7.5)
    away = math.exp(2.262 * (0.2635 / 0.75) / 10**0.5)
    assert (noisy.high / noisy.mean, noisy.mean / noisy.low) == pytest.approx((away, away), rel=1e-3)


def test_an_interval_is_never_below_0() -> None:
    wild = rate(Slow(iter([0.0] * 4 + [0.001] * 9 + [9.0])))
    assert 0 < wild.low < wild.mean < wild.high


def test_the_slow_begin_of_each_epoch_is_a_part_of_every_group_where_epochs_are_short() -> None:
    """Every fifth batch waits for an epoch to begin; that is no noise."""
    epochs = rate(Slow(iter([2.0, 0.1, 0.1, 0.1, 0.1] * 20)), seconds=10)
    assert (epochs.mean, epochs.low, epochs.high) == pytest.approx((50 / 2.4,) * 3)


def test_slow_batches_end_the_measurement_early() -> None:
    slow = Slow(iter([6.0] * 100))
    assert rate(slow, seconds=5).mean == pytest.approx(10 / 6)
    assert slow.now < 30


def test_too_few_images_for_a_batch_are_told() -> None:
    with pytest.raises(DataError, match="50 training images do not fill one batch of 64"):
        rate(Slow(iter([])), batch_size=64)


@pytest.mark.parametrize(("model", "expected"), [(50, "model"), (150, "data"), (100, "undecided")])
def test_the_slower_is_the_bottleneck_where_the_interval_tells(model: float, expected: str) -> None:
    assert bottleneck(Rate(100, 90, 110), model) == expected


def test_nothing_is_measured_where_no_time_is_given_and_no_training_stack_is_loaded(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path)
    arguments = ["data", "check", name, "--seconds", "0", "--validation-fraction", "0.5"]
    code = f"import sys; from scaling.cli.app import app; app({arguments}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "validation_fraction: 0.5" in done.stdout
    assert "pipeline" not in done.stdout.splitlines()[-2]
    assert not {"tensorflow", "keras"} & set(done.stdout.splitlines()[-1].split())


def test_what_was_only_listed_is_not_called_intact(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path, each=2)
    told = CliRunner().invoke(app, ["data", "fetch", name]).stdout
    assert told == f"{name}: found in {tmp_path}, and not read; `scaling data check {name}` reads it\n"
    assert "made when it is needed" in CliRunner().invoke(app, ["data", "fetch", "synthetic"]).stdout


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
    assert checked["resolves"]["difference"] > 0.1
    assert [each["images"] for each in checked["folder"]["classes"]] == [16, 16, 16]
    result = CliRunner().invoke(app, ["data", "check", name, "--seconds", "0.1"])
    assert f"batches of {checked['train']}" in result.stdout
    assert "bottleneck" not in result.stdout
    refused = CliRunner().invoke(app, ["data", "check", name, "--batch-size", "128"])
    assert (refused.exit_code, "training images do not fill one batch of 128" in refused.stderr) == (2, True)
    assert "warning: With " in refused.stdout
    refused = CliRunner().invoke(app, ["data", "check", name, "--resolution", "8", "--model", "resnet_rs_14@32"])
    assert (refused.exit_code, "resolution 8: resnet_rs_14@32 has its own" in refused.stderr) == (2, True)
