"""Whole grids that were measured, replayed: what choosing from a part of them would have lost."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling.analysis.decide.next_runs import next_runs
from scaling.analysis.decide.surface import Points, predict
from scaling.analysis.settings import collapse_seeds
from scaling.schema import Question

if TYPE_CHECKING:
    import optuna

FACTORS = ["depth", "width", "resolution", "epochs"]
BUDGETS = 14
"""Multiply-accumulates of an image, evenly apart in the logarithm from the fifth smallest network to the largest."""

BATCH = 4
LEAST = 4
"""Trials that are known before anything is chosen."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid of which everything is known.

    Attributes:
        frame: one row a trial, from 0; `planned_seconds` is what it costs, in any unit.
        truth: `(trials,)`, accuracy of each one's cell over all its seeds.
    """

    frame: pd.DataFrame
    truth: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame, truth: np.ndarray | None = None) -> Grid:
        """Of a results frame whose trials all went well; costs are multiply-accumulates times epochs."""
        frame = frame[frame["top1"].notna()].reset_index(drop=True)
        frame = frame.assign(
            trial_id=[f"trial {number}" for number in range(len(frame))],
            planned_seconds=frame["macs"].astype(float) * frame["epochs"].astype(float),
            seed=frame["seed"].fillna(0) if "seed" in frame else 0,
        )
        means = frame.groupby(FACTORS)["top1"].transform("mean").to_numpy(float)
        return cls(frame, means if truth is None else truth)

    def knowing(self, known: np.ndarray) -> pd.DataFrame:
        """The frame with only these trials trained."""
        return self.frame.assign(top1=self.frame["top1"].where(known), status=np.where(known, "ok", "planned"))

    @property
    def costs(self) -> np.ndarray:
        return self.frame["planned_seconds"].to_numpy(float)

    def budgets(self) -> np.ndarray:
        """At which a network is chosen."""
        macs = np.unique(self.frame["macs"].to_numpy(float))
        return np.geomspace(macs[min(4, len(macs) - 1)], macs[-1], BUDGETS) * (1 + 1e-9)

    def regrets(self, predicted: np.ndarray) -> np.ndarray:
        """`(budgets,)` points that are lost by choosing the cell predicted best; -inf where nothing is predicted."""
        macs = self.frame["macs"].to_numpy(float)
        lost = []
        for budget in self.budgets():
            allowed = np.flatnonzero(macs <= budget)
            lost.append(self.truth[allowed].max() - self.truth[allowed[np.argmax(predicted[allowed])]])
        return 100 * np.array(lost)


Policy = Callable[[Grid, np.ndarray, np.random.Generator], list[int]]
"""From what is known of a grid to the trials to train next."""

Predictor = Callable[[Grid, np.ndarray], np.ndarray]
"""From what is known to an accuracy of every trial's cell, or anything that orders them."""


def replay(
    grid: Grid, policy: Policy, predictor: Predictor, shares: Sequence[float], seed: int = 0
) -> Iterator[tuple[float, np.ndarray]]:
    """The regrets when so large a share of the grid's compute is spent, for each share."""
    random = np.random.default_rng(seed)
    known, left, spent, total = np.zeros(len(grid.frame), dtype=bool), sorted(shares), 0.0, grid.costs.sum()
    while left:
        chosen = [row for row in policy(grid, known, random) if not known[row]]
        if not chosen:
            break
        for row in chosen:
            while left and spent + grid.costs[row] > left[0] * total and known.sum() >= LEAST:
                yield left.pop(0), grid.regrets(predictor(grid, known))
            known[row] = True
            spent += grid.costs[row]
    for share in left:
        yield share, grid.regrets(predictor(grid, known))


# What is chosen next.


def ours(grid: Grid, known: np.ndarray, random: np.random.Generator) -> list[int]:
    """`scaling next` without limits."""
    del random
    runs = next_runs(grid.knowing(known), Question(), count=BATCH)
    return [int(run.trial_id.split()[1]) for run in runs]


def cheapest_first(grid: Grid, known: np.ndarray, random: np.random.Generator) -> list[int]:
    """What costs least, whatever it is."""
    del random
    return [int(row) for row in np.argsort(grid.costs, kind="stable") if not known[row]][:BATCH]


def at_random(grid: Grid, known: np.ndarray, random: np.random.Generator) -> list[int]:
    """Any."""
    return [int(row) for row in random.permutation(np.flatnonzero(~known))[:BATCH]]


def halving(grid: Grid, known: np.ndarray, random: np.random.Generator) -> list[int]:
    """Successive halving: any network for the fewest epochs; of every three the best goes on for the next number."""
    epochs = sorted(grid.frame["epochs"].unique())
    sizes = grid.frame[["depth", "width", "resolution", "seed"]].apply(tuple, axis=1)
    at = {(size, length): row for row, (size, length) in enumerate(zip(sizes, grid.frame["epochs"], strict=True))}
    for level in range(len(epochs) - 1, 0, -1):
        below = [row for row in np.flatnonzero(known) if grid.frame["epochs"][row] == epochs[level - 1]]
        above = [row for row in np.flatnonzero(known) if grid.frame["epochs"][row] == epochs[level]]
        best = sorted(below, key=lambda row: -grid.frame["top1"][row])[: len(below) // 3]
        going = [at[sizes[row], epochs[level]] for row in best if (sizes[row], epochs[level]) in at]
        if more := [row for row in going if not known[row]]:
            return more[: max(1, len(below) // 3 - len(above))]
    first = np.flatnonzero(~known & (grid.frame["epochs"] == epochs[0]).to_numpy())
    rest = first if len(first) else np.flatnonzero(~known)
    return [int(row) for row in random.permutation(rest)[:BATCH]]


def optuna_with(sampler: str) -> Policy:
    """Optuna with two objectives, accuracy and multiply-accumulates: `tpe`, `nsga2` or `gp`."""

    def policy(grid: Grid, known: np.ndarray, random: np.random.Generator) -> list[int]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        axes: dict[str, optuna.distributions.BaseDistribution] = {
            name: optuna.distributions.CategoricalDistribution(sorted(grid.frame[name].unique().tolist()))
            for name in [*FACTORS, "seed"]
            if grid.frame[name].nunique() > 1
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(
                directions=["maximize", "minimize"], sampler=_sampler(sampler, int(random.integers(2**31)))
            )
            for row in np.flatnonzero(known):
                cell = grid.frame.loc[row]
                study.add_trial(
                    optuna.trial.create_trial(
                        params={name: cell[name] for name in axes},
                        distributions=axes,
                        values=[float(grid.frame[name].to_numpy(float)[row]) for name in ("top1", "macs")],
                    )
                )
            for _ in range(50):
                asked = study.ask(axes).params
                same = np.logical_and.reduce([grid.frame[name].eq(value) for name, value in asked.items()])
                if len(fresh := np.flatnonzero(same & ~known)):
                    return [int(fresh[0])]
        return at_random(grid, known, random)[:1]

    return policy


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    import optuna

    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=8)
    if name == "nsga2":
        return optuna.samplers.NSGAIISampler(seed=seed, population_size=8)
    return optuna.samplers.GPSampler(seed=seed, n_startup_trials=8)


# What is predicted of what was not trained.


def by_surface(grid: Grid, known: np.ndarray) -> np.ndarray:
    """Ours."""
    settings = collapse_seeds(grid.knowing(known))
    rows = np.flatnonzero(settings["top1"].notna())
    top1, sd = (settings[name].to_numpy(float)[rows] for name in ("top1", "top1_sd"))
    found = predict(Points.of(settings), rows, np.log(1 - top1), sd / (1 - top1))
    by_cell = {tuple(cell): -mean for cell, mean in zip(settings[FACTORS].to_numpy(float), found.mean, strict=True)}
    return np.array([by_cell[tuple(cell)] for cell in grid.frame[FACTORS].to_numpy(float)])


def by_quadratic(grid: Grid, known: np.ndarray) -> np.ndarray:
    """Least squares of log error on the logs, their squares and products."""
    logs = np.log(grid.frame[FACTORS].to_numpy(float))
    logs = (logs - logs.mean(axis=0))[:, logs.std(axis=0) > 0]
    pairs = [logs[:, a] * logs[:, b] for a in range(logs.shape[1]) for b in range(a + 1)]
    terms = np.column_stack([np.ones(len(logs)), logs, *pairs])
    error = np.log(1 - grid.frame["top1"].to_numpy(float)[known])
    predicted: np.ndarray = -terms @ np.linalg.lstsq(terms[known], error, rcond=None)[0]
    return predicted


def as_measured(grid: Grid, known: np.ndarray) -> np.ndarray:
    """Only what was trained, as it was measured; the smallest network where nothing else was."""
    measured = np.where(known, grid.frame["top1"].to_numpy(float), -np.inf)
    measured[int(np.argmin(grid.costs))] = max(measured[int(np.argmin(grid.costs))], -1.0)
    return measured
