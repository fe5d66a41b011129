"""Hourly emissions: conservation, and the identity CUE = intensity x PUE."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.carbon import carbon_usage_kg_per_kwh, emissions_kg, hourly_intensity_kg_per_kwh

HOUR = np.tile(np.arange(24), 365)
WEIGHTS = st.lists(st.floats(0.0, 100.0), min_size=24, max_size=24).filter(lambda listed: sum(listed) > 1e-3)


@given(weights=WEIGHTS, mean=st.floats(0.0, 1.5))
@settings(max_examples=50)
def test_weights_move_emissions_within_the_day_and_keep_the_mean(weights: list[float], mean: float) -> None:
    intensity = hourly_intensity_kg_per_kwh(mean, weights)
    assert intensity.mean() == pytest.approx(mean)
    flat_load = emissions_kg(np.full(8760, 10.0), HOUR, intensity)
    assert flat_load.sum() == pytest.approx(10.0 * 8760 * mean)


@given(mean=st.floats(0.01, 1.5), overhead=st.floats(1.0, 2.0))
@settings(max_examples=30)
def test_with_a_flat_intensity_cue_is_intensity_times_pue(mean: float, overhead: float) -> None:
    """ISO/IEC 30134-8: CUE = CEF x PUE."""
    it = 100.0 + 20.0 * np.cos(np.arange(8760) / 24)
    facility = it * overhead
    emitted = emissions_kg(facility, HOUR, hourly_intensity_kg_per_kwh(mean, [1.0] * 24)).sum()
    assert carbon_usage_kg_per_kwh(emitted, it.sum()) == pytest.approx(mean * facility.sum() / it.sum())


def test_work_at_noon_on_a_solar_grid_emits_less() -> None:
    solar = [1.5] * 8 + [0.5] * 8 + [1.0] * 8
    noon = np.where((HOUR >= 8) & (HOUR < 16), 20.0, 5.0)
    level = np.full(8760, noon.mean())
    intensity = hourly_intensity_kg_per_kwh(0.4, solar)
    assert emissions_kg(noon, HOUR, intensity).sum() < emissions_kg(level, HOUR, intensity).sum()
    # By hand: a day of 8 h x 20 kW x 0.2 + 8 h x 5 kW x 0.6 + 8 h x 5 kW x 0.4 kg/kWh.
    assert emissions_kg(noon, HOUR, intensity).sum() == pytest.approx(365 * (32.0 + 24.0 + 16.0))
