"""Scaling strategies: a base, a direction and a target to the variant of that size.

A strategy shares a cost factor `s = depth * width**2 * resolution**2` out among the three (pycls, arXiv 2103.06877): a
share of 1 for depth deepens alone, shares of 1/3 each grow all alike in cost. Going along that direction, the variant
whose counted cost comes nearest to the target is found by bisection.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scaling.models import family_of
from scaling.models.family import four_digits
from scaling.schema import Variant

Metric: TypeAlias = Literal["macs", "params"]

TOLERANCE = 0.1
"""How far from its target a strategy may end without a word, as a fraction of it."""

SLOW_SHARE = 0.25
"""Resolution's share in the strategy `resnet_rs`. Ours: the paper says "slowly" and gives no formula (section 6.2)."""

SLOW_MAX_RESOLUTION = 320
"""Where `resnet_rs` stops raising the resolution: "diminishing returns ... beyond 320x320" (caption of Figure 2)."""

LONG_TRAINING = 350
"""Epochs from which overfitting is taken to be possible: the regime where the paper saw depth always win (6.1)."""

MAX_SPAN = 60.0
"""Logarithm of the largest cost factor that is tried."""


@dataclass(frozen=True)
class Shares:
    """How a cost factor is shared out; the three add up to 1.

    Attributes:
        depth, width, resolution: exponents of the cost factor: depth grows by `s**depth`, width by `s**(width / 2)`,
            resolution by `s**(resolution / 2)`.
        max_resolution: where resolution stops, in pixels; depth and width then take its share. None: nowhere.
    """

    depth: float
    width: float
    resolution: float
    max_resolution: int | None = None


@dataclass(frozen=True)
class Scaled:
    """What a strategy made of its base, and how close it came.

    Attributes:
        strategy: its name.
        direction: how it shared the cost out; that of `resnet_rs` depends on the epochs.
        variant: the result.
        metric, target: what was aimed at.
        achieved: what the variant has of it.
    """

    strategy: str
    direction: Shares
    variant: Variant
    metric: Metric
    target: float
    achieved: int

    @property
    def label(self) -> str:
        """The strategy, and whether `resnet_rs` deepened or widened."""
        if self.strategy != "resnet_rs":
            return self.strategy
        return f"{self.strategy} ({'depth' if self.direction.depth else 'width'})"

    @property
    def ratio(self) -> float:
        """Achieved over target."""
        return self.achieved / self.target

    @property
    def hit(self) -> bool:
        """Whether that is within `TOLERANCE`; else it is the nearest size that the strategy reaches."""
        return abs(self.achieved - self.target) <= TOLERANCE * self.target


def _relative(depth: float, width: float, resolution: float) -> Shares:
    total = depth + width + resolution
    return Shares(depth / total, width / total, resolution / total)


SHARES: dict[str, Shares] = {
    "depth": Shares(1, 0, 0),
    "width": Shares(0, 1, 0),
    "resolution": Shares(0, 0, 1),
    "compound": _relative(math.log(1.2), 2 * math.log(1.1), 2 * math.log(1.15)),
}
"""The strategies that depend on nothing.

`compound` multiplies depth, width and resolution by 1.2, 1.1 and 1.15 to the same power (EfficientNet, arXiv
1905.11946, seen quoted); a power of 1 costs 1.2 * 1.1**2 * 1.15**2 = 1.92 times as much.
"""

STRATEGIES = (*SHARES, "resnet_rs", "d1_w8_r1")
"""What study files may name; the last stands for any three exponents."""

EXPONENTS = re.compile(r"d(\d+(?:\.\d+)?)_w(\d+(?:\.\d+)?)_r(\d+(?:\.\d+)?)")


def shares(strategy: str, epochs: int | None, long_training: int = LONG_TRAINING) -> Shares:
    """The direction a strategy scales in.

    `resnet_rs` follows section 6 of arXiv 2103.07579. The paper's part: depth where overfitting can occur, width
    otherwise, resolution slowly and with little to gain beyond 320 pixels. Our part, since no formula is given:
    overfitting can occur from `long_training` epochs on; resolution gets a quarter of the cost factor (EfficientNet's
    compound scaling gives it 0.43), and nothing beyond 320 pixels; depth or width gets the rest.

    Args:
        strategy: one of `STRATEGIES`; `d1_w8_r1` are relative shares of depth, width and resolution, as in pycls.
        epochs: of the training; `resnet_rs` asks for it.
        long_training: epochs from which overfitting is possible.

    Raises:
        ValueError: for an unknown strategy, exponents that are all 0, or `resnet_rs` without epochs.
    """
    if strategy in SHARES:
        return SHARES[strategy]
    if strategy == "resnet_rs":
        if epochs is None:
            raise ValueError("resnet_rs depends on the epochs; give them in across or recipe")
        rest = 1 - SLOW_SHARE
        deep = epochs >= long_training
        return Shares(rest * deep, rest * (not deep), SLOW_SHARE, SLOW_MAX_RESOLUTION)
    if match := EXPONENTS.fullmatch(strategy):
        depth, width, resolution = (float(part) for part in match.groups())
        if 0 < depth + width + resolution < math.inf:
            return _relative(depth, width, resolution)
        raise ValueError(f"{strategy!r} scales nothing; use exponents that are not all 0")
    raise ValueError(f"{strategy!r} is not a strategy")


def reach(
    strategy: str,
    direction: Shares,
    base: Variant,
    metric: Metric,
    target: float,
    measure: Callable[[Variant], int],
    resolution_step: int | None = None,
) -> Scaled:
    """The variant along a strategy's direction whose cost is nearest to the target; see `Scaled.hit` for how near.

    Args:
        strategy: its name, for the result.
        direction: its shares.
        base: what is scaled, up or down.
        metric: what `measure` gives.
        target: the wanted value.
        measure: a variant's cost; raises `ValueError` where it cannot be built.
        resolution_step: see `stretch`.
    """
    nearest = Scaled(strategy, direction, base, metric, target, measure(base))
    low, high = -_span(nearest), _span(nearest)
    while high - low > 1e-4 and nearest.achieved != target:
        middle = (low + high) / 2
        variant = stretch(base, math.exp(middle), direction, resolution_step)
        try:
            achieved = measure(variant)
        except ValueError:  # too small or too large to be built
            low, high = (middle, high) if middle < 0 else (low, middle)
            continue
        candidate = Scaled(strategy, direction, variant, metric, target, achieved)
        nearest = min(nearest, candidate, key=lambda scaled: abs(math.log(scaled.ratio)))
        low, high = (middle, high) if achieved < target else (low, middle)
    return nearest


def _span(base: Scaled) -> float:
    """How far the logarithm of the cost factor has to be searched, twice what smooth scaling would need."""
    power = 1.0 if base.metric == "macs" else base.direction.depth + base.direction.width
    away = abs(math.log(base.target) - math.log(base.achieved))
    return min(2 * away / power + 1, MAX_SPAN) if power else 0.0


def stretch(base: Variant, factor: float, direction: Shares, resolution_step: int | None = None) -> Variant:
    """A base with its cost multiplied by about `factor`.

    Args:
        base: what is scaled.
        factor: `depth * width**2 * resolution**2` over the base's.
        direction: how it is shared out.
        resolution_step: resolutions are multiples of it, in pixels; None: an eighth of the network's stride, 4 for
            networks of stride 32 (as pycls rounds, and EfficientNet's own sizes are) and 1 for the stem `small`; or
            what the family says.
            What has no share keeps the base's value.
    """
    pixels = _resolution(base, factor, direction, resolution_step) if direction.resolution else base.resolution
    rest = factor
    if factor > 1 and direction.max_resolution and pixels >= direction.max_resolution:  # the others take its share
        rest = (factor / (pixels / base.resolution) ** 2) ** (1 / (direction.depth + direction.width))
    wider = base.width * rest ** (direction.width / 2)
    deeper = rest**direction.depth
    return base.model_copy(
        update={"resolution": pixels}
        | ({"width": four_digits(wider)} if direction.width else {})
        | (dict(family_of(base.family).deepened(base, deeper)) if direction.depth else {})
    )


def _resolution(base: Variant, factor: float, direction: Shares, step: int | None) -> int:
    family = family_of(base.family)
    multiple = step or (family.resolution_step or (lambda base: max(1, family.stride(base) // 8)))(base)
    wanted: float = base.resolution * factor ** (direction.resolution / 2)
    if direction.max_resolution and factor > 1:
        wanted = min(wanted, max(direction.max_resolution, base.resolution))
    return multiple * max(1, math.floor(wanted / multiple + 0.5))
