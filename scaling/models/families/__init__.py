"""The built-in families, one module each; a new one is its module and a line here."""

from __future__ import annotations

from scaling.models.families import convnext, efficientnet, resnet, resnet_rs, vit
from scaling.models.family import Family

BUILT_IN: dict[str, Family] = {
    family.name: family
    for family in (resnet_rs.FAMILY, efficientnet.FAMILY, resnet.FAMILY, convnext.FAMILY, vit.FAMILY)
}
"""By name, in the order of their colours in figures."""
