"""The answer to a study's question, in one sentence: decided at a stated confidence, or with what it would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from scaling.analysis.cautions import about_precisions
from scaling.analysis.comparability import parts
from scaling.analysis.decide.kinds import Kind, compared
from scaling.analysis.decide.replies import REPLIES, Asking, front, study_of
from scaling.analysis.decide.statements import Statement, each_takes, rests_on
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.analysis.uncertainty import SeedNoise, seed_noise_of, with_noise
from scaling.schema import Question
from scaling.wording import counted


@dataclass(frozen=True)
class Answer:
    """What a study says to its question.

    Attributes:
        question: as it was asked.
        sentence: the answer, with its joint confidence.
        decided: whether all that it compares is decided; else `takes` says what would.
        takes: what would decide the rest, in a sentence; empty where it is decided, or nobody can say.
        figure: name of the figure that shows it; None where none does.
        statements: what the sentence decides or leaves undecided, where it is of differences.
        rests_on: the noise between seeds where it is assumed, or was measured on few, and at which noise each statement
            would change, and that networks were computed in unlike precisions, in sentences; else empty.
    """

    question: str
    sentence: str
    decided: bool
    takes: str
    figure: str | None
    statements: tuple[Statement, ...] = ()
    rests_on: str = ""

    @property
    def words(self) -> str:
        """The answer, the noise that it rests on, and what it would take."""
        return " ".join(filter(None, (self.sentence, self.rests_on, self.takes)))


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
    return answer_of(frame, settings, question)


def answer_of(frame: pd.DataFrame, settings: pd.DataFrame, question: Question) -> Answer:
    """The same from settings, as `scaling.analysis.settings.collapse_seeds` gives them of the trials in `frame`."""
    known = settings["top1"].notna()
    if known.sum() < 2:
        return Answer(question.text, f"Not answered yet: {_too_few(frame, settings)}.", False, "", None)
    about = compared(frame, settings[known], question)
    largest = max(parts(settings, about.cost.name), key=lambda part: int(part[1][about.cost.name].notna().sum()))
    asking = Asking(frame, largest[1], about.compare, about.cost, question)
    replied = REPLIES[about.kind](asking)
    reply = replied or front(asking)
    place = f"On {largest[0]}: " if largest[0] else ""
    needed = each_takes(reply.statements, settings) or ("" if reply.decided else reply.takes)
    noise = seed_noise_of(largest[1])
    statements = _with_noise(reply.statements, noise, about.kind, asking)
    of_accuracy = bool(statements) or replied is None or about.kind in ("grow", "front")
    precisions = [f"{note[0].upper()}{note[1:]}." for note in about_precisions(largest[1])]
    rests = " ".join(filter(None, [rests_on(statements, noise) if of_accuracy else "", *precisions]))
    return Answer(question.text, place + reply.sentence, reply.decided, needed, reply.figure, statements, rests)


def _too_few(frame: pd.DataFrame, settings: pd.DataFrame) -> str:
    """Why fewer than two settings have an accuracy, and what to do."""
    name = study_of(frame)
    failed, unfinished = (
        int(frame["status"].eq(status).sum()) if "status" in frame else 0 for status in ("failed", "unfinished")
    )
    if settings["top1"].notna().any():
        others = "the others" if len(settings) > 1 else "others, if its study has some"
        return (
            f"one setting alone has an accuracy; `scaling run {name}{' --retry failed' * bool(failed)}` trains {others}"
        )
    if failed and not unfinished:
        return f"{counted(failed, 'trial')} failed and none went well; `scaling run {name} --retry failed` tries again"
    return f"nothing has been trained to success yet; `scaling run {name}` does that"


def _with_noise(statements: Sequence[Statement], noise: SeedNoise, kind: Kind, asking: Asking) -> tuple[Statement, ...]:
    """The same, with what they would be if the noise between seeds were known, where it is not well enough."""
    if not statements or not noise.doubtful:
        return tuple(statements)
    frame, settings = with_seed_noise(asking.frame, 100 * noise.middle), with_noise(asking.settings, noise.middle)
    known = REPLIES[kind](replace(asking, frame=frame, settings=settings))
    by_which = {statement.which: statement.noisy for statement in known.statements} if known else {}
    return tuple(replace(of, noise=noise, known=by_which.get(of.which)) for of in statements)
