"""Laws of the cooling plant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.cooling import cooling_power_kw

HEATS = st.floats(0.0, 1e6)
OVERHEADS = st.floats(0.0, 3.0)


@given(heat_kw=HEATS, overhead=OVERHEADS)
def test_nothing_to_remove_or_nothing_spent_takes_no_power(heat_kw: float, overhead: float) -> None:
    assert cooling_power_kw(0.0, overhead) == 0
    assert cooling_power_kw(heat_kw, 0.0) == 0


@given(heat_kw=st.floats(1e-3, 1e6), performance=st.floats(0.3, 100.0))
def test_heat_over_power_is_the_coefficient_of_performance(heat_kw: float, performance: float) -> None:
    assert heat_kw / cooling_power_kw(heat_kw, 1 / performance) == pytest.approx(performance)


@given(heats=st.tuples(HEATS, HEATS), overhead=OVERHEADS)
def test_parts_of_the_heat_add_up(heats: tuple[float, float], overhead: float) -> None:
    parts = sum(cooling_power_kw(heat_kw, overhead) for heat_kw in heats)
    assert cooling_power_kw(sum(heats), overhead) == pytest.approx(parts)


@given(heat_kw=HEATS, more_kw=HEATS, overhead=OVERHEADS, more=OVERHEADS)
def test_more_heat_or_overhead_takes_no_less(heat_kw: float, more_kw: float, overhead: float, more: float) -> None:
    assert cooling_power_kw(heat_kw + more_kw, overhead) >= cooling_power_kw(heat_kw, overhead)
    assert cooling_power_kw(heat_kw, overhead + more) >= cooling_power_kw(heat_kw, overhead)
