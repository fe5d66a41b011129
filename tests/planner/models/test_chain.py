"""The chain as a graph, held against a plain recursion over every outage and against the schemes' closed forms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.chain import Feed, Unit, flow, losses_by_stage, single_outages
from planner.models.losses import LossLaw, input_kw, square_law

LOSSLESS = LossLaw()
LAWS = st.sampled_from([LOSSLESS, LossLaw(efficiency_fraction=0.95), square_law(100.0, 0.35, 0.98, 0.5), LossLaw(fixed_kw=1.0)])


def by_hand(
    units: Sequence[Unit], loads: Sequence[Feed], load_kw: Sequence[float], out: set[int]
) -> tuple[list[float], list[bool]]:
    """Follow every load up, one recursion for who lives and one for what is carried."""

    def lives(number: int) -> bool:
        feed = units[number].feed
        return number not in out and (not (feed.fed_by or feed.backed_by) or bool(feeders(feed)))

    def feeders(feed: Feed) -> list[int]:
        main = [each for each in feed.fed_by if lives(each)]
        return main if len(main) >= max(feed.needs_count, 1) else [each for each in feed.backed_by if lives(each)]

    def carried(number: int) -> float:
        if not lives(number):
            return 0.0
        total = 0.0
        for feed, kw in zip(loads, load_kw, strict=True):
            if number in feeders(feed):
                total += kw / len(feeders(feed))
        for other, unit in enumerate(units):
            if number in feeders(unit.feed) and lives(other):
                total += taken(other) / len(feeders(unit.feed))
        return total

    def taken(number: int) -> float:
        output = carried(number)
        return 0.0 if units[number].stands_by and output == 0 else input_kw(units[number].law, output)

    return [carried(number) for number in range(len(units))], [bool(feeders(feed)) for feed in loads]


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Unit], list[Feed], list[float]]:
    """Any small chain: units draw on those before them."""
    size = draw(st.integers(1, 8))

    def feed(below: int) -> Feed:
        if below == 0:
            return Feed()
        fed_by = draw(st.lists(st.integers(0, below - 1), unique=True, max_size=3))
        rest = [each for each in range(below) if each not in fed_by]
        backed_by = draw(st.lists(st.sampled_from(rest), unique=True, max_size=2)) if rest and fed_by else []
        return Feed(tuple(fed_by), tuple(backed_by), draw(st.integers(1, max(len(fed_by), 1))))

    units = [Unit(draw(LAWS), feed(number), draw(st.booleans())) for number in range(size)]
    loads = [feed(size) for _ in range(draw(st.integers(1, 4)))]
    return units, loads, [draw(st.floats(0, 200)) for _ in loads]


@given(chain=chains())
@settings(max_examples=60)
def test_any_chain_in_any_outage_of_one_or_two_is_as_by_hand(chain: tuple[list[Unit], list[Feed], list[float]]) -> None:
    units, loads, load_kw = chain
    numbers = range(len(units))
    outages = [set(each) for each in [(), *combinations(numbers, 1), *combinations(numbers, 2)]]
    out = np.array([[number in outage for outage in outages] for number in numbers])
    result = flow(units, loads, np.array(load_kw), out)
    for scenario, outage in enumerate(outages):
        carried, served = by_hand(units, loads, load_kw, outage)
        assert result.output_kw[:, scenario] == pytest.approx(carried, abs=1e-9)
        assert list(result.served[:, scenario]) == served
    worst = single_outages(units, loads, np.array(load_kw))
    singles = result.output_kw[:, : len(units) + 1]
    assert worst.normal_kw == pytest.approx(singles[:, 0], abs=1e-9)
    assert worst.worst_kw == pytest.approx(singles.max(axis=1), abs=1e-7)
    for number, when in enumerate(worst.worst_when):
        carried, _ = by_hand(units, loads, load_kw, set(when))
        assert worst.worst_kw[number] == pytest.approx(carried[number], abs=1e-7)


@given(chain=chains(), factor=st.floats(0, 3))
@settings(max_examples=40)
def test_losses_at_any_load_are_those_of_the_flow_and_energy_is_conserved(
    chain: tuple[list[Unit], list[Feed], list[float]], factor: float
) -> None:
    units, loads, load_kw = chain
    kinds = [(f"kind-{number % 2}", 1.0 * kw) for number, kw in enumerate(load_kw)]
    stages = [f"stage-{number % 3}" for number in range(len(units))]
    lost = losses_by_stage(units, stages, loads, kinds)
    hours = {"kind-0": np.array([1.0, factor]), "kind-1": np.array([1.0, 2 * factor])}
    by_stage = lost(hours)
    for hour in range(2):
        kw = np.array([share * hours[kind][hour] for kind, share in kinds])
        result = flow(units, loads, kw, np.zeros((len(units), 1), dtype=bool))
        losses = (result.input_kw - result.output_kw)[:, 0]
        # A unit whose own feeders are not there loses nothing and takes nothing.
        if not result.live.all() or not result.served.all():
            return
        for stage in set(stages):
            wanted = sum(loss for loss, each in zip(losses, stages, strict=True) if each == stage)
            assert float(np.broadcast_to(by_stage[stage], 2)[hour]) == pytest.approx(wanted, abs=1e-9)
        sources = [number for number, unit in enumerate(units) if not (unit.feed.fed_by or unit.feed.backed_by)]
        assert result.input_kw[sources, 0].sum() == pytest.approx(kw.sum() + losses.sum(), abs=1e-9)


@given(chain=chains(), more=st.floats(0, 100))
@settings(max_examples=40)
def test_more_load_never_lowers_what_any_unit_carries(chain: tuple[list[Unit], list[Feed], list[float]], more: float) -> None:
    units, loads, load_kw = chain
    out = np.hstack([np.zeros((len(units), 1)), np.eye(len(units))]).astype(bool)
    before = flow(units, loads, np.array(load_kw), out).output_kw
    after = flow(units, loads, np.array(load_kw) + more, out).output_kw
    assert np.all(after >= before - 1e-9)


def scheme(systems: int, pairs: bool, catchers: int = 0) -> tuple[list[Unit], list[Feed]]:
    """Build modules and the loads on them: one each with catchers behind, or every pair."""
    units = [Unit(LOSSLESS)] * (systems + catchers)
    if pairs:
        return units, [Feed(pair) for pair in combinations(range(systems), 2)]
    behind = tuple(range(systems, systems + catchers))
    return units, [Feed((number,), behind) for number in range(systems)]


@pytest.mark.parametrize(
    ("name", "units", "loads", "usable"),
    [
        ("N", [Unit(LOSSLESS)] * 4, [Feed(tuple(range(4)), (), 4)], 1.0),
        ("N+1", [Unit(LOSSLESS)] * 5, [Feed(tuple(range(5)), (), 4)], 4 / 5),
        ("2N", *scheme(2, True), 1 / 2),
        ("3N/2", *scheme(3, True), 2 / 3),
        ("4N/3", *scheme(4, True), 3 / 4),
        ("block 4+1", *scheme(4, False, 1), 4 / 5),
        ("block 6+2", *scheme(6, False, 2), 6 / 8),
    ],
)
def test_the_usable_share_of_every_scheme_by_every_single_transfer(
    name: str, units: list[Unit], loads: list[Feed], usable: float
) -> None:
    # Modules of 1 kW: load up to the closed form's share of them fits in every single outage; a little more does not.
    for share, fits in ((usable, True), (usable * 1.001, False)):
        load_kw = np.full(len(loads), share * len(units) / len(loads))
        worst = single_outages(units, loads, load_kw)
        assert (worst.worst_kw.max() <= 1 + 1e-9) == fits, name
        out = np.eye(len(units), dtype=bool)
        result = flow(units, loads, load_kw, out)
        assert result.served.all() == (name != "N"), "all but N keep every load in every single outage"


@pytest.mark.parametrize("systems", [2, 3, 4, 5])
def test_the_worst_module_of_a_distributed_scheme(systems: int) -> None:
    units, loads = scheme(systems, True)
    worst = single_outages(units, loads, np.full(len(loads), 1.0))
    share = len(loads) / systems
    assert worst.normal_kw == pytest.approx(share)
    assert worst.worst_kw == pytest.approx(share * (1 + 1 / (systems - 1)))


def test_two_outages_at_once_drop_the_load_of_their_pair_alone() -> None:
    units, loads = scheme(4, True)
    out = np.array([[True], [True], [False], [False]])
    result = flow(units, loads, np.ones(6), out)
    assert list(result.served[:, 0]) == [False, True, True, True, True, True]
    assert result.output_kw[:, 0] == pytest.approx([0, 0, 2.5, 2.5])


def test_generators_step_in_when_the_grid_is_out_and_lose_nothing_while_they_stand_by() -> None:
    idle = LossLaw(fixed_kw=5.0)
    units = [Unit(LOSSLESS), Unit(idle, stands_by=True), Unit(idle, stands_by=True), Unit(LOSSLESS, Feed((0,), (1, 2)))]
    worst = single_outages(units, [Feed((3,))], np.array([100.0]), also=[(0, 1), (0, 2)])
    assert worst.normal_kw == pytest.approx([100, 0, 0, 100])
    assert worst.normal_loss_kw == pytest.approx([0, 0, 0, 0])
    assert worst.worst_kw == pytest.approx([100, 100, 100, 100])
    assert worst.worst_when[1] == (0, 2)


def test_blocks_share_sources_only_and_these_add_up() -> None:
    block = [Unit(square_law(100.0, 0.35, 0.98, 0.5), Feed((0, 1)))] * 2
    units = [Unit(LOSSLESS), Unit(LOSSLESS), *block, *block]
    loads = [Feed((2, 3)), Feed((4, 5))]
    load_kw = np.array([80.0, 60.0])
    worst = single_outages(units, loads, load_kw)
    full = flow(units, loads, load_kw, np.hstack([np.zeros((6, 1)), np.eye(6)]).astype(bool))
    assert worst.worst_kw == pytest.approx(full.output_kw.max(axis=1))
    assert worst.normal_kw == pytest.approx(full.output_kw[:, 0])
