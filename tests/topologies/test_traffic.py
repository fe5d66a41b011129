"""Patterns, and link loads counted hop by hop against every pair walked on its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.routes import walk
from topologies.routing import d_mod_k, default_routing, minimal, up_down
from topologies.scale_up import with_scale_up
from topologies.torus import torus
from topologies.traffic import (
    all_to_all,
    balance,
    incast,
    link_loads,
    permutation,
    rail_all_to_all,
    rail_rings,
    random_pairs,
    shift,
    unreachable_pairs,
)
from topologies.xgft import xgft


@given(st.integers(0, 30))
def test_all_to_all_has_every_pair_once(endpoints: int) -> None:
    pairs = list(zip(*(each.tolist() for each in all_to_all(endpoints)), strict=True))
    assert sorted(pairs) == [(a, b) for a in range(endpoints) for b in range(endpoints) if a != b]


@given(st.integers(2, 50), st.integers(0, 99))
def test_permutations_and_shifts_send_and_receive_once(endpoints: int, seed: int) -> None:
    for source, destination in (permutation(endpoints, np.random.default_rng(seed)), shift(endpoints, seed)):
        assert sorted(source) == sorted(destination) == list(range(endpoints))
    source, destination = permutation(endpoints, np.random.default_rng(seed))
    assert (source != destination).all()
    source, destination = shift(endpoints, seed)
    assert ((destination - source - seed) % endpoints == 0).all()


def test_random_pairs_are_uniform_over_others() -> None:
    source, destination = random_pairs(5, 40_000, np.random.default_rng(3))
    count = np.zeros((5, 5))
    np.add.at(count, (source, destination), 1)
    assert np.diag(count).sum() == 0
    others = count[~np.eye(5, dtype=bool)]
    assert np.abs(others - 2000).max() < 5 * np.sqrt(2000)


def test_incast_ends_at_one() -> None:
    source, destination = incast(6, 4)
    assert sorted(source) == [0, 1, 2, 3, 5]
    assert set(destination) == {4}
    with pytest.raises(ValueError, match="target"):
        incast(6, 6)
    with pytest.raises(ValueError, match="senders"):
        incast(6, 0, 6)


def test_rails_keep_to_themselves_and_take_hosts_in_their_order() -> None:
    fabric = fat_tree(12, 4, radix=16, extra_links=2)
    for pattern, flows in ((rail_rings(fabric), 48), (rail_all_to_all(fabric), 4 * 12 * 11)):
        source, destination = pattern
        assert len(source) == flows == len(set(zip(source.tolist(), destination.tolist(), strict=True)))
        assert (fabric.endpoints.rail[source] == fabric.endpoints.rail[destination]).all()
        assert (fabric.endpoints.kind[source] == 0).all()
    source, destination = rail_rings(fabric, [5, 2, 9])
    host = fabric.endpoints.host
    assert host[source].tolist() == [5, 2, 9] * 4
    assert host[destination].tolist() == [2, 9, 5] * 4
    assert len(rail_rings(fabric, [3])[0]) == 0
    with pytest.raises(ValueError, match="hosts must be"):
        rail_rings(fabric, [99])


def test_rail_rings_of_a_rail_optimised_tree_have_every_cable_to_themselves() -> None:
    fabric = fat_tree(128, 8, radix=64)
    loads = link_loads(fabric, d_mod_k(fabric), rail_rings(fabric))
    assert loads.max() == 1.0
    assert loads[::2][fabric.cables.layer == 1].sum() == 8 * 4  # one flow of every leaf leaves it


LOADED: dict[str, Fabric] = {
    "tree": fat_tree(13, 4, radix=8, tiers=3, extra_links=1),
    "planes": fat_tree(8, 2, radix=8, planes=2),
    "planes, damaged": fat_tree(8, 2, radix=8, planes=2).without([0, 3, 40, 41, 42]),
    "dual ToR": fat_tree(8, 2, radix=8, dual_tor=True, tiers=2),
    "rail only": rail_only(8, 2, radix=4),
    "damaged": fat_tree(8, 4, radix=8).without([0, 33, 34, 40, 60]),
    "torus": torus((4, 3)),
    "dragonfly": dragonfly(2, 4, 2, groups=5),
    "scale-up": with_scale_up(fat_tree(4, 4, radix=8), 8, 3, 6),
    "xgft": xgft((2, 3, 2), (2, 1, 2), (2, 1, 1)),
}


@pytest.mark.parametrize("name", LOADED)
def test_loads_of_all_to_all_are_those_of_all_pairs_walked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fabric = LOADED[name]
    tables = default_routing(fabric)
    pairs = all_to_all(fabric.endpoint_count)
    routes = walk(fabric, tables, *pairs)
    expected = routes.loads(2 * len(fabric.cables))
    assert link_loads(fabric, tables) == pytest.approx(expected)
    assert link_loads(fabric, tables, pairs) == pytest.approx(expected)
    assert unreachable_pairs(fabric, tables) == (routes.hops() == 0).sum()
    monkeypatch.setattr("topologies.traffic.CHUNK", 100)  # a few destinations, and a few flows, at a time
    assert link_loads(fabric, tables) == pytest.approx(expected)
    assert link_loads(fabric, tables, pairs) == pytest.approx(expected)
    assert unreachable_pairs(fabric, tables) == (routes.hops() == 0).sum()


def test_loads_of_an_incast_add_up_at_the_target() -> None:
    fabric = fat_tree(32, 8, radix=64)
    loads = link_loads(fabric, d_mod_k(fabric), incast(256, 9))
    assert loads[2 * 9 + 1] == 255 == loads.max()
    assert loads[1::2][fabric.cables.layer == 1].max() == 255 - 31  # one cable down carries all from other leaves


def test_a_leaf_cut_off_is_counted() -> None:
    """32 endpoints neither reach the 224 others nor are reached; those below the leaf still reach each other."""
    fabric = fat_tree(32, 8, radix=64)
    leaf = fabric.vertex_by_name["su00-rail3-leaf"]
    cut = fabric.without(np.flatnonzero((fabric.cables.a == leaf) & (fabric.cables.layer == 1)))
    assert unreachable_pairs(cut, up_down(cut)) == 2 * 32 * 224
    dead = fabric.without(vertices=[leaf])
    assert unreachable_pairs(dead, up_down(dead)) == 2 * 32 * 224 + 32 * 31


def test_old_tables_on_a_damaged_fabric_lose_what_they_sent_there() -> None:
    """One dead uplink: seven destinations beyond it are lost to the 32 endpoints of its leaf, and one destination to 224."""
    fabric = fat_tree(32, 8, radix=64)
    tables = d_mod_k(fabric)
    assert unreachable_pairs(fabric.without([256]), tables) == 32 * 7 + 224


def test_tables_with_a_loop_are_refused() -> None:
    fabric = torus((4,))
    tables = minimal(fabric)
    tables.out_port[:2, 3] = tables.out_port[[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="minimal send some destinations round in a loop"):
        link_loads(fabric, tables)
    assert unreachable_pairs(fabric, tables) == 2


def test_what_ends_elsewhere_has_not_arrived() -> None:
    fabric = torus((4,))
    tables = minimal(fabric)
    tables.out_port[2, 0] = 1  # router 2 gives what is for 0 to its own endpoint
    passing = int((walk(fabric, tables, [1, 3], [0, 0]).hops() == 0).sum())
    assert unreachable_pairs(fabric, tables) == 1 + passing


def test_balance_leaves_out_what_carries_nothing() -> None:
    fabric = xgft((2, 2), (1, 2))
    loads = np.zeros(16)
    loads[8::2] = [4, 0, 2, 2]
    assert balance(fabric, loads) == {("leaf_spine", "up"): 2.0}


@pytest.mark.parametrize("dead", range(4))
def test_what_finds_no_way_in_the_end_loads_nothing(dead: int) -> None:
    # Without one of its links, dimension order has an entry for some destinations at a first switch and none at the next.
    whole = torus((2, 2, 3), wrap=False)
    inner = np.flatnonzero(whole.cables.a >= whole.endpoint_count)
    fabric = whole.without(cables=[inner[dead * 5 % len(inner)]])
    tables = default_routing(fabric)
    assert unreachable_pairs(fabric, tables) > 0
    expected = walk(fabric, tables, *all_to_all(fabric.endpoint_count)).loads(2 * len(fabric.cables))
    np.testing.assert_allclose(link_loads(fabric, tables), expected)
