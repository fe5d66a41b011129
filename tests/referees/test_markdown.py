"""cmark-gfm, GitHub's own Markdown program, judges the Markdown report: every table is one, and no text escapes its cell."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from planner.catalog import load_catalog
from planner.engine import make_plan
from planner.report.markdown import to_markdown
from planner.report.view import Report, make_report
from planner.spec import Factory

pytestmark = pytest.mark.referee

HOSTILE = "| a || b ` **bold** <script>alert(1)</script> [x](javascript:y) \\ \x1b[31m # _u_ ~~s~~ &lt;"


def report(description: str) -> Report:
    data = {"name": "x", "description": description, "site": {"country": "US"}, "compute": {"nodes": {"gb200-nvl72": 8}}}
    return make_report(make_plan(Factory.model_validate(data), load_catalog()))


def html(markdown: str, program: str) -> str:
    options = ["--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink"]  # unsafe: raw HTML would be seen
    return subprocess.run([program, *options], input=markdown, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.parametrize("description", ["plain", HOSTILE])
def test_every_table_is_a_table_of_the_reports_size(description: str, referee: Callable[[str], str]) -> None:
    made = report(description)
    page = html(to_markdown(made), referee("cmark-gfm"))
    tables = re.findall(r"<table>.*?</table>", page, re.DOTALL)
    sizes = [(len(made.answers), 2)] + [(len(table.rows), len(table.columns)) for table in made.tables]
    assert len(tables) == len(sizes)
    for table, (rows, columns) in zip(tables, sizes, strict=True):
        body = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
        assert [row.count("<td") for row in body] == [columns] * rows


def test_a_hostile_description_stays_text(referee: Callable[[str], str]) -> None:
    page = html(to_markdown(report(HOSTILE)), referee("cmark-gfm"))
    (cell,) = re.findall(r"<td><strong>About</strong></td>\n<td>(.*?)</td>", page)
    for mark in ("<script", "<a href", "<em>", "<del>", "<code>", "\x1b"):
        assert mark not in cell
    assert unescape(cell) == HOSTILE.replace("\x1b", "")


def test_the_shipped_golden_reports_are_read_as_written(root: Path, referee: Callable[[str], str]) -> None:
    for path in sorted((root / "tests" / "golden").glob("*.md")):
        page = html(path.read_text(encoding="utf-8"), referee("cmark-gfm"))
        assert page.count("<h1>") == 1
        assert page.count("<table>") == page.count("<h2>") + 1 - page.count("Remarks</h2>"), path.name
