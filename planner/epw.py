"""Reads an EPW file: a year's hours of weather as EnergyPlus and most others write it; all that is wrong with it at once.

An EPW file has eight lines of header and 8,760 lines of 35 cells, separated by commas. Hour 1 is the hour that ends at one
o'clock. Of the cells, dry bulb, dew point, relative humidity and pressure are used; the others may be missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from planner.errors import InputErrors, Problem, quoted
from planner.models.synthetic_year import DAYS_OF_MONTH, calendar
from planner.models.weather import HOURS, Weather, relative_humidity_fraction, wet_bulb_c

__all__ = ["WeatherFile", "read_epw"]

MOST_BYTES = 20_000_000  # a year has 1.5 MB
MOST_PROBLEMS = 20  # shown of one kind
HEADER = (
    "LOCATION",
    "DESIGN CONDITIONS",
    "TYPICAL/EXTREME PERIODS",
    "GROUND TEMPERATURES",
    "HOLIDAYS/DAYLIGHT SAVINGS",
    "COMMENTS 1",
    "COMMENTS 2",
    "DATA PERIODS",
)
CELLS = 35
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEAST_SHARED_POINTS = 15.0  # dew point and humidity of good files agree within a few points


@dataclass(frozen=True)
class _Column:
    """A column that is used: where it stands, what it may hold, and from which number on it says that nothing was measured."""

    number: int
    name: str
    low: float
    high: float
    missing: float
    unit: str


COLUMNS = (
    _Column(6, "dry bulb", -70, 70, 99.9, "C"),
    _Column(7, "dew point", -70, 70, 99.9, "C"),
    _Column(8, "relative humidity", 0, 110, 999, "%"),
    _Column(9, "pressure", 45_000, 120_000, 999_999, "Pa"),  # 5,000 m above the sea has 54,000
)


@dataclass(frozen=True)
class WeatherFile:
    """What an EPW file holds: the year, where it was measured, the digest of the file, and what had to be assumed."""

    weather: Weather
    name: str
    elevation_m: float
    sha256: str
    remarks: tuple[str, ...] = ()


def read_epw(path: Path) -> WeatherFile:
    """Read an EPW file.

    Parameters
    ----------
    path : Path
        The file; its name stands in every problem.

    Returns
    -------
    WeatherFile
        8,760 hours from 1 January; a leap year's 29 February is left out, and a remark says so.

    Raises
    ------
    InputErrors
        With every fault by line and column; of many faults of one kind the first ones, and how many more there are.
    """
    raw = _bytes(path)
    lines = _lines(path, raw)
    problems = _Problems(str(path))
    name, elevation_m, first_weekday = _header(lines[: len(HEADER)], problems)
    if problems.found and not problems.is_epw:
        raise InputErrors(problems.listed())
    rows = _rows(lines[len(HEADER) :], problems)
    values, leap, remarks = _year(rows, problems)
    if problems.found:
        raise InputErrors(problems.listed())
    dry, dew, humidity, pressure = values
    off = np.abs(100 * relative_humidity_fraction(dry, np.minimum(dew, dry)) - np.minimum(humidity, 100.0))
    apart = int(np.count_nonzero((off > LEAST_SHARED_POINTS) & (dew > 0)))
    if apart:
        remarks.append(
            f"in {apart:,} hours relative humidity and dew point differ by more than {LEAST_SHARED_POINTS:.0f} points: "
            "the dew point is used"
        )
    if np.any(dew > dry):
        remarks.append(
            f"in {np.count_nonzero(dew > dry):,} hours the dew point is above the dry bulb: the air is taken as saturated"
        )
        dew = np.minimum(dew, dry)
    weather = Weather(dry, wet_bulb_c(dry, dew, pressure), dew, pressure, *calendar(first_weekday, leap))
    return WeatherFile(weather, name, elevation_m, hashlib.sha256(raw).hexdigest(), tuple(remarks))


class _Problems:
    """Collects problems by kind, so that a fault of every line does not hide the others."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[str, list[Problem]] = {}
        self.is_epw = True

    def add(self, kind: str, line: int, column: int, path: str, message: str, hint: str = "") -> None:
        self.found.setdefault(kind, []).append(Problem(self.file, line, column, path, message, hint))

    def listed(self) -> Iterator[Problem]:
        for problems in self.found.values():
            yield from problems[: MOST_PROBLEMS - 1]
            for last in problems[MOST_PROBLEMS - 1 : MOST_PROBLEMS]:
                more = len(problems) - MOST_PROBLEMS
                tail = f"; and {more:,} more like this, the last in line {problems[-1].line}" if more else ""
                yield replace(last, message=last.message + tail)


def _bytes(path: Path) -> bytes:
    """Read the file's bytes, if it is one and of a size that can be."""

    def refuse(message: str, hint: str = "") -> InputErrors:
        return InputErrors([Problem(str(path), 0, 0, "", message, hint)])

    try:
        if path.is_dir():
            raise refuse("is a directory, not a file", "name the EPW file inside it")
        if not path.exists():
            near = sorted(each.name for each in path.parent.glob("*.[eE][pP][wW]"))[:8] if path.parent.is_dir() else []
            raise refuse("no such file", f"EPW files there: {', '.join(near)}" if near else "")
        if not path.is_file():
            raise refuse("is not a regular file")
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except PermissionError:
        raise refuse("may not be read (no permission)") from None
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from None
    if len(raw) > MOST_BYTES:
        size_mb = path.stat().st_size / 1e6
        raise refuse(f"is {size_mb:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB is read", "a year's EPW file has about 1.5 MB")
    if raw[:4] == b"PK\x03\x04":
        raise refuse("is a ZIP archive, not a text", "unpack it and name the .epw file in it")
    if not raw.strip():
        raise refuse("is empty")
    return raw


def _lines(path: Path, raw: bytes) -> list[str]:
    """Split the file into lines; names of places in old files may be Latin-1, but the hours are ASCII."""
    zero = raw.find(b"\0")
    if zero >= 0:
        line = raw.count(b"\n", 0, zero) + 1
        raise InputErrors([Problem(str(path), line, 1, "", "holds a zero byte: this is no text file", "name an EPW file")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if line > len(HEADER) or not raw.startswith(HEADER[0].encode()):
            column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
            message = f"is no text: byte 0x{raw[error.start]:02x}"
            raise InputErrors([Problem(str(path), line, column, "", message, "name an EPW file")]) from None
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _header(lines: list[str], problems: _Problems) -> tuple[str, float, int]:
    """Read place, elevation and the first day's day of the week out of the eight lines before the hours."""
    name, elevation_m, weekday = "", 0.0, 0
    for number, wanted in enumerate(HEADER, 1):
        if number > len(lines):
            problems.add("header", number, 1, wanted, "the line is missing", "an EPW file begins with eight lines of header")
            continue
        cells = [cell.strip() for cell in lines[number - 1].split(",")]
        if cells[0].upper() != wanted:
            message = f"line {number} must begin with {wanted}, not {quoted(cells[0])}"
            problems.add("header", number, 1, wanted, message, "an EPW file begins with eight lines of header")
            problems.is_epw &= number > 1
        elif wanted == "LOCATION":
            name, elevation_m = _location(cells, lines[0], problems)
        elif wanted == "DATA PERIODS":
            weekday = _first_weekday(cells, lines[-1], problems)
    return name, elevation_m, weekday


def _location(cells: list[str], line: str, problems: _Problems) -> tuple[str, float]:
    """Read a place's name and elevation."""
    if len(cells) < 10:
        problems.add("header", 1, 1, "LOCATION", f"has {len(cells)} cells; 10 are needed, the last is the elevation in m")
        return "", 0.0
    name = ", ".join(dict.fromkeys(cell for cell in (cells[1], cells[2], cells[3]) if cell not in ("", "-")))
    elevation_m = _number(cells[9])
    if elevation_m is None or not -430 <= elevation_m <= 5000:
        message = f"the elevation must be a number from -430 to 5,000 m, not {quoted(cells[9])}"
        problems.add("header", 1, _places(line)[9], "LOCATION", message)
        return name, 0.0
    return name, elevation_m


def _first_weekday(cells: list[str], line: str, problems: _Problems) -> int:
    """Read how many rows an hour has, which must be one, and the first day's day of the week."""
    for at, wanted in ((1, "data periods"), (2, "rows an hour")):
        if len(cells) > at and cells[at] != "1":
            message = f"has {quoted(cells[at])} {wanted}; one is read"
            problems.add("header", len(HEADER), _places(line)[at], "DATA PERIODS", message, "name a file of one year's hours")
    if len(cells) < 5:
        problems.add("header", len(HEADER), 1, "DATA PERIODS", f"has {len(cells)} cells; 5 are needed at least")
        return 0
    if cells[4].lower() not in WEEKDAYS:
        message = f"must name the first day, Monday to Sunday, not {quoted(cells[4])}"
        problems.add("header", len(HEADER), _places(line)[4], "DATA PERIODS", message)
        return 0
    return WEEKDAYS.index(cells[4].lower())


@dataclass(frozen=True)
class _Row:
    """A line with a moment of the year; its values as far as they are good."""

    line: int
    month: int
    day: int
    hour: int
    values: tuple[float, ...]


def _rows(lines: Iterable[str], problems: _Problems) -> list[_Row]:
    """Read the lines of hours."""
    rows = []
    for number, line in enumerate(lines, len(HEADER) + 1):
        cells = line.split(",")
        if len(cells) != CELLS:
            hint = (
                "the file ends within a line" if len(cells) < CELLS else "cells are separated by commas; decimals have a point"
            )
            message = f"has {len(cells)} cells, not {CELLS}" if line.strip() else "is empty"
            problems.add("cells", number, 1, "", message, hint if line.strip() else "remove the line")
            continue
        moment = _moment(cells, line, number, problems)
        values = _values(cells, line, number, problems)
        if moment is not None:
            rows.append(_Row(number, *moment, values))
    return rows


def _moment(cells: list[str], line: str, number: int, problems: _Problems) -> tuple[int, int, int] | None:
    """Read month, day and hour of a line."""
    found = []
    for at, name, most in ((1, "month", 12), (2, "day", 31), (3, "hour", 24)):
        value = _number(cells[at])
        if value is None or value != int(value) or not 1 <= value <= most:
            message = f"must be a whole number from 1 to {most}, not {quoted(cells[at].strip())}"
            problems.add("moment", number, _places(line)[at], name, message)
        else:
            found.append(int(value))
    if len(found) < 3:
        return None
    month, day, hour = found
    if day > (29 if month == 2 else DAYS_OF_MONTH[month - 1]):
        problems.add("moment", number, _places(line)[2], "day", f"month {month} has no day {day}")
        return None
    return month, day, hour


def _values(cells: list[str], line: str, number: int, problems: _Problems) -> tuple[float, ...]:
    """Read the cells that are used."""
    values = []
    for column in COLUMNS:
        text = cells[column.number].strip()
        value = _number(text)
        if value is not None and column.low <= value <= column.high:
            values.append(value)
            continue
        values.append(float("nan"))
        if value is None and text:
            kind, message, hint = "number", f"must be a number, not {quoted(text)}", ""
        elif value is None or value >= column.missing:
            kind, message = "missing", f"is missing ({text or 'an empty cell'})"
            hint = "fill it in, as by drawing a line between the hours around it"
        else:
            kind, hint = "range", ""
            message = f"must be from {column.low:,} to {column.high:,} {column.unit}, not {quoted(text)}"
        problems.add(f"{kind} {column.name}", number, _places(line)[column.number], column.name, message, hint)
    return tuple(values)


def _year(rows: list[_Row], problems: _Problems) -> tuple[NDArray[np.float64], bool, list[str]]:
    """Put the rows into a year of 8,760 hours; what is missing, stands twice or is out of order is a problem."""
    slots = np.full((HOURS, len(COLUMNS)), np.nan)
    lines: dict[int, int] = {}
    latest, leap = -1, False
    for row in rows:
        if (row.month, row.day) == (2, 29):
            leap = True
            continue
        slot = (sum(DAYS_OF_MONTH[: row.month - 1]) + row.day - 1) * 24 + row.hour - 1
        if slot in lines:
            message = f"{_said(slot)} stands twice (first in line {lines[slot]})"
            problems.add("twice", row.line, 1, "", message, "keep one; clocks are not changed: use local standard time")
            continue
        if slot < latest:
            problems.add("order", row.line, 1, "", f"{_said(slot)} stands after {_said(latest)}", "sort the hours")
        latest = max(latest, slot)
        lines[slot], slots[slot] = row.line, row.values
    unread = len(problems.found.get("cells", ())) + len(problems.found.get("moment", ()))
    missing = HOURS - len(lines)
    if unread < missing:
        gaps = list(_gaps(lines))
        if unread:  # which of them cannot be read and which are not there is not known
            message = f"{missing:,} hours are missing, of which at most {unread:,} stand in lines that cannot be read"
            problems.add("gap", len(HEADER), 1, "", message, "a year has 8,760 hours, each once")
            gaps = []
        for first, last in gaps:
            hours = last - first + 1
            what = (
                f"{_said(first)} is missing" if hours == 1 else f"{hours:,} hours are missing, {_said(first)} to {_said(last)}"
            )
            problems.add(
                "gap", lines.get(first - 1, len(HEADER)), 1, "", f"after this line {what}", "a year has 8,760 hours, each once"
            )
    return slots.T, leap, ["29 February is left out: a year has 8,760 hours here"] if leap else []


def _gaps(lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last hour of every gap."""
    missing = np.setdiff1d(np.arange(HOURS), np.fromiter(lines, dtype=np.int64))
    if len(missing):
        for run in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
            yield int(run[0]), int(run[-1])


def _said(slot: int) -> str:
    """Name an hour of the year as the file does."""
    day, hour = divmod(slot, 24)
    month = 0
    while day >= DAYS_OF_MONTH[month]:
        day -= DAYS_OF_MONTH[month]
        month += 1
    return f"month {month + 1}, day {day + 1}, hour {hour + 1}"


def _places(line: str) -> list[int]:
    """Find the columns at which a line's cells begin."""
    places = [1]
    for cell in line.split(",")[:-1]:
        places.append(places[-1] + len(cell) + 1)
    return places


def _number(text: str) -> float | None:
    """Read a plain number; None if it is none."""
    try:
        value = float(text) if "_" not in text else float("nan")
    except ValueError:
        return None
    return value if np.isfinite(value) else None
