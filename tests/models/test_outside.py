"""A family of one's own: read off its text, counted from what it builds, and refused with a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scaling.generator.errors import StudyError
from scaling.generator.study import check as check_study
from scaling.models import Complexity, check, cost, describe, family_of, outside
from scaling.models.counting import Counter
from scaling.models.family import Head
from scaling.models.names import parse
from scaling.schema import Variant

NET = """
from keras import Input, Model, layers

def net(depth: int, width, resolution, channels, classes, *, kernel=3, pad="same", dropout=0.0):
    images = Input((resolution, resolution, channels))
    x = images
    for _ in range(depth):
        x = layers.Conv2D(round(8 * width), kernel, padding=pad)(x)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
    return Model(images, layers.Dense(classes)(x))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules are looked for there, counts kept there, and nothing of another test is remembered."""
    monkeypatch.setenv(outside.PATH, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    outside.family.cache_clear()
    return tmp_path


def study(**changes: Any) -> dict[str, Any]:
    content = {
        "study": "own",
        "question": "?",
        "dataset": {"name": "synthetic"},
        "family": "nets:net",
        "grid": [{"depth": [1, 2], "resolution": 8, "kernel": [3, 5]}],
        "recipe": {"epochs": 1},
    }
    return content | changes


def test_options_digest_and_depth_are_read_off_the_text_and_nothing_runs(folder: Path) -> None:
    (folder / "nets.py").write_text("raise SystemExit('it ran')\n" + NET)
    family = family_of("nets:net")
    assert {name: option.default for name, option in family.options.items()} == {"kernel": 3, "pad": "same"}
    assert family.takes == {"dropout"}
    assert family.title == "net"
    trials = check_study(study()).trials
    assert [trial.variant.options for trial in trials] == [(), (("kernel", 5),)] * 2
    assert {trial.variant.code for trial in trials} == {family.code}
    assert trials[0].id.startswith("net1-w1-r8-e1-s0-")
    grown = family.deepened(trials[0].variant, 2.6)
    assert grown == {"depth": 3.0}


def test_an_edited_module_is_another_network(folder: Path) -> None:
    (folder / "nets.py").write_text(NET)
    before = [trial.id for trial in check_study(study()).trials]
    outside.family.cache_clear()
    (folder / "nets.py").write_text(NET.replace("8 * width", "9 * width"))
    after = [trial.id for trial in check_study(study()).trials]
    assert not set(before) & set(after)


def test_a_package_is_one_code(folder: Path) -> None:
    (folder / "mine" / "deep").mkdir(parents=True)
    (folder / "mine" / "__init__.py").write_text("raise SystemExit('it ran')")
    (folder / "mine" / "deep" / "nets.py").write_text(NET)
    (folder / "mine" / "blocks.py").write_text("")
    first = outside.read("mine.deep.nets:net")
    (folder / "mine" / "blocks.py").write_text("KERNEL = 3")
    assert outside.read("mine.deep.nets:net").code != first.code
    assert first.module == "mine.deep.nets"


def test_an_entry_point_names_it_without_a_module(folder: Path) -> None:
    (folder / "nets.py").write_text(NET)
    dist = folder / "nets-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: nets\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text("[scaling.families]\nmynet = nets:net\n")
    sys.path.insert(0, str(folder))
    try:
        assert family_of("mynet").code == outside.read("nets:net").code
        assert check_study(study(family="mynet")).trials[0].variant.family == "mynet"
    finally:
        sys.path.remove(str(folder))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (NET, "nets:nett", "defines no function nett; those it defines: net"),
        (NET, "netz:net", "there is no module netz in "),
        (NET, "nets.deep:net", "there is no Python file of module nets.deep"),
        ("def net(:", "nets:net", "nets.py cannot be read: invalid syntax"),
        (
            "def net(depth, width): pass",
            "nets:net",
            "net takes no resolution, channels, classes; it is called with depth",
        ),
        (NET.replace("kernel=3", "kernel"), "nets:net", "kernel of net needs a default that is a number"),
        (NET.replace("kernel=3", "kernel=(3, 3)"), "nets:net", "kernel of net needs a default that is a number"),
        (NET.replace("net(depth: int,", "net(depth: int, /,"), "nets:net", "parameter depth cannot be given by name"),
    ],
)
def test_a_function_that_cannot_be_used_is_a_sentence(folder: Path, text: str, name: str, message: str) -> None:
    (folder / "nets.py").write_text(text)
    with pytest.raises(StudyError) as error:
        check_study(study(family=name))
    (problem,) = error.value.problems
    assert problem.startswith(f"family: family {name!r}")
    assert message in problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid": [{"depth": 1, "resolution": 8, "kernal": 3}]}, "grid[0].kernal: unknown axis; did you mean 'kernel'"),
        ({"grid": [{"depth": 1, "resolution": 8, "kernel": "3"}]}, "grid[0].kernel: '3' is no int"),
        ({"grid": [{"depth": 1.5, "resolution": 8}]}, "grid[0].depth: depth 1.5 is no whole number"),
        ({"recipe": {"epochs": 1, "stochastic_depth": 0.1}}, "recipe.stochastic_depth: family nets:net takes no stoch"),
        (
            {"grid": [{"family": ["vit", "nets:nat"], "depth": 1, "resolution": 16}]},
            "grid[0].family: family 'nets:nat'",
        ),
        ({"family": "vitt"}, "family: family 'vitt' is not known; did you mean 'vit'?"),
    ],
)
def test_a_study_of_it_is_checked_like_any_other(folder: Path, changes: dict[str, Any], message: str) -> None:
    (folder / "nets.py").write_text(NET)
    with pytest.raises(StudyError) as error:
        check_study(study(**changes))
    assert any(problem.startswith(message) for problem in error.value.problems), error.value.problems


def test_families_stand_side_by_side_on_an_axis(folder: Path) -> None:
    (folder / "nets.py").write_text(NET)
    grid = [{"family": ["resnet", "nets:net"], "depth": 10, "resolution": 32}]
    assert [trial.variant.family for trial in check_study(study(grid=grid)).trials] == ["resnet", "nets:net"]


def test_it_has_no_layers_as_data_and_no_name_that_people_type(folder: Path) -> None:
    (folder / "nets.py").write_text(NET)
    with pytest.raises(ValueError, match="family 'nets:net' has no layers as data"):
        describe(family_of("nets:net").variant({"depth": 1, "resolution": 8}), channels=3, classes=10)
    with pytest.raises(ValueError, match="names no model"):
        parse("nets:net_1@8")


@pytest.mark.slow
def test_it_is_counted_once_in_another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "nets.py").write_text("print('noise on standard output')\n" + NET)
    variant = family_of("nets:net").variant({"depth": 2, "width": 0.5, "resolution": 8})
    counted = cost(variant, channels=3, classes=10)
    first, second, last = 9 * 3 * 4, 9 * 4 * 4, 4 * 10
    assert counted.params == first + 4 + second + 4 + last + 10
    assert counted.macs == 64 * (first + second) + last
    assert counted.activations == 2 * 64 * 4 + 10
    monkeypatch.setattr(subprocess, "Popen", None)
    assert Counter().count(variant, Head(3, 10)) == counted
    assert "nets" not in sys.modules


FAULTY = """
import os
from keras import Input, Model, layers

def net(depth: int, width, resolution, channels, classes, *, fault="none"):
    side = 9 if fault == "input" else resolution
    images = Input((side, side, channels))
    if fault == "fails":
        1 / 0
    if fault == "dies":
        os._exit(3)
    x = layers.GlobalAveragePooling2D()(images)
    return x if fault == "no model" else Model(images, layers.Dense(7 if fault == "output" else classes)(x))
"""
FAULTS = {
    "no model": "returned a KerasTensor, not a keras.Model",
    "output": "output has shape (None, 7), and should have (None, 10)",
    "input": "input has shape (None, 9, 9, 3), and should have (None, 8, 8, 3)",
    "fails": "ZeroDivisionError",
    "dies": "the process that builds it has died",
}


@pytest.mark.slow
def test_a_function_that_builds_no_such_network_is_a_sentence(folder: Path) -> None:
    """All in the process of one family; the last ends it."""
    (folder / "nets.py").write_text(FAULTY)
    for fault, message in FAULTS.items():
        variant = family_of("nets:net").variant({"depth": 1, "resolution": 8, "fault": fault})
        with pytest.raises(ValueError, match="family") as error:
            cost(variant, channels=3, classes=10)
        assert message in str(error.value), fault


@pytest.mark.slow
def test_a_module_that_cannot_be_imported_is_a_sentence(folder: Path) -> None:
    (folder / "nets.py").write_text("import not_there\n" + NET)
    with pytest.raises(ValueError, match=r"family.*cannot be imported here: ModuleNotFoundError"):
        cost(family_of("nets:net").variant({"depth": 1, "resolution": 8}), channels=3, classes=10)


COUNT = """
def net_cost(depth, width, resolution, channels, classes, kernel=3):
    return {"params": depth * kernel, "macs": resolution, "activations": classes}
"""


def test_a_family_that_counts_itself_is_asked_and_its_network_is_not_built(folder: Path) -> None:
    (folder / "nets.py").write_text("def net(" + NET.partition("def net(")[2] + COUNT)
    variant = family_of("nets:net").variant({"depth": 2, "resolution": 8, "kernel": 5})
    assert cost(variant, channels=3, classes=10) == Complexity(params=10, macs=8, activations=10)


def test_a_count_that_is_no_three_whole_numbers_is_a_sentence(folder: Path) -> None:
    """One process, which counts by the depth."""
    answers = "7", "{'params': 1, 'macs': 2}", "{'params': 1, 'macs': 2.5, 'activations': 3}"
    by_depth = ", ".join(f"{depth}: {answer}" for depth, answer in enumerate(answers, start=1))
    (folder / "nets.py").write_text(NET + f"def net_cost(**sizes):\n    return {{{by_depth}}}[sizes['depth']]\n")
    for depth in (1, 2, 3):
        variant = family_of("nets:net").variant({"depth": depth, "resolution": 8})
        with pytest.raises(ValueError, match=r"net_cost returned .*should return .*: activations, macs, params"):
            cost(variant, channels=3, classes=10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["resnet_rs_26x0.25@64", "efficientnet_0.5x0.5@64", "resnet_18x0.25@64", "convnext_5x0.25@64", "vit_2x0.25@64"],
)
def test_counting_from_the_graph_is_counting_from_the_layers(name: str) -> None:
    from scaling.models.build import build
    from scaling.models.counting import counted

    variant = parse(name)
    model = build(variant, classes=10, mean=(0.5,) * 3, std=(0.25,) * 3)
    assert counted(model) == cost(variant, channels=3, classes=10)


@pytest.mark.slow
def test_it_trains_from_its_seed_and_is_refused_once_its_code_has_changed(folder: Path) -> None:
    import numpy as np

    from scaling.models.build import build, initial_values

    module = NET.replace("def net", "def trained_net")
    (folder / "trained_nets.py").write_text(module)
    variant = family_of("trained_nets:trained_net").variant({"depth": 2, "resolution": 8})

    def made(of: Variant = variant) -> Any:
        return build(of, classes=10, mean=(0.5,) * 3, std=(0.25,) * 3, dropout=0.2)

    model = made()
    one, again, other = (list(initial_values(model, seed).values()) for seed in (1, 1, 2))
    assert len(one) == len(model.variables)
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
    assert np.std(one[0]) > 0.01
    check(variant)
    (folder / "trained_nets.py").write_text(module + "\n# changed")
    with pytest.raises(ValueError, match="its code has changed since the study was read"):
        made()


def test_a_trial_whose_code_is_not_here_is_a_record_of_a_failure(folder: Path) -> None:
    from scaling.runner.recording import train_record
    from scaling.schema import Failure
    from tests.builders import environment, trial

    variant = Variant(family="not_here:net", depth=1, resolution=8, code="0123456789ab")
    failure = Failure(kind="error", message="family 'not_here:net' cannot be imported here")
    record = train_record(trial().model_copy(update={"variant": variant}), environment(), "log", failure=failure)
    assert (record.params, record.failure) == (None, failure)


@pytest.mark.parametrize("family", [["resnet"], 5, {"a": 1}, ""])
def test_a_family_that_is_no_name_is_a_sentence(family: Any) -> None:
    base = {"family": family, "depth": 18, "resolution": 64}
    scale = {"base": base, "strategy": "depth", "targets": {"macs_factor": [2]}}
    content = {key: value for key, value in study(family="resnet", scale=scale).items() if key != "grid"}
    with pytest.raises(StudyError, match="family"):
        check_study(content)


@pytest.mark.parametrize("name", ["nets:", ":net", ".nets:net", "../nets:net", "a b:c", "{'low': 1}"])
def test_what_is_no_module_and_function_is_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="one's own is written module:function"):
        family_of(name)


def test_a_record_of_it_imports_nothing(folder: Path) -> None:
    """Records and studies of somebody else: a name in them runs no code, whatever is done with them."""
    evil = Variant(family="evil:net", depth=1, resolution=8, code="0123456789ab")
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w').close()\n" + NET)
    program = f"""
import sys; sys.path.insert(0, {str(folder)!r})
import scaling
from tests.builders import results_folder, train_record, trial
from scaling.schema import Variant, Trial
from pathlib import Path
sizes = [(depth, width) for depth in (1, 2, 3) for width in (1, 2)]
variants = [Variant(family="evil:net", depth=d, width=w, resolution=8, code={evil.code!r}) for d, w in sizes]
trials = [trial(seed=seed).model_copy(update={{"variant": variant}}) for variant in variants for seed in (0, 1)]
records = [train_record(one, top1=0.5 + 0.01 * number) for number, one in enumerate(trials)]
folder = results_folder(Path({str(folder)!r}) / "results" / "study", records)
from typer.testing import CliRunner
from scaling.cli.app import app
for command in (["status"], ["plot"], ["fit"], ["compare", "--by", "depth"], ["claims"]):
    ran = CliRunner().invoke(app, [command[0], str(folder.path.parent), *command[1:]])
    assert ran.exit_code in (0, 2), (command, ran.output, ran.exception)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "ran").exists()
    assert list((folder / "results" / "study" / "figures").glob("accuracy_vs_macs.png"))
