"""The tree of nodes that schedulers place jobs by: one parent each, whatever number of switches a node really hangs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import ENDPOINT_KINDS, NONE, Fabric

__all__ = ["Group", "PlacementTree", "placement_tree", "scale_up_domains"]

_Numbers = NDArray[np.int64]


class Group(NamedTuple):
    """A group of groups, or of nodes."""

    name: str
    children: tuple[str, ...] = ()
    """Groups of the next finer level."""
    nodes: tuple[str, ...] = ()
    """Nodes, in the finest level."""


@dataclass(frozen=True)
class PlacementTree:
    """Nodes in nested groups.

    Attributes
    ----------
    levels : tuple of str
        What the groups of each level are, the coarsest first: ``("fabric", "pod", "unit")``.
    groups : tuple of Group
        All groups, level by level, the coarsest first; every node and every group but the first level's is in one parent.
    """

    levels: tuple[str, ...]
    groups: tuple[Group, ...]

    def paths(self) -> dict[str, tuple[str, ...]]:
        """Return the groups of every node, the coarsest first."""
        parent = {child: group.name for group in self.groups for child in group.children}
        found = {}
        for group in self.groups:
            path = [group.name]
            while path[-1] in parent:
                path.append(parent[path[-1]])
            found.update(dict.fromkeys(group.nodes, tuple(reversed(path))))
        return found

    @property
    def units(self) -> tuple[Group, ...]:
        """The groups of the finest level."""
        return tuple(group for group in self.groups if group.nodes)


def placement_tree(fabric: Fabric) -> PlacementTree:
    """Collapse a fabric to the tree of nodes in which neighbours share the fewest tiers of switches.

    Parameters
    ----------
    fabric : Fabric
        Any fabric, whole or with failures. Nodes are hosts of NICs (or of accelerators, where there are no NICs); managers,
        storage ports and other hosts are none.

    Returns
    -------
    PlacementTree
        Nodes in their order. A node without a single cable is in no group.

    Raises
    ------
    ValueError
        If there is no node to place, or two groups would have one name.

    Notes
    -----
    Nodes are together at tier t if switches up to that tier join them, the ports of a node counting as joined. That makes of

    - a fat tree: leaf (or unit), pod, fabric; of a rail-optimised one *unit* is ``su03``, because a node hangs on as many
      leaves as there are rails and shares all of them with its unit;
    - a dragonfly or Dragonfly+: router or leaf, group, fabric;
    - a torus: cube (if it has cubes), fabric: single nodes are no groups, and slices are for the scheduler to cut;
    - a HyperX: router, fabric;
    - scale-up domains alone: domain. Joined with a fabric they are no level: see `scale_up_domains`.

    Levels that group nothing more than the next finer one are left out. Where the NICs of a node are on leaves that it shares
    with different neighbours, the leaf with most of them counts. Parts that no switch joins stay apart, as jobs must.

    References
    ----------
    Slurm, "Topology Guide": a switch has one parent. Kueue, "Topology Aware Scheduling": so has a topology domain.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> tree = placement_tree(fat_tree(6, 4, radix=8, hosts_per_unit=4))
    >>> tree.levels, [(group.name, group.children, group.nodes) for group in tree.groups]  # doctest: +NORMALIZE_WHITESPACE
    (('fabric', 'unit'), [('fabric', ('su00', 'su01'), ()), ('su00', (), ('n0000', 'n0001', 'n0002', 'n0003')),
     ('su01', (), ('n0004', 'n0005'))])
    """
    graph = _graph(fabric)
    hosts = graph.hosts
    first = _by_leaves(fabric, graph)
    levels = [first]
    for level in [*_by_group(fabric, graph), *_by_tiers(fabric, graph, first.group_of)]:
        finer = levels[-1].group_of
        pairs = len(np.unique(np.stack([finer, level.group_of]), axis=1).T)
        if pairs == len(np.unique(finer)) and len(np.unique(level.group_of)) < pairs:
            levels.append(level)
    if len(levels) > 1 and len(np.unique(first.group_of)) == len(hosts):
        del levels[0]
    top = levels[-1]
    if len(top.names) == 1 and (len(levels) > 1 or top.kind == "part"):
        levels[-1] = _Level("fabric", top.group_of, ["fabric"])
    return _tree(hosts, levels)


class _Level(NamedTuple):
    kind: str
    group_of: _Numbers
    """[N] The group of every node, an index into the names."""
    names: list[str]


def scale_up_domains(fabric: Fabric) -> dict[str, tuple[str, ...]]:
    """Tell which nodes share scale-up switches, in a fabric that has them.

    Parameters
    ----------
    fabric : Fabric
        As `topologies.scale_up` builds it, alone or joined with the scale-out fabric.

    Returns
    -------
    dict of str to tuple of str
        Nodes by domain, ``nvl00`` and so on; empty for a fabric without scale-up switches. What `topologies.formats.slurm`,
        `.kueue` and `.topograph` take as domains.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture (GB200): 18 nodes share the NVLink switches of a rack.

    Examples
    --------
    >>> from topologies.scale_up import nvlink_domain
    >>> {name: len(nodes) for name, nodes in scale_up_domains(nvlink_domain(72, 18, 18, domains=2)).items()}
    {'nvl00': 18, 'nvl01': 18}
    """
    if "nvswitch" not in fabric.tiers:
        return {}
    ends, boxes, cables, endpoints = fabric.endpoints, fabric.switches, fabric.cables, fabric.endpoint_count
    chips = boxes.tier == fabric.tiers.index("nvswitch") + 1
    leads = (cables.a < endpoints) & (cables.b >= endpoints)
    leads[leads] = chips[cables.b[leads] - endpoints]
    host, domain = ends.host[cables.a[leads]], boxes.coordinates[cables.b[leads] - endpoints, 0]
    found: dict[str, tuple[str, ...]] = {}
    for of, node in np.unique(np.stack([domain, host]), axis=1).T.tolist():
        name = f"nvl{of:02d}"
        found[name] = (*found.get(name, ()), ends.host_names[node])
    return found


class _Graph(NamedTuple):
    """What places nodes: theirs are the rows of the first two columns, the third to fifth tell of switches."""

    hosts: list[str]
    host: _Numbers
    """[A] The node at the lower end of a cable, an index into `hosts`."""
    switch: _Numbers
    """[A] The switch that it leads to."""
    tier: _Numbers
    """[S] Tier of every switch, 1 next to the nodes; below 1: inside of them."""
    low: _Numbers
    high: _Numbers
    """[T] The switches that a trunk joins."""
    tiers: tuple[str, ...]


def _graph(fabric: Fabric) -> _Graph:
    """Read the fabric as nodes and switches. NICs and scale-up chips that are vertices of their own are parts of nodes."""
    ends, boxes, cables, endpoints = fabric.endpoints, fabric.switches, fabric.cables, fabric.endpoint_count
    nic, gpu = (ends.kind == ENDPOINT_KINDS.index(kind) for kind in ("nic", "gpu"))
    inner = 2 if fabric.tiers[:2] == ("nic", "nvswitch") else 0
    tier = boxes.tier.astype(np.int64) - inner
    owner = np.concatenate([np.where(nic if nic.any() else gpu, ends.host, NONE), np.full(len(boxes), NONE)]).astype(np.int64)
    if inner:
        inside = (cables.b >= endpoints) & (owner[cables.a] != NONE)
        inside[inside] = boxes.tier[cables.b[inside] - endpoints] == 1
        owner[cables.b[inside]] = owner[cables.a[inside]]
    outer = cables.b >= endpoints
    outer[outer] = tier[cables.b[outer] - endpoints] >= 1
    leads = outer & (owner[cables.a] != NONE)
    numbers, host = np.unique(owner[cables.a[leads]], return_inverse=True)
    if not len(numbers):
        raise ValueError("the fabric has no nodes to place jobs on")
    trunk = outer & (cables.a >= endpoints) & ~leads
    trunk[trunk] = tier[cables.a[trunk] - endpoints] >= 1
    return _Graph(
        [ends.host_names[number] for number in numbers.tolist()],
        host.astype(np.int64),
        cables.b[leads].astype(np.int64) - endpoints,
        tier,
        cables.a[trunk].astype(np.int64) - endpoints,
        cables.b[trunk].astype(np.int64) - endpoints,
        fabric.tiers[inner:],
    )


def _by_leaves(fabric: Fabric, graph: _Graph) -> _Level:
    """Group the nodes that hang on the same switches, up to failures; else those with the same main switch."""
    boxes = fabric.switches
    pairs, cables = np.unique(np.stack([graph.host, graph.switch]), axis=1, return_counts=True)
    rows = list(pairwise(np.searchsorted(pairs[0], np.arange(len(graph.hosts) + 1)).tolist()))
    on = pairs[1].tolist()
    sets = [frozenset(on[low:high]) for low, high in rows]
    units = _units(sets)
    if units is None:
        mains = [on[max(range(low, high), key=lambda row: (cables[row], -row))] for low, high in rows]
        sets = [frozenset([main]) for main in mains]
        units = {each: each for each in sets}
    distinct = list(dict.fromkeys(units[each] for each in sets))
    number = {each: place for place, each in enumerate(distinct)}
    group_of = np.array([number[units[each]] for each in sets])
    if all(len(each) == 1 for each in distinct):
        return _Level(graph.tiers[0], group_of, [boxes.names[next(iter(each))] for each in distinct])
    of_fabric = [{int(boxes.group[box]) for box in each} for each in distinct]
    numbers = [min(each) for each in of_fabric]
    if len(set(numbers)) < len(numbers) or NONE in numbers or any(len(each) > 1 for each in of_fabric):
        numbers = list(range(len(distinct)))
    kind, word = ("domain", "nvl") if graph.tiers[0] == "nvswitch" else ("unit", "su")
    return _Level(kind, group_of, [f"{word}{each:02d}" for each in numbers])


def _units(sets: Iterable[frozenset[int]]) -> dict[frozenset[int], frozenset[int]] | None:
    """Join sets of switches that differ by failures only to disjoint ones; None if they overlap otherwise."""
    distinct = list(dict.fromkeys(sets))
    owner: dict[int, int] = {}
    members: list[list[frozenset[int]]] = []
    switches: list[set[int]] = []
    for each in sorted(distinct, key=len, reverse=True):
        owners = {owner[box] for box in each if box in owner}
        if len(owners) > 1:
            return None
        if owners:
            (place,) = owners
            if 2 * len(each & switches[place]) <= len(each):
                return None
        else:
            place = len(members)
            members.append([])
            switches.append(set())
        members[place].append(each)
        switches[place] |= each
        owner.update(dict.fromkeys(each, place))
    return {each: frozenset(switches[place]) for place, inside in enumerate(members) for each in inside}


def _by_group(fabric: Fabric, graph: _Graph) -> list[_Level]:
    """Group the nodes by the group (dragonfly) or cube (torus) of their switches, where all of them are in one."""
    group, count = fabric.switches.group[graph.switch], len(graph.hosts)
    low, high = np.full(count, np.iinfo(np.int32).max), np.full(count, NONE)
    np.minimum.at(low, graph.host, group)
    np.maximum.at(high, graph.host, group)
    if (low != high).any() or (low == NONE).any():
        return []
    values, labels = np.unique(low, return_inverse=True)
    kind = "cube" if fabric.topology.endswith("torus") else "group"
    return [_Level(kind, labels.astype(np.int64), [f"{kind}{value:02d}" for value in values.tolist()])]


def _by_tiers(fabric: Fabric, graph: _Graph, first: _Numbers) -> list[_Level]:
    """Group the nodes that the switches up to each tier join, from the second tier (or the only one) on."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, host, switch, tier, low, high, _ = graph
    count, group = len(first), fabric.switches.group
    highest = int(tier.max(initial=1))
    found = []
    for height in range(min(2, highest), highest + 1):
        joined, attached = np.maximum(tier[low], tier[high]) <= height, tier[switch] <= height
        # Vertices: the nodes, the switches, and the groups of the first level, which stay together.
        size = 2 * count + fabric.switch_count
        a = np.concatenate([host[attached], count + low[joined], np.arange(count)])
        b = np.concatenate([count + switch[attached], count + high[joined], count + fabric.switch_count + first])
        _, part = connected_components(coo_array((np.ones(len(a), np.int8), (a, b)), shape=(size, size)), directed=False)
        values, labels = np.unique(part[:count], return_inverse=True)
        of_switch = part[count : count + fabric.switch_count]
        names = []
        kind = "pod" if height == 2 and height < highest else "part"
        for place, value in enumerate(values.tolist()):
            inside = np.flatnonzero((of_switch == value) & (tier == height))
            pods = np.unique(group[inside])
            alone = len(inside) == 1 and height > 1
            named = (
                fabric.switches.names[inside[0]] if alone else f"pod{pods[0]:02d}" if len(pods) == 1 and kind == "pod" else ""
            )
            names.append(named or f"{kind}{'s' if kind == 'pod' else ''}{place:02d}")
        found.append(_Level(kind, labels.astype(np.int64), names))
    return found


def _tree(hosts: list[str], levels: Sequence[_Level]) -> PlacementTree:
    """Put the levels (the finest first) together; groups come in the order of their first nodes."""
    groups: list[Group] = []
    for place, (_, labels, names) in reversed(list(enumerate(levels))):
        members: dict[int, dict[str, None]] = {}
        finer = levels[place - 1]
        below = hosts if place == 0 else [finer.names[label] for label in finer.group_of.tolist()]
        for label, member in zip(labels.tolist(), below, strict=True):
            members.setdefault(label, {})[member] = None
        for label, inside in members.items():
            groups.append(Group(names[label], nodes=tuple(inside)) if place == 0 else Group(names[label], tuple(inside)))
    twice = [name for name, count in Counter([*(group.name for group in groups), *hosts]).items() if count > 1]
    if twice:
        raise ValueError(f"'{twice[0]}' is the name of more than one group or node")
    return PlacementTree(tuple(kind for kind, _, _ in reversed(levels)), tuple(groups))
