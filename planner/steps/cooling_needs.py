"""What a rack's cooling takes: groups of like units, with what is spare in them."""

from __future__ import annotations

from planner.plan_facility import CoolingPlan, CoolingUnits

__all__ = ["cooling_groups", "spare_ratio"]


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
