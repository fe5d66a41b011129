"""Availability of hand-made chains against the sum over all states, closed forms and trials."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from chains import SCHEMES, Chain, cooling, cooling_units, hall, plant, racks, scheme_2n, scheme_block, scheme_n, unit
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.catalog import Catalog, load_catalog
from planner.catalog.records import CoolingUnit, PowerStage, Reliability
from planner.models.diagrams import diagram, diagram_unavailability
from planner.models.reliability import common_cause_unavailability, k_of_n_unavailability, standby_unavailability
from planner.plan_facility import AvailabilityPlan, ChainLoad, ChainUnit, CoolingPlan
from planner.steps import availability as step
from planner.steps.alike import alike
from planner.steps.availability import plan_availability, rack_minutes_per_year
from planner.steps.blocks import standing_by, wire
from planner.steps.notes import Notes
from planner.steps.restarts import unbridged

MINUTES = 8760 * 60


def catalog_of(change: Callable[[Reliability], Mapping[str, float]] = lambda _: {}) -> Catalog:
    """Return the catalog with failures a hundred times as frequent, so that many at once matter, and one's own changes."""
    base = load_catalog()
    rows = {}
    for row in base.all(Reliability):
        plain = {"mtbf_hours": row.mtbf_hours / 100, "beta_fraction": 0.0, "maintenance_hours_per_year": 0.0}
        rows[row.id] = row.model_copy(update={**plain, **change(row)})
    return replace(base, rows=MappingProxyType({**base.rows, "reliability": MappingProxyType(rows)}))


def planned(chain: Chain, catalog: Catalog | None = None, cooled: CoolingPlan | None = None) -> AvailabilityPlan:
    return plan_availability(catalog or catalog_of(), Notes(), *chain, cooled or cooling())


def powered(chain: Chain, up: Mapping[str, bool]) -> dict[str, bool]:
    """Say which loads have power in one state: the referee. A backing carries as many as its ratings allow, or nobody."""
    units, loads = chain
    known = {each.name: each for each in units}
    users: dict[tuple[str, ...], list[ChainUnit | ChainLoad]] = {}
    for each in (*units, *loads):
        if each.backed_by:
            users.setdefault(each.backed_by, []).append(each)

    def draw_kw(each: ChainUnit | ChainLoad) -> float:
        return each.load_kw + each.loss_kw if isinstance(each, ChainUnit) else each.power_kw

    def on_mains(each: ChainUnit | ChainLoad) -> bool:
        return sum(live(name) for name in each.fed_by) >= each.needs_count

    def live(name: str) -> bool:
        each = known[name]
        return up[name] and (not (each.fed_by or each.backed_by) or served(each))

    def served(each: ChainUnit | ChainLoad) -> bool:
        if on_mains(each):
            return True
        if not each.backed_by:
            return False
        together = users[each.backed_by]
        whole_kw = sum(draw_kw(user) for user in together)
        room_kw = sum(known[name].limit_kw for name in each.backed_by)
        # built for all at once: as many must live as carry all of these
        leaning = together if room_kw >= whole_kw - 1e-6 else [user for user in together if not on_mains(user)]
        need_kw = sum(draw_kw(user) for user in leaning)
        alive = [known[name].limit_kw for name in each.backed_by if live(name)]
        return bool(alive) and sum(alive) >= need_kw - 1e-6

    return {load.name: served(load) for load in loads}


def enumerated(chain: Chain, q: Mapping[str, float], down: Callable[[dict[str, bool]], bool]) -> float:
    """Add up the probabilities of all states of the chain in which something is down."""
    names = list(q)
    total = 0.0
    for state in itertools.product((True, False), repeat=len(names)):
        up = dict(zip(names, state, strict=True))
        if down(powered(chain, up)):
            total += math.prod(1 - q[name] if up[name] else q[name] for name in names)
    return total


def fractions(chain: Chain, catalog: Catalog) -> dict[str, float]:
    """Unavailability of every unit by the catalog's rows, without common causes; generators stand in for the utility."""
    rows = {row.id: row for row in catalog.all(Reliability)}
    found = {}
    for each in chain[0]:
        row = rows[each.stage]
        found[each.name] = row.mttr_hours / (row.mtbf_hours + row.mttr_hours)
        if each.stage == "generator":
            found[each.name] = standby_unavailability(
                1.0, row.start_failure_fraction, row.mtbf_hours, rows["utility"].mttr_hours
            )
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_is_the_sum_over_all_states(scheme: str) -> None:
    chain, catalog = SCHEMES[scheme](), catalog_of()
    plan = planned(chain, catalog)
    q = fractions(chain, catalog)
    each = {load.name: enumerated(chain, q, lambda on, name=load.name: not on[name]) for load in chain[1]}  # type: ignore[misc]
    anyone = enumerated(chain, q, lambda on: not all(on.values()))
    assert plan.rack_power_minutes_per_year / MINUTES == pytest.approx(max(each.values()), rel=1e-9)
    assert plan.rack_minutes_per_year == pytest.approx(plan.rack_power_minutes_per_year)
    assert 1 - plan.factory_availability_fraction == pytest.approx(anyone, rel=1e-6)


def test_common_causes_are_further_components() -> None:
    beta = 0.1
    chain, catalog = scheme_2n(), catalog_of(lambda _: {"beta_fraction": beta})
    rows = {row.id: row for row in catalog.all(Reliability)}
    q, common = fractions(chain, catalog), {}
    for stage in ("switchgear", "ups", "distribution", "generator"):
        row = rows[stage]
        own, together = common_cause_unavailability(row.mtbf_hours, row.mttr_hours, beta)
        for each in chain[0]:
            if each.stage == stage == "generator":
                own, together = q[each.name] * (1 - beta), q[each.name] * beta
            if each.stage == stage:
                q[each.name] = own
        common[stage] = together
    stage_of = {each.name: each.stage for each in chain[0]}
    relevant = {name: value for name, value in q.items() if not name.startswith("busway-2")} | common

    def down(up: dict[str, bool]) -> bool:
        alive = {name: up.get(name, True) and up.get(stage_of[name], True) for name in stage_of}
        return not powered(chain, alive)["row-a"]

    # "utility" is both a unit and a stage: it has no group of its own
    total = 0.0
    names = list(relevant)
    for state in itertools.product((True, False), repeat=len(names)):
        up = dict(zip(names, state, strict=True))
        if down(up):
            total += math.prod(1 - relevant[name] if up[name] else relevant[name] for name in names)
    assert planned(chain, catalog).rack_power_minutes_per_year / MINUTES == pytest.approx(total, rel=1e-9)


def test_maintenance_takes_one_unit_at_a_time() -> None:
    hours = 30.0
    catalog = catalog_of(lambda row: {} if row.id == "generator" else {"maintenance_hours_per_year": hours})
    chain = scheme_2n()
    q = fractions(chain, catalog)
    q = {name: value for name, value in q.items() if not name.startswith("busway-2")}
    full = {each.name: q.get(each.name, 0.0) for each in chain[0]}

    def down(on: dict[str, bool]) -> bool:
        return not on["row-a"]

    normal = enumerated(chain, full, down)
    expected = normal
    for name in q:
        if not name.startswith("generator"):
            expected += hours / 8760 * (enumerated(chain, {**full, name: 1.0}, down) - normal)
    assert planned(chain, catalog).rack_power_minutes_per_year / MINUTES == pytest.approx(expected, rel=1e-9)
    assert expected > 1.01 * normal


def test_a_generator_runs_as_long_as_what_it_stands_in_for_is_out() -> None:
    """With the utility and a transformer before the board, the mission is a mean over the time that either is out."""
    chain = (
        (
            unit("utility", "utility", 400, 1000),
            unit("transformer", "transformer", 400, 1000, ["utility"]),
            unit("generator", "generator", 0, 500),
            unit("board", "switchgear", 400, 500, ["transformer"], backed_by=["generator"]),
        ),
        (racks("row-a", 400, ["board"]),),
    )
    catalog = load_catalog()
    rows = {row.id: row for row in catalog.all(Reliability)}
    plan = plan_availability(catalog, Notes(), *chain, cooling())
    line = next(line for line in plan.components if line.item.startswith("generator"))
    row = rows["generator"]
    u, t = (rows[stage].mttr_hours / (rows[stage].mtbf_hours + rows[stage].mttr_hours) for stage in ("utility", "transformer"))
    ready = 1 - row.maintenance_hours_per_year / 8760
    parts = [(u * (1 - t), rows["utility"].mttr_hours), (t * (1 - u), rows["transformer"].mttr_hours)]
    lost = sum(
        part * standby_unavailability(ready, row.start_failure_fraction, row.mtbf_hours, hours) for part, hours in parts
    ) / sum(part for part, _ in parts)
    assert 1 - line.availability_fraction == pytest.approx(lost, rel=1e-9)
    assert lost > 1.5 * standby_unavailability(ready, row.start_failure_fraction, row.mtbf_hours, rows["utility"].mttr_hours)


@pytest.mark.parametrize(
    "column", ["mtbf_hours", "mttr_hours", "start_failure_fraction", "beta_fraction", "maintenance_hours_per_year"]
)
def test_no_column_of_the_catalog_is_without_effect(column: str) -> None:
    worse = {"mtbf_hours": 0.5, "mttr_hours": 2.0}
    base = catalog_of(lambda _: {"beta_fraction": 0.05, "maintenance_hours_per_year": 5.0})

    def change(row: Reliability) -> dict[str, float]:
        value = getattr(row, column)
        changed = value * worse[column] / (100 if column == "mtbf_hours" else 1) if column in worse else 0.2
        return {"beta_fraction": 0.05, "maintenance_hours_per_year": 5.0, column: 20.0 if "maintenance" in column else changed}

    before, after = planned(scheme_2n(), base), planned(scheme_2n(), catalog_of(change))
    assert after.rack_minutes_per_year > 1.02 * before.rack_minutes_per_year


def test_trials_agree_within_four_sigma() -> None:
    """States are drawn, and the referee says who has power."""
    chain, catalog = scheme_2n(), catalog_of(lambda row: {"mtbf_hours": row.mttr_hours * 9})
    q = fractions(chain, catalog)
    rng = np.random.default_rng(20_261_124)
    trials = 20_000
    names = list(q)
    states = rng.random((trials, len(names))) >= np.array([q[name] for name in names])
    kinds, counts = np.unique(states, axis=0, return_counts=True)
    lost = sum(
        int(count)
        for state, count in zip(kinds, counts, strict=True)
        if not powered(chain, dict(zip(names, state.tolist(), strict=True)))["row-a"]
    )
    exact = planned(chain, catalog).rack_power_minutes_per_year / MINUTES
    assert 0.02 < exact < 0.5
    assert abs(lost / trials - exact) < 4 * math.sqrt(exact * (1 - exact) / trials)


@st.composite
def chains_of_any_shape(draw: st.DrawFn) -> Chain:
    """Random chains: like units on shared buses, backings, needs; ratings so large that any backing is enough."""
    units: list[ChainUnit] = []
    stages = ["utility", "transformer", "ups"]
    for number in range(draw(st.integers(1, 8))):
        known = [each.name for each in units]
        fed_by = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        backed_by = draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if fed_by else []
        needs = draw(st.integers(1, max(len(fed_by), 1)))
        units.append(unit(f"u{number}", draw(st.sampled_from(stages)), 1, 1e6, fed_by, needs, backed_by))
    names = [each.name for each in units]
    loads = []
    for number in range(draw(st.integers(1, 2))):
        fed_by = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=4))
        loads.append(racks(f"row-{number}", 1, fed_by, needs_count=draw(st.integers(1, len(fed_by)))))
    return tuple(units), tuple(loads)


@settings(max_examples=60, deadline=None)
@given(chain=chains_of_any_shape())
def test_any_chain_is_the_sum_over_all_states(chain: Chain) -> None:
    q = {"utility": 0.3, "transformer": 0.2, "ups": 0.1}
    by_unit = {each.name: q[each.stage] for each in chain[0]}
    expected = [enumerated(chain, by_unit, lambda on, name=load.name: not on[name]) for load in chain[1]]  # type: ignore[misc]
    for merged in (False, True):
        wiring = wire(*chain, merged=merged)
        whole = [k_of_n_unavailability(block.needed_count, block.count, q[block.stage]) for block in wiring.blocks]
        graph = diagram(len(wiring.blocks), wiring.gates, wiring.feeds)
        assert diagram_unavailability(graph, whole) == pytest.approx(expected, abs=1e-12)


def test_like_units_that_serve_together_are_one_component() -> None:
    names = [f"ups-{number}" for number in range(40)]
    chain = (
        (
            unit("utility", "utility", 390, 1000),
            *(unit(name, "ups", 10, 10, ["utility"]) for name in names),
            unit("bus", "distribution", 390, 500, names, 39),
        ),
        (racks("row-a", 390, ["bus"]),),
    )
    wiring = wire(*chain, merged=True)
    assert [(block.stage, block.count, block.needed_count) for block in wiring.blocks] == [
        ("utility", 1, 1),
        ("ups", 40, 39),
        ("distribution", 1, 1),
    ]
    plan = planned(chain)
    row = next(row for row in catalog_of().all(Reliability) if row.id == "ups")
    group = k_of_n_unavailability(39, 40, row.mttr_hours / (row.mtbf_hours + row.mttr_hours))
    cut = next(cut for cut in plan.cut_sets if "2 of 40" in cut.components[0])
    assert cut.minutes_per_year == pytest.approx(group * MINUTES)


def test_a_catcher_carries_one_at_a_time() -> None:
    chain = scheme_block()
    up = {each.name: True for each in chain[0]}
    assert powered(chain, {**up, "ups-0": False})["row-0"]
    assert not powered(chain, {**up, "ups-0": False, "ups-1": False})["row-0"]
    cuts = {frozenset(cut.components) for cut in planned(chain).cut_sets}
    row = next(name for name in ("0", "1", "2") if frozenset({f"ups-{name}", "catcher"}) in cuts)
    others = [frozenset({f"ups-{row}", f"ups-{other}"}) for other in "012" if other != row]
    assert cuts == {frozenset({"utility"}), frozenset({f"ups-{row}", "catcher"}), *others}


def test_standing_by() -> None:
    assert standing_by(*scheme_2n()) == {"generator-a", "generator-b"}
    assert standing_by(*scheme_block()) == {"catcher"}


def test_more_redundancy_is_never_worse() -> None:
    catalog = load_catalog()
    minutes = [planned(SCHEMES[name](), catalog).rack_power_minutes_per_year for name in ("N", "N+1", "2N")]
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[-1] < 10 < minutes[0]


def test_cooling_alone_power_alone_and_both() -> None:
    chain = scheme_n()
    chain = (chain[0], (*chain[1], plant("cooling", "cooling", 50, ["board"])))
    units = cooling(cooling_units("pumps", "pump", 3, 2), cooling_units("cdus", "cdu", 2, 1, groups_count=10))
    catalog = catalog_of()
    plan = planned(chain, catalog, units)
    rows = {row.id: row for row in catalog.all(Reliability)}

    def q(row_id: str) -> float:
        return rows[row_id].mttr_hours / (rows[row_id].mtbf_hours + rows[row_id].mttr_hours)

    cdu = 1 - (1 - q("cdu-pump") ** 2) * (1 - q("cdu-controller"))
    shared = q("utility") * fractions(chain, catalog)["generator"]
    lone = q("pump")
    half = 3 * lone**2 * (1 - lone)  # one of two that are needed is left: half the racks stop
    cooled = (1 - half / 2 - lone**3) * (1 - cdu**2)
    board = (1 - shared) * (1 - q("switchgear"))
    power = board * (1 - q("ups")) * (1 - q("distribution"))
    assert plan.rack_power_minutes_per_year / MINUTES == pytest.approx(1 - power, rel=1e-9)
    assert plan.rack_cooling_minutes_per_year / MINUTES == pytest.approx(1 - board * cooled, rel=1e-9)
    assert plan.rack_availability_fraction == pytest.approx(power * cooled, rel=1e-12)
    all_racks = power * (1 - k_of_n_unavailability(2, 3, q("pump"))) * (1 - cdu**2) ** 10
    assert plan.factory_availability_fraction == pytest.approx(all_racks, rel=1e-9)


def test_minutes_alone_are_those_of_the_plan() -> None:
    catalog, cooled = load_catalog(), cooling(cooling_units("cdus", "cdu", 3, 2, groups_count=2))
    assert rack_minutes_per_year(catalog, *scheme_2n(), cooled) == planned(scheme_2n(), catalog, cooled).rack_minutes_per_year


def test_a_rack_needs_its_own_rear_door_only() -> None:
    catalog = catalog_of()
    row = next(row for row in catalog.all(Reliability) if row.id == "rear-door")
    q = row.mttr_hours / (row.mtbf_hours + row.mttr_hours)
    plan = planned(((), (racks("row-a", 1, []),)), catalog, cooling(cooling_units("doors", "rear-door", 75, 75)))
    assert plan.rack_cooling_minutes_per_year / MINUTES == pytest.approx(q, rel=1e-9)


def test_a_cdu_is_two_pumps_and_a_controller() -> None:
    line = next(
        line for line in planned(scheme_n(), None, cooling(cooling_units("cdus", "cdu", 2, 1))).components if "CDU" in line.name
    )
    rows = {row.id: row for row in catalog_of().all(Reliability)}
    pump, controller = rows["cdu-pump"], rows["cdu-controller"]
    q = pump.mttr_hours / (pump.mtbf_hours + pump.mttr_hours)
    out = 1 - (1 - q**2) * controller.mtbf_hours / (controller.mtbf_hours + controller.mttr_hours)
    assert line.availability_fraction == pytest.approx(1 - out, rel=1e-12)
    assert line.confidence == "assumption"
    assert line.mttr_hours < controller.mttr_hours  # two pumps under repair: the first one back ends it


def test_ranking_explains_the_outages() -> None:
    chain, catalog = scheme_n(), catalog_of()
    plan = planned(chain, catalog)
    q = fractions(chain, catalog)
    total = plan.rack_minutes_per_year / MINUTES
    ups = next(each for each in plan.ranking if each.name == "UPS module")
    without = enumerated(chain, {**q, "ups": 0.0}, lambda on: not on["row-a"])
    assert ups.fussell_vesely_fraction == pytest.approx(1 - without / total, rel=1e-6)
    assert ups.minutes_per_year == pytest.approx((total - without) * MINUTES, rel=1e-6)
    out = enumerated(chain, {**q, "ups": 1.0}, lambda on: not on["row-a"])
    assert ups.birnbaum_ratio == pytest.approx(out - without, rel=1e-6)
    shares = [each.fussell_vesely_fraction for each in plan.ranking]
    assert shares == sorted(shares, reverse=True)


def test_cut_sets_are_those_that_trying_finds() -> None:
    chain = scheme_2n()
    names = [each.name for each in chain[0] if not each.name.startswith("busway-2")]
    up = {each.name: True for each in chain[0]}
    cuts = [
        frozenset(out)
        for order in (1, 2, 3)
        for out in itertools.combinations(names, order)
        if not powered(chain, up | dict.fromkeys(out, False))["row-a"]
    ]
    minimal = {cut for cut in cuts if not any(other < cut for other in cuts)}
    q = fractions(chain, catalog_of())
    plan = planned(chain)
    assert {frozenset(cut.components) for cut in plan.cut_sets} == minimal
    for cut in plan.cut_sets:
        assert cut.minutes_per_year == pytest.approx(math.prod(q[name] for name in cut.components) * MINUTES)


def test_a_pair_of_equal_ups_is_one_minus_1_02e_9() -> None:
    chain = (
        (unit("ups-a", "ups", 50, 100), unit("ups-b", "ups", 50, 100)),
        (racks("row-a", 100, ["ups-a", "ups-b"]),),
    )
    catalog = catalog_of(lambda row: {"mtbf_hours": 250_000.0, "mttr_hours": 8.0} if row.id == "ups" else {})
    assert planned(chain, catalog).rack_power_minutes_per_year / MINUTES == pytest.approx(1.02e-9, abs=5e-12)


def test_a_bound_takes_the_place_of_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, catalog = hall(2, 3), catalog_of()
    exact = planned(chain, catalog)
    notes = Notes()
    monkeypatch.setattr(step, "NODES_MAX_COUNT", 500)
    loads = plan_availability(catalog, notes, *chain, cooling())
    assert "lower bound" in " ".join(each.statement for each in notes.assumptions())
    assert loads.rack_minutes_per_year == pytest.approx(exact.rack_minutes_per_year)
    assert exact.factory_availability_fraction > loads.factory_availability_fraction
    monkeypatch.setattr(step, "NODES_MAX_COUNT", 5)
    bound = plan_availability(catalog, notes, *chain, cooling())
    assert bound.rack_availability_fraction < exact.rack_availability_fraction
    assert bound.factory_availability_fraction < loads.factory_availability_fraction


def test_cooling_that_is_short_counts_by_its_missing_share() -> None:
    """Every state of the chain, of three pumps and of four chillers, and the share of the racks that it takes."""
    chain, loads = scheme_2n()
    boards = ["board-a", "board-b"]
    own = [plant(f"cooling-{each}", "cooling", kw, [each]) for each, kw in zip(boards, (50, 30), strict=True)]
    loads = (loads[0], *own, plant("pumps", "pumps", 5, boards))
    cooled = cooling(cooling_units("pumps", "pump", 3, 2, on_ups=True), cooling_units("chillers", "chiller", 4, 3))
    catalog = catalog_of()
    rows = {row.id: row for row in catalog.all(Reliability)}
    q = {name: value for name, value in fractions((chain, loads), catalog).items() if not name.startswith("busway-2")}
    lone = {name: rows[name].mttr_hours / (rows[name].mtbf_hours + rows[name].mttr_hours) for name in ("pump", "chiller")}

    def left(name: str, needed: int, count: int) -> float:
        """Add up what is left of the cooling in every state of a group's units."""
        total = 0.0
        for state in itertools.product((0, 1), repeat=count):
            chance = math.prod(1 - lone[name] if up else lone[name] for up in state)
            total += chance * min(sum(state) / needed, 1.0)
        return total

    whole = 0.0
    for state in itertools.product((True, False), repeat=len(q)):
        up = dict(zip(q, state, strict=True))
        on = powered((chain, loads), {each.name: up.get(each.name, True) for each in chain})
        live = 50 * on["cooling-board-a"] + 30 * on["cooling-board-b"]
        out = [on["cooling-board-a"], on["cooling-board-b"]].count(False)
        share = min(4 / 3 * (80, 30, 0)[out] / 80, 1.0)  # any one that is out counts as the larger one
        assert share <= min(4 / 3 * live / 80, 1.0)
        whole += math.prod(1 - q[n] if up[n] else q[n] for n in q) * (on["row-a"] and on["pumps"]) * share
    expected = whole * left("pump", 2, 3) * left("chiller", 3, 4)
    plan = planned((chain, loads), catalog, cooled)
    assert plan.rack_availability_fraction == pytest.approx(expected, rel=1e-12)


def test_one_of_two_is_half_of_the_racks_and_a_common_cause_all() -> None:
    nothing = (), (racks("row-a", 1, []),)
    rows = {row.id: row for row in catalog_of().all(Reliability)}
    q = rows["chiller"].mttr_hours / (rows["chiller"].mtbf_hours + rows["chiller"].mttr_hours)
    two = planned(nothing, None, cooling(cooling_units("chillers", "chiller", 2, 2)))
    assert two.rack_cooling_minutes_per_year / MINUTES == pytest.approx(q * (1 - q) + q**2)  # 2 q (1 - q) / 2 + q^2
    row = rows["chiller"]
    own, common = common_cause_unavailability(row.mtbf_hours, row.mttr_hours, 0.1)
    spare = planned(nothing, catalog_of(lambda _: {"beta_fraction": 0.1}), cooling(cooling_units("x", "chiller", 3, 2)))
    lost = 3 * own**2 * (1 - own) / 2 + own**3
    assert spare.rack_cooling_minutes_per_year / MINUTES == pytest.approx(1 - (1 - common) * (1 - lost))


def test_a_thousand_air_handlers_with_one_spare_are_no_outage() -> None:
    """Short of one of 1,483 a rack loses 1 / 1,483; the factory counts as out beyond a twentieth only."""
    nothing: Chain = (), ()
    many = planned(nothing, load_catalog(), cooling(cooling_units("crahs", "crah", 1484, 1483)))
    assert 0 < many.rack_cooling_minutes_per_year < 60
    assert many.factory_minutes_per_year < 60
    few = planned(nothing, load_catalog(), cooling(cooling_units("crahs", "crah", 8, 7)))
    assert few.factory_minutes_per_year > few.rack_minutes_per_year  # one of seven missing: not all racks run


def islands(count: int, odd: int = 0) -> Chain:
    """2N blocks with generators of their own that share only the utility; `odd`: how many racks the last one has more."""
    chain = [unit("utility", "utility", 200.0 * count, 400.0 * count)]
    loads: list[ChainLoad] = []
    for number in range(count):
        for side in "ab":
            chain += [
                unit(f"generator-{number}{side}", "generator", 0, 250),
                unit(f"board-{number}{side}", "switchgear", 100, 250, ["utility"], backed_by=[f"generator-{number}{side}"]),
                unit(f"ups-{number}{side}", "ups", 100, 250, [f"board-{number}{side}"]),
                unit(f"busway-{number}{side}", "distribution", 80, 200, [f"ups-{number}{side}"]),
            ]
        more = odd if number == count - 1 else 0
        load = racks(f"row-{number}", 160 + more, [f"busway-{number}{side}" for side in "ab"])
        loads += [
            load.model_copy(update={"racks": 4 + more}),
            plant(f"cooling-{number}", "cooling", 40, [f"board-{number}{side}" for side in "ab"]),
        ]
    return tuple(chain), tuple(loads)


@pytest.mark.parametrize("bridged", [True, False])
def test_three_of_many_like_blocks_stand_for_all(monkeypatch: pytest.MonkeyPatch, bridged: bool) -> None:
    chain, catalog = islands(14, odd=2), load_catalog()
    cooled = cooling(cooling_units("chillers", "chiller", 5, 4), cooling_units("cdus", "cdu", 3, 2, groups_count=4))
    few = plan_availability(catalog, Notes(), *chain, cooled, bridged=bridged)
    assert alike(*chain).copies == (13, 1)
    monkeypatch.setattr("planner.steps.alike.KEPT_COUNT", 99)
    whole = plan_availability(catalog, Notes(), *chain, cooled, bridged=bridged)
    assert not alike(*chain).reduced
    assert few.rack_minutes_per_year == pytest.approx(whole.rack_minutes_per_year, rel=1e-9)
    assert few.factory_minutes_per_year == pytest.approx(whole.factory_minutes_per_year, rel=1e-6)
    assert few.components == whole.components
    rows = [(row.like_count, row.racks_lost, row.gpus_lost, row.gpus_throttled, row.racks_at_risk) for row in whole.outages]
    assert [(r.like_count, r.racks_lost, r.gpus_lost, r.gpus_throttled, r.racks_at_risk) for r in few.outages] == rows
    pairs = [(row.racks_lost, row.gpus_throttled) for row in whole.double_outages]
    assert [(row.racks_lost, row.gpus_throttled) for row in few.double_outages] == pairs


@pytest.mark.parametrize("why", ["no battery", "no UPS"])
def test_racks_that_nothing_bridges_stop_with_every_failure_of_the_utility(why: str) -> None:
    catalog = load_catalog()
    chain = scheme_n()
    if why == "no UPS":
        none = unit("ups", "ups", 400, 500, ["board"]).model_copy(update={"item": "ups-none"})
        chain = tuple(none if each.name == "ups" else each for each in chain[0]), chain[1]
    notes = Notes()
    plan = plan_availability(catalog, notes, *chain, cooling(), bridged=why == "no UPS")
    rows = {row.id: row for row in catalog.all(Reliability)}
    q = {each: rows[each].mttr_hours / (rows[each].mtbf_hours + rows[each].mttr_hours) for each in ("switchgear", "ups")}
    line = next(line for line in plan.components if line.item.startswith("generator"))
    # how often the utility fails a year, while board and busway work and the generator starts and lasts
    busway = rows["distribution"].mttr_hours / (rows["distribution"].mtbf_hours + rows["distribution"].mttr_hours)
    times = 8760 / (rows["utility"].mtbf_hours + rows["utility"].mttr_hours)
    times *= line.availability_fraction * (1 - q["switchgear"]) * (1 - busway)
    times *= 1 - q["ups"] if why == "no battery" else 1
    steady = plan_availability(catalog, Notes(), *scheme_n(), cooling())
    if why == "no battery":
        assert plan.rack_minutes_per_year - steady.rack_minutes_per_year == pytest.approx(30 * times, rel=1e-6)
        assert plan.factory_minutes_per_year - steady.factory_minutes_per_year == pytest.approx(30 * times, rel=1e-6)
    else:
        assert plan.rack_power_minutes_per_year > 30 * times
    row = next(row for row in plan.outages if row.components == ("utility",))
    assert (row.racks_lost, row.gpus_lost) == (4, 32)
    assert row.note == "carried by generators; racks stop until generators carry"
    assert "utility" not in plan.not_maintainable
    assert "30 min" in " ".join(each.statement for each in notes.assumptions())
    assert plan.ranking[0].minutes_per_year > 0
    before = next(row for row in steady.outages if row.components == ("utility",))
    assert (before.racks_lost, before.note) == (0, "carried by generators")


def test_a_ups_on_one_of_two_ways_bridges() -> None:
    chain, loads = scheme_2n()
    assert unbridged(chain, loads, True) == [False, False]
    assert unbridged(chain, loads, False) == [True, True]
    bare = tuple(each.model_copy(update={"item": "ups-none"}) if each.name == "ups-b" else each for each in chain)
    assert unbridged(bare, loads, True) == [False, False]
    single = (loads[0].model_copy(update={"fed_by": ("busway-1b",)}), *loads[1:])
    assert unbridged(bare, single, True) == [True, False]


def test_what_is_not_equipment_never_fails() -> None:
    none = unit("ups", "ups", 400, 500, ["board"]).model_copy(update={"item": "ups-none"})
    chain = scheme_n()
    chain = tuple(none if each.name == "ups" else each for each in chain[0]), chain[1]
    assert all("UPS" not in line.name for line in planned(chain).components)
    one = plan_availability(catalog_of(), Notes(), *scheme_n(), cooling(), bridged=False)  # neither is bridged
    assert planned(chain).rack_power_minutes_per_year < one.rack_power_minutes_per_year


def test_a_users_own_row_of_an_item_counts_before_that_of_its_stage() -> None:
    base = load_catalog()
    own = next(row for row in base.all(Reliability) if row.id == "ups").model_copy(
        update={"id": "ups-double-conversion", "mtbf_hours": 1000.0, "name": "Mine"}
    )
    rows = MappingProxyType({**base.rows["reliability"], own.id: own})
    mine = replace(base, rows=MappingProxyType({**base.rows, "reliability": rows}))
    assert planned(scheme_n(), mine).rack_minutes_per_year > 3 * planned(scheme_n(), base).rack_minutes_per_year
    assert "Mine" in {line.name for line in planned(scheme_n(), mine).components}


def test_every_stage_and_role_of_the_catalog_has_rates() -> None:
    catalog = load_catalog()
    rows = {row.id for row in catalog.all(Reliability)}
    stages = {row.stage for row in catalog.all(PowerStage)} | {row.role for row in catalog.all(CoolingUnit)}
    assert stages - rows <= {"cdu"}
    assert {"cdu-pump", "cdu-controller"} <= rows


def test_a_chain_with_a_cycle_or_a_missing_feeder_ends() -> None:
    """Another step reports these; here they must only not hang."""
    loop = (unit("a", "ups", 1, 1, ["b"]), unit("b", "ups", 1, 1, ["a"])), (racks("row-a", 1, ["a"]),)
    for merged in (False, True):
        wiring = wire(*loop, merged=merged)
        graph = diagram(len(wiring.blocks), wiring.gates, wiring.feeds)
        assert diagram_unavailability(graph, [0.0] * len(wiring.blocks)) == [1.0]
    lost = (unit("a", "ups", 1, 1, ["nobody"]),), (racks("row-a", 1, ["a"]),)
    assert planned(lost).rack_availability_fraction == pytest.approx(0.0)


def test_a_large_hall_is_quick() -> None:
    chain = hall(20, 20)
    assert len(chain[0]) > 1000
    units: Sequence[object] = chain[0]
    cooled = cooling(cooling_units("pumps", "pump", 5, 4, on_ups=True), cooling_units("cdus", "cdu", 3, 2, groups_count=20))
    start = time.perf_counter()
    plan = planned(chain, load_catalog(), cooled)
    assert time.perf_counter() - start < 4  # 0.4 s where nothing else runs
    assert plan.concurrently_maintainable
    assert len(units) > len(plan.outages)


def test_the_largest_hall_is_quick() -> None:
    chain = islands(5000, odd=1)
    assert len(chain[0]) > 40_000
    cooled = cooling(cooling_units("crahs", "crah", 10_000, 9_999), cooling_units("cdus", "cdu", 5, 4, groups_count=1700))
    start = time.perf_counter()
    plan = planned(chain, load_catalog(), cooled)
    assert time.perf_counter() - start < 8  # 1.5 s where nothing else runs
    utility = next(row for row in plan.outages if row.components == ("utility",))
    assert utility.racks_lost == 0
    spare = next(row for row in plan.outages if row.components[0].startswith("generator"))
    assert spare.fullest == "utility"
    assert spare.fullest_ratio == pytest.approx(0.5, rel=0.01)  # as full as that of the whole hall
    assert sum(row.like_count for row in plan.outages if row.components[0].startswith("board")) == 10_000


def test_nothing_at_all_is_always_available() -> None:
    plan = planned(((), ()))
    assert (plan.rack_availability_fraction, plan.factory_availability_fraction) == (1.0, 1.0)
    assert (plan.components, plan.outages, plan.ranking, plan.cut_sets) == ((), (), (), ())
    assert plan.concurrently_maintainable


def test_the_plan_survives_its_own_json() -> None:
    plan = planned(scheme_2n(), load_catalog(), cooling(cooling_units("cdus", "cdu", 3, 2)))
    assert AvailabilityPlan.model_validate_json(plan.model_dump_json()) == plan
    assert planned(scheme_2n(), load_catalog(), cooling(cooling_units("cdus", "cdu", 3, 2))) == plan
