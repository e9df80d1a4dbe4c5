"""Image folders looked into: what is in them, and what is wrong with them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scaling.datasets.folder import scan
from scaling.runner.inspection import inspect
from tests.runner.data.stored import encoded, photo


def save(root: Path, path: str, image: Image.Image | None = None, kind: str = "JPEG", **options: Any) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    (image or photo(len(list(root.rglob("*"))))).save(file, kind, **options)
    return file


def found(root: Path, fraction: float = 0.2, most: int = 1000) -> dict[str, Any]:
    scan.cache_clear()
    return inspect(scan(str(root)), fraction, most).as_json()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for row in range(10):
        for name in ("cat", "dog"):
            save(tmp_path, f"train/{name}/{row}.jpg")
        save(tmp_path, f"test/cat/{row}.jpg")
    return tmp_path


def test_classes_are_counted_in_each_split(pets: Path) -> None:
    (pets / "train" / "eel").mkdir()
    inside = found(pets)
    held_out = sum(each["validation"] for each in inside["classes"])
    assert 0 < held_out < 20
    assert [each["name"] for each in inside["classes"]] == ["cat", "dog", "eel"]
    assert [each["images"] for each in inside["classes"]] == [20, 10, 0]
    assert [each["test"] for each in inside["classes"]] == [10, 0, 0]
    for each in inside["classes"]:
        assert each["train"] + each["validation"] + each["test"] == each["images"]


def test_every_kind_of_file_is_known_by_its_header(pets: Path) -> None:
    cat = "train/cat/"
    for mode, kind in (("L", "JPEG"), ("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("RGB", "WEBP")):
        save(pets, f"{cat}{mode}.{kind.lower()}", photo(7, mode), kind)
    save(pets, f"{cat}deep.png", photo(8, "L").convert("I;16"), "PNG")
    save(pets, f"{cat}animated.gif", photo(9), "GIF", save_all=True, append_images=[photo(10)])
    save(pets, f"{cat}pixel.png", photo(11, size=(1, 1)), "PNG")
    save(pets, f"{cat}panorama.jpg", photo(12, size=(90, 30)))
    inside = found(pets)
    assert inside["formats"] == {"JPEG": 33, "PNG": 5, "WEBP": 1, "GIF": 1}
    assert {mode: inside["modes"][mode] for mode in ("L", "CMYK", "RGBA", "LA", "I;16")} == {
        "L": 1,
        "CMYK": 1,
        "RGBA": 1,
        "LA": 1,
        "I;16": 1,
    }
    assert sorted(inside["with_alpha"]) == [f"{cat}LA.png", f"{cat}RGBA.png"]
    assert inside["animated"] == [f"{cat}animated.gif"]
    assert inside["deep"] == [f"{cat}deep.png"]
    assert inside["long"] == [f"{cat}panorama.jpg"]
    assert (inside["sizes"]["smallest"], inside["sizes"]["largest"]) == ([1, 1], [90, 30])
    assert inside["sizes"]["shorter_side"] == {"least": 1, "twentieth": 30, "median": 30, "most": 30}
    assert not inside["damaged"]


def test_a_rotation_is_seen_where_there_is_one(pets: Path) -> None:
    exif = Image.Exif()
    for turn in (1, 6):
        exif[0x0112] = turn
        for kind in ("JPEG", "PNG", "WEBP"):
            save(pets, f"train/cat/turn{turn}.{kind.lower()}", photo(turn), kind, exif=exif)
    assert sorted(found(pets)["turned"]) == [f"train/cat/turn6.{kind}" for kind in ("jpeg", "png", "webp")]


def test_damage_is_named_with_its_reason(pets: Path) -> None:
    cat = pets / "train" / "cat"
    for name, kind in (("cut.jpg", "JPEG"), ("cut.png", "PNG"), ("cut.webp", "WEBP"), ("cut.gif", "GIF")):
        content = encoded(photo(3, size=(300, 200)), kind)
        (cat / name).write_bytes(content[: len(content) // 2])
    (cat / "empty.jpg").touch()
    (cat / "text.jpg").write_text("no image at all")
    save(pets, "train/cat/moves.webp", photo(1), "WEBP", save_all=True, append_images=[photo(2)])
    (cat / "scan.jpg").write_bytes(encoded(photo(4), "TIFF"))
    os.mkfifo(cat / "pipe.jpg")
    inside = found(pets)
    moving = ("moves.webp",)
    damaged = {Path(path).name: reason for path, reason in inside["damaged"].items()}
    assert set(damaged) == {"cut.jpg", "cut.png", "cut.webp", "cut.gif", "empty.jpg", "text.jpg", "scan.jpg", *moving}
    assert (damaged["empty.jpg"], damaged["text.jpg"]) == ("empty", "no image")
    assert "truncated" in damaged["cut.jpg"]
    assert damaged["scan.jpg"].startswith("TIFF, which is not read")
    assert inside["special"] == [str(cat / "pipe.jpg")]
    assert damaged["moves.webp"] == "an animated WebP file, which is not read"
    assert inside["images"] == 38


def test_copies_are_found_by_content_and_those_across_splits_and_classes_told_apart(pets: Path) -> None:
    train, test = pets / "train", pets / "test"
    shutil.copy(train / "cat" / "0.jpg", train / "cat" / "again.jpg")
    shutil.copy(train / "cat" / "1.jpg", test / "cat" / "seen.jpg")
    shutil.copy(train / "cat" / "2.jpg", train / "dog" / "mistaken.jpg")
    (train / "dog" / "as_long.jpg").write_bytes(b"x" * (train / "cat" / "3.jpg").stat().st_size)
    inside = found(pets, fraction=0)

    def together(groups: Iterable[list[str]]) -> set[frozenset[str]]:
        return {frozenset(group) for group in groups}

    again = frozenset({"train/cat/0.jpg", "train/cat/again.jpg"})
    seen = frozenset({"train/cat/1.jpg", "test/cat/seen.jpg"})
    mistaken = frozenset({"train/cat/2.jpg", "train/dog/mistaken.jpg"})
    assert together([file["path"] for file in same] for same in inside["copies"]) == {again, seen, mistaken}
    assert together(inside["copies_across_splits"]) == {seen}
    assert together(inside["copies_across_classes"]) == {mistaken}


def test_of_a_large_folder_an_even_sample_is_looked_into_and_progress_is_shown(pets: Path) -> None:
    shown: dict[str, int] = {}

    def tracked(items: Iterable[Any], what: str, total: int) -> Iterator[Any]:
        shown[what] = total
        yield from items

    scan.cache_clear()
    folder = scan(str(pets))
    inspection = inspect(folder, 0.5, most=9, tracked=tracked)  # type: ignore[arg-type]
    inside = inspection.as_json()
    assert (inside["looked_into"], inside["images"], inside["decoded"]) == (9, 30, 9)
    assert sum(each["images"] for each in inside["classes"]) == 30
    splits = {file.path: file.split for file in inspection.files}
    assert {splits[header.path] for header in inspection.headers} == {"train", "validation", "test"}
    assert shown["reading headers"] == shown["decoding a sample"] == 9
    assert "comparing files of one size" in shown
