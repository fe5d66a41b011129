"""InfiniBand subnets as ibsim and OpenSM see them: net files written and read, ibnetdiscover's findings read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from topologies.fabric import Fabric
from topologies.formats.text import check_names
from topologies.links import Link, Links, links_of

__all__ = [
    "LANE_GBIT_PER_S",
    "plain_name",
    "read",
    "read_ibnetdiscover",
    "width_and_generation",
    "write",
    "write_root_guids",
]

LANE_GBIT_PER_S = {
    "SDR": 2.5,
    "DDR": 5.0,
    "QDR": 10.0,
    "FDR10": 10.0,
    "FDR": 14.0,
    "EDR": 25.0,
    "HDR": 50.0,
    "NDR": 100.0,
    "XDR": 200.0,
}
"""Nominal rate of one lane in one direction [Gbit/s] by generation, the oldest first."""

_WIDTHS = (4, 2, 1, 8, 12)
_NAME = r"[ !$-?A-~]{1,64}"
_HEADER = re.compile(r'(Switch|Ca|Hca|Rt|Router)\s+(\d+)\s+"([^"]+)"(?:@"[^"]*")?\s*(?:#\s*(?:"(.*)")?.*)?')
_LINK = re.compile(
    r'\[(\d+)\](?:\s*\[ext [^\]]*\])?(?:\([0-9a-fx]+\))?\s*"([^"]+)"\s*\[(\d+)\](?:\s*\[ext [^\]]*\])?(?:\([0-9a-fx]+\))?'
    r"[^#]*(?:#(.*))?"
)
_SPEED = re.compile(r"(\d+)x([A-Z]+\d*)\s*$")
_IGNORED = re.compile(r"#|[a-z]+guid=|vendid=|devid=|module\b|include\b|Chassis\b|Non-Chassis\b|Spine\b|Line\b|\s*$")
_AGGREGATION = "Aggregation Node"


def write(fabric: Fabric | Links, *, newest: str = "XDR") -> str:
    r"""Write a net file: what ibsim simulates, and what OpenSM then routes.

    Parameters
    ----------
    fabric : Fabric or Links
        Every endpoint becomes a channel adapter with as many ports as it has cables; the first node is where ibsim attaches.
    newest : str
        The newest generation that the reader knows; faster links are written as it. ibsim 0.10 stops at "HDR".

    Returns
    -------
    str
        The file; both ends of every cable are listed, as ibsim wants it.

    Raises
    ------
    ValueError
        If a name is longer than 64 characters, or has other than printable ASCII or one of ``" # @`` in it; if a rate is not
        that of an InfiniBand link.

    References
    ----------
    ibsim, README and net-examples: "compatible with ibnetdiscover command output".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(1, radix=4)), end="")
    Ca 1 "n0000-nic0"
    [1] "switch"[1] # lid 0 lmc 0 "switch" lid 0 4xNDR
    <BLANKLINE>
    Switch 4 "switch"
    [1] "n0000-nic0"[1] # "n0000-nic0" lid 0 4xNDR
    """
    links = fabric if isinstance(fabric, Links) else links_of(fabric)
    check_names(links.nodes, _NAME, "an ibsim net file")
    rates = {link.gbit_per_s for link in links.links}
    speeds = {rate: "" if rate is None else "{}x{}".format(*width_and_generation(rate, newest)) for rate in rates}
    behind: dict[str, list[tuple[int, str, int, str]]] = {name: [] for name in links.nodes}
    for a, a_port, b, b_port, rate in links.links:
        behind[a].append((a_port, b, b_port, speeds[rate]))
        behind[b].append((b_port, a, a_port, speeds[rate]))
    records = []
    for name, ports in links.nodes.items():
        kind, lid = ("Switch", "") if name in links.switches else ("Ca", "lid 0 lmc 0 ")
        lines = [f'{kind} {ports} "{name}"']
        for port, other, other_port, speed in sorted(behind[name]):
            lines.append(f'[{port}] "{other}"[{other_port}]' + (f' # {lid}"{other}" lid 0 {speed}' if speed else ""))
        records.append("\n".join(lines) + "\n")
    return "\n".join(records)


def width_and_generation(gbit_per_s: float, newest: str = "XDR") -> tuple[int, str]:
    """Name a rate as InfiniBand does: lanes and generation.

    Parameters
    ----------
    gbit_per_s : float
        Rate in one direction [Gbit/s].
    newest : str
        The newest generation to name: what is faster is called that, with as many lanes.

    Returns
    -------
    tuple of int and str
        Four lanes where they make the rate, otherwise two, one, eight or twelve.

    Raises
    ------
    ValueError
        If no width and generation make that rate, or `newest` is no generation.

    References
    ----------
    InfiniBand Architecture Specification, volume 2: links of 1, 2, 4, 8 and 12 lanes.

    Examples
    --------
    >>> width_and_generation(400.0), width_and_generation(50.0), width_and_generation(400.0, "HDR")
    ((4, 'NDR'), (2, 'EDR'), (4, 'HDR'))
    """
    generations = list(LANE_GBIT_PER_S)
    if newest not in generations:
        raise ValueError(f"'{newest}' is no InfiniBand generation (known: {', '.join(generations)})")
    for width in _WIDTHS:
        for number, (name, lane) in enumerate(LANE_GBIT_PER_S.items()):
            if width * lane == gbit_per_s:
                return width, name if number <= generations.index(newest) else newest
    raise ValueError(f"no InfiniBand link has {gbit_per_s:g} Gbit/s")


def read(text: str) -> Links:
    """Read a net file, with what it calls its nodes.

    Parameters
    ----------
    text : str
        A file as `write` writes it, or by hand.

    Returns
    -------
    Links
        In the order of the file; of every link the end at an adapter is `a`.

    Raises
    ------
    ValueError
        With the number of the line, where ibsim would refuse as well: a cable listed at one end only, ends that disagree, two
        cables in one port, an undefined node, a port beyond the last.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> from topologies.links import links_of
    >>> fabric = fat_tree(4, 2, radix=8)
    >>> read(write(fabric)) == links_of(fabric)
    True
    """
    nodes, ends = _parse(text)
    return _links(nodes, ends, {node.key: node.key for node in nodes}, frozenset())


def read_ibnetdiscover(text: str, rename: Callable[[str], str] | None = None, *, keep_aggregation_nodes: bool = False) -> Links:
    """Read what ibnetdiscover found.

    Parameters
    ----------
    text : str
        Its output, with or without ``-g``.
    rename : function of str to str, optional
        Turns a node description into the name wanted; `plain_name` is one. Default: descriptions stay as they are.
    keep_aggregation_nodes : bool
        Keep the aggregation nodes inside the switches, which NDR switches show behind a port 65. Default: they are left out,
        and such a switch has 64 ports.

    Returns
    -------
    Links
        Nodes by name; ``guids`` by the same names. Where several nodes have one name (adapters that nobody named all have
        their model's), each is followed by its GUID in brackets.

    Raises
    ------
    ValueError
        With the number of the line, if the text is no such output or was cut off.

    References
    ----------
    infiniband-diags, ibnetdiscover(8), "Topology file format".

    Examples
    --------
    >>> text = '''
    ... switchguid=0x2c5eab0300b87b40(2c5eab0300b87b40)
    ... Switch 65 "S-2c5eab0300b87b40" # "MF0;leaf-04:MQM9701/U1" enhanced port 0 lid 73 lmc 0
    ... [1] "H-e09d7303007a4bd8"[1](e09d7303007a4bd8) # "dgx-01 mlx5_5" lid 647 4xNDR
    ...
    ... caguid=0xe09d7303007a4bd8
    ... Ca 1 "H-e09d7303007a4bd8" # "dgx-01 mlx5_5"
    ... [1](e09d7303007a4bd8) "S-2c5eab0300b87b40"[1] # lid 647 lmc 0 "MF0;leaf-04:MQM9701/U1" lid 73 4xNDR
    ... '''
    >>> read_ibnetdiscover(text, plain_name).links
    (Link(a='dgx-01-nic5', a_port=1, b='leaf-04', b_port=1, gbit_per_s=400.0),)
    """
    nodes, ends = _parse(text)
    wanted = {node.key: rename(node.description) if rename else node.description for node in nodes}
    counts = Counter(wanted.values())
    guids = {key: key.partition("-")[2] or key for key in wanted}
    names = {key: name if counts[name] == 1 else f"{name} ({guids[key]})" for key, name in wanted.items()}
    hidden = (
        frozenset() if keep_aggregation_nodes else frozenset(node.key for node in nodes if _AGGREGATION in node.description)
    )
    found = _links(nodes, ends, names, hidden)
    return replace(found, guids={names[key]: guid for key, guid in guids.items() if key not in hidden})


def plain_name(description: str) -> str:
    """Turn a usual node description into this package's kind of name; anything else stays as it is.

    Parameters
    ----------
    description : str
        ``MF0;<switch>:<model>/U1`` of a managed switch, ``<host> mlx5_<n>`` or ``<host> HCA-<n + 1>`` of an adapter.

    Returns
    -------
    str
        ``<switch>`` or ``<host>-nic<n>``. The number is the host's own, which is the rail only where the host counts so.

    Examples
    --------
    >>> [plain_name(each) for each in ("MF0;su03-rail5-leaf:QM9700/U1", "n0412 mlx5_3", "n0412 HCA-4", "spare switch")]
    ['su03-rail5-leaf', 'n0412-nic3', 'n0412-nic3', 'spare switch']
    """
    if switch := re.fullmatch(r"MF0;([^:]+):[^:]*/U\d+", description):
        return switch[1]
    if adapter := re.fullmatch(r"(\S+) (?:[a-z]+\d*_(\d+)|HCA-(\d+))", description):
        return f"{adapter[1]}-nic{adapter[2] if adapter[2] is not None else int(adapter[3]) - 1}"
    return description


def write_root_guids(fabric: Fabric, guids: Mapping[str, str]) -> str:
    r"""Write the file of root GUIDs (OpenSM's ``-a``): without it, up/down and ftree guess what is on top.

    Parameters
    ----------
    fabric : Fabric
        A fabric with tiers; its roots are the switches of the highest.
    guids : mapping of str to str
        GUIDs by name, as `Links.guids` has them.

    Returns
    -------
    str
        A GUID a line.

    Raises
    ------
    ValueError
        If a root has no GUID.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> write_root_guids(fat_tree(1, radix=4), {"switch": "200000"})
    '0x0000000000200000\n'
    """
    top = int(fabric.switches.tier.max(initial=0))
    roots = [name for name, tier in zip(fabric.switches.names, fabric.switches.tier.tolist(), strict=True) if tier == top]
    unknown = [name for name in roots if name not in guids]
    if unknown:
        raise ValueError(f"the GUID of {unknown[0]} is not known")
    return "".join(f"0x{int(guids[name], 16):016x}\n" for name in roots)


class _Node(NamedTuple):
    line: int
    key: str
    is_switch: bool
    ports: int
    description: str


class _End(NamedTuple):
    line: int
    other: str
    other_port: int
    gbit_per_s: float | None


def _parse(text: str) -> tuple[list[_Node], dict[tuple[str, int], _End]]:
    """Nodes, and what each of their ports says of its other end."""
    nodes: list[_Node] = []
    keys: set[str] = set()
    ends: dict[tuple[str, int], _End] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line.strip()):
            kind, ports, key, description = header.groups()
            if key in keys:
                raise ValueError(f"line {number}: {key} is defined a second time")
            keys.add(key)
            nodes.append(_Node(number, key, kind == "Switch", int(ports), key if description is None else description))
        elif link := _LINK.fullmatch(line.strip()):
            if not nodes:
                raise ValueError(f"line {number}: a port before the first node")
            node, port = nodes[-1], int(link[1])
            if not 1 <= port <= node.ports:
                raise ValueError(f"line {number}: {node.key} has no port {port}")
            if (node.key, port) in ends:
                raise ValueError(f"line {number}: port {port} of {node.key} is used more than once")
            speed = _SPEED.search(link[4] or "")
            lane = LANE_GBIT_PER_S.get(speed[2]) if speed else None
            ends[node.key, port] = _End(number, link[2], int(link[3]), int(speed[1]) * lane if speed and lane else None)
        elif not _IGNORED.match(line):
            raise ValueError(f"line {number}: {line.strip()[:60]!r} is neither a node nor a port")
    for (key, port), end in ends.items():
        if end.other not in keys:
            raise ValueError(f"line {end.line}: {end.other} is not defined")
        back = ends.get((end.other, end.other_port))
        if back is None or (back.other, back.other_port) != (key, port):
            says = "nothing" if back is None else f"{back.other} port {back.other_port} (line {back.line})"
            raise ValueError(
                f"line {end.line}: port {port} of {key} names {end.other} port {end.other_port}, which itself names {says}"
            )
        if end.other == key:
            raise ValueError(f"line {end.line}: {key} is cabled to itself")
    return nodes, ends


def _links(nodes: list[_Node], ends: dict[tuple[str, int], _End], names: Mapping[str, str], hidden: frozenset[str]) -> Links:
    """Put both lists together, without the nodes that are hidden (by key) and the last ports that lead to them."""
    of_key = {node.key: node for node in nodes}
    ports = {node.key: node.ports for node in nodes}
    links = []
    for (key, port), end in ends.items():
        if end.other in hidden:
            ports[key] -= port == of_key[key].ports
        if key in hidden or end.other in hidden:
            continue
        here, there = of_key[key], of_key[end.other]
        # Each cable is listed twice: keep the adapter's entry, and the earlier one between two of a kind.
        if (here.is_switch, here.line) < (there.is_switch, there.line):
            links.append(Link(names[key], port, names[end.other], end.other_port, end.gbit_per_s))
    shown = [node for node in nodes if node.key not in hidden]
    return Links(
        {names[node.key]: ports[node.key] for node in shown},
        tuple(links),
        frozenset(names[node.key] for node in shown if node.is_switch),
    )
