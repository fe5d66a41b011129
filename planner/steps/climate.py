"""Plans the climate: the year's weather from a file or a station, at the site's elevation, and the hour to design for."""

from __future__ import annotations

import dataclasses

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import ClimateMonth, Station
from planner.epw import WeatherFile
from planner.models.synthetic_year import synthetic_year
from planner.models.weather import Weather, standard_pressure_pa, wet_bulb_c
from planner.models.year import exceeded_for
from planner.plan_facility import WeatherPlan
from planner.spec import Factory, Site
from planner.steps.facility import Climate
from planner.steps.notes import Notes

__all__ = ["plan_climate"]

ELSEWHERE = "frankfurt"
"""The station of a site in a country without one."""

EXCEEDED_FRACTIONS = (0.004, 0.01, 0.02)
FAR_M = 300.0
"""A difference of elevation at which temperatures, which are not corrected, are some 2 K off."""


def plan_climate(factory: Factory, catalog: Catalog, notes: Notes, weather_file: WeatherFile | None) -> Climate:
    """Take the year's weather from the file that the factory names, or make one of a station's normals.

    Parameters
    ----------
    factory : Factory
        Its site says which file or station, how high, and perhaps which hour to design for.
    catalog : Catalog
        The stations.
    notes : Notes
        Collects what is taken for granted.
    weather_file : WeatherFile or None
        What `site.weather_file` holds.
    """
    site = factory.site
    if weather_file is not None:
        weather, name, elevation_m = weather_file.weather, weather_file.name, weather_file.elevation_m
        if weather_file.remarks:
            notes.assume("site.weather_file", "; ".join(weather_file.remarks))
    else:
        station = _station(site, catalog, notes)
        weather, name, elevation_m = _synthetic(station, catalog, notes), station.name, station.elevation_m
    weather = _raised(weather, elevation_m, name, site, notes)
    dry, wet = float(weather.dry_bulb_c.max()), float(weather.wet_bulb_c.max())
    plan = WeatherPlan(
        source="file" if weather_file else "station",
        name=name,
        file_sha256=weather_file.sha256 if weather_file else "",
        elevation_m=elevation_m if site.elevation_m is None else site.elevation_m,
        pressure_kpa=float(weather.pressure_pa.mean()) / 1000,
        dry_bulb_min_c=float(weather.dry_bulb_c.min()),
        dry_bulb_mean_c=float(weather.dry_bulb_c.mean()),
        dry_bulb_max_c=dry,
        wet_bulb_mean_c=float(weather.wet_bulb_c.mean()),
        wet_bulb_max_c=wet,
        dry_bulb_exceeded_c={f"{part:g}": exceeded_for(weather.dry_bulb_c, part) for part in EXCEEDED_FRACTIONS},
        wet_bulb_exceeded_c={f"{part:g}": exceeded_for(weather.wet_bulb_c, part) for part in EXCEEDED_FRACTIONS},
    )
    day = site.design_day
    if day is None:
        text = f"not declared: the year's highest dry bulb, {dry:.1f} C, and highest wet bulb, {wet:.1f} C, of whichever hours"
        notes.assume("site.design_day", text)
        return Climate(weather, plan, dry, wet)
    hotter = int(np.count_nonzero((weather.dry_bulb_c > day.dry_bulb_c) | (weather.wet_bulb_c > day.wet_bulb_c)))
    if hotter:
        message = (
            f"{hotter:,} hours of the year are hotter or damper than the design day: up to {dry:.1f} C dry bulb "
            f"(design {day.dry_bulb_c:.1f} C), {wet:.1f} C wet bulb (design {day.wet_bulb_c:.1f} C)"
        )
        notes.warn("hotter-than-design", "site.design_day", message, "the year's short hours say what these cost; or raise it")
    return Climate(weather, plan, day.dry_bulb_c, day.wet_bulb_c)


def _station(site: Site, catalog: Catalog, notes: Notes) -> Station:
    """Find the station that is declared, or the first in the country, or else one to stand in."""
    if site.station is not None:
        station = catalog.get(Station, site.station)
        if station.country != site.country:
            message = f"the station {station.name} is in {station.country}, the site in {site.country}"
            notes.warn(
                "station-elsewhere", "site.station", message, "choose a station with the site's climate, or give an EPW file"
            )
        return station
    at_home = [row for row in catalog.all(Station) if row.country == site.country]
    if at_home:
        others = ", ".join(row.id for row in at_home[1:])
        text = f"not declared: {at_home[0].name}, the first in {site.country} by id" + (
            f" (others: {others})" if others else ""
        )
        notes.assume("site.station", text, confidence="assumption")
        return at_home[0]
    station = catalog.get(Station, ELSEWHERE)
    text = f"not declared, and no station in {site.country} is in the catalog: {station.name} stands in"
    notes.assume("site.station", text, confidence="assumption")
    message = f"no station in {site.country} is in the catalog: the plan rests on the weather of {station.name}"
    notes.warn("no-station", "site.station", message, "name a station with the site's climate, or give an EPW file")
    return station


def _synthetic(station: Station, catalog: Catalog, notes: Notes) -> Weather:
    """Make a year of a station's normals."""
    months = sorted((row for row in catalog.all(ClimateMonth) if row.station == station.id), key=lambda row: row.month)
    notes.assume_row("stations", station)
    text = (
        f"not declared: a synthetic year that has the monthly normals of {station.name} and reaches its extremes; "
        "days vary about the season by normal scores, the same for every station"
    )
    notes.assume("site.weather_file", text, station.source_url, "assumption")
    return synthetic_year(
        [row.daily_max_c for row in months],
        [row.daily_min_c for row in months],
        [row.dew_point_c for row in months],
        station.dry_bulb_max_c,
        station.dry_bulb_min_c,
        station.wet_bulb_max_c,
        standard_pressure_pa(station.elevation_m),
    )


def _raised(weather: Weather, elevation_m: float, name: str, site: Site, notes: Notes) -> Weather:
    """Move the weather to the site's elevation: pressure and wet bulb change, dry bulb and dew point stay."""
    if site.elevation_m is None:
        notes.assume("site.elevation", f"not declared: {elevation_m:.0f} m, that of {name}")
        return weather
    if site.elevation_m == elevation_m:
        return weather
    ratio = standard_pressure_pa(site.elevation_m) / standard_pressure_pa(elevation_m)
    text = (
        f"the site is at {site.elevation_m:.0f} m, {name} at {elevation_m:.0f} m: pressures are those of the standard "
        f"atmosphere between them ({ratio:.3f} times), dry bulb and dew point are as measured"
    )
    notes.assume("site.elevation", text)
    if abs(site.elevation_m - elevation_m) > FAR_M:
        off_k = 0.0065 * abs(site.elevation_m - elevation_m)
        message = (
            f"the weather is of {name} at {elevation_m:.0f} m, the site is at {site.elevation_m:.0f} m: "
            f"temperatures, which are not corrected, may be {off_k:.1f} K off"
        )
        notes.warn("weather-elevation", "site.elevation", message, "take a station or a file of about the site's elevation")
    pressure = weather.pressure_pa * ratio
    wet = wet_bulb_c(weather.dry_bulb_c, weather.dew_point_c, pressure)
    return dataclasses.replace(weather, pressure_pa=pressure, wet_bulb_c=wet)
