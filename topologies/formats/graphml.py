"""GraphML: a fabric for graph viewers and libraries, with typed attributes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from topologies.fabric import Fabric
from topologies.formats.text import check_names

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["read", "write"]

# XML holds no control characters but these, and its readers turn a carriage return in text into a line feed.
_NAME = "[\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*"


def write(fabric: Fabric) -> str:
    """Write a fabric as GraphML.

    Parameters
    ----------
    fabric : Fabric
        What to write.

    Returns
    -------
    str
        XML: the graph of `Fabric.to_networkx`. Instead of ``ports`` an edge has ``a``, ``a_port``, ``b`` and ``b_port``; the
        graph's ``parameters`` are JSON.

    Raises
    ------
    ValueError
        If a name has a character that XML cannot hold.

    References
    ----------
    Brandes et al., GraphML Progress Report: Structural Layer Proposal (Graph Drawing 2001, LNCS 2265).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> read(write(fat_tree(2, radix=4))).edges["n0001-nic0", "switch", 1]["ports"]
    {'n0001-nic0': 1, 'switch': 2}
    """
    import networkx as nx

    check_names([*fabric.names, *fabric.endpoints.host_names, *fabric.tiers, *fabric.layers], _NAME, "GraphML")
    graph = fabric.to_networkx()
    graph.graph["parameters"] = json.dumps(graph.graph["parameters"])
    for _, _, values in graph.edges(data=True):
        ports = values.pop("ports")
        (values["a"], values["a_port"]), (values["b"], values["b_port"]) = ports.items()
    return "\n".join(nx.generate_graphml(graph)) + "\n"


def read(text: str) -> nx.MultiGraph:
    """Read a fabric's graph from GraphML that `write` wrote.

    Parameters
    ----------
    text : str
        XML.

    Returns
    -------
    networkx.MultiGraph
        Equal to `Fabric.to_networkx`: nodes, edges, keys and attributes.

    References
    ----------
    See `write`.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(2, radix=4)
    >>> read(write(fabric)).nodes == fabric.to_networkx().nodes
    True
    """
    import networkx as nx

    graph = nx.parse_graphml(text, edge_key_type=int, force_multigraph=True)
    for default in ("node_default", "edge_default"):
        graph.graph.pop(default, None)
    if "parameters" in graph.graph:
        graph.graph["parameters"] = json.loads(graph.graph["parameters"])
    for _, _, values in graph.edges(data=True):
        values.pop("id", None)
        if "a_port" in values:
            values["ports"] = {values.pop("a"): values.pop("a_port"), values.pop("b"): values.pop("b_port")}
    return graph
