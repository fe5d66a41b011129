"""What a fabric is worth: oversubscription, bisection, distances, free ports and room to grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from topologies.bisection import Bisection, bisection, counts_of, host_endpoints_of
from topologies.fabric import Fabric
from topologies.hops import Paths, shortest_paths

__all__ = [
    "Bisection",
    "Growth",
    "Measures",
    "Ports",
    "bisection",
    "growth",
    "injection_gbit_per_s",
    "measure",
    "oversubscription_by_tier",
    "ports_by_tier",
]


@dataclass(frozen=True)
class Ports:
    """Ports of the switches of a tier, at the links' rate (after break-out)."""

    used: int
    free: int


@dataclass(frozen=True)
class Growth:
    """How far a fabric grows while every cable stays where it is.

    Attributes
    ----------
    hosts : int
        Hosts now.
    on_free_ports : int
        More hosts for which the ports are there.
    with_switches : int
        More hosts, those included, if switches and cables are added but no cable is moved.
    rule : str
        What ends the growth.
    """

    hosts: int
    on_free_ports: int
    with_switches: int
    rule: str

    @property
    def hosts_max(self) -> int:
        """Most hosts without recabling."""
        return self.hosts + self.with_switches


@dataclass(frozen=True)
class Measures:
    """Everything a report says about a fabric. Bandwidths are in one direction."""

    topology: str
    endpoint_count: int
    host_count: int
    switches_by_tier: dict[str, int]
    cables_by_layer: dict[str, int]
    oversubscription_by_tier: dict[str, float]
    injection_gbit_per_s: float
    bisection: Bisection
    paths: Paths
    ports_by_tier: dict[str, Ports]
    growth: Growth

    @property
    def bisection_fraction(self) -> float:
        """Bisection over what half of the endpoints inject: 1 where no split is narrower than the endpoints' own links."""
        half = self.injection_gbit_per_s / 2
        return self.bisection.gbit_per_s / half if half else 0.0


def measure(fabric: Fabric) -> Measures:
    """Measure a fabric for a report.

    Parameters
    ----------
    fabric : Fabric
        A whole fabric.

    Returns
    -------
    Measures
        What the functions of this module, of `topologies.bisection` and of `topologies.hops` say.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), chapter 3.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> found = measure(fat_tree(128, 8, radix=64))
    >>> found.paths.diameter_links, found.bisection_fraction, found.ports_by_tier["spine"]
    (4, 1.0, Ports(used=1024, free=0))
    """
    return Measures(
        topology=fabric.topology,
        endpoint_count=fabric.endpoint_count,
        host_count=len(fabric.endpoints.host_names),
        switches_by_tier=fabric.switches_by_tier(),
        cables_by_layer=fabric.cables_by_layer(),
        oversubscription_by_tier=oversubscription_by_tier(fabric),
        injection_gbit_per_s=injection_gbit_per_s(fabric),
        bisection=bisection(fabric),
        paths=shortest_paths(fabric),
        ports_by_tier=ports_by_tier(fabric),
        growth=growth(fabric),
    )


def injection_gbit_per_s(fabric: Fabric) -> float:
    """Add up what all hosts' endpoints can send at once, managers and service ports left out.

    Returns
    -------
    float
        Bandwidth in one direction [Gbit/s].

    References
    ----------
    Dally and Towles (2004), section 3.3.

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> injection_gbit_per_s(xgft((4, 4), (2, 2), gbit_per_s=200.0))
    6400.0
    """
    counts = np.zeros(fabric.vertex_count, dtype=bool)
    counts[host_endpoints_of(fabric)] = True
    return float(fabric.cables.gbit_per_s[counts[fabric.cables.a]].sum())


def oversubscription_by_tier(fabric: Fabric, *, as_populated: bool = False) -> dict[str, float]:
    """Tell what the switches of every tier get from below over what they can pass on.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    as_populated : bool
        Count only ports with a cable. Default: a leaf of a fat tree counts with all ports for hosts of a full unit.

    Returns
    -------
    dict of str to float
        Downward over upward bandwidth [1] of the switch of each tier where it is largest; 1 is non-blocking. Links to
        switches of the same tier (direct networks) count as upward. Tiers that pass nothing on, the top ones, are left out; a
        single switch is non-blocking.

    References
    ----------
    Qian et al., Alibaba HPN (SIGCOMM 2024): 1.067:1 at the ToR, 15:1 at the aggregation switch.

    Examples
    --------
    HPN: a ToR has 128 ports of 200G down and 60 of 400G up, an aggregation switch 120 down and 8 up.

    >>> from topologies.xgft import xgft
    >>> fabric = xgft((128, 120, 1), (2, 60, 8), gbit_per_s=(200.0, 400.0, 400.0))
    >>> {tier: round(ratio, 4) for tier, ratio in oversubscription_by_tier(fabric).items()}
    {'leaf': 1.0667, 'spine': 15.0}
    """
    cables, ends = fabric.cables, fabric.endpoint_count
    tier = fabric.tier_of_vertex
    level = tier[cables.a] == tier[cables.b]
    down = np.bincount(cables.b, weights=np.where(level, 0, cables.gbit_per_s), minlength=fabric.vertex_count)[ends:]
    up = np.bincount(cables.a, weights=cables.gbit_per_s, minlength=fabric.vertex_count)
    up += np.bincount(cables.b, weights=np.where(level, cables.gbit_per_s, 0), minlength=fabric.vertex_count)
    up = up[ends:]
    counts = counts_of(fabric) if fabric.topology == "fat-tree" and not as_populated else None
    found = {}
    for number, name in enumerate(fabric.tiers, start=1):
        some = (fabric.switches.tier == number) & (up > 0)
        if some.any():
            found[name] = counts.oversubscription_ratio if counts and number == 1 else float((down[some] / up[some]).max())
        elif number == 1:
            found[name] = 1.0
    return found


def ports_by_tier(fabric: Fabric) -> dict[str, Ports]:
    """Count ports with and without a cable on the switches of every tier.

    Returns
    -------
    dict of str to Ports
        Over all switches of the tier, at the links' rate.

    References
    ----------
    The radix is the switch's; see the switches' column ``ports``.

    Examples
    --------
    32 hosts of 8 NICs: 8 leaves of 32 + 32 ports, 4 spines of 64.

    >>> from topologies.clos import fat_tree
    >>> ports_by_tier(fat_tree(32, 8, radix=64))
    {'leaf': Ports(used=512, free=0), 'spine': Ports(used=256, free=0)}
    """
    used = fabric.ports_used[fabric.endpoint_count :]
    free = fabric.switches.ports - used
    tiers = [(name, fabric.switches.tier == number) for number, name in enumerate(fabric.tiers, start=1)]
    return {name: Ports(int(used[of].sum()), int(free[of].sum())) for name, of in tiers}


def growth(fabric: Fabric) -> Growth:
    """Tell how many more hosts a fabric takes while no existing cable is moved.

    Parameters
    ----------
    fabric : Fabric
        A whole fabric.

    Returns
    -------
    Growth
        Hosts that fit on free ports, and with more switches.

    Notes
    -----
    Fat tree: first the last unit is filled. A new leaf then needs ``uplinks / spines`` free ports on every spine above it, a
    new unit one leaf a rail. With three tiers units go into pods until spines have no port free or would have more ports down
    than their ratio allows; a new pod takes the ports of one pod on every core. Rail-only: the same, all rails at once. Partly
    populated: first the endpoints that were left out, then as the full fabric. Any other family: hosts on free ports of
    the tiers that have endpoints, an upper bound where these are not spread evenly.

    References
    ----------
    OpenSM, doc/current-routing.txt, section "Fat-tree Routing Algorithm": equal numbers of ports per up-group, which growth
    must keep.

    Examples
    --------
    96 hosts: 16 spines have 24 * 2 of 64 ports in use. Eight more leaves, one unit of 32 hosts, fill them.

    >>> from topologies.clos import fat_tree
    >>> found = growth(fat_tree(96, 8, radix=64))
    >>> found.on_free_ports, found.with_switches, found.hosts_max
    (0, 32, 128)
    """
    if fabric.population is not None:
        return _grow_populated(fabric)
    return _GROWTH.get(fabric.topology, _on_free_ports)(fabric)


def _grow_populated(fabric: Fabric) -> Growth:
    """Take back the endpoints that were left out, then grow as the full fabric does."""
    from topologies.families import build

    full, nics = build(fabric.topology, fabric.parameters), (fabric.population or {})["nics_per_host"]
    grown = growth(full)
    per_host = len(host_endpoints_of(full)) // max(grown.hosts, 1)
    left_out = full.endpoint_count - fabric.endpoint_count
    room, most = (left_out // nics, (left_out + grown.with_switches * per_host) // nics)
    return Growth(_hosts_of(fabric), room, most, f"the endpoints left out, then {grown.rule}")


def _hosts_of(fabric: Fabric) -> int:
    return len(np.unique(fabric.endpoints.host[host_endpoints_of(fabric)]))


def _grow_rail_only(fabric: Fabric) -> Growth:
    """Grow as the fat tree does whose planes are the rails."""
    from topologies.clos import fat_tree

    recipe = dict(fabric.parameters)
    return _grow_fat_tree(fat_tree(recipe.pop("hosts"), 1, planes=recipe.pop("nics_per_host"), **recipe))


def _grow_fat_tree(fabric: Fabric) -> Growth:
    counts, recipe = counts_of(fabric), fabric.parameters
    nics = 1 if recipe.get("rail_optimised", True) else int(recipe.get("nics_per_host", 1))
    hosts = counts.hosts // nics
    per_unit, last = counts.hosts_per_unit // nics, counts.hosts_by_unit()[1] // nics
    boxes = fabric.switches
    free = boxes.ports - fabric.ports_used[fabric.endpoint_count :]
    if counts.tiers == 1:
        room = int(free.min()) // (counts.links_per_host * nics)
        return Growth(hosts, room, room, "free ports of the switch")
    of_last = (boxes.tier == 1) & (boxes.group == counts.units - 1)
    # What managers took in the last unit is missing to its hosts.
    filled = min(per_unit - last, int(free[of_last].min()) // nics)
    parallel = counts.leaf_up_ports // counts.spines_per_pod
    columns = counts.links_per_host
    if counts.tiers == 2:
        units = int(free[boxes.tier == 2].min()) // parallel // columns
        return Growth(hosts, filled, filled + units * per_unit, "the last unit, then units until the spines have no port free")
    ratio = float(recipe.get("spine_oversubscription_ratio", 1.0))
    most_down = min(counts.spine_radix - counts.spine_up_ports, int(counts.spine_up_ports * ratio + 1e-9))
    own = counts.pods > 1  # each rail has pods of its own
    of_pod = most_down // parallel // (1 if own else columns)
    pods = counts.pods // columns if own else 1
    units = max(pods * of_pod - counts.units - counts.service_units, 0)
    per_group = counts.core_count // counts.planes // counts.core_groups
    of_core = counts.spines_per_pod // counts.core_groups * (counts.spine_up_ports // per_group)
    more_pods = int(free[boxes.tier == 3].min()) // of_core // (columns if own else 1)
    units += more_pods * of_pod
    rule = "the last unit, then units until the spines of every pod, then pods until the cores have no port free"
    return Growth(hosts, filled, filled + units * per_unit, rule)


def _on_free_ports(fabric: Fabric) -> Growth:
    hosts, ends = _hosts_of(fabric), fabric.endpoint_count
    at_host = np.isin(fabric.cables.a, host_endpoints_of(fabric))
    on = fabric.cables.b[at_host] - ends
    tiers = np.unique(fabric.switches.tier[on[on >= 0]])
    free = (fabric.switches.ports - fabric.ports_used[ends:])[np.isin(fabric.switches.tier, tiers)].sum()
    room = int(free) * hosts // int(at_host.sum()) if at_host.any() else 0
    return Growth(hosts, room, room, "free ports of the tiers that have endpoints, at the hosts' mean number of links")


_GROWTH: dict[str, Callable[[Fabric], Growth]] = {"fat-tree": _grow_fat_tree, "rail-only": _grow_rail_only}
