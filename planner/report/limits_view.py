"""What a report says of limits: what each allows, which one stops growth first, and what relieving it buys."""

from __future__ import annotations

from typing import Any

from planner.plan import LimitPlan, Plan
from planner.report.words import Table, clean_text, count_text, percent_text
from planner.units import figure

__all__ = ["headroom_data", "headroom_tables", "limits_table", "next_limits"]

ENDLESS_NODES = 1_000_000
"""More than a factory may declare: a limit that allows this many does not stop it."""
NO_LIMIT = "no limit is declared: nothing stops growth but what the file does not say"


def limits_table(plan: Plan) -> Table:
    """Lay out every limit, broken ones first, then by how many nodes it allows."""
    ordered = sorted(plan.limits, key=lambda limit: limit.margin >= 0)
    rows = [
        (
            clean_text(limit.path),
            *_pair(limit),
            clean_text(limit.unit),
            _used(limit),
            figure(limit.margin),
            _nodes(limit.largest_nodes_count),
        )
        for limit in ordered
    ]
    note = (
        f"{'' if plan.cloud else 'At design load. '}Left: margin in the limit's unit, negative where it is broken."
        f" Nodes: the most that keep it, {plan.compute.nodes:,} now. What relief buys: groundplan headroom PLAN."
    )
    columns = ("Limit", "Value", "Allows", "Unit", "Used", "Left", "Nodes")
    return Table("Limits", columns, tuple(rows), frozenset({1, 2, 4, 5, 6}), note, most=20, twin="limits")


def _pair(limit: LimitPlan) -> tuple[str, str]:
    """Show value and limit with as many digits as tell them apart."""
    for digits in range(4, 13):
        shown = figure(limit.value, digits), figure(limit.limit, digits)
        if shown[0] != shown[1]:
            return shown
    return figure(limit.value), figure(limit.limit)


def _used(limit: LimitPlan) -> str:
    return percent_text(limit.value / limit.limit, 1) if limit.limit else "-"


def _nodes(nodes: int) -> str:
    return "no end" if nodes >= ENDLESS_NODES else f"{nodes:,}"


def next_limits(plan: Plan, most: int = 2) -> str:
    """Name the limits that bind after the first one; empty where there are none."""
    return ", ".join(
        f"{clean_text(limit.path)} at {_nodes(limit.largest_nodes_count)} nodes" for limit in plan.limits[1 : 1 + most]
    )


def headroom_data(plan: Plan) -> dict[str, Any]:
    """Say of every limit how many more nodes fit, and how many more relieving it buys.

    Parameters
    ----------
    plan : Plan
        A plan; its limits are in the order in which they bind.

    Returns
    -------
    dict
        `nodes_count` now; `binds`, the path of the first limit, or None; and `limits`, each as in the plan and with
        `more_nodes_count` (negative where it is broken) and `relief_nodes_count`: nodes gained when it goes and all before it
        are gone. None: nothing else stops growth. Neither is counted for a limit that no factory can reach.
    """
    limits = []
    for limit, after in zip(plan.limits, [*plan.limits[1:], None], strict=False):
        largest = limit.largest_nodes_count
        endless = largest >= ENDLESS_NODES
        then = None if after is None or after.largest_nodes_count >= ENDLESS_NODES else after.largest_nodes_count
        limits.append(
            {
                **limit.model_dump(mode="json"),
                "more_nodes_count": None if endless else largest - plan.compute.nodes,
                "relief_nodes_count": None if endless or then is None else then - largest,
            }
        )
    first = plan.limits[0].path if plan.limits else None
    return {"name": plan.name, "nodes_count": plan.compute.nodes, "binds": first, "limits": limits}


def headroom_tables(plan: Plan) -> tuple[Table, ...]:
    """Lay out how much more fits until each limit binds."""
    data = headroom_data(plan)
    nodes = f"{plan.compute.nodes:,} ({plan.compute.gpus:,} GPUs)"
    if not plan.limits:
        why = "a cloud's quotas are in the report" if plan.cloud is not None else "declare some: site.grid_feed, hall.racks"
        none = (("Nodes now", nodes), ("Binds", f"{NO_LIMIT} ({why})"))
        return (Table(f"Headroom of {clean_text(plan.name)}", ("", ""), none),)
    first, found = plan.limits[0], data["limits"][0]
    answers = (
        ("Nodes now", nodes),
        ("Binds first", clean_text(f"{first.path}: {_more(found['more_nodes_count'])}")),
        ("", clean_text(f"{first.subject} {_pair(first)[0]} of {_pair(first)[1]} {first.unit}")),
        ("Relief", clean_text(first.hint) or "-"),
        ("It buys", _bought(plan, found["relief_nodes_count"])),
    )
    rows = [
        (
            clean_text(limit.path),
            *_pair(limit),
            clean_text(limit.unit),
            _nodes(limit.largest_nodes_count),
            "-" if each["more_nodes_count"] is None else f"{each['more_nodes_count']:+,}",
            "-" if each["relief_nodes_count"] is None else f"{each['relief_nodes_count']:+,}",
        )
        for limit, each in zip(plan.limits, data["limits"], strict=True)
    ]
    hints = [(clean_text(limit.path), clean_text(limit.hint)) for limit in plan.limits if limit.hint]
    note = (
        "In the order in which they bind. Nodes: the most that keep the limit; more: than now. Relief buys: nodes gained when"
        " this limit goes and those above it are gone; a dash: no other limit is left."
    )
    columns = ("Limit", "Value", "Allows", "Unit", "Nodes", "More", "Relief buys")
    return (
        Table(f"Headroom of {clean_text(plan.name)}", ("", ""), answers),
        Table("Limits", columns, tuple(rows), frozenset({1, 2, 4, 5, 6}), note, twin="limits"),
        Table("What relieves them", ("Limit", "Relief"), tuple(hints), twin="limits"),
    )


def _more(nodes: int | None) -> str:
    if nodes is None:
        return "no factory is large enough to reach it"
    if nodes < 0:
        return f"broken, {-nodes:,} nodes too many"
    return f"{count_text(nodes) if nodes else 'no'} more node{'' if nodes == 1 else 's'} fit{'s' if nodes == 1 else ''}"


def _bought(plan: Plan, nodes: int | None) -> str:
    if nodes is None:
        return "all the growth there is: no other limit is left"
    then = plan.limits[1]
    if nodes == 0:
        return f"nothing alone: {clean_text(then.path)} binds at the same {_nodes(then.largest_nodes_count)} nodes"
    text = f"{nodes:,} node{'' if nodes == 1 else 's'}"
    return f"{text}, until {clean_text(then.path)} binds at {_nodes(then.largest_nodes_count)}"
