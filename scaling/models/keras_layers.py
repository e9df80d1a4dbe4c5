"""Layers of vision transformers and ConvNeXt that Keras lacks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class LayerScale(keras.layers.Layer):  # type: ignore[misc]
    """A learned factor for each channel (arXiv 2103.17239)."""

    def __init__(self, initial: float, **rest: Any) -> None:
        super().__init__(**rest)
        self.gamma_initializer = keras.initializers.Constant(initial)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the factors."""
        self.gamma = self.add_weight(shape=shape[-1:], initializer=self.gamma_initializer, name="gamma")

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma


class ClassTokenAndPositions(keras.layers.Layer):  # type: ignore[misc]
    """From `(batch, height, width, channels)` to `(batch, 1 + height * width, channels)`, as ViT begins.

    Args:
        initial: of the positions; the class token begins near 0.
    """

    def __init__(self, initial: keras.initializers.Initializer, **rest: Any) -> None:
        super().__init__(**rest)
        self.class_token_initializer = keras.initializers.Zeros()
        self.positions_initializer = initial

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the class token and a position for it and for each pixel."""
        _, height, width, channels = shape
        self.class_token = self.add_weight(
            shape=(1, 1, channels), initializer=self.class_token_initializer, name="class_token"
        )
        self.positions = self.add_weight(
            shape=(1, 1 + (height or 0) * (width or 0), channels),
            initializer=self.positions_initializer,
            name="positions",
        )

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        pixels = ops.reshape(inputs, (-1, height * width, channels))
        first = ops.tile(ops.cast(self.class_token, pixels.dtype), (ops.shape(pixels)[0], 1, 1))
        return ops.concatenate([first, pixels], axis=1) + self.positions

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Of a feature map."""
        batch, height, width, channels = shape
        return batch, 1 + (height or 0) * (width or 0), channels


class FirstToken(keras.layers.Layer):  # type: ignore[misc]
    """`(batch, channels)` of `(batch, tokens, channels)`."""

    def call(self, inputs: Any) -> Any:
        return inputs[:, 0]


class SelfAttention(keras.layers.Layer):  # type: ignore[misc]
    """Softmax attention of queries, keys and values that stand side by side, `(batch, tokens, 3 * channels)`."""

    def __init__(self, heads: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.heads = heads

    def call(self, inputs: Any) -> Any:
        _, tokens, channels = inputs.shape
        parts = ops.reshape(inputs, (-1, tokens, 3, self.heads, channels // (3 * self.heads)))
        mixed = ops.dot_product_attention(parts[:, :, 0], parts[:, :, 1], parts[:, :, 2])
        return ops.reshape(mixed, (-1, tokens, channels // 3))
