"""Which code is measured: the latest commit that changed it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import here


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "scaling").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "benchmarks" / "results.json").touch()
    (tmp_path / "scaling" / "code.py").write_text("1\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "changes")


def test_results_and_prose_change_nothing_that_is_measured(repository: Path) -> None:
    first = here.commit(repository)
    assert first
    (repository / "benchmarks" / "results.json").write_text("{}")
    (repository / "benchmarks" / "README.md").write_text("How fast")
    (repository / "docs.md").write_text("How")
    assert here.commit(repository) == first
    commit(repository)
    assert here.commit(repository) == first


def test_code_that_is_not_committed_has_no_name(repository: Path) -> None:
    first = here.commit(repository)
    (repository / "scaling" / "code.py").write_text("2\n")
    assert here.commit(repository) == ""
    commit(repository)
    assert here.commit(repository) not in ("", first)


def test_without_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert here.commit(tmp_path) == ""
