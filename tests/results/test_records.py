"""Nothing that was recorded is lost, and nothing that is no record is taken for one."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import scaling
from scaling.analysis.settings import collapse_seeds
from scaling.plots.kit.captions import about_accuracy
from scaling.results.columns import TABLE
from scaling.results.lock import DriverError
from scaling.results.records import ResultsError, ResultsFolder, find
from scaling.schema import SCHEMA_VERSION, Score, TrainRecord
from tests.builders import environment, latency_record, results_folder, train_record, trial


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record, failed = train_record(trial(seed=1)), train_record(trial(seed=2), failure="nan")
    folder = results_folder(tmp_path / "study", [record, failed])
    assert folder.training.read() == ([record, failed], [])
    assert folder.done() == {record.trial_id}


def test_a_torn_last_line_is_set_aside_and_the_next_record_starts_afresh(tmp_path: Path) -> None:
    first, second = train_record(trial(seed=1)), train_record(trial(seed=2))
    folder = results_folder(tmp_path / "study", [first])
    whole = folder.training.path.read_bytes()
    folder.training.path.write_bytes(whole + whole[:50])
    assert len(folder.training.read()[0]) == 1
    with folder.writing():
        folder.training.append(second)
    assert folder.training.read() == ([first, second], [])
    assert folder.training.path.with_suffix(".torn").read_bytes() == whole[:50] + b"\n"


def test_foreign_lines_are_named_and_skipped(tmp_path: Path) -> None:
    record = train_record()
    folder = results_folder(tmp_path / "study", [record])
    good = folder.training.path.read_text()
    folder.training.path.write_text('hello\n\n{"a": 1}\n' + good)
    records, skipped = folder.training.read()
    assert records == [record]
    assert [one.line for one in skipped] == [1, 3]
    with pytest.warns(UserWarning, match="skipped") as warned:
        assert len(scaling.load_results(tmp_path)) == 1
    assert [number for number in (1, 2, 3) if any(f"records.jsonl:{number}: " in str(w.message) for w in warned)] == [
        1,
        3,
    ]


def test_records_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    folder = results_folder(tmp_path / "study", [train_record()])
    newer = json.loads(folder.training.path.read_text()) | {"schema_version": SCHEMA_VERSION + 1}
    folder.training.path.write_text(json.dumps(newer) + "\n")
    with pytest.raises(ResultsError, match="is newer than this toolkit's"):
        folder.training.read()


def test_a_second_driver_is_refused_by_name(tmp_path: Path) -> None:
    holder = (
        "import sys, pathlib; from scaling.results.records import ResultsFolder\n"
        "with ResultsFolder(pathlib.Path(sys.argv[1])).writing():\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(DriverError, match=f"process {process.pid} on "), ResultsFolder(tmp_path).writing():
            pass
        process.kill()
    with ResultsFolder(tmp_path).writing():
        pass


def test_a_write_that_does_not_fit_leaves_the_file_as_it_was() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(OSError, match=r"No space left|Invalid argument"):
        ResultsFolder(Path("x")).training.__class__(full, TrainRecord).append(train_record())


def test_find_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no such folder"):
        find(tmp_path / "nowhere")
    with pytest.raises(ResultsError, match="run a study first"):
        find(tmp_path)


def test_top5_is_of_the_weights_whose_accuracy_counts(tmp_path: Path) -> None:
    raw, ema = (Score(correct=500, correct_top5=top5, n=1000, loss=1.0) for top5 in (800, 900))
    told = train_record(trial(seed=0), validation_raw=raw, validation_ema=ema)
    silent = train_record(trial(seed=1))
    frame = scaling.load_results(results_folder(tmp_path / "study", [told, silent]).path).set_index("seed")
    assert frame.loc[0, "top5"] == 0.9
    assert np.isnan(frame.loc[1, "top5"])
    (setting,) = collapse_seeds(frame.reset_index())["top5"]
    assert setting == 0.9
    assert "Top-5 accuracy: 90.0%." in about_accuracy(collapse_seeds(frame.reset_index()))[0]
    with pytest.raises(ValueError, match="correct_top5 499 is not from correct 500 to n 1000"):
        Score(correct=500, correct_top5=499, n=1000)


def test_load_results_joins_latency_and_keeps_failures(tmp_path: Path) -> None:
    good, failed = trial(seed=0), trial(seed=1)
    results_folder(
        tmp_path / "study",
        [train_record(good, failure="crash"), train_record(good, top1=0.75), train_record(failed, failure="oom")],
        [latency_record(good.variant, median_ms=12.5), latency_record(good.variant, phase="inference", failure="oom")],
    )
    frame = scaling.load_results(tmp_path).set_index("trial_id")
    assert list(frame["status"]) == ["ok", "failed"]
    assert frame.loc[good.id, "top1"] == 0.75
    assert frame.loc[good.id, "training_ms"] == 12.5
    assert frame["inference_ms"].isna().all()
    assert frame.loc[failed.id, "failure_kind"] == "oom"
    assert frame.loc[failed.id, "seed"] == 1


def test_a_later_failure_does_not_hide_a_success(tmp_path: Path) -> None:
    results_folder(tmp_path / "study", [train_record(top1=0.75), train_record(failure="crash")])
    assert list(scaling.load_results(tmp_path)["status"]) == ["ok"]


def test_reading_leaves_the_garbage_collector_as_it_was(tmp_path: Path) -> None:
    folder = results_folder(tmp_path / "study", [train_record()])
    for switch in (gc.disable, gc.enable):
        switch()
        folder.training.read()
        assert gc.isenabled() == (switch is gc.enable)


def test_rows_are_the_last_of_each_trial_in_order_of_the_first(tmp_path: Path) -> None:
    one, other = trial(seed=1), trial(seed=2)
    records = [train_record(one, top1=0.1), train_record(other, failure="oom"), train_record(one, top1=0.2)]
    records += [train_record(other, failure="nan"), train_record(one, failure="crash")]
    frame = scaling.load_results(results_folder(tmp_path / "study", records).path)
    assert frame["trial_id"].tolist() == [one.id, other.id]
    assert frame["top1"].tolist()[0] == 0.2
    assert frame["failure_kind"].tolist()[1] == "nan"


def timed_elsewhere(path: Path) -> Path:
    """Two networks of each of two families that were trained in a cloud, and timed on a laptop and on a phone."""
    trials = [trial(family=family, depth=depth) for family, depth in SIZES]
    records = [train_record(one, top1=0.5 + 0.01 * i, device="cloud") for i, one in enumerate(trials)]
    times = [("laptop", 1.0, trials), ("phone", 20.0, trials[:3])]
    timings = [
        latency_record(one.variant, median_ms=ms * (i + 1), device=device)
        for device, ms, timed in times
        for i, one in enumerate(timed)
    ]
    return results_folder(path / "study", records, timings).path


SIZES = (("resnet_rs", 26), ("resnet_rs", 50), ("efficientnet", 0.25), ("efficientnet", 0.5))


def test_what_was_timed_on_two_places_that_did_not_train_it_has_the_times_of_one_and_they_are_named(
    tmp_path: Path,
) -> None:
    folder = timed_elsewhere(tmp_path)
    with pytest.warns(UserWarning, match="study: 3 networks were timed on laptop .* and phone .*, and trained on none"):
        frame = scaling.load_results(folder)
    assert frame["training_ms"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert frame["training_device"].str.startswith("laptop").all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        phone = scaling.load_results(folder, device="Phone")
    assert phone["training_ms"].tolist() == [20.0, 40.0, 60.0, 4.0]


def test_they_are_recommended_and_compared_by_these_times(tmp_path: Path) -> None:
    folder = timed_elsewhere(tmp_path)
    with pytest.warns(UserWarning, match="`scaling compare --device 'phone"):
        frame = scaling.load_results(folder)
    chosen = scaling.recommend(frame, {"training_ms": 3.5})
    assert chosen.sentences[0].startswith("Of 3 settings that meet training_ms=3.5, ")
    on_the_phone = scaling.compare(folder, device="phone")
    ((_, compared),) = on_the_phone.parts
    assert compared.cost.name == "training_ms"
    assert {name for pair in compared.pairs for name in (pair.of.name, pair.over.name)} == {"resnet_rs", "efficientnet"}


def test_seeds_of_one_setting_at_two_places_have_each_its_own_timing(tmp_path: Path) -> None:
    here, there = environment("here"), environment("there")
    one = trial(seed=0)
    records = [
        train_record(trial(seed=seed)).model_copy(update={"environment": place})
        for seed, place in enumerate((here, there, here))
    ]
    timings = [
        latency_record(one.variant, median_ms=ms).model_copy(update={"environment": place})
        for ms, place in ((1.0, here), (2.0, there))
    ]
    frame = scaling.load_results(results_folder(tmp_path / "study", records, timings).path)
    assert frame["training_ms"].tolist() == [1.0, 2.0, 1.0]
    assert frame["device"].tolist() == ["here", "there", "here"]
    assert frame["seed"].tolist() == [0, 1, 2]
    assert frame.columns.tolist() == list(TABLE)
