"""What people and programs are told of a plan."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from scaling.generator import search
from scaling.generator.budget import Basis, basis
from scaling.generator.study import Study, check
from scaling.generator.time_limits import TimeLimits, without_left_out
from scaling.interface.asking import load_study, plan
from scaling.reports import plan as plans
from scaling.reports import plan_table, tables
from tests.builders import latency_record, results_folder, train_record
from tests.models.weight_files import FakeModel, as_timm, values, write_timm

STUDY = check(
    {
        "study": "example",
        "question": "Is it shown whole?",
        "dataset": {"name": "fashion_mnist", "train_examples": 1000},
        "grid": [{"depth": [14, 26], "width": [0.0625, 0.1875]}],
        "across": {"resolution": 16, "stem": "small", "epochs": [2, 100], "seed": [0, 1]},
    }
)


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_number_is_cut_short_however_narrow_the_terminal(width: int) -> None:
    text = io.StringIO()
    plans.show_plan(STUDY, plans.rows(STUDY, ()), Console(file=text, width=width), wide=True)
    for trial in STUDY.trials:
        row = next(line for line in text.getvalue().splitlines() if line.startswith(trial.id)).split()
        assert row[1:5] == [
            f"{trial.variant.depth:g}",
            f"{trial.variant.width:g}",
            str(trial.recipe.epochs),
            str(trial.seed),
        ]


def test_json_has_every_trial_its_costs_and_what_is_done() -> None:
    done = STUDY.trials[3].id
    document = json.loads(json.dumps(plans.as_json(STUDY, plans.rows(STUDY, {done}))))
    assert document["totals"]["trials"] == len(document["trials"]) == 16
    assert [trial["id"] for trial in document["trials"] if trial["done"]] == [done]
    first = document["trials"][0]
    assert first["train_macs"] == 3 * first["macs"] * 1000 * 2
    assert document["totals"]["train_macs"] == sum(trial["train_macs"] for trial in document["trials"])
    assert first["recipe"]["epochs"] == 2


def test_the_plans_counts_are_the_models() -> None:
    from scaling.models import count, describe

    for trial, row in zip(STUDY.trials, plans.rows(STUDY, ()), strict=True):
        cost = count(describe(trial.variant, channels=1, classes=10))
        assert (row["params"], row["macs"], row["activations"]) == (cost.params, cost.macs, cost.activations)


def shown(study: Study, by: Basis | None = None, width: int = 120, wide: bool = False) -> str:
    text = io.StringIO()
    plans.show_plan(study, plans.rows(study, (), by), Console(file=text, width=width), by, wide=wide)
    return text.getvalue()


def lines_of_settings(study: Study, done: set[str]) -> list[list[str]]:
    """The cells of each line of the plan's table but its headings."""
    text = io.StringIO()
    plans.show_plan(study, plans.rows(study, done), Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    (heading,) = [place for place, line in enumerate(lines) if line.lstrip().startswith("depth ")]
    return [line.split() for line in lines[heading + 2 :] if line.startswith(" ") and line.split()[0].isdigit()]


def test_seeds_of_a_setting_stand_on_one_line_with_how_many_are_done() -> None:
    done = {trial.id for trial in STUDY.trials if trial.seed == 1 and trial.recipe.epochs == 2}
    rows = lines_of_settings(STUDY, done)
    assert len(rows) == len(STUDY.trials) / 2
    assert [(row[2], row[3], row[-1]) for row in rows] == [("2", "0-1", "1/2"), ("100", "0-1", "0/2")] * 4


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([0], "0"),
        ([4, 0, 1, 2, 3], "0-4"),
        ([0, 2, 3, 7], "0,2-3,7"),
        ([11, 222, 3333, 44444], "4 seeds"),
    ],
)
def test_seeds_are_joined_in_stretches(seeds: list[int], text: str) -> None:
    assert plan_table.joined(seeds) == text


H100 = basis("h100", ())


def test_json_has_memory_time_and_money_of_each_trial_and_their_sums() -> None:
    done = {STUDY.trials[0].id}
    document = json.loads(json.dumps(plans.as_json(STUDY, plans.rows(STUDY, done, H100), H100)))
    trials, totals = document["trials"], document["totals"]
    assert {"memory_gb", "hours", "cost", "train_macs", "params", "macs", "activations"} <= set(trials[0])
    assert {"trials", "train_macs", "hours", "cost", "hours_left", "cost_left", "max_memory_gb"} <= set(totals)
    for name in ("hours", "cost"):
        assert totals[name] == pytest.approx(sum(trial[name] for trial in trials))
        assert totals[f"{name}_left"] == pytest.approx(totals[name] - trials[0][name])
    assert totals["cost"] == pytest.approx(totals["hours"] * H100.accelerator.dollars_per_hour)
    assert document["reckoned_by"]["accelerator"]["name"] == "h100"
    assert "assumption" in document["reckoned_by"]["accelerator"]["price"]
    assert document["reckoned_by"]["measured"] is None


def test_people_are_told_time_money_and_what_they_rest_on() -> None:
    text = shown(STUDY, H100, wide=True)
    assert "left on h100: " in text
    assert "assumption" in text
    assert "$" in next(line for line in text.splitlines() if line.startswith("trial")).split()
    assert max(len(line.rstrip()) for line in text.splitlines() if line.startswith("rs")) <= 120


def test_nothing_is_said_of_money_where_nobody_knows_the_price() -> None:
    assert "$" not in shown(STUDY)


def test_what_has_failed_is_said_and_no_time_is_left_for_it() -> None:
    first, second, *_ = (trial.id for trial in STUDY.trials)
    rows = plans.rows(STUDY, {first}, failed={second})
    totals = plans.totals(STUDY, rows)
    others = sum(row["hours"] for row in rows if row["id"] not in (first, second))
    assert (totals["done"], totals["failed"], totals["hours_left"]) == (1, 1, pytest.approx(others))
    text = io.StringIO()
    plans.show_plan(STUDY, rows, Console(file=text, width=200), wide=True)
    assert f"{len(STUDY.trials)} trainings, 1 done, 1 failed, and" in text.getvalue()


def test_caps_are_on_what_is_left() -> None:
    rows = plans.rows(STUDY, (), H100)
    totals = plans.totals(STUDY, rows)
    assert plans.beyond(STUDY, rows, H100, None, None) == []
    assert plans.beyond(STUDY, rows, H100, totals["hours"], totals["cost"]) == []
    hours, cost = plans.beyond(STUDY, rows, H100, totals["hours"] * 0.99, totals["cost"] * 0.99)
    assert "hours left on h100, more than --max-hours" in hours
    assert "dollars left on h100, more than --max-cost" in cost
    everything = {trial.id for trial in STUDY.trials}
    assert plans.beyond(STUDY, plans.rows(STUDY, everything, H100), H100, 0, 0) == []


@pytest.mark.parametrize(
    ("hours", "text"),
    [(0.01, "36s"), (0.02, "72s"), (0.2, "12m"), (3.44, "3.4h"), (812.4, "812h"), (12345.6, "12.3kh")],
)
def test_time_has_no_more_digits_than_an_estimate_deserves(hours: float, text: str) -> None:
    assert tables.time(hours) == text


def setting_rows(study: Study) -> list[list[str]]:
    """The heading and the rows of the table of a plan."""
    console = io.StringIO()
    plan_table.show_trials(study, plans.rows(study, ()), Console(file=console, width=80), basis("cpu", ()), False)
    return [line.split() for line in console.getvalue().splitlines()[1:]]


def test_a_training_from_weights_is_another_row_than_one_from_random_ones(tmp_path: Path) -> None:
    content = {
        "study": "tuned",
        "question": "Do weights help?",
        "dataset": {"name": "synthetic"},
        "grid": [{"depth": 26, "width": 0.125, "resolution": 32, "seed": [0, 1]}],
        "recipe": {"epochs": 1},
    }
    first = check(content).trials[0]
    write_timm(tmp_path / "resnet_rs.safetensors", as_timm(values(FakeModel(first.variant, seed=1))))
    named = str(tmp_path / "{family}.safetensors")
    tuned = check(content | {"across": {"init": [None, named]}})
    heading, _, plain, from_weights, *_ = setting_rows(tuned)
    assert heading[:2] == ["init", "seeds"]
    assert plain[:2] == ["random", "0-1"]
    assert from_weights[0].endswith("safetensors")
    assert from_weights[1] == "0-1"
    assert "init" not in setting_rows(check(content | {"init": named}))[0]


def test_blocks_stand_in_a_column_where_nothing_else_tells_networks_apart() -> None:
    content = STUDY.file.model_dump(mode="json", exclude_defaults=True) | {
        "grid": [{"depth": 29, "width": 0.25, "blocks": [[2, 2, 2, 3], [1, 3, 4, 1]]}]
    }
    assert [row[1] for row in setting_rows(check(content))[-4:]] == ["2-2-2-3", "2-2-2-3", "1-3-4-1", "1-3-4-1"]


def test_a_search_says_how_far_it_is_and_what_is_next(tmp_path: Path) -> None:
    of = check(
        {
            "study": "example",
            "question": "What is next?",
            "dataset": {"name": "synthetic", "train_examples": 1000},
            "search": {"trials": 5, "space": {"depth": [14], "width": {"low": 0.0625, "high": 0.25}}},
            "across": {"resolution": 16, "stem": "small", "epochs": 2},
        }
    )
    folder = results_folder(tmp_path / "example")
    for _ in range(2):
        folder.training.append(train_record(search.study_so_far(of, folder).suggested[0]))
    so_far = search.study_so_far(of, folder)
    rows = plans.rows(so_far, folder.done())
    document = plans.as_json(so_far, rows)
    assert document["search"] == {"trials": 5, "recorded": 2, "suggested": [so_far.trials[2].id]}
    assert [row["done"] for row in rows] == [True, True, False]
    totals = document["totals"]
    assert totals["to_come"] == 2
    assert totals["hours_left"] == pytest.approx(rows[2]["hours"] + 2 * totals["hours"] / 3)
    console = io.StringIO()
    plans.show_plan(so_far, rows, Console(file=console, width=120), wide=True)
    text = console.getvalue()
    assert "search: 2 of 5 trials recorded" in text
    assert "5 trainings, 2 done, 2 still to be suggested; about " in text
    of_all = tables.time(totals["hours"] * 5 / 3)
    assert f"left on cpu: {tables.time(totals['hours_left'])} of {of_all};" in text
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("rs")] == ["yes", "yes", "next"]


def test_networks_beyond_a_limit_on_a_time_are_named_and_cost_nothing(tmp_path: Path) -> None:
    content = STUDY.file.model_dump(mode="json", exclude_defaults=True) | {"constraints": {"max_inference_ms": 5}}
    limited = check(content)
    slow = limited.variants[-1]
    folder = results_folder(tmp_path / "example", [], [latency_record(slow, phase="inference", channels=1)])
    parted = without_left_out(limited, TimeLimits.read(limited, folder), ())
    told = f"{slow.name} (4 trials) left out by constraints.max_inference_ms: 10 ms is more than 5 ms"
    assert told in shown(parted, width=80)
    document = plans.as_json(parted, plans.rows(parted, ()))
    assert document["totals"]["trials"] == 12
    assert [(each["model"], each["trials"]) for each in document["left_out"]] == [(slow.name, 4)]
    assert plans.as_json(limited, plans.rows(limited, ()))["left_out"] == []


def test_hours_are_reckoned_on_the_accelerator_that_they_are_limited_on(tmp_path: Path) -> None:
    content = STUDY.file.model_dump(mode="json", exclude_defaults=True)
    content["constraints"] = {"max_train_hours": 1e3, "on": "h100"}
    (tmp_path / "example.yaml").write_text(check(content).to_yaml())
    for on, name in ((None, "h100"), ("a100-40", "a100-40")):
        by = plan(load_study(tmp_path / "example.yaml"), tmp_path, on).basis
        assert by.accelerator.name == name
