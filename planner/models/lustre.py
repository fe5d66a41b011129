"""Amazon FSx for Lustre, deployment type PERSISTENT_2 on SSD: what may be ordered, what it gives, and what is cheapest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

__all__ = [
    "LINKS_MOST_COUNT",
    "METADATA_IOPS",
    "TIERS_MBYTE_PER_S_PER_TIB",
    "addresses_taken",
    "automatic_metadata_iops",
    "capacity_gib",
    "capacity_step_gib",
    "cheapest",
    "is_legal",
    "metadata_iops_problem",
    "nearest_legal_gib",
    "throughput_gbyte_per_s",
]

# Throughput per unit of storage that can be ordered.
TIERS_MBYTE_PER_S_PER_TIB = (125, 250, 500, 1000)
# Metadata operations per second that can be ordered.
METADATA_IOPS: tuple[int, ...] = (1500, 3000, 6000, *range(12_000, 192_001, 12_000))
# Buckets that one file system can be linked to: https://docs.aws.amazon.com/fsx/latest/LustreGuide/limits.html
LINKS_MOST_COUNT = 8

_SMALLEST_GIB = 1200
_STEP_GIB = 2400
_EFA_STEP_GIB = {125: 38_400, 250: 19_200, 500: 9600, 1000: 4800}
# Capacity up to which AUTOMATIC gives a number of metadata operations per second; beyond, 12,000 per 24,000 GiB.
_AUTOMATIC = ((1200, 1500), (2400, 3000), (9600, 6000), (45_600, 12_000))
_METADATA_IOPS_PER_SERVER = 12_000
_METADATA_STEP_GIB = 24_000


def capacity_step_gib(tier_mbyte_per_s_per_tib: int, efa: bool) -> int:
    """Tell the step in which the capacity of a file system grows.

    Parameters
    ----------
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB], one of `TIERS_MBYTE_PER_S_PER_TIB`.
    efa : bool
        Whether clients reach the file system by EFA.

    Returns
    -------
    int
        Step [GiB]; also what one storage server holds.

    Raises
    ------
    ValueError
        If there is no such tier.

    References
    ----------
    AWS, FSx for Lustre User Guide, Increasing storage capacity,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html

    Examples
    --------
    With EFA a storage server gives the same at every tier: at 125 it holds eight times as much as at 1,000.

    >>> capacity_step_gib(125, True), capacity_step_gib(1000, True), capacity_step_gib(125, False)
    (38400, 4800, 2400)
    """
    if tier_mbyte_per_s_per_tib not in TIERS_MBYTE_PER_S_PER_TIB:
        tiers = ", ".join(map(str, TIERS_MBYTE_PER_S_PER_TIB))
        raise ValueError(f"{tier_mbyte_per_s_per_tib} MB/s per TiB cannot be ordered: {tiers} can")
    return _EFA_STEP_GIB[tier_mbyte_per_s_per_tib] if efa else _STEP_GIB


def capacity_gib(asked_gib: float, tier_mbyte_per_s_per_tib: int, efa: bool) -> int:
    """Find the smallest capacity that can be ordered and holds what is asked.

    Parameters
    ----------
    asked_gib : float
        Capacity wanted [GiB].
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB], one of `TIERS_MBYTE_PER_S_PER_TIB`.
    efa : bool
        Whether clients reach the file system by EFA.

    Returns
    -------
    int
        Capacity [GiB]: without EFA 1,200 or a multiple of 2,400, with EFA a multiple of the tier's step.

    References
    ----------
    AWS, FSx API Reference, CreateFileSystem, StorageCapacity,
    https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html;
    FSx for Lustre User Guide, Increasing storage capacity,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html

    Examples
    --------
    >>> capacity_gib(1000, 125, False), capacity_gib(5000, 125, False), capacity_gib(5000, 1000, True)
    (1200, 7200, 9600)
    """
    return _at_least(asked_gib, tier_mbyte_per_s_per_tib, efa)


def nearest_legal_gib(capacity_gib: float, tier_mbyte_per_s_per_tib: int, efa: bool) -> tuple[int | None, int]:
    """Find the capacities that can be ordered on both sides of one.

    Parameters
    ----------
    capacity_gib : float
        Capacity [GiB].
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB], one of `TIERS_MBYTE_PER_S_PER_TIB`.
    efa : bool
        Whether clients reach the file system by EFA.

    Returns
    -------
    tuple of (int or None, int)
        The largest that is smaller, None if there is none, and the smallest that is at least as large [GiB].

    References
    ----------
    AWS, FSx for Lustre User Guide, Increasing storage capacity,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html

    Examples
    --------
    >>> nearest_legal_gib(3000, 125, False), nearest_legal_gib(2400, 125, False), nearest_legal_gib(3000, 1000, True)
    ((2400, 4800), (1200, 2400), (None, 4800))
    """
    above = _at_least(capacity_gib, tier_mbyte_per_s_per_tib, efa)
    step = capacity_step_gib(tier_mbyte_per_s_per_tib, efa)
    if above > step:
        return above - step, above
    return (_SMALLEST_GIB if not efa and above > _SMALLEST_GIB else None), above


def is_legal(capacity_gib: float, tier_mbyte_per_s_per_tib: int, efa: bool) -> bool:
    """Tell whether a capacity can be ordered.

    Parameters
    ----------
    capacity_gib : float
        Capacity [GiB].
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB], one of `TIERS_MBYTE_PER_S_PER_TIB`.
    efa : bool
        Whether clients reach the file system by EFA.

    Returns
    -------
    bool
        True if it can.

    References
    ----------
    AWS, FSx for Lustre User Guide, Increasing storage capacity,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html

    Examples
    --------
    >>> is_legal(1200, 125, False), is_legal(3600, 125, False), is_legal(4800, 1000, True), is_legal(4800, 500, True)
    (True, False, True, False)
    """
    return _at_least(capacity_gib, tier_mbyte_per_s_per_tib, efa) == capacity_gib


def throughput_gbyte_per_s(capacity_gib: float, tier_mbyte_per_s_per_tib: int) -> float:
    """Work out the disk throughput that a file system is sold with.

    Parameters
    ----------
    capacity_gib : float
        Capacity [GiB].
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB].

    Returns
    -------
    float
        Throughput of all clients together [GB/s], decimal.

    Notes
    -----
    ``tier x capacity / 1024 / 1000``. Exact in floating point for every capacity that can be ordered: the factors 125 cancel.

    References
    ----------
    AWS, FSx for Lustre User Guide, Performance characteristics of SSD and HDD storage classes,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/ssd-storage.html

    Examples
    --------
    4,800 GiB are 4.6875 TiB.

    >>> throughput_gbyte_per_s(4800, 1000)
    4.6875
    """
    return capacity_gib * tier_mbyte_per_s_per_tib / (1024 * 1000)


def metadata_iops_problem(metadata_iops: int) -> str | None:
    """Say what is wrong with a number of metadata operations per second that shall be ordered.

    Parameters
    ----------
    metadata_iops : int
        Metadata operations per second in the mode USER_PROVISIONED [1/s].

    Returns
    -------
    str or None
        What is wrong and what could be ordered instead; None if it is one of `METADATA_IOPS`.

    References
    ----------
    AWS, FSx API Reference, CreateFileSystemLustreMetadataConfiguration (SSD),
    https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemLustreMetadataConfiguration.html

    Examples
    --------
    >>> metadata_iops_problem(24000)
    >>> metadata_iops_problem(20000)
    '20,000 metadata IOPS cannot be ordered: the nearest are 12,000 and 24,000'
    """
    if metadata_iops in METADATA_IOPS:
        return None
    below = max((legal for legal in METADATA_IOPS if legal < metadata_iops), default=None)
    above = min((legal for legal in METADATA_IOPS if legal > metadata_iops), default=None)
    near = [f"{legal:,}" for legal in (below, above) if legal is not None]
    which = "the nearest are" if len(near) == 2 else "the least is" if below is None else "the most is"
    return f"{metadata_iops:,} metadata IOPS cannot be ordered: {which} {' and '.join(near)}"


def automatic_metadata_iops(capacity_gib: float) -> int:
    """Tell the metadata operations per second that the mode AUTOMATIC gives, at no extra charge.

    Parameters
    ----------
    capacity_gib : float
        Capacity [GiB].

    Returns
    -------
    int
        Metadata operations per second [1/s].

    Notes
    -----
    AWS: 1,500 at 1,200 GiB, 3,000 at 2,400, 6,000 from 4,800 to 9,600, 12,000 from 12,000 to 45,600, and 12,000 per 24,000 GiB
    from 48,000. Two readings are ours: only full 24,000 GiB count, because 45,600 still gives 12,000; and it ends at 192,000,
    the most that the API knows.

    References
    ----------
    AWS, FSx for Lustre User Guide, Performance, File system metadata performance,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/performance.html#dne-metadata-performance

    Examples
    --------
    >>> automatic_metadata_iops(1200), automatic_metadata_iops(45600), automatic_metadata_iops(96000)
    (1500, 12000, 48000)
    """
    for up_to_gib, iops in _AUTOMATIC:
        if capacity_gib <= up_to_gib:
            return iops
    return min(METADATA_IOPS[-1], _METADATA_IOPS_PER_SERVER * math.floor(capacity_gib / _METADATA_STEP_GIB))


def addresses_taken(capacity_gib: float, tier_mbyte_per_s_per_tib: int, efa: bool, metadata_iops: int) -> int:
    """Count the addresses that a file system takes in its subnet, one for every server.

    Parameters
    ----------
    capacity_gib : float
        Capacity [GiB].
    tier_mbyte_per_s_per_tib : int
        Throughput per unit of storage [MB/s per TiB], one of `TIERS_MBYTE_PER_S_PER_TIB`.
    efa : bool
        Whether clients reach the file system by EFA.
    metadata_iops : int
        Metadata operations per second [1/s], ordered or as `automatic_metadata_iops` gives them.

    Returns
    -------
    int
        Addresses.

    Notes
    -----
    One metadata server per 12,000 metadata operations per second, at least one, and one storage server per step of
    `capacity_step_gib`. A file system without a metadata configuration has one metadata server.

    References
    ----------
    AWS, FSx for Lustre User Guide, Deployment and storage class options, IP addresses for file systems,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-fsx-lustre.html

    Examples
    --------
    9,600 GiB without EFA: four storage servers of 2,400 GiB and a metadata server. With EFA at 1,000 MB/s per TiB: two and one.

    >>> addresses_taken(9600, 1000, False, 6000), addresses_taken(9600, 1000, True, 6000)
    (5, 3)
    """
    metadata_servers = max(1, math.ceil(metadata_iops / _METADATA_IOPS_PER_SERVER))
    return metadata_servers + math.ceil(capacity_gib / capacity_step_gib(tier_mbyte_per_s_per_tib, efa))


def cheapest(
    asked_gib: float,
    throughput_gbyte_per_s: float,
    efa: bool,
    price_by_tier_usd: Mapping[int, float],
    tier_mbyte_per_s_per_tib: int | None = None,
) -> tuple[int, int]:
    """Choose the tier and the capacity that hold and deliver what is asked at the least price a month.

    Parameters
    ----------
    asked_gib : float
        Capacity wanted [GiB].
    throughput_gbyte_per_s : float
        Throughput wanted of all clients together [GB/s], decimal; 0 if none is.
    efa : bool
        Whether clients reach the file system by EFA.
    price_by_tier_usd : mapping of int to float
        For each tier on offer [MB/s per TiB] what a gigabyte costs a month [USD]; at least 0.
    tier_mbyte_per_s_per_tib : int, optional
        The tier, if it is not to be chosen [MB/s per TiB]; then prices do not matter.

    Returns
    -------
    tuple of (int, int)
        Tier [MB/s per TiB] and capacity [GiB]; of equal prices the lower tier.

    Raises
    ------
    ValueError
        If there is no such tier, or none to choose from.

    Notes
    -----
    A tier needs ``throughput x 1000 / tier`` TiB, or what is asked if that is more, rounded up to what can be ordered. Price
    grows with capacity, so that capacity is the tier's best, and the best of at most four tiers is the answer.

    References
    ----------
    AWS, FSx for Lustre User Guide, Performance characteristics of SSD and HDD storage classes,
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/ssd-storage.html

    Examples
    --------
    9 GB/s need 73,728 GiB at 125 MB/s per TiB, 9,216 at 1,000. At four times the price the latter is cheaper, unless all the
    capacity is wanted.

    >>> cheapest(5000, 9, False, {125: 0.15, 1000: 0.60}), cheapest(72000, 9, False, {125: 0.15, 1000: 0.60})
    ((1000, 9600), (125, 74400))
    """
    if tier_mbyte_per_s_per_tib is not None:
        return tier_mbyte_per_s_per_tib, _enough(asked_gib, throughput_gbyte_per_s, tier_mbyte_per_s_per_tib, efa)
    if not price_by_tier_usd:
        raise ValueError("0 tiers have a price: there is none to choose from")
    capacities = {tier: _enough(asked_gib, throughput_gbyte_per_s, tier, efa) for tier in price_by_tier_usd}
    # Rounded to a millionth of a dollar: prices that are equal in decimals must not differ by binary rounding.
    best = min(capacities, key=lambda tier: (round(price_by_tier_usd[tier] * capacities[tier], 6), tier))
    return best, capacities[best]


def _at_least(asked_gib: float | Fraction, tier_mbyte_per_s_per_tib: int, efa: bool) -> int:
    """Round up to what can be ordered."""
    step = capacity_step_gib(tier_mbyte_per_s_per_tib, efa)
    if not efa and asked_gib <= _SMALLEST_GIB:
        return _SMALLEST_GIB
    return max(1, math.ceil(Fraction(asked_gib) / step)) * step


def _enough(asked_gib: float, wanted_gbyte_per_s: float, tier_mbyte_per_s_per_tib: int, efa: bool) -> int:
    """Find the smallest capacity of a tier that holds and delivers what is asked."""
    # A tier that cannot be ordered is refused before it is divided by.
    capacity_step_gib(tier_mbyte_per_s_per_tib, efa)
    for_throughput = Fraction(wanted_gbyte_per_s) * 1000 * 1024 / tier_mbyte_per_s_per_tib
    return _at_least(max(Fraction(asked_gib), for_throughput), tier_mbyte_per_s_per_tib, efa)
