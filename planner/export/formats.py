"""Every format that a plan's network can be written in: one entry each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from planner.fabrics import scale_up_domain
from planner.plan import FabricPlan, Plan
from topologies.fabric import Fabric

__all__ = ["FORMATS", "Content", "Format"]

Content = str | bytes | dict[str, str]
"""What an export writes: one file, or several by name."""


Writer = Callable[[Plan, FabricPlan, Fabric], Content]
"""Takes a plan, which of its networks, and that network built."""

PlanWriter = Callable[[Plan], Content]


@dataclass(frozen=True)
class Format:
    """A format: what it is for, the usual name of its file or folder, and how it is written."""

    says: str
    file: str
    write: Writer
    write_plan: PlanWriter | None = None
    """Where it is of the whole plan: no network is built for it."""


def _of(module: str, function: str = "write") -> Writer:
    """Take the writer of a module of `topologies.formats`, which is imported when it is used."""

    def write(_: Plan, __: FabricPlan, fabric: Fabric) -> Content:
        content: Content = getattr(importlib.import_module(f"topologies.formats.{module}"), function)(fabric)
        return content

    return write


def _with_domains(module: str, function: str) -> Writer:
    """Take a writer that wants the scale-up domains of several hosts, too."""

    def write(plan: Plan, _: FabricPlan, fabric: Fabric) -> Content:
        content: Content = getattr(importlib.import_module(f"topologies.formats.{module}"), function)(fabric, _domains(plan))
        return content

    return write


def _domains(plan: Plan) -> Mapping[str, list[str]] | None:
    """List the hosts of every rack-scale node; None where a scale-up domain is a host, or nodes differ."""
    groups = plan.compute.groups
    if len(groups) != 1 or groups[0].hosts == groups[0].nodes:
        return None
    hosts = groups[0].hosts // groups[0].nodes
    return {
        f"nvl{node:03d}": [f"n{host:04d}" for host in range(node * hosts, (node + 1) * hosts)]
        for node in range(groups[0].nodes)
    }


# Of a link to a scale-up switch, as in the network files that ASTRA-sim ships as examples.
_SCALE_UP_LATENCY_NS = 936.25


def _astra_sim(function: str) -> Writer:
    def write(plan: Plan, _: FabricPlan, fabric: Fabric) -> Content:
        from topologies.formats import astra_sim

        domain = scale_up_domain(plan)
        inner = astra_sim.Dimension("Switch", domain[0], domain[1] / 8, _SCALE_UP_LATENCY_NS) if domain else None
        content: str = getattr(astra_sim, function)(fabric, scale_up=inner)
        return content

    return write


def _simai(plan: Plan, _: FabricPlan, fabric: Fabric) -> Content:
    from topologies.formats import ns3

    domain = scale_up_domain(plan)
    rate = domain[1] if domain else 0.0
    return ns3.write_simai(fabric, accelerator=plan.compute.groups[0].gpu.split()[0], scale_up_gbit_per_s=rate)


def _simgrid_cluster(_: Plan, __: FabricPlan, fabric: Fabric) -> Content:
    from topologies.formats import simgrid

    topology, parameters, gbit_per_s = simgrid.cluster_of(fabric)
    return simgrid.cluster(topology, parameters, gbit_per_s=gbit_per_s)


def _picture(_: Plan, __: FabricPlan, fabric: Fabric) -> Content:
    from topologies.drawing import draw_fabric

    return draw_fabric(fabric)


def _labels(plan: Plan, _: FabricPlan, fabric: Fabric) -> Content:
    import json

    from topologies.formats.kueue import node_labels

    return json.dumps(node_labels(fabric, _domains(plan)), indent=2) + "\n"


def _netbox(plan: Plan, planned: FabricPlan, fabric: Fabric) -> Content:
    from planner.export.netbox import netbox_files

    return netbox_files(plan, planned, fabric)


def _of_plan(says: str, file: str, module: str, function: str) -> Format:
    """Make a format of the whole plan, whichever network is named; no network is built for it."""

    def write(plan: Plan) -> Content:
        content: Content = getattr(importlib.import_module(f"planner.export.{module}"), function)(plan)
        return content

    return Format(says, file, lambda plan, _, __: write(plan), write)


FORMATS: dict[str, Format] = {
    "opensm-net": Format("OpenSM on ibsim: net file", "fabric.net", _of("opensm")),
    "ibdiagnet": Format("ibdiagnet and UFM: topology file and system definitions", "ibdiagnet", _of("ibdiagnet")),
    "slurm-tree": Format("Slurm: topology.conf of topology/tree", "topology.conf", _of("slurm")),
    "slurm-block": Format(
        "Slurm 23.11: topology.conf of topology/block", "topology.conf", _with_domains("slurm", "write_blocks")
    ),
    "slurm-yaml": Format("Slurm 25.05: topology.yaml, tree and block", "topology.yaml", _with_domains("slurm", "write_yaml")),
    "kueue": Format("Kueue: Topology, ResourceFlavor and node labels", "kueue", _with_domains("kueue", "write")),
    "node-labels": Format("Kubernetes: labels of every node, as JSON", "labels.json", _labels),
    "topograph": Format("NVIDIA Topograph: model", "model.yaml", _with_domains("topograph", "write")),
    "cumulus-ptm": Format("Cumulus PTM: topology.dot", "topology.dot", _of("cumulus_ptm")),
    "nvidia-air": Format("NVIDIA Air: topology as JSON", "air.json", _of("nvidia_air")),
    "nvidia-air-dot": Format("NVIDIA Air: topology as DOT", "air.dot", _of("nvidia_air", "write_dot")),
    "containerlab": Format("containerlab: topology", "fabric.clab.yml", _of("containerlab")),
    "graphviz": Format("Graphviz: drawing in DOT", "fabric.dot", _of("graphviz")),
    "svg": Format("picture of the fabric", "fabric.svg", _picture),
    "netbox": Format("NetBox: device types, devices in racks, cables with lengths", "netbox", _netbox),
    "cable-schedule": _of_plan("cable schedule of all networks, as CSV", "cables.csv", "cables", "cable_schedule_csv"),
    "cable-schedule-xlsx": _of_plan(
        "cable schedule of all networks, as a workbook", "cables.xlsx", "cables", "cable_schedule_xlsx"
    ),
    "rack-elevations": _of_plan("what stands in every rack, U by U, as CSV", "racks.csv", "racks", "rack_elevations_csv"),
    "hall-plan": _of_plan("picture of the hall's floor, racks by use", "hall.svg", "hall", "hall_plan_svg"),
    "one-line": _of_plan("one-line diagram of the power chain, as SVG", "one-line.svg", "one_line", "one_line_svg"),
    "infragraph": Format("InfraGraph: infrastructure as JSON", "infragraph.json", _of("infragraph")),
    "infragraph-yaml": Format("InfraGraph: infrastructure as YAML", "infragraph.yaml", _of("infragraph", "write_yaml")),
    "astra-sim": Format("ASTRA-sim: analytical network", "network.yml", _astra_sim("write")),
    "astra-sim-logical": Format("ASTRA-sim: logical topology", "logical.json", _astra_sim("write_logical")),
    "simgrid": Format("SimGrid: platform with every cable", "platform.xml", _of("simgrid")),
    "simgrid-cluster": Format("SimGrid: platform with its own regular zone", "platform.xml", _simgrid_cluster),
    "ns3": Format("ns-3 (HPCC, ASTRA-sim): topology", "topology.txt", _of("ns3")),
    "simai": Format("SimAI: topology", "topology.txt", _simai),
    "htsim": Format("htsim: topology of a fat tree", "fabric.topo", _of("htsim")),
    "graphml": Format("GraphML", "fabric.graphml", _of("graphml")),
    "node-link": Format("node-link JSON of networkx", "fabric.json", _of("node_link")),
}
