"""The first factory file of a newcomer: short, commented, and it plans as it stands."""

from __future__ import annotations

import math

from planner.plan import Plan

__all__ = ["starter"]

ROOM = 1.2
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


def starter(plan: Plan) -> str:
    """Write the text of a starter factory.

    Parameters
    ----------
    plan : Plan
        The plan of the factory to begin with: of one kind of node, with nothing else declared.

    Returns
    -------
    str
        YAML; its commented-out limits leave a fifth of room for what is planned.
    """
    (group,) = plan.compute.groups
    planned_racks, _, power = plan.in_a_hall()
    megawatts = math.ceil(power.facility_kw * ROOM / 100) / 10
    rack_kw = max(racks.power_per_rack_max_kw for racks in planned_racks.groups)
    return TEMPLATE.format(
        name=plan.name,
        node=group.node,
        count=group.nodes,
        label=group.name,
        feed=f"{megawatts:g} MW",
        racks=math.ceil(planned_racks.count * ROOM),
        rack_power=f"{math.ceil(rack_kw)} kW",
        budget=f"{math.ceil(plan.cost.capex_usd * ROOM / 1e5) / 10:g} MUSD",
    )
