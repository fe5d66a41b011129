"""Cumulus PTM: the cabling plan that switches check against their LLDP neighbours (``/etc/ptm.d/topology.dot``)."""

from __future__ import annotations

import re

from topologies.errors import require
from topologies.fabric import Fabric
from topologies.formats.ports import connections, devices
from topologies.formats.text import dot_quoted

__all__ = ["read", "write"]

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(--|[:{}\[\]=,;])|([A-Za-z0-9_.-]+?(?=--|[^A-Za-z0-9_.-]|$))|(\s+)', re.DOTALL)
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|^\s*#[^\n]*', re.DOTALL | re.MULTILINE)


def write(fabric: Fabric, *, name: str = "G", hosts: bool = True, host_interface: str = "eth") -> str:
    """Write the cables as a PTM topology file.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    name : str
        Name of the graph.
    hosts : bool
        Whether the cables to hosts are listed too; without an LLDP daemon on the hosts they would all be reported as wrong.
    host_interface : str
        What comes before the number of a host's interface; see `topologies.formats.ports.connections`.

    Returns
    -------
    str
        One line a cable, names quoted. Switch ports are ``swp17``, or ``swp9s0`` where ports are broken out.

    Notes
    -----
    PTM compares physical ports only: links that are no cables are left out. It holds 1,033 nodes without chaining.

    References
    ----------
    NVIDIA Cumulus Linux user guide, "Prescriptive Topology Manager - PTM"; topology.dot.sample of the ptm repository.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(2, radix=4, gbit_per_s=100)), end="")
    graph "G" {
      hostnametype="hostname"
      LLDP="match_type=ifname"
      "n0000":"eth1" -- "switch":"swp1"
      "n0001":"eth1" -- "switch":"swp2"
    }
    """
    switches = set(fabric.switches.names)
    quoted = {device: dot_quoted(device) for device in devices(fabric)}
    lines = [
        f"  {quoted[row.a]}:{dot_quoted(row.a_interface)} -- {quoted[row.b]}:{dot_quoted(row.b_interface)}"
        for row in connections(fabric, "swp", host_interface)
        if hosts or (row.a in switches and row.b in switches)
    ]
    head = [f"graph {dot_quoted(name)} {{", '  hostnametype="hostname"', '  LLDP="match_type=ifname"']
    return "\n".join([*head, *lines, "}", ""])


def read(text: str) -> list[tuple[str, str, str, str]]:
    """Read the cables of a PTM topology file.

    Parameters
    ----------
    text : str
        The file. Comments, templates and attributes are skipped.

    Returns
    -------
    list of tuple
        Device, port, device, port of every cable, in the order of the file.

    Raises
    ------
    ValueError
        If the text is no such graph.

    References
    ----------
    NVIDIA Cumulus Linux user guide, "Prescriptive Topology Manager - PTM". Graphviz, "DOT Language".

    Examples
    --------
    >>> read('graph G { LLDP="" /* racks */ leaf01:swp1 -- "spine01":"swp9" [LLDP="match_type=ifname"] }')
    [('leaf01', 'swp1', 'spine01', 'swp9')]
    """
    text = _COMMENT.sub(lambda found: found[1] or " ", text)
    tokens: list[tuple[bool, str]] = []  # is it a mark, and its text
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ValueError(
                f"not a PTM topology: {text[position : position + 20]!r} in line {text.count(chr(10), 0, position) + 1}"
            )
        position = found.end()
        quoted, mark, bare, _ = found.groups()
        if quoted is not None:
            tokens.append((False, re.sub(r'\\(["\\n])', lambda escape: {"n": "\n"}.get(escape[1], escape[1]), quoted)))
        elif bare or mark:
            tokens.append((bool(mark), bare or mark))
    require((False, "graph") in tokens[:2] and tokens[-1:] == [(True, "}")], "not a PTM topology: no undirected graph")
    return [
        (tokens[at - 3][1], tokens[at - 1][1], tokens[at + 1][1], tokens[at + 3][1])
        for at in range(3, len(tokens) - 3)
        if tokens[at] == (True, "--") and tokens[at - 2] == tokens[at + 2] == (True, ":")
    ]
