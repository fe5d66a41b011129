"""Fat trees, rail-only fabrics and XGFTs as cable lists: counts by published tables and closed forms, laws on every cable."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.clos import fat_tree, rail_only
from topologies.clos_counts import fat_tree_counts, fat_tree_of_nics
from topologies.errors import TopologyError
from topologies.fabric import NONE, Fabric
from topologies.families import build
from topologies.xgft import xgft

# Laws of any fat tree, on its cables


def assert_striped_equally(fabric: Fabric) -> None:
    """Every switch runs the same number of cables to every parent, and all of a tier have as many parents and uplinks."""
    tier = fabric.tier_of_vertex
    up: dict[int, Counter[int]] = {vertex: Counter() for vertex in range(fabric.endpoint_count, fabric.vertex_count)}
    for a, b in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True):
        assert tier[b] == tier[a] + 1
        if a >= fabric.endpoint_count:
            up[a][b] += 1
    shapes: dict[int, set[tuple[int, ...]]] = {}
    for vertex, parents in up.items():
        assert len(set(parents.values())) <= 1, fabric.name(vertex)
        shapes.setdefault(int(tier[vertex]), set()).add(tuple(sorted(parents.values())))
    assert all(len(shape) == 1 for shape in shapes.values())


def assert_planes_are_whole(fabric: Fabric, planes: int) -> None:
    """Every plane joins all NICs by itself, and no cable joins two planes."""
    plane_of = np.concatenate([np.full(fabric.endpoint_count, NONE), fabric.switches.plane])
    kinds = fabric.endpoints.kind
    graph = nx.Graph(zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True))
    for a, b, plane in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), fabric.cables.plane.tolist(), strict=True):
        assert plane_of[b] == plane
        assert plane_of[a] in (NONE, plane)
    nics = np.flatnonzero(kinds != 1).tolist()  # managers have one link, in one plane
    for plane in range(planes):
        others = [vertex for vertex in graph if plane_of[vertex] not in (NONE, plane)]
        one = graph.copy()
        one.remove_nodes_from(others)
        one.remove_nodes_from([vertex for vertex in list(one) if one.degree(vertex) == 0])
        assert nx.is_connected(one)
        assert set(nics) <= set(one)


@st.composite
def fat_trees(draw: st.DrawFn) -> dict[str, Any]:
    radix = draw(st.integers(4, 24))
    return {
        "hosts": draw(st.integers(1, 120)),
        "nics_per_host": draw(st.integers(1, 4)),
        "radix": radix,
        "tiers": draw(st.sampled_from([None, 2, 3])),
        "planes": draw(st.integers(1, 2)),
        "rail_optimised": draw(st.booleans()),
        "dual_tor": draw(st.booleans()),
        "oversubscription_ratio": draw(st.sampled_from([0.5, 1.0, 1.0, 2.0, 3.0])),
        "spine_oversubscription_ratio": draw(st.sampled_from([1.0, 1.0, 2.0, 0.5])),
        "spine_radix": draw(st.sampled_from([None, None, 2 * radix])),
        "extra_links": draw(st.integers(0, 4)),
        "service_links": draw(st.integers(0, 6)),
        "spines_min": draw(st.integers(1, 2)),
        "links_per_port": draw(st.sampled_from([1, 2])),
    }


@settings(max_examples=200)
@given(fat_trees())
def test_every_cable_obeys_the_laws(asked: dict[str, Any]) -> None:
    try:
        fabric = fat_tree(**asked)
    except TopologyError as error:
        if error.largest_hosts < 1:
            return
        asked["hosts"] = error.largest_hosts
        fabric = fat_tree(**asked)
    names = ("links_per_port", "gbit_per_s", "others")
    counts = fat_tree_of_nics(**{name: value for name, value in asked.items() if name not in names})
    assert fabric.problems() == []
    assert fabric.switches_by_tier() == dict(
        zip(fabric.tiers, (counts.leaf_count, counts.spine_count, counts.core_count), strict=False)
    )
    layers = counts.endpoint_links + counts.extra_links + counts.service_links, counts.leaf_spine_links, counts.spine_core_links
    assert fabric.cables_by_layer() == dict(zip(fabric.layers, layers, strict=False))
    assert_striped_equally(fabric)
    assert_planes_are_whole(fabric, asked["planes"])
    # Leaves keep to their ratio, spines to theirs.
    used = fabric.ports_used[fabric.endpoint_count :]
    if counts.tiers > 1:
        leaves = fabric.switches.tier == 1
        assert (used[leaves] - counts.leaf_up_ports <= counts.radix - counts.leaf_up_ports).all()
        nics = np.bincount(fabric.cables.b[(fabric.cables.layer == 0)], minlength=fabric.vertex_count)[fabric.endpoint_count :]
        hosts_only = nics[leaves] - asked["extra_links"]  # managers may add to what the ratio holds
        assert (hosts_only <= asked["oversubscription_ratio"] * counts.leaf_up_ports + 1e-9).all()
    if counts.tiers == 3:
        assert counts.spine_down_ports <= asked["spine_oversubscription_ratio"] * counts.spine_up_ports + 1e-9
    # NICs of a host: one a leaf with rails, all on the same leaves without.
    nic = fabric.cables.layer == 0
    if counts.tiers > 1 and asked["nics_per_host"] > 1:
        ends = fabric.endpoints
        nodes = nic & (ends.kind[np.where(nic, fabric.cables.a, 0)] == 0)
        pairs = set(zip(ends.host[fabric.cables.a[nodes]].tolist(), fabric.cables.b[nodes].tolist(), strict=True))
        columns = asked["planes"] * (2 if asked["dual_tor"] else 1)
        each = columns * (asked["nics_per_host"] if asked["rail_optimised"] else 1)
        assert len(pairs) == asked["hosts"] * each
    # And it is built again from its recipe.
    again = build(fabric.topology, fabric.parameters)
    for table in ("switches", "endpoints", "cables"):
        for column, values in vars(getattr(fabric, table)).items():
            assert np.array_equal(values, getattr(getattr(again, table), column)), column


def test_physical_ports_are_whole() -> None:
    """NVIDIA B300: 800G ports broken out in two; a leaf's uplinks to one spine share a port of both."""
    fabric = fat_tree(64, 8, radix=128, planes=2, links_per_port=2)
    up = fabric.cables.layer == 1
    lower = (fabric.cables.a[up].astype(np.int64) << 32) | (fabric.cables.a_port[up] - 1) // 2
    upper = (fabric.cables.b[up].astype(np.int64) << 32) | (fabric.cables.b_port[up] - 1) // 2
    assert (
        len(set(lower.tolist()))
        == len(set(upper.tolist()))
        == len(set(zip(lower.tolist(), upper.tolist(), strict=True)))
        == 512
    )


def test_names_and_labels() -> None:
    fabric = fat_tree(127, 8, radix=64, extra_links=4)
    assert fabric.name(fabric.vertex_by_name["n0126-nic7"]) == "n0126-nic7"
    assert fabric.label(1020 + 29 * 32) == "su03-rail5-leaf:33 <-> spine00:59"
    rails = [name for name in fabric.switches.names if name.startswith("su03")]
    assert rails == [f"su03-rail{rail}-leaf" for rail in range(8)]
    # The managers take what the removed node leaves free: one port of four leaves of the last unit.
    managers = fabric.cables.a[(fabric.cables.layer == 0) & (fabric.cables.a >= 127 * 8)]
    assert len(managers) == 4
    assert {fabric.label(number)[:9] for number in range(1016, 1020)} == {"mgr00-nic", "mgr01-nic", "mgr02-nic", "mgr03-nic"}
    assert {fabric.label(number).split("> ")[1] for number in range(1016, 1020)} == {
        f"su03-rail{rail}-leaf:32" for rail in range(4)
    }


def test_prefix_tells_networks_apart() -> None:
    fabric = fat_tree(4, 2, radix=8, tiers=2).renamed("storage-", "stor")
    assert fabric.name(0) == "n0000-stor0"
    assert fabric.switches.names[0] == "storage-su00-rail0-leaf"


def test_networkx_view_is_the_fabric() -> None:
    fabric = fat_tree(12, 4, radix=16, planes=2, extra_links=2)
    graph = fabric.to_networkx()
    assert set(graph) == set(fabric.names)
    assert graph.number_of_edges() == len(fabric.cables)
    for a, b, number, values in graph.edges(keys=True, data=True):
        assert {a, b} == {fabric.name(int(fabric.cables.a[number])), fabric.name(int(fabric.cables.b[number]))}
        assert values["ports"] == {
            fabric.name(int(fabric.cables.a[number])): fabric.cables.a_port[number],
            fabric.name(int(fabric.cables.b[number])): fabric.cables.b_port[number],
        }
    assert graph.nodes["n0003-nic2"] == {"kind": "nic", "host": "n0003", "slot": 2, "rail": 2}


# Published designs


def test_alibaba_hpn_7() -> None:
    """HPN 7.0 (Qian et al., SIGCOMM 2024; figures as in SimAI's template): 15 segments of 128 hosts, 8 NICs of 2 x 200G."""
    fabric = xgft((128, 120), (2, 60), gbit_per_s=(200, 400), rails=8)
    assert fabric.endpoint_count == 15_360
    assert fabric.switches_by_tier() == {"leaf": 240, "spine": 120}
    down, up = 128 * 200, 60 * 400
    assert down / up == pytest.approx(1.0667, abs=5e-5)
    assert fabric.problems() == []
    assert_striped_equally(fabric)
    assert_planes_are_whole(fabric, 2)
    # A segment: 16 leaves (8 rails x 2 planes), every NIC on both of its rail.
    first = fabric.cables.a < 8 * 128
    assert len(set(fabric.cables.b[first].tolist())) == 16
    # With a core behind it: 8 uplinks of 400G below 120 downlinks are 15:1.
    pods = xgft((128, 120, 2), (2, 60, 8), gbit_per_s=(200, 400, 400), rails=8)
    assert pods.switches.ports[pods.switches.tier == 2].tolist() == [128] * 240


def test_meta_24k() -> None:
    """Llama 3 (arXiv 2407.21783, section 3.3.1): 8 pods of 3,072 GPUs, two servers a rack, 1:7 above the pod."""
    fabric = xgft((16, 192, 8), (1, 16, 55), (1, 2, 1))
    assert fabric.endpoint_count == 24_576
    assert fabric.switches_by_tier()["leaf"] == 24_576 // 16 == 1_536  # one in each rack of two servers
    down = np.bincount(fabric.cables.b, minlength=fabric.vertex_count)[fabric.endpoint_count :]
    up = np.bincount(fabric.cables.a, minlength=fabric.vertex_count)[fabric.endpoint_count :]
    tier = fabric.switches.tier
    assert set((down / np.maximum(up, 1))[tier == 1]) == {0.5}
    assert np.round((down / np.maximum(up, 1))[tier == 2]).tolist() == [7] * 8 * 16


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0, 3.0])
def test_spines_keep_to_their_own_ratio(ratio: float) -> None:
    counts = fat_tree_counts(16 * 256, 1, radix=32, tiers=3, spine_oversubscription_ratio=ratio, spine_radix=64, core_radix=256)
    assert counts.spine_down_ports / counts.spine_up_ports <= ratio
    assert counts.spine_up_ports * ratio >= counts.spine_down_ports
    more = fat_tree_counts(16 * 256, 1, radix=32, tiers=3, spine_radix=64, core_radix=256)
    if ratio > 1:
        assert counts.spine_count + counts.core_count < more.spine_count + more.core_count
        assert counts.bisection_links() < more.bisection_links()


def test_a_director_takes_the_place_of_many_spines() -> None:
    """140 nodes of 8 on 40-port leaves need three tiers of 40-port switches, or two with 800-port directors."""
    assert fat_tree_counts(140, 8, radix=40).tiers == 3
    directors = fat_tree_counts(140, 8, radix=40, spine_radix=800)
    assert (directors.tiers, directors.leaf_count, directors.spine_count) == (2, 56, 2)
    assert fat_tree(140, 8, radix=40, spine_radix=800).problems() == []


def test_rail_only_has_no_way_between_rails() -> None:
    fabric = rail_only(64, 8, radix=64)
    graph = fabric.to_networkx()
    parts = list(nx.connected_components(graph))
    assert len(parts) == 8
    assert all(len({name[-1] for name in part if "-nic" in name}) == 1 for part in parts)
    full = fat_tree(64, 8, radix=64)
    assert (fabric.switch_count, full.switch_count) == (8, 24)
    assert fabric.switches.names[5] == "rail5-switch"
    assert fabric.problems() == rail_only(100, 4, radix=64).problems() == rail_only(10, 1, radix=64).problems() == []


@settings(max_examples=60)
@given(hosts=st.integers(1, 150), rails=st.integers(1, 8), radix=st.integers(4, 32), managers=st.integers(0, 3))
def test_rail_only_is_a_fat_tree_a_rail(hosts: int, rails: int, radix: int, managers: int) -> None:
    try:
        one = fat_tree_counts(hosts, 1, radix=radix, extra_links=managers)
    except TopologyError:
        return
    fabric = rail_only(hosts, rails, radix=radix, extra_links=managers)
    assert fabric.switch_count == rails * (one.leaf_count + one.spine_count + one.core_count)
    assert fabric.endpoint_count == hosts * rails + managers
    assert fabric.cables_by_layer()["node_leaf"] == fabric.endpoint_count
    nics = fabric.cables.a < hosts * rails
    assert (fabric.endpoints.rail[fabric.cables.a[nics]] == fabric.cables.rail[nics]).all()
    assert fabric.problems() == []


# XGFT closed forms


@pytest.mark.parametrize(
    ("m", "w", "p"),
    [((4, 4), (1, 2), (1, 2)), ((2, 3, 4), (1, 2, 3), (1, 1, 2)), ((3, 2), (2, 3), (1, 1)), ((5,), (1,), (3,)),
     ((2, 2, 2, 2), (1, 2, 2, 2), (1, 1, 1, 1)), ((2, 2, 3), (2, 2, 1), (2, 1, 1))],
)  # fmt: skip
def test_xgft_counts(m: tuple[int, ...], w: tuple[int, ...], p: tuple[int, ...]) -> None:
    """Ohring et al. 1995: level i has prod(m[i:]) * prod(w[:i]) switches, each with m_i children and w_(i+1) parents."""
    fabric = xgft(m, w, p)
    levels = len(m)
    assert fabric.endpoint_count == math.prod(m)
    assert fabric.problems() == []
    switches = [math.prod(m[level:]) * math.prod(w[:level]) for level in range(1, levels + 1)]
    assert list(fabric.switches_by_tier().values()) == switches
    lower = [math.prod(m), *switches]
    assert list(fabric.cables_by_layer().values()) == [lower[i] * w[i] * p[i] for i in range(levels)]
    down = np.bincount(fabric.cables.b, minlength=fabric.vertex_count)[fabric.endpoint_count :]
    assert all((down[fabric.switches.tier == i + 1] == m[i] * p[i]).all() for i in range(levels))
    assert_striped_equally(fabric)
    assert nx.number_connected_components(fabric.to_networkx()) == 1


def test_xgft_is_the_k_ary_fat_tree() -> None:
    """XGFT(3; k/2, k/2, k; 1, k/2, k/2) is the k-ary fat tree of Al-Fares et al., up to the names."""
    k = 4
    ours = fat_tree(k**3 // 4, radix=k).to_networkx()
    theirs = xgft((k // 2, k // 2, k), (1, k // 2, k // 2)).to_networkx()
    match = nx.algorithms.isomorphism.MultiGraphMatcher(ours, theirs, node_match=lambda a, b: a["kind"] == b["kind"])
    assert match.is_isomorphic()


# Refusals


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ({"hosts": 257, "tiers": 2}, {"hosts": 256}),
        ({"hosts": 8193}, {"hosts": 8192}),
        ({"hosts": 10, "nics_per_host": 40, "rail_optimised": False}, {"nics_per_host": 32}),
        ({"hosts": 128, "extra_links": 4, "tiers": 2}, {"hosts": 127}),
    ],
)
def test_a_refusal_names_the_nearest(wrong: dict[str, Any], nearest: dict[str, int]) -> None:
    asked = {"nics_per_host": 8, "radix": 64} | wrong
    with pytest.raises(TopologyError) as refusal:
        fat_tree(**asked)
    assert nearest in refusal.value.nearest
    possible = fat_tree(**(asked | nearest))
    assert possible.problems() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": 0},
        {"nics_per_host": 0},
        {"gbit_per_s": 0.0},
        {"links_per_port": 0},
        {"others": 5},
        {"dual_tor": True, "tiers": 1},
    ],
)
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fat_tree(**({"hosts": 4, "radix": 64} | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"children": ()},
        {"children": (0, 4)},
        {"parents": (1,)},
        {"parallel": (1, 0)},
        {"gbit_per_s": (1.0, -1.0)},
        {"rails": 0},
    ],
)
def test_xgft_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        xgft(**({"children": (4, 4), "parents": (1, 2)} | wrong))


def test_xgft_rails_share_out_the_leaves() -> None:
    with pytest.raises(TopologyError) as refusal:
        xgft((4, 6), (1, 2), rails=4)
    assert {each["rails"] for each in refusal.value.nearest} == {3, 6}


REFUSED: list[dict[str, Any]] = [
    {"hosts": 9, "nics_per_host": 3, "radix": 3, "others": 9},  # too many hosts, and more others than fit
    {"hosts": 5, "nics_per_host": 3, "radix": 4, "dual_tor": True},  # six rails on four ports
    {"hosts": 6, "nics_per_host": 3, "radix": 2},  # a switch that serves one rail only
    {"hosts": 6, "nics_per_host": 2, "radix": 6, "rail_optimised": False, "hosts_per_unit": 2},
    {"hosts": 6, "nics_per_host": 4, "radix": 6, "rail_optimised": False, "dual_tor": True},
    {"hosts": 7, "radix": 8, "hosts_per_unit": 9},
    {"hosts": 12, "radix": 3, "tiers": 2, "spines_min": 3},
    {"hosts": 3, "radix": 2, "tiers": 2, "oversubscription_ratio": 0.5},
    {"hosts": 12, "radix": 4, "tiers": 3, "extra_links": 3},
]


@pytest.mark.parametrize("asked", REFUSED)
def test_what_a_refusal_offers_can_be_built(asked: dict[str, Any]) -> None:
    with pytest.raises(TopologyError) as refusal:
        fat_tree(**asked)
    assert refusal.value.nearest
    for change in refusal.value.nearest:
        assert fat_tree(**{**asked, **change}).problems() == []


def test_a_refused_unit_is_counted_in_hosts() -> None:
    with pytest.raises(TopologyError, match="a unit of 2 hosts with 2 NICs each does not fit a leaf with 3 ports down"):
        fat_tree(6, 2, radix=6, rail_optimised=False, hosts_per_unit=2)
    with pytest.raises(ValueError, match="hosts_per_unit must be at least 1"):
        fat_tree(6, 2, radix=6, hosts_per_unit=0)
