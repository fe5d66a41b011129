"""Rack elevations: what stands in every rack, U by U, and which U are free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.fabrics import fabric_of
from planner.models.space import racks_of_pieces
from planner.plan import Plan, RackGroup
from planner.steps.cabling import MOST_LINKS
from planner.steps.layout import NETWORK_RACKS, layout_of

__all__ = ["Elevation", "Mounted", "elevations"]


@dataclass(frozen=True)
class Mounted:
    """A device in a rack: `lowest_u` from 1 at the bottom; None for what takes no U, beside the others or inside one.

    `hosts` names the hosts of a node: one, or the first and the last.
    """

    name: str
    item: str
    kind: str
    lowest_u: float | None
    height_u: float
    hosts: str = ""


@dataclass(frozen=True)
class Elevation:
    """A rack, its devices from the bottom upward, and its free stretches as (lowest U, how many)."""

    rack: str
    use: str
    row: int
    place: int
    height_u: float
    devices: tuple[Mounted, ...]
    free: tuple[tuple[float, float], ...]


def elevations(plan: Plan) -> list[Elevation]:
    """Draw up every rack of a plan.

    Parameters
    ----------
    plan : Plan
        A plan; the catalog is not needed.

    Returns
    -------
    list of Elevation
        The racks, in the order of the plan's groups. Nodes, servers and storage stand from the bottom, switches and the
        servers with them hang from the top, rack PDUs that take height are at the other end.

    Raises
    ------
    ValueError
        If the factory stands in a cloud, or a network has more than `MOST_LINKS` links, whose switches are not named.
    """
    racks, _, _ = plan.in_a_hall()
    layout = layout_of(plan)
    names = _switch_names(plan)
    inside: list[tuple[int, Mounted]] = []
    mounted: dict[int, list[Mounted]] = {rack: [] for rack in range(racks.count)}
    first_rack = pdus = 0
    of_nodes = len(plan.compute.groups)
    for number, group in enumerate(racks.groups):
        named = _nodes(plan, number) if number < of_nodes else _others(group, names)
        for rack, device in _stacked(group, named, pieces=1 if number < of_nodes else len(group.pieces)):
            mounted[first_rack + rack].append(device)
        for piece in group.pieces[1:] if number < of_nodes else ():
            for index in range(piece.count):
                rack = first_rack + min(index // piece.per_rack_count, group.count - 1)
                inside.append((rack, Mounted(next(names["compute"]), piece.item, "switch", None, 0.0)))
        for rack in range(first_rack, first_rack + group.count):
            mounted[rack] += _pdus(group, pdus)
            pdus += group.pdus_per_rack_count
        first_rack += group.count
    for rack, device in inside:
        mounted[rack].append(device)
    groups = [group for group in racks.groups for _ in range(group.count)]
    return [
        Elevation(
            rack=layout.names[rack],
            use=group.name,
            row=int(layout.row[rack]),
            place=int(layout.place[rack]),
            height_u=group.height_u,
            devices=tuple(sorted(mounted[rack], key=lambda device: device.lowest_u or 0.0)),
            free=_free(mounted[rack], group.height_u),
        )
        for rack, group in enumerate(groups)
    ]


def _switch_names(plan: Plan) -> dict[str, Iterator[str]]:
    """Give the switches of every network in the order in which they fill racks, by network and in all."""
    found: dict[str, Iterator[str]] = {}
    for planned in plan.fabrics:
        if planned.switch is None:
            continue
        if planned.links_by_layer.total() > MOST_LINKS:
            raise ValueError(f"the {planned.name} network has more than {MOST_LINKS:,} links: its switches are not named")
        count = planned.switches_by_tier.total()
        listed = (
            fabric_of(planned).switches.names if planned.recipe else [f"{planned.name}-switch{n:03d}" for n in range(count)]
        )
        found[planned.name] = iter(listed)
    return found


def _nodes(plan: Plan, number: int) -> Iterator[tuple[str, str, str]]:
    """Name the nodes of a kind: one of a single host by its host."""
    first = sum(group.hosts for group in plan.compute.groups[:number])
    kind = plan.compute.groups[number]
    per_node = kind.hosts // kind.nodes
    for node in range(kind.nodes):
        low = first + node * per_node
        hosts = f"n{low:04d}" if per_node == 1 else f"n{low:04d}-n{low + per_node - 1:04d}"
        yield (hosts if per_node == 1 else f"{kind.node}-{node:04d}"), "node", hosts


def _others(group: RackGroup, names: dict[str, Iterator[str]]) -> Iterator[tuple[str, str, str]]:
    """Name switches network by network, and servers by their numbers."""
    networks = list(names) if group.name == NETWORK_RACKS else []
    for number, piece in enumerate(group.pieces):
        for index in range(piece.count):
            if number < len(networks):
                yield next(names[networks[number]]), "switch", ""
            else:
                yield f"{piece.item}-{index:04d}", "server", ""


def _stacked(group: RackGroup, names: Iterator[tuple[str, str, str]], *, pieces: int) -> Iterator[tuple[int, Mounted]]:
    """Put the pieces of a group into its racks, as they were counted."""
    listed = group.pieces[:pieces]
    filled = racks_of_pieces((piece.count, piece.per_rack_count, piece.height_u) for piece in listed)
    from_top = group.name == NETWORK_RACKS
    for piece, (rack, below_u) in zip(listed, filled, strict=True):
        for number, below in zip(rack.tolist(), below_u.tolist(), strict=True):
            bottom_u = group.height_u - below - piece.height_u if from_top else below
            name, kind, hosts = next(names)
            yield number, Mounted(name, piece.item, kind, bottom_u + 1, piece.height_u, hosts)


def _pdus(group: RackGroup, first: int) -> list[Mounted]:
    """Put a rack's PDUs at its other end; most take no height and hang at its side."""
    found = []
    for number in range(group.pdus_per_rack_count):
        at_u = None
        if group.pdu_height_u:
            from_end_u = number * group.pdu_height_u
            at_u = 1 + (from_end_u if group.name == NETWORK_RACKS else group.height_u - from_end_u - group.pdu_height_u)
        found.append(Mounted(f"pdu{first + number:04d}", "", "pdu", at_u, group.pdu_height_u))
    return found


def _free(devices: list[Mounted], height_u: float) -> tuple[tuple[float, float], ...]:
    """List what is left between devices, from the bottom upward."""
    taken = sorted((device.lowest_u - 1, device.lowest_u - 1 + device.height_u) for device in devices if device.lowest_u)
    found, top = [], 0.0
    for bottom, above in [*taken, (height_u, height_u)]:
        if bottom - top > 1e-9:
            found.append((top + 1, bottom - top))
        top = max(top, above)
    return tuple(found)
