"""SimGrid, a simulator of flows, judges completion times: with our routes, on every link and at every event."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from topologies.clos import fat_tree
from topologies.fabric import Fabric
from topologies.flows import completion_times
from topologies.routes import Routes, ecmp, walk
from topologies.routing import d_mod_k

pytestmark = pytest.mark.referee

Ints = NDArray[np.int64]
Judge = Callable[[Routes, NDArray[np.float64], Ints], NDArray[np.float64]]


def imports_simgrid(python: str) -> bool:
    return subprocess.run([python, "-c", "import simgrid"], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def simgrid(request: pytest.FixtureRequest) -> Judge:
    """Find an interpreter that can import SimGrid's module, which is made for the system's own, and return the judge."""
    paths = [sys.executable, *(shutil.which(name, path="/usr/bin:/bin") for name in ("python3", "python3.11"))]
    program = next((path for path in paths if path and imports_simgrid(path)), None)
    if program is None and request.config.getoption("--require-referees"):
        pytest.fail("referee simgrid is required and not installed")
    if program is None:
        pytest.skip("referee simgrid is not installed")

    def judge(routes: Routes, capacity: NDArray[np.float64], size_byte: Ints) -> NDArray[np.float64]:
        used = np.unique(routes.channel)
        rows = np.split(routes.channel, routes.start[1:-1])
        given: dict[str, Any] = {
            "capacity": list(zip(used.tolist(), (capacity[used] * 1e9 / 8).tolist(), strict=True)),
            "flows": [[size, row.tolist()] for size, row in zip(size_byte.tolist(), rows, strict=True)],
        }
        command = [program, str(Path(__file__).with_name("simgrid_judge.py"))]
        answer = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=300, check=True)
        return np.array(json.loads(answer.stdout)["done_s"])

    return judge


def agree(judge: Judge, routes: Routes, capacity: NDArray[np.float64], size_byte: Ints) -> None:
    ours, theirs = completion_times(routes, capacity, size_byte), judge(routes, capacity, size_byte)
    assert (np.diff(routes.start) > 0).all()
    assert theirs.min() > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def fabric_of(kind: str) -> Fabric:
    return {
        "full": lambda: fat_tree(64, 8, radix=64),
        "narrow": lambda: fat_tree(64, 8, radix=48, oversubscription_ratio=2),
        "three tiers": lambda: fat_tree(64, 8, radix=16, tiers=3),
    }[kind]()


def sizes(count: int, seed: int) -> Ints:
    """Unequal sizes, some of them often, so that many flows end together and many alone."""
    rng = np.random.default_rng(seed)
    return rng.choice(np.concatenate([[10**8, 10**9], rng.integers(10**8, 2 * 10**9, count)]), count)


@pytest.mark.parametrize("kind", ["full", "narrow", "three tiers"])
def test_incast(kind: str, simgrid: Judge) -> None:
    fabric = fabric_of(kind)
    source = np.arange(1, 512)
    routes = walk(fabric, d_mod_k(fabric), source, np.zeros_like(source))
    agree(simgrid, routes, fabric.channel_gbit_per_s(), sizes(len(source), 1))


@pytest.mark.parametrize("kind", ["full", "narrow", "three tiers"])
@pytest.mark.parametrize("way", ["d-mod-k", "ecmp"])
def test_permutation(kind: str, way: str, simgrid: Judge) -> None:
    fabric = fabric_of(kind)
    destination = np.random.default_rng(2).permutation(512)
    source = np.flatnonzero(destination != np.arange(512))
    destination = destination[source]
    routes = (
        walk(fabric, d_mod_k(fabric), source, destination) if way == "d-mod-k" else ecmp(fabric, source, destination, seed=3)
    )
    agree(simgrid, routes, fabric.channel_gbit_per_s(), sizes(len(source), 3))


@pytest.mark.parametrize("kind", ["full", "narrow", "three tiers"])
def test_a_thousand_random_flows(kind: str, simgrid: Judge) -> None:
    fabric = fabric_of(kind)
    rng = np.random.default_rng(4)
    source = rng.integers(0, 512, 1000)
    destination = (source + rng.integers(1, 512, 1000)) % 512
    routes = walk(fabric, d_mod_k(fabric), source, destination)
    agree(simgrid, routes, fabric.channel_gbit_per_s(), sizes(1000, 5))


def test_links_of_different_rates(simgrid: Judge) -> None:
    """Every cable of its own rate: many levels, and bottlenecks behind bottlenecks."""
    fabric = fabric_of("narrow")
    rng = np.random.default_rng(6)
    source = rng.integers(0, 512, 1000)
    destination = (source + rng.integers(1, 512, 1000)) % 512
    routes = walk(fabric, d_mod_k(fabric), source, destination)
    capacity = np.repeat(rng.uniform(50, 800, len(fabric.cables)).round(), 2)
    agree(simgrid, routes, capacity, sizes(1000, 7))


@pytest.mark.slow
def test_a_permutation_of_4096_ports(simgrid: Judge) -> None:
    fabric = fat_tree(512, 8, radix=64)
    destination = np.random.default_rng(8).permutation(4096)
    source = np.flatnonzero(destination != np.arange(4096))
    routes = walk(fabric, d_mod_k(fabric), source, destination[source])
    agree(simgrid, routes, fabric.channel_gbit_per_s(), sizes(len(source), 9))


def test_the_judge_tells_when_times_are_wrong(simgrid: Judge) -> None:
    fabric = fabric_of("full")
    routes = walk(fabric, d_mod_k(fabric), [1, 2, 3], [0, 0, 0])
    capacity = fabric.channel_gbit_per_s()
    theirs = simgrid(routes, capacity, np.array([10**8, 10**9, 10**9]))
    np.testing.assert_allclose(theirs, [0.006, 0.042, 0.042], rtol=1e-9)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(completion_times(routes, capacity * (1 + 1e-8), [1e8, 1e9, 1e9]), theirs, rtol=1e-9)
