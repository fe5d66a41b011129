"""A year's hours of weather from a station's monthly normals: smooth, repeatable, and as extreme as a normal year."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from planner.models.weather import Floats, Weather, wet_bulb_c

__all__ = ["DAYS_OF_MONTH", "calendar", "synthetic_year"]

DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
COLDEST_HOUR = 6
WARMEST_HOUR = 15
_WAVES_PER_MONTH = 2
_MONTH_OF_DAY = np.repeat(np.arange(12), DAYS_OF_MONTH)


def calendar(first_weekday: int = 0, leap: bool = False) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Month, hour and working day of every hour of a year without 29 February.

    Parameters
    ----------
    first_weekday : int
        Day of the week of 1 January, 0 for Monday to 6 for Sunday.
    leap : bool
        Whether there was a 29 February, which is left out.

    Returns
    -------
    tuple of arrays
        Month (1 to 12), hour of the day (0 to 23), and whether the day is one of Monday to Friday.

    Notes
    -----
    Holidays count as working days.

    References
    ----------
    ISO 8601-1:2019 (weeks begin on Monday).

    Examples
    --------
    >>> month, hour, working = calendar(first_weekday=5)
    >>> int(month[31 * 24]), int(hour[25]), [bool(each) for each in working[[0, 24, 48]]]
    (2, 1, [False, False, True])
    """
    day = np.arange(365)
    working = (day + first_weekday + (leap & (_MONTH_OF_DAY > 1))) % 7 < 5
    return np.repeat(_MONTH_OF_DAY + 1, 24), np.tile(np.arange(24), 365), np.repeat(working, 24)


def synthetic_year(
    daily_max_c: Sequence[float],
    daily_min_c: Sequence[float],
    dew_point_c: Sequence[float],
    dry_bulb_max_c: float,
    dry_bulb_min_c: float,
    wet_bulb_max_c: float,
    pressure_pa: float,
) -> Weather:
    """Make a year's hours that have a station's monthly normals and reach its extremes.

    Parameters
    ----------
    daily_max_c, daily_min_c : sequence of 12 floats
        Means of the days' highest and lowest dry bulb by month [C].
    dew_point_c : sequence of 12 floats
        Mean dew point by month [C].
    dry_bulb_max_c, dry_bulb_min_c, wet_bulb_max_c : float
        Extremes of the year [C].
    pressure_pa : float
        Pressure, the same throughout [Pa].

    Returns
    -------
    Weather
        8,760 hours from 1 January, a Monday.

    Notes
    -----
    *Seasons.* Of all courses of daily values that have the twelve monthly means, the one that bends least: it minimises the
    sum of the squared second differences over the cycle of 365 days.

    *Days.* A month of n days holds the n normal scores (quantiles of the normal distribution at (i - 1/2)/n), once each,
    ordered along two waves a month: warm and cold spells of about a week. Their mean is zero, so that the month keeps its
    mean. A day's highest and lowest temperatures lie a multiple of the day's score off the season's course. There are two
    multiples, of the warm season's days and of the cold season's nights, such that the hottest and the coldest hour are the
    extremes; for other days and nights they are mixed: the warm one's share in a day's highest goes from 1 in the warmest week
    to 1/2 in the coldest, in a day's lowest from 1/2 to 0.

    *Hours.* The coldest is 06:00, the warmest 15:00; between them runs half a cosine. The dew point runs straight from one
    day's warmest hour to the next; its scores follow those of the temperature by a quarter wave, for damp air comes after the
    heat. It is bounded by the dry bulb, the months' courses are raised until their means are the normals all the same, and
    the multiple of its scores is such that the highest wet bulb is the extreme.

    An extreme that lies within the course of the means is not reached: the days then do not differ from the season.

    References
    ----------
    W. F. van der Waerden, Order tests for the two-sample problem, Indagationes Mathematicae 14 (1952) (normal scores);
    E. T. Whittaker, On a new method of graduation, Proc. Edinburgh Math. Soc. 41 (1923) (least bending).

    Examples
    --------
    A station with 20 C by day and 10 C by night in every month, where 30 C, 0 C and a wet bulb of 22 C are reached:

    >>> year = synthetic_year([20.0] * 12, [10.0] * 12, [8.0] * 12, 30.0, 0.0, 22.0, 101325.0)
    >>> round(float(year.dry_bulb_c.max()), 6), round(float(year.dry_bulb_c.min()), 6), round(float(year.wet_bulb_c.max()), 6)
    (30.0, 0.0, 22.0)
    >>> round(float(year.dry_bulb_c.reshape(365, 24).max(axis=1)[:31].mean()), 9)
    20.0
    """
    return _made(
        tuple(daily_max_c), tuple(daily_min_c), tuple(dew_point_c), dry_bulb_max_c, dry_bulb_min_c, wet_bulb_max_c, pressure_pa
    )


@functools.lru_cache(maxsize=64)
def _made(
    daily_max_c: tuple[float, ...],
    daily_min_c: tuple[float, ...],
    dew_points_c: tuple[float, ...],
    dry_bulb_max_c: float,
    dry_bulb_min_c: float,
    wet_bulb_max_c: float,
    pressure_pa: float,
) -> Weather:
    """Make the year, once for a station; the arrays are read-only because they are shared."""
    dry = _dry_bulbs(np.array(daily_max_c), np.array(daily_min_c), dry_bulb_max_c, dry_bulb_min_c)
    dew = _dew_points(dry, np.array(dew_points_c), wet_bulb_max_c, pressure_pa)
    pressure = np.full(dry.shape, pressure_pa)
    year = Weather(dry, wet_bulb_c(dry, dew, pressure), dew, pressure, *calendar())
    for column in vars(year).values():
        column.setflags(write=False)
    return year


@functools.cache
def _course() -> Floats:
    """Matrix from twelve monthly means to the 365 daily values with these means that bend least."""
    days = 365
    bend = np.roll(np.eye(days), 1, axis=1) + np.roll(np.eye(days), -1, axis=1) - 2 * np.eye(days)
    means = (np.arange(12)[:, None] == _MONTH_OF_DAY) / np.array(DAYS_OF_MONTH)[:, None]
    system = np.block([[bend.T @ bend, means.T], [means, np.zeros((12, 12))]])
    return np.linalg.solve(system, np.vstack([np.zeros((days, 12)), np.eye(12)]))[:days]


@functools.cache
def _scores(lag: float) -> Floats:
    """Give every day its normal score, ordered along waves that lag by so many waves."""
    scores = []
    for days in DAYS_OF_MONTH:
        place = (np.arange(days) + 0.5) / days
        # The second wave is a little lower than the first, so that no two days are level.
        wave = np.sin(2 * np.pi * (_WAVES_PER_MONTH * place - lag)) * (1.05 - 0.1 * place)
        ordered = [NormalDist().inv_cdf((number + 0.5) / days) for number in range(days)]
        scores.append(np.array(ordered)[np.argsort(np.argsort(wave, kind="stable"), kind="stable")])
    return np.concatenate(scores)


def _dry_bulbs(daily_max_c: Floats, daily_min_c: Floats, dry_bulb_max_c: float, dry_bulb_min_c: float) -> Floats:
    """Find the hours' temperatures.

    A day's highest is that of its warmest hour, except where the day before was so much warmer that midnight is; likewise its
    lowest. So the courses of the means are shifted until the days that were drawn have the means that are wanted.
    """
    scores, days = _scores(0.0), np.array(DAYS_OF_MONTH)
    season = _course() @ (daily_max_c + daily_min_c)
    spread = float(np.ptp(season))
    warmth = (season - season.min()) / spread if spread > _CLOSE_K else np.full(season.shape, 0.5)
    by_day, by_night = (1 + warmth) / 2, warmth / 2  # the share of the warm season's multiple in that of the day
    course_max, course_min = daily_max_c.copy(), daily_min_c.copy()
    warm = cold = 0.0
    for _ in range(_MOST_ROUNDS):
        before = warm, cold
        high, low = _course() @ course_max, _course() @ course_min
        warm = _multiple(dry_bulb_max_c - high - (1 - by_day) * cold * scores, by_day * scores)
        cold = _multiple(low + by_night * warm * scores - dry_bulb_min_c, -(1 - by_night) * scores)
        highest = high + (by_day * warm + (1 - by_day) * cold) * scores
        lowest = low + (by_night * warm + (1 - by_night) * cold) * scores
        dry = _hourly(highest, np.minimum(lowest, highest))
        drawn = dry.reshape(365, 24)
        missing_max = daily_max_c - np.bincount(_MONTH_OF_DAY, weights=drawn.max(axis=1)) / days
        missing_min = daily_min_c - np.bincount(_MONTH_OF_DAY, weights=drawn.min(axis=1)) / days
        off = np.concatenate([missing_max, missing_min, np.subtract(before, (warm, cold))])
        if float(np.max(np.abs(off))) < _CLOSE_K:
            break
        course_max, course_min = course_max + missing_max, course_min + missing_min
    return dry


def _multiple(room: Floats, scores: Floats) -> float:
    """Find the multiple of the scores at which the first day uses up its room to the extreme; 0 if there is none."""
    towards = scores > 0
    return max(float(np.min(room[towards] / scores[towards])), 0.0)


def _hourly(highest: Floats, lowest: Floats) -> Floats:
    """Draw the hours through every day's lowest and highest temperature: half a cosine from each to the next."""
    hour = np.arange(24)
    rising = (hour >= COLDEST_HOUR) & (hour < WARMEST_HOUR)
    before, after = hour < COLDEST_HOUR, hour >= WARMEST_HOUR
    night = 24 - (WARMEST_HOUR - COLDEST_HOUR)
    passed = np.where(rising, (hour - COLDEST_HOUR) / (WARMEST_HOUR - COLDEST_HOUR), ((hour - WARMEST_HOUR) % 24) / night)
    share = (1 - np.cos(np.pi * passed)) / 2  # of the way from where the stretch begins to where it ends
    begin = np.where(rising, lowest[:, None], highest[:, None])
    begin[:, before] = np.roll(highest, 1)[:, None]
    end = np.where(rising, highest[:, None], lowest[:, None])
    end[:, after] = np.roll(lowest, -1)[:, None]
    return np.asarray((begin + share * (end - begin)).ravel())


def _dew_points(dry: Floats, normals: Floats, wet_bulb_max_c: float, pressure_pa: float) -> Floats:
    """Find the hours' dew points: means as wanted, and the multiple of the scores that makes the highest wet bulb."""
    scores, month = _scores(_DAMP_LAG), np.repeat(_MONTH_OF_DAY, 24)
    hours = np.bincount(month)
    targets = normals.copy()

    def drawn(multiple: float) -> Floats:
        nonlocal targets  # those of the last multiple are a good guess for the next
        for _ in range(_MOST_ROUNDS):
            dew = np.minimum(_straight(_course() @ targets + multiple * scores), dry)
            missing = normals - np.bincount(month, weights=dew) / hours
            if float(np.max(np.abs(missing))) < _CLOSE_K:
                break
            targets = targets + missing
        return dew

    def too_damp_k(multiple: float) -> float:
        return float(np.max(wet_bulb_c(dry, drawn(multiple), pressure_pa))) - wet_bulb_max_c

    return drawn(_root(too_damp_k))


def _root(function: Callable[[float], float]) -> float:
    """Find by the Illinois rule where a rising function is zero, from 0 up; 0 where it is above zero already."""
    low, high = 0.0, 1.0
    at_low, at_high = function(low), function(high)
    while at_high < 0.0 and high < _MOST_MULTIPLE:
        low, at_low, high = high, at_high, 2 * high
        at_high = function(high)
    if at_low >= 0.0 or at_high < 0.0:
        return low if at_low >= 0.0 else high
    for _ in range(_MOST_ROUNDS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = function(middle)
        if abs(at_middle) < _CLOSE_K:
            return middle
        if at_middle > 0.0:
            high, at_high, at_low = middle, at_middle, at_low / 2
        else:
            low, at_low, at_high = middle, at_middle, at_high / 2
    return low


_DAMP_LAG = 0.25
_MOST_ROUNDS = 60
_MOST_MULTIPLE = 30.0
_CLOSE_K = 1e-7


def _straight(at_warmest: Floats) -> Floats:
    """Draw straight lines through the values at every day's warmest hour."""
    hours = np.arange(365 * 24)
    return np.interp(hours, np.arange(365) * 24 + WARMEST_HOUR, at_warmest, period=365 * 24)
