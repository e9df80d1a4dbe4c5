"""A data set is its description, a line of the registry and a module that reads it."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from scaling import datasets
from scaling.datasets import DataError, DatasetInfo, dataset_info
from scaling.datasets.dataset import Registration
from scaling.datasets.registry import REGISTRY, find
from scaling.runner.data import places, sources
from scaling.runner.data.memory import Split
from scaling.runner.data.reader import Reader, from_memory, reader_of
from scaling.schema import Dataset

DIGITS = DatasetInfo(
    name="digits",
    title="Digits",
    classes=10,
    channels=1,
    size=8,
    train=40,
    test=10,
    mean=(0.5,),
    std=(0.3,),
    flip=False,
)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Registers `digits`, whose reader is a module of its own; whether it is on this machine is in the result."""
    here = {"digits": False}

    def locate(name: str) -> str:
        if not here[name]:
            raise DataError(f"{name} is not on this machine")
        return "/digits"

    def read(name: str, resolution: int) -> tuple[Split, Split]:
        random = np.random.default_rng(0)
        train, test = (random.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8) for count in (40, 10))
        return Split(train, np.arange(40, dtype=np.int32) % 10), Split(test, np.arange(10, dtype=np.int32))

    module = types.ModuleType("digits_reader")
    module.READER = Reader(locate, from_memory(read), lambda name: here.update({name: True}))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "digits_reader", module)
    monkeypatch.setitem(REGISTRY, "digits", Registration("digits", "Digits", lambda _: DIGITS, "digits_reader"))
    return here


def test_a_registered_data_set_is_known_found_fetched_and_loaded(stored: dict[str, bool]) -> None:
    assert dataset_info("digits") is DIGITS
    with pytest.raises(DataError, match="digits is not on this machine"):
        sources.locate("digits")
    assert sources.fetch("digits") == ("/digits", False)
    loaded = sources.load(Dataset(name="digits", validation_fraction=0.25), 8)
    assert (loaded.train_size, loaded.validation_size, loaded.test_size) == (30, 10, 10)


def test_a_download_that_fails_is_told_with_each_other_way(stored: dict[str, bool]) -> None:
    reader = Reader(reader_of("digits").locate, reader_of("digits").load, lambda name: 1 / 0)  # type: ignore[arg-type, return-value]
    sys.modules["digits_reader"].READER = reader  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=r"digits is not on this machine\n\(downloading was tried: division by zero"):
        sources.fetch("digits")


@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_nothing_is_downloaded_to_where_it_is_not_looked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(places.DATA_DIR, str(tmp_path))
    with pytest.raises(DataError, match=r"(?s)downloading was tried: .* not searched while SCALING_DATA_DIR is set"):
        sources.fetch(name)


@pytest.mark.parametrize("name", ["cifar10:", "cifar10:train", "image_folder", "image_folder:", "tfds", "nothing", ":"])
def test_a_name_without_its_family_or_with_another_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="is not a data set"):
        find(name)


def test_each_registered_reader_is_there_and_loads_without_tensorflow() -> None:
    names = [kind + (":x" if entry.is_family else "") for kind, entry in REGISTRY.items()]
    assert len(names) >= 7
    code = f"""
import sys
from scaling.runner.data.reader import Reader, reader_of
assert all(type(reader_of(name)) is Reader for name in {names!r})
assert not {{"tensorflow", "keras", "jax"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_tables_for_people_follow_the_registry() -> None:
    assert [*datasets.DATASETS, *datasets.PATTERNS] == [entry.pattern for entry in REGISTRY.values()]
