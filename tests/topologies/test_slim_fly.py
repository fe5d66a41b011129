"""Laws of Slim Fly: regular of degree (3 q - d) / 2, and of diameter two, for every prime power."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.slim_fly import slim_fly


def matrix_of(fabric: Fabric) -> NDArray[np.float64]:
    between = fabric.cables.take(fabric.cables.layer > 0)
    matrix = np.zeros((fabric.switch_count, fabric.switch_count))
    np.add.at(matrix, (between.a - fabric.endpoint_count, between.b - fabric.endpoint_count), 1)
    return matrix + matrix.T


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27])
def test_regular_and_of_diameter_two(q: int) -> None:
    """McKay, Miller and Siran (1998), Hafner (2004); among them fields of 4, 8, 9, 16, 25 and 27 elements."""
    fabric = slim_fly(q, 1)
    sign = {0: 0, 1: 1, 3: -1}[q % 4]
    degree = (3 * q - sign) // 2
    matrix = matrix_of(fabric)
    assert fabric.problems() == []
    assert fabric.switch_count == 2 * q * q
    assert set(matrix.sum(axis=0)) == {degree}
    assert set(fabric.switches.ports) == {degree + 1}
    assert matrix.max() == 1
    assert not matrix.diagonal().any()
    within_two = matrix @ matrix + matrix + np.eye(len(matrix))
    assert (within_two > 0).all()
    assert not (matrix + np.eye(len(matrix)) > 0).all()
    assert fabric.cables_by_layer() == {
        "node_router": 2 * q * q,
        "local": q * q * (degree - q),
        "global": q**3,
    }


def test_five_is_the_hoffman_singleton_graph() -> None:
    """1 + 7**2 routers of degree 7 and diameter 2: a Moore graph, of which there is one only; eigenvalues 7, 2 and -3."""
    fabric = slim_fly(5)
    graph = nx.Graph(fabric.to_networkx().subgraph(fabric.switches.names))
    assert (len(graph), nx.diameter(graph), nx.girth(graph)) == (50, 2, 5)
    ours = np.linalg.eigvalsh(nx.to_numpy_array(graph))
    theirs = np.linalg.eigvalsh(nx.to_numpy_array(nx.hoffman_singleton_graph()))
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert ours == pytest.approx([-3] * 21 + [2] * 28 + [7], abs=1e-9)


@pytest.mark.parametrize(
    ("q", "routers", "degree", "p", "endpoints"), [(5, 50, 7, 4, 200), (17, 578, 25, 13, 7514), (19, 722, 29, 15, 10830)]
)
def test_published_sizes(q: int, routers: int, degree: int, p: int, endpoints: int) -> None:
    """Besta and Hoefler (SC 2014): the example of 10,830 endpoints; p = ceil(k'/2)."""
    fabric = slim_fly(q)
    assert (fabric.switch_count, fabric.endpoint_count) == (routers, endpoints)
    assert p == math.ceil(degree / 2) == endpoints // routers
    assert set(fabric.ports_used[endpoints:]) == {p + degree}


def test_coordinates_names_and_groups() -> None:
    fabric = slim_fly(13, 2, nics_per_host=2)
    assert fabric.switches.names[0] == "s0-x00-y00"
    assert fabric.vertex_by_name["s1-x03-y11"] == fabric.endpoint_count + 169 + 3 * 13 + 11
    assert fabric.switches.coordinates[169 + 3 * 13 + 11].tolist() == [1, 3, 11]
    assert (fabric.switches.group == fabric.switches.coordinates[:, 1]).all()
    assert set(np.bincount(fabric.switches.group)) == {2 * 13}
    assert fabric.endpoints.names[2] == "n0001-nic0"
    places, ends = fabric.switches.coordinates, fabric.endpoint_count
    for layer in (1, 2):
        rows = fabric.cables.take(fabric.cables.layer == layer)
        one, other = places[rows.a - ends], places[rows.b - ends]
        if layer == 1:
            assert (one[:, :2] == other[:, :2]).all()
        else:  # y = m x + c in a prime field
            assert (one[:, 0] == 0).all()
            assert (other[:, 0] == 1).all()
            assert (one[:, 2] == (other[:, 1] * one[:, 1] + other[:, 2]) % 13).all()


@pytest.mark.parametrize(
    ("q", "nearest"), [(2, [3]), (6, [5, 7]), (10, [9, 11]), (12, [11, 13]), (14, [13, 16]), (15, [16, 13]), (18, [17, 19])]
)
def test_refuses_what_is_no_prime_power(q: int, nearest: list[int]) -> None:
    with pytest.raises(TopologyError, match=f"q = {q}") as caught:
        slim_fly(q)
    assert [each["q"] for each in caught.value.nearest] == nearest


def test_refuses_a_small_radix() -> None:
    with pytest.raises(TopologyError) as caught:
        slim_fly(5, 4, radix=10)
    assert caught.value.nearest == ({"p": 3}, {"radix": 11})
    assert slim_fly(5, 3, radix=10).problems() == []


@pytest.mark.parametrize(("q", "p"), [(1, 1), (-5, 1), (5, 0)])
def test_out_of_range(q: int, p: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        slim_fly(q, p)
