"""NVIDIA Air: a fabric to be simulated as virtual switches and servers, in its JSON form (recommended there) and in DOT."""

from __future__ import annotations

import json
from collections.abc import Mapping

from topologies.fabric import Fabric
from topologies.formats.ports import Connection, connections
from topologies.formats.text import dot_quoted

__all__ = ["HOST", "SWITCH", "write", "write_dot"]

SWITCH: Mapping[str, object] = {"cpu": 2, "memory": 4096, "storage": 20, "os": "cumulus-vx-5.16.1"}
"""A virtual switch: cores, memory [MiB], disk [GB] and image."""
HOST: Mapping[str, object] = {"cpu": 2, "memory": 2048, "storage": 10, "os": "generic/ubuntu2404"}
"""A virtual server, likewise."""


def write(
    fabric: Fabric, *, title: str = "fabric", switch: Mapping[str, object] = SWITCH, host: Mapping[str, object] = HOST
) -> str:
    """Write a fabric as Air's JSON topology.

    Parameters
    ----------
    fabric : Fabric
        What to write. Links that are no cables are left out, and so is what has no cable.
    title : str
        Name of the simulation.
    switch, host : mapping
        Attributes of every switch and host node.

    Returns
    -------
    str
        JSON. Switch ports are ``swp17``, or ``swp9s0`` where ports are broken out; hosts have ``eth1`` and up.

    References
    ----------
    NVIDIA Air user guide, "Custom Topology" (JSON: format, title, content with nodes and links).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> document = json.loads(write(fat_tree(2, radix=4)))
    >>> document["content"]["links"][1]
    [{'node': 'n0001', 'interface': 'eth1'}, {'node': 'switch', 'interface': 'swp2'}]
    """
    rows = connections(fabric, "swp")
    nodes = {name: dict(switch if is_switch else host) for name, is_switch in _nodes(fabric, rows).items()}
    links = [[{"node": row.a, "interface": row.a_interface}, {"node": row.b, "interface": row.b_interface}] for row in rows]
    document = {"format": "JSON", "title": title, "content": {"nodes": nodes, "links": links}}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_dot(
    fabric: Fabric, *, title: str = "fabric", switch: Mapping[str, object] = SWITCH, host: Mapping[str, object] = HOST
) -> str:
    """Write a fabric as Air's DOT topology.

    Parameters
    ----------
    fabric, title, switch, host
        As for `write`.

    Returns
    -------
    str
        DOT; a switch's ``function`` is the name of its tier, a host's is ``server``.

    References
    ----------
    NVIDIA Air user guide, "Custom Topology" (DOT files).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write_dot(fat_tree(1, radix=4), switch={"os": "cumulus-vx-5.16.1"}, host={}), end="")
    graph "fabric" {
      "n0000" [function="server"]
      "switch" [function="leaf" os="cumulus-vx-5.16.1"]
      "n0000":"eth1" -- "switch":"swp1"
    }
    """
    rows = connections(fabric, "swp")
    tiers = (fabric.tiers[tier - 1] for tier in fabric.switches.tier.tolist())
    tier = dict(zip(fabric.switches.names, tiers, strict=True))
    lines = [f"graph {dot_quoted(title)} {{"]
    for name, is_switch in _nodes(fabric, rows).items():
        values = {"function": tier.get(name, "server"), **(switch if is_switch else host)}
        lines.append(f"  {dot_quoted(name)} [{' '.join(f'{key}={dot_quoted(str(value))}' for key, value in values.items())}]")
    for row in rows:
        ends = ((row.a, row.a_interface), (row.b, row.b_interface))
        lines.append("  " + " -- ".join(f"{dot_quoted(node)}:{dot_quoted(port)}" for node, port in ends))
    return "\n".join([*lines, "}", ""])


def _nodes(fabric: Fabric, rows: list[Connection]) -> dict[str, bool]:
    """Every device with a cable, hosts first, and whether it is a switch."""
    cabled = {name for row in rows for name in (row.a, row.b)}
    hosts = {name: False for name in fabric.endpoints.host_names if name in cabled}
    return hosts | {name: True for name in fabric.switches.names if name in cabled}
