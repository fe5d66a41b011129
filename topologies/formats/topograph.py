"""NVIDIA Topograph's model of a cluster, from which it simulates what its providers would discover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topologies.errors import require
from topologies.fabric import Fabric
from topologies.formats.hostlist import compress
from topologies.formats.placement import PlacementTree, placement_tree
from topologies.formats.text import yaml_document

__all__ = ["write"]

_DOMAIN = "accelerator.topology.test/domain"
_SUB_DOMAIN = "accelerator.topology.test/sub-domain"


def write(
    fabric: Fabric | PlacementTree,
    domains: Mapping[str, Sequence[str]] | None = None,
    sub_domains: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write a model with one parent a switch.

    Parameters
    ----------
    fabric : Fabric or PlacementTree
        What the "switches" are is told by `topologies.formats.placement.placement_tree`.
    domains, sub_domains : mapping of str to sequence of str, optional
        Nodes by scale-up domain, and by part of a domain (a rack of several).

    Returns
    -------
    str
        The model: switches with their children, and blocks of nodes that share a switch and a domain.

    Raises
    ------
    ValueError
        If a node is in two domains or two sub-domains, a domain has a node that the fabric has not, or a name is none for a
        hostlist.

    References
    ----------
    NVIDIA Topograph, "Modeling and API Simulation" and tests/models/dual-level.yaml.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(3, 4, radix=8, hosts_per_unit=2), {"nvl-0": ["n0000", "n0001"]}), end="")
    switches:
      fabric:
        switches:
          - su00
          - su01
      su00: {}
      su01: {}
    blocks:
      - switch: su00
        nodes:
          - "n[0000-0001]"
        annotations:
          accelerator.topology.test/domain: nvl-0
      - switch: su01
        nodes:
          - n0002
    """
    tree = fabric if isinstance(fabric, PlacementTree) else placement_tree(fabric)
    nodes = {node for unit in tree.units for node in unit.nodes}
    annotations: dict[str, dict[str, str]] = {node: {} for node in nodes}
    for key, parts in ((_DOMAIN, domains), (_SUB_DOMAIN, sub_domains)):
        for name, members in (parts or {}).items():
            for node in members:
                require(node in nodes, f"{node} in {name} is no node of the fabric")
                require(key not in annotations[node], f"{node} is in {annotations[node].get(key)} and in {name}")
                annotations[node][key] = name
    for node, of_node in annotations.items():
        require(_SUB_DOMAIN not in of_node or _DOMAIN in of_node, f"{node} is in a sub-domain and in no domain")
    switches = {group.name: {"switches": list(group.children)} if group.children else {} for group in tree.groups}
    blocks: list[dict[str, Any]] = []
    for unit in tree.units:
        together: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for node in unit.nodes:
            together.setdefault(tuple(annotations[node].items()), []).append(node)
        for of_block, members in together.items():
            extra = {"annotations": dict(of_block)} if of_block else {}
            blocks.append({"switch": unit.name, "nodes": [compress(members)], **extra})
    return yaml_document({"switches": switches, "blocks": blocks})
