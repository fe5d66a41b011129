"""What is wrong with a chain that the file declares link by link: found before anything is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from planner.catalog import Catalog
from planner.catalog.records import PowerStage
from planner.errors import did_you_mean, quoted
from planner.spec_facility import ChainLink

__all__ = ["chain_problems", "is_none"]

KeyPath = tuple[str | int, ...]
Fault = tuple[KeyPath, str, str]

CHAIN: KeyPath = ("power", "chain")
SOURCES = ("utility", "generator")
IN_THE_RACK = ("rectifier", "converter")


def is_none(row: PowerStage) -> bool:
    """Tell whether a row stands for a stage that is not there."""
    return row.id == f"{row.stage}-none"


def chain_problems(links: Mapping[str, ChainLink], catalog: Catalog) -> list[Fault]:
    """List what is wrong with a declared chain.

    Parameters
    ----------
    links : mapping
        The chain's links by name; their equipment is in the catalog.
    catalog : Catalog
        What the equipment is.

    Returns
    -------
    list of tuple
        Where (a path in the factory file), what, and a hint.
    """
    faults: list[Fault] = []
    for name, link in links.items():
        faults += _references(name, link, links)
        faults += _batteries(name, link, links, catalog)
        faults += _equipment(name, link, catalog.get(PowerStage, link.equipment))
    faults += _cycles(links)
    faults += _idle(links, catalog)
    faults += _feeds(links)
    return faults


def _references(name: str, link: ChainLink, links: Mapping[str, ChainLink]) -> Iterator[Fault]:
    """Check what a link draws on."""
    for key in ("fed_by", "backed_by"):
        listed = getattr(link, key)
        for number, other in enumerate(listed):
            path = (*CHAIN, name, key, number)
            if other not in links:
                yield (
                    path,
                    f"{quoted(other)} is no link of this chain",
                    did_you_mean(other, [each for each in links if each != name]),
                )
            elif other in listed[:number]:
                yield path, f"{other} stands twice in {key}", "name it once: links share equally"
            elif key == "backed_by" and other in link.fed_by:
                yield (
                    path,
                    f"{other} feeds {name} already, so it cannot step in for itself",
                    "name it in fed_by or in backed_by",
                )
    if link.needs_count is not None and link.needs_count > len(link.fed_by):
        message = f"needs {link.needs_count} of the links in fed_by, which names {len(link.fed_by)}"
        yield (*CHAIN, name, "needs_count"), message, f"at most {len(link.fed_by)}" if link.fed_by else "name them in fed_by"
    if len(set(link.feeds)) < len(link.feeds):
        twice = next(each for number, each in enumerate(link.feeds) if each in link.feeds[:number])
        yield (*CHAIN, name, "feeds"), f"{twice} stands twice", "name it once"


def _batteries(name: str, link: ChainLink, links: Mapping[str, ChainLink], catalog: Catalog) -> Iterator[Fault]:
    """Refuse battery systems as sources: they are empty after minutes or hours, which a chain in steady state does not show."""
    for key in ("fed_by", "backed_by"):
        for number, other in enumerate(getattr(link, key)):
            if other in links and catalog.get(PowerStage, links[other].equipment).stage == "bess":
                hint = "leave it out here, and let the switchboard feed it: its energy counts as ride-through"
                yield (*CHAIN, name, key, number), f"{other} is a battery system, which cannot feed {name} for hours", hint


def _equipment(name: str, link: ChainLink, row: PowerStage) -> Iterator[Fault]:
    """Check that a link's equipment can stand where it stands."""
    path = (*CHAIN, name, "equipment")
    if row.stage in IN_THE_RACK:
        hint = "end the chain at what feeds the rows; the catalog's rack_power says how power goes on from there"
        yield path, f"{row.id} is a {row.stage}, which stands in a rack", hint
    if is_none(row):
        yield (
            path,
            f"{row.id} stands for no {row.stage} at all",
            "leave the link out, and feed what follows from the link before it",
        )
    drawn = link.fed_by or link.backed_by
    if row.stage in SOURCES and drawn:
        key = "fed_by" if link.fed_by else "backed_by"
        yield (*CHAIN, name, key), f"{name} is a {row.stage}: a source, which nothing feeds", f"leave {key} out"
    if row.stage not in (*SOURCES, *IN_THE_RACK) and not link.fed_by:
        yield (*CHAIN, name), f"{name} is a {row.stage} that nothing feeds", "name what feeds it in fed_by"
    if row.loss_law == "curve" and row.rating_kw is None and link.rating_kw is None:
        message = f"{row.id} loses by a curve over its rating, and has none in the catalog"
        yield (*CHAIN, name), message, "declare rating"


def _cycles(links: Mapping[str, ChainLink]) -> Iterator[Fault]:
    """Find links that feed each other in a ring; one ring is enough to say."""
    graph = {name: [each for each in (*link.fed_by, *link.backed_by) if each in links] for name, link in links.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        first = min(range(len(ring) - 1), key=lambda number: ring[number])
        ring = [*ring[first:-1], *ring[: first + 1]]
        message = f"feeds itself: {' -> '.join(ring)}" if len(ring) > 2 else "feeds itself"
        key = "fed_by" if ring[-2] in links[ring[0]].fed_by else "backed_by"
        yield (*CHAIN, ring[0], key), message, "power flows from the grid to the racks: leave one of these out"


def _idle(links: Mapping[str, ChainLink], catalog: Catalog) -> Iterator[Fault]:
    """Find links that feed nothing; a battery system need not."""
    feeding = {each for link in links.values() for each in (*link.fed_by, *link.backed_by)}
    for name, link in links.items():
        if name not in feeding and not link.feeds and catalog.get(PowerStage, link.equipment).stage != "bess":
            hint = "name it in another link's fed_by or backed_by, or say what it feeds"
            yield (*CHAIN, name), f"{name} feeds nothing", hint


def _feeds(links: Mapping[str, ChainLink]) -> Iterator[Fault]:
    """Find loads that nothing feeds; which rows the hall has is known later."""
    fed = {each for link in links.values() for each in link.feeds}
    wanted = {
        "racks": "racks, or the rows one by one: row-a, row-b",
        "cooling": "cooling (chillers, towers, their fans)",
        "pumps": "pumps (with CDUs and the fans at the racks)",
        "house": "house (lighting, offices)",
    }
    for load, meaning in wanted.items():
        if load not in fed and not (load == "racks" and any(each.startswith("row-") for each in fed)):
            yield CHAIN, f"no link feeds the {load}", f"say so with feeds: {meaning}"
