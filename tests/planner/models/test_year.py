"""Sums over a year's hours, against counting them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.synthetic_year import calendar
from planner.models.year import (
    by_month_and_hour,
    energy_reuse_effectiveness,
    energy_reuse_factor,
    exceeded_for,
    hours_in_bins,
    load_duration,
    peak_by_month,
    peak_day,
    power_usage_effectiveness,
)

MONTH, HOUR, _ = calendar()
VALUES = np.random.default_rng(3).normal(100.0, 20.0, 8760)


@settings(max_examples=25)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=300), st.floats(0, 1))
def test_no_more_hours_than_the_fraction_exceed_it(values: list[float], fraction: float) -> None:
    found = exceeded_for(values, fraction)
    assert found in values
    assert sum(value > found for value in values) <= fraction * len(values) + 1e-9


def test_35_hours_a_year_are_0_4_percent() -> None:
    assert exceeded_for(np.arange(8760.0), 0.004) == 8759 - 35


def test_months_by_hours_add_up_to_the_year_and_are_the_hours_of_each_cell() -> None:
    cells = by_month_and_hour(VALUES, MONTH, HOUR)
    assert cells.sum() == pytest.approx(VALUES.sum())
    wanted = sum(value for value, month, hour in zip(VALUES, MONTH, HOUR, strict=True) if (month, hour) == (3, 17))
    assert cells[2, 17] == pytest.approx(wanted)


def test_peaks() -> None:
    peaks = peak_by_month(VALUES, MONTH)
    assert peaks.tolist() == [VALUES[month == MONTH].max() for month in range(1, 13)]
    assert peak_day(VALUES) == pytest.approx(max(VALUES[start : start + 24].sum() for start in range(0, 8760, 24)))


def test_the_duration_curve_falls_from_the_peak_to_the_lowest_hour_with_the_same_mean() -> None:
    curve = load_duration(VALUES, 8760)
    assert curve[0] == VALUES.max()
    assert curve[-1] == VALUES.min()
    assert np.all(np.diff(curve) <= 0)
    assert curve.mean() == pytest.approx(VALUES.mean())


@settings(max_examples=25)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=100), st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_every_hour_is_in_the_one_bin_that_holds_it(values: list[float], width: float) -> None:
    edges, hours = hours_in_bins(values, width)
    assert hours.sum() == len(values)
    for edge, count in zip(edges, hours, strict=True):
        assert count == sum(edge <= value < edge + width for value in values)


def test_ratios() -> None:
    pue, erf = power_usage_effectiveness(1200.0, 1000.0), energy_reuse_factor(300.0, 1200.0)
    assert energy_reuse_effectiveness(300.0, 1200.0, 1000.0) == pytest.approx((1 - erf) * pue)
    upstream = [power_usage_effectiveness(1200.0, 1000.0, loss) for loss in (0.0, 10.0, 60.0)]
    assert upstream == sorted(upstream, reverse=True)
