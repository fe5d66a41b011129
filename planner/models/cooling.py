"""What it takes to carry heat away."""

from __future__ import annotations

__all__ = ["cooling_power_kw"]


def cooling_power_kw(heat_kw: float, overhead_kw_per_kw: float) -> float:
    """Electrical power of a cooling plant.

    Parameters
    ----------
    heat_kw : float
        Heat that the plant removes [kW].
    overhead_kw_per_kw : float
        Electricity of fans, pumps and chillers per heat removed [kW/kW], an annual average.

    Returns
    -------
    float
        Electrical power [kW].

    Notes
    -----
    ``P = heat * overhead``; the inverse of the overhead is the plant's coefficient of performance.

    References
    ----------
    ASHRAE Handbook - HVAC Applications (2019), on data centers: coefficient of performance of a cooling plant.

    Examples
    --------
    >>> cooling_power_kw(1000.0, 0.3)
    300.0
    """
    return heat_kw * overhead_kw_per_kw
