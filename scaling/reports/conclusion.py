"""What a study says, in three sentences: the answer to its question, what to choose, and what is not known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from scaling.analysis.decide.answer import Answer, answer
from scaling.analysis.decide.recommend import Recommendation, recommend
from scaling.analysis.settings import VARIANT, collapse_seeds, of_settings, with_seed_noise
from scaling.analysis.uncertainty import seed_noise_of
from scaling.errors import UserError
from scaling.generator.recorded import asked_by
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.schema import Question
from scaling.wording import counted


@dataclass(frozen=True, eq=False)
class Conclusion:
    """Of one study.

    Attributes:
        study: its name.
        folder: its results.
        question: of its study file.
        asked: ids of the trials that this asks for; None where it has none that can be read.
        answer: to its question.
        recommended: what to choose of what was trained, without limits; one a device where times differ.
        unknown: what is not known, in a sentence.
    """

    study: str
    folder: ResultsFolder
    question: Question
    asked: Set[str] | None
    answer: Answer
    recommended: tuple[tuple[str, Recommendation], ...]
    unknown: str

    @property
    def sentences(self) -> tuple[str, str, str]:
        """The three."""
        chosen = " ".join(f"{f'{words}: ' if words else ''}{each.sentence}" for words, each in self.recommended)
        return self.answer.words, chosen, self.unknown

    def as_json(self) -> dict[str, Any]:
        """The answer, as JSON values."""
        told = self.answer
        return {
            "study": self.study,
            "question": told.question,
            "answer": told.sentence,
            "decided": told.decided,
            "takes": told.takes,
            "rests_on": told.rests_on,
            "statements": [
                {
                    "which": statement.which,
                    "decided": statement.decided(),
                    "flips_at": statement.flips_at,
                }
                for statement in told.statements
            ],
            "figure": told.figure,
        }


def conclude(folder: ResultsFolder, seed_noise: float | None = None, frame: pd.DataFrame | None = None) -> Conclusion:
    """What a results folder says.

    Args:
        folder: with records.
        seed_noise: standard deviation between seeds (points) that overrules what was measured or is assumed.
        frame: its trials, or some of them, where somebody has loaded them.
    """
    if frame is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # whoever loads it for a figure or a table says it
            frame = load_results(folder.path)
    frame = with_seed_noise(frame, seed_noise)
    question, asked = asked_by(folder)
    of_study = frame if asked is None or not len(frame) else of_settings(frame, asked)
    answered = _without(len(frame) - len(of_study), _so_far(_answered(question, of_study), asked, of_study))
    return Conclusion(folder.name, folder, question, asked, answered, tuple(_recommended(frame)), _unknown(frame))


def _answered(question: Question, frame: pd.DataFrame) -> Answer:
    try:
        return answer(frame, question)
    except UserError as reason:
        return Answer(question.text, f"Not answered: {reason}.", False, "", None)


def _so_far(answered: Answer, asked: Set[str] | None, frame: pd.DataFrame) -> Answer:
    """The same, with how many of the trials that the study asks for it rests on, where that is not all of them."""
    recorded = set(frame.loc[~frame["status"].eq("unfinished"), "trial_id"]) if len(frame) else set()
    if not asked or asked <= recorded or not recorded:
        return answered
    so_far = f"So far, with {len(asked & recorded)} of {len(asked)} trials recorded: {answered.sentence}"
    return replace(answered, sentence=so_far)


def _without(count: int, answered: Answer) -> Answer:
    """The same, with how many recorded trials of other settings than the study asks for it leaves out."""
    if not count:
        return answered
    are = "is" if count == 1 else "are"
    left_out = f"{counted(count, 'trial')} of settings that the study does not ask for {are} left out."
    return replace(answered, rests_on=" ".join(filter(None, (answered.rests_on, left_out))))


def _recommended(frame: pd.DataFrame) -> Iterator[tuple[str, Recommendation]]:
    try:
        yield from recommend(frame)
    except UserError:
        return


def _unknown(frame: pd.DataFrame) -> str:
    """What failed, was never timed, or rests on an assumption."""
    if not len(frame):
        return "Not known: everything; nothing was recorded yet."
    failed, trained = frame["status"].eq("failed"), frame["status"].eq("ok")
    said = []
    if failed.any():
        kinds = ", ".join(f"{count} {kind}" for kind, count in frame.loc[failed, "failure_kind"].value_counts().items())
        said.append(f"what {counted(int(failed.sum()), 'failed trial')} would have reached ({kinds})")
    untimed = frame.loc[trained, ["training_ms", "inference_ms"]].isna().all(axis=1).sum()
    if untimed:
        said.append(f"how long a step of {counted(int(untimed), 'trained trial')} takes")
    if disturbed := sum(_disturbed(frame[trained], phase) for phase in ("training", "inference")):
        said.append(f"how far other work on the machine has disturbed {counted(disturbed, 'timing')}")
    if trained.any() and (doubt := _doubt_of_seeds(frame[trained])):
        said.append(doubt)
    said.append("whether any of it holds on other data, for other recipes or on another device")
    return f"Not known: {'; '.join(said)}."


def _disturbed(trained: pd.DataFrame, phase: str) -> int:
    """Timings that were disturbed, each once, however many trials are of its network."""
    rows = trained[trained[f"{phase}_disturbed"].astype(float) > 0]
    return len(rows[[*VARIANT, f"{phase}_ms"]].drop_duplicates())


def _doubt_of_seeds(trained: pd.DataFrame) -> str:
    """Of how far seeds differ; empty where that was measured on enough, or is given."""
    noise = seed_noise_of(collapse_seeds(trained))
    if not noise.doubtful:
        return ""
    if noise.source == "assumed":
        return "how far seeds differ: no setting has two, and their noise is assumed"
    return f"how far seeds differ: only {counted(noise.freedom, 'repeated training')} measured it"
