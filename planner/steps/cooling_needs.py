"""What a rack's cooling takes: groups of like units, and feeds of power, with what is spare in them."""

from __future__ import annotations

from collections.abc import Sequence

from planner.plan_facility import ChainLoad, CoolingPlan, CoolingUnits

__all__ = ["cooling_feeds_needed", "cooling_groups", "spare_ratio"]


def cooling_feeds_needed(feeds: Sequence[ChainLoad], cooling: CoolingPlan) -> dict[str, int]:
    """Say of how many of the loads "pumps" and "cooling" the rest of the plant can do the work of all, by their spare units.

    Units on the UPS hang on the pumps' feeds, the others on those of cooling.
    """
    needed = {}
    for kind in ("pumps", "cooling"):
        powers_kw = sorted(feed.power_kw for feed in feeds if feed.kind == kind)
        ratio = spare_ratio(cooling, kind)
        left_kw, count = 0.0, 0
        while count < len(powers_kw) and left_kw * ratio < sum(powers_kw) * (1 - 1e-9):
            left_kw, count = left_kw + powers_kw[count], count + 1
        needed[kind] = count
    return needed


def spare_ratio(cooling: CoolingPlan, kind: str) -> float:
    """Return the units that there are over those that are needed, where it is least, of those that hang on a kind of feed."""
    groups = [group for group in cooling.units if group.on_ups == (kind == "pumps") and group.needed_count > 0]
    return min((group.count / group.needed_count for group in groups), default=1.0)


def cooling_groups(cooling: CoolingPlan) -> list[CoolingUnits]:
    """List the groups of cooling units that there are; a rear door serves its own rack, whatever is spare elsewhere."""
    groups = []
    for group in cooling.units:
        if min(group.count, group.needed_count, group.groups_count) > 0:
            doors = {"groups_count": group.groups_count * group.count, "count": 1, "needed_count": 1}
            groups.append(group.model_copy(update=doors if group.role == "rear-door" else {}))
    return groups
