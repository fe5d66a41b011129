"""Tables, and how numbers and texts are written in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from planner.tabular import one_line
from planner.units import figure

__all__ = [
    "Table",
    "clean_text",
    "count_text",
    "duration_text",
    "energy_text",
    "money_text",
    "names_text",
    "nines_text",
    "or_dash",
    "percent_text",
    "power_text",
    "rate_text",
    "ratio_text",
    "seconds_text",
    "share_text",
]


@dataclass(frozen=True)
class Table:
    """A titled table; the columns named in `right` hold numbers.

    `most` rows are shown on a terminal (0: all of them). `twin` names the table of plain values that says the same, whole and
    unrounded: see `planner.report.twins`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    note: str = ""
    most: int = 0
    twin: str = ""


def clean_text(text: str) -> str:
    """Keep what a terminal may show: no control characters, one line."""
    return one_line(text)


def count_text(value: int) -> str:
    """Write a count; a dash for none."""
    return f"{value:,}" if value else "-"


def or_dash(value: float | None, digits: int = 4) -> str:
    """Write a number; a dash where there is none."""
    return "-" if value is None else figure(value, digits)


def ratio_text(value: float) -> str:
    """Write a ratio to one."""
    return f"{figure(value, 3)}:1"


def percent_text(fraction: float, decimals: int = 2) -> str:
    """Write a fraction in percent."""
    return f"{round(100 * fraction, decimals) + 0.0:.{decimals}f} %"  # no minus before a nought


def share_text(part: float, whole: float, decimals: int = 1) -> str:
    """Write one number of the plan in percent of another; a dash where there is nothing to be a part of."""
    return percent_text(part / whole, decimals) if whole else "-"


def nines_text(fraction: float) -> str:
    """Write an availability with two digits of what is missing to 100 %.

    Examples
    --------
    >>> nines_text(0.9997), nines_text(0.99999987), nines_text(1.0), nines_text(0.5)
    ('99.970 %', '99.999987 %', '100 %', '50.0 %')
    """
    missing = 100 * (1 - fraction)
    if missing <= 1e-10:
        return "100 %"
    return f"{100 * fraction:.{min(max(1 - math.floor(math.log10(missing)), 1), 12)}f} %"


def rate_text(gbit_per_s: float) -> str:
    """Write a rate in the unit that reads best."""
    return f"{figure(gbit_per_s / 1000)} Tbit/s" if gbit_per_s >= 1000 else f"{figure(gbit_per_s)} Gbit/s"


def power_text(kilowatts: float, digits: int = 3) -> str:
    """Write a power in the unit that reads best."""
    return f"{figure(kilowatts / 1000, digits)} MW" if abs(kilowatts) >= 1000 else f"{figure(kilowatts, digits)} kW"


def energy_text(kilowatt_hours: float) -> str:
    """Write an energy in the unit that reads best."""
    if abs(kilowatt_hours) >= 1e6:
        return f"{figure(kilowatt_hours / 1e6)} GWh"
    return f"{figure(kilowatt_hours / 1e3)} MWh" if abs(kilowatt_hours) >= 1e3 else f"{figure(kilowatt_hours)} kWh"


def duration_text(minutes: float) -> str:
    """Write minutes in the unit that reads best.

    Examples
    --------
    >>> duration_text(0.021), duration_text(26.28), duration_text(1729.2)
    ('1.26 s', '26.3 min', '28.8 h')
    """
    return seconds_text(60 * minutes)


def seconds_text(seconds: float) -> str:
    """Write seconds in the unit that reads best."""
    if seconds >= 2 * 3600:
        return f"{figure(seconds / 3600, 3)} h"
    return f"{figure(seconds / 60, 3)} min" if seconds >= 120 else f"{figure(seconds, 3)} s"


def money_text(usd: float) -> str:
    """Write a sum of money in the unit that reads best."""
    if abs(usd) >= 1e9:
        return f"{usd / 1e9:,.2f} bn"
    return f"{usd / 1e6:,.2f} M" if abs(usd) >= 1e6 else figure(usd)


def names_text(names: Sequence[str], most: int = 3) -> str:
    """List names: all of a few, of many the first and the last.

    Examples
    --------
    >>> names_text(["a"]), names_text(["a", "b", "c"]), names_text(["ups-1", "ups-2", "ups-3", "ups-4"])
    ('a', 'a, b, c', 'ups-1 to ups-4')
    """
    if not names:
        return "-"
    return f"{clean_text(names[0])} to {clean_text(names[-1])}" if len(names) > most else ", ".join(map(clean_text, names))
