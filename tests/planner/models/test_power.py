"""Laws of the power chain and of a rack's PDUs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import CATALOG
from planner.catalog.records import DeratingPoint
from planner.models.losses import LossLaw, input_kw
from planner.models.power import (
    alternator_derating_fraction,
    battery_minutes,
    conductor_a,
    derating_from_table,
    fuel_l_per_hour,
    pdus_per_rack,
    units_needed,
)


def stage_input_kw(output_kw: float, efficiency_fraction: float) -> float:
    """What a stage of constant efficiency takes."""
    return float(input_kw(LossLaw(rating_kw=1.0, efficiency_fraction=efficiency_fraction), output_kw))


POWERS = st.floats(0.0, 1e6)
EFFICIENCIES = st.floats(0.01, 1.0)
REDUNDANCIES = st.sampled_from(["N", "N+1", "2N"])


@given(output_kw=POWERS)
def test_a_perfect_stage_loses_nothing(output_kw: float) -> None:
    assert stage_input_kw(output_kw, 1.0) == output_kw


@given(output_kw=POWERS, efficiency=EFFICIENCIES)
def test_a_stage_takes_what_it_delivers_and_its_loss(output_kw: float, efficiency: float) -> None:
    taken_kw = stage_input_kw(output_kw, efficiency)
    assert taken_kw >= output_kw
    assert taken_kw * efficiency == pytest.approx(output_kw)


@given(output_kw=POWERS, more_kw=POWERS, efficiency=EFFICIENCIES, better=EFFICIENCIES)
def test_more_power_or_a_worse_stage_takes_no_less(output_kw: float, more_kw: float, efficiency: float, better: float) -> None:
    low, high = sorted((efficiency, better))
    assert stage_input_kw(output_kw + more_kw, low) >= stage_input_kw(output_kw, low) >= stage_input_kw(output_kw, high)


@given(output_kw=POWERS, efficiencies=st.lists(EFFICIENCIES, min_size=2, max_size=2))
def test_stages_in_a_row_multiply_their_efficiencies(output_kw: float, efficiencies: list[float]) -> None:
    first, second = efficiencies
    in_a_row = stage_input_kw(stage_input_kw(output_kw, first), second)
    assert in_a_row == pytest.approx(stage_input_kw(output_kw, first * second))


@given(count=st.integers(1, 50), pdu_kw=st.floats(0.1, 500.0), redundancy=REDUNDANCIES)
def test_pdus_of_a_rack_that_draws_their_exact_multiple(count: int, pdu_kw: float, redundancy: str) -> None:
    spares = {"N": 0, "N+1": 1, "2N": count}[redundancy]
    assert pdus_per_rack(count * pdu_kw, pdu_kw, redundancy) == count + spares
    # A little more needs one more.
    more = {"N": 1, "N+1": 1, "2N": 2}[redundancy]
    assert pdus_per_rack(count * pdu_kw * 1.001, pdu_kw, redundancy) == count + spares + more


def test_a_rack_that_draws_nothing_has_pdus_all_the_same() -> None:
    assert [pdus_per_rack(0.0, 34.5, redundancy) for redundancy in ("N", "N+1", "2N")] == [1, 2, 2]


@given(rack_kw=st.floats(0.0, 500.0), more_kw=st.floats(0.0, 100.0), pdu_kw=st.floats(1.0, 100.0), redundancy=REDUNDANCIES)
def test_pdus_carry_the_rack_and_more_power_never_needs_fewer(
    rack_kw: float, more_kw: float, pdu_kw: float, redundancy: str
) -> None:
    count = pdus_per_rack(rack_kw, pdu_kw, redundancy)
    # What is left when as many fail as the redundancy promises to bear.
    left = {"N": count, "N+1": count - 1, "2N": count // 2}[redundancy]
    assert left >= 1
    assert left * pdu_kw >= rack_kw * (1 - 1e-6) - 1e-6
    assert pdus_per_rack(rack_kw + more_kw, pdu_kw, redundancy) >= count
    assert pdus_per_rack(rack_kw, pdu_kw / 2, redundancy) >= count


def test_dgx_h100_superpod_has_three_pdus_a_rack() -> None:
    """RA-11333-001 V11, Table 7: 96 PDUs in 32 racks of four nodes."""
    assert 32 * pdus_per_rack(4 * 10.2, 34.5, "N+1") == 96


def test_currents_of_a_rack_and_of_a_megawatt() -> None:
    assert conductor_a(120.0, 54.0, False) == pytest.approx(2222, abs=0.5)
    assert conductor_a(120.0, 800.0, False) == pytest.approx(150)
    assert conductor_a(1000.0, 54.0, False) == pytest.approx(18_500, abs=50)
    assert conductor_a(np.array([120.0, 0.0]), 54.0, False) == pytest.approx([2222.2, 0], abs=0.1)


@pytest.mark.parametrize(
    ("elevation_m", "ambient_c", "left"),
    [(0, 25, 1.0), (1000, 40, 1.0), (1500, 40, 0.97), (1000, 45, 0.97), (1500, 45, 0.9409), (2000, 50, 0.94 * 0.94)],
)
def test_what_stamford_leaves_of_an_alternator(elevation_m: float, ambient_c: float, left: float) -> None:
    assert alternator_derating_fraction(elevation_m, ambient_c) == pytest.approx(left, abs=1e-12)


# Atlas Copco QAS 500, instruction manual p. 96, percent at 30, 35, 40, 45, 50 C.
QAS_500 = {
    0: (100, 100, 100, 90, 80),
    500: (100, 100, 100, 90, 80),
    1000: (100, 100, 100, 90, 80),
    1500: (100, 95, 95, 90, 80),
    2000: (95, 95, 90, 90, 80),
    2500: (90, 85, 85, 80, 80),
    3000: (85, 85, 85, 80, 80),
    3500: (65, 65, 65, 65, 65),
    4000: (50, 50, 50, 50, 50),
}


@pytest.mark.parametrize("item", ["generator-qas-500", "generator-diesel-2500kw"])
def test_what_the_maker_leaves_of_an_engine(item: str) -> None:
    points = {
        (each.elevation_m, each.ambient_c): each.factor_fraction for each in CATALOG.all(DeratingPoint) if each.item == item
    }
    for elevation, row in QAS_500.items():
        for ambient, percent in zip((30, 35, 40, 45, 50), row, strict=True):
            assert derating_from_table(points, elevation, ambient) == pytest.approx(percent / 100)
        assert derating_from_table(points, elevation, -20) == pytest.approx(row[0] / 100)
    assert derating_from_table(points, 2000, 40) == pytest.approx(0.90)
    assert derating_from_table(points, 1000, 45) == pytest.approx(0.90)
    assert derating_from_table(points, 1250, 42.5) == pytest.approx((1.0 + 0.9 + 0.95 + 0.9) / 4), "bilinear"
    assert derating_from_table(points, 4500, 30) == pytest.approx(0.35), "the last slope goes on"
    assert derating_from_table(points, 9000, 55) == 0.0


@given(elevation=st.floats(0, 5000), ambient=st.floats(-30, 60), higher=st.floats(0, 500), hotter=st.floats(0, 10))
def test_higher_and_hotter_never_leaves_more(elevation: float, ambient: float, higher: float, hotter: float) -> None:
    points = {
        (float(h), float(a)): p / 100 for h, row in QAS_500.items() for a, p in zip((30, 35, 40, 45, 50), row, strict=True)
    }
    for left in (alternator_derating_fraction, partial(derating_from_table, points)):
        assert left(elevation + higher, ambient + hotter) <= left(elevation, ambient) + 1e-12


@given(load=st.floats(0.01, 1e5), limit=st.floats(1, 5000))
def test_units_needed_carry_the_load_and_one_less_does_not(load: float, limit: float) -> None:
    count = units_needed(load, limit)
    assert count * limit >= load * (1 - 1e-8)
    assert count == 1 or (count - 1) * limit < load


def test_a_battery_gives_the_same_energy_at_any_load() -> None:
    assert battery_minutes(5.0, np.array([1.0, 0.5, 0.25])) == pytest.approx([5, 10, 20])


def test_fuel_by_load_is_near_a_makers_table() -> None:
    """Caterpillar C15 GC, 500 ekW standby: L/h at 100, 75, 50 and 25 % load."""
    loads = 500.0 * np.array([1.0, 0.75, 0.5, 0.25])
    assert fuel_l_per_hour(loads, 500.0, 137.0 / 500.0) == pytest.approx([137.0, 110.5, 71.3, 41.9], rel=0.07)
