"""What is written beside the points of a regime."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.depth_width.tradeoff import Tradeoff
from scaling.analysis.settings import crossed
from scaling.models.families import BUILT_IN
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import ACCURACY
from scaling.plots.kit.labels import MOST_NAMES, Label
from scaling.plots.kit.style import TIMES
from scaling.schema import NAMED_ONLY


def names_of(tradeoff: Tradeoff) -> list[Label]:
    """Labels in order of importance: resolutions first, where there are several, then the best point, fronts, the rest.

    Points of an arm are named by what grows along it, all others by depth, width and, where it varies, resolution.
    Of very many points those of the fronts alone are named.
    """
    points, arms = tradeoff.points, tradeoff.arms
    resolutions = points["resolution"].nunique()
    if len(points) > MOST_NAMES:
        best = pd.concat(list(tradeoff.fronts.values())).tail(MOST_NAMES)
        return [_variant_name(row, tradeoff, resolutions > 1) for _, row in best.iterrows()]
    if points["family"].nunique() > 1 or not arms:
        apart = telling(points)
        named = [_variant_name(row, tradeoff, resolutions > 1, apart=apart) for _, row in points.iterrows()]
        return _best_first(named, tradeoff)
    in_arms = {row for arm in arms for row in arm.rows}
    others = points[~points.index.isin(in_arms)]
    named = [
        *(label for arm in arms for label in _arm_names(arm, tradeoff, short=resolutions > 1)),
        *(_variant_name(row, tradeoff, resolutions > 1, style.PALE_INK) for _, row in others.iterrows()),
    ]
    of_resolutions = [_resolution_name(resolution, tradeoff) for resolution in _resolutions(arms) if resolutions > 1]
    return [*of_resolutions, *_best_first(named, tradeoff)]


def _best_first(labels: list[Label], tradeoff: Tradeoff) -> list[Label]:
    """The name of the best point, then those of the fronts, then all others."""
    fronts = {_position(row, tradeoff) for rows in tradeoff.fronts.values() for _, row in rows.iterrows()}
    highest = max(top1 for _, top1 in fronts) if fronts else None
    return sorted(labels, key=lambda label: (label.anchors[0] not in fronts, label.anchors[0][1] != highest))


def _resolutions(arms: tuple[Arm, ...]) -> list[int]:
    return sorted({arm.base_resolution for arm in arms if arm.rows})


def _resolution_name(resolution: int, tradeoff: Tradeoff) -> Label:
    """Beside the last point of an arm, else further down it."""
    rows = [arm.rows[::-1] for arm in tradeoff.arms if arm.base_resolution == resolution]
    along = [row for position in range(max(map(len, rows))) for arm in rows for row in arm[position : position + 1]]
    anchors = tuple(_position(tradeoff.points.loc[[row]].iloc[0], tradeoff) for row in along)
    return Label(f"{resolution} px", anchors, style.INK, italic=True, of_line=True)


def _arm_names(arm: Arm, tradeoff: Tradeoff, short: bool) -> list[Label]:
    labels = []
    for _, point in tradeoff.points.loc[list(arm.rows)].iterrows():
        if point["depth"] == arm.base_depth and point["width"] == arm.base_width:
            continue
        text = f"{arm.axis[0] if short else f'{arm.axis} '}{point[arm.axis]:g}"
        labels.append(Label(text, (_position(point, tradeoff),), style.AXIS_COLOR[arm.axis]))
    return labels


def telling(points: pd.DataFrame) -> str:
    """The one column that tells points of one variant apart; empty where there is none, or several, or a file."""
    columns = crossed(points)
    return columns[0] if len(columns) == 1 and columns != ["init"] else ""


def what_tells(point: pd.Series[Any], apart: str) -> str:
    """What a point has of the column that tells it apart, as a label goes on with it; empty where there is none."""
    if not apart:
        return ""
    return f", {point[apart]:g}" if isinstance(point[apart], float) else f", {point[apart]}"


def _variant_name(
    point: pd.Series[Any], tradeoff: Tradeoff, with_resolution: bool, color: str | None = None, apart: str = ""
) -> Label:
    text = model_name(point, with_resolution) + what_tells(point, apart)
    return Label(text, (_position(point, tradeoff),), color or style.family_color(point["family"]))


def model_name(point: pd.Series[Any], with_resolution: bool) -> str:
    """Short enough for a label: a member's own name (`B4`), else its depth, and its width where that is not 1."""
    known_as, _, named = str(point.get("options")).partition("=")
    if known_as == NAMED_ONLY:
        return named.removeprefix(f"{point['family']}_")
    members = BUILT_IN[point["family"]].named if point["family"] in BUILT_IN else {}
    size = (point["depth"], point["width"])
    at = f"@{point['resolution']:g}"
    for name, member in members.items():
        if (member.depth, member.width) == size and not name.isdecimal():
            told = member.resolution == point["resolution"] or not (member.resolution or with_resolution)
            return (name.upper() if len(name) < 3 else name) + ("" if told else at)
    width = "" if point["width"] == 1 else f"{TIMES}{point['width']:g}"
    return f"{point['depth']:g}{width}" + (at if with_resolution else "")


def _position(point: pd.Series[Any], tradeoff: Tradeoff) -> tuple[float, float]:
    x, y = point[tradeoff.cost.name] * tradeoff.cost.scale, point["top1"] * ACCURACY.scale
    return float(x), float(y)
