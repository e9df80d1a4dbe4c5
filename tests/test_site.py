"""The documentation builds as a site, which can be read from disk and loads nothing from the network."""

from __future__ import annotations

import html
import inspect
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest

import scaling

pytest.importorskip("material", reason="mkdocs is not installed (pip install -e '.[dev]')")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LOADED_BY_LINK = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}


class Loaded(HTMLParser):
    """Addresses that a browser loads with a page, without a click."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("src", "data", "poster") if name in found]
        self.addresses += [part.split()[0] for part in (found.get("srcset") or "").split(",") if part.strip()]
        if tag == "link" and LOADED_BY_LINK & set((found.get("rel") or "").split()):
            self.addresses.append(found.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built strictly: any warning fails, such as that of a link without a target. `--quiet` would hide them from it."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    run = subprocess.run(build, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_each_document_has_a_page(site: Path) -> None:
    pages = {f"docs/{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    pages |= {f"notebooks/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert not [page for page in {"index.html", "CHANGELOG.html", *pages} if not (site / page).exists()]


def test_pages_load_nothing_but_files_of_the_site(site: Path) -> None:
    for page in site.rglob("*.html"):
        for address in Loaded(page).addresses:
            if address.startswith("data:"):
                continue
            assert not urlsplit(address).netloc, f"{page} loads {address}"
            # 404.html has addresses from the root: a server shows it in place of any page.
            if page.name != "404.html":
                assert (page.parent / urldefrag(address).url).is_file(), f"{page} loads {address}, which does not exist"


def test_styles_load_nothing_from_the_network(site: Path) -> None:
    styles = [*site.rglob("*.css"), *site.rglob("*.html")]
    assert styles
    for style in styles:
        addresses = re.findall(
            r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]*)""", style.read_text(encoding="utf-8")
        )
        assert not addresses, f"{style} loads {addresses}"


def words_of(page: Path) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))).split())


def test_the_reference_has_the_docstring_of_each_function(site: Path) -> None:
    words = words_of(site / "docs" / "python-reference.html")
    for name in scaling.__all__:
        docstring = inspect.getdoc(getattr(scaling, name)) or ""
        first = " ".join(docstring.partition("\n\n")[0].replace("`", "").split())
        assert first, name
        assert first in words, name


def test_the_reference_says_in_one_piece_what_a_function_returns(site: Path) -> None:
    words = words_of(site / "docs" / "python-reference.html")
    assert "Returns: DataFrame – One row a trial," in words
    assert words.count("DataFrame – ") == 1


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine (Debian: apt-get install chromium)")
def test_search_works_from_disk(site: Path, tmp_path: Path) -> None:
    assert BROWSER is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    offline = ["--proxy-server=127.0.0.1:9", "--virtual-time-budget=20000", "--dump-dom"]
    page = f"{(site / 'docs' / 'decide.html').as_uri()}?q=checkpoint"
    run = subprocess.run([BROWSER, *options, *offline, page], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert re.search(r"\d+ matching documents", run.stdout)
