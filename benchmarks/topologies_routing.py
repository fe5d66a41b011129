"""Forwarding tables of 16,384 endpoints on one core: to make, load, check and search; memory; beside OpenSM."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from topologies.clos import fat_tree
from topologies.deadlock import credit_loop
from topologies.dragonfly import dragonfly
from topologies.routing import default_routing, minimal, up_down
from topologies.slim_fly import slim_fly
from topologies.torus import torus
from topologies.traffic import balance, link_loads, unreachable_pairs

RUNS = 5
OPENSM_MINHOP_S = {4096: 26.0, 8192: 107.0, 16384: 345.0}
"""OpenSM 3.3.23 on ibsim to subnet up, engine minhop, two cores under load: more than tables, so a rough scale."""


def median_s(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median wall seconds of some runs, and the result of the last."""
    seconds, result = [], None
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def main() -> None:
    print(f"{'fabric':30} {'engine':18} {'tables s':>8} {'loads s':>8} {'reach s':>8} {'loop s':>7} {'max/mean':>8}   notes")
    trees = [
        (f"fat tree, {8 * hosts:,} endpoints", fat_tree(hosts, 8, radix=64), default_routing) for hosts in (512, 1024, 2048)
    ]
    broken = fat_tree(2048, 8, radix=64)
    rows = [
        *trees,
        ("the same, 100 links dead", broken.without(range(16384, 49152, 328)), up_down),
        ("dragonfly (8, 16, 8), 16,512", dragonfly(8, 16, 8), default_routing),
        ("slim fly 19, 10,830", slim_fly(19), default_routing),
        ("slim fly 19, one lane", slim_fly(19), minimal),
        ("torus 16 x 16 x 16", torus((16, 16, 16)), default_routing),
    ]
    for name, fabric, routing in rows:
        tables_s, tables = median_s(lambda fabric=fabric, routing=routing: routing(fabric))  # type: ignore[misc]
        start = time.perf_counter()
        loads = link_loads(fabric, tables)
        loads_s = time.perf_counter() - start
        start = time.perf_counter()
        unreachable = unreachable_pairs(fabric, tables)
        reach_s = time.perf_counter() - start
        start = time.perf_counter()
        loop = credit_loop(fabric, tables)
        loop_s = time.perf_counter() - start
        worst = max(balance(fabric, loads).values())
        notes = ["< 2 s"] if fabric.endpoint_count == 16384 else []
        if fabric.topology == "fat-tree" and routing is default_routing:
            peer = OPENSM_MINHOP_S[fabric.endpoint_count]
            notes.append(f"OpenSM minhop {peer:.0f} s to subnet up, {peer / tables_s:,.0f} x")
        if unreachable:
            notes.append(f"{unreachable:,} pairs unreachable")
        if loop:
            notes.append(f"credit loop of {len(loop)} channels")
        figures = f"{tables_s:8.2f} {loads_s:8.2f} {reach_s:8.2f} {loop_s:7.2f} {worst:8.3f}"
        print(f"{name:30} {tables.engine:18} {figures}   {'; '.join(notes)}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
