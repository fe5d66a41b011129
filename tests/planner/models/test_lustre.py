"""Laws of FSx for Lustre: capacities that can be ordered, what they give, and the cheapest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.lustre import (
    METADATA_IOPS,
    TIERS_MBYTE_PER_S_PER_TIB,
    addresses_taken,
    automatic_metadata_iops,
    capacity_gib,
    capacity_step_gib,
    cheapest,
    is_legal,
    metadata_iops_problem,
    nearest_legal_gib,
    throughput_gbyte_per_s,
)

TIERS = st.sampled_from(TIERS_MBYTE_PER_S_PER_TIB)
# About the corners, and anywhere.
CAPACITIES = st.integers(0, 500_000) | st.builds(lambda steps, by: 1200 * steps + by, st.integers(0, 100), st.integers(-1, 1))
ASKED = CAPACITIES | st.floats(0, 500_000)
# Prices to a hundredth of a cent, so that they can be equal.
PRICES = st.dictionaries(TIERS, st.integers(100, 10_000).map(lambda cents: cents / 10_000), min_size=1)


def legal_capacities(tier: int, efa: bool) -> Iterator[int]:
    """All that AWS lists, smallest first."""
    if not efa:
        yield 1200
    step = {125: 38_400, 250: 19_200, 500: 9600, 1000: 4800}[tier] if efa else 2400
    yield from itertools.count(step, step)


def first_that_holds(asked_gib: float, tier: int, efa: bool) -> int:
    return next(legal for legal in legal_capacities(tier, efa) if legal >= asked_gib)


@pytest.mark.parametrize(
    ("tier", "with_efa", "without"), [(125, 38_400, 2400), (250, 19_200, 2400), (500, 9600, 2400), (1000, 4800, 2400)]
)
def test_steps_are_those_of_aws(tier: int, with_efa: int, without: int) -> None:
    assert capacity_step_gib(tier, True) == with_efa
    assert capacity_step_gib(tier, False) == without
    assert capacity_gib(1, tier, True) == with_efa
    assert capacity_gib(1, tier, False) == 1200


@given(asked=ASKED, tier=TIERS, efa=st.booleans())
def test_the_capacity_chosen_is_the_first_of_the_list_that_holds_what_is_asked(asked: float, tier: int, efa: bool) -> None:
    chosen = capacity_gib(asked, tier, efa)
    assert is_legal(chosen, tier, efa)
    assert chosen >= asked
    assert chosen == first_that_holds(asked, tier, efa)
    assert capacity_gib(chosen, tier, efa) == chosen


@given(asked=ASKED, tier=TIERS, efa=st.booleans())
def test_nothing_that_can_be_ordered_lies_between_the_nearest(asked: float, tier: int, efa: bool) -> None:
    below, above = nearest_legal_gib(asked, tier, efa)
    assert above >= asked
    assert is_legal(above, tier, efa)
    smaller = list(itertools.takewhile(lambda legal: legal < asked, legal_capacities(tier, efa)))
    assert below == (smaller[-1] if smaller else None)
    assert above == first_that_holds(asked, tier, efa)
    if below is not None:
        assert below < asked
        assert is_legal(below, tier, efa)


@given(asked=CAPACITIES, tier=TIERS, efa=st.booleans())
def test_capacities_off_the_list_are_refused(asked: int, tier: int, efa: bool) -> None:
    listed = first_that_holds(asked, tier, efa) == asked
    assert is_legal(asked, tier, efa) == listed
    assert (nearest_legal_gib(asked, tier, efa)[1] == asked) == listed


@pytest.mark.parametrize(
    ("asked", "tier", "efa", "nearest"),
    [
        (1, 125, False, (None, 1200)),
        (1200, 125, False, (None, 1200)),
        (1201, 125, False, (1200, 2400)),
        (2400, 125, False, (1200, 2400)),
        (2400.5, 125, False, (2400, 4800)),
        (3600, 1000, False, (2400, 4800)),
        (4800, 1000, True, (None, 4800)),
        (4801, 1000, True, (4800, 9600)),
        (38_399, 125, True, (None, 38_400)),
        (76_800, 125, True, (38_400, 76_800)),
    ],
)
def test_nearest_by_hand(asked: float, tier: int, efa: bool, nearest: tuple[int | None, int]) -> None:
    assert nearest_legal_gib(asked, tier, efa) == nearest


@pytest.mark.parametrize("tier", [0, 77, 200, -125])
def test_other_tiers_are_refused(tier: int) -> None:
    message = f"{tier} MB/s per TiB cannot be ordered: 125, 250, 500, 1000 can"
    for refused in (
        lambda: capacity_step_gib(tier, True),
        lambda: capacity_gib(1200, tier, False),
        lambda: nearest_legal_gib(1200, tier, False),
        lambda: is_legal(1200, tier, False),
        lambda: cheapest(1200, 1, False, {tier: 0.1}),
        lambda: cheapest(1200, 1, False, {125: 0.1}, tier),
    ):
        with pytest.raises(ValueError, match=message):
            refused()


@pytest.mark.parametrize(
    ("capacity", "tier", "throughput"),
    [(1200, 125, 0.146484375), (1024, 1000, 1.0), (38_400, 125, 4.6875), (9600, 500, 4.6875)],
)
def test_throughput_by_hand(capacity: int, tier: int, throughput: float) -> None:
    assert throughput_gbyte_per_s(capacity, tier) == throughput


@given(steps=st.integers(1, 1000), tier=TIERS)
def test_a_storage_server_with_efa_gives_the_same_at_every_tier(steps: int, tier: int) -> None:
    assert throughput_gbyte_per_s(steps * capacity_step_gib(tier, True), tier) == 4.6875 * steps


@given(asked=ASKED, throughput=st.floats(0, 100), efa=st.booleans(), prices=PRICES)
def test_nothing_that_suffices_is_cheaper(asked: float, throughput: float, efa: bool, prices: dict[int, float]) -> None:
    tier, chosen = cheapest(asked, throughput, efa, prices)
    assert tier in prices
    assert is_legal(chosen, tier, efa)
    assert chosen >= asked
    assert throughput_gbyte_per_s(chosen, tier) >= throughput
    offers = []
    for other, price in prices.items():
        # Every step in turn, beyond the first that suffices too: more capacity is never cheaper.
        suffices = 0
        for legal in legal_capacities(other, efa):
            if legal >= asked and throughput_gbyte_per_s(legal, other) >= throughput:
                offers.append((Decimal(str(price)) * legal, other, legal))
                suffices += 1
                if suffices == 3:
                    break
    assert (tier, chosen) == min(offers)[1:]


@given(asked=ASKED, throughput=st.floats(0, 100), efa=st.booleans(), tier=TIERS, prices=PRICES)
def test_a_tier_that_is_given_is_kept(asked: float, throughput: float, efa: bool, tier: int, prices: dict[int, float]) -> None:
    kept, chosen = cheapest(asked, throughput, efa, prices, tier)
    assert (kept, chosen) == cheapest(asked, throughput, efa, {tier: 0.1}) == cheapest(asked, throughput, efa, {}, tier)
    below = nearest_legal_gib(chosen, tier, efa)[0]
    assert below is None or below < asked or throughput_gbyte_per_s(below, tier) < throughput


@given(steps=st.integers(1, 200), efa=st.booleans(), tier=TIERS)
def test_exactly_what_a_capacity_gives_does_not_take_the_next(steps: int, efa: bool, tier: int) -> None:
    capacity = steps * capacity_step_gib(tier, efa)
    assert cheapest(0, throughput_gbyte_per_s(capacity, tier), efa, {}, tier) == (tier, capacity)


def test_equal_prices_take_the_lower_tier() -> None:
    # 0.003 x 7,200 = 0.009 x 2,400 in decimals; in binary the latter is less.
    assert 0.009 * 2400 < 0.003 * 7200
    assert throughput_gbyte_per_s(7200, 125) < throughput_gbyte_per_s(2400, 500)
    assert cheapest(2400, throughput_gbyte_per_s(7200, 125), False, {500: 0.009, 125: 0.003}) == (125, 7200)
    assert cheapest(1200, 0, False, {1000: 0.2, 250: 0.2, 500: 0.2}) == (250, 1200)


def test_without_prices_there_is_no_choice() -> None:
    with pytest.raises(ValueError, match="0 tiers have a price"):
        cheapest(1200, 1, False, {})


def test_metadata_iops_are_those_of_aws() -> None:
    assert METADATA_IOPS[:5] == (1500, 3000, 6000, 12_000, 24_000)
    assert METADATA_IOPS[-1] == 192_000
    assert len(METADATA_IOPS) == 3 + 16


@pytest.mark.parametrize(
    ("iops", "ending"),
    [
        (0, "0 metadata IOPS cannot be ordered: the least is 1,500"),
        (4500, "the nearest are 3,000 and 6,000"),
        (18_000, "the nearest are 12,000 and 24,000"),
        (204_000, "the most is 192,000"),
    ],
)
def test_other_metadata_iops_are_refused_with_the_nearest(iops: int, ending: str) -> None:
    problem = metadata_iops_problem(iops)
    assert problem is not None
    assert problem.endswith(ending)


@given(st.integers(0, 300_000) | st.sampled_from(METADATA_IOPS))
def test_metadata_iops_have_a_problem_unless_listed(iops: int) -> None:
    listed = iops in (1500, 3000, 6000) or (iops % 12_000 == 0 and 0 < iops <= 192_000)
    assert (metadata_iops_problem(iops) is None) == listed


@pytest.mark.parametrize(
    ("capacity", "iops"),
    [
        (1200, 1500),
        (2400, 3000),
        (4800, 6000),
        (9600, 6000),
        (12_000, 12_000),
        (45_600, 12_000),
        (48_000, 24_000),
        (50_400, 24_000),
        (72_000, 36_000),
        (384_000, 192_000),
        (480_000, 192_000),
    ],
)
def test_automatic_metadata_iops_are_those_of_aws(capacity: int, iops: int) -> None:
    assert automatic_metadata_iops(capacity) == iops


@given(tier=TIERS, efa=st.booleans(), asked=ASKED, more=ASKED)
def test_automatic_metadata_iops_could_be_ordered_and_grow(tier: int, efa: bool, asked: float, more: float) -> None:
    less = capacity_gib(asked, tier, efa)
    assert metadata_iops_problem(automatic_metadata_iops(less)) is None
    assert automatic_metadata_iops(less) <= automatic_metadata_iops(capacity_gib(asked + more, tier, efa))


@pytest.mark.parametrize(("capacity", "servers"), [(1200, 2), (2400, 2), (4800, 3), (9600, 5), (50_400, 22)])
def test_addresses_are_as_many_as_the_servers_that_aws_counts(capacity: int, servers: int) -> None:
    """AWS's table of file servers, for 2,400 GiB a storage server and one metadata server."""
    assert addresses_taken(capacity, 250, False, 12_000) == servers


@given(steps=st.integers(1, 100), tier=TIERS, efa=st.booleans(), iops=st.sampled_from(METADATA_IOPS))
def test_servers_carry_all_that_is_ordered_and_none_is_idle(steps: int, tier: int, efa: bool, iops: int) -> None:
    taken = addresses_taken(steps * capacity_step_gib(tier, efa), tier, efa, iops)
    metadata_servers = taken - steps
    assert (metadata_servers - 1) * 12_000 < iops <= metadata_servers * 12_000


def test_a_file_system_without_metadata_configuration_has_one_metadata_server() -> None:
    assert addresses_taken(1200, 125, False, 0) == 2
