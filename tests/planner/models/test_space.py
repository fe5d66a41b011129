"""Laws of racks: what fits one, and how many are needed."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.space import pieces_per_rack, racks_needed, racks_of_pieces

# Kinds of pieces: how many there are, and how many fit an empty rack.
KINDS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=6)
SIZES = st.floats(0.01, 500.0)
ROOMY = 1e12


def with_one(sizes: tuple[float, float, float], place: int, size: float) -> tuple[float, float, float]:
    """Replace the height, the weight or the power."""
    height, weight, power = (size if number == place else other for number, other in enumerate(sizes))
    return height, weight, power


def rack_by_rack(kinds: list[tuple[int, int]]) -> list[list[int]]:
    """Take every piece in turn: into the last rack if it fits there, else into a new one."""
    racks: list[list[int]] = []
    for count, per_rack in kinds:
        for _ in range(count):
            if not racks or sum(Fraction(1, other) for other in racks[-1]) + Fraction(1, per_rack) > 1:
                racks.append([])
            racks[-1].append(per_rack)
    return racks


@given(kinds=KINDS)
def test_racks_are_those_filled_piece_by_piece(kinds: list[tuple[int, int]]) -> None:
    assert racks_needed(kinds) == len(rack_by_rack(kinds))


@given(count=st.integers(0, 10**9), per_rack=st.integers(1, 1000))
def test_one_kind_fills_racks_to_the_last(count: int, per_rack: int) -> None:
    assert racks_needed([(count, per_rack)]) == -(-count // per_rack)


@given(kinds=KINDS)
def test_racks_hold_the_shares_and_are_over_half_full_in_pairs(kinds: list[tuple[int, int]]) -> None:
    shares = sum((Fraction(count, per_rack) for count, per_rack in kinds), Fraction(0))
    racks = racks_needed(kinds)
    assert racks >= math.ceil(shares)
    # A rack and the first piece of the next together exceed one rack, so next fit never needs twice the shares.
    assert racks < 2 * shares + 1


@given(kinds=KINDS, extra=st.integers(1, 12), data=st.data())
def test_one_more_piece_never_needs_fewer_racks(kinds: list[tuple[int, int]], extra: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(kinds)))
    racks = racks_needed(kinds)
    assert racks <= racks_needed([*kinds[:place], (1, extra), *kinds[place:]]) <= racks + 2
    if place < len(kinds):
        count, per_rack = kinds[place]
        assert racks <= racks_needed([*kinds[:place], (count + 1, per_rack), *kinds[place + 1 :]])
        # A larger piece, of which fewer fit, does not help either.
        assert racks <= racks_needed([*kinds[:place], (count, max(1, per_rack - 1)), *kinds[place + 1 :]])


@given(kinds=KINDS, place=st.integers(0, 6), per_rack=st.integers(1, 12))
def test_no_pieces_need_no_racks(kinds: list[tuple[int, int]], place: int, per_rack: int) -> None:
    assert racks_needed([]) == racks_needed([(0, per_rack)]) == 0
    assert racks_needed([*kinds[:place], (0, per_rack), *kinds[place:]]) == racks_needed(kinds)


def test_dgx_h100_superpod_takes_four_nodes_a_rack() -> None:
    """RA-11333-001: 127 nodes in 32 racks."""
    assert racks_needed([(127, 4)]) == 32


@pytest.mark.parametrize(
    ("power_kw", "rack_kw", "pieces"),
    [(10.2, 40.8, 4), (10.2, 40.79, 3), (0.1, 0.3, 3), (1.1, 3.3, 3), (14.3, 28.6, 2), (120.0, 120.0, 1), (120.0, 119.0, 0)],
)
def test_exact_multiples_of_power_fit(power_kw: float, rack_kw: float, pieces: int) -> None:
    assert pieces_per_rack(1, 1, power_kw, ROOMY, ROOMY, rack_kw) == (pieces, "power")


@given(size=SIZES, count=st.integers(1, 1000))
def test_exact_multiples_fit(size: float, count: int) -> None:
    # Summed one by one, as someone who fills a rack would.
    offered = 0.0
    for _ in range(count):
        offered += size
    for limit, place in (("height", 0), ("weight", 1), ("power", 2)):
        rack = with_one((ROOMY, ROOMY, ROOMY), place, offered)
        assert pieces_per_rack(size, size, size, *rack) == (count, limit)


@given(piece=st.tuples(SIZES, SIZES, SIZES), rack=st.tuples(SIZES, SIZES, SIZES))
def test_pieces_fit_and_one_more_does_not(piece: tuple[float, float, float], rack: tuple[float, float, float]) -> None:
    count, limit = pieces_per_rack(*piece, *rack)
    limited = {"height": 0, "weight": 1, "power": 2}[limit]
    assert all(count * one <= offered * (1 + 1e-6) for one, offered in zip(piece, rack, strict=True))
    assert (count + 1) * piece[limited] > rack[limited] * (1 - 1e-6)


@given(
    piece=st.tuples(SIZES, SIZES, SIZES), rack=st.tuples(SIZES, SIZES, SIZES), place=st.integers(0, 2), by=st.floats(1.0, 3.0)
)
def test_a_larger_rack_or_a_smaller_piece_never_holds_fewer(
    piece: tuple[float, float, float], rack: tuple[float, float, float], place: int, by: float
) -> None:
    before = pieces_per_rack(*piece, *rack)[0]
    assert pieces_per_rack(*piece, *with_one(rack, place, rack[place] * by))[0] >= before
    assert pieces_per_rack(*with_one(piece, place, piece[place] / by), *rack)[0] >= before


@given(kinds=st.lists(st.tuples(SIZES, SIZES, SIZES, st.integers(1, 20)), min_size=1, max_size=4))
def test_racks_of_several_kinds_keep_to_every_limit(kinds: list[tuple[float, float, float, int]]) -> None:
    rack = (500.0, 500.0, 500.0)
    pieces = [(count, pieces_per_rack(height, weight, power, *rack)[0]) for height, weight, power, count in kinds]
    for place, offered in enumerate(rack):
        total = sum(kind[place] * kind[3] for kind in kinds)
        assert total <= racks_needed(pieces) * offered * (1 + 1e-6)


def test_a_floor_that_does_not_carry_the_empty_rack_carries_nothing() -> None:
    assert pieces_per_rack(8, 130.45, 10.2, 48, -20.0, 44) == (0, "weight")
    assert pieces_per_rack(8, 130.45, 10.2, 48, 0.0, 44) == (0, "weight")


@given(KINDS)
def test_pieces_stand_in_the_racks_that_are_counted_and_on_top_of_each_other(kinds: list[tuple[int, int]]) -> None:
    heights = [48 // per_rack for _, per_rack in kinds]
    placed = racks_of_pieces((count, per_rack, height) for (count, per_rack), height in zip(kinds, heights, strict=True))
    racks: dict[int, list[tuple[float, float]]] = {}
    shares: dict[int, Fraction] = {}
    for (count, per_rack), height, (rack, below) in zip(kinds, heights, placed, strict=True):
        assert len(rack) == len(below) == count
        for number, under in zip(rack.tolist(), below.tolist(), strict=True):
            racks.setdefault(number, []).append((under, under + height))
            shares[number] = shares.get(number, Fraction(0)) + Fraction(1, per_rack)
    assert set(racks) == set(range(racks_needed(kinds)))
    assert all(share <= 1 for share in shares.values())
    for pieces in racks.values():
        edges = sorted(pieces)
        assert edges[0][0] == 0
        assert all(this[1] == following[0] for this, following in itertools.pairwise(edges))
        assert edges[-1][1] <= 48
