"""The page in a real browser: on a phone and on a desk, by light and in the dark, and on paper."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scaling.reports.page.build import build
from scaling.reports.page.render import write
from tests.reports.page.made_up import small

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DARK = "--blink-settings=preferredColorScheme=0"
WIDTHS = (360, 1400)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine (Debian: apt-get install chromium)"),
]

PROBE = """<script>
addEventListener("load", () => {
  const buttons = [...document.querySelectorAll("th button")];
  const button = buttons.find((button) => button.textContent.startsWith("Accuracy, mean"));
  const cells = () => [...button.closest("table").tBodies[0].rows].map((row) => row.cells[0].textContent);
  const before = cells();
  button.click();
  const once = cells();
  button.click();
  const color = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
  parent.postMessage(JSON.stringify({
    width: document.documentElement.clientWidth,
    needed: document.documentElement.scrollWidth,
    wide: [...document.querySelectorAll("main *")].filter((element) => !element.closest(".scroll, pre")
      && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.outerHTML.slice(0, 99)),
    sorted: [before, once, cells()],
    ground: color("body", "backgroundColor"),
    ink: color("body", "color"),
    text: color(".drawing text", "fill"),
    behind: color(".drawing svg path", "fill"),
  }), "*");
});
</script>"""

FRAME = """<!DOCTYPE html><body><iframe src="page.html" width="{width}" height="900" style="border:0"></iframe>
<script>addEventListener("message", (event) => {{ document.body.dataset.told = event.data; }});</script>"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page, which tells what it looks like to the page that frames it."""
    path = tmp_path_factory.mktemp("site")
    longest = "a_name_without_any_place_to_break_" * 4
    write(build([small(path / "results" / name) for name in ("first", longest)]), path / "plain.html")
    told = (path / "plain.html").read_text()
    (path / "page.html").write_text(told.replace("</main>", f"</main>{PROBE}"))
    for width in WIDTHS:
        (path / f"frame_{width}.html").write_text(FRAME.format(width=width))
    return path


def browse(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    profile = file.parent / "profile"
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += ["--enable-logging=stderr", f"--user-data-dir={profile}", "--virtual-time-budget=10000", *options]
    return subprocess.run([*command, file.as_uri()], capture_output=True, text=True, timeout=180, check=True)


def seen(site: Path, width: int, *options: str) -> dict[str, Any]:
    """What the page tells of itself in a window so wide; whatever the browser says on its console is a failure."""
    done = browse(site / f"frame_{width}.html", "--window-size=1500,1000", "--dump-dom", *options)
    assert "CONSOLE" not in done.stderr, done.stderr
    (told,) = re.findall(r'data-told="([^"]*)"', done.stdout)
    return dict(json.loads(html.unescape(told)))


def brightness(color: str) -> float:
    """From 0 to 255, of `rgb(1, 2, 3)`."""
    parts = [float(part) for part in re.findall(r"[\d.]+", color)[:3]]
    return sum(parts) / 3


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(site: Path, width: int) -> None:
    told = seen(site, width)
    assert told["width"] <= width
    assert told["wide"] == []
    assert told["needed"] == told["width"]


def test_tables_sort_by_a_click_and_back_by_another(site: Path) -> None:
    before, once, twice = seen(site, 1400)["sorted"]
    assert before == once
    assert twice == once[::-1]
    assert len(once) == 4


def test_figures_have_the_ground_and_the_ink_of_the_page_in_both_schemes(site: Path) -> None:
    light, dark = seen(site, 1400), seen(site, 1400, DARK)
    for told in (light, dark):
        assert told["behind"] == told["ground"]
    assert brightness(light["ground"]) > 240
    assert brightness(dark["ground"]) < 40
    assert all(brightness(light[what]) < 100 for what in ("ink", "text"))
    assert all(brightness(dark[what]) > 150 for what in ("ink", "text"))


def test_it_prints_on_several_sheets(site: Path) -> None:
    paper = site / "page.pdf"
    browse(site / "plain.html", f"--print-to-pdf={paper}", "--no-pdf-header-footer", DARK)
    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 60
