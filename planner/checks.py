"""Limits of the whole factory: what is broken, by how much, and which limit stops growth first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from planner.plan import BindingConstraint, FabricPlan, Finding, LimitPlan
from planner.spec import Factory
from planner.units import figure

__all__ = [
    "MOST_NODES",
    "Constraint",
    "Facility",
    "binding_constraint",
    "constraints",
    "findings_of",
    "most_nodes",
    "of_size",
    "ranked",
    "share_used",
]

# Above this share of a limit a planner should know, although nothing is broken.
CLOSE_RATIO = 0.95
MOST_NODES = 1_000_000
FITS = 1 + 1e-9  # more than rounding is over the limit

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
        if not self.limit:
            return math.inf if self.value > 0 else 1.0
        return self.value / self.limit

    @property
    def broken(self) -> bool:
        """Tell whether the value exceeds the limit by more than rounding."""
        return self.value > self.limit * FITS

    def figures(self) -> tuple[str, str]:
        """Show value and limit with as many digits as tell them apart."""
        for digits in range(4, 13):
            shown = figure(self.value, digits), figure(self.limit, digits)
            if shown[0] != shown[1]:
                return shown
        return figure(self.value), figure(self.limit)


@dataclass(frozen=True)
class Facility:
    """What the plant needs at design load: the values that a site's and a hall's limits are held against.

    `grid_worst_kw`: from the grid, with the one unit out that makes the others lose most. None where it was not worked out,
    because it is not asked for or nothing limits it.
    """

    positions_count: int
    rows_count: int
    free_count: int | None = None
    """Positions of the declared rows that are not blocked."""
    facility_kw: float | None = None
    grid_worst_kw: float | None = None
    heat_kw: float | None = None
    capex_usd: float | None = None
    water_peak_day_m3: float | None = None
    swing_kw: float | None = None
    ramp_kw_per_s: float | None = None
    tray: tuple[str, int] | None = None
    """The row whose cable tray is fullest, and the cables there."""
    chain: tuple[tuple[str, float, float], ...] = ()
    """Units of a declared chain: path, load in its worst outage, and what it carries [kW]."""


def constraints(
    factory: Factory, fabrics: Iterable[FabricPlan], findings: Iterable[Finding], facility: Facility
) -> list[Constraint]:
    """List every declared limit of the whole factory, the size of every network, and what does not fit at all."""
    site, hall = factory.site, factory.hall
    outage = (facility.grid_worst_kw or 0.0) > (facility.facility_kw or 0.0) * FITS
    declared: list[tuple[str, str, str, float | None, float | None, str, str]] = [
        (
            "grid-feed",
            "site.grid_feed",
            "the factory at design load, in its worst single outage, draws" if outage else "the factory at design load draws",
            facility.grid_worst_kw if outage else facility.facility_kw,
            site.grid_feed_kw,
            "kW",
            "a larger feed, fewer nodes, or a cooling plant and UPS that lose less",
        ),
        (
            "heat-rejection",
            "cooling.heat_max",
            "the racks and the electrical rooms give off",
            facility.heat_kw,
            factory.cooling.heat_max_kw,
            "kW",
            "more units to reject heat with, or fewer nodes",
        ),
        (
            "floor-slots",
            "hall.racks",
            "the factory needs",
            facility.positions_count,
            hall.racks if hall.racks is None or facility.free_count is None else min(hall.racks, facility.free_count),
            "racks",
            "more floor positions, or more power a rack where power limits how full racks are",
        ),
        (
            "hall-rows",
            "hall.rows",
            "the factory needs",
            facility.rows_count,
            hall.rows,
            "rows",
            "more rows, more racks a row, or more power a row where its busway is full before its floor",
        ),
        (
            "tray-full",
            "hall.tray_cables_max",
            f"at its fullest place, above row {facility.tray[0] if facility.tray else ''}, a tray holds",
            facility.tray[1] if facility.tray else None,
            hall.tray_cables_max_count,
            "cables",
            "wider trays, or two on top of each other",
        ),
        (
            "budget",
            "budget.capex",
            "the factory costs",
            facility.capex_usd,
            factory.budget.capex_usd,
            "USD",
            "a larger budget, fewer nodes, or an existing hall (hall.construction: construction-none)",
        ),
        (
            "water",
            "site.water_max",
            "on the thirstiest day at design load the factory draws",
            facility.water_peak_day_m3,
            site.water_max_m3_per_day,
            "m3",
            "warmer supply temperatures, dry coolers, or cooling: {dry: true}",
        ),
        (
            "grid-swing",
            "site.swing_max",
            "a synchronous job makes the load swing by",
            facility.swing_kw,
            site.swing_max_kw,
            "kW",
            "a battery system (power.bess), nodes with energy storage, or smaller synchronous jobs",
        ),
        (
            "grid-ramp",
            "site.ramp_max",
            "a synchronous job changes the load by",
            facility.ramp_kw_per_s,
            site.ramp_max_kw_per_s,
            "kW/s",
            "a battery system (power.bess), or slower ramps of the job's power",
        ),
    ]
    found = [
        Constraint(code, path, subject, value, limit, unit, hint)
        for code, path, subject, value, limit, unit, hint in declared
        if limit is not None and value is not None
    ]
    for path, load_kw, limit_kw in facility.chain:
        hint = "a larger or one more unit in this place, or fewer nodes behind it"
        found.append(Constraint("chain-overload", path, "in its worst outage it carries", load_kw, limit_kw, "kW", hint))
    for fabric in fabrics:
        if fabric.hosts_max_count is not None:
            path, subject = f"fabrics.{fabric.name.replace('-', '_')}", f"the {fabric.name} fabric connects"
            more_tiers = fabric.kind == "compute" and factory.fabrics.compute.tiers in (1, 2)
            by_parameters = fabric.recipe is not None and fabric.recipe.population is not None
            hint = "more tiers, or a switch of more ports" if more_tiers else "a switch of more ports"
            hint = "larger parameters" if by_parameters else hint
            found.append(Constraint("fabric-size", path, subject, fabric.hosts, fabric.hosts_max_count, "hosts", hint))
    known = {(each.code, each.path) for each in found}
    for finding in findings:
        # What cannot be built at all has no part in the plan, but it is what stops the factory.
        if finding.severity == "error" and finding.value is not None and finding.limit is not None:
            if (finding.code, finding.path) in known:
                continue
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


def _first_to_bind(limit: Constraint, largest_nodes: Largest) -> tuple[int, float, str, str]:
    """Order limits by the fewest nodes, then by how far they are used up."""
    return largest_nodes(limit), -limit.utilisation_ratio, limit.code, limit.path


def ranked(limits: list[Constraint], largest_nodes: Largest) -> tuple[LimitPlan, ...]:
    """List the limits by the largest factory that keeps them: the first one binds."""
    order = sorted(limits, key=lambda limit: _first_to_bind(limit, largest_nodes))
    return tuple(
        LimitPlan(
            code=each.code,
            path=each.path,
            subject=each.subject,
            value=each.value,
            limit=each.limit,
            unit=each.unit,
            margin=each.limit - each.value,
            largest_nodes_count=largest_nodes(each),
            hint=each.hint,
        )
        for each in order
    )


def binding_constraint(limits: list[Constraint], largest_nodes: Largest) -> BindingConstraint | None:
    """Name the limit that allows the fewest nodes; None if nothing is limited."""
    if not limits:
        return None
    binding = min(limits, key=lambda limit: _first_to_bind(limit, largest_nodes))
    nodes = largest_nodes(binding)
    value, most = binding.figures()
    return BindingConstraint(
        code=binding.code,
        path=binding.path,
        message=f"{binding.path} stops growth at {nodes:,} nodes: {binding.subject} {value} of {most} {binding.unit} now",
        value=binding.value,
        limit=binding.limit,
        unit=binding.unit,
        utilisation_ratio=binding.utilisation_ratio if binding.limit else None,
        largest_nodes_count=nodes,
        hint=binding.hint,
    )


def share_used(limits: Iterable[Constraint], *wanted: tuple[str, str]) -> float:
    """Return how far the fullest of some limits (code, path) is used up: above 1 where one is broken, 0 where none stands."""
    return max((each.utilisation_ratio for each in limits if (each.code, each.path) in wanted), default=0.0)


def of_size(declared: Mapping[str, int], nodes: int) -> dict[str, int]:
    """Share out so many nodes as the declared ones are, at least one of each kind."""
    total = sum(declared.values())
    return {row_id: max(count * nodes // total, 1) for row_id, count in declared.items()}


def most_nodes(
    declared: Mapping[str, int], used: Callable[[dict[str, int]], float], guess: int | None = None, most: int = MOST_NODES
) -> int:
    """Find the most nodes, of all kinds in the declared proportion, that use no more than all of a limit.

    Parameters
    ----------
    declared : mapping
        Node -> how many are declared.
    used : callable
        Node -> how many -> share of the limit that they use. More nodes never use less.
    guess : int, optional
        Where to look first; by default at what is declared.
    most : int
        How far to look.

    Notes
    -----
    What is held against a limit grows nearly in proportion to the nodes, in steps of racks and units: so each look is where the
    straight line through the last two meets the limit, but ever farther from the sizes already judged, and halving is the end.

    Examples
    --------
    Racks of 7 nodes, and 100 racks:

    >>> looks = []
    >>> def used(nodes):
    ...     looks.append(nodes["a"])
    ...     return -(-nodes["a"] // 7) / 100
    >>> most_nodes({"a": 70}, used), len(looks) < 10
    (700, True)
    """
    total, least = sum(declared.values()), len(declared)
    low, high = least - 1, max(most, least) + 1

    size, step = min(max(guess or total, least), high - 1), 1
    before, before_share = 0, 0.0
    while high - low > 1:
        share = used(of_size(declared, size))
        low, high = (size, high) if share <= FITS else (low, size)
        if math.isfinite(share):
            slope = (share - before_share) / (size - before)
            before, before_share = size, share
            target = size + (1 - share) / slope if slope > 0 else float(high)
        else:
            target = float(low)
        step = min(2 * step, (high - low) // 2)
        size = round(min(max(target, low + step), high - step))
    return sum(of_size(declared, low).values()) if low >= least else 0
