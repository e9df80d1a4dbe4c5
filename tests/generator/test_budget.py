"""What trials need: memory against Table 3, time and money against what is known of accelerators and records."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from scaling import published
from scaling.datasets.known import IMAGENET
from scaling.generator import calibration
from scaling.generator.accelerators import Accelerator, table
from scaling.generator.budget import Basis, basis, pace, train_macs
from scaling.generator.errors import StudyError
from scaling.generator.sizes import size
from scaling.models import BUILT_IN, Complexity, cost
from scaling.models.memory import training_memory_gb
from scaling.schema import TrainRecord, Trial, Variant
from tests import builders
from tests.builders import latency_record


def efficientnet(depth: float, width: float, resolution: int) -> Variant:
    return Variant(family="efficientnet", depth=depth, width=width, resolution=resolution)


@pytest.mark.parametrize(
    ("variant", "measured_gb", "off"),
    [
        (Variant(depth=350, resolution=256), 7.3, 0.27),
        (Variant(depth=420, resolution=320), 15.5, -0.02),
        (efficientnet(2.6, 1.8, 528), 16.6, 0.01),
        (efficientnet(3.1, 2.0, 600), 28.3, 0.02),
    ],
)
def test_the_estimate_is_off_by_as_much_as_its_docstring_says(variant: Variant, measured_gb: float, off: float) -> None:
    estimate = training_memory_gb(size(variant, IMAGENET), 32, "mixed_bfloat16")
    assert estimate / measured_gb - 1 == pytest.approx(off, abs=0.01)


def test_variables_stay_float32_and_activations_follow_precision_and_batch() -> None:
    counted = Complexity(params=1_000_000, macs=1, activations=1_000_000)
    assert training_memory_gb(counted, 100, "float32") == pytest.approx(0.016 + 0.6)
    assert training_memory_gb(counted, 100, "mixed_bfloat16") == pytest.approx(0.016 + 0.3)
    assert training_memory_gb(counted, 100, "auto") == training_memory_gb(counted, 100, "float32")


def trial(width: float = 0.25, epochs: int = 2, precision: str = "float32", **variant: Any) -> Trial:
    return builders.trial(width=width, epochs=epochs, train_examples=1000, recipe={"precision": precision}, **variant)


COUNTED = Complexity(params=1_000_000, macs=5_000_000, activations=100_000)
"""What the trials below are taken to cost: 3 * 5e6 * 1000 * 2 = 3e10 training multiply-accumulates."""

SLOW = Accelerator(
    name="slow",
    peak_tflops={"float32": 1e-3, "mixed_bfloat16": 2e-3},
    memory_gb=1,
    dollars_per_hour=3.6,
    utilisation={"resnet_rs": 0.5, "efficientnet": 0.25},
    devices=("slow card",),
)


def record(of: Trial, seconds: float, device: str = "A Slow Card", **fields: Any) -> TrainRecord:
    made = builders.train_record(of, macs=COUNTED.macs, params=COUNTED.params, device=device, **fields)
    return made.model_copy(update={"train_seconds": seconds, "setup_seconds": 0.0})


@pytest.mark.parametrize(
    ("of", "seconds"),
    [
        (trial(), 2 * 3e10 / (1e9 * 0.5)),
        (trial(epochs=4), 2 * 6e10 / (1e9 * 0.5)),
        (trial(precision="mixed_bfloat16"), 2 * 3e10 / (2e9 * 0.5)),
        (trial(precision="auto"), 2 * 3e10 / (2e9 * 0.5)),
        (trial(family="efficientnet", depth=1, width=1, resolution=32), 2 * 3e10 / (1e9 * 0.25)),
    ],
)
def test_without_records_time_is_operations_over_the_used_part_of_the_peak(of: Trial, seconds: float) -> None:
    estimate = Basis(SLOW).estimate(of, COUNTED)
    assert estimate.train_macs == 3 * 5_000_000 * 1000 * of.recipe.epochs
    assert estimate.hours == pytest.approx(seconds / 3600)
    assert estimate.cost == pytest.approx(3.6 * seconds / 3600)
    assert estimate.memory_gb == training_memory_gb(COUNTED, of.recipe.batch_size, of.recipe.precision)


def test_what_is_left_to_an_accelerator_without_bfloat16_is_reckoned_in_float32() -> None:
    without = SLOW.model_copy(update={"peak_tflops": {"float32": 1e-3, "mixed_float16": 8e-3}})
    assert without.operations_per_second("resnet_rs", "auto") == 1e9 * 0.5
    hours = [Basis(without).estimate(trial(precision=precision), COUNTED).hours for precision in ("auto", "float32")]
    assert hours[0] == hours[1]


def test_all_training_pictures_count_where_the_study_takes_all() -> None:
    assert train_macs(builders.trial(dataset="synthetic", epochs=1), COUNTED) == 3 * 5_000_000 * 9800


def test_records_replace_the_utilisation_by_the_variant_s_own_pace() -> None:
    measured = pace([record(trial(), 60.0), record(trial(epochs=4), 240.0)], SLOW)
    assert Basis(SLOW, measured).estimate(trial(epochs=1), COUNTED).hours == pytest.approx(300 / 6 / 3600)


def test_a_variant_without_records_takes_the_pace_of_the_nearest_in_macs() -> None:
    small, large = trial(width=0.25), trial(width=1.0)
    records = [record(small, 60.0), record(large, 120.0).model_copy(update={"macs": 80_000_000})]
    by = Basis(SLOW, pace(records, SLOW))
    of = trial(width=0.5)
    near_small, near_large = (Complexity(1, macs, 1) for macs in (15_000_000, 30_000_000))
    assert by.estimate(of, near_small).hours == pytest.approx(60 * 3 / 3600)
    assert by.estimate(of, near_large).hours == pytest.approx(120 * (30 / 80) / 3600)


def test_setup_is_added_once_a_training() -> None:
    one = record(trial(), 60.0).model_copy(update={"setup_seconds": 7.0})
    assert Basis(SLOW, pace([one], SLOW)).estimate(trial(), COUNTED).hours == pytest.approx(67 / 3600)


def test_a_training_on_some_cores_takes_its_part_of_the_processor() -> None:
    whole = SLOW.model_copy(update={"cores": 8})
    measured = pace([record(trial(), 60.0)], whole)
    assert measured is not None
    assert measured.side_by_side == 4
    assert Basis(whole, measured).estimate(trial(), COUNTED).hours == pytest.approx(60 / 4 / 3600)
    assert "1 training on A Slow Card, 4 side by side" in str(Basis(whole, measured))


def test_what_was_timed_here_stands_in_for_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert calibration.read() == ()
    timing = latency_record(trial(stem="small").variant, median_ms=50.0, batch_size=64, device="A CPU, 2 cores")
    calibration.keep([timing, latency_record(trial(stem="small").variant, failure="oom", device="A CPU, 2 cores")])
    calibration.keep([timing])
    assert calibration.read() == (timing,)
    assert basis(None, []).pace is None  # what is chosen to be trained rests on records alone
    reckoned = basis(None, [], timings=calibration.of_training())
    assert reckoned.pace is not None
    counted = cost(trial(stem="small").variant, channels=3, classes=10)
    seconds = 0.05 / 64 * train_macs(trial(stem="small"), counted) / 3 / counted.macs / reckoned.pace.side_by_side
    assert 3600 * reckoned.estimate(trial(stem="small"), counted).hours == pytest.approx(seconds)
    assert "the measured pace of training steps of 1 network on A CPU, 2 cores" in str(reckoned)
    assert basis("h100", [], timings=calibration.of_training()).pace is None
    calibration.file().write_text("not JSON")
    assert calibration.read() == ()


def test_failures_and_other_devices_say_nothing_of_the_pace() -> None:
    assert pace([], SLOW) is None
    assert pace([record(trial(), 60.0, device="NVIDIA H100")], SLOW) is None
    assert pace([record(trial(), 60.0, failure="oom")], SLOW) is None
    two = [record(trial(), 60.0, device="slow card 1"), record(trial(), 30.0, device="slow card 2")]
    measured = pace(two, SLOW)
    assert measured is not None
    assert (measured.device, measured.rests_on) == ("slow card 2", "1 training")


def test_the_accelerator_is_that_of_the_records_unless_named() -> None:
    records = [record(trial(), 60.0, device="NVIDIA H100 80GB HBM3")]
    assert basis(None, records).accelerator.name == "h100"
    assert basis(None, records).pace is not None
    assert basis("V100", records).accelerator.name == "v100"
    assert basis("V100", records).pace is None
    assert basis(None, []).accelerator.name == "cpu"
    assert basis(None, [record(trial(), 60.0, device="AMD EPYC, 2 cores")]).pace is not None
    with pytest.raises(StudyError, match=r"--on h10: not in the table of accelerators; did you mean 'h100'"):
        basis("h10", [])


with (Path(published.__file__).parent / "data" / "table7.csv").open(encoding="utf-8") as file:
    TABLE_7 = list(csv.DictReader(file))


@pytest.mark.parametrize("row", TABLE_7, ids=[f"{row['model']}@{row['resolution']}" for row in TABLE_7])
def test_the_papers_own_steps_are_reckoned_to_a_quarter(row: dict[str, Any]) -> None:
    """128 pictures in float32 on a V100, 1024 in bfloat16 on eight TPUv3 cores."""
    depth, width, resolution = float(row["depth"]), float(row["width"]), int(row["resolution"])
    counted = size(Variant(family=row["family"], depth=depth, width=width, resolution=resolution), IMAGENET)
    known, family = table(), row["family"]
    v100 = 2 * 3 * counted.macs * 128 / known["v100"].operations_per_second(family, "float32")
    tpu = 2 * 3 * counted.macs * 1024 / known["tpuv3-8"].operations_per_second(family, "mixed_bfloat16")
    assert v100 == pytest.approx(float(row["v100_seconds_per_step"]), rel=0.25)
    assert tpu == pytest.approx(float(row["tpuv3_ms_per_step"]) / 1e3, rel=0.25)


def test_users_add_to_the_table_and_change_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "scaling").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (home / "scaling" / "accelerators.yaml").write_text(
        "H100: {dollars_per_hour: 2.1}\ncpu: {dollars_per_hour: 0.05}\n"
        "Mine: {peak_tflops: {float32: 10}, memory_gb: 12, dollars_per_hour: 0, utilisation: 0.5}\n"
    )
    (tmp_path / "accelerators.yaml").write_text("h100: {utilisation: 0.4, price: by contract}\n")
    known = table(tmp_path)
    assert known["h100"].dollars_per_hour == 2.1
    assert known["h100"].utilisation == dict.fromkeys(BUILT_IN, 0.4)
    assert (known["h100"].price, table()["h100"].price) == ("by contract", "your own")
    assert known["h100"].memory_gb == 80
    assert known["cpu"].dollars_per_hour == 0.05
    assert known["mine"].operations_per_second("efficientnet", "mixed_bfloat16") == 5e12
    assert known["mine"].is_device("mine, rev. 2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine: {memory_gb: 12}", "mine.peak_tflops: required, and not given"),
        ("h100: {utilisation: 1.5}", "h100.utilisation"),
        ("h100: {dollar_per_hour: 1}", "h100.dollar_per_hour: unknown field; did you mean 'dollars_per_hour'"),
        ("h100: 3", "h100: a mapping of its values, not 3"),
        ("- h100", "a mapping of accelerators, each with its values"),
    ],
)
def test_a_wrong_file_of_accelerators_is_a_message(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "accelerators.yaml").write_text(text)
    with pytest.raises(StudyError) as error:
        table(tmp_path)
    assert message in str(error.value)
    assert "accelerators.yaml" in str(error.value)


def test_every_price_says_where_it_is_from() -> None:
    for name, one in table().items():
        assert "assumption" in one.price or name == "cpu"
        assert one.source != "your own"


def test_a_price_that_nobody_gave_is_not_called_nothing() -> None:
    assert str(basis("cpu", [])).endswith("money: the price of an hour is not known")
    assert "money: 8 dollars an hour; " in str(basis("tpuv3-8", []))
