"""Colours of figures by light and by dark: drawn ones become variables of the page's style sheet."""

from __future__ import annotations

from scaling.plots.kit import style

_GROUND = "#14171c"
_NEUTRAL = {
    "#ffffff": _GROUND,
    "#000000": "#f2f0ec",
    style.INK: "#e6e3de",
    style.PALE_INK: "#b3b1ac",
    style.GREY: "#888b91",
    style.PALE_GREY: "#565a61",
    style.GRID: "#2b2f37",
}
_VIVID = {
    style.BLUE: "#4ba6e3",
    style.VERMILLION: "#f0834d",
    style.GREEN: "#2fbf97",
    style.PURPLE: "#e19cc5",
    style.ORANGE: "#f2ba42",
    style.SKY: "#97d4f7",
    style.FAILURE: "#ff7d88",
}
_BRIGHT = _NEUTRAL | _VIVID
_PALE = {style.pale(color): style.pale(_BRIGHT[color], _GROUND) for color in (*_VIVID, style.INK, style.GREY)}

DARK: dict[str, str] = {color.lower(): dark.lower() for color, dark in (_BRIGHT | _PALE).items()}
"""For each colour that figures are drawn in, the one on a dark ground: lighter, and as far apart for any eyes."""


def variable(color: str) -> str:
    """The style sheet's variable for a colour of `DARK`: `--c-0072b2` for `#0072b2`."""
    return f"--c-{color.removeprefix('#')}"


def light() -> str:
    """Declarations of all variables by light."""
    return _declared({color: color for color in DARK})


def dark() -> str:
    """Declarations of all variables in the dark."""
    return _declared(DARK)


def _declared(colors: dict[str, str]) -> str:
    return "".join(f"{variable(name)}:{value};" for name, value in colors.items())
