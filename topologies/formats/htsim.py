"""htsim (csg-htsim): fat trees of two or three tiers as its ``.topo`` files describe them."""

from __future__ import annotations

from topologies.errors import TopologyError, require
from topologies.fabric import Fabric
from topologies.formats.tree_shape import TreeShape, tree_shape

__all__ = ["write"]


def write(fabric: Fabric, *, link_latency_ns: int = 1000, switch_latency_ns: int = 0) -> str:
    """Write a fat tree as a topology file of htsim.

    Parameters
    ----------
    fabric : Fabric
        A regular fat tree of two or three tiers: every leaf with the same number of endpoints, every endpoint with one port.
    link_latency_ns : int
        Delay of every link [ns].
    switch_latency_ns : int
        Delay of every switch [ns].

    Returns
    -------
    str
        The file. htsim numbers hosts by leaf: its node n is endpoint ``tree_shape(fabric).order[n]``.

    Raises
    ------
    TopologyError
        If htsim cannot express the fabric; the message says why.

    Notes
    -----
    htsim derives the numbers of switches from nodes, radixes, speeds and ``Oversubscribed``, all of them whole numbers. Radixes
    count cables; ``Bundle`` of a tier is the number of parallel cables to each switch below.

    References
    ----------
    csg-htsim, sim/datacenter/fat_tree_topology.cpp and topologies/*.topo.

    Examples
    --------
    Its leaf_spine_tiny: 4 leaves of 8 hosts with 2 spines, 4:1 oversubscribed.

    >>> from topologies.xgft import xgft
    >>> print(write(xgft((8, 4), (1, 2), gbit_per_s=100)), end="")
    Nodes 32
    Tiers 2
    Podsize 32
    <BLANKLINE>
    Tier 0
    Downlink_speed_Gbps 100
    Radix_Down 8
    Radix_Up 2
    Downlink_Latency_ns 1000
    Switch_Latency_ns 0
    Oversubscribed 4
    Bundle 1
    <BLANKLINE>
    Tier 1
    Downlink_speed_Gbps 100
    Radix_Down 4
    Downlink_Latency_ns 1000
    Switch_Latency_ns 0
    Bundle 1
    """
    require(link_latency_ns >= 1, "link_latency_ns must be at least 1")
    require(switch_latency_ns >= 0, "switch_latency_ns must be at least 0")
    shape = tree_shape(fabric)
    tiers = len(shape.children)
    if tiers not in (2, 3):
        raise _refused(f"it knows two or three tiers, not {tiers}")
    if shape.parents[0] * shape.parallel[0] != 1:
        raise _refused("a host has one link there")
    if any(rate != int(rate) for rate in shape.gbit_per_s):
        raise _refused("speeds are whole Gbit/s there")
    nodes = len(shape.order)
    pod = nodes if tiers == 2 else nodes // shape.children[-1]
    lines = [f"Nodes {nodes}", f"Tiers {tiers}", f"Podsize {pod}"]
    for tier in range(tiers):
        lines += ["", f"Tier {tier}", f"Downlink_speed_Gbps {int(shape.gbit_per_s[tier])}"]
        lines.append(f"Radix_Down {shape.children[tier] * shape.parallel[tier]}")
        if tier + 1 < tiers:
            lines.append(f"Radix_Up {shape.parents[tier + 1] * shape.parallel[tier + 1]}")
        lines += [f"Downlink_Latency_ns {link_latency_ns}", f"Switch_Latency_ns {switch_latency_ns}"]
        if tier + 1 < tiers:
            lines.append(f"Oversubscribed {_oversubscribed(shape, tier)}")
        lines.append(f"Bundle {shape.parallel[tier]}")
    return "\n".join([*lines, ""])


def _oversubscribed(shape: TreeShape, tier: int) -> int:
    """Downward over upward bandwidth of a switch."""
    down = shape.children[tier] * shape.parallel[tier] * int(shape.gbit_per_s[tier])
    up = shape.parents[tier + 1] * shape.parallel[tier + 1] * int(shape.gbit_per_s[tier + 1])
    if down % up:
        raise _refused(f"oversubscription is a whole number there, not {down}:{up}")
    return down // up


def _refused(reason: str) -> TopologyError:
    return TopologyError(f"htsim cannot express this fabric: {reason}", 0, "shape")
