"""The plan's fabrics as graphs: built again from their recipes, with names that are unique in the factory."""

from __future__ import annotations

from planner.plan import FabricPlan, Plan
from topologies.fabric import Fabric
from topologies.families import build

__all__ = ["fabric_of", "joined_fabric", "scale_up_domain"]

_PORT_WORDS = {"compute": "nic", "storage": "storage", "in-band": "inband", "out-of-band": "bmc", "scale-up": "gpu"}


def fabric_of(planned: FabricPlan) -> Fabric:
    """Build a planned fabric again.

    Parameters
    ----------
    planned : FabricPlan
        One with a recipe.

    Returns
    -------
    Fabric
        Switches of other fabrics than compute carry the fabric's name in front (``storage-spine00``), and ports of nodes are
        named after it (``n0412-storage1``), so that no name occurs in two fabrics of a plan.

    Raises
    ------
    ValueError
        If the fabric has no recipe.
    """
    if planned.recipe is None:
        raise ValueError(f"the {planned.name} fabric has no recipe")
    recipe = planned.recipe
    fabric = build(recipe.topology, recipe.parameters, recipe.population)
    prefix = "" if planned.kind in ("compute", "scale-up") else f"{planned.name}-"
    return fabric.renamed(prefix, _PORT_WORDS[planned.kind])


def joined_fabric(plan: Plan) -> Fabric:
    """Build the compute fabric with the scale-up domains on it: one graph, in which the accelerators are the endpoints.

    Parameters
    ----------
    plan : Plan
        One whose scale-up domains have switches.

    Returns
    -------
    Fabric
        As `topologies.scale_up.with_scale_up` makes it.

    Raises
    ------
    ValueError
        If the plan has no such domains or no compute fabric.
    """
    from topologies.scale_up import with_scale_up

    recipes = {each.kind: each for each in plan.fabrics if each.recipe is not None}
    if "compute" not in recipes or "scale-up" not in recipes:
        raise ValueError("a compute fabric and one kind of switched scale-up domain are needed")
    domains = fabric_of(recipes["scale-up"])
    chips = domains.switch_count // recipes["scale-up"].units
    per_gpu = len(domains.cables) // domains.endpoint_count
    return with_scale_up(
        fabric_of(recipes["compute"]),
        recipes["scale-up"].hosts_per_unit,
        chips,
        per_gpu,
        recipes["scale-up"].link_gbit_per_s,
        gpus_per_host=domains.endpoint_count // len(domains.endpoints.host_names),
    )


def scale_up_domain(plan: Plan) -> tuple[int, float] | None:
    """Tell the accelerators of a scale-up domain and what each sends inside it in one direction [Gbit/s]; None without any."""
    up = next((each for each in plan.fabrics if each.kind == "scale-up"), None)
    return (up.hosts_per_unit, up.bisection_gbit_per_s * 2 / up.hosts_per_unit) if up else None
