"""Answers to questions: of each kind, decided and not, with what would decide it; on studies whose truth is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.decide.answer import Answer, answer
from scaling.analysis.settings import with_seed_noise
from scaling.errors import UserError
from scaling.schema import AnswerPlan, Question, Variant
from tests.analysis.decide.surfaces import surface
from tests.analysis.simulated import row, saturating, study

ASKED = "Which pays more?"
EXACT = 10**9
"""Validation images of a study without noise of theirs."""

Rows = list[dict[str, object]]


def point(
    depth: float, width: float, time: float, top1: float, seed: int = 0, images: int = EXACT, **changed: Any
) -> dict[str, object]:
    of = row("resnet_rs", depth, time, top1, seed, images) | {"width": width, "macs": depth * width**2 * 1e6}
    return of | {"device": "a", "train_seconds": 10 * time} | changed


def arms(ahead: float, **changed: Any) -> Rows:
    """Width `ahead` of depth at every time but the base's, both on a line in the logarithm of time."""
    depth = [point(26 * 2**i, 1.0, 10.0 * 2**i, 0.7 + 0.02 * i, **changed) for i in range(3)]
    return [*depth, *(point(26, 1.0 + i, 10.0 * 2**i, 0.7 + 0.02 * i + ahead, **changed) for i in (1, 2))]


def steps(accuracies: Iterable[float], factor: str = "resolution", **changed: Any) -> Rows:
    """One network at values of a factor that double."""
    sizes = ({"resolution": 32, "epochs": 10} | {factor: 32 * 2**i} for i in range(9))
    return [
        point(26, 1.0, 10.0 * 2**i, top1, **changed) | dict(size)
        for i, (top1, size) in enumerate(zip(accuracies, sizes, strict=False))
    ]


def seeded(rows: Rows, seeds: int) -> Rows:
    """Each setting once for each seed, with the same accuracy: its mean is what it was."""
    return [of | {"seed": seed} for seed in range(seeds) for of in rows]


def ask(
    rows: Rows | pd.DataFrame,
    plan: Mapping[str, Any] | None = None,
    strategies: Mapping[str, tuple[Variant, ...]] | None = None,
    noise: float | None = None,
) -> Answer:
    """`noise` between seeds, in points; None: as measured or assumed."""
    asked = Question(ASKED, AnswerPlan(**plan) if plan else None, strategies or {})
    said = answer(with_seed_noise(pd.DataFrame(rows), noise), asked)
    assert said.question == ASKED
    # A sentence for people: from a capital to a full stop, with nothing empty in it.
    for text in filter(None, (said.sentence, said.rests_on, said.takes)):
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith("."), text
        assert not re.search(r"nan|  | [,;.:]|[,;:]\.|\(\)|inf\b", text), text
    assert said.words == " ".join(filter(None, (said.sentence, said.rests_on, said.takes)))
    assert bool(said.rests_on) <= (noise is None)
    assert not (said.decided and said.takes)
    return said


JOINTLY = "; intervals and verdicts hold jointly at 90%"


REGIMES = ("after 10 epochs", "after 50 epochs")
SHIFT = "for the shift with longer training"


# Two factors.


@pytest.mark.parametrize(("ahead", "more", "less"), [(0.02, "width", "depth"), (-0.02, "depth", "width")])
def test_two_factors_decided(ahead: float, more: str, less: str) -> None:
    said = ask(arms(ahead), noise=0.01)
    assert said.sentence.startswith(
        f"For the same time per training step, {more} pays more than {less} after 10 epochs (1.5 points, 1."
    )
    assert said.sentence.endswith(f"{JOINTLY}.")
    assert (said.decided, said.takes, said.figure) == (True, "", "regimes")


def test_two_factors_undecided() -> None:
    said = ask(arms(0.01, images=500))
    assert "whether width or depth pays more is undecided after 10 epochs (width leads by 0." in said.sentence
    assert not said.decided
    assert re.fullmatch(
        r"If the difference is as measured, it would be decided: after 10 epochs, with about \d+ times as many "
        r"validation images and more seeds \(seeds alone would not do\)\.",
        said.takes,
    )


def test_what_longer_training_changes_is_said() -> None:
    said = ask([*arms(0.01), *arms(-0.02, epochs=50)], noise=0.01)
    assert "width pays more than depth after 10 epochs" in said.sentence
    assert "depth pays more than width after 50 epochs" in said.sentence
    assert "longer training shifts that towards depth by 2.2 points" in said.sentence
    assert said.decided
    assert [stated.which for stated in said.statements] == [*REGIMES, SHIFT]
    unsure = ask([*arms(0.01), *arms(0.008, epochs=50)], noise=1.0)
    assert "whether longer training shifts that is undecided" in unsure.sentence


def test_an_answer_is_undecided_and_says_what_it_takes_while_what_longer_training_changes_is() -> None:
    said = ask([*arms(0.04), *arms(0.041, epochs=50)], noise=0.1)
    assert re.search(r"width pays more than depth after 10 epochs \([^)]*\) and after 50 epochs", said.sentence)
    assert not said.decided
    assert said.takes.startswith(f"If the difference is as measured, it would be decided: {SHIFT}, ")


def test_at_the_noise_that_an_answer_names_it_changes() -> None:
    """One seed each: the noise is assumed, and another one is given in its place."""
    said = ask(arms(0.01, images=50_000))
    (statement,) = said.statements
    assert statement.flips_at is not None
    assert f"{statement.flips_at:.2g} points" in said.rests_on
    less, more = (ask(arms(0.01, images=50_000), noise=times * statement.flips_at) for times in (0.9, 1.1))
    assert (less.decided, more.decided) == (True, False)


@pytest.mark.parametrize("plan", [None, {"compare": ("depth", "width", "resolution")}], ids=["front", "grow"])
def test_an_answer_without_a_difference_says_the_noise_alone(plan: dict[str, Any] | None) -> None:
    said = ask(surface(3, seeds=1).frame if plan else [point(26, 1.0, 10.0, 0.6), point(50, 2.0, 80.0, 0.7)], plan)
    assert said.figure == ("power_law" if plan else "fronts")
    assert re.fullmatch(r"A standard deviation of [\d.]+( to [\d.]+)? points between seeds is assumed\.", said.rests_on)


def test_what_is_undecided_in_one_regime_alone_is_named() -> None:
    said = ask([*arms(0.05), *arms(0.003, epochs=50)], noise=0.5)
    assert not said.decided
    assert "width pays more than depth after 10 epochs" in said.sentence
    assert said.takes.startswith("If the difference is as measured, it would be decided: after 50 epochs, with about ")


def test_figure_3_of_the_paper() -> None:
    said = ask(published.load("fig3"))
    assert "whether width or depth pays more is undecided after 10 epochs" in said.sentence
    assert "depth pays more than width after 350 epochs" in said.sentence
    assert "longer training shifts that towards depth" in said.sentence
    assert not said.decided
    assert "after 10 epochs, with about 3 seeds a setting in place of 1" in said.takes
    assert said.rests_on.startswith("A standard deviation of 0.1")
    assert " points between seeds is assumed; if it were known, after 10 epochs the answer would be " in said.rests_on
    known = ask(published.load("fig3"), noise=0.0)
    assert "width pays more than depth after 10 epochs" in known.sentence


def test_any_two_factors_may_be_planned_in_either_order_and_at_any_cost() -> None:
    rows = [of | {"resolution": 32} for of in arms(0.02)]
    rows += [point(26, 1.0, 10.0 * 2**i, 0.7 + 0.05 * i, resolution=32 * (i + 1)) for i in (1, 2)]
    said = ask(rows, {"compare": ("depth", "resolution")}, noise=0.01)
    assert "resolution pays more than depth after 10 epochs" in said.sentence
    assert (said.decided, said.figure) == (True, "regimes")
    turned = ask(arms(0.05), {"compare": ("depth", "width"), "at_equal": "macs"}, noise=0.01)
    assert turned.sentence.startswith("For the same multiply-accumulates per image, width pays more than depth")
    assert turned.figure == "regimes"


def test_longer_training_against_a_factor_is_at_equal_training_time() -> None:
    rows = [point(26 * 2**i, 1.0, 10.0 * 2**i, 0.7 + 0.04 * i) for i in range(3)]
    rows += [point(26, 1.0, 10.0, 0.7 + 0.01 * i, epochs=10 * 2**i, train_seconds=100.0 * 2**i) for i in (1, 2)]
    said = ask(rows, {"compare": ("epochs", "depth")}, noise=0.01)
    assert said.sentence.startswith("For the same training time, depth pays more than longer training (")
    assert said.decided


# What it takes, against the same study with as much.


@pytest.mark.parametrize("noise", [1.2, 2.0])
def test_with_the_said_number_of_seeds_two_factors_are_decided(noise: float) -> None:
    undecided = ask(seeded(arms(0.01), 2), noise=noise)
    (needed, had), *_ = re.findall(r"about (\d+) seeds a setting in place of (\d+)", undecided.takes)
    assert had == "2"
    assert ask(seeded(arms(0.01), int(needed) + 1), noise=noise).decided
    assert not ask(seeded(arms(0.01), round(0.8 * int(needed))), noise=noise).decided


def test_with_the_said_number_of_images_and_many_seeds_two_factors_are_decided() -> None:
    undecided = ask(arms(0.01, images=2000), noise=0.0)
    (times,) = re.findall(r"about (\d+) times", undecided.takes)
    assert ask(arms(0.01, images=2000 * int(times)), noise=0.0).decided
    assert not ask(arms(0.01, images=2000 * int(times) // 3), noise=0.0).decided


def test_with_the_said_number_of_seeds_a_step_is_decided() -> None:
    undecided = ask(seeded(steps([0.6, 0.7, 0.71]), 2), noise=1.0)
    (needed,) = re.findall(r"it would be decided with about (\d+) seeds", undecided.takes)
    assert ask(seeded(steps([0.6, 0.7, 0.71]), int(needed)), noise=1.0).decided
    assert not ask(seeded(steps([0.6, 0.7, 0.71]), round(0.8 * int(needed))), noise=1.0).decided


# Strategies.


def network(depth: float, width: float) -> Variant:
    return Variant(depth=depth, width=width, resolution=32)


SIZES = {"depth": ((50, 1.0), (101, 1.0)), "compound": ((50, 1.5), (101, 2.0)), "width": ((26, 2.0), (26, 3.0))}
STRATEGIES = {
    name: (network(26, 1.0), *(network(depth, width) for depth, width in sizes)) for name, sizes in SIZES.items()
}


def strategies(**ahead: float) -> Rows:
    """One base, grown to 2 and 4 times its time; each strategy ahead of 0.7 + 0.02 a doubling."""
    rows = [point(26, 1.0, 10.0, 0.7)]
    return rows + [
        point(depth, width, 10.0 * 2**i, 0.7 + 0.02 * i + more)
        for name, more in ahead.items()
        for i, (depth, width) in enumerate(SIZES[name], start=1)
    ]


def made(*names: str) -> dict[str, tuple[Variant, ...]]:
    return {name: STRATEGIES[name] for name in names}


def test_two_strategies() -> None:
    said = ask(strategies(depth=0.0, compound=0.02), None, made("depth", "compound"), noise=0.01)
    assert "compound pays more than depth after 10 epochs (1.5 points" in said.sentence
    assert said.sentence.endswith(f"{JOINTLY}.")
    assert (said.decided, said.figure) == (True, "regimes")


def test_of_several_strategies_every_two_are_compared_and_those_undecided_are_named() -> None:
    rows = strategies(depth=0.0, compound=0.05, width=0.002)
    said = ask(rows, None, made("depth", "compound", "width"), noise=0.5)
    assert said.sentence.count(" after 10 epochs (") == 3
    assert "; intervals and verdicts of each pair hold jointly at 90%" in said.sentence
    assert ": for depth and width after 10 epochs, with about " in said.takes
    planned = {"compare": ("width", "compound")}
    two = ask(rows, planned, made("depth", "compound", "width"), noise=0.01)
    assert "compound pays more than width" in two.sentence
    assert "depth" not in two.sentence


def test_one_strategy_alone_is_compared_with_nothing() -> None:
    said = ask(strategies(compound=0.02), {"compare": ("strategy",)}, made("compound"))
    assert (said.decided, said.sentence) == (False, "Not answered: one strategy alone.")


def test_a_factor_that_a_strategy_is_named_after_is_a_factor_where_it_stands_alone() -> None:
    said = ask(strategies(depth=0.0), {"compare": ("depth",)}, made("depth"), noise=0.01)
    assert said.sentence.startswith("Accuracy surely rises up to depth 101")


# Families, first weights, one factor, methods, runtimes, grids, fronts.


def families(*highs: float, images: int = 10**7) -> pd.DataFrame:
    names = ("resnet_rs", "efficientnet", "vit")[: len(highs)]
    laws = {name: saturating(high - 0.2, high, 0.25) for name, high in zip(names, highs, strict=True)}
    return study(laws, 6, np.random.default_rng(0), pictures=images, seed_noise=0.0005)


def test_two_families_at_equal_accuracy() -> None:
    said = ask(families(0.80, 0.84))
    ratio = float(re.findall(r"EfficientNet is ([\d.]+) times as fast as ResNet-RS", said.sentence)[0])
    assert said.sentence.startswith("At equal accuracy EfficientNet is ")
    assert f", by time per training step{JOINTLY}." in said.sentence
    assert ratio > 1
    assert (said.decided, said.figure) == (True, "speedup")


def test_two_families_alike_are_undecided() -> None:
    said = ask(families(0.80, 0.80, images=5000))
    assert " (undecided: " in said.sentence
    assert not said.decided
    assert said.takes.startswith("If the difference is as measured, it would be decided: for ")


def test_of_three_families_the_fastest_is_named_or_none() -> None:
    said = ask(families(0.80, 0.84, 0.80))
    assert said.sentence.startswith("At equal accuracy EfficientNet is the fastest of 3: ")
    none = ask(families(0.80, 0.8002, 0.80, images=2000))
    assert none.sentence.startswith("At equal accuracy none of 3 is surely the fastest: ")
    assert said.sentence.count(" times as fast as ") == none.sentence.count(" times as fast as ") == 3


def test_families_at_a_planned_cost() -> None:
    said = ask(families(0.80, 0.84), {"compare": ("family",), "cost": "macs"})
    assert re.match(r"At equal accuracy EfficientNet is [\d.]+ times as cheap as ResNet-RS ", said.sentence)
    assert ", by multiply-accumulates per image; " in said.sentence


def test_families_without_a_common_accuracy_are_not_answered() -> None:
    said = ask(families(0.60, 0.90))
    assert said.sentence.startswith("Not answered: no accuracy that both reach: ")
    assert not said.decided


def weights(gain: float, images: int = EXACT) -> Rows:
    return [
        point(depth, 1.0, depth, 0.6 + depth / 1000 + (gain if init else 0.0), images=images, init=init)
        for depth in (26, 50, 101)
        for init in (None, "a")
    ]


@pytest.mark.parametrize(("gain", "verb"), [(0.05, "gains"), (-0.05, "loses")])
def test_first_weights_on_equal_networks(gain: float, verb: str) -> None:
    said = ask(weights(gain), noise=0.1)
    assert said.sentence.startswith(f"On the same networks, beginning with trained weights {verb} 5.0 points, 4.")
    assert said.sentence.endswith(f" over training from scratch{JOINTLY}.")
    assert said.decided


def test_first_weights_undecided() -> None:
    said = ask(weights(0.002), noise=0.5)
    assert "neither surely gains nor loses (0.2 points, -" in said.sentence
    assert "for beginning with trained weights against training from scratch, with about " in said.takes


@pytest.mark.parametrize(
    ("accuracies", "decided", "words"),
    [
        (
            [0.6, 0.7, 0.75],
            True,
            "rises up to 128 pixels (the last sure step adds 5.0 points, 4.7 to 5.3), and nothing",
        ),
        ([0.6, 0.7, 0.65], True, "rises up to 64 pixels (the last sure step adds 10.0 points, 9.7 to 10.3), and falls"),
        ([0.6, 0.7, 0.7001], False, "up to 64 pixels"),
        ([0.7, 0.7001, 0.7], False, "No step of resolution surely raises accuracy; whether 128 pixels is better than"),
    ],
    ids=["rises", "falls", "open", "flat"],
)
def test_one_factor_along_which_accuracy_is_followed(accuracies: list[float], decided: bool, words: str) -> None:
    said = ask(steps(accuracies), noise=0.1)
    assert words in said.sentence
    assert said.decided is decided
    assert bool(said.takes) is not decided


@pytest.mark.parametrize(("factor", "words"), [("epochs", "32 epochs"), ("resolution", "32 pixels")])
def test_values_of_a_factor_have_its_unit(factor: str, words: str) -> None:
    said = ask(steps([0.6, 0.6001], factor), noise=0.1)
    unit = words.split()[1]
    assert f"whether 64 {unit} is better than {words} is undecided" in said.sentence


def test_methods_one_by_one() -> None:
    methods: Rows = [
        {"label_smoothing": 0.0, "dropout": 0.0, "ema_decay": 0.0},
        {"label_smoothing": 0.1, "dropout": 0.0, "ema_decay": 0.0},
        {"label_smoothing": 0.1, "dropout": 0.2, "ema_decay": 0.0},
        {"label_smoothing": 0.1, "dropout": 0.2, "ema_decay": 0.99},
    ]
    for gains, decided in (((0, 0.02, 0.05, 0.03), True), ((0, 0.02, 0.0201, 0.05), False)):
        rows = [point(26, 1.0, 10.0, 0.6 + gain, **of) for gain, of in zip(gains, methods, strict=True)]
        said = ask(rows, noise=0.1)
        assert "3 steps from 60.0% to " in said.sentence
        assert said.sentence.endswith(f"{JOINTLY}.")
        assert bool(said.takes) is not decided
        assert (said.decided, said.figure) == (decided, "additive")


def deployed(times: Mapping[float, float], spread: float = 1.02) -> Rows:
    """Times with LiteRT by those with Keras."""
    rows = []
    for keras, litert in times.items():
        of = point(keras, 1.0, keras, 0.7 + keras / 1000)
        for prefix, time in (("inference", keras), ("inference_litert", litert)):
            of |= {f"{prefix}_ms": time, f"{prefix}_device": "a"}
            of |= {f"{prefix}_low_ms": time / spread, f"{prefix}_high_ms": time * spread}
        rows.append(of)
    return rows


@pytest.mark.parametrize(
    ("times", "spread", "begins", "decided"),
    [
        ({26: 20, 50: 40, 101: 80}, 1.02, "Yes. LiteRT orders 3 of 3 pairs", True),
        ({26: 20, 50: 40, 101: 30}, 1.02, "Not always. With LiteRT 1 of 3 pairs", True),
        ({26: 20, 50: 40, 101: 40}, 1.02, "As far as can be told, yes. LiteRT orders 2 of 3 pairs", False),
        ({26: 20, 50: 40, 101: 30}, 100.0, "Undecided. LiteRT orders 0 of 3 pairs", False),
    ],
    ids=["as with Keras", "a flip", "a tie", "noise"],
)
def test_runtimes(times: dict[float, float], spread: float, begins: str, decided: bool) -> None:
    said = ask(deployed(times, spread), {"compare": ["runtime"]})
    assert said.sentence.startswith(begins)
    assert (said.decided, said.figure) == (decided, "runtimes")
    assert said.sentence.endswith("The orders of all pairs are read jointly at 90%.")
    assert said.takes.startswith("Narrower times would tell") is not decided


def test_runtimes_are_asked_for_by_the_study_alone() -> None:
    """Times with a runtime that somebody took besides do not make them the question."""
    assert ask(deployed({26: 20, 50: 40, 101: 80})).figure != "runtimes"


GRID = surface(
    1, depths=(14, 26, 50), widths=(0.5, 1, 2), resolutions=(64, 128), epochs=(10, 30), seeds=2, images=10**6
).frame


def test_a_whole_grid_says_which_factor_pays_most() -> None:
    said = ask(GRID)
    assert re.match(
        r"Of depth, width, resolution and epochs, (\w+) pays most: spent on \1, 1% more of the time of the training "
        r"lowers error by 0\.\d\d% \(0\.\d\d to 0\.\d\d\), and on \w+ by 0\.\d\d% \(.*\); \1 is the best with a chance "
        r"of \d+%\. Each interval is at 90% by itself; a factor is named from 95% on\.$",
        said.sentence,
    )
    assert (said.decided, said.takes, said.figure) == (True, "", "power_law")


def test_a_noisy_grid_is_undecided() -> None:
    said = ask(GRID, noise=10.0)
    assert re.match(r"Of [\w, ]+, whether \w+ or \w+ pays most is undecided: ", said.sentence)
    assert not said.decided
    assert said.takes.startswith("More seeds, or settings further apart in ")
    assert f"`scaling next {GRID['study'].iloc[0]}` names the trainings" in said.takes


def test_three_factors_of_a_plan_are_a_grid() -> None:
    assert ask(GRID, {"compare": ("depth", "width", "resolution")}).figure == "power_law"


def test_what_is_nothing_else_is_a_front() -> None:
    said = ask([point(26, 1.0, 10.0, 0.6), point(50, 2.0, 80.0, 0.7)], noise=0.1)
    assert said.sentence.startswith("Front of accuracy and time per training step: 2 of 2 ResNet-RS settings are on it")
    assert said.sentence.endswith(
        " These are, from the cheapest to the dearest: ResNet-RS 26@32, 10 epochs (60.0%, 10 ms), ResNet-RS "
        "50x2@32, 10 epochs (70.0%, 80 ms). Surely means with 90%, each setting by itself."
    )
    assert (said.decided, said.takes, said.figure) == (True, "", "fronts")


def test_a_front_may_be_planned_of_a_whole_grid_and_names_some_of_many() -> None:
    said = ask(GRID, {"compare": ("front",), "cost": "training_ms"}, noise=10.0)
    assert said.figure == "fronts"
    assert "6 of them are, from the cheapest to the dearest: ResNet-RS " in said.sentence
    assert said.sentence.count(" ms)") == 6
    assert not said.decided
    assert said.takes.startswith("More seeds or validation images would tell; `scaling next ")


# Plans that are wrong, and studies that say nothing yet.


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            {"compare": ("familly",)},
            "answer.compare: 'familly' is nothing that settings differ in; did you mean 'family'",
        ),
        ({"compare": ("depth", "widht")}, "answer.compare: 'widht' is nothing that settings differ in"),
        ({"compare": ("seed",)}, "answer.compare: 'seed' is nothing that settings differ in"),
        ({"compare": ("strategy",)}, "answer.compare: 'strategy' is nothing that settings differ in"),
        ({"compare": ("depth", "depth")}, "answer.compare: depth is named twice"),
        (
            {"compare": ("depth", "width"), "at_equal": "mac"},
            "answer.at_equal: no cost named 'mac'; did you mean 'macs'",
        ),
        ({"compare": ("family",), "cost": "top1"}, "answer.cost: no cost named 'top1'"),
        ({"compare": ("family",), "cost": "accuracy"}, "answer.cost: no cost named 'accuracy'"),
        ({"compare": ("epochs", "depth"), "at_equal": "macs"}, "macs is not of a whole training"),
    ],
)
def test_what_a_plan_gets_wrong_is_said_with_its_place(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        ask(arms(0.01), plan)
    assert message in str(error.value)


def test_a_strategy_that_does_not_exist_is_told_from_those_that_do() -> None:
    with pytest.raises(UserError, match="'compond' is nothing that settings differ in; did you mean 'compound'"):
        ask(strategies(width=0.0, compound=0.0), {"compare": ("width", "compond")}, made("width", "compound"))


OR_BY = "it takes two, or another column that tells groups apart, such as"


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (
            {"compare": ("resolution", "depth")},
            "no place has both a depth arm and a resolution arm from the same point",
        ),
        ({"compare": ("dropout",)}, f"nothing to compare: 0 groups by dropout; {OR_BY} `--by family`"),
        (
            {"compare": ("family",)},
            f"nothing to compare: 1 group by family (ResNet-RS); {OR_BY} `--by epochs`",
        ),
    ],
)
def test_what_is_not_there_cannot_be_compared(plan: dict[str, Any], reason: str) -> None:
    said = ask(arms(0.01), plan)
    assert (said.decided, said.sentence) == (False, f"Not answered: {reason}.")


ONE = "one setting alone has an accuracy; `scaling run simulated` trains others, if its study has some"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "nothing has been trained to success yet; `scaling run STUDY` does that"),
        (
            arms(0.01, status="failed"),
            "5 trials failed and none went well; `scaling run simulated --retry failed` tries again",
        ),
        (arms(0.01, status="planned"), "nothing has been trained to success yet; `scaling run simulated` does that"),
        (arms(0.01)[:1], ONE),
        (seeded(arms(0.01)[:1], 3), ONE),
    ],
    ids=["empty", "failed", "planned", "one", "one with three seeds"],
)
@pytest.mark.parametrize("plan", [None, {"compare": ("depth", "width")}], ids=["no plan", "planned"])
def test_too_little_is_not_answered_yet(rows: Rows, why: str, plan: dict[str, Any] | None) -> None:
    said = ask(rows, plan)
    assert (said.sentence, said.decided, said.figure) == (f"Not answered yet: {why}.", False, None)


def test_of_two_devices_the_one_that_timed_more_is_answered_for_and_named() -> None:
    slower = [of | {"training_device": "b", "training_ms": 2 * float(str(of["training_ms"]))} for of in arms(-0.02)]
    said = ask([*arms(0.02), *slower[:3]], noise=0.01)
    assert said.sentence.startswith("On training device a: For the same time per training step, width pays more")


def test_the_noise_between_seeds_that_is_given_decides() -> None:
    rows = seeded(arms(0.01), 2)
    assert ask(rows, noise=0.01).decided
    assert not ask(rows, noise=3.0).decided


def test_the_order_of_records_changes_no_answer() -> None:
    random = np.random.default_rng(0)
    noisy = [
        of | {"top1": float(str(of["top1"])) + 0.003 * random.standard_normal()}
        for of in seeded([*arms(0.004, images=5000), *arms(-0.01, images=5000, epochs=50)], 2)
    ]
    frame = pd.DataFrame(noisy)
    for rows in (frame, pd.DataFrame(weights(0.002, 5000)), pd.DataFrame(steps([0.6, 0.7, 0.701], images=5000))):
        said, shuffled = ask(rows), ask(rows.sample(frac=1, random_state=1))
        assert (said.words, said.decided) == (shuffled.words, shuffled.decided)


# How often answers are wrong.


def simulated(number: int, ahead: float) -> Answer:
    """Arms of a study with noise of images and of seeds."""
    random, images = np.random.default_rng(number), 10_000
    rows: Rows = []
    for of in arms(ahead, images=images):
        top1 = float(str(of["top1"]))
        seen = top1 + np.sqrt(top1 * (1 - top1) / images) * random.standard_normal()
        rows += [of | {"seed": seed, "top1": seen + 0.003 * random.standard_normal()} for seed in range(3)]
    return ask(rows, {"compare": ("width", "depth")})


def test_where_there_is_no_difference_few_studies_are_decided() -> None:
    assert np.mean([simulated(number, 0.0).decided for number in range(20)]) <= 0.15


def test_where_there_is_a_difference_studies_are_decided_and_for_the_right_side() -> None:
    answers = [simulated(number, 0.03) for number in range(10)]
    assert np.mean([said.decided for said in answers]) >= 0.8
    assert not any("depth pays more" in said.sentence for said in answers)
