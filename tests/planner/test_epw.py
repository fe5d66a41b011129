"""EPW files: written and read back, and everything that can be wrong with one, at its place."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from planner.engine import make_plan
from planner.epw import MOST_PROBLEMS, read_epw
from planner.errors import InputErrors, Problem
from planner.models.synthetic_year import DAYS_OF_MONTH, synthetic_year
from planner.models.weather import Weather, relative_humidity_fraction
from planner.reader import read_factory

YEAR = synthetic_year([12.0] * 6 + [28.0] * 6, [2.0] * 6 + [15.0] * 6, [0.0] * 6 + [11.0] * 6, 36.0, -9.0, 24.0, 98_000.0)
HEADER = [
    "LOCATION,Testville,TX,USA,Synthetic,722780,33.45,-111.98,-7.0,337.0",
    "DESIGN CONDITIONS,0",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    "COMMENTS 1,made by a test",
    "COMMENTS 2,",
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
]
OTHERS = ",".join(["0"] * 25)  # the cells that are not used


def row(slot: int, year: Weather = YEAR) -> str:
    day, hour = divmod(slot, 24)
    month = int(year.month[slot])
    day -= sum(DAYS_OF_MONTH[: month - 1])
    dry, dew = year.dry_bulb_c[slot], year.dew_point_c[slot]
    humidity = 100 * float(relative_humidity_fraction(dry, dew))
    values = f"{dry:.6f},{dew:.6f},{humidity:.0f},{year.pressure_pa[slot]:.0f}"
    return f"2019,{month},{day + 1},{hour + 1},60,?9?9,{values},{OTHERS}"


ROWS = [row(slot) for slot in range(8760)]


def write(folder: Path, rows: list[str], header: list[str] = HEADER) -> Path:
    path = folder / "x.epw"
    path.write_text("\n".join([*header, *rows]) + "\n", encoding="utf-8")
    return path


def problems(path: Path) -> list[Problem]:
    with pytest.raises(InputErrors) as caught:
        read_epw(path)
    assert all(each.file == str(path) for each in caught.value.problems)
    return list(caught.value.problems)


def only(path: Path) -> Problem:
    (found,) = problems(path)
    return found


def edited(slot: int, cell: int, text: str) -> list[str]:
    cells = ROWS[slot].split(",")
    cells[cell] = text
    return [*ROWS[:slot], ",".join(cells), *ROWS[slot + 1 :]]


def column_of(slot: int, cell: int) -> int:
    return len(",".join(ROWS[slot].split(",")[:cell])) + 2 if cell else 1


def test_a_year_that_is_written_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    read = read_epw(path)
    assert (read.name, read.elevation_m, read.remarks) == ("Testville, TX, USA", 337.0, ())
    assert read.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("dry_bulb_c", "dew_point_c", "wet_bulb_c", "pressure_pa"):
        np.testing.assert_allclose(getattr(read.weather, name), getattr(YEAR, name), atol=1e-5)
    for name in ("month", "hour"):
        assert np.array_equal(getattr(read.weather, name), getattr(YEAR, name))
    # 1 January is a Sunday in the file: the second day is the first working day.
    assert not read.weather.working_day[:24].any()
    assert read.weather.working_day[24:144].all()


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("LOCATION,", "location, ").replace("Sunday", "SUNDAY").encode(),
        lambda text: text.replace("Testville", "Göteborg").encode("latin-1"),
        lambda text: text.replace("Testville", "Göteborg").encode(),
        lambda text: text.replace(",?9?9,", ",,").encode(),
    ],
)
def test_other_spellings_are_read_as_well(tmp_path: Path, spell: Callable[[str], bytes]) -> None:
    path = write(tmp_path, ROWS)
    path.write_bytes(spell(path.read_text(encoding="utf-8")))
    read = read_epw(path)
    np.testing.assert_allclose(read.weather.dry_bulb_c, YEAR.dry_bulb_c, atol=1e-5)
    assert read.name in ("Testville, TX, USA", "Göteborg, TX, USA")


def test_a_leap_day_is_left_out_and_said_so(tmp_path: Path) -> None:
    leap_day = [line.replace(",2,28,", ",2,29,", 1) for line in ROWS[58 * 24 : 59 * 24]]
    read = read_epw(write(tmp_path, [*ROWS[: 59 * 24], *leap_day, *ROWS[59 * 24 :]]))
    np.testing.assert_allclose(read.weather.dry_bulb_c, YEAR.dry_bulb_c, atol=1e-5)
    assert read.remarks == ("29 February is left out: a year has 8,760 hours here",)
    # A Sunday to begin with, and one day more in February: 3 March is a Saturday.
    assert [bool(each) for each in read.weather.working_day[[60 * 24, 61 * 24]]] == [True, False]


@pytest.mark.parametrize("kind", ["missing", "empty", "word", "low", "infinite"])
def test_bad_cells_are_found_where_they_stand(tmp_path: Path, kind: str) -> None:
    names = {6: "dry bulb", 7: "dew point", 8: "relative humidity", 9: "pressure"}
    codes = {6: "99.9", 7: "99.9", 8: "999", 9: "999999"}
    rows = list(ROWS)
    for cell in names:
        text = {"missing": codes[cell], "empty": "", "word": "n/a", "low": "-71", "infinite": "inf"}[kind]
        rows[100 * cell] = edited(100 * cell, cell, text)[100 * cell]
    found = problems(write(tmp_path, rows))
    places = [(9 + 100 * cell, column_of(100 * cell, cell), name) for cell, name in names.items()]
    assert [(each.line, each.column, each.path) for each in found] == places
    wanted = {"empty": "is missing (an empty cell)", "low": "must be from "}.get(kind, "must be a number")
    for each, code in zip(found, codes.values(), strict=True):
        assert (f"is missing ({code})" if kind == "missing" else wanted) in each.message


def test_columns_that_are_not_used_may_say_that_they_are_missing(tmp_path: Path) -> None:
    assert read_epw(write(tmp_path, edited(5, 13, "9999"))).name


@pytest.mark.parametrize(("cell", "text", "name"), [(1, "13", "month"), (2, "0", "day"), (3, "0", "hour"), (3, "1.5", "hour")])
def test_a_moment_that_is_none(tmp_path: Path, cell: int, text: str, name: str) -> None:
    found = only(write(tmp_path, edited(40, cell, text)))
    assert (found.line, found.column, found.path) == (49, column_of(40, cell), name)
    assert "whole number" in found.message


def test_a_day_that_its_month_does_not_have(tmp_path: Path) -> None:
    found = only(write(tmp_path, edited(31 * 24, 2, "30")))
    assert (found.line, found.message) == (8 + 31 * 24 + 1, "month 2 has no day 30")


def test_missing_hours(tmp_path: Path) -> None:
    one, many = problems(write(tmp_path, [*ROWS[:10], *ROWS[11:100], *ROWS[150:]]))
    assert (one.line, one.message) == (18, "after this line month 1, day 1, hour 11 is missing")
    assert many.message == "after this line 50 hours are missing, month 1, day 5, hour 5 to month 1, day 7, hour 6"
    assert many.line == 8 + 99


def test_a_file_that_ends_early(tmp_path: Path) -> None:
    found = only(write(tmp_path, ROWS[:8000]))
    assert found.line == 8008
    assert found.message.startswith("after this line 760 hours are missing")
    cut, count = sorted(problems(write(tmp_path, [*ROWS[:8000], ROWS[8000][:30]])), key=lambda each: -each.line)
    assert (cut.line, cut.message) == (8009, "has 7 cells, not 35")
    assert count.message == "760 hours are missing, of which at most 1 stand in lines that cannot be read"


def test_hours_that_stand_twice_or_out_of_order(tmp_path: Path) -> None:
    found = only(write(tmp_path, [*ROWS[:30], ROWS[29], *ROWS[30:]]))
    assert (found.line, found.message) == (39, "month 1, day 2, hour 6 stands twice (first in line 38)")
    found = only(write(tmp_path, [*ROWS[:30], ROWS[31], ROWS[30], *ROWS[32:]]))
    assert (found.line, found.message) == (40, "month 1, day 2, hour 7 stands after month 1, day 2, hour 8")


def test_more_than_a_row_an_hour(tmp_path: Path) -> None:
    header = [*HEADER[:7], HEADER[7].replace("1,1,", "1,2,")]
    doubled = [line for each in ROWS for line in (each, each)]
    found = problems(write(tmp_path, doubled, header))
    assert found[0].message == "has '2' rows an hour; one is read"
    assert (found[0].line, found[0].column) == (8, 16)
    assert len(found) == 1 + MOST_PROBLEMS
    assert found[-1].message.endswith("and 8,740 more like this, the last in line 17528")


@pytest.mark.parametrize(("cells", "line"), [(ROWS[3] + ",0", 12), (ROWS[3].rpartition(",")[0], 12), ("", 12)])
def test_a_line_with_other_than_35_cells(tmp_path: Path, cells: str, line: int) -> None:
    found = only(write(tmp_path, [*ROWS[:3], cells, *ROWS[4:]]))
    assert found.line == line
    assert "cells, not 35" in found.message or found.message == "is empty"


def test_cells_separated_by_semicolons(tmp_path: Path) -> None:
    found = problems(write(tmp_path, [line.replace(",", ";") for line in ROWS]))
    assert len(found) == MOST_PROBLEMS
    assert "cells are separated by commas" in found[0].hint or "ends within a line" in found[0].hint


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "LOCATION,Town", "has 2 cells; 10 are needed, the last is the elevation in m"),
        (1, HEADER[0].replace("337.0", "high"), "the elevation must be a number from -430 to 5,000 m, not 'high'"),
        (2, "COMMENTS 1", "line 2 must begin with DESIGN CONDITIONS, not 'COMMENTS 1'"),
        (8, "DATA PERIODS,2,1,Data,Sunday", "has '2' data periods; one is read"),
        (8, "DATA PERIODS,1", "has 2 cells; 5 are needed at least"),
        (8, "DATA PERIODS,1,1,Data,Someday", "must name the first day, Monday to Sunday, not 'Someday'"),
    ],
)
def test_a_bad_header(tmp_path: Path, line: int, text: str, message: str) -> None:
    header = [*HEADER[: line - 1], text, *HEADER[line:]]
    found = only(write(tmp_path, ROWS, header))
    assert (found.line, found.message) == (line, message)


def test_a_header_of_another_kind_is_one_problem(tmp_path: Path) -> None:
    found = problems(write(tmp_path, ROWS, ["Date,Time,Temp"]))
    assert found[0].message == "line 1 must begin with LOCATION, not 'Date'"
    assert len(found) <= 8


def test_everything_at_once(tmp_path: Path) -> None:
    rows = edited(7, 6, "99.9")
    rows[20] = "rubbish"
    rows[40] = rows[39]
    header = [HEADER[0].replace("337.0", "x"), *HEADER[1:]]
    assert [each.line for each in problems(write(tmp_path, rows, header))] == [1, 8, 16, 29, 49]


def test_many_faults_of_a_kind_are_counted_and_hide_no_other(tmp_path: Path) -> None:
    rows = [",".join([*cells[:6], "99.9", *cells[7:]]) for cells in (line.split(",") for line in ROWS)]
    rows[5000] = rows[5000].replace(",98000,", ",1,")
    found = problems(write(tmp_path, rows))
    assert len(found) == MOST_PROBLEMS + 1
    assert found[MOST_PROBLEMS - 1].message.endswith("and 8,740 more like this, the last in line 8768")
    assert found[-1].path == "pressure"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"PK\x03\x04rest", "is a ZIP archive, not a text"),
        (b"LOCATION,\x00", "holds a zero byte: this is no text file"),
        (b"\x89PNG\r\n\x1a\n", "is no text: byte 0x89"),
        ("\n".join([*HEADER, ROWS[0], "°"]).encode("latin-1"), "is no text: byte 0xb0"),
        (b"x" * 20_000_001, "is 20.0 MB; at most 20 MB is read"),
    ],
)
def test_what_is_no_epw_file_at_all(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "x.epw"
    path.write_bytes(raw)
    assert only(path).message == message


def test_no_file(tmp_path: Path) -> None:
    write(tmp_path, ROWS[:1])
    found = only(tmp_path / "y.epw")
    assert (found.message, found.hint) == ("no such file", "EPW files there: x.epw")
    assert only(tmp_path).message == "is a directory, not a file"
    os.mkfifo(tmp_path / "pipe")
    assert only(tmp_path / "pipe").message == "is not a regular file"
    assert "cannot be read" in only(tmp_path / ("y" * 300)).message


def test_columns_that_contradict_each_other_are_said(tmp_path: Path) -> None:
    slot = int(np.argmax(YEAR.dew_point_c))
    read = read_epw(write(tmp_path, edited(slot, 8, "5")))
    assert read.remarks == ("in 1 hours relative humidity and dew point differ by more than 15 points: the dew point is used",)
    read = read_epw(write(tmp_path, edited(slot, 7, "60")))
    assert read.weather.dew_point_c[slot] == read.weather.dry_bulb_c[slot] == pytest.approx(read.weather.wet_bulb_c[slot])
    assert "in 1 hours the dew point is above the dry bulb: the air is taken as saturated" in read.remarks


FACTORY = "name: x\nsite: {country: US, weather_file: x.epw}\ncompute: {nodes: {dgx-h100: 4}}\n"


def test_a_plan_says_which_file_it_rests_on(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    (tmp_path / "factory.yaml").write_text(FACTORY, encoding="utf-8")
    year = make_plan(*read_factory(tmp_path / "factory.yaml")).year
    assert year is not None
    assert (year.weather.source, year.weather.name) == ("file", "Testville, TX, USA")
    assert year.weather.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert year.weather.dry_bulb_max_c == pytest.approx(36.0, abs=1e-5)


@pytest.mark.parametrize("command", [["check", "--json"], ["plan"]])
def test_every_command_finds_a_bad_weather_file(
    tmp_path: Path, groundplan: Callable[..., subprocess.CompletedProcess[str]], command: list[str]
) -> None:
    write(tmp_path, edited(7, 6, "99.9"))
    (tmp_path / "factory.yaml").write_text(FACTORY, encoding="utf-8")
    ran = groundplan(*command, "factory.yaml")
    assert ran.returncode == 2
    assert "is missing (99.9)" in ran.stdout + ran.stderr
    assert "x.epw" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
