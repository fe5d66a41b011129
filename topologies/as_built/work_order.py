"""The work order: what somebody does in the hall so that the fabric becomes the designed one, rack by rack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from topologies.as_built.differences import Action, Differences, End
from topologies.fabric import Fabric

__all__ = ["WorkRow", "work_order", "work_order_lines"]


class WorkRow(NamedTuple):
    """One physical action.

    Attributes
    ----------
    number : int
        From 1, in the order of rack, device and port.
    rack, device, port
        Where the cable is, or what is looked for (port 0: the device itself; rack "": unknown).
    action : str
        "move", "exchange" (the plugs in two ports), "plug in", "remove", "replace", "find node", "unplug node", "rename node".
    to_rack, to_device, to_port
        Where the plug goes, with which port it is exchanged, or the cable's other end; "" and 0 where there is none.
    cable : str
        The cable's label by the design, or as it is where the design has none.
    reason : str
        The difference that this sets right.
    after : tuple of int
        Numbers of the rows that must be done before, because they free the port or come first in a round of exchanges.
    """

    number: int
    rack: str
    device: str
    port: int
    action: str
    to_rack: str
    to_device: str
    to_port: int
    cable: str
    reason: str
    after: tuple[int, ...] = ()


def work_order(
    differences: Differences, fabric: Fabric, rack_of: Mapping[str, str] | None = None, *, harmless: bool = False
) -> list[WorkRow]:
    """List the fewest actions that turn the fabric as built into the designed one.

    Parameters
    ----------
    differences : Differences
        As `topologies.diff.compare` returns them.
    fabric : Fabric
        The design.
    rack_of : mapping of str to str, optional
        Racks by the names of switches, hosts or endpoints. An unknown node is where its first cable ends.
    harmless : bool
        Also sort the cables inside bundles between the same two devices.

    Returns
    -------
    list of WorkRow
        By rack, device and port. Followed in any order that keeps `WorkRow.after`, no plug ever goes into a port that is not
        free, and nothing differs at the end (or, without `harmless`, only what is harmless).

    References
    ----------
    ANSI/TIA-606-D, Administration Standard for Telecommunications Infrastructure: work orders name both ends and the cable.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> from topologies.diff import compare
    >>> from topologies.links import Links, links_of
    >>> fabric = fat_tree(32, 8, radix=64)
    >>> design = links_of(fabric)
    >>> wrong = design.links[0]._replace(b_port=33)  # where the first uplink belongs, which is not there
    >>> found = Links(design.nodes, (wrong, *design.links[1:256], *design.links[257:]), design.switches)
    >>> for row in work_order(compare(fabric, found), fabric, {"su00-rail0-leaf": "A07"}):
    ...     print(row.number, row.rack, row.device, row.port, row.action, row.to_device, row.to_port, row.after)
    1 A07 su00-rail0-leaf 33 move su00-rail0-leaf 1 ()
    2 A07 su00-rail0-leaf 33 plug in spine00 1 (1,)
    """
    racks = rack_of or {}
    host = dict(zip(fabric.endpoints.names, (fabric.endpoints.host_names[each] for each in fabric.endpoints.host), strict=True))

    def rack(device: str) -> str:
        return racks.get(device) or racks.get(host.get(device, ""), "")

    steps = [
        _Step(action, each.text, _rank(each.category, action.kind), action.kind == "exchange" and action.at == before.at)
        for each in differences.items
        if harmless or each.category != "harmless"
        for before, action in zip((Action("", ("", 0)), *each.actions), each.actions, strict=False)
    ]
    places = [step.action.to if step.action.kind == "unplug node" and step.action.to else step.action.at for step in steps]
    order = sorted(
        range(len(steps)),
        key=lambda each: (rack(places[each][0]), *places[each], steps[each].rank, not steps[each].action.frees, each),
    )
    number = {each: position + 1 for position, each in enumerate(order)}
    before = _before(steps)
    rows = []
    for each in order:
        action, (device, port) = steps[each].action, places[each]
        to_device, to_port = action.to if action.to and action.kind != "unplug node" else ("", 0)
        after = tuple(sorted(number[other] for other in before[each]))
        where = (rack(device), device, port, action.kind, rack(to_device), to_device, to_port)
        rows.append(WorkRow(number[each], *where, action.cable, steps[each].reason, after))
    return rows


@dataclass(frozen=True)
class _Step:
    action: Action
    reason: str
    rank: int
    """Cables are first put in place, then replaced, then sorted inside bundles."""
    chained: bool
    """Comes after the step before it."""


def _rank(category: str, kind: str) -> int:
    return 2 if category == "harmless" else 1 if kind == "replace" else 0


def _before(steps: Sequence[_Step]) -> list[set[int]]:
    """Tell for every step which others must be done before."""
    frees: dict[End, int] = {}
    touches: dict[End, list[int]] = {}
    for number, step in enumerate(steps):
        action = step.action
        frees.update(dict.fromkeys(action.frees, number))
        for end in {action.at, *((action.to,) if action.to else ()), *action.frees, *action.fills}:
            touches.setdefault(end, []).append(number)
    result = []
    for number, step in enumerate(steps):
        needed = {frees[end] for end in step.action.fills if end in frees}
        needed |= {other for end in step.action.needs for other in touches.get(end, ()) if steps[other].rank < step.rank}
        if step.chained:
            needed.add(number - 1)
        result.append(needed - {number})
    return result


def work_order_lines(rows: Sequence[WorkRow]) -> list[str]:
    r"""Write a work order for paper or a terminal, by rack.

    Parameters
    ----------
    rows : sequence of WorkRow
        As `work_order` returns them.

    Returns
    -------
    list of str
        A heading a rack, then its actions with a box to tick.

    Examples
    --------
    >>> row = WorkRow(1, "A07", "leaf", 33, "move", "A07", "leaf", 1, "n0:1 <-> leaf:1", "n0:1 is in leaf:33", (3,))
    >>> print("\n".join(work_order_lines([row])))
    1 action
    <BLANKLINE>
    Rack A07
      [ ] 1. move the plug in leaf:33 to leaf:1 (after 3)
            n0:1 is in leaf:33
    """
    result = [f"{len(rows):,} action{'s' * (len(rows) != 1)}"] if rows else ["Nothing to do."]
    width = len(str(len(rows)))
    rack = None
    for row in rows:
        if row.rack != rack:
            rack = row.rack
            result += ["", f"Rack {rack}" if rack else "Rack not known"]
        after = f" (after {', '.join(map(str, row.after))})" if row.after else ""
        result += [f"  [ ] {row.number:>{width}}. {_sentence(row)}{after}", f"      {' ' * width} {row.reason}"]
    return result


def _sentence(row: WorkRow) -> str:
    at = f"{row.device}:{row.port}" if row.port else row.device
    to = f"{row.to_device}:{row.to_port}" if row.to_port else row.to_device
    elsewhere = f" (rack {row.to_rack})" if row.to_rack and row.to_rack != row.rack else ""
    return {
        "move": f"move the plug in {at} to {to}{elsewhere}",
        "exchange": f"exchange the plugs in {at} and {to}{elsewhere}",
        "plug in": f"plug in a cable from {at} to {to}{elsewhere}",
        "remove": f"remove the cable from {at} to {to}{elsewhere}",
        "replace": f"clean, reseat or replace the cable from {at} to {to}{elsewhere}",
        "find node": f"find {at}",
        "unplug node": f"unplug what is in {at}, or find out what it is",
        "rename node": f"name {at} {to}",
    }[row.action]
