"""Rack elevations as text: every device of every rack with its lowest U, and the U that are free."""

from __future__ import annotations

import csv
import io

from planner.plan import Plan
from planner.steps.elevations import elevations
from planner.tabular import harmless

__all__ = ["COLUMNS", "rack_elevations_csv"]

COLUMNS = ("rack", "use", "rack_height_u", "lowest_u", "height_u", "kind", "device", "item", "hosts")


def rack_elevations_csv(plan: Plan) -> str:
    """Write what stands in every rack as comma-separated values with a header.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    str
        `COLUMNS`: racks by name, in each a line a device from the top downward, and a line of kind ``free`` for every free
        stretch; U 1 is the lowest. What takes no U (most rack PDUs, switches inside a chassis) comes last, without
        `lowest_u`. A text that a spreadsheet would read as a formula gets an apostrophe in front.

    Raises
    ------
    ValueError
        As `planner.steps.elevations.elevations`.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rack in sorted(elevations(plan), key=lambda each: (each.row, each.place)):
        head = (rack.rack, harmless(rack.use), _figure(rack.height_u))
        lines = [
            (device.lowest_u, device.height_u, (device.kind, device.name, device.item, device.hosts)) for device in rack.devices
        ]
        lines += [(lowest_u, height_u, ("free", "", "", "")) for lowest_u, height_u in rack.free]
        for lowest_u, height_u, words in sorted(lines, key=lambda line: -(line[0] or 0.0)):
            at = "" if lowest_u is None else _figure(lowest_u)
            writer.writerow((*head, at, _figure(height_u), *(harmless(word) for word in words)))
    return stream.getvalue()


def _figure(value: float) -> str:
    return f"{round(value, 4):g}"
