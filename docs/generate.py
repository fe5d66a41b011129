"""Writes the documents that are made from the code and the data, or checks that they are fresh (--check)."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import planner.models
from planner.catalog import KINDS, load_catalog
from planner.catalog.records import Record
from planner.spec import json_schema
from topologies.families import TOPOLOGIES

DOCS = Path(__file__).parent
_SECTION = r"\n\n(?=[A-Z][a-z]+\n-{4,})"  # of a numpydoc docstring


def catalog_page() -> str:
    """Make the catalog's page from the same files that the planner reads."""
    catalog = load_catalog()
    parts = [
        "# Catalog",
        "",
        "Made from `planner/catalog/data` by `make docs`. Every row names its source and the day it was read; the grade says",
        "how far to trust it: *vendor* (each number seen in the maker's own document), *secondary* (seen in a copy or a third",
        "party's text), *assumption* (recalled or estimated; the note says how). A row is as good as its weakest number.",
        "",
        "Your own rows: put CSV files with the same names and headers in a folder and name it with `--catalog DIR` or",
        "`catalog:` in the factory. New ids extend the catalog; a known id overrides that row, and empty cells keep its",
        "values.",
    ]
    for kind, record in KINDS.items():
        rows = catalog.rows[kind]
        parts += [
            "",
            f"## {kind.replace('_', ' ').capitalize()}",
            "",
            " ".join((record.__doc__ or "").split()),
            "",
        ]
        columns = [name for name in record.model_fields if name not in ("confidence", "source_url", "retrieved_on", "note")]
        parts += _table(
            [*columns, "grade", "source", "note"],
            [[*(_cell(row, name) for name in columns), *_grade(row)] for row in rows.values()],
        )
    return "\n".join(parts) + "\n"


def _grade(row: Record) -> list[str]:
    return [row.confidence, f"[{row.retrieved_on}](<{row.source_url}>)", _escape(row.note)]


def _cell(row: Record, name: str) -> str:
    value = getattr(row, name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, int | float) else _escape(str(value))


def topologies_page() -> str:
    """Make the page of the topologies from their docstrings."""
    parts = [
        "# Topologies",
        "",
        "Made from the docstrings by `make docs`. `topologies.families.build(NAME, parameters)` builds a fabric; a factory",
        "names one under `fabrics.compute.topology`.",
    ]
    for name, function in TOPOLOGIES.items():
        parts += ["", f"## {name}", "", *_function(function)]
    return "\n".join(parts) + "\n"


def models_page() -> str:
    """Make the page of the models from their docstrings: what each is for, its formula and its source."""
    parts = [
        "# Models",
        "",
        "Made from the docstrings by `make docs`. The planner's models are functions of plain numbers: the last part of a name",
        "is its unit, scalars and arrays both work, and nothing is read but the arguments. A docstring says more: all",
        "parameters, and an example that is run as a test (`help(planner.models.losses.input_kw)`).",
    ]
    for found in sorted(pkgutil.iter_modules(planner.models.__path__), key=lambda each: each.name):
        module = importlib.import_module(f"planner.models.{found.name}")
        values = [getattr(module, name) for name in getattr(module, "__all__", ())]
        own = [each for each in values if getattr(each, "__module__", "") == module.__name__ and hasattr(each, "__name__")]
        if own:
            parts += ["", f"## {found.name}", "", *_rst(inspect.getdoc(module) or "")]
        for value in own:
            parts += ["", f"### {value.__name__}", "", *_model(value)]
    return "\n".join(parts) + "\n"


def _model(value: Any) -> list[str]:
    """Lay out one model: signature and summary, then notes and references."""
    summary, *sections = re.split(_SECTION, inspect.getdoc(value) or "")
    lines = _rst(summary)
    if inspect.isfunction(value):
        lines += ["", "```python", f"{value.__module__}.{value.__name__}{_signature(value)}", "```"]
    for section in sections:
        title, _, body = section.partition("\n")
        said = {"Notes": "Formula", "References": "Source"}.get(title)
        if said:
            first, *rest = _rst(body.partition("\n")[2])
            lines += ["", f"*{said}.* {first}", *rest]
    return lines


def _rst(text: str) -> list[str]:
    """Turn paragraphs and indented blocks of reStructuredText into Markdown."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if block.startswith("    ") and lines:
            lines += ["", "```text", *inspect.cleandoc(block).splitlines(), "```"]
            continue
        lines.append("")
        for item in re.split(r"\n(?=- |\* |[0-9]+\. )", block):
            lines.append(_escape_prose(re.sub(r"\s*::$", ":", " ".join(item.split()))))
    return lines[1:]


def _escape_prose(text: str) -> str:
    """Escape what Markdown would read, but in backticks and addresses."""
    pieces = re.split(r"(``.+?``|`[^`]+`|https?://\S+)", text)
    return "".join(piece if number % 2 else re.sub(r"([*_])", r"\\\1", _escape(piece)) for number, piece in enumerate(pieces))


def _function(function: Callable[..., Any]) -> list[str]:
    """Lay out a numpydoc docstring: summary, parameters as a table, what comes back, notes, sources, an example."""
    summary, *sections = re.split(_SECTION, inspect.getdoc(function) or "")
    lines = [*_prose(summary), "", "```python", f"{function.__module__}.{function.__name__}{_signature(function)}", "```"]
    for section in sections:
        title, _, body = section.partition("\n")
        body = body.partition("\n")[2]
        lines.append("")
        if title in ("Parameters", "Returns", "Raises"):
            items = re.split(r"\n(?=\S)", body)
            rows = [
                [_escape(head), _escape(" ".join(rest.split()))] for head, _, rest in (item.partition("\n") for item in items)
            ]
            lines += _table([title, ""], rows)
        elif title == "Examples":
            lines += ["```pycon", *body.strip().splitlines(), "```"]
        else:
            lines += [f"*{title}.* " + _escape(" ".join(body.split()))]
    return lines


def _prose(text: str) -> list[str]:
    return [_escape(line) for line in text.strip().splitlines()]


def _signature(function: Callable[..., Any]) -> str:
    return str(inspect.signature(function)).replace("'", "").partition(" -> ")[0]


def _table(columns: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (columns, ["---"] * len(columns), *rows)]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def main(arguments: list[str]) -> int:
    """Write or check."""
    made = {
        DOCS / "catalog.md": catalog_page(),
        DOCS / "topologies.md": topologies_page(),
        DOCS / "models.md": models_page(),
        DOCS / "schema" / "factory.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is stale: run make docs\n")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
