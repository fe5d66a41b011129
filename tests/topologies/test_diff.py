"""As built against designed: injected faults are named, each once, and the work order sets them right."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topologies.as_built.differences import CATEGORIES, as_dict, lines
from topologies.as_built.names import match_names
from topologies.as_built.work_order import work_order, work_order_lines
from topologies.clos import fat_tree, rail_only
from topologies.diff import compare
from topologies.formats.opensm import read_ibnetdiscover
from topologies.formats.opensm import write as write_net
from topologies.links import Link, Links, links_of
from topologies.xgft import xgft

FABRICS = {
    "one unit": fat_tree(8, 4, radix=16),
    "three units": fat_tree(11, 4, radix=8, extra_links=3),
    "bundles": fat_tree(8, 2, radix=32, tiers=2, hosts_per_unit=8),
    "planes": fat_tree(6, 2, radix=8, planes=2),
    "dual tor": fat_tree(6, 2, radix=8, dual_tor=True),
    "no rails": fat_tree(12, 2, radix=8, rail_optimised=False),
    "three tiers": xgft((3, 2, 3), (1, 2, 2), (1, 2, 1)),
    "rail only": rail_only(6, 3, radix=8),
}


class Site:
    """A built fabric that can be damaged, and mended by a work order: cables are both ends and a rate."""

    def __init__(self, fabric):
        design = links_of(fabric)
        self.fabric, self.nodes, self.switches = fabric, dict(design.nodes), design.switches
        self.cables = [[(link.a, link.a_port), (link.b, link.b_port), link.gbit_per_s] for link in design.links]
        self.design = {frozenset(cable[:2]): cable[2] for cable in self.cables}

    def links(self):
        links = tuple(Link(*a, *b, rate) for a, b, rate in self.cables)
        return Links(dict(self.nodes), links, self.switches)

    def compare(self, **options):
        return compare(self.fabric, self.links(), **options)

    def at(self, end):
        found = [cable for cable in self.cables if end in cable[:2]]
        assert len(found) <= 1, f"{end} holds two cables"
        return found[0] if found else None

    def side(self, end):
        cable = self.at(end)
        assert cable, f"no cable in {end}"
        return cable, cable[:2].index(end)

    def used(self):
        return {end for cable in self.cables for end in cable[:2]}

    def drop(self, names):
        self.cables = [cable for cable in self.cables if not {cable[0][0], cable[1][0]} & set(names)]
        for name in names:
            del self.nodes[name]

    def lost(self):
        """Take away what no discovery can see: nodes without any cable."""
        cabled = {end[0] for end in self.used()}
        self.nodes = {name: ports for name, ports in self.nodes.items() if name in cabled}

    # Mending

    def follow(self, rows, rename):
        for cable in self.cables:
            cable[:2] = [(rename.get(name, name), port) for name, port in cable[:2]]
        self.nodes = {rename.get(name, name): ports for name, ports in self.nodes.items()}
        done, todo = set(), list(rows)
        while todo:
            row = next(row for row in todo if set(row.after) <= done)  # StopIteration: the rows wait for each other
            todo.remove(row)
            done.add(row.number)
            self.do(row)
        self.lost()

    def do(self, row):
        at, to = (row.device, row.port), (row.to_device, row.to_port)
        if row.action == "move":
            cable, side = self.side(at)
            assert self.at(to) is None, f"{to} is not free"
            cable[side] = to
        elif row.action == "exchange":
            (one, here), (other, there) = self.side(at), self.side(to)
            one[here], other[there] = to, at
        elif row.action == "plug in":
            assert self.at(at) is None
            assert self.at(to) is None
            self.cables.append([at, to, self.design.get(frozenset((at, to)), 400.0)])
        elif row.action == "remove":
            assert self.at(at) is self.at(to) is not None
            self.cables.remove(self.at(at))
        elif row.action == "replace":
            assert self.at(at) is self.at(to) is not None
            self.at(at)[2] = 400.0
        elif row.action == "unplug node":
            wrong = {end[0] for end in self.at(at)[:2]} - set(self.fabric.names) if row.port else {row.device}
            host = wrong.pop().split(" ")[0]
            self.drop([each for each in self.nodes if each not in self.fabric.vertex_by_name and each.split(" ")[0] == host])
        elif row.action == "find node":
            hosts = dict(zip(self.fabric.endpoints.host_names, range(10**6), strict=False))
            if row.device in hosts:
                mine = {
                    n
                    for n, h in zip(self.fabric.endpoints.names, self.fabric.endpoints.host, strict=True)
                    if h == hosts[row.device] and n not in self.nodes
                }
            else:
                mine = {row.device}
            for ends, rate in self.design.items():
                if mine & {end[0] for end in ends} and not any(set(cable[:2]) == ends for cable in self.cables):
                    assert not any(self.at(end) for end in ends), f"{ends} are not free"
                    self.cables.append([*ends, rate])
                    self.nodes.update(dict.fromkeys((name for name, _ in ends), 1))
        else:
            assert row.action == "rename node"


def mend(site, *, harmless=True):
    found = site.compare()
    rows = work_order(found, site.fabric, {"su00-rail0-leaf": "A01", "n0000": "A02"}, harmless=harmless)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [(row.rack, row.device, row.port) for row in rows] == sorted((row.rack, row.device, row.port) for row in rows)
    site.follow(rows, found.renames())
    return site.compare()


# Faults: each takes a site and two numbers, and says whether there was something to damage.


def delete(site, x, _):
    site.cables.pop(x % len(site.cables))
    site.lost()


def swap(site, x, y):
    one, other = site.cables[x % len(site.cables)], site.cables[y % len(site.cables)]
    one[1], other[1] = other[1], one[1]


def free_ports(site):
    switches = zip(site.fabric.switches.names, site.fabric.switches.ports.tolist(), strict=True)
    used = site.used()
    return [
        (name, port)
        for name, ports in switches
        if name in site.nodes
        for port in range(1, ports + 1)
        if (name, port) not in used
    ]


def move(site, x, y):
    ports = free_ports(site)
    if ports and site.cables:
        cable, to = site.cables[x % len(site.cables)], ports[y % len(ports)]
        if cable[0][0] != to[0]:
            cable[1] = to
    site.lost()


def rotate(site, x, y):
    hosts = site.fabric.endpoints.host_names
    host = hosts[x % len(hosts)]
    mine = [cable for cable in site.cables if cable[0][0].startswith(f"{host}-nic") and cable[0][1] == 1]
    ends = [cable[1] for cable in mine]
    for number, cable in enumerate(mine):
        cable[1] = ends[(number + y) % len(ends)]


def slow(site, x, y):
    site.cables[x % len(site.cables)][2] = (100.0, 200.0)[y % 2]


def lose(site, x, _):
    names = sorted(set(site.nodes) & site.fabric.vertex_by_name.keys())
    site.drop([names[x % len(names)]])
    site.lost()


def add(site, x, y):
    ports = free_ports(site)
    if ports:
        site.nodes[f"stranger{y} mlx5_0"] = 1
        if not any(cable[0][0] == f"stranger{y} mlx5_0" for cable in site.cables):
            site.cables.append([(f"stranger{y} mlx5_0", 1), ports[x % len(ports)], 400.0])


def rename(site, x, y):
    names = sorted(set(site.nodes) & site.fabric.vertex_by_name.keys())
    old, new = names[x % len(names)], f"nobody{y}"
    if new not in site.nodes:
        site.follow([], {old: new})


FAULTS = [delete, swap, move, rotate, slow, lose, add, rename]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(FABRICS)),
    st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=12),
)
def test_the_work_order_makes_the_fabric_the_designed_one(name, faults):
    site = Site(FABRICS[name])
    for fault, x, y in faults:
        if site.cables:
            fault(site, x, y)
    found = site.compare()
    placed = [each for each in found.items if each.category not in ("slow", "misnamed_node")]
    for side in ("designed", "found"):
        every = [link.ends for each in placed if each.category != "missing_node" for link in getattr(each, side)]
        assert len(every) == len(set(every)), "a cable is reported twice"
    wrong = {link.ends for each in placed for link in each.found}
    assert found.equal_count + len(wrong) == found.found_count
    assert all(each.text and each.fix for each in found.items)
    assert json.loads(json.dumps(as_dict(found)))["equal"] is (len(found) == 0)
    assert compare(FABRICS[name], Links(site.links().nodes, site.links().links[::-1], site.switches)) == found
    assert mend(site).items == ()


# One fault alone is named in its category, once.

H100 = fat_tree(32, 8, radix=64)
TWO_UNITS = fat_tree(64, 8, radix=64)


def number_of(fabric, name, port):
    links = links_of(fabric).links
    return next(number for number, link in enumerate(links) if (name, port) in link.ends)


def only(site, category):
    found = site.compare()
    assert found.counts() == {category: 1}, "\n".join(lines(found))
    return found.items[0]


@pytest.mark.parametrize("name", sorted(FABRICS))
def test_the_design_does_not_differ_from_itself(name):
    found = Site(FABRICS[name]).compare()
    assert found.items == ()
    assert found.equal_count == found.designed_count == found.found_count == len(FABRICS[name].cables)
    assert lines(found)[0].startswith("As built is as designed")


@pytest.mark.parametrize("end", ["n0005-nic3", "su00-rail2-leaf"])
def test_a_missing_cable(end):
    site = Site(TWO_UNITS)
    port = 1 if "nic" in end else 40
    site.nodes["n0005-nic3"] = 1
    link = links_of(TWO_UNITS).links[number_of(TWO_UNITS, end, port)]
    site.cables.remove([(link.a, link.a_port), (link.b, link.b_port), link.gbit_per_s])
    difference = only(site, "missing_cable")
    assert difference.designed == (link,)
    assert [(row.action, row.device, row.to_device) for row in work_order(site.compare(), TWO_UNITS)] == [
        ("plug in", link.a, link.b)
    ]


def test_an_extra_cable():
    site = Site(fat_tree(4, 2, radix=16, tiers=2))
    site.cables.append([("su00-rail0-leaf", 6), ("su00-rail1-leaf", 6), 400.0])
    assert only(site, "extra_cable").found[0].ends == (("su00-rail0-leaf", 6), ("su00-rail1-leaf", 6))


def test_two_cables_swapped_at_a_leaf_name_the_ports_to_exchange():
    site = Site(H100)
    one, other = number_of(H100, "su00-rail5-leaf", 17), number_of(H100, "su00-rail5-leaf", 18)
    swap(site, one, other)
    assert only(site, "swapped").fix == "swap back: at su00-rail5-leaf exchange the cables in ports 17 and 18"
    (row,) = work_order(site.compare(), H100)
    assert (row.action, row.device, row.port, row.to_device, row.to_port) == (
        "exchange",
        "su00-rail5-leaf",
        17,
        "su00-rail5-leaf",
        18,
    )


def test_a_ring_of_three_takes_two_exchanges_in_order():
    site = Site(H100)
    numbers = [number_of(H100, "su00-rail5-leaf", port) for port in (3, 9, 20)]
    swap(site, numbers[0], numbers[1])
    swap(site, numbers[1], numbers[2])
    assert "exchange the cables in ports 3 and" in only(site, "swapped").fix
    rows = work_order(site.compare(), H100)
    assert [row.after for row in rows] == [(), (1,)]


def test_uplinks_of_two_leaves_swapped_are_exchanged_where_both_plugs_are():
    """Leaf 0 to spine 0 and leaf 1 to spine 0: both plugs are at the spine. Two spines, one leaf: both are at the leaf."""
    for a, b, device in (
        (("su00-rail0-leaf", 33), ("su00-rail1-leaf", 33), "spine00"),
        (("su00-rail0-leaf", 33), ("su00-rail0-leaf", 64), "su00-rail0-leaf"),
    ):
        site = Site(TWO_UNITS)
        swap(site, number_of(TWO_UNITS, *a), number_of(TWO_UNITS, *b))
        rows = work_order(site.compare(), TWO_UNITS)
        assert len(rows) == 1
        assert rows[0].device == rows[0].to_device == device
        only(site, "swapped")


@pytest.mark.parametrize("turn", [1, 3, 4])
def test_a_host_with_its_rails_turned_round(turn):
    site = Site(H100)
    rotate(site, 12, turn)
    difference = only(site, "wrong_rail")
    assert difference.text.startswith("n0012: all 8 NICs are ")
    assert f"{turn} rail" in difference.text
    rows = work_order(site.compare(), H100)
    assert len(rows) == 8 - {1: 1, 3: 1, 4: 4}[turn]  # as many exchanges as NICs, less the rings of the rotation
    assert all(row.device.startswith("n0012-") and row.to_device.startswith("n0012-") for row in rows)


def test_two_nics_of_a_host_exchanged():
    site = Site(H100)
    swap(site, number_of(H100, "n0003-nic0", 1), number_of(H100, "n0003-nic6", 1))
    assert only(site, "wrong_rail").text == "n0003: NIC 0 is on rail 6, NIC 6 is on rail 0"


def test_the_ports_of_a_nic_exchanged_are_planes_exchanged():
    fabric = fat_tree(8, 2, radix=16, planes=2)
    site = Site(fabric)
    swap(site, number_of(fabric, "n0003-nic1", 1), number_of(fabric, "n0003-nic1", 2))
    difference = only(site, "wrong_plane")
    assert "n0003" in difference.nodes


def test_wrong_port_rail_device_and_plane_by_where_the_plug_is():
    roomy = fat_tree(20, 2, radix=32, planes=2, hosts_per_unit=12, tiers=2)
    assert roomy.name(roomy.endpoint_count) == "p0-su00-rail0-leaf"
    free = dict(free_ports(Site(roomy)))
    for leaf, category in {
        "p0-su00-rail0-leaf": "wrong_port",
        "p0-su00-rail1-leaf": "wrong_rail",
        "p0-su01-rail0-leaf": "wrong_device",
        "p1-su00-rail0-leaf": "wrong_plane",
    }.items():
        site = Site(roomy)
        site.side(("n0003-nic0", 1))[0][1] = (leaf, free[leaf])
        difference = only(site, category)
        assert f"{leaf}:{free[leaf]} instead of p0-su00-rail0-leaf:4" in difference.text
        (row,) = work_order(site.compare(), roomy)
        assert (row.action, row.device, row.port) == ("move", leaf, free[leaf])
        assert (row.to_device, row.to_port) == ("p0-su00-rail0-leaf", 4)


def test_a_cable_between_the_right_switches_with_both_plugs_wrong_is_one_difference():
    fabric = fat_tree(4, 2, radix=16, tiers=2)
    site = Site(fabric)
    cable = next(cable for cable in site.cables if cable[0][0] == "n0000-nic0")
    cable[0] = ("n0000-nic0", 2)
    cable[1] = ("su00-rail0-leaf", 6)
    site.nodes["n0000-nic0"] = 2
    only(site, "wrong_port")
    assert [row.action for row in work_order(site.compare(), fabric)] == ["move", "move"]


@pytest.mark.parametrize("rate", [100.0, 200.0])
def test_a_slow_link(rate):
    site = Site(H100)
    site.cables[300][2] = rate
    assert f"{rate:g} of 400 Gbit/s" in only(site, "slow").text
    site.cables[300][2] = 396.0  # nominal against exact rates
    assert site.compare().items == ()
    site.cables[300][2] = None  # not known
    assert site.compare().items == ()


def test_a_missing_host_is_one_difference():
    site = Site(H100)
    site.drop([f"n0007-nic{nic}" for nic in range(8)])
    difference = only(site, "missing_node")
    assert difference.nodes == ("n0007",)
    assert len(difference.designed) == 8


def test_a_missing_leaf_explains_the_endpoints_behind_it():
    site = Site(H100)
    site.drop(["su00-rail4-leaf"])
    site.lost()
    assert sum(name.endswith("-nic4") for name in site.nodes) == 0
    difference = only(site, "missing_node")
    assert difference.nodes == ("su00-rail4-leaf",)
    assert len(difference.designed) == 64
    assert "32 endpoints" in difference.text
    assert len(work_order(site.compare(), H100)) == 1


def test_an_unknown_node_and_what_may_be_meant():
    site = Site(H100)
    add_to = "spine00"
    site.drop(["n0007-nic3"])
    site.cables.append([("n0070 mlx5_3", 1), (add_to, 64), 400.0])
    site.cables = [cable for cable in site.cables if cable[1] != (add_to, 64) or cable[0][0] == "n0070 mlx5_3"]
    site.nodes["n0070 mlx5_3"] = 1
    found = site.compare()
    assert found.counts() == {"missing_node": 1, "unknown_node": 1, "missing_cable": 1}
    assert "did you mean n0007?" in found.of("unknown_node")[0].text
    assert "holds a cable to 'n0070 mlx5_3'" in found.of("missing_cable")[0].text
    rows = {row.action: row for row in work_order(found, H100)}
    assert rows["plug in"].after == (rows["unplug node"].number,)


def test_a_node_in_the_place_of_another_has_the_wrong_name_and_no_wrong_cables():
    site = Site(H100)
    site.follow([], {"n0007-nic3": "localhost mlx5_0"})
    assert only(site, "misnamed_node").renames == (("localhost mlx5_0", "n0007-nic3"),)
    assert site.compare(names=site.compare().renames()).items == ()


@pytest.mark.parametrize("kind", ["leaves", "hosts"])
def test_exchanged_devices_are_exchanged_names_and_not_dozens_of_swapped_cables(kind):
    site = Site(H100)
    pairs = (
        [("su00-rail0-leaf", "su00-rail1-leaf")] if kind == "leaves" else [(f"n0001-nic{n}", f"n0002-nic{n}") for n in range(8)]
    )
    site.follow([], {old: new for pair in pairs for old, new in (pair, pair[::-1])})
    found = site.compare()
    assert found.counts() == {"misnamed_node": 2}
    assert mend(site).items == ()


def test_cables_in_each_others_ports_of_a_bundle_are_harmless():
    fabric = FABRICS["bundles"]
    site = Site(fabric)
    uplinks = [number for number, cable in enumerate(site.cables) if cable[0][0] == "su00-rail0-leaf"]
    swap(site, uplinks[0], uplinks[3])
    swap(site, uplinks[3], uplinks[5])
    difference = only(site, "harmless")
    assert difference.severity == "info"
    assert "3 of the 8 cables between su00-rail0-leaf and spine00" in difference.text
    assert work_order(site.compare(), fabric) == []
    assert len(work_order(site.compare(), fabric, harmless=True)) == 2
    # One of them is missing as well: what is left of the bundle takes the new one.
    site.cables.pop(uplinks[0])
    found = site.compare()
    assert found.counts() == {"missing_cable": 1, "harmless": 1}
    site.follow(work_order(found, fabric), {})
    assert site.compare().counts() == {"harmless": 1}
    assert mend(site).items == ()


@pytest.mark.parametrize("name", ["Quantum Aggregation Node", "Mellanox Technologies Aggregation Node (b8ce)", "something new"])
def test_what_hides_behind_port_65_is_no_difference(name):
    site = Site(H100)
    site.nodes[name] = 1
    site.cables.append([(name, 1), ("spine01", 65), 400.0])
    found = site.compare()
    assert found.items == ()
    assert found.ignored == (name,)


def test_two_cables_in_one_port_are_refused():
    site = Site(H100)
    site.cables.append([("n0000-nic0", 1), ("n0001-nic0", 1), 400.0])
    with pytest.raises(ValueError, match="in one port, n0000-nic0:1"):
        site.compare()


# Names


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("su00-rail3-leaf", "su00-rail3-leaf"),
        ("MF0;su00-rail3-leaf:MQM9700/U1", "su00-rail3-leaf"),
        ("MF0;SU00-RAIL3-LEAF:MQM9790/U1", "su00-rail3-leaf"),
        ("MF0;spine02:CS8500/L01/U1", "spine02"),
        ("spine02.dc1.example.com", "spine02"),
        ("n0012 mlx5_0", "n0012-nic0"),
        ("n0012 mlx5_7", "n0012-nic7"),
        ("n0012 HCA-1", "n0012-nic0"),
        ("n0012 HCA-8", "n0012-nic7"),
        ("n0012.dc1.example.com HCA-8 (e09d7303007a4bd8)", "n0012-nic7"),
    ],
)
def test_names_found_by_rule(raw, name):
    matched = match_names(H100, [raw])
    assert [H100.name(vertex) for vertex, _ in matched.place.values()] == [name]


@pytest.mark.parametrize(
    "raw", ["n0012", "n0012 mlx5_8", "n0012 HCA-0", "n0099 mlx5_0", "MF0;other:MQM9700/U1", "su00-rail3-leaf2"]
)
def test_names_that_match_nothing_are_unknown(raw):
    assert match_names(H100, [raw]).unknown == {raw: ""}


def test_a_host_alone_is_its_only_nic():
    fabric = fat_tree(8, radix=16)
    assert match_names(fabric, ["n0003"]).place == {"n0003": (3, 1)}


def test_the_mapping_comes_first():
    """DGX H100: the storage adapters are mlx5_1 and others, so that the second compute NIC is mlx5_3."""
    names = {"* mlx5_3": "*-nic1", "n0001 mlx5_3": "n0001-nic7:1", "0xe09d7303007a4bd8": "spine00", "gw *": ""}
    matched = match_names(H100, ["n0000 mlx5_3", "n0001 mlx5_3", "x", "gw 17"], names, {"x": "e09d7303007a4bd8"})
    assert {raw: H100.name(vertex) for raw, (vertex, _) in matched.place.items()} == {
        "n0000 mlx5_3": "n0000-nic1",
        "n0001 mlx5_3": "n0001-nic7",
        "x": "spine00",
    }
    assert matched.ignored == ("gw 17",)


def test_adapters_numbers_stand_for_nics_in_their_order_where_storage_adapters_count_too():
    """DGX H100: the compute adapters are mlx5_0, 3, 4, 5, 6, 9, 10 and 11. A host may lack one; all others show it."""
    numbers = (0, 3, 4, 5, 6, 9, 10, 11)
    found = [f"n{host:04d} mlx5_{number}" for host in range(3) for number in numbers if (host, number) != (1, 0)]
    matched = match_names(H100, found)
    assert not matched.unknown
    assert {raw: H100.name(vertex) for raw, (vertex, _) in matched.place.items()} == {
        raw: f"{raw[:5]}-nic{numbers.index(int(raw.rpartition('_')[2]))}" for raw in found
    }
    assert list(match_names(H100, [*found, "n0002 mlx5_1"]).unknown) == [
        f"n000{host} mlx5_{number}" for host in range(3) for number in (10, 11, 9)
    ]


def test_a_pattern_may_take_a_prefix_from_all_names():
    matched = match_names(H100, ["MF0;site1-spine02:MQM9700/U1", "site1-n0012 mlx5_3"], {"site1-*": "*"})
    assert [H100.name(vertex) for vertex, _ in matched.place.values()] == ["spine02", "n0012-nic3"]
    short = match_names(H100, ["MF0;core-a:MQM9700/U1"], {"core-a": "spine01"})
    assert [H100.name(vertex) for vertex, _ in short.place.values()] == ["spine01"]


def test_the_mapping_may_name_a_port_of_a_nic():
    fabric = fat_tree(6, 2, radix=8, planes=2)
    matched = match_names(fabric, ["n0001 mlx5_0", "n0001 mlx5_1"], {"* mlx5_0": "*-nic0", "* mlx5_1": "*-nic0:2"})
    assert list(matched.place.values()) == [(2, 1), (2, 2)]


def test_a_mapping_to_nothing_is_refused_with_a_hint():
    with pytest.raises(ValueError, match="did you mean spine0"):
        match_names(H100, [], {"x": "spine0"})


def test_of_two_nodes_with_one_name_the_second_is_unknown():
    matched = match_names(H100, ["n0012 HCA-1", "n0012-nic0"])
    assert list(matched.place) == ["n0012-nic0"]
    assert "already taken for n0012-nic0" in matched.unknown["n0012 HCA-1"]


# Text and scale


def test_text_and_work_order_read_well():
    site = Site(H100)
    delete(site, 300, 0)
    slow(site, 17, 0)
    text = lines(site.compare())
    assert text[0] == "2 differences; 511 of 512 designed cables are in place, 511 were found."
    assert "missing cable: 1" in text
    rows = work_order(site.compare(), H100, {"n0002": "B02"})
    assert work_order_lines(rows)[:3] == ["2 actions", "", "Rack not known"]
    assert "Rack B02" in work_order_lines(rows)


def test_sixteen_thousand_endpoints_take_seconds():
    fabric = fat_tree(2048, 8, radix=64)
    site = Site(fabric)
    for host in range(0, 2048, 16):
        rotate(site, host, 1 + host % 7)
    for number in range(20000, 21000, 2):
        swap(site, number, number + 1)
    site.cables = [cable for number, cable in enumerate(site.cables) if number % 331]
    links = site.links()
    start = time.process_time()
    found = compare(fabric, links)
    rows = work_order(found, fabric)
    assert time.process_time() - start < 8
    assert len(found) > 200
    assert len(rows) >= len(found) - found.counts().get("harmless", 0)


def test_nothing_known_at_all_takes_seconds_too():
    fabric = fat_tree(512, 8, radix=64)
    links = links_of(fabric)
    nodes = {f"x{name[::-1]}": ports for name, ports in links.nodes.items()}
    cables = tuple(link._replace(a=f"x{link.a[::-1]}", b=f"x{link.b[::-1]}") for link in links.links)
    start = time.process_time()
    found = compare(fabric, Links(nodes, cables, frozenset()))
    assert time.process_time() - start < 8
    assert set(found.counts()) == {"missing_node", "unknown_node"}
    assert set(found.counts()) <= set(CATEGORIES)


def test_two_hosts_of_one_nic_are_swapped_cables_and_not_exchanged_names():
    fabric = fat_tree(8, radix=16)
    site = Site(fabric)
    swap(site, 2, 5)
    assert only(site, "swapped").fix == "swap back: at switch exchange the cables in ports 3 and 6"


def test_what_ibnetdiscover_prints_is_compared_by_the_names_that_devices_give_themselves():
    fabric = fat_tree(16, 4, radix=16)
    text = write_net(fabric)
    for name in fabric.switches.names:
        text = text.replace(
            f'Switch 16 "{name}"', f'Switch 17 "{name}"\t\t# "MF0;{name}:MQM9700/U1" enhanced port 0 lid 1 lmc 0'
        )
    for name in fabric.endpoints.names:
        host, _, nic = name.partition("-nic")
        text = text.replace(f'Ca 1 "{name}"', f'Ca 1 "{name}"\t\t# "{host} mlx5_{nic}"')
    links = read_ibnetdiscover(text)
    assert "MF0;spine00:MQM9700/U1" in links.nodes
    assert "n0003 mlx5_2" in links.nodes
    assert compare(fabric, links).items == ()
    # With the devices counted otherwise, every host is turned round, until the mapping says so.
    turned = text
    for nic in range(4):
        turned = turned.replace(f'mlx5_{nic}"', f'mlx5_{(nic + 1) % 4}_"')
    turned = turned.replace('_"', '"')
    assert compare(fabric, read_ibnetdiscover(turned)).counts() == {"wrong_rail": 16}
    names = {f"* mlx5_{(nic + 1) % 4}": f"*-nic{nic}" for nic in range(4)}
    assert compare(fabric, read_ibnetdiscover(turned), names=names).items == ()
