"""Network interfaces of a cloud instance: which network card carries which, so that no RDMA bandwidth is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["efa_layout", "efa_layout_problems"]

_INTERFACE = "interface"
_EFA_ONLY = "efa-only"


def efa_layout(interfaces_max_by_card: Sequence[int], efa_by_card: Sequence[bool]) -> tuple[tuple[int, int, str], ...]:
    """Lay out the network interfaces of an instance: one with an address, and an EFA on every card that carries one.

    Parameters
    ----------
    interfaces_max_by_card : sequence of int
        For each network card, from card 0: how many interfaces it allows, at least 1.
    efa_by_card : sequence of bool
        For each network card: whether it carries EFA.

    Returns
    -------
    tuple of (int, int, str)
        Network card, device index on that card, and ``interface`` (ENA, with an address) or ``efa-only`` (RDMA, without).

    Raises
    ------
    ValueError
        If the two sequences are empty or differ in length, if a card allows no interface, or if card 0 carries EFA but has
        no room for it beside the primary interface.

    Notes
    -----
    The primary interface (card 0, device 0) is ``interface``: an ``efa-only`` one may never be. An EFA of card 0 therefore is
    device 1, on every other card device 0. Cards without EFA stay empty beyond the primary interface.

    References
    ----------
    AWS, Maximize network bandwidth on Amazon EC2 instances with multiple network cards,
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html

    Examples
    --------
    Four cards with EFA need five interfaces; of three cards, the first without EFA, each takes one (as p6-b300 does with 17).

    >>> efa_layout([15, 15, 15, 15], [True, True, True, True])
    ((0, 0, 'interface'), (0, 1, 'efa-only'), (1, 0, 'efa-only'), (2, 0, 'efa-only'), (3, 0, 'efa-only'))
    >>> efa_layout([4, 4, 4], [False, True, True])
    ((0, 0, 'interface'), (1, 0, 'efa-only'), (2, 0, 'efa-only'))
    """
    _refuse_impossible_cards(interfaces_max_by_card, efa_by_card)
    if efa_by_card[0] and interfaces_max_by_card[0] < 2:
        raise ValueError(
            f"card 0 carries EFA but allows {interfaces_max_by_card[0]} interface, 2 are needed: "
            "the primary interface takes device 0, and efa-only may never be primary"
        )
    efa = [(card, _efa_device(card), _EFA_ONLY) for card, carries in enumerate(efa_by_card) if carries]
    return ((0, 0, _INTERFACE), *efa)


def efa_layout_problems(
    interfaces_max_by_card: Sequence[int], efa_by_card: Sequence[bool], layout: Sequence[tuple[int, int, str]]
) -> list[str]:
    """List the rules that a layout of network interfaces breaks, in words.

    Parameters
    ----------
    interfaces_max_by_card : sequence of int
        For each network card, from card 0: how many interfaces it allows, at least 1.
    efa_by_card : sequence of bool
        For each network card: whether it carries EFA.
    layout : sequence of (int, int, str)
        Network card, device index on that card, and kind of every interface, in any order.

    Returns
    -------
    list of str
        What is wrong; empty for what `efa_layout` makes. Further interfaces of kind ``interface`` in free slots are no problem.

    Raises
    ------
    ValueError
        If the two sequences are empty or differ in length, or if a card allows no interface.

    References
    ----------
    AWS, Maximize network bandwidth on Amazon EC2 instances with multiple network cards,
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html

    Examples
    --------
    The layout of older tools, which put EFA on card 0 whatever it carries, on a p6-b300 cut down to three cards:

    >>> for problem in efa_layout_problems([4, 4, 4], [False, True, True], [(0, 0, "interface"), (0, 1, "efa-only")]):
    ...     print(problem)
    card 0 device 1 is efa-only, but card 0 carries no EFA
    0 of 2 cards with EFA have an EFA interface, RDMA bandwidth is left out: card 1, 2
    """
    _refuse_impossible_cards(interfaces_max_by_card, efa_by_card)
    cards_count = len(interfaces_max_by_card)
    problems = _primary_problems(layout)
    for (card, device), times in Counter((card, device) for card, device, _ in layout).items():
        if times > 1:
            problems.append(f"card {card} device {device} is given {times} times")
    for card, device, kind in layout:
        slot = f"card {card} device {device}"
        if kind not in (_INTERFACE, _EFA_ONLY):
            problems.append(f"{slot} is of kind {kind!r}: neither '{_INTERFACE}' nor '{_EFA_ONLY}'")
        if not 0 <= card < cards_count:
            problems.append(f"{slot}: the instance has {cards_count} cards, 0 to {cards_count - 1}")
            continue
        if not 0 <= device < interfaces_max_by_card[card]:
            allowed = interfaces_max_by_card[card]
            problems.append(f"{slot}: card {card} allows {allowed} interfaces, devices 0 to {allowed - 1}")
        if kind == _EFA_ONLY and not efa_by_card[card]:
            problems.append(f"{slot} is {_EFA_ONLY}, but card {card} carries no EFA")
        elif kind == _EFA_ONLY and device != _efa_device(card):
            problems.append(f"{slot} is {_EFA_ONLY}: the EFA of card {card} is device {_efa_device(card)}")
    efa = Counter(card for card, _, kind in layout if kind == _EFA_ONLY)
    problems += [f"card {card} has {count} EFA interfaces, 1 is allowed" for card, count in efa.items() if count > 1]
    wanted = [card for card, carries in enumerate(efa_by_card) if carries]
    bare = [card for card in wanted if card not in efa]
    if bare:
        problems.append(
            f"{len(wanted) - len(bare)} of {len(wanted)} cards with EFA have an EFA interface, RDMA bandwidth is left out: "
            f"card {', '.join(map(str, bare))}"
        )
    return problems


def _efa_device(card: int) -> int:
    """Tell the device index of a card's EFA: the primary interface is before it on card 0."""
    return 1 if card == 0 else 0


def _primary_problems(layout: Sequence[tuple[int, int, str]]) -> list[str]:
    """List what is wrong with the interface in the primary slot."""
    kinds = {kind for card, device, kind in layout if (card, device) == (0, 0)}
    if not kinds:
        return ["the primary interface is missing: card 0 device 0"]
    if _EFA_ONLY in kinds:
        return [f"the primary interface, card 0 device 0, is {_EFA_ONLY}: it has no address and may never be primary"]
    if kinds != {_INTERFACE}:
        return [f"the primary interface, card 0 device 0, is {', '.join(sorted(kinds))} instead of {_INTERFACE}"]
    return []


def _refuse_impossible_cards(interfaces_max_by_card: Sequence[int], efa_by_card: Sequence[bool]) -> None:
    """Refuse cards that no instance has."""
    if len(interfaces_max_by_card) != len(efa_by_card):
        raise ValueError(
            f"{len(interfaces_max_by_card)} cards say how many interfaces they allow, "
            f"{len(efa_by_card)} say whether they carry EFA: both must be as many"
        )
    if not interfaces_max_by_card:
        raise ValueError("0 network cards: an instance has at least 1")
    for card, allowed in enumerate(interfaces_max_by_card):
        if allowed < 1:
            raise ValueError(f"card {card} allows {allowed} interfaces: a card allows at least 1")
