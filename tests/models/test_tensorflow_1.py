"""Checkpoints as the authors' code writes them: names in order of creation, averages beside the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.models.checkpoints import digest
from scaling.models.weights import load_weights
from scaling.schema import Variant
from tests.models.weight_files import FakeModel, Weights, values

pytestmark = pytest.mark.slow

VARIANT = Variant(depth=26, width=0.125, resolution=32)


def as_tensorflow_1(weights: Weights) -> Weights:
    """Our values by the names that `tf.layers` gives one after the other, projection first, SE among convolutions."""
    order = [f"stem_{number}_{part}" for number in (1, 2, 3, 4) for part in ("conv", "norm")]
    for stage in range(2, 6):
        for block in (1, 2):
            parts = ["shortcut_conv", "shortcut_norm"] if block == 1 else []
            parts += [f"{number}_{part}" for number in (1, 2, 3) for part in ("conv", "norm")]
            order += [f"stage{stage}_block{block}_{part}" for part in (*parts, "se_reduce", "se_expand")]
    counts, out = {"conv2d": 0, "batch_normalization": 0}, {}
    for layer in order:
        kind = "batch_normalization" if layer.endswith("norm") else "conv2d"
        name = f"{kind}_{counts[kind]}" if counts[kind] else kind
        counts[kind] += 1
        out |= {f"{name}/{leaf}": v for n, v in weights.items() for at, leaf in [n.split("/")] if at == layer}
    return out | {f"dense/{leaf}": weights[f"head_dense/{leaf}"] for leaf in ("kernel", "bias")}


def save(folder: Path, weights: Weights, averages: Weights | None = None) -> Path:
    """By TensorFlow 1's own saver; some archives lack the file `checkpoint`, and so does this."""
    import tensorflow as tf

    graph, path = tf.Graph(), folder / "model.ckpt-109200"
    held: dict[str, Any] = dict(weights) | {"global_step": np.array(109200)}
    held |= {f"{name}/Momentum": np.zeros_like(value) for name, value in weights.items() if "moving" not in name}
    held |= {f"{name}/ExponentialMovingAverage": value for name, value in (averages or {}).items()}
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as session:
        variables = {name: tf.compat.v1.Variable(value, name=name.replace("/", "_")) for name, value in held.items()}
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(path), write_meta_graph=False)
    (folder / "checkpoint").unlink()
    return path


def test_averages_are_loaded_where_there_are_some_by_folder_prefix_or_index(tmp_path: Path) -> None:
    raw, averages = (values(FakeModel(VARIANT, seed=seed)) for seed in (1, 2))
    path = save(tmp_path, as_tensorflow_1(raw), as_tensorflow_1(averages))
    for named in (tmp_path, path, path.with_name(f"{path.name}.index")):
        load_weights(model := FakeModel(VARIANT, seed=3), VARIANT, named)
        assert all((averages[name] == value).all() for name, value in values(model).items())
    assert digest(tmp_path) == digest(path)


def test_without_averages_the_weights_are_loaded_and_another_depth_or_damage_is_a_sentence(tmp_path: Path) -> None:
    raw = values(FakeModel(VARIANT, seed=1))
    path = save(tmp_path, as_tensorflow_1(raw))
    load_weights(model := FakeModel(VARIANT, seed=3), VARIANT, path)
    assert all((raw[name] == value).all() for name, value in values(model).items())
    deeper = VARIANT.model_copy(update={"depth": 50.0})
    with pytest.raises(
        ValueError,
        match=r"not this network\n  missing: .*\n  left over: batch_norm.*\n  of another shape: batch_norm",
    ):
        load_weights(FakeModel(VARIANT, seed=3), deeper, path)
    next(tmp_path.glob("*.data-*")).write_bytes(b"short")
    with pytest.raises(ValueError, match=r"ckpt-109200: .* cannot be read"):
        load_weights(FakeModel(VARIANT, seed=3), VARIANT, path)
    (tmp_path / f"{path.name}.index").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="not a TensorFlow checkpoint"):
        load_weights(FakeModel(VARIANT, seed=3), VARIANT, path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="a folder with one TensorFlow checkpoint is read; this has none"):
        load_weights(FakeModel(VARIANT, seed=3), VARIANT, tmp_path / "empty")
