"""Laws of HyperX: the Cartesian product of complete graphs."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.errors import TopologyError
from topologies.hyperx import hyperx


@pytest.mark.parametrize("shape", [(1,), (5,), (2, 2), (4, 3), (3, 1, 2), (2, 3, 4), (2, 2, 2, 2)])
@pytest.mark.parametrize("p", [1, 3])
def test_is_the_product_of_complete_graphs(shape: tuple[int, ...], p: int) -> None:
    fabric = hyperx(shape, p)
    count = math.prod(shape)
    assert fabric.problems() == []
    assert (fabric.switch_count, fabric.endpoint_count) == (count, count * p)
    of_dimension = [count * (size - 1) // 2 for size in shape]
    assert list(fabric.cables_by_layer().values()) == [count * p, *of_dimension]
    assert set(fabric.ports_used[fabric.endpoint_count :]) == set(fabric.switches.ports) == {p + sum(shape) - len(shape)}

    whole = reduce(nx.cartesian_product, [nx.complete_graph(size) for size in shape])
    places = [tuple(row) for row in fabric.switches.coordinates.tolist()]
    ends, between = fabric.endpoint_count, fabric.cables.take(fabric.cables.layer > 0)
    ours = {frozenset((places[a], places[b])) for a, b in zip(between.a - ends, between.b - ends, strict=True)}
    theirs = {frozenset(_flat(each) for each in edge) for edge in whole.edges}
    assert ours == theirs


def _flat(place: Any) -> tuple[int, ...]:
    return tuple(number for part in place for number in _flat(part)) if isinstance(place, tuple) else (place,)


def test_diameter_is_the_number_of_dimensions() -> None:
    fabric = hyperx((3, 4, 2), 1)
    assert nx.diameter(nx.Graph(fabric.to_networkx().subgraph(fabric.switches.names))) == 3


@pytest.mark.parametrize(("shape", "links", "p"), [((4, 4), 1, 2), ((4, 6), (3, 1), 4), ((2, 8), (2, 1), 1)])
def test_relative_bisection(shape: tuple[int, ...], links: int | tuple[int, ...], p: int) -> None:
    """Ahn et al. (SC 2009): halving dimension i cuts Si Ki / (2 T) of what half the endpoints inject."""
    fabric = hyperx(shape, p, links)
    assert fabric.problems() == []
    parallel = [links] * len(shape) if isinstance(links, int) else links
    ends = fabric.endpoint_count
    between = fabric.cables.take(fabric.cables.layer > 0)
    for dimension, (size, each) in enumerate(zip(shape, parallel, strict=True)):
        low = fabric.switches.coordinates[:, dimension] < size // 2
        cut = np.count_nonzero(low[between.a - ends] != low[between.b - ends])
        assert cut / (ends / 2) == pytest.approx(size * each / (2 * p))


def test_ports_are_in_the_order_that_is_documented() -> None:
    fabric = hyperx((3, 2), 2, (2, 1))
    table = fabric.adjacency
    for router, (x, y) in enumerate(fabric.switches.coordinates.tolist()):
        vertex = fabric.endpoint_count + router
        rows = slice(int(table.start[vertex]), int(table.start[vertex + 1]))
        along = [other * 2 + y for other in range(3) if other != x for _ in range(2)]
        expected = [router * 2, router * 2 + 1, *(fabric.endpoint_count + each for each in [*along, x * 2 + 1 - y])]
        assert table.neighbour[rows].tolist() == expected


def test_names_and_rates() -> None:
    fabric = hyperx((2, 2, 2), 2, nics_per_host=2, gbit_per_s=800.0, endpoint_gbit_per_s=400.0)
    assert fabric.switches.names[:3] == ("x00-y00-z00", "x00-y00-z01", "x00-y01-z00")
    assert fabric.layers == ("node_router", "x", "y", "z")
    assert fabric.endpoints.names[:3] == ("n0000-nic0", "n0000-nic1", "n0001-nic0")
    assert set(fabric.cables.gbit_per_s[fabric.cables.layer == 0]) == {400.0}
    assert set(fabric.cables.gbit_per_s[fabric.cables.layer > 0]) == {800.0}


def test_impossible_parameters() -> None:
    with pytest.raises(TopologyError) as caught:
        hyperx((8, 8), 8, radix=20)
    assert caught.value.nearest == ({"p": 6}, {"radix": 22})
    assert hyperx((8, 8), 6, radix=20).problems() == []
    with pytest.raises(TopologyError) as caught:
        hyperx((9, 9), 8, radix=16)
    assert caught.value.nearest == ({"radix": 24},)  # not a single endpoint would fit


@pytest.mark.parametrize(
    ("shape", "links"), [((), 1), ((1,) * 7, 1), ((0, 2), 1), ((2, 2), (1,)), ((2, 2), (1, 0)), ((2, 2), 0)]
)
def test_out_of_range(shape: tuple[int, ...], links: int | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape|links_per_pair"):
        hyperx(shape, 1, links)
