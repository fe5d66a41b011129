"""What moves the cost of a GPU-hour most: one input changed down and up at a time, everything recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from planner.catalog import Catalog
from planner.catalog.records import Construction, Price, Record
from planner.plan_facility import CostPlan, Sensitivity
from planner.section import Section
from planner.spec import Factory
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes
from planner.steps.opex import Prices, prices_of
from planner.units import figure

__all__ = ["Variation", "sensitivities", "variations"]

PRICE_SHARE = 0.2  # of hardware and construction
ENERGY_SHARE = 0.3
DEMAND_USD_PER_KW_MONTH = 15.0  # where no charge is declared: what a utility may ask
DUTY_STEP = 0.1
DISCOUNT_STEP = 0.03
WEATHER_K = 2.0
HOURS_PER_YEAR = 8760.0
HALF, TWICE = 0.5, 2.0


@dataclass(frozen=True)
class Variation:
    """The factory with one input changed.

    Attributes
    ----------
    text : str
        The changed input as people read it.
    factory, catalog : Factory, Catalog
        What to plan with.
    weather_k : float
        To be added to every hour's dry and wet bulb [K].
    maintenance_ratio : float
        For `plan_operation`.
    reruns_year : bool
        Whether loads and the year's hours change; where not, only money does.
    """

    text: str
    factory: Factory
    catalog: Catalog
    weather_k: float = 0.0
    maintenance_ratio: float = 1.0
    reruns_year: bool = False


Pair = tuple[str, Variation, Variation]


def sensitivities(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    cost: CostPlan,
    it_kw: float,
    evaluate: Callable[[Variation], float | None],
    *,
    weather: bool = True,
) -> tuple[Sensitivity, ...]:
    """Recompute the cost of a GPU-hour for every input down and up; the longest bar comes first.

    Parameters
    ----------
    cost : CostPlan
        The factory's own, for its horizon and discount.
    it_kw : float
        Highest IT load of the year [kW], which undeclared staff is sized for.
    evaluate : callable
        A varied factory -> USD per GPU-hour, by the same steps as the plan's own; None where there is none.
    weather : bool
        Whether a warmer and a colder year are among the inputs: `evaluate` must then mind `weather_k`.
    """
    bars = []
    for name, low, high in variations(factory, hardware, catalog, cost, it_kw, weather=weather):
        low_usd, high_usd = evaluate(low), evaluate(high)
        if low_usd is not None and high_usd is not None:
            bars.append(
                Sensitivity(
                    name=name,
                    low=low.text,
                    high=high.text,
                    low_usd_per_gpu_hour=low_usd,
                    high_usd_per_gpu_hour=high_usd,
                )
            )
    return tuple(sorted(bars, key=lambda bar: (-abs(bar.high_usd_per_gpu_hour - bar.low_usd_per_gpu_hour), bar.name)))


def variations(
    factory: Factory, hardware: Hardware, catalog: Catalog, cost: CostPlan, it_kw: float, *, weather: bool = True
) -> Iterator[Pair]:
    """Change every input that matters down and up, one at a time; see `sensitivities`."""
    mean_kw = sum(line.quantity for line in cost.opex if line.category.startswith("energy")) / HOURS_PER_YEAR
    prices = prices_of(factory, catalog, Notes(), it_kw, mean_kw)
    yield from _of_capital(factory, hardware, catalog)
    yield from _of_tariff(factory, catalog, prices)
    yield from _of_work(factory, hardware, catalog)
    yield from _of_money(factory, catalog, cost, prices)
    if weather:
        yield _pair(
            "weather",
            (f"{-WEATHER_K:+g} K", f"{WEATHER_K:+g} K"),
            lambda sign: Variation("", factory, catalog, weather_k=sign * WEATHER_K, reruns_year=True),
        )


def _pair(name: str, texts: tuple[str, str], make: Callable[[int], Variation]) -> Pair:
    """Make both ends of a bar."""
    low, high = (replace(make(sign), text=text) for sign, text in zip((-1, 1), texts, strict=True))
    return name, low, high


def _of_capital(factory: Factory, hardware: Hardware, catalog: Catalog) -> Iterator[Pair]:
    """Prices of nodes and of construction."""
    share = (f"-{_percent(PRICE_SHARE)}", f"+{_percent(PRICE_SHARE)}")
    nodes = {node.id for node, _, _ in hardware.nodes}

    def nodes_at(sign: int) -> Variation:
        rows = {
            row_id: _scaled(catalog.rows["prices"][row_id], 1 + sign * PRICE_SHARE)
            for row_id in sorted(nodes)
            if row_id in catalog.rows["prices"]
        }
        return Variation("", factory, _with_rows(catalog, "prices", rows))

    yield _pair("price of the nodes", share, nodes_at)
    built = catalog.get(Construction, hardware.construction.id)
    if built.price_usd_per_kw:

        def built_at(sign: int) -> Variation:
            row = built.model_copy(update={"price_usd_per_kw": built.price_usd_per_kw * (1 + sign * PRICE_SHARE)})
            return Variation("", factory, _with_rows(catalog, "construction", {row.id: row}))

        yield _pair("price of construction", share, built_at)


def _of_tariff(factory: Factory, catalog: Catalog, prices: Prices) -> Iterator[Pair]:
    """Prices of energy, demand and water."""
    energy, peak = prices.energy_usd_per_kwh, factory.site.tariff.peak_usd_per_kwh

    def energy_at(sign: int) -> Variation:
        ratio = 1 + sign * ENERGY_SHARE
        changed: dict[str, Any] = {"energy_usd_per_kwh": energy * ratio}
        if peak is not None:
            changed["peak_usd_per_kwh"] = peak * ratio
        return Variation("", _changed(factory, "site", "tariff", **changed), catalog)

    yield _pair("price of energy", _of(energy, 1 - ENERGY_SHARE, 1 + ENERGY_SHARE, "USD/kWh"), energy_at)
    demand = prices.demand_usd_per_kw_month
    ends = (demand * (1 - ENERGY_SHARE), demand * (1 + ENERGY_SHARE)) if demand else (0.0, DEMAND_USD_PER_KW_MONTH)
    yield _pair(
        "demand charge",
        (f"{figure(ends[0])} USD/kW-month", f"{figure(ends[1])} USD/kW-month"),
        lambda sign: Variation("", _changed(factory, "site", "tariff", demand_usd_per_kw_month=ends[sign > 0]), catalog),
    )
    water = prices.water_usd_per_m3
    yield _pair(
        "price of water",
        _of(water, HALF, TWICE, "USD/m3"),
        lambda sign: Variation(
            "", _changed(factory, "site", "tariff", water_usd_per_m3=water * (TWICE if sign > 0 else HALF)), catalog
        ),
    )


def _of_work(factory: Factory, hardware: Hardware, catalog: Catalog) -> Iterator[Pair]:
    """How hard the hardware works: by utilisation where that is declared, else by duty."""
    work = factory.workloads
    by_parts = work.gpu_utilisation_fraction is not None
    key, name = ("gpu_utilisation_fraction", "GPU utilisation") if by_parts else ("duty_fraction", "duty of the nodes")
    base = work.gpu_utilisation_fraction if work.gpu_utilisation_fraction is not None else hardware.duty_fraction
    ends = (max(base - DUTY_STEP, 0.0), min(base + DUTY_STEP, 1.0))
    yield _pair(
        name,
        (_percent(ends[0]), _percent(ends[1])),
        lambda sign: Variation("", _changed(factory, "workloads", **{key: ends[sign > 0]}), catalog, reruns_year=True),
    )


def _of_money(factory: Factory, catalog: Catalog, cost: CostPlan, prices: Prices) -> Iterator[Pair]:
    """Horizon, discount, staff and maintenance."""
    years = (max(cost.horizon_years - 1, 1), min(cost.horizon_years + 1, 40))
    yield _pair(
        "horizon",
        (f"{years[0]} years", f"{years[1]} years"),
        lambda sign: Variation("", _changed(factory, "budget", horizon_years=years[sign > 0]), catalog),
    )
    discount = (max(cost.discount_fraction - DISCOUNT_STEP, 0.0), min(cost.discount_fraction + DISCOUNT_STEP, 0.5))
    yield _pair(
        "discount",
        (_percent(discount[0]), _percent(discount[1])),
        lambda sign: Variation("", _changed(factory, "budget", discount_fraction=discount[sign > 0]), catalog),
    )
    staff = prices.staff_count
    yield _pair(
        "staff",
        _of(staff, HALF, TWICE, "people"),
        lambda sign: Variation(
            "", _changed(factory, "budget", staff_count=min(staff * (TWICE if sign > 0 else HALF), 10_000.0)), catalog
        ),
    )
    yield _pair(
        "maintenance",
        (f"x {HALF:g}", f"x {TWICE:g}"),
        lambda sign: Variation("", factory, catalog, maintenance_ratio=TWICE if sign > 0 else HALF),
    )


def _of(value: float, low_ratio: float, high_ratio: float, unit: str) -> tuple[str, str]:
    """Write both ends of a number that is scaled."""
    return f"{figure(value * low_ratio)} {unit}", f"{figure(value * high_ratio)} {unit}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.4g} %"


def _changed(factory: Factory, *path: str, **values: Any) -> Factory:
    """Copy a factory with some fields of a section, or of a section within it, set."""
    sections: list[Section] = [factory]
    for name in path:
        sections.append(getattr(sections[-1], name))
    changed: Any = sections[-1].model_copy(update=values)
    for outer, name in zip(reversed(sections[:-1]), reversed(path), strict=True):
        changed = outer.model_copy(update={name: changed})
    assert isinstance(changed, Factory)  # noqa: S101 - the outermost section
    return changed


def _scaled(row: Record, ratio: float) -> Record:
    assert isinstance(row, Price)  # noqa: S101 - rows of prices.csv
    return row.model_copy(update={"price_usd": row.price_usd * ratio})


def _with_rows(catalog: Catalog, kind: str, rows: Mapping[str, Record]) -> Catalog:
    """Copy a catalog with some rows of a kind replaced."""
    kinds = dict(catalog.rows)
    kinds[kind] = MappingProxyType({**catalog.rows[kind], **rows})
    return replace(catalog, rows=MappingProxyType(kinds))
