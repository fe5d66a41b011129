"""Racks stand on free positions of their own, units together, rows within their power, and cables never longer for it."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest
from halls import CATALOG, Drawn, drawn, simple, superpod
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import plan_of
from planner.models.placement import rows_filled
from planner.models.placement_search import MOST_RACKS
from planner.plan import Finding, LimitPlan
from planner.steps import cabling, hall
from planner.steps.blocked import blocked_names, free_counts, read_blocked
from planner.steps.layout import NETWORK_RACKS, rack_units
from planner.steps.rack_links import CABLE_PARTS, rack_links


def positions(found: Drawn) -> list[tuple[int, int]]:
    return list(zip(found.hall.rack_rows, found.hall.rack_places, strict=True))


def parted_units(found: Drawn) -> list[int]:
    """List units of whose racks others stand in between: in a row, or in rows between those of the unit."""
    units = rack_units(found.racks, found.nodes, found.fabrics).tolist()
    in_row: dict[int, list[int]] = {}
    for (row, _), unit in sorted(zip(positions(found), units, strict=True)):
        if unit >= 0:
            in_row.setdefault(row, []).append(unit)
    blocks = {row: [unit for unit, _ in itertools.groupby(inside)] for row, inside in in_row.items()}
    parted = [unit for inside in blocks.values() for unit in set(inside) if inside.count(unit) > 1]
    for unit in set(units) - {-1}:
        rows = [row for row, inside in blocks.items() if unit in inside]
        parted += [unit for row in range(min(rows) + 1, max(rows)) if blocks.get(row, [unit]) != [unit]]
    return parted


halls = st.fixed_dictionaries(
    {},
    optional={
        "rows": st.integers(1, 12),
        "racks_per_row": st.integers(2, 20),
        "row_power_kw": st.sampled_from([90.0, 200.0, 400.0, 900.0]),
        "blocked": st.lists(
            st.builds(
                lambda row, first, more: f"{row}{first:02d}-{row}{first + more:02d}",
                st.sampled_from("ABCDE"),
                st.integers(1, 18),
                st.integers(0, 4),
            ),
            max_size=5,
        ).map(tuple),
        "rack_pitch_m": st.sampled_from([0.6, 0.75]),
        "row_pitch_m": st.sampled_from([1.8, 3.0]),
    },
)
factories = st.builds(
    lambda node, count, nodes_per_unit, limits: simple(
        node, count, hall=limits, fabrics={"compute": {"nodes_per_unit": nodes_per_unit} if nodes_per_unit else {}}
    ),
    st.sampled_from(["dgx-h100", "dgx-b200", "gb200-nvl72", "cray-ex235a"]),
    st.integers(1, 90),
    st.sampled_from([None, 8, 20]),
    halls,
)


@settings(max_examples=40, deadline=None)
@given(factories)
def test_every_rack_stands_on_a_free_position_of_its_own(data: dict[str, Any]) -> None:
    found = drawn(data)
    taken = positions(found)
    assert len(set(taken)) == len(taken) == found.racks.count
    blocked, _ = read_blocked(found.factory.hall.blocked, found.hall.racks_per_row, found.factory.hall.rows)
    assert not any(row in blocked and blocked[row][place % found.hall.racks_per_row] for row, place in taken)
    assert min(row for row, _ in taken) >= 0
    for number, row in enumerate(found.hall.rows):
        racks = [rack for rack in range(found.racks.count) if found.hall.rack_rows[rack] == number]
        assert row.racks == len(racks) <= row.positions
    assert sum(row.racks for row in found.hall.rows) == found.racks.count


@settings(max_examples=40, deadline=None)
@given(factories)
def test_rows_keep_to_their_power_and_cables_become_no_longer(data: dict[str, Any]) -> None:
    found = drawn(data)
    each_kw = np.repeat(found.rack_kw, [group.count for group in found.racks.groups])
    limit_kw = found.factory.hall.row_power_kw
    for number, row in enumerate(found.hall.rows):
        inside = np.array(found.hall.rack_rows) == number
        assert row.power_kw == pytest.approx(float(each_kw[inside].sum()))
        # A rack that draws more than a row carries is an error, and has a row to itself.
        assert limit_kw is None or row.power_kw <= limit_kw * (1 + 1e-9) or row.racks == 1
    assert found.hall.cables_after_search_m <= found.hall.cables_before_search_m
    assert drawn(data).hall == found.hall, "the same again"


@settings(max_examples=25, deadline=None)
@given(st.integers(40, 400), st.sampled_from([8, 16, 32]), st.sampled_from([None, 300.0, 450.0]), st.integers(8, 20))
def test_scalable_units_stand_together(nodes: int, of_unit: int, row_power_kw: float | None, per_row: int) -> None:
    limits: dict[str, Any] = {"rows": 30, "racks_per_row": per_row, "row_power_kw": row_power_kw}
    found = drawn(simple(count=nodes, hall=limits, fabrics={"compute": {"nodes_per_unit": of_unit}}))
    units = rack_units(found.racks, found.nodes, found.fabrics).tolist()
    assert set(units) - {-1} == set(range(-(-nodes // of_unit)))
    assert parted_units(found) == []


def total_m(found: Drawn) -> float:
    """Metres of all cables' ways, link by link: links that share a cable count by their share."""
    layout, total = found.layout(), 0.0
    for fabric in found.fabrics:
        built = cabling.build(fabric.recipe.topology, fabric.recipe.parameters, fabric.recipe.population)
        laid = cabling.lay_cables(fabric, built, [], layout)
        total += float(np.sum(layout.length_m(laid.a, laid.b) / laid.links_of_cable()))
    return total


@pytest.mark.parametrize(
    "data", [superpod(), simple("gb200-nvl72", 12), simple("cray-ex235a", 60)], ids=["h100", "gb200", "cray"]
)
def test_the_metres_are_those_of_the_cables_that_are_laid(data: dict[str, Any]) -> None:
    found = drawn(data)
    assert found.hall.cables_after_search_m == pytest.approx(total_m(found))


def test_links_between_racks_are_all_cables() -> None:
    found = drawn(superpod())
    links = rack_links(found.fabrics, found.layout())
    assert links.exact
    assert links.parts.sum() == CABLE_PARTS * sum(each.cables_by_layer.total() for each in found.fabrics)
    network = [group.name for group in found.racks.groups].index(NETWORK_RACKS)
    first = sum(group.count for group in found.racks.groups[:network])
    assert np.all((links.b >= first) & (links.b < first + found.racks.groups[network].count)), "the upper end is a switch"


def test_a_superpod_stands_around_its_network_racks() -> None:
    found = drawn(superpod())
    assert found.needs() == (3, 40)
    assert [row.positions for row in found.hall.rows] == [16, 16, 16]
    assert found.hall.floor_m2 == pytest.approx(3 * 2.4 * (16 * 0.6 + 2.4))
    names = [group.name for group in found.racks.groups for _ in range(group.count)]
    network = [place for (row, place), name in zip(positions(found), names, strict=True) if name == NETWORK_RACKS and row == 1]
    assert len(network) == 6
    assert set(network) <= set(range(3, 13))
    assert found.hall.cables_after_search_m < 0.97 * found.hall.cables_before_search_m


def test_the_power_of_a_row_spreads_racks_over_more_rows() -> None:
    found = drawn(superpod(rows=8, row_power_kw=250.0))
    powers = [row.power_kw for row in found.hall.rows]
    assert max(powers) <= 250.0
    assert (
        found.needs()[0]
        == 7
        == rows_filled([(6, found.rack_kw[1]), (2, found.rack_kw[2]), (32, 40.8)], racks_per_row=16, row_power_kw=250.0)
    )
    assert len(found.hall.rows) == 8


def test_rows_that_do_not_exist_stand_behind_the_others() -> None:
    found = drawn(superpod(rows=2))
    assert found.needs() == (3, 40)
    assert [row.name for row in found.hall.rows] == ["A", "B", "C"]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 500), halls)
def test_a_growing_factory_never_needs_fewer_rows(nodes: int, more: int, limits: dict[str, Any]) -> None:
    few, many = (superpod(count, **limits) for count in (nodes, nodes + more))
    counts = []
    for data in (few, many):
        factory = hall.Factory.model_validate(data, context={"ids": CATALOG.ids()})
        racks = racks_of(factory)
        counts.append(hall.rows_needed(factory, racks, [40.8, 22.0, 15.0][: len(racks.groups)]))
    assert counts[0][0] <= counts[1][0]
    assert counts[0][1] <= counts[1][1]


def racks_of(factory: Any) -> Any:
    from planner.steps.hardware import resolve
    from planner.steps.networks import compute_fabric, out_of_band_fabric
    from planner.steps.notes import Notes
    from planner.steps.racks import plan_racks

    notes = Notes()
    hardware = resolve(factory, CATALOG, notes)
    compute = compute_fabric(factory, hardware, notes)
    fabrics = [compute] if compute else []
    fabrics.append(out_of_band_fabric(hardware, notes, sum(each.switches_by_tier.total() for each in fabrics), 0, False))
    return plan_racks(factory, hardware, CATALOG, notes, fabrics)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("Z01", "outside of the hall: its rows are A to D"),
        ("A17", "outside of the hall: a row has positions 01 to 16"),
        ("A00", "outside of the hall"),
        ("B01-C03", "runs over several rows"),
        ("B09-B03", "ends before it begins"),
    ],
)
def test_positions_that_cannot_be_blocked_are_errors_where_they_are_written(name: str, fault: str) -> None:
    found = drawn(superpod(rows=4, blocked=("A05", name)))
    assert fault in found.findings()["hall.blocked[1]"]
    (finding,) = found.notes.findings()
    assert (finding.severity, finding.code) == ("error", "blocked")
    assert found.hall.blocked == ("A05",)


def test_blocked_positions_are_named_again_as_ranges() -> None:
    names = ("A05", "B01-B03", "B04", "C02-C02", "D01", "D03")
    blocked, faults = read_blocked(names, 16, None)
    assert faults == {}
    assert blocked_names(blocked, 4, 16) == ("A05", "B01-B04", "C02", "D01", "D03")
    assert blocked_names(blocked, 2, 16) == ("A05", "B01-B04"), "of the rows that there are"
    assert free_counts(blocked, [1, 4], 16) == [12, 16]


def test_a_hall_of_undeclared_rows_goes_around_what_is_blocked() -> None:
    found = drawn(superpod(blocked=("B01-B16", "A01-A08")))
    assert found.findings() == {}
    assert [row.racks for row in found.hall.rows][1] == 0
    assert [row.positions for row in found.hall.rows] == [8, 0, 16, 16]


def test_a_rack_that_no_row_can_feed_is_an_error() -> None:
    plan = plan_of(simple("gb200-nvl72", 2, hall={"row_power_kw": 100.0}))
    (found,) = (each for each in plan.findings if each.code == "row-power")
    assert "one rack of GB200 NVL72 draws 132 kW at design load, the busway of a row carries 100 kW (132 %)" in found.message
    assert (found.value, found.limit, found.unit) == (pytest.approx(132), 100, "kW")
    assert plan.binding_constraint is not None
    assert (plan.binding_constraint.code, plan.binding_constraint.largest_nodes_count) == ("row-power", 0)


def test_a_tray_that_is_too_full_is_an_error() -> None:
    fullest = max(plan_of(superpod()).hall.rows, key=lambda row: row.tray_cables_count)
    most = fullest.tray_cables_count

    def limited(cables: int) -> tuple[LimitPlan, list[Finding]]:
        plan = plan_of(superpod(tray_cables_max_count=cables))
        found = [each for each in plan.findings if each.code == "tray-full"]
        return next(each for each in plan.limits if each.code == "tray-full"), found

    limit, (warning,) = limited(most)
    assert (limit.value, limit.limit, warning.severity) == (most, most, "warning")
    assert limit.largest_nodes_count >= 127
    limit, (error,) = limited(most - 1)
    assert (error.severity, error.code, error.path) == ("error", "tray-full", "hall.tray_cables_max")
    assert f"at its fullest place, above row {fullest.name}, a tray holds {most:,} cables" in error.message
    assert limit.largest_nodes_count < 127
    far, findings = limited(20 * most)
    assert findings == []
    assert 6 * 127 < far.largest_nodes_count <= 8192, "a straight line, up to what the fabric connects"


def test_the_fullest_tray_is_the_one_over_the_network_racks() -> None:
    """By the schedule's racks: every link of another rack lies above the rack that it leads to."""
    found = drawn(simple(count=8))
    layout = found.layout()
    links = rack_links(found.fabrics, layout)
    apart = links.a != links.b
    over = np.zeros(32)
    for a, b, parts in zip(links.a[apart], links.b[apart], links.parts[apart], strict=True):
        low, high = sorted((int(layout.place[a]), int(layout.place[b])))
        over[low : high + 1] += parts / CABLE_PARTS
    assert [row.tray_cables_count for row in found.hall.rows] == [int(np.ceil(over.max() - 1e-9))]


def test_more_positions_than_are_searched_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = drawn(simple(count=4 * MOST_RACKS))
    said = {each.path: each.statement for each in found.notes.assumptions()}
    assert "more than 2,000 positions" in said["hall.search"]
    assert found.hall.cables_after_search_m == found.hall.cables_before_search_m
    monkeypatch.setattr(cabling, "MOST_LINKS", 1000)
    monkeypatch.setattr("planner.steps.rack_links.MOST_LINKS", 1000)
    sampled, laid = drawn(simple(count=600)), None
    monkeypatch.undo()
    laid = drawn(simple(count=600))
    said = {each.path: each.statement for each in sampled.notes.assumptions()}
    assert "a sample only" in said["hall.search"]
    assert sampled.hall.cables_before_search_m == pytest.approx(laid.hall.cables_before_search_m, rel=0.15)


def test_a_superpod_is_placed_quickly() -> None:
    data = superpod()
    drawn(data)
    started = time.process_time()
    drawn(data)
    assert time.process_time() - started < 0.6


def test_an_unattached_fabric_is_refused() -> None:
    found = drawn(superpod())
    bare = [each.model_copy(update={"attached": ()}) for each in found.fabrics]
    with pytest.raises(ValueError, match="attached"):
        hall.place_racks(found.factory, found.notes, found.racks, found.rack_kw, found.nodes, bare)
