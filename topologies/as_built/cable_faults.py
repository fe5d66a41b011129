"""Differences of cables between two known nodes, each put into its category and into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from topologies.as_built.built import Built, Ends
from topologies.as_built.differences import CATEGORIES, Action, Difference
from topologies.as_built.matchings import exchanges
from topologies.as_built.misnamed import PORT, SHIFT
from topologies.fabric import NONE

__all__ = ["counted", "exchanged", "harmless", "missing_cable", "moved", "slow"]

_SLOWER_FRACTION = 0.95
"""Rates are nominal or measured: FDR's four lanes are 56 or 54.5 Gbit/s. What is slower by less is not slow."""


def harmless(
    case: Built, wanted: dict[int, Ends], wrong: list[Ends], rates: Mapping[int, float | None], items: list[Difference]
) -> tuple[dict[int, Ends], list[Ends]]:
    """Report cables in each other's ports of one bundle; give the rest of the bundle the ports that are left."""

    def devices(ends: Iterable[int]) -> frozenset[int]:
        return frozenset(end >> SHIFT for end in ends)

    bundles: dict[frozenset[int], dict[int, int]] = {}  # found: upper port by lower port
    rest = []
    for ends in wrong:
        cables = [case.cable_at.get(end, NONE) for end in ends]
        if all(cable in wanted and devices(wanted[cable]) == devices(ends) for cable in cables):
            lower, upper = ends if case.designed[cables[0]][0] == ends[0] else ends[::-1]
            bundles.setdefault(devices(ends), {})[lower] = upper
        else:
            rest.append(ends)
    if not bundles:
        return wanted, wrong
    members: dict[frozenset[int], dict[int, int]] = {}  # designed: cable by lower port
    for cable, ends in wanted.items():
        members.setdefault(devices(ends), {})[ends[0]] = cable
    totals = Counter(devices(ends) for ends in case.designed.values())
    wanted = dict(wanted)
    for pair, found in sorted(bundles.items(), key=lambda item: min(item[1])):
        of_pair = members[pair]
        upper_of = {lower: wanted.pop(cable)[1] for lower, cable in of_pair.items()}
        taken = set(found.values())
        final = dict(found)  # where every cable of the bundle is when all else has been set right
        final.update({lower: upper for lower, upper in upper_of.items() if lower not in found and upper not in taken})
        lowers = sorted(upper_of.keys() - final.keys())
        uppers = sorted(set(upper_of.values()) - set(final.values()))
        final.update(zip(lowers, uppers, strict=True))
        wanted.update({of_pair[lower]: (lower, upper) for lower, upper in final.items() if lower not in found})
        for lower, upper in found.items():
            slow(case, of_pair[lower], (lower, upper), rates[lower], items)
        lower_of = {upper: lower for lower, upper in upper_of.items()}
        target = {lower: lower_of[upper] for lower, upper in final.items() if lower_of[upper] != lower}
        actions = []
        while target:
            at = min(target)
            cycle = {}
            while at in target:
                cycle[at] = target.pop(at)
                at = cycle[at]
            actions += [
                Action(
                    "exchange",
                    case.end(one),
                    case.end(other),
                    case.fabric.label(of_pair[one]),
                    needs=(case.end(one), case.end(other)),
                )
                for one, other in exchanges(cycle)
            ]
        one, other = (case.name(end >> SHIFT) for end in next(iter(found.items())))
        text = f"{len(found)} of the {totals[pair]} cables between {one} and {other} are in other ports of the same bundle"
        items.append(
            Difference(
                "harmless",
                (one, other),
                text,
                "leave them: they join the same two devices",
                tuple(case.design(of_pair[lower]) for lower in sorted(found)),
                tuple(case.link((lower, found[lower]), rates[lower]) for lower in sorted(found)),
                tuple(actions),
            )
        )
    return wanted, rest


def slow(case: Built, cable: int, ends: Ends, rate: float | None, items: list[Difference]) -> None:
    """Report a cable below its rate; `ends` is where it is once all else has been set right."""
    full = float(case.fabric.cables.gbit_per_s[cable])
    if rate is None or rate >= full * _SLOWER_FRACTION:
        return
    label = case.fabric.label(cable)
    why = {0.25: ": one lane of four, or an older rate", 0.5: ": half the lanes, or an older rate"}.get(
        round(rate / full, 2), ""
    )
    action = Action("replace", case.end(ends[0]), case.end(ends[1]), label, needs=tuple(map(case.end, ends)))
    text = f"{label} runs at {rate:g} of {full:g} Gbit/s{why}"
    items.append(
        Difference(
            "slow",
            tuple(case.device(end >> SHIFT) for end in ends),
            text,
            f"clean, reseat or replace {label}",
            (case.design(cable),),
            (case.link(ends, rate),),
            (action,),
        )
    )


def missing_cable(case: Built, cable: int, ends: Ends, held: Mapping[int, int]) -> Difference:
    """Report a cable that is not there; `held` are the unknown nodes that have a cable in a known port."""
    lower, upper = ends
    label = case.fabric.label(cable)
    text = f"{label} is not there, or has no link"
    if ends != case.designed[cable]:
        text += f" (its bundle has {case.text(lower)} and {case.text(upper)} free)"
    for end in ends:
        if end in held:
            text += f"; {case.text(end)} holds a cable to {case.name(held[end])!r}"
    action = Action("plug in", case.end(lower), case.end(upper), label, fills=(case.end(lower), case.end(upper)))
    nodes = case.device(lower >> SHIFT), case.device(upper >> SHIFT)
    return Difference(
        "missing_cable",
        nodes,
        text,
        f"plug it in: {case.text(lower)} to {case.text(upper)}",
        (case.design(cable),),
        (),
        (action,),
    )


def _kind(case: Built, at: int, to: int) -> tuple[str, str]:
    """Say what is wrong with a plug in one port that belongs in another: the category, and words for it."""
    planes = case.plane(at), case.plane(to)
    if NONE not in planes and planes[0] != planes[1]:
        return "wrong_plane", f" (plane {planes[0]} instead of {planes[1]})"
    rails = case.rail(at >> SHIFT), case.rail(to >> SHIFT)
    if NONE not in rails and rails[0] != rails[1]:
        return "wrong_rail", f" (rail {rails[0]} instead of {rails[1]})"
    return ("wrong_port" if at >> SHIFT == to >> SHIFT else "wrong_device"), ""


def moved(case: Built, cable: int, ends: Ends, steps: tuple[Ends, ...], rate: float | None) -> Difference:
    """Report a cable with one end, or both, in wrong ports; `steps` are the ports where they are and where they belong."""
    goes = dict(steps)
    back = {to: at for at, to in steps}
    is_now = back.get(ends[0], ends[0]), back.get(ends[1], ends[1])
    kinds = [_kind(case, at, to) for at, to in steps]
    category, words = min(kinds, key=lambda kind: list(CATEGORIES).index(kind[0]))
    label = case.fabric.label(cable)
    text = f"{label} is plugged into " + " and ".join(f"{case.text(at)} instead of {case.text(to)}" for at, to in steps) + words
    fix = "move the plug " + " and the other ".join(f"from {case.text(at)} to {case.text(to)}" for at, to in goes.items())
    actions = tuple(Action("move", case.end(at), case.end(to), label, (case.end(at),), (case.end(to),)) for at, to in steps)
    nodes = tuple(dict.fromkeys(case.device(end >> SHIFT) for end in (*is_now, *ends)))
    return Difference(category, nodes, text, fix, (case.design(cable),), (case.link(is_now, rate),), actions)


def exchanged(
    case: Built,
    rings: Iterable[tuple[int, ...]],
    wanted: Mapping[int, Ends],
    cable_at: Mapping[int, int],
    rates: Mapping[int, float | None],
    items: list[Difference],
) -> None:
    """Report cables exchanged among each other: those among one host's NICs together."""
    by_host: dict[tuple[int, str], list[tuple[tuple[int, ...], dict[int, int]]]] = {}
    for ring in rings:
        places = len(ring)
        even = {ring[n]: ring[n - 2] for n in range(0, places, 2)}
        odd = {ring[n]: ring[(n + 2) % places] for n in range(1, places, 2)}
        target = min(even, odd, key=lambda side: _work(case, side))
        kinds = {_kind(case, at, to)[0] for at, to in target.items()}
        hosts = {case.site(end) for end in ring if end >> SHIFT < case.fabric.endpoint_count}
        whole = len(hosts) == 1 and 2 * sum(end >> SHIFT < case.fabric.endpoint_count for end in ring) >= places
        category = next((each for each in ("wrong_plane", "wrong_rail") if whole and each in kinds), "swapped")
        if category == "swapped":
            items.append(_ring(case, category, [(ring, target)], cable_at, rates))
        else:
            by_host.setdefault((hosts.pop()[1], category), []).append((ring, target))
        for end in ring[::2]:
            cable = cable_at[end]
            kept = next(each for each in wanted[cable] if each not in target)
            slow(case, cable, wanted[cable], rates[kept], items)
    for (_, category), several in sorted(by_host.items()):
        items.append(_ring(case, category, several, cable_at, rates))


def _work(case: Built, target: Mapping[int, int]) -> tuple[int, int, int]:
    """Rate the work of exchanging plugs: places to go to, ways between them; rather at the upper end."""
    return len({case.site(end) for end in target}), sum(case.distance(*step) for step in target.items()), -min(target)


def _ring(
    case: Built,
    category: str,
    rings: list[tuple[tuple[int, ...], dict[int, int]]],
    cable_at: Mapping[int, int],
    rates: Mapping[int, float | None],
) -> Difference:
    """Describe one or more rings, each with the ports where its plugs should go."""
    designed, found, actions, steps, nodes = [], [], [], [], []
    for ring, target in rings:
        for number in range(0, len(ring), 2):
            cable = cable_at[ring[number]]
            designed.append((cable, case.design(cable)))
            both = case.lower_first(ring[number], ring[number - 1])
            found.append(case.link(both, rates[both[0]]))
            nodes += [case.device(end >> SHIFT) for end in ring[number : number + 2]]
        for one, other in exchanges(target):
            steps.append((one, other))
            actions.append(Action("exchange", case.end(one), case.end(other), case.fabric.label(cable_at[other])))
    designed.sort()
    labels = [case.fabric.label(cable) for cable, _ in designed]
    if category == "swapped":
        crossed = sorted(
            {_kind(case, at, to)[0].removeprefix("wrong_") for _, target in rings for at, to in target.items()}
            & {"rail", "plane"}
        )
        text = f"{len(labels)} cables are exchanged: {_listed(labels)}" + "".join(f" (across {each}s)" for each in crossed)
        label_word = "swap back"
    else:
        text = _of_host(case, category, rings)
        label_word = "put back" if len(actions) > 1 else "swap back"
    fix = f"{label_word}: " + _exchange_text(case, steps)
    if category == "wrong_rail" and (turn := _turn(case, rings)):
        host = nodes[0] if nodes[0] in case.fabric.endpoints.host_names else nodes[1]
        fix = f"put back: at {host} move the plug of every NIC to the NIC {turn} higher, those of the last to the first"
    return Difference(
        category,
        tuple(dict.fromkeys(nodes)),
        text,
        fix,
        tuple(link for _, link in designed),
        tuple(sorted(found)),
        tuple(actions),
    )


def _of_host(case: Built, category: str, rings: list[tuple[tuple[int, ...], dict[int, int]]]) -> str:
    """Say how a host's NICs are exchanged: turned round as a whole, or some of them."""
    endpoints = case.fabric.endpoints
    pairs = []  # NIC, and the switch where it is
    for ring, _ in rings:
        for number in range(0, len(ring), 2):
            nic, switch = case.lower_first(ring[number], ring[number - 1])
            pairs.append((nic >> SHIFT, switch >> SHIFT))
    pairs.sort()
    host = endpoints.host[pairs[0][0]]
    name = endpoints.host_names[host]
    slots = sorted({int(endpoints.slot[nic]) for nic, _ in pairs})
    if category == "wrong_plane":
        return f"{name}: NIC{'s' * (len(slots) > 1)} {_listed(slots)} on the wrong plane, ports exchanged"
    if turn := _turn(case, rings):
        return f"{name}: all {len(slots)} NICs are {counted(turn, 'rail')} too high, turned round"
    where = ", ".join(f"NIC {endpoints.slot[nic]} is on rail {case.rail(switch)}" for nic, switch in pairs)
    return f"{name}: {where}"


def _turn(case: Built, rings: Iterable[tuple[tuple[int, ...], dict[int, int]]]) -> int:
    """Tell by how many rails all NICs of a host are turned round, 0 if they are not."""
    rails_of = {}
    for ring, _ in rings:
        for number in range(0, len(ring), 2):
            nic, switch = case.lower_first(ring[number], ring[number - 1])
            rails_of[nic] = case.rail(nic >> SHIFT), case.rail(switch >> SHIFT)
    endpoints = case.fabric.endpoints
    rails = int(endpoints.rail[endpoints.host == endpoints.host[min(rails_of) >> SHIFT]].max()) + 1
    turns = {(is_on - should) % rails for should, is_on in rails_of.values()}
    return turns.pop() if len(turns) == 1 and len(rails_of) == rails else 0


def _exchange_text(case: Built, steps: list[Ends]) -> str:
    """Write exchanges, at one device if they are."""
    devices = {end >> SHIFT for step in steps for end in step}
    if len(devices) == 1:
        ports = _then(f"{one & PORT} and {other & PORT}" for one, other in steps)
        return f"at {case.name(devices.pop())} exchange the cables in ports {ports}"
    places = {case.site(end) for step in steps for end in step}
    at = f"at {case.device(steps[0][0] >> SHIFT)} " if len(places) == 1 else ""
    return f"{at}exchange the cables in " + _then(f"{case.text(one)} and {case.text(other)}" for one, other in steps)


def _then(steps: Iterable[str]) -> str:
    return ", then ".join(steps)


def _listed(things: Iterable[object], most: int = 6) -> str:
    every = [str(each) for each in things]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def counted(count: int, thing: str) -> str:
    """Write a number of things."""
    return f"{count:,} {thing}{'s' * (count != 1)}"
