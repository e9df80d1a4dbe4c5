"""What there is to run."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from scaling.datasets import DATASETS, PATTERNS
from scaling.errors import UserError
from scaling.generator import study as studies
from scaling.reports import catalogue

LOADED = [studies.load(str(path), weights_are_here=False) for path in studies.available().values()]


def test_every_study_is_listed_with_its_question_and_size() -> None:
    listed = catalogue.studies(LOADED)
    assert {row["study"] for row in listed} >= {"depth_vs_width", "pareto", "imagenet/full_grid"}
    json.dumps(listed)
    text = io.StringIO()
    catalogue.show_studies(listed, Console(file=text, width=60))
    shown = " ".join(text.getvalue().split())
    for row in listed:
        paper = f" ({row['paper']})" if row["paper"] else ""
        assert f"{row['study']}{paper} {row['trials']} trials" in shown
        assert row["question"] in shown


def test_every_data_set_is_listed_with_where_it_is() -> None:
    locations = dict.fromkeys(DATASETS) | {"synthetic": "/somewhere"}
    listed = catalogue.datasets(locations)
    assert [row["name"] for row in listed] == [*DATASETS, *PATTERNS]
    text = io.StringIO()
    catalogue.show_datasets(listed, Console(file=text, width=120))
    assert text.getvalue().count("not on this machine") == len(DATASETS) - 1
    assert "/somewhere" in text.getvalue()


def test_networks_are_counted_by_name() -> None:
    rs50, b0 = catalogue.networks(["resnet_rs_50@160", "efficientnet_b0"], classes=1000, channels=3)
    assert (rs50["params"], b0["params"], b0["resolution"]) == (35_691_912, 5_288_548, 224)
    text = io.StringIO()
    catalogue.show_networks([rs50, b0], Console(file=text, width=40))
    assert "35,691,912  2.28G" in text.getvalue()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet_rs_50", "@"),
        ("resnetrs_50@160", "did you mean"),
        ("resnet_rs_27@160", "depth 27 has no block layout"),
        ("efficientnet_b4@16", "resolution 16 is below"),
    ],
)
def test_a_name_that_means_no_network_is_told(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        catalogue.networks([name], classes=10, channels=3)
