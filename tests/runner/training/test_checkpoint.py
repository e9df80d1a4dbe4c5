"""Checkpoints on disk: whole or not there, the same arrays back, damage named."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from scaling.runner.training import checkpoint
from scaling.runner.training.checkpoint import Checkpoint, CheckpointError
from scaling.schema import Epoch, Score

SCORE = Score(correct=1, n=3, loss=1 / 3)
EPOCH = Epoch(
    epoch=1,
    learning_rate=0.1,
    train_loss=0.1 + 0.2,
    train_top1=1 / 3,
    validation_raw=SCORE,
    validation_ema=SCORE,
    seconds=1.5,
)
MIDDLE = Checkpoint(
    state={
        "trainable": [np.arange(6, dtype=np.float32).reshape(2, 3), np.float32([1e-30])],
        "fixed": [np.array([7, 2**32 - 1], np.uint32)],
        "nothing": [],
    },
    history=(EPOCH,),
    losses=(0.1, 1 / 3),
    rights=(3.0, 4.0),
    seconds=0.25,
    compiled="xla",
    micro_batches=4,
)


def test_what_is_saved_is_loaded_to_the_last_bit(tmp_path: Path) -> None:
    path = checkpoint.path_of(str(tmp_path / "new" / "folder"), "trial")
    assert checkpoint.load(path) is None
    checkpoint.save(path, MIDDLE)
    loaded = checkpoint.load(path)
    assert loaded is not None
    assert loaded.state.keys() == MIDDLE.state.keys()
    for name, values in MIDDLE.state.items():
        assert len(loaded.state[name]) == len(values)
        for value, same in zip(values, loaded.state[name], strict=True):
            assert value.dtype == same.dtype
            np.testing.assert_array_equal(value, same)
    rest = ("history", "losses", "rights", "seconds", "compiled", "micro_batches")
    assert [getattr(loaded, name) for name in rest] == [getattr(MIDDLE, name) for name in rest]
    checkpoint.remove(path)
    checkpoint.remove(path)
    assert checkpoint.load(path) is None


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = checkpoint.path_of(str(tmp_path), "trial")
    checkpoint.save(path, MIDDLE)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, Checkpoint(state={}))
    monkeypatch.undo()
    loaded = checkpoint.load(path)
    assert loaded is not None
    assert loaded.losses == MIDDLE.losses
    assert [file.name for file in tmp_path.iterdir()] == ["trial.npz"]


@pytest.mark.parametrize("damage", ["torn", "empty", "foreign", "newer"])
def test_damage_is_named(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trial.npz"
    if damage == "newer":
        monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    checkpoint.save(str(path), MIDDLE)
    monkeypatch.undo()
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "foreign":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "not ours")
    with pytest.raises(CheckpointError, match=r"trial\.npz: (damaged|of format 2)"):
        checkpoint.load(str(path))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "trial.npz"
    np.savez(path, about=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(str(path))
