"""Each family tells the rest of the toolkit all it asks, and has its authors' sizes."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.datasets.known import IMAGENET
from scaling.generator.sizes import size
from scaling.generator.strategies import STRATEGIES, reach, shares
from scaling.importing.timm_files import variant_of
from scaling.models import BUILT_IN, check, cost, family_of
from scaling.models.names import known, name_of, parse, title
from scaling.models.weights import load_weights, variables
from scaling.schema import Dataset, Recipe, Trial, Variant
from tests.models.weight_files import write_timm

PARAMS = {
    "resnet_18": 11_689_512,
    "resnet_34": 21_797_672,
    "resnet_50": 25_557_032,
    "resnet_101": 44_549_160,
    "resnet_152": 60_192_808,
    "resnet_18d": 11_708_744,
    "resnet_50d": 25_576_264,
    "convnext_atto": 3_695_520,
    "convnext_femto": 5_217_784,
    "convnext_pico": 9_045_672,
    "convnext_nano": 15_593_560,
    "convnext_tiny": 28_589_128,
    "convnext_small": 50_223_688,
    "convnext_base": 88_591_464,
    "convnext_large": 197_767_336,
    "vit_tiny": 5_717_416,
    "vit_small": 22_050_664,
    "vit_base": 86_567_656,
    "vit_large": 304_326_632,
}
"""Of timm 1.0.31's networks of these names, by PyTorch's own count; 1000 classes, ViT with patches of 16 at 224."""

TENSORS = Path(__file__).with_name("timm_tensors.csv")
"""Names and shapes of the tensors of some of timm 1.0.31's networks, with ten classes."""


@pytest.mark.parametrize("name", PARAMS)
def test_params_are_those_of_timm(name: str) -> None:
    assert cost(parse(f"{name}@224"), channels=3, classes=1000).params == PARAMS[name]


@pytest.mark.parametrize(("name", "gmacs"), [("resnet_50", 4.09), ("convnext_tiny", 4.46), ("vit_base", 17.56)])
def test_macs_are_the_published_ones(name: str, gmacs: float) -> None:
    """He et al. say 3.8 without the shortcuts' and torchvision 4.09; ConvNeXt's and ViT's papers 4.5 and 17.6."""
    assert round(cost(parse(f"{name}@224"), channels=3, classes=1000).macs / 1e9, 2) == gmacs


def tensors() -> dict[str, dict[str, tuple[int, ...]]]:
    found: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    with TENSORS.open(newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["model"]][row["tensor"]] = tuple(int(n) for n in row["shape"].split("x") if n)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("theirs", tensors())
def test_every_tensor_of_timm_s_has_its_variable_and_every_variable_its_tensor(theirs: str, tmp_path: Path) -> None:
    from scaling.models.build import build

    variant = variant_of(theirs, 224)
    assert variant is not None
    random = np.random.default_rng(0)
    file = {name: random.random(shape).astype("float32") for name, shape in tensors()[theirs].items()}
    write_timm(tmp_path / "w.safetensors", file)
    load_weights(
        model := build(variant, classes=10, mean=(0.5,) * 3, std=(0.25,) * 3), variant, tmp_path / "w.safetensors"
    )
    loaded = [np.sort(variable.numpy(), axis=None) for variable in variables(model).values()]
    wanted = [np.sort(one, axis=None) for name, one in file.items() if not name.endswith("num_batches_tracked")]
    assert sorted(map(bytes, loaded)) == sorted(map(bytes, wanted))


@pytest.mark.parametrize("family", BUILT_IN)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_grows_every_family(family: str, strategy: str) -> None:
    base = parse(f"{next(name for name in known() if name.startswith(f'{family}_'))}@224")

    def macs(variant: Variant) -> int:
        return size(variant, IMAGENET).macs

    grown = reach(strategy, shares(strategy, epochs=10), base, "macs", 4 * macs(base), macs)
    assert abs(grown.ratio - 1) < 0.2, grown
    assert cost(grown.variant, channels=3, classes=1000).macs == grown.achieved


@pytest.mark.parametrize("name", known())
def test_a_quick_count_is_the_count(name: str) -> None:
    variant = parse(f"{name}@224")
    assert size(variant, IMAGENET) == cost(variant, channels=3, classes=1000)


def test_an_option_at_its_default_is_the_same_question() -> None:
    family = family_of("vit")
    sizes = {"depth": 2, "width": 0.5, "resolution": 32}
    plain, spelled, other = (family.variant(sizes | more) for more in ({}, {"patch": 16}, {"patch": 8}))
    ids = [
        Trial(dataset=Dataset(name="synthetic"), variant=one, recipe=Recipe(epochs=1)).id
        for one in (plain, spelled, other)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("vit2-w0.5-r32-e1-s0-")
    assert Variant.model_validate_json(other.model_dump_json()) == other
    assert "stem" not in other.model_dump()


@pytest.mark.parametrize(
    ("family", "values", "message"),
    [
        ("vit", {"pach": 4}, "pach: no field or option of vit; did you mean 'patch'"),
        ("vit", {"patch": "4"}, "patch: '4' is no int"),
        ("vit", {"patch": 0}, "patch: 0 is not above 0"),
        ("vit", {"stem": "small"}, "stem: no field or option of vit"),
        ("convnext", {"kernel": 4}, r"kernel: 4 is not a choice.*3, 5, 7"),
        ("resnet", {"resnet_d": 1}, "resnet_d: 1 is no bool"),
    ],
)
def test_an_odd_option_is_named(family: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        family_of(family).variant({"depth": 18, "resolution": 64, **values})


@pytest.mark.parametrize(
    ("family", "values", "message"),
    [
        ("resnet", {"depth": 19}, "depth 19 has no block layout; known depths: 10, 14, 18"),
        (
            "resnet",
            {"depth": 20, "blocks": "2-2-2-2"},
            r"blocks 2-2-2-2 make depth 18 \(basic\) or 26 \(bottlenecks\), not 20",
        ),
        ("resnet", {"depth": 20, "blocks": "2,2"}, "blocks '2,2' are not four numbers"),
        ("resnet", {"depth": 18, "resolution": 16}, "resolution 16 is below the network's stride of 32"),
        ("convnext", {"depth": 3}, "depth 3 is no number of blocks"),
        ("convnext", {"depth": 12, "width": 0.001}, "width 0.001 leaves a layer without channels"),
        ("vit", {"depth": 1.5}, "depth 1.5 is no number of blocks"),
        ("vit", {"depth": 2, "resolution": 60}, "resolution 60 is no multiple of the patch of 16"),
        ("vit", {"depth": 2000}, "depth 2000 is more than 1000"),
    ],
)
def test_what_cannot_be_built_is_said_before(family: str, values: dict[str, Any], message: str) -> None:
    variant = family_of(family).variant({"resolution": 64, **values})
    with pytest.raises(ValueError, match=message):
        check(variant)


def test_an_unknown_family_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"family 'convnex' is not known; did you mean 'convnext'\?"):
        family_of("convnex")


def test_names_and_titles() -> None:
    assert name_of(parse("convnext_tiny@224")) == "convnext_tiny@224"
    assert name_of(parse("resnet_50d@160")) == "resnet_50d@160"
    assert parse("resnet_50@160").family == "resnet"
    assert parse("resnet_rs_50@160").family == "resnet_rs"
    assert (title("vit"), title("my_nets:convmixer"), title("study/one")) == ("ViT", "convmixer", "study/one")
