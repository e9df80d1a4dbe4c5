"""A program's step is the recipe's mathematics, on this process' backend; `test_replicas` has the other one's turn."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from scaling.datasets import DATASETS
from scaling.errors import UserError
from scaling.runner.compute.execution import Execution
from scaling.runner.compute.rates import Rates
from scaling.schema import Recipe, Variant

pytestmark = pytest.mark.slow

VARIANT = Variant(family="resnet", depth=10, width=0.125, resolution=8, options={"stem": "small"})
"""It compiles sooner than the smallest ResNet-RS, which is among the families below."""
RATES = Rates(0.1, momentum=0.9, weight_decay=0.01, label_smoothing=0.1, ema_decay=0.7)


def program(recipe: Recipe, variant: Variant = VARIANT, **execution: Any) -> Any:
    from scaling.runner.compute.program import Program, ProgramKey

    return Program(ProgramKey.of(variant, DATASETS["synthetic"], recipe), Execution(**execution))


@pytest.fixture(scope="module")
def compiled() -> Any:
    return program(Recipe(epochs=1))


def batches(count: int) -> Iterator[tuple[Any, Any]]:
    random = np.random.default_rng(0)
    for _ in range(count):
        yield random.integers(0, 256, (32, 8, 8, 3), dtype=np.uint8), random.integers(0, 10, 32, dtype=np.int32)


def arrays(values: list[Any]) -> list[Any]:
    return [np.asarray(value) for value in values]


def assert_states(one: Any, other: Any, atol: float = 0.0) -> None:
    assert one.keys() == other.keys()
    for name in one:
        for a, b in zip(one[name], other[name], strict=True):
            np.testing.assert_allclose(a, b, atol=atol, rtol=0, err_msg=name)


def test_a_step_is_sgd_with_momentum_l2_and_averages(compiled: Any) -> None:
    """Two steps with frozen inputs: the second's velocity is `m v + g + d w`, and the averages follow the weights."""
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    decayed = arrays(compiled.network.decayed())
    assert 0 < decayed[0].sum() < decayed[0].size
    before = arrays(compiled.state["trainable"])
    compiled.step(images, labels, RATES._replace(weight_decay=0.0))
    gradient = arrays(compiled.state["velocity"])
    compiled.reset(0)
    compiled.step(images, labels, RATES)
    for w0, g, d, v, w1, average in zip(
        before,
        gradient,
        decayed,
        arrays(compiled.state["velocity"]),
        arrays(compiled.state["trainable"]),
        arrays(compiled.state["average_trainable"]),
        strict=True,
    ):
        np.testing.assert_allclose(v, g + 0.01 * d * w0, atol=1e-6)
        np.testing.assert_allclose(w1, w0 - 0.1 * v, atol=1e-6)
        np.testing.assert_allclose(average, 0.7 * w0 + 0.3 * w1, atol=1e-6)
    velocity = arrays(compiled.state["velocity"])
    compiled.step(images, labels, RATES._replace(learning_rate=0.0, momentum=0.5))
    assert any(not np.allclose(v, after) for v, after in zip(velocity, compiled.state["velocity"], strict=True))
    for w1, w2 in zip(arrays(compiled.state["trainable"]), arrays(compiled.state["trainable"]), strict=True):
        np.testing.assert_array_equal(w1, w2)


def test_rmsprop_keeps_its_slots_in_the_state_and_goes_on_with_the_same_bits() -> None:
    made = program(Recipe(epochs=1, optimizer="rmsprop"))
    made.reset(0)
    assert made.state.keys() == {
        *("trainable", "fixed", "average_trainable", "average_fixed", "mean_square", "velocity")
    }
    first, second = batches(2)
    made.step(*first, RATES)
    kept = made.snapshot()
    assert [np.shape(array) for array in kept["mean_square"]] == [np.shape(array) for array in kept["trainable"]]
    assert all(np.ptp(array) > 0 for array in kept["mean_square"])
    made.step(*second, RATES)
    after = made.snapshot()
    made.restore(kept)
    made.step(*second, RATES)
    assert_states(made.snapshot(), after)


def test_other_rates_compile_nothing_again(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = program(Recipe(epochs=1))
    traced: list[int] = []
    original = made.network.decayed
    monkeypatch.setattr(made.network, "decayed", lambda: traced.append(1) or original())
    made.reset(0)
    (images, labels), *_ = batches(1)
    for number in range(3):
        made.step(images, labels, Rates(*(0.1 / (number + 1) for _ in Rates._fields)))
    assert len(traced) == 1


def test_a_mix_is_given_where_the_program_mixes_and_only_there(compiled: Any) -> None:
    from scaling.runner.compute.mixing import draw

    (images, labels), *_ = batches(1)
    recipe = Recipe(epochs=1, mixup_alpha=0.2)
    with pytest.raises(ValueError, match="a mix is given"):
        compiled.step(images, labels, RATES, draw(recipe, 0, 0, 32, 8))
    with pytest.raises(ValueError, match="a mix is missing"):
        program(recipe).step(images, labels, RATES)


def test_batch_norm_statistics_are_averaged_too(compiled: Any) -> None:
    compiled.reset(0)
    before = arrays(compiled.state["fixed"])
    for images, labels in batches(1):
        compiled.step(images, labels, RATES)
    moved = 0
    for f0, f1, average in zip(
        before, arrays(compiled.state["fixed"]), arrays(compiled.state["average_fixed"]), strict=True
    ):
        if "float" in str(f1.dtype):
            np.testing.assert_allclose(average, 0.7 * f0 + 0.3 * f1, atol=1e-6)
            moved += int((np.abs(f0 - f1) > 1e-4).sum())
    assert moved > 100


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") == "jax", reason="XLA decides where arrays lie")
def test_large_weights_are_there_three_times_and_stay_where_they_are() -> None:
    """As weights, velocity and average, changed in place; the Keras model has none of its own."""
    import tensorflow as tf

    from scaling.runner.compute.flat import LARGE

    def large(variables: Iterable[Any]) -> set[int]:
        return {id(one) for one in variables if isinstance(one, tf.Variable) and np.prod(one.shape) >= LARGE}

    before = large(gc.get_objects())
    wide = program(Recipe(epochs=1), VARIANT.model_copy(update={"width": 0.5}))
    wide.reset(0)
    held = [one for name in ("trainable", "velocity", "average_trainable") for one in wide.state[name]]
    assert large(gc.get_objects()) - before == large(held) != set()
    places = []
    for images, labels in batches(3):
        wide.step(images, labels, RATES)
        places.append([np.asarray(memoryview(one.read_value())).ctypes.data for one in held])
    assert places[1] == places[2]


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "jax", reason="TensorFlow has a kernel for it")
@pytest.mark.parametrize("stem", ["resnet_rs", "resnet_d", "paper_text", "small", None])
def test_no_step_of_jax_has_what_gpus_cannot_repeat(stem: str | None) -> None:
    import jax

    resnet = Variant(family="resnet", depth=10, width=0.125, resolution=64)
    variant = Variant(depth=14, width=0.125, resolution=64, stem=stem) if stem else resnet
    made = program(Recipe(epochs=1), variant)
    images = np.zeros((2, 64, 64, 3), np.uint8)
    step = made.network.training_step
    traced = jax.make_jaxpr(step)(
        made.network.first_state(0), {"images": images, "labels": np.zeros(2, int)}, (RATES, None)
    )
    assert "conv_general_dilated" in str(traced)
    assert "select_and_scatter" not in str(traced)


@pytest.mark.parametrize(
    ("family", "depth", "width", "options"),
    [
        ("resnet_rs", 14, 0.125, {"stem": "small"}),
        ("resnet", 10, 0.125, {"stem": "small"}),
        ("convnext", 4, 0.125, {"patch": 1}),
        ("vit", 2, 0.125, {"patch": 4, "head": 16}),
    ],
)
def test_every_family_trains(family: str, depth: float, width: float, options: dict[str, Any]) -> None:
    """From about the loss of guessing, every weight with a gradient, to less, whatever is dropped on the way."""
    of_its_own = options if family == "resnet_rs" else {"options": options}
    variant = Variant(family=family, depth=depth, width=width, resolution=8, **of_its_own)
    made = program(Recipe(epochs=1, dropout=0.1, stochastic_depth=0.1), variant)
    made.reset(0)
    (images, labels), *_ = batches(1)
    losses = [float(made.step(images, labels, RATES._replace(weight_decay=0.0))[0]) for _ in range(12)]
    # ResNet-RS, whose residual branches begin switched off, answers all alike at first.
    assert losses[0] == pytest.approx(np.log(10), abs=0.05 if family == "resnet_rs" else 0.5)
    assert losses[-1] < losses[0] - 0.1
    moving = [np.count_nonzero(slot) / slot.size for slot in made.snapshot()["velocity"]]
    assert min(moving) > 0.4  # some ReLUs are off for all of these images
    undecayed = [float(np.asarray(part).mean()) for part in made.network.decayed()]
    assert any(0 < share < 1 for share in undecayed)


def test_the_first_loss_is_that_of_guessing(compiled: Any) -> None:
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    loss, correct = compiled.step(images, labels, RATES)
    assert float(loss) == pytest.approx(np.log(10), abs=0.2)
    assert 0 <= float(correct) <= 32


def test_evaluation_ignores_masked_images(compiled: Any) -> None:
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    logits = np.asarray(compiled.forward(images))
    right = (logits.argmax(-1) == labels)[:20].sum()
    log_sum = np.log(np.exp(logits).sum(-1))
    loss = (log_sum - logits[np.arange(32), labels])[:20].sum()
    mask = (np.arange(32) < 20).astype("float32")
    *counted, which = compiled.evaluate(images, labels, mask, averaged=False)
    in_top5 = (logits.argsort(-1)[:, -5:] == labels[:, None]).any(-1)[:20].sum()
    assert [float(value) for value in counted] == [right, in_top5, pytest.approx(loss, rel=1e-4)]
    assert (np.asarray(which)[:20] == (logits.argmax(-1) == labels)[:20]).all()


def test_dropout_and_stochastic_depth_change_the_step_but_not_the_evaluation() -> None:
    regularized = program(Recipe(epochs=1, dropout=0.5, stochastic_depth=0.5))
    (images, labels), *_ = batches(1)
    losses = set()
    for seed in (0, 0):
        regularized.reset(seed)
        losses.add(tuple(float(regularized.step(images, labels, RATES)[0]) for _ in range(3)))
    assert len(losses) == 1  # the random state is reset with the seed
    first, second = np.asarray(regularized.forward(images)), np.asarray(regularized.forward(images))
    np.testing.assert_array_equal(first, second)


def test_a_restored_state_goes_on_with_the_same_bits(compiled: Any) -> None:
    first, second, third = batches(3)
    compiled.reset(3)
    compiled.step(*first, RATES)
    kept = compiled.snapshot()
    compiled.step(*second, RATES)
    compiled.step(*third, RATES)
    after = compiled.snapshot()
    compiled.restore(kept)
    compiled.step(*second, RATES)
    compiled.step(*third, RATES)
    assert_states(compiled.snapshot(), after)


def test_micro_batches_of_equal_images_are_the_whole_batch(compiled: Any) -> None:
    """Each part sees the same pictures, so that batch norm does too; then gradients and statistics are the batch's."""
    (images, labels), *_ = batches(1)
    images, labels = images[:16].repeat(2, axis=0), labels[:16].repeat(2)
    parts = program(Recipe(epochs=1), micro_batches=2)
    results = []
    for one in (compiled, parts):
        one.reset(0)
        results.append([float(value) for value in one.step(images, labels, RATES)])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)
    assert_states(compiled.snapshot(), parts.snapshot(), atol=2e-5)
    assert any(np.abs(v).max() > 0.01 for v in parts.snapshot()["velocity"])
    assert parts.micro_batch_size(32) == 16
    with pytest.raises(UserError, match="batch_size 31 does not divide by 1 device x 2 micro-batches"):
        parts.step(images[:31], labels[:31], RATES)


def test_batch_norm_by_groups_has_the_statistics_of_each_and_moves_by_their_mean(compiled: Any) -> None:
    """Batches of two halves: `(a, b)` by groups of 16 is the mean of what whole batches `a` and `b` give."""
    (images, labels), *_ = batches(1)
    rates = RATES._replace(weight_decay=0.0)

    def after(made: Any, rows: slice) -> Any:
        made.reset(0)
        results = made.step(images[rows], labels[rows], rates)
        state = made.snapshot()
        return [float(one) for one in results], state["velocity"], [a for a in state["fixed"] if a.dtype == "float32"]

    grouped = after(program(Recipe(epochs=1, batch_size=32, batch_norm_group=16)), slice(None))
    halves = [after(compiled, rows) for rows in (slice(16), slice(16, None))]
    whole = after(compiled, slice(None))
    (loss, correct), *found = grouped
    assert loss == pytest.approx(np.mean([half[0][0] for half in halves]), abs=1e-5) != whole[0][0]
    assert correct == sum(half[0][1] for half in halves)
    for part, arrays_found in enumerate(found, start=1):
        for array, *expected in zip(arrays_found, *(half[part] for half in halves), strict=True):
            np.testing.assert_allclose(array, np.mean(expected, axis=0), atol=1e-5)


def test_groups_of_batch_norm_are_whole_on_every_device() -> None:
    made = program(Recipe(epochs=1, batch_size=32, batch_norm_group=16), micro_batches=4)
    with pytest.raises(UserError, match="batch_norm_group 16: more than the 8 images that a device computes at once"):
        made.micro_batch_size(32)
    with pytest.raises(ValueError, match="batch_norm_group 24 must divide batch_size 32"):
        Recipe(epochs=1, batch_size=32, batch_norm_group=24)


def test_the_five_most_likely_classes_are_counted() -> None:
    from scaling.runner.compute.objective import in_top5

    logits = np.tile(np.arange(10, 0, -1, dtype=np.float32), (10, 1))
    assert np.asarray(in_top5(logits, np.arange(10, dtype=np.int32))).tolist() == [1] * 5 + [0] * 5
    logits[0, 0] = np.nan
    assert np.asarray(in_top5(logits, np.zeros(10, np.int32)))[0] == 0


def test_float16_leaves_out_a_step_that_overflows_and_halves_the_scale() -> None:
    half = program(Recipe(epochs=1, precision="mixed_float16", dropout=0.5, stochastic_depth=0.5))
    (images, labels), *_ = batches(1)
    half.reset(0)
    before = half.snapshot()
    half.restore({**before, "loss_scale": [np.float32(2.0**100), np.float32(7)]})
    loss, _ = half.step(images, labels, RATES)
    after = half.snapshot()
    assert np.isfinite(float(loss))
    assert [float(value) for value in after.pop("loss_scale")] == [2.0**99, 0]
    del before["loss_scale"]
    assert_states(after, before)
    half.reset(0)
    half.step(images, labels, RATES)
    assert [float(value) for value in half.state["loss_scale"]] == [2.0**15, 1]
    assert any(np.abs(v).max() > 0 for v in half.snapshot()["velocity"])


def test_every_way_to_compile_gives_the_same_step(compiled: Any) -> None:
    (images, labels), *_ = batches(1)
    states = []
    for way in compiled.compilers:
        compiled.compiled = way
        compiled.reset(0)
        compiled.step(images, labels, RATES)
        states.append(compiled.snapshot())
    compiled.compiled = compiled.compilers[0]
    for state in states:
        assert_states(state, states[0], atol=1e-4)


def test_a_compiler_that_the_backend_lacks_is_an_error() -> None:
    with pytest.raises(UserError, match=r"choices: auto, "):
        program(Recipe(epochs=1), compile="tvm")


def test_no_memory_left_is_told_from_other_errors() -> None:
    from keras import ops

    from scaling.runner.compute.backend import is_out_of_memory, wait

    with pytest.raises(Exception) as caught:  # noqa: PT011
        wait(ops.ones((2**44,)))
    assert is_out_of_memory(caught.value)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        wait(ops.matmul(ops.ones((2, 3)), ops.ones((2, 3))))
    assert not is_out_of_memory(caught.value)
    assert is_out_of_memory(MemoryError())


def test_a_processor_tells_neither_its_name_nor_its_memory() -> None:
    from scaling.runner.compute import backend

    if backend.device_name() is None:
        assert backend.peak_memory_gb() is None
