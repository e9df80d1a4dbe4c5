"""The same study with more seeds, as `--set` writes it."""

from __future__ import annotations

from itertools import count, islice

from scaling.generator.study import Study


def more_seeds(study: Study, number: int) -> tuple[str, ...]:
    """What `--set` takes so that each setting of a study has so many seeds: those it has, and the least others.

    Args:
        study: of a grid or of scaling strategies.
        number: of seeds, no fewer than it has.
    """
    seeds = sorted({trial.seed for trial in study.trials})
    others = islice((seed for seed in count() if seed not in seeds), max(0, number - len(seeds)))
    values = [*seeds, *others]
    blocks = [f"grid.{place}" for place, block in enumerate(study.file.grid or ()) if "seed" in block]
    return tuple(f"{place}.seed={values}" for place in blocks or ["across"])
