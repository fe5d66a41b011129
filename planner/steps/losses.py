"""The loss law of a stage of the power chain, from its catalog row and the points of its curve."""

from __future__ import annotations

import math

from planner.catalog import Catalog
from planner.catalog.records import EfficiencyPoint, PowerStage
from planner.models.losses import LossLaw, curve_law, square_law

__all__ = ["loss_law"]


def loss_law(row: PowerStage, catalog: Catalog, rating_kw: float | None = None) -> LossLaw:
    """Make the loss law of one piece of a stage.

    Parameters
    ----------
    row : PowerStage
        The stage.
    catalog : Catalog
        Where the points of its curve are.
    rating_kw : float, optional
        In place of the row's rating; losses scale with it. A curve needs one or the other.
    """
    rating = rating_kw or row.rating_kw or math.inf
    if row.loss_law == "curve":
        points = [point for point in catalog.all(EfficiencyPoint) if point.item == row.id]
        return curve_law(
            rating, tuple(point.load_fraction for point in points), tuple(point.efficiency_fraction for point in points)
        )
    assert row.efficiency_fraction is not None  # noqa: S101 - the record refuses a row without
    if row.loss_law == "square":
        assert row.load_fraction is not None  # noqa: S101 - the same
        assert row.no_load_share_fraction is not None  # noqa: S101 - the same
        return square_law(rating, row.load_fraction, row.efficiency_fraction, row.no_load_share_fraction)
    return LossLaw(rating_kw=rating, fixed_kw=(row.fixed_loss_w or 0.0) / 1000, efficiency_fraction=row.efficiency_fraction)
