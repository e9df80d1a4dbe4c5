"""What honesty costs: which verdicts change between seeds taken as alike and the noise that they have."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from scaling.analysis.claims.replay import Replayed, replay
from scaling.analysis.comparability import parts
from scaling.analysis.decide.answer import answer
from scaling.analysis.decide.kinds import USUAL_COSTS
from scaling.analysis.decide.recommend import recommend
from scaling.analysis.depth_width.regimes import Regime, regimes
from scaling.analysis.equal_accuracy.compare import compare
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.analysis.uncertainty import seed_noise_of
from scaling.generator.recorded import asked_by
from scaling.models.names import title
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.schema import Question
from scaling.wording import counted

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
STUDIES = ("depth_vs_width", "depth_vs_width_hour", "full_grid", "pareto")
GIVEN = 0.2
"""Points between seeds, with which the claims are replayed once more."""


HEAD = """Verdicts with the noise between seeds that was measured, or else is assumed, beside those with seeds
taken as alike."""


@functools.cache
def replayed(seed_noise: float | None) -> dict[str, Replayed]:
    """The paper's claims on its own numbers, by name; kept, since a replay of all of them takes seconds."""
    return {one.claim.claim: one for one in replay(seed_noise=seed_noise)}


def _epochs(regime: Regime) -> str:
    return counted(regime.epochs or 0, "epoch")


def section() -> str:
    """The part of the document on this."""
    return f"""{HEAD}

{of_claims()}

{of_studies()}
"""


def of_claims() -> str:
    """The paper's claims, on its own numbers."""
    alike, assumed, given = (
        {name: one.verdict for name, one in replayed(noise).items()} for noise in (0.0, None, GIVEN)
    )
    hold = [list(each.values()).count("holds") for each in (alike, assumed, given)]
    return f"""**Claims.** The paper's numbers come from one seed each. Of its {len(alike)} claims, replayed on them,
{hold[1]} hold. Were seeds taken to be alike, {hold[0]} would; with {GIVEN:g} points between seeds, {hold[2]}.
What changes:

| claim | seeds alike | noise assumed | {GIVEN:g} points |
|---|---|---|---|
{_rows({name: (alike[name], assumed[name], given[name]) for name in alike})}"""


def of_studies() -> str:
    """Those that ship with the project."""
    found = {name: of_study(name) for name in STUDIES}
    verdicts = {f"{study} | {what}": said for study, told in found.items() for what, said in told.items()}
    changed = sum(len(set(said)) > 1 for said in verdicts.values())
    table = f"""
| study | verdict | seeds alike | with their noise |
|---|---|---|---|
{_rows(verdicts)}"""
    names = ", ".join(f"`{name}`" for name in STUDIES)
    return f"""**Shipped studies.** {names} have {len(verdicts)} verdicts:
answers, choices, regimes with their cells, and bands of accuracy. With seeds taken as alike {changed} would be others.
{table if changed else ""}"""


def _rows(verdicts: Mapping[str, tuple[str, ...]]) -> str:
    """A line a verdict that is not the same everywhere."""
    return "\n".join(f"| {what} | {' | '.join(said)} |" for what, said in verdicts.items() if len(set(said)) > 1)


def of_study(name: str) -> dict[str, tuple[str, str]]:
    """Every verdict with seeds taken as alike, and with their noise."""
    folder = ResultsFolder(REFERENCE / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        frame = load_results(folder.path)
    question, _ = asked_by(folder)
    alike, honest = (dict(verdicts(with_seed_noise(frame, noise), question)) for noise in (0.0, None))
    return {what: (alike.get(what, "not stated"), said) for what, said in honest.items()}


def verdicts(frame: pd.DataFrame, question: Question) -> Iterator[tuple[str, str]]:
    """Each by its name: of the answer, the choice, regimes and bands."""
    settings = collapse_seeds(frame)
    told = answer(frame, question)
    yield "answer", "decided" if told.decided else "undecided"
    for statement in told.statements:
        yield f"answer: {statement.which or 'its difference'}", "decided" if statement.decided() else "undecided"
    for words, choice in recommend(frame):
        yield f"choice{f' on {words}' if words else ''}", "decided" if choice.sure else "undecided"
    cost = next(name for name in USUAL_COSTS if settings[name].notna().any())
    for words, part in parts(settings, cost):
        yield from (_at(words, each) for each in _of_regimes(part, cost))
        yield from (_at(words, each) for each in _of_bands(part, cost))


def _at(device: str, verdict: tuple[str, str]) -> tuple[str, str]:
    return (f"{verdict[0]} on {device}" if device else verdict[0]), verdict[1]


def _of_regimes(settings: pd.DataFrame, cost: str) -> Iterator[tuple[str, str]]:
    found = regimes(settings, cost)
    for regime in found.regimes:
        yield f"regime: {_epochs(regime)}", regime.verdict
        for cell in regime.cells if len(regime.cells) > 1 else ():
            yield f"cell: {_epochs(regime)}, {cell.place}", cell.verdict
    if len(found.regimes) > 1:
        yield "what longer training changes", found.towards


def _of_bands(settings: pd.DataFrame, cost: str) -> Iterator[tuple[str, str]]:
    for pair in compare(settings, cost).pairs:
        names = f"{title(pair.of.name)} over {title(pair.over.name)}"
        for band in (*pair.bands, *([pair.overall] if pair.overall else [])):
            yield f"band: {names}, {band.accuracy_low:.1%} to {band.accuracy_high:.1%}", band.verdict


def pairing() -> str:
    """How much narrower intervals are where it is known which images each network was right on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        frame = load_results(REFERENCE / "depth_vs_width")
    paired, alone = (regimes(collapse_seeds(rows)) for rows in (frame, frame.assign(validation_correct=None)))
    told = [
        (f"width less depth after {_epochs(regime)}", regime.advantage, other.advantage)
        for regime, other in zip(paired.regimes, alone.regimes, strict=True)
    ]
    told.append(("what longer training changes", paired.shift, alone.shift))
    widths = [(what, 100 * (of.high - of.low), 100 * (other.high - other.low)) for what, of, other in told]
    lines = "\n".join(
        f"| {what} | {other:.2f} points | {of:.2f} points | {1 - of / other:.0%} |" for what, of, other in widths
    )
    images = int(paired.settings["top1_n"].max())
    seeds = 100 * seed_noise_of(paired.settings).middle
    return f"""The records of `depth_vs_width` say which of the {images:,} validation images each network was right on.
What networks err on together is no noise of their difference. So the 90% intervals, with {seeds:.2f} points between
seeds, are narrower than where the noise of the images is taken as independent between networks:

| difference | interval, images independent | interval, images shared | narrower by |
|---|---|---|---|
{lines}
"""
