"""containerlab: a fabric to be run as containers, one a switch and one a host."""

from __future__ import annotations

from topologies.fabric import Fabric
from topologies.formats.ports import connections
from topologies.formats.text import check_names, yaml_document

__all__ = ["write"]

# What a container may be called; a blank or a colon would also break "node:interface".
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


def write(
    fabric: Fabric,
    *,
    name: str = "fabric",
    switch_kind: str = "nokia_srlinux",
    switch_image: str = "srlinux",
    switch_type: str | None = None,
    host_kind: str = "linux",
    host_image: str = "alpine",
    switch_style: str = "e1-",
) -> str:
    """Write a fabric as a containerlab topology.

    Parameters
    ----------
    fabric : Fabric
        What to write. Links that are no cables are left out, and so is what has no cable.
    name : str
        Name of the lab.
    switch_kind, switch_image, host_kind, host_image : str
        containerlab's kind, and the container image, of switches and hosts.
    switch_type : str, optional
        The kind's variant; it must have enough ports.
    switch_style : str
        Names of switch ports that go with the kind, see `topologies.formats.ports.port_name`.

    Returns
    -------
    str
        YAML. A node's ``group`` is the name of its tier (``host`` for hosts); hosts have ``eth1`` and up.

    Raises
    ------
    ValueError
        If a name cannot be a container's.

    References
    ----------
    containerlab manual, "Topology definition", and its JSON Schema (clab.schema.json).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(1, radix=4)), end="")
    name: fabric
    topology:
      kinds:
        nokia_srlinux:
          image: srlinux
        linux:
          image: alpine
      nodes:
        n0000:
          kind: linux
          group: host
        switch:
          kind: nokia_srlinux
          group: leaf
      links:
        - endpoints:
            - "n0000:eth1"
            - "switch:e1-1"
    """
    rows = connections(fabric, switch_style)
    cabled = {device for row in rows for device in (row.a, row.b)}
    tiers = (fabric.tiers[tier - 1] for tier in fabric.switches.tier.tolist())
    kinds = {switch_kind: {"image": switch_image} | ({} if switch_type is None else {"type": switch_type})}
    nodes = {host: {"kind": host_kind, "group": "host"} for host in fabric.endpoints.host_names if host in cabled}
    nodes |= {
        switch: {"kind": switch_kind, "group": tier}
        for switch, tier in zip(fabric.switches.names, tiers, strict=True)
        if switch in cabled
    }
    check_names([name, *nodes], _NAME, "containerlab")
    links = [{"endpoints": [f"{row.a}:{row.a_interface}", f"{row.b}:{row.b_interface}"]} for row in rows]
    topology = {"kinds": kinds | {host_kind: {"image": host_image}}, "nodes": nodes, "links": links}
    return yaml_document({"name": name, "topology": topology})
