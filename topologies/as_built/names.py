"""Which designed device is meant by a name that was found in the built fabric."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topologies.fabric import INTERNAL_LAYERS, Fabric, Ints

__all__ = ["MatchedNames", "did_you_mean", "host_of", "match_names", "physical_cables"]

_SWITCH = re.compile(r"MF\d;(?P<name>.+):[^:/]*(?:/[A-Z]\d+)*")
_NIC = re.compile(r"(?P<host>.+?)[ /]+(?:mlx\d+_(?P<from_0>\d{1,4})|HCA-(?P<from_1>\d{1,4}))")
_GUID = re.compile(r" \([0-9a-f]{1,16}\)$")
_INSIDE_A_SWITCH = re.compile(r"\bAggregation Node\b", re.IGNORECASE)
_CANDIDATES_MOST = 4000
"""Names among which a similar one is looked for: more would take seconds, and say nothing."""


@dataclass(frozen=True)
class MatchedNames:
    """What every found name stands for.

    Attributes
    ----------
    place : dict of str to (int, int)
        Vertex of the design, and which of its ports is the found node's port 1.
    unknown : dict of str to str
        Names that match nothing, each with the reason where there is one ("a second node of this name").
    ignored : tuple of str
        Nodes inside switches (in-network aggregation), and those that the mapping gives an empty name.
    """

    place: dict[str, tuple[int, int]]
    unknown: dict[str, str]
    ignored: tuple[str, ...]


def physical_cables(fabric: Fabric) -> Ints:
    """Return the numbers of the links that can be seen from outside: all but those inside chips, boards and nodes."""
    import numpy as np

    inside = [number for number, layer in enumerate(fabric.layers) if layer in INTERNAL_LAYERS]
    return np.flatnonzero(~np.isin(fabric.cables.layer, inside)).astype(np.int32)


def match_names(
    fabric: Fabric,
    found: Iterable[str],
    names: Mapping[str, str] | None = None,
    guids: Mapping[str, str] | None = None,
) -> MatchedNames:
    """Tell the designed device behind every name of a discovery.

    Parameters
    ----------
    fabric : Fabric
        The design.
    found : iterable of str
        Node descriptions as they were found.
    names : mapping of str to str, optional
        Design name by found name, or by GUID. ``*`` in both stands for the same text: ``{"* mlx5_4": "*-nic1"}`` for all
        hosts. ``n0412-nic1:2`` means that the node is the NIC's second port; an empty name, that the node is ignored. A
        switch may be named in full or without ``MF0;`` and model; what ``*`` leads to may be a found name itself:
        ``{"site1-*": "*"}``.
    guids : mapping of str to str, optional
        GUIDs by found name.

    Returns
    -------
    MatchedNames
        Every found name is in exactly one of its three parts.

    Raises
    ------
    ValueError
        If the mapping names a device that the design does not have.

    Notes
    -----
    The first rule that applies, tried in this order; a better rule takes the device from a worse one:

    1. the mapping, exact names and GUIDs before patterns;
    2. the name is that of an endpoint or a switch;
    3. ``MF0;NAME:MODEL/U1`` is switch NAME (what managed switches call themselves);
    4. ``HOST mlx5_3`` and ``HOST HCA-4`` are NIC 3 of HOST (mlx5 counts from 0, HCA from 1), ``HOST`` alone its only NIC.
       If all hosts together show as many numbers as a host has NICs, but others (0, 3, 4, 5, 6, 9, 10, 11 on a DGX H100,
       whose storage adapters count too), they stand for the NICs in their order;
    5. the same without regard to case, to a domain (``n0412.example.com``) and to a GUID in brackets at the end.

    References
    ----------
    infiniband-diags, ibnetdiscover(8): node descriptions. rdma-core, rdma-ndd(8): the default description is "%h %d".

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(32, 8, radix=64)
    >>> matched = match_names(fabric, ["MF0;su00-rail5-leaf:MQM9700/U1", "n0012 mlx5_3", "N0012.example.com HCA-5", "gateway"])
    >>> [fabric.name(vertex) for vertex, _ in matched.place.values()], list(matched.unknown)
    (['su00-rail5-leaf', 'n0012-nic3', 'n0012-nic4'], ['gateway'])
    """
    found = list(dict.fromkeys(found))
    book = _Book(fabric, found)
    exact, patterns = _mapping(book, names or {})
    claims: list[tuple[int, str, tuple[int, int]]] = []  # rule, found name, place
    unknown: dict[str, str] = {}
    ignored = []
    for raw in found:
        guid = (guids or {}).get(raw, "").removeprefix("0x").lstrip("0")
        switch = _SWITCH.fullmatch(raw)
        texts = (raw, switch["name"]) if switch else (raw,)
        options = (*map(exact.get, (raw, guid or raw, *texts)), *(each(text) for each in patterns for text in texts))
        wanted = next((each for each in options if each is not None), None)
        if wanted == "" or (wanted is None and _INSIDE_A_SWITCH.search(raw)):
            ignored.append(raw)
        elif place := book.explicit(wanted) if wanted is not None else None:
            claims.append((0, raw, place))
        elif wanted is not None and (ruled := book.rules(wanted)):  # such as a pattern that only takes a prefix away
            claims.append((0, raw, (ruled[1], 1)))
        elif wanted is None and (ruled := book.rules(raw)):
            claims.append((ruled[0], raw, (ruled[1], 1)))
        else:
            unknown[raw] = ""
    taken: dict[tuple[int, int], str] = {}
    for _, raw, place in sorted(claims):
        if place in taken:
            unknown[raw] = f"{taken[place]!r} is already taken for {fabric.name(place[0])}"
        else:
            taken[place] = raw
    return MatchedNames({raw: place for place, raw in taken.items()}, dict(sorted(unknown.items())), tuple(sorted(ignored)))


class _Book:
    """The names of a design, in the forms in which they are looked up."""

    def __init__(self, fabric: Fabric, found: Iterable[str]) -> None:
        self.vertex = fabric.vertex_by_name
        self.nic: dict[tuple[str, int], int] = {}
        self.nics: dict[str, list[int]] = {}
        hosts = fabric.endpoints.host_names
        rows = zip(fabric.endpoints.host.tolist(), fabric.endpoints.slot.tolist(), strict=True)
        for vertex, (host, slot) in enumerate(rows):
            self.nic[hosts[host], slot] = vertex
            self.nics.setdefault(hosts[host], []).append(vertex)
        self.slot_by_number = _slots(found, {slot for _, slot in self.nic})
        self.folded: dict[str, str] = {}
        for name in (*fabric.names, *self.nics):
            self.folded[name.casefold()] = name if name.casefold() not in self.folded else ""

    def explicit(self, wanted: str) -> tuple[int, int] | None:
        """Find a device, or with ``:port`` one of its ports."""
        if wanted in self.vertex:
            return self.vertex[wanted], 1
        name, _, port = wanted.rpartition(":")
        return (self.vertex[name], int(port)) if name in self.vertex and port.isdecimal() and int(port) else None

    def rules(self, raw: str) -> tuple[int, int] | None:
        """Find a device by the built-in rules: the rule's number and the vertex."""
        if raw in self.vertex:
            return 1, self.vertex[raw]
        for rule, text in ((2, raw), (3, _GUID.sub("", raw.strip()))):
            switch, nic = _SWITCH.fullmatch(text), _NIC.fullmatch(text)
            name = switch["name"] if switch else nic["host"] if nic else text
            if rule == 3:
                name = self.folded.get(name.casefold()) or self.folded.get(name.partition(".")[0].casefold()) or name
            if nic:
                number = _number(nic)
                vertex = self.nic.get((name, self.slot_by_number.get(number, number)))
            else:
                vertex = self.vertex.get(name)
                if vertex is None and len(self.nics.get(name, ())) == 1:
                    vertex = self.nics[name][0]
            if vertex is not None:
                return rule, vertex
        return None


def _number(nic: re.Match[str]) -> int:
    return int(nic["from_0"]) if nic["from_0"] else int(nic["from_1"]) - 1


def _slots(found: Iterable[str], slots: set[int]) -> dict[int, int]:
    """Give NICs to adapters' numbers in their order, where there are as many numbers but not the same."""
    matched = (_NIC.fullmatch(_GUID.sub("", raw.strip())) for raw in found)
    numbers = {_number(nic) for nic in matched if nic}
    if len(numbers) != len(slots) or numbers == slots:
        return {}
    return dict(zip(sorted(numbers), sorted(slots), strict=True))


class _Pattern:
    """One row of the mapping with a ``*`` in it."""

    def __init__(self, found: str, wanted: str) -> None:
        before, after = found.split("*", 1)
        self.expression = re.compile(f"{re.escape(before)}(.+){re.escape(after)}")
        self.wanted = wanted

    def __call__(self, raw: str) -> str | None:
        same = self.expression.fullmatch(raw)
        return self.wanted.replace("*", same[1]) if same else None


def _mapping(book: _Book, names: Mapping[str, str]) -> tuple[dict[str, str], list[_Pattern]]:
    """Split the mapping in exact names (GUIDs without their zeros in front as well) and patterns."""
    exact, patterns = {}, []
    for found, wanted in names.items():
        if "*" in found:
            patterns.append(_Pattern(found, wanted))
            continue
        if wanted and book.explicit(wanted) is None:
            hint = did_you_mean(wanted, book.vertex)
            raise ValueError(f"'{wanted}' (for '{found}') is no device of the design{hint and f' (did you mean {hint}?)'}")
        exact[found] = wanted
        if re.fullmatch(r"(0x)?[0-9a-f]{8,16}", found):
            exact[found.removeprefix("0x").lstrip("0")] = wanted
    return exact, patterns


def host_of(raw: str) -> str:
    """Return the host in an adapter's found name, or the whole name.

    Examples
    --------
    >>> host_of("gpu-17 mlx5_3"), host_of("MF0;old:MQM9700/U1")
    ('gpu-17', 'old')
    """
    text = _GUID.sub("", raw.strip())
    if nic := _NIC.fullmatch(text):
        return nic["host"]
    switch = _SWITCH.fullmatch(text)
    return switch["name"] if switch else text


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that looks most like a name, or nothing.

    Examples
    --------
    >>> did_you_mean("su03-rail5-laef", ["su03-rail5-leaf", "spine05"]), did_you_mean("x", ["su03-rail5-leaf"])
    ('su03-rail5-leaf', '')
    """
    among = [each for each, _ in zip(candidates, range(_CANDIDATES_MOST), strict=False)]
    close = difflib.get_close_matches(name, among, n=1, cutoff=0.75)
    return close[0] if close else ""
