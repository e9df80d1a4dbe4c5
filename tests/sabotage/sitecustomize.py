"""Read by Python itself at start where the tests put this folder on PYTHONPATH: makes real workers fail for real.

SABOTAGE is a folder. A trial of seed `s` does, at its fourth step, what the file `s` there says, and deletes the file;
a word that ends in `!` is done every time.
"""

from __future__ import annotations

import ctypes
import dataclasses
import importlib.abc
import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

STEP = 4


def do(deed: str) -> None:
    match deed.rstrip("!").split():
        case ["segfault"]:
            ctypes.string_at(0)
        case ["hang"]:
            ctypes.PyDLL(None).sleep(3600)  # holds Python's lock, so that no signal handler of ours runs
        case ["exhaust"]:
            raise MemoryError("as much as was asked for is not there")
        case ["terminate"]:
            os.kill(os.getpid(), signal.SIGTERM)
        case ["allocate", group]:
            Path(group, "cgroup.procs").write_text(str(os.getpid()))
            hoard = []
            while True:
                hoard.append(bytearray(os.urandom(1 << 20)) * 64)


def sabotaged(train: Callable[..., Any]) -> Callable[..., Any]:
    def training(trial: Any, program: Any, pictures: Any, watch: Any, start: Any, init: Any) -> Any:
        order = Path(os.environ["SABOTAGE"]) / str(trial.seed)
        steps = 0

        def stop() -> Any:
            nonlocal steps
            steps += 1
            if steps == STEP and order.exists():
                deed = order.read_text()
                if not deed.endswith("!"):
                    order.unlink()
                do(deed)
            return watch.stop()

        return train(trial, program, pictures, dataclasses.replace(watch, stop=stop), start, init)

    return training


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name != "scaling.runner.training.train":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            module.train = sabotaged(module.train)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if "SABOTAGE" in os.environ:
    sys.meta_path.insert(0, Finder())
