"""From the bytes of a JPEG, PNG, WebP or GIF file to a square image, as TensorFlow operations.

Crops and resizing are those of the released `resnet_preprocessing.py`: area, ratio and attempts of the training crop,
the centre crop of evaluation, bicubic resizing without anti-aliasing. Of a JPEG only the crop is decoded. Unless
`legacy_bicubic` is asked for, pixels have centres; the release takes a pixel's corner for its place, which is 3.5 grey
levels off on average at 160 pixels, and does not round evaluated images to whole grey levels.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import tensorflow as tf

from scaling.schema.trial import Resize

Tensor: TypeAlias = Any

AREA = (0.08, 1.0)
RATIO = (3 / 4, 4 / 3)
ATTEMPTS = 10
CENTRE = 0.875


def training_image(
    encoded: Tensor, resolution: int, channels: int, seed: Tensor, flip: bool, resize: Resize = "bicubic"
) -> Tensor:
    """A random part of an image, perhaps mirrored.

    Args:
        encoded: the file's bytes.
        resolution: pixels a side of the result.
        channels: 1 or 3; grey, palette and CMYK files are converted (but CMYK, WebP and GIF not to grey).
        seed: two 64-bit integers, all that the crop and the mirroring depend on.
        flip: whether to mirror at all, with probability 1/2.
        resize: see `scaling.schema.Dataset`.

    Returns:
        `(resolution, resolution, channels)`, uint8.
    """
    seeds = [tf.stack([seed[0], 2 * seed[1] + use]) for use in (0, 1)]
    image = _decoded(encoded, channels, lambda shape: random_window(shape, resolution, seeds[0]))
    image = _whole_levels(_resized(image, resolution, channels, resize))
    if flip:
        mirrored = tf.random.stateless_uniform((), seeds[1]) < 0.5
        image = tf.cond(mirrored, lambda: tf.reverse(image, [1]), lambda: image)
    return image


def evaluation_image(encoded: Tensor, resolution: int, channels: int, resize: Resize = "bicubic") -> Tensor:
    """The middle of an image; arguments and result as for `training_image`, but float32 by `legacy_bicubic`."""
    image = _decoded(encoded, channels, lambda shape: centre_window(shape, resolution))
    floats = _resized(image, resolution, channels, resize)
    return floats if resize == "legacy_bicubic" else _whole_levels(floats)


def random_window(shape: Tensor, resolution: int, seed: Tensor) -> Tensor:
    """Top, left, height and width of a training crop; the centre crop where no attempt gave one."""
    begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        shape,
        bounding_boxes=tf.zeros((1, 0, 4)),
        seed=seed,
        area_range=AREA,
        aspect_ratio_range=RATIO,
        max_attempts=ATTEMPTS,
        use_image_if_no_bounding_boxes=True,
    )
    failed = tf.reduce_all(size[:2] == shape[:2])
    return tf.where(failed, centre_window(shape, resolution), tf.concat([begin[:2], size[:2]], axis=0))


def centre_window(shape: Tensor, resolution: int) -> Tensor:
    """Top, left, height and width of the middle square, seven eighths of the shorter side (but for rounding)."""
    part = resolution / (resolution + round(resolution * (1 / CENTRE - 1)))
    sides = shape[:2]
    crop = tf.cast(part * tf.cast(tf.reduce_min(sides), tf.float32), tf.int32)
    crop = tf.maximum(crop, 1)
    return tf.concat([(sides - crop + 1) // 2, [crop, crop]], axis=0)


def _decoded(encoded: Tensor, channels: int, window: Any) -> Tensor:
    """The part of an image that `window` chooses by its shape."""

    def jpeg() -> Tensor:
        chosen = window(tf.io.extract_jpeg_shape(encoded))
        return tf.image.decode_and_crop_jpeg(encoded, chosen, channels=channels)

    def other() -> Tensor:
        whole = _whole(encoded, channels)
        top, left, height, width = tf.unstack(window(tf.shape(whole)))
        return whole[top : top + height, left : left + width]

    return tf.cond(tf.io.is_jpeg(encoded), jpeg, other)


def _whole(encoded: Tensor, channels: int) -> Tensor:
    """A PNG, WebP or GIF file, of a GIF animation the first frame; transparency is dropped, not laid on a background.

    An animated WebP file is an error, as a damaged one is: TensorFlow 2.21 writes beyond the memory of one whose frames
    are opaque, unless it is asked for three channels, which it refuses.
    """
    if channels != 3:
        return tf.io.decode_png(encoded, channels=channels)

    def decoded(channels: int) -> Tensor:
        return tf.io.decode_image(encoded, channels=channels, expand_animations=False)

    # WebP is decoded with as many channels as it has, or not at all.
    return tf.cond(_is_still_webp(encoded), lambda: decoded(0)[..., :3], lambda: decoded(3))


def _is_still_webp(encoded: Tensor) -> Tensor:
    """Whether a file is WebP, and not flagged as an animation; the flags are in byte 20 of its extended form."""
    begin = tf.io.decode_raw(tf.strings.substr(encoded, 0, 21), tf.uint8)
    begin = tf.pad(begin, [[0, 21 - tf.size(begin)]])
    is_webp, is_extended = (tf.reduce_all(begin[at : at + 4] == [*word]) for at, word in ((8, b"WEBP"), (12, b"VP8X")))
    return is_webp & ~(is_extended & (begin[20] & 2 > 0))


def _resized(image: Tensor, resolution: int, channels: int, resize: Resize) -> Tensor:
    size = (resolution, resolution)
    if resize == "legacy_bicubic":
        batch = image[None]
        (floats,) = tf.unstack(tf.raw_ops.ResizeBicubic(images=batch, size=size, half_pixel_centers=False), num=1)
    else:
        floats = tf.image.resize(image, size, method="bicubic")
    return tf.ensure_shape(floats, (*size, channels))


def _whole_levels(floats: Tensor) -> Tensor:
    return tf.saturate_cast(tf.round(floats), tf.uint8)
