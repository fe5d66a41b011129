"""A fat tree of 256 DGX, 2,048 endpoints: InfraGraph declares and expands its blueprint, we build ours; same machine, same run.

InfraGraph is found by its program ``infragraph`` in PATH and run by the interpreter that this belongs to
(tests/referees/test_infragraph.py says how to install it).
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from topologies.clos import fat_tree
from topologies.fabric import Fabric
from topologies.formats import infragraph

RUNS = 7
WANTED = 200
THEIRS = """\
import json, time
from infragraph.blueprints.devices.generic.generic_switch import Switch
from infragraph.blueprints.devices.nvidia.dgx import NvidiaDGX
from infragraph.blueprints.fabrics.clos_fat_tree_fabric import ClosFatTreeFabric
from infragraph.infragraph_service import InfraGraphService
start = time.perf_counter()
declared = ClosFatTreeFabric(Switch(port_count=64), NvidiaDGX("dgx_h100"), 2, [400, 400])
middle = time.perf_counter()
service = InfraGraphService()
service.set_graph(declared)
end = time.perf_counter()
graph = service.get_networkx_graph()
between = sum(values["link"].startswith("tier_") for _, _, values in graph.edges(data=True))
print(json.dumps([middle - start, end - middle, graph.number_of_nodes(), between]))
"""


def median_s(run: Callable[[], object]) -> float:
    """Median wall seconds of several runs, after one that warms up."""
    run()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def build() -> Fabric:
    return fat_tree(256, 8, radix=64)


def walkable() -> object:
    fabric = build()
    return list(fabric.names), fabric.adjacency


def main() -> None:
    fabric = build()
    built, read = median_s(build), median_s(walkable)
    graph, written = median_s(lambda: build().to_networkx()), median_s(lambda: infragraph.write(build()))
    print(f"{'ours, 2,048 endpoints, 4,096 cables':60} {'s':>9}")
    print(f"{'  fabric built':60} {built:9.5f}")
    print(f"{'  fabric built, with all names and what each port leads to':60} {read:9.5f}")
    print(f"{'  fabric built and made a networkx graph':60} {graph:9.5f}")
    print(f"{'  fabric built and written for InfraGraph':60} {written:9.5f}")
    program = shutil.which("infragraph")
    if program is None:
        print("infragraph is not installed: nothing to compare with (tests/referees/test_infragraph.py says how)")
        return
    python = str(Path(program).resolve().with_name("python"))
    done = subprocess.run([python, "-c", THEIRS], capture_output=True, text=True, check=True)
    declare, expand, nodes, cables = json.loads(done.stdout)
    if cables != len(fabric.cables):
        sys.exit(f"InfraGraph has {cables} cables, we have {len(fabric.cables)}")
    total = declare + expand
    print(f"InfraGraph, one run, {cables:,} cables, {nodes:,} nodes (parts of hosts and switches too)")
    print(f"{'  blueprint declared':60} {declare:9.3f}")
    print(f"{'  declared blueprint expanded':60} {expand:9.3f}")
    print(f"declared and expanded over built: {total / built:,.0f} times (wanted: {WANTED})")
    print(f"declared and expanded over built and made a networkx graph: {total / graph:,.0f} times")
    print(f"declared over built: {declare / built:,.0f} times")


if __name__ == "__main__":
    main()
