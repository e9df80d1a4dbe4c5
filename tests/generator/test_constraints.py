"""Constraints and slices leave out what they should, say why, and never everything."""

from __future__ import annotations

from typing import Any

import pytest

from scaling.generator import yaml_file
from scaling.generator.constraints import TIMES, Constraints, Slices
from scaling.generator.errors import StudyError
from scaling.generator.study import Study, check
from scaling.results.columns import TIMED

MACS = {0.125: 1_821_696, 0.25: 7_171_072, 0.5: 28_452_864}
"""Of the three widths below."""


def study(**options: Any) -> Study:
    return check(
        {
            "study": "example",
            "question": "Does it work?",
            "dataset": {"name": "synthetic"},
            "grid": [{"depth": 14, "width": list(MACS), "stem": "small", "resolution": 16}],
            "across": {"epochs": 1, "seed": [0, 1]},
        }
        | options
    )


def widths(found: Study) -> list[float]:
    return [trial.variant.width for trial in found.trials[::2]]


def test_macs_are_as_written_above() -> None:
    from scaling.reports.plan import rows

    assert {row["width"]: row["macs"] for row in rows(study(), ())} == MACS


@pytest.mark.parametrize(
    ("constraints", "left"),
    [
        ({"max_macs": 7_171_072}, [0.125, 0.25]),
        ({"max_macs": 7_171_071}, [0.125]),
        ({"max_params": 1e6}, [0.125, 0.25]),
        ({"max_activations": 1e5}, [0.125, 0.25]),
        ({"max_memory_gb": 0.05}, [0.125]),
        ({"max_macs": 1e12, "max_params": 2e5}, [0.125]),
        ({}, [0.125, 0.25, 0.5]),
    ],
)
def test_what_is_beyond_a_limit_is_removed_and_told(constraints: dict[str, float], left: list[float]) -> None:
    found = study(constraints=constraints)
    assert widths(found) == left
    assert len(found.trials) + len(found.removed) == 6
    assert {r.trial.variant.width for r in found.removed}.isdisjoint(left)


def test_a_reason_names_every_limit_with_value_and_limit() -> None:
    (*_, last) = study(constraints={"max_macs": 1e7, "max_params": 1e6}).removed
    assert last.reason == (
        "constraints.max_macs: 2.85e+07 is more than 1e+07; constraints.max_params: 2.72e+06 is more than 1e+06"
    )


def test_memory_depends_on_the_batch() -> None:
    roomy = study(constraints={"max_memory_gb": 0.06}, recipe={"batch_size": 8})
    assert widths(roomy) == [0.125, 0.25, 0.5]


def test_slices_keep_what_costs_alike() -> None:
    found = study(slices={"macs": [1.9e6, 2.9e7], "tolerance": 0.1})
    assert widths(found) == [0.125, 0.5]
    assert {r.reason for r in found.removed} == {"slices.macs: 7.17e+06 is not within 10% of any slice"}
    assert [Slices(macs=(2e6, 3e7)).slice_of(size) for size in (2.2e6, 2.21e6, 2.7e7, 1.0)] == [2e6, None, 3e7, None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"constraints": {"max_macs": 1e6}},
            "constraints.max_macs: 1e+06 removes every trial; the smallest has 1.82e+06",
        ),
        (
            {"constraints": {"max_memory_gb": 1e-3}},
            "constraints.max_memory_gb: 0.001 removes every trial; the smallest",
        ),
        (
            {"slices": {"macs": [1.9e6, 1e8]}},
            "slices.macs[1]: no trial is within tolerance of 1e+08; the nearest has 2.85e+07",
        ),
        (
            {"constraints": {"max_macs": 5e6}, "slices": {"macs": [1.9e6, 2.9e7]}},
            "slices.macs[1]: 2.9e+07 is beyond constraints.max_macs: 5e+06",
        ),
        (
            {"constraints": {"max_params": 4e5}, "slices": {"macs": [2.9e7]}},
            "constraints and slices together remove every trial; the nearest is resnet_rs_14x0.125@16 (slices.macs: ",
        ),
        ({"constraints": {"max_train_hours": 1e-9, "on": "H100"}}, "constraints.max_train_hours: 1e-09 removes every"),
        ({"constraints": {"max_cost": 1e-9, "on": "h100"}}, "constraints.max_cost: 1e-09 removes every trial"),
        ({"constraints": {"max_cost": 5}}, "constraints.max_cost: 5 limits nothing, since cpu has no price"),
        ({"constraints": {"max_macs": 1e9, "on": "h100"}}, "constraints.on: h100 limits nothing; give max_train_hours"),
        (
            {"constraints": {"max_train_hours": 1, "on": "h10"}},
            "constraints.on: 'h10' is not in the table of accelerators; did you mean 'h100'?",
        ),
        ({"constraints": {"max_mac": 1}}, "constraints.max_mac: unknown field; did you mean 'max_macs'?"),
        ({"constraints": {"max_macs": 0}}, "constraints.max_macs: "),
        ({"constraints": {"max_macs": "1e9"}}, "constraints.max_macs: '1e9' is text"),
        (
            {"constraints": {"max_inference_liter_ms": 1}},
            "constraints.max_inference_liter_ms: unknown field; did you mean 'max_inference_litert_ms'?",
        ),
        ({"constraints": {"max_inference_ms": -1}}, "constraints.max_inference_ms: input should be greater than 0"),
        (
            {"constraints": {"max_training_ms": 1}, "latency": {"phases": ["inference"]}},
            "constraints.max_training_ms: training is not timed; add training to latency.phases",
        ),
        (
            {"constraints": {"max_inference_onnx_ms": 1}},
            "constraints.max_inference_onnx_ms: inference is not timed with onnx; add onnx to latency.runtimes",
        ),
        (
            {"constraints": {"max_inference_ms": 1}, "latency": {"runtimes": ["litert"]}},
            "constraints.max_inference_ms: inference is not timed with keras; add keras to latency.runtimes",
        ),
        ({"slices": {"macs": []}}, "slices.macs: "),
        ({"slices": {"macs": [1e6], "tolerance": 1.5}}, "slices.tolerance: "),
    ],
)
def test_a_study_never_ends_up_empty(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        study(**options)
    assert message in str(caught.value)


def test_every_step_that_can_be_timed_can_be_limited() -> None:
    fields = {f"max_{step}_ms" for step in TIMED}
    assert fields == set(TIMES) < set(Constraints.model_fields)
    assert {"max_inference_litert_ms", "max_inference_onnx_ms", "max_inference_openvino_ms"} <= fields
    limited = Constraints.model_validate(dict.fromkeys(fields, 1.0))
    assert limited.times == dict.fromkeys(TIMES, 1.0)
    assert limited.limits() == {}
    assert set(limited.phases) == {"training", "inference"}


def test_a_limit_on_a_time_leaves_out_nothing_before_it_is_measured() -> None:
    found = study(constraints={"max_inference_ms": 1e-9, "max_macs": 1e7})
    assert widths(found) == [0.125, 0.25]
    assert found.left_out == ()


@pytest.mark.parametrize("limit", ["max_train_hours", "max_cost"])
def test_hours_and_dollars_are_those_of_the_plan_before_anything_is_measured(limit: str) -> None:
    from scaling.generator.budget import basis
    from scaling.reports.plan import rows

    name = {"max_train_hours": "hours", "max_cost": "cost"}[limit]
    needs = {row["width"]: row[name] for row in rows(study(), (), basis("a100-40", ()))}
    most = (needs[0.25] + needs[0.5]) / 2
    assert widths(study(constraints={limit: most, "on": "a100-40"})) == [0.125, 0.25]
    assert widths(study(constraints={limit: needs[0.125], "on": "a100-40"})) == [0.125]


def test_a_search_times_what_its_limits_need() -> None:
    def phases(**constraints: float) -> tuple[str, ...]:
        search = {"trials": 3, "space": {"depth": [14, 26]}}
        across = {"width": 0.25, "stem": "small", "resolution": 16, "epochs": 1}
        content = {"study": "seek", "question": "?", "dataset": {"name": "synthetic"}}
        return check(content | {"search": search, "across": across, "constraints": constraints}).file.phases

    assert phases(max_macs=1e9) == ()
    assert phases(max_inference_ms=1.0) == ("inference",)
    assert phases(max_training_ms=1.0, max_inference_ms=1.0) == ("training", "inference")


def test_the_accelerator_is_named_without_quotes() -> None:
    """YAML 1.1 has `on` for true; here it is a key, and `on` as a value stays true."""
    text = "constraints: {max_train_hours: 2, on: a100-40}\nrecipe: {nesterov: on}"
    assert yaml_file.parse(text, "example") == {
        "constraints": {"max_train_hours": 2, "on": "a100-40"},
        "recipe": {"nesterov": True},
    }
