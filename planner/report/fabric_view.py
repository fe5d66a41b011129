"""What is said of a fabric: its measures, what failures cost, how routes share it, how long flows take; as titled rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from planner.report.words import Table, clean_text, count_text, percent_text, rate_text, ratio_text
from planner.units import figure
from topologies.collectives import CollectiveTime
from topologies.failures import Loss
from topologies.measure import Measures
from topologies.n_minus_1 import ClassLoss

__all__ = [
    "collective_data",
    "collective_table",
    "flows_data",
    "flows_tables",
    "loss_data",
    "loss_table",
    "losses_data",
    "losses_table",
    "measures_data",
    "measures_tables",
    "routes_data",
    "routes_tables",
    "time_text",
]


def measures_tables(found: Measures) -> tuple[Table, ...]:
    """Lay out what a fabric is worth."""
    crossing, paths, growth = found.bisection, found.paths, found.growth
    if crossing.exact:
        share = percent_text(found.bisection_fraction, 1)
        bisection = f"{rate_text(crossing.gbit_per_s)} one way, {share} of what half of the endpoints send"
    else:
        proven, real = rate_text(crossing.gbit_per_s), rate_text(crossing.at_most_gbit_per_s)
        bisection = f"between {proven} (proven) and {real} (a real split), one way"
    endpoints = f"{found.endpoint_count:,} of {found.host_count:,} hosts, injecting {rate_text(found.injection_gbit_per_s)}"
    room = (
        f"{growth.on_free_ports:,} more hosts on free ports, {growth.with_switches:,} with more switches, no cable moved"
        f" ({growth.rule})"
    )
    lengths = ", ".join(f"{links} links: {count:,}" for links, count in sorted(paths.pairs_by_links.items()))
    answers = [
        ("Topology", found.topology),
        ("Endpoints", endpoints),
        ("Bisection", bisection),
        ("", f"by {crossing.rule}"),
        ("Diameter", f"{paths.diameter_links} links from endpoint to endpoint, {figure(paths.mean_links)} in the mean"),
        ("Pairs", lengths or "none reach each other"),
        ("Paths", f"{figure(paths.mean_paths)} shortest paths a pair in the mean"),
        ("Growth", room),
    ]
    if paths.unreachable_pairs:
        answers.insert(-1, ("Apart", f"{paths.unreachable_pairs:,} pairs of endpoints have no way to each other"))
    tiers = [
        (
            tier,
            f"{count:,}",
            f"{found.ports_by_tier[tier].used:,}",
            f"{found.ports_by_tier[tier].free:,}",
            ratio_text(found.oversubscription_by_tier[tier]) if tier in found.oversubscription_by_tier else "-",
        )
        for tier, count in found.switches_by_tier.items()
    ]
    layers = [(layer, f"{count:,}") for layer, count in found.cables_by_layer.items()]
    return (
        Table("Fabric", ("", ""), tuple((name, clean_text(value)) for name, value in answers)),
        Table(
            "Switches by tier",
            ("Tier", "Switches", "Ports used", "Free", "Down : up"),
            tuple(tiers),
            frozenset({1, 2, 3, 4}),
            "Down : up: oversubscription of a fully populated switch, in bandwidth.",
        ),
        Table("Links by layer", ("Layer", "Links"), tuple(layers), frozenset({1})),
    )


def losses_table(rows: Iterable[ClassLoss]) -> Table:
    """Lay out what the loss of one component of each class costs."""
    listed = list(rows)
    with_bisection = any(row.loss.bisection_left_fraction is not None for row in listed)
    lines = []
    for row in listed:
        loss = row.loss
        cells = [
            clean_text(f"{row.kind} {row.name}"),
            f"{row.count:,}",
            count_text(len(loss.cut_off)),
            _injection(loss),
            percent_text(loss.uplinks_left_fraction),
        ]
        if with_bisection:
            cells.append("-" if loss.bisection_left_fraction is None else percent_text(loss.bisection_left_fraction))
        lines.append((*cells, clean_text(row.example.partition(" <-> ")[0])))
    columns = ["Component", "Count", "Cut off", "Hosts that keep less", "Uplinks", *(["Bisection"] if with_bisection else [])]
    return Table(
        "One component lost",
        (*columns, "Such as"),
        tuple(lines),
        frozenset({1, 2, 4, 5} if with_bisection else {1, 2, 4}),
        "Components that fail alike are one row. Cut off: endpoints without any cable. Uplinks of leaves"
        + (" and bisection: what is left." if with_bisection else ": what is left."),
    )


def loss_table(names: Sequence[str], loss: Loss, host_names: Sequence[str]) -> Table:
    """Lay out what is left when some components are lost together."""
    hosts = [host_names[host] for host in loss.hosts.tolist()]
    rows = [
        ("Lost", ", ".join(names) or "nothing"),
        ("Cables dead", f"{loss.cables_lost:,}"),
        ("Endpoints cut off", count_text(len(loss.cut_off))),
        ("Pairs apart", count_text(loss.pairs_lost)),
        ("Partitions", count_text(loss.partitions)),
        ("Hosts that keep less", _injection(loss)),
        ("Leaf uplinks left", percent_text(loss.uplinks_left_fraction)),
    ]
    if loss.bisection_left_fraction is not None:
        rows.append(("Bisection left", percent_text(loss.bisection_left_fraction)))
    if loss.rails:
        rows.append(("Rails", ", ".join(map(str, loss.rails))))
    if hosts:
        rows.append(("Hosts", _some(hosts)))
    if loss.jobs_stopped:
        rows.append(("Jobs stopped", _some(loss.jobs_stopped)))
    if loss.jobs_slowed:
        rows.append(("Jobs slowed", _some(loss.jobs_slowed)))
    return Table("What is left", ("", ""), tuple((name, clean_text(value)) for name, value in rows))


def routes_tables(
    engine: str,
    pattern: str,
    balance: dict[tuple[str, str], float],
    unreachable_pairs: int,
    credit_loop: Sequence[str] | None,
) -> tuple[Table, ...]:
    """Lay out how well tables share the fabric, and whether they can lock up."""
    rows = [
        ("Engine", engine),
        ("Pattern", pattern),
        ("No way", f"{unreachable_pairs:,} pairs of endpoints" if unreachable_pairs else "none: every pair is reached"),
        ("Credit loop", "none" if credit_loop is None else "found: " + " -> ".join(credit_loop)),
    ]
    loads = [(layer, direction, figure(value)) for (layer, direction), value in balance.items()]
    return (
        Table("Routes", ("", ""), tuple((name, clean_text(value)) for name, value in rows)),
        Table(
            "Load of the links",
            ("Layer", "Direction", "Most over mean"),
            tuple(loads),
            frozenset({2}),
            "1: every link of the layer carries the same.",
        ),
    )


def flows_tables(
    pattern: str,
    routing: str,
    size: str,
    times_s: Sequence[float],
    slowdowns: Sequence[float],
    bottlenecks: Sequence[tuple[str, int, float]],
    lost: int = 0,
) -> tuple[Table, ...]:
    """Lay out how long flows take that share a fabric, and which links hold them back."""
    ordered, slower = sorted(times_s), sorted(slowdowns)
    middle = len(ordered) // 2
    rows = [
        ("Flows", f"{len(ordered):,} of {size}: {pattern}"),
        ("Routing", routing),
        ("All done", time_text(ordered[-1])),
        ("Median", time_text(ordered[middle])),
        ("First", time_text(ordered[0])),
        ("Slowdown", f"{figure(slower[0])} to {figure(slower[-1])}, median {figure(slower[middle])} (1: as fast as alone)"),
    ]
    if lost:
        rows.insert(1, ("No way", f"{lost:,} more flows find none and are left out"))
    found = [(clean_text(link), f"{flows:,}", rate_text(share)) for link, flows, share in bottlenecks]
    return (
        Table("Flows", ("", ""), tuple((name, clean_text(value)) for name, value in rows)),
        Table(
            "Links that hold back most flows at the start",
            ("Link", "Flows", "Each gets"),
            tuple(found),
            frozenset({1, 2}),
        ),
    )


def collective_table(title: str, rows: Iterable[tuple[str, CollectiveTime | str, str]]) -> Table:
    """Lay out what a collective takes by each algorithm, and what holds it back; a text says why one cannot be used."""
    lines = []
    for algorithm, time, link in rows:
        if isinstance(time, str):
            lines.append((algorithm, "-", "-", "-", clean_text(time)))
        else:
            share = (time_text(time.seconds), time_text(time.latency_s), figure(time.bus_gbyte_per_s))
            lines.append((algorithm, *share, clean_text(link)))
    return Table(
        title,
        ("Algorithm", "Time", "Latency", "Bus Gbyte/s", "Held back by"),
        tuple(lines),
        frozenset({1, 2, 3}),
        "Latency: the part that a small message takes too. Bus Gbyte/s: as nccl-tests counts it.",
    )


def measures_data(found: Measures) -> dict[str, Any]:
    """Return what a fabric is worth for machines: no rounding, every unit in its name."""
    paths, crossing, growth = found.paths, found.bisection, found.growth
    return {
        "topology": found.topology,
        "endpoints": found.endpoint_count,
        "hosts": found.host_count,
        "switches_by_tier": found.switches_by_tier,
        "links_by_layer": found.cables_by_layer,
        "oversubscription_by_tier_ratio": found.oversubscription_by_tier,
        "injection_gbit_per_s": found.injection_gbit_per_s,
        "bisection": {
            "gbit_per_s": crossing.gbit_per_s,
            "at_most_gbit_per_s": crossing.at_most_gbit_per_s,
            "exact": crossing.exact,
            "rule": crossing.rule,
        },
        "diameter_links": paths.diameter_links,
        "mean_links": paths.mean_links,
        "pairs_by_links": {str(links): count for links, count in sorted(paths.pairs_by_links.items())},
        "mean_paths": paths.mean_paths,
        "unreachable_pairs": paths.unreachable_pairs,
        "ports_by_tier": {tier: {"used": ports.used, "free": ports.free} for tier, ports in found.ports_by_tier.items()},
        "growth": {
            "hosts_on_free_ports": growth.on_free_ports,
            "hosts_with_switches": growth.with_switches,
            "rule": growth.rule,
        },
    }


def losses_data(rows: Iterable[ClassLoss], host_names: Sequence[str], endpoint_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the loss of one component of each class costs, for machines."""
    return [
        {
            "kind": row.kind,
            "name": row.name,
            "count": row.count,
            **loss_data([row.example], row.loss, host_names, endpoint_names),
        }
        for row in rows
    ]


def loss_data(names: Sequence[str], loss: Loss, host_names: Sequence[str], endpoint_names: Sequence[str]) -> dict[str, Any]:
    """Return what is left after a loss, for machines."""
    return {
        "lost": list(names),
        "cables_lost": loss.cables_lost,
        "partitions": loss.partitions,
        "pairs_lost": loss.pairs_lost,
        "cut_off": [endpoint_names[endpoint] for endpoint in loss.cut_off.tolist()],
        "endpoints_by_injection_left": {str(left): count for left, count in loss.endpoints_by_injection_left.items()},
        "hosts_by_injection_left": {str(left): count for left, count in loss.hosts_by_injection_left.items()},
        "uplinks_left_fraction": loss.uplinks_left_fraction,
        "bisection_left_fraction": loss.bisection_left_fraction,
        "rails": list(loss.rails),
        "hosts": [host_names[host] for host in loss.hosts.tolist()],
        "jobs_slowed": list(loss.jobs_slowed),
        "jobs_stopped": list(loss.jobs_stopped),
    }


def routes_data(
    engine: str,
    pattern: str,
    balance: dict[tuple[str, str], float],
    unreachable_pairs: int,
    credit_loop: Sequence[str] | None,
) -> dict[str, Any]:
    """Return how well tables share the fabric, for machines."""
    return {
        "engine": engine,
        "pattern": pattern,
        "unreachable_pairs": unreachable_pairs,
        "credit_loop": None if credit_loop is None else list(credit_loop),
        "most_over_mean_ratio": {f"{layer}:{direction}": value for (layer, direction), value in balance.items()},
    }


def flows_data(
    pattern: str,
    routing: str,
    size_byte: float,
    times_s: Sequence[float],
    slowdowns: Sequence[float],
    bottlenecks: Sequence[tuple[str, int, float]],
    lost: int = 0,
) -> dict[str, Any]:
    """Return how long flows take, for machines."""
    return {
        "pattern": pattern,
        "routing": routing,
        "flows": len(times_s),
        "flows_without_way": lost,
        "size_byte": size_byte,
        "all_done_s": max(times_s),
        "completion_s": list(times_s),
        "slowdown_ratio": list(slowdowns),
        "bottlenecks": [{"link": link, "flows": flows, "each_gbit_per_s": share} for link, flows, share in bottlenecks],
    }


def collective_data(
    operation: str, ranks: int, size_byte: float, rows: Iterable[tuple[str, CollectiveTime | str, str]]
) -> dict[str, Any]:
    """Return what a collective takes by each algorithm, for machines."""
    found: dict[str, Any] = {}
    for algorithm, time, link in rows:
        if isinstance(time, str):
            found[algorithm] = {"refused": time}
        else:
            found[algorithm] = {
                "total_s": time.seconds,
                "latency_s": time.latency_s,
                "algorithm_gbyte_per_s": time.algorithm_gbyte_per_s,
                "bus_gbyte_per_s": time.bus_gbyte_per_s,
                "held_back_by": link,
            }
    return {"operation": operation, "ranks": ranks, "size_byte": size_byte, "algorithms": found}


def time_text(seconds: float) -> str:
    """Write seconds in the unit that reads best."""
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms"), (600.0, 1.0, "s"), (36_000.0, 1 / 60, "min")):
        if seconds < limit:
            return f"{figure(seconds * factor)} {unit}"
    return f"{figure(seconds / 3600)} h"


def _injection(loss: Loss) -> str:
    parts = [f"{hosts:,} at {percent_text(left, 1)}" for left, hosts in sorted(loss.hosts_by_injection_left.items())]
    return ", ".join(parts) or "none"


def _some(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
