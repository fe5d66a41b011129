"""Tables, and how numbers and texts are written in them."""

from __future__ import annotations

from dataclasses import dataclass

from planner.units import figure

__all__ = ["Table", "clean_text", "count_text", "money_text", "percent_text", "rate_text", "ratio_text"]


@dataclass(frozen=True)
class Table:
    """A titled table; the columns named in `right` hold numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    note: str = ""


def clean_text(text: str) -> str:
    """Keep what a terminal may show: no control characters, one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def count_text(value: int) -> str:
    """Write a count; a dash for none."""
    return f"{value:,}" if value else "-"


def ratio_text(value: float) -> str:
    """Write a ratio to one."""
    return f"{figure(value, 3)}:1"


def percent_text(fraction: float, decimals: int = 2) -> str:
    """Write a fraction in percent."""
    return f"{100 * fraction:.{decimals}f} %"


def rate_text(gbit_per_s: float) -> str:
    """Write a rate in the unit that reads best."""
    return f"{figure(gbit_per_s / 1000)} Tbit/s" if gbit_per_s >= 1000 else f"{figure(gbit_per_s)} Gbit/s"


def money_text(usd: float) -> str:
    """Write a sum of money in the unit that reads best."""
    if usd >= 1e9:
        return f"{usd / 1e9:,.2f} bn"
    return f"{usd / 1e6:,.2f} M" if usd >= 1e6 else figure(usd)
