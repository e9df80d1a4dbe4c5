"""Files in timm's forms, with made-up numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from scaling import published
from scaling.analysis.comparability import on_device
from scaling.analysis.equal_accuracy.compare import compare
from scaling.analysis.settings import collapse_seeds
from scaling.cli.app import app
from scaling.errors import UserError
from scaling.importing.timm import import_timm
from scaling.importing.timm_files import place_of, variant_of
from scaling.plots.kit.point_names import model_name
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.schema import Reported, Variant

ACCURACY = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"
INFER = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts"
)
TRAIN = "model,train_samples_per_sec,train_step_time,train_batch_size,train_img_size,param_count"

SCORED = [
    ("resnetrs50.tf_in1k", 160, 77.0),
    ("resnetrs101.tf_in1k", 192, 80.0),
    ("resnetrs152.tf_in1k", 256, 83.0),
    ("tf_efficientnet_b0.aa_in1k", 224, 76.5),
    ("tf_efficientnet_b0.in1k", 224, 76.0),
    ("tf_efficientnet_b2.aa_in1k", 260, 80.1),
    ("tf_efficientnet_b4.aa_in1k", 380, 83.1),
    ("tf_efficientnet_b4.ns_jft_in1k", 380, 85.0),
    ("vit_base_patch16_224.augreg_in1k", 224, 79.0),
    ("tf_efficientnetv2_s.in1k", 300, 83.9),
]
SPEEDS = [
    ("resnetrs50", 160, 4000.0, 1024),
    ("resnetrs101", 192, 2000.0, 1024),
    ("resnetrs152", 256, 800.0, 512),
    ("efficientnet_b0", 224, 9999.0, 1024),
    ("tf_efficientnet_b0", 224, 3000.0, 1024),
    ("tf_efficientnet_b2", 260, 1000.0, 512),
    ("tf_efficientnet_b4", 380, 300.0, 256),
    ("swin_tiny", 224, 1000.0, 256),
]


def write(path: Path, header: str, rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


@pytest.fixture
def accuracies(tmp_path: Path) -> Path:
    rows = [[model, size, top1, 100 - top1, 95, 5, 1, 0.9, "bicubic"] for model, size, top1 in SCORED]
    return write(tmp_path / "results-imagenet.csv", ACCURACY, rows)


@pytest.fixture
def inference(tmp_path: Path) -> Path:
    rows = [[model, size, speed, 1, batch, 1, 1, 1] for model, size, speed, batch in SPEEDS]
    return write(tmp_path / "benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv", INFER, rows)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    rows = [[model, speed / 3, 1, batch // 8, size, 1] for model, size, speed, batch in SPEEDS]
    return write(tmp_path / "benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv", TRAIN, rows)


def test_becomes_a_results_folder_that_compares(
    accuracies: Path, inference: Path, training: Path, tmp_path: Path
) -> None:
    done = import_timm(accuracies, [inference, training], tmp_path / "timm")
    assert (done.accuracies, done.timings, done.known) == (7, 12, 0)
    frame = load_results(done.folder)
    rs50 = frame[(frame["family"] == "resnet_rs") & (frame["depth"] == 50)].iloc[0]
    assert (rs50["top1"], rs50["top1_n"], rs50["test_top1"], rs50["status"]) == (0.77, 50_000, 0.77, "ok")
    assert rs50["inference_ms"] == pytest.approx(128 / 4000 * 1e3)
    assert (rs50["inference_batch_size"], rs50["inference_measured_batch_size"]) == (128, 1024)
    assert rs50["inference_device"] == "RTX 3090 (pytorch nhwc pt240 cu124)"
    assert rs50["inference_precision"] == "amp"
    assert frame[["epochs", "learning_rate", "seed", "train_seconds", "validation_fraction"]].isna().all(axis=None)
    for cost in ("training_ms", "inference_ms"):
        found = compare(collapse_seeds(frame), cost)
        assert found.pairs[0].overall is not None
        assert found.pairs[0].overall.verdict == "faster"
        assert any("images a step and are stated for" in note for note in found.notes)
        said = found.pairs[0].sentence
        assert ", ResNet-RS with the weights tf_in1k is " in said
        assert " as EfficientNet with the weights aa_in1k (90%: " in said
        assert not any(note.startswith("weights: ") for note in found.notes)


def test_says_what_it_left_out(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    notes = "\n".join(import_timm(accuracies, [inference], tmp_path / "timm").notes)
    for part in (
        "results-imagenet.csv: 1 lines of other networks",
        "1 lines trained on more data",
        "weights aa_in1k of 3, tf_in1k of 3, the best of others of 1 networks",
        "1 lines of networks taken with other weights",
        "rtx3090.csv: 1 lines of other networks",
        "1 lines that time a network once more",
        "measured with 256 to 1024 images a step, stated for 128",
    ):
        assert part in notes


def test_the_published_table_and_its_source_give_the_same_answer(tmp_path: Path) -> None:
    """Better weights in the file (noisy student, AdvProp, RandAugment) do not change it, and `best` says another."""
    table = on_device(published.load("timm_rtx3090"), "training_ms", "RTX 3090").dropna(subset="training_ms")
    rows = [
        *table[["model", "resolution", "top1"]].itertuples(index=False),
        *(
            (f"{name.partition('.')[0]}.{tag}", size, top1 + more)
            for name, size, top1 in table[["model", "resolution", "top1"]].itertuples(index=False)
            if name.startswith("tf_")
            for tag, more in (("ns_jft_in1k", 0.02), ("ap_in1k", 0.006), ("ra_in1k", 0.004))
        ),
    ]
    scored = [[model, size, 100 * top1, 1, 99, 1, 1, 1, "bicubic"] for model, size, top1 in rows]
    accuracies = write(tmp_path / "results-imagenet.csv", ACCURACY, scored)
    speeds = [
        [model.partition(".")[0], 1e3 * batch / ms, 1, batch, size, 1]
        for model, size, ms, batch in table[["model", "resolution", "training_ms", "training_batch_size"]].itertuples(
            index=False
        )
    ]
    training = write(tmp_path / "benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv", TRAIN, speeds)

    def speedup(frame: pd.DataFrame) -> float:
        (pair,) = compare(collapse_seeds(frame), "training_ms").pairs
        assert pair.overall is not None
        return pair.overall.speedup if pair.of.name == "resnet_rs" else 1 / pair.overall.speedup

    done = import_timm(accuracies, [training], tmp_path / "as_published")
    imported = load_results(done.folder)
    assert sorted(imported["weights"].unique()) == ["aa_in1k", "tf_in1k"]
    assert (imported["model"].str.partition(".")[2] == imported["weights"]).all()
    assert speedup(imported) == pytest.approx(speedup(table), rel=1e-3)
    best = import_timm(accuracies, [training], tmp_path / "best", weights=())
    assert "weights the best of others of" in best.notes[0]
    assert set(load_results(best.folder)["weights"]) == {"ap_in1k", "tf_in1k"}
    assert speedup(load_results(best.folder)) < 0.95 * speedup(table)


def test_a_family_that_is_not_known_here_is_taken_by_how_its_names_begin(
    accuracies: Path, inference: Path, tmp_path: Path
) -> None:
    lines = accuracies.read_text() + "swin_tiny.ms_in1k,224,80.5,19.5,95,5,28.29,0.9,bicubic\n"
    accuracies.write_text(lines + "swin_small.ms_in1k,224,83.1,16.9,96,4,49.61,0.9,bicubic\n")
    inference.write_text(inference.read_text() + "swin_small,224,600,1,256,49.61,8.7,27.5\n")
    done = import_timm(accuracies, [inference], tmp_path / "timm", families=["swin", "efficientnet"])
    frame = load_results(done.folder).set_index("options")
    assert set(frame["family"]) == {"swin", "efficientnet"}
    small = frame.loc["model=swin_small"]
    assert (small["params"], small["macs"], small["top5"]) == (49_610_000, 8.7e9, 0.96)
    pairs = compare(collapse_seeds(frame.reset_index()), "inference_ms").pairs
    assert {pairs[0].of.name, pairs[0].over.name} == {"swin", "efficientnet"}
    named = [model_name(point, with_resolution=False) for _, point in frame.reset_index().iterrows()]
    assert sorted(named) == ["B0", "B2", "B4", "small", "tiny"]
    with pytest.raises(UserError, match="no line of family 'swyn'"):
        import_timm(accuracies, [inference], tmp_path / "timm", families=["swyn"])


def test_weights_are_taken_in_the_order_asked_for(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    done = import_timm(accuracies, [inference], tmp_path / "timm", weights=("ns_jft_in1k", "in1k"))
    frame = load_results(done.folder).set_index(["family", "depth"])
    assert frame.loc[("efficientnet", 1.0), "weights"] == "in1k"
    assert frame.loc[("efficientnet", 1.8), "weights"] == "ns_jft_in1k"
    with pytest.raises(UserError, match=r"no weights 'aa_in1l'; did you mean 'aa_in1k'"):
        import_timm(accuracies, [inference], tmp_path / "other", weights=("aa_in1l",))


def test_one_batch_for_all_is_the_batch_that_times_are_stated_for(accuracies: Path, tmp_path: Path) -> None:
    rows = [[model, size, 20.0, 1, 1, 1, 1, 1] for model, size, *_ in SPEEDS]
    file = write(tmp_path / "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv", INFER, rows)
    done = import_timm(accuracies, [file], tmp_path / "timm")
    assert "inference: measured with 1 images a step, and stated for them" in done.notes
    frame = load_results(done.folder)
    assert set(frame["inference_batch_size"].dropna()) == {1}
    assert set(frame["inference_ms"].dropna()) == {50.0}


def test_twice_is_once_and_a_new_number_is_added(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    import_timm(accuracies, [inference], tmp_path / "timm")
    again = import_timm(accuracies, [inference], tmp_path / "timm")
    assert (again.accuracies, again.timings, again.known) == (0, 0, 13)
    accuracies.write_text(accuracies.read_text().replace("83.0,17.0", "83.2,16.8"))
    assert import_timm(accuracies, [inference], tmp_path / "timm").accuracies == 1
    frame = load_results(tmp_path / "timm")
    assert len(frame) == 7
    assert frame.loc[frame["depth"] == 152, "top1"].tolist() == [0.832]


def test_the_original_networks_timing_comes_first(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    import_timm(accuracies, [inference], tmp_path / "timm")
    timings, skipped = ResultsFolder(tmp_path / "timm").latency.read()
    assert skipped == []
    assert 128 / 3000 * 1e3 in [timing.median_ms for timing in timings]


def test_two_places_in_one_folder_are_refused(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    import_timm(accuracies, [inference], tmp_path / "timm")
    with pytest.raises(UserError, match=r"inference of RTX 3090 .* and of h100"):
        import_timm(accuracies, [inference], tmp_path / "timm", device="h100")


@pytest.mark.parametrize(
    ("name", "device", "precision", "software"),
    [
        ("benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv", "RTX 3090", "amp", "pytorch nhwc pt240 cu124"),
        (
            "benchmark-infer-fp32-nchw-pt221-cpu-i9_10940x-dynamo.csv",
            "cpu-i9_10940x",
            "float32",
            "pytorch nchw pt221 dynamo",
        ),
        ("benchmark-infer-amp-nchw-pt291-cu128-4090.csv", "RTX 4090", "amp", "pytorch nchw pt291 cu128"),
        (
            "benchmark-infer-amp_bf16-nchw-pt291-cu130-pro6000maxq-dynamo.csv",
            "pro6000maxq",
            "amp_bf16",
            "pytorch nchw pt291 cu130 dynamo",
        ),
    ],
)
def test_reads_the_place_off_the_name(name: str, device: str, precision: str, software: str) -> None:
    place = place_of(Path(name), None, None)
    assert (place.device, place.precision, place.software) == (device, precision, software)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mine.csv", (None, None), "says no precision; give --precision"),
        ("benchmark-infer-amp.csv", (None, None), "says no device; give --device"),
        ("mine.csv", ("h100", "fp23"), "fp23: not known; did you mean"),
    ],
)
def test_asks_for_what_the_name_does_not_tell(name: str, options: tuple[str | None, str | None], message: str) -> None:
    with pytest.raises(UserError, match=message):
        place_of(Path(name), *options)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("resnetrs50.tf_in1k", True),
        ("tf_efficientnet_b3.ra_in1k", True),
        ("efficientnet_b3", True),
        ("efficientnet_b3_pruned.in1k", False),
        ("tf_efficientnet_lite0", False),
        ("resnetrs51", False),
        ("resnet50", True),
        ("resnet50d.ra2_in1k", True),
        ("convnext_tiny.fb_in1k", True),
        ("vit_small_patch16_224.augreg_in1k", True),
        ("convnextv2_tiny", False),
        ("vit_small_patch32_224", False),
        ("resnext50_32x4d", False),
    ],
)
def test_recognises_by_name(name: str, known: bool) -> None:
    assert (variant_of(name, 224) is not None) == known


def test_bad_files_are_told_by_place(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column img_size, top1"):
        import_timm(inference, [inference], tmp_path / "timm")
    accuracies.write_text(accuracies.read_text().replace("77.0", "n/a"))
    with pytest.raises(UserError, match=r"results-imagenet.csv:2: top1 is 'n/a'"):
        import_timm(accuracies, [inference], tmp_path / "timm")


def test_a_byte_order_mark_is_no_part_of_a_name(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    for file in (accuracies, inference):
        file.write_text(file.read_text(), encoding="utf-8-sig")
    imported = import_timm(accuracies, [inference], tmp_path / "timm")
    assert (imported.accuracies, imported.timings) == (7, 6)


def test_on_the_command_line(accuracies: Path, inference: Path, tmp_path: Path) -> None:
    asked = ["import", "timm", str(accuracies), str(inference), "--into", str(tmp_path / "timm")]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0
    assert "7 accuracies and 6 timings added" in ran.output


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff\xfe\x80", b"model,img_size,top1\n\x00,224,80\n", b"\xff" * 300, b"", b"model,img_size,top1\n\n"],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "results.csv").write_bytes(content)
    ran = CliRunner().invoke(
        app, ["import", "timm", *[str(tmp_path / "results.csv")] * 2, "--into", str(tmp_path / "timm")]
    )
    assert ran.exit_code == 2
    assert "results.csv: " in ran.output


def test_a_file_that_was_scored_here_names_no_weights_of_others() -> None:
    variant = Variant(depth=50, width=1.0, resolution=160)
    elsewhere = Reported(model="resnetrs50.tf_in1k", dataset="imagenet", variant=variant)
    assert elsewhere.weights == "tf_in1k"
    here = Reported(model="model.safetensors", dataset="imagenet", variant=variant, init="0" * 16)
    assert here.weights is None
