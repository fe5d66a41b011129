"""Water against steam tables, psychrolib and the make-up of towers."""

from __future__ import annotations

import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.heat_exchange import saturated_enthalpy_kj_per_kg
from planner.models.water import (
    evaporation_l,
    humidity_at_wet_bulb,
    latent_heat_kj_per_kg,
    latent_share_ratio,
    make_up_l,
    pad_leaving_c,
)

psychrolib.SetUnitSystem(psychrolib.SI)


def test_latent_heat_and_evaporation_as_published() -> None:
    assert round(float(latent_heat_kj_per_kg(30.0)), 1) == 2429.8
    assert round(float(evaporation_l(1.0)), 3) == 1.488


@pytest.mark.parametrize(("cycles", "litres"), [(3.0, 2.232), (4.0, 1.984), (5.0, 1.860), (6.0, 1.786)])
def test_make_up_as_published(cycles: float, litres: float) -> None:
    assert round(float(make_up_l(round(float(evaporation_l(1.0)), 3), cycles)), 3) == litres


@pytest.mark.parametrize("celsius", [5.0, 20.0, 30.0, 45.0, 60.0])
def test_latent_heat_is_that_of_the_steam_tables(celsius: float) -> None:
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    vapour, liquid = (coolprop.PropsSI("H", "T", celsius + 273.15, "Q", quality, "Water") for quality in (1, 0))
    assert float(latent_heat_kj_per_kg(celsius)) == pytest.approx((vapour - liquid) / 1000, rel=1.5e-4)


@settings(max_examples=60)
@given(dry=st.floats(-20.0, 50.0), depression=st.floats(0.0, 10.0), pressure=st.floats(7e4, 1.05e5))
def test_humidity_is_psychrolibs(dry: float, depression: float, pressure: float) -> None:
    ours = float(humidity_at_wet_bulb(dry, dry - depression, pressure))
    theirs = psychrolib.GetHumRatioFromTWetBulb(dry, dry - depression, pressure)
    assert ours == pytest.approx(theirs, abs=2e-6) or (theirs <= 1e-7 and ours == 0.0)


@settings(max_examples=40)
@given(dry=st.floats(2.0, 48.0), depression=st.floats(0.0, 20.0), rise=st.floats(10.0, 60.0))
def test_a_tower_takes_the_water_that_its_air_gains(dry: float, depression: float, rise: float) -> None:
    """Psychrolib says what the air holds before and, saturated and richer by the heat, after."""
    wet = max(dry - depression, 0.5)
    before = psychrolib.GetHumRatioFromTWetBulb(dry, wet, 101325.0)
    enthalpy = psychrolib.GetMoistAirEnthalpy(dry, before) / 1000 + rise
    low, high = wet, 80.0
    for _ in range(60):
        middle = (low + high) / 2
        if psychrolib.GetSatAirEnthalpy(middle, 101325.0) / 1000 < enthalpy:
            low = middle
        else:
            high = middle
    gained_kg = psychrolib.GetSatHumRatio(low, 101325.0) - before
    share = latent_share_ratio(dry, wet, 101325.0, rise)
    kg_per_l = 0.99565
    assert float(evaporation_l(rise / 3600.0, share)) * kg_per_l == pytest.approx(gained_kg, rel=2e-3, abs=1e-6)


def test_the_share_is_low_in_winter_and_above_one_in_the_desert() -> None:
    winter, mild, desert = (float(latent_share_ratio(*air, 101325.0, 28.0)) for air in ((0, -1), (20, 16), (44, 23)))
    assert 0.4 < winter < 0.65 < 0.8 < mild < 1.0 < 1.2 < desert < 1.6


@settings(max_examples=40)
@given(litres=st.floats(0.0, 1e6), cycles=st.floats(1.1, 20.0), drift=st.floats(0.0, 0.1))
def test_drift_counts_only_beyond_the_blow_down(litres: float, cycles: float, drift: float) -> None:
    lost = float(make_up_l(litres, cycles, drift * litres)) - litres
    assert lost == pytest.approx(max(litres / (cycles - 1), drift * litres))


@settings(max_examples=60)
@given(dry=st.floats(0.0, 50.0), depression=st.floats(0.0, 20.0), pad=st.floats(0.0, 1.0), wanted=st.floats(0.0, 40.0))
def test_a_pad_cools_towards_the_wet_bulb_and_no_further_than_wanted(
    dry: float, depression: float, pad: float, wanted: float
) -> None:
    leaving = float(pad_leaving_c(dry, dry - depression, pad, wanted))
    assert dry - pad * depression - 1e-9 <= leaving <= dry
    assert leaving >= min(dry, wanted)
    hotter = float(pad_leaving_c(dry + 1, dry - depression, pad, wanted))
    assert hotter >= leaving - 1e-9


def test_saturated_air_is_the_handbooks() -> None:
    """ASHRAE Fundamentals 2017, chapter 1, table 2: 9.475 at 0 C, 57.555 at 20 C, 166.683 at 40 C, kJ/kg."""
    for celsius, table in ((0.0, 9.475), (20.0, 57.555), (40.0, 166.683)):
        assert float(saturated_enthalpy_kj_per_kg(celsius, 101325.0)) == pytest.approx(table, rel=6e-3)
