"""Which copies of decoded images a process has mapped."""

from __future__ import annotations

import os
import re
from pathlib import Path

COPY = re.compile(rf"(/\S*/scaling-{os.getuid()}/[0-9a-f]{{32}})/whole/")


def copies_of(pid: int) -> set[Path]:
    """Their folders; none where there is no such process."""
    try:
        return {Path(found) for found in COPY.findall(Path(f"/proc/{pid}/maps").read_text())}
    except OSError:
        return set()
