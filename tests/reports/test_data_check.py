"""What people are told of a data set."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from scaling.reports import data_check

OVERVIEW: dict[str, Any] = {
    "dataset": "image_folder:/photos",
    "title": "image files in /photos",
    "train": 900,
    "validation": 600,
    "test": 100,
    "validation_fraction": 0.4,
    "problem": None,
    "size": 224,
    "folder": None,
}
CLEAN: dict[str, Any] = {
    "classes": [{"name": name, "images": 800, "train": 450, "validation": 300, "test": 50} for name in ("cat", "dog")],
    "images": 1600,
    "looked_into": 1600,
    "decoded": 500,
    "formats": {"JPEG": 1600},
    "modes": {"RGB": 1600},
    "sizes": {
        "smallest": [300, 300],
        "largest": [900, 600],
        "shorter_side": {"least": 300, "twentieth": 320, "median": 400, "most": 600},
    },
    "damaged": {},
    **dict.fromkeys(("turned", "with_alpha", "animated", "deep", "long", "copies"), ()),
    **dict.fromkeys(("copies_across_splits", "copies_across_classes", "special"), ()),
    "left_out": {},
}


def told(resolution: int = 224, **changes: Any) -> str:
    overview = {**OVERVIEW, "folder": {**CLEAN, **changes}}
    return "\n".join(f"{each.kind}: {each.text}" for each in data_check.remarks(overview, resolution))


def shown(overview: dict[str, Any]) -> str:
    text = io.StringIO()
    data_check.show(overview, 224, Console(file=text, width=80))
    return text.getvalue()


def test_what_the_validation_images_decide_is_told_and_is_a_warning_where_they_are_few() -> None:
    (many,) = data_check.remarks(OVERVIEW, 224)
    (few,) = data_check.remarks(OVERVIEW | {"validation": 18}, 224)
    assert (many.kind, few.kind) == ("note", "warning")
    assert "differ by 5.7 points" in many.text
    assert "differ by 33.2 points" in few.text
    assert data_check.resolves(OVERVIEW | {"validation": 2400})["difference"] == pytest.approx(0.0287, abs=1e-4)  # type: ignore[index]


def test_a_clean_folder_has_nothing_else_to_tell() -> None:
    assert told().count("\n") == 0
    assert "note: With 600 validation images" in told()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"left_out": {".tif images, which are not read": 3}},
            "warning: Left out: .tif images, which are not read (3).",
        ),
        ({"left_out": {"hidden files": 1}}, "note: Left out: hidden files (1)."),
        ({"damaged": {"a/1.jpg": "empty"}}, "warning: 1 image cannot be read and is skipped: a/1.jpg (empty)."),
        ({"turned": ["1", "2", "3", "4"]}, "warning: 4 images have a rotation in the EXIF data"),
        ({"turned": ["1", "2", "3", "4"]}, "(1, 2, 3 and 1 more)"),
        ({"with_alpha": ["a.png"]}, "note: 1 image has transparency, which is dropped"),
        ({"animated": ["a.gif"]}, "note: 1 image is an animation, of which only the first frame is read"),
        ({"long": ["a.jpg"]}, "note: 1 image has one side more than twice as long as the other"),
        ({"deep": ["a.png"]}, "note: 1 image has more than 8 bits a channel"),
        ({"special": ["/photos/pipe.jpg"]}, "warning: 1 file is no regular file and is skipped"),
        ({"copies_across_splits": [["a/long.jpg", "a/1.jpg"]]}, "warning: 1 image has exact copies in another split"),
        ({"copies_across_splits": [["a/long.jpg", "a/1.jpg"]]}, "a/1.jpg = a/long.jpg"),
        ({"copies_across_classes": [["a/1.jpg", "b/1.jpg"]]}, "warning: 1 image has exact copies in another class"),
        (
            {"copies": [[{"path": "a/1.jpg"}, {"path": "a/2.jpg"}]]},
            "note: 1 file is an exact copy of another: a/1.jpg",
        ),
    ],
)
def test_everything_that_needs_a_look_is_told(changes: dict[str, Any], message: str) -> None:
    assert message in told(**changes)


def test_a_copy_is_named_once() -> None:
    copies = [[{"path": "a/1.jpg"}, {"path": "b/1.jpg"}], [{"path": "a/2.jpg"}, {"path": "a/3.jpg"}]]
    said = told(copies=copies, copies_across_classes=[["a/1.jpg", "b/1.jpg"]])
    assert said.count("a/1.jpg") == 1
    assert "note: 1 file is an exact copy of another in its class and split: a/2.jpg = a/3.jpg." in said
    assert "exact copy of another" not in told(copies=copies[:1], copies_across_classes=[["a/1.jpg", "b/1.jpg"]])


def test_empty_tiny_and_unequal_classes_are_named() -> None:
    sizes = {"cat": 300, "dog": 40, "eel": 5, "fox": 0}
    classes = [
        {"name": name, "images": images, "train": images, "validation": 0 if name == "eel" else 1, "test": 1}
        for name, images in sizes.items()
    ]
    text = told(classes=classes, images=345)
    assert "warning: 1 class has no image, and yet a network has an output for each: fox." in text
    assert "warning: 1 class has fewer than 10 images: eel (5)." in text
    assert "note: 1 class has no image to validate on: eel." in text
    assert "note: The largest class, cat, has 60 times as many images as the smallest, eel." in text
    assert "always answering cat is right for 87% of them" in text


def test_images_that_are_enlarged_are_told_of_by_the_resolution_asked_for() -> None:
    assert "enlarged" not in told(resolution=400)
    assert "More than half of the images have a side below 500 pixels" in told(resolution=500)


def test_nothing_can_be_run_without_images_to_validate_on() -> None:
    text = shown(OVERVIEW | {"validation": 0, "problem": "no images to validate on (...)"})
    assert "warning: There are no images to validate on (...): no study of these images" in text


def test_lines_fit_a_terminal_of_80_columns_and_paths_are_whole() -> None:
    path = "cat/" + "a" * 60 + ".jpg"
    text = shown({**OVERVIEW, "folder": {**CLEAN, "turned": [path], "looked_into": 500}})
    assert all(len(line) <= 80 for line in text.splitlines())
    assert path in text
    assert "the headers of 500 of 1,600 images, a random sample" in text


def test_of_many_classes_the_largest_and_the_smallest_are_shown() -> None:
    classes = [
        {"name": f"class{row:02d}", "images": row, "train": row, "validation": 0, "test": 0} for row in range(1, 51)
    ]
    lines = shown({**OVERVIEW, "folder": {**CLEAN, "classes": classes}}).splitlines()
    named = [line.split()[0] for line in lines if line.startswith("class") and line[5].isdigit()]
    assert named == [f"class{row:02d}" for row in (*range(50, 40, -1), *range(10, 0, -1))]
    assert "... 30 more" in lines
