"""The units of a cooling circuit as plain numbers: at the racks, pumps and loops, chillers, economizer."""

from __future__ import annotations

from dataclasses import dataclass

from planner.models.rejection import Rejection

__all__ = ["Circuit", "Compressor", "Economizer", "Loop", "Terminal"]


@dataclass(frozen=True)
class Terminal:
    """Units at the racks, all alike: how many there are and are needed, and the rating of one.

    `hot_kw_per_k` and `cold_kw_per_k`: what its coolant or air (of 1.2 kg/m3), and the facility water, carry at rated flows;
    the latter and `ua_kw_per_k` are 0 without facility water. Its flow turns down to a share of the rated one: 1 is constant.
    """

    role: str
    count: int
    needed_count: int
    capacity_kw: float
    power_max_kw: float
    hot_kw_per_k: float
    cold_kw_per_k: float
    ua_kw_per_k: float
    turndown_fraction: float


@dataclass(frozen=True)
class Loop:
    """A pumped loop: flow (as capacity rate) and pump power at the design hour; what the needed pumps can deliver."""

    kw_per_k: float
    rise_k: float
    power_kw: float
    turndown_fraction: float
    capacity_kw_per_k: float


@dataclass(frozen=True)
class Compressor:
    """Chillers or the compressors of DX units: how many there are and are needed, the rating and part-load curve of one."""

    count: int
    needed_count: int
    capacity_kw: float
    cop_ratio: float
    leaving_c: float
    entering_c: float
    load_fractions: tuple[float, ...]
    factor_ratios: tuple[float, ...]


@dataclass(frozen=True)
class Economizer:
    """The exchanger between facility water and the outdoor loop: conductance, and the flows that it is made for."""

    ua_kw_per_k: float
    hot_kw_per_k: float
    cold_kw_per_k: float


@dataclass(frozen=True)
class Circuit:
    """One medium's way from the racks to the sky; what it lacks is None.

    `supply_c` and `rise_k`: coolant or air at the racks. `outdoor_loop` runs between chiller or economizer and rejection;
    without it, facility water itself goes outdoors. A pad of `pad_fraction` (0: none) is wetted above `assist_above_c`.
    """

    supply_c: float
    rise_k: float
    terminal: Terminal
    facility: Loop | None = None
    outdoor_loop: Loop | None = None
    economizer: Economizer | None = None
    chiller: Compressor | None = None
    rejection: Rejection | None = None
    free: bool = False
    pad_fraction: float = 0.0
    assist_above_c: float = 0.0
    dry: bool = False
    cycles_ratio: float = 4.0
    drift_fraction: float = 0.0
