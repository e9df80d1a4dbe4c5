"""Rules that fill in a recipe from variant and regime; what a study file says itself wins over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scaling.schema import Variant

REGULARIZED_EPOCHS = 350
"""The paper's long regime; its 10 and 100 epoch regimes have no regularisation but weight decay."""


@dataclass(frozen=True)
class Rule:
    """Recipe values as a function of variant and epochs, and where they come from.

    Attributes:
        name: as study files give it.
        source: section or file.
        fill: `(variant, epochs)` to recipe fields; raises `ValueError` where the source says nothing.
    """

    name: str
    source: str
    fill: Callable[[Variant, int], dict[str, Any]]


def _paper_regularization(variant: Variant, epochs: int) -> dict[str, Any]:
    if epochs > 100:
        raise ValueError(
            f"{epochs} epochs: beyond 100 the paper regularises with RandAugment, which cannot be trained yet; "
            "leave the rule out and write the recipe yourself"
        )
    return {"label_smoothing": 0.0, "dropout": 0.0, "stochastic_depth": 0.0, "weight_decay": 4e-5}


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "paper_regularization",
            "arXiv 2103.07579, appendix E (seen in translation): 10 and 100 epochs without label smoothing, dropout "
            "and stochastic depth, weight decay 4e-5",
            _paper_regularization,
        ),
    )
}
