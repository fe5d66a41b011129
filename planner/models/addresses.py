"""Addresses of a cloud network (IPv4): how many a subnet offers, how many a cluster needs, and how a network is cut up."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence

__all__ = [
    "addresses_with_prefixes",
    "carve",
    "prefixes_needed",
    "subnet_prefix_length",
    "usable_addresses",
]

# Subnets that AWS allows, and the addresses that it keeps in each: the first four and the last.
_LARGEST_SUBNET = 16
_SMALLEST_SUBNET = 28
_KEPT_FIRST = 4
_KEPT_LAST = 1
# A prefix that a node takes for its pods is a /28; one is kept spare (WARM_PREFIX_TARGET=1).
_ADDRESSES_PER_PREFIX = 16
_SPARE_PREFIXES = 1


def usable_addresses(prefix_length: int) -> int:
    """Count the addresses that a subnet offers.

    Parameters
    ----------
    prefix_length : int
        Of the subnet, from 16 to 28.

    Returns
    -------
    int
        Addresses without the five that AWS keeps: the first four and the last.

    Raises
    ------
    ValueError
        If AWS allows no such subnet.

    References
    ----------
    AWS, VPC User Guide, Subnet CIDR blocks, https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html

    Examples
    --------
    >>> usable_addresses(24), usable_addresses(28)
    (251, 11)
    """
    if not _LARGEST_SUBNET <= prefix_length <= _SMALLEST_SUBNET:
        raise ValueError(f"a subnet of /{prefix_length} is not allowed: /{_LARGEST_SUBNET} to /{_SMALLEST_SUBNET} are")
    return _size(prefix_length) - _KEPT_FIRST - _KEPT_LAST


def subnet_prefix_length(addresses_count: int) -> int:
    """Find the smallest subnet that offers so many addresses.

    Parameters
    ----------
    addresses_count : int
        Addresses wanted, without the five that AWS keeps.

    Returns
    -------
    int
        Prefix length, from 28 (11 addresses) to 16 (65,531).

    Raises
    ------
    ValueError
        If no subnet is large enough, or the count is negative.

    References
    ----------
    AWS, VPC User Guide, Subnet CIDR blocks, https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html

    Examples
    --------
    251 addresses are just a /24; one more takes a /23.

    >>> subnet_prefix_length(251), subnet_prefix_length(252), subnet_prefix_length(0)
    (24, 23, 28)
    """
    if addresses_count < 0:
        raise ValueError(f"{addresses_count:,} addresses are needed: at least 0 can be")
    most = usable_addresses(_LARGEST_SUBNET)
    if addresses_count > most:
        raise ValueError(f"{addresses_count:,} addresses are needed, the largest subnet, /{_LARGEST_SUBNET}, offers {most:,}")
    # The bits that number all addresses, those that AWS keeps among them.
    bits = (addresses_count + _KEPT_FIRST + _KEPT_LAST - 1).bit_length()
    return min(_SMALLEST_SUBNET, 32 - bits)


def carve(network_cidr: str, addresses_counts: Sequence[int]) -> list[str]:
    """Cut subnets out of a network, each the smallest that offers the addresses wanted.

    Parameters
    ----------
    network_cidr : str
        IPv4 network such as ``10.0.0.0/16``.
    addresses_counts : sequence of int
        For each subnet the addresses wanted, without the five that AWS keeps.

    Returns
    -------
    list of str
        Subnets in the order asked; the same counts always give the same subnets.

    Raises
    ------
    ValueError
        If the network is no IPv4 network, if a subnet would be too large, or if they do not all fit.

    Notes
    -----
    The largest is laid first, of equals the one asked first, each behind the other. Sizes are powers of two and never grow on
    the way, so every subnet starts at a multiple of its size without a gap, and all fit whenever the sum of their sizes does.

    References
    ----------
    AWS, VPC User Guide, Subnet CIDR blocks, https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html

    Examples
    --------
    >>> carve("10.0.0.0/16", [11, 1000, 251])
    ['10.0.5.0/28', '10.0.0.0/22', '10.0.4.0/24']
    """
    try:
        network = ipaddress.IPv4Network(network_cidr)
    except ValueError as error:
        raise ValueError(f"{network_cidr} is no IPv4 network: {error}") from error
    lengths = [subnet_prefix_length(count) for count in addresses_counts]
    needed = sum(map(_size, lengths))
    if needed > network.num_addresses:
        raise ValueError(
            f"{len(lengths)} subnets need {needed:,} addresses, {network_cidr} has {network.num_addresses:,}: "
            f"{needed - network.num_addresses:,} are missing"
        )
    subnets = [""] * len(lengths)
    start = int(network.network_address)
    # Sorting is stable: equals keep the order asked.
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        subnets[place] = f"{ipaddress.IPv4Address(start)}/{lengths[place]}"
        start += _size(lengths[place])
    return subnets


def prefixes_needed(nodes_count: int, pods_per_node_count: int) -> int:
    """Count the /28 prefixes that the nodes of a pool take for their pods.

    Parameters
    ----------
    nodes_count : int
        Nodes.
    pods_per_node_count : int
        Pods with an address of their own on one node; those in the network of the host have none.

    Returns
    -------
    int
        Prefixes of 16 addresses, on each node one spare.

    References
    ----------
    Amazon VPC CNI, WARM_PREFIX_TARGET,
    https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/prefix-and-ip-target.md;
    AWS, EKS User Guide, Assign more IP addresses to nodes with prefixes,
    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html

    Examples
    --------
    17 pods take two prefixes, and the spare one makes three.

    >>> prefixes_needed(1, 17), prefixes_needed(10, 17)
    (3, 30)
    """
    return nodes_count * (math.ceil(pods_per_node_count / _ADDRESSES_PER_PREFIX) + _SPARE_PREFIXES)


def addresses_with_prefixes(prefixes_count: int, single_addresses_count: int) -> int:
    """Count the addresses that a subnet must offer to hold whole prefixes beside single addresses.

    Parameters
    ----------
    prefixes_count : int
        Prefixes of 16 addresses, of all pools in the subnet.
    single_addresses_count : int
        Addresses of interfaces: nodes, file systems, endpoints, gateways.

    Returns
    -------
    int
        Addresses to ask of `subnet_prefix_length`; without prefixes just the single ones.

    Notes
    -----
    A prefix is an aligned block of 16. The first and the last block of a subnet can be none, because AWS keeps addresses in
    them; they leave room for 12 + 15 single addresses, and further ones break up ``ceil((single - 27) / 16)`` blocks. This
    holds where single addresses are kept together, by a CIDR reservation of type prefix for the rest of the subnet, as AWS
    recommends; scattered, every single address may cost a prefix.

    References
    ----------
    AWS, EKS User Guide, Increase the available IP addresses for your node,
    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html;
    VPC User Guide, Subnet CIDR reservations, https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html

    Examples
    --------
    A node with one prefix has 17 addresses, which a /27 offers; but neither of its two blocks is whole, so it must be a /26.

    >>> addresses_with_prefixes(1, 1), subnet_prefix_length(addresses_with_prefixes(1, 1))
    (43, 26)
    >>> addresses_with_prefixes(0, 7)
    7
    """
    if prefixes_count == 0:
        return single_addresses_count
    beside = 2 * _ADDRESSES_PER_PREFIX - _KEPT_FIRST - _KEPT_LAST
    broken = math.ceil(max(0, single_addresses_count - beside) / _ADDRESSES_PER_PREFIX)
    return _ADDRESSES_PER_PREFIX * (prefixes_count + 2 + broken) - _KEPT_FIRST - _KEPT_LAST


def _size(prefix_length: int) -> int:
    """Count all addresses of a subnet."""
    return 1 << (32 - prefix_length)
