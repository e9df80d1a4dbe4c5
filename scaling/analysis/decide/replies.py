"""Replies to each kind of question, in a sentence with its joint confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from math import comb
from operator import itemgetter

import numpy as np
import pandas as pd

from scaling.analysis.additive import steps, told
from scaling.analysis.decide.contrasts import Contrast, along, between_groups
from scaling.analysis.decide.kinds import Kind
from scaling.analysis.decide.recommend import name_of
from scaling.analysis.decide.statements import Statement
from scaling.analysis.depth_width.regimes import Regimes, axis_words, regimes
from scaling.analysis.equal_accuracy.bands import Band
from scaling.analysis.equal_accuracy.compare import Comparison, compare
from scaling.analysis.laws.joint import fit_joint
from scaling.analysis.laws.marginal_returns import SURE, rank
from scaling.analysis.pareto.frontier import SURE as FRONT_SURE
from scaling.analysis.pareto.frontier import frontier
from scaling.analysis.runtimes import runtime_ranks
from scaling.analysis.settings import with_seed_noise
from scaling.analysis.uncertainty import LEVEL, Estimate, with_noise
from scaling.models.names import title
from scaling.results.columns import Column
from scaling.schema import Question
from scaling.wording import counted, digits, ratio


@dataclass(frozen=True)
class Asking:
    """A study's trials and settings, and what is asked of them.

    Attributes:
        frame: one row a trial.
        settings: one row a setting; those of one device, where times are compared.
        compare: what is set against each other, see `scaling.analysis.decide.kinds.Compared`.
        cost: of the metrics table.
        question: whole.
    """

    frame: pd.DataFrame
    settings: pd.DataFrame
    compare: tuple[str, ...]
    cost: Column
    question: Question


@dataclass(frozen=True)
class Reply:
    """What is said.

    Attributes:
        sentence: all of it.
        decided: whether all that is compared is decided.
        figure: name of the figure that shows it.
        statements: what the sentence decides or leaves undecided, where it is of differences.
        takes: what might decide the rest, where no difference says what would; counts only if it is undecided.
    """

    sentence: str
    decided: bool
    figure: str | None
    statements: tuple[Statement, ...] = ()
    takes: str = ""


def ways(asking: Asking) -> Reply | None:
    """Two ways to grow, or every two of several strategies, at equal cost."""
    pairs = list(combinations(asking.compare, 2))
    strategies = asking.question.strategies if set(asking.compare) <= {*asking.question.strategies} else None

    def compared(settings: pd.DataFrame) -> list[Regimes]:
        return [regimes(settings, asking.cost.name, axes=axes, strategies=strategies) for axes in pairs]

    every_pair = compared(asking.settings)
    if not any(np.isfinite(regime.advantage.value) for ways in every_pair for regime in ways.regimes):
        reasons = "; ".join(dict.fromkeys(reason for ways in every_pair for reason in _unanswered(ways)))
        return Reply(f"Not answered: {reasons or 'one strategy alone'}.", False, None)
    of_each = " of each pair" if len(pairs) > 1 else ""
    sentence = f"For the same {asking.cost.words}, {'; '.join(filter(None, map(_way, every_pair)))}{_jointly(of_each)}."
    quiet = compared(with_noise(asking.settings, 0.0))
    statements = tuple(
        replace(stated, which=f"{_for(*map(axis_words, noisy.axes))} {stated.which}".strip()) if of_each else stated
        for noisy, alone in zip(every_pair, quiet, strict=True)
        for stated in _stated(noisy, alone)
    )
    return Reply(sentence, _all_decided(statements), "regimes", statements)


def _stated(ways: Regimes, quiet: Regimes) -> Iterator[Statement]:
    """The difference of each regime, and what longer training makes of it; `quiet`: without noise between seeds."""
    alone = {regime.epochs: regime.advantage for regime in quiet.regimes}
    for regime in ways.regimes:
        if np.isfinite(regime.advantage.value):
            yield Statement(_of_epochs(regime.epochs).strip(), regime.advantage, alone[regime.epochs])
    if np.isfinite(ways.shift.value):
        yield Statement("for the shift with longer training", ways.shift, quiet.shift)


def _unanswered(ways: Regimes) -> list[str]:
    """Why two ways are not compared."""
    return [regime.sentence.rstrip(".") for regime in ways.regimes] or list(ways.notes[:1])


def _way(ways: Regimes) -> str:
    """What every regime says of two ways, and how longer training moves it."""
    known = [regime for regime in ways.regimes if np.isfinite(regime.advantage.value)]
    leads = groupby((_lead(ways, regime.advantage, regime.verdict, regime.epochs) for regime in known), itemgetter(0))
    said = [f"{claim}{' and'.join(size for _, size in sizes)}" for claim, sizes in leads]
    if np.isfinite(ways.shift.value):
        change = f"{100 * abs(ways.shift.value):.1f} points"
        if ways.towards == "undecided":
            said.append(f"whether longer training shifts that is undecided ({change} as measured)")
        else:
            said.append(f"longer training shifts that towards {axis_words(ways.towards)} by {change}")
    return ", and ".join(said)


def _lead(ways: Regimes, advantage: Estimate, verdict: str, epochs: int | None) -> tuple[str, str]:
    """Which way pays more, and by how much after so many epochs."""
    ahead = advantage.value >= 0
    first, second = map(axis_words, ways.axes if ahead else ways.axes[::-1])
    size = _interval(advantage if ahead else _flipped(advantage))
    if verdict == "undecided":
        either = " or ".join(map(axis_words, ways.axes))
        return f"whether {either} pays more is undecided", f"{_of_epochs(epochs)} ({first} leads by {size})"
    return f"{first} pays more than {second}", f"{_of_epochs(epochs)} ({size})"


def _of_epochs(epochs: int | None) -> str:
    return "" if epochs is None else f" after {counted(epochs, 'epoch')}"


def groups(asking: Asking) -> Reply | None:
    """Groups at equal accuracy: what each costs."""
    by = asking.compare[0]
    comparison = compare(asking.settings, asking.cost.name, by)
    known = [(pair, pair.overall) for pair in comparison.pairs if pair.overall is not None]
    if not known:
        reasons = "; ".join([pair.sentence for pair in comparison.pairs] or list(comparison.notes[:1]))
        return Reply(f"Not answered: {reasons}.", False, _against(asking.cost))
    left_out = len(comparison.pairs) - len(known)
    beyond = f"; {counted(left_out, 'pair')} without a common accuracy" if left_out else ""
    pairs = "; ".join(_pair(pair, overall) for pair, overall in known[:_MOST_PAIRS])
    sentence = f"At equal accuracy {_fastest(known)}{pairs}, by {asking.cost.words}{beyond}{_jointly()}."
    quiet = compare(with_noise(asking.settings, 0.0), asking.cost.name, by)
    alone = {(pair.of.name, pair.over.name): pair.overall for pair in quiet.pairs}
    statements = tuple(
        Statement(
            _for(title(pair.of.name), title(pair.over.name)),
            _logs(overall),
            _logs(alone[pair.of.name, pair.over.name]),
        )
        for pair, overall in known
    )
    figure = "speedup" if by == "family" else _against(asking.cost)
    return Reply(sentence, not left_out and _all_decided(statements), figure, statements)


_MOST_PAIRS = 3
"""Pairs of groups that a sentence names."""


def _fastest(pairs: Sequence[tuple[Comparison, Band]]) -> str:
    """The group that is ahead of every other, where there are several and one is."""
    names = dict.fromkeys(name for pair, _ in pairs for name in (pair.over.name, pair.of.name))
    if len(names) < 3:
        return ""
    ahead = [
        pair.of.name if overall.verdict == "faster" else pair.over.name
        for pair, overall in pairs
        if overall.verdict != "undecided"
    ]
    first = [name for name in names if ahead.count(name) == len(names) - 1]
    word = "fastest" if pairs[0][0].cost.is_time else "cheapest"
    if not first:
        return f"none of {len(names)} is surely the {word}: "
    return f"{title(first[0])} is the {word} of {len(names)}: "


def _pair(pair: Comparison, overall: Band) -> str:
    of, over = title(pair.of.name), title(pair.over.name)
    speedup = Estimate(overall.speedup, overall.low, overall.high)
    if overall.speedup < 1:
        of, over, speedup = over, of, Estimate(1 / overall.speedup, 1 / overall.high, 1 / overall.low)
    how = f"{ratio(speedup.value)} times as {'fast' if pair.cost.is_time else 'cheap'} as {over}"
    unsure = "undecided: " if overall.verdict == "undecided" else ""
    return f"{of} is {how} ({unsure}{ratio(speedup.low)} to {ratio(speedup.high)})"


def _logs(overall: Band | None) -> Estimate:
    if overall is None:
        return Estimate(np.nan, np.nan, np.nan)
    return Estimate(*(float(np.log(ratio)) for ratio in (overall.speedup, overall.low, overall.high)))


def recipes(asking: Asking) -> Reply | None:
    """Groups on the same networks: what each adds to the plainest."""
    contrasts = between_groups(asking.settings, asking.compare)
    if not contrasts:
        return None
    first, *others = (f"{contrast.of} {_gains(contrast.difference)}" for contrast in contrasts)
    said = "; ".join([f"{first} over {contrasts[0].over}", *others])
    quiet = between_groups(with_noise(asking.settings, 0.0), asking.compare)
    statements = tuple(
        Statement(f"for {contrast.of} against {contrast.over}", contrast.difference, alone.difference)
        for contrast, alone in zip(contrasts, quiet, strict=True)
    )
    sentence = f"On the same networks, {said}{_jointly()}."
    return Reply(sentence, _all_decided(statements), "differences", statements)


def along_one(asking: Asking) -> Reply | None:
    """Steps of one factor: up to where accuracy surely rises."""
    factor = asking.compare[0]
    contrasts = along(asking.settings, factor)
    if not contrasts:
        return None
    sides = [contrast.difference.side_of(0.0, "rises", "falls") for contrast in contrasts]
    last, end = contrasts[-1], sides[-1]
    of, over = (_at(factor, value) for value in (last.of, last.over))
    ends = {
        "rises": ", and nothing shows where it would stop",
        "falls": f", and falls at {of} (by {_interval(_flipped(last.difference))})",
        "undecided": f"; whether {of} is better than {over} is undecided ({_interval(last.difference)})",
    }
    quiet = along(with_noise(asking.settings, 0.0), factor)
    statements = (Statement("", last.difference, quiet[-1].difference),)
    sentence = f"{_rises(contrasts, sides, factor)}{ends[end]}{_jointly()}."
    return Reply(sentence, end != "undecided", _against(asking.cost), statements)


def _rises(contrasts: Sequence[Contrast], sides: Sequence[str], factor: str) -> str:
    rising = [contrast for contrast, side in zip(contrasts, sides, strict=True) if side == "rises"]
    if not rising:
        return f"No step of {factor} surely raises accuracy"
    step = f"the last sure step adds {_interval(rising[-1].difference)}"
    return f"Accuracy surely rises up to {_at(factor, rising[-1].of)} ({step})"


def _at(factor: str, value: str) -> str:
    """A value of a factor in words: `depth 26`, `160 pixels`."""
    return {"resolution": f"{value} pixels", "epochs": f"{value} epochs"}.get(factor, f"{factor} {value}")


def _gains(difference: Estimate) -> str:
    side = difference.side_of(0.0, "gains", "loses")
    if side == "undecided":
        return f"neither surely gains nor loses ({_interval(difference)})"
    return f"{side} {_interval(_flipped(difference) if side == 'loses' else difference)}"


def methods(asking: Asking) -> Reply | None:
    """What each method adds to those before it."""
    chain, quiet = steps(asking.frame), steps(with_seed_noise(asking.frame, 0.0))
    statements = tuple(
        Statement(f"for {step.label}", step.gain, alone.gain)
        for step, alone in zip(chain[1:], quiet[1:], strict=True)
        if np.isfinite(step.gain.value)
    )
    sentence = f"{told(chain).rstrip('.')}{_jointly()}."
    return Reply(sentence, _all_decided(statements), "additive", statements) if statements else None


def runtimes(asking: Asking) -> Reply | None:
    """Whether networks keep their order by speed."""
    ranks = runtime_ranks(asking.settings)
    if not ranks:
        return None
    flips = any(each.flips for each in ranks)
    all_told = all(each.pairs == comb(len(each.points), 2) for each in ranks)
    stays = "Not always" if flips else "Yes" if all_told else "As far as can be told, yes"
    if not any(each.pairs for each in ranks):
        stays = "Undecided"
    jointly = f"The orders of all pairs {'of each runtime ' if len(ranks) > 1 else ''}are read jointly at {LEVEL:.0%}."
    said = " ".join([f"{stays}.", *(each.sentence for each in ranks), jointly])
    takes = "Narrower times would tell the others: a larger `latency.max_seconds` on a machine without other work."
    return Reply(said, flips or all_told, "runtimes", takes=takes)


_OF_TRAINING = {"training_ms": "the time of the training", "macs": "the compute of the training"}


def grow(asking: Asking) -> Reply | None:
    """Of a whole grid: the factor that a little more cost is best spent on."""
    families = asking.settings["family"].value_counts()
    ours = asking.settings[asking.settings["family"] == families.index[0]]
    ranking = rank(fit_joint(ours, [asking.cost.name]), asking.cost.name)
    if ranking.best is None:
        return None
    best, second, *_ = ranking.payoffs
    *others, last = (payoff.factor for payoff in ranking.payoffs)
    sure = ranking.verdict == "holds"
    which = f"{best.factor} pays" if sure else f"whether {best.factor} or {second.factor} pays"
    # An epoch pays the cost of a step or an image again.
    words = _OF_TRAINING.get(asking.cost.name, asking.cost.words) if "epochs" in {best.factor, *others, last} else ""
    size = f"1% more of {words or asking.cost.words} lowers error by {_percent(best.per_percent)}"
    sentence = (
        f"Of {', '.join(others)} and {last}, {which} most{'' if sure else ' is undecided'}: spent on {best.factor}, "
        f"{size}, and on {second.factor} by {_percent(second.per_percent)}; {best.factor} is the best with a chance "
        f"of {best.chance_best:.0%}. Each interval is at {LEVEL:.0%} by itself; a factor is named from {SURE:.0%} on."
    )
    takes = f"More seeds, or settings further apart in {best.factor} and {second.factor}, would tell{_next(asking)}."
    return Reply(sentence, sure, "power_law", takes=takes)


def _percent(lowers: Estimate) -> str:
    less = _flipped(lowers)
    return f"{less.value:.2f}% ({less.low:.2f} to {less.high:.2f})"


def _next(asking: Asking) -> str:
    """A clause with the command that names what is worth training next; empty for a search, which needs none."""
    if asking.question.is_search:
        return ""
    return f"; `scaling next {study_of(asking.frame)}` names the trainings that are worth most"


def study_of(frame: pd.DataFrame) -> str:
    """The name of the study whose trials these are, for a command; `STUDY` where nobody knows."""
    names = frame["study"].dropna() if "study" in frame else pd.Series(dtype=object)
    return str(names.iloc[0]) if len(names) else "STUDY"


def front(asking: Asking) -> Reply:
    """The networks that no other beats."""
    measured_front = frontier(asking.settings, asking.cost.name)
    points = measured_front.points
    undecided = int(points["chance"].between(1 - FRONT_SURE, FRONT_SURE, inclusive="neither").sum())
    each = f" Surely means with {LEVEL:.0%}, each setting by itself." if len(points) else ""
    more = f"More seeds or validation images would tell{_next(asking)}"
    takes = f"{more}; `scaling recommend` names the choice under limits."
    return Reply(
        f"{measured_front.sentence}{_named(points, asking.cost)}{each}",
        bool(len(points)) and not undecided,
        "fronts",
        takes=takes,
    )


_MOST_NAMED = 6
"""Settings of a front that a sentence names."""


def _named(points: pd.DataFrame, cost: Column) -> str:
    """The settings on the front as measured, from the cheapest to the dearest; of many some, evenly spread."""
    on = points[points["on"]] if len(points) else points
    if not len(on):
        return ""
    rows = np.unique(np.linspace(0, len(on) - 1, min(len(on), _MOST_NAMED)).round().astype(int))
    said = [
        f"{name_of(on.iloc[row])} ({100 * on['top1'].iloc[row]:.1f}%, {cost.shown(on[cost.name].iloc[row])})"
        for row in rows
    ]
    some = f"{len(said)} of them are" if len(said) < len(on) else "These are" if len(said) > 1 else "This is"
    return f" {some}, from the cheapest to the dearest: {', '.join(said)}." if len(said) > 1 else f" {some} {said[0]}."


def _all_decided(statements: Sequence[Statement]) -> bool:
    return all(statement.decided() for statement in statements)


def _jointly(of_what: str = "") -> str:
    return f"; intervals and verdicts{of_what} hold jointly at {LEVEL:.0%}"


def _for(first: str, second: str) -> str:
    return f"for {first} and {second}"


def _against(cost: Column) -> str:
    return f"accuracy_vs_{cost.name}"


def _flipped(of: Estimate) -> Estimate:
    return Estimate(-of.value, -of.high, -of.low)


def _interval(points: Estimate) -> str:
    value, low, high = (100 * part for part in (points.value, points.low, points.high))
    after = digits(low, high)
    return f"{value:.{after}f} points, {low:.{after}f} to {high:.{after}f}"


REPLIES: dict[Kind, Callable[[Asking], Reply | None]] = {
    "ways": ways,
    "groups": groups,
    "recipes": recipes,
    "along": along_one,
    "methods": methods,
    "runtimes": runtimes,
    "grow": grow,
    "front": front,
}
"""By kind of question; None where these results have nothing to say to it."""
