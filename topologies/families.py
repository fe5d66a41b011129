"""All topologies by name, and how a fabric is built again from its recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from topologies.clos import fat_tree, rail_only, xgft
from topologies.fabric import Fabric
from topologies.star import star

__all__ = ["TOPOLOGIES", "build"]

TOPOLOGIES: dict[str, Callable[..., Fabric]] = {
    "fat-tree": fat_tree,
    "rail-only": rail_only,
    "star": star,
    "xgft": xgft,
}


def build(topology: str, parameters: Mapping[str, Any]) -> Fabric:
    """Build a fabric from its recipe.

    Parameters
    ----------
    topology : str
        A key of `TOPOLOGIES`.
    parameters : mapping
        Arguments of that function; lists stand for tuples, as in JSON.

    Returns
    -------
    Fabric
        The same recipe gives the same columns.

    Raises
    ------
    TopologyError, ValueError
        As the function does; ValueError also for an unknown topology.

    Examples
    --------
    >>> build("xgft", {"children": [4, 4], "parents": [1, 2]}).endpoint_count
    16
    """
    if topology not in TOPOLOGIES:
        raise ValueError(f"'{topology}' is no topology (known: {', '.join(TOPOLOGIES)})")
    return TOPOLOGIES[topology](**parameters)
