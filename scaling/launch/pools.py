"""Which engine, and how many workers on what."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from scaling import machine
from scaling.datasets import dataset_info
from scaling.errors import UserError
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.launch.engines import Engine, EngineError
from scaling.launch.engines.local import LocalEngine
from scaling.launch.engines.process import Placement
from scaling.launch.options import RunOptions
from scaling.models.memory import training_memory_gb
from scaling.runner.compute import devices
from scaling.runner.compute.execution import micro_batch_size
from scaling.runner.jobs import Job, TimeJob, TrainJob, WorkerConfig
from scaling.schema import Trial

WORKER_GB = 1.5
"""Left for a worker on a CPU besides its training; with small networks and Fashion-MNIST it has taken 1.0 in all."""

FILLED = 0.8
"""Of the memory that this run may use; the rest is for the driver, the page cache and what was guessed too low."""

SMALL_STEP = 1e9
"""Multiply-accumulates of a batch, forward, up to which an operation gains less by a second core than handing it over
takes. `14x0.0625@14`, `50x0.0625@14` and `14x0.25@14` (0.05 to 0.8e9) trained 1.29, 1.37 and 1.08 times as fast with
two operations at once on two cores, `14x0.25@32` and `50x0.25@32` (3.6 and 10.5e9) 0.98 and 0.92 times."""

Start = Callable[[WorkerConfig], contextlib.AbstractContextManager[Engine]]


@dataclass(frozen=True)
class WorkerPool:
    """Workers that start and end together.

    Attributes:
        workers: how many.
        start: starts them.
        placements: of those on this machine; none: a cluster's own matter.
    """

    workers: int
    start: Start
    placements: tuple[Placement, ...] = ()

    @classmethod
    def of(cls, placements: Sequence[Placement]) -> WorkerPool:
        """Workers on this machine."""
        return cls(len(placements), partial(LocalEngine, placements), tuple(placements))

    @property
    def cores(self) -> int | None:
        """That each has; None: nobody knows before a cluster has placed them."""
        return len(self.placements[0].cores) if self.placements else None

    @property
    def is_processor(self) -> bool:
        """Whether its workers compute on this machine's processor in one piece, so that their place is known."""
        return bool(self.placements) and all(placement.devices == (devices.CPU,) for placement in self.placements)


@dataclass(frozen=True)
class WorkerPools:
    """Who trains, and who times: the same workers, unless a timing needs the cores that trainings share."""

    training: WorkerPool
    timing: WorkerPool

    def as_trained(self) -> WorkerPools:
        """The first of the training workers, for timings as well."""
        first = WorkerPool.of(self.training.placements[:1])
        return WorkerPools(first, first)

    def share_out(self, jobs: Collection[Job], to_be_named: bool = False) -> list[tuple[WorkerPool, list[Job]]]:
        """Each pool's jobs, in the order in which the pools start: timings first, so that costs are known early.

        No more workers start than there are trainings; each has as many cores as it would have among all.

        Args:
            jobs: of both kinds.
            to_be_named: whether further trainings will follow, for which all workers start, after the timings.
        """
        if self.timing is self.training:
            return [(self.training, list(jobs))]
        timings: list[Job] = [job for job in jobs if isinstance(job, TimeJob)]
        trainings: list[Job] = [job for job in jobs if isinstance(job, TrainJob)]
        if to_be_named:
            return [*([(self.timing, timings)] if timings else []), (self.training, trainings)]
        training = WorkerPool.of(self.training.placements[: len(trainings)])
        return [(pool, part) for pool, part in ((self.timing, timings), (training, trainings)) if part]


@contextlib.contextmanager
def worker_pools(study: Study, options: RunOptions) -> Iterator[WorkerPools]:
    """The workers that there are to be.

    Args:
        study: what they train.
        options: how.

    Raises:
        UserError: for devices that are not there, or that a batch of the study does not divide by.
        EngineError: for a cluster that is not there, or has no room.
    """
    if options.engine == "ray":
        with _on_cluster(options) as pool:
            yield WorkerPools(pool, pool)
        return
    if options.address or options.resources:
        raise EngineError("--address and --resources are for --engine ray")
    yield _on_this_machine(study, options)


def _on_this_machine(study: Study, options: RunOptions) -> WorkerPools:
    """One worker for each accelerator, or the processor's cores shared out to trainings; timings have a device alone.

    A search, which may need a trial's timings to name the next, has one pool for both.
    """
    chosen = devices.parse(options.devices)
    cores = machine.core_numbers()
    if chosen == (devices.CPU,) and not study.file.search:
        shares = machine.core_shares(cores, options.workers or side_by_side(study.trials))
        training, alone = (
            WorkerPool.of([Placement(chosen, share) for share in shares]),
            WorkerPool.of([Placement(chosen, cores)]),
        )
        return WorkerPools(training, training if training.cores == alone.cores else alone)
    groups = devices.split(chosen, options.workers or (1 if devices.kind_of(chosen[0]) == "cpu" else len(chosen)))
    for trial in study.trials:
        recipe = trial.recipe
        micro_batch_size(recipe.batch_size, len(groups[0]), micro_batches=1, norm_group=recipe.batch_norm_group)
    pool = _pool(groups, cores)
    if chosen == (devices.CPU,) or len(groups) <= len(chosen):
        return WorkerPools(pool, pool)
    if study.file.search:
        raise UserError(
            f"--workers {len(groups)}: the trials of a search are timed between trainings, and a timing needs its "
            f"device alone; at most {len(chosen)} here"
        )
    return WorkerPools(pool, _pool(devices.split(chosen, len(chosen)), cores))


def _pool(groups: Sequence[tuple[str, ...]], cores: Sequence[int]) -> WorkerPool:
    """A worker for each group of devices, each with its part of the cores."""
    shares = machine.core_shares(cores, len(groups))
    return WorkerPool.of(
        [Placement(group, share, groups.count(group)) for group, share in zip(groups, shares, strict=True)]
    )


def operations_at_once(steps: Sequence[float]) -> int:
    """How many operations share a worker's cores: two where all steps are small, else one has them all.

    Gradients for weights and for inputs of a layer can be computed side by side, so a step has two to do most of the
    time.

    Args:
        steps: multiply-accumulates of a batch, forward, of all that the worker is to train or time; none: not known.
    """
    return 2 if steps and max(steps) <= SMALL_STEP else 1


def steps_of(study: Study) -> list[float]:
    """Multiply-accumulates of each trial's batch, forward; none where a search is yet to name the trials."""
    if study.file.search:
        return []
    return [
        size(trial.variant, dataset_info(trial.dataset.name)).macs * trial.recipe.batch_size for trial in study.trials
    ]


def side_by_side(trials: Sequence[Trial]) -> int:
    """How many trainings a processor does at once: as many as it has cores, while memory lasts for the largest.

    A small network trains on one core at far more than half of its speed on two. The number rests on the study and the
    machine alone, not on what is left to do, so that all trainings of a study have as many cores.
    """
    needed = {
        training_memory_gb(
            size(trial.variant, dataset_info(trial.dataset.name)), trial.recipe.batch_size, trial.recipe.precision
        )
        for trial in trials
    }
    room = int(FILLED * machine.memory_gb() / (WORKER_GB + max(needed, default=0.0)))
    return max(1, min(machine.cores(), room, len(trials)))


@contextlib.contextmanager
def _on_cluster(options: RunOptions) -> Iterator[WorkerPool]:
    if options.devices:
        raise EngineError("--devices is for --engine local; a cluster gives out its own: see --resources")
    if find_spec("ray") is None:
        raise EngineError('--engine ray needs Ray: pip install "scaling-study[cluster]"')
    from scaling.launch.engines import ray, shares

    needs = shares.parse(options.resources) if options.resources else None
    with ray.connected(options.address):
        divided = shares.divide(ray.nodes(), options.workers, needs)
        yield WorkerPool(divided.workers, partial(ray.RayEngine, divided))
