"""Racks: nodes by themselves, storage by itself, switches and servers together; filled by power, height and weight."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog import Catalog
from planner.catalog.records import Switch
from planner.models.power import pdus_per_rack
from planner.models.space import pieces_per_rack, racks_needed
from planner.plan import FabricPlan, Finding, RackGroup, RacksPlan
from planner.spec import Factory
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["plan_racks"]

# (path, name, height, weight, power, how many) of one kind of equipment
_Piece = tuple[str, str, float, float, float, int]
_UNLIMITED = 1e12


def plan_racks(
    factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes, fabrics: Iterable[FabricPlan]
) -> RacksPlan:
    """Fill racks and count them."""
    notes.assume(
        "racks.rule",
        "nodes, storage, and switches with servers stand in racks of their own; rack-scale systems bring rack and power",
    )
    groups = [_node_racks(factory, hardware, notes, number) for number in range(len(hardware.nodes))]
    infrastructure_kw = _infrastructure_power_kw(factory, hardware, notes)
    switches = [(catalog.get(Switch, fabric.switch), fabric) for fabric in fabrics if fabric.switch]
    storage = {server.id for server, _ in hardware.storage_systems}
    pieces: dict[str, list[_Piece]] = {"network and management": [], "storage": []}
    for switch, fabric in switches:
        path = f"fabrics.{fabric.name.replace('-', '_')}.switch"
        count = fabric.switches_by_tier.total()
        pieces["network and management"].append(
            (path, switch.name, switch.height_u, switch.weight_kg, switch.power_max_w / 1000, count)
        )
    for server, count in hardware.servers():
        use = "storage" if server.id in storage else "network and management"
        pieces[use].append(
            (
                f"servers.{server.id}",
                server.name,
                server.height_u,
                server.weight_kg,
                server.power_max_kw,
                count,
            )
        )
    for use, kinds in pieces.items():
        if kinds:
            groups.append(_shared_racks(use, kinds, factory, hardware, notes, infrastructure_kw))
    return RacksPlan(
        count=sum(group.count for group in groups),
        pdus_count=sum(group.count * group.pdus_per_rack_count for group in groups),
        groups=tuple(groups),
    )


def _load_kg(factory: Factory, hardware: Hardware) -> float:
    """Return what a rack may hold: its own rating, or what the floor leaves beside its own weight."""
    floor_kg = factory.hall.rack_floor_load_kg
    return min(hardware.rack.load_max_kg, _UNLIMITED if floor_kg is None else floor_kg - hardware.rack.weight_kg)


def _infrastructure_power_kw(factory: Factory, hardware: Hardware, notes: Notes) -> float:
    declared = factory.hall.infrastructure_rack_power_kw
    if declared is not None:
        return declared
    limit = min(factory.hall.rack_power_kw or _UNLIMITED, hardware.pdu.power_max_kw)
    notes.assume(
        "hall.infrastructure_rack_power",
        f"not declared: {limit:g} kW, what one rack PDU carries (or hall.rack_power if that is less)",
    )
    return limit


def _node_racks(factory: Factory, hardware: Hardware, notes: Notes, number: int) -> RackGroup:
    node, _, count = hardware.nodes[number]
    path = f"compute.nodes.{node.id}"
    floor_kg = factory.hall.rack_floor_load_kg
    if node.own_rack:
        limits = [
            ("rack-power", "hall.rack_power", node.power_max_kw, factory.hall.rack_power_kw, "kW"),
            ("rack-weight", "hall.rack_floor_load", node.weight_kg, floor_kg, "kg"),
        ]
        for code, where, value, limit, unit in limits:
            if limit is not None and value > limit:
                notes.find(_does_not_fit(code, path, node.name, value, limit, unit, where))
        return RackGroup(
            name=f"{node.name}",
            rack=node.id,
            count=count,
            items_per_rack_count=1,
            limited_by="is a rack",
            power_per_rack_max_kw=node.power_max_kw,
            weight_per_rack_max_kg=node.weight_kg,
            pdus_per_rack_count=0,
        )
    power_kw = factory.hall.rack_power_kw
    if power_kw is None:
        power_kw = node.per_rack_count * node.power_max_kw
        notes.assume(
            "hall.rack_power",
            f"not declared: {node.per_rack_count} {node.name} a rack ({power_kw:g} kW), as its maker does",
        )
    per_rack, limited_by = _fit(
        path, node.name, node.height_u, node.weight_kg, node.power_max_kw, power_kw, factory, hardware, notes
    )
    racks = racks_needed([(count, per_rack)])
    filled = min(per_rack, count)
    return RackGroup(
        name=node.name,
        rack=hardware.rack.id,
        count=racks,
        items_per_rack_count=per_rack,
        limited_by=limited_by,
        power_per_rack_max_kw=filled * node.power_max_kw,
        weight_per_rack_max_kg=hardware.rack.weight_kg + filled * node.weight_kg,
        pdus_per_rack_count=pdus_per_rack(filled * node.power_max_kw, hardware.pdu.power_max_kw, hardware.pdu_redundancy),
    )


def _shared_racks(
    use: str, kinds: list[_Piece], factory: Factory, hardware: Hardware, notes: Notes, power_kw: float
) -> RackGroup:
    """Fill racks with equipment of several kinds, in the order given."""
    fits = []
    for path, name, height_u, weight_kg, piece_kw, count in kinds:
        per_rack, limited_by = _fit(path, name, height_u, weight_kg, piece_kw, power_kw, factory, hardware, notes)
        fits.append((count, per_rack, limited_by))
    racks = racks_needed((count, per_rack) for count, per_rack, _ in fits)
    total_kw = sum(piece_kw * count for _, _, _, _, piece_kw, count in kinds)
    total_kg = sum(weight_kg * count for _, _, _, weight_kg, _, count in kinds)
    # The kind that takes most of the racks says what limits them.
    most = max(fits, key=lambda fit: fit[0] / fit[1])
    # A piece takes 1 / per_rack of a rack, so the fullest rack holds no more than the worst kind alone would.
    rack_kw = min(max(fit[1] * kind[4] for fit, kind in zip(fits, kinds, strict=True)), total_kw)
    rack_kg = min(max(fit[1] * kind[3] for fit, kind in zip(fits, kinds, strict=True)), total_kg)
    return RackGroup(
        name=use,
        rack=hardware.rack.id,
        count=racks,
        items_per_rack_count=most[1],
        limited_by=most[2],
        power_per_rack_max_kw=rack_kw,
        weight_per_rack_max_kg=hardware.rack.weight_kg + rack_kg,
        pdus_per_rack_count=pdus_per_rack(rack_kw, hardware.pdu.power_max_kw, hardware.pdu_redundancy),
    )


def _fit(
    path: str,
    name: str,
    height_u: float,
    weight_kg: float,
    piece_kw: float,
    power_kw: float,
    factory: Factory,
    hardware: Hardware,
    notes: Notes,
) -> tuple[int, str]:
    """Pieces per rack, at least 1; a piece that does not fit at all is an error finding."""
    load_kg = _load_kg(factory, hardware)
    per_rack, limited_by = pieces_per_rack(height_u, weight_kg, piece_kw, hardware.rack.height_u, load_kg, power_kw)
    if per_rack == 0:
        limits = {
            "power": (piece_kw, power_kw, "kW", "hall.rack_power"),
            "height": (height_u, hardware.rack.height_u, "U", "hall.rack"),
            "weight": (weight_kg, max(load_kg, 0.0), "kg", "hall.rack or hall.rack_floor_load"),
        }
        for limit_name, (value, limit, unit, where) in limits.items():
            if value > limit * (1 + 1e-9):
                notes.find(_does_not_fit(f"rack-{limit_name}", path, name, value, limit, unit, where))
        return 1, limited_by
    return per_rack, limited_by


def _does_not_fit(code: str, path: str, name: str, value: float, limit: float, unit: str, where: str) -> Finding:
    what = {"rack-power": "draws", "rack-weight": "weighs", "rack-height": "is"}[code]
    return Finding(
        severity="error",
        code=code,
        path=path,
        message=f"one {name} {what} {figure(value)} {unit}, a rack takes {figure(limit)} {unit}"
        + (f" ({figure(100 * value / limit)} %)" if limit else ""),
        value=value,
        limit=limit,
        unit=unit,
        hint=f"raise {where}, or choose another kind",
    )
