"""From `init` in a study to a file and its digest, and what is wrong said before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaling.generator import initial_weights
from scaling.generator.errors import StudyError
from scaling.generator.study import check
from scaling.launch.workload import jobs
from scaling.models import trained
from scaling.models.checkpoints import digest
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TrainJob
from scaling.schema import Score, TrainRecord, Trial
from tests.models.weight_files import FakeModel, as_timm, values, write_timm


def study(**changes: Any) -> dict[str, Any]:
    content = {
        "study": "tuned",
        "question": "?",
        "dataset": {"name": "synthetic"},
        "grid": [{"depth": 26, "width": 0.125, "resolution": 32}],
        "recipe": {"epochs": 1},
    }
    return content | changes


def message(**changes: Any) -> str:
    with pytest.raises(StudyError) as error:
        check(study(**changes))
    return str(error.value)


@pytest.fixture
def timm(tmp_path: Path) -> Path:
    path = tmp_path / "resnet_rs_26x0.125@32.safetensors"
    (trial,) = check(study()).trials
    write_timm(path, as_timm(values(FakeModel(trial.variant, seed=1))))
    return path


def kept(folder: Path, trial: Trial, correct: int = 50) -> Path:
    """A results folder with a trial and its weights, as a run leaves them."""
    results = ResultsFolder(folder)
    weights = values(FakeModel(trial.variant, seed=trial.seed))
    path = Path(trained.path_of(str(results.weights), trial.id))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(trained.as_bytes(trial, weights, weights, stays=True))
    score = Score(correct=correct, n=100)
    environment = {"versions": {}, "platform": "Linux", "device": "cpu"}
    record = TrainRecord.model_validate(
        {"trial_id": trial.id, "trial": trial.model_dump(), "params": 1, "macs": 1, "activations": 1}
        | {"validation_raw": score, "validation_ema": score, "finished": "2026-01-01T00:00:00Z"}
        | {"environment": environment}
    )
    results.training.append(record)
    return path


def test_a_file_is_found_by_the_variants_name_and_its_digest_is_part_of_the_id(timm: Path) -> None:
    plain, tuned = check(study()), check(study(init=str(timm.parent / "{name}.safetensors")))
    assert tuned.trials[0].init == digest(timm)
    assert tuned.trials[0].id != plain.trials[0].id
    (job, *_) = jobs(tuned)
    assert isinstance(job, TrainJob)
    assert job.init == str(timm)
    moved = timm.with_name("elsewhere.safetensors")
    moved.write_bytes(timm.read_bytes())
    assert check(study(init=str(moved))).trials[0].id == tuned.trials[0].id


def test_it_is_an_axis_and_null_is_from_scratch(timm: Path) -> None:
    grid = [{"depth": 26, "width": 0.125, "resolution": 32, "init": [None, str(timm)]}]
    assert [trial.init for trial in check(study(grid=grid)).trials] == [None, digest(timm)]
    assert "init: also an axis of the grid" in message(grid=grid, init=str(timm))


def test_of_a_results_folder_the_most_accurate_network_like_it_is_taken_or_the_trial_that_is_named(
    tmp_path: Path,
) -> None:
    first, second = check(study(across={"seed": [0, 1]})).trials
    worse, better = kept(tmp_path / "first", first, 40), kept(tmp_path / "first", second, 60)
    assert check(study(init=str(tmp_path / "first"))).trials[0].init == digest(better)
    assert check(study(init=str(tmp_path / "first" / first.id))).trials[0].init == digest(worse)
    better.unlink()
    assert "were not kept" in message(init=str(tmp_path / "first" / second.id))
    assert "has no trial 'rs26'" in message(init=str(tmp_path / "first" / "rs26"))


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ({"depth": 50}, "keeps no weights of resnet_rs_50x0.125"),
        ({"width": 0.25}, "keeps no weights of resnet_rs_26x0.25"),
    ],
)
def test_weights_of_another_network_are_named(tmp_path: Path, grid: dict[str, Any], expected: str) -> None:
    (trial,) = check(study()).trials
    kept(tmp_path / "first", trial)
    block = {"depth": 26, "width": 0.125, "resolution": 32} | grid
    assert expected in message(grid=[block], init=str(tmp_path / "first"))


def test_a_file_of_another_network_family_depth_or_none_is_a_sentence(timm: Path, tmp_path: Path) -> None:
    (trial,) = check(study()).trials
    own = kept(tmp_path / "first", trial)
    deeper = [{"depth": 50, "width": 0.125, "resolution": 32}]
    assert "blocks 2-2-2-2, which is depth 26; the model is depth 50" in message(grid=deeper, init=str(timm))
    assert "weights of resnet_rs_26x0.125, not of resnet_rs_50x0.125" in message(grid=deeper, init=str(own))
    other = [{"family": "resnet", "depth": 50, "resolution": 32}]
    assert "not a network of resnet\n  left over: " in message(grid=other, init=str(timm))
    for bad, expected in {
        str(tmp_path / "absent.safetensors"): "no such file",
        str(timm.parent / "{nme}.safetensors"): "did you mean 'name'",
        str(timm.parent / "x*.safetensors"): "is to fit one file, and fits 0",
        7: "a valid string",
    }.items():
        assert expected in message(init=bad)
    timm.write_bytes(timm.read_bytes()[:1000])
    assert "not a safetensors file" in message(init=str(timm))
    (tmp_path / "pickle.pth").write_bytes(b"\x80\x04")
    assert "pickles, which can run code" in message(init=str(tmp_path / "pickle.pth"))


def test_frozen_stages_need_weights_and_stages(timm: Path) -> None:
    assert "recipe.frozen_stages: 2 stages would keep random weights" in message(
        recipe={"epochs": 1, "frozen_stages": 2}
    )
    assert "frozen_stages 6: resnet_rs_26x0.125@32 has 6 stages, and the last is its head" in message(
        recipe={"epochs": 1, "frozen_stages": 6}, init=str(timm)
    )


def test_without_looking_for_files_a_study_is_still_listed(tmp_path: Path) -> None:
    listed = check(study(init=str(tmp_path / "absent.safetensors")), weights_are_here=False)
    assert len(listed.trials) == 1
    assert initial_weights.path_of(listed.file, listed.trials[0]) is None
