"""What the topologies refuse, and what would be possible instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["TopologyError", "require"]


class TopologyError(ValueError):
    """Parameters that no fabric can meet.

    Attributes
    ----------
    nearest : tuple of dict
        The nearest possible values of the parameters that were refused, the closest first; empty where none are known.
    largest_hosts : int
        The most hosts, up to those asked, that the same parameters can carry; 0 where that is not what was refused.
    reason : str
        ``size`` (too many hosts), ``ports`` (no free port for extra links), ``unit`` (a unit that no leaf holds) or
        ``shape`` (parameters that contradict each other).
    """

    def __init__(
        self, message: str, largest_hosts: int = 0, reason: str = "size", nearest: Iterable[Mapping[str, object]] = ()
    ) -> None:
        super().__init__(message)
        self.largest_hosts = largest_hosts
        self.reason = reason
        self.nearest = tuple(dict(each) for each in nearest)


def require(condition: bool, message: str) -> None:
    """Raise ``ValueError(message)`` unless the condition holds: a parameter is out of its range.

    Parameters
    ----------
    condition : bool
        What must hold.
    message : str
        What is wrong otherwise.

    Examples
    --------
    >>> require(2 > 3, "radix must be at least 3")
    Traceback (most recent call last):
    ValueError: radix must be at least 3
    """
    if not condition:
        raise ValueError(message)
