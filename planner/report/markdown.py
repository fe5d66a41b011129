"""Writes a report as GitHub-flavoured Markdown: the same words as on the terminal."""

from __future__ import annotations

import re

from planner.report.view import Line, Report
from planner.report.words import Table

__all__ = ["to_markdown"]


def to_markdown(report: Report) -> str:
    """Return a report as one Markdown text."""
    answers = tuple((f"**{_escape(name)}**", _escape(value)) for name, value in report.answers)
    parts = [f"# {_escape(report.title)}: {_escape(report.verdict)}"]
    parts += _lines("What is broken", report.broken)
    parts += ["", *_table(("", ""), answers, frozenset())]
    parts += _lines("Remarks", report.remarks)
    for table in report.tables:
        parts += _section(table)
    return "\n".join([*parts, "", f"*{_escape(report.footer)}*", ""])


def _lines(title: str, lines: tuple[Line, ...]) -> list[str]:
    if not lines:
        return []
    relief = [f" *Relief: {_escape(line.hint)}*" if line.hint else "" for line in lines]
    listed = [f"- **{line.severity.upper()}** {_escape(line.text)}{hint}" for line, hint in zip(lines, relief, strict=True)]
    return ["", f"## {title}", "", *listed]


def _section(table: Table) -> list[str]:
    rows = tuple(tuple(_escape(cell) for cell in row) for row in table.rows)
    parts = [
        "",
        f"## {_escape(table.title)}",
        "",
        *_table(tuple(_escape(name) for name in table.columns), rows, table.right),
    ]
    return [*parts, "", _escape(table.note)] if table.note else parts


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], right: frozenset[int]) -> list[str]:
    ruler = ["---:" if number in right else "---" for number in range(len(columns))]
    return ["| " + " | ".join(cells) + " |" for cells in (columns, tuple(ruler), *rows)]


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_~\[\]<>|#&])", r"\\\1", text)
