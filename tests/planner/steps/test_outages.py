"""The outage matrix against every outage tried one by one on hand-made chains."""

from __future__ import annotations

import itertools
import time

import pytest
from chains import SCHEMES, Chain, cooling, cooling_units, hall, plant, racks, scheme_2n, scheme_block, scheme_n, unit

from planner.plan_facility import ChainLoad, CoolingPlan, Outage
from planner.steps import plants
from planner.steps.alike import Alike
from planner.steps.cooling_needs import spare_ratio
from planner.steps.notes import Notes
from planner.steps.outages import Outages, plan_outages, single_losses


def looked(chain: Chain, cooled: CoolingPlan | None = None) -> Outages:
    return plan_outages(Notes(), *chain, cooled or cooling())


def row(rows: tuple[Outage, ...], *names: str) -> Outage:
    return next(each for each in rows if set(each.components) == set(names))


def lost(chain: Chain, out: set[str]) -> set[str]:
    """Say which loads have no power: the referee. No chain here needs a backing of more than it has."""
    units, loads = chain
    known = {each.name: each for each in units}
    leaning = {each.name: each for each in (*units, *loads) if each.backed_by}

    def on_mains(name: str) -> bool:
        each = leaning.get(name) or known[name]
        return sum(live(feeder) for feeder in each.fed_by) >= each.needs_count

    def live(name: str) -> bool:
        each = known[name]
        if name in out:
            return False
        return not (each.fed_by or each.backed_by) or on_mains(name) or any(live(backing) for backing in each.backed_by)

    dark = set()
    for load in loads:
        fed = sum(live(name) for name in load.fed_by) >= load.needs_count
        if not fed and load.backed_by:
            # one catcher for one load at a time
            others = [other.name for other in loads if other.backed_by == load.backed_by and other.name != load.name]
            fed = any(live(name) for name in load.backed_by) and all(on_mains(other) for other in others)
        if not fed:
            dark.add(load.name)
    return dark


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_single_outage_loses_what_trying_finds(scheme: str) -> None:
    chain = SCHEMES[scheme]()
    found = looked(chain)
    assert sum(each.like_count for each in found.singles) == len(chain[0])
    for each in found.singles:
        assert each.racks_lost == 4 * len(lost(chain, set(each.components)))
        assert each.gpus_lost == 8 * each.racks_lost
    losses = single_losses(*chain)
    for number, one in enumerate(chain[0]):
        dark = {load.name for load, bits in zip(chain[1], losses, strict=True) if bits >> number & 1}
        assert dark == lost(chain, {one.name})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_racks_at_risk_are_those_that_a_second_failure_takes_and_no_first(scheme: str) -> None:
    chain = SCHEMES[scheme]()
    names = [each.name for each in chain[0]]
    for each in looked(chain).singles:
        (first,) = each.components
        risk = set()
        for second in names:
            risk |= lost(chain, {first, second}) - lost(chain, {second}) - lost(chain, {first})
        assert each.racks_at_risk == 4 * len(risk), first


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_worst_pair_of_every_two_classes_is_listed(scheme: str) -> None:
    chain = SCHEMES[scheme]()
    stage = {each.name: each.stage for each in chain[0]}
    worst: dict[tuple[str, ...], int] = {}
    for pair in itertools.combinations(stage, 2):
        classes = tuple(sorted(stage[name] for name in pair))
        worst[classes] = max(worst.get(classes, 0), 4 * len(lost(chain, set(pair))))
    found = {tuple(sorted(stage[name] for name in each.components)): each.racks_lost for each in looked(chain).doubles}
    if scheme == "N+1":  # two of three generators carry all; the referee does not know how many it takes
        worst["generator", "utility"] = 0
    if scheme in ("3N/2", "4N/3"):  # two systems' worth of load is more than the others are rated for: all trip
        worst |= {classes: 4 * len(chain[1]) for classes in worst if "utility" not in classes}
    assert found == worst


def test_n_has_single_points_of_failure() -> None:
    found = looked(scheme_n())
    assert found.not_maintainable == ("board", "busway", "ups")
    utility = row(found.singles, "utility")
    assert (utility.racks_lost, utility.note) == (0, "carried by generators")


def test_n_plus_1_carries_all_on_what_is_left() -> None:
    found = looked(SCHEMES["N+1"]())
    ups = next(each for each in found.singles if each.components[0].startswith("ups"))
    assert (ups.like_count, ups.fullest_ratio, ups.racks_lost) == (4, pytest.approx(1.0), 0)
    assert ups.racks_at_risk == 8
    assert found.not_maintainable == ("board", "bus-a and 1 alike")


def test_two_generators_out_of_three_trip_the_third() -> None:
    chain = SCHEMES["N+1"]()
    both = chain[0][:1] + tuple(each for each in chain[0][1:] if each.name not in ("generator-1", "generator-2"))
    short = (
        tuple(each.model_copy(update={"backed_by": ("generator-0",)}) if each.name == "board" else each for each in both),
        chain[1],
    )
    utility = row(looked(short).singles, "utility")
    assert utility.fullest == "generator-0"
    assert utility.fullest_ratio == pytest.approx(2.0)
    assert utility.racks_lost == 8
    assert "generator-0 would trip on overload" in utility.note
    assert any(name.startswith("utility") for name in looked(short).not_maintainable)


def test_2n_loses_nothing_and_is_maintainable() -> None:
    found = looked(scheme_2n())
    assert found.not_maintainable == ()
    side = row(found.singles, "board-a")
    assert (side.like_count, side.fullest, side.fullest_ratio) == (2, "board-b", pytest.approx(0.8))
    assert row(found.doubles, "ups-a", "ups-b").racks_lost == 8
    assert row(found.doubles, "busway-1a", "busway-1b").racks_lost == 4


@pytest.mark.parametrize(("systems", "worst"), [(3, 1.0), (4, 1.0)])
def test_distributed_systems_each_take_their_share_of_a_lost_one(systems: int, worst: float) -> None:
    """Of n systems the others carry load x (1 + 1 / (n - 1)), which they are rated for."""
    chain = SCHEMES[{3: "3N/2", 4: "4N/3"}[systems]]()
    found = looked(chain)
    out = next(each for each in found.singles if each.components[0].startswith("ups"))
    normal = next(each.load_kw / each.limit_kw for each in chain[0] if each.name == "ups-0")
    assert normal == pytest.approx((systems - 1) / systems)
    assert out.fullest_ratio == pytest.approx(normal * (1 + 1 / (systems - 1))) == pytest.approx(worst)
    assert out.racks_lost == 0


def test_a_catcher_takes_one_block_and_trips_under_two() -> None:
    found = looked(scheme_block())
    one = next(each for each in found.singles if each.components[0].startswith("ups"))
    assert (one.fullest, one.fullest_ratio, one.racks_lost, one.racks_at_risk) == ("catcher", pytest.approx(1.0), 0, 12)
    assert one.note == "carried by a spare ups"
    two = next(each for each in found.doubles if all(name.startswith("ups") for name in each.components))
    assert two.racks_lost == 8
    assert two.fullest_ratio == pytest.approx(2.0)


def test_an_overload_that_trips_takes_all_with_it() -> None:
    """Two sides of which neither carries all: the loss of one is the loss of both."""
    chain = (unit("ups-a", "ups", 80, 100), unit("ups-b", "ups", 80, 100)), (racks("row-a", 160, ["ups-a", "ups-b"]),)
    found = looked(chain)
    (only,) = found.singles
    assert (only.like_count, only.racks_lost, only.gpus_lost) == (2, 4, 32)
    assert only.fullest_ratio == pytest.approx(1.6)
    assert "ups-b would trip on overload" in only.note or "ups-a would trip on overload" in only.note
    assert found.not_maintainable == ("ups-a and 1 alike",)


def test_an_overload_below_the_rating_does_not_trip_but_is_no_maintenance() -> None:
    """80 % of the rating may be carried for hours; 90 % holds for a while."""
    pair = [unit(f"ups-{side}", "ups", 45, 80).model_copy(update={"rating_kw": 100.0}) for side in "ab"]
    found = looked((tuple(pair), (racks("row-a", 90, ["ups-a", "ups-b"]),)))
    (only,) = found.singles
    assert (only.racks_lost, only.fullest_ratio) == (0, pytest.approx(90 / 80))
    assert found.not_maintainable == ("ups-a and 1 alike",)


def test_cooling_without_power_stops_all_and_a_part_of_it_throttles() -> None:
    chain, loads = scheme_2n()
    one = (*loads, plant("cooling", "cooling", 50, ["board-a"]))
    stopped = row(looked((chain, one)).singles, "board-a")
    assert (stopped.racks_lost, stopped.gpus_throttled) == (8, 0)
    assert "nothing is cooled" in stopped.note
    two = (*loads, plant("cooling-a", "cooling", 50, ["board-a"]), plant("cooling-b", "cooling", 50, ["board-b"]))
    half = row(looked((chain, two)).singles, "board-a")
    assert (half.racks_lost, half.gpus_throttled) == (0, 32)
    spare = cooling(cooling_units("chillers", "chiller", 2, 1))
    whole = row(looked((chain, two), spare).singles, "board-a")
    assert (whole.racks_lost, whole.gpus_throttled, whole.racks_at_risk) == (0, 0, 8)


def feeds_needed(loads: tuple[ChainLoad, ...], plan: CoolingPlan) -> dict[str, int]:
    """Of how many loads of a kind the rest of the plant does the work of all."""
    needed = {}
    for kind in ("pumps", "cooling"):
        powers_kw = [load.power_kw for load in loads if load.kind == kind]
        missing = plants._missing(powers_kw, spare_ratio(plan, kind)) if powers_kw else [0.0]
        needed[kind] = len(missing) - missing.count(0)
    return needed


def test_how_many_feeds_of_cooling_are_needed() -> None:
    loads = tuple(plant(f"cooling-{number}", "cooling", 10, ["x"]) for number in range(10))
    assert feeds_needed(loads, cooling()) == {"pumps": 0, "cooling": 10}
    spare = cooling(cooling_units("chillers", "chiller", 5, 4), cooling_units("pumps", "pump", 9, 1, on_ups=True))
    assert feeds_needed(loads, spare) == {"pumps": 0, "cooling": 8}


def test_cooling_units_out() -> None:
    units = cooling(
        cooling_units("chillers", "chiller", 5, 4),
        cooling_units("pumps", "pump", 3, 3),
        cooling_units("cdus", "cdu", 1, 1, groups_count=2),
    )
    found = looked(scheme_2n(), units)
    chiller, pump, cdu = (row(found.singles, name) for name in ("chillers", "pumps", "cdus"))
    assert (chiller.racks_lost, chiller.gpus_throttled, chiller.racks_at_risk) == (0, 0, 8)
    assert chiller.fullest_ratio == pytest.approx(1.0)
    assert (pump.racks_lost, pump.gpus_throttled, pump.racks_at_risk) == (0, 22, 0)  # a third of 64 GPUs
    assert (cdu.racks_lost, cdu.gpus_lost, cdu.like_count) == (4, 32, 2)
    assert found.not_maintainable == ("cdus and 1 alike", "pumps and 2 alike")
    assert row(found.doubles, "chillers").gpus_throttled == 16


def test_a_rear_door_serves_one_rack() -> None:
    found = looked(scheme_2n(), cooling(cooling_units("doors", "rear-door", 8, 8)))
    door = row(found.singles, "doors")
    assert (door.like_count, door.racks_lost, door.gpus_lost) == (8, 1, 8)


def test_busways_of_more_and_fewer_racks_are_one_row() -> None:
    chain = scheme_n()[0]
    busways = [unit(f"busway-{n}", "distribution", 100, 200, ["ups"]) for n in range(3)]
    loads = [racks(f"row-{n}", 100, [f"busway-{n}"]).model_copy(update={"racks": 3 + n, "gpus": 24 + 8 * n}) for n in range(3)]
    found = looked(((*chain[:-1], *busways), tuple(loads)))
    worst = row(found.singles, "busway-2")
    assert (worst.like_count, worst.racks_lost, worst.gpus_lost) == (3, 5, 40)
    assert "busway-2 and 2 alike" in found.not_maintainable


def test_rows_are_listed_worst_first_and_only_so_many_pairs() -> None:
    names = [f"item-{number}" for number in range(12)]
    chain = (
        tuple(unit(name, "ups", 1, 2).model_copy(update={"item": name}) for name in names),
        (racks("row-a", 12, names, needs_count=12),),
    )
    notes = Notes()
    found = plan_outages(notes, *chain, cooling())
    assert len(found.doubles) == 40
    assert any("66 pairs" in each.statement for each in notes.assumptions())
    assert [each.racks_lost for each in found.singles] == [4] * 12


def test_one_of_like_blocks_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = hall(3, 2)
    found = looked(chain)
    monkeypatch.setattr(Alike, "like", lambda blocks: dict.fromkeys(range(len(blocks.units)), 1))
    assert looked(chain) == found


def test_a_thousand_units_are_quick() -> None:
    chain = hall(20, 20)
    assert len(chain[0]) > 1000
    start = time.perf_counter()
    found = looked(chain)
    assert time.perf_counter() - start < 3  # 0.2 s where nothing else runs
    assert sum(each.like_count for each in found.singles) == len(chain[0])
    assert len(found.singles) < 20
