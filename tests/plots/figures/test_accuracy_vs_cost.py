from __future__ import annotations

from pathlib import Path

from scaling.analysis.settings import collapse_seeds
from scaling.plots.figures.accuracy_vs_cost import cost_specs
from scaling.plots.kit.figure_spec import FigureSpec
from scaling.results.frame import load_results
from tests.builders import latency_record, results_folder, train_record, trial


def test_the_caption_says_what_the_best_costs_and_what_comes_close_for_less(tmp_path: Path) -> None:
    rows = [(26, 0.70, 10.0), (50, 0.79, 20.0), (101, 0.795, 40.0)]
    trials = [(trial(depth=depth), top1, ms) for depth, top1, ms in rows]
    folder = results_folder(
        tmp_path / "study",
        [train_record(of, top1=top1) for of, top1, _ in trials],
        [latency_record(of.variant, median_ms=ms, phase="training") for of, _, ms in trials],
    )
    (found,) = cost_specs(collapse_seeds(load_results(folder.path)), [], costs=["training_ms"])
    assert isinstance(found, FigureSpec)
    assert "the best reaches 79.5% at 40 ms: ResNet-RS, depth 101" in found.concludes
    assert "; within 1 point of it for 20 ms: ResNet-RS, depth 50" in found.concludes
    (counted,) = cost_specs(collapse_seeds(load_results(folder.path)), [], costs=["macs"])
    assert isinstance(counted, FigureSpec)
    assert "million multiply-accumulates per image: ResNet-RS" in counted.concludes
