"""What people and programs are told of a plan."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from scaling import listing
from scaling.generator.study import check

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
    listing.show_plan(STUDY, listing.rows(STUDY, ()), Console(file=text, width=width))
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
    document = json.loads(json.dumps(listing.as_json(STUDY, listing.rows(STUDY, {done}))))
    assert document["totals"]["trials"] == len(document["trials"]) == 16
    assert [trial["id"] for trial in document["trials"] if trial["done"]] == [done]
    first = document["trials"][0]
    assert first["train_macs"] == 3 * first["macs"] * 1000 * 2
    assert document["totals"]["train_macs"] == sum(trial["train_macs"] for trial in document["trials"])
    assert first["recipe"]["epochs"] == 2


def test_the_plans_counts_are_the_models() -> None:
    from scaling.models import count, describe

    for trial, row in zip(STUDY.trials, listing.rows(STUDY, ()), strict=True):
        cost = count(describe(trial.variant, channels=1, classes=10))
        assert (row["params"], row["macs"], row["activations"]) == (cost.params, cost.macs, cost.activations)
