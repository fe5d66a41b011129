"""What a piece of the power chain takes for what it delivers: constant efficiency, square law, or a maker's curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["LossLaw", "curve_law", "input_kw", "square_law"]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)


@dataclass(frozen=True)
class LossLaw:
    """How one piece of equipment loses power; the terms add up, and what does not apply stays at its default.

    Attributes
    ----------
    rating_kw : float
        What it delivers at full load [kW]; load fractions are of this. Infinite where no term depends on it.
    fixed_kw : float
        Drawn behind the converter whatever the load [kW]: input is (output + fixed) / efficiency.
    efficiency_fraction : float
        Output over input of the constant part, greater than 0, at most 1.
    no_load_kw : float
        Lost at any load [kW]: a transformer's core.
    square_kw : float
        Lost at full load, growing with the square of the load [kW]: conductors.
    load_points, efficiency_points : tuple of float
        A maker's curve, by rising load fraction. Where there is one, the other terms are not used.
    """

    rating_kw: float = math.inf
    fixed_kw: float = 0.0
    efficiency_fraction: float = 1.0
    no_load_kw: float = 0.0
    square_kw: float = 0.0
    load_points: tuple[float, ...] = ()
    efficiency_points: tuple[float, ...] = ()


def input_kw(law: LossLaw, output_kw: F) -> F:
    """Power that a piece of equipment takes to deliver a load.

    Parameters
    ----------
    law : LossLaw
        How it loses.
    output_kw : float or array of float
        What it delivers [kW], at least 0.

    Returns
    -------
    float or array of float
        What it takes [kW], never less than it delivers.

    Notes
    -----
    Without a curve, with x the load over the rating::

        input = (output + fixed) / efficiency + no_load + square x^2

    With a curve the efficiency is interpolated linearly over x. Below the curve's first point the loss in kW stays that of the
    first point (an idle UPS still runs its fans and switches its transistors); above the last point the efficiency stays that
    of the last point. A curve on which more output needs less input is refused where the catalog is read.

    References
    ----------
    IEC 62040-3:2021, annex J (UPS efficiency is stated at 25, 50, 75 and 100 % load); IEC 60076-1:2011 (no-load and load loss).
    For (output + fixed) / efficiency: the converter and rectifier model of RAPS (W. Brewer et al., A Digital Twin Framework for
    Liquid-cooled Supercomputers as Demonstrated at Exascale, SC24).

    Examples
    --------
    A node of 626.26 W behind a converter that takes 13 W and passes 98 % of the rest:

    >>> round(input_kw(LossLaw(fixed_kw=0.013, efficiency_fraction=0.98), 0.62626), 5)
    0.65231

    Half of 1,000 kW through a transformer that loses 1.25 kW in its core and 10 kW in its windings at full load:

    >>> input_kw(LossLaw(rating_kw=1000.0, no_load_kw=1.25, square_kw=10.0), 500.0)
    503.75

    A curve of 90 % at a quarter and 96 % at full load is at 93 % between them, and loses 27.8 kW when idle:

    >>> law = LossLaw(rating_kw=1000.0, load_points=(0.25, 1.0), efficiency_points=(0.90, 0.96))
    >>> [round(float(kw), 1) for kw in input_kw(law, np.array([0.0, 250.0, 625.0, 1000.0, 1200.0]))]
    [27.8, 277.8, 672.0, 1041.7, 1250.0]
    """
    output = np.asarray(output_kw, dtype=np.float64)
    share = output / law.rating_kw
    if law.load_points:
        first = law.load_points[0] * law.rating_kw
        first_loss_kw = first / law.efficiency_points[0] - first
        efficiency = np.interp(share, law.load_points, law.efficiency_points)
        result = np.where(output <= first, output + first_loss_kw, output / efficiency)
    else:
        result = (output + law.fixed_kw) / law.efficiency_fraction + law.no_load_kw + law.square_kw * share * share
    return float(result) if isinstance(output_kw, float | int) else result


def square_law(rating_kw: float, load_fraction: float, efficiency_fraction: float, no_load_share_fraction: float) -> LossLaw:
    """Split the loss at one load into a part without load and a part that grows with the square of the load.

    Parameters
    ----------
    rating_kw : float
        Full load [kW].
    load_fraction : float
        Load at which the efficiency is stated, over full load.
    efficiency_fraction : float
        Output over input there.
    no_load_share_fraction : float
        Part of the loss there that is lost without load, too; 0.5 puts the best efficiency at that load.

    Returns
    -------
    LossLaw
        The law with these two losses.

    Notes
    -----
    ``loss = x rating (1 / efficiency - 1)`` at load fraction x; ``no_load = share loss``, ``square = (1 - share) loss / x^2``.

    References
    ----------
    10 CFR 431.196 (efficiencies at 35 % load, dry type to 600 V; at 50 % load otherwise); IEC 60076-1:2011.

    Examples
    --------
    A dry-type transformer of 1,000 kVA at the US minimum loses 2.538 kW at 35 % load:

    >>> law = square_law(1000.0, 0.35, 0.9928, 0.5)
    >>> round(law.no_load_kw, 3), round(law.square_kw, 2), round(1000.0 / input_kw(law, 1000.0), 5)
    (1.269, 10.36, 0.9885)
    """
    loss_kw = load_fraction * rating_kw * (1.0 / efficiency_fraction - 1.0)
    return LossLaw(
        rating_kw=rating_kw,
        no_load_kw=no_load_share_fraction * loss_kw,
        square_kw=(1.0 - no_load_share_fraction) * loss_kw / load_fraction**2,
    )


def curve_law(rating_kw: float, load_points: tuple[float, ...], efficiency_points: tuple[float, ...]) -> LossLaw:
    """Make the law of a maker's curve, its points in any order.

    Parameters
    ----------
    rating_kw : float
        Full load [kW].
    load_points : tuple of float
        Loads over full load, each greater than 0.
    efficiency_points : tuple of float
        Output over input at each.

    Returns
    -------
    LossLaw
        The law, points by rising load.

    Notes
    -----
    See `input_kw` for what holds between and beyond the points.

    References
    ----------
    IEC 62040-3:2021, annex J (the loads at which UPS efficiency is stated).

    Examples
    --------
    >>> curve_law(500.0, (1.0, 0.5), (0.96, 0.95)).load_points
    (0.5, 1.0)
    """
    points = sorted(zip(load_points, efficiency_points, strict=True))
    loads, efficiencies = zip(*points, strict=True)
    return LossLaw(rating_kw=rating_kw, load_points=loads, efficiency_points=efficiencies)
