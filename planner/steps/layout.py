"""Where everything stands: a place in the hall for every rack, a rack and a height in it for every device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from planner.fabrics import fabric_of
from planner.models.cabling import RACK_UNIT_M, route_length_m
from planner.models.space import racks_of_pieces
from planner.plan import Attached, FabricPlan, HallPlan, NodeGroup, Plan, RackGroup, RackPiece, RacksPlan
from topologies.fabric import ENDPOINT_KINDS, Fabric

__all__ = [
    "NETWORK_RACKS",
    "Layout",
    "Places",
    "along_row_m",
    "fill_order",
    "lay_out",
    "layout_of",
    "link_places",
    "place_digits",
    "rack_units",
    "racks_of_devices",
    "row_letters",
    "row_number",
    "vertex_places",
]

NETWORK_RACKS = "network and management"


@dataclass(frozen=True)
class Places:
    """Where devices of one kind stand: the number of each one's rack, and its middle above the floor [m]."""

    rack: NDArray[np.int64]
    height_m: NDArray[np.float64]

    def take(self, devices: NDArray[np.int64]) -> Places:
        """Return the places of some devices by number; of one that does not exist, that of the last one."""
        known = np.minimum(devices, len(self.rack) - 1)
        return Places(self.rack[known], self.height_m[known])

    @staticmethod
    def join(parts: Iterable[Places]) -> Places:
        """Put places one behind the other."""
        all_of_them = list(parts)
        if not all_of_them:
            return Places(np.zeros(0, np.int64), np.zeros(0))
        return Places(
            np.concatenate([each.rack for each in all_of_them]), np.concatenate([each.height_m for each in all_of_them])
        )


@dataclass(frozen=True)
class Layout:
    """All racks in their rows, and all devices in their racks. Racks are numbered in the order of the plan's groups."""

    row: NDArray[np.int64]
    place: NDArray[np.int64]
    along_m: NDArray[np.float64]
    across_m: NDArray[np.float64]
    tray_m: float
    slack_m: float
    devices: dict[tuple[str, str], Places]
    """By kind and item, as `Attached` names them; all switches are kind "switch"."""
    first_switch: dict[str, int]
    """Fabric -> number of its first switch."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the racks: letters for the row, then the place in it from 01 (``C07``)."""
        digits = place_digits(int(self.place.max(initial=0)) + 1)
        letters = [row_letters(row) for row in range(int(self.row.max(initial=0)) + 1)]
        return tuple(
            f"{letters[row]}{place + 1:0{digits}d}" for row, place in zip(self.row.tolist(), self.place.tolist(), strict=True)
        )

    def length_m(self, a: Places, b: Places) -> NDArray[np.float64]:
        """Measure the cables from devices at places `a` to devices at places `b` [m]."""
        return route_length_m(
            self.along_m[a.rack] - self.along_m[b.rack],
            self.across_m[a.rack] - self.across_m[b.rack],
            a.height_m,
            b.height_m,
            a.rack == b.rack,
            tray_m=self.tray_m,
            slack_m=self.slack_m,
        )

    def upright_m(self, a: Places, b: Places) -> NDArray[np.float64]:
        """Measure what of the same cables does not depend on where racks stand [m]."""
        return route_length_m(0, 0, a.height_m, b.height_m, a.rack == b.rack, tray_m=self.tray_m, slack_m=self.slack_m)


def lay_out(hall: HallPlan, racks: RacksPlan, nodes: tuple[NodeGroup, ...], fabrics: Iterable[FabricPlan]) -> Layout:
    """Give every rack its place and every device its rack.

    Parameters
    ----------
    hall : HallPlan
        The hall's measures, and the position of every rack.
    racks : RacksPlan
        As many racks of each use as there are, and what fills them.
    nodes : tuple of NodeGroup
        The nodes, in the order of the first racks' groups.
    fabrics : iterable of FabricPlan
        In the order in which their switches fill the network racks.
    """
    of_nodes, others = racks.groups[: len(nodes)], racks.groups[len(nodes) :]
    first = _first_racks(racks)
    row, place = np.array(hall.rack_rows, np.int64), np.array(hall.rack_places, np.int64)
    tallest_m = max((group.height_u for group in racks.groups), default=0.0) * RACK_UNIT_M

    devices: dict[tuple[str, str], Places] = {}
    hosts, inside = [], []
    for group, kind in zip(of_nodes, nodes, strict=True):
        per_node = kind.hosts // kind.nodes
        (bodies,) = _places(group.pieces[:1], group, first[id(group)])
        devices["node", kind.node] = bodies
        inside += [_switches_in_chassis(piece, group, first[id(group)]) for piece in group.pieces[1:]]
        part = np.tile((np.arange(per_node) + 0.5) / per_node - 0.5, kind.nodes) * group.pieces[0].height_u * RACK_UNIT_M
        each = bodies.take(np.repeat(np.arange(kind.nodes), per_node))
        hosts.append(Places(each.rack, _inside(each.height_m + part, group)))
    devices["host", ""] = Places.join(hosts)
    cabled = [fabric for fabric in fabrics if fabric.switch]
    # Those inside chassis are the first of the compute fabric, and that is the first of the networks.
    switches = list(inside)
    first_switch = {fabric.name: 0 for fabric in cabled if fabric.kind == "compute"}
    for group in others:
        from_top = group.name == NETWORK_RACKS
        bodies_of = _places(group.pieces, group, first[id(group)], from_top=from_top)
        for number, (piece, bodies) in enumerate(zip(group.pieces, bodies_of, strict=True)):
            if from_top and number < len(cabled):
                first_switch.setdefault(cabled[number].name, sum(len(each.rack) for each in switches))
                switches.append(bodies)
            else:
                devices["server", piece.item] = bodies
    devices["switch", ""] = Places.join(switches)
    devices["pdu", ""] = Places.join(
        Places(
            np.repeat(first[id(group)] + np.arange(group.count), group.pdus_per_rack_count),
            np.full(group.count * group.pdus_per_rack_count, group.height_u * RACK_UNIT_M / 2),
        )
        for group in racks.groups
    )
    network = [first[id(group)] for group in others if group.name == NETWORK_RACKS and group.count]
    devices["site", ""] = Places(np.array([*network, 0][:1], np.int64), np.full(1, tallest_m))
    return Layout(
        row=row,
        place=place,
        along_m=along_row_m(hall, place),
        across_m=np.asarray(row * hall.row_pitch_m, dtype=np.float64),
        tray_m=tallest_m + hall.tray_height_m,
        slack_m=hall.cable_slack_m,
        devices=devices,
        first_switch=first_switch,
    )


def along_row_m(hall: HallPlan, place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measure along a row from its first position to others, over the cross aisles between [m]."""
    cross_aisles = place // hall.racks_per_row
    return np.asarray(place * hall.rack_pitch_m + cross_aisles * hall.row_pitch_m, dtype=np.float64)


def fill_order(racks: RacksPlan, nodes: int) -> list[int]:
    """List the groups of racks, by number, as the hall is filled with them: network and management, storage, then nodes."""
    others = range(nodes, len(racks.groups))
    network = [number for number in others if racks.groups[number].name == NETWORK_RACKS]
    return [*network, *(number for number in others if number not in network), *range(nodes)]


def rack_units(racks: RacksPlan, nodes: tuple[NodeGroup, ...], fabrics: Sequence[FabricPlan]) -> NDArray[np.int64]:
    """Tell the scalable unit of every rack, that of its first host; -1 for racks without nodes."""
    of_unit = next((each.hosts_per_unit for each in fabrics if each.kind == "compute"), 0)
    unit = np.full(racks.count, -1, np.int64)
    first_rack = first_host = 0
    for group, kind in zip(racks.groups, nodes, strict=False):
        host = first_host + np.arange(group.count) * group.pieces[0].per_rack_count * (kind.hosts // kind.nodes)
        unit[first_rack : first_rack + group.count] = host // of_unit if of_unit else 0
        first_rack, first_host = first_rack + group.count, first_host + kind.hosts
    return unit


def _first_racks(racks: RacksPlan) -> dict[int, int]:
    """Give the number of the first rack of every group, by identity."""
    edges = np.cumsum([0, *(group.count for group in racks.groups)]).tolist()
    return dict(zip((id(group) for group in racks.groups), edges, strict=False))


def vertex_places(fabric: FabricPlan, built: Fabric, layout: Layout) -> Places:
    """Place the endpoints and switches of a fabric, in the order of its vertices.

    What nothing is attached to leaves the hall at the network rack with the lowest number.
    """
    kinds, site = built.endpoints.kind, layout.devices["site", ""]
    rack, height_m = np.zeros(len(kinds), np.int64), np.full(len(kinds), site.height_m[0])
    for number, name in enumerate(ENDPOINT_KINDS):
        places = Places.join(link_places(each, layout) for each in fabric.attached if each.endpoint == name)
        rows = np.flatnonzero(kinds == number)[: len(places.rack)]
        rack[rows], height_m[rows] = places.rack[: len(rows)], places.height_m[: len(rows)]
    switches = layout.devices["switch", ""].take(layout.first_switch[fabric.name] + np.arange(built.switch_count))
    return Places.join([Places(rack, height_m), switches])


def link_places(attached: Attached, layout: Layout, number: NDArray[np.int64] | None = None) -> Places:
    """Place the links of devices, shared out evenly over them; or only some of the links, by number."""
    number = np.arange(attached.links) if number is None else number
    return layout.devices[attached.kind, attached.item].take(attached.first + number * attached.count // attached.links)


def layout_of(plan: Plan) -> Layout:
    """Lay a plan's hall out again."""
    switched = [fabric for fabric in plan.fabrics if fabric.switch]
    racks, hall, _ = plan.in_a_hall()
    return lay_out(hall, racks, plan.compute.groups, switched)


def racks_of_devices(plan: Plan, fabric: str | None = None) -> dict[str, str]:
    """Tell where the devices of a plan's networks stand.

    Parameters
    ----------
    plan : Plan
        A plan.
    fabric : str, optional
        Name of one network. Default: all; where two networks call different devices the same (``mgr00``), the first counts.

    Returns
    -------
    dict
        Name of host or switch -> name of its rack.
    """
    layout = layout_of(plan)
    found: dict[str, str] = {}
    for planned in plan.fabrics:
        if planned.switch is None or planned.recipe is None or fabric not in (None, planned.name):
            continue
        built = fabric_of(planned)
        racks = vertex_places(planned, built, layout).rack.tolist()
        names = [built.endpoints.host_names[host] for host in built.endpoints.host.tolist()] + list(built.switches.names)
        for name, rack in zip(names, racks, strict=True):
            found.setdefault(name, layout.names[rack])
    return found


def _places(pieces: Sequence[RackPiece], group: RackGroup, first_rack: int, *, from_top: bool = False) -> list[Places]:
    """Fill a group's racks as they were counted: from the bottom, or hanging from the top."""
    filled = racks_of_pieces((piece.count, piece.per_rack_count, piece.height_u) for piece in pieces)
    found = []
    for piece, (rack, below_u) in zip(pieces, filled, strict=True):
        middle_u = below_u + piece.height_u / 2
        height_m = (group.height_u - middle_u if from_top else middle_u) * RACK_UNIT_M
        found.append(Places(first_rack + rack, _inside(height_m, group)))
    return found


def _switches_in_chassis(piece: RackPiece, group: RackGroup, first_rack: int) -> Places:
    """Spread a rack's switches evenly over the height of its nodes."""
    number = np.arange(piece.count)
    tall_u = group.pieces[0].per_rack_count * group.pieces[0].height_u
    height_m = (number % piece.per_rack_count + 0.5) / piece.per_rack_count * tall_u * RACK_UNIT_M
    rack = np.minimum(number // piece.per_rack_count, max(group.count - 1, 0))
    return Places(first_rack + rack, _inside(height_m, group))


def _inside(height_m: NDArray[np.float64], group: RackGroup) -> NDArray[np.float64]:
    """Keep what is too large for its rack, which is an error elsewhere, within it."""
    return np.clip(height_m, 0.0, group.height_u * RACK_UNIT_M)


def row_letters(number: int) -> str:
    """Count rows in letters: A to Z, AA, AB, ...

    Examples
    --------
    >>> [row_letters(number) for number in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def row_number(letters: str) -> int:
    """Read letters of a row back.

    Examples
    --------
    >>> [row_number(letters) for letters in ("A", "Z", "AA", "ZZ", "AAA")]
    [0, 25, 26, 701, 702]
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def place_digits(places: int) -> int:
    """Tell how many digits the places of rows are written with."""
    return max(2, len(str(places)))
