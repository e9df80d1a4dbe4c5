"""EfficientNets at lower resolutions against those at their own, and ResNet-RS (the paper's Figure 5)."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.claims.speed import resolution_groups
from scaling.analysis.equal_accuracy.compare import Comparisons, compare
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError
from scaling.plots import speed_accuracy, style
from scaling.plots.devices import by_device, cost_of, published_part
from scaling.plots.names import readable
from scaling.plots.picture import Picture, Skipped

NAME = "rescaled"
LOWER, OWN, RESNETS = "EfficientNet at lower resolution", "EfficientNet", "ResNet-RS"


def rescaled(found: Comparisons, axes: Axes, pale: bool = False) -> Axes:
    """Draws the three groups with their fronts and names; see `speed_accuracy`."""
    return speed_accuracy.speed_accuracy(found, axes, pale)


def grouped(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the three groups, told by `study`; empty unless there are EfficientNets of both kinds."""
    groups = resolution_groups(frame).map({True: OWN, False: LOWER})
    if groups.nunique() < 2:
        return frame.iloc[:0]
    resnets = frame.index[frame["family"] == "resnet_rs"]
    kept = pd.concat([groups, pd.Series(RESNETS, resnets)])
    return frame.loc[kept.index].assign(study=kept)


def picture(frame: pd.DataFrame, under: pd.DataFrame | None = None) -> Picture | Skipped:
    """The figure of these results, one panel a device; `under`: published ones to stand behind."""
    cost = cost_of(frame)
    rows = grouped(frame)
    if rows.empty:
        return Skipped(NAME, "no EfficientNets of one kind both at and below their own resolution")
    try:
        found = [
            (device, compare(collapse_seeds(part), cost, by="study"))
            for device, part in by_device(rows, cost)
            if (part["study"] == LOWER).any()
        ]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    behind = (
        None if under is None else compare(collapse_seeds(published_part(grouped(under), cost)[1]), cost, by="study")
    )
    return Picture(
        name=NAME,
        title="Does growing the resolution more slowly make EfficientNet better?",
        shows="EfficientNets at lower resolutions than compound scaling gives them, at their own, and ResNet-RS; the "
        "fronts as dashed lines.",
        concludes=" ".join(_said(device, one) for device, one in found),
        panels=tuple(partial(_panel, device, one, behind) for device, one in found),
        notes=(*speed_accuracy.notes(found), *speed_accuracy.background_note(under, cost)),
        size=(4.9, 4.1) if len(found) > 1 else (7.6, 4.6),
    )


def _said(device: str, found: Comparisons) -> str:
    on = f"On {device}: " if device else ""
    said = (pair.sentence for pair in found.pairs if {pair.of.name, pair.over.name} == {LOWER, OWN})
    return on + readable(" ".join(said))


def _panel(device: str, found: Comparisons, under: Comparisons | None, axes: Axes) -> Axes:
    if under is not None:
        rescaled(under, axes, pale=True)
    rescaled(found, axes)
    axes.set_title(device, fontsize=style.TEXT_SIZE)
    return axes
