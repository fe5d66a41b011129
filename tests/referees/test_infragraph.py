"""InfraGraph itself reads our documents and expands them to our cables; its dragonfly blueprint has our numbers.

It needs a newer protobuf than the libraries of the cloud allow, so it lives in an environment of its own:
``python -m venv DIR``, ``DIR/bin/pip install infragraph==3.1.0``, and DIR/bin/infragraph linked to a folder of PATH.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import infragraph
from topologies.torus import torus
from topologies.xgft import xgft

pytestmark = pytest.mark.referee

Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def judge(referee: Callable[[str], str]) -> Judge:
    """Run the interpreter that the program ``infragraph`` belongs to."""
    python = Path(referee("infragraph")).resolve().with_name("python")

    def run(text: str, *arguments: str) -> dict[str, Any]:
        command = [str(python), str(Path(__file__).with_name("infragraph_judge.py")), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(31, 8, radix=64, extra_links=4),
        fat_tree(16, 4, radix=32, planes=2, spine_radix=64),
        fat_tree(16, 4, radix=32, dual_tor=True),
        rail_only(16, 4, radix=16),
        xgft((4, 4, 2), (1, 2, 2), (1, 2, 3), gbit_per_s=[100, 200, 400]),
        dragonfly(2, 4, 2),
        torus((3, 4)),
    ],
    ids=lambda each: each.topology,
)
def test_it_expands_to_our_cables(fabric: Fabric, judge: Judge) -> None:
    found = judge(infragraph.write(fabric))
    names, cables = infragraph.node_names(fabric), fabric.cables

    def end(vertex: int, port: int) -> str:
        return names[vertex] if vertex < fabric.endpoint_count else names[vertex].replace("asic.0", f"port.{port - 1}")

    columns = (cables.a, cables.a_port, cables.b, cables.b_port, cables.layer, cables.gbit_per_s)
    ours = {
        (frozenset((end(a, a_port), end(b, b_port))), fabric.layers[layer], f"{rate} Gbps")
        for a, a_port, b, b_port, layer, rate in zip(*(column.tolist() for column in columns), strict=True)
    }
    theirs = {(frozenset((a, b)), v["link"], v["bandwidth"]) for a, b, v in found["edges"] if v["link"] not in ("ic", "pcie")}
    assert theirs == ours
    assert len(ours) == len(cables)
    types = list(found["types"].values())
    assert types.count("nic") + types.count("xpu") == fabric.endpoint_count
    assert types.count("port") == fabric.switches.ports.sum()


def test_yaml_is_read_like_json(judge: Judge) -> None:
    fabric = fat_tree(31, 8, radix=64, extra_links=4)
    assert judge(infragraph.write_yaml(fabric)) == judge(infragraph.write(fabric))


def test_its_balanced_dragonfly_has_our_numbers(judge: Judge) -> None:
    """Of (a, p, h) = (4, 2, 2). For (16, 8, 8), which takes it minutes to expand, its own tests state 2,064 routers."""
    ours = dragonfly(2, 4, 2)
    found = judge(json.dumps([7, 4, 2, 2]), "dragonfly")
    routers = {name.split(".")[1] for name in found["types"] if name.startswith("router.")}
    between = [values for one, other, values in found["edges"] if one.startswith("router.") and other.startswith("router.")]
    assert len(routers) == ours.switch_count == 36
    assert len([values for values in between if values["link"] != "ic"]) == sum(list(ours.cables_by_layer().values())[1:])
    assert dragonfly(8, 16, 8).switch_count == 2064
