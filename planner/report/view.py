"""What a report says: titled rows of text. All rounding and unit display is here (and in `units.figure`)."""

from __future__ import annotations

from dataclasses import dataclass

from planner.plan import Plan
from planner.report.cloud_view import cloud_answers, cloud_tables
from planner.report.facility_view import basis_table, facility_answers, facility_tables, risks_table
from planner.report.limits_view import limits_table, next_limits
from planner.report.words import Table, clean_text, count_text, percent_text, rate_text, ratio_text
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
        fabrics = [_switches(plan)] if plan.fabrics else []
        return [limits_table(plan), _compute(plan), *fabrics, *cloud_tables(plan, plan.cloud), *last]
    return [
        limits_table(plan),
        risks_table(plan),
        basis_table(plan),
        _compute(plan),
        _switches(plan),
        _cables(plan),
        _racks(plan),
        _storage(plan),
        *facility_tables(plan),
        *last,
    ]


def _answers(plan: Plan) -> tuple[tuple[str, str], ...]:
    rows = cloud_answers(plan, plan.cloud) if plan.cloud is not None else facility_answers(plan)
    binding = plan.binding_constraint
    text = clean_text(f"{binding.message}. Relief: {binding.hint}") if binding else "nothing: no limit is declared"
    rows.append(("Binds", text))
    if after := next_limits(plan):
        rows.append(("Then", after))
    if plan.factory.description:
        rows.insert(0, ("About", clean_text(plan.factory.description)))
    return tuple(rows)


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
        twin="compute",
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
    return Table("Fabrics", columns, tuple(rows), frozenset({2, 3, 4, 5, 6, 7, 8}), note, twin="fabrics")


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
    return Table("Cables", columns, tuple(rows), frozenset({4, 5, 6}), note, twin="cables")


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
    return Table("Racks", columns, tuple(rows), frozenset({1, 2, 4, 5, 6}), note, twin="racks")


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
    return Table("Storage", ("Systems", "TB", "Read Gbyte/s", "Write Gbyte/s"), (row,), frozenset({0, 1, 2, 3}), twin="summary")


def _assumptions(plan: Plan) -> Table:
    rows = [
        (clean_text(each.path), clean_text(each.statement))
        for each in plan.assumptions
        if not each.path.startswith("catalog.") or each.path.endswith(".override")
    ]
    return Table("Assumptions: what the file leaves open", ("Path", "Read as"), tuple(rows), twin="assumptions")


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
        twin="assumptions",
    )


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
