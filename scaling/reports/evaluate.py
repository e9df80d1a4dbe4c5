"""What evaluating weights gave, for people and for programs, beside what the paper says of the same network."""

from __future__ import annotations

from typing import Any

from scaling.schema import Reported, Score, TrainRecord, Variant

CONFIDENCE = 0.95
PAPER = {"table7": "the paper's Table 7", "released_weights": "the released weights, as others evaluated them"}
"""Published tables that say something of whole networks on ImageNet, and what they are called."""


def interval(right: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a fraction, at `CONFIDENCE`."""
    from scipy.stats import binomtest

    ends = binomtest(right, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(ends.low), float(ends.high)


def as_json(record: TrainRecord, skipped: tuple[str, ...]) -> dict[str, Any]:
    """The evaluation as one JSON document; fractions and their 95% intervals."""
    if not isinstance(record.trial, Reported) or record.test_raw is None:
        raise TypeError("not the record of an evaluation")
    score, variant = record.test_raw, record.trial.variant
    return {
        "model": variant.name,
        "weights": record.trial.model,
        "dataset": record.trial.dataset,
        "n": score.n,
        "top1": _with_interval(score.correct, score.n),
        "top5": None if score.correct_top5 is None else _with_interval(score.correct_top5, score.n),
        "loss": score.loss,
        "skipped": list(skipped),
        "published": published_for(variant, record.trial.dataset),
    }


def lines(record: TrainRecord, skipped: tuple[str, ...]) -> list[str]:
    """The evaluation in sentences."""
    told = as_json(record, skipped)
    score = record.test_raw or Score(correct=0, n=1)
    top5 = "" if told["top5"] is None else f", top-5 {_percent(told['top5'])}"
    out = [
        f"{told['model']} with {told['weights']}: top-1 {_percent(told['top1'])}{top5}, "
        f"on {score.n:,} test images of {told['dataset']}"
    ]
    out += [
        f"  {held['table']}: top-1 {100 * held['top1']:.1f}%"
        + ("" if held["top1"] is None or held["unverified"] is None else f" ({held['unverified']})")
        for held in told["published"]
    ]
    if skipped:
        out.append(f"  {len(skipped)} images could not be decoded and do not count: {', '.join(skipped[:3])}")
    return out


def published_for(variant: Variant, dataset: str) -> list[dict[str, Any]]:
    """What published tables say of a network on ImageNet; nothing of others."""
    from scaling import published

    if dataset != "imagenet":
        return []
    told = []
    for name, title in PAPER.items():
        frame = published.load(name)
        alike = frame[
            (frame["family"] == variant.family)
            & (frame["depth"] == variant.depth)
            & (frame["width"].fillna(1.0) == variant.width)
            & (frame["resolution"] == variant.resolution)
            & frame["test_top1"].notna()
        ]
        if len(alike):
            row = alike.iloc[0]
            trust = str(row["trust"])
            told.append(
                {
                    "table": title,
                    "top1": float(row["test_top1"]),
                    "unverified": None if trust in ("primary", "verified") else trust,
                }
            )
    return told


def _with_interval(right: int, n: int) -> dict[str, float]:
    low, high = interval(right, n)
    return {"value": right / n, "low": low, "high": high}


def _percent(told: dict[str, float]) -> str:
    return f"{100 * told['value']:.2f}% ({100 * told['low']:.2f} to {100 * told['high']:.2f})"
