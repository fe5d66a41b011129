"""The climate of a site: station, file, elevation, design day, and what is said about each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psychrolib
import pytest

from planner.catalog import load_catalog
from planner.catalog.records import Station
from planner.epw import WeatherFile
from planner.errors import InputErrors
from planner.models.synthetic_year import synthetic_year
from planner.models.weather import standard_pressure_pa
from planner.reader import read_factory
from planner.spec import Factory
from planner.steps.climate import plan_climate
from planner.steps.facility import Climate
from planner.steps.notes import Notes

psychrolib.SetUnitSystem(psychrolib.SI)

CATALOG = load_catalog()
FILE = WeatherFile(
    synthetic_year([20.0] * 12, [8.0] * 12, [5.0] * 12, 38.0, -5.0, 24.0, 96_500.0),
    "Testville",
    400.0,
    "ab" * 32,
    ("a remark",),
)
GOOD = "name: x\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 4}}\n"


def climate(site: dict[str, Any], file: WeatherFile | None = None) -> tuple[Climate, Notes]:
    notes = Notes()
    data = {"name": "x", "site": site, "compute": {"nodes": {"dgx-h100": 4}}}
    factory = Factory.model_validate(data, context={"ids": CATALOG.ids()})
    return plan_climate(factory, CATALOG, notes, file), notes


def said(notes: Notes, path: str) -> str:
    return next((each.statement for each in notes.assumptions() if each.path == path), "")


def codes(notes: Notes) -> list[str]:
    return [finding.code for finding in notes.findings()]


def test_a_site_that_says_nothing_gets_the_countrys_first_station_and_all_of_it_is_listed() -> None:
    made, notes = climate({"country": "US"})
    assert (made.plan.source, made.plan.name, made.plan.file_sha256) == ("station", "Washington Dulles", "")
    assert made.plan.elevation_m == CATALOG.get(Station, "ashburn-va").elevation_m
    assert said(notes, "site.station").startswith("not declared: Washington Dulles, the first in US by id (others: atlanta-ga,")
    assert "a synthetic year that has the monthly normals" in said(notes, "site.weather_file")
    assert said(notes, "site.elevation") == "not declared: 82 m, that of Washington Dulles"
    assert said(notes, "site.design_day").startswith("not declared: the year's highest dry bulb, 36.2 C")
    assert codes(notes) == []


def test_a_country_without_a_station_is_warned_of() -> None:
    made, notes = climate({"country": "NZ"})
    assert made.plan.name == "Frankfurt Airport"
    assert codes(notes) == ["no-station"]


def test_a_station_of_another_country_is_warned_of() -> None:
    made, notes = climate({"country": "NO", "station": "phoenix-az"})
    assert made.plan.name == "Phoenix Sky Harbor"
    assert codes(notes) == ["station-elsewhere"]
    assert said(notes, "site.station") == ""


def test_a_file_takes_the_place_of_the_station() -> None:
    made, notes = climate({"country": "US", "weather_file": "x.epw"}, FILE)
    assert (made.plan.source, made.plan.name, made.plan.file_sha256) == ("file", "Testville", "ab" * 32)
    assert made.weather is FILE.weather
    assert made.plan.elevation_m == 400.0
    assert made.plan.pressure_kpa == pytest.approx(96.5)
    assert said(notes, "site.weather_file") == "a remark"
    assert said(notes, "site.station") == ""


@pytest.mark.parametrize(("site", "file", "source_m"), [({"country": "US"}, None, 82.0), ({"country": "US"}, FILE, 400.0)])
def test_a_declared_elevation_changes_pressure_and_wet_bulb_and_nothing_else(
    site: dict[str, Any], file: WeatherFile | None, source_m: float
) -> None:
    low, _ = climate(site, file)
    high, notes = climate({**site, "elevation_m": 1500.0}, file)
    assert high.plan.elevation_m == 1500.0
    ratio = standard_pressure_pa(1500.0) / standard_pressure_pa(source_m)
    np.testing.assert_allclose(high.weather.pressure_pa, low.weather.pressure_pa * ratio)
    for name in ("dry_bulb_c", "dew_point_c", "month", "hour", "working_day"):
        assert np.array_equal(getattr(high.weather, name), getattr(low.weather, name))
    hour = int(np.argmax(low.weather.wet_bulb_c))
    dry, dew, pressure = (getattr(high.weather, name)[hour] for name in ("dry_bulb_c", "dew_point_c", "pressure_pa"))
    assert high.weather.wet_bulb_c[hour] == pytest.approx(psychrolib.GetTWetBulbFromTDewPoint(dry, dew, pressure), abs=1e-3)
    assert high.design_wet_bulb_c < low.design_wet_bulb_c
    assert "(0.8" in said(notes, "site.elevation")
    assert codes(notes) == ["weather-elevation"]


def test_the_files_own_elevation_changes_nothing() -> None:
    made, notes = climate({"country": "US", "elevation_m": 400.0}, FILE)
    assert made.weather is FILE.weather
    assert (said(notes, "site.elevation"), codes(notes)) == ("", [])


def test_a_little_off_the_stations_elevation_is_no_warning() -> None:
    assert codes(climate({"country": "US", "elevation_m": 100.0})[1]) == []


def test_the_design_hour_is_the_years_worst_or_the_design_day() -> None:
    worst, _ = climate({"country": "US"})
    assert (worst.design_dry_bulb_c, worst.design_wet_bulb_c) == (worst.plan.dry_bulb_max_c, worst.plan.wet_bulb_max_c)
    day = {"dry_bulb_c": 40.0, "wet_bulb_c": 29.0}
    hotter, notes = climate({"country": "US", "design_day": day})
    assert (hotter.design_dry_bulb_c, hotter.design_wet_bulb_c) == (40.0, 29.0)
    assert (hotter.plan, codes(notes), said(notes, "site.design_day")) == (worst.plan, [], "")
    cooler, notes = climate({"country": "US", "design_day": {"dry_bulb_c": 34.0, "wet_bulb_c": 29.0}})
    above = int(np.count_nonzero(cooler.weather.dry_bulb_c > 34.0))
    (finding,) = notes.findings()
    assert finding.message.startswith(f"{above} hours of the year are hotter or damper than the design day: up to 36.2 C")


def test_what_is_exceeded_for_parts_of_the_year_is_in_the_plan() -> None:
    plan, _ = climate({"country": "US"})
    values, exceeded = plan.weather.dry_bulb_c, plan.plan.dry_bulb_exceeded_c
    assert list(exceeded) == ["0.004", "0.01", "0.02"]
    assert [int(np.count_nonzero(values > each)) for each in exceeded.values()] == [35, 87, 175]


def problems(folder: Path, text: str) -> list[tuple[int, str, str]]:
    (folder / "factory.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        read_factory(folder / "factory.yaml")
    return [(each.line, each.path, each.message) for each in caught.value.problems]


def test_what_cannot_be_together_is_found_where_it_stands(tmp_path: Path) -> None:
    site = "site:\n  country: US\n  weather_file: x.epw\n  station: oslo\n  design_day: {dry_bulb: 30 C, wet_bulb: 31 C}\n"
    assert problems(tmp_path, GOOD.replace("site: {country: US}\n", site)) == [
        (4, "site.weather_file", "'x.epw' no such file"),
        (5, "site.station", "a station beside a weather_file: the year is of one of them"),
        (6, "site.design_day.wet_bulb", "must be at most the dry bulb, 30 C, not 31"),
    ]


def test_the_weather_files_problems_come_with_the_factorys_own(tmp_path: Path) -> None:
    (tmp_path / "x.epw").write_text("LOCATION\n", encoding="utf-8")
    found = problems(tmp_path, GOOD.replace("country: US", "country: USA, weather_file: x.epw"))
    assert (2, "site.country") in [(line, path) for line, path, _ in found]
    assert (1, "LOCATION", "has 1 cells; 10 are needed, the last is the elevation in m") in found


def test_weights_that_are_all_0_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD + f"workloads:\n  by_hour: {[0] * 24}\n")
    assert found == [(5, "workloads.by_hour", "all weights are 0")]


STATION = "id,name,vendor,country,latitude_deg,elevation_m,dry_bulb_max_c,wet_bulb_max_c,dry_bulb_min_c,"
MONTH = "id,station,month,daily_max_c,daily_min_c,dew_point_c,"
SOURCE = "confidence,source_url,retrieved_on,note\n"


def own_rows(folder: Path, stations: str, months: str) -> None:
    (folder / "rows").mkdir(exist_ok=True)
    (folder / "rows" / "stations.csv").write_text(STATION + SOURCE + stations, encoding="utf-8")
    (folder / "rows" / "climate_months.csv").write_text(MONTH + SOURCE + months, encoding="utf-8")


def months_of(station: str, numbers: list[int], more: str = "20,10,8") -> str:
    ending = "vendor,https://x.org,2026-01-31,\n"
    return "".join(f"{station}-{place},{station},{number},{more},{ending}" for place, number in enumerate(numbers))


def test_a_users_station_needs_each_month_once_and_extremes_beyond_them(tmp_path: Path) -> None:
    ending = "vendor,https://x.org,2026-01-31,\n"
    stations = f"home,Home,Me,US,40,100,35,25,-5,{ending}flat,Flat,Me,US,40,100,19,15,12,{ending}"
    months = months_of("home", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 11]) + months_of("flat", list(range(1, 13)))
    own_rows(tmp_path, stations, months)
    assert problems(tmp_path, "catalog: rows\n" + GOOD) == [
        (2, "home", "climate_months has month 11 of it twice"),
        (2, "home", "climate_months has no month 12 of it"),
        (3, "flat.dry_bulb_max_c", "must exceed the warmest month's mean of daily highs, 20 C, not 19"),
        (3, "flat.dry_bulb_min_c", "must be below the coldest month's mean of daily lows, 10 C, not 12"),
    ]


def test_cells_of_a_station_that_contradict_each_other(tmp_path: Path) -> None:
    ending = "vendor,https://x.org,2026-01-31,\n"
    stations = f"home,Home,Me,US,40,100,35,36,-5,{ending}"
    months = months_of("home", [1], "10,20,5") + months_of("home", [2], "20,10,16").replace("home-0", "home-1")
    own_rows(tmp_path, stations, months)
    found = problems(tmp_path, "catalog: rows\n" + GOOD)
    assert sorted(message for _, _, message in found)[:3] == [
        "daily_min_c exceeds daily_max_c",
        "dew_point_c exceeds the mean temperature",
        "wet_bulb_max_c exceeds dry_bulb_max_c",
    ]


def test_a_users_own_station_is_planned_with(tmp_path: Path) -> None:
    ending = "vendor,https://x.org,2026-01-31,\n"
    own_rows(tmp_path, f"home,Home,Me,US,40,100,35,25,-5,{ending}", months_of("home", list(range(1, 13))))
    text = "catalog: rows\n" + GOOD.replace("country: US", "country: US, station: home")
    (tmp_path / "factory.yaml").write_text(text, encoding="utf-8")
    factory, catalog, weather = read_factory(tmp_path / "factory.yaml")
    made = plan_climate(factory, catalog, Notes(), weather)
    assert made.plan.name == "Home"
    assert made.plan.dry_bulb_max_c == pytest.approx(35.0)


def test_a_file_that_is_moved_stays_as_it_is() -> None:
    before = FILE.weather.pressure_pa.copy()
    climate({"country": "US", "elevation_m": 2000.0}, FILE)
    assert np.array_equal(FILE.weather.pressure_pa, before)
