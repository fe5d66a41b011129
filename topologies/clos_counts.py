"""Folded Clos fabrics (fat trees): one switch, leaf-spine, and three tiers.

Counts follow from one rule: *equal striping*. Every leaf runs the same number of cables to every spine above it,
and every spine the same number to every core above it. That is what adaptive routing and OpenSM's fat-tree engine
expect, and why 24 leaves of 64 ports need 16 spines where ``ceil(links / radix)`` says 12.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from topologies.errors import TopologyError, require

__all__ = ["FatTree", "fat_tree_counts", "fat_tree_of_nics", "largest_fat_tree_hosts"]


@dataclass(frozen=True)
class FatTree:
    """The counts of a fat tree of ``planes`` identical, unconnected planes.

    ``*_count`` and ``*_links`` are over all planes; ``*_ports`` are of one switch, ``units``, ``service_units`` and ``pods`` of
    one plane. A *unit* is the group of hosts that share one leaf per rail (NVIDIA: scalable unit); a *pod* is the group of
    leaves that share one set of spines in a three-tier fabric.
    """

    hosts: int
    links_per_host: int
    planes: int
    tiers: int
    radix: int
    spine_radix: int
    core_radix: int
    units: int
    hosts_per_unit: int
    extra_links: int
    service_links: int
    service_units: int
    leaf_count: int
    spine_count: int
    core_count: int
    pods: int
    core_groups: int
    leaf_down_ports: int
    leaf_up_ports: int
    spine_down_ports: int
    spine_up_ports: int

    @property
    def endpoint_links(self) -> int:
        """Links between hosts and leaves, without the extra ones, over all planes."""
        return self.hosts * self.links_per_host * self.planes

    @property
    def leaf_spine_links(self) -> int:
        """Links between leaves and spines, over all planes."""
        return self.leaf_count * self.leaf_up_ports

    @property
    def spine_core_links(self) -> int:
        """Links between spines and cores, over all planes."""
        return self.spine_count * self.spine_up_ports

    @property
    def free_leaf_ports(self) -> int:
        """Leaf ports left after hosts, extra links and uplinks, over all planes."""
        used = self.endpoint_links + self.extra_links + self.service_links + self.leaf_spine_links
        return self.leaf_count * self.radix - used

    @property
    def oversubscription_ratio(self) -> float:
        """Downward over upward bandwidth of a fully populated leaf; 1 for a single switch (a crossbar)."""
        return self.leaf_down_ports / self.leaf_up_ports if self.leaf_up_ports else 1.0

    @property
    def spine_oversubscription_ratio(self) -> float:
        """Downward over upward bandwidth of a spine; 1 where there are no cores."""
        return self.spine_down_ports / self.spine_up_ports if self.spine_up_ports else 1.0

    @property
    def spines_per_pod(self) -> int:
        """Spines that every leaf of a pod (two tiers: every leaf of a plane) is cabled to."""
        return self.spine_count // (self.planes * self.pods)

    def pod_of_unit(self, unit: int) -> int:
        """Tell which of the pods of its rail holds a unit (service units come last): pods of equal size, one after the other.

        Where the leaves of all rails share one pod, that is pod 0.
        """
        pods_per_rail = max(self.pods // self.links_per_host, 1)
        return unit * pods_per_rail // (self.units + self.service_units)

    def hosts_by_unit(self) -> tuple[int, int]:
        """Hosts in each unit but the last, and hosts in the last: units are filled one after the other."""
        return self.hosts_per_unit, self.hosts - self.hosts_per_unit * (self.units - 1)

    def bisection_links(self) -> int:
        """Links that cross any even split of the endpoints, one direction, over all planes.

        An endpoint is a host's port of one rail (a NIC), which has a link in every plane.

        Returns
        -------
        int
            Links, however the endpoints are split in two halves (of an odd number, one half has one more). Multiply by
            the link rate for bandwidth in one direction.

        Notes
        -----
        Every leaf passes up at most ``min(endpoints on it, uplinks)`` links, and every pod of oversubscribed spines at most
        their uplinks; half of that sum, rounded down, crosses the split in every plane. A single switch passes half its
        endpoints. Exact for a single switch, for a fabric without oversubscription, and for an even number of full leaves or
        pods (the worst split then runs between them); a lower bound otherwise.

        References
        ----------
        Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.3.1.

        Examples
        --------
        32 hosts with 8 links each on 64-port switches: 256 links, half of them cross.

        >>> fat_tree_counts(32, 8, radix=64).bisection_links()
        128
        """
        full, last = self.hosts_by_unit()
        if self.tiers > 1:
            full, last = min(full, self.leaf_up_ports), min(last, self.leaf_up_ports)
        of_a_rail = (self.units - 1) * full + last
        if self.core_count:
            pods = Counter(self.pod_of_unit(unit) for unit in range(self.units))
            last_pod = self.pod_of_unit(self.units - 1)
            through = self.spines_per_pod * self.spine_up_ports
            of_a_rail = sum(min(units * full - (full - last if pod == last_pod else 0), through) for pod, units in pods.items())
        return of_a_rail * self.links_per_host // 2 * self.planes

    def cables_by_layer(self, links_per_cable: int = 1) -> dict[str, int]:
        """Cables of each layer, counted at the switch's own port rate.

        Parameters
        ----------
        links_per_cable : int
            Links that share one switch port after break-out (an 800G port split into 2 x 400G: 2).

        Returns
        -------
        dict
            ``node_leaf`` (hosts, extra and service links), ``leaf_spine``, ``spine_core``: cables over all planes.

        Examples
        --------
        64 hosts, 8 NICs of 2 x 400G in two planes, on 64 x 800G switches used as 128 x 400G (NVIDIA DGX B300 SuperPOD,
        Table 3, first row):

        >>> fat_tree_counts(64, 8, radix=128, planes=2).cables_by_layer(links_per_cable=2)
        {'node_leaf': 512, 'leaf_spine': 512, 'spine_core': 0}
        """

        def cables(links: int) -> int:
            return math.ceil(links / links_per_cable)

        if self.tiers == 1:
            node_leaf = self.planes * cables(self.hosts * self.links_per_host)
        else:
            full, last = self.hosts_by_unit()
            leaves_of_unit = self.links_per_host * self.planes
            node_leaf = leaves_of_unit * ((self.units - 1) * cables(full) + cables(last))
        return {
            "node_leaf": node_leaf
            + cables(self.extra_links)
            # As with hosts: links of two planes cannot share a port.
            + self.planes * cables(self.service_links // self.planes),
            "leaf_spine": self.leaf_count * cables(self.leaf_up_ports),
            "spine_core": self.spine_count * cables(self.spine_up_ports),
        }


def fat_tree_counts(
    hosts: int,
    links_per_host: int = 1,
    *,
    radix: int,
    tiers: int | None = None,
    planes: int = 1,
    hosts_per_unit: int | None = None,
    oversubscription_ratio: float = 1.0,
    spine_oversubscription_ratio: float = 1.0,
    spine_radix: int | None = None,
    core_radix: int | None = None,
    extra_links: int = 0,
    service_links: int = 0,
    spines_min: int = 1,
) -> FatTree:
    """Count the switches and links of a rail-optimised fat tree.

    Parameters
    ----------
    hosts : int
        Hosts, at least 1.
    links_per_host : int
        Links of a host in each plane. Link *i* of every host of a unit goes to the unit's leaf of rail *i*; with 1 the
        fabric is a plain (not rail-optimised) fat tree.
    radix : int
        Ports of every switch at the link's rate (after break-out).
    tiers : int, optional
        1 (a single switch a plane), 2 or 3. Default: the fewest that carry the hosts.
    planes : int
        Identical fabrics side by side; every host has `links_per_host` links in each.
    hosts_per_unit : int, optional
        Hosts that share one leaf per rail. Default: as many as a leaf has downward ports.
    oversubscription_ratio : float
        Most downward over upward bandwidth of a leaf; 1: non-blocking, below 1: more up than down.
    spine_oversubscription_ratio : float
        The same of a spine below cores.
    spine_radix, core_radix : int, optional
        Ports of a spine and of a core where they are other switches than the leaves (director switches). Default: `radix`.
    extra_links : int
        Free leaf ports used by other than hosts (fabric managers, gateways), over all planes.
    service_links : int
        Links of one plane on leaves of their own (storage, gateways), as many of them down as up: never oversubscribed.
    spines_min : int
        Fewest spines of a plane of two tiers: 2 keeps the fabric whole when one fails.

    Returns
    -------
    FatTree
        Counts; leaves are provided for whole units, with all their uplinks.

    Raises
    ------
    TopologyError
        If no such fabric exists; the message says why, ``largest_hosts`` what would fit.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    A leaf has *d* ports down and *u* up, ``d/u <= oversubscription_ratio``. Leaves = rails x units x planes. Where a leaf
    has ports to spare (small units, uneven ratios), the *u* that needs the fewest switches is taken, then the fewest links.

    Service leaves come in groups of one a rail, each with at most *u* links down, and no more than *d*.

    Two tiers: the number of spines *s* is the smallest divisor of *u* with ``leaves * u / s <= radix``.

    Three tiers: the leaves of a rail form one pod where they fit (traffic inside a rail then stays below the core), unless
    that needs more switches than the first number of units that does not fit; otherwise they form pods of equal size. A
    pod's number of spines *s* divides *u*; each has ``D = leaves_per_pod * u / s`` ports down and ``U >= D / ratio`` up,
    together at most its radix. The cores form *g* groups of *k*: a spine stripes ``U / k`` links to each core of one group
    and a group serves ``s / g`` spines of every pod, so *k* divides *U*, *g* divides *s*, and
    ``(pods*s/g) * (U/k) <= radix``. Of all these, the fewest spines and cores together are taken, then the fewest links.

    What serves more units also serves fewer, so one host more never needs fewer switches (extra links apart: they may take
    ports that more uplinks would use).

    References
    ----------
    NVIDIA DGX SuperPOD reference architectures, H100 (RA-11333-001) Tables 3 and 4 and B300 Table 3: every row is a test.
    OpenSM, doc/current-routing.txt, section "Fat-tree Routing Algorithm": equal numbers of ports per up-group.

    Examples
    --------
    Three scalable units of 32 nodes with 8 rails on 64-port switches: 24 leaves x 32 uplinks are 768 links, which 12
    spines could hold, but 12 does not divide 32; 16 does.

    >>> tree = fat_tree_counts(96, 8, radix=64)
    >>> tree.tiers, tree.leaf_count, tree.spine_count, tree.leaf_spine_links
    (2, 24, 16, 768)

    16 units need a core: 128 leaves and 128 spines with 32 uplinks each are 4,096 links, 64 cores of 64 ports.

    >>> tree = fat_tree_counts(512, 8, radix=64)
    >>> tree.tiers, tree.leaf_count, tree.spine_count, tree.core_count, tree.spine_core_links
    (3, 128, 128, 64, 4096)
    """
    _check(links_per_host, radix, oversubscription_ratio, service_links, spines_min)
    upper = _Upper.of(radix, spine_radix, core_radix, spine_oversubscription_ratio)
    require(hosts >= 1, "hosts must be at least 1")
    require(tiers in (None, 1, 2, 3), "tiers must be 1, 2 or 3")
    require(planes >= 1, "planes must be at least 1")
    require(extra_links >= 0, "extra_links must not be negative")
    leaf_down, leaf_up = _leaf_ports(radix, hosts_per_unit, oversubscription_ratio, spines_min)

    single_switch_hosts = (radix * planes - extra_links - service_links * planes) // (links_per_host * planes)
    if tiers == 1 or (tiers is None and hosts <= single_switch_hosts):
        if hosts > single_switch_hosts:
            raise TopologyError(
                f"{hosts} hosts with {links_per_host} links each do not fit one switch of {radix} ports"
                f" (largest: {max(single_switch_hosts, 0)} hosts)",
                max(single_switch_hosts, 0),
            )
        return FatTree(
            hosts=hosts,
            links_per_host=links_per_host,
            planes=planes,
            tiers=1,
            radix=radix,
            spine_radix=upper.spine_radix,
            core_radix=upper.core_radix,
            units=1,
            hosts_per_unit=hosts,
            extra_links=extra_links,
            service_links=service_links * planes,
            service_units=0,
            leaf_count=planes,
            spine_count=0,
            core_count=0,
            pods=1,
            core_groups=0,
            leaf_down_ports=hosts * links_per_host,
            leaf_up_ports=0,
            spine_down_ports=0,
            spine_up_ports=0,
        )

    unit_hosts = leaf_down
    units = math.ceil(hosts / unit_hosts)
    service_units = _service_units(service_links, links_per_host, leaf_down, leaf_up)
    most_units = upper.most_units(links_per_host, tiers or 3) - service_units

    def largest(units: int) -> int:
        """Count the hosts that `units` carry beside the extra links."""
        ports = (units + service_units) * links_per_host * planes * (radix - leaf_up) - service_links * planes - extra_links
        fit = min(units * unit_hosts, ports // (links_per_host * planes))
        # Fewer units never have more ports to spare, so what does not reach the last unit fits no number of them.
        on_leaves = fit if fit > (units - 1) * unit_hosts else 0
        return max(on_leaves, single_switch_hosts if tiers is None else 0, 0)

    if units > most_units:
        raise TopologyError(
            f"{hosts} hosts with {links_per_host} rails exceed {tiers or 3} tiers of {radix}-port switches"
            f" (largest: {largest(most_units)} hosts)",
            largest(most_units),
        )
    all_units = units + service_units
    chosen = tiers or (2 if all_units <= upper.most_units(links_per_host, 2) else 3)
    leaves = links_per_host * all_units  # of one plane
    links_down = planes * (hosts * links_per_host + service_links) + extra_links
    ups = range(leaf_up, radix - max(leaf_down, math.ceil(links_down / (leaves * planes))) + 1)
    if not ups:
        free = leaves * planes * (radix - leaf_up) - (links_down - extra_links)
        raise TopologyError(
            f"{extra_links} extra links find {free} free leaf ports beside {hosts} hosts; fewer hosts in the last unit would"
            f" free more (largest: {largest(units)} hosts)",
            largest(units),
            "ports",
            [{"extra_links": free}],
        )
    if chosen == 2:
        pods = 1
        spines, leaf_up = min(
            (_smallest_divisor(up, at_least=max(leaves * up / upper.spine_radix, spines_min)), up) for up in ups
        )
        spine_down, spine_up, cores, groups = leaves * leaf_up // spines, 0, 0, 0
    else:
        pods, spines, cores, groups, leaf_up, spine_down, spine_up = _three_tiers(all_units, links_per_host, ups, upper)

    return FatTree(
        hosts=hosts,
        links_per_host=links_per_host,
        planes=planes,
        tiers=chosen,
        radix=radix,
        spine_radix=upper.spine_radix,
        core_radix=upper.core_radix,
        units=units,
        hosts_per_unit=unit_hosts,
        extra_links=extra_links,
        service_links=service_links * planes,
        service_units=service_units,
        leaf_count=leaves * planes,
        spine_count=spines * planes,
        core_count=cores * planes,
        pods=pods,
        core_groups=groups,
        leaf_down_ports=leaf_down,
        leaf_up_ports=leaf_up,
        spine_down_ports=spine_down,
        spine_up_ports=spine_up,
    )


def fat_tree_of_nics(
    hosts: int,
    nics_per_host: int = 1,
    *,
    radix: int,
    tiers: int | None = None,
    rail_optimised: bool = True,
    dual_tor: bool = False,
    hosts_per_unit: int | None = None,
    oversubscription_ratio: float = 1.0,
    spines_min: int = 1,
    **asked: Any,
) -> FatTree:
    """Count the fat tree that `topologies.clos.fat_tree` builds: NICs may share a leaf, or have two.

    Parameters
    ----------
    hosts, nics_per_host, rail_optimised, dual_tor
        As for `topologies.clos.fat_tree`.
    radix, tiers, hosts_per_unit, oversubscription_ratio, spines_min, **asked
        As for `fat_tree_counts`.

    Returns
    -------
    FatTree
        Its "host" is what has one port on each leaf of a unit: a host (rail-optimised) or a single NIC.

    Raises
    ------
    TopologyError, ValueError
        As `fat_tree_counts`; ``largest_hosts`` counts hosts.

    Examples
    --------
    100 hosts of 8 NICs, four hosts on each leaf of 64 ports: 25 leaves; with rails, 4 units of 8.

    >>> fat_tree_of_nics(100, 8, radix=64, rail_optimised=False).leaf_count, fat_tree_of_nics(100, 8, radix=64).leaf_count
    (25, 32)
    """
    require(nics_per_host >= 1, "nics_per_host must be at least 1")
    require(not dual_tor or tiers != 1, "dual_tor needs two leaves: tiers must be 2 or 3")
    require(hosts_per_unit is None or hosts_per_unit >= 1, "hosts_per_unit must be at least 1")
    recipe = {
        "hosts": hosts,
        "nics_per_host": nics_per_host,
        "radix": radix,
        "tiers": tiers,
        "rail_optimised": rail_optimised,
        "dual_tor": dual_tor,
        "hosts_per_unit": hosts_per_unit,
        "oversubscription_ratio": oversubscription_ratio,
        "spines_min": spines_min,
        **asked,
    }

    def refusal(**change: Any) -> TopologyError | None:
        try:
            _of_nics(**{**recipe, **change})
        except TopologyError as error:
            return error
        return None

    def fitted(change: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a change that makes it possible, with fewer hosts where need be; None where it does not."""
        again = refusal(**change)
        if again is None:
            return dict(change)
        asked = {**recipe, **change}
        fewer = again.largest_hosts // (1 if asked["rail_optimised"] else asked["nics_per_host"])
        return {**change, "hosts": fewer} if fewer and not refusal(**{**change, "hosts": fewer}) else None

    try:
        return _of_nics(**recipe)
    except TopologyError as error:
        refused = error
    nics = 1 if rail_optimised else nics_per_host
    largest = refused.largest_hosts // nics
    while largest and (again := refusal(hosts=largest)):  # hosts come whole: what fits NIC by NIC may still be too much
        largest = min(again.largest_hosts // nics, largest - 1)
    offers: list[Mapping[str, Any]] = [{"hosts": largest}] if largest else []
    offers += refused.nearest
    nearest = [fitting for each in offers if (fitting := fitted(each))]
    if not nearest:  # so many rails may be too many for any number of hosts
        others = [{"nics_per_host": each} for each in range(nics_per_host - 1, 0, -1)]
        others += [{"radix": radix * each} for each in (2, 4, 8)]
        nearest = list(islice((fitting for each in others if (fitting := fitted(each))), 1))
    raise TopologyError(str(refused), largest, refused.reason, nearest)


def _of_nics(
    *,
    hosts: int,
    nics_per_host: int,
    radix: int,
    tiers: int | None,
    rail_optimised: bool,
    dual_tor: bool,
    hosts_per_unit: int | None,
    oversubscription_ratio: float,
    spines_min: int,
    **asked: Any,
) -> FatTree:
    """As `fat_tree_of_nics`; what it raises counts NICs as hosts where they share a leaf, and offers untried parameters."""
    nics = 1 if rail_optimised else nics_per_host
    links = nics_per_host // nics * (2 if dual_tor else 1)
    _check(links, radix, oversubscription_ratio, 0, spines_min)
    if nics > 1:
        down, _ = _leaf_ports(radix, None, oversubscription_ratio, spines_min)
        most = down // nics
        if not most:
            message = f"a leaf with {down} ports down does not hold the {nics} NICs of a host"
            raise TopologyError(message, 0, "unit", [{"nics_per_host": down}, {"rail_optimised": True}])
        hosts_per_unit = most if hosts_per_unit is None else hosts_per_unit
        if hosts_per_unit > most:
            message = f"a unit of {hosts_per_unit} hosts with {nics} NICs each does not fit a leaf with {down} ports down"
            raise TopologyError(message, 0, "unit", [{"hosts_per_unit": most}])

    def count(tiers: int | None) -> FatTree:
        return fat_tree_counts(
            hosts * nics,
            links,
            radix=radix,
            tiers=tiers,
            hosts_per_unit=hosts_per_unit * nics if hosts_per_unit else None,
            oversubscription_ratio=oversubscription_ratio,
            spines_min=spines_min,
            **asked,
        )

    if not dual_tor or tiers is not None:
        return count(tiers)
    try:  # a NIC with two leaves cannot do with one switch
        return count(2)
    except TopologyError as error:
        if error.reason != "size":
            raise
        return count(3)


def largest_fat_tree_hosts(
    links_per_host: int = 1,
    *,
    radix: int,
    tiers: int,
    hosts_per_unit: int | None = None,
    oversubscription_ratio: float = 1.0,
    spine_oversubscription_ratio: float = 1.0,
    spine_radix: int | None = None,
    core_radix: int | None = None,
    service_links: int = 0,
    spines_min: int = 1,
) -> int:
    """Count the hosts that a fat tree of two or three tiers can carry.

    Parameters
    ----------
    links_per_host, radix, hosts_per_unit, oversubscription_ratio, spine_oversubscription_ratio, spine_radix, core_radix, \
service_links, spines_min
        As for :func:`fat_tree_counts`.
    tiers : int
        2 or 3.

    Returns
    -------
    int
        Hosts.

    References
    ----------
    Al-Fares, Loukissas and Vahdat, A Scalable, Commodity Data Center Network Architecture (SIGCOMM 2008): radix**2/2
    endpoints on two tiers, radix**3/4 on three.

    Examples
    --------
    64 ports: 64**2/2 = 2,048 and 64**3/4 = 65,536 endpoints, 8 of them a host.

    >>> largest_fat_tree_hosts(8, radix=64, tiers=2), largest_fat_tree_hosts(8, radix=64, tiers=3)
    (256, 8192)
    """
    _check(links_per_host, radix, oversubscription_ratio, service_links, spines_min)
    require(tiers in (2, 3), "tiers must be 2 or 3")
    upper = _Upper.of(radix, spine_radix, core_radix, spine_oversubscription_ratio)
    leaf_down, leaf_up = _leaf_ports(radix, hosts_per_unit, oversubscription_ratio, spines_min)
    units = upper.most_units(links_per_host, tiers) - _service_units(service_links, links_per_host, leaf_down, leaf_up)
    return max(units, 0) * leaf_down


@dataclass(frozen=True)
class _Upper:
    """The switches above the leaves."""

    spine_radix: int
    core_radix: int
    most_spine_down: int
    spine_ratio: float

    @staticmethod
    def of(radix: int, spine_radix: int | None, core_radix: int | None, spine_ratio: float) -> _Upper:
        require(0 < spine_ratio < math.inf, "spine_oversubscription_ratio must be above 0, and finite")
        spine_radix = radix if spine_radix is None else spine_radix
        core_radix = radix if core_radix is None else core_radix
        require(spine_radix >= 2, "spine_radix must be at least 2")
        require(core_radix >= 2, "core_radix must be at least 2")
        most_down = min(math.floor(spine_radix / (1 + 1 / spine_ratio) + 1e-9), spine_radix - 1)
        return _Upper(spine_radix, core_radix, most_down, spine_ratio)

    def most_units(self, rails: int, tiers: int) -> int:
        """Units that fit: a spine (two tiers) sees every leaf, a core (three tiers) every pod of most_spine_down leaves."""
        return self.spine_radix // rails if tiers == 2 else (self.core_radix // rails) * self.most_spine_down

    def least_up(self, spine_down: int) -> int:
        """Ports up that a spine needs."""
        return max(math.ceil(spine_down / self.spine_ratio - 1e-9), 1)


def _service_units(service_links: int, rails: int, leaf_down: int, leaf_up: int) -> int:
    """Count groups of service leaves, one leaf a rail: as many links down as up, on ports that are not for uplinks."""
    return math.ceil(service_links / (rails * min(leaf_down, leaf_up)))


def _check(links_per_host: int, radix: int, oversubscription_ratio: float, service_links: int, spines_min: int) -> None:
    require(links_per_host >= 1, "links_per_host must be at least 1")
    require(radix >= 2, "radix must be at least 2")
    require(0 < oversubscription_ratio < math.inf, "oversubscription_ratio must be above 0, and finite")
    require(service_links >= 0, "service_links must not be negative")
    require(spines_min >= 1, "spines_min must be at least 1")


def _leaf_ports(radix: int, hosts_per_unit: int | None, oversubscription_ratio: float, spines_min: int) -> tuple[int, int]:
    """Ports down and up of a leaf: the most down whose share upward keeps to the ratio and reaches every spine."""
    # The tiny slack keeps a ratio such as 42/22 from losing a port to binary rounding.
    most_down = math.floor(radix / (1 + 1 / oversubscription_ratio) + 1e-9)
    most_down = min(most_down, radix - spines_min)
    if most_down < 1:
        message = f"a switch of {radix} ports is too small for a leaf with {spines_min} spine(s)"
        if oversubscription_ratio < 1:
            message += f" at {oversubscription_ratio:g}:1"
        least = max(1 + 1 / oversubscription_ratio - 1e-9, spines_min + 1)
        # Nobody has a switch very much larger.
        raise TopologyError(message, 0, "unit", [{"radix": math.ceil(least)}] if least <= 16 * radix else [])
    if hosts_per_unit is None:
        down = most_down
    elif 1 <= hosts_per_unit <= most_down:
        down = hosts_per_unit
    else:
        raise TopologyError(
            f"a unit of {hosts_per_unit} hosts does not fit a leaf: {radix} ports at {oversubscription_ratio:g}:1 leave"
            f" 1 to {most_down} ports down",
            0,
            "unit",
            [{"hosts_per_unit": most_down}],
        )
    return down, max(math.ceil(down / oversubscription_ratio - 1e-9), spines_min)


@cache
def _divisors(number: int) -> tuple[int, ...]:
    return tuple(candidate for candidate in range(1, number + 1) if number % candidate == 0)


def _smallest_divisor(number: int, at_least: float) -> int:
    return next(divisor for divisor in _divisors(number) if divisor >= at_least)


def _three_tiers(units: int, rails: int, ups: range, upper: _Upper) -> tuple[int, int, int, int, int, int, int]:
    """Pods, spines, cores and their groups, then ports: leaf up, spine down, spine up (see Notes of `fat_tree_counts`)."""
    most_pods, most_leaves = upper.core_radix // rails, upper.most_spine_down  # pods of a rail, leaves of a pod
    if units > most_leaves:
        return _pods(units, rails, range(math.ceil(units / most_leaves), most_pods + 1), ups, upper)
    whole = _pods(units, rails, range(1, 2), ups, upper)
    if most_pods == 1:
        return whole
    # Some port counts (primes) share out badly: a rail that fits a pod must not need more than one that just does not.
    apart = _pods(most_leaves + 1, rails, range(2, most_pods + 1), ups, upper)
    return whole if whole[1] + whole[2] <= apart[1] + apart[2] else apart


def _pods(units: int, rails: int, pods_per_rail: range, ups: range, upper: _Upper) -> tuple[int, int, int, int, int, int, int]:
    """As `_three_tiers`, with one of `pods_per_rail`: the fewest spines and cores, then the fewest links."""
    best: tuple[int, int, int, int, int, int, int, int, int] | None = None
    for leaves_per_pod in sorted({math.ceil(units / pods) for pods in pods_per_rail}, reverse=True):
        pods = rails * math.ceil(units / leaves_per_pod)
        for up in ups:
            for spines_per_pod in _divisors(up):
                spines = pods * spines_per_pod
                spine_down = leaves_per_pod * up // spines_per_pod
                at_least = spines + math.ceil(spines * upper.least_up(spine_down) / upper.core_radix)
                if spine_down > upper.most_spine_down or (best and at_least > best[0]):
                    continue
                shared = _cores(pods, spines_per_pod, spine_down, upper)
                if shared is None:
                    continue
                cores, spine_up, groups = shared
                links = rails * units * up + spines * spine_up
                option = (spines + cores, links, pods, spines, cores, groups, up, spine_down, spine_up)
                best = min(best, option) if best else option
    if best is None:
        raise TopologyError(f"no equal striping of {units} units with {rails} rails over three tiers was found", 0, "unit")
    return best[2:]


def _cores(pods: int, spines_per_pod: int, spine_down: int, upper: _Upper) -> tuple[int, int, int] | None:
    """Count the cores, the ports up of a spine and the groups: fewest cores, then fewest links (Notes of `fat_tree_counts`)."""
    options = []
    least_up = upper.least_up(spine_down)
    for groups in _divisors(spines_per_pod):
        most_links = upper.core_radix * groups // (pods * spines_per_pod)  # from one spine to one core of its group
        for links in range(1, min(most_links, least_up) + 1):
            cores_per_group = math.ceil(least_up / links)
            if cores_per_group * links <= upper.spine_radix - spine_down:
                options.append((groups * cores_per_group, cores_per_group * links, groups))
    return min(options, default=None)
