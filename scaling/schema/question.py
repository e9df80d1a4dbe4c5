"""What a study asks: what is set against what, at equal what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from scaling.schema.noun import Noun
from scaling.schema.trial import Variant

RUNTIME = "runtime"
"""Stands in `compare` for what inference is timed with."""

FRONT = "front"
"""Stands in `compare` for the settings that no other beats in both accuracy and cost."""

ACCURACY, NETWORK = "accuracy", "network"
"""What is held equal, beside any cost: accuracies, so that costs are compared; the network, so that recipes are."""


class AnswerPlan(Noun):
    """How the study's question is answered.

    It is needed only where the trials do not show what they compare; docs/decide.md lists the kinds of questions.

    Attributes:
        compare: what is compared. Either factors (`depth`, `width`, `resolution`, `epochs`) or strategies that a
            network can grow by; or one factor, along which accuracy is followed; or columns whose values make groups,
            such as `family` or `init`; or `runtime`; or `front`, the networks that no other beats in accuracy and cost.
        at_equal: what is held equal in the comparison: a cost for ways to grow, `accuracy` or `network` for groups. By
            default, what is usual for that kind of question.
        cost: the cost that groups are compared by at equal accuracy, as a column of the results. By default, the time
            per training step, or the first cost that was measured.
    """

    compare: Annotated[tuple[str, ...], Field(min_length=1)]
    at_equal: str | None = None
    cost: str | None = None


@dataclass(frozen=True)
class Question:
    """A study's question, for those who answer it.

    Attributes:
        text: as it was written; empty where nobody wrote one.
        plan: how it is answered, where somebody said so.
        strategies: by name, the variants that each scaling strategy made, the base first.
        is_search: whether the study chooses by itself what it trains next.
    """

    text: str = ""
    plan: AnswerPlan | None = None
    strategies: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)
    is_search: bool = False
