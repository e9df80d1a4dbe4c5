"""What choosing by `scaling recommend` and `scaling next` loses, replayed on grids of which everything is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import replays
from benchmarks.processes import lacks
from benchmarks.replays import Grid, Policy, Predictor
from benchmarks.rows import Measurement, Row, lacking
from scaling import published
from scaling.analysis.decide.answer import answer
from scaling.analysis.decide.next_runs import next_runs
from scaling.analysis.decide.recommend import recommend
from scaling.analysis.decide.stopping import enough
from scaling.analysis.decide.surface import Points, predict
from scaling.analysis.settings import collapse_seeds
from scaling.generator.study import load
from scaling.results.frame import load_results
from scaling.schema import Question
from tests.analysis.decide.surfaces import surface

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
OWN = REFERENCE / "full_grid"
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SURFACES = 20
REPEATS = 5
SMALL = {"depths": (14.0, 50.0, 200.0), "widths": (0.25, 0.5, 1.0, 2.0), "resolutions": (64, 128, 256)}


def measurements() -> list[Measurement]:
    """All of them, as `docs/decide.md` has them."""
    return [_figure_2(), *_coverage(), _sets(), *_small_scale(), *_peers(), _verdicts()]


@cache
def _grids() -> dict[str, Grid]:
    """Published ones, and our own where its records are."""
    fig2 = published.load("fig2").drop_duplicates(["depth", "width", "resolution"])
    fig2 = fig2[fig2["quality"] != "weak"]  # markers that are not surely told apart; 119 are left
    grids = {"Figure 2": Grid.of(fig2), "Figure 3": Grid.of(published.load("fig3"))}
    return grids | ({"own grid": _own()} if OWN.exists() else {})


def _own() -> Grid:
    """Our own; its truth is of the test images, which nobody chooses by."""
    frame = load_results(OWN)
    return Grid.of(frame, frame.groupby(replays.FACTORS)["test_top1"].transform("mean").to_numpy(float))


def _regrets(grid: Grid, policy: Policy, predictor: Predictor, seeds: int = 1) -> dict[float, np.ndarray]:
    """By share, `(seeds, budgets)`."""
    runs = [dict(replays.replay(grid, policy, predictor, SHARES, seed)) for seed in range(seeds)]
    return {share: np.stack([run[share] for run in runs]) for share in SHARES if all(share in run for run in runs)}


QUADRATIC = "peer: cheapest first, a quadratic"
OF_FIGURE_2 = ((0.01, "mean", 0.15), (0.01, "worst", 0.5), (0.05, "mean", 0.08), (0.05, "worst", 0.35))
"""Share of the compute, and the most that the mean or the worst regret may be."""


def _figure_2() -> Measurement:
    rows = [
        Row(f"decide: regret from {share:.0%} of Figure 2's compute, {what} of 14 budgets", "points", f"<= {most:g}",
            note=QUADRATIC)
        for share, what, most in OF_FIGURE_2
    ]  # fmt: skip
    within = Row(
        "decide: share of Figure 2's compute until every choice stays within 0.2 points",
        "%",
        "<= 5",
        note=f"looked at {', '.join(f'{share:.0%}' for share in SHARES)}; {QUADRATIC}",
    )
    return Measurement((*rows, within), _measured_figure_2)


def _measured_figure_2(*rows: Row) -> Iterator[Row]:
    grid = _grids()["Figure 2"]
    mine = _regrets(grid, replays.ours, replays.by_surface)
    simple = _regrets(grid, replays.cheapest_first, replays.by_quadratic)
    *regrets, within = rows
    for row, (share, what, most) in zip(regrets, OF_FIGURE_2, strict=True):
        of = np.mean if what == "mean" else np.max
        found, other = float(of(mine[share])), float(of(simple[share]))
        yield _found(row, found, other, found <= most)
    until, simplest = _within(mine), _within(simple)
    yield _found(within, 100 * until, 100 * simplest, until <= 0.05)


def _within(by_share: dict[float, np.ndarray]) -> float:
    """The share from which on no budget's choice is worse than 0.2 points."""
    good = [float(regrets.max()) <= 0.2 for regrets in by_share.values()]
    stays = [share for place, share in enumerate(by_share) if all(good[place:])]
    return stays[0] if stays else 1.0


def _sets() -> Measurement:
    """How often the stated set holds the true best: of simulated surfaces, half of which nobody has trained."""
    name = f"decide: {3 * SURFACES} surfaces, half hidden, whose true best is in the stated 90% set"
    return Measurement((Row(name, "%", "88 to 95"),), _measured_sets)


def _measured_sets(row: Row) -> Iterator[Row]:
    held = []
    for seed in range(3 * SURFACES):
        made = surface(seed, **SMALL)
        cells = made.truth.index
        hidden = np.random.default_rng(seed).permutation(len(cells))[: len(cells) // 2]
        (_, told), *_ = recommend(made.hiding(cells[hidden]), draws=1000)
        best = made.truth.idxmax()
        settings = told.settings[replays.FACTORS].apply(tuple, axis=1)
        names = {choice.name for choice in told.choices if settings[choice.row] == best}
        held.append(bool(names & {*told.set}))
    share = 100 * float(np.mean(held))
    yield _found(row, share, None, 88 <= share <= 95)


def _coverage() -> Iterator[Measurement]:
    """How many predicted accuracies lie in their 90% intervals, the dearest third hidden."""
    frames: dict[str, Callable[[], Sequence[pd.DataFrame]]] = {name: partial(_frame_of, name) for name in _grids()} | {
        f"{SURFACES} simulated surfaces": lambda: [surface(seed, **SMALL).frame for seed in range(SURFACES)]
    }
    for name, found in frames.items():
        named = f"decide: predicted accuracies inside their 90% interval, dearest third hidden: {name}"
        yield Measurement((Row(named, "%", "85 to 95"),), partial(_covered, found))


def _frame_of(name: str) -> list[pd.DataFrame]:
    return [_grids()[name].frame]


def _covered(frames: Callable[[], Sequence[pd.DataFrame]], row: Row) -> Iterator[Row]:
    inside: list[bool] = []
    for frame in frames():
        settings = collapse_seeds(frame)
        points = Points.of(settings)
        order = np.argsort(points.compute, kind="stable")
        known, hidden = order[: 2 * len(order) // 3], order[2 * len(order) // 3 :]
        logs = np.log(1 - settings["top1"].to_numpy(float))
        sd = settings["top1_sd"].to_numpy(float) / (1 - settings["top1"].to_numpy(float))
        found = predict(points, known, logs[known], sd[known])
        spread = np.sqrt(np.diag(found.covariance)[hidden] + sd[hidden] ** 2)
        inside += (np.abs(logs - found.mean)[hidden] <= 1.645 * spread).tolist()
    share = 100 * float(np.mean(inside))
    yield _found(row, share, None, 85 <= share <= 95, f"{len(inside)} settings")


def _peers() -> Iterator[Measurement]:
    """Ours against what others would do with the same compute, on our own grid."""
    peers: dict[str, Policy] = {f"Optuna {name}": replays.optuna_with(name) for name in ("tpe", "nsga2")}
    peers |= {"successive halving": replays.halving, "random": replays.at_random}
    peers |= {"Optuna gp": replays.optuna_with("gp")}
    for name, policy in peers.items():
        note = f"mean of 14 budgets, {REPEATS} repeats"
        rows = tuple(
            Row(f"decide: regret on our own grid from {share:.0%} of its compute, against {name}", "points", "< peer",
                note=note)
            for share in SHARES
        )  # fmt: skip
        why = lacks("torch") if name == "Optuna gp" else ""
        why = why if "own grid" in _grids() else "the records of our own grid are not here"
        yield lacking(rows, why) if why else Measurement(rows, partial(_against, policy))


@cache
def _ours() -> dict[float, np.ndarray]:
    return _regrets(_grids()["own grid"], replays.ours, replays.by_surface)


def _against(policy: Policy, *rows: Row) -> Iterator[Row]:
    theirs = _regrets(_grids()["own grid"], policy, replays.as_measured, REPEATS)
    for row, share in zip(rows, SHARES, strict=True):
        found, other = float(_ours()[share].mean()), float(theirs[share].mean())
        yield _found(row, found, other, found < other)


def _verdicts() -> Measurement:
    """`run --until decided` on the records of `depth_vs_width`, and how often its verdict is the whole study's."""
    rows = (
        Row("decide: depth_vs_width until decided, share of its compute", "%", "<= 25"),
        Row("decide: depth_vs_width until decided, same verdicts", "%", ">= 90"),
    )
    return Measurement(rows, _measured_verdicts)


def _measured_verdicts(of_compute: Row, of_verdicts: Row) -> Iterator[Row]:
    frame = load_results(REFERENCE / "depth_vs_width")
    question = load("depth_vs_width").question
    whole = [statement.decided() for statement in answer(frame, question).statements]
    agreed, spent = [], []
    for order in range(2 * REPEATS):
        # Seeds are taken in another order each time.
        seeds = np.random.default_rng(order).permutation(frame["seed"].nunique())
        known, share = _until(
            frame.assign(planned_seconds=frame["train_seconds"], seed=frame["seed"].map(dict(enumerate(seeds)))),
            question,
        )
        told = answer(frame[known], question)
        agreed.append([statement.decided() for statement in told.statements] == whole)
        spent.append(share)
    share, same = 100 * float(np.mean(spent)), 100 * float(np.mean(agreed))
    note = f"the whole study's verdicts: {whole}; orders of its seeds: {2 * REPEATS}"
    yield _found(of_compute, share, 100.0, share <= 25, note)
    yield _found(of_verdicts, same, None, same >= 90, note)


def _until(frame: pd.DataFrame, question: Question) -> tuple[np.ndarray, float]:
    known = np.zeros(len(frame), dtype=bool)
    places = {name: row for row, name in enumerate(frame["trial_id"])}
    costs = frame["planned_seconds"].to_numpy(float)
    while True:
        shown = frame.assign(top1=frame["top1"].where(known), status=np.where(known, "ok", "planned"))
        if enough(shown, question):
            return known, costs[known].sum() / costs.sum()
        runs = next_runs(shown, question, count=replays.BATCH)
        if not runs:
            return known, costs[known].sum() / costs.sum()
        for run in runs:
            known[places[run.trial_id]] = True


def _small_scale() -> Iterator[Measurement]:
    """Pairs of networks whose order is right: by ranking all trained for short, and by the surface at that compute."""
    for name, grid in _grids().items():
        lengths = sorted(grid.frame["epochs"].unique())
        if len(lengths) < 2:
            continue
        first, last = lengths[0], lengths[-1]
        note = f"peer: all ranked after {first:g}; ours has the same compute to spend (arXiv 2504.11393: 80%)"
        what = f"decide: pairs of networks in the right order after {last:g} epochs, {name}"
        yield Measurement((Row(what, "%", ">= peer", note=note),), partial(_ordered, grid, first, last))


def _ordered(grid: Grid, first: float, last: float, row: Row) -> Iterator[Row]:
    """Networks after `last` epochs, as they are after `first` and as the surface has them."""
    frame = grid.frame
    short = (frame["epochs"] == first).to_numpy() & (frame["seed"] == frame["seed"].min()).to_numpy()
    known = _chosen(grid, grid.costs[short].sum())
    sizes = frame[["depth", "width", "resolution"]].apply(tuple, axis=1)
    early = {sizes[at]: frame["top1"][at] for at in np.flatnonzero(short)}
    long = [at for at in np.flatnonzero(frame["epochs"] == last) if sizes[at] in early]
    predicted = replays.by_surface(grid, known)
    found = _right(predicted[long], grid.truth[long])
    other = _right(np.array([early[sizes[at]] for at in long]), grid.truth[long])
    yield _found(row, 100 * found, 100 * other, found >= other)


def _chosen(grid: Grid, compute: float) -> np.ndarray:
    """Which trials ours has trained for so much compute."""
    known, used = np.zeros(len(grid.frame), dtype=bool), 0.0
    while True:
        chosen = [at for at in replays.ours(grid, known, np.random.default_rng(0)) if not known[at]]
        fits = [at for at in chosen if used + grid.costs[at] <= compute]
        if not fits:
            return known
        known[fits] = True
        used += grid.costs[fits].sum()


def _right(guessed: np.ndarray, truth: np.ndarray) -> float:
    first, second = np.triu_indices(len(truth), 1)
    differ = truth[first] != truth[second]
    return float(np.mean(((guessed[first] > guessed[second]) == (truth[first] > truth[second]))[differ]))


def _found(row: Row, ours: float, peer: float | None, met: bool, note: str = "") -> Row:
    return replace(row, ours=ours, peer=peer, met=met, note=note or row.note)


MARK = "<!-- decide: measured -->"


_AGAINST = re.compile(r"decide: regret on our own grid from (\d+)% of its compute, against (.*)")


def table(rows: Sequence[Row]) -> str:
    """The rows as `docs/decide.md` has them: those against other methods in a table of their own."""
    lines = ["| what | ours | other | wanted | met |", "|---|---|---|---|---|"]
    for row in rows:
        if _AGAINST.fullmatch(row.name):
            continue
        ours, peer = (_number(value, row.unit) for value in (row.ours, row.peer))
        met = {True: "yes", False: "**no**", None: ""}[row.met] if row.ours is not None else "not measured"
        lines.append(f"| {row.name.removeprefix('decide: ')} | {ours} | {peer} | {_wanted(row)} | {met} |")
    others = [*_against_others(rows)]
    return "\n".join([*lines, *(["", *others] if others else [])])


def _against_others(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each share of the compute, a column for each method; bold is what does better than ours."""
    found = {(int(of[1]), of[2]): row for row in rows if (of := _AGAINST.fullmatch(row.name))}
    peers = list(dict.fromkeys(peer for _, peer in found))
    if not peers:
        return
    yield f"| regret on our own grid (points) after | ours | {' | '.join(peers)} |"
    yield "|---|" + "---|" * (1 + len(peers))
    for share in sorted({share for share, _ in found}):
        of_share = [found.get((share, peer)) for peer in peers]
        ours = next(row for row in of_share if row is not None).ours
        cells = ["not measured" if row is None else _bold(row) for row in of_share]
        yield f"| {share}% of its compute | {_number(ours, 'points')} | {' | '.join(cells)} |"


def _bold(row: Row) -> str:
    peer = _number(row.peer, row.unit)
    return peer if row.met else f"**{peer}**"


def _wanted(row: Row) -> str:
    return row.target if row.target.endswith("peer") else f"{row.target} {row.unit}"


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.0f} %" if unit == "%" else f"{value:.2f}"
