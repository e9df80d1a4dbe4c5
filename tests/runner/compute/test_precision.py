"""What is computed in where the recipe leaves it to the device."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scaling import machine
from scaling.datasets import dataset_info
from scaling.runner.compute.precision import LEAST_MACS, Multiplier, chosen, of_recipe
from scaling.runner.compute.program_key import of_trial
from scaling.schema import Precision, Trial, Variant
from tests import builders

LARGE, SMALL = int(LEAST_MACS), int(LEAST_MACS) - 1


@pytest.mark.parametrize(
    ("on", "macs", "precision"),
    [
        (Multiplier("cpu", instructions=("amx_bf16", "avx512_bf16")), LARGE, "mixed_bfloat16"),
        (Multiplier("cpu", instructions=("avx512_bf16",)), LARGE, "mixed_bfloat16"),
        (Multiplier("cpu", instructions=("avx512_bf16",)), SMALL, "float32"),
        (Multiplier("cpu", instructions=("bf16",)), LARGE, "float32"),
        (Multiplier("cpu"), LARGE, "float32"),
        (Multiplier("gpu", capability=9), SMALL, "mixed_bfloat16"),
        (Multiplier("gpu", capability=8), SMALL, "mixed_bfloat16"),
        (Multiplier("gpu", capability=7), LARGE, "float32"),
        (Multiplier("gpu"), LARGE, "float32"),
        (Multiplier("tpu"), SMALL, "mixed_bfloat16"),
    ],
)
def test_bfloat16_is_chosen_where_the_device_multiplies_in_it_and_it_pays(
    on: Multiplier, macs: int, precision: Precision
) -> None:
    assert chosen(on, macs) == precision


def trial(precision: str) -> Trial:
    return builders.trial(stem="small", recipe={"precision": precision})


def test_a_program_is_of_one_precision_and_shared_by_whoever_computes_in_it() -> None:
    asked = trial("auto")
    assert of_trial(asked, "mixed_bfloat16") == of_trial(trial("mixed_bfloat16")) != of_trial(asked, "float32")
    assert of_trial(asked) == of_trial(trial("float32")) == of_trial(asked, "float32")


@pytest.mark.slow
def test_a_recipe_that_names_a_precision_gets_it_and_a_small_network_is_not_worth_another() -> None:
    from scaling.runner.compute import backend

    info = dataset_info("synthetic")
    for precision in ("mixed_float16", "mixed_bfloat16", "float32"):
        named = trial(precision)
        assert of_recipe(named.recipe, named.variant, info) == precision
    if backend.device_name() is None:
        assert backend.multiplier() == Multiplier("cpu", instructions=machine.bfloat16_instructions() or ())
        small = Variant(depth=14, width=0.0625, resolution=14, stem="small")
        assert of_recipe(trial("auto").recipe, small, info) == "float32"


@pytest.mark.slow
def test_tensorflow_tells_gpus_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    from scaling.runner.compute.backend import tensorflow as backend

    details = {"h100": {"compute_capability": (9, 0)}, "v100": {"compute_capability": (7, 0)}, "mi250": {}}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details.__getitem__)
    for gpus, capability in ((["h100"], 9), (["h100", "v100"], 7), (["mi250"], 0)):
        seen: dict[str, list[str]] = {"GPU": gpus, "TPU": []}
        monkeypatch.setattr(tf.config, "list_physical_devices", seen.__getitem__)
        assert backend.multiplier() == Multiplier("gpu", capability=capability)
    monkeypatch.setattr(tf.config, "list_physical_devices", {"GPU": [], "TPU": ["core"]}.__getitem__)
    assert backend.multiplier() == Multiplier("tpu")


@pytest.mark.slow
def test_jax_tells_accelerators_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    jax = pytest.importorskip("jax")
    from scaling.runner.compute.backend import jax as backend

    def device(platform: str, **told: Any) -> SimpleNamespace:
        return SimpleNamespace(platform=platform, **told)

    for devices, multiplier in (
        ([device("gpu", compute_capability="9.0")], Multiplier("gpu", capability=9)),
        ([device("gpu", compute_capability="8.6"), device("gpu", compute_capability="7.5")], Multiplier("gpu", 7)),
        ([device("gpu", compute_capability="gfx90a")], Multiplier("gpu")),
        ([device("tpu")], Multiplier("tpu")),
        ([device("cpu")], Multiplier("cpu")),
    ):
        monkeypatch.setattr(jax, "devices", lambda devices=devices: devices)
        assert backend.multiplier() == multiplier
