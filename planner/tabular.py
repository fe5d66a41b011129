"""Tables as comma-separated values that a spreadsheet takes for what they are: texts stay texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["csv_text", "harmless", "one_line"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would read as a formula; numbers stay numbers.

    Examples
    --------
    >>> harmless("=1+1"), harmless("@SUM(A1)"), harmless(-1.5), harmless("n0001")
    ("'=1+1", "'@SUM(A1)", -1.5, 'n0001')
    """
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Write rows under a header; None is an empty cell, truth is true or false, a list is joined by semicolons.

    Examples
    --------
    >>> print(csv_text(["name", "fed_by", "spare"], [["=x", ("a", "b"), True], ["y", (), None]]), end="")
    name,fed_by,spare
    '=x,a; b,true
    y,,
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([harmless(name) for name in columns])
    writer.writerows([harmless(_cell(value)) for value in row] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return one_line("; ".join(map(str, value)))
    return one_line(value) if isinstance(value, str) else value


def one_line(text: str) -> str:
    r"""Drop what a terminal would obey and what no XML may hold, and line ends.

    Examples
    --------
    >>> one_line("two\nlines \x1b[31m red")
    'two lines [31m red'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
