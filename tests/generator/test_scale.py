"""`scale` in a study file: trials near their targets, or a message that says how near one can come."""

from __future__ import annotations

import io
from copy import deepcopy
from typing import Any

import pytest
from rich.console import Console

from scaling.datasets.known import IMAGENET, SYNTHETIC
from scaling.generator.errors import StudyError
from scaling.generator.sizes import size
from scaling.generator.study import check
from scaling.reports import plan as plans

STUDY: dict[str, Any] = {
    "study": "example",
    "question": "Does it work?",
    "dataset": {"name": "synthetic"},
    "scale": {
        "base": {"depth": 14, "width": 0.25, "resolution": 16, "stem": "small"},
        "strategy": ["depth", "width"],
        "targets": {"macs_factor": [1, 2]},
    },
    "across": {"epochs": [2, 6], "seed": [0, 1]},
}


def changed(**changes: Any) -> dict[str, Any]:
    return deepcopy(STUDY) | {"scale": {**deepcopy(STUDY["scale"]), **changes}}


def told(content: dict[str, Any]) -> str:
    with pytest.raises(StudyError) as caught:
        check(content)
    return str(caught.value)


def test_each_strategy_and_target_is_crossed_with_across() -> None:
    study = check(STUDY)
    assert len(study.trials) == 12  # the base once, and two others, x 2 epochs x 2 seeds
    assert [(s.strategy, s.variant.depth, s.variant.width) for s in study.scaled] == [
        ("depth", 14, 0.25),
        ("depth", 32, 0.25),
        ("width", 14, 0.25),
        ("width", 14, pytest.approx(0.36, abs=0.01)),
    ]
    base = size(study.trials[0].variant, SYNTHETIC).macs
    assert [s.target / base for s in study.scaled] == [1, 2, 1, 2]
    assert all(s.achieved == size(s.variant, SYNTHETIC).macs and s.hit for s in study.scaled)


def test_a_depth_without_a_name_brings_its_blocks() -> None:
    deeper = check(STUDY).scaled[1].variant
    assert (deeper.depth, deeper.blocks) == (32, (1, 4, 4, 1))


def test_resnet_rs_looks_at_the_epochs_of_each_trial() -> None:
    study = check(changed(strategy="resnet_rs", long_training=6, targets={"macs_factor": [3]}))
    short, long = (next(t.variant for t in study.trials if t.recipe.epochs == epochs) for epochs in (2, 6))
    assert (short.depth, long.width) == (14, 0.25)
    assert (short.width > 0.25, long.depth > 14) == (True, True)
    assert [s.label for s in study.scaled] == ["resnet_rs (width)", "resnet_rs (depth)"]


def test_targets_may_be_absolute() -> None:
    base = {"depth": 50, "resolution": 160}
    content = changed(base=base, strategy=["compound"], targets={"params": [60e6, 100e6]})
    content["dataset"] = {"name": "imagenet"}
    for found, target in zip(check(content).scaled, (60e6, 100e6), strict=True):
        assert found.achieved == size(found.variant, IMAGENET).params == pytest.approx(target, rel=0.1)


def test_a_target_out_of_reach_is_met_by_the_nearest_network_and_it_is_told_how_near() -> None:
    """A depth of few blocks has no network near half of its cost; a study of two strategies is worth running still."""
    study = check(changed(targets={"macs_factor": [0.001, 0.5, 1]}))
    by_depth, by_width = study.scaled[:3], study.scaled[3:]
    assert [(scaled.variant.depth, scaled.hit) for scaled in by_depth] == [(14, False), (14, False), (14, True)]
    assert [scaled.hit for scaled in by_width[1:]] == [True, True]
    assert len(study.question.strategies["depth"]) == 1
    assert len({trial.variant for trial in study.trials}) == 3
    text = io.StringIO()
    plans.show_plan(study, plans.rows(study, ()), Console(file=text, width=80))
    assert (
        "targets are missed by more than 10%: the nearest size that the strategy reaches is trained" in text.getvalue()
    )
    lines = [line for line in text.getvalue().splitlines() if line.startswith("depth ")]
    assert lines[0].endswith("nearest reachable")
    assert "nearest reachable, as for " in lines[1]
    assert " as for " in lines[2]
    assert "2 of 6 targets give the same network as another one" in text.getvalue()
    rows = plans.as_json(study, plans.rows(study, ()))["scaled"]
    assert [row["near"] for row in rows] == [scaled.hit for scaled in study.scaled]
    assert [row["same_as"] is None for row in rows[:3]] == [True, False, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "dept"}, "scale.strategy[0]: 'dept' is not a strategy; did you mean 'depth'?"),
        ({"strategy": ["depth", "d0_w0_r0"]}, "scale.strategy[1]: 'd0_w0_r0' scales nothing"),
        ({"strategy": []}, "scale.strategy: "),
        ({"targets": {}}, "scale.targets: give one of macs, params, macs_factor; given: none"),
        ({"targets": {"macs": [1e6], "params": [1e6]}}, "given: macs, params"),
        ({"targets": {"macs": []}}, "scale.targets.macs: "),
        ({"targets": {"macs": [-1]}}, "scale.targets.macs[0]: "),
        ({"targets": {"mac": [1]}}, "scale.targets.mac: unknown field; did you mean 'macs'?"),
        (
            {"base": {"dpth": 14, "resolution": 16}},
            "scale.base.dpth: no field or option of resnet_rs; did you mean 'depth'?",
        ),
        ({"base": {"depth": 14}}, "scale.base.resolution: required"),
        ({"base": {"depth": 15, "resolution": 64}}, "scale.base.depth: depth 15 has no block layout"),
        ({"base": {"depth": 14, "resolution": 16}}, "scale.base.resolution: resolution 16 is below"),
        ({"base": {"depth": 14, "width": 0.01, "resolution": 32}}, "scale.base.width: width 0.01 leaves"),
        (
            {"strategy": ["depth", "resolution"], "targets": {"params": [1e7]}},
            "scale.strategy[1]: resolution changes no params; give targets.macs or targets.macs_factor",
        ),
        ({"resolution_step": 0}, "scale.resolution_step: "),
        ({"grid": []}, "scale.grid: unknown field"),
    ],
)
def test_every_mistake_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    assert message in told(changed(**changes))


def test_a_study_has_a_grid_or_a_scale() -> None:
    both = STUDY | {"grid": [{"depth": 14, "resolution": 16}]}
    neither = {key: value for key, value in STUDY.items() if key != "scale"}
    assert told(both) == "grid and scale: a study has exactly one of grid, scale, search"
    assert told(neither) == "grid or scale or search: a study has exactly one of grid, scale, search"


def test_the_network_is_varied_by_scale_alone() -> None:
    assert "across.stem: scale varies the network; write it in scale.base" in told(
        STUDY | {"across": {"epochs": 1, "stem": "small"}}
    )


def test_epochs_may_be_missing_only_where_they_do_not_matter() -> None:
    assert "scale.strategy[0]: resnet_rs depends on the epochs" in told(
        changed(strategy="resnet_rs") | {"across": {"seed": 0}}
    )
    assert told(STUDY | {"across": {"seed": 0}}) == "recipe.epochs: required, and not given"
