"""`groundplan fabric ...`: the plan's networks measured, broken, routed, loaded, and compared with what was built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.fabric_words import (
    MOST_FLOWS,
    damaged_fabric,
    dead_parts,
    endpoint_named,
    fabric_named,
    jobs_in,
    pattern_named,
    placement_of,
    planned_fabric,
    router_by,
    size_in_bytes,
    tables_by,
)
from planner.shell import keep_input, read_plan_file, read_text_file, refuse, say, show_tables, write_file, write_folder

if TYPE_CHECKING:
    from planner.report.words import Table
    from topologies.collectives import CollectiveTime
    from topologies.fabric import Fabric
    from topologies.routes import Routes

__all__ = ["export_fabric", "fabric_app"]

fabric_app = typer.Typer(
    help="Measure, break, route and load the plan's networks; compare them with what was built.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PlanFile = Annotated[
    Path, typer.Argument(metavar="PLAN", help="A plan, as written by: groundplan plan FILE -o PLAN", show_default=False)
]
Name = Annotated[
    str,
    typer.Option(
        "--fabric", metavar="NAME", help="compute, storage, in-band, out-of-band, scale-up, or joined (compute with scale-up)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lose = Annotated[
    list[str] | None,
    typer.Option(
        "--lose",
        metavar="WHAT",
        help="What is dead: a switch, host or endpoint (spine03), a cable by one end (spine03:17), plane:N. May be repeated.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn by chance.")]
Draw = Annotated[Path | None, typer.Option("--draw", metavar="OUT.svg", help="Draw a picture into this file.")]
Engine = Annotated[
    str | None,
    typer.Option(
        "--routing", metavar="ENGINE", help="An engine of `fabric routes`, ecmp or spray. Default: as the family wants."
    ),
]
Pattern = Annotated[
    str,
    typer.Option(
        metavar="PATTERN",
        help="What is sent: all-to-all, shift:N, permutation, incast:NAME, pairs:N, rail-rings or file:PAIRS.csv.",
    ),
]
Size = Annotated[str, typer.Option("--size", metavar="SIZE", help="Bytes of each flow, such as '1 GB' or '256 MB'.")]


@fabric_app.command()
def show(file: PlanFile, name: Name = "compute", as_json: Json = False, draw: Draw = None) -> None:
    """Show what a network is worth: counts, oversubscription, bisection, distances, free ports, room to grow."""
    from topologies.measure import measure

    keep_input(file, draw)
    fabric = fabric_named(read_plan_file(file), name)
    found = measure(fabric)
    if draw is not None:
        from topologies.drawing import draw_fabric

        write_file(draw, draw_fabric(fabric))
    if as_json:
        from planner.report.fabric_view import measures_data

        _print_json(measures_data(found))
        return
    from planner.report.fabric_view import measures_tables

    _print(measures_tables(found))


@fabric_app.command()
def failures(
    file: PlanFile,
    name: Name = "compute",
    lose: Lose = None,
    random_cables: Annotated[int, typer.Option(min=0, help="So many cables drawn by chance are dead.")] = 0,
    random_switches: Annotated[int, typer.Option(min=0, help="So many switches drawn by chance are dead.")] = 0,
    seed: Seed = 0,
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="JOBS.json", help='Running jobs and their hosts: {"train": "n[0000-0031]", "eval": ["n0040"]}'),
    ] = None,
    bisection: Annotated[
        bool, typer.Option("--bisection", help="Also what passes between the first and the second half of the hosts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell what losing any one component costs, or what is left when several are lost together, and whom it hits."""
    fabric = fabric_named(read_plan_file(file), name)
    running = jobs_in(fabric, jobs)
    if not lose and not random_cables and not random_switches:
        if jobs is not None:
            refuse("--jobs needs something that is lost", "name it with --lose, or draw it with --random-cables")
        _one_by_one(fabric, bisection, as_json)
        return
    import numpy as np

    from planner.report.fabric_view import loss_data, loss_table
    from topologies.failures import lose as lost

    cables, vertices = dead_parts(fabric, lose or [])
    rng = np.random.default_rng(seed)
    for what, most, count in (
        ("cables", len(fabric.cables), random_cables),
        ("switches", fabric.switch_count, random_switches),
    ):
        if count > most:
            refuse(f"{count} {what} cannot be lost: the {name} fabric has {most}", "")
    cables += rng.choice(len(fabric.cables), random_cables, replace=False).tolist()
    vertices += (fabric.endpoint_count + rng.choice(fabric.switch_count, random_switches, replace=False)).tolist()
    loss = lost(fabric, cables=sorted(set(cables)), vertices=sorted(set(vertices)), jobs=running, with_bisection=bisection)
    names = [fabric.name(vertex) for vertex in sorted(set(vertices))] + [fabric.label(cable) for cable in sorted(set(cables))]
    if as_json:
        _print_json(loss_data(names, loss, fabric.endpoints.host_names, fabric.endpoints.names))
    else:
        _print([loss_table(names, loss, fabric.endpoints.host_names)])


def _one_by_one(fabric: Fabric, bisection: bool, as_json: bool) -> None:
    from planner.report.fabric_view import losses_data, losses_table
    from topologies.n_minus_1 import n_minus_1

    rows = n_minus_1(fabric, with_bisection=bisection)
    if as_json:
        _print_json(losses_data(rows, fabric.endpoints.host_names, fabric.endpoints.names))
    else:
        _print([losses_table(rows)])


@fabric_app.command()
def routes(
    file: PlanFile,
    name: Name = "compute",
    routing: Annotated[
        str | None, typer.Option(metavar="ENGINE", help="How tables are made. Default: as the family wants.")
    ] = None,
    pattern: Pattern = "all-to-all",
    lose: Lose = None,
    source: Annotated[str | None, typer.Option("--from", metavar="NAME", help="Show the way from this endpoint ...")] = None,
    target: Annotated[str | None, typer.Option("--to", metavar="NAME", help="... to this one.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make forwarding tables and tell how evenly they load the links, what they do not reach, and whether they can lock up."""
    from topologies.routes import walk
    from topologies.traffic import balance, link_loads, unreachable_pairs

    if (source is None) != (target is None):
        refuse("a way has two ends", "give both --from and --to")
    if source is not None and pattern != "all-to-all":
        refuse("a way is of one flow: --pattern would change nothing", "leave out --pattern, or --from and --to")
    fabric = damaged_fabric(fabric_named(read_plan_file(file), name), lose)
    flows = None if pattern == "all-to-all" else pattern_named(fabric, pattern, seed)
    tables = tables_by(fabric, routing, damaged=bool(lose))
    if source is not None and target is not None:
        way = walk(fabric, tables, [endpoint_named(fabric, source)], [endpoint_named(fabric, target)])
        _print_way(fabric, source, target, way, as_json)
        return
    from planner.report.fabric_view import routes_tables
    from topologies.deadlock import credit_loop

    loads = link_loads(fabric, tables, flows)
    loop = credit_loop(fabric, tables)
    leave, _ = fabric.channel_ends()
    waiting = None if loop is None else [fabric.name(int(leave[channel])) for channel, _ in loop]
    shares, apart = balance(fabric, loads), unreachable_pairs(fabric, tables)
    if as_json:
        from planner.report.fabric_view import routes_data

        _print_json(routes_data(tables.engine, pattern, shares, apart, waiting))
        return
    _print(routes_tables(tables.engine, pattern, shares, apart, waiting))


@fabric_app.command()
def flows(
    file: PlanFile,
    name: Name = "compute",
    pattern: Pattern = "permutation",
    size: Size = "1 GB",
    routing: Engine = None,
    lose: Lose = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Tell how long flows take that share the network, and which links hold them back."""
    plan = read_plan_file(file)
    fabric = damaged_fabric(fabric_named(plan, name), lose)
    size_byte = size_in_bytes(size)
    from planner.report.fabric_view import flows_data, flows_tables
    from topologies.flows import allocate, completion_times, slowdowns

    source, target = pattern_named(fabric, pattern, seed)
    if len(source) > MOST_FLOWS:
        refuse(f"{len(source):,} flows are too many (most: {MOST_FLOWS:,})", "choose a pattern of fewer flows, such as shift:1")
    route, how = router_by(fabric, routing, seed, damaged=bool(lose))
    found = route(source, target)
    reached = found.start[1:] > found.start[:-1]
    lost = int((~reached).sum())
    if not reached.any():
        refuse("no flow finds a way", "choose another pattern; groundplan fabric show tells which pairs are apart")
    if lost:  # what is cut off sends nothing; the others are timed
        found = route(source[reached], target[reached])
    capacity = fabric.channel_gbit_per_s()
    times = completion_times(found, capacity, size_byte)
    slower = slowdowns(found, capacity, size_byte, shared_s=times)
    first = allocate(found, capacity)
    links = []
    for channel, count in zip(*(each[:MOST_LINKS].tolist() for each in first.binding), strict=True):
        on = (found.channel == channel) & (first.bottleneck[found.flow] == channel)
        share = float((first.rate_gbit_per_s[found.flow] * found.weight)[on].min())
        links.append((_link(fabric, channel), count, share))
    if as_json:
        _print_json(flows_data(pattern, how, size_byte, times.tolist(), slower.tolist(), links, lost))
        return
    _print(flows_tables(pattern, how, size, times.tolist(), slower.tolist(), links, lost))


MOST_LINKS = 10


@fabric_app.command()
def collective(
    file: PlanFile,
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help="all-reduce, reduce-scatter, all-gather, broadcast or all-to-all.")
    ],
    name: Name = "compute",
    hosts: Annotated[str | None, typer.Option(metavar="HOSTS", help="Such as n[0000-0031]. Default: all nodes.")] = None,
    size: Size = "1 GB",
    routing: Engine = None,
    lose: Lose = None,
    alpha_us: Annotated[float, typer.Option(min=0.0, help="Latency of a step between hosts [us].")] = 10.0,
    scale_up_alpha_us: Annotated[float, typer.Option(min=0.0, help="Latency of a step inside a scale-up domain [us].")] = 2.0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Tell how long a collective takes by each algorithm, on these hosts, over the routes that its ranks really share."""
    import numpy as np

    from planner.errors import did_you_mean
    from planner.fabrics import scale_up_domain
    from planner.report.fabric_view import collective_data, collective_table
    from topologies.collectives import Network, collective_time
    from topologies.errors import TopologyError
    from topologies.schedules import ALGORITHMS

    if operation not in ALGORITHMS:
        refuse(f"'{operation}' is no collective", did_you_mean(operation, ALGORITHMS))
    size_byte = size_in_bytes(size)
    plan = read_plan_file(file)
    fabric = damaged_fabric(fabric_named(plan, name), lose)
    placement = placement_of(fabric, hosts)
    if len(placement) < 2:
        refuse(f"a collective needs two ranks, here are {len(placement)}", "name more with --hosts, or another --fabric")
    route, _ = router_by(fabric, routing, seed, damaged=bool(lose))
    # Hosts of a rack-scale node share a scale-up domain.
    domain = fabric.endpoints.host // (plan.compute.hosts // plan.compute.nodes)
    per_domain = int(np.bincount(domain[placement]).max())
    up = scale_up_domain(plan) if name == "compute" else None
    network = Network(
        route,
        fabric.channel_gbit_per_s(),
        alpha_us * 1e-6,
        domain=domain if up else None,
        scale_up_gbit_per_s=up[1] if up else 0.0,
        scale_up_alpha_s=scale_up_alpha_us * 1e-6,
    )
    rows: list[tuple[str, CollectiveTime | str, str]] = []
    for algorithm in ALGORITHMS[operation]:
        try:
            time = collective_time(operation, algorithm, size_byte, placement, network, ranks_per_host=per_domain)
        except (TopologyError, ValueError) as error:
            said = re.sub(r"\bendpoint (\d+)", lambda found: fabric.name(int(found[1])), str(error))
            rows.append((algorithm, said, ""))
            continue
        link = _link(fabric, time.channel) if time.channel >= 0 else "the scale-up network"
        rows.append((algorithm, time, link))
    if as_json:
        _print_json(collective_data(operation, len(placement), size_byte, rows))
    else:
        _print([collective_table(f"{operation} of {size} over {len(placement):,} ranks", rows)])


@fabric_app.command()
def diff(
    file: PlanFile,
    found: Annotated[
        list[Path], typer.Argument(metavar="FOUND...", help="What ibnetdiscover printed, in each subnet.", show_default=False)
    ],
    name: Name = "compute",
    names: Annotated[
        Path | None,
        typer.Option(
            metavar="NAMES.csv",
            help="Names that differ from the plan's: lines of FOUND NAME,PLAN NAME; * is any text, as in: site1-*,*",
        ),
    ] = None,
    fix_list: Annotated[bool, typer.Option("--fix-list", help="Print a work order, sorted by rack, instead.")] = False,
    draw: Draw = None,
    as_json: Json = False,
) -> None:
    """Compare the built fabric with the plan. Exit code 0: as planned. 1: something differs. 2: the input is wrong."""
    from topologies.diff import as_dict, compare, lines, work_order, work_order_lines
    from topologies.formats.opensm import read_ibnetdiscover
    from topologies.links import join_links

    for each in (file, *found):
        keep_input(each, draw)
    plan = read_plan_file(file)
    fabric = fabric_named(plan, name)
    parts = []
    for each in found:
        try:
            parts.append(read_ibnetdiscover(read_text_file(each)))
        except ValueError as error:
            refuse(f"{each}: {error}", "give the output of ibnetdiscover")
    try:
        differences = compare(fabric, join_links(parts), names=_renamed(names))
    except ValueError as error:
        refuse(str(error), "check --names, and that no subnet is given twice")
    if draw is not None:
        from topologies.drawing import draw_differences

        write_file(draw, draw_differences(fabric, differences))
    if fix_list:
        from planner.steps.layout import racks_of_devices

        order = work_order(differences, fabric, racks_of_devices(plan, name))
        if as_json:
            _print_json([row._asdict() for row in order])
        else:
            for line in work_order_lines(order):
                say(line)
    elif as_json:
        _print_json(as_dict(differences))
    else:
        for line in lines(differences):
            say(line)
    raise typer.Exit(1 if differences else 0)


def export_fabric(file: Path, form: str, output: Path | None, name: str) -> None:
    """Write one of the plan's networks in a format: to a file, to a folder where there are several, or to the terminal."""
    import sys

    from planner.errors import did_you_mean
    from planner.export.formats import FORMATS

    if form not in FORMATS:
        refuse(f"'{form}' is no format", did_you_mean(form, FORMATS))
    keep_input(file, output)
    plan = read_plan_file(file)
    chosen = FORMATS[form]
    try:
        if chosen.write_plan is not None:
            content = chosen.write_plan(plan)
        else:
            planned = planned_fabric(plan, name)
            content = chosen.write(plan, planned, fabric_named(plan, name))
    except ValueError as error:
        what = "this plan" if chosen.write_plan is not None else f"the {name} fabric"
        refuse(f"{form} cannot hold {what}: {error}", "other formats: groundplan export --list")
    except ImportError as error:  # an extra that is not installed
        refuse(f"{form} cannot be written: {error}", "or choose another format: groundplan export --list")
    if isinstance(content, dict):
        if output is None:
            refuse(f"{form} is {len(content)} files", f"name a folder for them: --output {chosen.file}")
        write_folder(output, content)
    elif output is not None:
        write_file(output, content)
    elif isinstance(content, bytes):
        if sys.stdout.isatty():
            refuse(f"{form} is no text", f"name a file for it: --output {chosen.file}")
        sys.stdout.buffer.write(content)
    else:
        typer.echo(content, nl=False)


def _renamed(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    import csv

    rows = [row for row in csv.reader(read_text_file(path).splitlines()) if row and any(row)]
    wrong = next((number for number, row in enumerate(rows, start=1) if len(row) != 2), None)
    if wrong is not None:
        refuse(f"{path}: row {wrong} has not two cells", "write: name in the fabric,name in the plan")
    return {found.strip(): planned.strip() for found, planned in rows}


def _link(fabric: Fabric, channel: int) -> str:
    """Name a channel by the vertex that it leaves and the one that it reaches."""
    cable, back = divmod(channel, 2)
    ends = (fabric.name(int(fabric.cables.a[cable])), fabric.name(int(fabric.cables.b[cable])))
    return " -> ".join(reversed(ends) if back else ends)


def _print_way(fabric: Fabric, source: str, target: str, way: Routes, as_json: bool) -> None:
    leave, reach = fabric.channel_ends()
    channels = way.channel.tolist()
    if not channels:
        if source == target:
            refuse(f"{source} is both ends", "name two endpoints")
        refuse(f"there is no way from {source} to {target}", "lose less, or choose another engine")
    # With several ports (planes, dual ToR) there is one way by each: it begins where the source is left.
    begins = [place for place, channel in enumerate(channels) if fabric.name(int(leave[channel])) == source]
    ways = []
    for first, last in zip(begins, [*begins[1:], len(channels)], strict=True):
        names = [source, *(fabric.name(int(reach[channel])) for channel in channels[first:last])]
        ways.append({"way": names, "cables": [fabric.label(channel // 2) for channel in channels[first:last]]})
    if as_json:
        _print_json({"ways": ways})
        return
    for each in ways:
        say(" -> ".join(each["way"]))
        for label in each["cables"]:
            say(f"  {label}")


def _print(tables: Iterable[Table]) -> None:
    show_tables(tables, 100)


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
