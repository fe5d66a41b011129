"""What the IT equipment draws, part by part: nameplate, design, expected and idle."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from planner.catalog import Catalog
from planner.catalog.records import Gpu, Node, PowerStage, RackPower, Switch
from planner.models.loads import OTHER_IDLE_FRACTION, NodePower, bus_load_kw, node_draw_kw, utilisation_at, with_other
from planner.models.losses import LossLaw
from planner.plan import FabricPlan, RacksPlan
from planner.plan_facility import ItLoad, RackConversion
from planner.spec import Factory
from planner.steps.chassis import switches_in_chassis
from planner.steps.facility import POINTS, GroupLoad, Loads
from planner.steps.hardware import Hardware
from planner.steps.losses import loss_law
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["node_power", "plan_loads"]

GPU_IDLE_FRACTION = 0.1
SERVER_IDLE_FRACTION = 0.4
RAPS_URL = "https://github.com/ExaDigiT/RAPS/blob/main/config/frontier.yaml"
SWING_URL = "https://arxiv.org/abs/2508.14318"
_COMPONENTS = (
    *("gpus", "cpus", "memory", "network cards", "drives", "fans", "other", "switches", "optics", "servers", "conversion"),
)

Draw = dict[str, float]
ByPoint = dict[str, Draw]


@dataclass(frozen=True)
class _Kind:
    """Nodes of one kind: what one draws by point and part, and while a synchronous job computes and communicates [kW].

    `bus_kw`: what a chassis' bus carries at full load.
    """

    node: Node
    count: int
    bus_kw: float
    by_point: ByPoint
    high_kw: float
    low_kw: float


@dataclass(frozen=True)
class _Network:
    """Switches of one fabric outside of chassis, with their optics, by point [kW]."""

    switch: Switch
    count: int
    by_point: ByPoint


def plan_loads(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    fabrics: Iterable[FabricPlan],
    racks: RacksPlan,
) -> Loads:
    """Add up what nodes, switches, optics and servers draw at four loads."""
    fabrics = list(fabrics)
    diversity = 1.0 if factory.power.diversity_fraction is None else factory.power.diversity_fraction
    _check_workloads(factory, hardware, notes)
    kinds = [_kind(factory, hardware, catalog, notes, number, diversity) for number in range(len(hardware.nodes))]
    networks = _networks(fabrics, hardware, catalog, diversity)
    servers = {server.id: _servers_by_point(server.power_max_kw, diversity) for server, _ in hardware.servers()}
    draws = [(kind.by_point, kind.count) for kind in kinds]
    draws += [(network.by_point, 1) for network in networks]
    draws += [(servers[server.id], count) for server, count in hardware.servers()]
    sums = {point: _added((by_point[point], count) for by_point, count in draws) for point in POINTS}
    power_kw = {point: sum(sums[point].values()) for point in POINTS}
    _note(factory, notes, power_kw, diversity)
    expected_kw = sum(kind.count * sum(kind.by_point["expected"].values()) for kind in kinds)
    return Loads(
        parts=tuple(
            ItLoad(component=name, **{f"{point}_kw": sums[point].get(name, 0.0) for point in POINTS})
            for name in _COMPONENTS
            if any(sums[point].get(name) for point in POINTS)
        ),
        groups=_groups(racks, kinds, networks, servers),
        power_kw=power_kw,
        conversion_loss_kw={point: sums[point].get("conversion", 0.0) for point in POINTS},
        heat_liquid_kw={point: _liquid_kw(point, kinds, networks) for point in POINTS},
        gpu_high_kw=power_kw["expected"] - expected_kw + sum(kind.count * kind.high_kw for kind in kinds),
        gpu_low_kw=power_kw["expected"] - expected_kw + sum(kind.count * kind.low_kw for kind in kinds),
        conversions=tuple(_conversion(kind, catalog) for kind in kinds),
    )


def node_power(node: Node, gpu: Gpu, catalog: Catalog) -> NodePower:
    """Take a node's watts and what feeds it from the catalog; what its nameplate leaves is other."""
    row = catalog.get(RackPower, node.rack_power)
    gpu_max_w = gpu.power_max_w or 0.0
    idle_w = GPU_IDLE_FRACTION * gpu_max_w if node.gpu_idle_w is None else node.gpu_idle_w
    cpu_max_w = node.cpu_max_w or 0.0
    return with_other(
        NodePower(
            gpus_count=node.gpus_count,
            gpu_idle_w=min(idle_w, gpu_max_w),
            gpu_max_w=gpu_max_w,
            cpus_count=node.cpus_count,
            cpu_idle_w=min(node.cpu_idle_w or 0.0, cpu_max_w),
            cpu_max_w=cpu_max_w,
            memory_w=node.memory_w or 0.0,
            nic_w=node.nic_w or 0.0,
            drive_w=node.drive_w or 0.0,
            fan_max_w=node.fan_max_w or 0.0,
            converter=loss_law(catalog.get(PowerStage, row.converter), catalog) if row.converter else LossLaw(),
            chassis_nodes_count=row.nodes_per_chassis_count,
            supply=loss_law(catalog.get(PowerStage, row.supply), catalog),
            supplies_count=row.supplies_per_chassis_count,
            switches_w=row.switch_power_w,
        ),
        node.power_max_kw,
    )


def _conversion(kind: _Kind, catalog: Catalog) -> RackConversion:
    """Sum up what conversion does in the racks of one kind of node."""
    node = kind.node
    row = catalog.get(RackPower, node.rack_power)
    supply = catalog.get(PowerStage, row.supply)
    whole_kw = {point: sum(draws.values()) for point, draws in kind.by_point.items()}
    arriving = {point: 1.0 - kind.by_point[point]["conversion"] / kw if kw > 0 else 0.0 for point, kw in whole_kw.items()}
    return RackConversion(
        node=node.id,
        name=node.name,
        chassis_count=-(-kind.count // row.nodes_per_chassis_count),
        supply=supply.name,
        supplies_count=row.supplies_per_chassis_count,
        supplies_needed_count=row.supplies_needed_count,
        supply_load_fraction=kind.bus_kw / (row.supplies_per_chassis_count * supply.rating_kw) if supply.rating_kw else None,
        bus_voltage_v=row.bus_voltage_v,
        bus_kw=kind.bus_kw,
        bus_current_a=1000.0 * kind.bus_kw / row.bus_voltage_v,
        efficiency_idle_fraction=arriving["idle"],
        efficiency_expected_fraction=arriving["expected"],
        efficiency_design_fraction=arriving["design"],
    )


def _kind(factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes, number: int, diversity: float) -> _Kind:
    """Draw up one node of a kind at all loads."""
    node, gpu, count = hardware.nodes[number]
    power = node_power(node, gpu, catalog)
    work = factory.workloads
    cap_w = work.gpu_cap_w or math.inf
    nameplate = node_draw_kw(power, 1.0, 1.0, cap_w)
    idle = node_draw_kw(power, 0.0, 0.0, cap_w)
    scale = 1.0
    if work.gpu_utilisation_fraction is not None:
        gpus = cpus = work.gpu_utilisation_fraction
        if work.cpu_utilisation_fraction is not None:
            cpus = work.cpu_utilisation_fraction
    else:
        # The utilisation at which the model draws what the duty says, so that the parts add up to it.
        target_kw = hardware.duty_fraction * node.power_max_kw
        gpus = cpus = utilisation_at(power, target_kw)
        scale = min(target_kw / sum(idle.values()), 1.0)
    expected = _scaled(node_draw_kw(power, gpus, cpus, cap_w), scale)
    # Fans are too slow for a step of a job, and CPUs do other things: both stay as expected while GPUs come and go.
    steady = replace(power, fan_max_w=0.0, memory_w=power.memory_w + 1000 * expected["fans"])
    together = 1.0 if work.synchronous_fraction is None else work.synchronous_fraction
    rest_kw = (1.0 - together) * sum(expected.values())
    high, low = (sum(_scaled(node_draw_kw(steady, share, cpus, cap_w), together).values()) for share in (1.0, 0.0))
    bus_kw = bus_load_kw(power, sum(kw for name, kw in nameplate.items() if name not in ("switches", "conversion")))
    _check_node(node, gpu, power, bus_kw, catalog, notes)
    by_point = {"idle": idle, "expected": expected, "design": _scaled(nameplate, diversity), "nameplate": nameplate}
    return _Kind(node, count, bus_kw, by_point, rest_kw + high, rest_kw + low)


def _check_node(node: Node, gpu: Gpu, power: NodePower, bus_kw: float, catalog: Catalog, notes: Notes) -> None:
    """Note parts that exceed the nameplate, supplies that are too small, and what the row leaves open."""
    path = f"compute.nodes.{node.id}"
    full = node_draw_kw(power, 1.0, 1.0)
    full_kw = sum(full.values())
    if full_kw > node.power_max_kw * (1 + 1e-6):
        message = (
            f"the parts of one {node.name} draw {figure(full_kw)} kW at full load with what conversion loses,"
            f" its nameplate is {figure(node.power_max_kw)} kW"
        )
        notes.error(
            "node-parts", path, message, "correct the row's watts or its power_max_kw", full_kw, node.power_max_kw, "kW"
        )
    row = catalog.get(RackPower, node.rack_power)
    notes.assume_row("rack_power", row)
    for stage in (row.supply, row.converter):
        if stage:
            notes.assume_row("power_stages", catalog.get(PowerStage, stage))
    rating_kw = catalog.get(PowerStage, row.supply).rating_kw
    if rating_kw is not None:
        needed_kw = row.supplies_needed_count * rating_kw
        message = (
            f"at full load the supplies of {node.name} deliver {figure(bus_kw)} kW;"
            f" the {row.supplies_needed_count} that are needed carry {figure(needed_kw)} kW"
        )
        if bus_kw > row.supplies_per_chassis_count * rating_kw * (1 + 1e-9):
            most_kw = row.supplies_per_chassis_count * rating_kw
            message += f", all {row.supplies_per_chassis_count} of them {figure(most_kw)} kW"
            notes.error(
                "supply-rating", path, message, "another rack_power, or a lower workloads.gpu_cap", bus_kw, most_kw, "kW"
            )
        elif bus_kw > needed_kw * (1 + 1e-9):
            hint = "more supplies_needed_count in its row of rack_power, or a lower workloads.gpu_cap"
            notes.warn("supply-rating", path, f"{message}: there are fewer spares than meant", hint)
    if gpu.power_max_w is None:
        notes.assume(f"{path}.gpu_power", f"{gpu.name}: no power is published; the whole nameplate counts as other")
    elif node.gpu_idle_w is None:
        statement = f"{node.name}: an idle GPU draws {GPU_IDLE_FRACTION:g} of its full power"
        notes.assume(f"{path}.gpu_idle", statement, confidence="assumption")


def _check_workloads(factory: Factory, hardware: Hardware, notes: Notes) -> None:
    """Note what is declared and changes nothing, and a cap that cannot be kept."""
    work = factory.workloads
    if work.gpu_utilisation_fraction is not None and work.duty_fraction is not None:
        message = (
            "workloads.duty_fraction changes nothing: nodes are added up part by part at workloads.gpu_utilisation_fraction"
        )
        notes.warn("not-used", "workloads.duty_fraction", message, "keep one of them")
    if work.gpu_utilisation_fraction is None and work.cpu_utilisation_fraction is not None:
        message = "workloads.cpu_utilisation_fraction changes nothing without workloads.gpu_utilisation_fraction"
        notes.warn("not-used", "workloads.cpu_utilisation_fraction", message, "declare both, or leave it out")
    cap_w = work.gpu_cap_w
    if cap_w is None:
        return
    if all(gpu.power_max_w is not None and cap_w >= gpu.power_max_w for _, gpu, _ in hardware.nodes):
        message = f"workloads.gpu_cap of {figure(cap_w)} W changes nothing: no GPU draws more"
        notes.warn("not-used", "workloads.gpu_cap", message, "leave it out, or lower it")
    for node, gpu, _ in hardware.nodes:
        idle_w = GPU_IDLE_FRACTION * (gpu.power_max_w or 0.0) if node.gpu_idle_w is None else node.gpu_idle_w
        if cap_w < idle_w:
            message = f"{gpu.name} in {node.name}: {figure(idle_w)} W when idle, workloads.gpu_cap is {figure(cap_w)} W"
            hint = f"a cap of at least {figure(idle_w)} W"
            notes.error("gpu-cap", "workloads.gpu_cap", message, hint, idle_w, cap_w, "W")


def _networks(fabrics: list[FabricPlan], hardware: Hardware, catalog: Catalog, diversity: float) -> list[_Network]:
    """Draw up the switches outside of chassis: typical power and optics as expected, the maker's maximum as nameplate."""
    inside = switches_in_chassis(fabrics, hardware, catalog)
    found = []
    for fabric in fabrics:
        if fabric.switch is None:
            continue
        switch = catalog.get(Switch, fabric.switch)
        total = fabric.switches_by_tier.total()
        count = total - inside if fabric.kind == "compute" else total
        if not count:
            continue
        # Node ends of cables are in the node's nameplate; every other end sits in a switch.
        optics_w = sum(
            group.count * (1 if group.layer == "node_leaf" else 2) * group.power_per_end_w for group in fabric.cables
        )
        most_kw, typical_kw = count * switch.power_max_w / 1000, count * switch.power_typical_w / 1000
        optics_kw = min(optics_w / 1000 * count / total, most_kw - typical_kw)
        usual = {"switches": typical_kw, "optics": optics_kw}
        most = {"switches": most_kw - optics_kw, "optics": optics_kw}
        by_point = {"idle": usual, "expected": usual, "design": _scaled(most, diversity), "nameplate": most}
        found.append(_Network(switch, count, by_point))
    return found


def _servers_by_point(power_max_kw: float, diversity: float) -> ByPoint:
    """Draw up one server or appliance."""
    shares = {"idle": SERVER_IDLE_FRACTION, "expected": 1.0, "design": diversity, "nameplate": 1.0}
    return {point: {"servers": share * power_max_kw} for point, share in shares.items()}


def _groups(
    racks: RacksPlan, kinds: list[_Kind], networks: list[_Network], servers: Mapping[str, ByPoint]
) -> tuple[GroupLoad, ...]:
    """Share the loads out to the racks: nodes to theirs, switches of an id in equal parts, servers to where they stand."""
    of_a_switch: dict[str, dict[str, float]] = {}
    liquid = {network.switch.id: network.switch.liquid_heat_fraction for network in networks}
    for row_id in liquid:
        same = [network for network in networks if network.switch.id == row_id]
        count = sum(network.count for network in same)
        of_a_switch[row_id] = {
            point: sum(sum(network.by_point[point].values()) for network in same) / count for point in POINTS
        }
    found = []
    for number, group in enumerate(racks.groups):
        if number < len(kinds):
            kind = kinds[number]
            power_kw = {point: kind.count * sum(kind.by_point[point].values()) for point in POINTS}
            gpus, share = kind.count * kind.node.gpus_count, kind.node.liquid_heat_fraction
        else:
            items = [
                (piece.count, of_a_switch.get(piece.item) or _each(servers.get(piece.item)), liquid.get(piece.item, 0.0))
                for piece in group.pieces
            ]
            power_kw = {point: sum(count * each[point] for count, each, _ in items) for point in POINTS}
            cooled_kw = sum(count * each["nameplate"] * part for count, each, part in items)
            gpus, share = 0, cooled_kw / power_kw["nameplate"] if power_kw["nameplate"] else 0.0
        found.append(GroupLoad(group.name, group.count, gpus, power_kw, share))
    return tuple(found)


def _each(by_point: ByPoint | None) -> dict[str, float]:
    """Add up what one server draws; what is neither switch nor server draws nothing here."""
    return {point: sum(by_point[point].values()) if by_point else 0.0 for point in POINTS}


def _liquid_kw(point: str, kinds: list[_Kind], networks: list[_Network]) -> float:
    """Add up the heat that leaves by liquid."""
    nodes_kw = sum(kind.count * sum(kind.by_point[point].values()) * kind.node.liquid_heat_fraction for kind in kinds)
    return nodes_kw + sum(sum(each.by_point[point].values()) * each.switch.liquid_heat_fraction for each in networks)


def _scaled(draw: Mapping[str, float], by: float) -> Draw:
    """Multiply every part."""
    return {name: by * kw for name, kw in draw.items()}


def _added(draws: Iterable[tuple[Mapping[str, float], int]]) -> Draw:
    """Add up parts by name, each so many times."""
    found: Draw = {}
    for draw, count in draws:
        for name, kw in draw.items():
            found[name] = found.get(name, 0.0) + count * kw
    return found


def _note(factory: Factory, notes: Notes, power_kw: Mapping[str, float], diversity: float) -> None:
    """Say by which rules the loads are added up."""
    work = factory.workloads
    if factory.power.diversity_fraction is None:
        notes.assume("power.diversity_fraction", "not declared: 1, design load is the nameplates' sum")
    if power_kw["expected"] > power_kw["design"] * (1 + 1e-9):
        message = (
            f"expected load of {figure(power_kw['expected'])} kW exceeds the design load of {figure(power_kw['design'])} kW:"
            f" power.diversity_fraction is {figure(diversity)}"
        )
        hint = "a higher diversity, or a lower duty or GPU cap"
        notes.error("design-load", "power.diversity_fraction", message, hint)
    how = (
        "nodes part by part: GPUs and CPUs stand between idle and full power as workloads.gpu_utilisation_fraction says"
        if work.gpu_utilisation_fraction is not None
        else "nodes at the duty fraction of nameplate: their parts are those at the utilisation of GPUs and CPUs at which they"
        " draw that; below what they draw when idle, all parts shrink alike"
    )
    notes.assume(
        "power.expected", f"expected power: {how}; switches at typical power plus optics, servers at nameplate", RAPS_URL
    )
    notes.assume(
        "power.parts",
        "a node's fans follow the cube of the heat they carry, from 0.4 of full speed; what its nameplate leaves beside the"
        f" known parts is other, and rises with the GPUs from {OTHER_IDLE_FRACTION:g} of it when they are idle; chassis are"
        " full",
        confidence="assumption",
    )
    notes.assume(
        "power.idle",
        "idle power: GPUs and CPUs of all nodes idle, switches and optics as expected,"
        f" servers at {SERVER_IDLE_FRACTION:g} of nameplate",
        confidence="assumption",
    )
    if work.gpu_cap_w is not None:
        notes.assume("workloads.gpu_cap", f"GPUs draw at most {figure(work.gpu_cap_w)} W at every load, nameplate too")
