"""Laws of loss, held against the regulation's table, a published converter model, and monotony."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import CATALOG
from planner.catalog.records import PowerStage
from planner.models.losses import LossLaw, curve_law, input_kw, square_law
from planner.steps.losses import loss_law

# 10 CFR 431.196(a)(2): three-phase dry type to 600 V, percent at 35 % load.
SIZES = (15, 30, 45, 75, 112.5, 150, 225, 300, 500, 750, 1000)
TABLE = dict(zip(SIZES, (97.89, 98.23, 98.40, 98.60, 98.74, 98.83, 98.94, 99.02, 99.14, 99.23, 99.28), strict=True))

FRACTIONS = st.floats(0.5, 1.0)
LAWS = st.one_of(
    st.builds(LossLaw, fixed_kw=st.floats(0, 50), efficiency_fraction=FRACTIONS),
    st.builds(square_law, st.floats(1, 5000), st.floats(0.1, 1), st.floats(0.8, 1), st.floats(0, 1)),
    st.sampled_from([loss_law(row, CATALOG) for row in CATALOG.all(PowerStage) if row.loss_law == "curve"]),
)


def efficiency(law: LossLaw, load_kw: float) -> float:
    return load_kw / input_kw(law, load_kw)


@pytest.mark.parametrize(("kva", "percent"), TABLE.items())
def test_catalog_transformers_meet_the_regulation_at_35_percent_and_are_best_there(kva: float, percent: float) -> None:
    law = loss_law(CATALOG.get(PowerStage, f"transformer-doe-2016-{kva:g}kva"), CATALOG)
    assert 100 * efficiency(law, 0.35 * kva) == pytest.approx(percent, abs=1e-9)
    loads = np.linspace(0.05, 1.2, 1151) * kva
    assert loads[np.argmax(loads / input_kw(law, loads))] == pytest.approx(0.35 * kva, rel=2e-3)


def test_a_transformer_of_1_mva_in_numbers() -> None:
    law = loss_law(CATALOG.get(PowerStage, "transformer-doe-2016-1000kva"), CATALOG)
    assert input_kw(law, 350.0) - 350 == pytest.approx(2.538, abs=5e-4)
    assert law.no_load_kw == pytest.approx(1.269, abs=5e-4)
    assert law.square_kw == pytest.approx(10.36, abs=5e-3)
    assert 100 * efficiency(law, 500.0) == pytest.approx(99.234, abs=5e-4)
    assert 100 * efficiency(law, 1000.0) == pytest.approx(98.850, abs=5e-4)


def test_between_the_sizes_of_the_table_the_minimum_is_interpolated() -> None:
    # The regulation's own rule for ratings that are not in its table.
    sizes, minimum = list(TABLE), list(TABLE.values())
    between = float(np.interp(400, sizes, minimum))
    assert between == pytest.approx((99.02 + 99.14) / 2)
    law = square_law(400.0, 0.35, between / 100, 0.5)
    low, high = (loss_law(CATALOG.get(PowerStage, f"transformer-doe-2016-{kva}kva"), CATALOG) for kva in (300, 500))
    assert efficiency(low, 105.0) < efficiency(law, 140.0) < efficiency(high, 175.0)


def test_the_converters_and_rectifiers_of_the_frontier_model() -> None:
    # RAPS: a node's converter takes 13 W and passes 98 %, a rectifier 17 W and 96 %.
    converter = loss_law(CATALOG.get(PowerStage, "converter-frontier"), CATALOG)
    rectifier = loss_law(CATALOG.get(PowerStage, "rectifier-frontier"), CATALOG)
    assert input_kw(converter, 0.62626) == pytest.approx((0.62626 + 0.013) / 0.98)
    assert input_kw(rectifier, 3.0) == pytest.approx((3.0 + 0.017) / 0.96)


@given(law=LAWS, loads=st.lists(st.floats(0, 1e4), min_size=2, max_size=20))
def test_more_output_takes_more_and_never_less_than_itself(law: LossLaw, loads: list[float]) -> None:
    loads = sorted(loads)
    taken = input_kw(law, np.array(loads))
    assert np.all(taken >= np.array(loads) * (1 - 1e-12))
    for (less, more), (low, high) in zip(pairwise(loads), pairwise(taken), strict=True):
        assert high >= low - 1e-9 * max(more, 1.0)
        assert high - low >= (more - less) * (1 - 1e-9) - 1e-9 or law.load_points, "losses of a law in closed form never shrink"
    assert [input_kw(law, load) for load in loads] == pytest.approx(list(taken))


@pytest.mark.parametrize("item", ["ups-double-conversion", "ups-eco-mode", "ups-rotary"])
def test_a_curve_meets_its_points_and_its_loss_stays_below_the_first(item: str) -> None:
    law = loss_law(CATALOG.get(PowerStage, item), CATALOG)
    for load, eff in zip(law.load_points, law.efficiency_points, strict=True):
        assert efficiency(law, load * law.rating_kw) == pytest.approx(eff)
    first_kw = law.load_points[0] * law.rating_kw
    assert input_kw(law, 0.0) == pytest.approx(input_kw(law, first_kw) - first_kw)
    assert efficiency(law, 2 * law.rating_kw) == pytest.approx(law.efficiency_points[-1])


def test_a_larger_module_of_the_same_kind_loses_in_proportion() -> None:
    for item in ("ups-double-conversion", "transformer-doe-2016-1000kva"):
        row = CATALOG.get(PowerStage, item)
        one, two = loss_law(row, CATALOG), loss_law(row, CATALOG, 2 * (row.rating_kw or 0))
        assert input_kw(two, 1200.0) == pytest.approx(2 * input_kw(one, 600.0))


def test_eco_mode_loses_about_a_third_and_published_ranges_hold() -> None:
    double, eco = (loss_law(CATALOG.get(PowerStage, item), CATALOG) for item in ("ups-double-conversion", "ups-eco-mode"))
    for load in (250.0, 500.0, 750.0, 1000.0):
        assert 0.94 <= efficiency(double, load) <= 0.97
        assert efficiency(eco, load) <= 0.99
        ratio = (input_kw(eco, load) - load) / (input_kw(double, load) - load)
        assert 0.2 < ratio < 0.5


def test_points_come_in_any_order() -> None:
    assert curve_law(500.0, (1.0, 0.25, 0.5), (0.96, 0.9, 0.95)) == curve_law(500.0, (0.25, 0.5, 1.0), (0.9, 0.95, 0.96))
