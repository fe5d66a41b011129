"""The examples' reports, kept as files and reviewed when they change (make golden)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.stem for path in (ROOT / "factories").glob("*.yaml"))
FORMATS = {"txt": "terminal", "md": "markdown"}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_report_is_the_reviewed_one(
    example: str, suffix: str, groundplan: Run, root: Path, request: pytest.FixtureRequest
) -> None:
    ran = groundplan("plan", root / "factories" / f"{example}.yaml", "--format", FORMATS[suffix])
    assert ran.returncode == 0, ran.stderr
    golden = root / "tests" / "golden" / f"{example}.{suffix}"
    if request.config.getoption("--update-golden"):
        golden.write_text(ran.stdout, encoding="utf-8")
    assert ran.stdout == golden.read_text(encoding="utf-8"), "review the change, then: make golden"


def test_every_golden_report_has_its_example(root: Path) -> None:
    found = {path.name for path in (root / "tests" / "golden").iterdir() if path.is_file()}
    assert found == {f"{example}.{suffix}" for example in EXAMPLES for suffix in FORMATS}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_report_fits_80_columns_without_colour(example: str, groundplan: Run, root: Path) -> None:
    text = groundplan("plan", root / "factories" / f"{example}.yaml").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


@pytest.mark.parametrize("example", EXAMPLES)
def test_markdown_says_the_same_words(example: str, groundplan: Run, root: Path) -> None:
    """Every word of the Markdown report is in the terminal's, but for the marks of Markdown itself."""

    def words(text: str) -> str:
        kept = text.replace("\\", "").replace("relief:", "").replace("Relief:", "")
        return "".join(char for char in kept if char.isalnum())

    terminal = groundplan("plan", root / "factories" / f"{example}.yaml").stdout
    markdown = groundplan("plan", root / "factories" / f"{example}.yaml", "--format", "markdown").stdout
    # Long tables are cut on the terminal, which says how many rows of them only the Markdown has.
    cut = sum(
        int(count.replace(",", ""))
        for count in re.findall(r"(?m)^ +and ([0-9,]+) more: groundplan report PLAN --format markdown", terminal)
    )
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    cells = [cell.strip() for line in rows for cell in line.strip("| ").split(" | ")]
    # Cells are wrapped on the terminal, so only those without a break can be found there letter by letter.
    short = {words(cell) for cell in cells if cell and " " not in cell and "---" not in cell and len(cell) < 12}
    assert len(short) > 40
    missing = {cell for cell in short if cell not in words(terminal)}
    without = [line for line in rows if any(words(cell) in missing for cell in line.strip("| ").split(" | "))]
    assert len(without) <= cut
