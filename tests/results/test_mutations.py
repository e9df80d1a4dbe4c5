"""Damaged records: each is a record or a line that is named, in every command, and never a traceback.

`SCALING_TEST_MUTATIONS=5000` tries more, `SCALING_TEST_SEED` the same ones again.
"""

from __future__ import annotations

import json
import os
import random
import warnings
from pathlib import Path
from typing import Any

from scaling.launch.missing import Outcomes
from scaling.reports import status
from scaling.results.frame import load_results
from scaling.results.records import ResultsError, ResultsFolder
from tests.builders import latency_record, results_folder, train_record, trial

MUTATIONS = int(os.environ.get("SCALING_TEST_MUTATIONS", "150"))
ODD: list[Any] = [None, -1, 0, 1e300, 10**400, "text", "", [], {}, [None], True, float("nan"), float("inf"), {"a": 1}]


def test_whatever_stands_in_a_line_is_a_record_or_is_named(tmp_path: Path) -> None:
    seed = int(os.environ.get("SCALING_TEST_SEED", random.SystemRandom().randrange(2**32)))
    chance = random.Random(seed)  # noqa: S311
    folder = results_folder(
        tmp_path / "study",
        [train_record(trial(seed=0)), train_record(trial(seed=1), failure="crash")],
        [latency_record(trial().variant)],
    )
    whole = {log.path: log.path.read_bytes() for log in (folder.training, folder.latency)}
    for number in range(MUTATIONS):
        for path, content in whole.items():
            path.write_bytes(content + mutated(content, chance))
        try:
            read(folder)
        except ResultsError:  # a line of a newer version stops the command, with a message
            continue
        except Exception as error:
            raise AssertionError(f"mutation {number} of seed {seed}") from error


def read(folder: ResultsFolder) -> None:
    """As every command reads it; the whole lines are always found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = load_results(folder.path)
    assert {trial(seed=0).id, trial(seed=1).id} <= set(frame["trial_id"])
    told = status.of(folder)
    assert told["done"] >= 1
    "\n".join((status.counts(told), *status.details(told)))
    Outcomes.read(folder)
    folder.training.last(2)
    with folder.writing() as notes:
        assert all(isinstance(note, str) for note in notes)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A line that was one of the content's: with other bytes, or with other values in its fields."""
    line = chance.choice(content.splitlines(keepends=True))
    damaged = bytearray(line)
    match chance.randrange(4):
        case 0:
            return bytes(damaged[: chance.randrange(len(damaged))])
        case 1:
            for _ in range(chance.randrange(1, 5)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            return bytes(damaged)
        case _:
            document = json.loads(line)
            for _ in range(chance.randrange(1, 3)):
                change(document, chance)
            return json.dumps(document).encode() + chance.choice([b"\n", b""])


def change(document: Any, chance: random.Random) -> None:
    """Another value, or none, somewhere in a document."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(document[key], dict | list) and chance.random() < 0.7:
            document = document[key]
            continue
        if chance.random() < 0.2:
            del document[key]
        else:
            document[key] = chance.choice(ODD)
        return
