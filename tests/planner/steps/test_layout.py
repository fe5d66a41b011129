"""Every device stands in a rack of its own use, once, and inside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from halls import drawn, simple
from hypothesis import given, settings

from factories import any_small_factory, plan_of
from planner.models.cabling import RACK_UNIT_M
from planner.steps.layout import NETWORK_RACKS, layout_of, racks_of_devices


@settings(max_examples=25, deadline=None)
@given(any_small_factory)
def test_every_device_stands_in_a_rack_of_its_use(data: dict[str, Any]) -> None:
    found = drawn(data)
    layout, racks = found.layout(), found.racks
    assert len(set(layout.names)) == len(layout.names) == racks.count
    names = [group.name for group in racks.groups for _ in range(group.count)]
    of_nodes = sum(group.count for group in racks.groups[: len(found.nodes)])
    network = [rack for rack, name in enumerate(names) if name == NETWORK_RACKS]
    switches = layout.devices["switch", ""].rack
    assert len(switches) == sum(each.switches_by_tier.total() for each in found.fabrics if each.switch)
    in_chassis = sum(piece.count for group in racks.groups[: len(found.nodes)] for piece in group.pieces[1:])
    assert set(switches[in_chassis:].tolist()) <= set(network)
    assert np.all(switches[:in_chassis] < of_nodes)
    hosts = layout.devices["host", ""]
    assert len(hosts.rack) == sum(each.hosts for each in found.nodes)
    assert hosts.rack.min() == 0
    assert hosts.rack.max() == of_nodes - 1
    assert np.all(np.diff(hosts.rack) >= 0), "in the order of their numbers"
    assert len(layout.devices["pdu", ""].rack) == racks.pdus_count
    assert layout.devices["site", ""].rack.tolist() == [min(network, default=0)]
    for places in layout.devices.values():
        assert places.height_m.min(initial=0) >= 0
        assert places.height_m.max(initial=0) <= max(group.height_u for group in racks.groups) * RACK_UNIT_M


def test_switches_hang_at_the_top_and_nodes_stand_at_the_bottom() -> None:
    layout = drawn(simple(count=8)).layout()
    assert layout.devices["switch", ""].height_m[0] == pytest.approx((48 - 0.5) * RACK_UNIT_M)
    assert layout.devices["host", ""].height_m[:2].tolist() == pytest.approx([4 * RACK_UNIT_M, 12 * RACK_UNIT_M])


def test_the_hosts_of_a_rack_scale_system_share_its_height() -> None:
    heights = drawn(simple("gb200-nvl72", 2)).layout().devices["host", ""].height_m
    assert len(heights) == 36
    assert heights[0] == pytest.approx(48 / 36 * RACK_UNIT_M)
    assert heights[17] == pytest.approx((48 - 48 / 36) * RACK_UNIT_M)
    assert heights[18] == heights[0]


def test_devices_are_found_by_the_names_of_the_networks() -> None:
    plan = plan_of(simple(platform={"management_nodes": {"management-2s-generic": 2}}))
    racks = racks_of_devices(plan)
    layout = layout_of(plan)
    assert racks["n0000"] == racks["n0003"] == layout.names[int(layout.devices["host", ""].rack[0])]
    assert racks["n0004"] != racks["n0000"]
    assert {"su03-rail7-leaf", "spine15", "storage-spine00", "out-of-band-leaf000"} <= set(racks)
    assert set(racks.values()) <= set(layout.names)
    assert "n0000" in racks_of_devices(plan, "storage")
    assert "spine15" not in racks_of_devices(plan, "storage")


def test_the_layout_is_the_one_that_the_plan_holds() -> None:
    plan = plan_of(simple(hall={"rows": 5, "blocked": ("C08",)}))
    layout = layout_of(plan)
    assert layout.row.tolist() == list(plan.hall.rack_rows)
    assert layout.place.tolist() == list(plan.hall.rack_places)
    assert "C08" not in layout.names


def test_rows_have_letters_and_places_numbers() -> None:
    names = drawn(simple(count=2, hall={"racks_per_row": 500})).layout().names
    assert set(names) == {"A250", "A251"}
    narrow = simple(count=300, hall={"racks_per_row": 1, "rack_pitch_m": 10.0, "row_pitch_m": 0.01})
    assert {"A01", "Z01", "AA01"} <= set(drawn(narrow).layout().names)
