"""How the power of a synchronous training job swings: depth, slope and spectrum in closed form, storage, and power caps.

A step of such a job is a phase of computing at high power and one of communicating at low power. Over many steps that is a
periodic trapezoid, whose spectrum is known exactly: nothing is ticked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BAND_HZ",
    "Storage",
    "Wave",
    "band_rms_kw",
    "capped_throughput",
    "clock_at_cap",
    "harmonics_kw",
    "ramp_kw_per_s",
    "smoothed",
    "wave_variance_kw2",
]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)

BAND_HZ = (0.1, 20.0)
"""Frequencies at which a grid and its generators can be excited [Hz] (arXiv 2508.14318)."""

EDGE_S = 0.2
VOLTAGE_MIN_FRACTION = 0.7


@dataclass(frozen=True)
class Wave:
    """A trapezoid of power that repeats.

    Attributes
    ----------
    swing_kw : float
        From its low to its high [kW].
    period_s : float
        Of a step [s].
    high_fraction : float
        Part of the period above the middle between low and high, 0 to 1.
    edge_s : float
        Time from low to high, and back [s]; at most the shorter phase.
    """

    swing_kw: float
    period_s: float
    high_fraction: float
    edge_s: float

    @property
    def shorter_s(self) -> float:
        """Give the length of the shorter of the two phases."""
        return min(self.high_fraction, 1.0 - self.high_fraction) * self.period_s


@dataclass(frozen=True)
class Storage:
    """A store that takes energy in the low phase and gives it back in the high phase, without loss.

    Attributes
    ----------
    energy_kj : float
        What it can take and give in a step [kJ].
    power_kw : float
        What it can take or give at most [kW].
    """

    energy_kj: float
    power_kw: float


def ramp_kw_per_s(wave: Wave) -> float:
    """Slope of a wave's edges.

    Parameters
    ----------
    wave : Wave
        The wave.

    Returns
    -------
    float
        Change of power [kW/s].

    Notes
    -----
    ``swing / edge``. Rise and fall of racks at work take less than 0.2 s; a shorter edge is steeper in proportion.

    References
    ----------
    AI Workload Power Dynamics, https://rencewise.com/articles/AI-Workload-Power-Dynamics (rise and fall in under 0.2 s).

    Examples
    --------
    >>> ramp_kw_per_s(Wave(swing_kw=1000.0, period_s=10.0, high_fraction=0.8, edge_s=0.2))
    5000.0
    """
    return wave.swing_kw / wave.edge_s if wave.swing_kw > 0 else 0.0


def harmonics_kw(wave: Wave, first: int, last: int) -> tuple[Floats, Floats]:
    """Give frequencies and amplitudes of a wave's harmonics.

    Parameters
    ----------
    wave : Wave
        The wave.
    first, last : int
        Numbers of the first and last harmonic, from 1.

    Returns
    -------
    tuple of two arrays of float
        Frequencies [Hz], and amplitudes from the mean to the crest [kW].

    Notes
    -----
    With d the high fraction, e the edge over the period, and ``sinc(x) = sin(pi x) / (pi x)``::

        a_n = 2 swing d |sinc(n d)| |sinc(n e)|

    References
    ----------
    The Fourier series of a trapezoid, such as C. R. Paul, Introduction to Electromagnetic Compatibility, chapter 3.

    Examples
    --------
    A square wave has odd harmonics of ``2 swing / (pi n)``: 636.6, 0, 212.2 kW of 1,000 kW.

    >>> frequencies, amplitudes = harmonics_kw(Wave(1000.0, 2.0, 0.5, 0.0), 1, 3)
    >>> frequencies.tolist(), [round(float(kw), 1) for kw in amplitudes]
    ([0.5, 1.0, 1.5], [636.6, 0.0, 212.2])
    """
    number = np.arange(first, last + 1)
    duty = wave.high_fraction
    amplitudes = 2 * wave.swing_kw * duty * np.abs(np.sinc(number * duty) * np.sinc(number * wave.edge_s / wave.period_s))
    return number / wave.period_s, amplitudes


def wave_variance_kw2(wave: Wave) -> float:
    """Mean square of a wave about its mean.

    Parameters
    ----------
    wave : Wave
        The wave.

    Returns
    -------
    float
        Variance [kW^2]: half the sum of the squares of all harmonics' amplitudes (Parseval).

    Notes
    -----
    ``swing^2 (d - d^2 - e / 3)``, with d the high fraction and e the edge over the period.

    References
    ----------
    By integration of the trapezoid; see `harmonics_kw`.

    Examples
    --------
    A square wave of 1,000 kW is 500 kW away from its mean at all times:

    >>> wave_variance_kw2(Wave(1000.0, 2.0, 0.5, 0.0)) ** 0.5
    500.0
    """
    duty = wave.high_fraction
    return wave.swing_kw**2 * max(duty - duty**2 - wave.edge_s / wave.period_s / 3, 0.0)


def band_rms_kw(wave: Wave, low_hz: float = BAND_HZ[0], high_hz: float = BAND_HZ[1]) -> float:
    """Root mean square of a wave's harmonics within a band of frequencies.

    Parameters
    ----------
    wave : Wave
        The wave.
    low_hz, high_hz : float
        The band, ends included [Hz].

    Returns
    -------
    float
        Root mean square [kW].

    Notes
    -----
    ``sqrt(sum of a_n^2 / 2)`` over the harmonics n / period in the band.

    References
    ----------
    E. Choukse et al., Power Stabilization for AI Training Datacenters, arXiv 2508.14318 (limits on the content of 0.1-20 Hz).

    Examples
    --------
    A square wave of 5 s has 0.2 Hz and odd multiples of it in the band: nearly all of its 500 kW.

    >>> round(band_rms_kw(Wave(1000.0, 5.0, 0.5, 0.0)), 1)
    499.0
    >>> band_rms_kw(Wave(1000.0, 0.01, 0.5, 0.0))
    0.0
    """
    first = max(int(np.ceil(low_hz * wave.period_s * (1 - 1e-12))), 1)
    last = int(np.floor(high_hz * wave.period_s * (1 + 1e-12)))
    if last < first:
        return 0.0
    _, amplitudes = harmonics_kw(wave, first, last)
    return float(np.sqrt(np.sum(amplitudes**2) / 2))


def smoothed(wave: Wave, storage: Storage) -> Wave:
    """Smooth a wave with a store of energy.

    Parameters
    ----------
    wave : Wave
        What the load draws.
    storage : Storage
        The store.

    Returns
    -------
    Wave
        What is left of it upstream: the same mean, with longer edges and less swing.

    Notes
    -----
    First the edges are stretched, both from their start on: from e to e' takes ``swing (e' - e) / 2`` of energy and
    ``swing (1 - e / e')`` of power, and e' is at most the shorter phase. What is left of the energy lowers the swing: giving
    `a` in the high and taking `b` in the low phase, ``a d = b (1 - d)``, a swing smaller by a + b takes
    ``(a + b) d (1 - d) period`` of energy, and the larger of a and b of power. Both together never need more than their sum,
    so this is no more than the store can do.

    References
    ----------
    E. Choukse et al., arXiv 2508.14318 (storage in the rack); NVIDIA, How New GB300 NVL72 Features Provide Steady Power for AI
    (2025): energy stored in the power supplies, up to 30 % less peak demand of the grid.

    Examples
    --------
    A GPU of 1.2 kW that falls to 0.2 kW for 0.2 s in every second, with 65 J in the power supplies: the edges already fill the
    shorter phase, and the swing falls from 1 kW to 0.594 kW.

    >>> wave = smoothed(Wave(1.0, 1.0, 0.8, 0.2), Storage(0.065, 1.0))
    >>> round(wave.swing_kw, 3), wave.edge_s
    (0.594, 0.2)

    With steps of 10 s the same energy only slows the edges, from 0.2 s to 0.33 s:

    >>> wave = smoothed(Wave(1.0, 10.0, 0.8, 0.2), Storage(0.065, 1.0))
    >>> wave.swing_kw, round(wave.edge_s, 3)
    (1.0, 0.33)
    """
    if wave.swing_kw <= 0 or storage.energy_kj <= 0 or storage.power_kw <= 0:
        return wave
    by_power = 1.0 - storage.power_kw / wave.swing_kw
    edge_s = min(wave.edge_s + 2.0 * storage.energy_kj / wave.swing_kw, max(wave.shorter_s, wave.edge_s))
    if by_power > 0:
        edge_s = min(edge_s, wave.edge_s / by_power)
    left_kj = storage.energy_kj - 0.5 * wave.swing_kw * (edge_s - wave.edge_s)
    left_kw = storage.power_kw - wave.swing_kw * (1.0 - wave.edge_s / edge_s)
    duty = wave.high_fraction
    larger = max(duty, 1.0 - duty)
    moved = duty * (1.0 - duty) * wave.period_s  # 0 where one of the two states is too short to count
    by_energy_kw = left_kj / moved if moved > 0 else math.inf
    less_kw = max(min(by_energy_kw, left_kw / larger, wave.swing_kw), 0.0)
    return Wave(wave.swing_kw - less_kw, wave.period_s, duty, edge_s)


def clock_at_cap(cap_w: F, idle_w: float, max_w: float, voltage_min_fraction: float = VOLTAGE_MIN_FRACTION) -> F:
    """Clock of a GPU under a power cap.

    Parameters
    ----------
    cap_w : float or array of float
        The cap [W].
    idle_w, max_w : float
        Power when idle, and at full load and full clock [W].
    voltage_min_fraction : float
        Lowest voltage over that at full clock.

    Returns
    -------
    float or array of float
        Clock over full clock, 0 to 1.

    Notes
    -----
    What a chip draws beyond idle goes with ``f V^2``; voltage follows the clock down to its lowest::

        (cap - idle) / (max - idle) = f max(f, v)^2

    so ``f = y^(1/3)``, and ``y / v^2`` where that is below v. The lowest voltage, 0.7, is an assumption; it matters only for
    caps below a third of the range.

    References
    ----------
    A. Chandrakasan et al., Low-Power CMOS Digital Design, IEEE J. Solid-State Circuits 27 (1992): dynamic power.
    Measured on A100 under caps: D. Zhao et al., Sustainable Supercomputing for AI: GPU Power Capping at HPC Scale, SoCC 2023.

    Examples
    --------
    An H100 of 70 to 700 W at 600 W and at 350 W:

    >>> [round(clock_at_cap(cap, 70.0, 700.0), 3) for cap in (700.0, 600.0, 350.0)]
    [1.0, 0.944, 0.763]
    """
    share = np.clip((np.asarray(cap_w, np.float64) - idle_w) / (max_w - idle_w), 0.0, 1.0)
    clock = np.where(share >= voltage_min_fraction**3, np.cbrt(share), share / voltage_min_fraction**2)
    return float(clock) if isinstance(cap_w, float | int) else clock


def capped_throughput(clock_fraction: F, waiting_fraction: float) -> F:
    """Throughput of a job whose GPUs run at a lower clock.

    Parameters
    ----------
    clock_fraction : float or array of float
        Clock over full clock, greater than 0.
    waiting_fraction : float
        Part of a step at full clock in which GPUs wait for each other: a lower clock does not lengthen it.

    Returns
    -------
    float or array of float
        Throughput over that at full clock.

    Notes
    -----
    ``1 / (waiting + (1 - waiting) / clock)``: Amdahl's law backwards. Work that is bound by memory loses less than this; work
    in eight-bit numbers on tensor cores, which reaches the cap all the time, may lose more.

    References
    ----------
    G. M. Amdahl, AFIPS 1967. Published for training on H100 capped at 600 of 700 W: 5 to 15 % less
    (https://factryze.ai/scale-atlas/power/power-capping).

    Examples
    --------
    At 94.4 % of the clock, a job that waits in a fifth of its steps loses 4.5 %:

    >>> round(capped_throughput(0.944, 0.2), 3)
    0.955
    """
    return 1.0 / (waiting_fraction + (1.0 - waiting_fraction) / clock_fraction)
