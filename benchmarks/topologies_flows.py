"""Completion times of a permutation of 4,096 ports beside SimGrid in the same run, and what larger sets of flows take."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  # the checkout is on the path first

from topologies.clos import fat_tree  # noqa: E402
from topologies.collectives import Network, collective_time  # noqa: E402
from topologies.fabric import Fabric  # noqa: E402
from topologies.flows import completion_times, max_min_rates  # noqa: E402
from topologies.routes import Routes, ecmp, walk  # noqa: E402
from topologies.routing import d_mod_k  # noqa: E402

RUNS = 5
WANTED = 10


def seconds(work: Callable[[], Any], runs: int = RUNS) -> float:
    """Median wall seconds."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def simgrid(routes: Routes, capacity: np.ndarray[Any, Any], size_byte: np.ndarray[Any, Any]) -> dict[str, Any] | None:
    """SimGrid's times, the seconds of its run alone, and its memory; None where no interpreter has its module."""
    able = [each for name in ("python3", "python3.11") if (each := shutil.which(name, path="/usr/bin:/bin"))]
    able = [
        each for each in able if not subprocess.run([each, "-c", "import simgrid"], check=False, capture_output=True).returncode
    ]
    if not able:
        return None
    used = np.unique(routes.channel)
    rows = np.split(routes.channel, routes.start[1:-1])
    given = {
        "capacity": list(zip(used.tolist(), (capacity[used] * 1e9 / 8).tolist(), strict=True)),
        "flows": [[size, row.tolist()] for size, row in zip(size_byte.tolist(), rows, strict=True)],
    }
    judge = [able[0], str(ROOT / "tests" / "referees" / "simgrid_judge.py")]
    answer = subprocess.run(judge, input=json.dumps(given), capture_output=True, text=True, check=True).stdout
    return {**json.loads(answer), "mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def permutation(fabric: Fabric) -> dict[str, Routes]:
    """The same pairs by two ways of routing: the more channels are shared, the more an end changes for others."""
    destination = np.random.default_rng(1).permutation(fabric.endpoint_count)
    source = np.flatnonzero(destination != np.arange(fabric.endpoint_count))
    destination = destination[source]
    return {"D-mod-k": walk(fabric, d_mod_k(fabric), source, destination), "ECMP": ecmp(fabric, source, destination, seed=1)}


def main() -> None:
    fabric = fat_tree(512, 8, radix=64)
    capacity, ways = fabric.channel_gbit_per_s(), permutation(fabric)
    routes = ways["D-mod-k"]
    equal = np.full(len(routes), 10**9)
    unequal = np.random.default_rng(2).integers(10**8, 2 * 10**9, len(routes))
    print(f"{'permutation of 4,096 ports':44} {'ours s':>9} {'SimGrid s':>10} {'ratio':>7} {'differ':>8}   wanted")
    theirs: dict[str, Any] | None = None
    cases = [(way, kind, size) for way in ways for kind, size in (("1 GB each", equal), ("0.1 to 2 GB", unequal))]
    for way, kind, size in cases:
        label, taken = f"{way}, {kind}", ways[way]
        times = completion_times(taken, capacity, size)
        ours = seconds(partial(completion_times, taken, capacity, size))
        theirs = simgrid(taken, capacity, size)
        if theirs is None:
            print(f"{label:44} {ours:9.4f}  SimGrid's module is not installed")
            continue
        differ = float(np.abs(times / np.array(theirs["done_s"]) - 1).max())
        ratio = theirs["run_s"] / ours
        print(f"{label:44} {ours:9.4f} {theirs['run_s']:10.3f} {ratio:6.1f}x {differ:8.0e}   >= {WANTED}x")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {own:.0f} MB with the fabric and its tables" + (f", SimGrid {theirs['mb']:.0f} MB" if theirs else ""))

    print(f"\n{'larger':44} {'s':>9}")
    print(f"{'fair rates of the 4,096 flows':44} {seconds(lambda: max_min_rates(routes, capacity)):9.4f}")
    rng = np.random.default_rng(3)
    channel = rng.integers(0, 131072, (131072, 4)).astype(np.int32).ravel()
    crowd = Routes(np.arange(0, len(channel) + 1, 4), channel, np.ones(len(channel)))
    wide = np.full(131072, 400.0)
    print(f"{'fair rates of 131,072 random flows':44} {seconds(lambda: max_min_rates(crowd, wide)):9.4f}")
    print(f"{'their completion times, 1 GB each':44} {seconds(lambda: completion_times(crowd, wide, 1e9), 1):9.4f}")
    large = fat_tree(2048, 8, radix=64)
    tables = d_mod_k(large)
    network = Network(lambda source, destination: walk(large, tables, source, destination), large.channel_gbit_per_s(), 5e-6)
    ranks = np.arange(16384)
    ring = seconds(lambda: collective_time("all-reduce", "ring", 1e9, ranks, network))
    print(f"{'ring all-reduce over 16,384 ranks, routed':44} {ring:9.4f}")
    exchange = seconds(lambda: collective_time("all-to-all", "pairwise", 1e9, ranks[:1024], network), 1)
    print(f"{'pairwise all-to-all over 1,024 ranks, routed':44} {exchange:9.4f}")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
