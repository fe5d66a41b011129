"""Reads the catalog's files, and a user's own rows on top of them."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from planner.catalog import records
from planner.catalog.records import Record
from planner.errors import InputErrors, Problem, did_you_mean
from planner.yamlfile import read_text

__all__ = ["KINDS", "Catalog", "load_catalog"]

# kind, which is also the file's name -> its rows' class
KINDS: dict[str, type[Record]] = {
    "gpus": records.Gpu,
    "nodes": records.Node,
    "servers": records.Server,
    "switches": records.Switch,
    "cables": records.Cable,
    "racks": records.Rack,
    "pdus": records.Pdu,
    "power_stages": records.PowerStage,
    "cooling_plants": records.CoolingPlant,
    "construction": records.Construction,
    "prices": records.Price,
}

# column -> the kind that its ids belong to
REFERENCES = {
    "nodes": {
        "gpu": "gpus",
        "compute_switch": "switches",
        "storage_switch": "switches",
        "in_band_switch": "switches",
    }
}

DATA = Path(__file__).parent / "data"

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Catalog:
    """Rows by kind and id, and what a user's own rows changed."""

    rows: Mapping[str, Mapping[str, Record]]
    version: str
    overrides: tuple[tuple[str, str, str], ...] = ()

    def get(self, record: type[R], row_id: str) -> R:
        """Find a row by class and id.

        Raises
        ------
        KeyError
            If there is none.
        """
        return cast("R", self.rows[_kind_of(record)][row_id])

    def all(self, record: type[R]) -> list[R]:
        """List the rows of a class by id."""
        return cast("list[R]", list(self.rows[_kind_of(record)].values()))

    def price(self, item_id: str) -> records.Price | None:
        """Find the price of one piece of an item."""
        return cast("records.Price | None", self.rows["prices"].get(item_id))

    def ids(self) -> dict[str, frozenset[str]]:
        """Ids by kind, and the makers' names as ``vendors``: what a factory may refer to."""
        known = {kind: frozenset(rows) for kind, rows in self.rows.items()}
        makers = {row.vendor for rows in self.rows.values() for row in rows.values() if isinstance(row, records.Item)}
        return known | {"vendors": frozenset(makers)}

    def find(self, row_id: str) -> list[tuple[str, Record]]:
        """List (kind, row) of an id over all kinds."""
        return [(kind, rows[row_id]) for kind, rows in self.rows.items() if row_id in rows]


def _kind_of(record: type[Record]) -> str:
    return next(kind for kind, known in KINDS.items() if known is record)


def load_catalog(folder: Path | None = None) -> Catalog:
    """Load the catalog, with a user's own rows on top.

    Parameters
    ----------
    folder : Path, optional
        A folder with CSV files named and headed like the catalog's own. Rows with new ids extend it. A row with a known id
        replaces it: cells left empty, and columns left out, keep the catalog's values.

    Raises
    ------
    InputErrors
        With every faulty cell, by file and line.
    """
    base = _built_in()
    if folder is None:
        return base
    if not folder.is_dir():
        raise InputErrors([Problem(str(folder), 0, 0, "", "is not a folder with catalog files", _files_hint())])
    files = sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    problems = [
        Problem(str(path), 0, 0, "", f"'{path.stem}' is no kind of the catalog", did_you_mean(path.stem, KINDS))
        for path in files
        if path.stem not in KINDS
    ]
    if not files:
        problems.append(Problem(str(folder), 0, 0, "", "holds no catalog file", _files_hint()))
    rows = {kind: dict(known) for kind, known in base.rows.items()}
    overrides: list[tuple[str, str, str]] = []
    digest = hashlib.sha256(base.version.encode())
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for path in files:
        if path.stem not in KINDS:
            continue
        text = read_text(path)
        digest.update(path.name.encode() + b"\0" + text.replace("\r\n", "\n").encode())
        for line, record in _parse(str(path), path.stem, text, base.rows[path.stem], problems):
            before = base.rows[path.stem].get(record.id)
            if before is not None:
                overrides.append((path.stem, record.id, _difference(before, record)))
            rows[path.stem][record.id] = record
            places[path.stem, record.id] = (str(path), line)
    problems += _dangling(rows, places)
    if problems:
        raise InputErrors(problems)
    frozen = {kind: MappingProxyType(dict(sorted(known.items()))) for kind, known in rows.items()}
    return Catalog(MappingProxyType(frozen), digest.hexdigest()[:12], tuple(sorted(overrides)))


@functools.cache
def _built_in() -> Catalog:
    problems: list[Problem] = []
    rows: dict[str, dict[str, Record]] = {}
    digest = hashlib.sha256()
    for kind in KINDS:
        text = (DATA / f"{kind}.csv").read_text(encoding="utf-8")
        digest.update(kind.encode() + b"\0" + text.encode())
        rows[kind] = {record.id: record for _, record in _parse(f"{kind}.csv", kind, text, {}, problems)}
    problems += _dangling(rows, {})
    if problems:
        raise InputErrors(problems)
    frozen = {kind: MappingProxyType(dict(sorted(known.items()))) for kind, known in rows.items()}
    return Catalog(MappingProxyType(frozen), digest.hexdigest()[:12])


def _parse(
    file: str, kind: str, text: str, known: Mapping[str, Record], problems: list[Problem]
) -> Iterator[tuple[int, Record]]:
    """Yield (line, record) of every good row; append what is wrong with the others to `problems`."""
    record = KINDS[kind]
    reader = csv.reader(io.StringIO(text), strict=True)
    seen: dict[str, int] = {}
    try:
        header = next(reader, [])
        for column, name in enumerate(header, 1):
            if name not in record.model_fields:
                hint = did_you_mean(name, record.model_fields)
                problems.append(Problem(file, 1, column, name, "is not a column of this file", hint))
        if "id" not in header:
            problems.append(Problem(file, 1, 1, "id", "column is missing", f"columns: {', '.join(record.model_fields)}"))
            return
        start = reader.line_num + 1
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"has {len(cells)} cells, the header has {len(header)}"
                problems.append(Problem(file, line, 1, "", message, "quote texts that hold a comma"))
                continue
            given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
            row_id = given.get("id", "")
            if row_id in seen:
                problems.append(Problem(file, line, 1, row_id, f"stands twice (first in line {seen[row_id]})", "keep one"))
                continue
            seen[row_id] = line
            values: dict[str, Any] = known[row_id].model_dump(exclude_none=True) if row_id in known else {}
            try:
                yield (
                    line,
                    record.model_validate({k: v for k, v in {**values, **given}.items() if k in record.model_fields}),
                )
            except ValidationError as error:
                for fault in error.errors(include_url=False):
                    name = str(fault["loc"][0]) if fault["loc"] else ""
                    column = header.index(name) + 1 if name in header else 1
                    message = "is missing" if fault["type"] == "missing" else f"{fault['msg']}, not '{fault['input']}'"
                    problems.append(Problem(file, line, column, f"{row_id}.{name}", message))
    except csv.Error as error:
        problems.append(Problem(file, reader.line_num, 1, "", f"is not CSV: {error}"))


def _dangling(rows: Mapping[str, Mapping[str, Record]], places: Mapping[tuple[str, str], tuple[str, int]]) -> list[Problem]:
    problems = []
    for kind, columns in REFERENCES.items():
        for record in rows[kind].values():
            for column, wanted in columns.items():
                value = getattr(record, column)
                if value is not None and value not in rows[wanted]:
                    file, line = places.get((kind, record.id), (f"{kind}.csv", 0))
                    message = f"'{value}' is not in the catalog of {wanted}"
                    hint = did_you_mean(value, rows[wanted])
                    problems.append(Problem(file, line, 1, f"{record.id}.{column}", message, hint))
    known = {row_id for kind, items in rows.items() if kind != "prices" for row_id in items}
    for row_id in rows["prices"]:
        if row_id not in known:
            file, line = places.get(("prices", row_id), ("prices.csv", 0))
            problems.append(Problem(file, line, 1, row_id, "is no item of the catalog", did_you_mean(row_id, known)))
    return problems


def _difference(before: Record, after: Record) -> str:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = [f"{name} {_cell(old[name])} -> {_cell(new[name])}" for name in old if old[name] != new[name]]
    return ", ".join(changed) or "nothing changed"


def _cell(value: Any) -> str:
    return "(none)" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def _files_hint() -> str:
    return "name files after the catalog's kinds: " + ", ".join(f"{kind}.csv" for kind in KINDS)
