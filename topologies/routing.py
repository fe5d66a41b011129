"""Ways to route a fabric, by name: functions that make its forwarding tables.

Tables are by destination, as in an InfiniBand subnet or an IP fabric without ECMP; `topologies.routes` walks them, and knows
ways that need none (ECMP, spraying, Valiant).
"""

from __future__ import annotations

from collections.abc import Callable

from topologies._tables import Tables
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.routing_direct import dimension_order, dragonfly_minimal, minimal
from topologies.routing_tiers import d_mod_k, up_down

__all__ = [
    "ROUTINGS",
    "Tables",
    "d_mod_k",
    "default_routing",
    "dimension_order",
    "dragonfly_minimal",
    "minimal",
    "up_down",
]

ROUTINGS: dict[str, Callable[[Fabric], Tables]] = {
    "d-mod-k": d_mod_k,
    "up-down": up_down,
    "minimal": minimal,
    "minimal-lanes": lambda fabric: minimal(fabric, lanes=True),
    "dragonfly-minimal": dragonfly_minimal,
    "dimension-order": dimension_order,
}
"""Ways to make forwarding tables, by name."""

_BY_TOPOLOGY = {
    "dragonfly": "dragonfly-minimal",
    "dragonfly-plus": "dragonfly-minimal",
    "torus": "dimension-order",
    "optical-torus": "dimension-order",
    "hyperx": "dimension-order",
    "slim-fly": "minimal-lanes",
}


def default_routing(fabric: Fabric) -> Tables:
    """Make the forwarding tables that a fabric of this family usually has.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    Tables
        Dragonflies: minimal with at most one global link. Torus and HyperX: dimension order, or minimal where a twist forbids
        that. Slim Fly: minimal with a lane a hop. Tiers: D-mod-k, or up-down where cables skip tiers; minimal with a lane a
        hop where they join switches of one tier (a scale-up domain on a direct network).

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> default_routing(xgft((4, 4), (1, 2))).engine
    'd-mod-k'
    """
    name = _BY_TOPOLOGY.get(fabric.topology, "d-mod-k")
    try:
        return ROUTINGS[name](fabric)
    except TopologyError:
        tier = fabric.tier_of_vertex
        level = bool((tier[fabric.cables.a] == tier[fabric.cables.b]).any())
        return ROUTINGS["up-down" if name == "d-mod-k" and not level else "minimal-lanes"](fabric)
