"""As built against designed: what differs between the cables of a design and those that were found.

Design and findings are two sets of cables on the same ports, and no port holds two cables of one set. What is in only one of
them therefore falls apart into paths and rings in which designed and found cables take turns. Each path or ring is explained
by itself, with the fewest actions: a ring is a swap, a found cable beside a designed one is that cable in a wrong port, what is
left over at the end of a path is missing or too much.
"""

from __future__ import annotations

from collections.abc import Mapping

from topologies.as_built.built import Built, read
from topologies.as_built.cable_faults import exchanged, harmless, missing_cable, moved, slow
from topologies.as_built.differences import CATEGORIES, Action, Difference, Differences, as_dict, cable_label, lines
from topologies.as_built.matchings import explain, mates
from topologies.as_built.misnamed import SHIFT
from topologies.as_built.node_faults import misnamed, missing_nodes, unknown_nodes
from topologies.as_built.work_order import work_order, work_order_lines
from topologies.fabric import Fabric
from topologies.links import Links

__all__ = ["CATEGORIES", "Difference", "Differences", "as_dict", "compare", "lines", "work_order", "work_order_lines"]


def compare(fabric: Fabric, links: Links, *, names: Mapping[str, str] | None = None) -> Differences:
    """Compare the fabric as built with its design.

    Parameters
    ----------
    fabric : Fabric
        The design.
    links : Links
        What was found, with found names. Subnets that were discovered one by one (planes, rails) must be joined before.
    names : mapping of str to str, optional
        Design names by found names, where the built-in rules do not do: see `topologies.as_built.names.match_names`.

    Returns
    -------
    Differences
        Every difference once. Nothing differs: no items.

    Raises
    ------
    ValueError
        If two found cables are in one port, or the mapping names a device that the design does not have.

    Notes
    -----
    A node is *missing* if nothing of it was found; an endpoint all of whose switches are missing counts with them, for it could
    not be found. A node found in exactly the place of another is *misnamed*, be its name unknown or another's (two leaves
    exchanged are one mistake, not 128). A found cable that joins the right two devices in ports that the design gives to
    cables between these two is *harmless*; the other cables of that bundle may then use what is left.

    The remaining found cables are explained by the designed cables that share a port with them. Of several explanations with
    equally few actions, the one that moves plugs over the shortest way is taken (within a device, a host, a unit). A host's
    cables that are exchanged among its own NICs are on a wrong rail (or plane); other rings are *swapped*.

    References
    ----------
    Berge, Two theorems in graph theory (PNAS 43, 1957): the difference of two matchings is paths and even rings.

    Examples
    --------
    Somebody exchanged two cables at a leaf, and a link runs on one lane of four.

    >>> from topologies.clos import fat_tree
    >>> from topologies.links import Link, Links, links_of
    >>> fabric = fat_tree(32, 8, radix=64)
    >>> design = links_of(fabric)
    >>> cables = list(design.links)
    >>> cables[0], cables[8] = (Link("n0000-nic0", 1, "su00-rail0-leaf", port, 400.0) for port in (2, 1))
    >>> cables[8] = cables[8]._replace(a="n0001-nic0")
    >>> cables[9] = cables[9]._replace(gbit_per_s=100.0)
    >>> for each in compare(fabric, Links(design.nodes, tuple(cables), design.switches)).items:
    ...     print(each.category, "|", each.fix)
    swapped | swap back: at su00-rail0-leaf exchange the cables in ports 1 and 2
    slow | clean, reseat or replace n0001-nic1:1 <-> su00-rail1-leaf:2
    """
    case = read(fabric, links, names)
    items: list[Difference] = []
    misnamed(case, items)
    present = {vertex for vertex in case.nodes if vertex < fabric.vertex_count}
    missing = {end >> SHIFT for ends in case.designed.values() for end in ends} - present
    missing_nodes(case, missing, items)
    unknown_nodes(case, missing, items)
    equal = _cables(case, missing, items)
    order = {category: number for number, category in enumerate(CATEGORIES)}
    return Differences(
        tuple(sorted(items, key=lambda item: order[item.category])),  # stable: within a category by place
        len(case.designed),
        len(case.found),
        equal,
        case.ignored,
    )


def _cables(case: Built, missing: set[int], items: list[Difference]) -> int:
    """Report what differs between nodes that are both designed and found; return the number of equal cables."""
    first = case.fabric.vertex_count
    wanted = {cable: ends for cable, ends in case.designed.items() if not missing & {ends[0] >> SHIFT, ends[1] >> SHIFT}}
    wrong: list[tuple[int, int]] = []
    rates: dict[int, float | None] = {}
    equal = 0
    for one, other, rate in case.found:
        rates[one] = rates[other] = rate
        cable = case.cable_at.get(one)
        if cable is not None and cable == case.cable_at.get(other):
            equal += 1
            del wanted[cable]
            slow(case, cable, case.designed[cable], rate, items)
        elif max(one, other) >> SHIFT < first:
            wrong.append((one, other))
    held = {min(both[:2]): max(both[:2]) >> SHIFT for both in case.found if max(both[:2]) >> SHIFT >= first}
    wanted, wrong = harmless(case, wanted, wrong, rates, items)
    cable_at = {end: cable for cable, ends in wanted.items() for end in ends}
    result = explain(mates(wanted.values()), mates(wrong), case.distance)

    extra: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for ends in result.extra:
        extra.setdefault(tuple(sorted(end >> SHIFT for end in ends)), []).append(ends)
    for kept, at, to in sorted(result.moves, key=lambda move: cable_at[move[0]]):
        cable = cable_at[kept]
        items.append(moved(case, cable, wanted[cable], ((at, to),), rates[at]))
        slow(case, cable, wanted[cable], rates[at], items)
    for cable in sorted(cable_at[end] for end, _ in result.missing):
        lower, upper = wanted[cable]
        if elsewhere := extra.get(tuple(sorted((lower >> SHIFT, upper >> SHIFT)))):
            spare = elsewhere.pop(0)
            low, high = spare if spare[0] >> SHIFT == lower >> SHIFT else spare[::-1]
            items.append(moved(case, cable, (lower, upper), ((low, lower), (high, upper)), rates[low]))
            slow(case, cable, (lower, upper), rates[low], items)
        else:
            items.append(missing_cable(case, cable, (lower, upper), held))
    for both in sorted(ends for several in extra.values() for ends in several):
        lower, upper = case.lower_first(*both)
        link = case.link((lower, upper), rates[lower])
        action = Action("remove", case.end(lower), case.end(upper), cable_label(link), frees=(case.end(lower), case.end(upper)))
        items.append(
            Difference(
                "extra_cable",
                (case.device(lower >> SHIFT), case.device(upper >> SHIFT)),
                f"{cable_label(link)} is not in the design",
                "remove it",
                (),
                (link,),
                (action,),
            )
        )
    exchanged(case, result.rings, wanted, cable_at, rates, items)
    return equal
