"""Checkpoints on disk: whole or not there, the same arrays back, damage named."""

from __future__ import annotations

import io
import json
import os
import random
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
    precision="mixed_bfloat16",
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
    rest = ("history", "losses", "rights", "seconds", "compiled", "micro_batches", "precision")
    assert [getattr(loaded, name) for name in rest] == [getattr(MIDDLE, name) for name in rest]
    checkpoint.remove(path)
    checkpoint.remove(path)
    assert checkpoint.load(path) is None


def test_one_from_before_precisions_were_told_is_loaded_without(tmp_path: Path) -> None:
    path = tmp_path / "trial.npz"
    checkpoint.save(str(path), MIDDLE)
    with np.load(path) as archive:
        arrays = dict(archive)
    about = json.loads(str(arrays["about"]))
    assert about.pop("precision") == "mixed_bfloat16"
    np.savez(path, **arrays | {"about": np.array(json.dumps(about))})
    loaded = checkpoint.load(str(path))
    assert loaded is not None
    assert (loaded.precision, loaded.micro_batches) == (None, 4)


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
    with pytest.raises(CheckpointError, match=r"trial\.npz: no checkpoint of this trial"):
        checkpoint.load(str(path))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "trial.npz"
    np.savez(path, about=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(CheckpointError, match="no checkpoint of this trial"):
        checkpoint.load(str(path))


def test_a_checkpoint_of_another_trial_is_named(tmp_path: Path) -> None:
    checkpoint.save(checkpoint.path_of(str(tmp_path), "one"), MIDDLE)
    (tmp_path / "one.npz").rename(tmp_path / "another.npz")
    with pytest.raises(CheckpointError, match="of trial one"):
        checkpoint.load(checkpoint.path_of(str(tmp_path), "another"))


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trial.npz")
    with pytest.raises(CheckpointError, match="not a regular file"):
        checkpoint.load(str(tmp_path / "trial.npz"))
    checkpoint.set_aside(str(tmp_path / "trial.npz"))
    assert checkpoint.load(str(tmp_path / "trial.npz")) is None


def test_it_must_fit_the_network_and_the_recipe() -> None:
    checkpoint.check_fits(MIDDLE, MIDDLE.state, epochs=1, steps=2)
    with pytest.raises(CheckpointError, match="arrays"):
        checkpoint.check_fits(MIDDLE, MIDDLE.state | {"fixed": [np.zeros(3, np.uint32)]}, epochs=1, steps=2)
    with pytest.raises(CheckpointError, match="more epochs"):
        checkpoint.check_fits(MIDDLE, MIDDLE.state, epochs=0, steps=2)


MUTATIONS = int(os.environ.get("SCALING_TEST_MUTATIONS", "300"))


def test_whatever_stands_in_the_file_is_a_checkpoint_or_a_checkpoint_error(tmp_path: Path) -> None:
    """`SCALING_TEST_MUTATIONS=5000` tries more."""
    whole, path = tmp_path / "whole" / "trial.npz", tmp_path / "trial.npz"
    checkpoint.save(str(whole), MIDDLE)
    seed = int(os.environ.get("SCALING_TEST_SEED", random.SystemRandom().randrange(2**32)))
    chance, refused = random.Random(seed), 0  # noqa: S311
    for number in range(MUTATIONS):
        path.write_bytes(mutated(whole, chance))
        try:
            loaded = checkpoint.load(str(path))
            assert loaded is not None
            checkpoint.check_fits(loaded, MIDDLE.state, epochs=1, steps=2)
        except CheckpointError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"mutation {number} of seed {seed}") from error
    assert refused > MUTATIONS / 2


def mutated(whole: Path, chance: random.Random) -> bytes:
    """The file with some of its bytes, members, headers or fields changed."""
    content = bytearray(whole.read_bytes())
    match chance.randrange(6):
        case 0:
            return bytes(content[: chance.randrange(len(content))])
        case 1:
            for _ in range(chance.randrange(1, 4)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            return bytes(content)
        case 2:
            place = chance.randrange(len(content))
            content[place : place + chance.randrange(40)] = chance.randbytes(chance.randrange(40))
            return bytes(content)
        case kind:
            return rebuilt(whole, chance, kind)


def rebuilt(whole: Path, chance: random.Random, kind: int) -> bytes:
    with zipfile.ZipFile(whole) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = sorted(members)
    if kind == 3:
        about = json.loads(str(np.load(io.BytesIO(members["about.npy"]))))
        field = chance.choice(sorted(about))
        odd = [None, -1, 1e300, 10**30, "text", [], {}, [None], {"trainable": 10**9}, True, [[0]], float("nan")]
        about[field] = chance.choice(odd)
        if chance.random() < 0.3:
            del about[field]
        buffer = io.BytesIO()
        np.save(buffer, np.array(json.dumps(about)))
        members["about.npy"] = buffer.getvalue()
    elif kind == 4:
        name = chance.choice(names)
        old, new = chance.choice(
            [(b"(2, 3)", b"(2000000, 3000000)"), (b"<f4", b"|O "), (b"<f4", b"<f8"), (b"(2,)", b"(-2,)"), (b"(", b"[")]
        )
        members[name] = members[name].replace(old, new, 1)
    else:
        one, other = chance.sample(names, 2)
        members[one], members[other] = members[other], members[one]
        if chance.random() < 0.5:
            del members[one]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()
