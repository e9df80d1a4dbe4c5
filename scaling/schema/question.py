"""What a study asks: what is set against what, at equal what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from scaling.schema.noun import Noun
from scaling.schema.trial import Variant

ACCURACY, NETWORK = "accuracy", "network"
"""What is held equal, beside any cost: accuracies, so that costs are compared; the network, so that recipes are."""


class AnswerPlan(Noun):
    """`answer` of a study file: how its question is answered, where the grid does not say it.

    Attributes:
        compare: two factors or two strategies that a network may grow by; one factor, along which accuracy is followed;
            or columns of settings whose values are groups, such as `family` or `init`.
        at_equal: a cost (of two ways to grow), `accuracy` or `network` (of groups); None: what is usual for these.
        cost: what groups cost at equal accuracy; None: the time of a training step, or what else was measured.
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
    """

    text: str = ""
    plan: AnswerPlan | None = None
    strategies: Mapping[str, tuple[Variant, ...]] = field(default_factory=dict)
