"""Every table has its twin of plain values: whole, unrounded, harmless in a spreadsheet, and the same in CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from report.samples import HOSTILE, hostile_sample, sample

from planner.plan import Plan
from planner.report.twins import twin_files, twins_of
from planner.report.view import make_report
from planner.tabular import csv_text, harmless

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_table_of_the_report_has_its_twin() -> None:
    twins = twins_of(sample())
    for table in make_report(sample()).tables:
        assert table.twin in twins, table.title


def test_numbers_are_those_of_the_plan_to_the_last_digit() -> None:
    plan = sample()
    files = twin_files(plan)
    assert plan.power is not None
    chain = rows_of(files["chain.csv"])
    assert [float(row["load_kw"]) for row in chain] == [unit.load_kw for unit in plan.power.chain]
    assert [row["fed_by"] for row in chain[1:4]] == ["", "utility-1", "transformer-a"]
    data = json.loads(files["chain.json"])
    assert data["rows"][0] == plan.power.chain[0].model_dump(mode="json")
    assert {"name": "load_kw", "unit": "kW"} in data["columns"]
    assert data["plan"]["digest"] == plan.digest


def test_tables_that_are_cut_or_thinned_out_in_the_report_are_whole_here() -> None:
    files = twin_files(sample())
    pue = rows_of(files["pue-month-by-hour.csv"])
    assert len(pue) == 12 * 24
    assert pue[25] == {"month": "2", "hour": "1", "pue_ratio": repr(1.07 + 0.001 + 0.0001)}
    assert len(rows_of(files["load-duration.csv"])) == 101
    assert len(rows_of(files["chain.csv"])) == 12


def test_the_summary_has_every_single_number() -> None:
    plan = sample()
    found = {(row["part"], row["name"]): (row["value"], row["unit"]) for row in rows_of(twin_files(plan)["summary.csv"])}
    assert plan.year is not None
    assert found["year", "pue_annual_ratio"] == (repr(plan.year.pue_annual_ratio), "")
    assert found["power", "facility_kw"] == ("1266.4", "kW")
    assert found["power.swing", "fundamental_hz"] == ("0.1", "Hz")
    assert found["availability", "concurrently_maintainable"] == ("false", "")
    assert found["cost", "usd_per_pflop_day"] == ("25.1", "USD/PFLOP-day")


def test_csv_and_json_say_the_same() -> None:
    files = twin_files(sample())
    names = {name.removesuffix(".csv") for name in files if name.endswith(".csv")}
    assert set(json.loads(files["index.json"])["tables"]) == names
    assert {name.removesuffix(".json") for name in files if name.endswith(".json")} == names | {"index"}
    for name in names:
        data = json.loads(files[f"{name}.json"])
        again = csv_text([column["name"] for column in data["columns"]], [row.values() for row in data["rows"]])
        assert again == files[f"{name}.csv"]


def test_a_name_is_no_formula_and_no_line_of_its_own() -> None:
    files = twin_files(hostile_sample())
    assert len(files) > 60
    for name, text in files.items():
        if not name.endswith(".csv"):
            json.loads(text)
            continue
        assert not {char for char in text if not char.isprintable()} - {"\n"}
        header, *rows = list(csv.reader(io.StringIO(text)))
        assert all(len(row) == len(header) for row in rows), name
        for row in rows:
            for cell in row:
                assert not cell.startswith(("=", "@", "+", "\t")), (name, cell)
                assert not cell.startswith("-") or float(cell) < 0
    assert any(HOSTILE in row.values() for row in json.loads(files["reliability.json"])["rows"])


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + text


def test_columns_do_not_depend_on_the_rows() -> None:
    one = sample()
    assert one.power is not None
    other = sample(power=one.power.model_copy(update={"chain": one.power.chain[:1]}))
    for name, twin in twins_of(one).items():
        assert twins_of(other)[name].columns == twin.columns


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    plan: Plan = sample()
    path = tmp_path / "limits.json"  # the name of a twin
    path.write_text(plan.model_copy(update={"checksum": plan.content_checksum()}).to_json(), encoding="utf-8")
    return path


def test_the_command_writes_them_into_a_folder(groundplan: Run, plan_file: Path, tmp_path: Path) -> None:
    ran = groundplan("report", plan_file, "--tables", tmp_path / "deep" / "tables")
    assert (ran.returncode, ran.stdout) == (0, "")
    files = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "deep" / "tables").iterdir()}
    assert set(files) == set(twin_files(sample()))
    assert files["chain.csv"] == twin_files(sample())["chain.csv"]
    ran = groundplan("report", plan_file, "--tables", tmp_path / "t", "--format", "markdown")
    assert ran.stdout.startswith("# sample")
    ran = groundplan("report", plan_file, "--tables", tmp_path / "t", "-o", tmp_path / "r.md")
    assert ran.stdout == ""
    assert (tmp_path / "r.md").read_text(encoding="utf-8").startswith("# sample")


def test_neither_the_plan_nor_a_file_in_the_way_is_written_over(groundplan: Run, plan_file: Path, tmp_path: Path) -> None:
    before = plan_file.read_text(encoding="utf-8")
    ran = groundplan("report", plan_file, "--tables", tmp_path)
    assert ran.returncode == 2
    assert "is what is read here" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["limits.json"]
    ran = groundplan("report", plan_file, "--tables", plan_file)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert plan_file.read_text(encoding="utf-8") == before
