"""What training steps took on this machine when it was asked, for plans of studies that have no records yet.

Only plans go by it: what is chosen to be trained rests on records alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from scaling.schema import LatencyRecord

_RECORDS = TypeAdapter(tuple[LatencyRecord, ...])


def file() -> Path:
    """Where it is kept: `calibration.json` in `scaling/` of the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scaling" / "calibration.json"


def read() -> tuple[LatencyRecord, ...]:
    """The timings that are kept; none where there is no such file, or one that cannot be read any more."""
    try:
        return _RECORDS.validate_json(file().read_bytes())
    except (OSError, ValidationError, ValueError):
        return ()


def keep(timings: Iterable[LatencyRecord]) -> None:
    """Adds timings; each takes the place of an earlier one of the same request at the same place.

    Raises:
        OSError: if the file cannot be written.
    """
    known = {(record.request.id, record.environment.place): record for record in (*read(), *timings) if record.ok}
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps([record.model_dump(mode="json", exclude_none=True) for record in known.values()]))
    draft.replace(path)


def of_training() -> Iterator[LatencyRecord]:
    """Of what is kept the timings of training steps."""
    return (record for record in read() if record.request.phase == "training" and record.median_ms)
