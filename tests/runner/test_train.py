"""The recipe's mathematics, against the same in NumPy, and a training that learns and repeats itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from scaling.datasets import DATASETS
from scaling.schema import Dataset, Recipe, Trial, Variant

pytestmark = pytest.mark.slow

VARIANT = Variant(depth=14, width=0.125, resolution=8, stem="small")
DATASET = Dataset(name="synthetic", train_examples=512)
RATES = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01, "label_smoothing": 0.1, "ema_decay": 0.7}


def program(recipe: Recipe) -> Any:
    from scaling.runner.program import Program, ProgramKey

    return Program(ProgramKey.of(VARIANT, DATASETS["synthetic"], recipe))


@pytest.fixture(scope="module")
def compiled() -> Any:
    return program(Recipe(epochs=1))


def batches(count: int) -> Iterator[tuple[Any, Any]]:
    random = np.random.default_rng(0)
    for _ in range(count):
        yield random.integers(0, 256, (32, 8, 8, 3), dtype=np.uint8), random.integers(0, 10, 32, dtype=np.int32)


def arrays(values: list[Any]) -> list[Any]:
    return [np.asarray(value) for value in values]


def test_learning_rate_warms_up_linearly_and_ends_at_zero() -> None:
    from scaling.runner.train import learning_rate

    recipe = Recipe(epochs=10, warmup_epochs=2, learning_rate=1.6)
    rates = [learning_rate(recipe, step, steps_per_epoch=10) for step in range(101)]
    assert np.allclose(np.diff(rates[:20]), 1.6 / 21)
    assert rates[20] == max(rates) == 1.6
    assert rates[60] == pytest.approx(0.8)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert all(np.diff(rates[20:]) < 0)


def test_the_step_schedule_falls_by_tenths_at_30_60_and_80_of_90() -> None:
    from scaling.runner.train import learning_rate

    recipe = Recipe(epochs=90, warmup_epochs=5, learning_rate=1.0, schedule="step")
    rates = [learning_rate(recipe, epoch * 7, steps_per_epoch=7) for epoch in (5, 29, 30, 59, 60, 79, 80, 89)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert learning_rate(recipe, 0, steps_per_epoch=7) < 0.05


def test_nesterov_looks_ahead() -> None:
    plain, nesterov = program(Recipe(epochs=1)), program(Recipe(epochs=1, nesterov=True))
    (images, labels), *_ = batches(1)
    for one in (plain, nesterov):
        one.reset(0)
    before = arrays(plain.state["trainable"])
    for one in (plain, nesterov):
        one.step(images, labels, RATES)
    for w, v, after in zip(
        before, arrays(nesterov.state["velocity"]), arrays(nesterov.state["trainable"]), strict=True
    ):
        np.testing.assert_allclose(after, w - 0.1 * (0.9 * v + v), atol=1e-6)  # v0 = 0, so g + d w = v


def test_ema_decay_warms_up() -> None:
    from scaling.runner.train import ema_decay

    recipe = Recipe(epochs=1, ema_decay=0.99)
    assert [ema_decay(recipe, step) for step in (0, 10, 10_000)] == [0.1, 11 / 20, 0.99]
    assert ema_decay(Recipe(epochs=1, ema_decay=0.0), 10) == 0


def test_a_step_is_sgd_with_momentum_l2_and_averages(compiled: Any) -> None:
    """Two steps with frozen inputs: the second's velocity is `m v + g + d w`, and the averages follow the weights."""
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    decayed = [variable.name not in ("gamma", "beta") for variable in compiled._model.trainable_variables]
    before = arrays(compiled.state["trainable"])
    compiled.step(images, labels, {**RATES, "weight_decay": 0.0})
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
    compiled.step(images, labels, {**RATES, "learning_rate": 0.0, "momentum": 0.5})
    assert any(not np.allclose(v, after) for v, after in zip(velocity, compiled.state["velocity"], strict=True))
    for w1, w2 in zip(arrays(compiled.state["trainable"]), arrays(compiled.state["trainable"]), strict=True):
        np.testing.assert_array_equal(w1, w2)


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
            moved += not np.allclose(f0, f1)
    assert moved > 10


def test_the_first_loss_is_that_of_guessing(compiled: Any) -> None:
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    loss, correct = compiled.step(images, labels, RATES)
    assert float(loss) == pytest.approx(np.log(10), abs=0.05)
    assert 0 <= float(correct) <= 32


def test_evaluation_ignores_masked_pictures(compiled: Any) -> None:
    compiled.reset(0)
    (images, labels), *_ = batches(1)
    logits = np.asarray(compiled.forward(images))
    right = (logits.argmax(-1) == labels)[:20].sum()
    log_sum = np.log(np.exp(logits).sum(-1))
    loss = (log_sum - logits[np.arange(32), labels])[:20].sum()
    mask = (np.arange(32) < 20).astype("float32")
    counted = compiled.evaluate(images, labels, mask, averaged=False)
    assert [float(value) for value in counted] == [pytest.approx(right), pytest.approx(loss, rel=1e-4)]


def test_training_learns_repeats_itself_and_looks_at_test_once(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from scaling.runner import data
    from scaling.runner import train as training
    from scaling.runner.data.memory import InMemory

    pictures = data.load(DATASET, 8)
    looks: list[str] = []
    original = InMemory.evaluation

    def counting(pictures: Any, part: Any, batch_size: int) -> Any:
        looks.append(part)
        return original(pictures, part, batch_size)

    monkeypatch.setattr(InMemory, "evaluation", counting)
    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=6, batch_size=32, learning_rate=0.05), seed=5)
    positions: list[Any] = []
    first = training.train(trial, compiled, pictures, positions.append)
    assert looks.count("test") == 2  # raw and averaged weights, each once
    assert looks[-2:] == ["test"] * 2
    assert [position.epochs_done for position in positions if position.epochs_done % 1 == 0] == [1, 2, 3, 4, 5, 6]
    assert first.validation_ema.top1 > 0.3
    assert first.history[-1].train_loss < first.history[0].train_loss
    other = training.train(trial.model_copy(update={"seed": 6}), compiled, pictures, positions.append)
    again = training.train(trial, program(trial.recipe), pictures, positions.append)

    def without_seconds(outcome: Any) -> Any:
        epochs = [epoch.model_dump(exclude={"seconds"}) for epoch in outcome.history]
        return epochs, outcome.validation_raw, outcome.validation_ema, outcome.test_raw, outcome.test_ema

    assert without_seconds(again) == without_seconds(first)
    assert without_seconds(other) != without_seconds(first)


def test_a_loss_that_is_no_number_is_a_failure(compiled: Any) -> None:
    from scaling.runner import data
    from scaling.runner import train as training

    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=2, learning_rate=1e20))
    with pytest.raises(training.NotFiniteError, match="in epoch 1"):
        training.train(trial, compiled, data.load(DATASET, 8), lambda position: None)


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
