"""Units: the last part of a name says what its number means, and people may write ``12 MW`` instead.

`UNITS` is the law on names: a test walks every field of the factory, the plan and the catalog and wants its last part here or
in `DIMENSIONLESS`.
"""

from __future__ import annotations

import math
import re

__all__ = ["DIMENSIONLESS", "UNITS", "QuantityError", "figure", "parse_quantity", "unit_of", "written_units"]

# name suffix -> (how the unit is displayed, {unit as people write it: factor to the suffix's unit})
_POWER_W = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}
_RATE_GBIT = {
    "bit/s": 1e-9,
    "kbit/s": 1e-6,
    "Mbit/s": 1e-3,
    "Gbit/s": 1.0,
    "Tbit/s": 1e3,
    "kB/s": 8e-6,
    "MB/s": 8e-3,
    "GB/s": 8.0,
    "TB/s": 8e3,
    "Mbyte/s": 8e-3,
    "Gbyte/s": 8.0,
    "Tbyte/s": 8e3,
}
_BYTES_GB = {
    "kB": 1e-6,
    "MB": 1e-3,
    "GB": 1.0,
    "TB": 1e3,
    "PB": 1e6,
    "EB": 1e9,
    "Mbyte": 1e-3,
    "Gbyte": 1.0,
    "Tbyte": 1e3,
    "MiB": 2**20 / 1e9,
    "GiB": 2**30 / 1e9,
    "TiB": 2**40 / 1e9,
    "PiB": 2**50 / 1e9,
}
_LENGTH_M = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "ft": 0.3048, "in": 0.0254}
_MASS_KG = {"kg": 1.0, "t": 1e3, "lb": 0.45359237}
_MONEY_USD = {"USD": 1.0, "kUSD": 1e3, "MUSD": 1e6, "BUSD": 1e9}


def _scaled(table: dict[str, float], by: float) -> dict[str, float]:
    return {name: factor / by for name, factor in table.items()}


UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "w": ("W", _POWER_W),
    "kw": ("kW", _scaled(_POWER_W, 1e3)),
    "gbit_per_s": ("Gbit/s", _RATE_GBIT),
    "gbyte_per_s": ("Gbyte/s", _scaled(_RATE_GBIT, 8.0)),
    "gb": ("GB", _BYTES_GB),
    "gib": ("GiB", _scaled(_BYTES_GB, 2**30 / 1e9)),
    "tb": ("TB", _scaled(_BYTES_GB, 1e3)),
    "m": ("m", _LENGTH_M),
    "mm": ("mm", _scaled(_LENGTH_M, 1e-3)),
    "u": ("U", {"U": 1.0}),
    "kg": ("kg", _MASS_KG),
    "v": ("V", {"V": 1.0, "kV": 1e3}),
    "a": ("A", {"A": 1.0}),
    "tflops": ("TFLOPS", {"TFLOPS": 1.0, "PFLOPS": 1e3}),
    "pflops": ("PFLOPS", {"TFLOPS": 1e-3, "PFLOPS": 1.0, "EFLOPS": 1e3}),
    "usd": ("USD", _MONEY_USD),
    "usd_per_kw": ("USD/kW", {"USD/kW": 1.0, "USD/W": 1e3, "MUSD/MW": 1e3}),
    "kw_per_kw": ("kW/kW", {}),
    "count": ("", {}),
    "fraction": ("", {}),
    "ratio": ("", {}),
    "on": ("", {}),  # a date: retrieved_on
}

# Names without a unit: labels, references, containers of named parts, and counts whose name is the thing counted.
DIMENSIONLESS = frozenset(
    [
        "id",
        "name",
        "vendor",
        "kind",
        "technology",
        "medium",
        "stage",
        "role",
        "note",
        "notes",
        "confidence",
        "source_url",
        "description",
        "country",
        "region",
        "target",
        "topology",
        "schema_version",
        "catalog_version",
        "digest",
        "code",
        "severity",
        "path",
        "message",
        "hint",
        "unit",
        "statement",
        "text",
        "value",
        "limit",
        "node",
        "gpu",
        "switch",
        "rack",
        "pdu",
        "cable",
        "transformer",
        "ups",
        "distribution",
        "air",
        "liquid",
        "compute_switch",
        "own_rack",
        "redundancy",
        "scheme",
        "site",
        "hall",
        "compute",
        "fabrics",
        "storage",
        "power",
        "cooling",
        "workloads",
        "platform",
        "sovereignty",
        "budget",
        "deploy",
        "catalog",
        "factory",
        "recipe",
        "nodes",
        "gpus",
        "hosts",
        "racks",
        "servers",
        "systems",
        "switches",
        "tiers",
        "planes",
        "rails",
        "links_per_host",
        "hosts_per_unit",
        "nodes_per_unit",
        "units",
        "leaf",
        "spine",
        "core",
        "node_leaf",
        "leaf_spine",
        "spine_core",
        "switches_by_tier",
        "cables_by_layer",
        "links_by_layer",
        "cables_by_id",
        "pods",
        "radix",
        "excluded_vendors",
        "management_nodes",
        "fabric_managers",
        "out_of_band",
        "in_band",
        "groups",
        "items",
        "category",
        "chain",
        "stages",
        "has_error",
        "limited_by",
        "systems",
        "bom",
        "findings",
        "assumptions",
        "binding_constraint",
        "cost",
        "bill_of_materials",
        "item",
        "catalog_id",
        "file",
        "line",
        "column",
    ]
)

# Spellings that mean bits to one reader and bytes to the next.
_AMBIGUOUS = re.compile(r"^([kMGTPE])b(ps|/s)?$|^([kMGTPE])Bps$|^([kMGTPE])i?b$|^b(ps|/s)$")
_QUANTITY = re.compile(r"^([+-]?[0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z/][A-Za-z0-9/]*)$")
_NUMBER = re.compile(r"^[+-]?[0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$")


class QuantityError(ValueError):
    """A text that is no quantity of the wanted unit; ``hint`` says how to write it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def unit_of(name: str) -> str | None:
    """Find the unit suffix of a field name, the longest that fits.

    Examples
    --------
    >>> unit_of("grid_feed_kw"), unit_of("link_gbit_per_s"), unit_of("price_usd_per_kw"), unit_of("name")
    ('kw', 'gbit_per_s', 'usd_per_kw', None)
    """
    fitting = [suffix for suffix in UNITS if name.endswith("_" + suffix)]
    return max(fitting, key=len, default=None)


def written_units(suffix: str) -> list[str]:
    """List the units that people may write for a suffix, smallest first."""
    return list(UNITS[suffix][1])


def parse_quantity(text: str, suffix: str) -> float:
    """Convert a quantity such as ``12 MW`` to the unit of a name suffix.

    Parameters
    ----------
    text : str
        Number and unit.
    suffix : str
        A key of `UNITS`, e.g. ``kw``.

    Returns
    -------
    float
        The number in the suffix's unit.

    Raises
    ------
    QuantityError
        If the text has no unit, an unknown or ambiguous one, or one of another kind.

    Examples
    --------
    >>> parse_quantity("12 MW", "kw"), parse_quantity("50 GB/s", "gbit_per_s")
    (12000.0, 400.0)
    >>> parse_quantity("400 Gb", "gbit_per_s")
    Traceback (most recent call last):
        ...
    planner.units.QuantityError: '400 Gb' is ambiguous: 400 Gbit or 400 Gbyte?
    """
    shown, table = UNITS[suffix]
    match = _QUANTITY.match(text.strip())
    example = f"write a number and a unit such as '10 {shown}'" if table else "write a plain number"
    if _NUMBER.match(text.strip()):
        raise QuantityError(f"'{text}' has no unit", f"{example} (units: {', '.join(table)})" if table else example)
    if not match:
        raise QuantityError(f"'{text}' is not a quantity", f"{example} (units: {', '.join(table)})" if table else example)
    number, unit = match[1], match[2]
    if _AMBIGUOUS.match(unit):
        prefix = unit[0] if unit[0] != "b" else ""
        rate = "/s" if "/s" in unit or unit.endswith("ps") or suffix.endswith("per_s") else ""
        if "B" in unit:
            meanings = [f"{number} {prefix}byte/s"]
            raise QuantityError(f"'{text}' is not spelled out", f"write {meanings[0]}")
        bits, bytes_ = f"{prefix}bit", f"{prefix}byte"
        raise QuantityError(
            f"'{text}' is ambiguous: {number} {bits} or {number} {bytes_}?",
            f"write '{number} {bits}{rate}' (= {_shown(number, 1, 8)} {bytes_}{rate}) or"
            f" '{number} {bytes_}{rate}' (= {_shown(number, 8, 1)} {bits}{rate})",
        )
    if "," in number:
        raise QuantityError(f"'{text}' has a comma: is it a decimal or a thousands separator?", "write 1200.5 or 1_200")
    if unit not in table:
        allowed = ", ".join(table) if table else "none: write a plain number"
        raise QuantityError(f"'{unit}' is not a unit of {shown or 'a plain number'}", f"units allowed here: {allowed}")
    value = float(number.replace("_", "")) * table[unit]
    if not math.isfinite(value):
        raise QuantityError(f"'{text}' is not a finite number", example)
    return float(f"{value:.15g}")  # 0.1 kW is 100 W, not 100.00000000000001


def _shown(number: str, times: float, over: float) -> str:
    return f"{float(number.replace('_', '').replace(',', '')) * times / over:g}"


def figure(value: float, digits: int = 4) -> str:
    """Show a number to people: thousands separated, at least `digits` significant digits, never more than it has.

    Examples
    --------
    >>> figure(1976.2545), figure(12.3456), figure(8192), figure(0.00321), figure(70908191.2)
    ('1,976', '12.35', '8,192', '0.00321', '70,908,191')
    """
    if not math.isfinite(value):
        return "unlimited"
    size = math.floor(math.log10(abs(value))) + 1 if value else 1
    decimals = max(digits - size, 0)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
