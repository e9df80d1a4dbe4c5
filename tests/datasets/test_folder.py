"""Image folders as they are listed: never opened, split by hashes of their paths."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest

from scaling.datasets import DATASETS, DataError, Splits, dataset_info, default_fraction, folder
from scaling.datasets.folder import Folder, cut, scan
from scaling.generator.study import Study, check
from scaling.generator.study_file import StudyFile, problems


def make(root: Path, *paths: str) -> Folder:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    scan.cache_clear()
    return scan(str(root))


def many(below: str = "", classes: Sequence[str] = ("b", "a"), each: int = 200) -> list[str]:
    return [f"{below}{name}/{row}.jpg" for name in classes for row in range(each)]


def names(files: Sequence[folder.File]) -> set[str]:
    return {path for path, _ in files}


def test_classes_are_the_sorted_folders_and_any_image_file_below_one_is_its_image(tmp_path: Path) -> None:
    found = make(
        tmp_path, "b/1.jpg", "a/2.JPEG", "a/deep/er/3.png", "a/notes.txt", "a/._2.jpg", ".git/x.jpg", "top.jpg"
    )
    assert found.classes == ("a", "b")
    labels = dict([*found.train, *found.test])
    assert labels == {"b/1.jpg": 1, "a/2.JPEG": 0, "a/deep/er/3.png": 0}
    assert found.left_out == {"files that are no images": 1, "hidden files": 1, "files beside the class folders": 1}
    assert "3 other files left out" in dataset_info(f"image_folder:{tmp_path}").title


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    paths = ("train/a/1.jpg", "train/a/2.webp", "train/b/1.gif", "train/b/2.HEIC", "train/b/3.tif", "train/b/4.tif")
    make(tmp_path, *paths, "train/b/Thumbs.db", "train/list.csv", "test/a/1.jpg", "README.txt")
    (tmp_path / "train" / "a" / "linked").symlink_to(tmp_path / "test" / "a")
    found = make(tmp_path)
    assert names(found.train) == {"train/a/1.jpg", "train/a/2.webp", "train/b/1.gif"}
    assert found.left_out == {
        "files beside the class folders": 2,
        ".tif images, which are not read": 2,
        ".heic images, which are not read": 1,
        "files that are no images": 1,
        "linked folders": 1,
    }


@pytest.mark.parametrize(
    ("each", "fraction", "at_least"), [(20, 0.2, 4), (700, 0.2, 200), (1500, 0.2, 500), (3100, 0.1, 500)]
)
def test_a_study_that_does_not_say_holds_out_500_images_or_a_fifth(
    each: int, fraction: float, at_least: int, tmp_path: Path
) -> None:
    found = make(tmp_path, *many(each=each))
    assert default_fraction(f"image_folder:{tmp_path}") == fraction
    assert len(cut(found, fraction)[1]) >= at_least
    info = dataset_info(f"image_folder:{tmp_path}")
    assert pickle.dumps(info)  # workers are sent it
    assert info.splits(fraction) == Splits(*map(len, cut(found, fraction)), len(found.test))  # type: ignore[call-arg]


def test_no_other_data_set_has_a_fraction_of_its_own(tmp_path: Path) -> None:
    make(tmp_path, *many("train/", each=3), *many("val/", each=2), *many("test/", each=2))
    assert default_fraction(f"image_folder:{tmp_path}") is None
    assert all(default_fraction(name) is None for name in DATASETS)


def test_the_chosen_fraction_is_written_into_the_trials_and_the_file(tmp_path: Path) -> None:
    make(tmp_path, *many())

    def study(**dataset: object) -> Study:
        return check(
            {
                "study": "x",
                "question": "?",
                "dataset": {"name": f"image_folder:{tmp_path}", **dataset},
                "grid": [{"depth": 14, "resolution": 32, "epochs": 1}],
            }
        )

    chosen, given = study(), study(validation_fraction=0.2)
    assert chosen.split_is_chosen
    assert not given.split_is_chosen
    assert chosen.trials == given.trials
    assert "validation_fraction: 0.2" in chosen.to_yaml()
    assert study(validation_fraction=0.02).trials[0].dataset.validation_fraction == 0.02


def test_what_is_no_regular_file_is_left_out_counted_and_named(tmp_path: Path) -> None:
    """A pipe among the images would keep its reader waiting for ever; a link that leads nowhere cannot be read."""
    make(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg")
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    (tmp_path / "b" / "lost.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "b" / "folder.jpg").mkdir()
    (tmp_path / "a" / "linked.jpg").symlink_to(tmp_path / "a" / "1.jpg")
    found = make(tmp_path)
    assert names([*found.train, *found.test]) == {"a/1.jpg", "a/2.jpg", "a/linked.jpg", "b/1.jpg"}
    assert found.special == (str(tmp_path / "a" / "pipe.jpg"), str(tmp_path / "b" / "lost.png"))
    title = dataset_info(f"image_folder:{tmp_path}").title
    assert "2 that cannot be read left out" in title
    assert "pipe.jpg" in title


def test_splits_are_fixed_shares_and_a_new_image_moves_no_other(tmp_path: Path) -> None:
    found = make(tmp_path, *many())
    train, validation = cut(found, 0.2)
    assert names(train) | names(validation) | names(found.test) == set(many())
    assert len(train) + len(validation) + len(found.test) == 400
    assert 20 < len(found.test) < 60
    assert 50 < len(validation) < 95
    more = make(tmp_path, *(f"a/new{row}.png" for row in range(100)))
    train_2, validation_2 = cut(more, 0.2)
    assert names(train) <= names(train_2)
    assert names(validation) <= names(validation_2)
    assert names(found.test) <= names(more.test)


def test_a_small_folder_has_one_image_of_each_split_at_least(tmp_path: Path) -> None:
    found = make(tmp_path, "a/1.jpg", "b/1.jpg", "b/2.jpg")
    train, validation = cut(found, 0.01)
    assert (len(train), len(validation), len(found.test)) == (1, 1, 1)


def test_membership_is_the_same_on_every_machine(tmp_path: Path) -> None:
    found = make(tmp_path, *many(each=20))
    train, validation = cut(found, 0.1)
    assert sorted(names(found.test)) == ["a/1.jpg", "b/13.jpg", "b/15.jpg", "b/5.jpg"]
    assert sorted(names(validation))[:4] == ["a/14.jpg", "a/5.jpg", "a/8.jpg", "b/11.jpg"]
    assert [path for path, _ in train[:3]] == ["a/0.jpg", "a/17.jpg", "a/15.jpg"]


@pytest.mark.parametrize("held_out", ["val", "validation", "test"])
def test_the_folder_beside_train_is_the_test_split(held_out: str, tmp_path: Path) -> None:
    found = make(tmp_path, *many("train/"), *many(f"{held_out}/", each=5))
    assert (len(found.train), len(found.test), len(found.validation)) == (400, 10, 0)
    train, validation = cut(found, 0.1)
    assert len(train) + len(validation) == 400
    assert 20 < len(validation) < 60


def test_with_val_and_test_val_is_the_validation_split(tmp_path: Path) -> None:
    found = make(tmp_path, *many("train/"), *many("val/", each=4), *many("test/", each=5))
    assert cut(found, 0.5) == (found.train, found.validation)
    known = dataset_info(f"image_folder:{tmp_path}")
    assert (known.train, known.validation, known.test, known.trainable(0.5)) == (400, 8, 10, 400)


def test_train_beside_other_names_is_a_class(tmp_path: Path) -> None:
    assert make(tmp_path, *many(classes=("train", "bus"))).classes == ("bus", "train")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("top.jpg",), r"0 folders in .*; it takes two classes"),
        (("a/1.jpg", "a/2.jpg"), "1 folders"),
        (("a/1.tif", "b/1.tif"), "2 folders"),
        (("train/a/1.jpg", "train/b/1.jpg", "test/c/1.jpg"), r"test/c: no such class to train on \(classes: a, b\)"),
        (("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "validation/a/1.jpg"), "has both val and validation"),
    ],
)
def test_what_is_no_image_folder_is_told(paths: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        make(tmp_path, *paths)


def test_a_study_can_be_checked_against_a_folder(tmp_path: Path) -> None:
    make(tmp_path, *many())

    def mistakes(**dataset: object) -> list[str]:
        content = {"study": "x", "question": "?", "dataset": dataset, "grid": [{"depth": 14, "resolution": 32}]}
        return list(problems(StudyFile.model_validate(content)))

    assert not mistakes(name=f"image_folder:{tmp_path}")
    (mistake,) = mistakes(name=f"image_folder:{tmp_path}", train_examples=401)
    assert mistake.startswith("dataset.train_examples: 401 are asked for")
    assert mistakes(name="image_folder:/no/such") == ["dataset.name: image_folder:/no/such: there is no such folder"]
    assert "did you mean 'image_folder:<path>'" in mistakes(name="image_folders:/x")[0]
