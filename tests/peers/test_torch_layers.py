"""Our layers as data, read by a second reader into PyTorch: from equal weights training has equal losses.

Run by `make test-peers`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import pytest

from benchmarks.torch_steps import LOSS_STEPS, NETWORKS, WAYS, Network, same_losses, sides
from scaling.models.families import BUILT_IN
from scaling.schema import Variant

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch not installed: make test-peers"),
]

VARIANTS = (
    Variant(depth=14, width=0.25, resolution=33, stem="resnet_d"),
    Variant(depth=26, width=0.25, resolution=32),
    Variant(family="resnet", depth=18, width=0.25, resolution=33),
    Variant(family="efficientnet", depth=1.0, width=0.25, resolution=33),
    Variant(family="convnext", depth=18, width=0.25, resolution=32),
    Variant(family="vit", depth=2, width=0.5, resolution=32),
)


def check(network: Network, ways: tuple[str, ...]) -> None:
    with sides(network, ways) as (ours, *theirs):
        assert len(ours.about["losses"]) == 1 + LOSS_STEPS
        assert ours.about["losses"][-1] != ours.about["losses"][0]
        for side in theirs:
            same_losses(ours, side)
            assert side.ask("step") > 0


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_data_say_everything(variant: Variant) -> None:
    check(Network(variant, "synthetic", batch=32), ("eager",))


def test_every_family_is_read() -> None:
    assert {variant.family for variant in VARIANTS} == set(BUILT_IN)


def test_both_ways_of_the_benchmark_do_its_work() -> None:
    check(replace(NETWORKS[0], batch=16), WAYS)
