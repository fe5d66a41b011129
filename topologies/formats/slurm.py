"""Slurm's picture of a fabric: topology.conf and topology.yaml, as a tree of switches or as blocks of nodes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from topologies.errors import require
from topologies.fabric import Fabric
from topologies.formats.hostlist import compress, expand
from topologies.formats.placement import Group, PlacementTree, placement_tree
from topologies.formats.text import check_names, yaml_document

__all__ = ["Block", "block_sizes", "blocks", "read", "write", "write_blocks", "write_yaml"]

_SETTING = re.compile(r"([A-Za-z]+)=(\S+)")
_KEYS = ("SwitchName", "Switches", "Nodes", "LinkSpeed", "Level")


class Block(NamedTuple):
    """Nodes that are placed together; without nodes it keeps the place of one that is not built."""

    name: str
    nodes: tuple[str, ...]


def write(fabric: Fabric | PlacementTree) -> str:
    """Write topology.conf for the plug-in topology/tree.

    Parameters
    ----------
    fabric : Fabric or PlacementTree
        A fabric is collapsed to one parent a switch by `topologies.formats.placement.placement_tree`: read there what the
        "switches" of a rail-optimised fabric, a dragonfly or a torus are.

    Returns
    -------
    str
        A line a switch, the coarsest first.

    Raises
    ------
    ValueError
        If a name has other than letters, digits, ``.``, ``_`` and ``-``.

    References
    ----------
    Slurm, topology.conf(5), "topology/tree".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(6, 4, radix=8, hosts_per_unit=4)), end="")
    SwitchName=fabric Switches=su[00-01]
    SwitchName=su00 Nodes=n[0000-0003]
    SwitchName=su01 Nodes=n[0004-0005]
    """
    lines = []
    for group in _tree(fabric).groups:
        members = f"Switches={compress(group.children)}" if group.children else f"Nodes={compress(group.nodes)}"
        lines.append(f"SwitchName={compress([group.name])} {members}\n")
    return "".join(lines)


def read(text: str) -> tuple[Group, ...]:
    r"""Read topology.conf of the plug-in topology/tree, or what ``scontrol show topology`` prints.

    Parameters
    ----------
    text : str
        Lines of ``SwitchName=``, with ``Switches=`` or ``Nodes=`` (where both are printed, the nodes are those below).

    Returns
    -------
    tuple of Group
        Switches in their order, as `PlacementTree.groups`.

    Raises
    ------
    ValueError
        With the number of the line: what makes slurmctld stop (an unknown key or child, a switch defined twice, a cycle), and
        what it merely logs or does not see (a node or switch below two others).

    References
    ----------
    Slurm, topology.conf(5).

    Examples
    --------
    >>> read("SwitchName=top Switches=s[0-1]\nSwitchName=s0 Nodes=n[0-1]\nSwitchName=s1 Nodes=n2")[1]
    Group(name='s0', children=(), nodes=('n0', 'n1'))
    """
    groups: dict[str, Group] = {}
    line_of: dict[str, int] = {}
    parent: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        row = line.partition("#")[0].strip()
        if not row:
            continue
        settings = {}
        for word in row.split():
            found = _SETTING.fullmatch(word)
            key = next((key for key in _KEYS if found and key.lower() == found[1].lower()), None)
            if found is None or key is None:
                raise ValueError(f"line {number}: {word!r} is no setting of a switch")
            settings[key] = found[2]
        name = settings.get("SwitchName")
        if name is None or ("Switches" not in settings and "Nodes" not in settings):
            raise ValueError(f"line {number}: a switch needs a SwitchName and either Switches or Nodes")
        if name in groups:
            raise ValueError(f"line {number}: switch {name} has already been defined (line {line_of[name]})")
        try:
            members = expand(settings.get("Switches") or settings["Nodes"])
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        groups[name] = Group(name, members) if "Switches" in settings else Group(name, nodes=members)
        line_of[name] = number
        for member in members:
            if member in parent:
                raise ValueError(f"line {number}: {member} is below {name} and below {parent[member]}")
            parent[member] = name
    if not groups:
        raise ValueError("no switches are configured")
    for group in groups.values():
        for child in group.children:
            if child not in groups:
                raise ValueError(f"line {line_of[group.name]}: switch {group.name} has the unknown child {child}")
    for name in groups:
        above, seen = name, {name}
        while (above := parent.get(above, "")) in groups:
            if above in seen:
                raise ValueError(f"line {line_of[name]}: switch {name} is below itself")
            seen.add(above)
    return tuple(groups.values())


def block_sizes(domains: Sequence[int], sub_domains: Sequence[int] = ()) -> tuple[int, ...]:
    """Infer BlockSizes from the sizes of scale-up domains, as NVIDIA Topograph does.

    Parameters
    ----------
    domains : sequence of int
        Nodes of every domain.
    sub_domains : sequence of int
        Nodes of every part of a domain that is closer still (a rack of a multi-rack domain); empty where there is none.

    Returns
    -------
    tuple of int
        The size of a base block, then of what groups of blocks make.

    Notes
    -----
    With D the smallest of N domains: ``D, 2 D, 4 D, ... 2**k D`` with ``k = floor(log2(N))``. With sub-domains: the largest of
    them, s, and the first of ``s, 2 s, 4 s, ...`` that holds the largest domain.

    References
    ----------
    NVIDIA Topograph 1.0, "Topograph with SLURM", section "Automatic block-size inference".

    Examples
    --------
    Three domains of 8 nodes; one domain of 135 nodes in racks of 9.

    >>> block_sizes([8, 8, 8]), block_sizes([135], [9] * 15)
    ((8, 16), (9, 144))
    """
    require(len(domains) > 0, "there must be at least one domain")
    require(min(*domains, *sub_domains, 1) >= 1, "a domain must have at least one node")
    if sub_domains:
        base = max(sub_domains)
        doublings = max(math.ceil(max(domains) / base) - 1, 0).bit_length()
        return (base, base << doublings) if doublings else (base,)
    return tuple(min(domains) << power for power in range(len(domains).bit_length()))


def blocks(
    fabric: Fabric | PlacementTree,
    domains: Mapping[str, Sequence[str]] | None = None,
    sub_domains: Mapping[str, Sequence[str]] | None = None,
) -> tuple[tuple[Block, ...], tuple[int, ...]]:
    """Share out the nodes in blocks.

    Parameters
    ----------
    fabric : Fabric or PlacementTree
        The nodes.
    domains : mapping of str to sequence of str, optional
        Nodes by scale-up domain (an NVL72 rack). Default: the units of the placement tree.
    sub_domains : mapping of str to sequence of str, optional
        Nodes by part of a domain. Each is then a block, and every domain is filled up with empty blocks to the same number, so
        that aggregates of blocks are domains.

    Returns
    -------
    tuple of Block
        Blocks in their order.
    tuple of int
        BlockSizes.

    Raises
    ------
    ValueError
        If a node is in two domains or in none, or a sub-domain is in two domains.

    References
    ----------
    Slurm, topology.conf(5), "topology/block". NVIDIA Topograph, "Dual-Level Accelerated Domain Support".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> blocks(fat_tree(4, 4, radix=8, hosts_per_unit=2))[1]
    (2, 4)
    """
    tree = _tree(fabric)
    nodes = [node for unit in tree.units for node in unit.nodes]
    if domains is None:
        require(sub_domains is None, "sub_domains need domains")
        domains = {unit.name: unit.nodes for unit in tree.units}
    domain_of = _cover(domains, nodes, "domain")
    if sub_domains is None:
        found = tuple(Block(name, tuple(members)) for name, members in domains.items())
        return found, block_sizes([len(members) for members in domains.values()])
    _cover(sub_domains, nodes, "sub-domain")
    parts: dict[str, list[Block]] = {name: [] for name in domains}
    for name, members in sub_domains.items():
        inside = {domain_of[node] for node in members}
        require(len(inside) == 1, f"the sub-domain {name} is not in one domain")
        parts[inside.pop()].append(Block(name, tuple(members)))
    sizes = block_sizes([len(members) for members in domains.values()], [len(members) for members in sub_domains.values()])
    slots = max(sizes[-1] // sizes[0], *(len(inside) for inside in parts.values()))
    taken = {*parts, *sub_domains}
    placed: list[Block] = []
    for name, built in parts.items():
        spare = [Block(f"{name}-spare{number:02d}", ()) for number in range(slots - len(built))]
        require(taken.isdisjoint(block.name for block in spare), f"the names of spare blocks of {name} are taken")
        placed += built + spare
    return tuple(placed), sizes


def write_blocks(
    fabric: Fabric | PlacementTree,
    domains: Mapping[str, Sequence[str]] | None = None,
    sub_domains: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Write topology.conf for the plug-in topology/block (Slurm 23.11 and later).

    Parameters
    ----------
    fabric, domains, sub_domains
        As for `blocks`.

    Returns
    -------
    str
        A line a block, then BlockSizes.

    Raises
    ------
    ValueError
        As `blocks`, and for names that no hostlist can hold.

    References
    ----------
    Slurm, topology.conf(5), "topology/block".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write_blocks(fat_tree(4, 4, radix=8, hosts_per_unit=2)), end="")
    BlockName=su00 Nodes=n[0000-0001]
    BlockName=su01 Nodes=n[0002-0003]
    BlockSizes=2,4
    """
    placed, sizes = blocks(fabric, domains, sub_domains)
    lines = [f"BlockName={compress([name])}" + (f" Nodes={compress(nodes)}" if nodes else "") for name, nodes in placed]
    return "\n".join([*lines, f"BlockSizes={','.join(map(str, sizes))}", ""])


def write_yaml(
    fabric: Fabric | PlacementTree,
    domains: Mapping[str, Sequence[str]] | None = None,
    sub_domains: Mapping[str, Sequence[str]] | None = None,
    *,
    default: str = "tree",
) -> str:
    """Write topology.yaml (Slurm 25.05 and later): the tree, the blocks, and no topology, for partitions to choose from.

    Parameters
    ----------
    fabric, domains, sub_domains
        As for `blocks`.
    default : str
        ``tree``, ``block`` or ``flat``: the topology of partitions that choose none; it is listed first.

    Returns
    -------
    str
        The file. Where it exists, Slurm ignores topology.conf.

    Raises
    ------
    ValueError
        As `write_blocks`; if `default` is none of the three.

    References
    ----------
    Slurm, topology.yaml(5).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write_yaml(fat_tree(4, 4, radix=8, hosts_per_unit=2)), end="")
    - topology: tree
      cluster_default: true
      tree:
        switches:
          - switch: fabric
            children: "su[00-01]"
          - switch: su00
            nodes: "n[0000-0001]"
          - switch: su01
            nodes: "n[0002-0003]"
    - topology: block
      cluster_default: false
      block:
        block_sizes:
          - 2
          - 4
        blocks:
          - block: su00
            nodes: "n[0000-0001]"
          - block: su01
            nodes: "n[0002-0003]"
    - topology: flat
      cluster_default: false
      flat: true
    """
    require(default in ("tree", "block", "flat"), "default must be tree, block or flat")
    tree = _tree(fabric)
    placed, sizes = blocks(tree, domains, sub_domains)
    check_names([*(group.name for group in tree.groups), *(block.name for block in placed)], r"[A-Za-z0-9._-]+", "a hostlist")
    switches = [
        {
            "switch": group.name,
            **({"children": compress(group.children)} if group.children else {"nodes": compress(group.nodes)}),
        }
        for group in tree.groups
    ]
    listed = [{"block": name, **({"nodes": compress(nodes)} if nodes else {})} for name, nodes in placed]
    kinds: dict[str, Any] = {
        "tree": {"switches": switches},
        "block": {"block_sizes": list(sizes), "blocks": listed},
        "flat": True,
    }
    order = sorted(kinds, key=lambda kind: kind != default)
    return yaml_document([{"topology": kind, "cluster_default": kind == default, kind: kinds[kind]} for kind in order])


def _tree(fabric: Fabric | PlacementTree) -> PlacementTree:
    return fabric if isinstance(fabric, PlacementTree) else placement_tree(fabric)


def _cover(parts: Mapping[str, Sequence[str]], nodes: Sequence[str], what: str) -> dict[str, str]:
    """Return the part of every node, if each is in exactly one."""
    counts = Counter(node for members in parts.values() for node in members)
    for node, count in counts.items():
        require(count == 1, f"{node} is in more than one {what}")
    of_node = {node: name for name, members in parts.items() for node in members}
    known = set(nodes)
    for node in nodes:
        require(node in of_node, f"{node} is in no {what}")
    for node, name in of_node.items():
        require(node in known, f"{node} in the {what} {name} is no node of the fabric")
    return of_node
