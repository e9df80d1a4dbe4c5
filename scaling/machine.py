"""What this process may use of its machine: cores and memory, also where a container or a scheduler allots them."""

from __future__ import annotations

import math
import os
import platform
import re
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
STATISTICS = Path("/proc/stat")
PROCESSOR = Path("/proc/cpuinfo")

BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")
"""Instructions that multiply in bfloat16, by the names that Linux gives them: two of x86, the last of Arm."""


def core_numbers() -> tuple[int, ...]:
    """The cores that this process uses: those it may run on or, where they are more than its quota pays for, so many.

    With more threads than are paid for all of them would stop together for the rest of each period. Where to begin
    depends on the host's name, so that containers of one machine do not all choose the same.
    """
    allowed, paid = _allowed(), cores()
    if paid == len(allowed):
        return allowed
    first = zlib.crc32(platform.node().encode())
    return tuple(sorted(allowed[(first + place) % len(allowed)] for place in range(paid)))


def cores() -> int:
    """How many cores this process may keep busy: those it may run on, or the fewer that its quota pays for."""
    quotas = [int(quota) / int(period) for quota, period in _quotas() if quota.isdecimal()]
    return max(1, math.floor(min([len(_allowed()), *quotas])))


def memory_gb() -> float:
    """The memory that this process may fill, in 1e9 bytes: the machine's, or the less that its group is allowed."""
    limits = [*_told("", "memory.max"), *_told("memory", "memory.limit_in_bytes")]
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return round(min([whole, *(int(limit) for limit in limits if limit.isdecimal())]) / 1e9, 1)


def bfloat16_instructions() -> tuple[str, ...] | None:
    """Which of `BFLOAT16` the processor has; None where the system does not tell."""
    try:
        lines = PROCESSOR.read_text().splitlines()
    except OSError:
        return None
    flags = {flag for line in lines if line.lower().startswith(("flags", "features")) for flag in line.split()}
    return tuple(name for name in BFLOAT16 if name in flags)


def core_shares(numbers: Sequence[int], workers: int) -> list[tuple[int, ...]]:
    """Each worker's own cores, as many for one as for another; where there are fewer than workers, some share one."""
    size = max(1, len(numbers) // workers)
    starts = [worker * size % len(numbers) for worker in range(workers)]
    return [tuple(numbers[start : start + size]) for start in starts]


def _allowed() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _quotas() -> Iterator[tuple[str, str]]:
    """Microseconds of processor time in a period, and the period, of every group that limits them."""
    for told in _told("", "cpu.max"):
        quota, _, period = told.partition(" ")
        yield quota, period
    yield from zip(_told("cpu", "cpu.cfs_quota_us"), _told("cpu", "cpu.cfs_period_us"), strict=False)


def _told(controller: str, name: str) -> Iterator[str]:
    """What the files of this name say, from this process' control group up to the root of what it sees.

    Args:
        controller: of the first version's hierarchies; empty: the second version's single one.
        name: of the file.
    """
    try:
        memberships = [line.split(":", 2) for line in MEMBERSHIP.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in memberships:
        if controller in controllers.split(","):
            root, inside = GROUPS / controller, PurePosixPath(path.lstrip("/"))
            for folder in dict.fromkeys((inside, *inside.parents)):
                try:
                    yield (root / folder / name).read_text().strip()
                except OSError:
                    continue


class OthersLoad:
    """How much of this process' cores others take, from one call to the next.

    The kernel counts how long each core was busy, in hundredths of a second; what this process and its threads took is
    taken off. In a virtual machine, time that its host gave to somebody else counts as taken (`steal`).
    """

    def __init__(self) -> None:
        self._cores = core_numbers()
        self._before = self._now()

    def __call__(self) -> float | None:
        """The part of the cores' time since the last call, from 0 to 1; None where the kernel does not tell."""
        now, before = self._now(), self._before
        self._before = now
        if now is None or before is None:
            return None
        (total, busy, own), (total_before, busy_before, own_before) = now, before
        if total <= total_before:
            return 0.0
        others = (busy - busy_before) - (own - own_before)
        return min(1.0, max(0.0, others / (total - total_before)))

    def _now(self) -> tuple[float, float, float] | None:
        """Seconds of all cores together: passed, busy, and taken by this process."""
        try:
            lines = STATISTICS.read_text().splitlines()
            tick = os.sysconf("SC_CLK_TCK")
            counts = [_core_seconds(line, tick) for line in lines if re.match(r"cpu\d", line)]
            total, busy = (sum(counts[core][part] for core in self._cores) for part in (0, 1))
        except (OSError, ValueError, IndexError, AttributeError):
            return None
        return total, busy, time.process_time()


def _core_seconds(line: str, tick: int) -> tuple[float, float]:
    """Seconds passed and busy of a line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, ..."""
    user, nice, system, idle, iowait, irq, softirq, steal = (int(word) / tick for word in line.split()[1:9])
    busy = user + nice + system + irq + softirq + steal
    return busy + idle + iowait, busy
