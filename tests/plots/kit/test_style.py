"""How families look."""

from __future__ import annotations

import pytest

from scaling.models import BUILT_IN
from scaling.plots.kit import style


def test_families_look_apart_and_there_is_a_look_for_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = {(style.family_color(name), style.family_marker(name)) for name in BUILT_IN}
    assert len(looks) == len(BUILT_IN)
    more = BUILT_IN | {f"family_{number}": BUILT_IN["vit"] for number in range(9)}
    monkeypatch.setattr(style, "BUILT_IN", more)
    assert all(style.family_color(name) and style.family_marker(name) for name in more)
    assert style.family_color("resnet_rs") == style.BLUE
