"""Graphviz draws our DOT: it parses, has the nodes and lines that we wrote, and keeps tiers above each other and in order."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from topologies.clos import fat_tree
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import cumulus_ptm, graphviz, nvidia_air
from topologies.torus import torus
from topologies.xgft import xgft

pytestmark = pytest.mark.referee


def draw(program: str, text: str, form: str = "json") -> str:
    done = subprocess.run([program, f"-T{form}"], input=text, capture_output=True, text=True, timeout=60, check=True)
    complaints = [line for line in done.stderr.splitlines() if not line.endswith("unrecognized")]  # ports that no shape has
    assert complaints == []
    return done.stdout


def parts(drawing: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and visible lines."""
    made = json.loads(drawing)
    nodes = [each for each in made["objects"] if "nodes" not in each and each["name"].startswith("b")]
    return nodes, [each for each in made["edges"] if each.get("style") != "invis"]


@pytest.mark.parametrize(
    ("fabric", "nodes", "lines"),
    [
        (fat_tree(32, 8, radix=64), 13, 40),
        (fat_tree(127, 8, radix=64, extra_links=4), 10, 9),
        (fat_tree(8, 2, radix=8), 14, 24),
        (fat_tree(512, 8, radix=64), 2 + 8 + 16 + 16, 16 + 128 + 16),
        (dragonfly(2, 4, 2), 36, 90),
        (torus((4, 4)), 16, 32),
    ],
    ids=lambda each: getattr(each, "topology", str(each)),
)
def test_what_is_written_is_drawn(fabric: Fabric, nodes: int, lines: int, referee: Callable[[str], str]) -> None:
    boxes, drawn = parts(draw(referee("dot"), graphviz.write(fabric)))
    assert (len(boxes), len(drawn)) == (nodes, lines)


@pytest.mark.parametrize("fabric", [fat_tree(32, 8, radix=64), xgft((4, 4, 2), (1, 2, 2)), fat_tree(8, 2, radix=8)])
def test_tiers_are_above_each_other_and_names_in_order(fabric: Fabric, referee: Callable[[str], str]) -> None:
    boxes, _ = parts(draw(referee("dot"), graphviz.write(fabric)))
    heights: dict[str, set[float]] = {}
    for box in boxes:
        heights.setdefault(box["fillcolor"], set()).add(round(float(box["pos"].split(",")[1])))
    assert all(len(each) == 1 for each in heights.values())
    levels = [heights[colour].pop() for colour in graphviz.COLOURS if colour in heights]
    assert levels == sorted(levels)
    assert len(set(levels)) == len(fabric.tiers) + 1
    rows = sorted(boxes, key=lambda box: float(box["pos"].split(",")[0]))
    spines = [box["label"] for box in rows if box["fillcolor"] == graphviz.COLOURS[len(fabric.tiers)]]
    assert spines == sorted(spines)


def test_hostile_names_are_drawn_as_they_are(referee: Callable[[str], str]) -> None:
    fabric = fat_tree(3, radix=4)
    names = ('a "b" \\N \\', "<b>&amp;{x|y}", "] ; evil -- b2")
    fabric = replace(fabric, endpoints=replace(fabric.endpoints, host_names=names))
    text = graphviz.write(fabric, title=names[0])
    drawing = draw(referee("dot"), text, "svg")
    assert "a &quot;b&quot; \\N \\<" in drawing
    assert "&lt;b&gt;&amp;amp;{x|y}<" in drawing
    boxes, lines = parts(draw(referee("dot"), text))
    assert (len(boxes), len(lines)) == (4, 3)


@pytest.mark.parametrize("write", [cumulus_ptm.write, nvidia_air.write_dot])
def test_the_dot_of_other_formats_is_dot(write: Callable[[Fabric], str], referee: Callable[[str], str]) -> None:
    fabric = fat_tree(31, 8, radix=64, extra_links=4, links_per_port=2)
    made = json.loads(draw(referee("dot"), write(fabric), "dot_json"))
    assert len(made["edges"]) == 508
    assert len(made["objects"]) == 31 + 4 + 12
    name = [each["name"] for each in made["objects"]]
    ends = {(name[each["tail"]], each["tailport"], name[each["head"]], each["headport"]) for each in made["edges"]}
    assert ends == set(cumulus_ptm.read(write(fabric)))
