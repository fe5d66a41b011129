"""Draws a report on a terminal: readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from planner.report.view import Line, Report
from planner.report.words import Table

__all__ = ["print_report", "print_tables"]

STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def print_report(report: Report, console: Console) -> None:
    """Print a report: what is broken, the answer, what else to know, the tables."""
    title = Text(report.title, style="bold")
    title.append(": " + report.verdict, style="bold red" if report.broken else "bold green")
    console.print(title)
    _print_lines(report.broken, console)
    console.print(Padding(_answers(report.answers), (1, 0, 0, 2)))
    _print_lines(report.remarks, console)
    for table in report.tables:
        console.print()
        _print_table(table, console)
    console.print()
    console.print(Text(report.footer, style="dim"))


def print_tables(tables: Iterable[Table], console: Console) -> None:
    """Print titled rows; a table without column names reads as names and what is said of them."""
    for number, table in enumerate(tables):
        if number:
            console.print()
        if any(table.columns):
            _print_table(table, console)
            continue
        console.print(Text(table.title, style="bold"))
        console.print(Padding(_answers(table.rows), (0, 0, 0, 2)))
        if table.note:
            console.print(Padding(Text(table.note, style="dim"), (0, 0, 0, 2)))


def _answers(rows: Iterable[tuple[str, ...]]) -> RichTable:
    answers = RichTable(box=None, show_header=False, padding=(0, 2, 0, 0))
    answers.add_column(no_wrap=True)
    answers.add_column(overflow="fold")
    for name, value in rows:
        answers.add_row(Text(name, style="bold"), Text(value))
    return answers


def _print_lines(lines: Iterable[Line], console: Console) -> None:
    for line in lines:
        text = Text(f"{line.severity.upper()} ", style=STYLES[line.severity])
        text.append(line.text, style="default")
        console.print(Padding(text, (1, 0, 0, 2)))
        if line.hint:
            console.print(Padding(Text(f"relief: {line.hint}", style="dim"), (0, 0, 0, 8)))


def _print_table(table: Table, console: Console) -> None:
    console.print(Text(table.title, style="bold"))
    drawn = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number, name in enumerate(table.columns):
        drawn.add_column(Text(name), justify="right" if number in table.right else "left", overflow="fold")
    shown = table.rows[: table.most] if table.most else table.rows
    for row in shown:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(Padding(drawn, (0, 0, 0, 2)))
    if more := len(table.rows) - len(shown):
        console.print(
            Padding(Text(f"and {more:,} more: groundplan report PLAN --format markdown, or --tables DIR"), (0, 0, 0, 2))
        )
    if table.note:
        console.print(Padding(Text(table.note, style="dim"), (0, 0, 0, 2)))
