"""Schedules, and a training that learns and repeats itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.datasets import DATASETS
from scaling.results.correct import unpacked
from scaling.schema import Dataset, Recipe, Trial, Variant

pytestmark = pytest.mark.slow

VARIANT = Variant(depth=14, width=0.125, resolution=8, stem="small")
DATASET = Dataset(name="synthetic", train_examples=512)


def program(recipe: Recipe) -> Any:
    from scaling.runner.compute.program import Program, ProgramKey

    return Program(ProgramKey.of(VARIANT, DATASETS["synthetic"], recipe))


@pytest.fixture(scope="module")
def compiled() -> Any:
    return program(Recipe(epochs=1))


def test_learning_rate_warms_up_linearly_and_ends_at_zero() -> None:
    from scaling.runner.training.schedule import learning_rate

    recipe = Recipe(epochs=10, warmup_epochs=2, learning_rate=1.6)
    rates = [learning_rate(recipe, step, steps_per_epoch=10) for step in range(101)]
    assert np.allclose(np.diff(rates[:20]), 1.6 / 21)
    assert rates[20] == max(rates) == 1.6
    assert rates[60] == pytest.approx(0.8)
    assert rates[100] == pytest.approx(0, abs=1e-12)
    assert all(np.diff(rates[20:]) < 0)


def test_the_step_schedule_falls_by_tenths_at_30_60_and_80_of_90() -> None:
    from scaling.runner.training.schedule import learning_rate

    recipe = Recipe(epochs=90, warmup_epochs=5, learning_rate=1.0, schedule="step")
    rates = [learning_rate(recipe, epoch * 7, steps_per_epoch=7) for epoch in (5, 29, 30, 59, 60, 79, 80, 89)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert learning_rate(recipe, 0, steps_per_epoch=7) < 0.05


def test_the_exponential_schedule_falls_in_steps_from_the_first_on() -> None:
    from scaling.runner.training.schedule import learning_rate

    recipe = Recipe(epochs=350, warmup_epochs=5, learning_rate=0.128, schedule="exponential")
    at = {epoch: learning_rate(recipe, round(epoch * 10), steps_per_epoch=10) for epoch in (5, 7.1, 7.2, 100, 349.9)}
    assert at == pytest.approx(
        {
            5: 0.128 * 0.97**2,
            7.1: 0.128 * 0.97**2,
            7.2: 0.128 * 0.97**3,
            100: 0.128 * 0.97**41,
            349.9: 0.128 * 0.97**145,
        }
    )


def test_ema_decay_warms_up() -> None:
    from scaling.runner.training.schedule import ema_decay

    recipe = Recipe(epochs=1, ema_decay=0.99)
    assert [ema_decay(recipe, step) for step in (0, 10, 10_000)] == [0.1, 11 / 20, 0.99]
    assert ema_decay(Recipe(epochs=1, ema_decay=0.0), 10) == 0


def test_training_learns_repeats_itself_and_looks_at_test_once(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from scaling.runner import data
    from scaling.runner.data.memory import InMemory
    from scaling.runner.training import train as training

    pictures = data.load(DATASET, 8)
    looks: list[str] = []
    original = InMemory.evaluation

    def counting(pictures: Any, part: Any, batch_size: int) -> Any:
        looks.append(part)
        return original(pictures, part, batch_size)

    monkeypatch.setattr(InMemory, "evaluation", counting)
    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=6, batch_size=32, learning_rate=0.05), seed=5)
    positions: list[Any] = []
    callbacks = training.Callbacks(report=positions.append)
    first = training.train(trial, compiled, pictures, callbacks)
    assert looks.count("test") == 2  # raw and averaged weights, each once
    assert looks[-2:] == ["test"] * 2
    # A report on the way may fall on an epoch's last step.
    whole = dict.fromkeys(position.epochs_done for position in positions if position.epochs_done % 1 == 0)
    assert list(whole) == [1, 2, 3, 4, 5, 6]
    assert first.validation_ema.top1 > 0.3
    assert first.history[-1].train_loss < first.history[0].train_loss
    other = training.train(trial.model_copy(update={"seed": 6}), compiled, pictures, callbacks)
    again = training.train(trial, program(trial.recipe), pictures, callbacks)

    right = unpacked(first.validation_correct, first.validation_ema.n)
    assert right is not None
    assert right.sum() == first.validation_ema.correct

    def without_seconds(outcome: Any) -> Any:
        epochs = [epoch.model_dump(exclude={"seconds"}) for epoch in outcome.history]
        scores = outcome.validation_raw, outcome.validation_ema, outcome.test_raw, outcome.test_ema
        return epochs, scores, outcome.validation_correct

    assert without_seconds(again) == without_seconds(first)
    assert without_seconds(other) != without_seconds(first)


def test_a_loss_that_is_no_number_is_a_failure(compiled: Any) -> None:
    from scaling.runner import data
    from scaling.runner.training import train as training

    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=2, learning_rate=1e20))
    with pytest.raises(training.NotFiniteError, match="in epoch 1"):
        training.train(trial, compiled, data.load(DATASET, 8))


def test_a_checkpoint_of_another_network_is_set_aside_and_the_trial_starts_over(compiled: Any, tmp_path: Path) -> None:
    from scaling.runner import data
    from scaling.runner.training import checkpoint
    from scaling.runner.training.train import Callbacks, resumable, train

    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=1))
    notes: list[str] = []
    callbacks = Callbacks(
        note=notes.append, checkpoint=checkpoint.path_of(str(tmp_path), trial.id), checkpoint_seconds=1e9
    )
    checkpoint.save(callbacks.checkpoint or "", checkpoint.Checkpoint(state={"trainable": [np.zeros(3, np.float32)]}))
    images = data.load(DATASET, VARIANT.resolution)
    outcome = train(trial, compiled, images, callbacks, resumable(callbacks, trial.recipe.batch_size))
    assert "arrays are not those of this network; it is now" in notes[0]
    assert outcome.test_raw == train(trial, compiled, images).test_raw
    assert [file.name for file in tmp_path.iterdir()] == [f"{trial.id}.npz.damaged-1"]


def test_parts_of_a_batch_that_do_not_divide_it_are_not_taken_from_a_checkpoint(tmp_path: Path) -> None:
    from scaling.runner.training import checkpoint
    from scaling.runner.training.train import Callbacks, resumable

    notes: list[str] = []
    callbacks = Callbacks(note=notes.append, checkpoint=checkpoint.path_of(str(tmp_path), "trial"))
    for parts, usable in ((4, True), (7, False)):
        checkpoint.save(callbacks.checkpoint or "", checkpoint.Checkpoint(state={}, micro_batches=parts))
        assert (resumable(callbacks, batch_size=128) is not None) == usable
    assert "batches of 128 do not divide into 7 parts" in notes[0]


def test_a_trial_is_compiled_as_asked_whatever_the_trial_before_was(compiled: Any) -> None:
    """A checkpoint that was begun by XLA is finished by XLA; the next trial of the same program is not."""
    from scaling.runner import data
    from scaling.runner.training import checkpoint
    from scaling.runner.training.train import train

    if len(compiled.compilers) < 2:
        pytest.skip("this backend compiles in one way only")
    trial = Trial(dataset=DATASET, variant=VARIANT, recipe=Recipe(epochs=1))
    images = data.load(DATASET, VARIANT.resolution)
    compiled.reset(trial.seed)
    assert compiled.compiled == "graph"
    train(trial, compiled, images, start=checkpoint.Checkpoint(state=compiled.snapshot(), compiled="xla"))
    assert compiled.compiled == "xla"
    train(trial, compiled, images)
    assert compiled.compiled == "graph"
