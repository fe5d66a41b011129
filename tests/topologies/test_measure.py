"""Measures: published ratios, closed forms, and every bisection, distance and path count by brute force."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.bisection import bisection, bisection_by_max_flow, halves_by_host
from topologies.clos import fat_tree
from topologies.clos_counts import fat_tree_counts
from topologies.errors import TopologyError
from topologies.fabric import ENDPOINT_KINDS, Fabric
from topologies.families import build
from topologies.hops import disjoint_paths, shortest_paths
from topologies.links import links_of
from topologies.measure import Ports, growth, injection_gbit_per_s, measure, oversubscription_by_tier, ports_by_tier
from topologies.populate import populated
from topologies.xgft import xgft

# Oversubscription


def test_hpn_has_the_published_counts_and_ratios() -> None:
    fabric = xgft((128, 120, 1), (2, 60, 8), gbit_per_s=(200.0, 400.0, 400.0), rails=8)
    assert fabric.endpoint_count == 15_360
    assert fabric.switches_by_tier() == {"leaf": 240, "spine": 120, "core": 960}
    assert {tier: round(ratio, 4) for tier, ratio in oversubscription_by_tier(fabric).items()} == {
        "leaf": 1.0667,
        "spine": 15.0,
    }


def test_llama_3_has_the_published_counts_and_ratios() -> None:
    # 8 pods of 192 racks of 16 GPUs; T0 with half as much down as up; 192 ports down and 28 up at T1.
    fabric = xgft((16, 192, 8), (1, 32, 28))
    assert (fabric.endpoint_count, fabric.switches_by_tier()["leaf"]) == (24_576, 1_536)
    found = oversubscription_by_tier(fabric)
    assert found["leaf"] == 0.5
    assert round(found["spine"]) == 7
    # Each of 8 * 32 T1 switches has 28 links up; half of the pods are on either side.
    assert bisection(fabric).gbit_per_s == 4 * 32 * 28 * 400
    assert bisection(fabric).exact


def test_oversubscription_is_of_bandwidth_and_of_full_leaves() -> None:
    fabric = fat_tree(10, 1, radix=12, tiers=2, oversubscription_ratio=2.0)
    assert oversubscription_by_tier(fabric) == {"leaf": 2.0}
    part = fat_tree(3, 1, radix=12, tiers=2, oversubscription_ratio=2.0)
    assert oversubscription_by_tier(part) == {"leaf": 2.0}
    assert oversubscription_by_tier(part, as_populated=True) == {"leaf": 0.75}
    assert oversubscription_by_tier(xgft((8, 2), (1, 2), gbit_per_s=(100.0, 400.0))) == {"leaf": 1.0}
    assert oversubscription_by_tier(fat_tree(8, 1, radix=8)) == {"leaf": 1.0}


def test_oversubscription_of_a_router_compares_endpoints_with_links_to_other_routers() -> None:
    assert oversubscription_by_tier(build("dragonfly", {"p": 2, "a": 4, "h": 2})) == {"router": 2 / 5}


# Bisection


def traffic(fabric: Fabric) -> list[int]:
    apart = {ENDPOINT_KINDS.index("manager"), ENDPOINT_KINDS.index("service")}
    return [endpoint for endpoint, kind in enumerate(fabric.endpoints.kind.tolist()) if kind not in apart]


def worst_split(fabric: Fabric) -> float:
    """Smallest maximum flow over every even split, by brute force: splits that look alike are tried once."""
    ends = traffic(fabric)
    by_place: dict[tuple[int, ...], list[int]] = {}
    for endpoint in ends:
        place = tuple(sorted(fabric.cables.b[fabric.cables.a == endpoint].tolist()))
        by_place.setdefault(place, []).append(endpoint)
    groups = list(by_place.values())
    least = math.inf
    for counts in itertools.product(*(range(len(group) + 1) for group in groups)):
        if sum(counts) == len(ends) // 2:
            side = [endpoint for group, count in zip(groups, counts, strict=True) for endpoint in group[:count]]
            other = sorted(set(ends) - set(side))
            least = min(least, bisection_by_max_flow(fabric, side, other))
    return least


SMALL: list[tuple[str, dict[str, Any]]] = [
    ("fat-tree", {"hosts": 7, "radix": 8}),
    ("fat-tree", {"hosts": 16, "radix": 8}),
    ("fat-tree", {"hosts": 10, "radix": 8, "oversubscription_ratio": 3.0}),
    ("fat-tree", {"hosts": 18, "radix": 8, "oversubscription_ratio": 3.0}),
    ("fat-tree", {"hosts": 21, "radix": 9, "oversubscription_ratio": 2.0, "extra_links": 2, "tiers": 2}),
    ("fat-tree", {"hosts": 4, "nics_per_host": 2, "radix": 4, "tiers": 2, "oversubscription_ratio": 1.0}),
    ("fat-tree", {"hosts": 6, "nics_per_host": 2, "radix": 6, "tiers": 2, "planes": 2}),
    ("fat-tree", {"hosts": 6, "nics_per_host": 2, "radix": 8, "tiers": 2, "dual_tor": True}),
    ("fat-tree", {"hosts": 6, "nics_per_host": 2, "radix": 8, "tiers": 2, "rail_optimised": False}),
    ("fat-tree", {"hosts": 12, "radix": 4, "tiers": 3}),
    ("fat-tree", {"hosts": 8, "nics_per_host": 2, "radix": 4, "tiers": 3}),
    ("fat-tree", {"hosts": 12, "radix": 6, "tiers": 3, "spine_oversubscription_ratio": 2.0, "hosts_per_unit": 2}),
    ("fat-tree", {"hosts": 9, "radix": 6, "tiers": 2, "service_links": 2}),
    ("rail-only", {"hosts": 4, "nics_per_host": 2, "radix": 4}),
    ("rail-only", {"hosts": 5, "nics_per_host": 3, "radix": 8}),
    ("rail-only", {"hosts": 4, "nics_per_host": 3, "radix": 4, "tiers": 2}),
    ("xgft", {"children": [2, 2, 4], "parents": [1, 2, 2]}),
    ("xgft", {"children": [3, 3], "parents": [2, 2]}),
    ("xgft", {"children": [4, 3], "parents": [1, 2]}),
    ("xgft", {"children": [2, 3, 2], "parents": [1, 2, 1], "parallel": [1, 1, 2], "gbit_per_s": [100.0, 200.0, 100.0]}),
    ("dragonfly", {"p": 1, "a": 2, "h": 1}),
    ("dragonfly", {"p": 2, "a": 2, "h": 2, "groups": 4}),
    ("dragonfly-plus", {"leaves": 2, "spines": 2, "p": 2, "h": 1}),
    ("hyperx", {"shape": [2, 4], "p": 2}),
    ("hyperx", {"shape": [4], "p": 3, "links_per_pair": 2}),
    ("hyperx", {"shape": [3, 3], "p": 1}),
    ("torus", {"shape": [4, 2]}),
    ("torus", {"shape": [3, 3]}),
    ("torus", {"shape": [4, 3], "wrap": False}),
    ("torus", {"shape": [2, 4], "twist": True}),
    ("nvlink-domain", {"gpus": 8, "chips": 4, "links_per_gpu": 18}),
    ("nvlink-domain", {"gpus": 4, "chips": 2, "links_per_gpu": 2, "domains": 3}),
]


@pytest.mark.parametrize(("topology", "parameters"), SMALL, ids=[f"{name}-{number}" for number, (name, _) in enumerate(SMALL)])
def test_bisection_holds_for_every_even_split(topology: str, parameters: dict[str, Any]) -> None:
    fabric = build(topology, parameters)
    found, least = bisection(fabric), worst_split(fabric)
    assert found.gbit_per_s <= least + 1e-6
    assert least <= found.at_most_gbit_per_s + 1e-6
    assert found.rule


@pytest.mark.parametrize("hosts", [16, 32, 48, 64])
@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_bisection_of_full_fat_trees_is_exact_and_the_one_of_the_counts(hosts: int, ratio: float) -> None:
    fabric = fat_tree(hosts, 2, radix=16, oversubscription_ratio=ratio)
    tree = fat_tree_counts(hosts, 2, radix=16, oversubscription_ratio=ratio)
    found = bisection(fabric)
    full = tree.tiers == 1 or ratio == 1 or hosts % (2 * tree.hosts_per_unit) == 0
    assert found.exact or not full
    if full:
        assert found.gbit_per_s == tree.bisection_links() * 400
        first = traffic(fabric)[: fabric.endpoint_count // 2]
        assert bisection_by_max_flow(fabric, first) >= found.gbit_per_s


@pytest.mark.parametrize("population", [(3, 1, 0), (5, 2, 1), (6, 2, 0)])
def test_bisection_of_a_partly_populated_xgft_holds(population: tuple[int, int, int]) -> None:
    fabric = populated(xgft((4, 4), (1, 2)), *population)
    found, least = bisection(fabric), worst_split(fabric)
    assert found.gbit_per_s <= least <= found.at_most_gbit_per_s
    assert found.gbit_per_s > 0


@pytest.mark.parametrize(
    ("topology", "parameters", "links"),
    [
        ("torus", {"shape": [4, 4]}, 2 * 4),
        ("torus", {"shape": [6, 4, 4]}, 2 * 4 * 4),
        ("torus", {"shape": [8, 4], "wrap": False}, 4),
        ("optical-torus", {"shape": [16, 16, 16]}, 512),
        ("hyperx", {"shape": [8, 4], "p": 4, "links_per_pair": [1, 3]}, min(8 * 1, 4 * 3) * 32 // 4),
        ("dragonfly", {"p": 2, "a": 4, "h": 4, "groups": 8, "links_per_group_pair": 1}, 4 * 4),
        ("dragonfly", {"p": 16, "a": 32, "h": 10, "groups": 74, "links_per_group_pair": 4}, 37 * 37 * 4),
        ("dragonfly-plus", {"leaves": 4, "spines": 4, "p": 4, "h": 4, "groups": 8, "links_per_group_pair": 1}, 4 * 4),
        ("nvlink-domain", {"gpus": 72}, 36 * 18),
        ("rail-only", {"hosts": 64, "nics_per_host": 8, "radix": 64}, 0),
    ],
)
def test_bisection_has_the_textbook_value(topology: str, parameters: dict[str, Any], links: int) -> None:
    found = bisection(build(topology, parameters))
    assert (found.gbit_per_s, found.exact) == (links * 400, True)


def test_bisection_of_slim_fly_is_bounded_within_a_few_per_cent() -> None:
    found = bisection(build("slim-fly", {"q": 5}))
    # Hoffman-Singleton: second eigenvalue of the Laplacian 7 - 2 = 5, so at least 5 * 50 / 4 = 62.5 links.
    assert found.gbit_per_s == 63 * 400
    assert not found.exact
    assert found.at_most_gbit_per_s <= 1.1 * found.gbit_per_s


def test_bisection_of_a_joined_fabric_is_that_of_the_scale_out() -> None:
    base = {"topology": "fat-tree", "parameters": {"hosts": 12, "nics_per_host": 2, "radix": 8, "oversubscription_ratio": 3.0}}
    parameters = {"base": base, "gpus_per_domain": 4, "chips_per_domain": 2, "links_per_gpu": 4}
    found = bisection(build("scale-up-joined", parameters))
    assert found.gbit_per_s == bisection(build(**base)).gbit_per_s
    assert found.exact


def test_halves_hold_whole_hosts_and_no_managers() -> None:
    fabric = fat_tree(5, 2, radix=8, tiers=2, extra_links=1)
    first, second = halves_by_host(fabric)
    assert (first.tolist(), second.tolist()) == ([0, 1, 2, 3], [4, 5, 6, 7, 8, 9])


def test_max_flow_equals_networkx() -> None:
    fabric = fat_tree(18, 1, radix=8, oversubscription_ratio=3.0).without(cables=[20, 22])
    graph: nx.DiGraph[Any] = nx.DiGraph()
    for a, b in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            capacity = graph.get_edge_data(one, other, {"capacity": 0})["capacity"]
            graph.add_edge(one, other, capacity=capacity + 400)
    for endpoint in range(18):
        graph.add_edge("source", endpoint) if endpoint < 9 else graph.add_edge(endpoint, "sink")
    assert bisection_by_max_flow(fabric, range(9)) == nx.maximum_flow_value(graph, "source", "sink")


# Distances and paths


def by_networkx(fabric: Fabric) -> tuple[Counter[int], dict[int, list[int]], int]:
    """Pairs by distance, path counts by distance and pairs without a path, one breadth-first search an endpoint."""
    ends = fabric.endpoint_count
    near: list[list[int]] = [[] for _ in range(fabric.vertex_count)]
    for a, b in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    pairs: Counter[int] = Counter()
    paths: dict[int, list[int]] = {}
    missing = 0
    for source in range(ends):
        distance, ways, front = {source: 0}, Counter({source: 1}), [source]
        while front:
            following: list[int] = []
            for vertex in front:
                if vertex < ends and vertex != source:
                    continue
                for other in near[vertex]:
                    if other not in distance:
                        distance[other] = distance[vertex] + 1
                        following.append(other)
                    if distance[other] == distance[vertex] + 1:
                        ways[other] += ways[vertex]
            front = following
        for target in range(source + 1, ends):
            if target in distance:
                pairs[distance[target]] += 1
                paths.setdefault(distance[target], []).append(ways[target])
            else:
                missing += 1
    return pairs, paths, missing


FOR_PATHS: list[tuple[str, dict[str, Any]]] = [
    *SMALL,
    ("fat-tree", {"hosts": 13, "nics_per_host": 2, "radix": 8, "extra_links": 3}),
    ("fat-tree", {"hosts": 9, "nics_per_host": 2, "radix": 8, "tiers": 3, "dual_tor": True}),
    ("dragonfly", {"p": 2, "a": 4, "h": 2}),
    ("dragonfly", {"p": 1, "a": 3, "h": 2, "groups": 4}),
    ("dragonfly-plus", {"leaves": 2, "spines": 2, "p": 2, "h": 2}),
    ("slim-fly", {"q": 5}),
    ("torus", {"shape": [4, 4, 3]}),
    ("torus", {"shape": [4, 8], "twist": True}),
    ("star", {"attached": [["n", 5, 2], ["pdu", 4, 1]], "radix": 6}),
    (
        "scale-up-joined",
        {
            "base": {"topology": "fat-tree", "parameters": {"hosts": 6, "nics_per_host": 2, "radix": 8}},
            "gpus_per_domain": 4,
            "chips_per_domain": 2,
            "links_per_gpu": 4,
        },
    ),
]


@pytest.mark.parametrize("damage", [0, 3])
@pytest.mark.parametrize(
    ("topology", "parameters"), FOR_PATHS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(FOR_PATHS)]
)
def test_distances_and_path_counts_equal_a_search_from_every_endpoint(
    topology: str, parameters: dict[str, Any], damage: int
) -> None:
    fabric = build(topology, parameters)
    if damage:
        fabric = fabric.without(cables=np.random.default_rng(7).choice(len(fabric.cables), damage, replace=False))
    found = shortest_paths(fabric)
    pairs, paths, missing = by_networkx(fabric)
    assert found.exact
    assert (found.pairs_by_links, found.unreachable_pairs) == (dict(sorted(pairs.items())), missing)
    for links, counts in paths.items():
        fewest, mean, most = found.paths_by_links[links]
        assert (fewest, most) == (min(counts), max(counts))
        assert mean == pytest.approx(sum(counts) / len(counts))
    assert found.diameter_links == max(pairs, default=0)


@pytest.mark.parametrize("k", [4, 8, 16])
def test_k_ary_fat_tree_has_a_quarter_of_k_squared_paths_between_pods(k: int) -> None:
    found = shortest_paths(xgft((k // 2, k // 2, k), (1, k // 2, k // 2)))
    assert {links: paths[0] for links, paths in found.paths_by_links.items()} == {2: 1, 4: k // 2, 6: k * k // 4}
    assert found.diameter_links == 6
    assert found.diameter_hops == 4


def test_sampling_is_said() -> None:
    fabric = build("slim-fly", {"q": 5})
    whole, part = shortest_paths(fabric), shortest_paths(fabric, sources_max=3)
    assert (whole.exact, part.exact) == (True, False)
    assert part.mean_links == pytest.approx(whole.mean_links, rel=0.05)


def test_disjoint_paths() -> None:
    dual = fat_tree(6, 2, radix=8, tiers=2, dual_tor=True)
    assert disjoint_paths(dual, 0, 10) == 2
    assert disjoint_paths(dual.without(cables=[0]), 0, 10) == 1
    assert disjoint_paths(build("nvlink-domain", {"gpus": 8, "chips": 4, "links_per_gpu": 18}), 0, 7) == 18
    with pytest.raises(ValueError, match="endpoints"):
        disjoint_paths(dual, 0, 0)


# Ports and growth


def test_ports() -> None:
    fabric = fat_tree(96, 8, radix=64)
    assert ports_by_tier(fabric) == {"leaf": Ports(1536, 0), "spine": Ports(768, 256)}


@pytest.mark.parametrize(
    ("hosts", "options"),
    [
        (96, {"nics_per_host": 8, "radix": 64}),
        (100, {"nics_per_host": 8, "radix": 64}),
        (70, {"nics_per_host": 8, "radix": 64, "extra_links": 4}),
        (20, {"nics_per_host": 2, "radix": 16}),
        (30, {"radix": 12, "planes": 2}),
        (24, {"nics_per_host": 2, "radix": 16, "rail_optimised": False}),
        (24, {"nics_per_host": 2, "radix": 16, "dual_tor": True, "tiers": 2}),
        (9, {"radix": 16}),
    ],
)
def test_growth_is_what_the_same_rule_builds_without_moving_a_cable(hosts: int, options: dict[str, Any]) -> None:
    """A bigger fat tree with the same spines has all the cables of the smaller one, up to the size told, and not beyond."""
    small = fat_tree(hosts, **options)
    found = growth(small)
    spines = small.switches_by_tier().get("spine")
    managers = [end for end, kind in enumerate(small.endpoints.kind) if ENDPOINT_KINDS[kind] == "manager"]
    small = small.without(vertices=managers)
    large = fat_tree(found.hosts_max, **options)
    assert large.switches_by_tier().get("spine") == spines
    assert links_of(small).cable_set() <= links_of(large).cable_set()
    free_only = fat_tree(hosts + found.on_free_ports, **options)
    assert free_only.switches_by_tier() == small.switches_by_tier()
    try:
        larger = fat_tree(found.hosts_max + 1, **options)
    except ValueError:
        return
    assert larger.switches_by_tier().get("spine") != spines or len(larger.tiers) > len(small.tiers)


@pytest.mark.parametrize(
    ("hosts", "options"),
    [
        (512, {"nics_per_host": 8, "radix": 64}),
        (300, {"nics_per_host": 8, "radix": 64}),
        (40, {"radix": 8}),
        (100, {"radix": 8}),
        (60, {"nics_per_host": 2, "radix": 8}),
        (66, {"radix": 8, "spine_oversubscription_ratio": 3.0}),
    ],
)
def test_growth_of_three_tiers_ends_where_the_same_cores_are_full(hosts: int, options: dict[str, Any]) -> None:
    small = fat_tree(hosts, **options)
    found = growth(small)
    large = fat_tree(found.hosts_max, **options)
    assert large.switches_by_tier()["core"] == small.switches_by_tier()["core"]
    assert large.switches_by_tier()["leaf"] >= small.switches_by_tier()["leaf"]
    try:
        larger = fat_tree(found.hosts_max + 1, **options)
    except ValueError:
        larger = None
    assert larger is None or larger.switches_by_tier()["core"] != small.switches_by_tier()["core"]
    free_only = fat_tree(hosts + found.on_free_ports, **options)
    assert free_only.switches_by_tier() == small.switches_by_tier()


def test_growth_of_a_partly_populated_fabric_is_its_free_ports() -> None:
    found = growth(populated(xgft((4, 4), (1, 2)), 5, 2))
    assert (found.hosts, found.on_free_ports, found.hosts_max) == (5, 3, 8)


# Everything together


def test_measure_collects_all() -> None:
    fabric = fat_tree(128, 8, radix=64)
    found = measure(fabric)
    assert (found.endpoint_count, found.host_count) == (1024, 128)
    assert found.injection_gbit_per_s == injection_gbit_per_s(fabric) == 1024 * 400
    assert found.bisection_fraction == 1.0
    assert found.paths.paths_by_links[4] == (64, 64.0, 64)
    assert measure(build("rail-only", {"hosts": 64, "nics_per_host": 8, "radix": 64})).paths.unreachable_pairs == 28 * 64 * 64


def test_measure_of_131072_endpoints_is_exact() -> None:
    found = measure(fat_tree(16_384, 8, radix=128))
    assert found.bisection.exact
    assert found.paths.exact
    assert sum(found.paths.pairs_by_links.values()) == 131_072 * 131_071 // 2
    # Up 64 ways at the leaf, 64 at the spine, 4 cables to each of 16 cores, and down again by as many cables.
    assert found.paths.paths_by_links[6] == (64 * 64 * 4, 64 * 64 * 4.0, 64 * 64 * 4)
    assert found.paths.diameter_links == 6


# What is small, odd or partly populated


@pytest.mark.parametrize(
    "recipe",
    [
        {"topology": "hyperx", "parameters": {"shape": [1], "p": 3}},
        {"topology": "star", "parameters": {"attached": [["n", 3, 2]], "radix": 9}},
        {"topology": "dragonfly", "parameters": {"p": 2, "a": 1, "h": 1, "groups": 1}},
    ],
)
def test_a_single_switch_of_any_family_is_measured(recipe: dict[str, Any]) -> None:
    fabric = build(**recipe)
    found = measure(fabric).bisection
    assert fabric.switch_count == 1
    assert found.exact
    assert found.gbit_per_s == worst_split(fabric)


@pytest.mark.parametrize(("nics", "gpus"), [(2, 3), (3, 3), (4, 3), (2, 5), (3, 5), (2, 4)])
def test_gpus_with_several_nics_split_as_whole_gpus(nics: int, gpus: int) -> None:
    base = {"topology": "fat-tree", "parameters": {"hosts": gpus, "nics_per_host": nics, "radix": 32}}
    options = {"gpus_per_domain": 1, "chips_per_domain": 1, "links_per_gpu": 1, "gpus_per_host": 1}
    fabric = build("scale-up-joined", {"base": base, **options})
    found = bisection(fabric)
    assert found.exact
    assert found.gbit_per_s == worst_split(fabric) == gpus // 2 * nics * 400.0


POPULATED_TREES: list[tuple[str, dict[str, Any], dict[str, int]]] = [
    ("fat-tree", {"hosts": 12, "radix": 8, "tiers": 2}, {"hosts": 5, "nics_per_host": 1}),
    ("fat-tree", {"hosts": 8, "nics_per_host": 2, "radix": 6, "oversubscription_ratio": 2}, {"hosts": 3, "nics_per_host": 3}),
    ("fat-tree", {"hosts": 16, "radix": 4, "spine_oversubscription_ratio": 2}, {"hosts": 9, "nics_per_host": 1}),
    ("fat-tree", {"hosts": 8, "nics_per_host": 2, "radix": 8, "dual_tor": True, "tiers": 2}, {"hosts": 4, "nics_per_host": 2}),
    ("fat-tree", {"hosts": 8, "radix": 4, "planes": 2, "tiers": 3}, {"hosts": 6, "nics_per_host": 1, "managers": 1}),
    ("fat-tree", {"hosts": 3, "radix": 8, "extra_links": 3}, {"hosts": 5, "nics_per_host": 1}),
    ("rail-only", {"hosts": 6, "nics_per_host": 2, "radix": 4, "tiers": 2}, {"hosts": 3, "nics_per_host": 2}),
    ("rail-only", {"hosts": 6, "nics_per_host": 3, "radix": 4, "tiers": 2}, {"hosts": 3, "nics_per_host": 3}),
    ("rail-only", {"hosts": 6, "nics_per_host": 2, "radix": 4, "tiers": 2}, {"hosts": 7, "nics_per_host": 1}),
]


@pytest.mark.parametrize(("topology", "parameters", "population"), POPULATED_TREES)
def test_a_partly_populated_tree_is_bounded_as_it_is(
    topology: str, parameters: dict[str, Any], population: dict[str, int]
) -> None:
    fabric = build(topology, parameters, population)
    found, real = bisection(fabric), worst_split(fabric)
    assert found.gbit_per_s <= real <= found.at_most_gbit_per_s
    nics_of_base = parameters["hosts"] * parameters.get("nics_per_host", 1)
    if population["hosts"] * population["nics_per_host"] < nics_of_base and topology == "fat-tree":
        assert found.gbit_per_s > 0


@pytest.mark.parametrize(("topology", "parameters", "population"), POPULATED_TREES)
def test_a_partly_populated_fabric_grows_back_to_the_full_one(
    topology: str, parameters: dict[str, Any], population: dict[str, int]
) -> None:
    fabric = build(topology, parameters, population)
    grown = growth(fabric)
    assert grown.hosts == population["hosts"]
    more = {**population, "hosts": grown.hosts + grown.on_free_ports}
    assert build(topology, parameters, more).endpoint_count <= build(topology, parameters).endpoint_count
    with pytest.raises(TopologyError):
        build(topology, parameters, {**more, "hosts": more["hosts"] + 1})


def test_rail_only_with_managers_is_measured_as_built() -> None:
    # Leaf ports for managers are shared out over all rails: no rail alone has so many.
    fabric = build("rail-only", {"hosts": 7, "nics_per_host": 3, "radix": 5, "oversubscription_ratio": 1.5, "extra_links": 3})
    found = measure(fabric)
    assert found.bisection.at_most_gbit_per_s > 0
    assert found.growth.hosts == 7
