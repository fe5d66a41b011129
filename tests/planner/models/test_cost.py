"""Money over time, held against closed forms and sums written out year by year and hour by hour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.cost import (
    annuity_usd,
    capital_recovery_fraction,
    demand_kw_months,
    installed_kw,
    peak_energy_kwh,
    present_value_usd,
    staff_count,
    usd_per_gpu_hour,
    usd_per_pflop_day,
)

YEARS = st.integers(1, 40)
DISCOUNTS = st.floats(0.0, 0.5)
SCHEMES = ("N", "N+1", "N+2", "2N", "3N/2", "4N/3", "block")


@pytest.mark.parametrize(("discount", "years", "factor"), [(0.05, 10, 7.7217), (0.08, 5, 3.9927), (0.10, 20, 8.5136)])
def test_present_values_are_those_of_annuity_tables(discount: float, years: int, factor: float) -> None:
    """The factors that every textbook on engineering economics prints in its tables (P/A, i, n)."""
    assert present_value_usd(1.0, years, discount) == pytest.approx(factor, abs=5e-5)


@given(years=YEARS, discount=DISCOUNTS)
@settings(max_examples=50)
def test_a_present_value_is_the_sum_of_discounted_payments(years: int, discount: float) -> None:
    by_year = sum(100.0 / (1 + discount) ** year for year in range(1, years + 1))
    assert present_value_usd(100.0, years, discount) == pytest.approx(by_year, rel=1e-9)


@given(years=YEARS, discount=DISCOUNTS)
@settings(max_examples=50)
def test_an_annuity_pays_back_exactly_what_was_paid(years: int, discount: float) -> None:
    owed = 1000.0
    for _ in range(years):
        owed = owed * (1 + discount) - annuity_usd(1000.0, years, discount)
    assert owed == pytest.approx(0.0, abs=1e-6 * (1 + discount) ** years * 1000)


def test_next_to_no_discount_is_no_discount() -> None:
    assert capital_recovery_fraction(7, 1e-13) == pytest.approx(1 / 7, rel=1e-9)


def test_arrays_work_as_scalars_do() -> None:
    sums = np.array([100.0, 200.0])
    assert present_value_usd(sums, 3, 0.1).tolist() == [present_value_usd(each, 3, 0.1) for each in (100.0, 200.0)]


YEAR_HOUR = np.tile(np.arange(24), 365)
YEAR_WORK = np.repeat(np.arange(365) % 7 < 5, 24)


@given(first=st.integers(0, 23), last=st.integers(1, 24))
@settings(max_examples=40)
def test_peak_energy_is_that_of_a_clock(first: int, last: int) -> None:
    power = 50.0 + 10.0 * np.sin(np.arange(8760))
    hours = set(range(first, last)) if first <= last else set(range(24)) - set(range(last, first))
    by_clock = sum(
        kw
        for kw, hour, work in zip(power.tolist(), YEAR_HOUR.tolist(), YEAR_WORK.tolist(), strict=True)
        if work and hour in hours
    )
    assert peak_energy_kwh(power, YEAR_HOUR, YEAR_WORK, first, last) == pytest.approx(by_clock, rel=1e-12)


def test_peak_and_off_peak_are_the_whole_day() -> None:
    power = np.full(8760, 3.0)
    work = np.ones(8760, dtype=bool)
    day = peak_energy_kwh(power, YEAR_HOUR, work, 8, 20)
    night = peak_energy_kwh(power, YEAR_HOUR, work, 20, 8)
    assert day + night == pytest.approx(power.sum())


def test_a_flat_load_pays_demand_twelve_times() -> None:
    month = np.repeat(np.arange(1, 13), 730)
    assert demand_kw_months(np.full(8760, 100.0), month) == 1200.0
    one_peak = np.full(8760, 100.0)
    one_peak[800] = 150.0  # a single hour of February
    assert demand_kw_months(one_peak, month) == 1250.0


@pytest.mark.parametrize(
    ("scheme", "usable"), [("N", 1.0), ("N+1", 5 / 6), ("2N", 1 / 2), ("3N/2", 2 / 3), ("4N/3", 3 / 4), ("block", 5 / 6)]
)
def test_the_usable_share_of_a_scheme(scheme: str, usable: float) -> None:
    """Shares of facility.md, section 2, for six modules of 1 MW where the scheme counts them."""
    load_kw = 5000.0
    assert load_kw / installed_kw(scheme, load_kw, 1000.0) == pytest.approx(usable)


@given(scheme=st.sampled_from(SCHEMES), load=st.floats(0.0, 1e6), more=st.floats(0.0, 1e5), unit=st.floats(1.0, 5000.0))
@settings(max_examples=60)
def test_more_load_needs_no_less_and_every_scheme_at_least_the_load(scheme: str, load: float, more: float, unit: float) -> None:
    assert installed_kw(scheme, load + more, unit) >= installed_kw(scheme, load, unit) * (1 - 1e-12)
    assert installed_kw(scheme, load, unit) >= load


def test_staff_stays_within_published_ranges() -> None:
    """8 to 15 people at 1 to 5 MW; about 50 at the large sites of Grant County, whose size was tens of MW."""
    assert staff_count(1000.0) == 8.0
    assert 14 <= staff_count(5000.0) <= 16
    assert 30 <= staff_count(50_000.0) <= 60


def test_a_gpu_hour_and_a_petaflop_day_are_one_cost() -> None:
    """H100: 989.5 TFLOPS; a PFLOP-day at MFU 0.4 is 24 / (0.9895 * 0.4) GPU-hours."""
    hour = usd_per_gpu_hour(20e6, 1024, 0.999)
    day = usd_per_pflop_day(20e6, 1024 * 0.9895, 0.4, 0.999)
    assert hour is not None
    assert day == pytest.approx(hour * 24 / (0.9895 * 0.4))
    assert usd_per_pflop_day(1.0, 0.0, 0.4, 1.0) is None
