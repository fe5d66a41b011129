"""ibsim simulates the subnet of a net file, OpenSM routes it, ibnetdiscover and ibdmchk look at it: all four judge ours."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from topologies.clos import fat_tree
from topologies.fabric import Fabric
from topologies.formats import ibdiagnet, opensm
from topologies.formats.opensm import read_ibnetdiscover, write_root_guids
from topologies.links import Link, Links, links_of
from topologies.routing import Tables, d_mod_k, minimal, up_down
from topologies.torus import torus

pytestmark = pytest.mark.referee

Find = Callable[[str], str]
Ints = NDArray[np.int64]
SOCKETS = count()
FTREE = "ftree tables configured on all switches"


@dataclass(frozen=True)
class Seen:
    """What the programs say of one subnet."""

    refusal: str
    """Why ibsim did not start; empty: it did."""
    log: str = ""
    found: Links = field(default_factory=lambda: Links({}, ()))
    dump: str = ""
    verdict: str = ""


@contextmanager
def subnet(net: str, folder: Path, find: Find) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run ibsim on a net file, on an abstract socket of its own, until it listens; yield it and its clients' environment."""
    headers = [line.split()[:2] for line in net.splitlines() if line.startswith(("Ca", "Switch"))]
    sizes = {"N": len(headers), "S": sum(kind == "Switch" for kind, _ in headers)}
    sizes["P"] = sum(int(ports) + (kind == "Switch") for kind, ports in headers)
    library = next(iter(sorted(Path("/usr/lib").glob("**/umad2sim/libumad2sim.so"))), None)
    assert library is not None, "ibsim is installed without libumad2sim.so"
    socket = f"gp{os.getpid()}-{next(SOCKETS)}"
    environment = {**os.environ, "IBSIM_SOCKNAME": socket, "OSM_TMP_DIR": str(folder), "OSM_CACHE_DIR": str(folder)}
    (folder / "net").write_text(net, encoding="utf-8")
    options = [text for letter, number in sizes.items() for text in (f"-{letter}", str(number + 8))]
    with (folder / "ibsim.err").open("w") as errors:
        program = subprocess.Popen(
            [find("ibsim"), "-s", "-n", *options, "-L", "49152", "net"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            text=True,
        )
        try:
            until = time.monotonic() + 60
            while program.poll() is None and f"@{socket}:ctl" not in Path("/proc/net/unix").read_text(encoding="utf-8"):
                assert time.monotonic() < until, "ibsim did not listen within a minute"
                time.sleep(0.02)
            yield program, {**environment, "LD_PRELOAD": str(library)}
        finally:
            program.kill()
            program.wait(timeout=10)


def run(program: str, *options: str, folder: Path, environment: dict[str, str] | None = None, seconds: float = 120) -> str:
    """Return what a program prints, whatever its exit code: ibdmchk ends in a crash after its report."""
    done = subprocess.run(
        [program, *options], cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    return done.stdout


def look(net: str, folder: Path, find: Find, engine: str = "ftree", seconds: float = 120) -> Seen:
    """Simulate, route and discover a subnet."""
    with subnet(net, folder, find) as (program, environment):
        if program.poll() is not None:
            return Seen((folder / "ibsim.err").read_text(encoding="utf-8") or "no reason given")
        options = ["-o", "-R", engine, "-f", str(folder / "osm.log"), "-s", "0", "-D", "0x43", "-e"]
        run(find("opensm"), *options, folder=folder, environment=environment, seconds=seconds)
        found = read_ibnetdiscover(run(find("ibnetdiscover"), folder=folder, environment=environment, seconds=seconds))
    files = ["-s", "opensm-subnet.lst", "-f", "opensm.fdbs", "-m", "opensm.mcfdbs"]
    return Seen(
        "",
        (folder / "osm.log").read_text(encoding="utf-8"),
        found,
        (folder / "opensm-lfts.dump").read_text(encoding="utf-8"),
        run(find("ibdmchk"), *files, folder=folder, seconds=seconds),
    )


def tables_of_dump(fabric: Fabric, dump: str) -> NDArray[np.uint16]:
    """Read OpenSM's forwarding tables, by our numbers of switches and endpoints."""
    numbers = fabric.vertex_by_name
    table = np.zeros((fabric.switch_count, fabric.endpoint_count), np.uint16)
    row = -1
    for line in dump.splitlines():
        if title := re.match(r"Unicast lids .* \('(.+)'\):$", line):
            row = numbers[title[1]] - fabric.endpoint_count
        elif entry := re.match(r"0x[0-9a-fA-F]+ (\d+) # Channel Adapter .*: '(.+)'$", line):
            table[row, numbers[entry[2]]] = int(entry[1])
    return table


def cable_behind_ports(fabric: Fabric) -> NDArray[np.int64]:
    """[S, ports + 1] The cable behind every port of every switch; -1 where there is none."""
    table = np.full((fabric.switch_count, int(fabric.switches.ports.max()) + 1), -1)
    for vertex, port in ((fabric.cables.a, fabric.cables.a_port), (fabric.cables.b, fabric.cables.b_port)):
        of_switch = vertex >= fabric.endpoint_count
        table[vertex[of_switch] - fabric.endpoint_count, port[of_switch]] = np.flatnonzero(of_switch)
    return table


def all_to_all(fabric: Fabric, out_port: NDArray[np.uint16]) -> tuple[Ints, int]:
    """Walk from every endpoint to every other: paths over every channel, and pairs that do not arrive."""
    endpoints, cables = fabric.endpoint_count, fabric.cables
    ports = cable_behind_ports(fabric)
    # First hop: whoever the sender is, the packet is at its leaf. Only fabrics with one cable an endpoint are judged here.
    at = np.zeros((fabric.switch_count, endpoints), np.int64)
    leaf = np.zeros(endpoints, np.int64)
    access = cables.a < endpoints
    leaf[cables.a[access]] = cables.b[access] - endpoints
    senders = np.bincount(leaf, minlength=fabric.switch_count)
    at += senders[:, None]
    at[leaf, np.arange(endpoints)] -= 1
    load = np.zeros(2 * len(cables), np.int64)
    arrived = 0
    for _ in range(16):
        switch, goal = np.nonzero(at)
        if not len(switch):
            break
        packets = at[switch, goal]
        cable = ports[switch, out_port[switch, goal]]
        lost = cable < 0
        switch, goal, packets, cable = (each[~lost] for each in (switch, goal, packets, cable))
        upward = cables.a[cable] == switch + endpoints
        other = np.where(upward, cables.b[cable], cables.a[cable])
        np.add.at(load, 2 * cable + ~upward, packets)
        home = other == goal
        arrived += int(packets[home].sum())
        going = other >= endpoints
        at = np.zeros_like(at)
        np.add.at(at, (other[going] - endpoints, goal[going]), packets[going])
    return load, endpoints * (endpoints - 1) - arrived


def imbalance(fabric: Fabric, load: Ints) -> float:
    """Return the largest over the mean load of the channels between switches, of the worst layer and direction."""
    worst = 1.0
    for layer in range(1, len(fabric.layers)):
        for direction in (0, 1):
            of_layer = load[direction::2][fabric.cables.layer == layer]
            worst = max(worst, float(of_layer.max() / of_layer.mean()) if of_layer.any() else np.inf)
    return worst


def problems(design: Fabric, seen: Seen) -> set[str]:
    """Name every check that a subnet fails when it should be the design."""
    if seen.refusal:
        return {"refused"}
    wanted = links_of(design)
    kinds = [name in seen.found.switches for name in seen.found.nodes]
    failed = {
        "engine": FTREE not in seen.log,
        "errors": " ERR " in seen.log,
        "adapters": kinds.count(False) != design.endpoint_count,
        "switches": kinds.count(True) != design.switch_count,
        "cables": seen.found.cable_set() != wanted.cable_set(),
        "credit loops": "no credit loops found" not in seen.verdict,
    }
    load, unreachable = all_to_all(design, tables_of_dump(design, seen.dump))
    failed |= {"unreachable": unreachable > 0, "balance": imbalance(design, load) > 1.0005}
    return {name for name, is_so in failed.items() if is_so}


def rails(hosts: int) -> Fabric:
    return fat_tree(hosts, 8, radix=64)


@pytest.fixture(scope="module")
def small() -> Fabric:
    """One scalable unit: 256 ports, 8 leaves, 4 spines."""
    return rails(32)


HOSTS = [pytest.param(32, id="256 ports"), pytest.param(128, id="1024 ports")]
HOSTS += [pytest.param(512, id="4096 ports", marks=pytest.mark.slow)]


@pytest.mark.parametrize("hosts", HOSTS)
def test_opensm_routes_our_fabric_as_a_fat_tree_and_finds_our_cables(hosts: int, tmp_path: Path, referee: Find) -> None:
    fabric = rails(hosts)
    seen = look(opensm.write(fabric, newest="HDR"), tmp_path, referee, seconds=600)
    assert problems(fabric, seen) == set()
    load, _ = all_to_all(fabric, tables_of_dump(fabric, seen.dump))
    ours, unreachable = all_to_all(fabric, d_mod_k(fabric).out_port)
    assert unreachable == 0
    assert imbalance(fabric, ours) == pytest.approx(1.0)
    assert np.array_equal(np.sort(load), np.sort(ours))
    assert {link.gbit_per_s for link in seen.found.links} == {200.0}


def test_opensm_takes_our_root_guids(tmp_path: Path, small: Fabric, referee: Find) -> None:
    net = opensm.write(small, newest="HDR")
    (first := tmp_path / "first").mkdir()
    (tmp_path / "roots").write_text(write_root_guids(small, look(net, first, referee).found.guids), encoding="utf-8")
    (second := tmp_path / "second").mkdir()
    with subnet(net, second, referee) as (_, environment):
        options = ["-o", "-R", "updn", "-a", str(tmp_path / "roots"), "-f", str(second / "log"), "-s", "0", "-D", "0x43", "-e"]
        run(referee("opensm"), *options, folder=second, environment=environment)
    log = (second / "log").read_text(encoding="utf-8")
    assert "updn tables configured on all switches" in log
    assert " ERR " not in log


def missing_uplink(fabric: Fabric) -> str:
    return opensm.write(fabric.without([fabric.endpoint_count + 37]), newest="HDR")


def cut_off_leaf(fabric: Fabric) -> str:
    """Cut the leaf off that OpenSM itself is on: it sees 32 adapters, and no error."""
    leaf = fabric.vertex_by_name["su00-rail0-leaf"]
    uplinks = np.flatnonzero((fabric.cables.a == leaf) & (fabric.cables.layer == 1))
    return opensm.write(fabric.without(uplinks), newest="HDR")


def swapped_rails(fabric: Fabric) -> str:
    """Swap the cables of two NICs at their leaves: a valid subnet, only not the one that was designed."""
    cables = fabric.cables
    first, second = (int(np.flatnonzero(cables.a == fabric.vertex_by_name[name])[0]) for name in ("n0007-nic2", "n0007-nic5"))
    b, port = cables.b.copy(), cables.b_port.copy()
    b[[first, second]], port[[first, second]] = b[[second, first]], port[[second, first]]
    return opensm.write(replace(fabric, cables=replace(cables, b=b, b_port=port)), newest="HDR")


def double_used_port(fabric: Fabric) -> str:
    links = links_of(fabric)
    one, two = links.links[:2]
    return opensm.write(
        replace(links, links=(one, Link(two.a, two.a_port, one.b, one.b_port, 400.0), *links.links[2:])), newest="HDR"
    )


def dead_adapter(fabric: Fabric) -> str:
    return opensm.write(fabric.without(vertices=[200]), newest="HDR")


@pytest.mark.parametrize(
    ("fault", "caught_by"),
    [
        (missing_uplink, {"engine", "errors", "cables", "balance"}),
        (cut_off_leaf, {"adapters", "switches", "cables", "unreachable", "balance", "engine"}),
        (swapped_rails, {"cables", "unreachable"}),  # unreachable by our cables, that is
        (double_used_port, {"refused"}),
        (dead_adapter, {"adapters", "cables", "unreachable", "balance"}),
    ],
)
def test_a_broken_fabric_is_caught(
    fault: Callable[[Fabric], str], caught_by: set[str], tmp_path: Path, small: Fabric, referee: Find
) -> None:
    assert problems(small, look(fault(small), tmp_path, referee)) == caught_by


def judge_tables(fabric: Fabric, tables: Tables, folder: Path, find: Find) -> str:
    """Let ibdmchk judge our own forwarding tables: vertex v has the LID and GUID v + 1."""
    endpoints = fabric.endpoint_count

    def node(vertex: int, port: int) -> str:
        kind, ports = ("CA", 1) if vertex < endpoints else ("SW", int(fabric.switches.ports[vertex - endpoints]))
        guid = f"{vertex + 1:016x}"
        owner = f"SystemGUID:{guid} NodeGUID:{guid} PortGUID:{guid} VenID:000000 DevID:0000 Rev:000000A1"
        return f"{{ {kind} Ports:{ports:02x} {owner} {{{fabric.name(vertex)}}} LID:{vertex + 1:04x} PN:{port:02x} }}"

    lines = []
    for a, a_port, b, b_port in zip(
        *(getattr(fabric.cables, name).tolist() for name in ("a", "a_port", "b", "b_port")), strict=True
    ):
        ends = node(a, a_port), node(b, b_port)
        lines += [f"{one} {other} PHY=4x LOG=ACT SPD=50" for one, other in (ends, ends[::-1])]
    (folder / "ours.lst").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = []
    for switch, row in enumerate(tables.out_port.tolist()):
        entries = [f"0x{lid:04X} : {port:03d}  : 02   : yes" for lid, port in enumerate(row, start=1) if port]
        title = f"dump_ucast_routes: Switch 0x{endpoints + switch + 1:016x}"
        parts.append("\n".join([title, "LID    : Port : Hops : Optimal", *entries, "", ""]))
    (folder / "ours.fdbs").write_text("".join(parts), encoding="utf-8")
    (folder / "none").write_text("", encoding="utf-8")
    return run(find("ibdmchk"), "-s", "ours.lst", "-f", "ours.fdbs", "-m", "none", folder=folder)


def histogram(report: str, title: str) -> dict[int, int]:
    """Read one of ibdmchk's tables of hops and pairs."""
    rows = report.partition(title)[2].partition("HOPS NUM-CA-CA-PAIRS")[2].partition("---")[0]
    return {int(hops): int(pairs) for hops, pairs in re.findall(r"^\s*(\d+)\s+(\d+)$", rows, re.MULTILINE)}


@pytest.mark.parametrize("make", [d_mod_k, up_down, minimal])
@pytest.mark.parametrize(
    ("hosts", "nics", "radix", "pairs"),
    [
        (32, 8, 64, {2: 31, 4: 224}),  # 32 adapters a leaf, all leaves below all spines
        (64, 1, 8, {2: 3, 4: 12, 6: 48}),  # 4 a leaf, 16 a pod, 4 pods below cores
    ],
)
def test_our_own_tables_have_no_credit_loop_and_shortest_paths(
    hosts: int, nics: int, radix: int, pairs: dict[int, int], make: Callable[[Fabric], Tables], tmp_path: Path, referee: Find
) -> None:
    fabric = fat_tree(hosts, nics, radix=radix)
    report = judge_tables(fabric, make(fabric), tmp_path, referee)
    of_adapter = {hops: others * fabric.endpoint_count for hops, others in pairs.items()}
    assert histogram(report, "LFT ROUTE HOP HISTOGRAM") == of_adapter
    assert "no credit loops found" in report
    assert "-E-" not in report


def test_ibdmchk_sees_the_credit_loop_of_shortest_paths_on_a_ring(tmp_path: Path, referee: Find) -> None:
    ring = torus((6,))
    assert "Found credit loop" in judge_tables(ring, minimal(ring), tmp_path, referee)
    assert "no credit loops found" in judge_tables(ring, up_down(ring), tmp_path, referee)


def test_the_topology_file_is_understood(tmp_path: Path, small: Fabric, referee: Find) -> None:
    files = ibdiagnet.write(small, newest="QDR")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "IBDM_IBNL_PATH": str(tmp_path)}
    options = ["-t", "fabric.topo", "-n", "n0000/U1", "-p", "1"]
    report = run(referee("ibdmchk"), *options, folder=tmp_path, environment=environment)
    assert "Defined 44/268 systems/nodes" in report  # 32 hosts and 12 switches; 256 adapters and the same switches
    assert histogram(report, "MIN HOP HISTOGRAM") == {2: 256 * 31, 4: 256 * 224}
    assert "-E-" not in report
    links = links_of(small).links
    assert Counter(link.b for link in links[:256]) == Counter({f"su00-rail{rail}-leaf": 32 for rail in range(8)})
