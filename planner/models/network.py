"""Counting rules of the networks beside the compute fabric."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["out_of_band_switches", "ports_taken"]


def ports_taken(links: Iterable[tuple[int, float]], link_gbit_per_s: float) -> int:
    """Count the fabric's links that devices with slower or faster ports take.

    Parameters
    ----------
    links : iterable of (int, float)
        For each kind of device: how many links, and their rate [Gbit/s]; those of rate 0 are none.
    link_gbit_per_s : float
        Rate of the fabric's links [Gbit/s].

    Returns
    -------
    int
        Links of the fabric: as many slower links as fit its rate share one by break-out, each kind on its own; a faster
        one takes one and runs at its rate.

    Examples
    --------
    Twelve storage systems with eight 200G ports on a 400G fabric (NVIDIA RA-11333-001, Table 8: 48 cables).

    >>> ports_taken([(96, 200.0)], 400.0)
    48

    Of 40G ports, two fit a 100G link: five take three, though 200 of 300 Gbit/s would do.

    >>> ports_taken([(5, 40.0)], 100.0)
    3
    """
    # The tiny slack keeps a quotient such as 0.3 / 0.1 from losing a link to binary rounding.
    return sum(math.ceil(count / max(1, math.floor(link_gbit_per_s / rate + 1e-9))) for count, rate in links if rate > 0)


def out_of_band_switches(ports_count: int, switch_ports_count: int) -> int:
    """Count the switches of a management network without spines.

    Parameters
    ----------
    ports_count : int
        Management ports to attach.
    switch_ports_count : int
        Ports of one switch, without its uplinks.

    Returns
    -------
    int
        Switches.

    Examples
    --------
    315 ports on 48-port switches:

    >>> out_of_band_switches(315, 48)
    7
    """
    return math.ceil(ports_count / switch_ports_count)
