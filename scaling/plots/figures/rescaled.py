"""EfficientNets at lower resolutions against those at their own, and ResNet-RS (the paper's Figure 5)."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.claims.speed import resolution_groups
from scaling.analysis.equal_accuracy.compare import Comparisons, compare
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.figures import speed_accuracy
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped

NAME = "rescaled"
TABLES = ("table7", "fig5")
LOWER, OWN, RESNETS = "EfficientNet at lower resolution", "EfficientNet", "ResNet-RS"


def rescaled(comparisons: Comparisons, axes: Axes, pale: bool = False) -> Axes:
    """Draws the three groups with their fronts and names; see `speed_accuracy`."""
    return speed_accuracy.speed_accuracy(comparisons, axes, pale)


def groups(settings: pd.DataFrame) -> pd.Series[str]:
    """Which of the three groups a setting is in; empty unless there are EfficientNets of both kinds."""
    efficientnets = resolution_groups(settings).map({True: OWN, False: LOWER})
    if efficientnets.nunique() < 2:
        return efficientnets.iloc[:0]
    resnets = settings.index[settings["family"] == "resnet_rs"]
    return pd.concat([efficientnets, pd.Series(RESNETS, resnets)]).rename("group")


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a device, with published ones behind."""
    cost, published = context.cost, context.published(*TABLES)
    named = groups(context.settings)
    if named.empty:
        return Skipped(NAME, "no EfficientNets of one kind both at and below their own resolution")
    try:
        device_comparisons = [
            (device, compare(part, cost, by=named))
            for device, part in context.by_device(cost)
            if (named.reindex(part.index) == LOWER).any()
        ]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    behind = None if published is None else _behind(published, cost)
    return FigureSpec(
        name=NAME,
        title="Does growing the resolution more slowly make EfficientNet better?",
        shows="EfficientNets at lower resolutions than compound scaling gives them, at their own, and ResNet-RS; the "
        "fronts as dashed lines.",
        concludes=" ".join(_said(device, comparisons) for device, comparisons in device_comparisons),
        panels=tuple(partial(_panel, device, comparisons, behind) for device, comparisons in device_comparisons),
        notes=(*speed_accuracy.notes(device_comparisons), *speed_accuracy.background_note(published, cost)),
        size=(4.9, 4.1) if len(device_comparisons) > 1 else (7.6, 4.6),
        scales=("own",) * len(device_comparisons),
    )


def _behind(published: Context, cost: str) -> Comparisons:
    _, part = published.published_part(cost)
    return compare(part, cost, by=groups(published.settings))


def _said(device: str, comparisons: Comparisons) -> str:
    on = f"On {device}: " if device else ""
    said = (pair.sentence for pair in comparisons.pairs if {pair.of.name, pair.over.name} == {LOWER, OWN})
    return on + " ".join(said)


def _panel(device: str, comparisons: Comparisons, under: Comparisons | None, axes: Axes) -> Axes:
    if under is not None:
        rescaled(under, axes, pale=True)
    rescaled(comparisons, axes)
    axes.set_title(device, fontsize=style.TEXT_SIZE)
    return axes
