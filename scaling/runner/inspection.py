"""What is in an image folder: its classes, and the sizes, colours and flaws of its images, without TensorFlow.

Of each image the header is read, of some the whole. Files are taken in the order of their hashes, so that the first
ones of a large folder are a random sample of it.
"""

from __future__ import annotations

import statistics
import struct
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from scaling.datasets.folder import Folder, cut
from scaling.machine import cores
from scaling.runner.duplicates import Copies, ImageFile, across, duplicates
from scaling.runner.tracked import Tracked, untracked

LOOKED_INTO = 20_000
"""Images whose headers are read, and among which copies are looked for, at most."""

DECODED = 500
"""Images that are decoded to their last byte, at most."""

LONG = 2.0
"""Longer over shorter side, beyond which the middle square is less than half of an image."""

READ = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP"})
"""Formats, as Pillow calls them, that training reads whatever a file's name ends in; an MPO file begins as a JPEG."""

SEVERAL_BYTES = ("I", "F")
"""How modes of more than 8 bits a channel begin."""

DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    LookupError,
    TypeError,
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are none of its formats, or damaged."""


@dataclass(frozen=True)
class Header:
    """What a file says of its image.

    Attributes:
        path: below the folder's root.
        width, height: in pixels, as stored.
        mode, format: as Pillow calls them.
        is_turned: whether its EXIF data ask for a rotation or a mirroring.
        has_alpha: whether parts may be transparent.
        is_animated: whether it has more frames than the one that is read.
        damage: why it cannot be read; empty where it can.
    """

    path: str
    width: int = 0
    height: int = 0
    mode: str = ""
    format: str = ""
    is_turned: bool = False
    has_alpha: bool = False
    is_animated: bool = False
    damage: str = ""


@dataclass(frozen=True)
class Inspection:
    """What was found in an image folder.

    Attributes:
        files: all images.
        classes: their names, in the order of labels.
        headers: of the images that were looked into.
        decoded: number of these that were decoded whole.
        copies: among the images that were looked into.
        left_out: number of other files, by reason.
        special: images by name that are no regular files.
    """

    files: tuple[ImageFile, ...]
    classes: tuple[str, ...]
    headers: tuple[Header, ...]
    decoded: int
    copies: tuple[Copies, ...]
    left_out: dict[str, int]
    special: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON values: counts, and the names of what needs a look."""
        good = [header for header in self.headers if not header.damage]
        return {
            "classes": self.per_class(),
            "images": len(self.files),
            "looked_into": len(self.headers),
            "decoded": self.decoded,
            "formats": dict(Counter(header.format for header in good).most_common()),
            "modes": dict(Counter(header.mode for header in good).most_common()),
            "sizes": _sizes(good),
            "damaged": {header.path: header.damage for header in self.headers if header.damage},
            "turned": [header.path for header in good if header.is_turned],
            "with_alpha": [header.path for header in good if header.has_alpha],
            "animated": [header.path for header in good if header.is_animated],
            "deep": [header.path for header in good if header.mode.startswith(SEVERAL_BYTES)],
            "long": [header.path for header in good if _is_long(header)],
            "copies": [[asdict(file) for file in same] for same in self.copies],
            "copies_across_splits": [[file.path for file in same] for same in across(self.copies, "split")],
            "copies_across_classes": [[file.path for file in same] for same in across(self.copies, "label")],
            "left_out": self.left_out,
            "special": list(self.special),
        }

    def per_class(self) -> list[dict[str, Any]]:
        """One mapping a class: its name, its images, and how many are in each split."""
        counts = Counter((file.label, file.split) for file in self.files)
        splits = [
            {split: counts[label, split] for split in ("train", "validation", "test")}
            for label in range(len(self.classes))
        ]
        return [
            {"name": name, "images": sum(each.values()), **each}
            for name, each in zip(self.classes, splits, strict=True)
        ]


def inspect(folder: Folder, fraction: float, most: int = LOOKED_INTO, tracked: Tracked = untracked) -> Inspection:
    """Looks into an image folder.

    Args:
        folder: as it was listed.
        fraction: of the training images that is held out as validation.
        most: images that are looked into; of more, a sample.
        tracked: shows progress.
    """
    train, validation = cut(folder, fraction)
    splits = {"train": train, "validation": validation, "test": folder.test}
    files = [ImageFile(path, label, split) for split, listed in splits.items() for path, label in listed]
    sample = _sample(files, most)
    headers = {header.path: header for header in _mapped(_header, folder.root, sample, "reading headers", tracked)}
    good = [file for file in sample if not headers[file.path].damage]
    decoded = _sample(good, DECODED)
    for header in _mapped(_whole, folder.root, decoded, "decoding a sample", tracked):
        headers[header.path] = header if header.damage else headers[header.path]
    copies = duplicates(folder.root, sample, tracked)
    return Inspection(
        tuple(files),
        folder.classes,
        tuple(headers.values()),
        len(decoded),
        tuple(copies),
        dict(folder.left_out),
        folder.special,
    )


def _sample(files: Sequence[ImageFile], most: int) -> list[ImageFile]:
    """At most so many files, evenly from all splits: each of their lists is in a random order."""
    return [files[index * len(files) // most] for index in range(most)] if len(files) > most else list(files)


def _mapped(look: Any, root: Path, files: Sequence[ImageFile], what: str, tracked: Tracked) -> Iterator[Header]:
    with ThreadPool(cores()) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of large images and odd EXIF data
        yield from tracked(pool.imap(lambda file: look(root, file.path), files, chunksize=16), what, len(files))


def _header(root: Path, path: str) -> Header:
    """What the beginning of a file says."""
    try:
        with Image.open(root / path) as image:
            known = image.format or ""
            return Header(
                path,
                *image.size,
                image.mode,
                known,
                is_turned=_is_turned(image),
                has_alpha=image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info,
                is_animated=known != "MPO" and getattr(image, "is_animated", False),
                damage=_unread(image),
            )
    except DAMAGE as error:
        return Header(path, damage=_reason(root / path, error))


def _unread(image: Image.Image) -> str:
    """Why a file that Pillow reads is not read by training; empty where it is."""
    if image.format not in READ:
        return f"{image.format}, which is not read, whatever the file's name says"
    return "an animated WebP file, which is not read" if image.format == "WEBP" and image.is_animated else ""  # type: ignore[attr-defined]


def _whole(root: Path, path: str) -> Header:
    """The damage of a file, decoded to its end; a JPEG at an eighth of its size, which reads it whole none the less."""
    try:
        with Image.open(root / path) as image:
            image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))
            image.load()
    except DAMAGE as error:
        return Header(path, damage=_reason(root / path, error))
    return Header(path)


def _reason(path: Path, error: Exception) -> str:
    try:
        is_empty = not path.stat().st_size
    except OSError:
        return "cannot be opened"
    if is_empty:
        return "empty"
    return "no image" if isinstance(error, UnidentifiedImageError) else str(error)


def _is_turned(image: Image.Image) -> bool:
    """Whether EXIF data ask for it; those behind a PNG's pixels are not looked for, as that would decode it."""
    if "exif" not in image.info:
        return False
    return image.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1)


def _is_long(header: Header) -> bool:
    return max(header.width, header.height) > LONG * min(header.width, header.height)


def _sizes(headers: Sequence[Header]) -> dict[str, Any] | None:
    """The shorter sides in pixels, and the smallest and largest image; None where there is no image."""
    if not headers:
        return None
    shorter = sorted(min(header.width, header.height) for header in headers)
    by_area = sorted(headers, key=lambda header: header.width * header.height)
    return {
        "smallest": [by_area[0].width, by_area[0].height],
        "largest": [by_area[-1].width, by_area[-1].height],
        "shorter_side": {
            "least": shorter[0],
            "twentieth": shorter[len(shorter) // 20],
            "median": statistics.median_low(shorter),
            "most": shorter[-1],
        },
        "different": len({(header.width, header.height) for header in headers}),
    }
