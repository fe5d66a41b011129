"""Laws of folded Clos fabrics, held against published tables, closed forms and an explicit cable list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from topologies.clos_counts import FatTree, fat_tree_counts, largest_fat_tree_hosts
from topologies.errors import TopologyError

# A host or a switch: its layer, its plane (hosts: 0) and its place in that layer.
Node = tuple[Any, ...]
Cable = tuple[Node, Node]
UNBOUNDED_HOSTS = 10**9


# Published tables


@pytest.mark.parametrize(
    ("hosts", "leaves", "spines", "node_leaf", "leaf_spine"),
    [(31, 8, 4, 252, 256), (63, 16, 8, 508, 512), (95, 24, 16, 764, 768), (127, 32, 16, 1020, 1024)],
)
def test_dgx_h100_and_b200_with_fabric_managers(hosts: int, leaves: int, spines: int, node_leaf: int, leaf_spine: int) -> None:
    """DGX SuperPOD reference architectures H100 (RA-11333-001) and B200, Table 4: four links go to fabric managers."""
    tree = fat_tree_counts(hosts, 8, radix=64, extra_links=4)
    assert (tree.tiers, tree.leaf_count, tree.spine_count, tree.core_count) == (2, leaves, spines, 0)
    assert tree.cables_by_layer() == {"node_leaf": node_leaf, "leaf_spine": leaf_spine, "spine_core": 0}


@pytest.mark.parametrize(
    ("hosts", "leaves", "spines", "cores"),
    [
        (64, 16, 8, 0),
        (128, 32, 16, 0),
        (256, 64, 32, 0),
        (512, 128, 128, 64),
        (1024, 256, 256, 128),
        (2048, 512, 512, 256),
    ],
)
def test_dgx_h100_and_b200_without_fabric_managers(hosts: int, leaves: int, spines: int, cores: int) -> None:
    """DGX SuperPOD reference architectures H100 and B200, larger deployments: as many cables in every layer."""
    tree = fat_tree_counts(hosts, 8, radix=64)
    assert (tree.leaf_count, tree.spine_count, tree.core_count) == (leaves, spines, cores)
    links = hosts * 8
    assert tree.cables_by_layer() == {"node_leaf": links, "leaf_spine": links, "spine_core": links if cores else 0}


@pytest.mark.parametrize(
    ("hosts", "leaves", "spines", "cables"),
    [(64, 16, 8, 512), (128, 32, 16, 1024), (256, 64, 32, 2048), (512, 128, 64, 4096), (1024, 256, 128, 8192)],
)
def test_dgx_b300_on_spectrum_x(hosts: int, leaves: int, spines: int, cables: int) -> None:
    """DGX SuperPOD reference architecture B300, Table 3: two planes of 2 x 400G links, counted as 800G cables."""
    tree = fat_tree_counts(hosts, 8, radix=128, planes=2)
    assert (tree.tiers, tree.leaf_count, tree.spine_count, tree.core_count) == (2, leaves, spines, 0)
    assert tree.cables_by_layer(links_per_cable=2) == {"node_leaf": cables, "leaf_spine": cables, "spine_core": 0}


def test_dgx_a100_of_seven_units_recalled() -> None:
    # RA-09950-001 was not at hand: 56/80/28 is recalled; 1,120 cables a layer and three tiers come from a copy.
    tree = fat_tree_counts(140, 8, radix=40)
    assert (tree.leaf_count, tree.spine_count, tree.core_count) == (56, 80, 28)
    assert tree.cables_by_layer() == {"node_leaf": 1120, "leaf_spine": 1120, "spine_core": 1120}


def test_dgx_a100_needs_a_core_above_five_units() -> None:
    assert fat_tree_counts(100, 8, radix=40).tiers == 2
    assert fat_tree_counts(101, 8, radix=40).tiers == 3


def test_designs_of_other_makers() -> None:
    # Kedios, 32 nodes of 8 x 800G on Q3400: 8 leaves, 4 spines, 204.8 Tbit/s injected, so half of it across the middle.
    quantum = fat_tree_counts(32, 8, radix=144)
    assert (quantum.leaf_count, quantum.spine_count) == (8, 4)
    assert quantum.bisection_links() * 0.8 == pytest.approx(102.4)
    # Asterfusion, 64 nodes of 4 x 400G on CX864E (64 x 800G as 128 x 400G): 4 leaves, 2 spines.
    ethernet = fat_tree_counts(64, 4, radix=128)
    assert (ethernet.leaf_count, ethernet.spine_count) == (4, 2)


# Closed forms


@given(half=st.integers(1, 72))
def test_k_ary_fat_tree(half: int) -> None:
    """Al-Fares et al. 2008: k**3/4 hosts, k**2/2 edge and aggregation switches each, (k/2)**2 cores."""
    k = 2 * half
    hosts = k**3 // 4
    assert largest_fat_tree_hosts(radix=k, tiers=3) == hosts
    tree = fat_tree_counts(hosts, radix=k, tiers=3)
    assert (tree.leaf_count, tree.spine_count, tree.core_count, tree.pods) == (k**2 // 2, k**2 // 2, half**2, k)
    with pytest.raises(TopologyError):
        fat_tree_counts(hosts + 1, radix=k)


@given(half=st.integers(1, 72), tiers=st.integers(1, 3), planes=st.integers(1, 2))
def test_full_population_takes_the_fewest_switches_and_links(half: int, tiers: int, planes: int) -> None:
    """A full non-blocking folded Clos of L tiers has (2L - 1) N / R switches and L N links."""
    radix = 2 * half
    endpoints = 2 * half**tiers
    tree = fat_tree_counts(endpoints, radix=radix, tiers=tiers, planes=planes)
    assert switches(tree) * radix == (2 * tiers - 1) * endpoints * planes
    assert links(tree) == tiers * endpoints * planes
    assert tree.free_leaf_ports == 0


@given(radix=st.integers(2, 144), rails=st.integers(1, 150), down=st.integers(1, 72), tiers=st.sampled_from([2, 3]))
def test_largest_fat_tree(radix: int, rails: int, down: int, tiers: int) -> None:
    """A spine sees all leaves; a core sees all pods, each of half a spine's ports of leaves, and no pod has two rails."""
    down = min(down, radix // 2)
    leaves_per_rail = radix // rails * (1 if tiers == 2 else radix // 2)
    assert largest_fat_tree_hosts(rails, radix=radix, tiers=tiers) == leaves_per_rail * (radix // 2)
    assert largest_fat_tree_hosts(rails, radix=radix, tiers=tiers, hosts_per_unit=down) == leaves_per_rail * down


def test_spines_follow_from_equal_striping() -> None:
    # 24 leaves of 32 uplinks fill 12 spines of 64 ports, but 12 does not divide 32.
    assert fat_tree_counts(96, 8, radix=64).spine_count == 16
    # 36 uplinks to 9 spines would do for 18 leaves of 72 ports.
    assert fat_tree_counts(18 * 36, radix=72).spine_count == 9


def test_a_second_spine_keeps_the_fabric_whole() -> None:
    assert fat_tree_counts(40, radix=64, tiers=2).spine_count == 1
    assert fat_tree_counts(40, radix=64, tiers=2, spines_min=2).spine_count == 2


def test_oversubscription_ratio_of_a_leaf() -> None:
    tree = fat_tree_counts(192, radix=64, oversubscription_ratio=3.0)
    assert (tree.leaf_down_ports, tree.leaf_up_ports, tree.oversubscription_ratio) == (48, 16, 3.0)
    # 42/22 is no binary fraction: no port may be lost to rounding.
    assert fat_tree_counts(192, radix=64, oversubscription_ratio=42 / 22).leaf_down_ports == 42


def test_links_of_two_planes_do_not_share_a_port() -> None:
    tree = fat_tree_counts(64, 8, radix=128, planes=2, service_links=3)
    assert tree.service_links == 6
    assert tree.cables_by_layer(2)["node_leaf"] == 512 + 2 * 2


# An independent realisation: every cable by name


def cables_of(tree: FatTree) -> Iterator[Cable]:
    """Lay every cable of a fabric, lower end first, from nothing but its counts."""
    for plane in range(tree.planes):
        yield from _plane_cables(tree, plane)


def _plane_cables(tree: FatTree, plane: int) -> Iterator[Cable]:
    rails = range(tree.links_per_host)
    if tree.tiers == 1:
        leaf: Node = ("leaf", plane, 0, 0)
        yield from ((("host", 0, host), leaf) for host in range(tree.hosts) for _ in rails)
        yield from ((("service", plane, number), leaf) for number in range(tree.service_links // tree.planes))
        return
    for host in range(tree.hosts):
        yield from ((("host", 0, host), ("leaf", plane, rail, host // tree.hosts_per_unit)) for rail in rails)
    service_leaves = [("leaf", plane, rail, tree.units + unit) for unit in range(tree.service_units) for rail in rails]
    for number in range(tree.service_links // tree.planes):
        yield ("service", plane, number), service_leaves[number % len(service_leaves)]

    units = tree.units + tree.service_units
    pods_per_rail = exactly(tree.pods, tree.links_per_host) if tree.tiers == 3 else 1
    spines_per_pod = exactly(tree.spine_count, tree.planes * tree.pods)
    for rail in rails:
        for unit in range(units):
            pod = rail * pods_per_rail + unit * pods_per_rail // units if tree.tiers == 3 else 0
            for spine in range(spines_per_pod):
                for _ in range(exactly(tree.leaf_up_ports, spines_per_pod)):
                    yield ("leaf", plane, rail, unit), ("spine", plane, pod, spine)
    if tree.tiers == 3:
        groups, cores_per_group = core_groups(tree, spines_per_pod)
        for pod in range(tree.pods):
            for spine in range(spines_per_pod):
                for core in range(cores_per_group):
                    for _ in range(exactly(tree.spine_up_ports, cores_per_group)):
                        yield ("spine", plane, pod, spine), ("core", plane, spine % groups, core)


def exactly(number: int, parts: int) -> int:
    """Share out without remainder: equal striping."""
    assert number % parts == 0, f"{number} does not share out among {parts}"
    return number // parts


def core_groups(tree: FatTree, spines_per_pod: int) -> tuple[int, int]:
    """Find groups of cores that each serve the same spines of every pod and whose ports suffice."""
    cores = exactly(tree.core_count, tree.planes)
    for groups in range(1, cores + 1):
        per_group = cores // groups
        if cores % groups or spines_per_pod % groups or tree.spine_up_ports % per_group:
            continue
        if tree.pods * (spines_per_pod // groups) * (tree.spine_up_ports // per_group) <= tree.radix:
            return groups, per_group
    pytest.fail(f"no equal striping of {tree.spine_up_ports} uplinks of {spines_per_pod} spines a pod over {cores} cores")


def with_extra_links(tree: FatTree, cables: list[Cable]) -> list[Cable]:
    """Plug the extra links into leaf ports that the other cables leave free."""
    used = Counter(end for cable in cables for end in cable if end[0] == "leaf")
    free = [leaf for leaf, ports in sorted(used.items()) for _ in range(tree.radix - ports)]
    assert len(free) >= tree.extra_links
    return cables + [(("extra", 0, number), free[number]) for number in range(tree.extra_links)]


def assert_can_be_built(tree: FatTree, oversubscription_ratio: float = 1.0) -> None:
    """Check the laws of a fat tree on its cable list."""
    cables = with_extra_links(tree, list(cables_of(tree)))
    graph = nx.MultiGraph(cables)
    nodes = Counter(node[0] for node in graph)
    assert nodes["host"] == tree.hosts
    assert (nodes["leaf"], nodes["spine"], nodes["core"]) == (tree.leaf_count, tree.spine_count, tree.core_count)

    layers = Counter((lower[0], upper[0]) for lower, upper in cables)
    assert layers["host", "leaf"] == tree.endpoint_links
    assert layers["extra", "leaf"] == tree.extra_links
    assert layers["service", "leaf"] == tree.service_links
    assert layers["leaf", "spine"] == tree.leaf_spine_links
    assert layers["spine", "core"] == tree.spine_core_links
    in_layers = {
        "node_leaf": tree.endpoint_links + tree.extra_links + tree.service_links,
        "leaf_spine": tree.leaf_spine_links,
        "spine_core": tree.spine_core_links,
    }
    assert tree.cables_by_layer() == in_layers

    up: dict[Node, Counter[Node]] = {node: Counter() for node in graph}
    down: dict[Node, Counter[str]] = {node: Counter() for node in graph}
    for lower, upper in cables:
        up[lower][upper] += 1
        down[upper][lower[0]] += 1
    for node, ports in graph.degree():
        if node[0] in ("leaf", "spine", "core"):
            assert ports <= tree.radix, f"{node} has {ports} cables"
            assert len(set(up[node].values())) <= 1, f"{node} does not stripe equally"
        if node[0] == "leaf" and tree.tiers > 1:
            assert up[node].total() == tree.leaf_up_ports
            assert down[node]["host"] <= oversubscription_ratio * tree.leaf_up_ports * (1 + 1e-9)
            assert down[node]["service"] <= tree.leaf_up_ports
        if node[0] == "spine":
            assert down[node].total() <= tree.spine_down_ports
            assert up[node].total() == tree.spine_up_ports
            assert tree.tiers == 2 or tree.spine_down_ports <= tree.spine_up_ports
    assert tree.free_leaf_ports == sum(tree.radix - ports for node, ports in graph.degree() if node[0] == "leaf")

    # Every plane carries any host to any other by itself.
    for plane in range(tree.planes):
        one_plane = nx.Graph(cable for cable in cables if cable[1][1] == plane and cable[0][0] != "extra")
        assert nx.is_connected(one_plane)
        assert sum(node[0] == "host" for node in one_plane) == tree.hosts


@st.composite
def arguments(draw: st.DrawFn, radix_max: int = 144) -> dict[str, Any]:
    """Draw arguments of `fat_tree_counts` but `hosts`, not all of which can be met."""
    radix = draw(st.integers(4, radix_max))
    return {
        "links_per_host": draw(st.integers(1, 8)),
        "radix": radix,
        "tiers": draw(st.sampled_from([None, None, 2, 3])),
        "planes": draw(st.integers(1, 2)),
        "hosts_per_unit": draw(st.none() | st.integers(1, radix // 2)),
        "oversubscription_ratio": draw(st.sampled_from([1.0, 1.0, 42 / 22, 3.0]) | st.floats(1.0, 4.0)),
        "extra_links": draw(st.sampled_from([0, 0, 1, 4]) | st.integers(0, 2 * radix)),
        "service_links": draw(st.sampled_from([0, 0, 1, 8]) | st.integers(0, 2 * radix)),
        "spines_min": draw(st.integers(1, 4)),
    }


def nearest(hosts: int, asked: dict[str, Any]) -> FatTree:
    """Build the fabric for `hosts`, or for as many as fit."""
    try:
        return fat_tree_counts(hosts, **asked)
    except TopologyError as error:
        if error.largest_hosts < 1:
            reject()
        return fat_tree_counts(error.largest_hosts, **asked)


@settings(deadline=None, max_examples=150)
@given(asked=arguments(), hosts=st.integers(1, 150))
def test_counts_can_be_built(asked: dict[str, Any], hosts: int) -> None:
    assert_can_be_built(nearest(hosts, asked), asked["oversubscription_ratio"])


@settings(deadline=None, max_examples=150)
@given(asked=arguments(radix_max=10), hosts=st.integers(1, 250))
def test_counts_of_three_tiers_can_be_built(asked: dict[str, Any], hosts: int) -> None:
    # Few ports: large fabrics of few cables.
    assert_can_be_built(nearest(hosts, asked), asked["oversubscription_ratio"])


@pytest.mark.parametrize("radix", [40, 64, 65])
@pytest.mark.parametrize("rails", [1, 8])
@pytest.mark.parametrize("fill", [0.03, 0.2, 0.61])
def test_counts_of_real_switches_can_be_built(radix: int, rails: int, fill: float) -> None:
    hosts = math.ceil(fill * largest_fat_tree_hosts(rails, radix=radix, tiers=3) / rails)
    assert_can_be_built(fat_tree_counts(hosts, rails, radix=radix))


def test_service_leaves_keep_to_their_ports() -> None:
    # A unit of one host under eight spines has eight uplinks, and ten ports do not take eight service links beside them.
    tree = fat_tree_counts(4, radix=10, tiers=2, hosts_per_unit=1, spines_min=8, service_links=4)
    assert tree.service_units == 4
    assert_can_be_built(tree)


# Bisection: maximum flow between two halves of the endpoints

Endpoint = tuple[int, int]  # host, rail


def endpoints(tree: FatTree) -> list[Endpoint]:
    return [(host, rail) for host in range(tree.hosts) for rail in range(tree.links_per_host)]


def crossing_links(tree: FatTree, sending: set[Endpoint], receiving: set[Endpoint]) -> int:
    """Count the links that traffic from one set of endpoints to another can fill at once; endpoints do not forward."""
    graph = nx.DiGraph()
    cables = [cable for cable in cables_of(tree) if cable[0][0] in ("leaf", "spine")]
    for (lower, upper), count in Counter(cables).items():
        graph.add_edge(lower, upper, capacity=count)
        graph.add_edge(upper, lower, capacity=count)
    for host, rail in endpoints(tree):
        for plane in range(tree.planes):
            leaf = ("leaf", plane, 0, 0) if tree.tiers == 1 else ("leaf", plane, rail, host // tree.hosts_per_unit)
            if (host, rail) in sending:
                graph.add_edge("from", (host, rail))  # without a capacity: unlimited
                graph.add_edge((host, rail), leaf, capacity=1)
            elif (host, rail) in receiving:
                graph.add_edge(leaf, (host, rail), capacity=1)
                graph.add_edge((host, rail), "to")
    return int(nx.maximum_flow_value(graph, "from", "to")) if {"from", "to"} <= set(graph) else 0


SMALL: dict[str, st.SearchStrategy[Any]] = {
    "links_per_host": st.integers(1, 3),
    "radix": st.integers(4, 10),
    "tiers": st.sampled_from([None, 2, 3]),
    "planes": st.integers(1, 2),
    "oversubscription_ratio": st.sampled_from([1.0, 1.5, 3.0, 4.0]),
}


@settings(deadline=None, max_examples=100)
@given(asked=st.fixed_dictionaries(SMALL), pairs=st.integers(1, 4), data=st.data())
def test_bisection_is_the_maximum_flow_between_halves_of_the_units(
    asked: dict[str, Any], pairs: int, data: st.DataObject
) -> None:
    unit = nearest(1, {**asked, "tiers": 2}).hosts_per_unit
    tree = nearest(2 * pairs * unit, asked)
    if tree.units % 2 or tree.hosts != tree.units * tree.hosts_per_unit:
        reject()
    units = set(data.draw(st.permutations(range(tree.units)))[: tree.units // 2])
    half = {(host, rail) for host, rail in endpoints(tree) if host // tree.hosts_per_unit in units}
    assert crossing_links(tree, half, set(endpoints(tree)) - half) == tree.bisection_links()


@settings(deadline=None, max_examples=150)
@given(asked=st.fixed_dictionaries(SMALL), hosts=st.integers(1, 40), data=st.data())
def test_no_even_split_has_less_than_the_bisection(asked: dict[str, Any], hosts: int, data: st.DataObject) -> None:
    tree = nearest(hosts, asked)
    order = data.draw(st.just(endpoints(tree)) | st.permutations(endpoints(tree)))
    middle = len(order) // 2
    halves = [(set(order[:middle]), set(order[middle:])), (set(order[middle:]), set(order[:middle]))]
    crossing = [crossing_links(tree, sending, receiving) for sending, receiving in halves]
    assert min(crossing) >= tree.bisection_links()
    if tree.tiers == 1 or tree.oversubscription_ratio <= 1:
        assert min(crossing) == tree.bisection_links()


@settings(deadline=None)
@given(asked=arguments(), hosts=st.integers(1, UNBOUNDED_HOSTS))
def test_bisection_is_full_without_oversubscription(asked: dict[str, Any], hosts: int) -> None:
    tree = nearest(hosts, asked | {"oversubscription_ratio": 1.0})
    assert tree.bisection_links() == tree.hosts * tree.links_per_host // 2 * tree.planes
    assert nearest(hosts, asked).bisection_links() <= tree.bisection_links()


def test_bisection_of_an_odd_number_of_endpoints_is_what_the_smaller_half_injects() -> None:
    assert fat_tree_counts(3, 1, radix=8).bisection_links() == 1
    assert fat_tree_counts(3, 2, radix=8).bisection_links() == 3
    assert fat_tree_counts(127, 8, radix=64).bisection_links() == 508


# Monotonicity


def switches(tree: FatTree) -> int:
    return tree.leaf_count + tree.spine_count + tree.core_count


def links(tree: FatTree) -> int:
    return tree.endpoint_links + tree.leaf_spine_links + tree.spine_core_links


def cost(tree: FatTree) -> int:
    """Price a fabric and its hosts, to the order of magnitude [USD]."""
    return 50_000 * switches(tree) + 1_300 * links(tree) + 200_000 * tree.hosts


# The fewest switches may need more cables than a few switches more would. With 128 ports there are four sizes where the next
# host takes those few and saves cables for more than its own price; the most that this is of the whole:
COST_SLACK_FRACTION = {(128, 1): 1.2e-4, (128, 2): 0.3e-4}


@pytest.mark.parametrize("radix", [40, 64, 128, 144])
@pytest.mark.parametrize("rails", [1, 2, 4, 8])
def test_one_more_host_never_needs_fewer_switches_nor_less_money(radix: int, rails: int) -> None:
    largest = largest_fat_tree_hosts(rails, radix=radix, tiers=3)
    unit = radix // 2
    boundaries = range(unit, largest + 1, unit)
    # Where counts may change: on one switch and behind it, and wherever a unit begins.
    sizes = sorted({*range(1, 2 * radix // rails), *boundaries, *(hosts + 1 for hosts in boundaries if hosts < largest)})
    slack = 1 - COST_SLACK_FRACTION.get((radix, rails), 0)
    before = fat_tree_counts(1, rails, radix=radix)
    for hosts in sizes:
        tree = fat_tree_counts(hosts, rails, radix=radix)
        assert switches(tree) >= switches(before), hosts
        assert tree.spine_count + tree.core_count >= before.spine_count + before.core_count, hosts
        assert cost(tree) >= cost(before) * slack, hosts
        before = tree


@settings(deadline=None, max_examples=300)
@given(asked=arguments(), data=st.data())
def test_one_more_host_never_needs_fewer_switches(asked: dict[str, Any], data: st.DataObject) -> None:
    asked["extra_links"] = 0  # they may take ports that more uplinks would use
    largest = nearest(UNBOUNDED_HOSTS, asked).hosts
    hosts = data.draw(st.integers(1, largest))
    tree = fat_tree_counts(hosts, **asked)
    # The next host that opens a unit, and any later one.
    for more in {min(tree.units * tree.hosts_per_unit + 1, largest), data.draw(st.integers(hosts, largest))}:
        larger = fat_tree_counts(more, **asked)
        assert larger.tiers >= tree.tiers
        assert switches(larger) >= switches(tree)
        assert larger.spine_count + larger.core_count >= tree.spine_count + tree.core_count


@settings(deadline=None)
@given(asked=arguments(radix_max=64), hosts=st.integers(1, 2000))
def test_planes_multiply(asked: dict[str, Any], hosts: int) -> None:
    asked |= {"planes": 1, "extra_links": 0}
    one = nearest(hosts, asked)
    three = fat_tree_counts(one.hosts, **(asked | {"planes": 3}))
    tripled = {name: 3 * getattr(one, name) for name in ("planes", "service_links", "leaf_count", "spine_count", "core_count")}
    assert three == replace(one, **tripled)
    assert three.bisection_links() == 3 * one.bisection_links()
    assert three.cables_by_layer(2) == {layer: 3 * count for layer, count in one.cables_by_layer(2).items()}


# Refusals


@settings(deadline=None, max_examples=300)
@given(asked=arguments())
def test_a_refusal_names_the_largest_fabric(asked: dict[str, Any]) -> None:
    with pytest.raises(TopologyError) as refusal:
        fat_tree_counts(UNBOUNDED_HOSTS, **asked)
    largest = refusal.value.largest_hosts
    if refusal.value.reason == "unit":
        assert largest == 0
    else:
        assert refusal.value.reason == "size"
        assert f"(largest: {largest} hosts)" in str(refusal.value)
    if largest:
        assert fat_tree_counts(largest, **asked).hosts == largest
    with pytest.raises(TopologyError) as refusal:
        fat_tree_counts(largest + 1, **asked)
    assert refusal.value.largest_hosts <= largest


@settings(deadline=None, max_examples=300)
@given(asked=arguments(radix_max=32), hosts=st.integers(1, 300))
def test_between_the_largest_and_what_was_asked_nothing_fits(asked: dict[str, Any], hosts: int) -> None:
    try:
        largest = fat_tree_counts(hosts, **asked).hosts
    except TopologyError as error:
        largest = error.largest_hosts
    for count in range(largest + 1, hosts + 1):
        with pytest.raises(TopologyError):
            fat_tree_counts(count, **asked)
    if largest:
        assert fat_tree_counts(largest, **asked).hosts == largest <= hosts


@pytest.mark.parametrize("tiers", [2, 3])
def test_the_largest_fabric_of_a_number_of_tiers(tiers: int) -> None:
    sizing: dict[str, Any] = {"radix": 64, "tiers": tiers, "hosts_per_unit": 24, "service_links": 96, "spines_min": 2}
    largest = largest_fat_tree_hosts(8, **sizing)
    assert fat_tree_counts(largest, 8, **sizing).tiers == tiers
    with pytest.raises(TopologyError, match=f"largest: {largest} hosts") as refusal:
        fat_tree_counts(largest + 1, 8, **sizing)
    assert (refusal.value.reason, refusal.value.largest_hosts) == ("size", largest)


def test_one_switch_refuses_what_it_has_no_ports_for() -> None:
    assert fat_tree_counts(7, 8, radix=64, tiers=1, extra_links=8).free_leaf_ports == 0
    with pytest.raises(TopologyError, match="do not fit one switch of 64 ports") as refusal:
        fat_tree_counts(8, 8, radix=64, tiers=1, extra_links=8)
    assert (refusal.value.reason, refusal.value.largest_hosts) == ("size", 7)


def test_extra_links_need_free_ports() -> None:
    # Two full units leave no port; NVIDIA leaves a node out (127 instead of 128, 63 instead of 64).
    with pytest.raises(TopologyError, match="4 extra links find 0 free leaf ports") as refusal:
        fat_tree_counts(64, 8, radix=64, extra_links=4)
    assert (refusal.value.reason, refusal.value.largest_hosts) == ("ports", 63)
    assert fat_tree_counts(63, 8, radix=64, extra_links=4).free_leaf_ports == 4
    # No number of units leaves 300 ports: the hosts of the last one have 8 x 32.
    with pytest.raises(TopologyError, match="largest: 0 hosts"):
        fat_tree_counts(64, 8, radix=64, extra_links=300)


def test_extra_links_come_before_uplinks_that_only_save_a_spine() -> None:
    # Ten leaves of 16 hosts have 16 to 48 uplinks. 18 of them share out among 3 spines, 16 only among 4; with 18, 300 leaf
    # ports stay free, with 16, 320.
    assert (fat_tree_counts(160, radix=64, hosts_per_unit=16).leaf_up_ports, 10 * (64 - 16 - 18)) == (18, 300)
    for extra_links, uplinks, spines in [(0, 18, 3), (300, 18, 3), (301, 16, 4), (320, 16, 4)]:
        tree = fat_tree_counts(160, radix=64, hosts_per_unit=16, extra_links=extra_links)
        assert (tree.leaf_up_ports, tree.spine_count) == (uplinks, spines)
        assert_can_be_built(tree)
    with pytest.raises(TopologyError, match="321 extra links find 320 free leaf ports"):
        fat_tree_counts(160, radix=64, hosts_per_unit=16, extra_links=321)


def test_a_unit_that_no_leaf_holds() -> None:
    for hosts_per_unit in (0, 33):
        with pytest.raises(TopologyError, match="does not fit a leaf") as refusal:
            fat_tree_counts(64, 8, radix=64, hosts_per_unit=hosts_per_unit)
        assert refusal.value.reason == "unit"
    with pytest.raises(TopologyError, match="too small for a leaf"):
        fat_tree_counts(64, radix=4, spines_min=4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hosts": 0},
        {"links_per_host": 0},
        {"radix": 1},
        {"tiers": 0},
        {"tiers": 4},
        {"planes": 0},
        {"oversubscription_ratio": 0.0},
        {"spine_oversubscription_ratio": -1.0},
        {"spine_radix": 1},
        {"core_radix": 1},
        {"oversubscription_ratio": math.inf},
        {"oversubscription_ratio": math.nan},
        {"extra_links": -1},
        {"service_links": -1},
        {"spines_min": 0},
    ],
)
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))) as refusal:
        fat_tree_counts(**({"hosts": 64, "radix": 64} | wrong))
    assert not isinstance(refusal.value, TopologyError)
    if not {"hosts", "planes", "extra_links"} & set(wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            largest_fat_tree_hosts(**({"radix": 64, "tiers": 2} | wrong))
    with pytest.raises(ValueError, match="tiers must be 2 or 3"):
        largest_fat_tree_hosts(radix=64, tiers=1)


# Degenerate sizes


@settings(deadline=None, max_examples=500)
@given(
    hosts=st.integers(1, 70) | st.integers(-1, UNBOUNDED_HOSTS),
    links_per_host=st.integers(0, 9) | st.integers(0, 300),
    radix=st.integers(0, 9) | st.integers(0, 300),
    tiers=st.none() | st.integers(0, 4),
    planes=st.integers(0, 5),
    hosts_per_unit=st.none() | st.integers(-1, 10),
    oversubscription_ratio=st.floats(1.0, 9.0) | st.floats(),
    extra_links=st.integers(-1, 10) | st.integers(0, UNBOUNDED_HOSTS),
    service_links=st.integers(-1, 10) | st.integers(0, UNBOUNDED_HOSTS),
    spines_min=st.integers(0, 9),
)
def test_any_numbers_give_a_fabric_or_a_refusal(**asked: Any) -> None:
    try:
        tree = fat_tree_counts(**asked)
    except TopologyError as error:
        largest = error.largest_hosts
    except ValueError:
        return  # out of range
    else:
        largest = tree.hosts
        assert tree.free_leaf_ports >= 0
        if links(tree) < 1000:
            assert_can_be_built(tree, asked["oversubscription_ratio"])
    assert 0 <= largest <= asked["hosts"]


@pytest.mark.parametrize(("radix", "tiers", "largest"), [(2, 2, 2), (2, 3, 2), (3, 2, 3), (3, 3, 3), (5, 3, 20)])
def test_switches_of_few_ports(radix: int, tiers: int, largest: int) -> None:
    assert largest_fat_tree_hosts(radix=radix, tiers=tiers) == largest
    assert_can_be_built(fat_tree_counts(largest, radix=radix, tiers=tiers))
