"""Chains by a scheme: sized for every single transfer, the same drawn and in short, energy conserved, nothing counted twice."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from chain_parts import chain_of
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import CATALOG, plan_of, simple
from planner.catalog import Catalog
from planner.catalog.records import PowerStage
from planner.models.chain import Feed, Unit, flow, single_outages
from planner.models.losses import input_kw
from planner.plan import Plan
from planner.plan_facility import ChainLoad, ChainUnit
from planner.steps.facility import ChainDesign
from planner.steps.losses import loss_law

SCHEMES = ("N", "N+1", "2N", "3N/2", "4N/3", "block")
NONE = {f"{stage}": f"{stage}-none" for stage in ("transformer", "switchgear", "ups", "distribution", "generator")}
HOURS = np.linspace(0.3, 1.0, 50)


def errors(notes: Any) -> list[str]:
    return [finding.message for finding in notes.findings() if finding.severity == "error"]


def lost(design: ChainDesign, *loads: float) -> dict[str, float]:
    return {stage: float(kw) for stage, kw in design.losses_kw(*map(np.asarray, loads)).items()}


def rated(row_id: str, rating_kw: float | None) -> Catalog:
    """The catalog with another rating of one row."""
    row = CATALOG.get(PowerStage, row_id).model_copy(update={"rating_kw": rating_kw})
    return replace(CATALOG, rows={**CATALOG.rows, "power_stages": {**CATALOG.rows["power_stages"], row_id: row}})


def by_scheme() -> st.SearchStrategy[dict[str, Any]]:
    def rows(stage: str) -> st.SearchStrategy[str]:
        return st.sampled_from([row.id for row in CATALOG.all(PowerStage) if row.stage == stage])

    stages = {stage: rows(stage) for stage in ("transformer", "switchgear", "ups", "distribution", "generator", "bess")}
    more = {"utility_feeds_count": st.integers(1, 3), "generator_redundancy": st.sampled_from(["N", "N+1", "N+2", "2N"])}
    return st.fixed_dictionaries({"redundancy": st.sampled_from(SCHEMES)}, optional={**stages, **more})


@given(
    power=by_scheme(),
    it_kw=st.floats(20, 30_000),
    rack_kw=st.floats(5, 600),
    cooling=st.floats(0, 0.5),
    elevation_m=st.floats(0, 3000),
)
@settings(max_examples=60, deadline=None)
def test_any_scheme_keeps_its_limits_in_every_single_transfer(
    power: dict[str, Any], it_kw: float, rack_kw: float, cooling: float, elevation_m: float
) -> None:
    racks = max(round(it_kw / rack_kw), 1)
    loads = {"pumps_kw": 0.02 * it_kw, "cooling_kw": cooling * it_kw, "house_kw": 0.01 * it_kw}
    design, notes = chain_of(it_kw, racks, site_m=(elevation_m, 44.0), power=power, **loads)
    assert errors(notes) == []
    for unit in design.units:
        assert unit.load_kw <= unit.load_worst_kw <= unit.limit_kw * (1 + 1e-6), unit
        assert unit.limit_kw <= unit.rating_kw * (1 + 1e-12)
    # Everything hangs on the chain once.
    total_kw = it_kw + sum(loads.values())
    assert sum(feed.power_kw for feed in design.feeds) == pytest.approx(total_kw)
    assert sum(feed.racks for feed in design.feeds) == racks
    assert sum(feed.gpus for feed in design.feeds) == 8 * racks
    # Energy in is loads and losses; the closed form is the graph.
    grid_kw = sum(unit.load_kw + unit.loss_kw for unit in design.units if unit.stage == "utility")
    losses = lost(design, it_kw, loads["pumps_kw"], loads["cooling_kw"], loads["house_kw"])
    assert grid_kw == pytest.approx(total_kw + sum(losses.values()), rel=1e-9)
    for stage in design.stages:
        units = [unit for unit in design.units if unit.stage == stage.stage]
        assert losses[stage.stage] == pytest.approx(stage.loss_kw, abs=1e-9)
        assert sum(unit.loss_kw for unit in units) == pytest.approx(stage.loss_kw, rel=1e-9, abs=1e-9 * it_kw)
        assert sum(unit.load_kw for unit in units) == pytest.approx(stage.output_kw, rel=1e-9, abs=1e-9 * it_kw)
    # In short: the same to the last digit, without units but for battery systems.
    short, _ = chain_of(it_kw, racks, drawn=False, site_m=(elevation_m, 44.0), power=power, **loads)
    assert {unit.stage for unit in short.units} <= {"bess"}
    assert sum(unit.rating_kw for unit in short.units) == pytest.approx(
        sum(u.rating_kw for u in design.units if u.stage == "bess")
    )
    # The most that the site takes in any single outage, as every outage of the whole chain has it; a line can carry it.
    lines = [unit for unit in design.units if unit.stage == "utility"]
    assert all(unit.sized and unit.rating_kw == pytest.approx(design.grid_worst_kw) for unit in lines)
    assert grid_kw <= design.grid_worst_kw * (1 + 1e-12)
    if len(lines) == 1:
        assert design.grid_worst_kw == pytest.approx(lines[0].load_worst_kw, rel=1e-9)
    blank = {"units": (), "feeds": (), "stranded": (), "losses_kw": None}
    assert replace(short, **blank) == replace(design, **blank)
    assert lost(short, it_kw, 1.0, 2.0, 3.0) == lost(design, it_kw, 1.0, 2.0, 3.0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_losses_of_many_hours_are_those_of_each_and_grow_with_the_load(scheme: str) -> None:
    design, _ = chain_of(power={"redundancy": scheme}, drawn=False)
    loads = (8000 * HOURS, 160 * HOURS, 900 * HOURS, np.full(HOURS.size, 80.0))
    hours = design.losses_kw(*loads)
    for number in (0, 20, 49):
        assert {stage: float(kw[number]) for stage, kw in hours.items()} == pytest.approx(
            lost(design, *(float(load[number]) for load in loads))
        )
    for stage in ("utility", "transformer", "switchgear", "distribution"):
        assert np.all(np.diff(hours[stage]) >= 0)
    total = sum(hours.values()) + sum(loads)
    assert np.all(np.diff(total) > 0)


@given(low=st.floats(10, 30_000), more=st.floats(0, 5000), scheme=st.sampled_from(SCHEMES))
@settings(max_examples=40, deadline=None)
def test_a_larger_factory_never_needs_fewer_units_of_any_stage(low: float, more: float, scheme: str) -> None:
    counts = []
    for it_kw in (low, low + more):
        racks = max(round(it_kw / 40), 1)
        design, _ = chain_of(
            40.0 * racks,
            racks,
            pumps_kw=0.8 * racks,
            cooling_kw=4.0 * racks,
            house_kw=0.4 * racks,
            power={"redundancy": scheme},
        )
        counts.append(Counter(unit.stage for unit in design.units))
    assert all(counts[1][stage] >= count for stage, count in counts[0].items()), counts


@pytest.mark.parametrize(
    ("scheme", "share"), [("N", 1.0), ("N+1", 4 / 5), ("2N", 1 / 2), ("3N/2", 2 / 3), ("4N/3", 3 / 4), ("block", 5 / 6)]
)
def test_a_full_block_uses_the_share_of_its_boards_that_the_closed_form_allows(scheme: str, share: float) -> None:
    # Small racks and a chain without losses: boards can be filled to the brim, and are.
    power = {**NONE, "redundancy": scheme, "switchgear": "switchboard-4000a"}
    design, notes = chain_of(30_000.0, 30_000, pumps_kw=0, cooling_kw=0, house_kw=0, power=power)
    assert errors(notes) == []
    first = [unit for unit in design.units if re.fullmatch("board-1([a-z]|)(-[0-9]+)?", unit.name)]
    assert sum(unit.load_kw for unit in first) / sum(unit.limit_kw for unit in first) == pytest.approx(share, rel=2e-3)
    assert max(unit.load_worst_kw / unit.limit_kw for unit in first) == pytest.approx(1, rel=2e-3)


def test_breakers_carry_80_percent_or_what_the_file_says() -> None:
    for fraction in (None, 0.6, 1.0):
        design, _ = chain_of(power={"continuous_fraction": fraction})
        for unit in design.units:
            usable = 0.8 if fraction is None else fraction
            if unit.stage in ("switchgear", "distribution"):
                assert unit.limit_kw == pytest.approx(usable * unit.rating_kw)
            elif unit.stage in ("transformer", "ups"):
                assert unit.limit_kw == unit.rating_kw
        board = next(unit for unit in design.units if unit.stage == "switchgear")
        assert board.rating_kw == pytest.approx(3**0.5 * 0.415 * 4000, rel=1e-3)
        assert board.current_worst_a == pytest.approx(board.load_worst_kw / (3**0.5 * 0.415))


@pytest.mark.parametrize(
    ("site", "left"), [((0.0, 25.0), 1.0), ((1500.0, 45.0), 0.90), ((2000.0, 40.0), 0.90), ((3500.0, 30.0), 0.65)]
)
def test_thin_and_hot_air_needs_more_generators(site: tuple[float, float], left: float) -> None:
    # The engine's table is worse than the alternator's 0.9409 at 1,500 m and 45 C.
    design, notes = chain_of(site_m=site)
    sets = [unit for unit in design.units if unit.stage == "generator"]
    assert all(unit.limit_kw == pytest.approx(left * 2500) for unit in sets)
    low, _ = chain_of(site_m=(0.0, 20.0))
    assert len(sets) >= sum(unit.stage == "generator" for unit in low.units)
    assert f"{left:.1%} of the rating" in next(a.statement for a in notes.assumptions() if a.path == "power.generator_derating")


def test_where_the_alternator_is_the_weaker_one_it_counts() -> None:
    design, _ = chain_of(site_m=(3000.0, 40.0), power={"generator": "generator-diesel-2500kw"})
    left = next(unit.limit_kw / unit.rating_kw for unit in design.units if unit.stage == "generator")
    assert left == pytest.approx(min(0.85, 1 - 0.03 * 2000 / 500))


def test_generators_stay_below_their_mean_of_a_day_and_carry_all_with_one_out() -> None:
    for redundancy, spare in (("N", 0), ("N+1", 1), ("N+2", 2)):
        design, notes = chain_of(power={"generator_redundancy": redundancy, "generator": "generator-diesel-2000kw-dcp"})
        sets = [unit for unit in design.units if unit.stage == "generator"]
        behind = sum(stage.output_kw for stage in design.stages if stage.stage == "transformer")
        assert len(sets) == -(-behind // 2000) + spare
        assert design.generator_mean_load_fraction == pytest.approx(behind / (2000 * len(sets)))
        worst = behind / (len(sets) - (1 if spare else 0))
        assert sets[0].load_worst_kw == pytest.approx(worst)
        assert errors(notes) == []
    design, _ = chain_of(power={"generator_redundancy": "N"})
    assert design.generator_mean_load_fraction is not None
    assert design.generator_mean_load_fraction <= 0.7, "ISO 8528-1: prime power in the mean of 24 hours"
    assert design.generator_start_s == 10


def test_fuel_lasts_as_long_as_the_file_says_and_the_tank_is_noted() -> None:
    design, notes = chain_of(power={"fuel_hours": 24.0})
    behind = sum(stage.output_kw for stage in design.stages if stage.stage == "transformer")
    statement = next(a.statement for a in notes.assumptions() if a.path == "power.fuel_hours")
    assert design.generator_fuel_hours == 24
    sets = [unit for unit in design.units if unit.stage == "generator"]
    burnt = 0.27 * (0.1 * sum(unit.rating_kw for unit in sets) + 0.9 * behind)  # a tenth of full flow without load
    assert f"tanks of {24 * burnt:,.0f} l" in statement


def test_batteries_last_longer_at_part_load_and_a_short_one_is_said() -> None:
    design, notes = chain_of(power={"redundancy": "2N"})
    fullest = max(unit.load_kw / unit.rating_kw for unit in design.units if unit.stage == "ups")
    assert design.ride_through_s == pytest.approx(300 / fullest)
    assert notes.found("ride-through", "power.battery_minutes") is None
    design, notes = chain_of(power={"battery_minutes": 0.1, "redundancy": "N"})
    assert design.ride_through_s is not None
    assert design.ride_through_s < 10
    assert notes.found("ride-through", "power.battery_minutes") is not None
    design, notes = chain_of(power={"ups": "ups-none"})
    assert design.ride_through_s == 0.0, "generators start, and nothing carries the racks until they do"
    assert design.generator_start_s == 10
    assert "power.ride_through" not in {each.path for each in notes.assumptions()}
    finding = notes.found("ride-through", "power.ups")
    assert finding is not None
    assert (finding.severity, finding.value, finding.limit, finding.unit) == ("warning", 0.0, design.generator_start_s, "s")
    design, notes = chain_of(power={"battery_minutes": 0.0})
    assert design.ride_through_s == 0.0
    finding = notes.found("ride-through", "power.battery_minutes")
    assert finding is not None
    assert (finding.value, finding.limit) == (0.0, 10)
    design, notes = chain_of(power={"ups": "ups-none", "generator": "generator-none"})
    assert notes.found("ride-through", "power.ups") is None
    assert design.ride_through_s is None, "nothing to wait for"


def test_generators_without_fuel_are_said() -> None:
    design, notes = chain_of(power={"fuel_hours": 0.0})
    finding = notes.found("no-fuel", "power.fuel_hours")
    assert finding is not None
    assert (finding.severity, finding.value, design.generator_fuel_hours) == ("warning", 0.0, 0.0)
    assert chain_of(power={"fuel_hours": 1.0})[1].found("no-fuel", "power.fuel_hours") is None


def test_a_set_without_a_rating_carries_its_worst_load_and_no_more() -> None:
    catalog = rated("generator-diesel-2500kw", None)
    design, notes = chain_of(catalog=catalog)
    assert errors(notes) == []
    sets = [unit for unit in design.units if unit.stage == "generator"]
    assert len(sets) == 2
    assert all(unit.sized and unit.load_worst_kw == pytest.approx(unit.limit_kw) for unit in sets)
    assert design.generator_mean_load_fraction == pytest.approx(0.5)


def test_the_feed_is_held_against_the_worst_outage() -> None:
    """A feed that is enough with nothing out, but not when what is left works harder."""
    design, _ = chain_of(power={"redundancy": "3N/2"})
    normal_kw = next(unit.load_kw for unit in design.units if unit.stage == "utility")
    assert normal_kw * 1.001 < design.grid_worst_kw
    for lines in (1, 2):
        power = {"redundancy": "3N/2", "utility_feeds_count": lines}
        made, _ = chain_of(site={"country": "US", "grid_feed_kw": normal_kw}, power=power)
        assert made.grid_worst_kw == pytest.approx(design.grid_worst_kw, rel=1e-12)
        units = [unit for unit in made.units if unit.stage == "utility"]
        assert all(unit.rating_kw == normal_kw and not unit.sized for unit in units)

    def planned(feed_kw: float) -> Plan:
        return plan_of(simple(power={"redundancy": "3N/2"}, site={"country": "US", "grid_feed_kw": feed_kw}))

    roomy = planned(1e4)
    (limit,) = (each for each in roomy.limits if each.code == "grid-feed")
    assert roomy.power.facility_kw < limit.value < 1.02 * roomy.power.facility_kw
    short = planned((roomy.power.facility_kw + limit.value) / 2)
    (finding,) = (each for each in short.findings if each.severity == "error")
    assert (finding.code, finding.path, finding.value) == ("grid-feed", "site.grid_feed", limit.value)
    assert "in its worst single outage" in finding.message
    assert not planned(limit.value).has_error()


def test_units_of_the_catalog_s_rating_are_not_sized() -> None:
    design, _ = chain_of()
    assert {unit.stage for unit in design.units if unit.sized} == {"utility"}


def test_a_line_with_a_rating_of_its_own_is_held_against_it() -> None:
    catalog = rated("utility-feed", 9000.0)
    design, notes = chain_of(catalog=catalog)
    line = next(unit for unit in design.units if unit.stage == "utility")
    assert (line.rating_kw, line.sized) == (9000, False)
    finding = notes.found("chain-overload", "catalog.power_stages.utility-feed")
    assert finding is not None
    assert (finding.value, finding.limit) == (pytest.approx(line.load_kw), 9000)


def test_a_battery_system_carries_all_first_and_loses_while_it_stands_by() -> None:
    design, _ = chain_of(power={"bess": "bess-1900kw-3900kwh"})
    units = [unit for unit in design.units if unit.stage == "bess"]
    law = loss_law(CATALOG.get(PowerStage, "bess-1900kw-3900kwh"), CATALOG)
    assert all(unit.loss_kw == pytest.approx(input_kw(law, 0.0)) for unit in units)
    grid_kw = design.stages[0].output_kw
    fullest = max(unit.load_kw / unit.rating_kw for unit in design.units if unit.stage == "ups")
    assert design.ride_through_s == pytest.approx(300 / fullest + 3600 * 3900 * len(units) / grid_kw)


def test_stages_that_are_none_drop_out() -> None:
    design, notes = chain_of(power=NONE)
    assert [stage.stage for stage in design.stages] == ["utility"]
    assert {unit.stage for unit in design.units} == {"utility"}
    assert sum(lost(design, 8000, 160, 900, 80).values()) == 0
    assert design.generator_start_s is None
    assert design.generator_fuel_hours is None
    assert design.generator_mean_load_fraction is None
    assert errors(notes) == []
    for stage in ("transformer", "switchgear", "ups", "distribution", "generator"):
        design, notes = chain_of(power={stage: f"{stage}-none"})
        assert stage not in {unit.stage for unit in design.units}
        assert errors(notes) == []


def test_the_waterfall_goes_down_from_the_grid_to_the_racks() -> None:
    design, _ = chain_of()
    assert [stage.stage for stage in design.stages] == ["utility", "transformer", "switchgear", "ups", "distribution"]
    utility, transformer, board, ups, busway = design.stages
    assert transformer.output_kw + transformer.loss_kw == pytest.approx(utility.output_kw)
    assert board.output_kw + board.loss_kw == pytest.approx(transformer.output_kw)
    assert ups.output_kw + ups.loss_kw + 900 + 80 == pytest.approx(board.output_kw)
    assert busway.output_kw + busway.loss_kw + 160 == pytest.approx(ups.output_kw)
    assert busway.output_kw == pytest.approx(8000)
    for stage in design.stages:
        assert stage.efficiency_fraction == pytest.approx(stage.output_kw / (stage.output_kw + stage.loss_kw))


@given(it_kw=st.floats(200, 30_000), scheme=st.sampled_from(SCHEMES), feed=st.none() | st.floats(1.2, 3))
@settings(max_examples=40, deadline=None)
def test_every_stage_s_capacity_is_parted_without_rest(it_kw: float, scheme: str, feed: float | None) -> None:
    racks = max(round(it_kw / 40), 1)
    site = {"country": "US", "grid_feed_kw": feed * 1.3 * it_kw} if feed else {"country": "US"}
    loads = {"pumps_kw": 0.02 * it_kw, "cooling_kw": 0.1 * it_kw, "house_kw": 0.01 * it_kw}
    design, _ = chain_of(it_kw, racks, site=site, power={"redundancy": scheme}, **loads)
    installed = Counter[str]()
    for unit in design.units:
        installed[unit.stage] += unit.rating_kw
    assert {each.stage for each in design.stranded} - {"utility"} == {
        "transformer", "switchgear", "generator", "ups", "distribution",
    }  # fmt: skip
    for each in design.stranded:
        assert each.installed_kw == pytest.approx(installed[each.stage])
        assert each.reserve_kw + each.used_kw + each.reachable_kw + each.stranded_kw == pytest.approx(each.installed_kw)
        assert min(each.reserve_kw, each.reachable_kw, each.stranded_kw) >= -1e-6 * it_kw
    # What is said to be within reach is: that many more kW of racks keep every limit of the same units, block by block.
    reachable = next(each for each in design.stranded if each.stage == "distribution").reachable_kw
    assert reachable == 0 or any(each.reachable_kw > 0 for each in design.stranded if each.stage == "ups")


def test_stranded_capacity_of_one_block_by_hand() -> None:
    power = {"redundancy": "2N", "generator": "generator-none"}
    design, _ = chain_of(1000.0, 10, pumps_kw=0, cooling_kw=0, house_kw=0, power=power)
    units = {unit.stage: unit for unit in design.units}
    growth = min(unit.limit_kw / unit.load_worst_kw for stage, unit in units.items() if stage != "utility")
    ups = next(each for each in design.stranded if each.stage == "ups")
    assert ups.reachable_kw == pytest.approx(ups.used_kw * (growth - 1))
    assert ups.stranded_kw == pytest.approx(ups.used_kw * (units["ups"].limit_kw / units["ups"].load_worst_kw - growth))
    assert ups.reserve_kw == pytest.approx(ups.installed_kw / 2, rel=0.02), "2N keeps half in reserve"


def test_racks_are_dealt_in_the_order_of_the_rows() -> None:
    design, _ = chain_of(8000.0, 60, power={"redundancy": "2N"})
    racks = [feed for feed in design.feeds if feed.kind == "racks"]
    assert [row for feed in racks for row in feed.rows] == sorted(row for feed in racks for row in feed.rows)
    assert {row for feed in racks for row in feed.rows} == {"A", "B", "C", "D"}
    assert all(len(feed.fed_by) == 2 for feed in racks)
    for before, after in pairwise(racks):
        assert before.rows[-1] <= after.rows[0]


def test_more_lines_share_the_load_and_each_can_carry_all() -> None:
    design, _ = chain_of(power={"utility_feeds_count": 3})
    lines = [unit for unit in design.units if unit.stage == "utility"]
    assert len(lines) == 3
    total = sum(unit.load_kw for unit in lines)
    assert all(unit.load_kw == pytest.approx(total / 3) for unit in lines)
    assert all(unit.rating_kw == pytest.approx(design.grid_worst_kw) for unit in lines)
    assert total < design.grid_worst_kw < 1.01 * total
    assert lines[0].load_worst_kw == pytest.approx(total / 2)
    assert next(u.worst_when for u in design.units if u.stage == "generator").startswith("the utility and generator-")


def test_what_changes_nothing_is_said() -> None:
    power = {"generator": "generator-none", "fuel_hours": 12.0, "generator_redundancy": "2N", "ups": "ups-none"}
    _, notes = chain_of(power={**power, "battery_minutes": 3.0})
    for name in ("fuel_hours", "generator_redundancy", "battery_minutes"):
        assert notes.found("not-used", f"power.{name}") is not None


def test_large_chains_are_quick() -> None:
    def seconds(drawn: bool, **data: Any) -> float:
        start = time.perf_counter()
        chain_of(150_000.0, 3750, drawn, 3000.0, 18_000.0, 1500.0, **data)
        return time.perf_counter() - start

    for scheme in ("N+1", "4N/3"):
        assert min(seconds(True, power={"redundancy": scheme}) for _ in range(2)) < 0.6
        assert min(seconds(False, power={"redundancy": scheme}) for _ in range(3)) < 0.05


def graph_of(design: ChainDesign) -> tuple[list[Unit], list[Feed]]:
    """Build the chain again from what the plan says of it alone."""
    place = {unit.name: number for number, unit in enumerate(design.units)}

    def feed(each: ChainUnit | ChainLoad) -> Feed:
        return Feed(tuple(map(place.__getitem__, each.fed_by)), tuple(map(place.__getitem__, each.backed_by)), each.needs_count)

    units = [
        Unit(loss_law(CATALOG.get(PowerStage, unit.item), CATALOG, unit.rating_kw), feed(unit), unit.stage == "generator")
        for unit in design.units
    ]
    return units, [feed(each) for each in design.feeds]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("it_kw", [700.0, 9000.0])
def test_the_plan_s_units_alone_give_its_loads_and_its_worst_transfers(scheme: str, it_kw: float) -> None:
    power = {"redundancy": scheme, "utility_feeds_count": 2, "generator_redundancy": "N"}
    design, _ = chain_of(it_kw, round(it_kw / 130), pumps_kw=10, cooling_kw=100, house_kw=10, power=power)
    units, feeds = graph_of(design)
    kw = np.array([feed.power_kw for feed in design.feeds])
    grid = [unit.stage == "utility" for unit in design.units]
    out = np.vstack([np.zeros((1, len(units))), np.eye(len(units)), grid]).T.astype(bool)
    brute = flow(units, feeds, kw, out)  # every single outage of the whole chain, and the grid's
    assert [unit.load_kw for unit in design.units] == pytest.approx(brute.output_kw[:, 0])
    assert [unit.load_worst_kw for unit in design.units] == pytest.approx(brute.output_kw.max(axis=1))
    served = brute.served[:, 1:-1].all(axis=0)
    for unit, kept in zip(design.units, served, strict=True):
        # The promise: whole systems or single modules may fail. A busway on one side is nobody's spare.
        redundant = {"N": (), "N+1": ("transformer", "switchgear", "ups"), "block": ("transformer", "switchgear", "ups")}
        if unit.stage in redundant.get(scheme, ("transformer", "switchgear", "ups", "distribution")):
            assert kept, unit.name
    assert brute.served[:, -1].all(), "generators carry everything when the grid is out"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_within_reach_can_be_carried_and_more_cannot(scheme: str) -> None:
    design, _ = chain_of(
        700.0, 6, pumps_kw=10, cooling_kw=100, house_kw=10, power={"redundancy": scheme, "generator": "generator-none"}
    )
    units, feeds = graph_of(design)
    limits = np.array([unit.limit_kw if unit.stage != "utility" else np.inf for unit in design.units])
    factor = min(unit.limit_kw / unit.load_worst_kw for unit in design.units if unit.stage != "utility")
    busways = next(each for each in design.stranded if each.stage == "distribution")
    assert busways.reachable_kw == pytest.approx(busways.used_kw * (factor - 1))
    for more, fits in ((0.99, True), (1.02, False)):
        worst = single_outages(units, feeds, np.array([feed.power_kw for feed in design.feeds]) * factor * more)
        assert bool(np.all(worst.worst_kw <= limits)) == fits
