"""Racks hold what stands in them together with their PDUs; switches inside chassis need no rack."""

from __future__ import annotations

from collections import defaultdict

import pytest
from halls import drawn, simple

from planner.models.space import racks_of_pieces
from planner.plan import RackGroup


def fullest_u(group: RackGroup) -> float:
    """Height that the fullest rack of a group needs, its PDUs included."""
    top_u: dict[int, float] = defaultdict(float)
    filled = racks_of_pieces((piece.count, piece.per_rack_count, piece.height_u) for piece in group.pieces)
    for piece, (racks, below_u) in zip(group.pieces, filled, strict=True):
        for rack, below in zip(racks.tolist(), below_u.tolist(), strict=True):
            top_u[rack] = max(top_u[rack], below + piece.height_u)
    return max(top_u.values()) + group.pdus_per_rack_count * group.pdu_height_u


@pytest.mark.parametrize("redundancy", ["N", "2N"])
@pytest.mark.parametrize("power_kw", [9.0, 23.0, 40.0, 80.0])
@pytest.mark.parametrize("nodes", [33, 260])
def test_a_rack_of_several_kinds_has_room_for_the_pdus_of_the_hungriest(redundancy: str, power_kw: float, nodes: int) -> None:
    """A kind that needs one PDU must not fill the rack to the U that another kind's second PDU takes."""
    limits = {
        "pdu": "pdu-raritan-px3-5878i2r",  # takes 2U
        "pdu_redundancy": redundancy,
        "infrastructure_rack_power_kw": power_kw,
    }
    found = drawn(simple(count=nodes, hall=limits, platform={"management_nodes": {"management-2s-generic": 90}}))
    assert not [path for path in found.findings() if path.startswith("catalog.")], "everything fits a rack"
    for group in found.racks.groups:
        assert group.pdu_height_u == 2
        assert fullest_u(group) <= group.height_u


@pytest.mark.parametrize("nodes", [30, 1184])
def test_the_first_compute_switches_stand_in_the_chassis(nodes: int) -> None:
    """16 nodes and four switches to a chassis, eight chassis to a rack."""
    found = drawn(simple("frontier-node", nodes))
    (compute,) = [each for each in found.fabrics if each.kind == "compute"]
    total = compute.switches_by_tier.total()
    inside = min(total, 4 * -(-nodes // 16))
    assert [piece.count for piece in found.racks.groups[0].pieces] == [nodes, inside]
    elsewhere = [piece.count for group in found.racks.groups[1:] for piece in group.pieces if piece.item == compute.switch]
    assert sum(elsewhere) == total - inside
    places, hosts = found.layout().devices["switch", ""], found.layout().devices["host", ""]
    assert places.rack[:inside].tolist() == [number // 32 for number in range(inside)]
    assert (places.rack[inside:] >= found.racks.groups[0].count).all()
    assert places.height_m[:inside].max() <= hosts.height_m.max()
