"""Laws of addresses: subnets that are just large enough, apart and aligned, and prefixes that really fit."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.addresses import (
    addresses_with_prefixes,
    carve,
    prefixes_needed,
    subnet_prefix_length,
    usable_addresses,
)


def addresses_needed(nodes: int, interfaces: int, pods: int, other: int = 0) -> int:
    """Count what a subnet must offer to one pool of nodes and other single addresses, as the planner does."""
    return addresses_with_prefixes(prefixes_needed(nodes, pods), nodes * interfaces + other)


COUNTS = st.lists(st.integers(0, 4000), max_size=12)
NETWORKS = st.builds(
    lambda address, length: str(ipaddress.IPv4Network((address, length), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(8, 28),
)


def sizes_of(counts: list[int]) -> list[int]:
    return [next(size for size in (2**bits for bits in range(4, 17)) if size - 5 >= count) for count in counts]


def whole_prefixes(prefix_length: int, single_addresses_count: int) -> int | None:
    """Hand out single addresses one by one, first where no prefix can be; None if they do not fit."""
    subnet = list(ipaddress.IPv4Network(f"10.0.0.0/{prefix_length}"))
    kept = {*subnet[:4], subnet[-1]}
    blocks = [set(subnet[start : start + 16]) for start in range(0, len(subnet), 16)]
    blocks.sort(key=lambda block: not block & kept)
    free = [address for block in blocks for address in sorted(block) if address not in kept]
    if single_addresses_count > len(free):
        return None
    taken = kept | set(free[:single_addresses_count])
    return sum(not block & taken for block in blocks)


@pytest.mark.parametrize(
    ("count", "length"),
    [(0, 28), (1, 28), (11, 28), (12, 27), (27, 27), (28, 26), (251, 24), (252, 23), (32_763, 17), (32_764, 16), (65_531, 16)],
)
def test_prefix_lengths_by_hand(count: int, length: int) -> None:
    assert subnet_prefix_length(count) == length


@given(st.integers(0, 65_531))
def test_a_subnet_suffices_and_half_of_it_would_not(count: int) -> None:
    length = subnet_prefix_length(count)
    assert usable_addresses(length) >= count
    assert length == 28 or usable_addresses(length + 1) < count


def test_a_subnet_has_limits() -> None:
    with pytest.raises(ValueError, match=r"65,532 addresses are needed, the largest subnet, /16, offers 65,531"):
        subnet_prefix_length(65_532)
    with pytest.raises(ValueError, match="-100 addresses are needed: at least 0"):
        subnet_prefix_length(-100)
    for length in (15, 29):
        with pytest.raises(ValueError, match=f"a subnet of /{length} is not allowed: /16 to /28 are"):
            usable_addresses(length)


@pytest.mark.parametrize("length", range(16, 29))
def test_aws_keeps_five_addresses(length: int) -> None:
    assert usable_addresses(length) == ipaddress.IPv4Network(f"10.0.0.0/{length}").num_addresses - 5


@given(network=NETWORKS, counts=COUNTS)
def test_subnets_are_inside_apart_aligned_and_large_enough(network: str, counts: list[int]) -> None:
    whole = ipaddress.IPv4Network(network)
    if sum(sizes_of(counts)) > whole.num_addresses:
        with pytest.raises(ValueError, match="subnets need"):
            carve(network, counts)
        return
    carved = carve(network, counts)
    # Reading it strictly refuses a subnet that is not aligned.
    subnets = [ipaddress.IPv4Network(subnet) for subnet in carved]
    assert [subnet.num_addresses for subnet in subnets] == sizes_of(counts)
    assert all(subnet.subnet_of(whole) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(subnets, 2))
    assert carve(network, tuple(counts)) == carved


@given(bits=st.lists(st.integers(4, 12), min_size=1, max_size=40), data=st.data())
def test_all_fit_where_the_sum_of_the_sizes_just_does(bits: list[int], data: st.DataObject) -> None:
    # Filled up to a power of two, so that not one address is left.
    total = sum(2**each for each in bits)
    length = 32 - (total - 1).bit_length()
    room = 2 ** (32 - length)
    bits = [*bits, *(each for each in range(4, 32) if (room - total) >> each & 1)]
    counts = data.draw(st.permutations([2 ** min(each, 16) - 5 for each in bits]))
    network = f"10.0.0.0/{length}"
    assert sum(ipaddress.IPv4Network(subnet).num_addresses for subnet in carve(network, counts)) == room
    with pytest.raises(
        ValueError, match=rf"{len(counts) + 1} subnets need {room + 16:,} addresses, .* has {room:,}: 16 are missing"
    ):
        carve(network, [*counts, 1])


def test_the_largest_is_first_and_equals_keep_their_order() -> None:
    assert carve("10.8.0.0/16", [11, 251, 11, 1000]) == ["10.8.5.0/28", "10.8.4.0/24", "10.8.5.16/28", "10.8.0.0/22"]
    assert carve("10.8.0.0/16", []) == []


def test_the_last_network_can_be_filled() -> None:
    assert carve("255.255.255.0/24", [251]) == ["255.255.255.0/24"]


@pytest.mark.parametrize("network", ["10.0.0.1/24", "fd00::/56", "10.0.0.0/40", "ten"])
def test_other_networks_are_refused(network: str) -> None:
    with pytest.raises(ValueError, match=f"{network} is no IPv4 network"):
        carve(network, [11])


@pytest.mark.parametrize(("pods", "prefixes"), [(0, 1), (5, 2), (16, 2), (17, 3), (58, 5), (95, 7)])
def test_prefixes_are_those_that_the_network_plugin_lists(pods: int, prefixes: int) -> None:
    """Its table of attached prefixes for WARM_PREFIX_TARGET=1."""
    assert prefixes_needed(1, pods) == prefixes
    assert prefixes_needed(7, pods) == 7 * prefixes


@given(prefixes=st.integers(1, 120), singles=st.integers(0, 600))
def test_prefixes_and_single_addresses_fit_the_subnet_and_not_half_of_it(prefixes: int, singles: int) -> None:
    length = subnet_prefix_length(addresses_with_prefixes(prefixes, singles))
    whole = whole_prefixes(length, singles)
    assert whole is not None
    assert whole >= prefixes
    half = whole_prefixes(length + 1, singles)
    assert half is None or half < prefixes


@given(
    nodes=st.integers(0, 50),
    interfaces=st.integers(1, 32),
    pods=st.integers(0, 250),
    other=st.integers(0, 200),
    more=st.integers(1, 50),
)
def test_addresses_cover_all_and_grow_with_every_count(nodes: int, interfaces: int, pods: int, other: int, more: int) -> None:
    needed = addresses_needed(nodes, interfaces, pods, other)
    assert needed >= nodes * (interfaces + pods + 16 * (1 if nodes else 0)) + other
    assert needed <= addresses_needed(nodes + more, interfaces, pods, other)
    assert needed <= addresses_needed(nodes, interfaces + more, pods, other)
    assert needed <= addresses_needed(nodes, interfaces, pods + more, other)
    assert needed <= addresses_needed(nodes, interfaces, pods, other + more)


def test_without_nodes_only_the_others_count() -> None:
    assert addresses_needed(0, 1, 110, 9) == 9


def test_an_address_on_every_card_needs_a_subnet_twice_as_large() -> None:
    """64 p5 nodes of 30 pods: 33 interfaces, of which one has an address, or all 32 and the primary one."""
    assert subnet_prefix_length(addresses_needed(64, 1, 30)) == 20
    assert subnet_prefix_length(addresses_needed(64, 33, 30)) == 19
