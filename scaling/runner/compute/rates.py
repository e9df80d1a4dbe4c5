"""The numbers that a step of training is made with: data for a compiled program, so that none compiles it again."""

from __future__ import annotations

from typing import Any, NamedTuple


class Rates(NamedTuple):
    """One number of a step each, or a scalar tensor; every field is called as the recipe's is.

    `clip_norm` is read by programs that clip gradients only (`ProgramKey.clips`), `body_rate` and `layer_decay` by
    those that tune (`ProgramKey.tunes`).
    """

    learning_rate: Any
    momentum: Any
    weight_decay: Any
    label_smoothing: Any = 0.0
    ema_decay: Any = 0.0
    clip_norm: Any = 0.0
    body_rate: Any = 1.0
    layer_decay: Any = 1.0
