"""The drawing: what is drawn, how coarse, and that no cable is forgotten. Graphviz itself judges in tests/referees."""

from __future__ import annotations

import re

import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import graphviz
from topologies.scale_up import with_scale_up
from topologies.torus import torus


def boxes_and_lines(text: str) -> tuple[list[str], list[str]]:
    boxes = re.findall(r'^  b\d+ \[label="(.*?)" fillcolor', text, re.MULTILINE)
    lines = [line for line in text.splitlines() if re.match(r"  b\d+ -- b\d+ \[(?!style=invis)", line)]
    return boxes, lines


def test_one_unit_shows_its_switches_and_one_box_of_hosts() -> None:
    text = graphviz.write(fat_tree(32, 8, radix=64))
    boxes, lines = boxes_and_lines(text)
    assert boxes == [
        *(f"rail{rail}-leaf" for rail in range(8)),
        *(f"spine{spine:02d}" for spine in range(4)),
        r"32 hosts\nn0000 … n0031",
    ]
    assert len(lines) == 8 * 4 + 8
    assert 'label="su00"' in text


def test_a_fabric_of_1024_ports_is_drawn_by_groups() -> None:
    boxes, lines = boxes_and_lines(graphviz.write(fat_tree(127, 8, radix=64, extra_links=4)))
    assert len(boxes) == 1 + 4 + 5  # spines, units, hosts by unit and the managers
    counts = [int(count) for count in re.findall(r'"(\d+) × 400G"', "\n".join(lines))]
    assert sum(counts) == 1020 + 1024


@pytest.mark.parametrize("detail", graphviz.DETAILS)
@pytest.mark.parametrize(
    "fabric", [fat_tree(8, 2, radix=8), fat_tree(31, 8, radix=64, extra_links=4), rail_only(16, 4, radix=16), torus((3, 4))]
)
def test_every_cable_is_counted_at_every_detail(detail: str, fabric: Fabric) -> None:
    text = graphviz.write(fabric, detail=detail)
    colour = dict(re.findall(r'(b\d+) \[label=".*" fillcolor="(#\w+)"', text))
    names = dict(zip(graphviz.COLOURS, ("host", *fabric.tiers), strict=False))
    heading = re.findall(r"(\w+ – \w+): (?:(\d+) × )?\d+G a line", text.replace(r"\n", "\n"))
    told = {pair: int(count or 1) for pair, count in heading}
    total = 0
    for high, low, rest in re.findall(r"^  (b\d+) -- (b\d+) \[(.*)\]$", text, re.MULTILINE):
        if label := re.search(r'label="(?:(\d+) × )?\d+G"', rest):
            total += int(label[1] or 1)
        elif rest != "style=invis":
            total += told[f"{names[colour[high]]} – {names[colour[low]]}"]
    folded = fabric.endpoint_count if fabric.topology == "torus" and detail != "hosts" else 0
    assert total + folded == len(fabric.cables)


def test_hosts_are_drawn_singly_while_they_are_few() -> None:
    boxes, _ = boxes_and_lines(graphviz.write(fat_tree(8, 2, radix=8)))
    assert [box for box in boxes if box.startswith("n")] == [f"n{host:04d}" for host in range(8)]


def test_direct_networks_are_laid_out_without_tiers_and_with_their_hosts_inside() -> None:
    for fabric, lines_between in ((dragonfly(2, 4, 2), 54 + 36), (torus((4, 4)), 32)):
        text = graphviz.write(fabric)
        boxes, lines = boxes_and_lines(text)
        assert "layout=fdp" in text
        assert "rank=same" not in text
        assert len(boxes) == fabric.switch_count
        assert len(lines) == lines_between
        assert all(re.search(r"\\n\d hosts?$", box) for box in boxes)


def test_nics_are_in_their_hosts() -> None:
    """Two racks of NVL72: a box of hosts and one of switch chips for each, and the leaf."""
    fabric = with_scale_up(fat_tree(36, 4, radix=144), 72, 18, 18)
    boxes, lines = boxes_and_lines(graphviz.write(fabric))
    assert [box.partition(r"\n")[0] for box in boxes] == [
        "18 nvswitch switches",
        "18 nvswitch switches",
        "switch",
        "18 hosts",
        "18 hosts",
    ]
    counts = re.findall(r'label="(\d+) × 400G"', "\n".join(lines))
    assert sorted(int(count) for count in counts) == [72, 72, 1296, 1296]


def test_the_heading_has_the_title_and_bad_details_are_refused() -> None:
    assert 'label="Hall \\"A\\"\\nspine – leaf' in graphviz.write(fat_tree(32, 8, radix=64), title='Hall "A"')
    with pytest.raises(ValueError, match="detail"):
        graphviz.write(fat_tree(2, radix=4), detail="ports")
