"""What a process may use of its machine, and who gets which cores of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scaling import machine
from scaling.machine import core_shares

ALL_CORES = (0, 1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up tree of control groups on a machine of eight cores and 64 GB."""
    monkeypatch.setattr(machine, "GROUPS", tmp_path)
    monkeypatch.setattr(machine, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(ALL_CORES), raising=False)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * 10**9 // 4096}.__getitem__)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def test_without_limits_all_is_there(groups: Path) -> None:
    assert (machine.cores(), machine.memory_gb()) == (8, 64.0)
    write(groups / "membership", "0::/")
    write(groups / "cpu.max", "max 100000")
    write(groups / "memory.max", "max")
    assert (machine.cores(), machine.memory_gb()) == (8, 64.0)


def test_the_narrowest_group_on_the_way_to_the_root_counts(groups: Path) -> None:
    write(groups / "membership", "0::/job/step")
    write(groups / "job/cpu.max", "350000 100000")
    write(groups / "job/step/cpu.max", "max 100000")
    write(groups / "job/memory.max", str(16 * 10**9))
    write(groups / "job/step/memory.max", str(12 * 10**9))
    assert (machine.cores(), machine.memory_gb()) == (3, 12.0)


def test_the_first_version_s_hierarchies_count_too(groups: Path) -> None:
    write(groups / "membership", "5:memory:/job\n4:cpu,cpuacct:/job\n0::/")
    write(groups / "cpu/job/cpu.cfs_quota_us", "200000")
    write(groups / "cpu/job/cpu.cfs_period_us", "100000")
    write(groups / "cpu/cpu.cfs_quota_us", "-1")
    write(groups / "cpu/cpu.cfs_period_us", "100000")
    write(groups / "memory/job/memory.limit_in_bytes", str(2 * 10**9))
    assert (machine.cores(), machine.memory_gb()) == (2, 2.0)


def test_a_part_of_a_core_is_one_core(groups: Path) -> None:
    write(groups / "membership", "0::/")
    write(groups / "cpu.max", "50000 100000")
    assert machine.cores() == 1


def test_no_more_cores_are_used_than_are_paid_for_and_other_hosts_use_others(
    groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.core_numbers() == ALL_CORES
    write(groups / "membership", "0::/")
    write(groups / "cpu.max", "300000 100000")
    chosen = set()
    for host in ("a", "b", "c", "d", "e", "f"):
        monkeypatch.setattr("platform.node", lambda host=host: host)
        assert machine.core_numbers() == machine.core_numbers()
        assert len(set(machine.core_numbers())) == 3
        assert set(machine.core_numbers()) <= set(ALL_CORES)
        chosen.add(machine.core_numbers())
    assert len(chosen) > 1


@pytest.mark.parametrize(
    ("cores", "workers", "shares"),
    [
        ((0, 1, 2, 3), 1, [(0, 1, 2, 3)]),
        ((0, 1, 2, 3), 2, [(0, 1), (2, 3)]),
        ((4, 5, 6), 2, [(4,), (5,)]),
        ((0, 1), 3, [(0,), (1,), (0,)]),
    ],
)
def test_workers_have_cores_of_their_own_while_there_are_enough(
    cores: tuple[int, ...], workers: int, shares: list[tuple[int, ...]]
) -> None:
    assert core_shares(cores, workers) == shares


def test_the_load_of_others_is_what_is_busy_and_not_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, ten seconds: 6 s of 20 busy, of which 2 s were this process'; then no such file."""
    seconds, own = 100, [0.0]

    def tell(user: int, idle: int) -> None:
        cores = "".join(f"cpu{core} {user * seconds} 0 0 {idle * seconds} 0 0 0 0 0 0\n" for core in range(2))
        (tmp_path / "stat").write_text(f"cpu 0 0 0 0 0 0 0 0 0 0\n{cores}")

    monkeypatch.setattr(machine, "STATISTICS", tmp_path / "stat")
    monkeypatch.setattr(machine, "core_numbers", lambda: (0, 1))
    monkeypatch.setattr(machine.time, "process_time", lambda: own[0])
    monkeypatch.setattr(machine.os, "sysconf", lambda name: seconds)
    tell(0, 0)
    others = machine.OthersLoad()
    tell(3, 7)
    own[0] = 2.0
    assert others() == pytest.approx((6 - 2) / 20)
    assert others() == 0.0
    (tmp_path / "stat").unlink()
    assert others() is None
