"""Catalog ids and open questions of the factory become rows and numbers; every default is noted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from planner.catalog import Catalog
from planner.catalog.records import (
    Construction,
    CoolingPlant,
    Gpu,
    Item,
    Node,
    Pdu,
    PowerStage,
    Rack,
    Server,
    Switch,
)
from planner.spec import Factory
from planner.steps.notes import Notes

__all__ = ["REFERENCE_URL", "Hardware", "resolve"]

DEFAULTS = {
    "hall.rack": "rack-48u-generic",
    "hall.pdu": "pdu-3ph-415v-60a",
    "hall.construction": "construction-us-2025",
    "power.transformer": "transformer-doe-2016-liquid-2500kva",
    "power.switchgear": "switchboard-4000a",
    "power.generator": "generator-diesel-2500kw",
    "power.ups": "ups-double-conversion",
    "power.distribution": "busway-415v",
    "cooling.air": "air-crah-chiller",
    "cooling.liquid": "liquid-dry-cooler",
    "fabrics.out_of_band.switch": "sn2201",
}
REFERENCE_URL = (
    "https://docs.nvidia.com/dgx-superpod/reference-architecture-scalable-infrastructure-h100/latest/network-fabrics.html"
)
DUTY_FRACTION = 0.76
DUTY_SOURCE = "https://arxiv.org/abs/2506.14551"

ServerGroup = tuple[Server, int]
R = TypeVar("R", bound=Item)


@dataclass(frozen=True)
class Hardware:
    """Everything the steps need, with nothing left open."""

    nodes: tuple[tuple[Node, Gpu, int], ...]
    compute_switch: Switch
    storage_switch: Switch | None
    in_band_switch: Switch | None
    out_of_band_switch: Switch
    compute_managers: tuple[ServerGroup, ...]
    storage_managers: tuple[ServerGroup, ...]
    storage_systems: tuple[ServerGroup, ...]
    management_nodes: tuple[ServerGroup, ...]  # and those for data preparation, attached alike
    rack: Rack
    pdu: Pdu
    pdu_redundancy: str
    utility: PowerStage
    transformer: PowerStage
    switchgear: PowerStage
    generator: PowerStage
    bess: PowerStage | None
    ups: PowerStage
    distribution: PowerStage
    air: CoolingPlant
    liquid: CoolingPlant
    duty_fraction: float
    construction: Construction

    def servers(self) -> tuple[ServerGroup, ...]:
        """Return all servers and appliances, by id."""
        counts: dict[str, ServerGroup] = {}
        for group in (
            self.compute_managers,
            self.storage_managers,
            self.storage_systems,
            self.management_nodes,
        ):
            for server, count in group:
                counts[server.id] = (server, counts.get(server.id, (server, 0))[1] + count)
        return tuple(counts[row_id] for row_id in sorted(counts))

    def liquid_cooled(self) -> bool:
        """Tell whether any heat leaves by liquid."""
        return any(node.liquid_heat_fraction > 0 for node, _, _ in self.nodes)


def resolve(factory: Factory, catalog: Catalog, notes: Notes) -> Hardware:
    """Look up what the factory names and fill in what it leaves open."""

    def chosen(record: type[R], path: str, declared: str | None, default: str | None = None) -> R:
        row_id = declared or default or DEFAULTS[path]
        row = catalog.get(record, row_id)
        if declared is None and not (path.startswith("power.") and factory.power.chain is not None):
            notes.assume(path, f"not declared: {row.name} ({row.id})")
        return row

    hall, fabrics = factory.hall, factory.fabrics
    nodes = tuple(
        (node, catalog.get(Gpu, node.gpu), count)
        for node, count in ((catalog.get(Node, row_id), count) for row_id, count in factory.compute.nodes.items())
    )

    def network_switch(path: str, declared: str | None, column: str) -> Switch | None:
        defaults = {getattr(node, column): node.name for node, _, _ in nodes}
        if declared is None and len(defaults) > 1:
            listed = ", ".join(f"{name}: {row_id or 'none'}" for row_id, name in defaults.items())
            message = f"the makers' reference designs of these nodes differ ({listed})"
            notes.error("mixed-nodes", path, message, f"declare {path}")
        # Which of them stands in for the plan's other numbers must not depend on how many nodes there are.
        default = max(defaults, key=lambda row_id: row_id or "")
        if declared is None and default is None:
            return None
        return chosen(Switch, path, declared, default)

    def servers(declared: dict[str, int] | None) -> tuple[ServerGroup, ...]:
        return tuple((catalog.get(Server, row_id), count) for row_id, count in (declared or {}).items())

    compute_switch = network_switch("fabrics.compute.switch", fabrics.compute.switch, "compute_switch")
    assert compute_switch is not None  # noqa: S101 - every node names one
    hardware = Hardware(
        nodes=nodes,
        compute_switch=compute_switch,
        storage_switch=network_switch("fabrics.storage.switch", fabrics.storage.switch, "storage_switch"),
        in_band_switch=network_switch("fabrics.in_band.switch", fabrics.in_band.switch, "in_band_switch"),
        out_of_band_switch=chosen(Switch, "fabrics.out_of_band.switch", fabrics.out_of_band.switch),
        compute_managers=servers(fabrics.compute.fabric_managers),
        storage_managers=servers(fabrics.storage.fabric_managers),
        storage_systems=servers(factory.storage.systems),
        management_nodes=servers(_added(factory.platform.management_nodes, factory.platform.preparation_nodes)),
        rack=chosen(Rack, "hall.rack", hall.rack),
        pdu=chosen(Pdu, "hall.pdu", hall.pdu),
        pdu_redundancy=hall.pdu_redundancy or "N+1",
        utility=catalog.get(PowerStage, "utility-feed"),
        transformer=chosen(PowerStage, "power.transformer", factory.power.transformer),
        switchgear=chosen(PowerStage, "power.switchgear", factory.power.switchgear),
        generator=chosen(PowerStage, "power.generator", factory.power.generator),
        bess=catalog.get(PowerStage, factory.power.bess) if factory.power.bess else None,
        ups=chosen(PowerStage, "power.ups", factory.power.ups),
        distribution=chosen(PowerStage, "power.distribution", factory.power.distribution),
        air=chosen(CoolingPlant, "cooling.air", factory.cooling.air),
        liquid=catalog.get(CoolingPlant, factory.cooling.liquid or DEFAULTS["cooling.liquid"]),
        duty_fraction=DUTY_FRACTION if factory.workloads.duty_fraction is None else factory.workloads.duty_fraction,
        construction=chosen(Construction, "hall.construction", hall.construction),
    )
    if factory.cooling.liquid is None and hardware.liquid_cooled():
        notes.assume("cooling.liquid", f"not declared: {hardware.liquid.name} ({hardware.liquid.id})")
    if hall.pdu_redundancy is None:
        notes.assume("hall.pdu_redundancy", "not declared: N+1, one spare PDU a rack")
    if factory.workloads.duty_fraction is None and factory.workloads.gpu_utilisation_fraction is None:
        text = (
            f"not declared: nodes at work draw {DUTY_FRACTION:g} of nameplate, measured on 8 x H100 under compute-heavy work"
            " (the most that training was seen to draw is 0.82, arXiv 2412.08602)"
        )
        notes.assume("workloads.duty_fraction", text, DUTY_SOURCE, "secondary")
    if factory.site.grid_feed_kw is None:
        notes.assume("site.grid_feed", "not declared: not limited; the plan says what is needed")
    if hall.racks is None:
        notes.assume("hall.racks", "not declared: floor positions are not limited")
    if hall.rack_floor_load_kg is None:
        notes.assume("hall.rack_floor_load", "not declared: the floor is not limited; the rack's own rating is")
    if factory.budget.capex_usd is None:
        notes.assume("budget.capex", "not declared: not limited")
    if factory.storage.systems is None:
        notes.assume("storage.systems", "not declared: the storage network is sized for the nodes alone")
    if factory.platform.preparation_nodes:
        text = "attached as management servers are, and counted with them"
        notes.assume("platform.preparation_nodes", text)
    if factory.platform.management_nodes is None:
        notes.assume("platform.management_nodes", "not declared: no management servers are counted")
    for path, declared in (
        ("storage.lustre", factory.storage.lustre),
        ("storage.efs", factory.storage.efs_tb),
        ("storage.buckets", factory.storage.buckets),
        ("budget.monthly", factory.budget.monthly_usd),
        ("sovereignty.customer_managed_keys", factory.sovereignty.customer_managed_keys),
    ):
        if declared is not None:
            notes.warn("not-used", path, f"{path} changes nothing: the factory stands in a hall", "leave it out")
    for kind, row_id, difference in catalog.overrides:
        statement = f"the catalog's row is overridden by your own: {difference}"
        notes.assume(f"catalog.{kind}.{row_id}.override", statement, confidence="assumption")
    if not hardware.liquid_cooled():
        cooling = factory.cooling
        for name, value in (
            ("liquid", cooling.liquid),
            ("liquid_supply", cooling.liquid_supply_c),
            ("w_class", cooling.w_class),
        ):
            if value is not None:
                message = f"cooling.{name} changes nothing: no heat of these nodes leaves by liquid"
                notes.warn("not-used", f"cooling.{name}", message, "leave it out")
    _check_roles(hardware, catalog, notes)
    return hardware


def _added(first: dict[str, int] | None, second: dict[str, int] | None) -> dict[str, int]:
    """Add up counts by id."""
    return dict(sorted((Counter(first or {}) + Counter(second or {})).items()))


def _check_roles(hardware: Hardware, catalog: Catalog, notes: Notes) -> None:
    """Note a stage or plant in the wrong place, a server in the wrong role: an error finding, not a wrong sum."""
    places: list[tuple[str, str, str, tuple[str, ...]]] = [
        ("power.transformer", hardware.transformer.id, hardware.transformer.stage, ("transformer",)),
        ("power.switchgear", hardware.switchgear.id, hardware.switchgear.stage, ("switchgear",)),
        ("power.generator", hardware.generator.id, hardware.generator.stage, ("generator",)),
        ("power.ups", hardware.ups.id, hardware.ups.stage, ("ups",)),
        ("power.distribution", hardware.distribution.id, hardware.distribution.stage, ("distribution",)),
        ("cooling.air", hardware.air.id, hardware.air.medium, ("air",)),
        ("cooling.liquid", hardware.liquid.id, hardware.liquid.medium, ("liquid",)),
        ("fabrics.out_of_band.switch", hardware.out_of_band_switch.id, hardware.out_of_band_switch.technology, ("ethernet",)),
    ]
    if hardware.bess is not None:
        places.append(("power.bess", hardware.bess.id, hardware.bess.stage, ("bess",)))
    groups = [
        ("fabrics.compute.fabric_managers", hardware.compute_managers, ("fabric-manager",)),
        ("fabrics.storage.fabric_managers", hardware.storage_managers, ("fabric-manager",)),
        ("storage.systems", hardware.storage_systems, ("storage",)),
        ("platform.management_nodes", hardware.management_nodes, ("management", "cpu")),
    ]
    for path, servers, wanted in groups:
        places += [(f"{path}.{server.id}", server.id, server.role, wanted) for server, _ in servers]
    for managers, switch, path in (
        (hardware.compute_managers, hardware.compute_switch, "fabrics.compute.fabric_managers"),
        (hardware.storage_managers, hardware.storage_switch, "fabrics.storage.fabric_managers"),
    ):
        if managers and switch and switch.technology != "infiniband":
            message = f"fabric managers serve InfiniBand; {switch.name} is {switch.technology}"
            notes.error("wrong-kind", path, message, "leave them out, or choose an InfiniBand switch")
    for path, row_id, is_a, allowed in places:
        if is_a not in allowed:
            message = f"{row_id} is of kind {is_a}; {' or '.join(allowed)} belongs here"
            notes.error("wrong-kind", path, message, "list the rows of a kind with: groundplan catalog list")
    for node, _, _ in hardware.nodes:
        maker, chosen = catalog.get(Switch, node.compute_switch).technology, hardware.compute_switch.technology
        if "slingshot" in (maker, chosen) and maker != chosen:
            message = f"{node.name} has {maker} ports, {hardware.compute_switch.name} is {chosen}"
            notes.error("wrong-kind", "fabrics.compute.switch", message, f"choose a switch of {maker}")
