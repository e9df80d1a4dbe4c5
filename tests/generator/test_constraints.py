"""Constraints and slices leave out what they should, say why, and never everything."""

from __future__ import annotations

from typing import Any

import pytest

from scaling.generator.constraints import Slices
from scaling.generator.errors import StudyError
from scaling.generator.study import Study, check

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
            {"constraints": {"max_macs": 5e6}, "slices": {"macs": [2.9e7]}},
            "constraints and slices together remove every trial",
        ),
        ({"constraints": {"max_mac": 1}}, "constraints.max_mac: unknown field; did you mean 'max_macs'?"),
        ({"constraints": {"max_macs": 0}}, "constraints.max_macs: "),
        ({"constraints": {"max_macs": "1e9"}}, "constraints.max_macs: '1e9' is text"),
        ({"slices": {"macs": []}}, "slices.macs: "),
        ({"slices": {"macs": [1e6], "tolerance": 1.5}}, "slices.tolerance: "),
    ],
)
def test_a_study_never_ends_up_empty(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        study(**options)
    assert message in str(caught.value)
