"""Topology-aware scheduling in Kubernetes: Kueue's Topology and ResourceFlavor, and the labels of the nodes they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from topologies.errors import require
from topologies.fabric import Fabric
from topologies.formats.placement import PlacementTree, placement_tree
from topologies.formats.text import check_names, yaml_document

__all__ = ["DOMAIN_LABEL", "HOSTNAME_LABEL", "TIER_LABEL", "fnv64a", "label_value", "node_labels", "write"]

TIER_LABEL = "fabric.topograph.run/tier-"
"""Label of the groups of a level, counted from 0 for the finest: the one that NVIDIA Topograph writes."""

DOMAIN_LABEL = "accelerator.topograph.run/domain"
"""Label of the scale-up domain: the one that NVIDIA Topograph writes."""

HOSTNAME_LABEL = "kubernetes.io/hostname"
"""Label that every node has."""

_LABEL_MOST = 63
_LEVELS_MOST = 16
_OBJECT = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"


def fnv64a(text: str) -> int:
    """Hash a string with FNV-1a of 64 bits over its UTF-8 bytes.

    References
    ----------
    Fowler, Noll and Vo, The FNV Non-Cryptographic Hash Algorithm (draft-eastlake-fnv).

    Examples
    --------
    >>> hex(fnv64a("foobar"))
    '0x85944171f73967e8'
    """
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def label_value(name: str) -> str:
    """Turn a name into the value of a Kubernetes label.

    Parameters
    ----------
    name : str
        Any name.

    Returns
    -------
    str
        The name itself where Kubernetes allows it: up to 63 letters, digits, ``-``, ``_`` and ``.``, the first and last no
        sign. Otherwise ``x`` and its FNV-1a hash in hexadecimal, as NVIDIA Topograph shortens long names.

    References
    ----------
    Kubernetes, "Labels and Selectors". NVIDIA Topograph, "Node Labels and Annotations", section "Label value behavior".

    Examples
    --------
    >>> label_value("su03"), label_value("s" * 64), label_value("rack 7")
    ('su03', 'x322a0e50944b43e5', 'x2eac17826c86a9b3')
    """
    if len(name) <= _LABEL_MOST and re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return name
    return f"x{fnv64a(name):x}"


def node_labels(
    fabric: Fabric | PlacementTree, domains: Mapping[str, Sequence[str]] | None = None
) -> dict[str, dict[str, str]]:
    """Tell the labels of every node.

    Parameters
    ----------
    fabric : Fabric or PlacementTree
        What the groups are is told by `topologies.formats.placement.placement_tree`.
    domains : mapping of str to sequence of str, optional
        Nodes by scale-up domain.

    Returns
    -------
    dict of str to dict of str to str
        Values by label, by node. Tier 0 is the finest.

    Raises
    ------
    ValueError
        If a node is in two domains, or a domain has a node that the fabric has not.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> node_labels(fat_tree(4, 4, radix=8, hosts_per_unit=2))["n0003"]
    {'fabric.topograph.run/tier-0': 'su01', 'fabric.topograph.run/tier-1': 'fabric'}
    """
    tree = fabric if isinstance(fabric, PlacementTree) else placement_tree(fabric)
    labels = {
        node: {f"{TIER_LABEL}{tier}": label_value(name) for tier, name in enumerate(reversed(path))}
        for node, path in tree.paths().items()
    }
    for name, members in (domains or {}).items():
        for node in members:
            require(node in labels, f"{node} in the domain {name} is no node of the fabric")
            require(DOMAIN_LABEL not in labels[node], f"{node} is in more than one domain")
            labels[node][DOMAIN_LABEL] = label_value(name)
    return labels


def write(
    fabric: Fabric | PlacementTree,
    domains: Mapping[str, Sequence[str]] | None = None,
    *,
    name: str = "fabric",
    flavor: str = "accelerators",
    node_selector: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Write what Kueue needs to place pods by the fabric.

    Parameters
    ----------
    fabric : Fabric or PlacementTree
        What the levels are is told by `topologies.formats.placement.placement_tree`.
    domains : mapping of str to sequence of str, optional
        Nodes by scale-up domain: one more level, where all nodes are in a domain and domains nest in the groups, or these in
        them. Otherwise it is a label only.
    name, flavor : str
        Names of the Topology and of the ResourceFlavor that refers to it.
    node_selector : mapping of str to str, optional
        Labels that tell the flavor's nodes from others. Default: the labels that all have in common.

    Returns
    -------
    dict of str to str
        ``kueue.yaml`` (Topology and ResourceFlavor) and ``nodes.yaml`` (a Node each with its labels, for
        ``kubectl apply --server-side -f nodes.yaml``, which leaves everything else of a node as it is).

    Raises
    ------
    ValueError
        As `node_labels`; for names that Kubernetes does not allow; for more than 16 levels; if no label tells the
        flavor's nodes, which Kueue demands.

    References
    ----------
    Kueue, "Topology Aware Scheduling", API kueue.x-k8s.io/v1beta2: 1 to 16 levels, the coarsest first, the host's name last.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> files = write(fat_tree(4, 4, radix=8, hosts_per_unit=2), node_selector={"pool": "h100"})
    >>> print(files["kueue.yaml"], end="")
    apiVersion: kueue.x-k8s.io/v1beta2
    kind: Topology
    metadata:
      name: fabric
    spec:
      levels:
        - nodeLabel: fabric.topograph.run/tier-1
        - nodeLabel: fabric.topograph.run/tier-0
        - nodeLabel: kubernetes.io/hostname
    ---
    apiVersion: kueue.x-k8s.io/v1beta2
    kind: ResourceFlavor
    metadata:
      name: accelerators
    spec:
      nodeLabels:
        pool: h100
      topologyName: fabric
    """
    tree = fabric if isinstance(fabric, PlacementTree) else placement_tree(fabric)
    labels = node_labels(tree, domains)
    check_names([name, flavor, *labels], _OBJECT, "Kubernetes")
    levels = _levels([f"{TIER_LABEL}{tier}" for tier in reversed(range(len(tree.levels)))], labels)
    require(len(levels) < _LEVELS_MOST, f"{len(levels) + 1} levels are more than the {_LEVELS_MOST} of a Topology")
    kind = "kueue.x-k8s.io/v1beta2"
    topology = {
        "apiVersion": kind,
        "kind": "Topology",
        "metadata": {"name": name},
        "spec": {"levels": [{"nodeLabel": label} for label in [*levels, HOSTNAME_LABEL]]},
    }
    selector = dict(node_selector) if node_selector else _common(labels)
    require(len(selector) > 0, "nodes have no label in common: node_selector must tell those of the flavor")
    spec = {"nodeLabels": selector, "topologyName": name}
    flavors = {"apiVersion": kind, "kind": "ResourceFlavor", "metadata": {"name": flavor}, "spec": spec}
    nodes = [
        yaml_document({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": values}})
        for node, values in labels.items()
    ]
    return {"kueue.yaml": "---\n".join([yaml_document(topology), yaml_document(flavors)]), "nodes.yaml": "---\n".join(nodes)}


def _common(labels: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the labels that all nodes share: the top of the tree, where there is one top."""
    rows = list(labels.values())
    return {key: value for key, value in rows[0].items() if all(row.get(key) == value for row in rows)}


def _levels(tiers: list[str], labels: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Put the domains' label where it belongs among the tiers (the coarsest first), if it belongs anywhere."""
    rows = list(labels.values())
    if any(DOMAIN_LABEL not in row for row in rows):
        return tiers

    def nests(fine: str, coarse: str) -> bool:
        return len({(row[fine], row[coarse]) for row in rows}) == len({row[fine] for row in rows})

    for place in range(len(tiers), -1, -1):
        above, below = tiers[:place], tiers[place:]
        if all(nests(DOMAIN_LABEL, tier) for tier in above) and all(nests(tier, DOMAIN_LABEL) for tier in below):
            return [*above, DOMAIN_LABEL, *below]
    return tiers
