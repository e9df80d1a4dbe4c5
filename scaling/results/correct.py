"""Which validation images a trained network was right on, in a few hundred bytes of its record.

Networks that are scored on the same images share most of the noise of these images: where it is known on which each was
right, the noise of their difference is known too.
"""

from __future__ import annotations

import base64

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def packed(correct: Mask) -> str:
    """`(n,)` as text: eight images a byte, the first in its highest bit, as base64."""
    return base64.b64encode(np.packbits(correct).tobytes()).decode()


def unpacked(text: str, n: int) -> Mask | None:
    """The inverse of `packed`; None where the text is not of `n` images."""
    content = np.frombuffer(base64.b64decode(text), np.uint8)
    return np.unpackbits(content, count=n).astype(bool) if len(content) == -(-n // 8) else None
