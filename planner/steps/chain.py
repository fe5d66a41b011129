"""The power chain from the grid to the racks: sized, drawn, and checked for every single transfer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.catalog.records import PowerStage
from planner.models.chain import flow, losses_by_stage
from planner.models.losses import input_kw
from planner.models.power import battery_minutes
from planner.plan_facility import ChainUnit, CoolingPlan, PowerStagePlan
from planner.spec import Factory
from planner.spec_facility import Power
from planner.steps.chain_check import Checked, as_graph, check, note_overloads, stranded_capacity
from planner.steps.chain_declared import declared_chain
from planner.steps.chain_generators import Pool, derating_fraction, note_fuel, pools
from planner.steps.chain_grid import declared_worst_kw, scheme_worst_kw
from planner.steps.chain_problems import is_none
from planner.steps.chain_scheme import STAGES, Block, Demand, Equipment, block_losses_kw, fill_blocks
from planner.steps.chain_units import Hung, Piece, RowLoad, draw, draw_batteries
from planner.steps.facility import ChainDesign, Climate, Loads
from planner.steps.hardware import Hardware
from planner.steps.losses import loss_law
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["RowLoad", "plan_chain"]

Floats = NDArray[np.float64]
Losses = Callable[[Floats, Floats, Floats, Floats], dict[str, Floats]]

SCHEME = "N+1"
RACKS_PER_ROW = 16
"""Both where the factory says nothing."""
SCHEME_PATHS = {stage: f"power.{stage}" for stage in STAGES}
BY_SCHEME = (
    "transformer",
    "switchgear",
    "generator",
    "ups",
    "distribution",
    "bess",
    "redundancy",
    "generator_redundancy",
    "utility_feeds_count",
)
S_PER_HOUR = 3600.0


@dataclass(frozen=True)
class _Sets:
    """The generators: the set, the rating that the site leaves of each, and what each carries when the grid is out, by name."""

    row: PowerStage
    limit_kw: float
    loads_kw: Mapping[str, float]


def plan_chain(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    cooling: CoolingPlan,
    climate: Climate,
    house_kw: float,
    row_loads: Sequence[RowLoad] | None = None,
) -> ChainDesign:
    """Size the chain for the design load, by the factory's scheme of redundancy or as it declares the chain link by link.

    Parameters
    ----------
    factory, hardware, catalog, notes
        What is asked, the rows chosen, and where to note what is taken for granted and what does not hold.
    loads : Loads
        The IT load and the racks.
    cooling : CoolingPlan
        What cooling draws at the design hour; units on the UPS hang on it with the racks.
    climate : Climate
        Altitude and heat, which generators feel.
    house_kw : float
        Lighting, offices and the like.
    row_loads : sequence of RowLoad, optional
        The hall's rows. Without them a scheme's chain is sized in a millisecond and not drawn: units (but for battery systems)
        and feeds stay empty; stages and losses are the same to the last digit.
    """
    demand = _demand(factory, loads, cooling, house_kw)
    if factory.power.chain is not None:
        return _declared(factory, catalog, notes, demand, climate, row_loads)
    return _by_scheme(factory, hardware, catalog, notes, demand, climate, row_loads)


def _demand(factory: Factory, loads: Loads, cooling: CoolingPlan, house_kw: float) -> Demand:
    """Add up the design load."""
    pumps_kw = sum(units.power_kw for units in cooling.units if units.on_ups)
    return Demand(
        it_kw=loads.power_kw["design"],
        pumps_kw=pumps_kw,
        cooling_kw=sum(units.power_kw for units in cooling.units if not units.on_ups),
        house_kw=house_kw,
        racks=sum(group.racks for group in loads.groups),
        rack_max_kw=max((group.power_kw["design"] / group.racks for group in loads.groups if group.racks), default=0.0),
        racks_per_row=factory.hall.racks_per_row or RACKS_PER_ROW,
    )


def _usable_fraction(row: PowerStage, declared: float | None) -> float:
    """Return what a stage carries for hours over its rating; the file may say another share for breakers."""
    return declared if declared is not None and row.continuous_fraction < 1 else row.continuous_fraction


def _by_scheme(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    demand: Demand,
    climate: Climate,
    row_loads: Sequence[RowLoad] | None,
) -> ChainDesign:
    """Size power blocks by the scheme, and draw them where the rows are known."""
    power = factory.power
    scheme, spare_sets = power.redundancy or SCHEME, power.generator_redundancy or "N+1"

    def equipment(row: PowerStage, left: float = 1.0) -> Equipment:
        usable = left * _usable_fraction(row, power.continuous_fraction)
        law = functools.cache(lambda rating_kw: loss_law(row, catalog, rating_kw))  # asked for again for every block
        return Equipment(row, row.rating_kw, usable, law)

    chosen = (hardware.transformer, hardware.switchgear, hardware.bess, hardware.ups, hardware.distribution)
    rows: dict[str, PowerStage] = {row.stage: row for row in chosen if row is not None and not is_none(row)}
    blocks, counts = fill_blocks(scheme, {stage: equipment(row) for stage, row in rows.items()}, demand)
    line, lines = equipment(hardware.utility), power.utility_feeds_count or 1
    mechanical_kw = demand.cooling_kw + demand.house_kw
    outputs = [block_losses_kw(block, *map(np.asarray, (demand.it_kw, demand.pumps_kw, mechanical_kw)))[1] for block in blocks]
    grid_kw = sum(count * float(each["grid"]) for each, count in zip(outputs, counts, strict=True))
    backed = not is_none(hardware.generator)
    worst_kw = scheme_worst_kw(scheme, blocks, demand, grid_kw, backed)
    sized = line.rating_kw is None and factory.site.grid_feed_kw is None
    line = _rated_line(line, factory.site.grid_feed_kw, worst_kw)
    losses_kw = _scheme_losses(blocks, counts, line, lines)
    delivered = {"utility": grid_kw}
    for stage in rows:
        delivered[stage] = sum(count * float(each.get(stage, 0.0)) for each, count in zip(outputs, counts, strict=True))
    stages = _stages(delivered, losses_kw, demand, {**rows, "utility": hardware.utility}, catalog)
    sets: list[Pool] = []
    generator = None
    if backed:
        generator = equipment(hardware.generator, derating_fraction(hardware.generator, catalog, climate, notes))
        behind = [float(each["behind sets"]) for each, count in zip(outputs, counts, strict=True) for _ in range(count)]
        sets = pools(behind, generator, spare_sets)
    running = _Sets(hardware.generator, sets[0].rating_kw * generator.usable_fraction, _by_set(sets)) if generator else None
    pieces, hung = _drawn(scheme, blocks, counts, demand, (line, lines, sized), generator, sets, row_loads)
    checked = check(pieces, hung, {}, spare_sets != "N") if row_loads is not None else None
    if checked:
        paths = SCHEME_PATHS | {"utility": f"catalog.power_stages.{hardware.utility.id}"}
        note_overloads(checked, notes, paths, factory.site.grid_feed_kw)
    _note_scheme(factory, hardware, notes, scheme, spare_sets, blocks, counts)
    _note_breakers(power, [*rows.values(), hardware.generator], notes)
    for row in (hardware.utility, hardware.switchgear, hardware.generator, *([hardware.bess] if hardware.bess else [])):
        notes.assume_row("power_stages", row)
    minutes = hardware.ups.battery_minutes if power.battery_minutes is None else power.battery_minutes
    ride_s = None
    if "ups" in rows and minutes is not None:
        kinds = [(each, block, block.kinds["ups"]) for each, block in zip(outputs, blocks, strict=True)]
        full = max(float(each["ups"]) / (block.active * kind.count * kind.rating_kw) for each, block, kind in kinds)
        ride_s = 60 * battery_minutes(minutes, full) if full > 0 else None
    batteries = checked.units if checked else draw_batteries(blocks, counts)
    worst_kw = lines * input_kw(line.law(line.rating_kw or 1.0), worst_kw / lines)
    return _design(factory, catalog, notes, scheme, stages, losses_kw, checked, batteries, running, ride_s, grid_kw, worst_kw)


def _rated_line(line: Equipment, grid_feed_kw: float | None, worst_kw: float) -> Equipment:
    """Give a line of the utility the feed that the file declares, or what the factory takes in the worst single outage."""
    rating_kw = line.rating_kw or grid_feed_kw or worst_kw / line.usable_fraction or 1.0
    return Equipment(line.row, rating_kw, line.usable_fraction, line.law)


def _by_set(sets: Sequence[Pool]) -> dict[str, float]:
    """Say what each generator carries when the grid is out and all sets run."""
    return {name: pool.load_kw / pool.count for pool in sets for name in pool.names()}


def _drawn(
    scheme: str,
    blocks: Sequence[Block],
    counts: Sequence[int],
    demand: Demand,
    utility: tuple[Equipment, int, bool],
    generator: Equipment | None,
    sets: Sequence[Pool],
    row_loads: Sequence[RowLoad] | None,
) -> tuple[list[Piece], list[Hung]]:
    """Draw the blocks where the rows are known."""
    if row_loads is None:
        return [], []
    return draw(scheme, blocks, counts, demand, utility, (generator, sets) if generator else None, row_loads)


def _scheme_losses(blocks: Sequence[Block], counts: Sequence[int], line: Equipment, lines: int) -> Losses:
    """Return what the blocks and the utility's lines lose at any load."""
    assert line.rating_kw is not None  # noqa: S101 - _rated_line gives it one
    law = line.law(line.rating_kw)

    def losses_kw(it_kw: Floats, pumps_kw: Floats, cooling_kw: Floats, house_kw: Floats) -> dict[str, Floats]:
        it, pumps, mechanical = np.asarray(it_kw), np.asarray(pumps_kw), np.asarray(cooling_kw) + np.asarray(house_kw)
        total: dict[str, Floats] = {}
        nothing = grid = np.zeros(np.broadcast_shapes(it.shape, pumps.shape, mechanical.shape))
        for block, count in zip(blocks, counts, strict=True):
            lost, delivered = block_losses_kw(block, it, pumps, mechanical)
            grid = grid + count * delivered["grid"]
            for stage, kw in lost.items():
                total[stage] = total.get(stage, nothing) + count * kw
        total["utility"] = lines * input_kw(law, grid / lines) - grid
        return {stage: total[stage] for stage in STAGES if stage in total}

    return losses_kw


def _declared(
    factory: Factory,
    catalog: Catalog,
    notes: Notes,
    demand: Demand,
    climate: Climate,
    row_loads: Sequence[RowLoad] | None,
) -> ChainDesign:
    """Check a chain that the file declares; without rows, those that its links name share the IT load."""
    power = factory.power
    links = power.chain or {}
    rows = {name: catalog.get(PowerStage, link.equipment) for name, link in links.items()}
    usable: dict[str, float] = {}
    for name, row in rows.items():
        left = derating_fraction(row, catalog, climate, notes) if row.stage == "generator" else 1.0
        usable[name] = left * _usable_fraction(row, power.continuous_fraction)
        notes.assume_row("power_stages", row)
    for name in BY_SCHEME:
        if getattr(power, name) is not None:
            message = f"power.{name} changes nothing: power.chain says link by link what the chain is"
            notes.warn("not-used", f"power.{name}", message, "leave it out, or leave power.chain out")
    pieces, hung = declared_chain(power, catalog, notes, demand, row_loads, usable, factory.site.grid_feed_kw)
    checked = check(pieces, hung, usable, spare_generators=False)
    if row_loads is not None:  # loads of rows are guesses otherwise
        note_overloads(checked, notes, {}, factory.site.grid_feed_kw)
    _note_breakers(power, list(rows.values()), notes)
    units, feeds = as_graph(checked.pieces, hung)
    totals = {"racks": demand.it_kw, "pumps": demand.pumps_kw, "cooling": demand.cooling_kw, "house": demand.house_kw}
    shares = [(each.kind, each.power_kw / totals[each.kind] if totals[each.kind] else 0.0) for each in hung]
    lost = losses_by_stage(units, [piece.stage for piece in checked.pieces], feeds, shares)

    def losses_kw(it_kw: Floats, pumps_kw: Floats, cooling_kw: Floats, house_kw: Floats) -> dict[str, Floats]:
        by_stage = lost({"racks": it_kw, "pumps": pumps_kw, "cooling": cooling_kw, "house": house_kw})
        return {stage: by_stage[stage] for stage in STAGES if stage in by_stage}

    delivered: dict[str, float] = {}
    kinds: dict[str, list[PowerStage]] = {}
    for piece, kw in zip(checked.pieces, checked.worst.normal_kw, strict=True):
        delivered[piece.stage] = delivered.get(piece.stage, 0.0) + float(kw)
        if rows[piece.name] not in kinds.setdefault(piece.stage, []):
            kinds[piece.stage].append(rows[piece.name])
    names = {stage: ", ".join(row.name for row in listed) for stage, listed in kinds.items()}
    stages = _stages(delivered, losses_kw, demand, {stage: listed[0] for stage, listed in kinds.items()}, catalog, names)
    grid_kw = delivered.get("utility", sum(totals.values()) + sum(stage.loss_kw for stage in stages))
    rides = []
    for piece, kw in zip(checked.pieces, checked.worst.normal_kw, strict=True):
        minutes = rows[piece.name].battery_minutes if power.battery_minutes is None else power.battery_minutes
        if piece.stage == "ups" and minutes is not None and kw > 0:
            rides.append(60 * battery_minutes(minutes, float(kw) / piece.rating_kw))
    sets = None
    if "generator" in kinds:
        out = np.array([[piece.stage == "utility"] for piece in checked.pieces])
        carried = flow(units, feeds, np.array([each.power_kw for each in hung]), out).output_kw[:, 0]
        by_set = {
            piece.name: float(kw) for piece, kw in zip(checked.pieces, carried, strict=True) if piece.stage == "generator"
        }
        limit = sum(piece.limit_kw for piece in checked.pieces if piece.stage == "generator") / len(by_set)
        sets = _Sets(kinds["generator"][0], limit, by_set)
    ride_s, worst_kw = min(rides, default=None), declared_worst_kw(checked, units, feeds)
    return _design(
        factory, catalog, notes, "declared", stages, losses_kw, checked, checked.units, sets, ride_s, grid_kw, worst_kw
    )


def _stages(
    delivered: Mapping[str, float],
    losses_kw: Losses,
    demand: Demand,
    rows: Mapping[str, PowerStage],
    catalog: Catalog,
    names: Mapping[str, str] | None = None,
) -> tuple[PowerStagePlan, ...]:
    """List the stages at design load, from the grid on; generators carry nothing then."""
    loads = (demand.it_kw, demand.pumps_kw, demand.cooling_kw, demand.house_kw)
    lost = losses_kw(*map(np.asarray, loads))
    result = []
    for stage in STAGES:
        if stage not in rows or stage == "generator":
            continue
        output, loss = delivered[stage], float(lost[stage])
        row = rows[stage]
        full = row.rating_kw or 1000.0
        efficiency = output / (output + loss) if output > 0 else full / input_kw(loss_law(row, catalog), full)
        name = names[stage] if names else row.name
        result.append(PowerStagePlan(stage=stage, name=name, efficiency_fraction=efficiency, output_kw=output, loss_kw=loss))
    return tuple(result)


def _note_breakers(power: Power, rows: Sequence[PowerStage], notes: Notes) -> None:
    """Note a share for breakers where nothing has a breaker that carries less than its rating."""
    if power.continuous_fraction is not None and all(row.continuous_fraction == 1 for row in rows):
        message = "power.continuous_fraction changes nothing: no stage of this chain carries less than its rating for hours"
        notes.warn("not-used", "power.continuous_fraction", message, "leave it out")


def _note_scheme(
    factory: Factory,
    hardware: Hardware,
    notes: Notes,
    scheme: str,
    spare_sets: str,
    blocks: Sequence[Block],
    counts: Sequence[int],
) -> None:
    """Note how the chain is laid out where the file leaves it open, and what it declares in vain."""
    power = factory.power
    total = sum(counts)
    each = f"{total} power block{'s' if total > 1 else ''}"
    text = f"{'' if power.redundancy else 'not declared: '}{scheme} from the transformers to the rows, in {each}"
    if blocks[0].systems > 1:
        text += f" of up to {blocks[0].systems} systems, each a main switchboard with its transformers, UPS and busways"
    text += "; a block is filled before the next is built, and takes its part of the racks to the last watt"
    notes.assume("power.redundancy", text)
    if power.utility_feeds_count is None:
        notes.assume("power.utility_feeds_count", "not declared: one line, able to carry all")
    if is_none(hardware.generator):
        for name, declared in (("generator_redundancy", power.generator_redundancy), ("fuel_hours", power.fuel_hours)):
            if declared is not None:
                message = f"power.{name} changes nothing: there are no generators"
                notes.warn("not-used", f"power.{name}", message, "leave it out")
    elif power.generator_redundancy is None:
        notes.assume("power.generator_redundancy", f"not declared: {spare_sets}, one spare set in every pool")
    if power.battery_minutes is not None and is_none(hardware.ups):
        notes.warn(
            "not-used", "power.battery_minutes", "power.battery_minutes changes nothing: there is no UPS", "leave it out"
        )


def _design(
    factory: Factory,
    catalog: Catalog,
    notes: Notes,
    scheme: str,
    stages: tuple[PowerStagePlan, ...],
    losses_kw: Losses,
    checked: Checked | None,
    units: tuple[ChainUnit, ...],
    sets: _Sets | None,
    ride_s: float | None,
    grid_kw: float,
    worst_kw: float,
) -> ChainDesign:
    """Pack the chain, with how long it lasts without the grid."""
    ride_s = bridged_s = _with_batteries(units, catalog, ride_s, grid_kw)
    if ride_s:
        notes.assume(
            "power.ride_through",
            "batteries give the same energy at any load, so that half the load lasts twice as long: lithium-ion comes close,"
            " lead-acid lasts longer than said below its rated load",
        )
    hours = mean = None
    if sets is not None:
        ride_s = ride_s or 0.0  # nothing bridges
        on_sets_kw = sum(sets.loads_kw.values())
        hours = note_fuel(factory, sets.row, sets.loads_kw, sets.row.rating_kw or sets.limit_kw, notes)
        mean = on_sets_kw / (sets.limit_kw * len(sets.loads_kw))
        _note_generators(sets, mean, bridged_s, notes, worst_kw > 0, declared=scheme == "declared")
    average = sets.row.average_fraction if sets else None
    return ChainDesign(
        redundancy=scheme,
        units=units,
        feeds=checked.feeds if checked else (),
        stages=stages,
        stranded=stranded_capacity(checked, sets.loads_kw if sets else {}, average, factory.site.grid_feed_kw)
        if checked
        else (),
        losses_kw=losses_kw,
        ride_through_s=ride_s,
        generator_start_s=sets.row.start_s if sets else None,
        generator_fuel_hours=hours,
        generator_mean_load_fraction=mean,
        grid_worst_kw=worst_kw,
    )


def _with_batteries(units: Sequence[ChainUnit], catalog: Catalog, ride_s: float | None, grid_kw: float) -> float | None:
    """Let battery systems at the main switchboards carry all, before the UPS' own batteries carry the racks."""
    energy_kwh = 0.0
    for unit in units:
        row = catalog.get(PowerStage, unit.item)
        if row.stage == "bess":
            energy_kwh += (row.energy_kwh or 0.0) * unit.rating_kw / (row.rating_kw or unit.rating_kw)
    if not energy_kwh or grid_kw <= 0:
        return ride_s
    return (ride_s or 0.0) + energy_kwh * S_PER_HOUR / grid_kw


def _note_generators(sets: _Sets, mean: float, ride_s: float | None, notes: Notes, grid: bool, declared: bool) -> None:
    """Note generators that would run above what they may in the mean of a day, or that start too late."""
    row, average = sets.row, sets.row.average_fraction
    if average is not None and mean > average * (1 + 1e-9):
        message = (
            f"when the grid is out, the generators carry {figure(100 * mean)} % of what the site leaves of their rating while"
            f" design load lasts; {row.name} may carry {figure(100 * average)} % in the mean of 24 hours (ISO 8528-1)"
        )
        path = "power.chain" if declared else "power.generator"
        notes.error("generator-mean", path, message, "more sets, or sets rated for continuous load", mean, average, "")
    if not grid:  # none that fails: the sets run all year
        return
    if ride_s is not None and row.start_s is not None and ride_s < row.start_s:
        message = (
            f"batteries carry the racks for {figure(ride_s)} s at design load;"
            f" the generators carry load only after {figure(row.start_s)} s"
        )
        hint = "larger batteries, or sets that start faster"
        notes.warn("ride-through", "power.battery_minutes", message, hint, ride_s, row.start_s, "s")
    if ride_s is None and row.start_s is not None:
        message = f"no UPS or battery carries the racks until the generators do, {figure(row.start_s)} s after the grid fails"
        hint = "a UPS, or power.bess; or nodes that may stop at every outage of the grid"
        notes.warn("ride-through", "power.chain" if declared else "power.ups", message, hint, 0.0, row.start_s, "s")
