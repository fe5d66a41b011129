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
from planner.catalog.curves import curve_problems
from planner.catalog.records import Record
from planner.errors import InputErrors, Problem, complaint, did_you_mean, quoted
from planner.units import UNITS, unit_of
from planner.yamlfile import read_text

__all__ = ["KINDS", "Catalog", "load_catalog", "read_catalog"]

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
    "efficiency_points": records.EfficiencyPoint,
    "derating_points": records.DeratingPoint,
    "rack_power": records.RackPower,
    "cooling_units": records.CoolingUnit,
    "part_load_points": records.PartLoadPoint,
    "cooling_plants": records.CoolingPlant,
    "stations": records.Station,
    "climate_months": records.ClimateMonth,
    "grids": records.Grid,
    "reliability": records.Reliability,
    "embodied": records.Embodied,
    "construction": records.Construction,
    "construction_parts": records.ConstructionPart,
    "prices": records.Price,
    "instances": records.Instance,
    "network_cards": records.NetworkCard,
    "cloud_regions": records.CloudRegion,
    "cloud_prices": records.CloudPrice,
    "cloud_quotas": records.CloudQuota,
    "cloud_addons": records.CloudAddon,
}

# column -> the kind that its ids belong to
REFERENCES = {
    "nodes": {
        "gpu": "gpus",
        "compute_switch": "switches",
        "storage_switch": "switches",
        "in_band_switch": "switches",
        "rack_power": "rack_power",
    },
    "efficiency_points": {"item": "power_stages"},
    "derating_points": {"item": "power_stages"},
    "rack_power": {"supply": "power_stages", "converter": "power_stages"},
    "part_load_points": {"item": "cooling_units"},
    "cooling_plants": {
        "terminal": "cooling_units",
        "pump": "cooling_units",
        "chiller": "cooling_units",
        "rejection": "cooling_units",
    },
    "climate_months": {"station": "stations"},
    "construction_parts": {"item": "construction"},
    "instances": {
        "gpu": "gpus",
        "quota_on_demand": "cloud_quotas",
        "quota_spot": "cloud_quotas",
        "quota_block": "cloud_quotas",
    },
    "network_cards": {"instance": "instances"},
    "cloud_prices": {"region": "cloud_regions"},
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
    catalog, _, problems = read_catalog(folder)
    if problems:
        raise InputErrors(problems)
    return catalog


def read_catalog(folder: Path | None = None) -> tuple[Catalog, dict[str, frozenset[str]], list[Problem]]:
    """Load as much of the catalog as can be read: for `load_catalog`, and for a factory's own faults to be found beside these.

    Returns
    -------
    tuple
        The catalog; its ids by kind, those of faulty rows too and without the kinds that cannot be read, so that what refers
        to them is not reported as well; and what is wrong, by file and line.
    """
    base = _built_in()
    if folder is None:
        return base, base.ids(), []
    files, problems = _files(folder)
    rows = {kind: dict(known) for kind, known in base.rows.items()}
    named: dict[str, set[str]] = {kind: set(known) for kind, known in base.rows.items()}
    overrides: list[tuple[str, str, str]] = []
    digest = hashlib.sha256(base.version.encode())
    lines: dict[tuple[str, str], _Line] = {}
    unread: set[str] = set()
    for path in files:
        kind = path.stem
        try:
            text = read_text(path)
        except InputErrors as errors:
            problems += errors.problems
            unread.add(kind)
            continue
        digest.update(path.name.encode() + b"\0" + text.replace("\r\n", "\n").encode())
        for line, record in _parse(str(path), kind, text, base.rows[kind], named[kind], problems):
            before = base.rows[kind].get(record.id)
            if before is not None:
                overrides.append((kind, record.id, _difference(before, record)))
            rows[kind][record.id] = record
            lines[kind, record.id] = line
    problems += _same_price(rows["cloud_prices"], lines, overrides)
    if not unread:
        problems += _dangling(rows, named, lines)
        problems += curve_problems(rows, named, lines)
    if not unread and not problems:  # a month that is missing may be one of the faulty rows
        problems += _climates(rows, lines)
    frozen = {kind: MappingProxyType(dict(sorted(known.items()))) for kind, known in rows.items()}
    catalog = Catalog(MappingProxyType(frozen), digest.hexdigest()[:12], tuple(sorted(overrides)))
    ids = catalog.ids()
    return catalog, {kind: ids[kind] | frozenset(named.get(kind, ())) for kind in ids if kind not in unread}, problems


def _files(folder: Path) -> tuple[list[Path], list[Problem]]:
    """List a folder's catalog files."""
    kinds = "name files after the catalog's kinds: " + ", ".join(f"{kind}.csv" for kind in KINDS)
    try:
        if not folder.is_dir():
            return [], [Problem(str(folder), 0, 0, "", "is not a folder with catalog files", kinds)]
        files = sorted(path for path in folder.iterdir() if path.suffix == ".csv")
    except OSError as error:
        return [], [Problem(str(folder), 0, 0, "", f"cannot be read: {error.strerror}", "")]
    if not files:
        return [], [Problem(str(folder), 0, 0, "", "holds no catalog file", kinds)]
    problems = [
        Problem(str(path), 0, 0, "", f"{quoted(path.stem)} is no kind of the catalog", did_you_mean(path.stem, KINDS))
        for path in files
        if path.stem not in KINDS
    ]
    return [path for path in files if path.stem in KINDS], problems


@functools.cache
def _built_in() -> Catalog:
    problems: list[Problem] = []
    rows: dict[str, dict[str, Record]] = {}
    digest = hashlib.sha256()
    for kind in KINDS:
        text = (DATA / f"{kind}.csv").read_text(encoding="utf-8")
        digest.update(kind.encode() + b"\0" + text.encode())
        rows[kind] = {record.id: record for _, record in _parse(f"{kind}.csv", kind, text, {}, set(), problems)}
    problems += _dangling(rows, {kind: set(known) for kind, known in rows.items()}, {})
    problems += curve_problems(rows, {kind: set(known) for kind, known in rows.items()}, {})
    if problems:
        raise InputErrors(problems)
    frozen = {kind: MappingProxyType(dict(sorted(known.items()))) for kind, known in rows.items()}
    return Catalog(MappingProxyType(frozen), digest.hexdigest()[:12])


@dataclass(frozen=True)
class _Line:
    """Where a row stands: its file, the line it begins in, its text, and the columns that its file has."""

    file: str
    number: int
    text: str
    header: tuple[str, ...] = ()

    def place(self, name: str) -> tuple[int, int]:
        """Find line and column of a cell; of the row where it has no such cell."""
        if name not in self.header:
            return self.number, 1
        return _cells(self.text, self.number)[self.header.index(name)]

    def problem(self, name: str, path: str, message: str, hint: str = "") -> Problem:
        """Make a problem located at a cell."""
        return Problem(self.file, *self.place(name), path, message, hint)


def _cells(text: str, line: int) -> list[tuple[int, int]]:
    """Find line and column of each cell of a row, which may run over several lines."""
    column = 1
    places = [(line, column)]
    in_quotes = False
    for char in text:
        column += 1
        in_quotes ^= char == '"'
        if char == "\n":
            line, column = line + 1, 1
        elif char == "," and not in_quotes:
            places.append((line, column))
    return places


def _parse(
    file: str, kind: str, text: str, known: Mapping[str, Record], named: set[str], problems: list[Problem]
) -> Iterator[tuple[_Line, Record]]:
    """Yield every good row and where it stands; append what is wrong with the others to `problems`, all ids to `named`."""
    record = KINDS[kind]
    source = io.StringIO(text, newline="").readlines()
    reader = csv.reader(source, strict=True)
    seen: dict[str, int] = {}
    start = 1
    try:
        header = tuple(name.strip() for name in next(reader, []))
        if faults := _header_faults(_Line(file, 1, source[0] if source else "", header), record):
            problems += faults
        if "id" not in header:
            return
        start = reader.line_num + 1
        for cells in reader:
            line = _Line(file, start, "".join(source[start - 1 : reader.line_num]), header)
            start = reader.line_num + 1
            if not any(cell.strip() for cell in cells):  # spreadsheets leave such lines
                continue
            if len(cells) != len(header):
                message = f"has {len(cells)} cells, the header has {len(header)}"
                problems.append(line.problem("", "", message, 'put a text that holds a comma in quotes: "a, b"'))
                continue
            given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
            row_id = given.get("id", "")
            if row_id in seen:
                problems.append(line.problem("id", row_id, f"stands twice (first in line {seen[row_id]})", "keep one"))
                continue
            if row_id:
                seen[row_id] = line.number
                named.add(row_id)
            values: dict[str, Any] = known[row_id].model_dump(exclude_none=True) if row_id in known else {}
            values |= {name: cell for name, cell in given.items() if name in record.model_fields}
            try:
                yield line, record.model_validate(values)
            except ValidationError as error:
                for fault in error.errors(include_url=False):
                    name = str(fault["loc"][0]) if fault["loc"] else ""
                    if fault["type"] == "missing" and name not in header and faults:
                        continue  # the column may be there under a wrong name
                    problems.append(_fault(line, row_id, name, dict(fault)))
    except csv.Error as error:
        hint = "a quotation mark is not closed, or not doubled within quotes" if "field larger" not in str(error) else ""
        problems.append(Problem(file, start, 1, "", f"is not CSV: {error}", hint))


def _header_faults(line: _Line, record: type[Record]) -> list[Problem]:
    """List what is wrong with a file's first line."""
    if not any(line.header):
        return [line.problem("", "", "holds no header", f"columns: {', '.join(record.model_fields)}")]
    if len(line.header) == 1 and ("id;" in line.header[0] or "id\t" in line.header[0]):
        return [line.problem("", "", "the cells are not separated by commas", "save the file as comma-separated values")]
    faults = []
    places = _cells(line.text, line.number)
    for number, (name, place) in enumerate(zip(line.header, places, strict=False)):
        if name not in record.model_fields:
            message = "is not a column of this file" if name else "a column without a name"
            faults.append(Problem(line.file, *place, name, message, did_you_mean(name, record.model_fields)))
        elif name in line.header[:number]:
            faults.append(Problem(line.file, *place, name, "column stands twice", "keep one"))
    if "id" not in line.header:
        faults.append(line.problem("", "id", "column is missing", f"columns: {', '.join(record.model_fields)}"))
    return faults


def _fault(line: _Line, row_id: str, name: str, fault: dict[str, Any]) -> Problem:
    """Say in our own words what is wrong with a cell."""
    kind = fault["type"]
    unit = UNITS[unit_of(name) or "count"][0]
    shown = quoted(str(fault["input"]))
    hint = ""
    if kind == "missing":
        hint = "fill in the cell" if name in line.header else "add the column"
    if kind == "row":
        message = str(fault["ctx"]["text"])
    elif kind == "string_pattern_mismatch":
        wanted = {"id": "lower-case letters, digits and hyphens, at most 63", "source_url": "a web address, https://..."}
        message = f"must be {wanted.get(name, 'written as ' + str(fault['ctx']['pattern']))}, not {shown}"
    else:
        message = complaint(kind, fault.get("ctx", {}), shown, unit) or f"{fault['msg']}, not {shown}"
    return line.problem(name, f"{row_id}.{name}" if row_id else name, message, hint)


def _dangling(
    rows: Mapping[str, Mapping[str, Record]], named: Mapping[str, set[str]], lines: Mapping[tuple[str, str], _Line]
) -> list[Problem]:
    """List the references to rows that do not exist; `named` holds the ids of all rows, faulty ones too."""
    problems = []
    for kind, columns in REFERENCES.items():
        for record in rows[kind].values():
            for column, wanted in columns.items():
                value = getattr(record, column)
                if value is not None and value not in named[wanted]:
                    line = lines.get((kind, record.id), _Line(f"{kind}.csv", 0, ""))
                    message = f"{quoted(value)} is not in the catalog of {wanted}"
                    hint = did_you_mean(value, rows[wanted])
                    problems.append(line.problem(column, f"{record.id}.{column}", message, hint))
    known = {row_id for kind, ids in named.items() if kind != "prices" for row_id in ids}
    for row_id in rows["prices"]:
        if row_id not in known:
            line = lines.get(("prices", row_id), _Line("prices.csv", 0, ""))
            problems.append(line.problem("id", row_id, "is no item of the catalog", did_you_mean(row_id, known)))
    return problems


def _climates(rows: Mapping[str, Mapping[str, Record]], lines: Mapping[tuple[str, str], _Line]) -> list[Problem]:
    """List a user's stations that do not have each month once, or whose extremes lie within the months' means."""
    problems: list[Problem] = []
    months = cast("Mapping[str, records.ClimateMonth]", rows["climate_months"])
    touched = {months[row_id].station for kind, row_id in lines if kind == "climate_months"}
    for row_id in sorted(touched | {row_id for kind, row_id in lines if kind == "stations"}):
        station = cast("records.Station", rows["stations"][row_id])
        normals = sorted((month for month in months.values() if month.station == row_id), key=lambda month: month.month)
        own = next((month.id for month in normals if ("climate_months", month.id) in lines), "")
        nowhere = _Line("stations.csv", 0, "")
        line = lines.get(("stations", row_id)) or lines.get(("climate_months", own), nowhere)
        numbers = [month.month for month in normals]
        missing = [str(number) for number in range(1, 13) if number not in numbers]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if missing:
            message = f"climate_months has no month {', '.join(missing)} of it"
            problems.append(
                line.problem("id", row_id, message, "add a row of climate_months.csv for each of the twelve months")
            )
        if twice:
            message = f"climate_months has month {', '.join(map(str, twice))} of it twice"
            problems.append(line.problem("id", row_id, message, "give the row that is replaced the catalog's id"))
        if missing or twice:
            continue
        warmest, coldest = max(month.daily_max_c for month in normals), min(month.daily_min_c for month in normals)
        if station.dry_bulb_max_c <= warmest:
            message = f"must exceed the warmest month's mean of daily highs, {warmest:g} C, not {station.dry_bulb_max_c:g}"
            problems.append(line.problem("dry_bulb_max_c", f"{row_id}.dry_bulb_max_c", message))
        if station.dry_bulb_min_c >= coldest:
            message = f"must be below the coldest month's mean of daily lows, {coldest:g} C, not {station.dry_bulb_min_c:g}"
            problems.append(line.problem("dry_bulb_min_c", f"{row_id}.dry_bulb_min_c", message))
    return problems


def _same_price(
    prices: dict[str, Record], lines: Mapping[tuple[str, str], _Line], overrides: list[tuple[str, str, str]]
) -> list[Problem]:
    """Let a user's price of a thing, in a region, bought in a way, take the place of the catalog's, whatever their ids."""
    problems = []
    own = {row_id: cast("records.CloudPrice", row) for row_id, row in prices.items() if ("cloud_prices", row_id) in lines}
    for row_id, row in own.items():
        for other_id, other in list(prices.items()):
            said = cast("records.CloudPrice", other)
            if other_id == row_id or (said.item, said.region, said.option) != (row.item, row.region, row.option):
                continue
            if other_id in own:
                message = f"the {row.option} price of {row.item} in {row.region} stands twice: see {other_id}"
                problems.append(lines["cloud_prices", row_id].problem("id", row_id, message, "keep one"))
            else:
                del prices[other_id]
                overrides.append(("cloud_prices", row_id, f"price_usd {said.price_usd:g} -> {row.price_usd:g}"))
    return problems


def _difference(before: Record, after: Record) -> str:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = [f"{name} {_cell(old[name])} -> {_cell(new[name])}" for name in old if old[name] != new[name]]
    return ", ".join(changed) or "nothing changed"


def _cell(value: Any) -> str:
    return "(none)" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
