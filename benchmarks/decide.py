"""What choosing by `scaling recommend` and `scaling next` loses, replayed on grids of which everything is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import replays
from benchmarks.processes import lacks
from benchmarks.replays import Grid, Policy, Predictor
from benchmarks.rows import Row
from scaling import published
from scaling.analysis.decide.answer import answer
from scaling.analysis.decide.next_runs import next_runs
from scaling.analysis.decide.recommend import recommend
from scaling.analysis.decide.stopping import enough
from scaling.analysis.decide.surface import Points, predict
from scaling.analysis.settings import collapse_seeds
from scaling.generator.study import load
from scaling.results.frame import load_results
from tests.analysis.decide.surfaces import surface

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
OWN = REFERENCE / "full_grid"
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SURFACES = 20
REPEATS = 5
SMALL = {"depths": (14.0, 50.0, 200.0), "widths": (0.25, 0.5, 1.0, 2.0), "resolutions": (64, 128, 256)}


def rows() -> list[Row]:
    """All of them, as `docs/decide.md` has them."""
    return [*_figure_2(), *_sets(), *_coverage(), *_peers(), *_verdicts(), *_small_scale()]


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


def _figure_2() -> Iterator[Row]:
    grid = _grids()["Figure 2"]
    mine = _regrets(grid, replays.ours, replays.by_surface)
    simple = _regrets(grid, replays.cheapest_first, replays.by_quadratic)
    for share, mean, worst in ((0.01, 0.15, 0.5), (0.05, 0.08, 0.35)):
        for what, of, most in (("mean", np.mean, mean), ("worst", np.max, worst)):
            found, other = float(of(mine[share])), float(of(simple[share]))
            name = f"decide: regret from {share:.0%} of Figure 2's compute, {what} of 14 budgets"
            yield _row(name, "points", f"<= {most:g}", found, other, found <= most, "peer: cheapest first, a quadratic")
    until, simplest = _within(mine), _within(simple)
    yield _row(
        "decide: share of Figure 2's compute until every choice stays within 0.2 points",
        "%",
        "<= 5",
        100 * until,
        100 * simplest,
        until <= 0.05,
        f"looked at {', '.join(f'{share:.0%}' for share in SHARES)}; peer: cheapest first, a quadratic",
    )


def _within(by_share: dict[float, np.ndarray]) -> float:
    """The share from which on no budget's choice is worse than 0.2 points."""
    good = [float(regrets.max()) <= 0.2 for regrets in by_share.values()]
    stays = [share for place, share in enumerate(by_share) if all(good[place:])]
    return stays[0] if stays else 1.0


def _sets() -> Iterator[Row]:
    """How often the stated set holds the true best: of simulated surfaces, half of which nobody has trained."""
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
    yield _row(
        f"decide: {3 * SURFACES} surfaces, half hidden, whose true best is in the stated 90% set",
        "%",
        "88 to 95",
        share,
        None,
        88 <= share <= 95,
    )


def _coverage() -> Iterator[Row]:
    """How many predicted accuracies lie in their 90% intervals, the dearest third hidden."""
    frames = {name: grid.frame for name, grid in _grids().items()}
    for name, frame in frames.items():
        yield _covered(name, [frame])
    yield _covered(f"{SURFACES} simulated surfaces", [surface(seed, **SMALL).frame for seed in range(SURFACES)])


def _covered(name: str, frames: Sequence[pd.DataFrame]) -> Row:
    inside = []
    for frame in frames:
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
    name = f"decide: predicted accuracies inside their 90% interval, dearest third hidden: {name}"
    return _row(name, "%", "85 to 95", share, None, 85 <= share <= 95, f"{len(inside)} settings")


def _peers() -> Iterator[Row]:
    """Ours against what others would do with the same compute, on our own grid."""
    grid = _grids().get("own grid")
    if grid is None:
        yield Row("decide: own grid", "points", "", note="its records are not here")
        return
    mine = _regrets(grid, replays.ours, replays.by_surface)
    peers: dict[str, Policy] = {f"Optuna {name}": replays.optuna_with(name) for name in ("tpe", "nsga2", "gp")}
    peers |= {"successive halving": replays.halving, "random": replays.at_random}
    for name, policy in peers.items():
        if name == "Optuna gp" and (why := lacks("torch")):
            yield Row(f"decide: regret on our own grid against {name}", "points", "< 1", note=why)
            continue
        theirs = _regrets(grid, policy, replays.as_measured, REPEATS)
        for share in SHARES:
            found, other = float(mine[share].mean()), float(theirs[share].mean())
            what = f"decide: regret on our own grid from {share:.0%} of its compute, against {name}"
            yield _row(what, "points", "< peer", found, other, found < other, f"mean of 14 budgets, {REPEATS} repeats")


def _verdicts() -> Iterator[Row]:
    """`run --until decided` on the records of `depth_vs_width`, and how often its verdict is the whole study's."""
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
    yield _row(
        "decide: depth_vs_width until decided, share of its compute", "%", "<= 25", share, 100.0, share <= 25, note
    )
    yield _row("decide: depth_vs_width until decided, same verdicts", "%", ">= 90", same, None, same >= 90, note)


def _until(frame: pd.DataFrame, question) -> tuple[np.ndarray, float]:
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


def _small_scale() -> Iterator[Row]:
    """Pairs of networks whose order is right: by ranking all trained for short, and by the surface at that compute."""
    for name, grid in _grids().items():
        lengths = sorted(grid.frame["epochs"].unique())
        if len(lengths) < 2:
            continue
        short = (grid.frame["epochs"] == lengths[0]).to_numpy() & (
            grid.frame["seed"] == grid.frame["seed"].min()
        ).to_numpy()
        spent = grid.costs[short].sum()
        known, used = np.zeros(len(grid.frame), dtype=bool), 0.0
        while True:
            chosen = [row for row in replays.ours(grid, known, np.random.default_rng(0)) if not known[row]]
            fits = [row for row in chosen if used + grid.costs[row] <= spent]
            if not fits:
                break
            known[fits] = True
            used += grid.costs[fits].sum()
        long = np.flatnonzero(grid.frame["epochs"] == lengths[-1])
        sizes = grid.frame[["depth", "width", "resolution"]].apply(tuple, axis=1)
        early = {sizes[row]: grid.frame["top1"][row] for row in np.flatnonzero(short)}
        long = [row for row in long if sizes[row] in early]
        predicted = replays.by_surface(grid, known)
        found = _right(predicted[long], grid.truth[long])
        other = _right(np.array([early[sizes[row]] for row in long]), grid.truth[long])
        what = f"decide: pairs of networks in the right order after {lengths[-1]:g} epochs, {name}"
        note = f"peer: all ranked after {lengths[0]:g}; ours has the same compute to spend (arXiv 2504.11393: 80%)"
        yield _row(what, "%", ">= peer", 100 * found, 100 * other, found >= other, note)


def _right(guessed: np.ndarray, truth: np.ndarray) -> float:
    first, second = np.triu_indices(len(truth), 1)
    differ = truth[first] != truth[second]
    return float(np.mean(((guessed[first] > guessed[second]) == (truth[first] > truth[second]))[differ]))


def _row(name: str, unit: str, target: str, ours: float, peer: float | None, met: bool, note: str = "") -> Row:
    return Row(name=name, unit=unit, target=target, ours=ours, peer=peer, met=met, note=note)


MARK = "<!-- decide: measured -->"


def table(rows: Sequence[Row]) -> str:
    """The rows as `docs/decide.md` has them."""
    lines = ["| what | ours | other | wanted | met |", "|---|---|---|---|---|"]
    for row in rows:
        ours, peer = (_number(value, row.unit) for value in (row.ours, row.peer))
        met = {True: "yes", False: "**no**", None: ""}[row.met] if row.ours is not None else "not measured"
        lines.append(f"| {row.name.removeprefix('decide: ')} | {ours} | {peer} | {_wanted(row)} | {met} |")
    return "\n".join(lines)


def _wanted(row: Row) -> str:
    return row.target if row.target.endswith("peer") else f"{row.target} {row.unit}"


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.0f} %" if unit == "%" else f"{value:.2f}"
