"""Laws of interface layouts: what AWS publishes, and that every slip is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.interfaces import efa_layout, efa_layout_problems

Slot = tuple[int, int, str]
# Cards: how many interfaces each allows, and whether it carries EFA. Card 0 has room for an EFA beside the primary interface.
CARDS = st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=20).filter(
    lambda cards: cards[0][0] > 1 or not cards[0][1]
)

# DescribeInstanceTypes: interfaces per card, and cards; card 0 carries EFA unless said. Then all interfaces of the layout.
PUBLISHED = {
    "p4d.24xlarge": (15, 4, True, 5),
    "p5.48xlarge": (2, 32, True, 33),
    "p5e.48xlarge": (2, 32, True, 33),
    "p5en.48xlarge": (4, 16, True, 17),
    "p6-b200.48xlarge": (4, 8, True, 9),
    "p6-b300.48xlarge": (4, 17, False, 17),
    "g6e.48xlarge": (10, 4, True, 5),
    "trn2.48xlarge": (2, 16, True, 17),
}


def cards_of(instance: str) -> tuple[list[int], list[bool]]:
    interfaces_max, cards_count, first_carries, _ = PUBLISHED[instance]
    return [interfaces_max] * cards_count, [first_carries] + [True] * (cards_count - 1)


def apart(cards: list[tuple[int, bool]]) -> tuple[list[int], list[bool]]:
    return [allowed for allowed, _ in cards], [carries for _, carries in cards]


@pytest.mark.parametrize("instance", PUBLISHED)
def test_layouts_have_as_many_interfaces_as_published(instance: str) -> None:
    cards = cards_of(instance)
    layout = efa_layout(*cards)
    assert len(layout) == PUBLISHED[instance][3]
    assert sum(kind == "efa-only" for _, _, kind in layout) == sum(cards[1])
    assert efa_layout_problems(*cards, layout) == []


def test_p5en_slot_by_slot() -> None:
    assert efa_layout(*cards_of("p5en.48xlarge")) == (
        (0, 0, "interface"),
        (0, 1, "efa-only"),
        (1, 0, "efa-only"),
        (2, 0, "efa-only"),
        (3, 0, "efa-only"),
        (4, 0, "efa-only"),
        (5, 0, "efa-only"),
        (6, 0, "efa-only"),
        (7, 0, "efa-only"),
        (8, 0, "efa-only"),
        (9, 0, "efa-only"),
        (10, 0, "efa-only"),
        (11, 0, "efa-only"),
        (12, 0, "efa-only"),
        (13, 0, "efa-only"),
        (14, 0, "efa-only"),
        (15, 0, "efa-only"),
    )


def test_p6_b300_slot_by_slot() -> None:
    assert efa_layout(*cards_of("p6-b300.48xlarge")) == (
        (0, 0, "interface"),
        (1, 0, "efa-only"),
        (2, 0, "efa-only"),
        (3, 0, "efa-only"),
        (4, 0, "efa-only"),
        (5, 0, "efa-only"),
        (6, 0, "efa-only"),
        (7, 0, "efa-only"),
        (8, 0, "efa-only"),
        (9, 0, "efa-only"),
        (10, 0, "efa-only"),
        (11, 0, "efa-only"),
        (12, 0, "efa-only"),
        (13, 0, "efa-only"),
        (14, 0, "efa-only"),
        (15, 0, "efa-only"),
        (16, 0, "efa-only"),
    )


def test_without_efa_there_is_just_the_primary_interface() -> None:
    assert efa_layout([4], [False]) == efa_layout([1, 3], [False, False]) == ((0, 0, "interface"),)


def test_a_card_in_the_middle_without_efa_stays_empty() -> None:
    assert efa_layout([1, 1, 1], [False, False, True]) == ((0, 0, "interface"), (2, 0, "efa-only"))


@given(CARDS)
def test_every_layout_made_has_no_problems(cards: list[tuple[int, bool]]) -> None:
    allowed, carries = apart(cards)
    layout = efa_layout(allowed, carries)
    assert efa_layout_problems(allowed, carries, layout) == []
    assert efa_layout_problems(allowed, carries, layout[::-1]) == []
    assert len(layout) == 1 + sum(carries)


@given(CARDS, st.data())
def test_every_slip_is_a_problem(cards: list[tuple[int, bool]], data: st.DataObject) -> None:
    allowed, carries = apart(cards)
    layout = list(efa_layout(allowed, carries))
    place = data.draw(st.integers(0, len(layout) - 1))
    card, device, kind = layout[place]
    # To any other slot: on the card, on another one, and outside the instance.
    elsewhere = st.tuples(st.integers(-1, len(cards)), st.integers(-1, 7)).filter(lambda slot: slot != (card, device))
    slips: dict[str, list[Slot]] = {
        "drop": [],
        "duplicate": [layout[place]] * 2,
        "move": [(*data.draw(elsewhere), kind)],
        "change": [(card, device, data.draw(st.sampled_from(sorted({"interface", "efa-only", "efa", ""} - {kind}))))],
    }
    for name, instead in slips.items():
        assert efa_layout_problems(allowed, carries, [*layout[:place], *instead, *layout[place + 1 :]]), name


@given(CARDS, st.data())
def test_a_further_interface_with_an_address_in_a_free_slot_is_no_problem(
    cards: list[tuple[int, bool]], data: st.DataObject
) -> None:
    allowed, carries = apart(cards)
    layout = efa_layout(allowed, carries)
    taken = {(card, device) for card, device, _ in layout}
    free = [(card, device) for card, most in enumerate(allowed) for device in range(most) if (card, device) not in taken]
    for card, device in free:
        assert efa_layout_problems(allowed, carries, [*layout, (card, device, "interface")]) == []


@pytest.mark.parametrize(
    ("layout", "problem"),
    [
        ([(0, 1, "efa-only"), (1, 0, "efa-only")], "the primary interface is missing: card 0 device 0"),
        (
            [(0, 0, "efa-only"), (0, 1, "efa-only"), (1, 0, "efa-only")],
            "the primary interface, card 0 device 0, is efa-only: it has no address and may never be primary",
        ),
        (
            [(0, 0, "efa"), (0, 1, "efa-only"), (1, 0, "efa-only")],
            "the primary interface, card 0 device 0, is efa instead of interface",
        ),
        (
            [(0, 0, "interface"), (0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only")],
            "card 0 device 0 is given 2 times",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only"), (3, 0, "interface")],
            "card 3 device 0: the instance has 3 cards, 0 to 2",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only"), (1, 2, "interface")],
            "card 1 device 2: card 1 allows 2 interfaces, devices 0 to 1",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only"), (2, 0, "efa-only")],
            "card 2 device 0 is efa-only, but card 2 carries no EFA",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 1, "efa-only")],
            "card 1 device 1 is efa-only: the EFA of card 1 is device 0",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only"), (1, 1, "efa-only")],
            "card 1 has 2 EFA interfaces, 1 is allowed",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only")],
            "1 of 2 cards with EFA have an EFA interface, RDMA bandwidth is left out: card 1",
        ),
        (
            [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only"), (2, 0, "efa")],
            "card 2 device 0 is of kind 'efa': neither 'interface' nor 'efa-only'",
        ),
    ],
)
def test_each_rule_has_its_words(layout: list[Slot], problem: str) -> None:
    assert problem in efa_layout_problems([2, 2, 2], [True, True, False], layout)


def test_the_layout_of_older_tools_is_found_wrong_on_p6_b300() -> None:
    """It puts EFA on card 0 and loops over all cards (eksctl issue 8685)."""
    older: list[Slot] = [(0, 0, "efa"), *((card, 1, "efa") for card in range(1, 17))]
    problems = efa_layout_problems(*cards_of("p6-b300.48xlarge"), older)
    assert problems[0] == "the primary interface, card 0 device 0, is efa instead of interface"
    assert problems[-1].startswith("0 of 16 cards with EFA have an EFA interface")


@pytest.mark.parametrize(
    ("allowed", "carries", "message"),
    [
        ([], [], "0 network cards"),
        ([2, 2], [True], "2 cards say how many interfaces they allow, 1 say"),
        ([2, 0], [True, False], "card 1 allows 0 interfaces"),
    ],
)
def test_impossible_cards_are_refused(allowed: list[int], carries: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        efa_layout(allowed, carries)
    with pytest.raises(ValueError, match=message):
        efa_layout_problems(allowed, carries, [(0, 0, "interface")])


def test_an_efa_that_does_not_fit_beside_the_primary_interface_is_refused() -> None:
    with pytest.raises(ValueError, match=r"card 0 carries EFA but allows 1 interface, 2 are needed: .* never be primary"):
        efa_layout([1, 2], [True, True])
    assert efa_layout([1, 2], [False, True]) == ((0, 0, "interface"), (1, 0, "efa-only"))
