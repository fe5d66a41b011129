"""What the arguments of `groundplan fabric` name: networks, parts, patterns, hosts; a wrong name ends with exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.shell import read_text_file, refuse

if TYPE_CHECKING:
    import numpy as np

    from planner.plan import FabricPlan, Plan
    from topologies.fabric import Fabric
    from topologies.routes import Routes
    from topologies.routing import Tables

__all__ = [
    "MOST_FLOWS",
    "damaged_fabric",
    "dead_parts",
    "endpoint_named",
    "fabric_named",
    "hosts_named",
    "jobs_in",
    "pairs_in",
    "pattern_named",
    "placement_of",
    "planned_fabric",
    "router_by",
    "size_in_bytes",
    "tables_by",
]

MOST_FLOWS = 4_000_000
JOINED = "joined"  # the compute fabric with the scale-up domains on it


def fabric_named(plan: Plan, name: str) -> Fabric:
    """Build one of the plan's networks; a name that is none ends with exit code 2."""
    from planner.fabrics import fabric_of, joined_fabric

    if name != JOINED:
        return fabric_of(planned_fabric(plan, name))
    try:
        return joined_fabric(plan)
    except ValueError as error:
        refuse(f"the plan's fabrics cannot be joined: {error}", "name one of them")


def planned_fabric(plan: Plan, name: str) -> FabricPlan:
    """Find one of the plan's networks; a name that is none ends with exit code 2."""
    from planner.errors import did_you_mean

    name = "compute" if name == JOINED else name
    known = {each.name: each for each in plan.fabrics if each.recipe is not None}
    if name not in known:
        joined = [JOINED] if {"compute", "scale-up"} <= known.keys() else []
        refuse(f"the plan has no {name} fabric", did_you_mean(name, [*known, *joined]))
    return known[name]


def dead_parts(fabric: Fabric, named: Sequence[str]) -> tuple[list[int], list[int]]:
    """Find the cables and vertices that are named as dead."""
    import numpy as np

    from planner.errors import did_you_mean

    cables: list[int] = []
    vertices: list[int] = []
    columns, hosts = fabric.cables, fabric.endpoints.host_names
    for each in named:
        thing, _, number = each.rpartition(":")
        if thing == "plane" and number.isdecimal():
            of_plane = (fabric.switches.plane == int(number)).nonzero()[0] + fabric.endpoint_count
            if not len(of_plane):
                refuse(f"the fabric has no plane {number}", f"planes: 0 to {int(fabric.switches.plane.max())}")
            vertices += of_plane.tolist()
        elif each in fabric.vertex_by_name:
            vertices.append(fabric.vertex_by_name[each])
        elif thing in fabric.vertex_by_name and number.isdecimal():
            vertex, port = fabric.vertex_by_name[thing], int(number)
            ends = ((columns.a == vertex) & (columns.a_port == port)) | ((columns.b == vertex) & (columns.b_port == port))
            if not ends.any():
                refuse(f"port {port} of {thing} has no cable", "name a port that is in use")
            cables.append(int(np.flatnonzero(ends)[0]))
        elif each in hosts:
            vertices += np.flatnonzero(fabric.endpoints.host == hosts.index(each)).tolist()
        else:
            refuse(f"'{each}' is nothing in this fabric", did_you_mean(thing or each, [*fabric.names, *hosts]))
    return cables, vertices


def damaged_fabric(fabric: Fabric, lose: Sequence[str] | None) -> Fabric:
    """Return the fabric without what is named as dead."""
    cables, vertices = dead_parts(fabric, lose or [])
    return fabric.without(cables, vertices) if cables or vertices else fabric


def endpoint_named(fabric: Fabric, name: str) -> int:
    """Find an endpoint; a name that is none ends with exit code 2."""
    from planner.errors import did_you_mean

    vertex = fabric.vertex_by_name.get(name, fabric.endpoint_count)
    if vertex >= fabric.endpoint_count:
        refuse(f"'{name}' is no endpoint", did_you_mean(name, fabric.endpoints.names))
    return vertex


def tables_by(fabric: Fabric, routing: str | None, damaged: bool) -> Tables:
    """Make forwarding tables as asked; a damaged fabric of tiers goes up and down."""
    from planner.errors import did_you_mean
    from topologies.routing import ROUTINGS, default_routing

    if routing is None:
        if not damaged:
            return default_routing(fabric)
        routing = "up-down" if len(fabric.tiers) > 1 and fabric.topology != "dragonfly-plus" else "minimal"
    if routing not in ROUTINGS:
        refuse(f"'{routing}' is no engine", did_you_mean(routing, ROUTINGS))
    try:
        return ROUTINGS[routing](fabric)
    except ValueError as error:
        refuse(f"{routing} cannot route this fabric: {error}", f"other engines: {', '.join(ROUTINGS)}")


def router_by(fabric: Fabric, routing: str | None, seed: int, damaged: bool) -> tuple[Callable[[Any, Any], Routes], str]:
    """Return what routes flows from sources to destinations as asked, its tables made once; and how it does."""
    from topologies.routes import ecmp, spray, walk

    if routing == "ecmp":
        return lambda source, target: ecmp(fabric, source, target, seed=seed), routing
    if routing == "spray":
        return lambda source, target: spray(fabric, source, target), routing
    tables = tables_by(fabric, routing, damaged)
    return lambda source, target: walk(fabric, tables, source, target), tables.engine


def pattern_named(fabric: Fabric, text: str, seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Make the flows of a pattern written as NAME or NAME:ARGUMENT, between the nodes' NICs."""
    import numpy as np

    from topologies import traffic

    kind, _, argument = text.partition(":")
    nics = np.flatnonzero(np.isin(fabric.endpoints.kind, (0, 3)))
    rng = np.random.default_rng(seed)
    if len(nics) < 2 and kind != "file":
        refuse(f"a pattern needs two ports of nodes, this fabric has {len(nics)}", "choose another network with --fabric")
    number = int(argument) if argument.isdecimal() else 0
    if kind == "pairs" and number > MOST_FLOWS:
        refuse(f"{number:,} flows are too many (most: {MOST_FLOWS:,})", "draw fewer pairs")
    if kind == "shift" and number and number % len(nics) == 0:
        refuse(f"shift:{number} of {len(nics)} ports sends each to itself", "choose another shift")
    if kind == "all-to-all" and not argument:
        if len(nics) ** 2 > MOST_FLOWS:
            refuse(
                f"{len(nics) * (len(nics) - 1):,} flows are too many (most: {MOST_FLOWS:,})", "choose shift:1 or permutation"
            )
        source, target = traffic.all_to_all(len(nics))
    elif kind == "shift" and number:
        source, target = traffic.shift(len(nics), number)
    elif kind == "permutation" and not argument:
        source, target = traffic.permutation(len(nics), rng)
    elif kind == "pairs" and number:
        source, target = traffic.random_pairs(len(nics), number, rng)
    elif kind == "rail-rings" and not argument:
        return traffic.rail_rings(fabric)
    elif kind == "file" and argument:
        return pairs_in(fabric, Path(argument))
    elif kind == "incast" and argument:
        to = endpoint_named(fabric, argument)
        senders = nics[nics != to]
        return senders, np.full_like(senders, to)
    else:
        known = "all-to-all, shift:N, permutation, incast:NAME, pairs:N, rail-rings or file:PAIRS.csv"
        refuse(f"'{text}' is no pattern", f"write {known}")
    return nics[source], nics[target]


def pairs_in(fabric: Fabric, path: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Read flows from lines of SOURCE,DESTINATION; a wrong line ends with exit code 2."""
    import numpy as np

    from planner.errors import did_you_mean

    hint = "write lines of SOURCE,DESTINATION, such as n0000-nic0,n0001-nic0"
    pairs: list[tuple[int, int]] = []
    for number, line in enumerate(read_text_file(path).splitlines(), start=1):
        names = [each.strip() for each in line.split(",")]
        if not any(names):
            continue
        if len(names) != 2:
            refuse(f"{path}, line {number}: not two names", hint)
        source, target = (fabric.vertex_by_name.get(each, fabric.endpoint_count) for each in names)
        if max(source, target) >= fabric.endpoint_count:
            wrong = names[0] if source >= fabric.endpoint_count else names[1]
            refuse(f"{path}, line {number}: '{wrong}' is no endpoint", did_you_mean(wrong, fabric.endpoints.names))
        if source == target:
            refuse(f"{path}, line {number}: {names[0]} is both ends", "name two endpoints")
        pairs.append((source, target))
    if not pairs:
        refuse(f"{path} names no pair", hint)
    both = np.array(pairs, dtype=np.int64)
    return both[:, 0], both[:, 1]


def placement_of(fabric: Fabric, hosts: str | None) -> np.ndarray[Any, Any]:
    """List the accelerators' ports of some hosts, or of all."""
    import numpy as np

    ends = fabric.endpoints
    nics = np.flatnonzero(np.isin(ends.kind, (0, 3)))
    if hosts is None:
        return nics
    return nics[np.isin(ends.host[nics], hosts_named(fabric, hosts))]


def hosts_named(fabric: Fabric, text: str) -> list[int]:
    """Find the hosts of a list such as n[0000-0031]."""
    from planner.errors import did_you_mean
    from topologies.formats.hostlist import expand

    known = {name: number for number, name in enumerate(fabric.endpoints.host_names)}
    try:
        names = expand(text)
    except ValueError as error:
        refuse(f"'{text}' is no list of hosts: {error}", "write n0003 or n[0000-0031,0040]")
    unknown = [name for name in names if name not in known]
    if unknown:
        refuse(f"'{unknown[0]}' is no host of this fabric", did_you_mean(unknown[0], known))
    return [known[name] for name in names]


def jobs_in(fabric: Fabric, path: Path | None) -> dict[str, list[int]]:
    """Read running jobs and their hosts from a JSON file."""
    if path is None:
        return {}
    hint = 'write {"job": "n[0000-0031]"}'
    try:
        data = json.loads(read_text_file(path))
    except ValueError as error:
        refuse(f"{path} is no JSON: {error}", hint)
    if not isinstance(data, dict) or not all(isinstance(each, str | list) for each in data.values()):
        refuse(f"{path} is no map from jobs to hosts", hint)
    return {
        job: hosts_named(fabric, given if isinstance(given, str) else ",".join(map(str, given))) for job, given in data.items()
    }


def size_in_bytes(text: str) -> float:
    """Read a size such as 1 GB."""
    from planner.units import QuantityError, parse_quantity

    try:
        size = parse_quantity(text, "gb") * 1e9
    except QuantityError as error:
        refuse(f"--size {text}: {error}", error.hint or "write '1 GB' or '256 MB'")
    if size <= 0:
        refuse(f"--size {text}: nothing is sent", "write '1 GB' or '256 MB'")
    return size
