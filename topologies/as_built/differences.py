"""Differences between a fabric as built and its design: what they are, and how they are written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from topologies.links import Link

__all__ = ["CATEGORIES", "Action", "Difference", "Differences", "End", "as_dict", "cable_label", "lines"]

CATEGORIES = {
    "missing_node": "missing node",
    "unknown_node": "unknown node",
    "misnamed_node": "misnamed node",
    "missing_cable": "missing cable",
    "extra_cable": "extra cable",
    "swapped": "swapped",
    "wrong_plane": "wrong plane",
    "wrong_rail": "wrong rail",
    "wrong_device": "wrong device",
    "wrong_port": "wrong port",
    "slow": "slow link",
    "harmless": "wrong port, harmless",
}
"""What a difference can be, and what it is called; in the order in which differences are listed."""

End = tuple[str, int]
"""A device's name and a port."""


@dataclass(frozen=True)
class Action:
    """One thing that somebody does in the hall.

    ``kind`` is "find node", "unplug node", "rename node", "plug in", "remove", "move", "exchange" or "replace". ``at`` is where
    the cable is, ``to`` where it should go, or its other end. ``frees`` are the ports that are empty afterwards, ``fills``
    those that must be empty before; other actions at the ports ``needs`` come first.
    """

    kind: str
    at: End
    to: End | None = None
    cable: str = ""
    frees: tuple[End, ...] = ()
    fills: tuple[End, ...] = ()
    needs: tuple[End, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One difference, in its most specific category.

    Attributes
    ----------
    category : str
        A key of `CATEGORIES`.
    nodes : tuple of str
        The devices concerned: hosts, endpoints, switches; of a found node that nobody knows, its found name.
    text : str
        What is wrong.
    fix : str
        What to do about it.
    designed, found : tuple of Link
        The cables as they should be and as they are, by design names, the lower end first where it is known. Of a node that is
        missing as a whole, all its cables.
    actions : tuple of Action
        The fewest actions that set it right.
    renames : tuple of (str, str)
        Found and design name of the devices of a misnamed node.
    """

    category: str
    nodes: tuple[str, ...]
    text: str
    fix: str
    designed: tuple[Link, ...] = ()
    found: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> str:
        """``info`` (works as designed), ``warning`` (works, but books or settings are wrong) or ``error``."""
        return {"harmless": "info", "wrong_port": "warning", "misnamed_node": "warning"}.get(self.category, "error")


@dataclass(frozen=True)
class Differences:
    """All that differs, and what was compared.

    Attributes
    ----------
    items : tuple of Difference
        In the order of `CATEGORIES`, then by place in the design.
    designed_count, found_count, equal_count : int
        Cables of the design; cables found, those to ignored nodes apart; cables found exactly where they should be.
    ignored : tuple of str
        Found nodes that were left out: those inside switches, and those that the mapping ignores.
    """

    items: tuple[Difference, ...]
    designed_count: int
    found_count: int
    equal_count: int
    ignored: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def of(self, category: str) -> tuple[Difference, ...]:
        """Return the differences of one category."""
        if category not in CATEGORIES:
            raise ValueError(f"'{category}' is no category (known: {', '.join(CATEGORIES)})")
        return tuple(each for each in self.items if each.category == category)

    def renames(self) -> dict[str, str]:
        """Return design names by found names of all misnamed nodes: what to pass as `names` to go on as if they were right."""
        return dict(pair for each in self.items for pair in each.renames)

    def counts(self) -> dict[str, int]:
        """Count the differences of every category that occurs."""
        counts = Counter(each.category for each in self.items)
        return {category: counts[category] for category in CATEGORIES if counts[category]}


def cable_label(link: Link) -> str:
    """Write a cable's ends as on its label.

    Examples
    --------
    >>> cable_label(Link("su03-rail5-leaf", 17, "spine12", 6, 400.0))
    'su03-rail5-leaf:17 <-> spine12:6'
    """
    return f"{link.a}:{link.a_port} <-> {link.b}:{link.b_port}"


def as_dict(differences: Differences) -> dict[str, Any]:
    """Return the differences as what JSON can hold.

    Parameters
    ----------
    differences : Differences
        As `topologies.diff.compare` returns them.

    Returns
    -------
    dict
        ``equal``; ``cables`` (how many were designed, found, and found where designed); ``counts`` by category;
        ``ignored`` nodes; ``differences``, each with category, severity, nodes, text, fix, and cables by label.

    Examples
    --------
    >>> as_dict(Differences((), 4, 4, 4))["equal"]
    True
    """
    return {
        "equal": not differences.items,
        "cables": {
            "designed": differences.designed_count,
            "found": differences.found_count,
            "equal": differences.equal_count,
        },
        "counts": differences.counts(),
        "ignored": list(differences.ignored),
        "differences": [
            {
                "category": each.category,
                "severity": each.severity,
                "nodes": list(each.nodes),
                "text": each.text,
                "fix": each.fix,
                "designed": [cable_label(link) for link in each.designed],
                "found": [{"cable": cable_label(link), "gbit_per_s": link.gbit_per_s} for link in each.found],
                "renames": dict(each.renames),
            }
            for each in differences.items
        ],
    }


def lines(differences: Differences, most: int | None = None) -> list[str]:
    """Write the differences for a terminal.

    Parameters
    ----------
    differences : Differences
        As `topologies.diff.compare` returns them.
    most : int, optional
        Differences of a category to write before the others are only counted. Default: all.

    Returns
    -------
    list of str
        A summary, then by category every difference and below it what to do.

    Examples
    --------
    >>> lines(Differences((), 1024, 1024, 1024, ("Quantum Aggregation Node",)))
    ['As built is as designed: 1,024 cables (1 node ignored).']
    """
    ignored = len(differences.ignored)
    note = f" ({ignored:,} node{'s' * (ignored != 1)} ignored)" if ignored else ""
    if not differences.items:
        return [f"As built is as designed: {differences.equal_count:,} cables{note}."]
    differ = len(differences)
    in_place = f"{differences.equal_count:,} of {differences.designed_count:,} designed cables are in place"
    result = [f"{differ:,} difference{'s' * (differ != 1)}; {in_place}, {differences.found_count:,} were found{note}."]
    for category, count in differences.counts().items():
        result += ["", f"{CATEGORIES[category]}: {count:,}"]
        shown = differences.of(category)[:most]
        for each in shown:
            result += [f"  {each.text}", f"    -> {each.fix}"]
        if count > len(shown):
            result.append(f"  and {count - len(shown):,} more")
    return result
