"""Laws of the power chain and of a rack's PDUs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.models.power import pdus_per_rack, stage_input_kw

POWERS = st.floats(0.0, 1e6)
EFFICIENCIES = st.floats(0.01, 1.0)
REDUNDANCIES = st.sampled_from(["N", "N+1", "2N"])


@given(output_kw=POWERS)
def test_a_perfect_stage_loses_nothing(output_kw: float) -> None:
    assert stage_input_kw(output_kw, 1.0) == output_kw


@given(output_kw=POWERS, efficiency=EFFICIENCIES)
def test_a_stage_takes_what_it_delivers_and_its_loss(output_kw: float, efficiency: float) -> None:
    input_kw = stage_input_kw(output_kw, efficiency)
    assert input_kw >= output_kw
    assert input_kw * efficiency == pytest.approx(output_kw)


@given(output_kw=POWERS, more_kw=POWERS, efficiency=EFFICIENCIES, better=EFFICIENCIES)
def test_more_power_or_a_worse_stage_takes_no_less(output_kw: float, more_kw: float, efficiency: float, better: float) -> None:
    low, high = sorted((efficiency, better))
    assert stage_input_kw(output_kw + more_kw, low) >= stage_input_kw(output_kw, low) >= stage_input_kw(output_kw, high)


@given(output_kw=POWERS, efficiencies=st.lists(EFFICIENCIES, min_size=2, max_size=2))
def test_stages_in_a_row_multiply_their_efficiencies(output_kw: float, efficiencies: list[float]) -> None:
    first, second = efficiencies
    in_a_row = stage_input_kw(stage_input_kw(output_kw, first), second)
    assert in_a_row == pytest.approx(stage_input_kw(output_kw, first * second))


@given(count=st.integers(1, 50), pdu_kw=st.floats(0.1, 500.0), redundancy=REDUNDANCIES)
def test_pdus_of_a_rack_that_draws_their_exact_multiple(count: int, pdu_kw: float, redundancy: str) -> None:
    spares = {"N": 0, "N+1": 1, "2N": count}[redundancy]
    assert pdus_per_rack(count * pdu_kw, pdu_kw, redundancy) == count + spares
    # A little more needs one more.
    more = {"N": 1, "N+1": 1, "2N": 2}[redundancy]
    assert pdus_per_rack(count * pdu_kw * 1.001, pdu_kw, redundancy) == count + spares + more


def test_a_rack_that_draws_nothing_has_pdus_all_the_same() -> None:
    assert [pdus_per_rack(0.0, 34.5, redundancy) for redundancy in ("N", "N+1", "2N")] == [1, 2, 2]


@given(rack_kw=st.floats(0.0, 500.0), more_kw=st.floats(0.0, 100.0), pdu_kw=st.floats(1.0, 100.0), redundancy=REDUNDANCIES)
def test_pdus_carry_the_rack_and_more_power_never_needs_fewer(
    rack_kw: float, more_kw: float, pdu_kw: float, redundancy: str
) -> None:
    count = pdus_per_rack(rack_kw, pdu_kw, redundancy)
    # What is left when as many fail as the redundancy promises to bear.
    left = {"N": count, "N+1": count - 1, "2N": count // 2}[redundancy]
    assert left >= 1
    assert left * pdu_kw >= rack_kw * (1 - 1e-6) - 1e-6
    assert pdus_per_rack(rack_kw + more_kw, pdu_kw, redundancy) >= count
    assert pdus_per_rack(rack_kw, pdu_kw / 2, redundancy) >= count


def test_dgx_h100_superpod_has_three_pdus_a_rack() -> None:
    """RA-11333-001 V11, Table 7: 96 PDUs in 32 racks of four nodes."""
    assert 32 * pdus_per_rack(4 * 10.2, 34.5, "N+1") == 96
