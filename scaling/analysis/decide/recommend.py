"""The network to choose, and how long to train it, under limits on what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.comparability import MEASURED_ON, MixedConditionsError, parts
from scaling.analysis.decide import choice_noise
from scaling.analysis.decide.limits import COSTS, EXTRA, Limit, Priced, cheapest, priced, with_made
from scaling.analysis.decide.surface import Points, predict
from scaling.analysis.settings import SETTING, collapse_seeds
from scaling.analysis.uncertainty import (
    LEVEL,
    Estimate,
    Floats,
    Rows,
    affordable,
    log_errors,
    seed_noise_of,
    with_noise,
)
from scaling.errors import UserError, did_you_mean
from scaling.models.names import title
from scaling.results.columns import METRICS, Column
from scaling.wording import counted, quantity

Mask: TypeAlias = npt.NDArray[np.bool_]

DRAWS = 2000
NEAR = 0.002
"""Accuracy (fraction) within which two networks count as equally good."""

UNSURE = 0.01
"""Accuracy (fraction) that a choice loses on average from which on it is called a guess."""

MOST = 2000
"""Settings that are ranked at once; of more, those that were measured and the cheapest others."""

_SCORES = ("top1", "test_top1")
_LEAST_KNOWN = 2
_LIKELY = 0.5


@dataclass(frozen=True, eq=False)
class Choice:
    """A setting that may be chosen.

    Attributes:
        row: label of the setting in the settings of the recommendation.
        name: in words: `ResNet-RS 26x0.25@14, 9 epochs`.
        accuracy: what it truly reaches (fraction), with its 90% interval; of a trained one what was measured, drawn
            towards what the others let expect.
        measured: the mean of its seeds as they were measured (fraction); None where it was not trained.
        costs: by name of the limit's cost, its value with its 90% interval.
        meets: chance that it meets all limits.
        best: chance that it is the best of all that meet them.
        near: chance that it is at most `NEAR` worse than the best.
        loss: accuracy (fraction) that choosing it loses on average against the best.
    """

    row: int
    name: str
    accuracy: Estimate
    measured: float | None
    costs: dict[str, Estimate]
    meets: float
    best: float
    near: float
    loss: float

    @property
    def trained(self) -> bool:
        """Whether it was trained; else its accuracy is predicted."""
        return self.measured is not None


@dataclass(frozen=True, eq=False)
class Recommendation:
    """What to choose.

    Attributes:
        settings: all, measured and candidates, indexed from 0.
        limits: that are to be met.
        choices: by what choosing them loses, the recommended one first; those that hardly meet the limits left out.
        set: names of the settings that hold the best with 90%, together; the likeliest first.
        sentence: what to choose, how sure that is, or why nothing can be chosen.
        notes: what a reader has to know beside.
    """

    settings: pd.DataFrame
    limits: tuple[Limit, ...]
    choices: tuple[Choice, ...]
    set: tuple[str, ...]
    sentence: str
    notes: tuple[str, ...]

    @property
    def sure(self) -> bool:
        """Whether the recommended one is within `NEAR` of the best with 90%."""
        return bool(self.choices) and self.choices[0].near >= LEVEL


def recommend(
    frame: pd.DataFrame,
    limits: Sequence[Limit] = (),
    metric: str = "top1",
    dollars_per_hour: float = 0.0,
    draws: int = DRAWS,
) -> list[tuple[str, Recommendation]]:
    """Ranks settings, trained and not yet trained, by the accuracy that they reach within limits.

    Args:
        frame: trials as `scaling.load_results` gives them, and candidates, whose status is `planned` (see
            `scaling.results.frame.planned`).
        limits: that are to be met, all of them.
        metric: `top1` or `test_top1`.
        dollars_per_hour: of the accelerator, where the price of a training is limited.
        draws: repetitions that chances rest on.

    Returns:
        A recommendation for each device that a limited cost was measured on, after the words that tell it from others.

    Raises:
        MixedConditionsError: if accuracies are of different images.
        UserError: if there is no such metric.
    """
    if metric not in _SCORES:
        raise UserError(f"no accuracy named {metric!r}{did_you_mean(metric, _SCORES)}")
    if metric == "test_top1":
        frame = _scored_by_test(frame)
    settings = with_made(collapse_seeds(frame), dollars_per_hour)
    # In an order of their own, so that no random draw depends on how they were stored.
    settings = settings.sort_values([*SETTING, "top1"], kind="stable")
    answers = [("", settings)]
    for cost in _parting(limits):
        answers = [
            (", ".join(filter(None, (words, more))), _timed_here(part, cost))
            for words, rows in answers
            for more, part in parts(rows, cost.name)
        ]
    return [(words, _of_part(_once(part), tuple(limits), metric, draws)) for words, part in answers]


def _scored_by_test(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with test accuracies in place of those of validation."""
    scores = frame.reindex(columns=["test_top1", "test_raw_n", "test_ema_n"]).astype(float)
    images = scores["test_raw_n"].fillna(scores["test_ema_n"])
    return frame.assign(top1=scores["test_top1"], top1_n=images, validation_correct=None)


def _parting(limits: Sequence[Limit]) -> list[Column]:
    """Costs whose values on several devices do not compare; where there are none, one that parts data sets alone."""
    names = dict.fromkeys("train_seconds" if limit.cost.name in EXTRA else limit.cost.name for limit in limits)
    return [METRICS[name] for name in names or ["macs"]]


def _timed_here(part: pd.DataFrame, cost: Column) -> pd.DataFrame:
    """Without the costs of untrained settings that were measured elsewhere than those of the trained ones."""
    columns, known = list(cost.depends_on), part[cost.name].notna()
    here = part.loc[known & part["top1"].notna(), columns].astype(str)
    if not columns or here.empty:
        return part
    elsewhere = known & part["top1"].isna() & part[columns].astype(str).ne(here.iloc[0]).any(axis=1)
    return part.assign(**{cost.name: part[cost.name].mask(elsewhere)})


def _once(part: pd.DataFrame) -> pd.DataFrame:
    """Without untrained settings that are there already: trained, failed, or timed; indexed from 0.

    Raises:
        MixedConditionsError: if accuracies are of different images.
    """
    trained = part["top1"].notna()
    mixed = part.loc[trained, list(MEASURED_ON)].drop_duplicates()
    if len(mixed) > 1:
        values = "; ".join(", ".join(map(str, row)) for row in mixed.to_numpy())
        raise MixedConditionsError(f"accuracies on different images do not compare: {values}")
    timed = part[[name for name in COSTS if name in part]].notna().sum(axis=1)
    best = pd.DataFrame({"trained": trained, "failed": part["failed"], "timed": timed})
    order = best.sort_values(["trained", "failed", "timed"], ascending=False, kind="stable").index
    again = part.loc[order].duplicated([name for name in SETTING if name not in ("study", "folder")])
    return part[~(again & ~trained.loc[order]).loc[part.index]].reset_index(drop=True)


def _of_part(settings: pd.DataFrame, limits: tuple[Limit, ...], metric: str, draws: int) -> Recommendation:
    settings = _affordable(settings)
    known: Rows = np.flatnonzero(settings["top1"].notna())
    if reason := _nothing(settings, known, metric):
        return Recommendation(settings, limits, (), (), reason, ())
    random = np.random.default_rng(0)
    draws = affordable(draws, len(settings))
    top1 = accuracies(settings, known, draws, random)
    prices = [(limit, priced(settings, limit.cost, draws, random)) for limit in limits]
    unknown = [limit.cost for limit, price in prices if np.isnan(price.value).all()]
    if unknown:
        told = f"Nothing to choose by: of no setting the {' and '.join(cost.words for cost in unknown)} is known"
        return Recommendation(settings, limits, (), (), f"{told}{_how(unknown[0].name)}.", ())
    meets = np.ones(top1.shape, dtype=bool)
    for limit, price in prices:
        meets &= price.drawn <= limit.most
    likely = np.flatnonzero(meets.mean(axis=0) >= _LIKELY)
    if not len(likely):
        nearest, missed = cheapest(settings, prices)
        asked = " and ".join(map(str, limits))
        told = f"Nothing meets {asked}: nearest is {names_of(settings)[nearest]}, {missed}."
        return Recommendation(settings, limits, (), (), told, ())
    names = names_of(settings)
    choices = _ranked(settings, names, top1, meets, likely, prices, set(known.tolist()))
    held = tuple(names[row] for row in _held(_winners(top1, meets)))
    return Recommendation(
        settings,
        limits,
        choices,
        held,
        _sentence(choices, held, limits, prices, bool(settings["failed"].iloc[choices[0].row])),
        (*_notes(settings, known, prices), *_flips(settings, known, meets, likely, choices[0].near >= LEVEL)),
    )


def _affordable(settings: pd.DataFrame) -> pd.DataFrame:
    if len(settings) <= MOST:
        return settings
    first = settings.assign(_measured=settings["top1"].notna()).sort_values(
        ["_measured", "macs"], ascending=[False, True]
    )
    return first.head(MOST).drop(columns="_measured").reset_index(drop=True)


def _nothing(settings: pd.DataFrame, known: Rows, metric: str) -> str:
    """Why nothing can be recommended; empty where something can."""
    if not len(settings):
        return "Nothing to choose from: there are no records yet; `scaling run STUDY` makes some."
    if not len(known):
        failed = int(settings["failed"].sum())
        if metric == "test_top1" and settings["seeds"].any():
            return "Nothing to choose by: no trial has a test accuracy; without `--for test_top1` validation counts."
        run = "`scaling run STUDY"
        if failed:
            why = f"{counted(failed, 'trial')} failed and none went well; {run} --retry failed` tries again"
        else:
            why = f"nothing was trained to success yet; {run}` does that"
        return f"Nothing to choose by: {why}."
    if len(known) < _LEAST_KNOWN and len(settings) > 1:
        return (
            f"Nothing to choose by: one setting alone was trained ({name_of(settings.iloc[int(known[0])])}); a second "
            "one, of another size, lets others be predicted: `scaling run STUDY`."
        )
    return ""


def _how(cost: str) -> str:
    if cost.endswith("_ms"):
        return " (`--time` times networks without training them)"
    if cost.endswith("_joules"):
        return " (a machine tells it whose counters can be read: see docs/weights.md)"
    return " (the accelerator has no price; give one in accelerators.yaml)" if cost == "dollars" else ""


def accuracies(settings: pd.DataFrame, known: Rows, draws: int, random: np.random.Generator) -> Floats:
    """`(draws, settings)` accuracies that all may truly have, given those measured."""
    found = predict(Points.of(settings), known, *log_errors(settings.iloc[known]))
    return np.asarray(1 - np.exp(np.minimum(found.draw(draws, random), 0.0)))


def _ranked(
    settings: pd.DataFrame,
    names: Sequence[str],
    top1: Floats,
    meets: Mask,
    likely: Rows,
    prices: Sequence[tuple[Limit, Priced]],
    trained: set[int],
) -> tuple[Choice, ...]:
    winners = _winners(top1, meets)
    near, loss = _against_the_best(top1, meets)
    choices = []
    for row in likely.tolist():
        own = top1[:, row]
        low, high = np.quantile(own, [0.05, 0.95])
        choices.append(
            Choice(
                row=row,
                name=names[row],
                accuracy=Estimate(float(np.median(own)), float(low), float(high)),
                measured=float(settings["top1"].iloc[row]) if row in trained else None,
                costs={
                    limit.cost.name: Estimate(float(price.value[row]), float(price.low[row]), float(price.high[row]))
                    for limit, price in prices
                },
                meets=float(meets[:, row].mean()),
                best=float(winners[row]),
                near=float(near[row]),
                loss=float(loss[row]),
            )
        )
    return tuple(sorted(choices, key=lambda choice: (choice.meets < LEVEL, choice.loss, choice.row)))


def _against_the_best(top1: Floats, meets: Mask) -> tuple[Floats, Floats]:
    """`(settings,)` chances to be within `NEAR` of the best that meets the limits, and what each loses to it."""
    allowed = np.where(meets, top1, -np.inf)
    most = allowed.max(axis=1)
    some = np.isfinite(most)
    near = (allowed[some] >= most[some, None] - NEAR).mean(axis=0)
    return np.asarray(near), np.asarray(np.fmax(most[some, None] - top1[some], 0.0).mean(axis=0))


def _winners(top1: Floats, meets: Mask) -> Floats:
    """`(settings,)` chances to be the best of those that meet the limits."""
    allowed = np.where(meets, top1, -np.inf)
    some = np.isfinite(allowed.max(axis=1))
    wins = np.bincount(allowed[some].argmax(axis=1), minlength=top1.shape[1])
    return np.asarray(wins / max(1, int(some.sum())), dtype=float)


def _held(winners: Floats) -> list[int]:
    """The fewest rows that hold the best with 90%."""
    order = np.argsort(-winners, kind="stable")
    held = order[: 1 + int(np.searchsorted(np.cumsum(winners[order]), LEVEL))]
    return [int(row) for row in held]


def name_of(setting: pd.Series) -> str:
    """A setting in words: `ResNet-RS 26x0.25@14, 9 epochs`."""
    width = "" if setting["width"] == 1 else f"x{setting['width']:g}"
    epochs = "" if pd.isna(setting["epochs"]) else f", {counted(setting['epochs'], 'epoch')}"
    return f"{title(str(setting['family']))} {setting['depth']:g}{width}@{setting['resolution']:g}{epochs}"


def names_of(settings: pd.DataFrame) -> list[str]:
    """Each setting in words; of those of one name also what tells them apart, such as `precision float32`."""
    names = [name_of(settings.iloc[row]) for row in range(len(settings))]
    for name in (name for name, count in Counter(names).items() if count > 1):
        rows = [row for row, other in enumerate(names) if other == name]
        alike = settings.iloc[rows][[column for column in SETTING if column not in ("study", "folder")]]
        columns = [column for column in alike if alike[column].nunique(dropna=False) > 1]
        for row in rows:
            names[row] = ", ".join([name, *(f"{column} {settings[column].iloc[row]}" for column in columns)])
    return names


def _sentence(
    choices: Sequence[Choice],
    held: Sequence[str],
    limits: Sequence[Limit],
    prices: Sequence[tuple[Limit, Priced]],
    failed: bool,
) -> str:
    first = choices[0]
    how = "its training failed; predicted" if failed else "not trained yet, predicted"
    if first.measured is not None:
        how = f"measured {100 * first.measured:.1f}%"
    low, high = 100 * first.accuracy.low, 100 * first.accuracy.high
    reached = f"{100 * first.accuracy.value:.1f}% ({how}; {low:.1f} to {high:.1f})"
    costs = "".join(_cost(price, first.row, limit) for limit, price in prices)
    asked = " and ".join(map(str, limits))
    if len(choices) == 1:
        only = f"The only setting{f' that meets {asked}' if asked else ''}"
        return f"{only} is {first.name}: {reached}{costs}."
    among = f"Of {len(choices)} settings{f' that meet {asked}' if asked else ''}"
    chance = (
        f"the best with a chance of {first.best:.0%}, within {100 * NEAR:g} points of it with {first.near:.0%}; "
        f"on average it loses {100 * first.loss:.2f} points to the best"
    )
    others = f"; {len(held)} settings hold the best with {LEVEL:.0%}" if len(held) > 1 else ""
    how_sure = "choose" if first.loss < UNSURE else "nothing is sure yet, and the best guess is"
    return f"{among}, {how_sure} {first.name}: {reached}{costs}; {chance}{others}."


def _cost(price: Priced, row: int, limit: Limit) -> str:
    """What the choice costs, of the most that it may: `, training_ms 23.3 of 40`."""
    interval = f" (predicted; {quantity(price.low[row])} to {quantity(price.high[row])})"
    value = f"{quantity(price.value[row])}{'' if price.measured[row] else interval}"
    return f", {limit.cost.name} {value} of {quantity(limit.most)}"


def _flips(settings: pd.DataFrame, known: Rows, meets: Mask, likely: Rows, sure: bool) -> Iterator[str]:
    """A note on the noise between seeds at which the choice would be decided, or no longer be."""
    noise = seed_noise_of(settings)
    if not noise.doubtful or not 1 < len(settings) <= choice_noise.MOST_SETTINGS:
        return
    met = meets[: choice_noise.DRAWS]

    def near_with(seed_sd: float) -> float:
        top1 = accuracies(with_noise(settings, seed_sd), known, len(met), np.random.default_rng(0))
        near, loss = _against_the_best(top1, met)
        best = min(likely.tolist(), key=lambda row: (met[:, row].mean() < LEVEL, loss[row], row))
        return float(near[best])

    at = choice_noise.flips_at(near_with, sure, noise)
    if at is not None:
        wanted = f"within {100 * NEAR:g} points of the best with {LEVEL:.0%}"
        said = f"the choice is {wanted} only while" if sure else f"the choice would be {wanted} if"
        yield f"{said} the standard deviation between seeds is below {100 * at:.2g} points"


def _notes(settings: pd.DataFrame, known: Rows, prices: Sequence[tuple[Limit, Priced]]) -> list[str]:
    notes = [*about_accuracies(settings)]
    for limit, price in prices:
        if missing := int((~price.measured & ~np.isnan(price.value)).sum()):
            by = (
                "as planned, within a factor of 2"
                if price.planned
                else f"predicted from that of {price.measured.sum()}"
            )
            offer = f"; `--time` times {'it' if missing == 1 else 'them'}" if limit.cost.is_time else ""
            notes.append(f"{limit.cost.name} of {counted(missing, 'setting')} is {by}{offer}")
    if left := len(settings) - len(known):
        notes.append(f"the accuracy of {counted(left, 'setting')} is predicted from that of {len(known)}")
    if failed := int(settings["failed"].sum()):
        notes.append(f"{counted(failed, 'trial')} failed; what failed may fail again")
    return notes
