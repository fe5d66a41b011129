"""Failures: published cases, laws on any fabric, and the table by symmetry against losing every component in turn."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.fabric import INTERNAL_LAYERS, Fabric
from topologies.failures import Baseline, lose, lose_random
from topologies.families import build
from topologies.n_minus_1 import component_classes, n_minus_1
from topologies.xgft import xgft


def switch(fabric: Fabric, name: str) -> list[int]:
    return [fabric.vertex_by_name[name]]


# Published cases


def test_four_scalable_units_lose_a_spine() -> None:
    fabric = fat_tree(128, 8, radix=64)
    found = lose(fabric, vertices=switch(fabric, "spine03"))
    assert found.uplinks_left_fraction == 15 / 16
    assert (found.partitions, found.pairs_lost, len(found.cut_off), len(found.hosts)) == (0, 0, 0, 0)
    assert found.bisection_left_fraction == 15 / 16


def test_four_scalable_units_lose_a_leaf() -> None:
    fabric = fat_tree(128, 8, radix=64)
    found = lose(fabric, vertices=switch(fabric, "su01-rail5-leaf"))
    assert found.hosts_by_injection_left == {7 / 8: 32}
    assert found.endpoints_by_injection_left == {0.0: 32}
    assert found.hosts.tolist() == list(range(32, 64))
    assert found.rails == (5,)
    assert found.partitions == 0
    assert {fabric.endpoints.names[end] for end in found.cut_off} == {f"n{host:04d}-nic5" for host in range(32, 64)}
    # Each of the 32 reached all of the 1,023 others.
    assert found.pairs_lost == 32 * 31 // 2 + 32 * (1024 - 32)


def test_twin_plane_loses_a_leaf() -> None:
    fabric = fat_tree(64, 8, radix=128, planes=2)
    found = lose(fabric, vertices=switch(fabric, "p0-su00-rail0-leaf"))
    assert found.endpoints_by_injection_left == {0.5: 64}
    assert (len(found.cut_off), found.partitions, found.pairs_lost) == (0, 0, 0)


def test_hpn_loses_a_tor_and_no_gpu_is_isolated() -> None:
    fabric = xgft((128, 120, 1), (2, 60, 8), gbit_per_s=(200.0, 400.0, 400.0), rails=8)
    tor = int(np.flatnonzero(fabric.switches.tier == 1)[0]) + fabric.endpoint_count
    found = lose(fabric, vertices=[tor])
    assert found.endpoints_by_injection_left == {0.5: 128}
    assert (len(found.cut_off), found.partitions, found.pairs_lost) == (0, 0, 0)
    assert found.uplinks_left_fraction == pytest.approx(239 / 240)


def test_dual_tor_loses_a_tor() -> None:
    fabric = fat_tree(16, 2, radix=16, dual_tor=True, tiers=2)
    found = lose(fabric, vertices=switch(fabric, "su00-rail1-leaf-a"))
    assert set(found.endpoints_by_injection_left) == {0.5}
    assert len(found.cut_off) == 0
    assert found.rails == (1,)


def test_nvl72_loses_a_switch_chip() -> None:
    found = lose(build("nvlink-domain", {"gpus": 72, "chips": 18, "links_per_gpu": 18}), vertices=[72])
    assert found.endpoints_by_injection_left == {round(17 / 18, 9): 72}
    assert found.bisection_left_fraction == pytest.approx(17 / 18)


# Laws


def test_nothing_lost_costs_nothing() -> None:
    found = lose(fat_tree(20, 2, radix=8), jobs={"all": range(20)})
    assert (found.cables_lost, found.partitions, found.pairs_lost, len(found.cut_off), len(found.hosts)) == (0, 0, 0, 0, 0)
    assert (found.uplinks_left_fraction, found.bisection_left_fraction) == (1.0, 1.0)
    assert (found.rails, found.jobs_slowed, found.jobs_stopped) == ((), (), ())


def test_all_spines_lost_parts_the_leaves() -> None:
    fabric = fat_tree(16, 1, radix=8)
    spines = np.flatnonzero(fabric.switches.tier == 2) + fabric.endpoint_count
    found = lose(fabric, vertices=spines)
    assert (found.partitions, found.uplinks_left_fraction, found.bisection_left_fraction) == (3, 0.0, 0.0)
    assert found.pairs_lost == 16 * 15 // 2 - 4 * (4 * 3 // 2)
    assert len(found.cut_off) == 0


def test_a_lost_plane_halves_everything() -> None:
    fabric = fat_tree(16, 2, radix=8, planes=2)
    found = lose(fabric, plane=1)
    assert found.endpoints_by_injection_left == {0.5: 32}
    assert (found.uplinks_left_fraction, found.bisection_left_fraction) == (0.5, 0.5)
    assert found.partitions == 0
    assert found.rails == (0, 1)


def test_endpoints_left_in_different_planes_do_not_reach_each_other() -> None:
    # Each of two NICs loses the leaf of another plane: all others reach both, but they do not forward.
    fabric = fat_tree(16, 1, radix=8, planes=2)
    mine = [np.flatnonzero((fabric.cables.a == end) & (fabric.cables.plane == plane))[0] for end, plane in ((0, 0), (9, 1))]
    found = lose(fabric, cables=mine)
    assert found.pairs_lost == 1
    assert (found.partitions, len(found.cut_off)) == (0, 0)


def test_rails_of_a_rail_only_fabric_are_no_new_partitions() -> None:
    fabric = rail_only(8, 4, radix=8)
    assert lose(fabric, cables=[0]).partitions == 0
    found = lose(fabric, vertices=switch(fabric, "rail2-switch"))
    assert (found.rails, found.hosts_by_injection_left) == ((2,), {0.75: 8})
    assert found.pairs_lost == 8 * 7 // 2


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(24, 2, radix=8),
        fat_tree(20, 1, radix=8, planes=2),
        rail_only(10, 3, radix=4, tiers=3),
        build("dragonfly", {"p": 2, "a": 4, "h": 1}),
        build("torus", {"shape": [4, 4], "wrap": False}),
    ],
    ids=lambda fabric: str(fabric.topology),
)
@pytest.mark.parametrize("seed", range(4))
def test_partitions_and_pairs_equal_a_search_by_networkx(fabric: Fabric, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cables = rng.choice(len(fabric.cables), len(fabric.cables) // 3, replace=False)
    found = lose(fabric, cables=cables)

    def reach(fabric: Fabric) -> tuple[set[tuple[int, int]], int]:
        ends = fabric.endpoint_count
        near: dict[int, set[int]] = {end: set() for end in range(ends)}
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(ends, fabric.vertex_count))
        for a, b in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True):
            if a < ends:
                near[a].add(b)
            else:
                graph.add_edge(a, b)
        part = {vertex: number for number, each in enumerate(nx.connected_components(graph)) for vertex in each}
        on = {end: {part[each] for each in switches} for end, switches in near.items()}
        pairs = {(one, two) for one in range(ends) for two in range(one) if on[one] & on[two]}
        joined: nx.Graph[int] = nx.Graph()
        joined.add_nodes_from(end for end in range(ends) if on[end])
        joined.add_edges_from(pairs)
        return pairs, nx.number_connected_components(joined)

    (before, groups), (after, groups_after) = reach(fabric), reach(fabric.without(cables=cables))
    assert found.pairs_lost == len(before - after)
    assert found.partitions == max(groups_after - groups, 0)
    used = Counter(np.setdiff1d(np.arange(len(fabric.cables)), cables).tolist())
    alive = fabric.cables.take(np.array(sorted(used)))
    assert found.cut_off.tolist() == [end for end in range(fabric.endpoint_count) if end not in set(alive.a.tolist())]


def test_more_lost_never_costs_less() -> None:
    fabric = fat_tree(64, 2, radix=16, oversubscription_ratio=3.0)
    order = np.random.default_rng(5).permutation(len(fabric.cables))
    before = Baseline.of(fabric)
    losses = [before.lose(cables=order[:count]) for count in range(0, len(order) + 1, 20)]
    losses.append(before.lose(cables=order))
    for less, more in pairwise(losses):
        assert more.uplinks_left_fraction <= less.uplinks_left_fraction
        assert (more.bisection_left_fraction or 0) <= (less.bisection_left_fraction or 0)
        assert set(less.cut_off.tolist()) <= set(more.cut_off.tolist())
        assert more.pairs_lost >= less.pairs_lost
    assert len(losses[-1].cut_off) == fabric.endpoint_count


def test_random_losses_follow_the_seed() -> None:
    fabric = fat_tree(64, 2, radix=16)

    def lost(seed: int) -> tuple[object, ...]:
        found = lose_random(fabric, np.random.default_rng(seed), cables=5, switches=2)
        return (*found.equal_but_for_place(), tuple(found.hosts.tolist()))

    assert lost(1) == lost(1)
    assert len({lost(seed) for seed in range(5)}) > 1
    none = lose_random(fabric, np.random.default_rng(1))
    assert none.cables_lost == 0
    everything = lose_random(fabric, np.random.default_rng(1), switches=fabric.switch_count)
    assert everything.cables_lost == len(fabric.cables)


def test_what_does_not_exist_is_refused() -> None:
    fabric = fat_tree(8, 1, radix=8)
    with pytest.raises(ValueError, match="cable"):
        lose(fabric, cables=[len(fabric.cables)])
    with pytest.raises(ValueError, match="vertex"):
        lose(fabric, vertices=[-1])
    with pytest.raises(ValueError, match="plane 1"):
        lose(fabric, plane=1)
    with pytest.raises(ValueError, match="host"):
        lose(fabric, jobs={"a": [8]})
    with pytest.raises(ValueError, match="switches"):
        lose_random(fabric, np.random.default_rng(0), switches=2)


# Jobs


def test_jobs_slow_down_or_stop() -> None:
    fabric = fat_tree(16, 1, radix=8)  # four leaves of four hosts, four spines
    jobs = {"on one leaf": range(4), "over two": range(2, 8), "far": range(8, 16), "single": [5]}
    spine = lose(fabric, vertices=switch(fabric, "spine00"), jobs=jobs)
    assert (spine.jobs_slowed, spine.jobs_stopped) == (("over two", "far"), ())
    leaf = lose(fabric, vertices=[16 + 1], jobs=jobs)
    assert (leaf.jobs_slowed, leaf.jobs_stopped) == ((), ("over two", "single"))
    uplinks = np.flatnonzero(fabric.cables.a == 16)
    isolated = lose(fabric, cables=uplinks, jobs=jobs)
    assert (isolated.jobs_slowed, isolated.jobs_stopped) == ((), ("over two",))


def test_a_job_with_many_rails_goes_on_with_less() -> None:
    fabric = fat_tree(64, 8, radix=64)
    jobs = {"unit 0": range(32), "unit 1": range(32, 64)}
    found = lose(fabric, vertices=switch(fabric, "su00-rail3-leaf"), jobs=jobs)
    assert (found.jobs_slowed, found.jobs_stopped) == (("unit 0",), ())


# The table


TABLES: list[tuple[str, dict[str, Any]]] = [
    ("fat-tree", {"hosts": 16, "nics_per_host": 2, "radix": 8}),
    ("fat-tree", {"hosts": 11, "nics_per_host": 2, "radix": 8, "extra_links": 2}),
    ("fat-tree", {"hosts": 12, "radix": 8, "planes": 2, "oversubscription_ratio": 3.0}),
    ("fat-tree", {"hosts": 12, "radix": 4, "tiers": 3}),
    ("fat-tree", {"hosts": 8, "nics_per_host": 2, "radix": 8, "dual_tor": True, "tiers": 2}),
    ("fat-tree", {"hosts": 6, "radix": 8, "service_links": 2, "tiers": 2}),
    ("fat-tree", {"hosts": 8, "nics_per_host": 2, "radix": 64}),
    ("rail-only", {"hosts": 8, "nics_per_host": 4, "radix": 8}),
    ("xgft", {"children": [2, 2, 4], "parents": [1, 2, 2]}),
    ("xgft", {"children": [4, 3], "parents": [2, 2], "parallel": [1, 2]}),
    ("dragonfly", {"p": 2, "a": 2, "h": 1}),
    ("dragonfly", {"p": 1, "a": 4, "h": 2}),
    ("dragonfly-plus", {"leaves": 2, "spines": 2, "p": 1, "h": 1}),
    ("hyperx", {"shape": [3, 2], "p": 2}),
    ("torus", {"shape": [4, 4]}),
    ("torus", {"shape": [4, 3], "wrap": False}),
    ("slim-fly", {"q": 3}),
    ("star", {"attached": [["pdu", 3, 1], ["srv", 3, 2], ["cdu", 2, 1]], "radix": 32}),
    ("nvlink-domain", {"gpus": 8, "chips": 4, "links_per_gpu": 18}),
    (
        "scale-up-joined",
        {
            "base": {"topology": "fat-tree", "parameters": {"hosts": 8, "nics_per_host": 2, "radix": 8}},
            "gpus_per_domain": 4,
            "chips_per_domain": 2,
            "links_per_gpu": 4,
        },
    ),
]


@pytest.mark.parametrize("with_bisection", [True, False])
@pytest.mark.parametrize(
    ("topology", "parameters"), TABLES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(TABLES)]
)
def test_the_table_equals_losing_every_component_in_turn(
    topology: str, parameters: dict[str, Any], with_bisection: bool
) -> None:
    fabric = build(topology, parameters)
    table = n_minus_1(fabric, with_bisection=with_bisection)
    asked = any(row.loss.bisection_left_fraction is not None for row in table)
    assert not (asked and not with_bisection)
    before = Baseline.of(fabric, with_bisection=asked)
    brute: Counter[tuple[object, ...]] = Counter()
    for number, tier in enumerate(fabric.switches.tier.tolist()):
        loss = before.lose(vertices=[fabric.endpoint_count + number])
        brute[("switch", fabric.tiers[tier - 1], loss.equal_but_for_place())] += 1
    for number, layer in enumerate(fabric.cables.layer.tolist()):
        if fabric.layers[layer] not in INTERNAL_LAYERS:
            brute[("cable", fabric.layers[layer], before.lose(cables=[number]).equal_but_for_place())] += 1
    assert Counter({(row.kind, row.name, row.loss.equal_but_for_place()): row.count for row in table}) == brute
    assert len({(row.kind, row.name, row.loss.equal_but_for_place()) for row in table}) == len(table)


def test_the_table_says_it_in_words() -> None:
    table = n_minus_1(fat_tree(128, 8, radix=64), with_bisection=False)
    assert [row.describe() for row in table if row.name == "spine"] == [
        "16 x switch spine (as spine00): -1/16 of leaf uplinks, 0 endpoints cut off, 0 partitions"
    ]
    assert [(row.count, row.loss.hosts_by_injection_left) for row in table if row.name == "leaf"] == [(32, {0.875: 32})]
    chips = n_minus_1(build("nvlink-domain", {"gpus": 72}), with_bisection=False)[0]
    assert chips.describe() == (
        "18 x switch nvswitch (as nvl00-nvswitch00): 18 hosts -1/18 of injection, 0 endpoints cut off, 0 partitions"
    )


def test_classes_of_regular_fabrics_are_few_and_of_a_mesh_are_told_apart() -> None:
    def counts(fabric: Fabric) -> tuple[int, int]:
        switches, cables = component_classes(fabric)
        return len(set(switches.tolist())), len(set(cables.tolist()))

    assert counts(fat_tree(2048, 8, radix=64)) == (3, 3)
    assert counts(build("torus", {"shape": [4, 4, 4]})) == (1, 4)
    # Corners, edges along x, edges along y, and the middle of a 4 x 4 mesh.
    assert counts(build("torus", {"shape": [4, 4], "wrap": False}))[0] == 4


def test_the_table_of_16384_endpoints_has_six_rows() -> None:
    table = n_minus_1(fat_tree(2048, 8, radix=64))
    assert [(row.name, row.count) for row in table] == [
        ("leaf", 512),
        ("spine", 512),
        ("core", 256),
        ("node_leaf", 16_384),
        ("leaf_spine", 16_384),
        ("spine_core", 16_384),
    ]
    assert table[2].loss.bisection_left_fraction == 255 / 256
