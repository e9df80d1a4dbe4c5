"""The paper's studies, number for number, against its published tables."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from scaling.datasets import DATASETS
from scaling.datasets.known import IMAGENET
from scaling.generator import study as studies
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.models.names import name_of

PUBLISHED = Path(studies.__file__).parents[1] / "published" / "data"


def published(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader((PUBLISHED / f"{table}.csv").read_text(encoding="utf-8").splitlines()))


def shape(row: dict[str, str]) -> tuple[float, ...]:
    return tuple(float(row[field]) for field in ("depth", "width", "resolution"))


def shapes(study: Study) -> list[tuple[float, ...]]:
    return [(t.variant.depth, t.variant.width, t.variant.resolution) for t in study.trials]


@pytest.mark.parametrize(
    "name",
    [name for name in sorted(studies.available()) if name.startswith("imagenet/") and name != "imagenet/transfer"],
)
def test_every_one_trains_as_the_paper_did(name: str) -> None:
    study = studies.load(name)
    assert study.file.paper
    assert {t.dataset.name for t in study.trials} == {"imagenet"}
    held_out = IMAGENET.train * study.file.dataset.validation_fraction
    assert round(held_out) == IMAGENET.minival == 25_022
    for recipe, variant in ((trial.recipe, trial.variant) for trial in study.trials):
        of_its_authors = name == "imagenet/pareto_own_recipes" and variant.family == "efficientnet"
        batch, rate = (2048, 0.016 * 2048 / 256) if of_its_authors else (4096, 0.1 * 4096 / 256)
        assert (recipe.batch_size, recipe.learning_rate, recipe.warmup_epochs) == (batch, rate, 5)
        assert (recipe.optimizer, recipe.schedule) == (
            ("rmsprop", "exponential") if of_its_authors else ("sgd", "cosine")
        ) or (recipe.schedule == "step" and name == "imagenet/additive")
        assert recipe.precision == "mixed_bfloat16"


def test_one_study_trains_both_families_by_one_recipe_and_one_each_by_its_own() -> None:
    one, own = studies.load("imagenet/pareto"), studies.load("imagenet/pareto_own_recipes")
    assert [trial.variant for trial in one.trials] == [trial.variant for trial in own.trials]
    shared = ("optimizer", "schedule", "momentum", "nesterov", "batch_size", "learning_rate", "precision")
    assert len({tuple(getattr(trial.recipe, field) for field in shared) for trial in one.trials}) == 1
    assert len({tuple(getattr(trial.recipe, field) for field in shared) for trial in own.trials}) == 2
    policies = [trial.recipe.autoaugment for trial in own.trials if trial.variant.family == "efficientnet"]
    assert policies == [True] * 5 + [False, True, False]


def test_full_grid_is_figure_2_and_costs_what_was_computed_for_it() -> None:
    study = studies.load("imagenet/full_grid")
    computed = {shape(row): row for row in published("grid_complexity")}
    assert len(study.trials) == len(computed) == 175
    for trial, at in zip(study.trials, shapes(study), strict=True):
        counted = size(trial.variant, IMAGENET)
        assert 2 * counted.macs / 1e9 == pytest.approx(float(computed[at]["flops_billions_maxpool_stem"]), abs=5.1e-4)
        assert counted.params / 1e6 == pytest.approx(float(computed[at]["params_millions_maxpool_stem"]), abs=5.1e-3)
    assert {t.recipe.epochs for t in study.trials} == {350}


def test_full_grid_crossed_with_the_three_regimes_has_525_cells() -> None:
    assert len(studies.load("imagenet/full_grid", ["across.epochs=[10, 100, 350]"]).trials) == 525


def test_depth_vs_width_is_figure_3() -> None:
    study = studies.load("imagenet/depth_vs_width")
    drawn = {(int(row["epochs"]), *shape(row)) for row in published("fig3")}
    asked = {(t.recipe.epochs, *at) for t, at in zip(study.trials, shapes(study), strict=True)}
    assert asked == drawn
    assert len(study.trials) == 72


def test_pareto_is_table_7() -> None:
    study = studies.load("imagenet/pareto")
    rows = published("table7")
    assert shapes(study) == [shape(row) for row in rows]
    assert [t.variant.family for t in study.trials] == [row["family"] for row in rows]
    assert [name_of(t.variant) for t in study.trials[-8:]] == [f"efficientnet_b{index}" for index in range(8)]
    released = {(float(row["depth"]), 1.0, float(row["resolution"])): row for row in published("recipes")}
    for trial, at in zip(study.trials[:11], shapes(study), strict=False):
        row, recipe = released[at], trial.recipe
        assert recipe.dropout == float(row["dropout"])
        assert recipe.stochastic_depth == float(row["stochastic_depth"])
        assert recipe.randaugment_magnitude == float(row["randaugment_magnitude_tf1"])
        assert all(origin.verified is not False for *_, origin in studies.provenance(study, trial.id))


def test_efficientnet_rs_is_figure_5() -> None:
    study = studies.load("imagenet/efficientnet_rs")
    small = [(t, at) for t, at in zip(study.trials, shapes(study), strict=True) if t.variant.resolution <= 320]
    assert [at for _, at in small] == [shape(row) for row in published("fig5")]
    assert {(t.variant.resolution, t.recipe.randaugment_magnitude) for t, _ in small} == {
        (192, 10),
        (224, 10),
        (256, 15),
        (288, 15),
        (320, 15),
    }
    own = {trial.id for trial in studies.load("imagenet/pareto").trials}
    assert {t.id for t in study.trials if t.variant.resolution > 320} <= own


def agrees(value: Any, written: str) -> bool:
    return str(value) == written or (
        written not in ("True", "False", "step", "cosine") and float(value) == float(written)
    )


def test_additive_is_table_1() -> None:
    trials = studies.load("imagenet/additive").trials
    rows = published("table1")
    assert len(trials) == len(rows) == 11
    for trial, row in zip(trials, rows, strict=True):
        fields = trial.variant.model_dump() | trial.recipe.model_dump()
        told = {field: text for field, text in row.items() if field in fields and text}
        assert {field for field in told if not agrees(fields[field], told[field])} == set()
    last = trials[-1].variant
    assert last == studies.load("imagenet/pareto").trials[6].variant


def test_weight_decay_is_table_2() -> None:
    trials = studies.load("imagenet/weight_decay").trials
    rows = published("table2")
    assert len(trials) == 2 * len(rows) == 24
    for trial, row in zip(trials[::2], rows, strict=True):
        fields = trial.variant.model_dump() | trial.recipe.model_dump()
        told = {field: text for field, text in row.items() if field in fields and text}
        assert {field for field in told if not agrees(fields[field], told[field])} == set()
    assert {trial.seed for trial in trials} == {0, 1}


@pytest.mark.parametrize("name", ["depth_vs_width", "resolution", "pareto", "compound_vs_slow", "additive"])
def test_each_has_a_sister_that_asks_the_same_of_a_laptop(name: str) -> None:
    study = studies.load(name)
    assert study.file.paper
    assert study.file.dataset.name == "fashion_mnist"
    assert (
        max(t.variant.resolution for t in study.trials if t.variant.family == "resnet_rs")
        <= DATASETS["fashion_mnist"].size
    )
    assert {t.seed for t in study.trials} >= {0, 1}


def test_the_small_additive_study_adds_what_the_papers_does() -> None:
    ours, theirs = studies.load("additive").trials[::2], studies.load("imagenet/additive").trials
    fields = (
        "schedule",
        "ema_decay",
        "label_smoothing",
        "stochastic_depth",
        "randaugment_layers",
        "dropout",
        "weight_decay",
    )
    for one, other in zip(ours, theirs, strict=True):
        assert [getattr(one.recipe, f) for f in fields] == [getattr(other.recipe, f) for f in fields]
        assert (one.variant.se_ratio, one.variant.resnet_d) == (other.variant.se_ratio, other.variant.resnet_d)
