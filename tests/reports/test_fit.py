from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from tests.builders import latency_record, results_folder, train_record, trial


def fit(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["fit", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Error is about `2 macs^-0.1` for depth 14 and width 0.25 to 2; depth 26 failed."""
    records, timings = [], []
    for number in range(1, 9):
        for seed in range(2):
            of = trial(width=number / 4, seed=seed)
            macs = round(1e6 * number**2)
            records.append(
                train_record(
                    of, macs=macs, top1=1 - 2 * macs**-0.1 * (1 + 0.004 * math.cos(7 * number + seed)), n=10**6
                )
            )
        timings.append(latency_record(of.variant, median_ms=10.0 * number))
    records.append(train_record(trial(depth=26), failure="oom"))
    return results_folder(tmp_path / "widths", records, timings).path


def test_json_has_every_number_with_its_interval(study: Path) -> None:
    document: dict[str, Any] = json.loads(fit(study, "--json"))
    assert (document["on"], document["level"]) == ("macs", 0.9)
    (group,) = document["groups"]
    assert (group["name"], group["points"]) == ("widths", 8)
    assert group["best"] in {law["law"] for law in group["laws"]}
    assert group["left_out"] == {"without x or error": 1}
    power = group["laws"][0]
    assert power["parameters"]["slope"]["value"] == pytest.approx(-0.1, abs=0.002)
    for estimate in (*power["parameters"].values(), power["scatter"], power["held_out"]["off"]):
        assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert group["break"]["at_flops"]["value"] == 2 * group["break"]["at"]["value"]
    (joint,) = document["joint"]
    assert joint["factors"] == ["width"]
    assert joint["parameters"]["width"]["value"] == pytest.approx(-0.2, abs=0.004)


def test_the_noise_that_is_assumed_is_a_note(tmp_path: Path) -> None:
    records = [train_record(trial(width=n / 4), macs=n * 10**6, top1=0.5 + n / 50, n=5000) for n in range(1, 7)]
    once = results_folder(tmp_path / "once", records).path
    (note,) = json.loads(fit(once, "--json"))["notes"]
    assert "points between seeds is assumed" in note
    assert f"note: {note}" in fit(once)
    assert json.loads(fit(once, "--seed-noise", "0.2", "--json"))["notes"] == []


def test_people_get_a_table(study: Path) -> None:
    text = fit(study)
    assert " *, " in text
    assert "broken power law" in text
    assert "left out: 1 without x or error" in text
    assert re.search(r"^  slope +-0\.1", text, re.MULTILINE)


def test_error_at_a_size_comes_first_and_says_how_far_it_is(study: Path) -> None:
    first = fit(study, "--at", "macs=1.6e7").splitlines()[2]
    assert first.startswith(("  at macs 16M: error 37.", "  at macs 16M: error 38."))
    assert first.endswith("; within what was measured")
    beyond = fit(study, "--at", "macs=1.28e8").splitlines()[2]
    assert "at macs 128M: error 30." in beyond or "at macs 128M: error 31." in beyond
    assert "by the mean of a power law with a floor, a law that falls from chance and a power law;" in beyond
    assert beyond.endswith("; 2 times beyond the largest that was measured")
    (group,) = json.loads(fit(study, "--at", "macs=1.28e8", "--json"))["groups"]
    assert group["at"]["error"] == pytest.approx(2 * 1.28e8**-0.1, rel=0.02)
    assert group["at"]["low"] < group["at"]["error"] < group["at"]["high"]
    assert group["at"]["times_beyond"] == pytest.approx(2)


def test_error_that_does_not_fall_has_no_trend(tmp_path: Path) -> None:
    levels = (0.70, 0.71, 0.695, 0.705, 0.70)
    records = [train_record(trial(width=i / 4), macs=10**6 * i, top1=top1) for i, top1 in enumerate(levels, start=1)]
    text = fit(results_folder(tmp_path / "flat", records).path)
    assert "no trend: the interval of the power law's slope" in text
    assert "no trend" not in fit(results_folder(tmp_path / "one", records[:2]).path)
    falls = [train_record(trial(width=i / 4), macs=10**6 * i, top1=0.9 - 0.05 * i) for i in range(1, 6)]
    assert "error rises: the interval of the power law's slope" in fit(results_folder(tmp_path / "rises", falls).path)


def test_without_a_law_there_is_no_error_to_tell(tmp_path: Path) -> None:
    folder = results_folder(tmp_path / "one", [train_record(trial(), top1=0.5)]).path
    assert "at macs 1M: no law to read (1 usable point; a power law needs three)" in fit(folder, "--at", "macs=1e6")
    (group,) = json.loads(fit(folder, "--at", "macs=1e6", "--json"))["groups"]
    assert group["at"] is None


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("params=1e6", "the laws are of macs; write macs=1e6, or --on params"),
        ("mac=1e6", "the laws are of macs; write macs=1e6\n"),
        ("macs=many", "'many' is no number above 0"),
        ("macs=-1", "'-1' is no number above 0"),
        ("macs=inf", "'inf' is no number above 0"),
    ],
)
def test_an_odd_place_is_refused(study: Path, at: str, message: str) -> None:
    assert message in fit(study, "--at", at, code=2)


def test_what_settings_of_one_width_share_is_said() -> None:
    assert "settings of one width scatter alike (correlation 0." in fit("--published", "fig2")
    (joint,) = json.loads(fit("--published", "fig2", "--json"))["joint"]
    assert joint["together_by"] == "width"
    assert 0 < joint["together"] < 0.95


def test_published_numbers_stand_beside_results(study: Path) -> None:
    document = json.loads(fit(study, "--published", "fig2", "--json"))
    assert {group["name"].split(",")[0] for group in document["groups"]} == {"widths", "published/fig2"}


@pytest.mark.parametrize("on", ["training_ms", "params", "epochs", "inference_ms"])
def test_any_cost_will_do(study: Path, on: str) -> None:
    document = json.loads(fit(study, "--on", on, "--json"))
    assert all(group["laws"] or group["reason"] for group in document["groups"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--published", "fig9"], "no published table named 'fig9'"),
        (["--published", "fig2", "--on", "flops"], "no law of 'flops'"),
        (["--published", "fig2", "--between", "5e9"], "'5e9' is no range LOW:HIGH"),
        (["--published", "fig2", "--between", "9:1"], "'9:1' is no range"),
        (["--published", "fig2", "--at", "resnet_rs_50"], "resnet_rs_50"),
        (["nowhere"], "no such folder"),
    ],
)
def test_mistakes_are_answered(arguments: list[str], message: str) -> None:
    assert message in fit(*arguments, code=2)


def test_factors_are_ranked_where_one_asks() -> None:
    document = json.loads(fit("--published", "fig2", "--at", "resnet_rs_200@224", "--json"))
    assert document["joint"][0]["rankings"][0]["at"] == {"depth": 200, "width": 1, "resolution": 224}


@pytest.mark.parametrize("table", ["grid_complexity", "table1", "table2", "table3", "recipes"])
def test_tables_that_say_little_give_sentences(table: str) -> None:
    assert "no fit" in fit("--published", table)


def test_fitting_imports_no_training_stack_and_draws_nothing() -> None:
    code = (
        "import sys; from scaling import published; from scaling.analysis.laws import fits\n"
        "import scaling.reports.fit\n"
        "fits.fit_all(published.load('table7'), 'macs')\n"
        "assert not {'tensorflow', 'keras', 'jax', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
