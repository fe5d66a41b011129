"""Ways are measured as they run, cages hold one kind, and nothing longer than it reaches."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.models.cabling import (
    NO_KIND,
    STOCKED_LENGTHS_M,
    can_be_plugged,
    cheapest_reaching,
    order_length_m,
    route_length_m,
    same_in_every_cage,
)

lengths = st.floats(0, 300)


@given(lengths, lengths, lengths, lengths, st.floats(0, 300), st.floats(0, 20))
def test_a_way_is_the_same_from_both_ends_and_no_shorter_than_the_distance(
    along: float, across: float, low: float, high: float, tray: float, slack: float
) -> None:
    there = float(route_length_m(along, -across, low, high, False, tray_m=tray, slack_m=slack))
    back = float(route_length_m(-along, across, high, low, False, tray_m=tray, slack_m=slack))
    assert there == pytest.approx(back)
    assert there >= max(along + across + abs(low - high), 2 * slack) - 1e-9
    in_rack = float(route_length_m(0, 0, low, high, True, tray_m=tray, slack_m=slack))
    assert in_rack == pytest.approx(abs(low - high) + 2 * slack)
    assert float(route_length_m(0, 0, low, high, False, tray_m=tray, slack_m=slack)) >= in_rack - 1e-9


@given(st.floats(0, 20_000), st.sampled_from([2.5, 3.0, 35.0, 50.0, 100.0, np.inf]))
def test_an_ordered_length_is_sold_long_enough_and_within_reach(way: float, reach: float) -> None:
    ordered = float(order_length_m(way, reach))
    assert ordered >= way
    assert ordered in (*STOCKED_LENGTHS_M, reach, way)
    if way <= reach:
        assert ordered <= reach
    if ordered > way and ordered != reach:
        assert not [each for each in STOCKED_LENGTHS_M if way <= each < ordered - 1e-9]


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=20), st.lists(st.floats(0, 100), max_size=6), st.lists(st.integers(0, 3))
)
def test_the_first_kind_that_reaches_is_taken(ways: list[float], reaches: list[float], at_least: list[int]) -> None:
    least = (at_least + [0] * len(ways))[: len(ways)]
    for way, from_kind, kind in zip(ways, least, cheapest_reaching(ways, reaches, least).tolist(), strict=True):
        fitting = [number for number, reach in enumerate(reaches) if number >= from_kind and reach + 1e-9 >= way]
        assert kind == (fitting[0] if fitting else NO_KIND)


cabled = st.lists(st.tuples(st.integers(NO_KIND, 4), st.integers(-1, 6), st.integers(-1, 6)), min_size=1, max_size=30)


@given(cabled)
def test_cages_hold_one_kind_and_no_cable_is_dearer_than_its_cages_ask(rows: list[tuple[int, int, int]]) -> None:
    kinds, below, above = (list(column) for column in zip(*rows, strict=True))
    made = same_in_every_cage(kinds, [below, above]).tolist()
    # Cables that share cages, directly or through others, are one component: all take its highest kind.
    reached = [{number} for number in range(len(rows))]
    for one, two in itertools.combinations(range(len(rows)), 2):
        shared = {below[one], above[one]} & {below[two], above[two]} - {-1}
        if shared and NO_KIND not in (kinds[one], kinds[two]):
            joined = reached[one] | reached[two]
            for each in joined:
                reached[each] = joined
    assert made == [max(kinds[other] for other in group) for group in reached]


links = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(4, 9)), min_size=1, max_size=20)


@given(links)
def test_a_plug_fills_its_cage(rows: list[tuple[bool, int, int]]) -> None:
    rows = [(node, 10 + a if node else a, b) for node, a, b in rows if node or a != b]
    assume(rows)
    node, below, above = (list(column) for column in zip(*rows, strict=True))
    held = defaultdict(list)
    for number, (_, a, b) in enumerate(rows):
        held[a].append(number)
        held[b].append(number)
    for number, plugged in enumerate(can_be_plugged(node, below, above).tolist()):
        mates = held[above[number]]
        straight = held[below[number]] == mates
        splitter = all(node[each] and above[each] == above[number] and len(held[below[each]]) == 1 for each in mates)
        assert plugged == (straight or splitter)
