"""Hostlists: many numbered names in one word, n[0000-0031]."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from topologies.formats.text import check_names

__all__ = ["compress", "expand"]

_NAME = r"[A-Za-z0-9._-]+"
_NUMBERED = re.compile(r"(.*?)(\d{1,9})")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_PART = re.compile(rf"({_NAME}|)(?:\[([^\[\]]*)\])?((?:[A-Za-z._-][A-Za-z0-9._-]*)?)")
_MOST = 2_000_000
"""Names that a list may stand for: a typing error must not fill the memory."""


def compress(names: Iterable[str]) -> str:
    """Write names as a hostlist, in their order.

    Parameters
    ----------
    names : iterable of str
        Names of letters, digits, ``.``, ``_`` and ``-``.

    Returns
    -------
    str
        Neighbours that count on from one another as a range; zeros in front are kept.

    Raises
    ------
    ValueError
        If a name has another character in it.

    References
    ----------
    Slurm, slurm.conf(5), "NodeName": hostlist expressions.

    Examples
    --------
    >>> compress(["n0008", "n0009", "n0010", "n0012", "login"])
    'n[0008-0010,0012],login'
    """
    rows = []
    listed = list(names)
    check_names(listed, _NAME, "a hostlist")
    for name in listed:
        found = _NUMBERED.fullmatch(name)
        rows.append((found[1], found[2]) if found else (name, ""))
    words = []
    for (prefix, numbered), run in groupby(rows, key=lambda row: (row[0], row[1] != "")):
        numbers = [number for _, number in run]
        if not numbered:
            words += [prefix] * len(numbers)
            continue
        ranges: list[list[str]] = []
        for number in numbers:
            if ranges and str(int(ranges[-1][-1]) + 1).zfill(len(ranges[-1][0])) == number:
                ranges[-1][1:] = [number]
            else:
                ranges.append([number])
        single = len(ranges) == 1 and len(ranges[0]) == 1
        words.append(prefix + (ranges[0][0] if single else "[" + ",".join("-".join(each) for each in ranges) + "]"))
    return ",".join(words)


def expand(text: str) -> tuple[str, ...]:
    """Read a hostlist.

    Parameters
    ----------
    text : str
        Names and lists, separated by commas; at most one pair of brackets in each.

    Returns
    -------
    tuple of str
        All names in their order.

    Raises
    ------
    ValueError
        If it is no hostlist, a range runs backwards, or it has more than two million names.

    Examples
    --------
    >>> expand("n[0008-0010,0012],login")
    ('n0008', 'n0009', 'n0010', 'n0012', 'login')
    """
    names: list[str] = []
    for word in re.split(r",(?![^\[]*\])", text):
        part = _PART.fullmatch(word)
        if part is None or not word:
            raise ValueError(f"{word!r} is no hostlist")
        prefix, inside, suffix = part.groups()
        if inside is None:
            names.append(word)
            continue
        for each in inside.split(","):
            found = _RANGE.fullmatch(each)
            if found is None:
                raise ValueError(f"{each!r} in {word!r} is no number or range")
            first, last = int(found[1]), int(found[2] or found[1])
            if last < first:
                raise ValueError(f"{each!r} in {word!r} runs backwards")
            if len(names) + last - first >= _MOST:
                raise ValueError(f"{word!r} stands for too many names")
            names += [f"{prefix}{str(number).zfill(len(found[1]))}{suffix}" for number in range(first, last + 1)]
    return tuple(names)
