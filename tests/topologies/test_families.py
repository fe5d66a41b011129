"""Every topology is built again from its recipe, after a trip through JSON, column by column the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.families import TOPOLOGIES, build
from topologies.hyperx import hyperx
from topologies.populate import populated
from topologies.scale_up import nvlink_domain, with_scale_up
from topologies.slim_fly import slim_fly
from topologies.star import star
from topologies.torus import optical_torus, torus
from topologies.xgft import xgft

FABRICS = [
    fat_tree(12, 4, radix=16, planes=2),
    rail_only(12, 4, radix=16),
    xgft((4, 4), (1, 2), (1, 2)),
    star([("n", 5, 1), ("pdu", 3, 2)], radix=8),
    dragonfly(2, 4, 2),
    dragonfly(2, 4, 2, 5, 2, nics_per_host=2, radix=12, global_gbit_per_s=200.0),
    dragonfly_plus(2, 2, 2, 2, links_per_group_pair=2),
    hyperx((3, 4), 2),
    hyperx((3, 4), 2, (2, 1), gbit_per_s=100.0),
    slim_fly(4),
    slim_fly(5, 2, radix=16),
    torus((3, 4)),
    torus((2, 4), wrap=(True, False), p=2, host_shape=(1, 2)),
    torus((3, 3, 6), twist=True),
    torus((3, 4), twist=[[0, 1], [0, 0]]),
    optical_torus(),
    optical_torus((4, 4, 8), twist=True, host_shape=(2, 2, 1)),
    optical_torus((4, 6), (2, 3)),
    nvlink_domain(),
    nvlink_domain(8, 4, 18, domains=2, gbit_per_s=200.0),
    with_scale_up(fat_tree(6, 4, radix=16), 8, 2, 4),
    with_scale_up(populated(slim_fly(5), 20, 4, managers=2), 8, 2, 4, 200.0, gpus_per_host=8, radix=64),
]


def test_every_topology_is_here() -> None:
    assert {fabric.topology for fabric in FABRICS} == set(TOPOLOGIES)


@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
def test_rebuilt_from_json(fabric: Fabric) -> None:
    parameters = json.loads(json.dumps(fabric.parameters))
    assert parameters == dict(fabric.parameters)  # nothing that JSON changes, such as tuples
    again = build(fabric.topology, parameters)
    assert again.parameters == fabric.parameters
    assert (again.tiers, again.layers, again.links_per_port) == (fabric.tiers, fabric.layers, fabric.links_per_port)
    for table in ("switches", "endpoints", "cables"):
        ours, theirs = vars(getattr(fabric, table)), vars(getattr(again, table))
        assert all(_same(ours[name], theirs[name]) for name in ours)


def _same(one: Any, other: Any) -> bool:
    return bool((one == other).all()) and one.dtype == other.dtype if isinstance(one, np.ndarray) else bool(one == other)


@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
def test_columns_have_their_kinds(fabric: Fabric) -> None:
    assert fabric.problems() == []
    for table in (fabric.switches, fabric.endpoints, fabric.cables):
        for name, column in vars(table).items():
            if isinstance(column, np.ndarray):
                assert column.dtype == (np.float64 if name == "gbit_per_s" else np.int32), name
                assert len(column) == len(table)
    assert fabric.switches.coordinates.ndim == 2
    assert fabric.cables.layer.max() < len(fabric.layers)
    assert fabric.switches.tier.max() <= len(fabric.tiers)
    assert fabric.endpoints.host.max() < len(fabric.endpoints.host_names)
    # Endpoints are always at the lower end.
    assert (fabric.cables.b >= fabric.endpoint_count).all()


def test_unknown_topology() -> None:
    with pytest.raises(ValueError, match="'clique' is no topology"):
        build("clique", {})


@pytest.mark.parametrize("population", [{"hosts": 9}, {"hosts": 1, "nics_per_host": 9}, {"hosts": 1, "managers": 9}])
def test_what_a_refused_population_offers_can_be_built(population: dict[str, int]) -> None:
    recipe = {"children": [4, 2], "parents": [1, 2]}
    with pytest.raises(TopologyError) as refusal:
        build("xgft", recipe, population)
    assert build("xgft", recipe, {**population, **refusal.value.nearest[0]}).problems() == []


@pytest.mark.parametrize(
    ("topology", "asked"),
    [
        ("dragonfly-plus", {"leaves": 3, "spines": 3, "p": 1, "h": 2, "radix": 3}),  # leaf and spine too large
        ("optical-torus", {"shape": [6, 1, 2], "cube": [2, 1, 1], "twist": True}),
    ],
)
def test_what_a_refusal_of_two_reasons_offers_can_be_built(topology: str, asked: dict[str, object]) -> None:
    with pytest.raises(TopologyError) as refusal:
        build(topology, asked)
    assert refusal.value.nearest
    for change in refusal.value.nearest:
        assert build(topology, {**asked, **change}).problems() == []
