"""What is said while a study runs."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from scaling.launch.progress import estimate
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.progress.speeds import SLOPE, Work
from scaling.launch.progress.views import LiveView, PlainView, duration, milliseconds
from scaling.runner.jobs import Job, Position, TimeJob, TrainJob
from scaling.schema import Epoch, Score, TrainRecord
from tests.builders import latency_record, train_record, trial

SMALL, SMALL_2, LARGE = (
    TrainJob(trial(depth=14, epochs=4)),
    TrainJob(trial(depth=14, epochs=4, seed=1)),
    TrainJob(trial(depth=26, epochs=4)),
)
LARGEST = TrainJob(trial(depth=50, epochs=4))
TIMING = TimeJob(latency_record(SMALL.variant).request, "synthetic", max_seconds=3.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(estimate.time, "monotonic", lambda: now[0])
    return now


def tracker(*jobs: Job, workers: int = 1) -> RunProgress:
    work = {SMALL.id: Work(100, 1e6), SMALL_2.id: Work(100, 1e6), LARGE.id: Work(100, 1e7), LARGEST.id: Work(100, 1e8)}
    return RunProgress(jobs, work, workers=workers)


def trained(job: TrainJob, seconds: float, setup: float = 0.0) -> TrainRecord:
    """A record that took so long."""
    return train_record(job.trial).model_copy(update={"train_seconds": seconds, "setup_seconds": setup})


def epoch(number: int) -> Epoch:
    score = Score(correct=75, n=100, loss=0.5)
    return Epoch(
        epoch=number,
        learning_rate=0.1,
        train_loss=0.7,
        train_top1=0.7,
        validation_raw=score,
        validation_ema=score,
        seconds=1.0,
    )


def test_time_left_uses_a_variants_own_pace_and_a_power_of_its_work_for_others(clock: list[float]) -> None:
    tracked = tracker(SMALL, SMALL_2, LARGE, LARGEST, TIMING)
    assert tracked.seconds_left() is None
    tracked.start(0, SMALL)
    clock[0] = 45
    tracked.finish(0, trained(SMALL, 40, setup=5))
    assert tracked.seconds_left() is None  # one variant tells nothing of others
    tracked.start(0, LARGE)
    clock[0] = 70
    tracked.move(0, Position(1.0, epoch(1)))
    assert tracked.seconds_left() is None  # nor does a quarter of a training
    clock[0] = 100
    tracked.move(0, Position(2.0, epoch(2)))
    largest = 100 * 10**SLOPE
    assert tracked.seconds_left() == pytest.approx(50 + 40 + largest + 5 + 3)  # half of it took 55 s, 5 of them before
    clock[0] = 155
    tracked.finish(0, trained(LARGE, 100, setup=5))
    assert tracked.seconds_left() == pytest.approx(40 + largest + 5 + 3)
    tracked.start(0, SMALL_2)
    clock[0] = 165
    assert tracked.seconds_left() == pytest.approx(30 + largest + 5 + 3)
    assert (tracked.finished, tracked.failed, len(tracked.waiting)) == (2, 0, 2)


def test_failures_set_no_pace_and_workers_share_the_work(clock: list[float]) -> None:
    tracked = tracker(SMALL, SMALL_2, LARGE, workers=2)
    tracked.start(0, LARGE)
    clock[0] = 1
    tracked.finish(0, train_record(LARGE.trial, failure="oom"))
    assert tracked.seconds_left() is None
    tracked.start(1, SMALL)
    clock[0] = 11
    tracked.finish(1, trained(SMALL, 10))
    assert tracked.seconds_left() == pytest.approx(10)  # the last one is one worker's
    assert tracked.failed == 1


def test_timings_alone_take_their_cap_at_most(clock: list[float]) -> None:
    assert RunProgress([TIMING], {}).seconds_left() == 3.0
    assert RunProgress([TIMING], {}, to_come=2).seconds_left() is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (600, "10 min"), (5400, "1 h 30 min"), (9e5, "250 h 0 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0781, "0.0781"), (0.5, "0.5"), (12.0, "12.0"), (999.96, "1,000"), (12812.3, "12,812")]
)
def test_times_of_steps_have_no_powers_of_ten_and_short_ones_their_digits(value: float, text: str) -> None:
    assert milliseconds(value) == text


def test_plain_lines_for_logs(clock: list[float]) -> None:
    text = io.StringIO()
    with PlainView(tracker(SMALL, LARGE, TIMING), Console(file=text, width=200)) as view:
        view.started(0, SMALL)
        view.moved(0, SMALL, Position(0.5, None))
        view.moved(0, SMALL, Position(1.0, epoch(1)))
        view.finished(0, SMALL, train_record(SMALL.trial, top1=0.8), retried=False)
        view.started(0, LARGE)
        view.refresh()
        view.finished(0, LARGE, train_record(LARGE.trial, failure="nan"), retried=False)
        view.started(0, TIMING)
        view.finished(0, TIMING, latency_record(SMALL.variant, median_ms=12.0), retried=False)
    lines = text.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[0] == f"  {SMALL.id}  epoch 1/4  validation 75.0%, loss 0.700"
    assert re.match(
        rf"done    {SMALL.id}  validation 80.0% of 1000 .*\[1 job done, 1 running, 0 failed, 1 waiting", lines[1]
    )
    assert re.match(rf"failed  {LARGE.id}  nan: made up", lines[2])
    assert re.match(r"timed   resnet_rs_14x0.25@16 training  12.0 ms a step of 128", lines[3])


def test_a_line_of_an_epoch_has_the_score_of_that_epoch(clock: list[float]) -> None:
    text = io.StringIO()
    with PlainView(tracker(SMALL), Console(file=text, width=200)) as view:
        view.started(0, SMALL)
        view.moved(0, SMALL, Position(1.0, epoch(1)))
        view.moved(0, SMALL, Position(2.0, epoch(1)))  # all its steps are done; its images are yet to be evaluated
        view.moved(0, SMALL, Position(2.0, epoch(2)))
    assert [line.split()[2] for line in text.getvalue().splitlines()] == ["1/4", "2/4"]


def test_the_live_view_shows_counts_and_the_running_trial(clock: list[float]) -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True)
    with LiveView(tracker(SMALL, LARGE), console) as view:
        view.started(0, SMALL)
        view.moved(0, SMALL, Position(1.5, epoch(1)))
        view._live.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.getvalue())
    assert "0 jobs done, 1 running, 0 failed, 1 waiting" in shown
    assert SMALL.id in shown
    assert "epoch 2/4 validation 75.0%, loss 0.700" in re.sub(" +", " ", shown)


def test_without_colour_the_bar_shows_what_is_done(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = io.StringIO()
    with LiveView(tracker(SMALL, LARGE), Console(file=text, width=120, force_terminal=True)) as view:
        view.started(0, SMALL)
        view.moved(0, SMALL, Position(1.0, epoch(1)))
        view._live.refresh()
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text.getvalue()), "a colour was written"
    done, left = re.findall(r"(━+)(╌+)", text.getvalue())[-1]
    assert (len(done), len(left)) == (5, 15)


def test_in_80_columns_each_running_trial_has_one_line(clock: list[float]) -> None:
    text = io.StringIO()
    with LiveView(tracker(SMALL, LARGE), Console(file=text, width=80, force_terminal=True)) as view:
        view.started(0, SMALL)
        view.moved(0, SMALL, Position(1.5, epoch(1)))
        view._live.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.getvalue())
    line = [line for line in shown.splitlines() if "epoch 2/4" in line][-1]
    assert line.split()[1] == SMALL.id, "whole"
    assert line.rstrip().endswith("validation 75.0%")
