"""What building, power and cooling cost: a turnkey price by its parts, and equipment other than what it stands for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import Construction, ConstructionPart, CoolingPlant, CoolingUnit, PowerStage, Price
from planner.models.cost import installed_kw
from planner.plan_facility import BillLine
from planner.spec import Factory
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["ALL_PARTS", "CONFIDENCES", "construction_lines", "price_usd_per_kw", "weakest"]

ALL_PARTS = "building, power and cooling"
CONFIDENCES = ("vendor", "secondary", "assumption", "none")
"""How far a price can be trusted, best first."""

BEYOND = "beyond what the turnkey price buys"
CREDIT = "credit, in the turnkey price but not bought"
# What a turnkey price stands for: the equipment of an ordinary hall, at the redundancy that the price's row says.
REFERENCE = {
    "transformer": "transformer-doe-2016-liquid-2500kva",
    "switchgear": "switchboard-4000a",
    "generator": "generator-diesel-2500kw",
    "ups": "ups-double-conversion",
    "distribution": "busway-415v",
    "air": "air-crah-chiller",
    "liquid": "liquid-dry-cooler",
}
DECLARED_SCHEME = "N+1"  # where the factory says nothing
UNRATED_KW = 1000.0  # a piece of a stage that is sized for its load
ROOM_HEAT_RATIO = 1.05  # heat over IT load: the electrical rooms' losses
FACILITY_RATIO = 1.3  # facility over IT load, where the chain is not known
BATTERY_USD_PER_KWH = 400.0
FUEL_HOURS = 48.0
FUEL_USD_PER_L = 1.5
FUEL_L_PER_KWH = 0.27
EQUIPMENT_URL = "https://cortexconstruct.com/blog/what-does-it-take-to-build-a-data-center"


@dataclass(frozen=True)
class _Piece:
    """Equipment of one kind: what it costs per kW, the load it is bought for, and how large one unit is."""

    category: str
    item: str
    name: str
    price: Price | None
    usd_per_kw: float
    load_kw: float
    unit_kw: float
    scheme: str

    def installed_kw(self) -> float:
        return installed_kw(self.scheme, self.load_kw, self.unit_kw)


def weakest(*confidences: str) -> str:
    """Name the weakest of some confidences; `none` where there is no price at all."""
    return max(confidences, key=CONFIDENCES.index, default="none")


def price_usd_per_kw(row: PowerStage | CoolingUnit, catalog: Catalog) -> float | None:
    """Divide a unit's price by its rating; a stage without a rating is sized for its load and priced by 1,000 kW."""
    price = catalog.price(row.id)
    return price.price_usd / _unit_kw(row) if price else None


def construction_lines(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    nameplate_kw: float,
    design_kw: float,
    liquid_kw: float,
    facility_kw: float | None,
) -> list[BillLine]:
    """Price the hall around the racks.

    Parameters
    ----------
    nameplate_kw, design_kw, liquid_kw : float
        IT load at nameplate and at design, and the heat that leaves by liquid at design [kW].
    facility_kw : float, optional
        What the whole factory draws at design load [kW], which transformers and generators are bought for.
    """
    built = catalog.get(Construction, hardware.construction.id)  # not hardware's: a sensitivity may have repriced it
    lines = _turnkey(built, catalog, notes, nameplate_kw)
    if not built.price_usd_per_kw:
        text = "an existing hall is taken with the equipment and redundancy that are declared: nothing is bought"
        notes.assume("cost.construction", text, built.source_url)
        return lines
    notes.assume(
        "cost.construction",
        f"building, power and cooling are bought per kW of IT nameplate power, at {built.redundancy} and with ordinary"
        " equipment; other schemes and equipment count with the difference in capacity times its price",
        built.source_url,
    )
    if facility_kw is None:
        facility_kw = FACILITY_RATIO * design_kw
        text = f"transformers, switchboards and generators are priced for {FACILITY_RATIO:g} times the IT load"
        notes.assume("cost.facility", text, confidence="assumption")
    ours = _pieces(factory, hardware, catalog, notes, design_kw, liquid_kw, facility_kw)
    theirs = _reference(built.redundancy, catalog, design_kw, liquid_kw, facility_kw)
    other = _differences(lines, [*ours], [*theirs], notes)
    other += _stores(lines, factory, hardware, catalog, notes, design_kw, facility_kw)
    return lines + _never_negative(lines, other)


def _turnkey(built: Construction, catalog: Catalog, notes: Notes, nameplate_kw: float) -> list[BillLine]:
    """Split the price per kW into its parts."""
    parts = [part for part in catalog.all(ConstructionPart) if part.item == built.id]
    whole = math.fsum(part.share_fraction for part in parts)
    if parts and not math.isclose(whole, 1.0, abs_tol=1e-6):
        notes.error(
            "wrong-shares",
            f"catalog.construction_parts.{built.id}",
            f"the parts of {built.name} add up to {whole:g}, not 1",
            "correct share_fraction in construction_parts.csv",
        )
    for part in parts:
        if built.price_usd_per_kw and part.confidence != "vendor":
            text = f"{100 * part.share_fraction:.3g} % of construction is {part.category}: {part.note}"
            notes.assume(f"catalog.construction_parts.{part.id}", text, part.source_url, part.confidence)
    shares = [
        (
            part.category,
            part.id,
            f"{built.name}: {part.category}",
            part.share_fraction,
            weakest(built.confidence, part.confidence),
        )
        for part in parts
    ]
    return [
        BillLine(
            category=category,
            item=item,
            name=name,
            quantity=nameplate_kw,
            unit="kW",
            price_usd=built.price_usd_per_kw * share,
            total_usd=nameplate_kw * built.price_usd_per_kw * share,
            confidence=confidence,
        )
        for category, item, name, share, confidence in (
            shares if len(shares) > 1 else [(ALL_PARTS, built.id, built.name, 1.0, built.confidence)]
        )
    ]


def _piece(
    category: str, row: PowerStage | CoolingUnit, catalog: Catalog, load_kw: float, scheme: str, most_fraction: float = 1.0
) -> _Piece:
    """Describe what is bought for a load, of whose ratings no more than `most_fraction` may be carried for hours."""
    load_kw /= most_fraction
    usd_per_kw = price_usd_per_kw(row, catalog)
    if usd_per_kw is None:
        usd_per_kw = _stand_in_usd_per_kw(row, catalog)
    unit_kw = min(_unit_kw(row), load_kw)
    return _Piece(category, row.id, row.name, catalog.price(row.id), usd_per_kw, load_kw, unit_kw, scheme)


def _stand_in_usd_per_kw(row: PowerStage | CoolingUnit, catalog: Catalog) -> float:
    """Take the price of something of the same kind for a piece that has none; 0 where nothing of its kind has one."""
    others: list[PowerStage | CoolingUnit]
    if isinstance(row, PowerStage):
        usual = REFERENCE.get(row.stage)
        others = [each for each in catalog.all(PowerStage) if each.stage == row.stage]
        others.sort(key=lambda each: each.id != usual)
    else:
        others = [each for each in catalog.all(CoolingUnit) if each.role == row.role]
    return next((usd for each in others if (usd := price_usd_per_kw(each, catalog))), 0.0)


def _continuous_fraction(row: PowerStage, declared: float | None) -> float:
    """Tell which part of its rating a stage carries for hours; what is declared counts where the catalog has less than all."""
    return row.continuous_fraction if declared is None or row.continuous_fraction == 1 else declared


def _unit_kw(row: PowerStage | CoolingUnit) -> float:
    return row.capacity_kw if isinstance(row, CoolingUnit) else row.rating_kw or UNRATED_KW


def _pieces(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    design_kw: float,
    liquid_kw: float,
    facility_kw: float,
) -> Iterator[_Piece]:
    """List the equipment that the factory declares, or what stands in for what it leaves open."""
    power = factory.power
    if power.chain is not None:
        for link in power.chain.values():
            row = catalog.get(PowerStage, link.equipment)
            load_kw = facility_kw if row.stage in ("utility", "transformer", "switchgear", "generator") else design_kw
            rating_kw = link.rating_kw or row.rating_kw
            if row.stage != "utility":  # the first line is in the turnkey price, further ones are the utility's own affair
                yield _piece("power", row, catalog, rating_kw or load_kw, "N")
        text = "equipment of a declared chain counts with its ratings; links without one with the whole load of their stage"
        notes.assume("cost.chain", text)
    else:
        scheme = power.redundancy or DECLARED_SCHEME
        loads = {"transformer": facility_kw, "switchgear": facility_kw, "ups": design_kw, "distribution": design_kw}
        chosen = {
            "transformer": hardware.transformer.id,
            "switchgear": power.switchgear or REFERENCE["switchgear"],
            "ups": hardware.ups.id,
            "distribution": hardware.distribution.id,
        }
        for stage, load_kw in loads.items():
            row = catalog.get(PowerStage, chosen[stage])
            yield _piece("power", row, catalog, load_kw, scheme, _continuous_fraction(row, power.continuous_fraction))
        generator = catalog.get(PowerStage, power.generator or REFERENCE["generator"])
        yield _piece("power", generator, catalog, facility_kw, power.generator_redundancy or DECLARED_SCHEME)
        if power.bess:
            yield _piece("power", catalog.get(PowerStage, power.bess), catalog, facility_kw, "N")
        if (power.utility_feeds_count or 1) > 1:
            lines = [row for row in catalog.all(PowerStage) if row.stage == "utility"]
            more_kw = facility_kw * ((power.utility_feeds_count or 1) - 1)
            yield from (_piece("power", row, catalog, more_kw, "N") for row in lines[:1])
    scheme = factory.cooling.redundancy or DECLARED_SCHEME
    yield from _plant(hardware.air, catalog, ROOM_HEAT_RATIO * design_kw - liquid_kw, scheme)
    yield from _plant(hardware.liquid, catalog, liquid_kw, scheme)


def _reference(scheme: str, catalog: Catalog, design_kw: float, liquid_kw: float, facility_kw: float) -> Iterator[_Piece]:
    """List the equipment that a turnkey price stands for."""
    for stage in ("transformer", "switchgear", "ups", "distribution", "generator"):
        load_kw = design_kw if stage in ("ups", "distribution") else facility_kw
        row = catalog.get(PowerStage, REFERENCE[stage])
        yield _piece("power", row, catalog, load_kw, scheme, _continuous_fraction(row, None))
    air_kw = ROOM_HEAT_RATIO * design_kw - liquid_kw
    yield from _plant(catalog.get(CoolingPlant, REFERENCE["air"]), catalog, air_kw, scheme)
    yield from _plant(catalog.get(CoolingPlant, REFERENCE["liquid"]), catalog, liquid_kw, scheme)


def _plant(plant: CoolingPlant, catalog: Catalog, heat_kw: float, scheme: str) -> Iterator[_Piece]:
    """List the units of a cooling plant, each kind bought for all its heat."""
    if heat_kw > 0:
        for row_id in (plant.terminal, plant.pump, plant.chiller, plant.rejection):
            if row_id:
                yield _piece("cooling", catalog.get(CoolingUnit, row_id), catalog, heat_kw, scheme)


def _differences(turnkey: list[BillLine], ours: list[_Piece], theirs: list[_Piece], notes: Notes) -> list[BillLine]:
    """Subtract the turnkey's equipment from ours, by item."""
    net_kw: dict[tuple[str, str], float] = {}
    pieces: dict[tuple[str, str], _Piece] = {}
    for sign, listed in ((1, ours), (-1, theirs)):
        for piece in listed:
            key = piece.category, piece.item
            net_kw[key] = net_kw.get(key, 0.0) + sign * piece.installed_kw()
            pieces.setdefault(key, piece)
    scale = 1e-9 * max((piece.load_kw for piece in pieces.values()), default=0.0)
    changed = {key: kw for key, kw in net_kw.items() if abs(kw) > scale}
    lines = []
    for (category, item), kw in changed.items():
        piece = pieces[category, item]
        _note_price(piece, notes)
        lines.append(
            BillLine(
                category=_category(turnkey, category),
                item=item,
                name=f"{piece.name}: {BEYOND if kw > 0 else CREDIT}",
                quantity=kw,
                unit="kW",
                price_usd=piece.usd_per_kw,
                total_usd=kw * piece.usd_per_kw,
                confidence=piece.price.confidence if piece.price else "none",
            )
        )
    return lines


def _category(turnkey: list[BillLine], category: str) -> str:
    """Find the part of the turnkey price that equipment belongs to; all of it where it has no such part."""
    return category if any(line.category == category for line in turnkey) else turnkey[0].category


def _note_price(piece: _Piece, notes: Notes) -> None:
    """Note the price in use, or that there is none."""
    if piece.price is not None:
        notes.assume_row("prices", piece.price)
    else:
        notes.warn(
            "no-price",
            f"catalog.prices.{piece.item}",
            f"{piece.name} has no price: that of another of its kind stands in, {piece.usd_per_kw:,.0f} USD/kW",
            "add a row to a prices.csv of your own and name its folder with --catalog",
        )


def _never_negative(turnkey: list[BillLine], other: list[BillLine]) -> list[BillLine]:
    """Scale credits down where they exceed what their category costs."""
    costs: dict[str, float] = {}
    credits_usd: dict[str, float] = {}
    for line in [*turnkey, *other]:
        sums = costs if line.total_usd >= 0 else credits_usd
        sums[line.category] = sums.get(line.category, 0.0) + abs(line.total_usd)
    scaled = []
    for line in other:
        share = costs.get(line.category, 0.0) / credits_usd[line.category] if line.total_usd < 0 else 1.0
        whole = {"quantity": line.quantity * share, "total_usd": line.total_usd * share}
        scaled.append(line if share >= 1 else line.model_copy(update=whole))
    return scaled


def _stores(
    turnkey: list[BillLine],
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    design_kw: float,
    facility_kw: float,
) -> list[BillLine]:
    """Price batteries and fuel for longer, or shorter, than the turnkey price has them."""
    power = factory.power
    found: list[tuple[str, str, float, float]] = []
    usual_minutes = hardware.ups.battery_minutes
    if power.battery_minutes is not None and usual_minutes is not None and power.chain is None:
        minutes = power.battery_minutes - usual_minutes
        ups = _piece("power", hardware.ups, catalog, design_kw, power.redundancy or DECLARED_SCHEME)
        name = f"Batteries for {abs(minutes):g} min {'more' if minutes > 0 else 'less'}"
        found.append((hardware.ups.id, name, ups.installed_kw(), minutes / 60 * BATTERY_USD_PER_KWH))
        text = f"batteries beyond the UPS's own minutes cost {BATTERY_USD_PER_KWH:g} USD per kWh"
        notes.assume("cost.batteries", text, EQUIPMENT_URL, "assumption")
    generator = catalog.get(PowerStage, power.generator or REFERENCE["generator"])
    if power.fuel_hours is not None and power.fuel_hours != FUEL_HOURS and generator.rating_kw:
        hours = power.fuel_hours - FUEL_HOURS
        usd_per_kw = hours * (generator.fuel_l_per_kwh or FUEL_L_PER_KWH) * FUEL_USD_PER_L
        name = f"Tanks and fuel for {abs(hours):g} h {'more' if hours > 0 else 'less'}"
        found.append((generator.id, name, facility_kw, usd_per_kw))
        text = f"tanks and their first fill cost {FUEL_USD_PER_L:g} USD per litre beyond {FUEL_HOURS:g} h"
        notes.assume("cost.fuel", text, EQUIPMENT_URL, "assumption")
    return [
        BillLine(
            category=_category(turnkey, "power"),
            item=item,
            name=name,
            quantity=kw,
            unit="kW",
            price_usd=usd_per_kw,
            total_usd=kw * usd_per_kw,
            confidence="assumption",
        )
        for item, name, kw, usd_per_kw in found
        if kw * usd_per_kw
    ]
