"""Does what the paper says hold? Its claims, tested on its own numbers and on anybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from scaling import published
from scaling.analysis.claims.arms import arm_ahead, arm_ahead_everywhere, arms_mixed
from scaling.analysis.claims.errors import law_breaks, law_slope
from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict
from scaling.analysis.claims.recipes import (
    diminishing_resolution,
    share_from_training,
    weight_decay_with_regularization,
)
from scaling.analysis.claims.speed import lower_resolution_faster, paired_speedups, speed_at_equal_accuracy
from scaling.analysis.comparability import MixedConditionsError, on_device
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.analysis.uncertainty import Estimate, flips_at, seed_noise_of
from scaling.errors import UserError
from scaling.published.claims import Claim, claims

TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test
    for test in (
        paired_speedups,
        speed_at_equal_accuracy,
        lower_resolution_faster,
        arm_ahead,
        arm_ahead_everywhere,
        arms_mixed,
        law_slope,
        law_breaks,
        diminishing_resolution,
        share_from_training,
        weight_decay_with_regularization,
    )
}
"""Of a frame as `scaling.load_results` gives it, and a claim's limits."""


@dataclass(frozen=True)
class Replayed:
    """A claim and what became of it.

    Attributes:
        claim: as `claims.yaml` states it.
        on: what it was tested on: the published tables' names, or `these results`.
        verdict: `holds`, `fails`, `undecided`, or `not addressed` by these results.
        found: the number with its interval, in words; or why the results cannot speak to it.
        estimate: the number itself, where there is one.
        instead: at what it was tested where that is not what the claim names; else empty.
        rests_on: what has to be said where noise between seeds is assumed, or was measured on few, and the verdict
            would change with it.
        level: at which confidence the verdict is, by itself and not together with those of other claims; None where
            nothing of it is by chance, or there is none.
    """

    claim: Claim
    on: str
    verdict: Verdict
    found: str
    estimate: Estimate | None
    instead: str
    rests_on: str
    level: float | None


def replay(
    results: pd.DataFrame | None = None,
    stated: Sequence[Claim] | None = None,
    seed_noise: float | None = None,
    track: Callable[[Sequence[Claim]], Iterable[Claim]] = iter,
) -> tuple[Replayed, ...]:
    """Tests every claim.

    Args:
        results: as `scaling.load_results` gives them; None: the published tables that each claim names.
        stated: the claims; None: all of the paper's.
        seed_noise: standard deviation between seeds (points) that overrules what was measured or is assumed.
        track: goes through the claims, as a bar that shows progress does.

    Returns:
        One a claim, in their order; those that the results cannot speak to say so and why.
    """
    return tuple(_replayed(claim, results, seed_noise) for claim in track(claims() if stated is None else stated))


def _replayed(claim: Claim, results: pd.DataFrame | None, seed_noise: float | None) -> Replayed:
    if results is None:
        on = " + ".join(f"published/{name}" for name in claim.tables)
        frame = pd.concat([published.load(name).dropna(axis=1, how="all") for name in claim.tables], ignore_index=True)
    else:
        on, frame = "these results", results
    frame = with_seed_noise(frame, seed_noise)
    try:
        device = claim.device or (claim.tables_device if results is None else None)
        of_device = _of_device(frame, device)
        finding = TESTS[claim.test](of_device, **claim.limits)
        rests_on = _rests_on(claim, of_device, finding)
    except (NotAddressedError, MixedConditionsError) as reason:
        finding, rests_on = Finding("not addressed", str(reason), level=None), ""
    told = finding.verdict, finding.found, finding.estimate, finding.instead
    return Replayed(claim, on, *told, rests_on, finding.level)


def _rests_on(claim: Claim, frame: pd.DataFrame, finding: Finding) -> str:
    """Whether the verdict would be another without the noise that is assumed or known from few, or with more of it."""
    noise = seed_noise_of(collapse_seeds(frame))
    if not noise.doubtful:
        return ""
    without, at = _with_noise_of(0.0, claim, frame), None
    if finding.line is not None and without.estimate is not None:
        known = _with_noise_of(100 * noise.middle, claim, frame)
        if known.estimate is not None:
            at = flips_at(finding.line, known.estimate, without.estimate, noise.middle)
    if without.verdict != finding.verdict:
        less = "without noise" if at is None else f"with less than {100 * at:.2g} points"
        return f"{without.verdict} {less} between seeds"
    if at is None or finding.verdict == "undecided":
        return ""
    return f"undecided with more than {100 * at:.2g} points between seeds"


def _with_noise_of(points: float, claim: Claim, frame: pd.DataFrame) -> Finding:
    return TESTS[claim.test](with_seed_noise(frame, points), **claim.limits)


def _of_device(frame: pd.DataFrame, device: str | None) -> pd.DataFrame:
    if device is None:
        return frame
    try:
        return on_device(frame, "training_ms", device)
    except UserError as error:
        raise NotAddressedError(str(error)) from None
