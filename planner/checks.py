"""Limits of the whole factory: what is broken, by how much, and which limit stops growth first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from planner.plan import BindingConstraint, CostPlan, FabricPlan, Finding, PowerPlan, RacksPlan
from planner.spec import Factory
from planner.units import figure

__all__ = ["MOST_NODES", "Constraint", "binding_constraint", "constraints", "findings_of", "last_that_holds", "most_nodes"]

# Above this share of a limit a planner should know, although nothing is broken.
CLOSE_RATIO = 0.95
MOST_NODES = 1_000_000

Largest = Callable[["Constraint"], int]


@dataclass(frozen=True)
class Constraint:
    """One limit: a value that must not exceed it."""

    code: str
    path: str
    subject: str
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

    def figures(self) -> tuple[str, str]:
        """Show value and limit with as many digits as tell them apart."""
        for digits in range(4, 13):
            shown = figure(self.value, digits), figure(self.limit, digits)
            if shown[0] != shown[1]:
                return shown
        return figure(self.value), figure(self.limit)


def constraints(
    factory: Factory,
    fabrics: Iterable[FabricPlan],
    findings: Iterable[Finding],
    racks: RacksPlan,
    power: PowerPlan,
    cost: CostPlan,
) -> list[Constraint]:
    """List every declared limit of the whole factory, the size of every network, and what does not fit at all."""
    found = []
    if factory.site.grid_feed_kw is not None:
        subject, hint = (
            "the factory at nameplate draws",
            "a larger feed, fewer nodes, or a cooling plant and UPS that lose less",
        )
        found.append(
            Constraint("grid-feed", "site.grid_feed", subject, power.facility_kw, factory.site.grid_feed_kw, "kW", hint)
        )
    if factory.hall.racks is not None:
        hint = "more floor positions, or more power a rack where power limits how full racks are"
        found.append(
            Constraint("floor-slots", "hall.racks", "the factory needs", racks.count, factory.hall.racks, "racks", hint)
        )
    if factory.budget.capex_usd is not None:
        hint = "a larger budget, fewer nodes, or an existing hall (hall.construction: construction-none)"
        found.append(
            Constraint("budget", "budget.capex", "the factory costs", cost.capex_usd, factory.budget.capex_usd, "USD", hint)
        )
    for fabric in fabrics:
        if fabric.hosts_max_count is not None:
            path, subject = f"fabrics.{fabric.name.replace('-', '_')}", f"the {fabric.name} fabric connects"
            more_tiers = fabric.kind == "compute" and factory.fabrics.compute.tiers in (1, 2)
            declared = fabric.recipe is not None and fabric.recipe.population is not None
            hint = "more tiers, or a switch of more ports" if more_tiers else "a switch of more ports"
            hint = "larger parameters" if declared else hint
            found.append(Constraint("fabric-size", path, subject, fabric.hosts, fabric.hosts_max_count, "hosts", hint))
    for finding in findings:
        # What cannot be built at all has no part in the plan, but it is what stops the factory.
        if finding.severity == "error" and finding.value is not None and finding.limit is not None:
            subject = finding.message.partition(":")[0] + ":"
            found.append(
                Constraint(finding.code, finding.path, subject, finding.value, finding.limit, finding.unit, finding.hint)
            )
    return found


def findings_of(limits: list[Constraint], largest_nodes: Largest) -> list[Finding]:
    """Turn broken and nearly reached limits into findings.

    Parameters
    ----------
    limits : list of Constraint
        From `constraints`.
    largest_nodes : callable
        A limit -> the most nodes that keep it.
    """
    found = []
    for limit in limits:
        value, most = limit.figures()
        message = (
            f"{limit.subject} {value} {limit.unit}, {limit.path} allows {most} ({figure(100 * limit.utilisation_ratio)} %)"
        )
        hint = limit.hint
        if limit.broken:
            hint += f"; the largest that keeps this limit: {largest_nodes(limit):,} nodes"
        elif limit.utilisation_ratio <= CLOSE_RATIO:
            continue
        found.append(
            Finding(
                severity="error" if limit.broken else "warning",
                code=limit.code,
                path=limit.path,
                message=message,
                value=limit.value,
                limit=limit.limit,
                unit=limit.unit,
                hint=hint,
            )
        )
    return found


def binding_constraint(limits: list[Constraint], largest_nodes: Largest) -> BindingConstraint | None:
    """Name the limit that allows the fewest nodes; None if nothing is limited."""
    if not limits:
        return None
    first = min(limits, key=lambda limit: (largest_nodes(limit), -limit.utilisation_ratio, limit.code, limit.path))
    nodes = largest_nodes(first)
    value, most = first.figures()
    return BindingConstraint(
        code=first.code,
        path=first.path,
        message=f"{first.path} stops growth at {nodes:,} nodes: {first.subject} {value} of {most} {first.unit} now",
        value=first.value,
        limit=first.limit,
        unit=first.unit,
        utilisation_ratio=first.utilisation_ratio if first.limit else None,
        largest_nodes_count=nodes,
        hint=first.hint,
    )


def most_nodes(declared: Mapping[str, int], holds: Callable[[dict[str, int]], bool]) -> int:
    """Find the most nodes, of all kinds in the declared proportion, for which a test holds that more nodes never mend.

    Parameters
    ----------
    declared : mapping
        Node -> how many are declared.
    holds : callable
        Node -> how many -> whether it holds.
    """
    total = sum(declared.values())

    def counts(nodes: int) -> dict[str, int]:
        return {row_id: max(count * nodes // total, 1) for row_id, count in declared.items()}

    low, high = len(declared), max(2 * total, len(declared) + 1)
    if not holds(counts(low)):
        return 0
    return sum(counts(last_that_holds(lambda nodes: holds(counts(nodes)), low, high)).values())


def last_that_holds(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Find the last size that holds, where `low` does and a larger size never mends it; `high` is where to look first."""
    step = high - low
    while high < MOST_NODES and holds(high):
        low, step = high, 2 * step
        high = low + step
    high = min(high, MOST_NODES + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
