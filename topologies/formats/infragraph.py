"""InfraGraph: devices, instances and edges for the tools that read its schema (tried with release 3.1.0)."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from topologies.errors import require
from topologies.fabric import ENDPOINT_KINDS, Fabric
from topologies.formats.text import check_names, yaml_document

__all__ = ["node_names", "write", "write_yaml"]

_NAME = r"[A-Za-z0-9_-]+"  # its schema allows more, but its slices "leaf[0:4]" are parsed with these alone
Place = tuple[str, int, str, int]  # instance and its index, component and its index


def write(fabric: Fabric, *, name: str = "fabric", description: str = "") -> str:
    """Write a fabric as an InfraGraph infrastructure in JSON.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    name, description : str
        Of the infrastructure; the name of letters, digits, ``_`` and ``-``.

    Returns
    -------
    str
        JSON, which InfraGraph reads as YAML.

    Raises
    ------
    ValueError
        If a name is not allowed there.

    Notes
    -----
    InfraGraph numbers things: the instances of a tier are its switches (``leaf[3]``), those of ``node``, ``manager``, ... the
    hosts by kind and size; `node_names` tells which is which. A switch has an ``asic`` and its ports. A host has a ``cpu`` and
    its NICs (or accelerators); what else is in it is not a fabric's business. Cables that follow each other become one edge
    with slices: ``node[0:32] nic[5]`` to ``leaf[5] port[0:32]``. InfraGraph keeps one edge between two components, and these
    are ports, so that no parallel cable is lost but between two NICs.

    References
    ----------
    InfraGraph, openapi.yaml (schemas Infrastructure, Device, Instance, Infrastructure.Edge).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> document = json.loads(write(fat_tree(32, 8, radix=64)))
    >>> [(each["name"], each["count"]) for each in document["instances"]], len(document["edges"])
    ([('node', 32), ('leaf', 8), ('spine', 4)], 40)
    >>> document["edges"][5]["ep1"], document["edges"][5]["ep2"]
    ({'instance': 'node[0:32]', 'component': 'nic[5]'}, {'instance': 'leaf[5]', 'component': 'port[0:32]'})
    """
    return json.dumps(_document(fabric, name, description), indent=1) + "\n"


def write_yaml(fabric: Fabric, *, name: str = "fabric", description: str = "") -> str:
    """Write a fabric as an InfraGraph infrastructure in YAML.

    Parameters
    ----------
    fabric, name, description
        As for `write`.

    Returns
    -------
    str
        YAML.

    References
    ----------
    See `write`.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> write_yaml(fat_tree(2, radix=4)).splitlines()[:2]
    ['name: fabric', 'devices:']
    """
    return yaml_document(_document(fabric, name, description))


def node_names(fabric: Fabric) -> list[str]:
    """Name every vertex as in InfraGraph's expanded graph.

    Parameters
    ----------
    fabric : Fabric
        What was written.

    Returns
    -------
    list of str
        [V] The NIC (or accelerator) of an endpoint, the ASIC of a switch.

    References
    ----------
    InfraGraph, openapi.yaml: a node of the expanded graph is ``instance.index.component.index``.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> names = node_names(fat_tree(32, 8, radix=64))
    >>> names[13], names[256 + 11]
    ('node.1.nic.5', 'spine.3.asic.0')
    """
    _, places, _ = _hosts(fabric)
    ends = [f"{instance}.{index}.{component}.{number}" for instance, index, component, number in places]
    return ends + [f"{instance}.{index}.asic.0" for instance, index, _ in _switches(fabric)]


def _document(fabric: Fabric, name: str, description: str) -> dict[str, Any]:
    check_names([name, *fabric.tiers, *fabric.layers], _NAME, "InfraGraph")
    hosts, places, host_devices = _hosts(fabric)
    switches = _switches(fabric)
    devices = dict(host_devices)
    counts: dict[str, tuple[str, int]] = {}
    for instance, index, ports in switches:
        device = _device(f"{instance}-{ports}-ports", {"asic": ("cpu", 1), "port": ("port", ports)}, "ic")
        devices[device["name"]] = device
        counts[instance] = (device["name"], index + 1)
    both = hosts.keys() & counts.keys()
    require(not both, f"hosts and a tier of switches are both called {', '.join(sorted(both))}")
    instances = [{"name": each, "device": device, "count": count} for each, (device, count) in (hosts | counts).items()]
    links, edges = _edges(fabric, places, switches)
    head = {"name": name} | ({"description": description} if description else {})
    return {**head, "devices": list(devices.values()), "links": links, "instances": instances, "edges": edges}


def _hosts(fabric: Fabric) -> tuple[dict[str, tuple[str, int]], list[Place], dict[str, dict[str, Any]]]:
    """Instances of hosts (device and count), the place of every endpoint, and devices; hosts alike in kind and size are one."""
    ends = fabric.endpoints
    by_host: dict[int, list[int]] = defaultdict(list)
    for vertex, host in enumerate(ends.host.tolist()):
        by_host[host].append(vertex)
    kind = [ENDPOINT_KINDS[code] for code in ends.kind.tolist()]
    word = {"nic": "node", "gpu": "node"}
    likes: dict[int, tuple[tuple[str, int], ...]] = {}
    for host, vertices in by_host.items():
        of_host = [kind[vertex] for vertex in vertices]
        likes[host] = tuple((each, of_host.count(each)) for each in dict.fromkeys(of_host))
    sizes: dict[str, list[tuple[tuple[str, int], ...]]] = defaultdict(list)
    for like in dict.fromkeys(likes.values()):
        sizes[word.get(like[0][0], like[0][0])].append(like)
    instance_of = {
        like: kind_word if len(each) == 1 else f"{kind_word}-{number}"
        for kind_word, each in sizes.items()
        for number, like in enumerate(each)
    }
    instances: dict[str, tuple[str, int]] = {}
    devices: dict[str, dict[str, Any]] = {}
    places: list[Place] = [("", 0, "", 0)] * len(ends)
    for host in sorted(by_host):
        like = likes[host]
        instance = instance_of[like]
        _, index = instances.get(instance, ("", 0))
        device = f"{instance}-device"
        parts = {
            each if each in ("nic", "gpu") else f"{each}-nic": ("xpu" if each == "gpu" else "nic", size) for each, size in like
        }
        devices.setdefault(device, _device(device, {"cpu": ("cpu", 1)} | parts, "pcie"))
        instances[instance] = (device, index + 1)
        seen: dict[str, int] = defaultdict(int)
        for vertex in by_host[host]:
            component = kind[vertex] if kind[vertex] in ("nic", "gpu") else f"{kind[vertex]}-nic"
            places[vertex] = (instance, index, component, seen[component])
            seen[component] += 1
    return instances, places, devices


def _switches(fabric: Fabric) -> list[tuple[str, int, int]]:
    """Instance, index and ports of every switch; a tier whose switches have several sizes is several instances."""
    tiers = [fabric.tiers[tier - 1] for tier in fabric.switches.tier.tolist()]
    ports = fabric.switches.ports.tolist()
    sizes: dict[str, set[int]] = defaultdict(set)
    for tier, count in zip(tiers, ports, strict=True):
        sizes[tier].add(count)
    seen: dict[str, int] = defaultdict(int)
    rows = []
    for tier, count in zip(tiers, ports, strict=True):
        instance = tier if len(sizes[tier]) == 1 else f"{tier}-{count}"
        rows.append((instance, seen[instance], count))
        seen[instance] += 1
    return rows


def _device(name: str, parts: dict[str, tuple[str, int]], link: str) -> dict[str, Any]:
    """Describe a device whose first component is joined to all others."""
    components = [{"name": part, "count": count, "choice": choice, choice: {}} for part, (choice, count) in parts.items()]
    first, *others = parts
    edges = [
        {"ep1": {"component": first}, "ep2": {"component": other}, "scheme": "many2many", "link": link} for other in others
    ]
    return {"name": name, "components": components, "links": [{"name": link}], "edges": edges}


def _edges(
    fabric: Fabric, places: list[Place], switches: list[tuple[str, int, int]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Links by layer and rate, and edges with slices."""
    cables, first = fabric.cables, fabric.endpoint_count
    links: dict[tuple[int, float], str] = {}
    rates: dict[int, set[float]] = defaultdict(set)
    for layer, rate in zip(cables.layer.tolist(), cables.gbit_per_s.tolist(), strict=True):
        rates[layer].add(rate)
    for layer, each in sorted(rates.items()):
        for rate in sorted(each):
            tail = f"-{rate:.10g}G" if len(each) > 1 else ""
            links[layer, rate] = re.sub(r"[^A-Za-z0-9_-]", "-", fabric.layers[layer] + tail)

    def place(vertex: int, port: int) -> Place:
        if vertex < first:
            return places[vertex]
        instance, index, _ = switches[vertex - first]
        return (instance, index, "port", port - 1)

    # Cables of an upper switch to endpoints, or of a lower switch to the next tier, follow each other.
    to_ends = cables.a < first
    order = np.lexsort(
        [
            np.where(to_ends, cables.b_port, cables.a_port),
            np.where(to_ends, cables.b, cables.a),
            cables.gbit_per_s,
            cables.layer,
        ]
    )
    columns = (cables.a, cables.a_port, cables.b, cables.b_port, cables.layer, cables.gbit_per_s)
    rows = zip(*(column[order].tolist() for column in columns), strict=True)
    ends = ((links[layer, rate], place(a, a_port), place(b, b_port)) for a, a_port, b, b_port, layer, rate in rows)
    edges = [
        {"ep1": _slice(a, a_step, count), "ep2": _slice(b, b_step, count), "scheme": "one2one", "link": link}
        for link, a, b, a_step, b_step, count in _runs(ends)
    ]
    made = [
        {"name": link, "physical": {"bandwidth": {"choice": "gigabits_per_second", "gigabits_per_second": rate}}}
        for (_, rate), link in links.items()
    ]
    return made, edges


def _runs(ends: Iterator[tuple[str, Place, Place]]) -> Iterator[tuple[str, Place, Place, int, int, int]]:
    """Join cables in which each end's instance, or its component, counts up by one; a step says which (0: instance)."""
    run: tuple[str, Place, Place] | None = None
    steps: tuple[int | None, int | None] = (None, None)
    count = 0
    for link, a, b in ends:
        if run is not None and link == run[0]:
            found = _step(run[1], a, count, steps[0]), _step(run[2], b, count, steps[1])
            if None not in found:
                steps, count = found, count + 1
                continue
        if run is not None:
            yield (*run, steps[0] or 0, steps[1] or 0, count)
        run, steps, count = (link, a, b), (None, None), 1
    if run is not None:
        yield (*run, steps[0] or 0, steps[1] or 0, count)


def _step(start: Place, place: Place, count: int, step: int | None) -> int | None:
    """Say what counts up from the start: 0 the instance, 1 the component, None neither (or not what did so far)."""
    for each, wanted in (
        (0, (start[0], start[1] + count, start[2], start[3])),
        (1, (start[0], start[1], start[2], start[3] + count)),
    ):
        if place == wanted and step in (None, each):
            return each
    return None


def _slice(start: Place, step: int, count: int) -> dict[str, str]:
    instance, index, component, number = start
    span = (f"{index}:{index + count}", str(number)) if count > 1 and step == 0 else (str(index), f"{number}:{number + count}")
    if count == 1:
        span = str(index), str(number)
    return {"instance": f"{instance}[{span[0]}]", "component": f"{component}[{span[1]}]"}
