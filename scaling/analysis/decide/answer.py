"""The answer to a study's question, in one sentence: decided at a stated confidence, or with what it would take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TypeAlias

import numpy as np
import pandas as pd

from scaling.analysis.additive import steps, told
from scaling.analysis.comparability import cost_metric, parts
from scaling.analysis.decide.contrasts import Contrast, along, between_groups
from scaling.analysis.decide.takes import takes
from scaling.analysis.depth_width.arms import FACTORS, WIDTH_AND_DEPTH, Axes, find_arms
from scaling.analysis.depth_width.regimes import OF_TRAINING, Regimes, axis_words, regimes
from scaling.analysis.equal_accuracy.compare import Band, Comparison, compare
from scaling.analysis.laws.joint import fit_joint
from scaling.analysis.laws.marginal_returns import rank
from scaling.analysis.pareto.frontier import frontier
from scaling.analysis.runtimes import runtime_ranks
from scaling.analysis.settings import SETTING, collapse_seeds, crossed
from scaling.analysis.uncertainty import LEVEL, Estimate, with_noise
from scaling.analysis.wording import counted
from scaling.errors import UserError, did_you_mean
from scaling.models.names import title
from scaling.results.columns import METRICS, Column
from scaling.schema import ACCURACY, NETWORK, AnswerPlan, Question

USUAL_COSTS = ("training_ms", "inference_ms", "macs")
"""What ways to grow, and families, are compared by: the first that was measured."""


@dataclass(frozen=True)
class Answer:
    """What a study says to its question.

    Attributes:
        question: as it was asked.
        sentence: the answer, with its joint confidence.
        decided: whether all that it compares is decided; else `takes` says what would.
        takes: what would decide the rest, in a sentence; empty where it is decided, or nobody can say.
        figure: name of the figure that shows it; None where none does.
    """

    question: str
    sentence: str
    decided: bool
    takes: str
    figure: str | None

    @property
    def words(self) -> str:
        """The answer, and what it would take."""
        return f"{self.sentence} {self.takes}".strip()


@dataclass(frozen=True)
class Asking:
    """A study's trials and settings, and what is asked of them.

    Attributes:
        frame: one row a trial.
        settings: one row a setting; those of one device, where times are compared.
        compare: of the plan, or worked out.
        cost: of the metrics table.
        question: whole.
    """

    frame: pd.DataFrame
    settings: pd.DataFrame
    compare: tuple[str, ...]
    cost: Column
    question: Question


Kind: TypeAlias = Callable[[Asking], "Answer | None"]


def answer(frame: pd.DataFrame, question: Question) -> Answer:
    """Answers a study's question from its trials.

    What is compared is what the plan of the question says, else what the grid shows: strategies of a `scale`; methods
    that are added one by one; families; first weights; runtimes; one factor alone; two factors from one base; or, of a
    whole grid, which factor pays most.

    Args:
        frame: of one study, as `scaling.load_results` gives it; it may have `GIVEN_SEED_SD`.
        question: of the study.

    Raises:
        UserError: if the plan names what these results do not have.
    """
    settings = collapse_seeds(frame) if len(frame) else pd.DataFrame(columns=["top1"])
    known = settings["top1"].notna()
    if known.sum() < 2:
        many = "nothing has been trained to success yet" if not known.any() else "one setting alone has an accuracy"
        return Answer(question.text, f"Not answered yet: {many}.", False, "", None)
    cost = _cost(settings, question)
    largest = max(parts(settings, cost.name), key=lambda part: int(part[1][cost.name].notna().sum()))
    if question.plan is None:
        compare, kind = _worked_out(frame, settings, question)
    else:
        compare, kind = _planned(question.plan, question, settings)
    asking = Asking(frame, largest[1], compare, cost, question)
    found = kind(asking) or _front(asking)
    place = f"On {largest[0]}: " if largest[0] else ""
    return Answer(found.question, place + found.sentence, found.decided, found.takes, found.figure)


def _cost(settings: pd.DataFrame, question: Question) -> Column:
    plan = question.plan
    for field, name in (("cost", plan.cost), ("at_equal", plan.at_equal)) if plan else ():
        if name is not None and (field, name) not in (("at_equal", ACCURACY), ("at_equal", NETWORK)):
            try:
                return cost_metric(name)
            except UserError as error:
                raise UserError(f"answer.{field}: {error}") from None
    if plan and "epochs" in plan.compare and len(plan.compare) == 2:
        return METRICS[OF_TRAINING[0]]
    return METRICS[next((name for name in USUAL_COSTS if settings[name].notna().any()), USUAL_COSTS[-1])]


def _planned(plan: AnswerPlan, question: Question, settings: pd.DataFrame) -> tuple[tuple[str, ...], Kind]:
    """What a plan compares, and how."""
    compare = plan.compare
    known = {*SETTING, *question.strategies}
    if question.strategies and compare == ("strategy",):
        compare = tuple(question.strategies)
    if strange := [name for name in compare if name not in known]:
        raise UserError(
            f"answer.compare: {strange[0]!r} is nothing that settings differ in{did_you_mean(strange[0], known)}"
        )
    if twice := [name for name in compare if compare.count(name) > 1]:
        raise UserError(f"answer.compare: {twice[0]} is named twice")
    if set(compare) <= {*question.strategies} and (len(compare) > 1 or compare[0] not in SETTING):
        return compare, _ways
    if set(compare) <= {*FACTORS} and plan.at_equal not in (NETWORK, ACCURACY):
        if len(compare) == 1 and plan.at_equal is None:
            return compare, _along
        if len(compare) > 1:
            return compare, _ways if len(compare) == 2 else _grow
    if plan.at_equal == NETWORK or set(compare) & {*crossed(settings)}:
        return compare, _at_equal_network
    return compare, _families


def _worked_out(frame: pd.DataFrame, settings: pd.DataFrame, question: Question) -> tuple[tuple[str, ...], Kind]:
    """What the grid shows that a question may be about."""
    known = settings[settings["top1"].notna()]
    varied = {name for name in (*FACTORS, "family") if known[name].nunique() > 1}
    if len(question.strategies) > 1:
        return tuple(question.strategies), _ways
    if len(steps(frame)) > 1:
        return (), _methods
    if any(known[f"inference_{name}_ms"].notna().sum() > 1 for name in ("litert", "onnx", "openvino")):
        return (), _runtimes
    if several := crossed(known):
        return tuple(several), _at_equal_network
    if "family" in varied:
        return ("family",), _families
    if len(varied) == 1:
        return tuple(varied), _along
    if axes := _axes(known, varied):
        return axes, _ways
    return tuple(name for name in FACTORS if name in varied), _grow if len(varied) > 1 else _front


def _axes(settings: pd.DataFrame, varied: set[str]) -> Axes | None:
    """The two factors whose arms hold nearly all settings; None for a whole grid."""
    pairs = [WIDTH_AND_DEPTH, ("resolution", "width"), ("resolution", "depth")]
    for axes in [pair for pair in pairs if set(pair) <= varied]:
        arms = find_arms(settings, axes)
        if {arm.axis for arm in arms} == {*axes} and len({row for arm in arms for row in arm.rows}) > 0.8 * len(
            settings
        ):
            return axes
    return None


# How each kind is answered.


def _ways(asking: Asking) -> Answer | None:
    """Two ways to grow, or every two of several strategies, at equal cost."""
    pairs = list(combinations(asking.compare, 2))
    strategies = asking.question.strategies if set(asking.compare) <= {*asking.question.strategies} else None

    def compared(settings: pd.DataFrame) -> list[Regimes]:
        return [regimes(settings, asking.cost.name, axes=axes, strategies=strategies) for axes in pairs]

    found = compared(asking.settings)
    told_by = [(ways, regime) for ways in found for regime in ways.regimes if np.isfinite(regime.advantage.value)]
    if not told_by:
        reasons = "; ".join(dict.fromkeys(reason for ways in found for reason in _unanswered(ways)))
        return Answer(asking.question.text, f"Not answered: {reasons or 'one strategy alone'}.", False, "", None)
    of_each = " of each pair" if len(pairs) > 1 else ""
    sentence = f"For the same {asking.cost.words}, {'; '.join(filter(None, map(_way, found)))}{_jointly(of_each)}."
    undecided = [(ways, regime) for ways, regime in told_by if regime.verdict == "undecided"]
    quiet = compared(with_noise(asking.settings, 0.0)) if undecided else []
    alone = {(ways.axes, regime.epochs): regime.advantage for ways in quiet for regime in ways.regimes}
    needed = _each_takes(
        [
            (
                f"{_for(*map(axis_words, ways.axes)) if len(pairs) > 1 else ''}{_of_epochs(regime.epochs)}",
                regime.advantage,
                alone[ways.axes, regime.epochs],
            )
            for ways, regime in undecided
        ],
        asking.settings,
    )
    figure = "regimes" if strategies is None and set(asking.compare) == {*WIDTH_AND_DEPTH} else _against(asking.cost)
    return Answer(asking.question.text, sentence, not undecided, needed, figure)


def _unanswered(ways: Regimes) -> list[str]:
    """Why two ways are not compared."""
    return [regime.sentence.rstrip(".") for regime in ways.regimes] or list(ways.notes[:1])


def _way(ways: Regimes) -> str:
    """What every regime says of two ways, and how longer training moves it."""
    known = [regime for regime in ways.regimes if np.isfinite(regime.advantage.value)]
    said = [_lead(ways, regime.advantage, regime.verdict, regime.epochs) for regime in known]
    if np.isfinite(ways.shift.value):
        change = f"{100 * abs(ways.shift.value):.1f} points"
        if ways.towards == "undecided":
            said.append(f"whether longer training shifts that is undecided ({change} as measured)")
        else:
            said.append(f"longer training shifts that towards {axis_words(ways.towards)} by {change}")
    return ", ".join(said)


def _lead(ways: Regimes, advantage: Estimate, verdict: str, epochs: int | None) -> str:
    ahead = advantage.value >= 0
    first, second = map(axis_words, ways.axes if ahead else ways.axes[::-1])
    size = advantage if ahead else _flipped(advantage)
    when = _of_epochs(epochs)
    if verdict == "undecided":
        return f"whether {first} or {second} pays more is undecided{when} ({first} by {_interval(size)})"
    return f"{first} pays more than {second}{when} ({_interval(size)})"


def _of_epochs(epochs: int | None) -> str:
    return "" if epochs is None else f" after {counted(epochs, 'epoch')}"


def _families(asking: Asking) -> Answer | None:
    """Groups at equal accuracy: what each costs."""
    if len(asking.compare) > 1:
        return _at_equal_network(asking)
    by = asking.compare[0]
    found = compare(asking.settings, asking.cost.name, by)
    known = [(pair, pair.overall) for pair in found.pairs if pair.overall is not None]
    if not known:
        reasons = "; ".join([pair.sentence for pair in found.pairs] or list(found.notes[:1]))
        return Answer(asking.question.text, f"Not answered: {reasons}.", False, "", _against(asking.cost))
    undecided = [pair for pair, overall in known if overall.verdict == "undecided"]
    left_out = len(found.pairs) - len(known)
    beyond = f"; {counted(left_out, 'pair')} without a common accuracy" if left_out else ""
    pairs = "; ".join(_pair(pair, overall) for pair, overall in known[:_MOST_PAIRS])
    sentence = f"At equal accuracy {_fastest(known)}{pairs}, by {asking.cost.words}{beyond}{_jointly()}."
    quiet = compare(with_noise(asking.settings, 0.0), asking.cost.name, by)
    alone = {(pair.of.name, pair.over.name): pair.overall for pair in quiet.pairs}
    needed = _each_takes(
        [
            (
                _for(title(pair.of.name), title(pair.over.name)),
                _logs(pair.overall),
                _logs(alone[pair.of.name, pair.over.name]),
            )
            for pair in undecided
        ],
        asking.settings,
    )
    return Answer(
        asking.question.text,
        sentence,
        not undecided and not left_out,
        needed,
        "speedup" if by == "family" else _against(asking.cost),
    )


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
    ratio = Estimate(overall.speedup, overall.low, overall.high)
    if overall.speedup < 1:
        of, over, ratio = over, of, Estimate(1 / overall.speedup, 1 / overall.high, 1 / overall.low)
    how = f"{ratio.value:.2f} times as {'fast' if pair.cost.is_time else 'cheap'} as {over}"
    unsure = "undecided: " if overall.verdict == "undecided" else ""
    return f"{of} is {how} ({unsure}{ratio.low:.2f} to {ratio.high:.2f})"


def _logs(overall: Band | None) -> Estimate:
    if overall is None:
        return Estimate(np.nan, np.nan, np.nan)
    return Estimate(*(float(np.log(ratio)) for ratio in (overall.speedup, overall.low, overall.high)))


def _at_equal_network(asking: Asking) -> Answer | None:
    """Groups on the same networks: what each adds to the plainest."""
    found = between_groups(asking.settings, asking.compare)
    if not found:
        return None
    first, *others = (f"{contrast.of} {_gains(contrast.difference)}" for contrast in found)
    said = "; ".join([f"{first} over {found[0].over}", *others])
    undecided = [contrast.difference.side_of(0.0, "y", "y") == "undecided" for contrast in found]
    quiet = between_groups(with_noise(asking.settings, 0.0), asking.compare)
    needed = _each_takes(
        [
            (f"for {contrast.of} against {contrast.over}", contrast.difference, alone.difference)
            for contrast, alone, is_open in zip(found, quiet, undecided, strict=True)
            if is_open
        ],
        asking.settings,
    )
    sentence = f"On the same networks, {said}{_jointly()}."
    return Answer(asking.question.text, sentence, not any(undecided), needed, _against(asking.cost))


def _along(asking: Asking) -> Answer | None:
    """Steps of one factor: up to where accuracy surely rises."""
    factor = asking.compare[0]
    found = along(asking.settings, factor)
    if not found:
        return None
    sides = [contrast.difference.side_of(0.0, "rises", "falls") for contrast in found]
    last, end = found[-1], sides[-1]
    of, over = (_at(factor, value) for value in (last.of, last.over))
    ends = {
        "rises": ", and nothing shows where it would stop",
        "falls": f", and falls at {of} (by {_interval(_flipped(last.difference))})",
        "undecided": f"; whether {of} is better than {over} is undecided ({_interval(last.difference)})",
    }
    quiet = along(with_noise(asking.settings, 0.0), factor)
    needed = _each_takes([("", last.difference, quiet[-1].difference)] if end == "undecided" else [], asking.settings)
    sentence = f"{_rises(found, sides, factor)}{ends[end]}{_jointly()}."
    return Answer(asking.question.text, sentence, end != "undecided", needed, _against(asking.cost))


def _rises(found: Sequence[Contrast], sides: Sequence[str], factor: str) -> str:
    rising = [contrast for contrast, side in zip(found, sides, strict=True) if side == "rises"]
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


def _methods(asking: Asking) -> Answer | None:
    chain = steps(asking.frame)
    sides = [step.gain.side_of(0.0, "y", "y") for step in chain[1:] if np.isfinite(step.gain.value)]
    return Answer(asking.question.text, told(chain), "undecided" not in sides, "", "additive") if sides else None


def _runtimes(asking: Asking) -> Answer | None:
    """Whether networks keep their order by speed."""
    ranks = runtime_ranks(asking.settings)
    if not ranks:
        return None
    flips = any(each.flips for each in ranks)
    all_told = all(each.pairs == comb(len(each.points), 2) for each in ranks)
    stays = "Not always" if flips else "Yes" if all_told else "As far as can be told, yes"
    if not any(each.pairs for each in ranks):
        stays = "Undecided"
    said = " ".join([f"{stays}.", *(each.sentence for each in ranks)])
    return Answer(asking.question.text, said, flips or all_told, "", "runtimes")


def _grow(asking: Asking) -> Answer | None:
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
    size = f"1% more of {asking.cost.words} lowers error by {-best.per_percent.value:.2f}%"
    sentence = (
        f"Of {', '.join(others)} and {last}, {which} most{'' if sure else ' is undecided'}: spent on {best.factor}, "
        f"{size}, and on {second.factor} by {-second.per_percent.value:.2f}%; {best.factor} is the best with a chance "
        f"of {best.chance_best:.0%}."
    )
    return Answer(asking.question.text, sentence, sure, "", "power_law")


def _front(asking: Asking) -> Answer:
    found = frontier(asking.settings, asking.cost.name)
    points = found.points
    undecided = int(points["chance"].between(0.1, 0.9).sum()) if len(points) else 0
    return Answer(asking.question.text, found.sentence, bool(len(points)) and not undecided, "", "fronts")


# Words.


def _jointly(of_what: str = "") -> str:
    return f" (intervals and verdicts{of_what} hold jointly at {LEVEL:.0%})"


def _for(first: str, second: str) -> str:
    return f"for {first} and {second}"


def _against(cost: Column) -> str:
    return f"accuracy_vs_{cost.name}"


def _flipped(of: Estimate) -> Estimate:
    return Estimate(-of.value, -of.high, -of.low)


def _interval(points: Estimate) -> str:
    value, low, high = (100 * part for part in (points.value, points.low, points.high))
    return f"{value:.1f} points, {low:.1f} to {high:.1f}"


def _each_takes(undecided: Sequence[tuple[str, Estimate, Estimate]], settings: pd.DataFrame) -> str:
    """What would decide each, the same said once."""
    seeds = float(settings.loc[settings["top1"].notna(), "seeds"].mean())
    by_need: dict[str, list[str]] = {}
    for which, noisy, quiet in undecided:
        if needed := takes(noisy, quiet, seeds):
            by_need.setdefault(needed, []).append(which.strip())
    if not by_need:
        return ""
    said = "; ".join(", ".join(filter(None, (" and ".join(which), needed))) for needed, which in by_need.items())
    begins = "If the difference is as measured, it would be decided"
    return f"{begins}{': ' if any(map(any, by_need.values())) else ' '}{said}."
