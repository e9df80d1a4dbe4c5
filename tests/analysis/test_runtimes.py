"""Where rankings by speed flip between the training framework and a deployment runtime, and where that is not told."""

from __future__ import annotations

import pandas as pd
import pytest

from scaling.analysis.comparability import MixedConditionsError
from scaling.analysis.runtimes import runtime_ranks
from scaling.results.columns import TABLE


def settings(times: list[tuple[float, float]], half: float = 0.01, **columns: object) -> pd.DataFrame:
    """Networks of depth 1, 2, ... with times by Keras and LiteRT."""
    rows = []
    for depth, pair in enumerate(times, 1):
        row = {"family": "resnet", "depth": float(depth), "width": 1.0, "resolution": 32.0, "top1": 0.5}
        row |= {"dataset": "synthetic", "validation_fraction": 0.02}
        for prefix, ms in zip(("inference", "inference_litert"), pair, strict=True):
            row |= {f"{prefix}_ms": ms, f"{prefix}_low_ms": ms * (1 - half), f"{prefix}_high_ms": ms * (1 + half)}
            row |= {f"{prefix}_device": "cpu", f"{prefix}_batch_size": 1.0, f"{prefix}_precision": "float32"}
        rows.append(row | columns)
    return pd.DataFrame(rows).reindex(columns=[*TABLE])


def test_a_pair_that_changes_places_is_found_and_said() -> None:
    (ranks,) = runtime_ranks(settings([(1.0, 3.0), (2.0, 1.0), (4.0, 4.0)]))
    assert (ranks.runtime, ranks.pairs, len(ranks.flips)) == ("litert", 3, 1)
    assert ranks.sentence == (
        "With LiteRT 1 of 3 pairs of networks change places (jointly at 90%): resnet_1@32 is 2 times as fast as "
        "resnet_2@32 with Keras, and the latter 3 times as fast with LiteRT."
    )


def test_what_the_intervals_do_not_tell_is_no_flip() -> None:
    (ranks,) = runtime_ranks(settings([(1.0, 1.05), (1.05, 1.0), (4.0, 4.0)], half=0.05))
    assert not ranks.flips
    assert ranks.sentence == "LiteRT orders 2 of 3 pairs of networks by speed as Keras does; 1 are not told."


def test_one_network_or_none_timed_is_nothing_and_two_devices_are_refused() -> None:
    assert runtime_ranks(settings([(1.0, 2.0)])) == []
    assert (
        runtime_ranks(settings([(1.0, 2.0), (2.0, 1.0)]).drop(columns="inference_litert_ms").reindex(columns=[*TABLE]))
        == []
    )
    mixed = settings([(1.0, 2.0), (2.0, 1.0)])
    mixed.loc[1, "inference_litert_device"] = "other"
    with pytest.raises(MixedConditionsError, match="not like with like"):
        runtime_ranks(mixed)
