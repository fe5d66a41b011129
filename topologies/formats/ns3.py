"""ns-3 as HPCC, ASTRA-sim and SimAI use it: a list of links between numbered nodes."""

from __future__ import annotations

import numpy as np

from topologies.errors import require
from topologies.fabric import ENDPOINT_KINDS, Fabric
from topologies.formats.ports import bundles

__all__ = ["write", "write_simai"]


def write(fabric: Fabric, *, latency_ms: float = 0.0005, error_rate: float = 0.0) -> str:
    """Write a fabric as a topology file of HPCC's simulator, which ASTRA-sim's ns-3 backend reads too.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    latency_ms : float
        Delay of every link [ms].
    error_rate : float
        Part of the packets that a link loses, 0 to 1.

    Returns
    -------
    str
        ``nodes switches links``, the numbers of the switches, and a line for each link. Nodes are the fabric's vertices:
        endpoints first, so that rank r is endpoint r.

    Notes
    -----
    The simulator keeps one link between two nodes, the last one read (HPCC issue 43). Parallel cables are therefore one link
    with their summed rate.

    References
    ----------
    Li et al., HPCC: High Precision Congestion Control (SIGCOMM 2019), its simulator's README. ASTRA-sim, "ns-3 backend".

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> print(write(xgft((2,), (1,), (2,), gbit_per_s=100)), end="")
    3 1 2
    2
    0 2 200Gbps 0.0005ms 0
    1 2 200Gbps 0.0005ms 0
    """
    _check(latency_ms, error_rate)
    made = bundles(fabric)
    head = [f"{fabric.vertex_count} {fabric.switch_count} {len(made)}"]
    head.append(" ".join(str(vertex) for vertex in range(fabric.endpoint_count, fabric.vertex_count)))
    columns = (made.a.tolist(), made.b.tolist(), made.gbit_per_s.tolist())
    lines = (_line(a, b, rate, latency_ms, error_rate) for a, b, rate in zip(*columns, strict=True))
    return "\n".join([*head, *lines, ""])


def write_simai(
    fabric: Fabric,
    *,
    accelerator: str,
    scale_up_gbit_per_s: float,
    scale_up_latency_ms: float = 0.000025,
    latency_ms: float = 0.0005,
    error_rate: float = 0.0,
) -> str:
    """Write a fabric as a topology file of SimAI, where every host has an NVSwitch between its accelerators.

    Parameters
    ----------
    fabric : Fabric
        What to write; every NIC stands for the accelerator it serves. Managers, service ports and others are left out.
    accelerator : str
        SimAI's name of the accelerator (``H100``).
    scale_up_gbit_per_s : float
        Rate between an accelerator and its host's NVSwitch in one direction [Gbit/s].
    scale_up_latency_ms, latency_ms : float
        Delay of these links, and of the fabric's [ms].
    error_rate : float
        Part of the packets that a link loses, 0 to 1.

    Returns
    -------
    str
        ``nodes accelerators-per-host NVSwitches switches links accelerator``, the numbers of NVSwitches and switches, and a
        line for each link. Numbers go through accelerators, NVSwitches, switches.

    Raises
    ------
    ValueError
        If hosts have different numbers of NICs, or a number is out of its range.

    References
    ----------
    SimAI, astra-sim-alibabacloud/inputs/topo/gen_Topo_Template.py.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write_simai(fat_tree(1, 2, radix=4), accelerator="H100", scale_up_gbit_per_s=3600), end="")
    4 2 1 1 4 H100
    2 3
    0 2 3600Gbps 2.5e-05ms 0
    1 2 3600Gbps 2.5e-05ms 0
    0 3 400Gbps 0.0005ms 0
    1 3 400Gbps 0.0005ms 0
    """
    _check(latency_ms, error_rate)
    require(scale_up_gbit_per_s > 0, "scale_up_gbit_per_s must be above 0")
    require(scale_up_latency_ms > 0, "scale_up_latency_ms must be above 0")
    require(accelerator != "" and not any(char.isspace() for char in accelerator), "accelerator must be one word")
    ends = fabric.endpoints
    ranks = np.flatnonzero(np.isin(ends.kind, [ENDPOINT_KINDS.index("nic"), ENDPOINT_KINDS.index("gpu")]))
    hosts, sizes = np.unique(ends.host[ranks], return_counts=True)
    require(len(ranks) > 0 and len(set(sizes.tolist())) == 1, "every host must have the same number of NICs")
    require(bool((np.diff(ends.host[ranks]) >= 0).all()), "the endpoints of a host must have neighbouring numbers")
    per_host = int(sizes[0])
    first_switch = len(ranks) + len(hosts)
    number = np.full(fabric.vertex_count, -1)
    number[ranks] = np.arange(len(ranks))
    number[fabric.endpoint_count :] = first_switch + np.arange(fabric.switch_count)
    made = bundles(fabric)
    kept = (number[made.a] >= 0) & (number[made.b] >= 0)
    rows = zip(number[made.a[kept]].tolist(), number[made.b[kept]].tolist(), made.gbit_per_s[kept].tolist(), strict=True)
    lines = [
        _line(rank, len(ranks) + rank // per_host, scale_up_gbit_per_s, scale_up_latency_ms, error_rate)
        for rank in range(len(ranks))
    ]
    lines += [_line(a, b, rate, latency_ms, error_rate) for a, b, rate in rows]
    nodes = first_switch + fabric.switch_count
    head = f"{nodes} {per_host} {len(hosts)} {fabric.switch_count} {len(lines)} {accelerator}"
    return "\n".join([head, " ".join(str(each) for each in range(len(ranks), nodes)), *lines, ""])


def _check(latency_ms: float, error_rate: float) -> None:
    require(latency_ms > 0, "latency_ms must be above 0")
    require(0 <= error_rate <= 1, "error_rate must be between 0 and 1")


def _line(a: int, b: int, gbit_per_s: float, latency_ms: float, error_rate: float) -> str:
    return f"{a} {b} {gbit_per_s:.10g}Gbps {latency_ms:.10g}ms {error_rate:.10g}"
