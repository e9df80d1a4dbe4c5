"""What can be said against the `answer` of a study file before anything is trained for it."""

from __future__ import annotations

from collections.abc import Iterator

from scaling.errors import did_you_mean
from scaling.results.columns import METRICS, names
from scaling.schema import ACCURACY, FRONT, NETWORK, RUNTIME, Question

ALONE = (FRONT, RUNTIME, "strategy")
"""Words of `compare` that are no column of the results; each stands by itself."""


def problems(question: Question) -> Iterator[str]:
    """Words that no answer can be given with; analysis would refuse them once all is trained."""
    plan = question.plan
    if plan is None:
        return
    known = {*names("setting"), *question.strategies, *ALONE}
    for index, word in enumerate(plan.compare):
        if word in ALONE and len(plan.compare) > 1:
            yield f"answer.compare[{index}]: {word!r} stands by itself; leave the others out"
        elif word not in known:
            yield f"answer.compare[{index}]: {word!r} is nothing that settings differ in{did_you_mean(word, known)}"
    costs = tuple(name for name, metric in METRICS.items() if not metric.maximize)
    for field, cost, choices in (("at_equal", plan.at_equal, (*costs, ACCURACY, NETWORK)), ("cost", plan.cost, costs)):
        if cost is not None and cost not in choices:
            yield f"answer.{field}: no cost named {cost!r}{did_you_mean(cost, choices)}"
