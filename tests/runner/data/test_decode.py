"""Crops decoded alone against crops of the whole, every kind of file, and where crops lie."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.runner.data.stored import encoded, photo

pytestmark = pytest.mark.slow


def window(seed: int, width: int = 500, height: int = 375) -> Any:
    from scaling.runner.data.decode import random_window

    return random_window([height, width, 3], 224, np.array([seed, 0])).numpy()


def test_a_training_image_is_its_crop_of_the_whole_resized() -> None:
    import tensorflow as tf

    from scaling.runner.data.decode import random_window, training_image

    content = encoded(photo(1, size=(200, 150)))
    whole = tf.io.decode_jpeg(content, channels=3)
    for seed in range(8):
        image = training_image(content, 32, 3, tf.constant([seed, 5], tf.int64), flip=False).numpy()
        top, left, height, width = random_window(tf.shape(whole), 32, tf.constant([seed, 10], tf.int64)).numpy()
        crop = whole[top : top + height, left : left + width]
        expected = tf.image.resize(crop, (32, 32), method="bicubic").numpy().clip(0, 255)
        assert np.abs(image - expected).mean() < 1  # chroma at the crop's edge is interpolated otherwise
        flipped = [training_image(content, 32, 3, tf.constant([seed, 5], tf.int64), flip=True).numpy() for _ in "12"]
        np.testing.assert_array_equal(flipped[0], flipped[1])
        assert (flipped[0] == image).all() or (flipped[0] == image[:, ::-1]).all()


def test_crops_have_the_released_areas_and_ratios() -> None:
    windows = np.array([window(seed) for seed in range(400)])
    top, left, height, width = windows.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 375).all()
    assert (left + width <= 500).all()
    area, ratio = height * width / (375 * 500), width / height
    assert 0.075 < area.min() < 0.15
    assert 0.9 < area.max() <= 1
    assert 0.74 < ratio.min() < 0.8
    assert 1.25 < ratio.max() < 1.35


def test_half_of_the_images_are_mirrored() -> None:
    import tensorflow as tf

    from scaling.runner.data.decode import training_image

    content = encoded(photo(1))
    mirrored = 0
    for row in range(200):
        plain, perhaps = (
            training_image(content, 8, 3, tf.constant([0, row], tf.int64), flip=flip).numpy() for flip in (False, True)
        )
        mirrored += bool((plain != perhaps).any())
    assert 70 < mirrored < 130


def test_a_panorama_has_no_crop_but_the_middle() -> None:
    np.testing.assert_array_equal(window(0, width=2000, height=20), [2, 992, 17, 17])


def test_evaluation_sees_the_middle_seven_eighths() -> None:
    from scaling.runner.data.decode import centre_window

    assert centre_window([256, 256, 3], 224).numpy().tolist() == [16, 16, 224, 224]
    assert centre_window([300, 400, 3], 224).numpy().tolist() == [19, 69, 262, 262]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *((mode, "JPEG") for mode in ("RGB", "L", "CMYK")),
        *((mode, "PNG") for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")),
        *((mode, "WEBP") for mode in ("RGB", "RGBA")),
        *((mode, "GIF") for mode in ("P", "L")),
    ],
)
def test_every_kind_of_file_is_decoded(mode: str, kind: str, channels: int) -> None:
    from scaling.runner.data.decode import evaluation_image

    if channels == 1 and (mode == "CMYK" or kind in ("WEBP", "GIF")):
        pytest.skip("no grey is made of CMYK, WebP and GIF; a grey data set has no such file")

    source = photo(3)
    image = source.convert("L").point(lambda value: value * 257, "I").convert("I;16") if mode == "I;16" else None
    content = encoded(image or source.convert(mode), kind)
    decoded = evaluation_image(content, 32, channels).numpy().astype(float)
    assert decoded.shape == (32, 32, channels)
    grey = mode in ("L", "LA", "1", "I;16") or channels == 1
    reference = Image.open(io.BytesIO(content)) if mode == "1" else source
    expected = evaluation_image(encoded(reference.convert("L" if grey else "RGB"), "PNG"), 32, channels).numpy()
    assert np.abs(decoded - expected).mean() < 12


def test_png_webp_and_gif_are_decoded_as_pillow_does_and_alpha_is_dropped() -> None:
    import tensorflow as tf

    from scaling.runner.data.decode import _whole

    seen = photo(5)
    clear = seen.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    palette = seen.convert("P")
    whole = tf.function(lambda encoded: _whole(encoded, 3))
    for image, kind, options, expected in (
        (seen, "PNG", {}, seen),
        (clear, "PNG", {}, seen),
        (seen, "WEBP", {"lossless": True}, seen),
        (clear, "WEBP", {"lossless": True, "exact": True}, seen),
        (palette, "GIF", {}, palette.convert("RGB")),
        (palette, "GIF", {"save_all": True, "append_images": [photo(6).convert("P")]}, palette.convert("RGB")),
    ):
        content = io.BytesIO()
        image.save(content, kind, **options)
        decoded = whole(tf.constant(content.getvalue()))
        np.testing.assert_array_equal(decoded.numpy(), np.asarray(expected), err_msg=f"{kind} {options}")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_animated_webp_is_an_error_as_a_damaged_file_is(mode: str) -> None:
    """TensorFlow 2.21 would write beyond the end of its memory for one without transparency."""
    import tensorflow as tf

    from scaling.runner.data.decode import evaluation_image

    content = io.BytesIO()
    photo(5, mode).save(content, "WEBP", save_all=True, append_images=[photo(6, mode)])
    for encoded_file in (content.getvalue(), b"RIFF", b"RIFF0000WEBPVP8X", b""):
        with pytest.raises(tf.errors.InvalidArgumentError):
            evaluation_image(encoded_file, 32, 3)


def test_legacy_bicubic_takes_a_pixels_corner_for_its_place() -> None:
    """At half the size every second pixel is met exactly, from the first on; a kernel with centres meets none."""
    import tensorflow as tf

    from scaling.runner.data.decode import evaluation_image

    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    crop = pixels[4:60, 4:60]  # seven eighths
    content = tf.io.encode_png(pixels)
    legacy = evaluation_image(content, 28, 3, "legacy_bicubic").numpy()
    np.testing.assert_allclose(legacy, crop[::2, ::2], atol=1e-4)
    unrounded = evaluation_image(content, 24, 3, "legacy_bicubic").numpy()
    assert np.abs(unrounded - unrounded.round()).mean() > 0.2
    assert (evaluation_image(content, 28, 3).numpy() != crop[::2, ::2]).mean() > 0.9
    seed = tf.constant([0, 1], tf.int64)
    forms = [evaluation_image, lambda *of: training_crop(*of, seed=seed)]
    for form in forms:
        assert (form(content, 24, 3, "legacy_bicubic").numpy() != form(content, 24, 3, "bicubic").numpy()).any()


def training_crop(content: Any, resolution: int, channels: int, resize: Any, seed: Any) -> Any:
    from scaling.runner.data.decode import training_image

    return training_image(content, resolution, channels, seed, flip=False, resize=resize)
