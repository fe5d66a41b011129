"""The report's tables as plain values: whole, unrounded, straight from the plan, as CSV and as JSON.

Columns are the plan's own names, which say their unit. `Table.twin` of `planner.report.words` names the twin of a table.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from planner import plan as parts
from planner import plan_facility as facility
from planner.part import Part
from planner.plan import CloudPlan, Plan
from planner.report.facility_view import risks_table
from planner.tabular import csv_text
from planner.units import UNITS, unit_of

__all__ = ["Twin", "twin_files", "twins_of"]


@dataclass(frozen=True)
class Twin:
    """One table: what its rows are, the names of its columns, and its rows."""

    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def twins_of(plan: Plan) -> dict[str, Twin]:
    """List all tables of a plan by the name of their file; tables without rows are left out.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    dict of str to Twin
        In the order of the report.
    """
    found = {
        "summary": Twin("every single number of the plan", ("part", "name", "value", "unit"), tuple(_summary(plan))),
        "limits": _of("every limit, in the order in which they bind", parts.LimitPlan, plan.limits),
        "risks": Twin("what to worry about", ("risk", "how_much"), risks_table(plan).rows),
        "findings": _of("what is broken, and what else to know", parts.Finding, plan.findings),
        "compute": _of("nodes by kind", parts.NodeGroup, plan.compute.groups),
        "fabrics": _of("networks", parts.FabricPlan, plan.fabrics),
        "cables": _joined("cables by network, layer and kind", "fabric", parts.CableGroup, _cables(plan)),
        "racks": _of("racks by use", parts.RackGroup, plan.racks.groups if plan.racks else ()),
        **(_hall(plan.hall) if plan.hall else {}),
        **(_power(plan.power) if plan.power else {}),
        **(_cooling(plan.cooling) if plan.cooling else {}),
        **(_year(plan) if plan.year else {}),
        **(_availability(plan.availability) if plan.availability else {}),
        **_money(plan),
        **(_cloud(plan.cloud) if plan.cloud else {}),
        "assumptions": _of("what was taken for granted", parts.Assumption, plan.assumptions),
    }
    return {name: twin for name, twin in found.items() if twin.rows}


def _summary(plan: Plan) -> Iterator[tuple[str, str, Any, str]]:
    """Go through the numbers and words that are no table, part by part."""
    named: list[tuple[str, Part | None]] = [
        *((name, getattr(plan, name)) for name in ("compute", "racks", "hall", "power", "cooling", "year", "availability")),
        *((name, getattr(plan, name)) for name in ("storage", "cost", "carbon", "cloud", "binding_constraint")),
    ]
    if plan.power is not None:
        named.insert(4, ("power.swing", plan.power.swing))
    if plan.year is not None:
        named.append(("year.weather", plan.year.weather))
    if plan.cloud is not None:
        named += [("cloud.lustre", plan.cloud.lustre), ("cloud.capacity_block", plan.cloud.capacity_block)]
    yield from (("plan", name, getattr(plan, name), "") for name in ("name", "digest", "catalog_version", "schema_version"))
    for where, part in named:
        if part is None:
            continue
        for name in type(part).model_fields:
            value = getattr(part, name)
            texts = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
            if texts or value is None or isinstance(value, str | int | float):
                yield where, name, value, _unit(name)


def _unit(name: str) -> str:
    suffix = unit_of(name)
    return UNITS[suffix][0] if suffix else ""


def _of(says: str, kind: type[Part], rows: Iterable[Part]) -> Twin:
    """Make a table of parts of one kind: plain fields, and those of parts in it (``switches_by_tier_leaf``)."""
    columns = _columns(kind)
    names = tuple("_".join(path) for path in columns)
    return Twin(says, names, tuple(tuple(_at(row, path) for path in columns) for row in rows))


def _columns(kind: type[Part]) -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []
    for name, field in kind.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Part):
            paths += [(name, *path) for path in _columns(inner)]
        elif not _has_tables(inner):
            paths.append((name,))
    return paths


def _has_tables(annotation: Any) -> bool:
    """Tell what fits no cell: maps, and parts in lists or where there may be none."""
    if typing.get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, Part)):
        return True
    return any(map(_has_tables, typing.get_args(annotation)))


def _at(row: Part, path: tuple[str, ...]) -> Any:
    value: Any = row
    for name in path:
        value = getattr(value, name)
    return value


def _joined(says: str, first: str, kind: type[Part], rows: Iterable[tuple[str, Part]]) -> Twin:
    """Make a table of parts of one kind, with the name of what each belongs to in front."""
    names, listed = zip(*rows, strict=True) if (rows := list(rows)) else ((), ())
    twin = _of(says, kind, listed)
    return Twin(says, (first, *twin.columns), tuple((name, *row) for name, row in zip(names, twin.rows, strict=True)))


def _cables(plan: Plan) -> Iterator[tuple[str, Part]]:
    return ((fabric.name, group) for fabric in plan.fabrics for group in fabric.cables)


def _hall(hall: facility.HallPlan) -> dict[str, Twin]:
    positions = zip(range(len(hall.rack_rows)), hall.rack_rows, hall.rack_places, strict=True)
    columns = ("rack_index", "row_index", "place_index")
    return {
        "hall-rows": _of("rows of the hall", facility.RowPlan, hall.rows),
        "rack-positions": Twin("where each rack stands, in the order of the groups of racks", columns, tuple(positions)),
    }


def _power(power: facility.PowerPlan) -> dict[str, Twin]:
    return {
        "operating-points": _of("the plant at four loads", facility.OperatingPoint, power.points),
        "it-by-use": Twin("IT load by use of the racks", ("use", "nameplate_kw"), tuple(power.it_nameplate_by_use_kw.items())),
        "it-loads": _of("IT load by component", facility.ItLoad, power.loads),
        "rack-conversion": _of("Conversion in the racks by kind of node", facility.RackConversion, power.conversions),
        "power-stages": _of("stages of the chain at design load", facility.PowerStagePlan, power.stages),
        "chain": _of("every piece of the chain", facility.ChainUnit, power.chain),
        "feeds": _of("what hangs on the chain", facility.ChainLoad, power.feeds),
        "stranded": _of("capacity by stage", facility.StrandedPlan, power.stranded),
        "caps": _of("all GPUs capped", facility.CapPlan, power.caps),
    }


def _cooling(cooling: facility.CoolingPlan) -> dict[str, Twin]:
    return {
        "loops": _of("loops at the design hour", facility.LoopPlan, cooling.loops),
        "cooling-units": _of("units of the loops", facility.CoolingUnits, cooling.units),
        "trips": _of("time until too warm", facility.TripPlan, cooling.trips),
    }


def _year(plan: Plan) -> dict[str, Twin]:
    year = plan.year
    if year is None:
        return {}
    tonnes: Sequence[float | None] = plan.carbon.by_month_t if plan.carbon else [None] * len(year.peak_by_month_kw)
    months = zip(range(1, 13), year.peak_by_month_kw, tonnes, strict=True)
    by_hour = chain.from_iterable(
        ((month, hour, ratio) for hour, ratio in enumerate(row)) for month, row in enumerate(year.pue_month_by_hour_ratio, 1)
    )
    modes = ((loop, mode, hours) for loop, of_loop in year.mode_hours.items() for mode, hours in of_loop.items())
    last = max(len(year.load_duration_kw) - 1, 1)
    duration = ((number / last, value) for number, value in enumerate(year.load_duration_kw))
    return {
        "energy": _of("energy of the year by category", facility.CategoryYear, year.categories),
        "pue-month-by-hour": Twin("mean PUE of a month at an hour", ("month", "hour", "pue_ratio"), tuple(by_hour)),
        "modes": Twin("hours by loop and mode", ("loop", "mode", "hours"), tuple(modes)),
        "wet-bulb": Twin("hours by wet bulb [C]", ("wet_bulb_c", "hours"), tuple(year.wet_bulb_bin_hours.items())),
        "months": Twin("month by month", ("month", "peak_kw", "operational_t"), tuple(months)),
        "load-duration": Twin(
            "load reached or exceeded in a share of the hours", ("hours_fraction", "facility_kw"), tuple(duration)
        ),
    }


def _availability(found: facility.AvailabilityPlan) -> dict[str, Twin]:
    return {
        "outages": _of("every single outage", facility.Outage, found.outages),
        "double-outages": _of("two at once", facility.Outage, found.double_outages),
        "ranking": _of("what matters most", facility.Importance, found.ranking),
        "cut-sets": _of("minimal cut sets", facility.CutSet, found.cut_sets),
        "reliability": _of("components, MTBF and MTTR", facility.ReliabilityLine, found.components),
    }


def _money(plan: Plan) -> dict[str, Twin]:
    cost = plan.cost
    capex = ((name, total, cost.capex_confidence_by_category.get(name)) for name, total in cost.capex_by_category_usd.items())
    embodied = tuple(plan.carbon.embodied_by_item_t.items()) if plan.carbon else ()
    return {
        "capex": Twin("capital expenditure by category", ("category", "total_usd", "confidence"), tuple(capex)),
        "opex": _of("operating expenditure", facility.OpexLine, cost.opex),
        "redundancy": _of("what redundancy costs and buys", facility.RedundancyStep, cost.redundancy_steps),
        "sensitivities": _of("one input changed, everything recomputed", facility.Sensitivity, cost.sensitivities),
        "bill-of-materials": _of("everything that is bought", facility.BillLine, cost.bill_of_materials),
        "carbon-embodied": Twin("emissions of making equipment", ("item", "embodied_t"), embodied),
    }


def _cloud(cloud: CloudPlan) -> dict[str, Twin]:
    return {
        "machines": _of("machines by use", parts.CloudNodeGroup, cloud.node_groups),
        "subnets": _of("subnets", parts.Subnet, cloud.subnets),
        "buckets": _of("object stores", parts.BucketPlan, cloud.buckets),
        "quotas": _of("service quotas", parts.QuotaPlan, cloud.quotas),
        "cloud-costs": _of("cost of a month of 730 hours", parts.CloudCostLine, cloud.costs),
        "addons": _of("add-ons of the cluster", parts.Addon, cloud.addons),
    }


def twin_files(plan: Plan) -> dict[str, str]:
    """Write every table as CSV and as JSON.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    dict of str to str
        File name -> text: ``limits.csv``, ``limits.json``, ..., and ``index.json``, which says what each of them is. In CSV a
        text that a spreadsheet would read as a formula gets an apostrophe in front; JSON has every text as it is.
    """
    made_from = {"name": plan.name, "digest": plan.digest, "checksum": plan.checksum, "catalog_version": plan.catalog_version}
    files: dict[str, str] = {}
    tables: dict[str, str] = {}
    for name, twin in twins_of(plan).items():
        tables[name] = twin.says
        files[f"{name}.csv"] = csv_text(twin.columns, twin.rows)
        columns = [{"name": column, "unit": _unit(column)} for column in twin.columns]
        rows = [dict(zip(twin.columns, row, strict=True)) for row in twin.rows]
        files[f"{name}.json"] = _json({"table": name, "says": twin.says, "plan": made_from, "columns": columns, "rows": rows})
    files["index.json"] = _json({"plan": made_from, "tables": tables})
    return files


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
