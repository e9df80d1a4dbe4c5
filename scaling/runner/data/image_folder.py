"""`image_folder:<path>`: streamed from its files."""

from __future__ import annotations

from scaling.datasets import folder
from scaling.runner.data.reader import Reader, streamed
from scaling.runner.data.source import Source
from scaling.schema import Dataset


def locate(name: str) -> str:
    """The folder.

    Raises:
        DataError: if there is none, or it is no folder of images.
    """
    path = name.partition(":")[2]
    folder.scan(path)
    return path


def _source(dataset: Dataset) -> Source:
    from scaling.runner.data.files import files

    return files(folder.scan(locate(dataset.name)), dataset)


READER = Reader(locate, streamed(_source))
