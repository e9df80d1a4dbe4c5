"""How a study is run, and what the command line's words for it mean."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from scaling.errors import UserError, did_you_mean
from scaling.launch.keeping import Keep
from scaling.launch.retry import RetryPolicy
from scaling.results.records import ResultsFolder
from scaling.runner import tracking
from scaling.runner.compute.execution import Compile
from scaling.runner.jobs import WorkerConfig
from scaling.schema import FailureKind

if TYPE_CHECKING:
    from scaling.analysis.decide.limits import Limit

Engine: TypeAlias = Literal["local", "ray"]


@dataclass(frozen=True)
class Until:
    """A run that ends when it is decided.

    Attributes:
        limits: of the network to choose; none: the study's question is what is decided.
        max_hours: of training that may be spent, earlier runs counted in; None: as many as it takes.
        max_dollars: the same in money.
        dollars_per_hour: of training; 0: not known.
        seed_noise: standard deviation between seeds (points) in place of what was measured or is assumed; None: these.
    """

    limits: tuple[Limit, ...] = ()
    max_hours: float | None = None
    max_dollars: float | None = None
    dollars_per_hour: float = 0.0
    seed_noise: float | None = None


@dataclass(frozen=True)
class RunOptions:
    """How a study is run; nothing of it changes what its trials ask.

    Attributes:
        workers: number of processes; None: one for each accelerator, node or core, see `scaling.launch.pools`.
        devices: that they share, as `scaling.runner.compute.devices.parse` takes them.
        compile: how programs are compiled.
        engine: where workers are.
        address: of a Ray cluster; None: a Ray of this run's own, on this machine.
        resources: what each worker asks of it, as `GPU=1,CPU=4`; None: see `shares.divide`.
        limit: the most trainings in this run; None: all.
        policy: how failures are met.
        checkpoints: folder or URL for them; None: `checkpoints/` of the results folder.
        checkpoint_seconds: between checkpoints; at most this much training is lost with a worker.
        trackers: experiment trackers that each trial's history is also sent to.
        keep: which trained weights stay on disk when the run has ended.
        weights_gb: what they may take, in 1e9 bytes.
        timings_only: whether only timings are done.
        timed_as_trained: whether these have the cores of one training, instead of the machine to themselves.
        until: what ends the run before everything is trained; None: nothing does.
    """

    workers: int | None = None
    devices: str | None = None
    compile: Compile = "auto"
    engine: Engine = "local"
    address: str | None = None
    resources: str | None = None
    limit: int | None = None
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    checkpoints: str | None = None
    checkpoint_seconds: float = 60.0
    trackers: tuple[tracking.Tracker, ...] = ()
    keep: Keep = "best"
    weights_gb: float = 10.0
    timings_only: bool = False
    timed_as_trained: bool = False
    until: Until | None = None

    def __post_init__(self) -> None:
        """Refuses what no run can have.

        Raises:
            UserError: with the option, its value and the choices.
        """
        for name, choices in (("engine", get_args(Engine)), ("keep", get_args(Keep)), ("compile", get_args(Compile))):
            if (value := getattr(self, name)) not in choices:
                raise UserError(f"{name}: {value!r} is no choice{did_you_mean(str(value), choices)}")
        for name in ("workers", "limit"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and value > 0):
                raise UserError(f"{name}: a number of 1 or more, not {value!r}")

    def worker_config(self, results: ResultsFolder, workers: int = 1, operations_at_once: int = 1) -> WorkerConfig:
        """What the workers need of it.

        Args:
            results: of the study.
            workers: how many they are; several share decoded images.
            operations_at_once: that share a worker's cores.

        Raises:
            UserError: if no checkpoint can be written where they are to go.
        """
        return WorkerConfig(
            logs=str(results.logs.absolute()),
            checkpoints=_writable(self.checkpoints or str(results.checkpoints)),
            checkpoint_seconds=self.checkpoint_seconds,
            trackers=self.trackers,
            compile=self.compile,
            weights=None if self.keep == "none" else self.weights(results),
            weights_gb=self.weights_gb,
            weights_stay=self.keep == "all",
            operations_at_once=operations_at_once,
            run=secrets.token_hex(8) if workers > 1 else "",
        )

    def weights(self, results: ResultsFolder) -> str:
        """Where trained weights go: beside the records, or with checkpoints that are elsewhere."""
        return f"{self.checkpoints.rstrip('/')}/weights" if self.checkpoints else str(results.weights.absolute())


def _writable(folder: str) -> str:
    """The folder, made and absolute; a URL as it is."""
    if "://" in folder:
        return folder
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--checkpoints {folder}: cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise UserError(f"--checkpoints {folder}: cannot be written")
    return str(path)


def retried_kinds(option: str | None) -> set[str]:
    """The kinds of outcome that `--retry failed[:KIND]` and `--retry disturbed` mean; none where it was not given.

    Raises:
        UserError: if it says something else.
    """
    if option is None or option == "disturbed":
        return set() if option is None else {option}
    what, colon, kind = option.partition(":")
    if what != "failed":
        raise UserError(f"--retry {option}: write failed, failed:KIND or disturbed")
    if not colon:
        return {"any"}
    if kind not in get_args(FailureKind):
        raise UserError(
            f"--retry {option}: {kind!r} is not a kind of failure{did_you_mean(kind, get_args(FailureKind))}"
        )
    return {kind}
