"""Management networks: devices on as many unconnected switches as they need."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from topologies.errors import require
from topologies.fabric import ENDPOINT_KINDS, NONE, Cables, Endpoints, Fabric, Switches

__all__ = ["star"]


def star(attached: Sequence[tuple[str, int, int]], *, radix: int, gbit_per_s: float = 1.0) -> Fabric:
    """Build stars: devices fill one switch after the other; what joins the switches lies outside this fabric.

    Parameters
    ----------
    attached : sequence of (str, int, int)
        Kinds of devices in the order in which they are plugged in: the beginning of their names, how many, and ports of each.
        Devices of a kind that begins with "n" alone are nodes.
    radix : int
        Ports of a switch for devices.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].

    Returns
    -------
    Fabric
        One tier, leaf; one layer, node_leaf. Coordinates of a switch: its number.

    Raises
    ------
    ValueError
        If nothing is attached or a number is out of its range.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture (RA-11333-001), section "Out-of-Band Management Network".

    Examples
    --------
    >>> fabric = star([("n", 127, 1), ("pdu", 108, 1)], radix=48)
    >>> fabric.switches_by_tier(), fabric.label(130)
    ({'leaf': 5}, 'pdu0003-port0:1 <-> leaf002:35')
    """
    kinds = [(str(name), int(count), int(ports)) for name, count, ports in attached if int(count) and int(ports)]
    require(bool(kinds), "attached must hold at least one port")
    require(all(count >= 1 and ports >= 1 for _, count, ports in kinds), "attached must count devices and ports from 1")
    require(radix >= 1, "radix must be at least 1")
    require(gbit_per_s > 0, "gbit_per_s must be above 0")
    hosts = [(f"{name}{number:04d}", name, ports) for name, count, ports in kinds for number in range(count)]
    ports_of = np.array([ports for _, _, ports in hosts])
    host = np.repeat(np.arange(len(hosts), dtype=np.int32), ports_of)
    slot = (np.arange(len(host)) - np.repeat(np.cumsum(ports_of) - ports_of, ports_of)).astype(np.int32)
    kind = [ENDPOINT_KINDS.index("nic" if name == "n" else "other") for _, name, _ in hosts]
    endpoints, leaves = len(host), math.ceil(len(host) / radix)
    number = np.arange(endpoints, dtype=np.int32)
    leaf = np.arange(leaves, dtype=np.int32)
    none = np.full_like(leaf, NONE)
    return Fabric(
        topology="star",
        parameters={"attached": [list(each) for each in kinds], "radix": radix, "gbit_per_s": gbit_per_s},
        tiers=("leaf",),
        layers=("node_leaf",),
        switches=Switches(
            names=tuple(f"leaf{each:03d}" for each in range(leaves)),
            tier=np.ones_like(leaf),
            group=none,
            plane=np.zeros_like(leaf),
            rail=none,
            ports=np.full_like(leaf, radix),
            coordinates=leaf[:, None],
        ),
        endpoints=Endpoints(
            names=tuple(
                f"{name}-nic{each}" if kind == "n" else f"{name}-port{each}"
                for (name, kind, ports) in hosts
                for each in range(ports)
            ),
            kind=np.repeat(np.array(kind, dtype=np.int32), ports_of),
            host=host,
            slot=slot,
            rail=np.full_like(host, NONE),
            host_names=tuple(name for name, _, _ in hosts),
        ),
        cables=Cables.lay(
            number, np.ones_like(number), endpoints + number // radix, number % radix + 1, gbit_per_s=gbit_per_s, layer=0
        ),
    )
