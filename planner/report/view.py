"""What a report says: titled rows of text. All rounding and unit display is here (and in `units.figure`)."""

from __future__ import annotations

from dataclasses import dataclass

from planner.plan import Plan
from planner.report.cloud_view import cloud_answers, cloud_tables
from planner.report.words import Table, clean_text, count_text, money_text, percent_text, rate_text, ratio_text
from planner.units import figure

__all__ = [
    "Line",
    "Report",
    "Table",
    "clean_text",
    "count_text",
    "make_report",
    "percent_text",
    "rate_text",
    "ratio_text",
]


# The catalog's media in words that leave a line of 80 columns room for a large factory's numbers.
_MEDIA = {"active-copper": "active", "aoc": "AOC", "multimode": "MMF", "single-mode": "SMF"}


@dataclass(frozen=True)
class Line:
    """One finding: how bad, what, and what helps."""

    severity: str
    text: str
    hint: str


@dataclass(frozen=True)
class Report:
    """Everything a report says, in order: what is broken, the answer, what else to know, the tables."""

    title: str
    verdict: str
    broken: tuple[Line, ...]
    answers: tuple[tuple[str, str], ...]
    remarks: tuple[Line, ...]
    tables: tuple[Table, ...]
    footer: str


def make_report(plan: Plan) -> Report:
    """Choose the words for a plan."""
    lines = [Line(finding.severity, clean_text(finding.message), clean_text(finding.hint)) for finding in plan.findings]
    broken = tuple(line for line in lines if line.severity == "error")
    verdict = f"CANNOT BE BUILT: {_plural(len(broken), 'limit')} broken" if broken else "fits every limit it declares"
    return Report(
        title=clean_text(plan.name),
        verdict=verdict,
        broken=broken,
        answers=_answers(plan),
        remarks=tuple(line for line in lines if line not in broken),
        tables=tuple(table for table in _tables(plan) if table.rows),
        footer=f"catalog {plan.catalog_version}, factory {plan.digest[:12]}, plan schema {plan.schema_version}",
    )


def _tables(plan: Plan) -> list[Table]:
    last = [_assumptions(plan), _sources(plan)]
    if plan.cloud is not None:
        return [_compute(plan), *([_switches(plan)] if plan.fabrics else []), *cloud_tables(plan, plan.cloud), *last]
    return [
        _compute(plan),
        _switches(plan),
        _cables(plan),
        _racks(plan),
        _power(plan),
        _storage(plan),
        _cost(plan),
        _bill(plan),
        *last,
    ]


def _answers(plan: Plan) -> tuple[tuple[str, str], ...]:
    rows = cloud_answers(plan, plan.cloud) if plan.cloud is not None else _hall_answers(plan)
    binding = plan.binding_constraint
    rows.append(
        (
            "Binds",
            clean_text(f"{binding.message}. Relief: {binding.hint}") if binding else "nothing: no limit is declared",
        )
    )
    if plan.factory.description:
        rows.insert(0, ("About", clean_text(plan.factory.description)))
    return tuple(rows)


def _hall_answers(plan: Plan) -> list[tuple[str, str]]:
    compute = plan.compute
    racks, _, power = plan.in_a_hall()
    nodes = ", ".join(f"{group.nodes:,} x {clean_text(group.name)}" for group in compute.groups)
    if compute.hosts != compute.nodes:
        nodes += f" ({compute.hosts:,} hosts)"
    rack_split = ", ".join(f"{group.count:,} {clean_text(group.name)}" for group in racks.groups)
    fabric = next((fabric for fabric in plan.fabrics if fabric.kind == "compute"), None)
    site = plan.factory.site
    rows = [
        ("Site", clean_text(site.country + (f", {site.region}" if site.region else ""))),
        ("GPUs", f"{compute.gpus:,} in {nodes}"),
        (
            "Power",
            f"{_power_text(power.it_nameplate_kw)} IT nameplate, {_power_text(power.it_expected_kw)} expected at work",
        ),
        (
            "Grid",
            f"{_power_text(power.facility_kw)} at nameplate, {_power_text(power.facility_expected_kw)} expected",
        ),
        ("Racks", f"{racks.count:,} ({rack_split})"),
    ]
    if fabric:
        tiers = fabric.switches_by_tier
        parts = [
            f"{count:,} {name}" for name, count in (("leaf", tiers.leaf), ("spine", tiers.spine), ("core", tiers.core)) if count
        ]
        switches = "switch" if tiers.total() == 1 else "switches"
        ratio, bisection = ratio_text(fabric.oversubscription_ratio), rate_text(fabric.bisection_gbit_per_s)
        rows.append(("Fabric", f"{' + '.join(parts)} {switches}, {ratio}, {bisection} bisection one way"))
    rows.append(("Capex", f"{money_text(plan.cost.capex_usd)} USD"))
    return rows


def _compute(plan: Plan) -> Table:
    compute = plan.compute
    rows = [
        (
            clean_text(group.name),
            clean_text(group.gpu),
            f"{group.nodes:,}",
            f"{group.hosts:,}",
            f"{group.gpus:,}",
            "-" if group.power_max_kw is None else figure(group.power_max_kw),
        )
        for group in compute.groups
    ]
    note = f"{figure(compute.bf16_dense_pflops)} PFLOPS BF16 dense, {figure(compute.gpu_memory_tb)} TB of GPU memory"
    return Table(
        "Compute",
        ("Node", "GPU", "Nodes", "Hosts", "GPUs", "Max kW"),
        tuple(rows),
        frozenset({2, 3, 4, 5}),
        note,
    )


def _switches(plan: Plan) -> Table:
    rows = []
    for fabric in plan.fabrics:
        tiers = fabric.switches_by_tier
        planes = f" x {fabric.planes}" if fabric.planes > 1 and fabric.kind != "scale-up" else ""
        rows.append(
            (
                clean_text(fabric.name),
                clean_text(fabric.switch or (f"{fabric.chips_count:,} chips" if fabric.chips_count else "direct")),
                f"{figure(fabric.link_gbit_per_s)}{planes}",
                count_text(tiers.leaf),
                count_text(tiers.spine),
                count_text(tiers.core),
                ratio_text(fabric.oversubscription_ratio),
                figure(fabric.bisection_gbit_per_s / 1000),
                count_text(fabric.ports_free_count),
            )
        )
    note = (
        "Link: Gbit/s one way (x planes). Bisect: bisection bandwidth in Tbit/s, one way, over all hosts; of one domain for"
        " scale-up, whose switches are chips inside the node. Free: leaf ports."
    )
    columns = ("Fabric", "Switch", "Link", "Leaf", "Spine", "Core", "Over", "Bisect", "Free")
    return Table("Fabrics", columns, tuple(rows), frozenset({2, 3, 4, 5, 6, 7, 8}), note)


def _cables(plan: Plan) -> Table:
    rows = [
        (
            clean_text(fabric.name),
            group.layer.replace("_", "-"),
            clean_text(group.cable or "none fits"),
            _MEDIA.get(group.medium, group.medium),
            count_text(group.count),
            figure(group.length_max_m),
            figure(group.length_total_m),
        )
        for fabric in plan.fabrics
        for group in fabric.cables
    ]
    note = (
        "Counted at the switch's port rate: a port broken out in two carries two links in one cable. Active: copper with"
        " electronics in its plugs; AOC: optical with fixed plugs; MMF, SMF: transceivers and multimode or single-mode fibre."
        " Max and sum: of the lengths to order."
    )
    columns = ("Fabric", "Layer", "Kind", "Medium", "Count", "Max m", "Sum m")
    return Table("Cables", columns, tuple(rows), frozenset({4, 5, 6}), note)


def _racks(plan: Plan) -> Table:
    racks, _, _ = plan.in_a_hall()
    rows = [
        (
            clean_text(group.name),
            f"{group.count:,}",
            f"{group.items_per_rack_count:,}",
            clean_text(group.limited_by),
            figure(group.power_per_rack_max_kw),
            figure(group.weight_per_rack_max_kg),
            f"{group.pdus_per_rack_count:,}",
        )
        for group in racks.groups
    ]
    note = "A rack: pieces of its main kind, what limits them, most power and weight (rack included), and PDUs."
    columns = ("Racks", "Count", "Pieces", "Limit", "kW", "kg", "PDUs")
    return Table("Racks", columns, tuple(rows), frozenset({1, 2, 4, 5, 6}), note)


def _power(plan: Plan) -> Table:
    _, _, power = plan.in_a_hall()
    rows = [("grid", "", _kw(power.facility_kw), "")]
    for stage in power.stages:
        rows.append(
            (
                clean_text(stage.stage),
                clean_text(stage.name),
                _kw(-stage.loss_kw),
                percent_text(stage.efficiency_fraction),
            )
        )
        if stage.stage == "transformer":
            rows.append(("cooling", "", _kw(-power.cooling_kw), ""))
    rows += [("IT at the racks", "", _kw(power.it_nameplate_kw), "")]
    rows += [(f"  {name}", "", _kw(value), "") for name, value in power.it_nameplate_by_use_kw.items() if value]
    note = (
        f"At nameplate. Design PUE {figure(power.design_pue_ratio, 3)}; heat: {figure(power.heat_air_kw)} kW by air,"
        f" {figure(power.heat_liquid_kw)} kW by liquid."
    )
    return Table(
        "Power, from the grid to the racks",
        ("Stage", "Equipment", "kW", "Efficiency"),
        tuple(rows),
        frozenset({2, 3}),
        note,
    )


def _storage(plan: Plan) -> Table:
    storage = plan.storage
    if not storage.systems:
        return Table("Storage", (), ())
    row = (
        f"{storage.systems:,}",
        figure(storage.capacity_tb),
        figure(storage.read_gbyte_per_s),
        figure(storage.write_gbyte_per_s),
    )
    return Table("Storage", ("Systems", "TB", "Read Gbyte/s", "Write Gbyte/s"), (row,), frozenset({0, 1, 2, 3}))


def _cost(plan: Plan) -> Table:
    cost = plan.cost
    rows = [
        (name, figure(total), percent_text(total / cost.capex_usd if cost.capex_usd else 0.0, 1))
        for name, total in cost.capex_by_category_usd.items()
    ]
    rows.append(("capital expenditure", figure(cost.capex_usd), ""))
    return Table(
        "Cost",
        ("Category", "USD", "Share"),
        tuple(rows),
        frozenset({1, 2}),
        "List or street prices; see the sources below.",
    )


def _bill(plan: Plan) -> Table:
    rows = [
        (
            clean_text(line.item),
            figure(line.quantity) + (" kW" if line.unit == "kW" else ""),
            "no price" if line.price_usd is None else figure(line.price_usd, 5),
            figure(line.total_usd),
        )
        for line in plan.cost.bill_of_materials
    ]
    return Table(
        "Bill of materials",
        ("Item", "Count", "USD each", "USD"),
        tuple(rows),
        frozenset({1, 2, 3}),
        "",
    )


def _assumptions(plan: Plan) -> Table:
    rows = [
        (clean_text(each.path), clean_text(each.statement))
        for each in plan.assumptions
        if not each.path.startswith("catalog.") or each.path.endswith(".override")
    ]
    return Table("Assumptions: what the file leaves open", ("Path", "Read as"), tuple(rows))


def _sources(plan: Plan) -> Table:
    rows: dict[tuple[str, str], list[str]] = {}
    for each in plan.assumptions:
        if each.path.startswith("catalog.") and not each.path.endswith(".override"):
            _, kind, row_id = each.path.split(".", 2)
            rows.setdefault((each.confidence, kind.replace("_", " ")), []).append(clean_text(row_id))
    ordered = sorted(rows.items(), reverse=True)
    table = tuple((confidence, kind, ", ".join(ids)) for (confidence, kind), ids in ordered)
    note = "Secondary: seen in a copy or another's text. Assumption: estimated. Why and where: groundplan catalog show ID."
    return Table(
        "Catalog rows in use that are not the maker's own figures",
        ("Grade", "Kind", "Rows"),
        table,
        note=note,
    )


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _power_text(kilowatts: float) -> str:
    return f"{figure(kilowatts / 1000, 3)} MW" if kilowatts >= 1000 else f"{figure(kilowatts, 3)} kW"


def _kw(kilowatts: float) -> str:
    return f"{kilowatts:,.1f}"
