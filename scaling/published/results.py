"""Each published table of results, rewritten in the vocabulary of `scaling.load_results`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pandas as pd

from scaling.published.rows import (
    COUNTED,
    MINIVAL,
    TPU,
    VALIDATION,
    Row,
    kept,
    milliseconds,
    missing,
    on_both_devices,
    result,
)
from scaling.published.tables import read_rows

TIMM_BATCH = 128
"""Images for which timm's images a second become a time, as in the paper's Table 7."""

MODEL_GARDEN: Row = {
    "batch_size": 4096,
    "learning_rate": 1.6,
    "warmup_epochs": 5.0,
    "schedule": "cosine",
    "momentum": 0.9,
    "weight_decay": 4e-5,
    "label_smoothing": 0.1,
    "randaugment_layers": 2,
    "ema_decay": 0.9999,
    "batch_norm_momentum": 0.0,
    "precision": "mixed_bfloat16",
}
"""What all of Model Garden's `imagenet_resnetrs*.yaml` share."""


def result_rows(name: str, printed: pd.DataFrame) -> list[Row]:
    """Rewrites the rows of `printed`, which is `scaling.published.table(name)`; `name` is one of `RESULTS`."""
    lines = [{str(column): cell for column, cell in line.items()} for line in printed.to_dict("records")]
    rows = [
        {"study": f"published/{name}", "trial_id": f"{name}-{number:03d}", "status": "ok", "seed": 0, **row}
        for number, cells in enumerate(lines, start=1)
        for row in RESULTS[name](cells)
    ]
    return _phases_joined(rows) if name == "timm_rtx3090" else rows


def _table1(cells: Row) -> Iterator[Row]:
    rates = ("weight_decay", "label_smoothing", "dropout", "stochastic_depth", "ema_decay")
    recipe = kept(cells, "schedule", *rates, "randaugment_layers", "randaugment_magnitude")
    base = result(cells, VALIDATION, cells["epochs"], se_ratio=cells["se_ratio"], resnet_d=bool(cells["resnet_d"]))
    yield base | recipe | kept(cells, "trust_recipe", "step", "kind")


def _table2(cells: Row) -> Iterator[Row]:
    recipe = kept(cells, "weight_decay", "label_smoothing", "dropout", "stochastic_depth", "randaugment_layers")
    facts = kept(cells, "trust_recipe", "trust_weight_decay", "regularization", "runs")
    yield result(cells, MINIVAL, None) | recipe | facts


def _table3(cells: Row) -> Iterator[Row]:
    base = result(cells, VALIDATION, 350) | _printed_size(cells)
    v100, tpu = on_both_devices(
        base, cells, cells["v100_seconds_per_step"], milliseconds(cells["tpuv3_seconds_per_step"])
    )
    yield v100
    yield tpu | {"memory_gb": cells["tpuv3_memory_gb"]}


def _table7(cells: Row) -> Iterator[Row]:
    base = result(cells, VALIDATION, 350) | kept(cells, "trust_paired_with")
    base |= _printed_size(cells) if missing(cells["params_exact"]) else _counted_size(cells)
    yield from on_both_devices(base, cells, cells["v100_seconds_per_step"], float(cells["tpuv3_ms_per_step"]))


def _fig2(cells: Row) -> Iterator[Row]:
    size = {"params": _max_pool_size(cells)["params"], "macs": round(cells["flops_computed"] / 2), **COUNTED}
    yield result(cells, MINIVAL, 350, stem="resnet_d") | size | kept(cells, "quality")


def _fig3(cells: Row) -> Iterator[Row]:
    timed = {"training_ms": milliseconds(cells["tpu_seconds_per_step"]), "training_device": "TPU"}
    yield result(cells, MINIVAL, cells["epochs"], stem="resnet_d") | _max_pool_size(cells) | timed


def _fig5(cells: Row) -> Iterator[Row]:
    timed = {**TPU, "training_ms": milliseconds(cells["tpuv3_seconds_per_step"])}
    yield result(cells | {"family": "efficientnet"}, VALIDATION, 350) | _counted_size(cells) | timed


def _recipes(cells: Row) -> Iterator[Row]:
    trained = cells | {"width": 1.0, "top1_percent": cells["model_garden_top1_swish"]}
    recipe = MODEL_GARDEN | kept(cells, "dropout", "stochastic_depth")
    recipe["randaugment_magnitude"] = cells["randaugment_magnitude_tf2"]
    yield result(trained, VALIDATION, 350, activation="swish") | recipe


def _released_weights(cells: Row) -> Iterator[Row]:
    printed = {"top5": cells["top5_percent"] / 100, "readme_top1": cells["readme_top1_percent"] / 100}
    yield result(cells, VALIDATION, 350) | printed


def _timm(cells: Row) -> Iterator[Row]:
    phase = {"train": "training", "infer": "inference"}[cells["phase"]]
    timing = {
        "ms": TIMM_BATCH / cells["images_per_second"] * 1e3,
        "batch_size": TIMM_BATCH,
        "precision": "amp",
        "device": "RTX 3090",
        "images_per_second": cells["images_per_second"],
        "measured_batch_size": cells["batch_size"],
        "setting": cells["setting"],
    }
    size = {"params": _millions(cells["params_millions"]), "macs": _billions(cells["gmacs_computed"])}
    timed = {f"{phase}_{column}": cell for column, cell in timing.items()}
    trust = {"trust_macs": "computed", f"trust_{phase}_ms": "computed"}
    yield result(cells, VALIDATION, 350) | size | timed | trust


RESULTS: dict[str, Callable[[Row], Iterator[Row]]] = {
    "table1": _table1,
    "table2": _table2,
    "table3": _table3,
    "table7": _table7,
    "fig2": _fig2,
    "fig3": _fig3,
    "fig5": _fig5,
    "recipes": _recipes,
    "released_weights": _released_weights,
    "timm_rtx3090": _timm,
}
"""The tables that are results, and what makes rows of one line of theirs."""


def _phases_joined(rows: list[Row]) -> list[Row]:
    """One row a model and resolution, with the timings of both phases and the sources and notes of both lines."""
    joined: dict[tuple[str, int], Row] = {}
    for row in rows:
        first = joined.setdefault((row["model"], row["resolution"]), row)
        texts = {name: "; ".join(dict.fromkeys((first[name], row[name]))) for name in ("source", "note")}
        joined[row["model"], row["resolution"]] = row | first | texts
    return list(joined.values())


def _printed_size(cells: Row) -> Row:
    """As precise as printed; the paper's FLOPs are two a multiply-accumulate."""
    return {"params": _millions(cells["params_millions"]), "macs": _billions(cells["flops_billions"] / 2)}


def _counted_size(cells: Row) -> Row:
    return {"params": round(cells["params_exact"]), "macs": _billions(cells["gmacs_computed"]), **COUNTED}


def _max_pool_size(cells: Row) -> Row:
    """Of the stem that Figure 2 fits, from `grid_complexity`."""
    return _grid()[float(cells["depth"]), float(cells["width"]), float(cells["resolution"])]


@cache
def _grid() -> dict[tuple[float, float, float], Row]:
    return {
        (float(row["depth"]), float(row["width"]), float(row["resolution"])): {
            "params": _millions(float(row["params_millions_maxpool_stem"])),
            "macs": _billions(float(row["flops_billions_maxpool_stem"]) / 2),
            **COUNTED,
        }
        for row in read_rows("grid_complexity")
    }


def _millions(cell: float) -> int:
    return round(cell * 1e6)


def _billions(cell: float) -> int:
    return round(cell * 1e9)
