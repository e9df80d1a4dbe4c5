"""What training minimises and evaluation counts, for each image of a batch."""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

from scaling.runner.compute.backend import Batch, Tensor
from scaling.runner.compute.mixing import Blend


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: Tensor = 0.0) -> Tensor:
    """`(batch,)`, in nats; `smoothing` of the mass is spread evenly over all classes."""
    log_likelihood = ops.log_softmax(logits, axis=-1)
    target = ops.one_hot(labels, logits.shape[-1], dtype="float32")
    target = (1 - smoothing) * target + smoothing / logits.shape[-1]
    return -ops.sum(target * log_likelihood, axis=-1)


def correct(logits: Tensor, labels: Tensor) -> Tensor:
    """`(batch,)`: 1 where the largest logit is the label's, else 0."""
    return ops.cast(ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int32")), "float32")


def in_top5(logits: Tensor, labels: Tensor) -> Tensor:
    """`(batch,)`: 1 where the label's logit is among the five largest, else 0."""
    return ops.cast(ops.in_top_k(labels, logits, k=min(5, logits.shape[-1])), "float32")


def of_labels(function: Callable[[Tensor], Tensor], batch: Batch, blend: Blend | None) -> Tensor:
    """`function(labels)`, `(batch,)`; of blended images the mean over both labels, by their shares."""
    own = function(batch["labels"])
    if blend is None:
        return own
    other = function(batch["partner_labels"])
    return other + blend.own_share * (own - other)
