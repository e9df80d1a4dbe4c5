"""Which engine, and how many workers on what."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

from scaling.generator.study import Study
from scaling.runner.compute import devices
from scaling.runner.compute.execution import micro_batch_size
from scaling.runner.engines import Engine, EngineError
from scaling.runner.engines.local import LocalEngine
from scaling.runner.jobs import Setup
from scaling.session.options import Options

Start = Callable[[Setup], contextlib.AbstractContextManager[Engine]]


@contextlib.contextmanager
def workers_of(study: Study, options: Options) -> Iterator[tuple[int, Start]]:
    """How many workers there are to be, and what starts them.

    Raises:
        UserError: for devices that are not there, or that a batch of the study does not divide by.
        EngineError: for a cluster that is not there, or has no room.
    """
    if options.engine == "ray":
        with _on_cluster(options) as made:
            yield made
        return
    if options.address or options.resources:
        raise EngineError("--address and --resources are for --engine ray")
    groups = _groups(options)
    for trial in study.trials:
        micro_batch_size(trial.recipe.batch_size, len(groups[0]), micro_batches=1)
    yield len(groups), partial(LocalEngine, groups)


def _groups(options: Options) -> list[tuple[str, ...]]:
    """The devices of each worker: one each, where they are accelerators and nobody said how many workers."""
    chosen = devices.parse(options.devices)
    alone = 1 if devices.kind_of(chosen[0]) == "cpu" else len(chosen)
    return devices.split(chosen, options.workers or alone)


@contextlib.contextmanager
def _on_cluster(options: Options) -> Iterator[tuple[int, Start]]:
    if options.devices:
        raise EngineError("--devices is for --engine local; a cluster gives out its own: see --resources")
    if find_spec("ray") is None:
        raise EngineError('--engine ray needs Ray: pip install "scaling-study[cluster]"')
    from scaling.runner.engines import ray, shares

    needs = shares.parse(options.resources) if options.resources else None
    with ray.connected(options.address):
        divided = shares.divide(ray.nodes(), options.workers, needs)
        yield divided.workers, partial(ray.RayEngine, divided)
