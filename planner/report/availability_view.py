"""What a report says of availability: minutes a year, what fails how often, what matters, and every outage's cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from planner.plan_facility import AvailabilityPlan, Outage
from planner.report.words import Table, clean_text, count_text, duration_text, names_text, nines_text, percent_text
from planner.units import figure

__all__ = ["availability_tables", "worst_first"]


def availability_tables(availability: AvailabilityPlan) -> list[Table]:
    """Lay out the availability tables."""
    return [
        _summary(availability),
        _outages(availability.outages, "Availability: every single outage (N-1)", "outages", 16),
        _outages(availability.double_outages, "Availability: two at once (N-2)", "double-outages", 10),
        _ranking(availability),
        _cut_sets(availability),
        _components(availability),
        _sources(availability),
    ]


def _summary(availability: AvailabilityPlan) -> Table:
    rack, factory = availability.rack_availability_fraction, availability.factory_availability_fraction
    rows = [
        ("A rack", nines_text(rack), duration_text(availability.rack_minutes_per_year)),
        ("  without power", "", duration_text(availability.rack_power_minutes_per_year)),
        ("  without cooling", "", duration_text(availability.rack_cooling_minutes_per_year)),
        ("Every rack up", nines_text(factory), duration_text(availability.factory_minutes_per_year)),
    ]
    if availability.concurrently_maintainable:
        note = "Every component can be taken out for maintenance while all racks run."
    else:
        note = f"Racks stop for the maintenance of: {names_text(availability.not_maintainable, 12)}."
    note += " A rack without power is often one without cooling, so that the two overlap."
    note += " Cooling that falls short by 5 % or less slows racks down and stops none."
    columns = ("", "Available", "Out in a year")
    title = "Availability: power and cooling of the racks"
    return Table(title, columns, tuple(rows), frozenset({1, 2}), note, twin="summary")


def worst_first(outages: Iterable[Outage]) -> list[Outage]:
    """Order outages: first those that stop most, then those that throttle, overload, or leave without a spare."""
    return sorted(
        outages,
        key=lambda each: (-each.gpus_lost, -each.racks_lost, -each.gpus_throttled, -each.fullest_ratio, -each.racks_at_risk),
    )


def _outages(outages: tuple[Outage, ...], title: str, twin: str, most: int) -> Table:
    rows = []
    for outage in worst_first(outages):
        out = " + ".join(map(clean_text, outage.components))
        rows.append(
            (
                out + (f" (x {outage.like_count:,})" if outage.like_count > 1 else ""),
                "-" if outage.fullest in ("", *outage.components) else clean_text(outage.fullest),
                "-" if outage.fullest in ("", *outage.components) else percent_text(outage.fullest_ratio, 0),
                count_text(outage.racks_lost),
                count_text(outage.gpus_lost),
                count_text(outage.gpus_throttled),
                count_text(outage.racks_at_risk),
                clean_text(outage.note),
            )
        )
    note = (
        "Out (x how many are alike): the unit that is then fullest, and how full (over 100 %: overloaded); racks and GPUs that"
        " stop, GPUs that are throttled, racks whose next fault stops them. Worst first."
    )
    columns = ("Out", "Fullest", "Full", "Racks", "GPUs", "Throttled", "At risk", "What happens")
    return Table(title, columns, tuple(rows), frozenset({2, 3, 4, 5, 6}), note, most=most, twin=twin)


def _ranking(availability: AvailabilityPlan) -> Table:
    rows = [
        (
            clean_text(each.name),
            percent_text(each.fussell_vesely_fraction, 1),
            figure(each.birnbaum_ratio, 3),
            duration_text(each.minutes_per_year),
        )
        for each in sorted(availability.ranking, key=lambda each: -each.fussell_vesely_fraction)
    ]
    note = (
        "Share (Fussell-Vesely): of a rack's time out that goes through the component. Birnbaum: how much sooner a rack is out"
        " where it is sure to be down. Minutes: failures and planned maintenance."
    )
    columns = ("Component", "Share", "Birnbaum", "Minutes a year")
    title = "Availability: what matters most"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3}), note, most=12, twin="ranking")


def _cut_sets(availability: AvailabilityPlan) -> Table:
    rows = [
        (" + ".join(map(clean_text, each.components)), f"{_order(each.components)}", duration_text(each.minutes_per_year))
        for each in sorted(availability.cut_sets, key=lambda each: -each.minutes_per_year)
    ]
    note = (
        "Smallest sets of components whose failure together stops a rack, and how long that lasts in a year, without what is"
        " planned for maintenance. Size: components,"
        " or common causes, that must be out together (2 of 3: any two)."
    )
    columns = ("Out together", "Size", "In a year")
    title = "Availability: minimal cut sets"
    return Table(title, columns, tuple(rows), frozenset({1, 2}), note, most=12, twin="cut-sets")


def _order(components: Sequence[str]) -> int:
    """Count what must be out together: of "2 of 3 of these" two, of all else one."""
    return sum(int(some[1]) if (some := re.match(r"(\d+) of \d+ ", each)) else 1 for each in components)


def _components(availability: AvailabilityPlan) -> Table:
    rows = [
        (
            clean_text(each.name),
            f"{each.count:,}",
            figure(each.mtbf_hours),
            figure(each.mttr_hours),
            nines_text(each.availability_fraction),
            percent_text(each.beta_fraction, 1),
            each.confidence,
        )
        for each in availability.components
    ]
    note = "One component each. Beta: the share of its failures that take its like with it (common cause). Sources below."
    columns = ("Component", "No", "MTBF h", "MTTR h", "Available", "Beta", "Grade")
    title = "Availability: components"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3, 4, 5}), note, most=24, twin="reliability")


def _sources(availability: AvailabilityPlan) -> Table:
    found: dict[tuple[str, str], list[str]] = {}
    for each in availability.components:
        items = found.setdefault((each.confidence, clean_text(each.source_url)), [])
        if clean_text(each.item) not in items:
            items.append(clean_text(each.item))
    rows = [(grade, ", ".join(items), source) for (grade, source), items in sorted(found.items(), reverse=True)]
    columns = ("Grade", "Rows of the catalog", "Source")
    return Table("Availability: where MTBF and MTTR are from", columns, tuple(rows), twin="reliability")
