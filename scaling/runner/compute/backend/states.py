"""What both backends speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Tensor: TypeAlias = Any
State: TypeAlias = dict[str, list[Tensor]]
"""Lists of arrays by name, on the devices."""

Batch: TypeAlias = Mapping[str, Tensor]
"""Arrays whose first axis is the batch's, by name."""

Settings: TypeAlias = Any
"""What is the same for each image of a batch: a tensor, tuples of them, or None."""

Step: TypeAlias = Callable[[State, Batch, Settings], tuple[State, Any]]
Reading: TypeAlias = Callable[[State, Batch, Settings], Any]


def counted(names: Iterable[str]) -> str | None:
    """`2 x NVIDIA A100`, None for no names."""
    several = Counter(names)
    return " + ".join(f"{count} x {name}" if count > 1 else name for name, count in several.items()) or None
