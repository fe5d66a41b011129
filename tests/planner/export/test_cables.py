"""The schedule as files: readable back, harmless in a spreadsheet, and the same bytes for the same plan."""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from typing import Any

import pytest

from factories import CATALOG, plan_of, simple
from planner.catalog import Catalog
from planner.engine import make_plan
from planner.export import cables
from planner.export.cables import COLUMNS, cable_schedule, cable_schedule_csv, cable_schedule_xlsx, lengths_to_order
from planner.fabrics import fabric_of
from planner.plan import Plan
from planner.spec import Factory
from planner.tabular import harmless


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_label_is_that_of_the_network_and_every_row_is_whole() -> None:
    plan = plan_of(simple())
    rows = read(cable_schedule_csv(plan))
    assert list(rows[0]) == list(COLUMNS)
    compute = [row for row in rows if row["fabric"] == "compute"]
    built = fabric_of(next(each for each in plan.fabrics if each.name == "compute"))
    assert [row["label"] for row in compute] == [built.label(number) for number in range(len(built.cables))]
    first = compute[0]
    assert (first["a_device"], first["a_port"], first["b_device"], first["b_port"]) == ("n0000", "nic0", "su00-rail0-leaf", "1")
    assert (first["layer"], first["plane"], first["rail"], first["share_fraction"]) == ("node_leaf", "0", "0", "1.0")
    spine = compute[-1]
    assert (spine["a_device"], spine["b_device"], spine["a_port"]) == ("su03-rail7-leaf", "spine15", "64")
    assert all(row["label"] and row["a_rack"] and row["b_rack"] and row["length_m"] and row["bundle"] for row in rows)
    assert len({row["label"] for row in rows}) == len(rows)


def test_bundles_hold_the_cables_of_a_kind_between_two_racks() -> None:
    for row in read(cable_schedule_csv(plan_of(simple()))):
        ends = sorted((row["a_rack"], row["b_rack"]))
        assert row["bundle"] == f"{ends[0]}-{ends[1]}/{row['cable']}"


def test_links_on_a_broken_out_port_share_a_cable() -> None:
    plan = plan_of(simple("dgx-b300", 64))
    rows = [row for row in read(cable_schedule_csv(plan)) if row["fabric"] == "compute"]
    assert {row["share_fraction"] for row in rows} == {"0.5"}
    ports = {(row["b_device"], row["b_port"].partition("/")[0]) for row in rows if row["layer"] == "node_leaf"}
    assert len(ports) == 512, "NVIDIA's table 3: 512 cables"
    assert {row["b_port"].partition("/")[2] for row in rows} == {"1", "2"}
    assert {row["a_port"].partition("/")[2] for row in rows if row["layer"] == "node_leaf"} == {"1", "2"}, (
        "a port in each plane"
    )
    assert sum(lengths_to_order(cable_schedule(plan))["count"]) == sum(each.cables_by_layer.total() for each in plan.fabrics)


def test_a_plan_read_back_gives_the_same_bytes_without_the_catalog() -> None:
    plan = plan_of(simple(count=40))
    again = Plan.from_json(plan.to_json())
    assert cable_schedule_csv(again) == cable_schedule_csv(plan)
    assert cable_schedule_xlsx(again) == cable_schedule_xlsx(plan)


def test_no_text_is_read_as_a_formula() -> None:
    for text in ("=1+1", "+1", "-1", "@sum", "\tx", "\rx"):
        assert harmless(text) == "'" + text
    assert harmless("n0000") == "n0000"
    assert harmless(-1.5) == -1.5


def sheets(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert book.testzip() is None
        return {name: book.read(name).decode() for name in book.namelist()}


def test_the_workbook_has_every_cable_a_frozen_header_and_what_to_order() -> None:
    plan = plan_of(simple(count=8))
    schedule, parts = cable_schedule(plan), sheets(cable_schedule_xlsx(plan))
    assert re.findall(r'<sheet name="(\w+)"', parts["xl/workbook.xml"]) == ["Order", "Cables"]
    order, listed = parts["xl/worksheets/sheet1.xml"], parts["xl/worksheets/sheet2.xml"]
    assert listed.count("<row ") == len(schedule["label"]) + 1
    assert order.count("<row ") == len(lengths_to_order(schedule)["count"]) + 1
    for sheet in (order, listed):
        assert 'state="frozen"' in sheet
        assert "<autoFilter " in sheet
        assert "<f>" not in sheet, "no formula"
    assert "su00-rail0-leaf" in parts["xl/sharedStrings.xml"] or "switch" in parts["xl/sharedStrings.xml"]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ImportError, match=r"groundplan\[xlsx\]"):
        cable_schedule_xlsx(plan_of(simple(count=1)))


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(simple(count=8))
    monkeypatch.setattr(cables, "_MOST_ROWS", 10)
    with pytest.raises(ValueError, match="write CSV"):
        cable_schedule_xlsx(plan)
    monkeypatch.setattr(cables, "MOST_LINKS", 10)
    with pytest.raises(ValueError, match="the compute network has more than 10 links"):
        cable_schedule_csv(plan)


def test_what_has_no_price_has_an_empty_cell() -> None:
    prices: dict[str, Any] = {row_id: row for row_id, row in CATALOG.rows["prices"].items() if row_id != "cat6-1g"}
    plan = make_plan(Factory.model_validate(simple(count=8)), Catalog({**CATALOG.rows, "prices": prices}, "test"))
    rows = read(cable_schedule_csv(plan))
    assert {row["price_usd"] for row in rows if row["fabric"] == "out-of-band"} == {""}
    order = lengths_to_order(cable_schedule(plan))
    assert {price for name, price in zip(order["cable"], order["price_usd"], strict=True) if name == "cat6-1g"} == {None}


def test_a_cable_whose_links_are_of_two_layers_is_ordered_once() -> None:
    """Of a dragonfly's broken-out port one link may stay in the group and the other leave it."""
    shape = {"topology": "dragonfly", "parameters": {"p": 4, "a": 8, "h": 4}}
    plan = plan_of(simple("hgx-h100", 20, fabrics={"compute": {"switch": "sn5600", **shape}}))
    schedule = cable_schedule(plan)
    layers: dict[int, set[str]] = {}
    for name, number, layer in zip(schedule["fabric"], schedule["cable_number"], schedule["layer"], strict=True):
        if name == "compute":
            layers.setdefault(number, set()).add(layer)
    assert {"local", "global"} in layers.values()
    order = lengths_to_order(schedule)
    assert sum(order["count"]) == sum(each.cables_by_layer.total() for each in plan.fabrics)
    assert len(layers) == plan.fabrics[0].cables_by_layer.total() == max(layers)


def test_devices_are_what_stands_in_the_racks() -> None:
    """A fabric knows manager ports, services and other hosts; the schedule says which server or switch that is."""
    managers = {"fabric_managers": {"ufm-3-1-appliance": 2}}
    plan = plan_of(
        simple(
            count=8,
            fabrics={"compute": managers, "storage": managers},
            storage={"systems": {"ddn-ai400x2": 3}},
            platform={"management_nodes": {"management-2s-generic": 4}},
        )
    )
    rows = read(cable_schedule_csv(plan))
    ends = {row["label"].partition(":")[0]: (row["fabric"], row["a_device"], row["a_port"]) for row in rows}
    links = len([row for row in rows if row["a_device"].startswith("ddn") and row["fabric"] == "storage"]) // 3
    assert ends["mgr03-nic0"] == ("compute", "ufm-3-1-appliance-0001", "nic1")
    assert ends["mgr00-storage0"] == ("storage", "ufm-3-1-appliance-0002", "storage0"), "numbered on after compute's"
    assert ends[f"svc{links:04d}-storage0"] == ("storage", "ddn-ai400x2-0001", "storage0")
    assert ends["switch0001-port0"] == ("out-of-band", "su00-rail1-leaf", "port0")
    assert {row["a_device"] for row in rows if row["fabric"] == "in-band" and row["label"].startswith("other")} == {
        *(f"management-2s-generic-{number:04d}" for number in range(4)),
        *(row["b_device"] for row in rows if row["fabric"] == "out-of-band"),
        "site",
    }
    racks: dict[str, set[str]] = {}
    for row in rows:
        for end in "ab":
            racks.setdefault(row[f"{end}_device"], set()).add(row[f"{end}_rack"])
    assert all(len(each) == 1 for each in racks.values()), "a device stands in one rack, whatever network it is on"
    plugged = [(row["fabric"], row["a_device"], row["a_port"]) for row in rows]
    assert len(set(plugged)) == len(plugged)
