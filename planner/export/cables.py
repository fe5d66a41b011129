"""The cable schedule: every cable of a plan, as CSV and as a workbook, written from the plan alone."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from planner.fabrics import fabric_of
from planner.plan import CableKind, FabricPlan, Plan
from planner.steps.cabling import MOST_LINKS, by_dearness, lay_cables
from planner.steps.layout import Layout, layout_of
from planner.tabular import harmless
from topologies.fabric import ENDPOINT_KINDS, NONE, Fabric

__all__ = ["COLUMNS", "cable_schedule", "cable_schedule_csv", "cable_schedule_xlsx", "lengths_to_order"]

COLUMNS = (
    *("fabric", "label", "a_device", "a_port", "a_rack", "b_device", "b_port", "b_rack", "layer", "plane", "rail"),
    *("length_m", "cable", "cable_number", "medium", "a_optics", "b_optics", "share_fraction", "a_power_w", "b_power_w"),
    *("price_usd", "bundle"),
)
"""What a row says; a is the lower end. Links of one broken-out port run in one cable: they have one `cable_number` (from 1 in
each network), and each its share of watts and price. Labels are the fabric's own names, as in all other exports; devices are
what stands in the racks (the third manager port of a fabric, ``mgr02``, is the second appliance's)."""

ORDER_COLUMNS = ("fabric", "layer", "cable", "medium", "length_m", "count", "total_m", "price_usd")
NO_CABLE = "none fits"
_WORDS = {"host": "n", "pdu": "pdu"}
_ENDS = {"copper": "plug", "active-copper": "active plug", "aoc": "fixed transceiver"}
_MOST_ROWS = 1_048_575  # of a worksheet, beside its header
_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no time zone; fixed, so that the same plan gives the same bytes

Column = list[Any]


def cable_schedule(plan: Plan) -> dict[str, Column]:
    """List every link of a plan's networks with the cable that carries it.

    Parameters
    ----------
    plan : Plan
        A plan; its kinds of cables are in it, the catalog is not needed.

    Returns
    -------
    dict of str to list
        `COLUMNS`, all of the same length, network by network in the order of the links. Node ends of optics draw their
        watts from the node's nameplate, all other ends from a switch.

    Raises
    ------
    ValueError
        If a network has more than `MOST_LINKS` links, whose cables the plan estimates only.
    """
    layout, kinds = layout_of(plan), {kind.id: kind for kind in plan.cable_kinds}
    schedule: dict[str, Column] = {name: [] for name in COLUMNS}
    cabled = [planned for planned in plan.fabrics if planned.switch is not None and planned.recipe is not None]
    for planned in cabled:
        if planned.links_by_layer.total() > MOST_LINKS:
            raise ValueError(f"the {planned.name} network has more than {MOST_LINKS:,} links: no schedule is written for it")
    fabrics = [fabric_of(planned) for planned in cabled]
    switches = [name for built in fabrics for name in built.switches.names]
    for planned, built in zip(cabled, fabrics, strict=True):
        used = by_dearness(kinds[row_id] for row_id in {group.cable for group in planned.cables if group.cable})
        for name, column in _rows(planned, built, used, layout, switches).items():
            schedule[name] += column
    return schedule


def _rows(
    planned: FabricPlan, built: Fabric, kinds: list[CableKind], layout: Layout, switches: Sequence[str]
) -> dict[str, Column]:
    laid = lay_cables(planned, built, kinds, layout)
    cables = built.cables.take(laid.link)
    a, b = cables.a.tolist(), cables.b.tolist()
    a_port, b_port = cables.a_port.tolist(), cables.b_port.tolist()
    names = built.names
    devices, tails = _devices(planned, built, switches)
    ports = _port_names(planned, built, tails)
    of_kind = [*kinds, None]  # the last one is that of NO_KIND
    chosen = [of_kind[number] for number in laid.kind.tolist()]
    share = (1 / laid.links_of_cable()).tolist()
    at_node = laid.at_node.tolist()
    power_w = [kind.power_per_end_w * part if kind else 0.0 for kind, part in zip(chosen, share, strict=True)]
    rack_a, rack_b = laid.a.rack, laid.b.rack
    racks = np.array(layout.names, dtype=object)
    ids = [kind.id if kind else NO_CABLE for kind in chosen]
    ends = zip(racks[rack_a].tolist(), racks[rack_b].tolist(), ids, strict=True)
    return {
        "fabric": [planned.name] * len(a),
        "label": [f"{names[a]}:{p} <-> {names[b]}:{q}" for a, p, b, q in zip(a, a_port, b, b_port, strict=True)],
        "a_device": [devices[vertex] for vertex in a],
        "a_port": [ports(vertex, port) for vertex, port in zip(a, a_port, strict=True)],
        "a_rack": racks[rack_a].tolist(),
        "b_device": [devices[vertex] for vertex in b],
        "b_port": [ports(vertex, port) for vertex, port in zip(b, b_port, strict=True)],
        "b_rack": racks[rack_b].tolist(),
        "layer": [built.layers[layer] for layer in cables.layer.tolist()],
        "plane": _or_nothing(cables.plane.tolist()),
        "rail": _or_nothing(cables.rail.tolist()),
        "length_m": laid.length_m.tolist(),
        "cable": ids,
        "cable_number": (laid.cable + 1).tolist(),
        "medium": [kind.medium if kind else "" for kind in chosen],
        "a_optics": [
            _end(kind, 1 if node else planned.ports_per_cage_count) for kind, node in zip(chosen, at_node, strict=True)
        ],
        "b_optics": [_end(kind, planned.ports_per_cage_count) for kind in chosen],
        "share_fraction": share,
        "a_power_w": power_w,
        "b_power_w": power_w,
        "price_usd": [
            kind.price_usd * part if kind and kind.price_usd is not None else None
            for kind, part in zip(chosen, share, strict=True)
        ],
        "bundle": [f"{min(a, b)}-{max(a, b)}/{kind}" for a, b, kind in ends],
    }


def _or_nothing(numbers: list[int]) -> Column:
    return [None if number == NONE else number for number in numbers]


def _devices(planned: FabricPlan, built: Fabric, switches: Sequence[str]) -> tuple[list[str], list[str]]:
    """Name the device of every vertex, and the port of every endpoint: the network's links of a device are counted from 0.

    A fabric knows no servers, and counts what has other numbers of links than its hosts as so many hosts: what is really
    there is in the plan's list of what is attached.
    """
    endpoints = built.endpoints
    devices = [endpoints.host_names[host] for host in endpoints.host.tolist()]
    tails = [name[len(device) + 1 :] for name, device in zip(endpoints.names, devices, strict=True)]
    for code, kind in enumerate(ENDPOINT_KINDS):
        rows = iter(np.flatnonzero(endpoints.kind == code).tolist())
        for each in planned.attached:
            if each.endpoint != kind:
                continue
            for number, row in zip(range(each.links), rows, strict=False):
                device = number * each.count // each.links
                index, before = each.first + device, -(-device * each.links // each.count)
                if each.kind == "switch":
                    devices[row] = switches[min(index, len(switches) - 1)]
                elif each.kind == "site":
                    devices[row] = "site"
                else:
                    devices[row] = f"{_WORDS.get(each.kind, f'{each.item}-')}{index:04d}"
                tails[row] = f"{tails[row].rstrip('0123456789')}{number - before}"
    return [*devices, *built.switches.names], tails


def _port_names(planned: FabricPlan, built: Fabric, tails: Sequence[str]) -> Callable[[int, int], str]:
    """Name ports as they are found on the device: ``nic3`` (``nic3/2`` of several), ``17``, ``9/2`` of a port broken out."""
    own = built.ports_used[: built.endpoint_count].tolist()
    of_port = planned.links_per_port

    def name(vertex: int, port: int) -> str:
        if vertex < len(own):
            return tails[vertex] if own[vertex] == 1 else f"{tails[vertex]}/{port}"
        return str(port) if of_port == 1 else f"{(port - 1) // of_port + 1}/{(port - 1) % of_port + 1}"

    return name


def _end(kind: CableKind | None, of_cage: int) -> str:
    """Say what is plugged in at an end."""
    if kind is None:
        return ""
    what = _ENDS.get(kind.medium, "transceiver")
    return f"{what}, 1/{of_cage}" if of_cage > 1 else what


def lengths_to_order(schedule: dict[str, Column]) -> dict[str, Column]:
    """Count the cables of a schedule by network, layer, kind and length.

    Parameters
    ----------
    schedule : dict of str to list
        From `cable_schedule`.

    Returns
    -------
    dict of str to list
        `ORDER_COLUMNS`; links that share a cable count as one.
    """
    keys = zip(*(schedule[name] for name in ORDER_COLUMNS[:5]), strict=True)
    of_cable: dict[tuple[str, int], tuple[Any, ...]] = {}  # the links of a cable may be of two layers: the first one counts
    counts: Counter[tuple[Any, ...]] = Counter()
    prices: dict[tuple[Any, ...], float] = {}
    for key, number, price in zip(keys, schedule["cable_number"], schedule["price_usd"], strict=True):
        first = of_cable.get((key[0], number))
        if first is None:
            first = of_cable[key[0], number] = key
            counts[key] += 1
        if price is not None:
            prices[first] = prices.get(first, 0.0) + price
    order: dict[str, Column] = {name: [] for name in ORDER_COLUMNS}
    for key in sorted(counts):
        row = (*key, counts[key], counts[key] * key[4], prices.get(key))
        for name, value in zip(ORDER_COLUMNS, row, strict=True):
            order[name].append(value)
    return order


def _cells(schedule: dict[str, Column]) -> Iterator[tuple[Any, ...]]:
    """Go through a schedule row by row, numbers rounded to what they mean."""
    digits = {"share_fraction": 4, "a_power_w": 3, "b_power_w": 3, "price_usd": 2}

    def rounded(name: str) -> Column:
        if name not in digits:
            return schedule[name]
        return [None if value is None else round(value, digits[name]) for value in schedule[name]]

    return zip(*(rounded(name) for name in schedule), strict=True)


def cable_schedule_csv(plan: Plan) -> str:
    """Write the cable schedule as comma-separated values with a header.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    str
        `COLUMNS`, a line a link. A text that a spreadsheet would read as a formula (it begins with ``=``, ``+``, ``-``,
        ``@``, a tab or a return) gets an apostrophe in front.

    Raises
    ------
    ValueError
        As `cable_schedule`.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in row] for row in _cells(cable_schedule(plan)))
    return stream.getvalue()


def cable_schedule_xlsx(plan: Plan) -> bytes:
    """Write the cable schedule as a workbook: what to order on the first sheet, every cable on the second.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    bytes
        An Office Open XML workbook, the same for the same plan. Texts are written as texts, never as formulas.

    Raises
    ------
    ValueError
        As `cable_schedule`, and if there are more links than a worksheet has rows.
    ImportError
        If xlsxwriter is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise ImportError("a workbook needs the extra 'xlsx': pip install 'groundplan[xlsx]'") from error
    schedule = cable_schedule(plan)
    if len(schedule["label"]) > _MOST_ROWS:
        raise ValueError(f"a worksheet holds {_MOST_ROWS:,} cables, the plan has more: write CSV")
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Cable schedule of {plan.name}", "created": _CREATED})
    for title, columns in (("Order", lengths_to_order(schedule)), ("Cables", schedule)):
        sheet = book.add_worksheet(title)
        head = book.add_format({"bold": True})
        rows = len(next(iter(columns.values())))
        for number, name in enumerate(columns):
            sheet.set_column(number, number, max(len(name), *(len(str(cell)) for cell in columns[name][:200])) + 2)
            sheet.write_string(0, number, name, head)
        for number, row in enumerate(_cells(columns), 1):
            sheet.write_row(number, 0, row)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows, len(columns) - 1)
    book.close()
    return stream.getvalue()
