"""What there is to run."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from scaling import catalogue
from scaling.datasets import DATASETS
from scaling.generator import study as studies

LOADED = [studies.load(str(path)) for path in studies.available().values()]


def test_every_study_is_listed_with_its_question_and_size() -> None:
    listed = catalogue.studies(LOADED)
    assert {row["study"] for row in listed} >= {"depth_vs_width", "pareto", "imagenet/full_grid"}
    json.dumps(listed)
    text = io.StringIO()
    catalogue.show_studies(listed, Console(file=text, width=60))
    shown = " ".join(text.getvalue().split())
    for row in listed:
        assert f"{row['study']} ({row['paper']}) {row['trials']} trials" in shown
        assert row["question"] in shown


def test_every_data_set_is_listed_with_where_it_is() -> None:
    locations = dict.fromkeys(DATASETS) | {"synthetic": Path("/somewhere")}
    listed = catalogue.datasets(locations)
    assert [row["name"] for row in listed] == list(DATASETS)
    text = io.StringIO()
    catalogue.show_datasets(listed, Console(file=text, width=120))
    assert text.getvalue().count("not on this machine") == len(DATASETS) - 1
    assert "/somewhere" in text.getvalue()
