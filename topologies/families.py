"""All topologies by name, and how a fabric is built again from its recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.fabric import Fabric
from topologies.hyperx import hyperx
from topologies.populate import populated
from topologies.scale_up import nvlink_domain, with_scale_up
from topologies.slim_fly import slim_fly
from topologies.star import star
from topologies.torus import optical_torus, torus
from topologies.xgft import xgft

__all__ = ["TOPOLOGIES", "build", "scale_up_joined"]


def scale_up_joined(base: Mapping[str, Any], **arguments: Any) -> Fabric:
    """Build a scale-out fabric from its recipe, and join scale-up domains with it.

    Parameters
    ----------
    base : mapping
        The scale-out fabric: `topology`, `parameters` and, where it is not full, `population`, as for `build`.
    **arguments
        As for `topologies.scale_up.with_scale_up`, from `gpus_per_domain` on.

    Returns
    -------
    Fabric
        As `topologies.scale_up.with_scale_up`.

    Raises
    ------
    TopologyError, ValueError
        As `build` and `topologies.scale_up.with_scale_up`.

    References
    ----------
    See `topologies.scale_up.with_scale_up`.

    Examples
    --------
    Four hosts of two GPUs, each host with a switch chip.

    >>> base = {"topology": "fat-tree", "parameters": {"hosts": 4, "nics_per_host": 2, "radix": 8}}
    >>> scale_up_joined(base, gpus_per_domain=2, chips_per_domain=1, links_per_gpu=4).switches_by_tier()
    {'nic': 8, 'nvswitch': 4, 'leaf': 1}
    """
    return with_scale_up(build(**base), **arguments)


TOPOLOGIES: dict[str, Callable[..., Fabric]] = {
    "dragonfly": dragonfly,
    "dragonfly-plus": dragonfly_plus,
    "fat-tree": fat_tree,
    "hyperx": hyperx,
    "nvlink-domain": nvlink_domain,
    "optical-torus": optical_torus,
    "rail-only": rail_only,
    "scale-up-joined": scale_up_joined,
    "slim-fly": slim_fly,
    "star": star,
    "torus": torus,
    "xgft": xgft,
}


def build(topology: str, parameters: Mapping[str, Any], population: Mapping[str, int] | None = None) -> Fabric:
    """Build a fabric from its recipe.

    Parameters
    ----------
    topology : str
        A key of `TOPOLOGIES`.
    parameters : mapping
        Arguments of that function; lists stand for tuples, as in JSON.
    population : mapping, optional
        Arguments of `topologies.populate.populated`, where only some of the endpoints exist.

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
    fabric = TOPOLOGIES[topology](**parameters)
    return populated(fabric, **population) if population else fabric
