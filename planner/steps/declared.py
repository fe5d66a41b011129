"""A compute fabric whose topology and parameters the factory declares: built, measured and packed."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from planner.catalog.records import Switch
from planner.models.network import ports_taken
from planner.plan import CablesByLayer, FabricPlan, Recipe, SwitchesByTier
from planner.steps.fabric import links_of_a_port
from planner.steps.notes import Notes
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.families import TOPOLOGIES, build
from topologies.populate import populated

__all__ = ["declared_fabric"]

_MOST_ENDPOINTS = 2_000_000


def declared_fabric(
    topology: str,
    parameters: Mapping[str, Any],
    switch: Switch,
    notes: Notes,
    link_gbit_per_s: float,
    *,
    hosts: int,
    nics_per_host: int,
    managers: Iterable[tuple[int, float]],
) -> FabricPlan | None:
    """Build the declared fabric, populate it with the hosts and pack it.

    Returns
    -------
    FabricPlan or None
        None if it cannot be built or is too small: an error finding says why, and the nearest that can.
    """
    path = "fabrics.compute"
    links_per_port = links_of_a_port(switch, link_gbit_per_s, path, notes)
    if links_per_port == 0:
        return None
    notes.drop("fabric-shape", f"{path}.parameters")
    notes.drop("fabric-size", path)
    asked = {**parameters, "gbit_per_s": link_gbit_per_s}
    if topology == "torus":  # its own default is as fast as a chip's router; a NIC has one link
        asked.setdefault("endpoint_gbit_per_s", link_gbit_per_s)
    radix = switch.radix(link_gbit_per_s)
    taken = inspect.signature(TOPOLOGIES[topology]).parameters
    if "radix" in taken:
        asked["radix"] = radix
    try:
        _check_kinds(parameters, {name: str(each.annotation) for name, each in taken.items()})
        base, most_ports = _built(topology, json.dumps(asked, sort_keys=True))
    except (TopologyError, ValueError) as error:
        nearest = "; ".join(_text(each) for each in getattr(error, "nearest", ()))
        hint = f"the nearest that can be built: {nearest}" if nearest else "see the topology's parameters in docs/topologies.md"
        notes.error("fabric-shape", f"{path}.parameters", f"{topology}: {error}; not in the totals", hint)
        return None
    if most_ports > radix:
        message = f"{topology}: a switch needs {most_ports} ports, {switch.name} has {radix}; not in the totals"
        notes.error(
            "fabric-shape",
            f"{path}.parameters",
            message,
            "a switch of more ports, or smaller parameters",
            most_ports,
            radix,
            "ports",
        )
        return None
    extra = ports_taken(managers, link_gbit_per_s)
    try:
        fabric = populated(base, hosts, nics_per_host, extra)
    except TopologyError as error:
        message = f"compute fabric: {error}; its switches and cables are not in the totals"
        notes.error("fabric-size", path, message, "larger parameters, or fewer nodes", hosts, error.largest_hosts, "hosts")
        return None
    return _pack(fabric, base, switch, notes, links_per_port, link_gbit_per_s, hosts, nics_per_host)


def _check_kinds(parameters: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
    """Refuse values of another kind than a topology takes, and sizes far beyond any factory's, before anything is built."""
    for name, value in parameters.items():
        rows = isinstance(value, list) and any(isinstance(each, list) for each in value)
        if isinstance(value, list) and rows != ("Sequence[Sequence" in kinds[name]):
            raise ValueError(f"{name} must be a list of {'numbers' if rows else 'lists'}")
        if isinstance(value, bool) and "bool" not in kinds[name]:
            raise ValueError(f"{name} must be a number, not {str(value).lower()}")
        if isinstance(value, list) and "Sequence" not in kinds[name]:
            raise ValueError(f"{name} must be one number, not a list")
        if not isinstance(value, list) and kinds[name].startswith("Sequence"):
            raise ValueError(f"{name} must be a list of numbers, such as [4, 4]")
        if isinstance(value, float) and "float" not in kinds[name]:
            raise ValueError(f"{name} must be a whole number, not {value:g}")
    for name, value in parameters.items():
        flat = isinstance(value, list) and not any(isinstance(each, list) for each in value)
        switches = math.prod(value) if flat else 2 * value**2 if name == "q" else 0
        if switches * max(int(parameters.get("p") or 1), 1) > _MOST_ENDPOINTS:
            raise ValueError(f"{name} makes more than {_MOST_ENDPOINTS:,} endpoints or switches")


@functools.cache
def _built(topology: str, parameters: str) -> tuple[Fabric, int]:
    """Build a fabric once for all sizes that are tried, and say how many ports its switches need."""
    fabric = build(topology, json.loads(parameters))
    return fabric, int(fabric.switches.ports.max())


def _text(parameters: Mapping[str, object]) -> str:
    said = (f"a switch of {value} ports" if name == "radix" else f"{name}: {value}" for name, value in parameters.items())
    return ", ".join(said)


def _pack(
    fabric: Fabric,
    base: Fabric,
    switch: Switch,
    notes: Notes,
    links_per_port: int,
    link_gbit_per_s: float,
    hosts: int,
    nics_per_host: int,
) -> FabricPlan:
    from topologies.measure import bisection, oversubscription_by_tier

    crossing = bisection(fabric)
    if not crossing.exact:
        notes.assume("fabrics.compute.bisection", f"not exact: {crossing.rule}")
    tiers = list(fabric.switches_by_tier().values())
    links = fabric.cables_by_layer()
    at_nodes = links[fabric.layers[0]]
    between = sum(links.values()) - at_nodes
    layers = CablesByLayer(node_leaf=at_nodes, switch_switch=between)
    cables = CablesByLayer(node_leaf=-(-at_nodes // links_per_port), switch_switch=-(-between // links_per_port))
    extra = int((fabric.population or {}).get("managers", 0))
    free = (fabric.switches.ports - fabric.ports_used[fabric.endpoint_count :])[fabric.switches.tier == 1]
    return FabricPlan(
        name="compute",
        kind="compute",
        topology=fabric.topology,
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=link_gbit_per_s,
        tiers=len(fabric.tiers),
        planes=1,
        rails=1,
        hosts=hosts,
        units=1,
        hosts_per_unit=hosts,
        switches_by_tier=SwitchesByTier(**dict(zip(("leaf", "spine", "core"), tiers, strict=False))),
        cables_by_layer=cables,
        links_by_layer=layers,
        extra_links_count=extra,
        ports_free_count=int(free.sum()),
        hosts_max_count=(base.endpoint_count - extra) // nics_per_host,
        oversubscription_ratio=oversubscription_by_tier(fabric)[fabric.tiers[0]],
        bisection_gbit_per_s=crossing.gbit_per_s,
        recipe=Recipe(topology=fabric.topology, parameters=dict(fabric.parameters), population=dict(fabric.population or {})),
    )
