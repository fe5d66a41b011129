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
    "mib": ("MiB", _scaled(_BYTES_GB, 2**20 / 1e9)),
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
    "index": ("", {}),  # from 0
    "c": ("C", {"C": 1.0}),
    "k": ("K", {"K": 1.0}),
    "deg": ("degrees", {}),
    "s": ("s", {"s": 1.0, "min": 60.0, "h": 3600.0}),
    "minutes": ("min", {"min": 1.0, "h": 60.0}),
    "hours": ("h", {"h": 1.0, "days": 24.0}),
    "hz": ("Hz", {"Hz": 1.0}),
    "kpa": ("kPa", {"kPa": 1.0, "bar": 100.0}),
    "l": ("l", {"l": 1.0}),
    "m2": ("m2", {"m2": 1.0}),
    "m3": ("m3", {"m3": 1.0}),
    "l_per_min": ("l/min", {"l/min": 1.0, "m3/h": 1000 / 60}),
    "m3_per_s": ("m3/s", {"m3/s": 1.0}),
    "m3_per_day": ("m3/day", {"m3/day": 1.0}),
    "l_per_kwh": ("l/kWh", {"l/kWh": 1.0}),
    "kwh": ("kWh", {"kWh": 1.0, "MWh": 1e3}),
    "kw_per_s": ("kW/s", {"kW/s": 1.0, "MW/s": 1e3}),
    "kj_per_k": ("kJ/K", {}),
    "t": ("t", {"t": 1.0}),
    "kg_per_kwh": ("kg/kWh", {"kg/kWh": 1.0, "g/kWh": 1e-3}),
    "t_per_year": ("t/year", {}),
    "usd_per_kwh": ("USD/kWh", {"USD/kWh": 1.0, "USD/MWh": 1e-3}),
    "usd_per_m3": ("USD/m3", {"USD/m3": 1.0}),
    "usd_per_kw_month": ("USD/kW-month", {}),
    "usd_per_gpu_hour": ("USD/GPU-hour", {}),
    "usd_per_pflop_day": ("USD/PFLOP-day", {}),
    "usd_per_year": ("USD/year", {}),
    "minutes_per_year": ("min/year", {}),
    "hours_per_year": ("h/year", {}),
    "hour": ("", {}),  # of the day, from 0
    "iops": ("operations/s", {}),
    "days": ("days", {}),
    "years": ("years", {}),
    "on": ("", {}),  # a date: retrieved_on
    "at": ("", {}),  # a moment, in UTC: starts_at
}

# Names without a unit: labels, references, containers of named parts, and counts whose name is the thing counted.
# fmt: off
DIMENSIONLESS = frozenset({
    "accelerator", "addon", "addon_version", "addons", "adjustable", "air", "allowed_countries", "api_access", "architecture",
    "assumptions", "attached", "availability", "backed_by", "bess", "bill_of_materials", "binding_constraint", "blocked",
    "buckets", "budget", "cable", "cable_kinds", "cables", "cables_by_layer", "capacity", "capacity_block",
    "capex_confidence_by_category", "caps", "carbon", "card", "catalog", "catalog_version", "categories", "category", "chain",
    "checksum", "chiller", "cloud", "code", "component", "components", "compression", "compute", "compute_switch",
    "concurrently_maintainable", "confidence", "construction", "conversions", "converter", "coolant", "cooling", "core",
    "cost", "costs", "count", "country", "customer_managed_keys", "cut_sets", "declared", "deploy", "description",
    "design_day", "device", "digest", "distribution", "double_outages", "dry", "dual_tor", "efa", "endpoint", "endpoints",
    "equipment", "evaporative", "event", "excluded_vendors", "fabric_managers", "fabrics", "factory", "fed_by", "feeds",
    "file_sha256", "findings", "first", "free", "fullest", "generator", "generator_redundancy", "gpu", "gpu_zone", "gpus",
    "gpus_lost", "gpus_per_node", "gpus_throttled", "groups", "hall", "heat_reuse", "high", "hint", "hosts", "hosts_per_unit",
    "id", "in_band", "in_band_switch", "instance", "interfaces", "item", "kind", "kubernetes_version", "layer", "leaf",
    "leaf_spine", "limit", "limited_by", "limits", "links", "links_by_layer", "links_per_port", "liquid", "loads", "loop",
    "loops", "loss_law", "low", "lustre", "lustre_path", "management_nodes", "margin", "medium", "message", "month", "months",
    "name", "nat", "network", "node", "node_groups", "node_leaf", "nodes", "nodes_per_unit", "not_maintainable", "note",
    "on_demand", "on_ups", "opex", "option", "out_of_band", "outages", "own_rack", "parameters", "path", "pdu",
    "pdu_redundancy", "per", "pieces", "placement_group", "planes", "platform", "points", "population", "positions", "power",
    "preparation_nodes", "provider", "public", "pump", "quantity", "quota_block", "quota_on_demand", "quota_spot", "quotas",
    "rack", "rack_places", "rack_power", "rack_rows", "racks", "racks_at_risk", "racks_lost", "racks_per_row",
    "rail_optimised", "rails", "ranking", "recipe", "redundancy", "redundancy_steps", "region", "rejection", "role", "rows",
    "schema_version", "scheme", "sensitivities", "service", "severity", "site", "sized", "smoothed_by", "source",
    "source_url", "sovereignty", "spine", "spine_core", "spot", "stage", "stages", "statement", "station", "storage",
    "storage_switch", "stranded", "subject", "subnet", "subnets", "supply", "swing", "switch", "switch_switch",
    "switches_by_tier", "switchgear", "systems", "tags", "target", "tariff", "technology", "terminal", "tier", "tiers",
    "topology", "transformer", "trips", "unit", "units", "ups", "value", "vcpus_per_node", "vendor", "version", "w_class",
    "weather", "weather_file", "without_source", "workloads", "worst_when", "year", "zone", "zone_ids", "zones",
})
# fmt: on

# Spellings that mean bits to one reader and bytes to the next.
_AMBIGUOUS = re.compile(r"^([kMGTPE])b(ps|/s)?$|^([kMGTPE])Bps$|^b(ps|/s)$")
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
    fitting = [
        suffix
        for suffix in UNITS
        # What stands behind a "per" is no unit by itself: link_gb_per_s is not in seconds.
        if (name.endswith("_" + suffix) and not name.endswith("_per_" + suffix)) or ("_" in suffix and name == suffix)
    ]
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
    stripped = text.strip()
    said = f"'{stripped[:60]}{'…' if len(stripped) > 60 else ''}'"
    units = f"units: {', '.join(table)}"
    example = f"write a number and a unit such as '10 {shown}' ({units})" if table else "write a plain number"
    if _NUMBER.match(stripped):
        raise QuantityError(f"{said} has no unit", example)
    match = _QUANTITY.match(stripped)
    if not match:
        raise QuantityError(f"{said} is not a quantity", example)
    number, unit = match[1], match[2]
    if "," in number:
        raise QuantityError(f"{said} has a comma: is it a decimal or a thousands separator?", "write 1200.5 or 1_200")
    number = number.replace("_", "")
    rate = unit.endswith(("/s", "ps"))
    if unit not in table and _AMBIGUOUS.match(unit) and ("Gbit/s" in table or ("GB" in table and not rate)):
        raise _ambiguous(said, number, unit, table)
    if unit not in table:
        hint = f"units allowed here: {', '.join(table)}" if table else "write a plain number"
        near = [each for each in table if each.lower() in (unit.lower(), unit.lower() + "/s")]
        if len(near) == 1:
            hint = f"did you mean {near[0]}? ({hint})"
        raise QuantityError(f"'{unit[:60]}' is not a unit of {shown or 'a plain number'}", hint)
    value = float(number) * table[unit]
    if not math.isfinite(value):
        raise QuantityError(f"{said} is not a finite number", example)
    # 0.1 kW is 100 W, not 100.00000000000001; but what is in the unit already stays to the last digit.
    return value if table[unit] == 1.0 else float(f"{value:.15g}")


def _ambiguous(said: str, number: str, unit: str, table: dict[str, float]) -> QuantityError:
    """Refuse a unit that may mean bits or bytes, and write out each meaning that is allowed here."""
    prefix = unit[0] if unit[0] != "b" else ""
    rate = "/s" if "Gbit/s" in table else ""
    if "B" in unit:
        spelled = [each for each in (f"{prefix}byte/s", f"{prefix}B/s") if each in table]
        hint = f"write '{number} {spelled[0]}'" if spelled else f"units allowed here: {', '.join(table)}"
        return QuantityError(f"{said} is not spelled out", hint)
    bits, bytes_ = f"{prefix}bit", f"{prefix}byte"
    meanings = [
        (f"{number} {bits}{rate}", f"{float(number) / 8:g} {bytes_}{rate}"),
        (f"{number} {bytes_}{rate}", f"{float(number) * 8:g} {bits}{rate}"),
    ]
    allowed = [f"'{this}' (= {other})" for this, other in meanings if this.rpartition(" ")[2] in table]
    return QuantityError(
        f"{said} is ambiguous: {number} {bits} or {number} {bytes_}?",
        f"write {' or '.join(allowed)}" if allowed else f"units allowed here: {', '.join(table)}",
    )


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
