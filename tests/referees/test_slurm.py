"""Slurm's own controller reads our topology.conf, shows it, and places jobs by it; it needs no compute daemons for that."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from topologies.clos import fat_tree
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import slurm
from topologies.formats.hostlist import compress, expand
from topologies.formats.placement import PlacementTree, placement_tree
from topologies.hyperx import hyperx
from topologies.torus import torus

pytestmark = pytest.mark.referee

Find = Callable[[str], str]

WARNINGS = (
    "invalid child",
    "not a tree",
    "already been defined",
    "lack access",
    "Invalid hostnames",
    "Multiple leaf switches",
    "no switch can reach",
    "No switches configured",
    "Parsing error",
    "fatal",
)
"""What slurmctld says of a topology that is not right; all but the fatal ones it only logs."""


@dataclass(frozen=True)
class Controller:
    folder: Path
    find: Find

    def __call__(self, program: str, *options: str) -> str:
        environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        done = subprocess.run(
            [self.find(program), *options], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        return done.stdout

    def log(self) -> str:
        return (self.folder / "ctld.log").read_text(encoding="utf-8")

    def submit(self, nodes: int, *options: str) -> str:
        """Submit a job of whole nodes and return its number."""
        printed = self("sbatch", "--parsable", "--exclusive", f"--nodes={nodes}", *options, "--wrap=true", "--output=/dev/null")
        assert printed.strip().isdigit(), printed + self.log()
        return printed.strip()

    def given(self, job: str, seconds: float = 20) -> tuple[str, ...]:
        """Return the nodes that a job is given; none if it still waits after some seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state, _, nodes = self("squeue", "-h", "-j", job, "-o", "%T %N").strip().partition(" ")
            if state in ("CONFIGURING", "RUNNING"):
                return expand(nodes)
            time.sleep(0.05)
        return ()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def controller(nodes: Sequence[str], topology: str, folder: Path, find: Find) -> Iterator[Controller]:
    """Run slurmctld on a loopback port over nodes that count as powered down, but schedulable."""
    (folder / "topology.conf").write_text(topology, encoding="utf-8")
    (folder / "state").mkdir()
    lines = [
        "ClusterName=planned",
        "SlurmctldHost=localhost(127.0.0.1)",
        f"SlurmctldPort={free_port()}",
        "SlurmUser=root" if os.geteuid() == 0 else f"SlurmUser={os.environ.get('USER', 'nobody')}",
        "AuthType=auth/none",
        "CredType=cred/none",
        "CommunicationParameters=NoCtldInAddrAny",
        "ProctrackType=proctrack/linuxproc",
        "SelectType=select/cons_tres",
        "SelectTypeParameters=CR_Core",
        "TopologyPlugin=topology/tree",
        "SchedulerParameters=sched_interval=1,batch_sched_delay=0",
        f"StateSaveLocation={folder / 'state'}",
        f"SlurmctldPidFile={folder / 'ctld.pid'}",
        f"SlurmctldLogFile={folder / 'ctld.log'}",
        "SuspendTime=1000000",
        "SuspendProgram=/bin/true",
        "ResumeProgram=/bin/true",
        "ResumeTimeout=3600",
        "ReturnToService=2",
        f"NodeName={compress(nodes)} NodeAddr=127.0.0.1 CPUs=8 State=CLOUD",
        "PartitionName=all Nodes=ALL Default=YES State=UP",
    ]
    (folder / "slurm.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = subprocess.Popen(
        [find("slurmctld"), "-D", "-c", "-f", str(folder / "slurm.conf")],
        env={**os.environ, "SLURM_CONF": str(folder / "slurm.conf")},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # the same is in its log
    )
    try:
        there = Controller(folder, find)
        until = time.monotonic() + 60
        while program.poll() is None and "UP" not in there("scontrol", "ping"):
            assert time.monotonic() < until, there.log()
            time.sleep(0.05)
        yield there
    finally:
        program.kill()
        program.wait(timeout=10)


def complaints(log: str) -> set[str]:
    return {warning for warning in WARNINGS if warning.lower() in log.lower()}


def nodes_of(tree: PlacementTree) -> tuple[str, ...]:
    return tuple(node for unit in tree.units for node in unit.nodes)


FABRICS = [
    pytest.param(lambda: fat_tree(127, 8, radix=64), id="4 scalable units"),
    pytest.param(lambda: fat_tree(64, 1, radix=8), id="3 tiers"),
    pytest.param(lambda: fat_tree(8, 8, radix=64), id="one switch"),
    pytest.param(lambda: dragonfly(2, 4, 2), id="dragonfly"),
    pytest.param(lambda: hyperx((3, 3), 2), id="hyperx"),
    pytest.param(lambda: torus((4, 4, 4)), id="torus"),
    pytest.param(lambda: fat_tree(2048, 8, radix=64), id="16384 ports"),
]


@pytest.mark.parametrize("make", FABRICS)
def test_slurm_takes_the_tree_without_a_complaint_and_shows_ours(
    make: Callable[[], Fabric], tmp_path: Path, referee: Find
) -> None:
    tree = placement_tree(make())
    text = slurm.write(tree)
    with controller(nodes_of(tree), text, tmp_path, referee) as there:
        assert complaints(there.log()) == set()
        shown = slurm.read(there("scontrol", "show", "topology"))
    assert sorted(shown) == sorted(tree.groups)
    assert sorted(slurm.read(text)) == sorted(tree.groups)


def test_jobs_stay_inside_units(tmp_path: Path, referee: Find) -> None:
    tree = placement_tree(fat_tree(128, 8, radix=64))
    unit_of = {node: unit.name for unit in tree.units for node in unit.nodes}
    with controller(nodes_of(tree), slurm.write(tree), tmp_path, referee) as there:
        taken: list[str] = []
        sizes = (20, 20, 8, 24, 16, 4)
        jobs = [there.submit(size) for size in sizes]
        for size, job in zip(sizes, jobs, strict=True):
            given = there.given(job)
            assert len(given) == size
            assert len({unit_of[node] for node in given}) == 1, given
            taken += given
        assert len(set(taken)) == len(taken)
        # 36 nodes are left, in no unit more than 16: a job of 17 crosses units, and waits where it may not.
        assert there.given(there.submit(17, "--switches=1@60:00"), seconds=3) == ()
        assert "PENDING" in there("squeue", "-h", "-o", "%T")


def test_without_the_tree_a_job_would_cross_units(tmp_path: Path, referee: Find) -> None:
    """The judge can say no: with all nodes below one switch, the second job of 20 is cut across our units."""
    tree = placement_tree(fat_tree(128, 8, radix=64))
    unit_of = {node: unit.name for unit in tree.units for node in unit.nodes}
    flat = f"SwitchName=fabric Nodes={compress(nodes_of(tree))}\n"
    with controller(nodes_of(tree), flat, tmp_path, referee) as there:
        _, second = (there.submit(20) for _ in range(2))
        assert len({unit_of[node] for node in there.given(second)}) == 2


def broken(pattern: str, by: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        changed = re.sub(pattern, by, text, flags=re.MULTILINE)
        assert changed != text
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (broken(r"su\[00-03\]", "su[00-04]"), "invalid child"),
        (broken(r"^(SwitchName=su03 .*)$", r"\1\n\1"), "already been defined"),
        (broken(r"n\[0096-0127\]", "n[0096-0126]"), "lack access"),
        (broken(r"n\[0032-0063\]", "n[0031-0063]"), "Multiple leaf switches"),
        (broken(r"su\[00-03\]", "su[00-02]"), "no switch can reach"),
        (broken(r"n\[0096-0127\]", "n[0096-0127],stranger"), "Invalid hostnames"),
    ],
)
def test_a_broken_tree_is_caught(change: Callable[[str], str], complaint: str, tmp_path: Path, referee: Find) -> None:
    tree = placement_tree(fat_tree(128, 8, radix=64))
    with controller(nodes_of(tree), change(slurm.write(tree)), tmp_path, referee) as there:
        assert complaint in complaints(there.log())
