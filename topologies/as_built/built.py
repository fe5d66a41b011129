"""The found fabric beside its design, all ports numbered through: what a comparison works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from topologies.as_built.differences import End
from topologies.as_built.misnamed import PORT, SHIFT
from topologies.as_built.names import match_names, physical_cables
from topologies.fabric import NONE, Fabric
from topologies.links import Link, Links

__all__ = ["Built", "Ends", "read"]

Ends = tuple[int, int]
"""A cable: the ports, as numbers, that it joins."""


@dataclass
class Built:
    """What is compared. A port is a number, ``vertex << SHIFT | port``; unknown nodes come after the design's vertices."""

    fabric: Fabric
    designed: dict[int, tuple[int, int]]
    """Ends by cable."""
    cable_at: dict[int, int]
    """Designed cable by port."""
    found: list[tuple[int, int, float | None]]
    """Both ends, and the rate."""
    nodes: dict[int, str]
    """Found vertices and their found names."""
    unknown: dict[str, str]
    """Reasons by the found names of unknown nodes."""
    ignored: tuple[str, ...]

    def name(self, vertex: int) -> str:
        """Name a device: as designed, or as found where it is unknown."""
        return self.fabric.names[vertex] if vertex < self.fabric.vertex_count else self.nodes[vertex]

    def end(self, port: int) -> End:
        """Name a port by device and number."""
        return self.name(port >> SHIFT), port & PORT

    def text(self, port: int) -> str:
        """Write a port: ``su03-rail5-leaf:17``."""
        return "{}:{}".format(*self.end(port))

    def link(self, ends: Ends, gbit_per_s: float | None) -> Link:
        """Name the ends of a cable."""
        return Link(*self.end(ends[0]), *self.end(ends[1]), gbit_per_s)

    def design(self, cable: int) -> Link:
        """Return a designed cable."""
        return self.link(self.designed[cable], float(self.fabric.cables.gbit_per_s[cable]))

    def lower_first(self, one: int, other: int) -> tuple[int, int]:
        """Order two ports as a cable's: nearer to the endpoints first, unknown nodes last."""
        tiers, count = self.fabric.tier_of_vertex, self.fabric.vertex_count
        keys = [(int(tiers[port >> SHIFT]) if port >> SHIFT < count else 99, port) for port in (one, other)]
        return (one, other) if keys[0] <= keys[1] else (other, one)

    def found_at(self) -> dict[int, list[tuple[int, int, float | None]]]:
        """List the found cables of every found node, lower ends first."""
        result: dict[int, list[tuple[int, int, float | None]]] = {vertex: [] for vertex in self.nodes}
        for one, other, rate in self.found:
            cable = (*self.lower_first(one, other), rate)
            for vertex in {one >> SHIFT, other >> SHIFT}:
                result[vertex].append(cable)
        return result

    def site(self, port: int) -> tuple[str, int]:
        """Tell where one stands to reach a port: at a host or a switch."""
        vertex = port >> SHIFT
        return ("host", int(self.fabric.endpoints.host[vertex])) if vertex < self.fabric.endpoint_count else ("switch", vertex)

    def device(self, vertex: int) -> str:
        """Name the thing in the rack: the host of an endpoint, or the switch."""
        endpoints = self.fabric.endpoints
        return endpoints.host_names[endpoints.host[vertex]] if vertex < len(endpoints) else self.name(vertex)

    def rail(self, vertex: int) -> int:
        """Return the rail of an endpoint or switch, or NONE."""
        endpoints = self.fabric.endpoint_count
        return int(self.fabric.endpoints.rail[vertex] if vertex < endpoints else self.fabric.switches.rail[vertex - endpoints])

    def plane(self, port: int) -> int:
        """Return the plane of a switch, or that of the cable which the design gives to a NIC's port."""
        vertex, endpoints = port >> SHIFT, self.fabric.endpoint_count
        if vertex >= endpoints:
            return int(self.fabric.switches.plane[vertex - endpoints])
        return int(self.fabric.cables.plane[self.cable_at[port]]) if port in self.cable_at else NONE

    def distance(self, one: int, other: int) -> int:
        """Say how far a plug is moved: within a device, a host, a unit, or farther; between switches rather than hosts."""
        if one >> SHIFT == other >> SHIFT:
            return 0
        if self.site(one) == self.site(other):
            return 2
        first = self.fabric.endpoint_count
        places = [(port >> SHIFT) - first for port in (one, other)]
        if min(places) < 0:
            return 8
        groups, tiers = self.fabric.switches.group, self.fabric.switches.tier
        return 4 if all(column[places[0]] == column[places[1]] for column in (groups, tiers)) else 6


def read(fabric: Fabric, links: Links, names: Mapping[str, str] | None) -> Built:
    """Give every port a number, and leave out what is inside switches."""
    rows, cables = physical_cables(fabric), fabric.cables
    ends = [
        (vertex[rows].astype(np.int64) << SHIFT) + port[rows]
        for vertex, port in ((cables.a, cables.a_port), (cables.b, cables.b_port))
    ]
    designed = dict(zip(rows.tolist(), zip(ends[0].tolist(), ends[1].tolist(), strict=True), strict=True))
    matched = match_names(fabric, links.nodes, names, links.guids)
    radix = dict(zip(fabric.switches.names, fabric.switches.ports.tolist(), strict=True))
    ignored, unknown = set(matched.ignored), dict(matched.unknown)
    behind: dict[str, list[bool]] = {name: [] for name in unknown if name not in links.switches}
    place = dict(matched.place)
    for link in links.links:
        for node, other, other_port in ((link.a, link.b, link.b_port), (link.b, link.a, link.a_port)):
            if node in behind:
                vertex = place.get(other, (-1, 1))[0]
                behind[node].append(vertex >= 0 and other_port > radix.get(fabric.names[vertex], other_port))
    # An endpoint of no name behind a port that the switch does not have on its face is a part of the switch.
    inside = {node for node, ports in behind.items() if ports and all(ports)}
    ignored |= inside
    for number, name in enumerate(sorted(unknown.keys() - inside)):
        place[name] = fabric.vertex_count + number, 1
    found, used = [], Counter[int]()
    for link in links.links:
        if link.a in ignored or link.b in ignored:
            continue
        one = (place[link.a][0] << SHIFT) + place[link.a][1] - 1 + link.a_port
        two = (place[link.b][0] << SHIFT) + place[link.b][1] - 1 + link.b_port
        used.update((one, two))
        found.append((min(one, two), max(one, two), link.gbit_per_s))
    case = Built(
        fabric,
        designed,
        {end: cable for cable, both in designed.items() for end in both},
        sorted(found, key=lambda cable: cable[:2]),
        {vertex: name for name, (vertex, _) in place.items()},
        {name: why for name, why in unknown.items() if name not in inside},
        tuple(sorted(ignored)),
    )
    if twice := sorted(port for port, count in used.items() if count > 1):
        raise ValueError(f"two of the cables found are in one port, {case.text(twice[0])}")
    return case
