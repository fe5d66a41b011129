"""How often each class of equipment fails: rows of the catalog, and a CDU from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import Reliability
from planner.models.diagrams import Gate, diagram
from planner.models.importance import birnbaum, mean_times
from planner.models.reliability import common_cause_unavailability, unavailability
from planner.steps.notes import Notes

__all__ = ["Rates", "rates_of"]

HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True)
class Rates:
    """Failures, repair and maintenance of one unit of a class."""

    name: str
    mtbf_hours: float
    mttr_hours: float
    start_failure_fraction: float
    beta_fraction: float
    maintenance_fraction: float
    confidence: str
    source_url: str


def rates_of(stage: str, item: str, catalog: Catalog, notes: Notes) -> Rates | None:
    """Find the rates of a class; None: it is no equipment at all and never fails.

    The row of the item itself counts before that of its stage (or role).
    """
    if item.endswith("-none"):
        return None
    rows = {row.id: row for row in catalog.all(Reliability)}
    row = rows.get(item) or rows.get(stage)
    if row is not None:
        notes.assume_row("reliability", row)
        return Rates(
            name=row.name,
            mtbf_hours=row.mtbf_hours,
            mttr_hours=row.mttr_hours,
            start_failure_fraction=row.start_failure_fraction,
            beta_fraction=row.beta_fraction,
            maintenance_fraction=min(row.maintenance_hours_per_year / HOURS_PER_YEAR, 1.0),
            confidence=row.confidence,
            source_url=row.source_url,
        )
    if stage == "cdu":
        return _cdu(rows["cdu-pump"], rows["cdu-controller"], notes)
    notes.warn(
        "no-reliability",
        f"availability.{stage}",
        f"the catalog does not say how often a {stage} fails; it is taken to fail never",
        f"add a row {stage} to reliability.csv of your own catalog",
    )
    return None


def _cdu(pump: Reliability, controller: Reliability, notes: Notes) -> Rates:
    """Make the rates of a CDU: two pumps of which one is enough, what the pumps have in common, and the controller."""
    notes.assume_row("reliability", pump)
    notes.assume_row("reliability", controller)
    notes.assume(
        "availability.cdu",
        "no public table covers CDUs: one works while one of its two pumps and its controller do; what fails all CDUs together"
        " is the controller's common cause",
        confidence="assumption",
    )
    beta = pump.beta_fraction
    # A rate that is split leaves the repair time as it is: two pumps, their common cause, the controller.
    splits = [1 - beta, 1 - beta, beta]
    mtbf = [pump.mtbf_hours / split if split > 0 else float("inf") for split in splits] + [controller.mtbf_hours]
    mttr = [pump.mttr_hours] * 3 + [controller.mttr_hours]
    graph = diagram(4, [Gate(1, (0, 1)), Gate(3, (-1, 2, 3))])
    mtbf_hours, mttr_hours = mean_times(graph, mtbf, mttr)
    own, common = common_cause_unavailability(pump.mtbf_hours, pump.mttr_hours, beta)
    weights = birnbaum(graph, [own, own, common, unavailability(controller.mtbf_hours, controller.mttr_hours)])
    maintained_hours = (
        pump.maintenance_hours_per_year * float(weights[0] + weights[1])
        + controller.maintenance_hours_per_year * float(weights[3])
    )  # fmt: skip
    return Rates(
        name="CDU (two pumps, one is enough; controller)",
        mtbf_hours=mtbf_hours,
        mttr_hours=mttr_hours,
        start_failure_fraction=0.0,
        beta_fraction=controller.beta_fraction,
        maintenance_fraction=min(maintained_hours / HOURS_PER_YEAR, 1.0),
        confidence="assumption",
        source_url=controller.source_url,
    )
