"""How often equipment is out of service: repair, redundancy of like units, common causes, and machines that stand by.

Unavailabilities are computed as such, not as one minus an availability, so that nine nines keep their digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "availability",
    "common_cause_unavailability",
    "downtime_minutes",
    "k_of_different_unavailability",
    "k_of_n_birnbaum",
    "k_of_n_missing_fraction",
    "k_of_n_unavailability",
    "mean_run_hours",
    "standby_unavailability",
    "unavailability",
]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)

HOURS_PER_YEAR = 8760.0
_EXACT_COUNT = 1000  # binomial coefficients of larger groups may be no floats


def availability(mtbf_hours: F, mttr_hours: F) -> F:
    """Long-run fraction of time in which a repairable unit works.

    Parameters
    ----------
    mtbf_hours : float or array
        Mean time in service until it fails [h].
    mttr_hours : float or array
        Mean time from failure until it is in service again [h].

    Returns
    -------
    float or array
        Availability, 0 to 1.

    Notes
    -----
    ``A = MTBF / (MTBF + MTTR)``, whatever the distributions are.

    References
    ----------
    US Army TM 5-698-1 (2007), inherent availability. R. E. Barlow, F. Proschan, Statistical Theory of Reliability and Life
    Testing (1975), chapter 7.

    Examples
    --------
    A UPS that fails once in 250,000 h and takes 8 h to repair:

    >>> round(availability(250_000.0, 8.0), 6)
    0.999968
    """
    return mtbf_hours / (mtbf_hours + mttr_hours)


def unavailability(mtbf_hours: F, mttr_hours: F) -> F:
    """Long-run fraction of time in which a repairable unit is out.

    Parameters
    ----------
    mtbf_hours, mttr_hours : float or array
        Mean time in service until it fails, and until it is in service again [h].

    Returns
    -------
    float or array
        Unavailability, 0 to 1.

    Notes
    -----
    ``q = MTTR / (MTBF + MTTR)``: one minus `availability`, without its loss of digits.

    References
    ----------
    As `availability`.

    Examples
    --------
    Two such UPS, of which one is enough, are both out for 1.02e-9 of the time:

    >>> f"{unavailability(250_000.0, 8.0) ** 2:.2e}"
    '1.02e-09'
    """
    return mttr_hours / (mtbf_hours + mttr_hours)


def downtime_minutes(availability_fraction: F) -> F:
    """Minutes a year out of service.

    Parameters
    ----------
    availability_fraction : float or array
        Availability, 0 to 1.

    Returns
    -------
    float or array
        Downtime [min/year], of 8,760 h.

    Notes
    -----
    ``(1 - A) * 8760 * 60``. The figures that once went with the tiers: I 99.671 %, II 99.741 %, III 99.982 %, IV 99.995 %;
    the Uptime Institute no longer states them.

    References
    ----------
    W. P. Turner, J. H. Seader, V. Renaud, K. G. Brill, Tier Classifications Define Site Infrastructure Performance (2008).

    Examples
    --------
    >>> [round(downtime_minutes(tier) / 60, 2) for tier in (0.99671, 0.99741, 0.99982, 0.99995)]
    [28.82, 22.69, 1.58, 0.44]
    """
    return (1 - availability_fraction) * (HOURS_PER_YEAR * 60)


def k_of_n_unavailability(needed_count: int, count: int, unavailability_fraction: F) -> F:
    """Probability that fewer than k of n like, independent units work.

    Parameters
    ----------
    needed_count : int
        Units that must work, k.
    count : int
        Units that there are, n.
    unavailability_fraction : float or array
        Of one unit, q.

    Returns
    -------
    float or array
        Unavailability of the group; 0 when none is needed, 1 when more are needed than there are.

    Notes
    -----
    ``sum over j = n-k+1 .. n of C(n, j) q^j (1-q)^(n-j)``: all terms positive, so small values keep their digits.

    References
    ----------
    Barlow and Proschan (1975), chapter 2; IEC 61078:2016, k-out-of-n majority redundancy.

    Examples
    --------
    Availability 0.99 each: one of two, and three of four.

    >>> round(1 - k_of_n_unavailability(1, 2, 0.01), 8), round(1 - k_of_n_unavailability(3, 4, 0.01), 8)
    (0.9999, 0.99940797)
    """
    failed = _mean_over_failures(lambda _: 1.0, needed_count, count, unavailability_fraction)
    return failed if needed_count <= count else failed * 0.0 + 1.0


def k_of_n_missing_fraction(needed_count: int, count: int, unavailability_fraction: F) -> F:
    """Mean missing part of the work of k units, shared by n like, independent units.

    Parameters
    ----------
    needed_count : int
        Units that do all the work, k, at least 1.
    count : int
        Units that there are, n.
    unavailability_fraction : float or array
        Of one unit, q.

    Returns
    -------
    float or array
        ``E[max(0, (k - up) / k)]``, 0 to 1.

    Notes
    -----
    ``sum over j = n-k+1 .. n of (k - n + j) / k * C(n, j) q^j (1-q)^(n-j)``: with no spare it is q, with one needed it is that
    of `k_of_n_unavailability`, and it is never more than that.

    References
    ----------
    A. Lisnianski, G. Levitin, Multi-State System Reliability (2003): expected deficiency of a performance.

    Examples
    --------
    Two chillers share the work, each out 1 % of the time: half is missing in 2 * 0.99 %, all in 0.01 %. Of three, a half is
    missing in 3 * 0.0099 %, all in 0.0001 %: 0.0099 % * 3 / 2 + 0.0001 %.

    >>> f"{k_of_n_missing_fraction(2, 2, 0.01):.6f} {k_of_n_missing_fraction(2, 3, 0.01):.6f}"
    '0.010000 0.000150'
    """
    spare = count - needed_count
    return _mean_over_failures(lambda out: (out - spare) / needed_count, needed_count, count, unavailability_fraction)


def _mean_over_failures(worth: Callable[[int], float], needed_count: int, count: int, unavailability_fraction: F) -> F:
    """Mean of what so many units out are worth, over the numbers at which fewer than k of n work."""
    mean = unavailability_fraction * 0.0
    for out in range(max(0, count - needed_count + 1), count + 1):
        term = worth(out) * _exactly(out, count, unavailability_fraction)
        mean = mean + term
        # Beyond the most likely number the terms fall: the rest of a large group adds nothing that a float could hold.
        if np.all(out > 1 + count * np.asarray(unavailability_fraction)) and np.all(
            np.asarray(term) <= 1e-18 * np.asarray(mean)
        ):
            break
    return mean


def _exactly(j: int, count: int, fraction: F) -> F:
    """Probability that exactly j of n are out: the binomial law, by logarithms where its coefficient is beyond all floats."""
    up = 1 - fraction
    if count <= _EXACT_COUNT:
        return math.comb(count, j) * fraction**j * up ** (count - j)
    ways = math.lgamma(count + 1) - math.lgamma(j + 1) - math.lgamma(count - j + 1)
    with np.errstate(divide="ignore"):
        logs = ways + j * np.log(fraction) + ((count - j) * np.log(up) if count > j else 0.0)
    term = np.exp(logs)
    return term if isinstance(fraction, np.ndarray) else float(term)


def k_of_n_birnbaum(needed_count: int, count: int, unavailability_fraction: F) -> F:
    """Probability that one certain unit of n decides whether k work: its Birnbaum importance in the group.

    Parameters
    ----------
    needed_count, count : int
        Units that must work, k, and that there are, n.
    unavailability_fraction : float or array
        Of one unit, q.

    Returns
    -------
    float or array
        ``C(n-1, n-k) q^(n-k) (1-q)^(k-1)``, 0 to 1.

    Notes
    -----
    Exactly k - 1 of the others work. It is the derivative of `k_of_n_unavailability` by q, divided by n.

    References
    ----------
    Z. W. Birnbaum, On the importance of different components in a multicomponent system (1968).

    Examples
    --------
    One of two: the unit matters while the other is out.

    >>> k_of_n_birnbaum(1, 2, 0.01)
    0.01
    """
    if not 1 <= needed_count <= count:
        return unavailability_fraction * 0.0
    return _exactly(count - needed_count, count - 1, unavailability_fraction)


def k_of_different_unavailability(needed_count: int, unavailability_fractions: Sequence[float]) -> float:
    """Probability that fewer than k of several independent, different units work.

    Parameters
    ----------
    needed_count : int
        Units that must work, k.
    unavailability_fractions : sequence of float
        Of each unit.

    Returns
    -------
    float
        Unavailability of the group.

    Notes
    -----
    Exact, by adding one unit after the other to the distribution of how many are out: n * (n - k + 1) steps.

    References
    ----------
    R. E. Barlow, K. D. Heidtmann, Computing k-out-of-n system reliability, IEEE Trans. Reliability R-33 (1984).

    Examples
    --------
    Two of three: at least two out.  0.1*0.2*0.7 + 0.1*0.8*0.3 + 0.9*0.2*0.3 + 0.1*0.2*0.3

    >>> round(k_of_different_unavailability(2, [0.1, 0.2, 0.3]), 6)
    0.098
    """
    spare = len(unavailability_fractions) - needed_count
    if spare < 0:
        return 1.0
    out = [1.0] + [0.0] * spare  # out[j]: probability that j are out, while at most all spares are
    failed = 0.0
    for q in unavailability_fractions:
        failed += out[spare] * q
        out = [out[j] * (1 - q) + (out[j - 1] * q if j else 0.0) for j in range(spare + 1)]
    return failed


def common_cause_unavailability(mtbf_hours: float, mttr_hours: float, beta_fraction: float) -> tuple[float, float]:
    """Split a unit's outages into those of its own and those that take its whole redundant group.

    Parameters
    ----------
    mtbf_hours, mttr_hours : float
        Of one unit [h].
    beta_fraction : float
        Part of the failures that have a common cause, 0 to 1.

    Returns
    -------
    tuple of float
        Unavailability of one unit by causes of its own, and of the whole group by a common cause.

    Notes
    -----
    Failure rates ``(1 - beta) / MTBF`` and ``beta / MTBF``; both are repaired in MTTR. The common cause stands in the block
    diagram as one more component in series with the group.

    References
    ----------
    K. N. Fleming, A reliability model for common mode failures in redundant safety systems (1975); IEC 61508-6:2010, annex D.

    Examples
    --------
    Two UPS at beta 5 %: the common cause outweighs the coincidence by a factor of 1,600.

    >>> own, common = common_cause_unavailability(250_000.0, 8.0, 0.05)
    >>> f"{own ** 2:.1e} {common:.1e}"
    '9.2e-10 1.6e-06'
    """
    own = mttr_hours * (1 - beta_fraction)
    common = mttr_hours * beta_fraction
    return own / (mtbf_hours + own), common / (mtbf_hours + common)


def mean_run_hours(failed_fraction: F, hours: F) -> F:
    """Mean time to failure that explains how many of many machines failed within some hours.

    Parameters
    ----------
    failed_fraction : float or array
        Part that failed, above 0, below 1.
    hours : float or array
        Within these hours of running [h].

    Returns
    -------
    float or array
        Mean time to failure [h].

    Notes
    -----
    Constant rate: ``failed = 1 - exp(-t / MTTF)``, so ``MTTF = -t / ln(1 - failed)``.

    References
    ----------
    J. Marqusee, D. Jenket, Reliability of emergency and standby diesel generators, Applied Energy 268 (2020) 114918: poorly
    kept generators fail in 48 h with 50 %, well kept ones in two weeks with 20 %.

    Examples
    --------
    >>> round(mean_run_hours(0.5, 48.0)), round(mean_run_hours(0.2, 14 * 24.0))
    (69, 1506)
    """
    lifetimes: F = -np.log1p(-failed_fraction)
    return hours / lifetimes


def standby_unavailability(availability_fraction: float, start_failure_fraction: float, run_hours: float, outage_hours: F) -> F:
    """Probability that a machine that stands by does not carry an outage to its end.

    Parameters
    ----------
    availability_fraction : float
        Part of the time in which it is ready: not taken apart for maintenance.
    start_failure_fraction : float
        Of attempts to start it.
    run_hours : float
        Mean time to failure while it runs [h].
    outage_hours : float or array
        How long it must run [h].

    Returns
    -------
    float or array
        Probability, 0 to 1.

    Notes
    -----
    ``1 - A (1 - s) exp(-t / MTTF)``. A failure halfway counts as if the whole outage were lost: on the safe side.

    References
    ----------
    Marqusee and Jenket (2020), see `mean_run_hours`: one figure is not enough, it takes these three.

    Examples
    --------
    Well kept, two weeks: four of five make it; of two, of which one is enough, 96 % do.

    >>> alone = standby_unavailability(1.0, 0.0, 1506.0, 336.0)
    >>> f"{alone:.3f} {1 - k_of_n_unavailability(1, 2, alone):.3f}"
    '0.200 0.960'
    """
    ready = availability_fraction * (1 - start_failure_fraction)
    lost: F = -np.expm1(-outage_hours / run_hours)  # 1 - exp, exact for short outages
    return (1 - ready) + ready * lost
