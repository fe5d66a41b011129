"""Elevations: every device in a rack of its own once, inside it, over nothing else; the export says the same."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import plan_of, simple
from planner.export.cables import cable_schedule
from planner.export.racks import COLUMNS, rack_elevations_csv
from planner.plan import Plan
from planner.steps.elevations import Elevation, elevations
from planner.steps.layout import layout_of

PDU = "pdu-raritan-px3-5878i2r"  # takes 2U

factories = st.builds(
    lambda node, count, pdu, redundancy, storage, power_kw: simple(
        node,
        count,
        hall={"pdu": pdu, "pdu_redundancy": redundancy, "infrastructure_rack_power_kw": power_kw},
        storage={"systems": {"ddn-ai400x2": storage}} if storage else {},
        platform={"management_nodes": {"management-2s-generic": 9}},
    ),
    st.sampled_from(["dgx-h100", "gb200-nvl72", "cray-ex235a", "frontier-node"]),
    st.integers(1, 130),
    st.sampled_from([PDU, "pdu-3ph-415v-60a"]),
    st.sampled_from(["N", "N+1", "2N"]),
    st.integers(0, 9),
    st.sampled_from([9.0, 23.0, 60.0]),
)


def spans(rack: Elevation) -> list[tuple[float, float]]:
    return sorted((each.lowest_u - 1, each.lowest_u - 1 + each.height_u) for each in rack.devices if each.lowest_u is not None)


@settings(max_examples=7)
@given(factories)
def test_devices_stand_in_their_racks_and_not_in_each_other(data: dict[str, Any]) -> None:
    plan = plan_of(data)
    assert not [each for each in plan.findings if each.code in ("rack-height", "rack-power", "rack-weight")]
    drawn = elevations(Plan.from_json(plan.to_json()))
    assert [each.rack for each in drawn] == list(layout_of(plan).names)
    for rack in drawn:
        taken = spans(rack)
        assert all(0 <= low < high <= rack.height_u + 1e-9 for low, high in taken)
        assert all(before <= low + 1e-9 for (_, before), (low, _) in itertools.pairwise(taken))
        assert sum(high - low for low, high in taken) + sum(height for _, height in rack.free) == pytest.approx(rack.height_u)
    kinds = Counter(device.kind for rack in drawn for device in rack.devices)
    assert kinds["node"] == plan.compute.nodes
    assert kinds["switch"] == sum(each.switches_by_tier.total() for each in plan.fabrics if each.switch)
    assert kinds["pdu"] == plan.racks.pdus_count
    names = [device.name for rack in drawn for device in rack.devices]
    assert len(names) == len(set(names))


def test_devices_stand_where_the_cable_schedule_finds_them() -> None:
    data = simple(
        count=33, storage={"systems": {"ddn-ai400x2": 3}}, platform={"management_nodes": {"management-2s-generic": 2}}
    )
    plan = plan_of(data)
    rack_of = {device.name: rack.rack for rack in elevations(plan) for device in rack.devices}
    schedule = cable_schedule(plan)
    for end in ("a", "b"):
        for device, rack in zip(schedule[f"{end}_device"], schedule[f"{end}_rack"], strict=True):
            assert device == "site" or rack_of[device] == rack


def test_the_middle_of_a_device_is_where_its_cables_begin() -> None:
    plan = plan_of(simple(count=9))
    layout = layout_of(plan)
    heights = layout.devices["host", ""].height_m
    nodes = {device.name: device for rack in elevations(plan) for device in rack.devices if device.kind == "node"}
    for host, height_m in enumerate(heights.tolist()):
        device = nodes[f"n{host:04d}"]
        assert device.lowest_u is not None
        assert height_m == pytest.approx((device.lowest_u - 1 + device.height_u / 2) * 0.04445)


def test_a_superpod_rack_u_by_u() -> None:
    plan = plan_of(simple(count=4, hall={"pdu": PDU}))
    rows = [row for row in csv.DictReader(io.StringIO(rack_elevations_csv(plan))) if row["use"] == "DGX H100"]
    assert [(row["kind"], row["device"], row["lowest_u"], row["height_u"]) for row in rows] == [
        ("pdu", "pdu0000", "47", "2"),
        ("pdu", "pdu0001", "45", "2"),
        ("pdu", "pdu0002", "43", "2"),
        ("free", "", "33", "10"),
        ("node", "n0003", "25", "8"),
        ("node", "n0002", "17", "8"),
        ("node", "n0001", "9", "8"),
        ("node", "n0000", "1", "8"),
    ]


def test_the_table_has_its_columns_and_racks_in_their_order() -> None:
    plan = plan_of(simple("gb200-nvl72", 3))
    text = rack_elevations_csv(plan)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == ",".join(COLUMNS)
    racks = list(dict.fromkeys(row["rack"] for row in rows))
    assert racks == sorted(layout_of(plan).names)
    assert {row["hosts"] for row in rows if row["kind"] == "node"} == {"n0000-n0017", "n0018-n0035", "n0036-n0053"}
    assert rack_elevations_csv(plan) == text


def test_a_name_is_never_a_formula() -> None:
    plan = plan_of(simple(count=1))
    groups = tuple(
        group.model_copy(update={"name": "=cmd()"}) if number == 0 else group for number, group in enumerate(plan.racks.groups)
    )
    evil = plan.model_copy(update={"racks": plan.racks.model_copy(update={"groups": groups})})
    assert ",'=cmd()," in rack_elevations_csv(evil)
