"""Laws of the networks beside the compute fabric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.network import out_of_band_switches, ports_taken

RATES = st.sampled_from([1.0, 10.0, 25.0, 40.0, 50.0, 100.0, 200.0, 400.0, 800.0])
COUNTS = st.integers(0, 5000)
LINKS = st.lists(st.tuples(COUNTS, RATES), max_size=5)


@given(count=COUNTS, rate=RATES, times=st.integers(1, 16))
def test_links_of_the_same_or_a_higher_rate_take_one_each(count: int, rate: float, times: int) -> None:
    assert ports_taken([(count, rate * times)], rate) == count


@given(count=COUNTS, rate=st.floats(0.1, 100.0), times=st.integers(1, 16))
def test_slower_links_share_one(count: int, rate: float, times: int) -> None:
    # Any rate, so that rate * times / rate is not always the whole number it should be.
    assert ports_taken([(count, rate)], rate * times) == -(-count // times)


@pytest.mark.parametrize(
    ("count", "rate", "link_rate", "taken"),
    [
        (96, 200.0, 400.0, 48),
        (3, 200.0, 400.0, 2),
        (5, 40.0, 100.0, 3),
        (4, 300.0, 400.0, 4),
        (3, 0.1, 0.3, 1),
        (7, 0.0, 400.0, 0),
    ],
)
def test_links_by_hand(count: int, rate: float, link_rate: float, taken: int) -> None:
    assert ports_taken([(count, rate)], link_rate) == taken


@given(links=LINKS, link_rate=RATES)
def test_no_link_carries_more_than_its_rate(links: list[tuple[int, float]], link_rate: float) -> None:
    taken = ports_taken(links, link_rate)
    assert sum(count * min(rate, link_rate) for count, rate in links) <= taken * link_rate
    assert taken <= sum(count for count, _ in links)


@given(links=LINKS, more=LINKS, link_rate=RATES, faster=RATES)
def test_kinds_add_up_and_faster_links_never_take_more(
    links: list[tuple[int, float]], more: list[tuple[int, float]], link_rate: float, faster: float
) -> None:
    assert ports_taken(links + more, link_rate) == ports_taken(links, link_rate) + ports_taken(more, link_rate)
    assert ports_taken(links, max(link_rate, faster)) <= ports_taken(links, link_rate)


@given(links=LINKS, link_rate=RATES, data=st.data())
def test_one_more_link_takes_none_or_one_more(links: list[tuple[int, float]], link_rate: float, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(links)))
    count, rate = links[place] if place < len(links) else (0, data.draw(RATES))
    more = [*links[:place], (count + 1, rate), *links[place + 1 :]]
    assert 0 <= ports_taken(more, link_rate) - ports_taken(links, link_rate) <= 1


def test_nothing_to_attach_takes_nothing() -> None:
    assert ports_taken([], 400.0) == 0
    assert out_of_band_switches(0, 48) == 0


@given(ports=st.integers(1, 10**9), switch_ports=st.integers(1, 1000))
def test_out_of_band_switches_suffice_and_one_fewer_would_not(ports: int, switch_ports: int) -> None:
    switches = out_of_band_switches(ports, switch_ports)
    assert (switches - 1) * switch_ports < ports <= switches * switch_ports
    assert switches <= out_of_band_switches(ports + 1, switch_ports)
    assert out_of_band_switches(switches * switch_ports, switch_ports) == switches
