"""Files written as others write them, from a model's own values, come back as they were, or are refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.models.weights import load_weights, variables
from scaling.schema import Variant
from tests.models.weight_files import FakeModel, Weights, as_keras_2, as_timm, values, write_keras_2, write_timm

VARIANT = Variant(depth=26, width=0.125, resolution=32)

KINDS = {"timm": (as_timm, write_timm, "w.safetensors"), "keras_2": (as_keras_2, write_keras_2, "w.h5")}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]


def refused(kind: Any, folder: Path, change: Callable[[Weights], Any], variant: Variant = VARIANT) -> str:
    """The error that a changed file brings, and that it left the model as it was."""
    rename, write, file = kind
    weights = rename(values(FakeModel(VARIANT, seed=1)))
    change(weights)
    write(folder / file, weights)
    model = FakeModel(VARIANT, seed=2)
    before = values(model)
    with pytest.raises(ValueError, match=re.escape(file)) as error:
        load_weights(model, variant, folder / file)
    assert all((before[name] == value).all() for name, value in values(model).items())
    return str(error.value)


def test_every_tensor_arrives_where_it_came_from(kind: Any, tmp_path: Path) -> None:
    rename, write, file = kind
    wanted = values(FakeModel(VARIANT, seed=1))
    write(tmp_path / file, rename(wanted))
    load_weights(model := FakeModel(VARIANT, seed=2), VARIANT, tmp_path / file)
    assert all((wanted[name] == value).all() for name, value in values(model).items())


def test_a_whole_keras_2_model_and_unsplit_names_are_read(tmp_path: Path) -> None:
    wanted = values(FakeModel(VARIANT, seed=1))
    write_keras_2(tmp_path / "w.h5", as_keras_2(wanted), chunk=10_000, root="/model_weights")
    load_weights(model := FakeModel(VARIANT, seed=2), VARIANT, tmp_path / "w.h5")
    assert all((wanted[name] == value).all() for name, value in values(model).items())


@pytest.mark.slow
def test_the_built_model_has_the_variables_that_these_tests_make_up() -> None:
    from scaling.models.build import build

    model = build(VARIANT, classes=10, mean=(0.5,) * 3, std=(0.25,) * 3, dropout=0.1, stochastic_depth=0.1)
    shapes = {name: tuple(variable.shape) for name, variable in variables(model).items()}
    assert shapes == {name: value.shape for name, value in values(FakeModel(VARIANT, seed=0)).items()}


@pytest.mark.slow
def test_a_built_model_takes_what_is_in_the_file(kind: Any, tmp_path: Path) -> None:
    from scaling.models.build import build

    rename, write, file = kind
    wanted = values(FakeModel(VARIANT, seed=1))
    write(tmp_path / file, rename(wanted))
    load_weights(model := build(VARIANT, classes=10, mean=(0.5,) * 3, std=(0.25,) * 3), VARIANT, tmp_path / file)
    assert all((wanted[name] == value).all() for name, value in values(model).items())


def test_what_is_missing_left_over_and_misshapen_is_listed(tmp_path: Path) -> None:
    def change(weights: Weights) -> None:
        del weights["layer4.1.bn3.running_var"]
        weights |= {f"aux.{i}": np.zeros(1) for i in range(8)}
        weights["fc.weight"] = np.zeros((1000, 256))

    message = refused(KINDS["timm"], tmp_path, change)
    assert "missing: stage5_block2_3_norm/moving_variance\n" in message
    assert re.search(r"left over: (aux\.\d, ){4}aux\.\d and 3 more", message)
    assert "of another shape: fc.weight gives (256, 1000) for head_dense/kernel (256, 10)" in message


def test_a_file_without_its_head_or_with_two_stems_is_refused(tmp_path: Path) -> None:
    def headless(weights: Weights) -> None:
        del weights["predictions/kernel"], weights["predictions/bias"]

    def two_stems(weights: Weights) -> None:
        weights["stem_9_stem_conv_1/kernel"] = weights["stem_2_stem_conv_1/kernel"]

    assert "missing: head_dense/kernel, head_dense/bias" in refused(KINDS["keras_2"], tmp_path, headless)
    assert "left over: stem_9_stem_conv_1/kernel" in refused(KINDS["keras_2"], tmp_path, two_stems)


def test_a_checkpoint_of_another_depth_says_which(tmp_path: Path) -> None:
    def deeper(weights: Weights) -> None:
        for stage, blocks in enumerate((3, 4, 6, 3), 1):
            block = {n.split(".", 2)[2]: v for n, v in weights.items() if n.startswith(f"layer{stage}.1.")}
            weights |= {f"layer{stage}.{i}.{n}": v for i in range(2, blocks) for n, v in block.items()}

    message = refused(KINDS["timm"], tmp_path, deeper)
    assert message.endswith("blocks 3-4-6-3, which is depth 50; the model is depth 26 with 2-2-2-2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stem": "resnet_d"}, "stem resnet_d: the released weights are for stem resnet_rs"),
        ({"resnet_d": False}, "stem resnet_rs and resnet_d: false"),
    ],
)
def test_a_network_that_nobody_released_takes_no_weights(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    write_keras_2(tmp_path / "w.h5", as_keras_2(values(FakeModel(VARIANT, seed=1))))
    with pytest.raises(ValueError, match=message):
        load_weights(
            FakeModel(VARIANT, seed=0),
            Variant.model_validate({"depth": 26, "resolution": 64, **options}),
            tmp_path / "w.h5",
        )


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    model = FakeModel(VARIANT, seed=0)
    for name, message in {"a.h5": "not an HDF5 file", "a.pth": "pickles", "a": "what is read is .safetensors"}.items():
        (tmp_path / name).write_bytes(b"\x80\x04nothing of use")
        with pytest.raises(ValueError, match=message):
            load_weights(model, VARIANT, tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_weights(model, VARIANT, tmp_path / "absent.h5")


def test_a_broken_safetensors_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    (tmp_path / "a.safetensors").write_bytes(b"\x80\x04nothing of use")
    with pytest.raises(ValueError, match="not a safetensors file"):
        load_weights(FakeModel(VARIANT, seed=0), VARIANT, tmp_path / "a.safetensors")


def test_hdf5_of_another_layout_and_links_elsewhere_are_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    weights = as_keras_2(values(FakeModel(VARIANT, seed=1)))
    write_keras_2(tmp_path / "elsewhere.h5", weights)
    write_keras_2(tmp_path / "w.h5", weights)
    name = "predictions/predictions/bias:0"
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file[name]
        file[name] = h5py.ExternalLink(str(tmp_path / "elsewhere.h5"), name)
    with h5py.File(tmp_path / "keras3.h5", "w") as file:
        file["layers/conv/vars/0"] = np.zeros(3)
    for path, message in {"w.h5": "predictions/bias points to another file", "keras3.h5": "no layer_names"}.items():
        with pytest.raises(ValueError, match=message):
            load_weights(FakeModel(VARIANT, seed=0), VARIANT, tmp_path / path)
