"""One HTML page of results folders: `build` makes a `Page` of records, `render` the bytes of its file."""

from scaling.reports.page.build import build
from scaling.reports.page.page import Lead, Page, Table
from scaling.reports.page.render import render, write

__all__ = ["Lead", "Page", "Table", "build", "render", "write"]
