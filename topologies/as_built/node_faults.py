"""Differences of whole nodes: misnamed, missing, unknown."""

from __future__ import annotations

from topologies.as_built.built import Built
from topologies.as_built.cable_faults import counted
from topologies.as_built.differences import Action, Difference
from topologies.as_built.matchings import mates
from topologies.as_built.misnamed import PORT, SHIFT, misnamed_nodes
from topologies.as_built.names import did_you_mean, host_of
from topologies.fabric import NONE

__all__ = ["misnamed", "missing_nodes", "unknown_nodes"]

_HINTS_MOST = 25


def misnamed(case: Built, items: list[Difference]) -> None:
    """Report nodes in the place of others, and go on as if they had the right names."""
    really = misnamed_nodes(case.fabric, mates(case.designed.values()), [ends[:2] for ends in case.found], case.nodes)
    if not really:
        return
    groups: dict[tuple[str, str], list[int]] = {}
    for vertex in sorted(really, key=lambda each: (really[each], each)):
        was = case.device(vertex) if vertex < case.fabric.vertex_count else host_of(case.nodes[vertex])
        groups.setdefault((was, case.device(really[vertex])), []).append(vertex)
    cables = case.found_at()
    for (was, name), vertices in groups.items():
        found = dict.fromkeys(cable for vertex in vertices for cable in cables[vertex])
        known = vertices[0] < case.fabric.vertex_count
        raw = was if known else case.nodes[vertices[0]] if len(vertices) == 1 else f"{was} ({len(vertices)} adapters)"
        target = name if known or len(vertices) > 1 else case.name(really[vertices[0]])
        text = f"what calls itself {raw} is cabled exactly as {target} should be"
        fix = f"name it {target}; or, if the box itself is in the wrong place, exchange the boxes"
        if not known:
            fix = f"name it {target}, if it is that device; or put the right one there"
        items.append(
            Difference(
                "misnamed_node",
                (raw if known else case.nodes[vertices[0]], target),
                text,
                fix,
                (),
                tuple(case.link((one, other), rate) for one, other, rate in found),
                (Action("rename node", (raw, 0), (target, 0)),),
                tuple((case.nodes[vertex], case.name(really[vertex])) for vertex in vertices),
            )
        )
        for vertex in vertices:
            case.unknown.pop(case.nodes[vertex], None)

    def renamed(end: int) -> int:
        return really.get(end >> SHIFT, end >> SHIFT) << SHIFT | end & PORT

    case.found = [(renamed(one), renamed(other), rate) for one, other, rate in case.found]
    case.nodes = {really.get(vertex, vertex): name for vertex, name in case.nodes.items()}


def missing_nodes(case: Built, missing: set[int], items: list[Difference]) -> None:
    """Report what was not found, hosts as a whole; endpoints that only missing switches connect go with the first of these."""
    fabric = case.fabric
    cables: dict[int, list[int]] = {}
    for cable, ends in case.designed.items():
        for end in ends:
            if end >> SHIFT in missing:
                cables.setdefault(end >> SHIFT, []).append(cable)
    behind: dict[int, int] = {}  # endpoint -> switch
    followers_of: dict[int, list[int]] = {}
    for vertex, of_vertex in cables.items():
        switches = {case.designed[cable][1] >> SHIFT for cable in of_vertex}
        if vertex < fabric.endpoint_count and switches <= missing:
            behind[vertex] = min(switches)
            followers_of.setdefault(min(switches), []).append(vertex)
    whole: dict[int, set[int]] = {}  # NICs that should be found, by host
    for ends in case.designed.values():
        if (vertex := ends[0] >> SHIFT) < fabric.endpoint_count:
            whole.setdefault(int(fabric.endpoints.host[vertex]), set()).add(vertex)
    groups: dict[tuple[int, ...], list[int]] = {}
    for vertex in sorted(missing - behind.keys()):
        host = int(fabric.host_of_vertex[vertex])
        groups.setdefault((host,) if host != NONE and len(whole[host]) > 1 else (NONE, vertex), []).append(vertex)
    for key, vertices in groups.items():
        name = case.device(vertices[0]) if len(vertices) > 1 else case.name(vertices[0])
        of_host = (
            f"{len(vertices)} of the {len(whole[key[0]])} NICs of "
            if len(vertices) > 1 and len(vertices) < len(whole[key[0]])
            else ""
        )
        followers = sorted(follower for vertex in vertices for follower in followers_of.get(vertex, ()))
        of_group = sorted({cable for vertex in vertices for cable in cables[vertex]})
        fills = [end for cable in of_group for end in case.designed[cable] if end >> SHIFT not in missing]
        text = f"{of_host}{name} {'were' if of_host else 'was'} not found ({counted(len(of_group), 'cable')})"
        if followers:
            text += f", nor what only it connects ({counted(len(followers), 'endpoint')}, first {case.name(followers[0])})"
        action = Action("find node", (name, 0), fills=tuple(map(case.end, fills)))
        fix = f"find {of_host}{name}: no power, another name, or none of its cables plugged in"
        items.append(Difference("missing_node", (name,), text, fix, tuple(map(case.design, of_group)), (), (action,)))


def unknown_nodes(case: Built, missing: set[int], items: list[Difference]) -> None:
    """Report what the design does not know, hosts as a whole, and what may be meant."""
    first = case.fabric.vertex_count
    groups: dict[str, list[int]] = {}
    for vertex in sorted(vertex for vertex in case.nodes if vertex >= first):
        groups.setdefault(host_of(case.nodes[vertex]), []).append(vertex)
    cables = case.found_at() if groups else {}
    told: set[tuple[int, int, float | None]] = set()  # cables between two unknown nodes are told once
    gone = list(dict.fromkeys(case.device(vertex) for vertex in sorted(missing)))
    for number, (host, vertices) in enumerate(groups.items()):
        found = list(dict.fromkeys(cable for vertex in vertices for cable in cables[vertex] if cable not in told))
        told.update(found)
        ports = sorted({end for both in found for end in both[:2]})
        known = [end for end in ports if end >> SHIFT < first]
        name = case.nodes[vertices[0]] if len(vertices) == 1 else f"{host} ({len(vertices)} adapters)"
        why = next((case.unknown[case.nodes[vertex]] for vertex in vertices if case.unknown[case.nodes[vertex]]), "")
        hint = did_you_mean(host, gone) if number < _HINTS_MOST and not why else ""
        at = f", the first in {case.text(known[0])}" if known else ""
        text = f"{name!r} is not in the design ({counted(len(found), 'cable')}{at})"
        text += f": {why}" if why else f": did you mean {hint}?" if hint else ""
        action = Action("unplug node", (name, 0), case.end(known[0]) if known else None, frees=tuple(map(case.end, ports)))
        links = tuple(case.link((one, other), rate) for one, other, rate in found)
        items.append(
            Difference(
                "unknown_node",
                tuple(case.nodes[vertex] for vertex in vertices),
                text,
                "unplug it, add it to the design, or map its name",
                (),
                links,
                (action,),
            )
        )
