"""What is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.errors import UserError
from scaling.launch import RunOptions
from scaling.records import ResultsFolder


def test_checkpoints_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--checkpoints .*file/inside: cannot be made"):
        RunOptions(checkpoints=str(tmp_path / "file" / "inside")).worker_config(ResultsFolder(tmp_path))


def test_checkpoints_go_beside_the_records_or_where_one_says(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path / "study")
    assert RunOptions().worker_config(results).checkpoints == str(tmp_path / "study" / "checkpoints")
    assert RunOptions(checkpoints="gs://bucket/study").worker_config(results).checkpoints == "gs://bucket/study"
