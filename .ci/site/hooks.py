"""Which files the site has, beyond what mkdocs.yml can say: the repository's own, and pages that are generated.

The site is laid out as the repository is: README.md, docs/, and whatever these link to, each at its own place. A
relative link then works on the site as it does on a code host, and mkdocs checks that its target exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).parents[2]
PYTHON = "docs/python-reference.md"
WORKER = ".ci/site/iframe-worker.js"
LINK = re.compile(r"\]\(([^)#:\s]+)")
RESULT = re.compile(r"^class (\w+)\(Shown\):$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> None:
    """Leaves pages that do not exist out of the navigation."""
    config.nav = list(_written(config.nav))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of the site: the theme's, the repository's, and the generated ones."""
    kept = Files([file for file in files if file.src_dir != config.docs_dir])
    for path in _linked():
        if path.suffix == ".ipynb":
            for name, content in _notebook(path):
                kept.append(File.generated(config, name, content=content))
        else:
            kept.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    kept.append(File.generated(config, PYTHON, content=_python_reference()))
    kept.append(File.generated(config, "site/iframe-worker.js", abs_src_path=str(ROOT / WORKER)))
    return kept


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turns links to notebooks into links to their pages."""
    return re.sub(r"(\]\([^):]+)\.ipynb\)", r"\1.md)", markdown)


def _written(nav: list[Any]) -> Iterator[Any]:
    """The entries whose page exists, or is generated from a file that exists."""
    for entry in nav:
        title, page = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        if isinstance(page, list):
            yield {title: list(_written(page))}
        elif page == PYTHON or (ROOT / page).exists() or (ROOT / page).with_suffix(".ipynb").exists():
            yield entry


def _linked() -> list[Path]:
    """README and docs/, then each file that one of these pages links to, directly or through another page."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in found:  # also those that are appended below
        if page.suffix == ".md":
            targets = (page.parent.joinpath(link).resolve() for link in LINK.findall(page.read_text(encoding="utf-8")))
            found += [path for path in dict.fromkeys(targets) if path.is_file() and path not in found]
    return found


def _notebook(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """A notebook as a page, and its figures."""
    names = {"unique_key": path.stem, "output_files_dir": f"{path.stem}_files"}
    page, resources = MarkdownExporter().from_filename(str(path), resources=names)
    folder = path.parent.relative_to(ROOT)
    yield (folder / f"{path.stem}.md").as_posix(), page
    for name, figure in resources["outputs"].items():
        yield (folder / name).as_posix(), figure


def _python_reference() -> str:
    """The page of the Python interface: the functions of `import scaling`, and the classes of their results."""
    scaling = import_module("scaling")
    modules = sorted((ROOT / "scaling" / "interface").glob("*.py"))
    results = [
        f"scaling.interface.{module.stem}.{name}" for module in modules for name in RESULT.findall(module.read_text())
    ]
    return "\n\n".join(
        [
            "# Python functions",
            "What `import scaling` has, from its docstrings. [From Python](python.md) shows how they go together.",
            "## Functions",
            *(f"::: {scaling._HOMES[name]}.{name}" for name in scaling.__all__),
            "## What is passed in",
            "::: scaling.interface.results.Results",
            "::: scaling.interface.choosing.AtMost",
            "## What they return",
            *(f"::: {name}" for name in ["scaling.interface.shown.Shown", *results]),
        ]
    )
