"""The topology file that ibdiagnet and UFM compare a fabric with, and the system definitions (IBNL) it refers to."""

from __future__ import annotations

import re
from collections import defaultdict

from topologies.errors import require
from topologies.fabric import Fabric
from topologies.formats.opensm import LANE_GBIT_PER_S, width_and_generation
from topologies.formats.text import check_names
from topologies.links import Link, Links, links_of

__all__ = ["read", "write"]

_NAME = r"[A-Za-z0-9_.%~-]{1,64}"
_SYSTEM = re.compile(r"(\S+)\s+(\S+)(?:\s+CFG:.*)?")
_CABLE = re.compile(r"(\S+)\s+(?:-(\d+)[xX])?(?:-([\d.]+)G)?->\s+(\S+)\s+(\S+)\s+(\S+)")
_PORT = re.compile(r"(?:U(\d+)/)?P(\d+)")


def write(fabric: Fabric, *, newest: str = "XDR") -> dict[str, str]:
    r"""Write the topology file and a definition for every kind of system in it.

    Parameters
    ----------
    fabric : Fabric
        Every host is a system, its adapter of slot n the device ``U<n + 1>``; every switch is a system of its radix.
    newest : str
        The newest generation that the reader knows; faster links are written as it. ibutils 1.5 stops at "QDR".

    Returns
    -------
    dict of str to str
        ``fabric.topo``, and ``<system>.ibnl`` for the folder of definitions.

    Raises
    ------
    ValueError
        If a name has other than letters, digits and ``_ . % ~ -``; if a rate is not that of an InfiniBand link; if two
        endpoints of a host have one slot.

    References
    ----------
    ibutils, ibdm-topo-file(1) and ibdm-ibnl-file(1). NVIDIA, UFM Cable Validation Tool: the same file.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> files = write(fat_tree(1, 2, radix=4))
    >>> print(files["fabric.topo"], files["HCA_2.ibnl"], sep="---\n", end="")
    HCA_2 n0000
        U1/P1 -4x-100G-> SW_4 switch P1
        U2/P1 -4x-100G-> SW_4 switch P2
    <BLANKLINE>
    SW_4 switch
        P1 -4x-100G-> HCA_2 n0000 U1/P1
        P2 -4x-100G-> HCA_2 n0000 U2/P1
    ---
    TOPSYSTEM HCA_2
    <BLANKLINE>
    NODE CA 1 ADAPTER U1
        1 -> U1/P1
    <BLANKLINE>
    NODE CA 1 ADAPTER U2
        1 -> U2/P1
    """
    links, ends = links_of(fabric), fabric.endpoints
    place = {
        name: (ends.host_names[host], slot + 1)
        for name, host, slot in zip(ends.names, ends.host.tolist(), ends.slot.tolist(), strict=True)
        if name in links.nodes
    }
    require(len(set(place.values())) == len(place), "two endpoints of a host have the same slot")
    devices: dict[str, dict[int, int]] = defaultdict(dict)
    for name, (host, device) in place.items():
        devices[host][device] = links.nodes[name]
    kinds = {host: _host_kind(ports) for host, ports in devices.items()}
    kinds |= {name: f"SW_{links.nodes[name]}" for name in fabric.switches.names if name in links.nodes}
    check_names(kinds, _NAME, "a topology file")

    behind: dict[str, list[tuple[int, int, str]]] = {system: [] for system in kinds}
    speeds = {rate: _speed(rate or 0.0, newest) for rate in {link.gbit_per_s for link in links.links}}
    for a, a_port, b, b_port, rate in links.links:
        sides = [(*place.get(name, (name, 0)), port) for name, port in ((a, a_port), (b, b_port))]
        for (system, device, port), (other, other_device, other_port) in (sides, sides[::-1]):
            arrow = f"-{speeds[rate]}-> {kinds[other]} {other} {_port(other_device, other_port)}"
            behind[system].append((device, port, f"    {_port(device, port)} {arrow}"))
    sections = ["\n".join([f"{kinds[system]} {system}", *(row[2] for row in sorted(rows))]) for system, rows in behind.items()]
    files = {"fabric.topo": "\n\n".join(sections) + "\n"}
    for host, ports in devices.items():
        files[f"{kinds[host]}.ibnl"] = _definition(kinds[host], "CA", "ADAPTER", ports)
    for name in links.switches:
        files[f"{kinds[name]}.ibnl"] = _definition(kinds[name], "SW", "SWITCH", {0: links.nodes[name]})
    return dict(sorted(files.items()))


def _host_kind(ports: dict[int, int]) -> str:
    """Name hosts of equal adapters alike: HCA_8 has eight of one port each, HCA_8x2 eight of two."""
    if sorted(ports) == list(range(1, len(ports) + 1)) and len(set(ports.values())) == 1:
        each = next(iter(ports.values()))
        return f"HCA_{len(ports)}" if each == 1 else f"HCA_{len(ports)}x{each}"
    return "HCA_" + "_".join(f"U{device}x{count}" for device, count in sorted(ports.items()))


def _port(device: int, port: int) -> str:
    return f"U{device}/P{port}" if device else f"P{port}"


def _speed(gbit_per_s: float, newest: str) -> str:
    width, generation = width_and_generation(gbit_per_s, newest)
    return f"{width}x-{LANE_GBIT_PER_S[generation]:g}G"


def _definition(kind: str, node: str, device_name: str, ports: dict[int, int]) -> str:
    parts = [f"TOPSYSTEM {kind}\n"]
    for device, count in sorted(ports.items()):
        rows = [f"    {port} -> {_port(device, port)}" for port in range(1, count + 1)]
        parts.append("\n".join([f"NODE {node} {count} {device_name} U{device or 1}", *rows, ""]))
    return "\n".join(parts)


def read(text: str, port: str = "nic") -> Links:
    """Read a topology file.

    Parameters
    ----------
    text : str
        A file whose systems are switches (ports ``P<n>``) and hosts (ports ``U<device>/P<n>``).
    port : str
        What this package calls the adapters: device ``U4`` of n0412 is ``n0412-nic3``.

    Returns
    -------
    Links
        A switch has as many ports as its kind's name ends with (``SW_64``), everything else as its highest port.

    Raises
    ------
    ValueError
        With the number of the line: neither a system nor a cable, a system or port that is used twice, ends that disagree.

    References
    ----------
    ibutils, ibdm-topo-file(1).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> from topologies.links import links_of
    >>> fabric = fat_tree(4, 2, radix=8)
    >>> read(write(fabric)["fabric.topo"]).cable_set() == links_of(fabric).cable_set()
    True
    """
    kinds: dict[str, str] = {}
    defined: dict[str, int] = {}
    ends: dict[tuple[str, int], tuple[tuple[str, int], int, float | None]] = {}
    nodes: dict[str, int] = {}
    order: dict[str, int] = {}
    switches = set()
    system = ""
    for number, line in enumerate(text.splitlines(), start=1):
        row = line.partition("#")[0].strip()
        if not row:
            system = ""
        elif cable := _CABLE.fullmatch(row):
            if not system:
                raise ValueError(f"line {number}: a cable before its system")
            here, lanes, lane_gbit_per_s, kind, other, there = cable.groups()
            if kinds.setdefault(other, kind) != kind:
                raise ValueError(f"line {number}: {other} is a {kinds[other]} elsewhere")
            near, far = (_end(name, each, port, number) for name, each in ((system, here), (other, there)))
            if near in ends:
                raise ValueError(f"line {number}: port {near[1]} of {near[0]} is used more than once")
            rate = int(lanes) * float(lane_gbit_per_s) if lanes and lane_gbit_per_s else None
            ends[near] = far, number, rate
            for (name, last), label in ((near, here), (far, there)):
                nodes[name] = max(nodes.get(name, 1), last)
                order.setdefault(name, len(order))
                if not label.startswith("U"):
                    switches.add(name)
        elif (heading := _SYSTEM.fullmatch(row)) and "->" not in row:
            kind, system = heading[1], heading[2]
            if system in defined:
                raise ValueError(f"line {number}: {system} is defined a second time")
            if kinds.setdefault(system, kind) != kind:
                raise ValueError(f"line {number}: {system} is a {kinds[system]} elsewhere")
            defined[system] = number
            if found := re.fullmatch(r"SW_(\d+)", kind):
                nodes[system] = max(nodes.get(system, 1), int(found[1]))
                order.setdefault(system, len(order))
                switches.add(system)
        else:
            raise ValueError(f"line {number}: {row[:60]!r} is neither a system nor a cable")

    links = []
    taken = set()
    for near, (far, number, rate) in ends.items():
        back = ends.get(far)
        if near == far:
            raise ValueError(f"line {number}: {near[0]} is cabled to itself")
        if back is not None and (back[0] != near or back[2] != rate):
            raise ValueError(f"line {number}: {near[0]} port {near[1]} and line {back[1]} disagree")
        if back is None and far in taken:
            raise ValueError(f"line {number}: port {far[1]} of {far[0]} is used more than once")
        taken.add(far)
        first = (near[0] in switches, order[near[0]]) <= (far[0] in switches, order[far[0]])
        if first or back is None:
            links.append(Link(*(near if first else far), *(far if first else near), rate))
    return Links(nodes, tuple(links), frozenset(switches))


def _end(system: str, label: str, port: str, line: int) -> tuple[str, int]:
    """Name a port as this package does."""
    found = _PORT.fullmatch(label)
    if found is None:
        raise ValueError(f"line {line}: {label!r} is no port (P1, U1/P1)")
    return f"{system}-{port}{int(found[1]) - 1}" if found[1] else system, int(found[2])
