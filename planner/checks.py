"""Limits of the whole factory: what is broken, by how much, and which limit stops growth first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planner.plan import BindingConstraint, CostPlan, FabricPlan, Finding, PowerPlan, RacksPlan
from planner.spec import Factory
from planner.units import figure

__all__ = ["Constraint", "binding_constraint", "constraints", "findings_of"]

# Above this share of a limit a planner should know, although nothing is broken.
CLOSE_RATIO = 0.95
MOST_NODES = 1_000_000


@dataclass(frozen=True)
class Constraint:
    """One limit: a value that must not exceed it."""

    code: str
    path: str
    subject: str
    verb: str
    value: float
    limit: float
    unit: str
    hint: str

    @property
    def utilisation_ratio(self) -> float:
        """Value over limit."""
        return self.value / self.limit if self.limit else float("inf")

    @property
    def broken(self) -> bool:
        """Tell whether the value exceeds the limit by more than rounding."""
        return self.value > self.limit * (1 + 1e-9)


def constraints(
    factory: Factory,
    compute: FabricPlan | None,
    too_large: Finding | None,
    racks: RacksPlan,
    power: PowerPlan,
    cost: CostPlan,
) -> list[Constraint]:
    """List every declared limit of the whole factory, and the size of the compute fabric (which may be the finding)."""
    found = []
    if factory.site.grid_feed_kw is not None:
        found.append(
            Constraint(
                "grid-feed",
                "site.grid_feed",
                "the factory at nameplate",
                "draws",
                power.facility_kw,
                factory.site.grid_feed_kw,
                "kW",
                "a larger feed, fewer nodes, or a cooling plant and UPS that lose less",
            )
        )
    if factory.hall.racks is not None:
        found.append(
            Constraint(
                "floor-slots",
                "hall.racks",
                "the factory",
                "needs",
                racks.count,
                factory.hall.racks,
                "racks",
                "more floor positions, or more power a rack where power limits how full racks are",
            )
        )
    if factory.budget.capex_usd is not None:
        found.append(
            Constraint(
                "budget",
                "budget.capex",
                "the factory",
                "costs",
                cost.capex_usd,
                factory.budget.capex_usd,
                "USD",
                "a larger budget, fewer nodes, or an existing hall (hall.construction: construction-none)",
            )
        )
    hosts = compute.recipe.hosts if compute and compute.recipe else too_large.value if too_large else None
    most_hosts = compute.hosts_max_count if compute else too_large.limit if too_large else None
    if hosts is not None and most_hosts is not None:
        found.append(
            Constraint(
                "fabric-size",
                "fabrics.compute",
                "the compute fabric",
                "connects",
                hosts,
                most_hosts,
                "hosts",
                "a switch of more ports"
                if factory.fabrics.compute.tiers in (None, 3)
                else "more tiers, or a switch of more ports",
            )
        )
    return found


def findings_of(limits: list[Constraint], largest_nodes: Callable[[str], int]) -> list[Finding]:
    """Turn broken and nearly reached limits into findings.

    Parameters
    ----------
    limits : list of Constraint
        From `constraints`.
    largest_nodes : callable
        Code of a limit -> the most nodes that keep it.
    """
    found = []
    for limit in limits:
        share = f"{figure(100 * limit.utilisation_ratio)} %"
        asked = f"{limit.subject} {limit.verb} {figure(limit.value)} {limit.unit}"
        message = f"{asked}, {limit.path} allows {figure(limit.limit)} ({share})"
        if limit.broken:
            hint = f"{limit.hint}; the largest that keeps this limit: {largest_nodes(limit.code):,} nodes"
            severity = "error"
        elif limit.utilisation_ratio > CLOSE_RATIO:
            hint, severity = limit.hint, "warning"
        else:
            continue
        found.append(
            Finding.model_validate(
                {
                    "severity": severity,
                    "code": limit.code,
                    "path": limit.path,
                    "message": message,
                    "value": limit.value,
                    "limit": limit.limit,
                    "unit": limit.unit,
                    "hint": hint,
                }
            )
        )
    return found


def binding_constraint(limits: list[Constraint], largest_nodes: Callable[[str], int]) -> BindingConstraint | None:
    """Name the limit that allows the fewest nodes; None if nothing is limited."""
    if not limits:
        return None
    first = min(limits, key=lambda limit: (largest_nodes(limit.code), -limit.utilisation_ratio, limit.code))
    nodes = largest_nodes(first.code)
    return BindingConstraint(
        code=first.code,
        path=first.path,
        message=f"{first.path} stops growth at {nodes:,} nodes: {first.subject} {first.verb} {figure(first.value)} of"
        f" {figure(first.limit)} {first.unit} now",
        value=first.value,
        limit=first.limit,
        unit=first.unit,
        utilisation_ratio=first.utilisation_ratio if first.limit else None,
        largest_nodes_count=nodes,
        hint=first.hint,
    )
