"""Laws of tori and meshes, twisted tori as lattice graphs, and the optical cubes of TPU v4."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.torus import optical_ports, optical_torus, torus


def router_graph(fabric: Fabric) -> nx.MultiGraph:
    """Routers by their places, and the links between them."""
    places, ends = [tuple(place) for place in fabric.switches.coordinates.tolist()], fabric.endpoint_count
    between = fabric.cables.take(fabric.cables.layer > 0)
    graph = nx.MultiGraph()
    graph.add_nodes_from(places)
    graph.add_edges_from((places[a], places[b]) for a, b in zip(between.a - ends, between.b - ends, strict=True))
    return graph


def distances(fabric: Fabric) -> NDArray[np.float64]:
    between, ends, count = fabric.cables.take(fabric.cables.layer > 0), fabric.endpoint_count, fabric.switch_count
    matrix = csr_matrix((np.ones(len(between)), (between.a - ends, between.b - ends)), shape=(count, count))
    return np.asarray(shortest_path(matrix, directed=False, unweighted=True))


def edges(graph: nx.Graph) -> set[frozenset[tuple[int, ...]]]:
    """Pairs of joined places; networkx joins the ends of a dimension of one to themselves, which we do not."""
    places = {node: node if isinstance(node, tuple) else (node,) for node in graph}
    return {frozenset((places[one], places[two])) for one, two in graph.edges() if one != two}


def cut(fabric: Fabric, low: NDArray[np.bool_]) -> int:
    between, ends = fabric.cables.take(fabric.cables.layer > 0), fabric.endpoint_count
    return int(np.count_nonzero(low[between.a - ends] != low[between.b - ends]))


@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (2, 2), (4, 3), (1, 6), (2, 3, 4), (3, 3, 3), (4, 2, 3, 2)])
@pytest.mark.parametrize("wrap", [True, False])
def test_is_the_grid_of_networkx(shape: tuple[int, ...], wrap: bool) -> None:
    fabric = torus(shape, wrap=wrap)
    graph = router_graph(fabric)
    assert fabric.problems() == []
    assert edges(graph) == edges(nx.grid_graph(shape[::-1], periodic=wrap))
    assert graph.number_of_edges() == len(edges(graph))  # no link is laid twice
    count = math.prod(shape)
    links = [count // size * (size if wrap and size > 2 else size - 1) for size in shape]
    assert list(fabric.cables_by_layer().values()) == [count, *links]
    per_dimension = [0 if size == 1 else 1 if size == 2 else 2 for size in shape]
    if wrap:
        assert set(dict(graph.degree()).values()) == {sum(per_dimension)}
    expected = sum(size // 2 if wrap else size - 1 for size in shape)
    assert nx.diameter(graph) == expected


@pytest.mark.parametrize("wraps", [(True, False), (False, True)])
def test_each_dimension_wraps_or_not(wraps: tuple[bool, bool]) -> None:
    fabric = torus((4, 5), wrap=wraps)
    assert edges(router_graph(fabric)) == edges(nx.grid_graph((5, 4), periodic=wraps[::-1]))


@pytest.mark.parametrize(("size", "dimensions", "wrap", "links"), [(4, 1, True, 2), (4, 2, True, 8), (4, 2, False, 4)])
def test_bisection_by_trying_all_halves(size: int, dimensions: int, wrap: bool, links: int) -> None:
    """2 k**(d - 1) links of a torus of even k, half of that of a mesh."""
    fabric = torus((size,) * dimensions, wrap=wrap)
    count = fabric.switch_count
    halves = list(combinations(range(1, count), count // 2 - 1))
    low = np.zeros((len(halves), count), bool)
    low[:, 0] = True
    low[np.arange(len(halves))[:, None], np.array(halves)] = True
    between, ends = fabric.cables.take(fabric.cables.layer > 0), fabric.endpoint_count
    assert (low[:, between.a - ends] != low[:, between.b - ends]).sum(axis=1).min() == links


@pytest.mark.parametrize(("count", "steps"), [(13, (1, 5)), (8, (1, 4)), (12, (1, 3)), (9, (1, 2))])
def test_twisted_ring_is_a_circulant(count: int, steps: tuple[int, int]) -> None:
    """One row, whose wrap-around goes so many places along the ring."""
    fabric = torus((1, count), twist=[[0, steps[1]], [0, 0]])
    ours = {frozenset(place[1] for place in edge) for edge in edges(router_graph(fabric))}
    assert ours == {frozenset(edge) for edge in nx.circulant_graph(count, steps).edges}
    assert fabric.problems() == []


@pytest.mark.parametrize("n", [2, 4, 6])
def test_symmetric_twists_have_the_published_distances(n: int) -> None:
    """Camarero et al. (2015): mean distances of the lattices FCC(n) and BCC(n), for even n; diameter 3 n / 2."""
    for shape, mean in (
        ((n, n, 2 * n), (7 * n**4 - 2 * n**2) / (4 * (2 * n**3 - 1))),
        ((n, 2 * n, 2 * n), (35 * n**4 - 8 * n**2) / (8 * (4 * n**3 - 1))),
    ):
        far = distances(torus(shape, twist=True))
        assert far.sum(axis=1) / (len(far) - 1) == pytest.approx(mean)  # from every chip
        assert far.max() == 3 * n // 2 < sum(shape) // 2
        plain = distances(torus(shape))
        assert mean < plain.sum() / (len(far) * (len(far) - 1))


@pytest.mark.parametrize(("shape", "gain"), [((4, 4, 8), 1.745), ((4, 8, 8), 1.391), ((4, 8), 1.524)])
def test_symmetric_twist_makes_all_links_alike(shape: tuple[int, ...], gain: float) -> None:
    """Shortest ways of all to all load all links the same; a plain torus is held back by its long dimensions."""
    twisted, plain = torus(shape, twist=True), torus(shape)
    assert twisted.problems() == []
    assert twisted.cables_by_layer() == plain.cables_by_layer()
    loads = [np.array(list(nx.edge_betweenness_centrality(nx.Graph(router_graph(each))).values())) for each in (twisted, plain)]
    assert loads[0] == pytest.approx(loads[0][0])
    assert loads[1].max() / loads[0][0] == pytest.approx(gain, abs=1e-3)


def test_symmetric_twist_widens_the_narrowest_halves() -> None:
    """Halves of z: the wrap-around links of x and y, 32 each, cross as well."""
    low = np.arange(128) % 8 < 4
    assert cut(torus((4, 4, 8)), low) == 2 * 16
    assert cut(torus((4, 4, 8), twist=True), low) == 2 * 16 + 2 * 32


@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    shifts=st.lists(st.integers(-7, 7), min_size=3, max_size=3),
    order=st.permutations(range(3)),
)
@settings(max_examples=60, deadline=None)
def test_any_twist_looks_the_same_from_everywhere(shape: list[int], shifts: list[int], order: list[int]) -> None:
    dimensions = len(shape)
    ranks = [rank for rank in order if rank < dimensions]
    table = np.zeros((dimensions, dimensions), int)
    for shift, (one, other) in zip(shifts, combinations(ranks, 2), strict=False):
        table[one, other] = shift
    fabric = torus(shape, twist=table.tolist())
    assert fabric.problems() == []
    far = distances(fabric)
    assert np.isfinite(far).all()
    profiles = {tuple(np.bincount(row.astype(int))) for row in far}
    assert len(profiles) == 1
    # Untouched inside: only the links that wrap around differ from those of the plain torus.
    assert edges(router_graph(torus(shape, wrap=False))) <= edges(router_graph(fabric))


def test_ports_and_ends_are_as_documented() -> None:
    """Ports of dimension d: p + 2 d + 1 onwards, p + 2 d + 2 back; end a is the one that goes onwards."""
    p, shape = 2, (3, 4)
    fabric = torus(shape, p=p)
    between, ends = fabric.cables.take(fabric.cables.layer > 0), fabric.endpoint_count
    dimension = between.layer - 1
    assert (between.a_port == p + 2 * dimension + 1).all()
    assert (between.b_port == p + 2 * dimension + 2).all()
    places = fabric.switches.coordinates
    step = (places[between.b - ends] - places[between.a - ends]) % np.array(shape)
    assert (step == np.eye(2, dtype=int)[dimension]).all()


def test_wrapping_around_shifts_onwards() -> None:
    """From the last x on to the first, and by the twist further along y; y itself wraps straight."""
    fabric = torus((3, 7), twist=[[0, 2], [0, 0]])
    places, ends = fabric.switches.coordinates, fabric.endpoint_count
    for layer, step in ((1, (0, 2)), (2, (0, 0))):
        rows = fabric.cables.take(fabric.cables.layer == layer)
        one, other = places[rows.a - ends], places[rows.b - ends]
        wrapped = one[:, layer - 1] == (2, 6)[layer - 1]
        expected = (one + np.eye(2, dtype=int)[layer - 1] + wrapped[:, None] * np.array(step)) % (3, 7)
        assert (other == expected).all()


def test_hosts_names_kinds_and_rates() -> None:
    fabric = torus((4, 4, 2), host_shape=(2, 2, 1), gbit_per_s=100.0)
    ends = fabric.endpoints
    assert len(ends.host_names) == 8
    assert set(np.bincount(ends.host)) == {4}
    for host in range(8):
        chips = fabric.switches.coordinates[ends.host == host]
        assert (chips.max(axis=0) - chips.min(axis=0)).tolist() == [1, 1, 0]
        assert sorted(ends.slot[ends.host == host]) == [0, 1, 2, 3]
    assert ends.names[0] == "n0000-gpu0"
    assert fabric.switches.names[1] == "x00-y00-z01"
    assert fabric.layers == ("internal", "x", "y", "z")
    assert set(fabric.cables.gbit_per_s[fabric.cables.layer == 0]) == {600.0}
    assert set(torus((4, 4), endpoint_gbit_per_s=50.0).cables.gbit_per_s[:16]) == {50.0}


# Cubes


def test_tpu_v4() -> None:
    """Jouppi et al. (ISCA 2023): 4,096 chips in 64 cubes, 48 circuit switches with 128 ports each; links 3 * 4,096."""
    fabric = optical_torus(host_shape=(2, 2, 1))
    assert fabric.problems() == []
    assert fabric.cables_by_layer() == {"internal": 4096, "electrical": 9216, "optical": 3072}
    assert len(fabric.endpoints.host_names) == 1024
    assert np.unique(fabric.switches.group, return_counts=True)[1].tolist() == [64] * 64
    for dimension in range(3):
        assert cut(fabric, fabric.switches.coordinates[:, dimension] < 8) == 512
    assert fabric.switches.names[-1] == "cube63-x03-y03-z03"
    assert edges(router_graph(fabric)) == edges(router_graph(torus((16, 16, 16))))


@pytest.mark.parametrize(
    ("shape", "cube", "twist", "switches"),
    [
        ((16, 16, 16), (4, 4, 4), False, 48),
        ((4, 4, 8), (4, 4, 4), True, 48),
        ((4, 8, 8), (4, 4, 4), True, 48),
        ((8, 12), (2, 4), False, 6),
        ((6, 6, 8), (3, 2, 4), False, 8 + 12 + 6),
        ((12,), (3,), False, 1),
    ],
)
def test_circuit_switches(shape: tuple[int, ...], cube: tuple[int, ...], twist: bool, switches: int) -> None:
    fabric = optical_torus(shape, cube, twist=twist)
    assert edges(router_graph(fabric)) == edges(router_graph(torus(shape, twist=twist)))
    ports = optical_ports(fabric)
    cubes = math.prod(shape) // math.prod(cube)
    assert fabric.cables_by_layer()["optical"] == len(ports.cable) == switches * cubes
    # Every switch has two ports a cube, each used once.
    used = Counter(zip(ports.switch.tolist(), ports.plus_port.tolist(), strict=True))
    used += Counter(zip(ports.switch.tolist(), ports.minus_port.tolist(), strict=True))
    assert used == Counter((switch, port) for switch in range(switches) for port in range(1, 2 * cubes + 1))
    group = fabric.switches.group
    assert (ports.plus_port == group[fabric.cables.a[ports.cable] - fabric.endpoint_count] + 1).all()
    assert (ports.minus_port == group[fabric.cables.b[ports.cable] - fabric.endpoint_count] + cubes + 1).all()
    # A switch serves one place on two opposite faces.
    places, ends = fabric.switches.coordinates, fabric.endpoint_count
    one = places[fabric.cables.a[ports.cable] - ends] % cube
    other = places[fabric.cables.b[ports.cable] - ends] % cube
    for switch in range(switches):
        here = ports.switch == switch
        assert len(np.unique(one[here], axis=0)) == len(np.unique(other[here], axis=0)) == 1
        assert np.count_nonzero(one[here][0] != other[here][0]) == 1
    # What is electrical stays in a cube.
    electric = fabric.cables.take(fabric.cables.layer == 1)
    assert (group[electric.a - ends] == group[electric.b - ends]).all()


def test_circuit_switches_of_a_damaged_fabric() -> None:
    fabric = optical_torus((8, 8, 8))
    whole = optical_ports(fabric)
    dead = whole.cable[whole.switch == 17]
    left = optical_ports(fabric.without(cables=dead))
    assert set(whole.switch.tolist()) - set(left.switch.tolist()) == {17}
    with pytest.raises(ValueError, match="optical torus"):
        optical_ports(torus((4, 4)))


# Refusals


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"shape": (4, 4, 4), "twist": True}, [{"shape": [8, 4, 4]}, {"twist": False}]),
        ({"shape": (4, 4, 7), "twist": True}, [{"shape": [4, 4, 8]}, {"twist": False}]),
        ({"shape": (4,), "twist": True}, [{"twist": False}]),
        ({"shape": (4, 4), "twist": [[0, 1], [1, 0]]}, [{"twist": [[0, 1], [0, 0]]}]),
        ({"shape": (4, 4), "twist": [[1, 0], [0, 0]]}, [{"twist": False}]),
        ({"shape": (4, 4), "wrap": (False, True), "twist": [[0, 2], [0, 0]]}, [{"twist": False}]),
        ({"shape": (4, 5), "host_shape": (2, 2)}, [{"shape": [4, 4]}]),
    ],
)
def test_impossible_tori(arguments: dict[str, Any], nearest: list[dict[str, Any]]) -> None:
    with pytest.raises(TopologyError) as caught:
        torus(**arguments)
    assert list(caught.value.nearest) == nearest
    for option in nearest:
        assert torus(**{**arguments, **option}).problems() == []


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"shape": (16, 16, 18)}, [{"shape": [16, 16, 16]}]),
        ({"shape": (8, 8, 8), "twist": [[0, 0, 3], [0, 0, 0], [0, 0, 0]]}, [{"twist": [[0, 0, 4], [0, 0, 0], [0, 0, 0]]}]),
        ({"shape": (12, 12, 12), "host_shape": (3, 1, 1)}, [{"cube": [3, 4, 4]}]),
    ],
)
def test_impossible_cubes(arguments: dict[str, Any], nearest: list[dict[str, Any]]) -> None:
    with pytest.raises(TopologyError) as caught:
        optical_torus(**arguments)
    assert list(caught.value.nearest) == nearest
    for option in nearest:
        assert optical_torus(**{**arguments, **option}).problems() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": ()},
        {"shape": (2,) * 7},
        {"shape": (0, 4)},
        {"wrap": (True,)},
        {"host_shape": (1,)},
        {"host_shape": (0, 1)},
        {"p": 0},
        {"gbit_per_s": 0.0},
        {"endpoint_gbit_per_s": -1.0},
        {"twist": [[0, 1]]},
    ],
)
def test_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))) as caught:
        torus(**{"shape": (4, 4), **wrong})
    assert not isinstance(caught.value, TopologyError)


@pytest.mark.parametrize("wrong", [{"cube": (4, 4)}, {"cube": (4, 4, 0)}, {"host_shape": (2, 2)}, {"host_shape": (2, 0, 1)}])
def test_cubes_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))) as caught:
        optical_torus(**wrong)
    assert not isinstance(caught.value, TopologyError)
