"""Scale-up domains: GPUs behind switch chips, alone or joined with a scale-out fabric into one graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies._direct import host_endpoints, layer_rates
from topologies.errors import TopologyError, require
from topologies.fabric import ENDPOINT_KINDS, NONE, Cables, Endpoints, Fabric, Switches, recipe_parameters

__all__ = ["nvlink_domain", "with_scale_up"]

NIC, GPU = ENDPOINT_KINDS.index("nic"), ENDPOINT_KINDS.index("gpu")


def nvlink_domain(
    gpus: int = 72,
    chips: int = 18,
    links_per_gpu: int = 18,
    *,
    domains: int = 1,
    gpus_per_host: int | None = None,
    radix: int | None = None,
    gbit_per_s: float = 400.0,
) -> Fabric:
    """Build scale-up domains: every GPU has links to every switch chip of its domain.

    Parameters
    ----------
    gpus, chips : int
        GPUs and switch chips of a domain.
    links_per_gpu : int
        Links of a GPU, at least one to each chip.
    domains : int
        Domains, unconnected.
    gpus_per_host : int, optional
        GPUs of a host, a divisor of `gpus`. Default: all GPUs of a domain, up to 8; with more, 4 (or what divides them).
    radix : int, optional
        Ports of a chip. Default: as many as it needs.
    gbit_per_s : float
        Rate of a link in one direction [Gbit/s]: 200 for NVLink 4 (H100), 400 for NVLink 5 (B200, GB200).

    Returns
    -------
    Fabric
        Tier nvswitch; layer nvlink. Group of a chip: its domain. Coordinates: its domain, its number there.

    Raises
    ------
    TopologyError
        If a GPU has fewer links than there are chips, hosts do not fill a domain, or a chip has too few ports.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Where chips do not divide the links, the outer chips take one link more, the first and the last before the next ones
    inwards, the same for all GPUs: 18 links over 4 chips are 5, 4, 4, 5, as on the HGX H100; over 2 chips, 9 each.

    References
    ----------
    Ishii and Wells, The NVLink-Network Switch: NVIDIA's Switch Chip for High Communication-Bandwidth SuperPODs (Hot Chips
    34, 2022): links of HGX H100. NVIDIA DGX SuperPOD reference architecture (GB200), network fabrics: 18 chips of NVL72.

    Examples
    --------
    NVL72: 72 * 18 = 1,296 links, one from each GPU to each chip. HGX H100: 8 * 18 = 144 links.

    >>> nvlink_domain(72, 18, 18).cables_by_layer()
    {'nvlink': 1296}
    >>> h100 = nvlink_domain(8, 4, 18, gbit_per_s=200.0)
    >>> h100.ports_used.tolist()
    [18, 18, 18, 18, 18, 18, 18, 18, 40, 32, 32, 40]
    """
    parameters = dict(locals())
    require(min(gpus, domains) >= 1, "gpus and domains must be at least 1")
    _check_links(chips, links_per_gpu)
    layer_rates(gbit_per_s)
    if gpus_per_host is None:
        gpus_per_host = gpus if gpus <= 8 else next(each for each in (4, 2, 1) if gpus % each == 0)
    require(gpus_per_host >= 1, "gpus_per_host must be at least 1")
    if gpus % gpus_per_host:
        message = f"hosts of {gpus_per_host} GPUs do not fill a domain of {gpus}"
        raise TopologyError(message, 0, "shape", [{"gpus": max(round(gpus / gpus_per_host), 1) * gpus_per_host}])
    number = np.arange(gpus * domains)
    spread = _spread(chips, links_per_gpu)
    return Fabric(
        topology="nvlink-domain",
        parameters=recipe_parameters(nvlink_domain, parameters),
        tiers=("nvswitch",),
        layers=("nvlink",),
        switches=_chips(domains, gpus, spread, gpus // gpus_per_host, radix),
        endpoints=host_endpoints(number // gpus_per_host, number % gpus_per_host, kind="gpu"),
        cables=_nvlinks(len(number), gpus, spread, first_chip=len(number), gbit_per_s=gbit_per_s, layer=0),
    )


def with_scale_up(
    fabric: Fabric,
    gpus_per_domain: int,
    chips_per_domain: int,
    links_per_gpu: int,
    link_gbit_per_s: float = 400.0,
    *,
    gpus_per_host: int | None = None,
    radix: int | None = None,
) -> Fabric:
    """Join scale-up domains with a scale-out fabric into one graph, in which GPUs are the endpoints.

    Parameters
    ----------
    fabric : Fabric
        The scale-out fabric; its endpoints of kind "nic" are those of hosts with GPUs, equally many in each.
    gpus_per_domain, chips_per_domain, links_per_gpu : int
        As `gpus`, `chips` and `links_per_gpu` of `nvlink_domain`; a domain is a whole number of hosts, neighbours in their
        order. The last domain may be partly filled; its chips are there all the same.
    link_gbit_per_s : float
        Rate of a scale-up link in one direction [Gbit/s].
    gpus_per_host : int, optional
        GPUs of a host. Default: as many as NICs. One number divides the other: NICs are shared by neighbours, or
        GPUs have several.
    radix : int, optional
        Ports of a switch chip. Default: as many as it needs.

    Returns
    -------
    Fabric
        Tiers nic, nvswitch and those of the fabric; layers internal, nvlink and those of the fabric. Endpoints: the GPUs, by
        host, then what was no NIC before. Switches: the NICs in their order, the chips by domain, those of the fabric.
        Coordinates of a NIC: its host, its number there; of a chip: its domain, its number there. NICs, chips, internal
        links and NVLinks are in no plane.

    Raises
    ------
    TopologyError
        If there are no NICs, not the same number in every host, or domains, hosts and NICs do not divide each other.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    A NIC keeps its cables and their ports, and has one more port for each of its GPUs, of the rate of all its cables together:
    what a GPU can send outside is what its NICs can. GPUs have NVLinks on their first ports. Failing the cables of a plane
    leaves the domains whole. `Fabric.links_per_port` stays that of the fabric; NICs and chips have no break-out.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture (GB200), network fabrics: scale-up and scale-out of one GPU.
    Wang et al., Rail-only (arXiv 2307.12169): traffic between rails passes the scale-up domain.

    Examples
    --------
    Two racks of NVL72, 18 hosts of 4 GPUs each, on a fat tree of four rails:

    >>> from topologies.clos import fat_tree
    >>> fabric = with_scale_up(fat_tree(36, 4, radix=144, gbit_per_s=800.0), 72, 18, 18)
    >>> fabric.endpoint_count, fabric.switches_by_tier()
    (144, {'nic': 144, 'nvswitch': 36, 'leaf': 1})
    >>> fabric.cables_by_layer()
    {'internal': 144, 'nvlink': 2592, 'node_leaf': 144}
    >>> fabric.name(3), fabric.name(144 + 3), fabric.name(144 + 144 + 18 + 7)
    ('n0000-gpu3', 'n0000-nic3', 'nvl01-nvswitch07')
    """
    _check_links(chips_per_domain, links_per_gpu)
    layer_rates(link_gbit_per_s)
    ends, boxes, cables = fabric.endpoints, fabric.switches, fabric.cables
    is_nic = ends.kind == NIC
    nics = np.flatnonzero(is_nic)
    nics = nics[np.lexsort((ends.slot[nics], ends.host[nics]))]
    hosts, of_host = np.unique(ends.host[nics], return_counts=True)
    if not len(nics) or len(set(of_host.tolist())) > 1:
        raise TopologyError("a scale-up domain needs hosts with NICs, equally many in each", 0, "shape")
    nics_per_host = int(of_host[0])
    of_gpus = nics_per_host if gpus_per_host is None else gpus_per_host
    require(min(of_gpus, gpus_per_domain) >= 1, "gpus_per_host and gpus_per_domain must be at least 1")
    links = max(of_gpus, nics_per_host)
    if links % of_gpus or links % nics_per_host:
        message = f"{nics_per_host} NICs and {of_gpus} GPUs of a host do not divide each other"
        raise TopologyError(message, 0, "shape", [{"gpus_per_host": nics_per_host}])
    if gpus_per_domain % of_gpus:
        message = f"hosts of {of_gpus} GPUs do not fill a domain of {gpus_per_domain}"
        raise TopologyError(message, 0, "shape", [{"gpus_per_domain": max(round(gpus_per_domain / of_gpus), 1) * of_gpus}])

    # Vertices: GPUs, the other endpoints, NICs, chips, the fabric's switches.
    gpus, others = len(hosts) * of_gpus, np.flatnonzero(~is_nic)
    domains = -(-gpus // gpus_per_domain)
    first_nic = gpus + len(others)
    first_chip = first_nic + len(nics)
    vertex = np.empty(fabric.vertex_count, np.int64)
    vertex[nics] = first_nic + np.arange(len(nics))
    vertex[others] = gpus + np.arange(len(others))
    vertex[fabric.endpoint_count :] = first_chip + domains * chips_per_domain + np.arange(len(boxes))

    at_host, link = (each.ravel() for each in np.indices((len(hosts), links)))
    gpu = at_host * of_gpus + link * of_gpus // links
    nic = at_host * nics_per_host + link * nics_per_host // links
    ports, rates = fabric.ports_used[nics], _rates(fabric)[nics]
    per_gpu, per_nic = links // of_gpus, links // nics_per_host
    internal = Cables.lay(
        gpu,
        links_per_gpu + link % per_gpu + 1,
        first_nic + nic,
        ports[nic] + link % per_nic + 1,
        gbit_per_s=1.0,
        layer=0,
        plane=NONE,
        rail=ends.rail[nics][nic],
    )
    spread = _spread(chips_per_domain, links_per_gpu)
    moved = replace(
        cables,
        a=vertex[cables.a].astype(np.int32),
        b=vertex[cables.b].astype(np.int32),
        layer=cables.layer + np.int32(2),
    )
    nvlinks = _nvlinks(gpus, gpus_per_domain, spread, first_chip=first_chip, gbit_per_s=link_gbit_per_s, layer=1)
    nic_switches = Switches(
        names=tuple(ends.names[each] for each in nics.tolist()),
        tier=np.ones(len(nics), np.int32),
        group=np.full(len(nics), NONE, np.int32),
        plane=np.full(len(nics), NONE, np.int32),
        rail=ends.rail[nics],
        ports=ports + np.int32(per_nic),
        coordinates=np.stack([ends.host[nics], ends.slot[nics]], axis=1),
    )
    host_names = [ends.host_names[host] for host in hosts.tolist()]
    chips = _chips(domains, gpus_per_domain, spread, gpus_per_domain // of_gpus, radix, host_names, tier=2)
    base: dict[str, Any] = {"topology": fabric.topology, "parameters": dict(fabric.parameters)}
    if fabric.population:
        base["population"] = dict(fabric.population)
    parameters = {
        "base": base,
        "gpus_per_domain": gpus_per_domain,
        "chips_per_domain": chips_per_domain,
        "links_per_gpu": links_per_gpu,
    }
    options = {"link_gbit_per_s": (link_gbit_per_s, 400.0), "gpus_per_host": (gpus_per_host, None), "radix": (radix, None)}
    parameters |= {name: value for name, (value, default) in options.items() if value != default}
    return Fabric(
        topology="scale-up-joined",
        parameters=parameters,
        tiers=("nic", "nvswitch", *fabric.tiers),
        layers=("internal", "nvlink", *fabric.layers),
        switches=_stack([nic_switches, chips, replace(boxes, tier=boxes.tier + np.int32(2))]),
        endpoints=_gpus_first(ends, hosts, of_gpus, nics, others),
        cables=Cables.join([replace(internal, gbit_per_s=rates[nic]), nvlinks, moved]),
        links_per_port=fabric.links_per_port,
    )


def _check_links(chips: int, links_per_gpu: int) -> None:
    require(chips >= 1, "the number of chips must be at least 1")
    require(links_per_gpu >= 1, "links_per_gpu must be at least 1")
    if links_per_gpu < chips:
        message = f"{links_per_gpu} links of a GPU do not reach {chips} chips"
        raise TopologyError(message, 0, "shape", [{"links_per_gpu": chips}])


def _spread(chips: int, links: int) -> NDArray[np.int64]:
    """Share the links of a GPU out to the chips; outer chips first get one more."""
    more = links % chips
    number = np.arange(chips)
    # The first half from the front, the rest from the back.
    return links // chips + ((number < (more + 1) // 2) | (number >= chips - more // 2))


def _nvlinks(
    gpus: int, per_domain: int, spread: NDArray[np.int64], *, first_chip: int, gbit_per_s: float, layer: int
) -> Cables:
    """Lay the links of all GPUs, those to one chip on ports side by side."""
    gpu, link = np.indices((gpus, int(spread.sum())))
    chip = np.repeat(np.arange(len(spread)), spread)
    nth = np.arange(len(chip)) - np.repeat(np.cumsum(spread) - spread, spread)
    return Cables.lay(
        gpu,
        link + 1,
        first_chip + gpu // per_domain * len(spread) + chip[link],
        gpu % per_domain * spread[chip][link] + nth[link] + 1,
        gbit_per_s=gbit_per_s,
        layer=layer,
        plane=NONE if layer else 0,
    )


def _chips(
    domains: int,
    gpus: int,
    spread: NDArray[np.int64],
    hosts_per_domain: int,
    radix: int | None,
    host_names: list[str] | None = None,
    tier: int = 1,
) -> Switches:
    """Make the columns of all chips, named after their host or, with several hosts, their domain."""
    needed = gpus * int(spread.max())
    if radix is not None and needed > radix:
        message = f"a chip with {gpus} GPUs needs {needed} ports, more than its radix of {radix}"
        raise TopologyError(message, 0, "ports", [{"radix": needed}])
    domain, chip = (each.ravel().astype(np.int32) for each in np.indices((domains, len(spread))))
    if hosts_per_domain == 1:
        words = host_names or [f"n{number:04d}" for number in range(domains)]
        names = tuple(f"{word}-nvswitch{number}" for word in words for number in range(len(spread)))
    else:
        width, digits = max(2, len(str(domains - 1))), max(2, len(str(len(spread) - 1)))
        places = [f"nvswitch{number:0{digits}d}" for number in range(len(spread))]
        names = tuple(f"nvl{of:0{width}d}-{place}" for of in range(domains) for place in places)
    none = np.full_like(domain, NONE)
    ports = np.full(len(spread), radix, np.int32) if radix else (gpus * spread).astype(np.int32)
    return Switches(
        names=names,
        tier=np.full_like(domain, tier),
        group=domain,
        plane=none if tier > 1 else np.zeros_like(domain),
        rail=none,
        ports=np.tile(ports, domains),
        coordinates=np.stack([domain, chip], axis=1),
    )


def _rates(fabric: Fabric) -> NDArray[np.float64]:
    """Rate of all cables of every vertex together [Gbit/s]."""
    ends = np.concatenate([fabric.cables.a, fabric.cables.b])
    rates = np.bincount(ends, np.tile(fabric.cables.gbit_per_s, 2), minlength=fabric.vertex_count)
    return rates.astype(np.float64)


def _gpus_first(
    ends: Endpoints, hosts: NDArray[Any], per_host: int, nics: NDArray[np.int64], others: NDArray[np.int64]
) -> Endpoints:
    """List the GPUs of all hosts, on the rails of their (first) NICs, and then the other endpoints."""
    host, slot = np.repeat(hosts, per_host), np.tile(np.arange(per_host, dtype=np.int32), len(hosts))
    nics_per_host = len(nics) // len(hosts)
    rail = ends.rail[nics].reshape(-1, nics_per_host)[:, np.arange(per_host) * nics_per_host // per_host]
    names = [f"{ends.host_names[of]}-gpu{number}" for of, number in zip(host.tolist(), slot.tolist(), strict=True)]
    return Endpoints(
        names=tuple(names + [ends.names[each] for each in others.tolist()]),
        kind=np.concatenate([np.full(len(names), GPU, np.int32), ends.kind[others]]),
        host=np.concatenate([host, ends.host[others]]).astype(np.int32),
        slot=np.concatenate([slot, ends.slot[others]]),
        rail=np.concatenate([rail.ravel(), ends.rail[others]]),
        host_names=ends.host_names,
    )


def _stack(parts: list[Switches]) -> Switches:
    """Put switches one behind the other; missing coordinates are NONE."""
    width = max(part.coordinates.shape[1] for part in parts)
    wide = [np.pad(part.coordinates, ((0, 0), (0, width - part.coordinates.shape[1])), constant_values=NONE) for part in parts]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ("tier", "group", "plane", "rail", "ports")
    }
    return Switches(
        names=tuple(name for part in parts for name in part.names), coordinates=np.concatenate(wide).astype(np.int32), **columns
    )
