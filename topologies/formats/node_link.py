"""Node-link JSON: a fabric for networkx, and for the drawing libraries of browsers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from topologies.fabric import Fabric

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["read", "write"]


def write(fabric: Fabric) -> str:
    """Write a fabric as node-link JSON.

    Parameters
    ----------
    fabric : Fabric
        What to write.

    Returns
    -------
    str
        JSON: the graph of `Fabric.to_networkx`, with ``nodes`` and ``edges``; an edge's ends are ``source`` and ``target``.

    References
    ----------
    networkx documentation, "node_link_data".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> document = json.loads(write(fat_tree(1, radix=4, gbit_per_s=100)))
    >>> document["nodes"][0]
    {'kind': 'nic', 'host': 'n0000', 'slot': 0, 'id': 'n0000-nic0'}
    >>> document["edges"][0]["source"], document["edges"][0]["ports"]
    ('n0000-nic0', {'n0000-nic0': 1, 'switch': 1})
    """
    import networkx as nx

    return json.dumps(nx.node_link_data(fabric.to_networkx(), edges="edges"), indent=1, ensure_ascii=False) + "\n"


def read(text: str) -> nx.MultiGraph:
    """Read a graph from node-link JSON.

    Parameters
    ----------
    text : str
        JSON that `write` wrote.

    Returns
    -------
    networkx.MultiGraph
        Equal to `Fabric.to_networkx`, but that tuples among the parameters are lists.

    References
    ----------
    networkx documentation, "node_link_graph".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(2, radix=4)
    >>> read(write(fabric)).edges == fabric.to_networkx().edges
    True
    """
    import networkx as nx

    return nx.node_link_graph(json.loads(text), edges="edges")
