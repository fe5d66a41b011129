"""Rows are never fuller than they may be, more racks never need fewer rows, positions are taken once, trays count every way."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.placement import (
    places_outward,
    rows_filled,
    rows_of_racks,
    rows_outward,
    sections_outward,
    tray_cables,
    walk,
)

HALL = {"racks_per_row": 16, "rack_pitch_m": 0.6, "row_pitch_m": 2.4}
halls = st.fixed_dictionaries(
    {"racks_per_row": st.integers(1, 40), "rack_pitch_m": st.floats(0.3, 2), "row_pitch_m": st.floats(0.5, 20)}
)
kinds = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0.0, 6.5, 17.3, 40.8, 120.0])), min_size=1, max_size=4)
limits = st.fixed_dictionaries(
    {
        "racks_per_row": st.integers(1, 12),
        "row_power_kw": st.sampled_from([120.0, 163.2, 400.0, math.inf]),
        "free": st.lists(st.integers(0, 12), max_size=8),
    }
)


def clipped(rows: dict) -> dict:  # type: ignore[type-arg]
    return {**rows, "free": [min(each, rows["racks_per_row"]) for each in rows["free"]]}


def by_hand(racks: list[tuple[int, float]], racks_per_row: int, row_power_kw: float, free: list[int]) -> list[list[int]]:
    """Next fit, rack by rack."""
    rows: list[list[int]] = []
    held, drawn = 0, 0.0
    for kind, (count, power_kw) in enumerate(racks):
        for _ in range(count):
            while True:
                number = len(rows) - 1
                room = free[number] if 0 <= number < len(free) else racks_per_row
                fits = drawn + power_kw <= row_power_kw * (1 + 1e-9) or not held
                if rows and held < room and fits:
                    break
                rows.append([0] * len(racks))
                held, drawn = 0, 0.0
            rows[-1][kind] += 1
            held, drawn = held + 1, drawn + power_kw
    return rows


@given(kinds, limits)
def test_rows_are_filled_as_rack_by_rack(racks: list[tuple[int, float]], rows: dict) -> None:  # type: ignore[type-arg]
    rows = clipped(rows)
    expected = by_hand(racks, rows["racks_per_row"], rows["row_power_kw"], rows["free"])
    assert rows_of_racks(racks, **rows).tolist() == expected
    assert rows_filled(racks, **rows) == len(expected)


@given(kinds, limits)
def test_no_row_holds_more_than_it_has_room_and_power_for(racks: list[tuple[int, float]], rows: dict) -> None:  # type: ignore[type-arg]
    rows = clipped(rows)
    counts = rows_of_racks(racks, **rows)
    assert counts.sum(axis=0).tolist() == [count for count, _ in racks]
    power_kw = np.array([each for _, each in racks])
    for number, row in enumerate(counts):
        free = rows["free"][number] if number < len(rows["free"]) else rows["racks_per_row"]
        assert row.sum() <= free
        assert row @ power_kw <= rows["row_power_kw"] * (1 + 1e-9)


@given(kinds, limits, st.integers(0, 3), st.integers(1, 40), st.sampled_from([0.0, 5.0, 79.0]))
def test_more_or_hungrier_racks_never_need_fewer_rows(
    racks: list[tuple[int, float]],
    rows: dict,  # type: ignore[type-arg]
    which: int,
    more: int,
    kw: float,
) -> None:
    which, rows = which % len(racks), clipped(rows)
    grown = list(racks)
    grown[which] = (racks[which][0] + more, racks[which][1] + kw)
    assert rows_filled(grown, **rows) >= rows_filled(racks, **rows)


def test_a_million_racks_are_counted_at_a_stroke() -> None:
    assert rows_filled([(1_000_000, 40.8)], racks_per_row=16, row_power_kw=400.0) == -(-1_000_000 // 9)


@given(st.integers(1, 400))
def test_rows_lie_ever_farther_from_the_middle(rows: int) -> None:
    order = rows_outward(rows)
    assert sorted(order.tolist()) == list(range(rows))
    away = np.abs(order - (rows - 1) // 2)
    assert np.all(np.diff(away) >= 0)


@given(st.integers(1, 150), st.integers(1, 60), halls)
def test_a_growing_hall_moves_no_section(sections: int, more: int, hall: dict) -> None:  # type: ignore[type-arg]
    few, many = sections_outward(sections, **hall), sections_outward(sections + more, **hall)
    assert len(set(zip(*(each.tolist() for each in many), strict=True))) == sections + more
    assert many[0].min() == many[1].min() == 0
    for short, tall in zip(few, many, strict=True):
        assert len(set((tall[:sections] - short).tolist())) == 1


@pytest.mark.parametrize("racks", [100, 640, 2600, 20_000])
def test_a_hall_is_about_square(racks: int) -> None:
    row, column = sections_outward(-(-racks // 16), **HALL)  # type: ignore[arg-type]
    deep_m, wide_m = (row.max() + 1) * 2.4, (column.max() + 1) * (16 * 0.6 + 2.4)
    least_m2 = racks / 16 * 12 * 2.4
    assert deep_m * wide_m < 2.2 * least_m2
    assert max(deep_m, wide_m) < 2.2 * np.sqrt(least_m2)


def test_rows_fill_from_the_middle_outward() -> None:
    assert sections_outward(5, **HALL)[0].tolist() == rows_outward(5).tolist() == [2, 3, 1, 4, 0]  # type: ignore[arg-type]


@pytest.mark.parametrize(("middle", "start"), [(6, 5), (1, 7), (15, 0), (16, 0)])
def test_network_racks_stand_in_the_middle_and_the_others_beside(middle: int, start: int) -> None:
    place = places_outward(range(16), middle)
    assert place[:middle].tolist() == list(range(start, start + middle))
    beside = [*range(start + middle, 16), *reversed(range(start))]
    assert place[middle:].tolist() == beside, "first to the end of the row, then back to its beginning"


@given(st.sets(st.integers(0, 40), max_size=30), st.integers(0, 40))
def test_all_free_positions_are_taken_once(free: set[int], middle: int) -> None:
    assert sorted(places_outward(sorted(free), middle).tolist()) == sorted(free)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 4))
def test_a_walk_never_leaps(rows: int, racks_per_row: int, columns: int) -> None:
    row, place = (each.ravel() for each in np.mgrid[:rows, : racks_per_row * columns])
    order = walk(row, place, racks_per_row=racks_per_row)
    assert sorted(order.tolist()) == list(range(len(row)))
    steps = np.abs(np.diff(row[order])) + np.abs(np.diff(place[order]))
    # To the next position, the next row, or over a cross aisle: which may lead to the other end of a section.
    assert np.all(steps <= np.where(np.diff(place[order] // racks_per_row) != 0, 2 * racks_per_row, 1))


ways = st.lists(st.tuples(*(st.integers(0, 4) for _ in range(4)), st.integers(1, 9)), max_size=12)


@settings(max_examples=50)
@given(ways)
def test_trays_carry_what_passes_them(listed: list[tuple[int, int, int, int, int]]) -> None:
    """By walking every way place by place."""
    expected = np.zeros((5, 5))
    for row_a, place_a, row_b, place_b, cables in listed:
        for place in range(min(place_a, place_b), max(place_a, place_b) + 1):
            expected[row_a, place] += cables
        if row_b != row_a:
            expected[row_b, place_b] += cables
    columns = [list(column) for column in zip(*listed, strict=True)] or [[]] * 5
    assert tray_cables(*columns, 5, 5).tolist() == expected.tolist()


def test_all_cables_of_a_rack_pass_above_it() -> None:
    pairs = list(itertools.combinations(range(4), 2))
    a, b = (np.array(each) for each in zip(*pairs, strict=True))
    found = tray_cables(a // 2, a % 2, b // 2, b % 2, np.ones(len(pairs)), 2, 2)
    assert found.min() >= 3
