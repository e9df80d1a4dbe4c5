"""Networks of each family written for each runtime: the same logits, in the real runtimes."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.datasets import dataset_info
from scaling.errors import UserError
from scaling.generator.study import check
from scaling.models import trained
from scaling.runner.deploy.runtimes import RUNTIMES
from scaling.schema import TrainRecord, Trial, Variant

pytestmark = pytest.mark.slow

NETWORKS: dict[str, dict[str, Any]] = {
    "resnet_rs": {"depth": 14, "width": 0.125, "stem": "resnet_d", "resolution": 32},
    "efficientnet": {"depth": 0.3, "width": 0.25, "resolution": 32},
    "convnext": {"depth": 4, "width": 0.125, "patch": 2, "resolution": 16},
    "vit": {"depth": 2, "width": 0.125, "head": 12, "patch": 4, "resolution": 16},
}
LOADS_ALONE = """
import sys, numpy as np, keras
sys.modules["scaling"] = None
for folder in sys.argv[1:]:
    model = keras.models.load_model(f"{folder}/network.keras")
    np.save(f"{folder}/out.npy", np.asarray(model(np.load(f"{folder}/images.npy"))))
"""


def trial_of(family: str) -> Trial:
    (trial,) = check(
        {
            "study": "s",
            "question": "?",
            "dataset": {"name": "synthetic"},
            "grid": [{"family": family} | NETWORKS[family]],
        }
        | {"recipe": {"epochs": 1}}
    ).trials
    return trial


@functools.cache
def random_weights(variant: Variant) -> dict[str, Any]:
    """Of a network for the pictures of `synthetic`."""
    from scaling.runner.deploy.export import random_values

    random = np.random.default_rng(1)
    return {
        name: (value + random.uniform(-0.05, 0.05, value.shape)).astype(np.float32)
        for name, value in random_values(variant, dataset_info("synthetic")).items()
    }


@functools.cache
def own_logits(variant: Variant) -> Callable[[Any], Any]:
    """What the network with those weights computes, by its own layers."""
    from scaling.runner.deploy.export import logits

    return logits(variant, random_weights(variant), dataset_info("synthetic"))


def left_by(trial: Trial, folder: Path) -> tuple[TrainRecord, Path]:
    """What a training leaves: its record and its weights, here random ones."""
    weights = random_weights(trial.variant)
    path = folder / f"{trial.id}.safetensors"
    path.write_bytes(trained.as_bytes(trial, weights, weights, stays=True))
    record = TrainRecord.model_validate(
        {"trial_id": trial.id, "trial": trial.model_dump(), "params": 1, "macs": 1, "activations": 1}
        | {"finished": "2026-01-01T00:00:00Z", "test_ema": {"correct": 5, "n": 10}}
        | {"environment": {"versions": {}, "platform": "Linux", "device": "cpu"}}
    )
    return record, path


@pytest.mark.parametrize("family", NETWORKS)
@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_computes_the_trained_networks_logits(family: str, name: str, tmp_path: Path) -> None:
    from scaling.runner.deploy.export import export, images_like, log_softmax

    runtime = RUNTIMES[name]
    for module, _ in runtime.packages:
        pytest.importorskip(module)
    trial = trial_of(family)
    record, path = left_by(trial, tmp_path)
    target = tmp_path / f"network{runtime.suffix}"
    exported = export(record, path, runtime, target)
    info = dataset_info(trial.dataset.name)
    images = images_like(info, trial.variant.resolution, count=3)
    wanted = log_softmax(own_logits(trial.variant)(images))
    call = runtime.load(target)
    given = np.log(call(images))
    assert np.ptp(wanted) > 0.1
    np.testing.assert_allclose(given, wanted, atol=1e-4 * max(1.0, float(np.abs(wanted).max())))
    np.testing.assert_allclose(call(images[:1]), call(images)[:1], atol=1e-5)
    assert exported.difference is not None
    assert exported.difference < 1e-4 * max(1.0, float(np.abs(wanted).max()))
    assert all(file.exists() for file in exported.files)
    assert not list(tmp_path.glob(".export-*"))


def test_keras_loads_it_where_this_package_is_not(tmp_path: Path) -> None:
    """A network of each family, in one process."""
    from scaling.runner.deploy.export import export, images_like

    expected = {}
    for family in NETWORKS:
        (folder := tmp_path / family).mkdir()
        trial = trial_of(family)
        record, path = left_by(trial, folder)
        export(record, path, RUNTIMES["keras"], folder / "network.keras")
        images = images_like(dataset_info("synthetic"), trial.variant.resolution)
        np.save(folder / "images.npy", images)
        expected[folder] = RUNTIMES["keras"].load(folder / "network.keras")(images)
    command = [sys.executable, "-c", LOADS_ALONE, *map(str, expected)]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    for folder, probabilities in expected.items():
        np.testing.assert_allclose(np.load(folder / "out.npy"), probabilities, atol=1e-5)


def test_what_cannot_be_exported_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    from scaling.runner.deploy import export as module
    from scaling.runner.deploy.export import export

    trial = trial_of("vit")
    record, path = left_by(trial, tmp_path)
    keras, target = RUNTIMES["keras"], tmp_path / "out" / "network.keras"
    with pytest.raises(UserError, match="there is no folder"):
        export(record, path, keras, target)
    target.parent.mkdir()
    with pytest.raises(UserError, match=r"reads files that end in \.keras"):
        export(record, path, keras, target.with_suffix(".h5"))
    with pytest.raises(UserError, match="were not kept; train it again with --keep all"):
        export(record, tmp_path / "absent.safetensors", keras, target)
    other = trial.model_copy(update={"seed": 1})
    with pytest.raises(UserError, match="not the weights of"):
        export(record.model_copy(update={"trial": other}), path, keras, target)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match="not a safetensors file"):
        export(record, path, keras, target)
    assert not list(target.parent.iterdir())
    record, path = left_by(trial, tmp_path)
    target.write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        export(record, path, keras, target)
    assert target.read_text() == "mine"
    target.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WORST", -1.0)
        with pytest.raises(UserError, match=r"differs from the trained network by .*nothing was written"):
            export(record, path, keras, target)
    assert not list(target.parent.iterdir())


def test_predict_reads_images_of_all_kinds_and_says_which_it_cannot(tmp_path: Path) -> None:
    from PIL import Image

    from scaling.runner.deploy.export import export
    from scaling.runner.deploy.predict import predict

    trial = trial_of("vit")
    record, path = left_by(trial, tmp_path)
    target = tmp_path / "network.keras"
    export(record, path, RUNTIMES["keras"], target)
    random = np.random.default_rng(0).integers(0, 256, (40, 60, 4), dtype=np.uint8)
    for name, mode in {"grey.png": "L", "clear.png": "RGBA", "photo.jpg": "RGB", "few.gif": "P"}.items():
        Image.fromarray(random).convert(mode).save(tmp_path / name)
    (tmp_path / "text.png").write_text("no image")
    images = [tmp_path / name for name in ("grey.png", "clear.png", "photo.jpg", "few.gif", "text.png", "absent.png")]
    about, predictions = predict(target, images, top=3)
    assert about.trial_id == trial.id
    assert [len(told.classes) for told in predictions] == [3, 3, 3, 3, 0, 0]
    assert [told.error for told in predictions[4:]] == ["not an image that Pillow can read", "no such file"]
    assert all(told.classes[0][1] >= told.classes[1][1] for told in predictions[:4])
    (tmp_path / "network.keras.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        predict(target, images)
    (tmp_path / "network.keras.json").unlink()
    with pytest.raises(UserError, match="missing; scaling export writes it beside the network"):
        predict(target, images)
    with pytest.raises(UserError, match="is no exported network"):
        predict(path, images)


def test_a_kept_file_says_what_it_is(tmp_path: Path) -> None:
    trial = trial_of("vit")
    _, path = left_by(trial, tmp_path)
    about = trained.read_about(path)
    assert about is not None
    assert about.trial == trial
    newer = {"scaling": json.dumps({"format": trained.FORMAT + 1})}
    with pytest.raises(ValueError, match="upgrade it"):
        trained.about(path, newer)
