"""What results say: answers, comparisons, laws, regimes, the paper's claims, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scaling.analysis.claims.replay import Replayed, replay
from scaling.analysis.comparability import on_device, parts
from scaling.analysis.depth_width.regimes import Regimes
from scaling.analysis.depth_width.regimes import regimes as regimes_of
from scaling.analysis.equal_accuracy.compare import Comparisons
from scaling.analysis.equal_accuracy.compare import compare as comparisons_of
from scaling.analysis.laws.fits import Fits, fit_all
from scaling.analysis.settings import Grouping, collapse_seeds, with_seed_noise
from scaling.errors import UserError
from scaling.interface.results import Results, folders_of, folders_with_trainings, frame_of
from scaling.interface.shown import Shown, drawn
from scaling.published.claims import Claim
from scaling.published.claims import claims as claims_of
from scaling.reports import claims as claims_report
from scaling.reports import compare as compare_report
from scaling.reports import fit as fit_report
from scaling.reports.conclusion import Conclusion, conclude
from scaling.results.records import ResultsFolder

if TYPE_CHECKING:
    import os

    from scaling.plots.kit.figure_spec import FigureSpec


@dataclass(frozen=True, eq=False, repr=False)
class Answered(Shown):
    """The answers to the questions of studies."""

    conclusions: tuple[Conclusion, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Of each study its question and the answer, and what would decide what is undecided."""
        return tuple(f"{said.study}: {said.answer.question} {said.answer.words}" for said in self.conclusions)

    def to_frame(self) -> pd.DataFrame:
        """One row a study: its question, the answer, whether that is decided, what it would take, its figure."""
        return pd.DataFrame([said.as_json() for said in self.conclusions])

    def plot(self) -> FigureSpec:
        """The figure that shows the first answer."""
        from scaling.plots.study import study_figures

        said = self.conclusions[0]
        if said.answer.figure is None:
            return super().plot()
        figures = study_figures(said.folder, figures=[said.answer.figure], question=said.question)
        return drawn(figures.specs[0])


def answer(results: Results = None, seed_noise: float | None = None) -> Answered:
    """Answers the question of each study.

    Args:
        results: results folders, or folders of them; None: `results/`.
        seed_noise: standard deviation between seeds (points of accuracy) in place of what was measured or is assumed.

    Raises:
        scaling.results.records.ResultsError: if there are no records.
    """
    return Answered(tuple(conclude(folder, seed_noise) for folder in folders_of(results)))


def answer_of(folder: Path, seed_noise: float | None = None) -> Answered:
    """The answer of one results folder; `seed_noise` as of `answer`."""
    return Answered((conclude(ResultsFolder(folder), seed_noise),))


def answers(results: Results = None, seed_noise: float | None = None) -> tuple[Conclusion, ...]:
    """What stands above a comparison or a fit: the answer of each study with trainings; none of a frame."""
    return tuple(conclude(folder, seed_noise) for folder in folders_with_trainings(results))


@dataclass(frozen=True, eq=False, repr=False)
class Compared(Shown):
    """Groups compared at equal accuracy.

    Attributes:
        parts: what is compared with like, after the words that tell it from the others.
    """

    parts: tuple[tuple[str, Comparisons], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One a pair of groups, then the notes."""
        said = [
            f"{words}: {pair.sentence}" if words else pair.sentence
            for words, comparisons in self.parts
            for pair in comparisons.pairs
        ]
        return (*said, *(f"note: {note}" for _, comparisons in self.parts for note in comparisons.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a pair and band of accuracy: the speed-up with the ends of its interval, and the verdict."""
        document = compare_report.as_json(self.parts)
        return pd.DataFrame([{"part": part["part"], **band} for part in document["parts"] for band in part["bands"]])

    def plot(self) -> FigureSpec:
        """Accuracy against the cost, each group with its front."""
        from scaling.plots.figures import speed_accuracy

        return drawn(speed_accuracy.spec_of(self.parts))


def compare(
    results: Results = None,
    by: Grouping = "family",
    cost: str = "training_ms",
    *,
    published: Sequence[str] = (),
    device: str | None = None,
    seed_noise: float | None = None,
) -> Compared:
    """Compares groups at equal accuracy: how much less of a cost one needs than another, with intervals.

    Args:
        results: a frame, results folders, or folders of them; None: `results/`, unless `published` names tables.
        by: what tells the groups: a column such as `family`, `study` or `epochs`.
        cost: `training_ms`, `inference_ms`, `macs`, `params`, ...
        published: published tables that are taken in as well, as `table7`.
        device: only what was timed on it; part of its name will do.
        seed_noise: as of `answer`.

    Raises:
        UserError: for what there is none of.
    """
    frame = with_seed_noise(frame_of(results, published, device), seed_noise)
    frame = frame if device is None else on_device(frame, cost, device)
    return Compared(
        tuple((words, comparisons_of(part, cost, by)) for words, part in parts(collapse_seeds(frame), cost))
    )


@dataclass(frozen=True, eq=False, repr=False)
class Fitted(Shown):
    """Laws of error.

    Attributes:
        fits: of each group of settings, and over several factors.
        at: a value of what error is a law of, at which its error is told; None: nowhere.
        frame: the results that they were fitted to.
    """

    fits: Fits
    at: float | None
    frame: pd.DataFrame

    @property
    def sentences(self) -> tuple[str, ...]:
        """Of each group what its laws amount to, then the notes."""
        said = (
            f"{group.name}: {sentence}"
            for group, laws in self.fits.laws
            for sentence in (
                *([] if self.at is None else [fit_report.said_at(self.fits.on, laws, self.at)]),
                *fit_report.sentences(self.fits.on, laws),
            )
        )
        return (*said, *(f"note: {note}" for note in self.fits.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a parameter of each law of each group, with the ends of its 90% interval."""
        rows = [
            {"group": group.name, "law": fit.law, "chosen": fit.law == laws.best, "parameter": name, **asdict(value)}
            for group, laws in self.fits.laws
            for fit in laws.fits
            for name, value in fit.parameters.items()
        ]
        return pd.DataFrame(rows)

    def plot(self) -> FigureSpec:
        """Error against multiply-accumulates, with the laws."""
        from scaling.plots.context import Context
        from scaling.plots.figures import power_law

        if self.fits.on != "macs":
            return super().plot()
        return drawn(power_law.spec(Context(self.frame)))


def fit(
    results: Results = None,
    on: str = "macs",
    *,
    published: Sequence[str] = (),
    between: tuple[float, float] = (0.0, float("inf")),
    at: float | None = None,
    rank_at: Mapping[str, float] | None = None,
    seed_noise: float | None = None,
) -> Fitted:
    """Fits laws to error: a power law, one with a floor, or a broken one.

    Args:
        results, published, seed_noise: as of `compare`.
        on: what error is a law of: `macs`, `training_ms`, `inference_ms`, `params` or `epochs`.
        between: only settings whose `on` lies here.
        at: a value of `on` at which the error is told.
        rank_at: depth, width and resolution at which factors are ranked; None: in the middle of each group.

    Raises:
        UserError: for what there is none of.
    """
    if at is not None and not 0 < at < float("inf"):
        raise UserError(f"at: a number above 0, in the unit of {on}, not {at!r}")
    frame = with_seed_noise(frame_of(results, published), seed_noise)
    return Fitted(fit_all(frame, on, between, rank_at), at, frame)


@dataclass(frozen=True, eq=False, repr=False)
class GrownTwoWays(Shown):
    """Two ways to grow, compared at equal cost, after short and after long training.

    Attributes:
        parts: of each device, after its name where there are several.
        frame: the results.
    """

    parts: tuple[tuple[str, Regimes], ...]
    frame: pd.DataFrame

    @property
    def sentences(self) -> tuple[str, ...]:
        """One a number of epochs, what longer training changes, then the notes."""
        from scaling.plots.figures.regimes import said

        told = [f"{words}: {said(part)}" if words else said(part) for words, part in self.parts]
        return (*filter(None, told), *(f"note: {note}" for _, part in self.parts for note in part.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a cell: its epochs and place, the first way's advantage (fraction) with its interval, the verdict."""
        rows = [
            {
                "part": words,
                "epochs": regime.epochs,
                "place": cell.place,
                "advantage_of": part.axes[0],
                **asdict(cell.advantage),
                "verdict": cell.verdict,
            }
            for words, part in self.parts
            for regime in part.regimes
            for cell in regime.cells
        ]
        return pd.DataFrame(rows)

    def plot(self) -> FigureSpec:
        """The two ways, one panel a number of epochs."""
        from scaling.plots.figures import regimes as figure

        return drawn(figure.spec_of(self.parts))


def regimes(
    results: Results = None,
    axes: tuple[str, str] = ("width", "depth"),
    cost: str | None = None,
    *,
    published: Sequence[str] = (),
    seed_noise: float | None = None,
) -> GrownTwoWays:
    """Compares two ways to grow from one base at equal cost: which pays more, and whether longer training changes that.

    Args:
        results, published, seed_noise: as of `compare`.
        axes: two of `depth`, `width`, `resolution` and `epochs`.
        cost: at equal what; None: the time of a training step, else of inference, else multiply-accumulates.

    Raises:
        UserError: for what there is none of.
    """
    from scaling.plots.context import Context

    frame = with_seed_noise(frame_of(results, published), seed_noise)
    context = Context(frame)
    chosen = cost or context.cost
    grown = ((words, regimes_of(part, chosen, axes=axes)) for words, part in parts(context.settings, chosen))
    return GrownTwoWays(tuple(grown), frame)


@dataclass(frozen=True, eq=False, repr=False)
class Claims(Shown):
    """What became of the paper's claims.

    Attributes:
        parts: the claims replayed on each part of the results, after the words that tell it from the others.
    """

    parts: tuple[tuple[str, tuple[Replayed, ...]], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One a claim that these results address."""
        return tuple(
            f"{outcome.verdict}: {outcome.claim.says} Found: {outcome.found}"
            for _, replayed in self.parts
            for outcome in replayed
            if outcome.verdict != "not addressed"
        )

    def _repr_html_(self) -> None:
        """Its table in Markdown says it better."""

    def _repr_markdown_(self) -> str:
        tables = (
            f"**{words}**\n\n{claims_report.as_markdown(replayed)}" if words else claims_report.as_markdown(replayed)
            for words, replayed in self.parts
        )
        return "\n\n".join(tables)

    def to_frame(self) -> pd.DataFrame:
        """One row a claim: what it says and where, the verdict, and what was found."""
        return pd.DataFrame(claims_report.as_json(self.parts))


def claims(
    results: Results = None,
    names: Sequence[str] = (),
    *,
    seed_noise: float | None = None,
    track: Callable[[Sequence[Claim]], Iterable[Claim]] = iter,
) -> Claims:
    """Replays the paper's claims on results; on its own published numbers where none are given.

    Args:
        results: a frame, results folders, or folders of them.
        names: of the claims, as `to_frame()` has them; none: all.
        seed_noise: as of `answer`.
        track: goes through the claims, as a bar that shows progress does.

    Raises:
        scaling.results.records.ResultsError: if there are no records where some are named.
        UserError: if there is no such claim.
    """
    stated = claims_of(*names) if names else None
    on: Sequence[tuple[str, Any]] = [("", None)] if results is None else parts(frame_of(results), "training_ms")
    return Claims(tuple((words, replay(part, stated, seed_noise, track)) for words, part in on))


def report(
    results: Results = None, output: str | os.PathLike[str] | None = None, *, seed_noise: float | None = None
) -> Path:
    """Writes one HTML page of results, and gives its path.

    Args:
        results: results folders, or folders of them; None: `results/`.
        output: the file; None: `report.html`, in the study's folder if there is one.
        seed_noise: as of `answer`.

    Raises:
        scaling.results.records.ResultsError: if there are no records.
    """
    from scaling.reports.page.build import build
    from scaling.reports.page.leads import leads
    from scaling.reports.page.render import write

    folders = folders_of(results)
    file = Path(output) if output else (folders[0].path if len(folders) == 1 else Path()) / "report.html"
    said = {folder.path: tuple(leads(conclude(folder, seed_noise))) for folder in folders}
    write(build(folders, said, seed_noise=seed_noise), file)
    return file
