"""A process of its own that trains one trial with checkpoints and writes what came of it: `python resumed.py FOLDER`.

Every step is told on standard output, so that whoever watches can kill it after any.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from scaling.datasets import dataset_info
from scaling.runner import data
from scaling.runner.compute.program import Program, ProgramKey
from scaling.runner.training.train import Callbacks, resumable, train
from scaling.schema import Dataset, Recipe, Trial, Variant

TRIAL = Trial(
    dataset=Dataset(name="synthetic", train_examples=320, validation_fraction=0.01),
    variant=Variant(family="resnet", depth=10, width=0.0625, resolution=8, options={"stem": "small"}),
    recipe=Recipe(
        epochs=3,
        batch_size=32,
        dropout=0.2,
        stochastic_depth=0.2,
        randaugment_layers=1,
        mixup_alpha=0.2,
        cutmix_alpha=1.0,
        clip_norm=1.0,
        warmup_epochs=1,
        nesterov=True,
    ),
    seed=3,
)


def main(folder: Path) -> None:
    def told() -> None:
        sys.stdout.write("step\n")
        sys.stdout.flush()

    pictures = data.load(TRIAL.dataset, TRIAL.variant.resolution)
    program = Program(ProgramKey.of(TRIAL.variant, dataset_info(TRIAL.dataset.name), TRIAL.recipe))
    callbacks = Callbacks(stop=told, note=sys.stdout.write, checkpoint=str(folder / "c.npz"), checkpoint_seconds=0.0)
    outcome = train(TRIAL, program, pictures, callbacks, resumable(callbacks, TRIAL.recipe.batch_size))
    state = {
        name: [hashlib.sha256(value.tobytes()).hexdigest() for value in values]
        for name, values in program.snapshot().items()
    }
    history = [epoch.model_dump(exclude={"seconds"}) for epoch in outcome.history]
    scores = [outcome.test_raw.model_dump(), outcome.test_ema.model_dump()]
    told = {"state": state, "history": history, "scores": scores, "correct": outcome.validation_correct}
    (folder / "outcome.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
