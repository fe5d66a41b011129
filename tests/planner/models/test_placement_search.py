"""The search never lengthens, keeps units together and rows within their power, and finds the best of small halls."""

from __future__ import annotations

import itertools
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.placement_search import MOST_RACKS, cable_ways_m, shorter_spots

Case = dict[str, Any]


def drawn(seed: int, racks: int, spots: int, rows: int, hubs: int, of_unit: int, row_power_kw: float) -> Case:
    """Make a hall up: racks of units in their order, racks without in between, cables to those."""
    rng = np.random.default_rng(seed)
    alone = np.zeros(racks, dtype=bool)
    alone[rng.choice(racks, hubs, replace=False)] = True
    unit = np.where(alone, -1, (np.cumsum(~alone) - 1) // of_unit)
    pairs = [(a, b) for b in np.flatnonzero(alone) for a in range(racks) if a != b and rng.random() < 0.8]
    a, b = (np.array([pair[end] for pair in pairs], np.int64) for end in (0, 1))
    across = np.arange(spots) * rows // spots
    return {
        "spots": np.sort(rng.choice(spots, racks, replace=False)),
        "a": a,
        "b": b,
        "weight": rng.integers(1, 9, len(a)),
        "along_m": 0.6 * (np.arange(spots) % -(-spots // rows)),
        "across_m": 2.4 * across,
        "unit": unit,
        "row": across,
        "power_kw": np.where(alone, 20.0, 40.0),
        "row_power_kw": row_power_kw,
    }


def length_m(case: Case, spots: Any) -> float:
    return cable_ways_m(case["a"], case["b"], case["weight"], case["along_m"][spots], case["across_m"][spots])


def units_in_order(case: Case, spots: Any) -> list[int]:
    """Units as they follow each other in the order of the spots."""
    order = [int(each) for each in case["unit"][np.argsort(spots)] if each >= 0]
    return [unit for unit, _ in itertools.groupby(order)]


def loads_kw(case: Case, spots: Any) -> Any:
    return np.bincount(case["row"][spots], weights=case["power_kw"], minlength=int(case["row"].max()) + 1)


cases = st.builds(
    lambda seed, racks, more, rows, hubs, of_unit, row_kw: drawn(
        seed, racks, racks + more, rows, min(hubs, racks), of_unit, row_kw
    ),
    st.integers(0, 10_000),
    st.integers(2, 25),
    st.integers(0, 6),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from([math.inf, 250.0, 130.0]),
)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_search_keeps_what_must_hold(case: Case) -> None:
    found = shorter_spots(**case)
    assert len(set(found.tolist())) == len(found), "a spot for every rack"
    assert 0 <= found.min() <= found.max() < len(case["row"])
    assert length_m(case, found) <= length_m(case, case["spots"]) + 1e-9
    order = units_in_order(case, found)
    assert len(order) == len(set(order)), "no unit is parted"
    before, after = loads_kw(case, case["spots"]), loads_kw(case, found)
    assert np.all(after <= np.maximum(before, case["row_power_kw"]) + 1e-9)
    assert shorter_spots(**case).tolist() == found.tolist(), "the same again"


def best_by_force(case: Case) -> float:
    """Try every way to put the racks on the spots that keeps units together and rows within their power."""
    racks, spots = len(case["spots"]), len(case["row"])
    best = math.inf
    for tried in itertools.permutations(range(spots), racks):
        at = np.array(tried)
        order = units_in_order(case, at)
        if len(order) == len(set(order)) and np.all(loads_kw(case, at) <= case["row_power_kw"] + 1e-9):
            best = min(best, length_m(case, at))
    return best


@pytest.mark.parametrize("limited", [False, True])
def test_no_search_beats_trying_them_all_and_this_one_comes_close(limited: bool) -> None:
    over = []
    for seed in range(12):
        case = drawn(seed, 6, 6 + seed % 2, 1 + seed % 3, 1 + seed % 3, 1 + seed % 4, math.inf)
        if limited:
            case["row_power_kw"] = float(loads_kw(case, case["spots"]).max())
        best, start, found = best_by_force(case), length_m(case, case["spots"]), length_m(case, shorter_spots(**case))
        assert best - 1e-9 <= found <= start + 1e-9
        over.append(found / best)
    assert np.mean(over) < 1.05


@pytest.mark.parametrize(
    ("racks", "spots", "rows", "hubs", "of_unit"), [(5, 5, 1, 1, 4), (6, 6, 2, 1, 5), (5, 6, 2, 2, 3), (6, 7, 1, 1, 5)]
)
def test_the_best_is_found_where_one_unit_leads_to_few_racks(
    racks: int, spots: int, rows: int, hubs: int, of_unit: int
) -> None:
    for seed in range(3):
        case = drawn(seed, racks, spots, rows, hubs, of_unit, math.inf)
        assert length_m(case, shorter_spots(**case)) == pytest.approx(best_by_force(case))


def test_units_change_places_as_a_whole() -> None:
    """Four units of two racks on a line; each is tied to a rack at the other end."""
    ends = np.array([8, 8, 9, 9])
    case = {
        "spots": np.array([1, 2, 3, 4, 5, 6, 7, 8, 0, 9]),
        "a": np.arange(8),
        "b": np.repeat(ends[::-1], 2),
        "weight": np.repeat([40, 30, 20, 10], 2),
        "along_m": 0.6 * np.arange(10),
        "across_m": np.zeros(10),
        "unit": np.array([0, 0, 1, 1, 2, 2, 3, 3, -1, -1]),
        "row": np.zeros(10, np.int64),
        "power_kw": np.full(10, 40.0),
    }
    found = shorter_spots(**case)
    assert length_m(case, found) < 0.7 * length_m(case, case["spots"])
    assert len(units_in_order(case, found)) == 4


def test_a_rack_without_cables_or_a_single_rack_stays() -> None:
    same = {"along_m": [0.0, 0.6], "across_m": [0.0, 0.0], "row": [0, 0]}
    alone = shorter_spots([1], [0], [0], [5], unit=[-1], power_kw=[1.0], **same)
    assert alone.tolist() == [1]
    assert shorter_spots([1, 0], [], [], [], unit=[-1, -1], power_kw=[1.0, 1.0], **same).tolist() == [1, 0]


def test_a_thousand_racks_take_a_second_and_more_than_the_most_none() -> None:
    case = drawn(1, 1000, 1000, 60, 90, 8, math.inf)
    started = time.process_time()
    found = shorter_spots(**case)
    assert time.process_time() - started < 2.5  # of all cores together
    assert length_m(case, found) < length_m(case, case["spots"])
    many = np.arange(MOST_RACKS + 1)
    zero = np.zeros(len(many))
    kept = shorter_spots(
        many, [0], [5], [1], along_m=zero + many, across_m=zero, unit=many, row=zero.astype(int), power_kw=zero
    )
    assert kept.tolist() == many.tolist()
