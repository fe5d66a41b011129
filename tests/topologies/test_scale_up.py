"""Laws of scale-up domains, and of one graph of scale-up and scale-out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.errors import TopologyError
from topologies.fabric import ENDPOINT_KINDS, INTERNAL_LAYERS, NONE, Fabric
from topologies.populate import populated
from topologies.scale_up import nvlink_domain, with_scale_up
from topologies.torus import torus
from topologies.xgft import xgft

NIC, MANAGER, SERVICE, GPU = (ENDPOINT_KINDS.index(kind) for kind in ("nic", "manager", "service", "gpu"))


def of_layer(fabric: Fabric, name: str) -> Any:
    return fabric.cables.take(fabric.cables.layer == fabric.layers.index(name))


# Domains alone


def test_nvl72() -> None:
    """GB200 reference architecture: 72 GPUs, 18 chips, one of 18 links of every GPU to each: 1,296; 1.8 TB/s a GPU."""
    fabric = nvlink_domain(72, 18, 18)
    assert fabric.problems() == []
    assert fabric.cables_by_layer() == {"nvlink": 1296}
    pairs = Counter(zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True))
    assert pairs == Counter({(gpu, 72 + chip): 1 for gpu in range(72) for chip in range(18)})
    assert len(fabric.endpoints.host_names) == 18
    assert fabric.name(5) == "n0001-gpu1"
    assert fabric.name(72 + 7) == "nvl00-nvswitch07"
    # Both directions, in bytes; 129.6 TB/s for the rack.
    of_gpu = 2 * np.bincount(fabric.cables.a, fabric.cables.gbit_per_s) / 8
    assert set(of_gpu) == {1800.0}
    assert of_gpu.sum() == 129_600


@pytest.mark.parametrize("chip", [0, 9, 17])
def test_a_lost_chip_of_nvl72_costs_an_eighteenth(chip: int) -> None:
    fabric = nvlink_domain(72, 18, 18)
    left = fabric.without(vertices=[72 + chip])
    before, after = (np.bincount(each.cables.a, each.cables.gbit_per_s, minlength=72) for each in (fabric, left))
    assert 1 - after / before == pytest.approx(1 / 18)


@pytest.mark.parametrize(
    ("chips", "links", "spread"),
    [
        (4, 18, [5, 4, 4, 5]),
        (2, 18, [9, 9]),
        (6, 12, [2] * 6),
        (18, 18, [1] * 18),
        (3, 5, [2, 1, 2]),
        (5, 8, [2, 2, 1, 1, 2]),
        (1, 7, [7]),
    ],
)
def test_links_are_spread_over_the_chips(chips: int, links: int, spread: list[int]) -> None:
    """HGX H100 has 5, 4, 4 and 5 links from every GPU to its four chips, HGX B200 9 and 9."""
    fabric = nvlink_domain(8, chips, links, domains=2)
    assert fabric.problems() == []
    pairs = Counter(zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True))
    for gpu in range(16):
        assert [pairs[gpu, 16 + gpu // 8 * chips + chip] for chip in range(chips)] == spread
    assert fabric.switches.ports.tolist() == [8 * each for each in spread] * 2
    assert sum(pairs.values()) == 16 * links


def test_domains_are_apart() -> None:
    fabric = nvlink_domain(8, 4, 18, domains=3, gbit_per_s=200.0)
    assert nx.number_connected_components(nx.Graph(fabric.to_networkx())) == 3
    assert fabric.switches.group.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert fabric.switches.names[5] == "n0001-nvswitch1"
    assert fabric.endpoints.names[9] == "n0001-gpu1"


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"gpus": 8, "chips": 4, "links_per_gpu": 3}, [{"links_per_gpu": 4}]),
        ({"gpus": 10, "chips": 2, "links_per_gpu": 2, "gpus_per_host": 4}, [{"gpus": 8}]),
        ({"gpus": 80, "chips": 18, "links_per_gpu": 18, "radix": 72}, [{"radix": 80}]),
    ],
)
def test_impossible_domains(arguments: dict[str, int], nearest: list[dict[str, int]]) -> None:
    with pytest.raises(TopologyError) as caught:
        nvlink_domain(**arguments)
    assert list(caught.value.nearest) == nearest
    for option in nearest:
        assert nvlink_domain(**{**arguments, **option}).problems() == []


# Joined


def joined_cases() -> dict[str, tuple[Fabric, Fabric]]:
    """Scale-out fabrics of all sorts, and the same with domains."""
    h100 = {"gpus_per_domain": 8, "chips_per_domain": 4, "links_per_gpu": 18, "link_gbit_per_s": 200.0}
    superpod = fat_tree(31, 8, radix=64, extra_links=4)
    planes = fat_tree(10, 4, radix=16, planes=2, service_links=3)
    gb200 = fat_tree(20, 4, radix=64, rail_optimised=False)
    return {
        "superpod": (superpod, with_scale_up(superpod, **h100)),
        "planes": (planes, with_scale_up(planes, 16, 2, 4)),
        "racks": (gb200, with_scale_up(gb200, 72, 18, 18)),
        "shared": (gb200, with_scale_up(gb200, 16, 2, 2, gpus_per_host=8)),
        "many": (superpod, with_scale_up(superpod, 4, 1, 4, gpus_per_host=4)),
        "dragonfly": (dragonfly(4, 4, 2, nics_per_host=4), with_scale_up(dragonfly(4, 4, 2, nics_per_host=4), 8, 2, 4)),
    }


CASES = joined_cases()


@pytest.mark.parametrize("case", CASES)
def test_joined_graph_keeps_the_fabric(case: str) -> None:
    base, whole = CASES[case]
    assert whole.problems() == []
    assert whole.layers == ("internal", "nvlink", *base.layers)
    assert whole.tiers == ("nic", "nvswitch", *base.tiers)
    by_layer, by_tier = whole.cables_by_layer(), whole.switches_by_tier()
    assert {name: by_layer[name] for name in base.layers} == base.cables_by_layer()
    assert {name: by_tier[name] for name in base.tiers} == base.switches_by_tier()
    nics = int(np.count_nonzero(base.endpoints.kind == NIC))
    assert by_tier["nic"] == nics
    # Every cable of the fabric, by the names and ports at both ends, its rate, plane and rail.
    first = by_layer["internal"] + by_layer["nvlink"]
    assert [whole.label(first + cable) for cable in range(len(base.cables))] == [
        base.label(cable) for cable in range(len(base.cables))
    ]
    moved = whole.cables.take(np.arange(first, len(whole.cables)))
    for column in ("gbit_per_s", "plane", "rail"):
        assert (getattr(moved, column) == getattr(base.cables, column)).all()
    # Endpoints that are no NICs stay what they are; tiers rise upwards on every cable.
    others = {name for name, kind in zip(base.endpoints.names, base.endpoints.kind, strict=True) if kind != NIC}
    assert {name for name, kind in zip(whole.endpoints.names, whole.endpoints.kind, strict=True) if kind != GPU} == others
    assert whole.endpoints.host_names == base.endpoints.host_names
    tier = whole.tier_of_vertex
    across = [base.layers.index(name) for name in ("local", "global") if name in base.layers]
    up = ~np.isin(whole.cables.layer - 2, across)
    assert (tier[whole.cables.a] < tier[whole.cables.b])[up].all()


@pytest.mark.parametrize("case", CASES)
def test_gpus_have_their_nics_and_chips(case: str) -> None:
    base, whole = CASES[case]
    by_tier, parameters = whole.switches_by_tier(), whole.parameters
    gpus = int(np.count_nonzero(whole.endpoints.kind == GPU))
    per_domain, chips, links = (parameters[name] for name in ("gpus_per_domain", "chips_per_domain", "links_per_gpu"))
    domains = -(-gpus // per_domain)
    assert by_tier["nvswitch"] == domains * chips
    scale_up = of_layer(whole, "nvlink")
    assert set(np.bincount(scale_up.a, minlength=gpus)) == {links}
    assert set(scale_up.plane) == {NONE}
    first_chip = whole.endpoint_count + by_tier["nic"]
    assert (scale_up.a // per_domain == (scale_up.b - first_chip) // chips).all()
    # Inside: as fast as all cables of the NIC; GPU and NIC are of one host and rail.
    inside = of_layer(whole, "internal")
    assert whole.layers[0] in INTERNAL_LAYERS
    nic = inside.b - whole.endpoint_count
    names = [whole.switches.names[each] for each in nic]
    assert [name.split("-")[0] for name in names] == [whole.endpoints.names[gpu].split("-")[0] for gpu in inside.a]
    rates = np.bincount(base.cables.a, base.cables.gbit_per_s, minlength=base.vertex_count)
    assert inside.gbit_per_s.tolist() == [rates[base.vertex_by_name[name]] for name in names]
    assert (whole.switches.rail[nic] == inside.rail).all()
    most = max(gpus, by_tier["nic"])
    assert len(inside) == most
    assert set(np.bincount(inside.a)) == {most // gpus}
    assert set(np.bincount(nic)) == {most // by_tier["nic"]}
    assert (whole.switches.plane[: by_tier["nic"] + by_tier["nvswitch"]] == NONE).all()


def test_names() -> None:
    superpod, racks = CASES["superpod"][1], CASES["racks"][1]
    assert {"n0012-gpu3", "n0012-nic3", "n0012-nvswitch1", "mgr03-nic0", "su00-rail3-leaf"} <= set(superpod.names)
    assert {"n0019-gpu3", "n0019-nic3", "nvl01-nvswitch17", "leaf000"} <= set(racks.names)
    labels = {superpod.label(cable) for cable in range(len(superpod.cables))}
    assert "n0012-gpu3:19 <-> n0012-nic3:2" in labels  # after 18 NVLinks, and after the NIC's cable
    assert "n0012-gpu3:6 <-> n0012-nvswitch1:13" in labels  # the first of 4 links to the second chip, after 3 other GPUs'


def test_rails_meet_in_the_domain_only() -> None:
    base = rail_only(16, 4, radix=32)
    whole = with_scale_up(base, 4, 2, 4)
    assert nx.number_connected_components(nx.Graph(base.to_networkx())) == 4
    graph = nx.Graph(whole.to_networkx())
    assert nx.is_connected(graph)
    path = nx.shortest_path(graph, "n0000-gpu0", "n0015-gpu3")
    assert any("nvswitch" in name for name in path)
    assert (whole.endpoints.rail == whole.endpoints.slot).all()


def test_a_lost_plane_leaves_the_domains() -> None:
    base, whole = CASES["planes"]
    for plane in range(2):
        left = whole.without(cables=np.flatnonzero(whole.cables.plane == plane))
        assert left.cables_by_layer()["nvlink"] == whole.cables_by_layer()["nvlink"]
        assert left.cables_by_layer()["internal"] == whole.cables_by_layer()["internal"]
        assert left.cables_by_layer()["node_leaf"] == base.cables_by_layer()["node_leaf"] // 2


def test_a_part_of_a_domain() -> None:
    """20 hosts of 4 GPUs: one rack of 18 hosts, and one with 2."""
    whole = CASES["racks"][1]
    ports = whole.ports_used[whole.endpoint_count + 80 :][:36]
    assert ports.tolist() == [72] * 18 + [8] * 18
    assert set(whole.switches.ports[80 : 80 + 36]) == {72}


def test_coordinates_of_fabrics_with_one_or_three_dimensions() -> None:
    for base in (xgft((4,), (1,)), dragonfly(2, 2, 1, nics_per_host=2)):
        whole = with_scale_up(base, 2, 1, 1)
        own = base.switches.coordinates
        assert (whole.switches.coordinates[-len(own) :, : own.shape[1]] == own).all()
        assert whole.switches.coordinates[0].tolist()[:2] == [0, 0]


def test_a_partly_populated_fabric() -> None:
    base = populated(dragonfly(4, 4, 2), 10, 4, managers=1)
    whole = with_scale_up(base, 8, 2, 4)
    assert whole.problems() == []
    assert whole.endpoint_count == 41
    assert whole.parameters["base"]["population"] == {"hosts": 10, "nics_per_host": 4, "managers": 1}


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"gpus_per_domain": 10, "chips_per_domain": 2, "links_per_gpu": 2}, [{"gpus_per_domain": 8}]),
        ({"gpus_per_domain": 8, "chips_per_domain": 4, "links_per_gpu": 2}, [{"links_per_gpu": 4}]),
        (
            {"gpus_per_domain": 6, "chips_per_domain": 1, "links_per_gpu": 2, "gpus_per_host": 6},
            [{"gpus_per_host": 4}],
        ),
        ({"gpus_per_domain": 8, "chips_per_domain": 1, "links_per_gpu": 2, "radix": 8}, [{"radix": 16}]),
    ],
)
def test_impossible_joins(arguments: dict[str, Any], nearest: list[dict[str, Any]]) -> None:
    with pytest.raises(TopologyError) as caught:
        with_scale_up(fat_tree(8, 4, radix=16), **arguments)
    assert list(caught.value.nearest) == nearest


def test_refuses_fabrics_without_nics() -> None:
    for base in (torus((4, 4)), nvlink_domain(8, 4, 18)):
        with pytest.raises(TopologyError, match="NICs"):
            with_scale_up(base, 8, 2, 4)
