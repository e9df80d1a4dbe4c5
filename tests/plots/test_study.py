from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scaling.analysis.depth_width.tradeoff import tradeoffs
from scaling.analysis.settings import collapse_seeds
from scaling.plots import Skipped, draw, draw_study, study_figures
from scaling.plots.figures.accuracy_vs_cost import COSTS, MEASURED
from scaling.plots.kit import layout as sheet
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import FAILED_LABEL, draw_tradeoff
from scaling.plots.kit.axes import log_ticks
from scaling.plots.kit.bars import Z90
from scaling.plots.kit.captions import about_cost, about_failures, small_print
from scaling.plots.kit.labels import Names
from scaling.plots.study import FIGURES
from scaling.results.columns import METRICS
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record, trial

VARIANTS: list[dict[str, Any]] = [{"depth": depth, "width": 0.25} for depth in (14, 26, 50)]
VARIANTS += [{"depth": 14, "width": width} for width in (0.375, 0.5)]
FAMILIES: list[dict[str, Any]] = [{"depth": 14}, {"depth": 26}, {"family": "efficientnet", "depth": 1.0, "width": 1.0}]


def folder_of(
    path: Path, variants: list[dict[str, Any]], failed: tuple[int, ...] = (), timed: bool = True, **study: Any
) -> ResultsFolder:
    """Two seeds each, 50% + 4 points a variant, 2 points between seeds; `failed` counts trials."""
    trials = [(i, trial(seed=seed, **of)) for i, of in enumerate(variants) for seed in (0, 1)]
    training = [
        train_record(of, top1=min(1.0, 0.5 + 0.04 * i + 0.02 * of.seed), failure="oom" if number in failed else None)
        for number, (i, of) in enumerate(trials)
    ]
    unique = {of.variant: 10.0 * (1 + i) for i, of in trials}
    timings = [
        latency_record(variant, median_ms=ms, phase=phase)
        for variant, ms in unique.items()
        for phase in ("training", "inference")
    ]
    return results_folder(path / "made_up", training, timings if timed else [], **study)


def panel(folder: ResultsFolder, cost: str = "training_ms") -> Axes:
    (tradeoff,) = tradeoffs(collapse_seeds(load_results(folder.path)), cost)
    axes = Figure().subplots()
    return draw_tradeoff(tradeoff, axes)


def lines(axes: Axes) -> dict[str, tuple[list[float], list[float]]]:
    return {
        str(line.get_label()): (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist())
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.texts)


def test_arms_are_lines_from_the_base(tmp_path: Path) -> None:
    drawn = lines(panel(folder_of(tmp_path, VARIANTS)))
    assert drawn["depth scaling"] == ([10, 20, 30], pytest.approx([51, 55, 59]))
    assert drawn["width scaling"] == ([10, 40, 50], pytest.approx([51, 63, 67]))
    assert drawn["base: depth 14, width 0.25"] == ([10], pytest.approx([51]))
    assert drawn["Pareto front of the means"] == ([10, 20, 30, 40, 50], pytest.approx([51, 55, 59, 63, 67]))


def test_error_bars_are_the_noise_of_the_accuracy_and_the_interval_of_the_latency(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS)
    depth_arm = panel(folder).containers[0]
    horizontal, vertical = (bars.get_segments() for bars in depth_arm.lines[2])
    settings = collapse_seeds(load_results(folder.path))[:3]
    noise = Z90 * 100 * settings["top1_sd"]
    assert [segment[:, 1].tolist() for segment in vertical] == [
        pytest.approx([mean - reach, mean + reach]) for mean, reach in zip((51, 55, 59), noise, strict=True)
    ]
    assert horizontal[0][:, 0].tolist() == pytest.approx([9.8, 10.2])


def test_costs_without_an_interval_have_no_horizontal_bars(tmp_path: Path) -> None:
    depth_arm = panel(folder_of(tmp_path, VARIANTS), "macs").containers[0]
    assert len(depth_arm.lines[2]) == 1


def test_families_have_a_colour_and_a_front_each(tmp_path: Path) -> None:
    axes = panel(folder_of(tmp_path, FAMILIES))
    drawn = lines(axes)
    assert drawn["ResNet-RS"] == ([10, 20], pytest.approx([51, 55]))
    assert drawn["EfficientNet"] == ([30], pytest.approx([59]))
    assert drawn["ResNet-RS front"] == drawn["ResNet-RS"]
    assert len({line.get_color() for line in axes.lines if line.get_label() in ("ResNet-RS", "EfficientNet")}) == 2


def test_failed_trials_are_crosses_at_the_foot(tmp_path: Path) -> None:
    x, y = lines(panel(folder_of(tmp_path, VARIANTS, failed=(2, 3, 4))))[FAILED_LABEL]
    assert x == [20, 30]
    assert max(y) < 0.1


def test_writes_every_figure_in_each_format_with_an_index_and_no_drafts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS)
    (drawn,) = draw([tmp_path, folder.path], ("png", "svg"))
    names = [file.name for file in drawn.files]
    assert names[:8] == [f"{name}.{form}" for name in COSTS.values() for form in ("png", "svg")]
    assert {"regimes.png", "regimes.svg", "fronts.png", "power_law.svg", "seed_spread.png"} < set(names)
    assert names[-1] == "index.md"
    assert sorted(folder.figures.iterdir()) == sorted(drawn.files)
    assert (drawn.trained, drawn.failed, drawn.notes) == (10, 0, ())


def test_the_same_records_give_the_same_bytes_and_nothing_global_changes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS[:2])
    before = mpl.rcParams.copy()
    once = {file: file.read_bytes() for file in draw_study(folder, ("svg",)).files}
    assert {file: file.read_bytes() for file in draw_study(folder, ("svg",)).files} == once
    assert mpl.rcParams == before


def test_small_print_and_title(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    folder = folder_of(tmp_path, VARIANTS, failed=(0,), study="question: Deeper or wider?\n")
    monkeypatch.setattr("scaling.plots.kit.files.save", lambda figure, *_: figures.append(figure) or [])
    drawn = draw_study(folder)
    said = texts(figures[0]).replace("\n", " ")
    assert said.startswith("How does accuracy rise with time per training step?")
    for part in ("mean over 1 to 2 seeds", "1,000 validation images", "device test cpu", "batch size 128", "float32"):
        assert part in said
    failure = f"1 trial failed: {trial(**VARIANTS[0]).id} (oom)."
    assert failure in said
    assert drawn.notes == (failure,)


def test_labels_name_the_points_and_cover_nothing(tmp_path: Path) -> None:
    settings = collapse_seeds(load_results(folder_of(tmp_path, VARIANTS).path))
    with style.light():
        panels = sheet.tradeoff_panels(tradeoffs(settings, "training_ms"))
        figure = sheet.draw_panels(panels, "title", ["small print"], scales=("own",) * len(panels))
        figure.draw_without_rendering()
    (names,) = (artist for artist in figure.axes[0].artists if isinstance(artist, Names))
    notes = names.written
    assert {note.get_text() for note in notes} == {"depth 26", "depth 50", "width 0.375", "width 0.5"}
    boxes = [note.get_window_extent() for note in notes]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_title_legend_panels_and_print_do_not_overlap(tmp_path: Path) -> None:
    variants = [
        {**of, "epochs": epochs, "resolution": r} for of in VARIANTS for epochs in (1, 2, 3, 4) for r in (16, 32)
    ]
    settings = collapse_seeds(load_results(folder_of(tmp_path, variants, failed=(3,)).path))
    with style.light():
        panels = sheet.tradeoff_panels(tradeoffs(settings, "training_ms"))
        figure = sheet.draw_panels(
            panels, "a long title " * 20, ["small print " * 60] * 2, scales=("own",) * len(panels)
        )
        assert isinstance(figure.canvas, FigureCanvasAgg)
        figure.canvas.draw()
    parts = [axes.get_tightbbox() for axes in figure.axes if axes.axison]
    parts += [artist.get_window_extent() for artist in (*figure.texts, *figure.legends)]
    assert len(parts) == 4 + 2 + 1
    assert not any(a.overlaps(b) for i, a in enumerate(parts) for b in parts[:i])
    for box in parts:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def test_other_settings_are_counted_not_drawn(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS)
    wanted = {trial(seed=seed, **of).id for of in VARIANTS[:3] for seed in (0, 1)}
    drawn = draw_study(folder, (), wanted)
    assert drawn.trained == 6
    assert drawn.notes == ("4 records of other settings not shown.",)


@pytest.mark.parametrize(
    "records",
    [
        pytest.param({"variants": VARIANTS, "failed": tuple(range(10))}, id="all failed"),
        pytest.param({"variants": VARIANTS, "failed": tuple(range(10)), "timed": False}, id="all failed, untimed"),
        pytest.param({"variants": VARIANTS, "timed": False}, id="no latency"),
        pytest.param({"variants": VARIANTS[:1]}, id="one point"),
        pytest.param({"variants": VARIANTS[3:]}, id="two points"),
        pytest.param({"variants": []}, id="no record"),
        pytest.param({"variants": FAMILIES, "failed": (4, 5)}, id="one family failed"),
        pytest.param({"variants": FAMILIES[2:]}, id="one efficientnet"),
        pytest.param({"variants": VARIANTS[:2], "study": "[not a study"}, id="damaged study file"),
    ],
)
def test_degenerate_studies_are_drawn(tmp_path: Path, records: dict[str, Any]) -> None:
    (drawn,) = draw([folder_of(tmp_path, **records).path])
    assert all(file.stat().st_size > 0 for file in drawn.files)
    _, not_drawn = drawn.files[-1].read_text().split("## Not drawn")
    stems = [file.stem for file in drawn.files]
    assert all((name in stems) != (f"- `{name}`: " in not_drawn) for name in FIGURES if name not in MEASURED.values())


def test_what_has_nothing_to_see_is_skipped_with_the_reason(tmp_path: Path) -> None:
    untimed = study_figures(folder_of(tmp_path / "untimed", VARIANTS, timed=False), figures=["accuracy_vs_training_ms"])
    reason = "the time per training step was not measured for any of these variants"
    assert untimed.specs == (Skipped("accuracy_vs_training_ms", reason),)
    empty = study_figures(folder_of(tmp_path / "empty", []), figures=["accuracy_vs_macs"])
    assert empty.specs == (Skipped("accuracy_vs_macs", "nothing was trained yet"),)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS[:1])
    with folder.training.path.open("a") as file:
        file.write("{torn\n")
    (note,) = draw_study(folder, ()).notes
    assert "records.jsonl:3" in note


def test_unmeasured_points_are_counted(tmp_path: Path) -> None:
    settings = collapse_seeds(load_results(folder_of(tmp_path, VARIANTS, timed=False).path))
    assert "Not shown: 5 points whose time per training step was not measured." in small_print(
        settings, "training_ms", []
    )


def test_unlike_latencies_are_pointed_out(tmp_path: Path) -> None:
    records = [train_record(trial(**of)) for of in VARIANTS[:2]]
    timings = [latency_record(r.trial.variant, batch_size=size) for r, size in zip(records, (128, 64), strict=True)]
    settings = collapse_seeds(load_results(results_folder(tmp_path, records, timings).path))
    measured, caution = about_cost(settings, METRICS["training_ms"])
    assert "batch size 64 or 128" in measured
    assert "differ in batch size" in caution


def test_many_failures_are_counted() -> None:
    (sentence,) = about_failures([(f"trial-{i}", "nan") for i in range(6)])
    assert sentence == "6 trials failed: trial-0 (nan), trial-1 (nan), trial-2 (nan), trial-3 (nan) and 2 more."


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'gif'; there are: png, svg, pdf"):
        draw([tmp_path], ("gif",))


@pytest.mark.parametrize(("low", "high"), [(1, 1000), (40, 220), (2.0, 2.4), (0.08, 0.4), (1.01, 1.02), (1e-3, 1e9)])
def test_logarithmic_axes_have_a_few_round_ticks(low: float, high: float) -> None:
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert low <= min(ticks) < max(ticks) <= high


def test_settings_of_unknown_epochs_have_one_panel(tmp_path: Path) -> None:
    settings = collapse_seeds(load_results(folder_of(tmp_path, VARIANTS).path)).assign(epochs=float("nan"))
    (regime,) = tradeoffs(settings, "macs")
    axes = draw_tradeoff(regime, Figure().subplots())
    assert axes.get_title() == "as published"
    assert len(lines(axes)["other variants" if regime.arms else "ResNet-RS"][0]) == 5
