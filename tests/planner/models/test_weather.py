"""Moist air against psychrolib, the handbook's tables, and itself."""

from __future__ import annotations

import numpy as np
import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.weather import (
    air_density_kg_per_m3,
    dew_point_c,
    enthalpy_kj_per_kg,
    humidity_ratio,
    relative_humidity_fraction,
    saturation_pressure_pa,
    standard_pressure_pa,
    wet_bulb_c,
)

psychrolib.SetUnitSystem(psychrolib.SI)

SEA_LEVEL_PA = 101_325.0
RNG = np.random.default_rng(7)
DRY_C = RNG.uniform(-40, 55, 1500)
HUMIDITY = RNG.uniform(0.02, 1.0, 1500)
PRESSURE_PA = RNG.uniform(60_000, 106_000, 1500)


@pytest.mark.parametrize(("dry", "humidity", "wet"), [(35.0, 0.4, 23.934), (25.0, 0.5, 17.889)])
def test_the_wet_bulbs_that_are_wanted(dry: float, humidity: float, wet: float) -> None:
    assert float(wet_bulb_c(dry, dew_point_c(dry, humidity), SEA_LEVEL_PA)) == pytest.approx(wet, abs=1e-3)


def test_air_of_25_c_and_half_its_moisture() -> None:
    dew = dew_point_c(25.0, 0.5)
    assert round(float(dew), 3) == 13.864
    ratio = humidity_ratio(dew, SEA_LEVEL_PA)
    assert round(float(ratio), 6) == 0.009881
    assert round(float(enthalpy_kj_per_kg(25.0, ratio)), 3) == 50.322


def test_all_of_it_agrees_with_psychrolib() -> None:
    dew = dew_point_c(DRY_C, HUMIDITY)
    ratio = humidity_ratio(dew, PRESSURE_PA)
    many = zip(DRY_C, HUMIDITY, PRESSURE_PA, strict=True)
    theirs = np.array([psychrolib.CalcPsychrometricsFromRelHum(*each) for each in many])
    hum_ratio, _, their_dew, _, enthalpy_j, _, _ = theirs.T
    np.testing.assert_allclose(ratio, hum_ratio, rtol=2e-5)
    np.testing.assert_allclose(dew, their_dew, atol=2e-3)
    np.testing.assert_allclose(enthalpy_kj_per_kg(DRY_C, ratio), enthalpy_j / 1000, atol=1e-3)
    density = [psychrolib.GetMoistAirDensity(*each) for each in zip(DRY_C, hum_ratio, PRESSURE_PA, strict=True)]
    np.testing.assert_allclose(air_density_kg_per_m3(DRY_C, ratio, PRESSURE_PA), density, rtol=1e-5)
    pressure = [psychrolib.GetSatVapPres(each) for each in DRY_C]
    np.testing.assert_allclose(saturation_pressure_pa(DRY_C), pressure, rtol=1e-9)
    np.testing.assert_allclose(relative_humidity_fraction(DRY_C, dew), HUMIDITY, rtol=1e-6)


def test_the_wet_bulb_agrees_with_psychrolib_but_where_its_equation_has_two_roots() -> None:
    dew = dew_point_c(DRY_C, HUMIDITY)
    wet = wet_bulb_c(DRY_C, dew, PRESSURE_PA)
    many = zip(DRY_C, HUMIDITY, PRESSURE_PA, strict=True)
    theirs = np.array([psychrolib.GetTWetBulbFromRelHum(*each) for each in many])
    same = np.abs(wet - theirs) < 1e-3
    assert np.count_nonzero(~same) < 10
    # There, ice and water both have a root: theirs is the one over ice, ours the one over water, and it is one.
    assert np.all((wet[~same] >= 0) & (theirs[~same] < 0) & (theirs[~same] > -1))
    ratio = humidity_ratio(dew, PRESSURE_PA)
    back = [psychrolib.GetHumRatioFromTWetBulb(*each) for each in zip(DRY_C, wet, PRESSURE_PA, strict=True)]
    np.testing.assert_allclose(back, ratio, atol=1e-8)


@pytest.mark.parametrize(
    ("elevation", "pressure"), [(-500, 107_478), (0, 101_325), (1000, 89_874), (2000, 79_495), (5000, 54_020)]
)
def test_the_standard_atmosphere_is_that_of_the_handbooks_table(elevation: float, pressure: float) -> None:
    assert standard_pressure_pa(float(elevation)) == pytest.approx(pressure, abs=1)


moisture = st.tuples(st.floats(-30, 50), st.floats(-40, 50), st.floats(55_000, 106_000))


@settings(max_examples=60)
@given(moisture, st.floats(0, 10))
def test_hotter_or_damper_air_never_has_a_lower_wet_bulb(air: tuple[float, float, float], by: float) -> None:
    dry, dew, pressure = air[0], min(air[0], air[1]), air[2]
    wet = float(wet_bulb_c(dry, dew, pressure))
    assert dew - 0.02 <= wet <= dry + 1e-9
    assert float(wet_bulb_c(dry + by, dew, pressure)) >= wet - 1e-9
    assert float(wet_bulb_c(dry, min(dew + by, dry), pressure)) >= wet - 1e-9


def test_saturated_air_is_at_its_wet_bulb() -> None:
    np.testing.assert_allclose(wet_bulb_c(DRY_C, DRY_C, PRESSURE_PA), DRY_C, atol=1e-6)


def test_an_array_is_what_its_numbers_are() -> None:
    one_by_one = [float(wet_bulb_c(*each)) for each in zip(DRY_C[:20], DRY_C[:20] - 5, PRESSURE_PA[:20], strict=True)]
    np.testing.assert_allclose(wet_bulb_c(DRY_C[:20], DRY_C[:20] - 5, PRESSURE_PA[:20]), one_by_one, atol=1e-8)
