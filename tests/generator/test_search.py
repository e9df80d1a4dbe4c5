"""Searches: rebuilt from records, deterministic, bounded, and never a trial twice."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from optuna.trial import TrialState

from scaling.generator import search
from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.recorded import WASTED, infeasible, is_given_up, recorded
from scaling.generator.study import Study, check
from scaling.generator.time_limits import leaves_nothing
from scaling.results.records import ResultsFolder
from scaling.schema import Trial
from tests.builders import latency_record, results_folder, train_record
from tests.generator.test_fuzz import odd_studies

STUDY: dict[str, Any] = {
    "study": "looking",
    "question": "Where is the top?",
    "dataset": {"name": "synthetic", "train_examples": 512},
    "search": {
        "trials": 30,
        "objectives": ["top1"],
        "space": {
            "depth": [14, 26],
            "width": {"low": 0.0625, "high": 0.5},
            "learning_rate": {"low": 1e-2, "high": 1.0, "log": True},
        },
    },
    "across": {"resolution": 8, "stem": "small", "epochs": 1, "seed": 0},
    "rules": ["paper_regularization"],
}
TWO = ["top1", "training_ms"]


def study(space: dict[str, Any] | None = None, **changes: Any) -> Study:
    content = deepcopy(STUDY)
    content["search"] |= changes | ({} if space is None else {"space": space})
    return check(content)


def hill(trial: Trial) -> float:
    """The made-up accuracy: best at width 0.25, a learning rate of 0.1 and depth 26."""
    miss = math.log10(trial.recipe.learning_rate) + 1
    return 0.9 - 2 * (trial.variant.width - 0.25) ** 2 - 0.1 * miss**2 - 0.05 * (trial.variant.depth == 14)


def go_on(
    of: Study, folder: ResultsFolder, until: int, top1: Callable[[Trial], float] = hill, workers: int = 1
) -> list[Trial]:
    """Suggests and records, rebuilding from the records each time, until `until` are recorded."""
    suggested: list[Trial] = []
    while (left := until - len(known := recorded(of, folder))) > 0:
        batch = [trial for trial, _ in search.suggest(of, known, min(workers, left))]
        assert batch
        for trial in batch:
            folder.training.append(train_record(trial, top1=top1(trial)))
            if of.file.search and "training_ms" in of.file.search.objectives:
                folder.latency.append(latency_record(trial.variant, median_ms=100 * trial.variant.width))
        suggested += batch
    return suggested


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return results_folder(tmp_path / "results" / "looking")


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_a_stopped_search_goes_on_as_if_it_had_not_been(sampler: str, tmp_path: Path) -> None:
    whole = go_on(study(sampler=sampler), results_folder(tmp_path / "a"), 20)
    parts = results_folder(tmp_path / "b")
    resumed = [trial for until in (3, 4, 13, 20) for trial in go_on(study(sampler=sampler), parts, until)]
    assert [trial.id for trial in resumed] == [trial.id for trial in whole]
    assert len({trial.id for trial in whole}) == 20


def test_suggestions_depend_on_the_seed(tmp_path: Path) -> None:
    one, other = (go_on(study(seed=seed), results_folder(tmp_path / str(seed)), 3) for seed in (0, 1))
    assert not {trial.id for trial in one} & {trial.id for trial in other}


def test_tpe_finds_the_top_of_a_known_hill_better_than_chance(tmp_path: Path) -> None:
    means = {}
    for sampler in ("tpe", "random"):
        found = [
            hill(trial)
            for seed in range(3)
            for trial in go_on(study(sampler=sampler, seed=seed), results_folder(tmp_path / f"{sampler}{seed}"), 30)[
                15:
            ]
        ]
        means[sampler] = sum(found) / len(found)
    assert means["tpe"] > means["random"] + 0.02


def test_nsga2_breeds_from_its_generations(folder: ResultsFolder) -> None:
    """Generations are rebuilt: later trials take over whole values of earlier ones, as random ones never would."""
    trials = go_on(study(sampler="nsga2"), folder, 24)
    widths = [trial.variant.width for trial in trials]
    assert len(set(widths[:6])) == 6
    assert len(set(widths)) < 20


def test_two_objectives_lead_to_a_front(tmp_path: Path) -> None:
    """Accuracy grows with width, and so does time: every width is on the front, any other learning rate is not."""

    def both(trial: Trial) -> float:
        return 0.5 + 0.5 * trial.variant.width - 0.1 * abs(math.log10(trial.recipe.learning_rate) + 1)

    of = study(objectives=TWO)
    trials = go_on(of, results_folder(tmp_path / "two"), 30, both)
    early, late = ([abs(math.log10(t.recipe.learning_rate) + 1) for t in part] for part in (trials[:10], trials[20:]))
    assert sum(late) / len(late) < sum(early) / len(early)
    known = recorded(of, ResultsFolder(tmp_path / "two"))
    assert known[0].values == (pytest.approx(both(trials[0]), abs=1e-3), 100 * trials[0].variant.width)


def test_a_batch_has_different_trials_and_none_that_is_known(folder: ResultsFolder) -> None:
    of = study()
    go_on(of, folder, 12)
    known = recorded(of, folder)
    batch = [trial.id for trial, _ in search.suggest(of, known, 4)]
    assert len(set(batch)) == 4
    assert not set(batch) & {one.trial.id for one in known}
    assert batch == [trial.id for trial, _ in search.suggest(of, known, 4)]


def test_failures_count_and_are_told_as_such(folder: ResultsFolder) -> None:
    of = study()
    first, second = (trial for trial, _ in search.suggest(of, [], 2))
    folder.training.append(train_record(first, failure="nan"))
    folder.training.append(train_record(second, top1=0.5))
    known = recorded(of, folder)
    assert [(one.failed, one.values) for one in known] == [(True, None), (False, (0.5,))]
    assert search.suggest(of, known, 1)[0][0] not in (first, second)
    folder.training.append(train_record(first, top1=0.75))
    assert [one.values for one in recorded(of, folder)] == [(0.75,), (0.5,)]
    folder.training.append(train_record(first, failure="crash"))
    assert [one.values for one in recorded(of, folder)] == [(0.75,), (0.5,)]


def test_latencies_count_where_they_were_made(folder: ResultsFolder) -> None:
    of = study(objectives=TWO)
    ((trial, _),) = search.suggest(of, [], 1)
    folder.training.append(train_record(trial))
    assert [one.values for one in recorded(of, folder)] == [None]
    folder.latency.append(latency_record(trial.variant, phase="inference", median_ms=1.0))
    folder.latency.append(latency_record(trial.variant, median_ms=5.0, device="other cpu"))
    folder.latency.append(latency_record(trial.variant, median_ms=7.0))
    assert [one.values for one in recorded(of, folder)] == [(0.5, 7.0)]
    assert [one.values for one in recorded(of, folder, "other cpu (tensorflow)")] == [(0.5, 5.0)]
    assert [one.values for one in recorded(of, folder, "third cpu (tensorflow)")] == [None]


def test_nothing_is_suggested_for_a_plan_while_a_timing_is_missing(folder: ResultsFolder) -> None:
    of = study(objectives=TWO)
    ((trial, _),) = search.suggest(of, [], 1)
    folder.training.append(train_record(trial))
    assert search.study_so_far(of, folder).suggested == ()
    folder.latency.append(latency_record(trial.variant))
    assert len(search.study_so_far(of, folder).suggested) == 1


def test_a_failed_timing_fails_the_trial(folder: ResultsFolder) -> None:
    of = study(objectives=TWO)
    ((trial, _),) = search.suggest(of, [], 1)
    folder.training.append(train_record(trial))
    folder.latency.append(latency_record(trial.variant, failure="oom"))
    assert [(one.failed, one.values) for one in recorded(of, folder)] == [(True, None)]


def test_only_what_its_objectives_need_is_timed_unless_asked_for(folder: ResultsFolder) -> None:
    def phases(objectives: list[str], **latency: Any) -> list[str]:
        content = deepcopy(STUDY) | {"latency": latency}
        content["search"]["objectives"] = objectives
        of = check(content)
        return [request.phase for request in search.study_so_far(of, folder).timings]

    assert phases(["top1", "macs"]) == []
    assert phases(["top1", "inference_ms"], batch_size=16) == ["inference"]
    assert phases(TWO, phases=["training", "inference"]) == ["training", "inference"]


def test_a_record_lies_in_the_space_only_if_it_would_be_made_again(folder: ResultsFolder) -> None:
    of = study()
    ((trial, _),) = search.suggest(of, [], 1)
    wider = trial.variant.model_copy(update={"width": 0.75})
    longer = trial.recipe.model_copy(update={"epochs": 2})
    smoothed = trial.recipe.model_copy(update={"label_smoothing": 0.2})
    for changes in ({"variant": wider}, {"recipe": longer}, {"recipe": smoothed}, {"seed": 1}):
        folder.training.append(train_record(trial.model_copy(update=changes)))
    assert recorded(of, folder) == []
    folder.training.append(train_record(trial))
    assert [one.trial for one in recorded(of, folder)] == [trial]


def test_an_exhausted_space_ends_the_search(folder: ResultsFolder) -> None:
    of = study(space={"depth": [14, 26], "width": {"low": 0.25, "high": 0.75, "step": 0.25}})
    assert len(go_on(of, folder, 6)) == 6
    assert search.suggest(of, recorded(of, folder), 1) == []


def test_what_cannot_be_built_is_asked_for_again(folder: ResultsFolder) -> None:
    """Of depths 13 to 27 only 14 and 26 have a layout of their own."""
    of = study(space={"depth": {"low": 13, "high": 27, "step": 1}, "width": {"low": 0.25, "high": 0.5}})
    assert {trial.variant.depth for trial in go_on(of, folder, 12)} == {14, 26}


def test_constraints_hold_for_suggestions() -> None:
    content = deepcopy(STUDY) | {"constraints": {"max_params": 300_000}}
    for trial, _ in search.suggest(check(content), [], 5):
        assert trial.variant.width < 0.2


LIMIT = 20.0
"""Milliseconds: made-up times are 100 for a width of 1, so that widths up to 0.2 are within it."""


def limited(sampler: str = "tpe", objectives: Sequence[str] = ("top1",), **changes: Any) -> Study:
    content = deepcopy(STUDY) | {"constraints": {"max_inference_ms": LIMIT}}
    content["search"] |= {"sampler": sampler, "objectives": [*objectives]} | changes
    return check(content)


def go_on_within(of: Study, folder: ResultsFolder, until: int, workers: int = 1) -> list[Trial]:
    """As `go_on`, but each network is timed first, and trained only where it is within the limit."""
    suggested: list[Trial] = []
    while len(known := recorded(of, folder)) < until:
        beyond = infeasible(of, folder)
        if is_given_up(len(known), len(beyond)):
            break
        batch = [trial for trial, _ in search.suggest(of, known, min(workers, until - len(known)), beyond)]
        assert batch
        for trial in batch:
            ms = 100 * trial.variant.width
            folder.latency.append(latency_record(trial.variant, phase="inference", median_ms=ms))
            if ms <= LIMIT:
                folder.training.append(train_record(trial, top1=hill(trial)))
        suggested += batch
    return suggested


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
@pytest.mark.parametrize("objectives", [("top1",), ("top1", "inference_ms")])
def test_a_search_within_a_time_goes_on_from_its_records_as_if_it_had_not_been_stopped(
    sampler: str, objectives: Sequence[str], tmp_path: Path
) -> None:
    of = limited(sampler, objectives)
    whole = go_on_within(of, results_folder(tmp_path / "a"), 15)
    parts = results_folder(tmp_path / "b")
    resumed = [trial for until in (2, 3, 9, 15) for trial in go_on_within(of, parts, until)]
    assert [trial.id for trial in resumed] == [trial.id for trial in whole]
    known = recorded(of, parts)
    assert len(known) == 15
    assert all(trained.violations["max_inference_ms"] <= 0 for trained in known)
    beyond = infeasible(of, parts)
    assert {network.left_out.variant for network in beyond} == {
        trial.variant for trial in whole if 100 * trial.variant.width > LIMIT
    }
    assert len(whole) == len(known) + len(beyond)


def test_gaussian_processes_take_violations_too(folder: ResultsFolder) -> None:
    pytest.importorskip("torch")
    of = limited("gp", trials=12)
    go_on_within(of, folder, 8)
    assert len(recorded(of, folder)) == 8


def test_violations_steer_the_sampler(tmp_path: Path) -> None:
    """Of widths up to 0.5, a third is within the limit: TPE learns it, chance does not."""
    misses = {}
    for sampler in ("tpe", "random"):
        misses[sampler] = 0
        for seed in range(3):
            of, folder = limited(sampler, seed=seed), results_folder(tmp_path / f"{sampler}{seed}")
            go_on_within(of, folder, 16)
            misses[sampler] += len(infeasible(of, folder))
    assert misses["tpe"] < 0.7 * misses["random"]


def test_a_network_that_is_beyond_a_limit_is_not_suggested_again(folder: ResultsFolder) -> None:
    of = limited(space=STUDY["search"]["space"] | {"depth": [14], "width": [0.125, 0.5]})
    trials = go_on_within(of, folder, 12)
    assert sum(trial.variant.width == 0.5 for trial in trials) == 1
    assert len(recorded(of, folder)) == 12


def test_several_workers_get_networks_that_are_not_known_to_be_too_slow(folder: ResultsFolder) -> None:
    of = limited()
    trials = go_on_within(of, folder, 12, workers=3)
    assert len(recorded(of, folder)) == 12
    known = recorded(of, folder)
    beyond = infeasible(of, folder)
    batch = [trial.id for trial, _ in search.suggest(of, known, 3, beyond)]
    assert batch == [trial.id for trial, _ in search.suggest(of, known, 3, beyond)]
    assert not {trial.id for trial in trials} & set(batch)


def test_a_search_that_nothing_is_within_ends_and_says_how_near_it_was(folder: ResultsFolder) -> None:
    of = limited(space=STUDY["search"]["space"] | {"width": {"low": 0.3, "high": 0.5}}, trials=5)
    assert len(go_on_within(of, folder, 5)) == WASTED
    so_far = search.study_so_far(of, folder)
    assert (so_far.trials, so_far.suggested, len(so_far.left_out)) == ((), (), WASTED)
    assert "% beyond constraints.max_inference_ms" in (leaves_nothing(so_far) or "")


def test_a_network_that_could_not_be_timed_is_infeasible_too(folder: ResultsFolder) -> None:
    of = limited()
    ((trial, _),) = search.suggest(of, [], 1)
    folder.latency.append(latency_record(trial.variant, phase="inference", failure="crash"))
    assert infeasible(of, folder) == []
    assert search.suggest(of, [], 1)[0][0] == trial
    folder.latency.append(latency_record(trial.variant, phase="inference", failure="error"))
    (network,) = infeasible(of, folder)
    assert network.left_out.violations == {}
    assert search.suggest(of, [], 1, [network])[0][0].variant != trial.variant


def test_what_was_trained_and_is_too_slow_here_stays_with_its_violation(folder: ResultsFolder) -> None:
    of = limited()
    ((trial, _),) = search.suggest(of, [], 1)
    folder.training.append(train_record(trial))
    assert [one.values for one in recorded(of, folder)] == [None]  # it waits for its timing
    folder.latency.append(latency_record(trial.variant, phase="inference", median_ms=30.0))
    (known,), (beyond,) = recorded(of, folder), infeasible(of, folder)
    assert (known.values, known.violations) == ((0.5,), {"max_inference_ms": 0.5})
    assert beyond.left_out.variant == trial.variant  # no other trial of it is suggested


def test_other_trials_of_a_trained_network_that_is_too_slow_here_are_not_suggested(folder: ResultsFolder) -> None:
    of = limited(space=STUDY["search"]["space"] | {"depth": [14], "width": [0.125, 0.5]})
    wide = next(trial for trial, _ in search.suggest(of, [], 8) if trial.variant.width == 0.5)
    folder.training.append(train_record(wide))
    folder.latency.append(latency_record(wide.variant, phase="inference", median_ms=50.0))
    for trial, _ in search.suggest(of, recorded(of, folder), 6, infeasible(of, folder)):
        assert trial.variant.width == 0.125


def test_networks_outside_the_space_are_nobody_s_violation(folder: ResultsFolder) -> None:
    of = limited()
    ((trial, _),) = search.suggest(of, [], 1)
    for changes in ({"width": 0.75}, {"resolution": 16}, {"depth": 50}):
        variant = trial.variant.model_copy(update=changes)
        folder.latency.append(latency_record(variant, phase="inference", median_ms=99.0))
    assert infeasible(of, folder) == []


def test_a_storage_shows_infeasible_networks_as_pruned(tmp_path: Path, folder: ResultsFolder) -> None:
    url = f"sqlite:///{tmp_path}/optuna.db"
    of = limited(storage=url)
    go_on_within(of, folder, 4)
    known = recorded(of, folder)
    beyond = infeasible(of, folder)
    assert beyond
    for _ in range(2):
        search.mirror(of, known, beyond)
    ((trials, _),) = stored(url)
    pruned = [trial for trial in trials if trial.state is TrialState.PRUNED]
    assert [set(trial.params) for trial in pruned] == [{"depth", "width"}] * len(beyond)
    assert all(trial.constraints["max_inference_ms"] > 0 for trial in pruned)
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    assert len(complete) == 4
    assert all(trial.constraints["max_inference_ms"] <= 0 for trial in complete)


def test_a_space_where_nothing_can_be_built_says_why() -> None:
    of = study(space={"depth": [13, 15], "width": {"low": 0.25, "high": 0.5}})
    with pytest.raises(StudyError, match=r"search\.space\.depth: depth 1[35] has no block layout"):
        search.suggest(of, [], 1)


def test_steps_and_whole_numbers_are_kept(folder: ResultsFolder) -> None:
    space = {
        "depth": [14],
        "width": {"low": 0.1, "high": 0.45, "step": 0.1},
        "resolution": {"low": 8, "high": 15, "step": 3},
        "epochs": {"low": 1, "high": 64, "log": True},
        "nesterov": [True, False],
        "stem": ["small"],
    }
    of = check(deepcopy(STUDY) | {"across": {"seed": 3}, "search": {"trials": 20, "space": space}})
    trials = go_on(of, folder, 20)
    assert {trial.variant.width for trial in trials} == {0.1, 0.2, 0.3, 0.4}
    assert {trial.variant.resolution for trial in trials} == {8, 11, 14}
    assert {trial.recipe.nesterov for trial in trials} == {True, False}
    assert {type(trial.recipe.epochs) for trial in trials} == {int}
    assert {trial.seed for trial in trials} == {3}


def test_suggestions_are_trials_like_a_grid_s(folder: ResultsFolder) -> None:
    """Through the study's rules and recipe, so that the same question has the same id, however it was come by."""
    so_far = search.study_so_far(study(), folder)
    (trial,) = so_far.trials
    assert so_far.suggested == (trial,)
    content = {key: value for key, value in STUDY.items() if key != "search"}
    axes = {"depth": trial.variant.depth, "width": trial.variant.width, "learning_rate": trial.recipe.learning_rate}
    assert check(content | {"grid": [axes]}).trials == (trial,)
    origins = {field: str(origin) for field, _, origin in studies.provenance(so_far, trial.id)}
    assert origins["learning_rate"] == "study file search.space.learning_rate"
    assert origins["epochs"] == "study file across.epochs"
    assert origins["weight_decay"].startswith("rule paper_regularization")


def stored(url: str) -> list[tuple[list[optuna.trial.FrozenTrial], list[str] | None]]:
    """Of each study of a storage its trials, and the names of what it searches for."""
    with search.opened(url) as storage:
        names = optuna.get_all_study_names(storage)
        shown = [optuna.load_study(study_name=name, storage=storage) for name in names]
        return [(each.trials, each.metric_names) for each in shown]


def test_a_storage_is_kept_in_step_without_duplicates(folder: ResultsFolder, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'optuna.db'}"
    of = study(objectives=TWO, storage=url)
    ((failing, _),) = search.suggest(of, [], 1)
    folder.training.append(train_record(failing, failure="nan"))
    for until in (1, 3, 5, 5):
        go_on(of, folder, until)
        search.mirror(of, recorded(of, folder))
    ((trials, names),) = stored(url)
    assert [trial.state for trial in trials] == [TrialState.FAIL, *[TrialState.COMPLETE] * 4]
    assert names == TWO
    known = recorded(of, folder)
    assert [trial.user_attrs["trial_id"] for trial in trials] == [one.trial.id for one in known]
    assert [trial.values and tuple(trial.values) for trial in trials] == [one.values for one in known]
    assert [trial.params for trial in trials] == [one.parameters for one in known]
    folder.training.append(train_record(failing, top1=0.5))
    folder.latency.append(latency_record(failing.variant))
    search.mirror(of, recorded(of, folder))
    assert stored(url)[0][0][-1].state is TrialState.COMPLETE
    other = study(objectives=TWO, storage=url, space={"depth": [14], "width": {"low": 0.1, "high": 0.2}})
    search.mirror(other, [])
    assert len(stored(url)) == 2


def test_suggestions_do_not_depend_on_a_storage(folder: ResultsFolder, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'optuna.db'}"
    go_on(study(), folder, 6)
    with_storage, without = study(storage=url), study()
    search.mirror(with_storage, recorded(with_storage, folder)[:3])
    ((one, _),) = search.suggest(with_storage, recorded(with_storage, folder), 1)
    ((other, _),) = search.suggest(without, recorded(without, folder), 1)
    assert one == other


def test_a_storage_that_cannot_be_used_is_a_message() -> None:
    with pytest.raises(StudyError, match=r"search\.storage: "):
        search.mirror(study(storage="sqlite:////nowhere/at/all/optuna.db"), [])


def test_a_storage_is_not_written_into_the_results(tmp_path: Path) -> None:
    text = study(storage="mysql://user:secret@host/optuna").to_yaml()
    assert "secret" not in text
    (tmp_path / "study.yaml").write_text(text)
    assert studies.load(str(tmp_path / "study.yaml")).axes == study().axes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sampler": "tpee"}, "search.sampler: 'tpee' is not a choice; did you mean 'tpe'?"),
        ({"trials": 0}, "search.trials: "),
        ({"objectives": ["top1", "top1"]}, "search.objectives: top1 twice"),
        ({"objectives": ["top1", "macs", "params"]}, "search.objectives: "),
        ({"objectives": ["top6"]}, "search.objectives[0]: 'top6' is not a choice; did you mean 'top1'?"),
        ({"spce": {}}, "search.spce: unknown field; did you mean 'space'?"),
        ({"space": {}}, "search.space: "),
        ({"space": {"dpth": [14]}}, "search.space.dpth: not an axis that can be searched; did you mean 'depth'?"),
        ({"space": {"depth": 14}}, "search.space.depth: a range {low: .., high: ..} or a list of choices, not 14"),
        ({"space": {"depth": [14, 14]}}, "search.space.depth[1]: 14 twice"),
        ({"space": {"depth": [14, "26"]}}, "search.space.depth[1]: '26' is text; write a number without quotes"),
        ({"space": {"depth": [[14]]}}, "search.space.depth[0]: a text or a number, not [14]"),
        ({"space": {"depth": {"low": 14}}}, "search.space.depth.high: required, and not given"),
        ({"space": {"depth": {"low": 14, "hihg": 20}}}, "search.space.depth.hihg: unknown field; did you mean 'high'?"),
        ({"space": {"depth": {"low": 20, "high": 14}}}, "search.space.depth: low 20 must be less than high 14"),
        ({"space": {"depth": [14], "width": {"low": 0, "high": 1}}}, "search.space.width.low: "),
        ({"space": {"depth": [14], "width": {"low": -1, "high": 1, "log": True}}}, "search.space.width: log asks for"),
        ({"space": {"depth": [14], "width": {"low": 1, "high": 2, "log": True, "step": 1}}}, "log asks for"),
        ({"space": {"depth": [14], "batch_size": {"low": 8, "high": 16.5}}}, "space.batch_size.high: 16.5 is no"),
        ({"space": {"depth": [14], "schedule": {"low": 1, "high": 2}}}, "search.space.schedule: has no numbers"),
        ({"space": {"depth": [14], "resolution": [8, 16]}}, "search.space.resolution: also set in across; keep one"),
        ({"space": {"width": [0.25]}}, "search.space.depth: required, here or in across, and not given"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        study(**changes)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"across": {"resolution": 8, "epochs": 1, "seed": [0, 1]}}, "across.seed: a search takes one value here"),
        ({"recipe": {"learning_rate": 0.1}}, "recipe.learning_rate: also an axis"),
        ({"grid": [{"depth": 14}]}, "grid and search: a study has exactly one of grid, scale, search"),
        ({"slices": {"macs": [1e6]}}, "slices: for a grid or scale"),
    ],
)
def test_a_search_does_not_go_with_everything(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as error:
        check(deepcopy(STUDY) | changes)
    assert message in str(error.value)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(odd_studies([STUDY, STUDY | {"search": STUDY["search"] | {"sampler": "nsga2", "objectives": TWO}}]))
def test_an_odd_search_gives_a_trial_or_a_message(content: dict[str, Any]) -> None:
    suggested = []
    with contextlib.suppress(StudyError):
        of = check(content)
        suggested = search.suggest(of, [], 2) if of.file.search else []
    assert len(suggested) == len({trial.id for trial, _ in suggested})


def test_a_value_set_on_the_command_line_is_no_longer_searched(tmp_path: Path) -> None:
    path = tmp_path / "looking.yaml"
    path.write_text(study().to_yaml())
    of = studies.load(str(path), ["recipe.learning_rate=0.05", "search.trials=3"])
    assert set(of.axes) == {"depth", "width"}
    assert of.file.search is not None
    assert of.file.search.trials == 3


def test_gp_suggests_or_says_what_it_needs(folder: ResultsFolder) -> None:
    of = study(sampler="gp", trials=6)
    try:
        import torch  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        with pytest.raises(StudyError, match="gp needs PyTorch"):
            search.suggest(of, [], 1)
    else:
        assert len(go_on(of, folder, 6)) == 6
