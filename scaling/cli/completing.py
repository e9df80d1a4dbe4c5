"""What the shell completes: names of studies, notebooks, models, figures and data sets."""

from __future__ import annotations

from collections.abc import Iterator


def studies(incomplete: str) -> Iterator[str]:
    """Names of studies that begin so."""
    from scaling.generator.study import available

    yield from (name for name in available() if name.startswith(incomplete))


def copies(incomplete: str) -> Iterator[str]:
    """Names of studies and notebooks that begin so."""
    from scaling.interface.copying import notebooks

    yield from studies(incomplete)
    yield from (name for name in notebooks() if name.startswith(incomplete))


def models(incomplete: str) -> Iterator[str]:
    """Names of networks that begin so."""
    from scaling.models.names import known

    yield from (name for name in known() if name.startswith(incomplete))


def datasets(incomplete: str) -> Iterator[str]:
    """Names of data sets that begin so."""
    from scaling.datasets import DATASETS

    yield from (name for name in DATASETS if name.startswith(incomplete))


def figures(incomplete: str) -> Iterator[str]:
    """Names of figures that begin so, after those that were written before a comma."""
    from scaling.plots.names import FIGURES

    before, comma, last = incomplete.rpartition(",")
    yield from (f"{before}{comma}{name}" for name in FIGURES if name.startswith(last))
