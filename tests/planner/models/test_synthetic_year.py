"""The synthetic year has the normals, reaches the extremes, and lies where published design weather does."""

from __future__ import annotations

import calendar as almanac
import datetime as dt

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from planner.catalog import load_catalog
from planner.catalog.records import ClimateMonth, Station
from planner.models.synthetic_year import COLDEST_HOUR, DAYS_OF_MONTH, WARMEST_HOUR, calendar, synthetic_year
from planner.models.weather import Weather, standard_pressure_pa, wet_bulb_c
from planner.models.year import exceeded_for

CATALOG = load_catalog()
STATIONS = CATALOG.all(Station)
MONTH_OF_DAY = np.repeat(np.arange(12), DAYS_OF_MONTH)

# ASHRAE's 0.4, 1 and 2 % dry bulb and wet bulb, as printed in the statistics files that the catalog's rows name.
PUBLISHED = {
    "phoenix-az": ((43.4, 42.3, 41.2), (24.5, 24.0, 23.5)),
    "las-vegas-nv": ((42.4, 41.2, 39.8), (22.6, 21.8, 21.1)),
    "ashburn-va": ((34.1, 32.7, 31.2), (25.4, 24.7, 24.1)),
}


def normals(station: Station) -> list[ClimateMonth]:
    return sorted((row for row in CATALOG.all(ClimateMonth) if row.station == station.id), key=lambda row: row.month)


def year_of(station: Station) -> Weather:
    months = normals(station)
    return synthetic_year(
        [row.daily_max_c for row in months],
        [row.daily_min_c for row in months],
        [row.dew_point_c for row in months],
        station.dry_bulb_max_c,
        station.dry_bulb_min_c,
        station.wet_bulb_max_c,
        standard_pressure_pa(station.elevation_m),
    )


def by_month(days: np.ndarray) -> np.ndarray:
    return np.bincount(MONTH_OF_DAY, weights=days) / np.array(DAYS_OF_MONTH)


@pytest.mark.parametrize("station", STATIONS, ids=lambda row: row.id)
def test_every_stations_year_has_its_normals_and_reaches_its_extremes(station: Station) -> None:
    year, months = year_of(station), normals(station)
    days = year.dry_bulb_c.reshape(365, 24)
    np.testing.assert_allclose(by_month(days.max(axis=1)), [row.daily_max_c for row in months], atol=1e-6)
    np.testing.assert_allclose(by_month(days.min(axis=1)), [row.daily_min_c for row in months], atol=1e-6)
    dew = year.dew_point_c.reshape(365, 24).mean(axis=1)
    np.testing.assert_allclose(by_month(dew), [row.dew_point_c for row in months], atol=1e-6)
    assert year.dry_bulb_c.max() == pytest.approx(station.dry_bulb_max_c, abs=1e-6)
    assert year.dry_bulb_c.min() == pytest.approx(station.dry_bulb_min_c, abs=1e-6)
    assert year.wet_bulb_c.max() == pytest.approx(station.wet_bulb_max_c, abs=1e-6)
    assert np.all(year.dew_point_c <= year.dry_bulb_c)
    np.testing.assert_allclose(year.wet_bulb_c, wet_bulb_c(year.dry_bulb_c, year.dew_point_c, year.pressure_pa), atol=1e-9)


@pytest.mark.parametrize("station", PUBLISHED)
def test_the_hottest_and_dampest_hours_are_as_many_as_published(station: str) -> None:
    year = year_of(CATALOG.get(Station, station))
    dry, wet = PUBLISHED[station]
    found_dry = [exceeded_for(year.dry_bulb_c, part) for part in (0.004, 0.01, 0.02)]
    found_wet = [exceeded_for(year.wet_bulb_c, part) for part in (0.004, 0.01, 0.02)]
    np.testing.assert_allclose(found_dry, dry, atol=0.8)
    np.testing.assert_allclose(found_wet, wet, atol=1.05)


def test_mornings_are_coldest_and_afternoons_warmest_and_no_hour_jumps() -> None:
    for station in STATIONS:
        year = year_of(station)
        mean_day = year.dry_bulb_c.reshape(365, 24).mean(axis=0)
        assert (np.argmin(mean_day), np.argmax(mean_day)) == (COLDEST_HOUR, WARMEST_HOUR)
        assert np.abs(np.diff(year.dry_bulb_c, append=year.dry_bulb_c[0])).max() < 5.0


def test_seasons_are_half_a_year_apart_beyond_the_equator() -> None:
    north, south = (year_of(CATALOG.get(Station, name)) for name in ("frankfurt", "sydney"))
    assert north.month[np.argmax(north.dry_bulb_c)] in (7, 8)
    assert south.month[np.argmax(south.dry_bulb_c)] in (1, 2)


def test_the_same_station_makes_the_same_year_that_nobody_can_change() -> None:
    year = year_of(STATIONS[0])
    assert year_of(STATIONS[0]) is year
    with pytest.raises(ValueError, match="read-only"):
        year.dry_bulb_c[0] = 0.0


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    mean=st.floats(-10, 28),
    swing=st.floats(0, 16),
    turn=st.floats(0, 12),
    by_day=st.floats(5, 16),
    dryness=st.floats(3, 15),
    above=st.floats(2, 9),
    below=st.floats(2, 12),
)
def test_any_normals_are_kept(
    mean: float, swing: float, turn: float, by_day: float, dryness: float, above: float, below: float
) -> None:
    course = mean + swing * np.cos((np.arange(12) - turn) * np.pi / 6)
    high, low, dew = course + by_day / 2, course - by_day / 2, course - dryness
    hottest, coldest = float(high.max()) + above, float(low.min()) - below
    year = synthetic_year(high.tolist(), low.tolist(), dew.tolist(), hottest, coldest, hottest - 12.0, 95_000.0)
    assert year.dry_bulb_c.max() == pytest.approx(hottest, abs=1e-5)
    assert year.dry_bulb_c.min() == pytest.approx(coldest, abs=1e-5)
    assert np.all(year.dew_point_c <= year.dry_bulb_c)
    days = year.dry_bulb_c.reshape(365, 24)
    np.testing.assert_allclose(by_month(days.max(axis=1)), high, atol=0.1)
    np.testing.assert_allclose(by_month(days.min(axis=1)), low, atol=0.1)
    np.testing.assert_allclose(by_month(year.dew_point_c.reshape(365, 24).mean(axis=1)), dew, atol=0.1)


@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_the_calendar_is_that_of_the_year(year: int) -> None:
    month, hour, working = calendar(dt.date(year, 1, 1).weekday(), almanac.isleap(year))
    first = dt.date(year, 1, 1)
    days = [first + dt.timedelta(days=number) for number in range(366 if almanac.isleap(year) else 365)]
    days = [day for day in days if (day.month, day.day) != (2, 29)]
    assert month[::24].tolist() == [day.month for day in days]
    assert working[::24].tolist() == [day.weekday() < 5 for day in days]
    assert hour.tolist() == list(range(24)) * 365
