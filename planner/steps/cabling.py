"""Cables: the kind and length of every cable of a fabric, by the way it takes through the hall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.records import Cable, Switch
from planner.models.cabling import NO_KIND, can_be_plugged, cheapest_reaching, order_length_m, same_in_every_cage
from planner.plan import CableGroup, CableKind, CablesByLayer, FabricPlan
from planner.steps.attached import attached_devices
from planner.steps.hardware import Hardware
from planner.steps.layout import Layout, Places, link_places, vertex_places
from planner.steps.notes import Notes
from planner.units import figure
from topologies.fabric import ENDPOINT_KINDS, INTERNAL_LAYERS, Fabric
from topologies.families import build

__all__ = [
    "MOST_LINKS",
    "LaidCables",
    "attach",
    "cable_kinds",
    "estimate_cables",
    "lay_cables",
    "outer_links",
    "plan_cables",
    "sampled_links",
]

MOST_LINKS = 1_000_000
PLUGGED = ("copper", "active-copper", "aoc")
SAMPLE = 1 << 16
_LAYERS = tuple(CablesByLayer.model_fields)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LaidCables:
    """Columns of C links with what carries them.

    Links on one broken-out port share a cable: `cable` numbers them, `first` names the first link of each.
    """

    link: Ints
    """[C] The link's number in the fabric."""
    at_node: NDArray[np.bool_]
    """[C] Whether the lower end is no switch's port: its optics draw from the node."""
    a: Places
    b: Places
    kind: Ints
    """[C] Index into the kinds, or `NO_KIND`."""
    length_m: Floats
    """[C] Length to order [m]: the longest of the cable's links decides."""
    cable: Ints
    first: Ints

    def links_of_cable(self) -> Ints:
        """[C] How many links share the cable of each."""
        return np.bincount(self.cable, minlength=len(self.first))[self.cable]


def attach(fabrics: Sequence[FabricPlan], hardware: Hardware, catalog: Catalog) -> tuple[FabricPlan, ...]:
    """Say what is attached to every fabric that has switches, and how many links share a port and ports a cage."""
    switched = [fabric for fabric in fabrics if fabric.switch]
    done = []
    for fabric in fabrics:
        if fabric.switch is None or fabric.recipe is None:
            done.append(fabric)
            continue
        switch = catalog.get(Switch, fabric.switch)
        ready = {
            "attached": attached_devices(fabric, hardware, switched),
            "links_per_port": max(switch.links_per_port(fabric.link_gbit_per_s), 1),
            "ports_per_cage_count": switch.ports_per_cage_count,
        }
        done.append(fabric.model_copy(update=ready))
    return tuple(done)


def plan_cables(fabrics: Sequence[FabricPlan], layout: Layout, catalog: Catalog, notes: Notes) -> tuple[FabricPlan, ...]:
    """Lay the cables of every fabric that says what is attached to it: how many cables of which kind it takes.

    Fabrics of more than `MOST_LINKS` links are not laid: the kinds of a sample stand for all.
    """
    notes.assume(
        "fabrics.cables.rule",
        "a cable is the cheapest connection of its port's rate that is as long as its way through the hall, rounded up to a"
        " length that is sold; all cables of a twin-port cage, and of a broken-out port, are of one kind: that of the longest;"
        " copper and active optical plugs fill their cage, so that a cage whose links part has transceivers",
    )
    done = []
    for ready in fabrics:
        if ready.switch is None or ready.recipe is None:
            done.append(ready)
            continue
        switch = catalog.get(Switch, ready.switch)
        kinds = _fitting(ready, switch, catalog)
        path = f"fabrics.{ready.name.replace('-', '_')}"
        if ready.links_by_layer.total() > MOST_LINKS:
            statement = f"more than {MOST_LINKS:,} links: a sample of {SAMPLE:,} stands for the cables of each layer"
            notes.assume(f"{path}.cables", statement)
            groups, layers = _sampled(ready, kinds, layout), ready.cables_by_layer
        else:
            built = build(ready.recipe.topology, ready.recipe.parameters, ready.recipe.population)
            groups = _groups(ready, built, lay_cables(ready, built, kinds, layout), kinds)
            layers = _counts(groups)
        done.append(ready.model_copy(update={"cables": groups, "cables_by_layer": layers}))
        _note(done[-1], switch, path, notes)
    return tuple(done)


def cable_kinds(fabrics: Iterable[FabricPlan], catalog: Catalog) -> tuple[CableKind, ...]:
    """List the kinds in use, by id."""
    used = sorted({group.cable for fabric in fabrics for group in fabric.cables if group.cable})
    return tuple(_kind(catalog.get(Cable, row_id), catalog) for row_id in used)


def _kind(cable: Cable, catalog: Catalog) -> CableKind:
    price = catalog.price(cable.id)
    return CableKind(
        id=cable.id,
        name=cable.name,
        medium=cable.medium,
        link_gbit_per_s=cable.link_gbit_per_s,
        reach_max_m=cable.reach_max_m,
        node_reach_max_m=cable.reach_max_m if cable.node_reach_max_m is None else cable.node_reach_max_m,
        power_per_end_w=cable.power_per_end_w,
        price_usd=price.price_usd if price else None,
    )


def by_dearness(kinds: Iterable[CableKind]) -> list[CableKind]:
    """Order kinds as they are preferred: of the lowest rate, then the cheapest; those without a price come last."""

    def dearness(kind: CableKind) -> tuple[float, float, str]:
        return (kind.link_gbit_per_s, float("inf") if kind.price_usd is None else kind.price_usd, kind.id)

    return sorted(kinds, key=dearness)


def _fitting(fabric: FabricPlan, switch: Switch, catalog: Catalog) -> list[CableKind]:
    """List the connections that carry the rate of the fabric's ports and fit them, the preferred first."""
    rate = fabric.link_gbit_per_s * fabric.links_per_port
    return by_dearness(
        _kind(cable, catalog)
        for cable in catalog.all(Cable)
        if rate <= cable.link_gbit_per_s <= switch.port_gbit_per_s and cable.technology in ("any", switch.technology)
    )


def lay_cables(fabric: FabricPlan, built: Fabric, kinds: Sequence[CableKind], layout: Layout) -> LaidCables:
    """Measure the way of every link and choose its cable.

    Parameters
    ----------
    fabric : FabricPlan
        With what is attached to it.
    built : Fabric
        The same, built from its recipe.
    kinds : sequence of CableKind
        What may be chosen, the preferred first.
    layout : Layout
        Where everything stands.
    """
    where = vertex_places(fabric, built, layout)
    link, a, b, at_node, cable, first = outer_links(fabric, built)
    b_port, a_port = built.cables.b_port[link].astype(np.int64) - 1, built.cables.a_port[link].astype(np.int64) - 1
    per_port, most = fabric.links_per_port, int(built.switches.ports.max(initial=1))
    ways_m = layout.length_m(where.take(a), where.take(b))
    if per_port > 1:
        longest_m = np.zeros(len(first))
        np.maximum.at(longest_m, cable, ways_m)
        ways_m = longest_m[cable]

    per_cage = per_port * fabric.ports_per_cage_count
    cages_of_switch, first_switch = -(-most // per_cage), built.endpoint_count
    cage_b = (b - first_switch) * cages_of_switch + b_port // per_cage
    cage_a = np.where(at_node, 0, (a - first_switch) * cages_of_switch + a_port // per_cage)
    cage_a[at_node] = built.switch_count * cages_of_switch + _cages_of_endpoints(fabric, built)[a[at_node]]
    reaches_m = _reaches_m(kinds, at_node, can_be_plugged(at_node, cage_a, cage_b))
    kind = cheapest_reaching(ways_m, reaches_m)
    while True:
        same = same_in_every_cage(kind, (cage_a, cage_b))
        fitting = np.where(kind == NO_KIND, NO_KIND, cheapest_reaching(ways_m, reaches_m, same))
        if np.array_equal(fitting, kind):
            break
        kind = fitting
    length_m = order_length_m(ways_m, _longest_m(kinds, at_node, kind))
    return LaidCables(link, at_node, where.take(a), where.take(b), kind, length_m, cable, first)


def outer_links(fabric: FabricPlan, built: Fabric) -> tuple[Ints, Ints, Ints, NDArray[np.bool_], Ints, Ints]:
    """List the links outside of nodes: number, both ends, whether a node is one; their cables, and the first link of each.

    A cable per physical port: of the switch that the link comes up to from a node, or goes up from. Where a leaf has an odd
    port for both, that is one cable down and one up.
    """
    inside = [number for number, name in enumerate(built.layers) if name in INTERNAL_LAYERS]
    link = np.flatnonzero(~np.isin(built.cables.layer, inside))
    a, b = built.cables.a[link].astype(np.int64), built.cables.b[link].astype(np.int64)
    at_node = a < built.endpoint_count
    per_port = fabric.links_per_port
    if per_port == 1:
        return link, a, b, at_node, np.arange(len(link)), np.arange(len(link))
    a_port, b_port = built.cables.a_port[link].astype(np.int64) - 1, built.cables.b_port[link].astype(np.int64) - 1
    most = int(built.switches.ports.max(initial=1))
    port = 2 * np.where(at_node, b * most + b_port // per_port, a * most + a_port // per_port) + at_node
    _, first, cable = np.unique(port, return_index=True, return_inverse=True)
    return link, a, b, at_node, cable, first


def _reaches_m(
    kinds: Sequence[CableKind], at_node: NDArray[np.bool_], pluggable: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Longest run of each kind for every link [m]; 0 where its cages cannot take it."""
    return [
        np.where(at_node, kind.node_reach_max_m, kind.reach_max_m) * (pluggable | (kind.medium not in PLUGGED))
        for kind in kinds
    ]


def _longest_m(kinds: Sequence[CableKind], at_node: NDArray[np.bool_], kind: Ints) -> Floats:
    """Longest run of every link's own kind [m]; the last one is that of `NO_KIND`."""
    node_m = np.array([*(each.node_reach_max_m for each in kinds), np.inf])
    between_m = np.array([*(each.reach_max_m for each in kinds), np.inf])
    return np.where(at_node, node_m[kind], between_m[kind])


def _cages_of_endpoints(fabric: FabricPlan, built: Fabric) -> Ints:
    """Give every endpoint the number of its cage; those that nothing is attached to have one each."""
    endpoints = built.endpoint_count
    cages = endpoints + np.arange(endpoints, dtype=np.int64)
    for number, name in enumerate(ENDPOINT_KINDS):
        rows = np.flatnonzero(built.endpoints.kind == number)
        start = 0
        for each in fabric.attached:
            if each.endpoint == name:
                own = rows[start : start + each.links]
                cages[own] = own[:1] + np.arange(len(own)) // each.ports_per_cage_count if len(own) else own
                start += each.links
    return cages


def _groups(fabric: FabricPlan, built: Fabric, laid: LaidCables, kinds: Sequence[CableKind]) -> tuple[CableGroup, ...]:
    """Count the cables by layer and kind."""
    tiered = fabric.links_by_layer.switch_switch == 0
    named = [_LAYERS.index(name) if tiered and name in _LAYERS else _LAYERS.index("switch_switch") for name in built.layers]
    of_link = np.array(named)[built.cables.layer[laid.link[laid.first]]]
    layer = np.where(laid.at_node[laid.first], _LAYERS.index("node_leaf"), of_link)
    kind, length_m = laid.kind[laid.first], laid.length_m[laid.first]
    codes, of_group = np.unique(layer * (len(kinds) + 1) + (kind - NO_KIND), return_inverse=True)
    counts = np.bincount(of_group, minlength=len(codes))
    # Lengths are multiples of 0.5 m up to very long runs: the sums are exact whatever their order.
    totals = np.bincount(of_group, weights=length_m, minlength=len(codes))
    longest = np.zeros(len(codes))
    np.maximum.at(longest, of_group, length_m)
    return tuple(
        _group(_LAYERS[code // (len(kinds) + 1)], kinds, int(code % (len(kinds) + 1)) + NO_KIND, int(count), total, most)
        for code, count, total, most in zip(codes.tolist(), counts, totals.tolist(), longest.tolist(), strict=True)
    )


def _group(layer: str, kinds: Sequence[CableKind], number: int, count: int, total_m: float, longest_m: float) -> CableGroup:
    kind = None if number == NO_KIND else kinds[number]
    return CableGroup(
        layer=layer,
        cable=kind.id if kind else None,
        medium=kind.medium if kind else "",
        count=count,
        length_total_m=total_m,
        length_max_m=longest_m,
        power_per_end_w=kind.power_per_end_w if kind else 0.0,
    )


def _counts(groups: Iterable[CableGroup]) -> CablesByLayer:
    counts = dict.fromkeys(_LAYERS, 0)
    for group in groups:
        counts[group.layer] += group.count
    return CablesByLayer(**counts)


def _sampled(fabric: FabricPlan, kinds: Sequence[CableKind], layout: Layout) -> tuple[CableGroup, ...]:
    """Measure evenly spaced links of every layer instead of all of them."""
    found: list[CableGroup] = []
    for layer, count, a, b, pluggable in sampled_links(fabric, layout):
        at_node = np.full(len(a.rack), layer == "node_leaf")
        ways_m = layout.length_m(a, b)
        kind = cheapest_reaching(ways_m, _reaches_m(kinds, at_node, pluggable))
        length_m = order_length_m(ways_m, _longest_m(kinds, at_node, kind))
        used, of_group = np.unique(kind, return_inverse=True)
        shares = np.bincount(of_group) / len(kind)
        for index, pieces in enumerate(_shared_out(count, shares.tolist())):
            own = length_m[of_group == index]
            found.append(_group(layer, kinds, int(used[index]), pieces, float(pieces * own.mean()), float(own.max())))
    return tuple(found)


def sampled_links(fabric: FabricPlan, layout: Layout) -> Iterator[tuple[str, int, Places, Places, NDArray[np.bool_]]]:
    """Give evenly spaced links of every layer: its name, how many they stand for, their ends, and which may have plugs.

    As if each tier's switches met all of the next. The links of a cage then part, so that plugs serve only those that have
    their cages to themselves.
    """
    tiers = fabric.switches_by_tier
    start = {"node_leaf": 0, "leaf_spine": 0, "spine_core": tiers.leaf, "switch_switch": 0}
    until = {"leaf_spine": (tiers.leaf, tiers.spine), "spine_core": (tiers.leaf + tiers.spine, tiers.core)}
    lower = {"leaf_spine": tiers.leaf, "spine_core": tiers.spine, "switch_switch": tiers.total()}
    total = sum(each.links for each in fabric.attached)
    shared = fabric.links_per_port * fabric.ports_per_cage_count > 1
    for layer, count in fabric.cables_by_layer.model_dump().items():
        if not count:
            continue
        number = np.arange(min(SAMPLE, count), dtype=np.int64)
        share = (number + 0.5) / len(number)
        if layer == "node_leaf":
            a, alone = _sampled_devices(fabric, (share * total).astype(np.int64), layout)
            pluggable = alone & (fabric.links_by_layer.node_leaf == total)  # a port in several planes or leaves parts
            leaves = tiers.leaf // fabric.planes  # of a plane, in the order of the endpoints
            b = number % fabric.planes * leaves + (share * leaves).astype(np.int64)
        else:
            a = _switches(fabric, start[layer] + (share * lower[layer]).astype(np.int64), layout)
            pluggable = np.full(len(number), not shared)
            first, upper = until.get(layer, (0, tiers.total()))
            b = first + number * 40_503 % upper  # a prime step meets all of them evenly
        yield layer, count, a, _switches(fabric, b, layout), pluggable


def _sampled_devices(fabric: FabricPlan, number: Ints, layout: Layout) -> tuple[Places, NDArray[np.bool_]]:
    """Place some of the links to devices, by number over everything that is attached; tell which have a cage to themselves."""
    edges = np.cumsum([0, *(each.links for each in fabric.attached)])
    parts, alone = [], [np.zeros(0, dtype=bool)]
    for each, low, high in zip(fabric.attached, edges[:-1], edges[1:], strict=True):
        own = number[(number >= low) & (number < high)] - low
        parts.append(link_places(each, layout, own))
        alone.append(np.full(len(own), each.ports_per_cage_count == 1))
    return Places.join(parts), np.concatenate(alone)


def _switches(fabric: FabricPlan, number: Ints, layout: Layout) -> Places:
    return layout.devices["switch", ""].take(layout.first_switch[fabric.name] + number)


def _shared_out(count: int, shares: Sequence[float]) -> list[int]:
    """Share pieces out in whole numbers that add up."""
    edges = np.round(count * np.cumsum([0.0, *shares])).astype(np.int64)
    edges[-1] = count
    return [int(each) for each in np.diff(edges)]


def estimate_cables(fabric: FabricPlan, like: FabricPlan | None) -> FabricPlan:
    """Give a fabric the cables of the same fabric at another size: the same kinds in the same shares, layer by layer.

    A layer that the other does not have is like its last one. For searching among sizes; what is reported is laid.
    """
    if like is None or not like.cables:
        return fabric
    groups: list[CableGroup] = []
    for layer, count in fabric.cables_by_layer.model_dump().items():
        same = [each for each in like.cables if each.layer == layer] or [
            each for each in like.cables if each.layer == like.cables[-1].layer
        ]
        total = sum(each.count for each in same)
        pieces = _shared_out(count, [each.count / total for each in same])
        groups += [each.model_copy(update={"layer": layer, "count": part}) for each, part in zip(same, pieces, strict=True)]
    return fabric.model_copy(update={"cables": tuple(groups)})


def _note(fabric: FabricPlan, switch: Switch, path: str, notes: Notes) -> None:
    """Warn of cables that nothing in the catalog reaches for."""
    missing = [group for group in fabric.cables if group.cable is None]
    if not missing:
        return
    longest = max(missing, key=lambda group: group.length_max_m)
    rate = fabric.link_gbit_per_s * fabric.links_per_port
    message = (
        f"the catalog has no {switch.technology} cable of {figure(rate)} Gbit/s for {sum(each.count for each in missing):,} of"
        f" {fabric.cables_by_layer.total():,} runs of the {fabric.name} network, of up to {figure(longest.length_max_m)} m"
        f" ({longest.layer.replace('_', '-')}): their power and price are missing"
    )
    notes.warn("no-cable", path, message, "bring the racks closer together (hall), or add a row with --catalog")
