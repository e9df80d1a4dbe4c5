"""Turns timm's published accuracies and speeds into a results folder like any other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scaling.datasets.known import IMAGENET
from scaling.errors import UserError, did_you_mean
from scaling.importing.timm_files import Place, Scored, Timed, place_of, read_accuracies, read_speeds
from scaling.models import BUILT_IN, cost
from scaling.results.records import AnyRecordT, Log, ResultsFolder, latest
from scaling.schema import (
    Environment,
    LatencyRecord,
    LatencyRequest,
    Phase,
    Reported,
    Score,
    TrainRecord,
    Variant,
)

STATED_BATCH = 128
"""Images that each time is stated for where a file's batches differ, as in the paper's Table 7."""

PUBLISHED_WEIGHTS = ("aa_in1k", "tf_in1k")
"""Of the table `timm_rtx3090`, near to the paper's Table 7: EfficientNet with AutoAugment, ResNet-RS as released."""


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        folder: where the records are.
        accuracies, timings: number of records added.
        known: number of those that were there already, as they are.
        notes: what was left out or has to be kept in mind.
    """

    folder: Path
    accuracies: int
    timings: int
    known: int
    notes: tuple[str, ...]


def import_timm(
    accuracies: Path,
    speeds: Sequence[Path],
    into: Path,
    device: str | None = None,
    precision: str | None = None,
    weights: Sequence[str] = PUBLISHED_WEIGHTS,
    families: Sequence[str] = (),
) -> Imported:
    """Imports the rows of some families of timm's files.

    Args:
        accuracies: a file of accuracies on ImageNet's validation set.
        speeds: benchmark files of one device; training and inference each at most in one precision and software.
        into: the results folder, made where there is none. What is there already is not written again.
        device, precision: instead of what the names of the files say.
        weights: tags of timm's (`aa_in1k`); of each network those that come first here, else the best that were trained
            on ImageNet alone.
        families: that are wanted, also by how timm's names of them begin; none: all that are known here.

    Raises:
        UserError: if a file is none of timm's, has none of a family, or a phase would mix places.
        ResultsError: if the folder is in use or cannot be written.
    """
    rows, others = read_accuracies(accuracies, families)
    _check_families(families, {row.variant.family for row in rows}, accuracies.name)
    scored, notes = _chosen(rows, others, accuracies.name, weights)
    timed: list[LatencyRecord] = []
    sizes: dict[Variant, Timed] = {}
    for path in speeds:
        phase, rows_timed, others = read_speeds(path, families)
        place = place_of(path, device, precision)
        first, more = _first_of_each(rows_timed, others, path.name)
        sizes |= {row.variant: row for row in first if row.macs}
        timed += [_latency_record(row, phase, place, path.name, _stated(first)) for row in first]
        notes += [*more, *_batches(first, phase)]
    trained = [_train_record(row, accuracies.name, sizes.get(row.variant)) for row in scored]
    notes += _untimed(trained, timed)
    folder = ResultsFolder(into)
    _one_place(folder, timed)
    with folder.writing():
        added = _append(folder.training, trained), _append(folder.latency, timed)
    return Imported(into, *added, len(trained) + len(timed) - sum(added), tuple(notes))


def _check_families(wanted: Sequence[str], file_families: Collection[str], file: str) -> None:
    """Stops where a family that was asked for has no line.

    Raises:
        UserError: naming it.
    """
    for name in wanted:
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise UserError(f"family {name!r}: letters, digits and underscores, as timm's names begin")
        if name not in file_families:
            known = ", ".join(BUILT_IN)
            raise UserError(f"{file}: no line of family {name!r}: neither of {known}, nor does a name begin so")


def _chosen(rows: Sequence[Scored], others: int, file: str, weights: Sequence[str]) -> tuple[list[Scored], list[str]]:
    """Of each network at each resolution one line: of the weights asked for, else the best by ImageNet alone."""
    known = sorted({row.weights for row in rows})
    unknown = [tag for tag in weights if tag not in known]
    if unknown and tuple(weights) != PUBLISHED_WEIGHTS:
        raise UserError(f"{file}: no weights {unknown[0]!r}{did_you_mean(unknown[0], known)}")
    usable = [row for row in rows if not row.more_data or row.weights in weights]
    rank = {tag: -place for place, tag in enumerate(weights)}

    def preference(row: Scored) -> tuple[float, bool, float]:
        return rank.get(row.weights, -len(rank)), row.model.startswith("tf_"), row.top1

    chosen = {row.variant: row for row in sorted(usable, key=preference)}
    taken = Counter(row.weights if row.weights in rank else "the best of others" for row in chosen.values())
    counts = {
        "of other networks": others,
        "trained on more data than ImageNet": len(rows) - len(usable),
        "of networks taken with other weights": len(usable) - len(chosen),
    }
    which = ", ".join(f"{tag} of {number}" for tag, number in taken.most_common())
    return list(chosen.values()), [f"{file}: weights {which} networks", *_counted(file, counts)]


def _first_of_each(rows: Sequence[Timed], others: int, file: str) -> tuple[list[Timed], list[str]]:
    """Of each network at each resolution the first line, one of the paper's own port (`tf_`) before others."""
    in_order = sorted(rows, key=lambda row: not row.model.startswith("tf_"))
    first = {row.variant: row for row in reversed(in_order)}
    counts = {"of other networks": others, "that time a network once more": len(rows) - len(first)}
    return list(first.values()), _counted(file, counts)


def _counted(file: str, counts: dict[str, int]) -> list[str]:
    return [f"{file}: {number} lines {what} left out" for what, number in counts.items() if number]


def _stated(rows: Sequence[Timed]) -> int:
    """The batch that times are stated for: the one that all were measured with, else `STATED_BATCH`."""
    sizes = {row.batch_size for row in rows}
    return sizes.pop() if len(sizes) == 1 else STATED_BATCH


def _batches(rows: Sequence[Timed], phase: Phase) -> Iterator[str]:
    sizes = sorted({row.batch_size for row in rows})
    if len(sizes) > 1:
        yield (
            f"{phase}: measured with {sizes[0]} to {sizes[-1]} images a step, stated for {STATED_BATCH} by images a "
            "second; the batch of each is kept in its record"
        )
    elif sizes:
        yield f"{phase}: measured with {sizes[0]} images a step, and stated for them"


def _untimed(trained: Sequence[TrainRecord], timed: Sequence[LatencyRecord]) -> Iterator[str]:
    have = {record.request.variant for record in timed}
    scored = {record.trial.variant for record in trained}
    if bare := len(scored - have):
        yield f"{bare} of {len(scored)} accuracies have no timing at their resolution"
    if bare := len(have - scored):
        yield f"{bare} of {len(have)} timed networks have no accuracy at their resolution"


def _train_record(row: Scored, source: str, timed: Timed | None) -> TrainRecord:
    variant = row.variant
    if variant.family in BUILT_IN:
        size = vars(cost(variant, channels=IMAGENET.channels, classes=IMAGENET.classes))
    else:
        of_image = {"macs": timed.macs, "activations": timed.activations} if timed else {}
        size = {"params": row.params, "macs": None, "activations": None} | of_image
    trial = Reported(model=row.model, dataset=IMAGENET.name, variant=variant)
    correct_top5 = None if row.top5 is None else round(row.top5 * IMAGENET.test)
    score = Score(correct=round(row.top1 * IMAGENET.test), correct_top5=correct_top5, n=IMAGENET.test)
    return TrainRecord(
        trial_id=trial.id,
        trial=trial,
        source=f"timm {source}",
        **size,
        validation_raw=score,
        test_raw=score,
        finished=datetime.now(UTC),
        environment=Environment(versions={}, platform="unknown", device="unknown"),
    )


def _latency_record(row: Timed, phase: Phase, place: Place, source: str, stated: int) -> LatencyRecord:
    request = LatencyRequest(
        variant=row.variant,
        classes=IMAGENET.classes,
        channels=IMAGENET.channels,
        phase=phase,
        batch_size=stated,
        precision=place.precision,
    )
    return LatencyRecord(
        request=request,
        batch_size=stated,
        measured_batch_size=row.batch_size,
        source=f"timm {source}",
        median_ms=stated / row.images_per_second * 1e3,
        finished=datetime.now(UTC),
        environment=Environment(versions={"backend": place.software}, platform="unknown", device=place.device),
    )


def _one_place(folder: ResultsFolder, timed: Iterable[LatencyRecord]) -> None:
    """Times of one phase in one folder are of one place, so that each network has one."""
    there: dict[Phase, str] = {}
    for record in (*folder.latency.read()[0], *timed):
        place = f"{record.environment.place}, {record.request.precision}"
        before = there.setdefault(record.request.phase, place)
        if place != before:
            raise UserError(
                f"{folder.path}: {record.request.phase} of {before} and of {place}; give each its own folder"
            )


def _append(log: Log[AnyRecordT], made: Sequence[AnyRecordT]) -> int:
    """Adds the records that say something else than the last one there of the same network; returns their number."""
    there = latest(log.read()[0], _key)
    news = [record for record in made if (old := there.get(_key(record))) is None or _content(old) != _content(record)]
    for record in news:
        log.append(record)
    return len(news)


def _key(record: TrainRecord | LatencyRecord) -> str:
    return record.trial_id if isinstance(record, TrainRecord) else record.request.id


def _content(record: TrainRecord | LatencyRecord) -> str:
    return record.model_dump_json(exclude={"finished"})
