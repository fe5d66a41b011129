"""The first factory file of a newcomer: short, commented, and it plans as it stands."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import Node

__all__ = ["starter"]

TEMPLATE = """\
# {name}: a factory for groundplan. Only site and compute are required; every default is listed in the plan's assumptions.
#   groundplan plan {name}.yaml                  the capacity report
#   groundplan schema > factory.schema.json     lets your editor complete and check this file:
# yaml-language-server: $schema=factory.schema.json
name: {name}

site:
  country: US
  # grid_feed: {feed}      # what the utility delivers at most

# hall:
  # racks: {racks}            # floor positions
  # rack_power: {rack_power}    # what one rack may draw

compute:
  nodes:
    {node}: {count}        # {label}; see: groundplan catalog list nodes

# fabrics:
  # compute:
    # oversubscription_ratio: 2
    # tiers: 2

# budget:
  # capex: {budget}
"""


def starter(name: str, node_id: str, count: int, catalog: Catalog) -> str:
    """Write the text of a starter factory.

    Parameters
    ----------
    name : str
        The factory's name.
    node_id : str
        Catalog id of the node.
    count : int
        How many.
    catalog : Catalog
        Where the node is found; the commented-out limits are sized for it.

    Returns
    -------
    str
        YAML.
    """
    node = catalog.get(Node, node_id)
    # Limits that this many nodes keep with room to spare: twice the nodes' own power and price.
    megawatts = node.power_max_kw * count * 2 / 1000
    price = catalog.price(node_id)
    return TEMPLATE.format(
        name=name,
        node=node_id,
        count=count,
        label=node.name,
        feed=f"{megawatts:.1f} MW" if megawatts >= 1 else f"{megawatts * 1000:.0f} kW",
        racks=2 * -(-count // node.per_rack_count) + 2,
        rack_power=f"{node.per_rack_count * node.power_max_kw:g} kW",
        budget=f"{max(count * (price.price_usd if price else 3e5) * 2 / 1e6, 0.1):.1f} MUSD",
    )
