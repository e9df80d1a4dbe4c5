"""The memory of a training step, from what a network counts."""

from __future__ import annotations

from scaling.models.complexity import Complexity
from scaling.schema import AskedPrecision

STATE_BYTES = 4 * 4
"""For each parameter, whatever the precision: weight, gradient, velocity and running average, in float32."""

ACTIVATION_BYTES: dict[AskedPrecision, int] = {"float32": 4, "mixed_bfloat16": 2, "mixed_float16": 2, "auto": 4}
"""For each kept element of a feature map; `auto` may become float32, which needs the most."""

KEPT_MAPS = 1.5
"""Elements kept for the backward pass over outputs of convolutions: those outputs, and part of what follows them.

Ours. Every convolution's output is kept for its batch norm, some of the normalised and activated maps beside it; 1.5 is
what Table 3 of arXiv 2103.07579 asks for. See `training_memory_gb` for how well it then fits.
"""


def training_memory_gb(complexity: Complexity, batch_size: int, precision: AskedPrecision) -> float:
    """Estimated memory of a training step on one device, in 1e9 bytes.

    `16 * params + 1.5 * bytes * activations * batch_size`. Workspace, padding, images and the framework are left out.

    Against Table 3 (TPUv3, 32 images a core, bfloat16, no fusion or rematerialization): ResNet-RS-350@256 9.2 for
    7.3 GB (+27%), ResNet-RS-420@320 15.2 for 15.5 (-2%), EfficientNet-B6 16.8 for 16.6 (+1%), B7 28.9 for 28.3 (+2%).

    Args:
        complexity: of the variant.
        batch_size: images a step on the device.
        precision: of the arithmetic; variables stay float32.
    """
    kept = KEPT_MAPS * ACTIVATION_BYTES[precision] * complexity.activations * batch_size
    return (STATE_BYTES * complexity.params + kept) / 1e9
