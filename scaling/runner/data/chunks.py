"""Decoding rows into batches on many threads, damaged images marked and not fatal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from scaling.runner.data.cores import threads
from scaling.runner.data.source import Content, Tensor

CHUNK = 32
"""Images, at most, that a thread decodes in a go."""

Distort: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""From images `(n, size, size, channels)` and their numbers to images."""


@dataclass(frozen=True)
class Chunk:
    """How a chunk of rows becomes images.

    Attributes:
        open: from a row's content to the bytes of a file, and a label.
        image: from the bytes and the row's number to an image.
        shape: of an image.
        dtype: of an image.
    """

    open: Callable[[Content], tuple[Tensor, Tensor]]
    image: Callable[[Tensor, Tensor], Tensor]
    shape: tuple[int, int, int]
    dtype: str = "uint8"

    def decoded(self, numbers: Tensor, contents: Content) -> tuple[Tensor, Tensor, Tensor]:
        """Images and labels of a chunk, all zeros where there is an error, and which are good.

        The rows are a data set of their own, because a data set can go on after an error, and a function cannot.
        """

        def row(place: Tensor, number: Tensor, content: Content) -> tuple[Tensor, Tensor, Tensor]:
            encoded, label = self.open(content)
            return place, self.image(encoded, number), label

        places = tf.range(tf.size(numbers))
        good = tf.data.Dataset.from_tensor_slices((places, numbers, contents)).map(row).ignore_errors()
        blank = tf.data.Dataset.from_tensors((-1, tf.zeros(self.shape, self.dtype), 0))
        good_places, images, labels = blank.concatenate(good).batch(CHUNK + 1).get_single_element()
        where = tf.tensor_scatter_nd_update(
            tf.zeros_like(places), good_places[1:, None], tf.range(1, tf.size(good_places))
        )
        return tf.gather(images, where), tf.gather(labels, where), where > 0


def batches(rows: Any, size: int, chunk: Chunk, distort: Distort | None = None) -> Any:
    """Batches of rows, in their order.

    Args:
        rows: a `tf.data.Dataset` of `(number, name, content)`.
        size: rows a batch; rows that do not fill one are left out.
        chunk: decodes.
        distort: what happens then.

    Returns:
        A `tf.data.Dataset` of images, labels, which are good, and names; each of shape `(chunks, rows, ...)`.
    """
    each = max(part for part in range(1, CHUNK + 1) if size % part == 0)

    def decoded(numbers: Tensor, names: Tensor, contents: Content) -> tuple[Tensor, ...]:
        images, labels, good = chunk.decoded(numbers, contents)
        return (distort(images, numbers) if distort else images), labels, good, names

    options = tf.data.Options()
    options.deterministic = True
    options.threading.private_threadpool_size = threads()
    options.threading.max_intra_op_parallelism = 1
    chunks = rows.batch(each, drop_remainder=True).map(decoded, num_parallel_calls=threads())
    return chunks.batch(size // each, drop_remainder=True).prefetch(2).with_options(options)
