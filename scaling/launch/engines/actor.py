"""What runs on a node of a Ray cluster: one `Worker`, and what it has to tell, kept until the driver has heard it."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from scaling.runner.compute.devices import parse, visible
from scaling.runner.data import shared
from scaling.runner.jobs import Died, Event, Finished, Job, Note, Ready, WorkerConfig
from scaling.runner.logs import redirect
from scaling.runner.worker import Worker

NEWS_SECONDS = 5.0
"""How long a question for news is held while there are none."""


class Outbox:
    """A worker's way to the driver. An answer can be lost with a connection, so nothing goes before it was heard."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._heard = 0
        self._changed = threading.Condition()

    def send(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def after(self, heard: int, timeout: float) -> list[Event]:
        """All events but the first `heard`, which are forgotten; waits up to `timeout` seconds for one."""
        with self._changed:
            del self._events[: max(0, heard - self._heard)]
            self._heard = max(self._heard, heard)
            self._changed.wait_for(lambda: self._events, timeout)
            return list(self._events)


class Actor:
    """A worker in a process of its own. Ray calls these methods in threads of its own; one more does the work."""

    def __init__(self, number: int, config: WorkerConfig, kind: str, variables: Mapping[str, str]) -> None:
        os.environ.update(variables)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        self._outbox = Outbox()
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._interrupted = threading.Event()
        threading.Thread(target=self._work, args=(number, config, kind), daemon=True).start()

    def node(self) -> str:
        """Ray's id of the node that it is on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def take(self, job: Job) -> None:
        """Gives the worker a job to do next."""
        self._jobs.put(job)

    def news(self, heard: int) -> list[Event]:
        """What has happened after the first `heard` events."""
        return self._outbox.after(heard, NEWS_SECONDS)

    def interrupt(self) -> None:
        """Asks the training to write a checkpoint at its next step and to end."""
        self._interrupted.set()

    def leave(self) -> None:
        """Says that it is about to be killed, which leaves it no time to tidy up."""
        shared.leave()

    def _work(self, number: int, config: WorkerConfig, kind: str) -> None:
        try:
            here, note = on_this_node(config)
            if note:
                Path(here.logs).mkdir(parents=True, exist_ok=True)
                self._outbox.send(Note(number, f"worker {number}: {note}"))
            redirect(Path(here.logs) / f"worker-{number}.log")
            devices = parse(kind)  # all that Ray lets this process see
            os.environ |= visible(devices)
            worker = Worker(number, here, devices, self._outbox, self._interrupted)
            self._outbox.send(Ready(number, worker.environment))
            while True:
                self._outbox.send(Finished(number, worker.do(self._jobs.get())))
        except Exception as error:
            self._outbox.send(Died(number, f"the worker failed: {error!r}"))


def on_this_node(config: WorkerConfig) -> tuple[WorkerConfig, str | None]:
    """The configuration with folders that can be written here, and a note where they are not the driver's."""
    logs = Path(config.logs)
    if logs.is_dir():
        return config, None
    results = logs.parent
    own = Path(tempfile.gettempdir()) / "scaling" / results.name
    note = f"{results} is not on node {socket.gethostname()}; its logs are there in {own / logs.name}"
    moved = replace(config, logs=str(own / logs.name))
    if Path(config.checkpoints).is_relative_to(results):
        moved = replace(moved, checkpoints=str(own / Path(config.checkpoints).relative_to(results)))
        note += ", and checkpoints too, which are lost with the node: give --checkpoints a folder that all nodes share"
    return moved, note
