"""Racks: nodes by themselves, storage by itself, switches and servers together; filled by power, height and weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import RackPower, Switch
from planner.models.power import pdus_per_rack
from planner.models.space import pieces_per_rack, racks_needed
from planner.plan import FabricPlan, RackGroup, RackPiece, RacksPlan
from planner.spec import Factory
from planner.steps.chassis import chassis_switches
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["plan_racks"]

_UNLIMITED = 1e12


@dataclass(frozen=True)
class _Piece:
    """One kind of equipment, and how many of it."""

    path: str
    name: str
    height_u: float
    weight_kg: float
    power_kw: float
    count: int


@dataclass(frozen=True)
class _Limits:
    """What a rack of one use offers, and which key of the file would raise it."""

    power_kw: float
    power_key: str
    load_kg: float
    load_key: str


def plan_racks(
    factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes, fabrics: Iterable[FabricPlan]
) -> RacksPlan:
    """Fill racks and count them.

    The first switches of the compute fabric stand in the nodes' chassis, where those have places for them.
    """
    listed = list(fabrics)
    notes.assume(
        "racks.rule",
        "nodes, storage, and switches with servers stand in racks of their own; rack-scale systems bring rack and power",
    )
    groups = [_node_racks(factory, hardware, notes, number) for number in range(len(hardware.nodes))]
    inside = _in_chassis(listed, hardware, catalog, groups)
    groups = [_with_switches(group, pieces) for group, pieces in zip(groups, inside, strict=True)]
    left = sum(piece.count for pieces in inside for piece in pieces)
    limits = _infrastructure_limits(factory, hardware, notes)
    storage = {server.id for server, _ in hardware.storage_systems}
    pieces: dict[str, list[_Piece]] = {"network and management": [], "storage": []}
    for fabric in listed:
        if fabric.switch:
            switch = catalog.get(Switch, fabric.switch)
            power_kw = switch.power_max_w / 1000
            count = fabric.switches_by_tier.total() - (left if fabric.kind == "compute" else 0)
            path = f"catalog.switches.{switch.id}"
            piece = _Piece(path, switch.name, switch.height_u, switch.weight_kg, power_kw, count)
            pieces["network and management"].append(piece)
    for server, count in hardware.servers():
        path = f"catalog.servers.{server.id}"
        piece = _Piece(path, server.name, server.height_u, server.weight_kg, server.power_max_kw, count)
        pieces["storage" if server.id in storage else "network and management"].append(piece)
    groups += [
        _shared_racks(use, kinds, limits, hardware, notes)
        for use, kinds in pieces.items()
        if any(piece.count for piece in kinds)
    ]
    return RacksPlan(
        count=sum(group.count for group in groups),
        pdus_count=sum(group.count * group.pdus_per_rack_count for group in groups),
        groups=tuple(groups),
    )


def _in_chassis(
    fabrics: Iterable[FabricPlan], hardware: Hardware, catalog: Catalog, groups: Iterable[RackGroup]
) -> list[tuple[RackPiece, ...]]:
    """List the switches in the racks of each kind of node: as many of the compute fabric's as its chassis have places for."""
    compute = next((fabric for fabric in fabrics if fabric.kind == "compute" and fabric.switch), None)
    found: list[tuple[RackPiece, ...]] = []
    left = compute.switches_by_tier.total() if compute else 0
    for (node, _, _), places, group in zip(hardware.nodes, chassis_switches(hardware, catalog), groups, strict=True):
        count = min(left, places)
        left -= count
        if not count or compute is None or compute.switch is None:
            found.append(())
            continue
        row = catalog.get(RackPower, node.rack_power)
        chassis = max(group.items_per_rack_count // row.nodes_per_chassis_count, 1)
        per_rack = chassis * row.fabric_switches_per_chassis_count
        found.append((RackPiece(item=compute.switch, count=count, per_rack_count=per_rack, height_u=0.0),))
    return found


def _with_switches(group: RackGroup, pieces: tuple[RackPiece, ...]) -> RackGroup:
    return group.model_copy(update={"pieces": (*group.pieces, *pieces)}) if pieces else group


def _load(factory: Factory, hardware: Hardware) -> tuple[float, str]:
    """Return what a rack may hold, and what decides: its own rating, or what the floor leaves beside its own weight."""
    floor_kg = factory.hall.rack_floor_load_kg
    if floor_kg is not None and floor_kg - hardware.rack.weight_kg < hardware.rack.load_max_kg:
        return max(floor_kg - hardware.rack.weight_kg, 0.0), "raise hall.rack_floor_load"
    return hardware.rack.load_max_kg, "choose a rack that carries more (hall.rack)"


def _infrastructure_limits(factory: Factory, hardware: Hardware, notes: Notes) -> _Limits:
    key = "hall.infrastructure_rack_power"
    limit = factory.hall.infrastructure_rack_power_kw
    if limit is None:
        limit = min(factory.hall.rack_power_kw or _UNLIMITED, hardware.pdu.power_max_kw)
        statement = f"not declared: {figure(limit)} kW, what one rack PDU carries (or hall.rack_power if that is less)"
        notes.assume(key, statement)
    return _Limits(limit, f"raise {key}", *_load(factory, hardware))


def _node_racks(factory: Factory, hardware: Hardware, notes: Notes, number: int) -> RackGroup:
    node, _, count = hardware.nodes[number]
    piece = _Piece(f"compute.nodes.{node.id}", node.name, node.height_u, node.weight_kg, node.power_max_kw, count)
    if node.own_rack:
        per_rack = node.per_rack_count
        power_kw, weight_kg = per_rack * node.power_max_kw, per_rack * node.weight_kg
        whole = _Piece(piece.path, node.name, per_rack * node.height_u, weight_kg, power_kw, -(-count // per_rack))
        _check_own_rack(whole, factory, notes)
        return RackGroup(
            name=node.name,
            rack=node.id,
            count=whole.count,
            height_u=whole.height_u,
            pieces=(RackPiece(item=node.id, count=count, per_rack_count=per_rack, height_u=node.height_u),),
            items_per_rack_count=per_rack,
            limited_by="is a rack" if per_rack == 1 else "its maker's rack",
            power_per_rack_max_kw=power_kw,
            weight_per_rack_max_kg=weight_kg,
            pdus_per_rack_count=0,
        )
    limit_kw = factory.hall.rack_power_kw
    if limit_kw is None:
        limit_kw = node.per_rack_count * node.power_max_kw
        statement = (
            f"not declared: {figure(limit_kw)} kW, what {node.per_rack_count} {node.name} draw, its maker's number a rack"
        )
        notes.assume("hall.rack_power", statement)
    limits = _Limits(limit_kw, "raise hall.rack_power", *_load(factory, hardware))
    per_rack, limited_by = _fit(piece, limits, hardware, notes)
    return _group(node.name, racks_needed([(count, per_rack)]), [(piece, per_rack, limited_by)], hardware)


def _check_own_rack(piece: _Piece, factory: Factory, notes: Notes) -> None:
    """Hold a rack-scale system against what a rack position offers."""
    power_kw, floor_kg = factory.hall.rack_power_kw, factory.hall.rack_floor_load_kg
    if power_kw is not None and piece.power_kw > power_kw:
        _does_not_fit(notes, piece, "rack-power", piece.power_kw, power_kw, "kW", "raise hall.rack_power")
    if floor_kg is not None and piece.weight_kg > floor_kg:
        _does_not_fit(notes, piece, "rack-weight", piece.weight_kg, floor_kg, "kg", "raise hall.rack_floor_load")


def _shared_racks(use: str, kinds: list[_Piece], limits: _Limits, hardware: Hardware, notes: Notes) -> RackGroup:
    """Fill racks with equipment of several kinds, in the order given; of kinds that are all elsewhere there is nothing."""
    pdus = 0
    while True:  # a rack has as many PDUs as the kind that needs most of them
        fits = [(piece, *(_fit(piece, limits, hardware, notes, pdus) if piece.count else (1, ""))) for piece in kinds]
        most = max((_pdus(per_rack * piece.power_kw, hardware) for piece, per_rack, _ in fits if piece.count), default=0)
        if most <= pdus:
            break
        pdus = most
    return _group(use, racks_needed((piece.count, per_rack) for piece, per_rack, _ in fits), fits, hardware)


def _group(name: str, racks: int, fits: list[tuple[_Piece, int, str]], hardware: Hardware) -> RackGroup:
    # A piece takes 1 / per_rack of a rack, so the fullest rack holds no more than the worst kind alone would.
    total_kw = sum(piece.power_kw * piece.count for piece, _, _ in fits)
    total_kg = sum(piece.weight_kg * piece.count for piece, _, _ in fits)
    rack_kw = min(max(per_rack * piece.power_kw for piece, per_rack, _ in fits if piece.count), total_kw)
    rack_kg = min(max(per_rack * piece.weight_kg for piece, per_rack, _ in fits if piece.count), total_kg)
    # The kind that takes most of the racks says what limits them.
    _, per_rack, limited_by = max(fits, key=lambda fit: fit[0].count / fit[1])
    return RackGroup(
        name=name,
        rack=hardware.rack.id,
        count=racks,
        height_u=hardware.rack.height_u,
        pieces=tuple(
            RackPiece(item=piece.path.rpartition(".")[2], count=piece.count, per_rack_count=most, height_u=piece.height_u)
            for piece, most, _ in fits
        ),
        items_per_rack_count=per_rack,
        limited_by=limited_by,
        power_per_rack_max_kw=rack_kw,
        weight_per_rack_max_kg=hardware.rack.weight_kg + rack_kg,
        pdus_per_rack_count=_pdus(rack_kw, hardware),
        pdu_height_u=hardware.pdu.height_u,
    )


def _pdus(rack_kw: float, hardware: Hardware) -> int:
    return pdus_per_rack(rack_kw, hardware.pdu.power_max_kw, hardware.pdu_redundancy)


def _fit(piece: _Piece, limits: _Limits, hardware: Hardware, notes: Notes, pdus: int = 0) -> tuple[int, str]:
    """Return pieces per rack, at least 1, and what stops the next; a piece that does not fit at all is an error finding.

    The rack has at least so many PDUs, for the sake of other pieces in it.
    """

    def pdu_height_u(pieces: int) -> float:
        return max(_pdus(pieces * piece.power_kw, hardware), pdus) * pdu.height_u

    rack, pdu = hardware.rack, hardware.pdu
    most, limited_by = pieces_per_rack(
        piece.height_u, piece.weight_kg, piece.power_kw, rack.height_u, limits.load_kg, limits.power_kw
    )
    per_rack = most
    while per_rack and per_rack * piece.height_u + pdu_height_u(per_rack) > rack.height_u:
        per_rack, limited_by = per_rack - 1, "height"
    if per_rack:
        return per_rack, limited_by
    if piece.power_kw > limits.power_kw * (1 + 1e-9):
        _does_not_fit(notes, piece, "rack-power", piece.power_kw, limits.power_kw, "kW", limits.power_key)
    needed = piece.height_u + pdu_height_u(1)
    if needed > rack.height_u:
        _does_not_fit(
            notes, piece, "rack-height", needed, rack.height_u, "U", "choose a taller rack (hall.rack) or another PDU"
        )
    if piece.weight_kg > limits.load_kg * (1 + 1e-9):
        _does_not_fit(notes, piece, "rack-weight", piece.weight_kg, limits.load_kg, "kg", limits.load_key)
    return 1, limited_by


def _does_not_fit(notes: Notes, piece: _Piece, code: str, value: float, limit: float, unit: str, hint: str) -> None:
    verb = {"rack-power": "draws", "rack-weight": "weighs", "rack-height": "takes"}[code]
    share = f" ({figure(100 * value / limit)} %)" if limit else ""
    message = (
        f"one {piece.name} {verb} {figure(value)} {unit}, a rack offers {figure(limit)} {unit}{share}: not one can be placed"
    )
    notes.error(code, piece.path, message, hint, value, limit, unit)
