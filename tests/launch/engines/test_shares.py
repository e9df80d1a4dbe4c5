"""How a cluster is divided among its workers."""

from __future__ import annotations

import pytest

from scaling.launch.engines import EngineError
from scaling.launch.engines.shares import Resources, Shares, divide, parse, room

HEAD = {"memory": 1e9, "node:10.0.0.1": 1.0}
CPU_1, CPU_2, CPU_8 = ({"CPU": float(cpus)} for cpus in (1, 2, 8))
GPU_4, GPU_2 = {"CPU": 32.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("nodes", "workers", "needs", "expected"),
    [
        ([CPU_8], None, None, Shares(1, {"CPU": 8})),
        ([CPU_8], 3, None, Shares(3, {"CPU": 2.6666})),
        ([CPU_1, CPU_1], 2, None, Shares(2, {"CPU": 1})),
        ([CPU_1, CPU_1], 3, None, Shares(3, {"CPU": 0.5})),
        ([CPU_8, CPU_2], None, None, Shares(2, {"CPU": 4})),  # both on the larger node
        ([HEAD, CPU_8, CPU_8], None, None, Shares(2, {"CPU": 8})),  # a head that gives no processors
        ([HEAD, GPU_4, CPU_8, GPU_2], None, None, Shares(6, {"GPU": 1, "CPU": 4})),
        ([GPU_4], 2, None, Shares(2, {"GPU": 1, "CPU": 8})),
        ([{"CPU": 1.0, "GPU": 4.0}], None, None, Shares(4, {"GPU": 1, "CPU": 0})),
        ([{"CPU": 96.0, "TPU": 4.0, "GPU": 1.0}], None, None, Shares(4, {"TPU": 1, "CPU": 24})),
        ([GPU_4, GPU_2], None, {"GPU": 2}, Shares(3, {"GPU": 2})),
        ([GPU_4], 7, {"GPU": 2}, Shares(7, {"GPU": 2})),  # three run, four wait
        ([HEAD], None, {"GPU": 1}, Shares(1, {"GPU": 1})),  # an autoscaler may bring one
        ([HEAD], None, None, Shares(1, {"CPU": 1})),
    ],
)
def test_divide(nodes: list[Resources], workers: int | None, needs: Resources | None, expected: Shares) -> None:
    assert divide(nodes, workers, needs) == expected


@pytest.mark.parametrize("workers", range(1, 40))
def test_every_worker_has_room_for_its_share_of_processors(workers: int) -> None:
    nodes = [{"CPU": 7.0}, {"CPU": 3.0}, CPU_1]
    assert room(nodes, divide(nodes, workers).needs) >= workers


def test_a_worker_trains_on_the_accelerator_that_it_asked_for() -> None:
    kinds = [Shares(1, needs).kind for needs in ({"CPU": 4.0}, {"CPU": 4.0, "GPU": 2.0}, {"TPU": 4.0})]
    assert kinds == ["cpu", "gpu", "tpu"]


def test_parse() -> None:
    assert parse("GPU=1, CPU=0.5") == {"GPU": 1, "CPU": 0.5}


@pytest.mark.parametrize("text", ["", "GPU", "=1", "GPU=", "GPU=one", "GPU=0", "GPU=-1", "GPU=nan", "CPU=1,,GPU=1"])
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(EngineError, match="is not NAME=NUMBER"):
        parse(text)
