"""A fabric that is only partly populated: the endpoints it has hosts for, named after those hosts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from topologies.errors import TopologyError, require
from topologies.fabric import ENDPOINT_KINDS, INTERNAL_LAYERS, NONE, Endpoints, Fabric

__all__ = ["populated"]


def populated(base: Fabric, hosts: int, nics_per_host: int = 1, managers: int = 0) -> Fabric:
    """Keep the first endpoints of a fabric, as the NICs of so many hosts and then as ports of fabric managers.

    Parameters
    ----------
    base : Fabric
        The fully populated fabric.
    hosts : int
        Hosts, at least 1.
    nics_per_host : int
        NICs of a host: consecutive endpoints of the base.
    managers : int
        Endpoints after the hosts' that are ports of fabric managers.

    Returns
    -------
    Fabric
        The same switches and cables between them; the ports of the endpoints left out are free. `Fabric.population` holds
        the numbers. What is inside a chip of the base (a torus) is a cable here, in the layer node_router: a NIC is a device
        apart from the router.

    Raises
    ------
    TopologyError
        If the base has fewer endpoints; ``largest_hosts`` says how many hosts it carries.
    ValueError
        If a number is out of its range.

    References
    ----------
    Besta and Hoefler, Slim Fly: A Cost Effective Low-Diameter Network Topology (SC 2014), section V.D: incremental growth by
    leaving endpoints out.

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> fabric = populated(xgft((4, 4), (1, 2)), hosts=5, nics_per_host=2)
    >>> fabric.endpoint_count, fabric.cables_by_layer(), fabric.name(9)
    (10, {'node_leaf': 10, 'leaf_spine': 8}, 'n0004-nic1')
    """
    require(hosts >= 1, "hosts must be at least 1")
    require(nics_per_host >= 1, "nics_per_host must be at least 1")
    require(managers >= 0, "managers must not be negative")
    nics, kept = hosts * nics_per_host, hosts * nics_per_host + managers
    if kept > base.endpoint_count:
        largest = max((base.endpoint_count - managers) // nics_per_host, 0)
        message = f"{kept} endpoints exceed the fabric's {base.endpoint_count} (largest: {largest} hosts)"
        room = base.endpoint_count - managers
        one = {"hosts": 1, "nics_per_host": max(room, 1)} | ({"managers": base.endpoint_count - 1} if room < 1 else {})
        raise TopologyError(message, largest, nearest=[{"hosts": largest} if largest else one])
    gone = base.endpoint_count - kept
    number = np.arange(kept, dtype=np.int32)
    host_names = [f"n{host:04d}" for host in range(hosts)] + [f"mgr{each:02d}" for each in range(managers)]
    names = [f"{host}-nic{nic}" for host in host_names[:hosts] for nic in range(nics_per_host)]
    names += [f"{host}-nic0" for host in host_names[hosts:]]
    kind = np.where(number < nics, ENDPOINT_KINDS.index("nic"), ENDPOINT_KINDS.index("manager")).astype(np.int32)
    cables = base.cables
    alive = (cables.a < kept) | (cables.a >= base.endpoint_count)
    cables = cables.take(alive)
    return replace(
        base,
        population={"hosts": hosts, "nics_per_host": nics_per_host, "managers": managers},
        layers=tuple("node_router" if name in INTERNAL_LAYERS else name for name in base.layers),
        endpoints=Endpoints(
            names=tuple(names),
            kind=kind,
            host=np.where(number < nics, number // nics_per_host, hosts + number - nics).astype(np.int32),
            slot=np.where(number < nics, number % nics_per_host, 0).astype(np.int32),
            rail=np.full(kept, NONE, np.int32),
            host_names=tuple(host_names),
        ),
        cables=replace(
            cables,
            a=np.where(cables.a >= base.endpoint_count, cables.a - gone, cables.a).astype(np.int32),
            b=(cables.b - gone).astype(np.int32),
        ),
    )
