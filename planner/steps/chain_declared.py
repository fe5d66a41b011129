"""A chain that the file declares link by link, as pieces and what hangs on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planner.catalog import Catalog
from planner.catalog.records import PowerStage
from planner.spec_facility import ChainLink, Power
from planner.steps.chain_scheme import Demand
from planner.steps.chain_units import Hung, Piece, RowLoad
from planner.steps.losses import loss_law
from planner.steps.notes import Notes

__all__ = ["declared_chain"]


def declared_chain(
    power: Power,
    catalog: Catalog,
    notes: Notes,
    demand: Demand,
    rows: Sequence[RowLoad] | None,
    usable: dict[str, float],
    grid_feed_kw: float | None,
) -> tuple[list[Piece], list[Hung]]:
    """Turn links into pieces, and what they feed into loads.

    Parameters
    ----------
    power : Power
        The section with the chain, without faults.
    catalog : Catalog
        What the links' equipment is.
    notes : Notes
        Takes rows that no link feeds, and rows that the hall does not have.
    demand : Demand
        The design load.
    rows : sequence of RowLoad, optional
        The hall's rows. Without them the rows that links name share the IT load equally.
    usable : dict
        Part of its rating that each link may carry for hours.
    grid_feed_kw : float, optional
        Rating of the utility's lines that declare none.
    """
    links = power.chain or {}
    pieces = [_piece(name, link, catalog, usable[name], grid_feed_kw) for name, link in links.items()]
    feeders: dict[str, list[str]] = defaultdict(list)
    for name, link in links.items():
        for load in link.feeds:
            feeders[load].append(name)
    named = sorted((each for each in feeders if each.startswith("row-")), key=lambda each: (len(each), each))
    if rows is None:
        rows = [RowLoad(each.removeprefix("row-").upper(), 0, 0, demand.it_kw / len(named)) for each in named]
    hung = _racks(feeders, named, rows, demand, notes)
    others = (("pumps", demand.pumps_kw), ("cooling", demand.cooling_kw), ("house", demand.house_kw))
    hung += [Hung(kind, kind, kw, tuple(feeders[kind])) for kind, kw in others]
    return pieces, hung


def _piece(name: str, link: ChainLink, catalog: Catalog, usable: float, grid_feed_kw: float | None) -> Piece:
    """Turn a link into a piece; without any rating it is sized for its load later."""
    row = catalog.get(PowerStage, link.equipment)
    rating = link.rating_kw or row.rating_kw or (grid_feed_kw if row.stage == "utility" else None)
    return Piece(
        name,
        row.stage,
        row.id,
        row.voltage_v,
        rating or 0.0,
        (rating or 0.0) * usable,
        rating is None,
        loss_law(row, catalog, link.rating_kw),
        link.fed_by,
        link.backed_by,
        link.needs_count or 1,
        0,
    )


def _racks(
    feeders: dict[str, list[str]], named: Sequence[str], rows: Sequence[RowLoad], demand: Demand, notes: Notes
) -> list[Hung]:
    """Hang every row on the links that name it and on those that name all racks."""
    everywhere = feeders["racks"]
    if not named:
        racks, gpus = (sum(row.racks for row in rows) or demand.racks, sum(row.gpus for row in rows))
        return [
            Hung("racks", "racks", demand.it_kw, tuple(everywhere), racks=racks, gpus=gpus, rows=tuple(r.name for r in rows))
        ]
    hung = []
    for row in rows:
        own = dict.fromkeys([*feeders.get(f"row-{row.name.lower()}", ()), *everywhere])
        if not own:
            message = f"row {row.name} ({row.racks} racks, {row.power_kw:,.1f} kW) hangs on no link"
            hint = f"name row-{row.name.lower()}, or racks, in a link's feeds"
            notes.error("chain-row", f"power.chain.row-{row.name.lower()}", message, hint)
        hung.append(Hung(f"row-{row.name.lower()}", "racks", row.power_kw, tuple(own), (), 1, row.racks, row.gpus, (row.name,)))
    there = {f"row-{row.name.lower()}" for row in rows}
    for name in named:
        if name not in there:
            link = feeders[name][0]
            message = f"{link} feeds {name}, where the hall has no racks"
            notes.warn(
                "chain-row", f"power.chain.{link}.feeds", message, "leave it out; rows are named after the hall's: row-a"
            )
    return hung
