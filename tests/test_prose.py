"""Numbers and names in prose come from records and from the code, and drift from neither."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from typer.testing import CliRunner

from benchmarks import decide, scale
from benchmarks.made_up import write_long_records
from benchmarks.results import Results
from benchmarks.rows import Row
from scaling.analysis import uncertainty
from scaling.analysis.claims.replay import replay
from scaling.analysis.decide import next_runs, recommend, resolvable, stopping, surface
from scaling.analysis.decide.statements import MOST_SEEDS
from scaling.analysis.depth_width.regimes import regimes
from scaling.analysis.laws.fits import fit_all
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import Estimate
from scaling.cli.app import app
from scaling.datasets import dataset_info
from scaling.generator.sizes import size
from scaling.launch import RunOptions, keeping, until
from scaling.launch.engines.actor import NEWS_SECONDS
from scaling.published import load
from scaling.published.claims import claims
from scaling.reports.conclusion import conclude
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.runner.compute.precision import LEAST_MACS
from scaling.runner.jobs import INTERRUPTION_SECONDS
from scaling.schema import LatencyPlan, Variant

ROOT = Path(__file__).parents[1]
README = " ".join((ROOT / "README.md").read_text().split())
REFERENCE = ROOT / "results" / "reference"
DOCUMENTS = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
]


def points(of: Estimate) -> str:
    """As README writes an advantage: points, then the interval."""
    return f"{100 * of.value:.1f} points (90%: {100 * of.low:.1f} to {100 * of.high:.1f})"


def test_the_first_pictures_numbers_are_those_of_the_shipped_run() -> None:
    told = regimes(collapse_seeds(load_results(REFERENCE / "depth_vs_width_hour")))
    short, long = told.regimes
    best = (
        load_results(REFERENCE / "depth_vs_width_hour").groupby(["depth", "width", "epochs"])["test_top1"].mean().max()
    )
    assert f"the best of them reaches {100 * best:.1f}% of the test images" in README
    assert (
        f"is {points(short.advantage)} after {short.epochs} epoch and {points(long.advantage)} after 6 epochs" in README
    )
    assert f"the lead changes by {points(told.shift)}" in README
    assert {short.verdict, long.verdict, told.towards} == {"undecided"}


def test_the_answer_shown_is_that_of_the_shipped_run() -> None:
    """Word for word; numbers that are drawn may differ a little from one machine to another."""
    (block,) = re.findall(r"```\n(depth_vs_width: .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    said = " ".join(block.split())
    answer = conclude(ResultsFolder(REFERENCE / "depth_vs_width")).answer
    told = f"depth_vs_width: {answer.question} {answer.words} (figure: {answer.figure})"
    assert NUMBER.sub("#", said) == NUMBER.sub("#", told)
    assert [float(number) for number in NUMBER.findall(said)] == pytest.approx(
        [float(number) for number in NUMBER.findall(told)], rel=0.05, abs=0.2
    )


def test_the_published_numbers_are_those_of_the_tables() -> None:
    (laws,) = [laws for _, laws in fit_all(load("fig2"), "macs").laws]
    assert laws.broken is not None
    assert f"no single power law (p = {laws.broken.p_value:.2g})" in README
    assert not laws.broken.told_apart
    (elsewhere,) = replay(stated=claims("training_speed_elsewhere"))
    assert elsewhere.estimate is not None
    assert f"{elsewhere.estimate.value:.1f}x is left on an RTX 3090" in README


def test_what_was_seen_on_a_gpu_is_what_was_recorded() -> None:
    seen = json.loads((ROOT / "benchmarks" / "gpu_check.json").read_text())
    text = " ".join((ROOT / "docs" / "devices.md").read_text().split())
    networks = seen["resnet_rs_50"], seen["efficientnet_b0"]
    prices = [median(of["step_ms"]["deterministic"]) / median(of["step_ms"]["free"]) - 1 for of in networks]
    assert (
        f"cost {prices[0]:.1%} of a training step of ResNet-RS-50@160 and {prices[1]:.1%} of EfficientNet-B0's" in text
    )
    assert max(prices) < 0.05
    firsts = [f"{of['about'][f'{mode}/0']['first_step']:.0f}" for of in networks for mode in ("deterministic", "free")]
    assert "({} s instead of {}, and {} instead of {})".format(*firsts) in text
    assert all(of["repeats_bits"] == {"deterministic": True, "free": False} for of in networks)
    assert seen["resume"]["same_bits"]
    assert seen["memory"]["micro_batch_size"] * 4 == seen["memory"]["batch_size"]
    assert all(of["failed"] == 0 and of["trained"] == 2 for of in seen["precisions"].values())


TABLES_DEVICE = "AMD EPYC, 2 cores"
"""That the tables of benchmarks/README.md and docs/decide.md are of."""


def rows(pattern: str) -> list[Row]:
    """Of what was compared there."""
    return [row for row in Results.read().rows if row.device == TABLES_DEVICE and re.search(pattern, row.name)]


def ratios(pattern: str) -> list[float]:
    return [row.ratio for row in rows(pattern) if row.ratio is not None]


@pytest.mark.parametrize(
    ("start", "pattern", "form"),
    [
        ("| a study of 24 trials | its bare training steps |", "trials: over bare", "{0:.2f} of their time"),
        ("| `make study STUDY=depth_vs_width` after set-up |", "make study", "{0:.2f} of their time"),
        ("| | one process per trial |", "one process per trial", "{0:.1f} times as fast"),
        ("| training step of five laptop", "same layers", "{0:.2f}, {1:.2f}, {2:.2f}, {3:.2f}, {4:.2f} times as fast"),
        ("| small networks: training step |", r"model\.fit: training step", "{min:.2f} to {max:.2f} times as fast"),
        ("| small networks: until the first step is done |", "until the first", "{min:.1f} to {max:.1f} times as fast"),
        ("| ResNet-RS-50@160: training step, inference |", r"against timm: (training|inf)", "{0:.2f}, {1:.2f}"),
        ("| | TensorFlow Model Garden |", "Model Garden: (training step|inf)", "{0:.2f}, {1:.2f}"),
        ("| ResNet-RS-50@160: memory of a step |", "memory of a training step", "{0:.2f} of theirs"),
        ("| JPEGs to batches at 224, RandAugment |", "2 layers.*one core.*bicubic", "{0:.1f} times as fast"),
        ("| plan of the 525-cell grid |", "cells: whole process$", "{0:.2f} s"),
        ("| `scaling --help` |", "scaling --help", "{0:.1f} of their time"),
        ("| `scaling status`, 1,000 records |", "scaling status, 1,000", "{0:.1f} of their time"),
        ("| Pareto front of a million points", "against paretoset", "{0:.2f}, {1:.2f} of its time"),
    ],
)  # fmt: skip
def test_the_table_of_speeds_is_that_of_the_benchmarks(start: str, pattern: str, form: str) -> None:
    (line,) = [line for line in (ROOT / "benchmarks" / "README.md").read_text().splitlines() if line.startswith(start)]
    found = ratios(pattern)
    assert form.format(*found, min=min(found), max=max(found)) in line.replace("**", "")
    assert ("**" in line) == any(row.met is False for row in rows(pattern)), "bold is missed"
    *_, target, _ = line.split("|")
    assert {row.target.split()[1] for row in rows(pattern)} <= set(re.findall(r"[\d.]+", target))


def test_bfloat16_on_processors_is_what_was_measured() -> None:
    """It trains faster where `precision: auto` takes it, and the page says from which size on that is."""
    text = " ".join((ROOT / "docs" / "devices.md").read_text().split())
    ratios_of = [row.ratio for row in rows("in mixed bfloat16") if row.ratio]
    assert ("has not been measured on a processor that multiplies in it" in text) == (not ratios_of)
    if ratios_of:
        step, forward = ratios_of
        assert f"trained {step:.2f} times as fast as in float32, and inference was {forward:.2f} times as fast" in text
        assert step > 1
    assert f"networks of at least {LEAST_MACS / 1e6:,.0f} million multiply-accumulates for an image" in text
    assert size(Variant(depth=50, resolution=160), dataset_info("imagenet")).macs >= LEAST_MACS


def test_accuracies_in_bfloat16_agree_as_the_page_says() -> None:
    text = " ".join((ROOT / "docs" / "devices.md").read_text().split())
    folder = ResultsFolder(REFERENCE / "precision")
    (sentence,) = conclude(folder).answer.statements
    found = sentence.noisy
    ends = f"(90%: {-100 * found.low:.1f} below to {100 * found.high:.1f} above)"
    assert f"is {-100 * found.value:.1f} points below float32 on the validation images {ends}" in text
    test = load_results(REFERENCE / "precision").groupby("precision")["test_top1"].mean()
    assert f"and {100 * (test['mixed_bfloat16'] - test['float32']):.1f} points above it on the test images" in text


SCALE = " ".join((ROOT / "docs" / "scale.md").read_text().split())


def test_the_table_of_scale_md_is_that_of_the_benchmarks() -> None:
    assert scale.table(TABLES_DEVICE) in (ROOT / "docs" / "scale.md").read_text()


def test_the_sizes_in_scale_md_are_those_of_the_code() -> None:
    megabytes = size(Variant(depth=50, resolution=160), dataset_info("imagenet")).params * 12 / 1e6
    minutely = megabytes * scale.WORKERS / 60 / 1e3
    options = RunOptions()
    for said in (
        f"12 bytes for each parameter: {megabytes:.0f} MB for ResNet-RS-50",
        f"`--checkpoint-seconds {options.checkpoint_seconds:g}`, the default) write {minutely:.1f} GB a second",
        f"have {INTERRUPTION_SECONDS:g} seconds for all of it, {3 * minutely:.0f} GB a second",
        f"the folder takes {minutely / 10:.2f} GB a second",
        f"one for each worker, {megabytes:.0f} GB",
        f"ResNet-RS-50 takes {megabytes * 2 / 3:.0f} MB, so that {options.weights_gb:g} GB",
        f"are full with {1000 * options.weights_gb / (megabytes * 2 / 3):.0f} of them",
        f"and {keeping.FEWEST} at least",
        f"timings of up to {LatencyPlan().max_seconds:g} seconds each",
        f"after {NEWS_SECONDS:g} seconds at the latest. So 1,000 workers that only train answer "
        f"{scale.WORKERS / NEWS_SECONDS:.0f} times a second",
    ):
        assert said in SCALE, said
    assert (scale.TRIALS, scale.WORKERS, scale.HOSTS) == (50_000, 1_000, 4)


def test_the_length_of_a_record_in_scale_md_is_that_of_records_that_are_written(tmp_path: Path) -> None:
    write_long_records(tmp_path / "long", 10, scale.EPOCHS)
    kilobytes = (tmp_path / "long" / "records.jsonl").stat().st_size / 10 / 1e3
    assert (
        f"with {scale.EPOCHS} epochs it is {kilobytes:.0f} kB, and 50,000 of them are {kilobytes / 20:.1f} GB" in SCALE
    )


def test_every_path_that_a_document_names_is_there() -> None:
    """Paths in backticks, below the folders of the project."""
    for document in DOCUMENTS:
        for path in re.findall(
            r"`((?:scaling|studies|tests|benchmarks|notebooks|docs)/[\w./{},*-]*)`", document.read_text()
        ):
            for one in braces(path):
                assert list(ROOT.glob(one.rstrip("/"))), f"{document.name} names {path}"


def braces(path: str) -> list[str]:
    """`a/{b,c}.py` as two paths."""
    before, brace, rest = path.partition("{")
    if not brace:
        return [path]
    inside, _, after = rest.partition("}")
    return [before + word + after for word in inside.split(",")]


def names_of(module: Path) -> set[str]:
    """What a module defines or imports at its top, and the members of its classes."""
    names: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
        if isinstance(node, ast.ClassDef):
            members = (member for member in node.body if isinstance(member, ast.FunctionDef | ast.AnnAssign))
            names |= {member.name if isinstance(member, ast.FunctionDef) else member.target.id for member in members}  # type: ignore[union-attr]
    return names


def references() -> Iterator[tuple[Path, str]]:
    """Dotted names of this package in the backticks of its docstrings and comments."""
    for file in (ROOT / "scaling").rglob("*.py"):
        for name in re.findall(r"`(scaling\.[\w.]+)`", file.read_text()):
            yield file, name


def resolves(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module.is_file():
            rest = parts[length:]
            return not rest or rest[0] in names_of(module) | {"load_results"}
    return False


def test_every_name_that_a_docstring_refers_to_is_there() -> None:
    gone = [f"{file.relative_to(ROOT)}: {name}" for file, name in references() if not resolves(name)]
    assert not gone


def test_what_is_called_the_same_is_held_by_a_test() -> None:
    """Every line of docs/fidelity.md that says so names a test, and every test that is named is there."""
    text = (ROOT / "docs" / "fidelity.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
    for line in text.splitlines():
        if line.startswith("|") and " same" in line:
            assert "::test_" in line, line


NUMBER = re.compile(r"\d+(?:\.\d+)?")


def printed(arguments: list[str], monkeypatch: pytest.MonkeyPatch, refused: bool = False) -> str:
    """What a command prints, in one line without what tables are padded with; `refused`: what it says against it."""
    monkeypatch.chdir(ROOT)
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == (2 if refused else 0), ran.output
    return " ".join((ran.stderr if refused else ran.stdout).split())


def sessions() -> Iterator[tuple[str, str]]:
    """Commands of documents that need no training, each with a stretch of lines that it is said to print."""
    text = "".join((ROOT / "docs" / name).read_text() for name in ("decide.md", "first-hour.md"))
    for block in re.findall(r"```console\n\$ scaling (.*?)```", text, re.DOTALL):
        command, _, lines = block.partition("\n")
        for stretch in lines.split("...\n"):
            if stretch.strip():
                yield command, " ".join(stretch.split())


@pytest.mark.parametrize(("command", "stretch"), list(sessions()))
def test_what_a_command_is_said_to_print_it_prints(command: str, stretch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word; numbers that are drawn may differ a little from one machine to another."""
    words = re.escape(NUMBER.sub("#", stretch)).replace("\\#", rf"({NUMBER.pattern})")
    found = re.search(words, printed(shlex.split(command), monkeypatch, refused=stretch.startswith("error: ")))
    assert found, f"scaling {command} does not print: {stretch}"
    said = [float(number) for number in NUMBER.findall(stretch)]
    assert [float(number) for number in found.groups()] == pytest.approx(said, rel=0.05, abs=2)


def test_the_constants_in_decide_md_are_those_of_the_code() -> None:
    text = " ".join((ROOT / "docs" / "decide.md").read_text().split())
    combinations = len(surface.CURVATURES) * len(surface.RESTS) * len(surface.LENGTHS)
    for said in (
        f"{combinations} combinations",
        f"the factor is {surface.UNTESTED:g}",
        f"{recommend.DRAWS:,} draws",
        f"**within {100 * recommend.NEAR:g}**",
        f"{stopping.WIDER:g} times as wide",
        f"with a chance of less than {stopping.HOPELESS:.0%}",
        f"decide in {resolvable.POWER:.0%} of repetitions",
        f"is above {100 * resolvable.TYPICAL:g} points",
        f"{uncertainty.SHORT_TRAINING:g} times as large for short trainings on small data",
        f"{uncertainty.HARDLY_TRAINED:g} times for those that have seen fewer than {uncertainty.FEW_IMAGES:,} images",
        f"was measured on fewer than {uncertainty.FEW_FREEDOM:g} trainings beyond the first",
    ):
        assert said in text
    assert uncertainty.ASSUMED_FREEDOM == 5 - 1  # five seeds of one setting
    assert (next_runs.LEAST_KNOWN, until.BATCH, next_runs.SIZES, MOST_SEEDS) == (4, 4, 8, 100)


def test_readmes_study_can_decide_what_it_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```yaml\n(study: my_study\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    file = tmp_path / "my_study.yaml"
    file.write_text(block)
    said = printed(["plan", str(file), "--results", str(tmp_path)], monkeypatch)
    (line,) = re.findall(r"(It (?:can hardly|has a chance).*?) images: ", said)
    assert line in README


def test_the_table_of_decide_md_is_that_of_the_benchmark() -> None:
    assert decide.table(rows("^decide: ")) in (ROOT / "docs" / "decide.md").read_text()
