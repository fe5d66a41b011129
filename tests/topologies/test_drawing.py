"""Pictures: well-formed, alone in the world, and showing each thing as often as it is there."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from topologies.as_built.differences import CATEGORIES
from topologies.clos import fat_tree, rail_only
from topologies.diff import compare
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.drawing import draw_differences, draw_fabric
from topologies.hyperx import hyperx
from topologies.links import Link, Links, links_of
from topologies.pictures.devices import COLOURS
from topologies.scale_up import with_scale_up
from topologies.slim_fly import slim_fly
from topologies.star import star
from topologies.torus import torus
from topologies.xgft import xgft

SVG = "{http://www.w3.org/2000/svg}"
FABRIC = fat_tree(127, 8, radix=64, extra_links=4)
DESIGN = links_of(FABRIC)


def parsed(picture):
    """Read a picture back, and see that nothing is fetched, run, or out of the frame."""
    assert not re.search(r"<(script|image|use|style|foreignObject)|href|url\(|@import", picture)
    assert picture.count("http") == 1  # the name of the format
    assert "nan" not in picture
    root = ET.fromstring(picture)  # noqa: S314 our own text
    width, height = float(root.get("width")), float(root.get("height"))
    for each in root.iter(f"{SVG}text"):
        assert 0 <= float(each.get("x")) <= width
        assert 0 <= float(each.get("y")) <= height
    for each in root.iter(f"{SVG}rect"):
        assert -1 <= float(each.get("x")) <= float(each.get("x")) + float(each.get("width")) <= width + 1
        assert -1 <= float(each.get("y")) <= float(each.get("y")) + float(each.get("height")) <= height + 1
    return root


def words(root):
    return [(each.text or "") + "".join(child.tail or "" for child in each) for each in root.iter(f"{SVG}text")]


def lines_of(root, category):
    return [
        each for each in root.iter(f"{SVG}path") if each.findtext(f"{SVG}title", "").startswith(f"{CATEGORIES[category]}: ")
    ]


def built(change):
    cables = list(DESIGN.links)
    nodes = dict(DESIGN.nodes)
    change(cables, nodes)
    return compare(FABRIC, Links(nodes, tuple(each for each in cables if each), DESIGN.switches))


def exchanged(cables, one, other):
    first, second = cables[one], cables[other]
    cables[one], cables[other] = (
        first._replace(b=second.b, b_port=second.b_port),
        second._replace(b=first.b, b_port=first.b_port),
    )


def test_what_differs_is_drawn_in_its_colour_with_its_number_and_words():
    def change(cables, nodes):
        exchanged(cables, 5, 13)  # NIC 5 of the first two nodes
        cables[1100] = None
        cables[300] = cables[300]._replace(gbit_per_s=100.0)
        cables.append(Link("su03-rail5-leaf", 32, "su03-rail6-leaf", 32, 400.0))

    found = built(change)
    assert found.counts() == {"missing_cable": 1, "extra_cable": 1, "swapped": 1, "slow": 1}
    root = parsed(draw_differences(FABRIC, found))
    assert len(lines_of(root, "missing_cable")) == len(lines_of(root, "extra_cable")) == len(lines_of(root, "slow")) == 1
    assert len(lines_of(root, "swapped")) == 4  # two as they are, two as they should be
    for category in found.counts():
        assert {each.get("stroke") for each in lines_of(root, category)} == {COLOURS[category]}
    assert lines_of(root, "missing_cable")[0].get("stroke-dasharray")
    assert not lines_of(root, "extra_cable")[0].get("stroke-dasharray")
    text = words(root)
    for number, each in enumerate(found.items, start=1):
        assert text.count(str(number)) >= 2  # on the line, and in the list
        assert f"→ {each.fix}" in text
    assert "n0000" in text
    assert "n0002" not in text  # nothing is wrong there


def test_names_are_escaped():
    evil = '<script>alert("&")</script>\x07'

    def change(cables, nodes):
        nodes[evil] = 1
        cables.append(Link(evil, 1, "su03-rail5-leaf", 32, 400.0))

    found = built(change)
    assert set(found.counts()) == {"unknown_node"}
    root = parsed(draw_differences(FABRIC, found))
    assert any("<script>" in each for each in words(root))


def test_nothing_to_draw_says_so():
    assert "As built is as designed: nothing differs." in words(parsed(draw_differences(FABRIC, built(lambda *_: None))))


@pytest.mark.parametrize("count", [1, 20, 60])
def test_up_to_sixty_differences_are_all_drawn(count):
    generator = np.random.default_rng(count)
    gone = generator.choice(np.arange(1020, 2044), count, replace=False).tolist()

    def change(cables, nodes):
        for each in gone:
            cables[each] = None

    root = parsed(draw_differences(FABRIC, built(change)))
    assert len(lines_of(root, "missing_cable")) == count


def test_more_are_counted_by_device():
    def change(cables, nodes):
        for each in range(1020, 1120):
            cables[each] = None

    found = built(change)
    root = parsed(draw_differences(FABRIC, found))
    assert not lines_of(root, "missing_cable")
    text = words(root)
    assert "su00-rail0-leaf" in " ".join(text)
    assert any(each.startswith("100 differences on ") for each in text)
    # Leaves 0 to 2 lost all 32 uplinks, and leaf 3 four.
    assert [text.count(number) for number in ("32", "4")] >= [3, 1]


FABRICS = {
    "one switch": fat_tree(4, 8, radix=64),
    "1,020 endpoints": FABRIC,
    "three tiers": fat_tree(512, 8, radix=64),
    "16,384 endpoints": fat_tree(2048, 8, radix=64),
    "planes": fat_tree(64, 8, radix=64, planes=2),
    "four planes": fat_tree(300, 4, radix=32, planes=4),
    "dual tor": fat_tree(64, 8, radix=64, dual_tor=True),
    "services": fat_tree(64, 8, radix=64, service_links=40),
    "rail only": rail_only(64, 8, radix=64),
    "xgft": xgft((3, 2, 3), (1, 2, 2), (1, 2, 1)),
    "star": star([("n", 127, 1), ("pdu", 108, 1)], radix=48),
    "scale-up": with_scale_up(fat_tree(4, 2, radix=8), gpus_per_domain=2, chips_per_domain=1, links_per_gpu=4),
    "dragonfly": dragonfly(2, 4, 2),
    "dragonfly+": dragonfly_plus(4, 4, 4, 4),
    "Frontier": dragonfly(16, 32, 16, groups=74),
    "slim fly": slim_fly(5),
    "2D torus": torus((8, 8)),
    "3D torus": torus((4, 4, 4)),
    "long torus": torus((12, 3, 2)),
    "4D torus": torus((3, 3, 3, 3)),
    "hyperx": hyperx((4, 6), 2),
}


@pytest.mark.parametrize("name", sorted(FABRICS))
def test_every_fabric_has_a_picture_that_stays_small(name):
    fabric = FABRICS[name]
    start = time.process_time()
    picture = draw_fabric(fabric)
    assert time.process_time() - start < 2
    assert len(picture) < 600_000
    root = parsed(picture)
    assert float(root.get("height")) < 1600
    assert f"{fabric.endpoint_count:,} endpoints, {fabric.switch_count:,} switches" in root.findtext(f"{SVG}title")


def bundles(name):
    titles = [each.findtext(f"{SVG}title", "") for each in parsed(draw_fabric(FABRICS[name])).iter(f"{SVG}path")]
    return [each for each in titles if " cables: " in each]


def test_a_line_says_how_many_cables_it_is_and_between_what():
    spines = [f"256 cables: unit {unit} - 16 spines" for unit in range(4)]
    hosts = ["256 cables: unit 0 - unit 0", "256 cables: unit 1 - unit 1", "256 cables: unit 2 - unit 2"]
    assert sorted(bundles("1,020 endpoints")) == sorted([*spines, *hosts, "252 cables: unit 3 - unit 3"])
    # 64 units: the first six, the last, and 57 between them with 32 hosts of 8 NICs each.
    assert "14,592 cables: 57 more like these - 57 more like these" in bundles("16,384 endpoints")
    assert len([each for each in bundles("planes") if each.startswith("256 cables: unit 0 - plane ")]) == 2


@pytest.mark.parametrize(
    "name", ["1,020 endpoints", "three tiers", "16,384 endpoints", "planes", "four planes", "services", "star"]
)
def test_the_lines_between_boxes_stand_for_every_cable_once(name):
    counts = [int(each.split(" cables")[0].replace(",", "")) for each in bundles(name)]
    assert sum(counts) == len(FABRICS[name].cables)


def test_the_circle_joins_what_the_dragonfly_joins():
    root = parsed(draw_fabric(FABRICS["dragonfly+"]))
    titles = [each.findtext(f"{SVG}title", "") for each in root.iter(f"{SVG}path")]
    assert sum("between group" in each for each in titles) == 17 * 16 // 2


def test_the_grid_of_a_torus_has_all_links_of_a_sheet():
    root = parsed(draw_fabric(FABRICS["2D torus"]))
    titles = [each.findtext(f"{SVG}title", "") for each in root.iter(f"{SVG}path")]
    assert sum(" - " in each for each in titles) == 2 * 64
