"""The main flow: a factory and a catalog in, a plan out."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import Cable, Item, Node, PowerStage, Server, Switch
from planner.checks import (
    MOST_NODES,
    Constraint,
    binding_constraint,
    constraints,
    findings_of,
    most_nodes,
    of_size,
    ranked,
    share_used,
)
from planner.cloud import make_cloud_plan
from planner.epw import WeatherFile
from planner.facility import Sized, finish_facility, floor, rack_kw_of, size_facility
from planner.plan import (
    ComputePlan,
    Equipment,
    FabricPlan,
    NodeGroup,
    Plan,
    RacksPlan,
    StoragePlan,
)
from planner.plan_facility import HallPlan
from planner.spec import Factory
from planner.steps.cabling import attach, cable_kinds, estimate_cables, plan_cables
from planner.steps.chassis import switches_in_chassis
from planner.steps.climate import plan_climate
from planner.steps.facility import Climate
from planner.steps.hall import check_row_power, place_racks
from planner.steps.hardware import Hardware, resolve
from planner.steps.layout import lay_out
from planner.steps.loads import plan_loads
from planner.steps.networks import (
    compute_fabric,
    in_band_fabric,
    out_of_band_fabric,
    scale_up_fabrics,
    storage_fabric,
)
from planner.steps.notes import Notes
from planner.steps.racks import plan_racks

__all__ = ["make_plan"]


WITHOUT_PLANT = (
    "fabric-size",
    "floor-slots",
    "hall-rows",
    "rack-height",
    "rack-power",
    "rack-weight",
    "row-power",
    "tray-full",
)
"""Limits that power and cooling have no part in."""
BY_CABLES = ("budget", "grid-ramp", "grid-swing", "tray-full")  # of the swing, the optics at their ends
NEAR, FEW = 2, 4096  # times as many nodes, and nodes: beyond both, a limit is not worth laying every cable for


@dataclass(frozen=True)
class _Design:
    """One factory drawn up, before it is judged."""

    hardware: Hardware
    compute: ComputePlan
    hall: HallPlan | None
    fabrics: tuple[FabricPlan, ...]
    racks: RacksPlan
    sized: Sized | None
    limits: list[Constraint]


def make_plan(factory: Factory, catalog: Catalog, weather: WeatherFile | None = None) -> Plan:
    """Plan a factory.

    Parameters
    ----------
    factory : Factory
        What is asked; its ids are in the catalog.
    catalog : Catalog
        Facts about hardware.
    weather : WeatherFile, optional
        What `site.weather_file` holds, where the factory names one.

    Returns
    -------
    Plan
        What is answered: the same factory, catalog and weather give the same plan. A factory that cannot be built is planned as
        far as it goes, with error findings that say why and what is the largest that can.
    """
    if factory.deploy.target != "bare-metal":
        return make_cloud_plan(factory, catalog)
    notes = Notes()
    climate = plan_climate(factory, catalog, notes, weather)
    design = _draw_up(factory, catalog, climate, notes)
    assert design.hall is not None and design.sized is not None  # noqa: S101, PT018 - drawn up whole
    finished = finish_facility(
        factory,
        design.hardware,
        catalog,
        notes,
        design.compute,
        design.fabrics,
        design.racks,
        climate,
        design.hall,
        design.sized,
    )

    drawn = _of_other_sizes(factory, catalog, climate, design)

    @functools.cache
    def largest_nodes(limit: Constraint) -> int:
        return _largest_nodes(factory, limit, drawn)

    for finding in findings_of(design.limits, largest_nodes):
        if not notes.found(finding.code, finding.path):  # a step may have said why already
            notes.find(finding)
    _note_rows(factory, design, catalog, notes)
    plan = Plan(
        name=factory.name,
        digest=factory.digest(),
        catalog_version=catalog.version,
        factory=factory,
        compute=design.compute,
        racks=design.racks,
        hall=finished.hall,
        fabrics=design.fabrics,
        cable_kinds=cable_kinds(design.fabrics, catalog),
        equipment=_equipment(design, catalog),
        power=finished.power,
        cooling=finished.cooling,
        year=finished.year,
        availability=finished.availability,
        storage=_storage(design.hardware),
        cost=finished.cost,
        carbon=finished.carbon,
        cloud=None,
        findings=notes.findings(),
        binding_constraint=binding_constraint(design.limits, largest_nodes),
        limits=ranked(design.limits, largest_nodes),
        assumptions=notes.assumptions(),
    )
    return plan.model_copy(update={"checksum": plan.content_checksum()})


def _draw_up(
    factory: Factory,
    catalog: Catalog,
    climate: Climate,
    notes: Notes,
    like: Sequence[FabricPlan] | None = None,
    plant: bool = True,
) -> _Design:
    """Draw a factory up.

    `like` (fabrics of another size) stands in for placing racks and laying cables one by one; without the `plant` only
    networks, racks and floor are drawn.
    """
    hardware = resolve(factory, catalog, notes)
    compute = compute_fabric(factory, hardware, notes)
    storage = storage_fabric(factory, hardware, notes)
    fast = [fabric for fabric in (compute, storage) if fabric]

    # The management networks manage each other and the racks they stand in: more switches need more racks, PDUs and ports.
    # Every round adds or keeps, and an in-band network that has become too large stays out; the first round that adds
    # nothing is the answer.
    leaves, out_of_band = 0, None
    in_band = in_band_fabric(factory, hardware, notes, leaves)
    while True:
        managed = [*fast, in_band] if in_band else fast
        placed = [*managed, out_of_band] if out_of_band else managed
        racks = plan_racks(factory, hardware, catalog, notes, placed)
        # Switches inside nodes' chassis are managed with the nodes.
        switches = sum(fabric.switches_by_tier.total() for fabric in managed) - switches_in_chassis(managed, hardware, catalog)
        out_of_band = out_of_band_fabric(hardware, notes, switches, racks.pdus_count, in_band is not None)
        if out_of_band.switches_by_tier.leaf == leaves:
            break
        leaves = out_of_band.switches_by_tier.leaf
        if in_band is not None:
            in_band = in_band_fabric(factory, hardware, notes, leaves)
    compute_plan, hall = _compute(hardware), None
    switched = [*managed, out_of_band] if out_of_band.switches_by_tier.total() else managed
    # What a rack draws at design load does not depend on its cables.
    loads = plan_loads(factory, hardware, catalog, Notes(), switched, racks)
    rack_kw = rack_kw_of(loads)
    check_row_power(factory, notes, racks, rack_kw)
    if like is None:
        switched = list(attach(switched, hardware, catalog))
        hall = place_racks(factory, notes, racks, rack_kw, compute_plan.groups, switched)
        layout = lay_out(hall, racks, compute_plan.groups, switched)
        cabled = plan_cables(switched, layout, catalog, notes)
    else:
        others = {fabric.name: fabric for fabric in like}
        cabled = tuple(estimate_cables(fabric, others.get(fabric.name)) for fabric in switched)
    fabrics = [*cabled, *scale_up_fabrics(hardware)]
    sized = size_facility(factory, hardware, catalog, notes, fabrics, racks, climate) if plant else None
    facility = sized.facility if sized else floor(factory, racks, loads)
    if hall is not None and hall.rows:
        fullest = max(hall.rows, key=lambda row: row.tray_cables_count)
        facility = dataclasses.replace(facility, tray=(fullest.name, fullest.tray_cables_count))
    limits = constraints(factory, fabrics, notes.findings(), facility)
    return _Design(hardware, compute_plan, hall, tuple(fabrics), racks, sized, limits)


Drawn = Callable[[dict[str, int], Sequence[FabricPlan] | None, bool], _Design]


def _of_other_sizes(factory: Factory, catalog: Catalog, climate: Climate, design: _Design) -> Drawn:
    """Return a way to draw the factory up with other counts of nodes; a size is drawn once for all limits."""
    kept = {(tuple(factory.compute.nodes.items()), whole, True): design for whole in (False, True)}

    def drawn(counts: dict[str, int], like: Sequence[FabricPlan] | None, plant: bool) -> _Design:
        size, whole = tuple(counts.items()), like is None
        found = None if like else kept.get((size, whole, True)) or kept.get((size, whole, plant))
        if found is None:
            other = factory.model_copy(update={"compute": factory.compute.model_copy(update={"nodes": counts})})
            found = _draw_up(other, catalog, climate, Notes(), like, plant)
            if not like:
                kept[size, whole, plant] = found
        return found

    return drawn


def _largest_nodes(factory: Factory, limit: Constraint, drawn: Drawn) -> int:
    """Find the most nodes, of all kinds in the declared proportion, that keep a limit and have a compute fabric.

    More nodes need no less (one more unit of a plant may lose a little less: a size beyond what is found may then hold too);
    but a compute fabric that cannot be built needs nothing. Cables bear on a few limits alone. Near the declared size they are
    laid one by one; beyond, a large factory takes cables as long as now, and trays fill along the straight line through the
    declared size and twice that.
    """
    declared, buildable = factory.compute.nodes, ("fabric-size", "fabrics.compute")
    total, plant = sum(declared.values()), limit.code not in WITHOUT_PLANT

    def used(counts: dict[str, int], like: Sequence[FabricPlan] | None) -> float:
        return share_used(drawn(counts, like, plant).limits, (limit.code, limit.path), buildable)

    def largest(like: Sequence[FabricPlan] | None, guess: int | None = None, most: int = MOST_NODES) -> int:
        return most_nodes(declared, lambda counts: used(counts, like), guess, most)

    if limit.code not in BY_CABLES:
        return largest(())
    if limit.code == "tray-full":
        now, then = (used(of_size(declared, min(times * total, MOST_NODES)), None) for times in (1, NEAR))
        if then > 1:
            return largest(None, most=NEAR * total)
        most = total * (1 + (NEAR - 1) * (1 - now) / (then - now)) if then > now else MOST_NODES
        return min(int(min(most, MOST_NODES)), largest(()))  # without laying cables, what the fabric connects
    found = largest(drawn(declared, None, plant).fabrics)
    if found > max(NEAR * total, FEW):
        return found
    found = largest(drawn(of_size(declared, found), None, plant).fabrics, found)
    return largest(None, found, NEAR * max(found, total))


def _compute(hardware: Hardware) -> ComputePlan:
    groups = tuple(
        NodeGroup(
            node=node.id,
            name=node.name,
            gpu=gpu.name,
            nodes=count,
            hosts=node.hosts_count * count,
            gpus=node.gpus_count * count,
            power_max_kw=node.power_max_kw * count,
        )
        for node, gpu, count in hardware.nodes
    )
    gpus = [(gpu, node.gpus_count * count) for node, gpu, count in hardware.nodes]
    return ComputePlan(
        nodes=sum(group.nodes for group in groups),
        hosts=sum(group.hosts for group in groups),
        gpus=sum(group.gpus for group in groups),
        groups=groups,
        gpu_memory_tb=sum(gpu.memory_gb * count for gpu, count in gpus) / 1000,
        bf16_dense_pflops=sum(gpu.bf16_dense_tflops * count for gpu, count in gpus) / 1000,
    )


def _equipment(design: _Design, catalog: Catalog) -> tuple[Equipment, ...]:
    """Describe the kinds of nodes, servers and switches in the plan, by id."""
    rows: dict[str, Node | Server | Switch] = {node.id: node for node, _, _ in design.hardware.nodes}
    rows |= {server.id: server for server, _ in design.hardware.servers()}
    rows |= {fabric.switch: catalog.get(Switch, fabric.switch) for fabric in design.fabrics if fabric.switch}
    return tuple(
        Equipment(id=row.id, name=row.name, vendor=row.vendor, height_u=row.height_u, weight_kg=row.weight_kg)
        for row in (rows[row_id] for row_id in sorted(rows))
    )


def _storage(hardware: Hardware) -> StoragePlan:
    systems = hardware.storage_systems
    return StoragePlan(
        systems=sum(count for _, count in systems),
        capacity_tb=sum((server.capacity_tb or 0.0) * count for server, count in systems),
        read_gbyte_per_s=sum((server.read_gbyte_per_s or 0.0) * count for server, count in systems),
        write_gbyte_per_s=sum((server.write_gbyte_per_s or 0.0) * count for server, count in systems),
    )


def _rows_in_use(factory: Factory, design: _Design, catalog: Catalog) -> list[tuple[str, str, Item]]:
    """List every catalog row that the plan rests on: where in the factory it stands, its kind, the row."""
    hardware = design.hardware
    rows: list[tuple[str, str, Item]] = [
        ("hall.rack", "racks", hardware.rack),
        ("hall.pdu", "pdus", hardware.pdu),
        ("cooling.air", "cooling_plants", hardware.air),
        ("hall.construction", "construction", hardware.construction),
    ]
    links = factory.power.chain
    if links is None:
        stages = ("transformer", "switchgear", "generator", "ups", "distribution", "bess")
        chosen = [(f"power.{stage}", getattr(hardware, stage)) for stage in stages]
    else:
        chosen = [(f"power.chain.{name}", catalog.get(PowerStage, link.equipment)) for name, link in links.items()]
    rows += [(path, "power_stages", row) for path, row in chosen if row is not None]
    if hardware.liquid_cooled():
        rows.append(("cooling.liquid", "cooling_plants", hardware.liquid))
    for node, gpu, _ in hardware.nodes:
        rows += [(f"compute.nodes.{node.id}", "nodes", node), (f"compute.nodes.{node.id}.gpu", "gpus", gpu)]
    rows += [(f"catalog.servers.{server.id}", "servers", server) for server, _ in hardware.servers()]
    for fabric in design.fabrics:
        path = f"fabrics.{fabric.name.replace('-', '_')}"
        if fabric.switch:
            rows.append((f"{path}.switch", "switches", catalog.get(Switch, fabric.switch)))
        kinds = dict.fromkeys(group.cable for group in fabric.cables if group.cable)
        rows += [(f"{path}.cables.{row_id}", "cables", catalog.get(Cable, row_id)) for row_id in kinds]
    return rows


def _note_rows(factory: Factory, design: _Design, catalog: Catalog, notes: Notes) -> None:
    """Note rows that are not the maker's own figures throughout, rows of excluded makers, and a site where none may be."""
    allowed = factory.sovereignty.allowed_countries
    if allowed is not None and factory.site.country not in allowed:
        message = f"the site is in {factory.site.country}; sovereignty.allowed_countries are {', '.join(allowed)}"
        notes.error("country-not-allowed", "site.country", message, "choose a site in an allowed country")
    excluded = set(factory.sovereignty.excluded_vendors)
    for path, kind, row in _rows_in_use(factory, design, catalog):
        notes.assume_row(kind, row)
        if row.vendor in excluded:
            message = f"{row.name} is made by {row.vendor}, which sovereignty.excluded_vendors excludes"
            notes.error("excluded-vendor", path, message, "choose another row, or lift the exclusion")
