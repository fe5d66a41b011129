"""Block diagrams against the sum over all states, against trials, and against cut sets found by trying all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.diagrams import (
    Diagram,
    DiagramTooLargeError,
    Gate,
    diagram,
    diagram_unavailability,
    states_up,
)
from planner.models.importance import birnbaum, mean_times, minimal_cut_sets


def works(gates: Sequence[Gate], up: Sequence[bool]) -> bool:
    """Evaluate a structure in one state, gate by gate: the referee."""
    values: list[bool] = []
    for gate in gates:
        alive = sum(up[each] if each >= 0 else values[-1 - each] for each in gate.inputs)
        values.append(alive >= gate.needed_count)
    return values[-1]


def all_states(count: int) -> list[tuple[bool, ...]]:
    return list(itertools.product((True, False), repeat=count))


def enumerated(gates: Sequence[Gate], q: Sequence[float]) -> float:
    return sum(
        math.prod(1 - each if up else each for each, up in zip(q, state, strict=True))
        for state in all_states(len(q))
        if not works(gates, state)
    )


@st.composite
def structures(draw: st.DrawFn, components_max: int = 9) -> tuple[int, list[Gate]]:
    """Random gates over components that they may share, and over one another."""
    count = draw(st.integers(1, components_max))
    gates: list[Gate] = []
    for number in range(draw(st.integers(1, 6))):
        known = [*range(count), *(-1 - each for each in range(number))]
        inputs = tuple(draw(st.lists(st.sampled_from(known), min_size=1, max_size=5)))
        gates.append(Gate(draw(st.integers(0, len(inputs) + 1)), inputs))
    return count, gates


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, list[Gate], list[float]]:
    count, gates = draw(structures())
    return count, gates, draw(st.lists(st.floats(0.0, 1.0), min_size=count, max_size=count))


@settings(max_examples=150, deadline=None)
@given(case=cases(), seed=st.randoms(use_true_random=False))
def test_a_diagram_is_the_sum_over_all_states_in_any_order(case: tuple[int, list[Gate], list[float]], seed: object) -> None:
    count, gates, q = case
    order = list(range(count))
    seed.shuffle(order)  # type: ignore[attr-defined]
    expected = enumerated(gates, q)
    for graph in (diagram(count, gates), diagram(count, gates, order=order)):
        assert diagram_unavailability(graph, q)[0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(case=cases())
def test_birnbaum_is_down_with_it_out_less_down_with_it_in(case: tuple[int, list[Gate], list[float]]) -> None:
    count, gates, q = case
    found = birnbaum(diagram(count, gates), q)
    for component in range(count):
        out, back = list(q), list(q)
        out[component], back[component] = 1.0, 0.0
        assert found[component] == pytest.approx(enumerated(gates, out) - enumerated(gates, back), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(case=structures(7), order_max=st.integers(0, 4))
def test_minimal_cut_sets_are_all_that_trying_finds(case: tuple[int, list[Gate]], order_max: int) -> None:
    count, gates = case
    cuts = [
        frozenset(out)
        for order in range(order_max + 1)
        for out in itertools.combinations(range(count), order)
        if not works(gates, [each not in out for each in range(count)])
    ]
    minimal = {cut for cut in cuts if not any(other < cut for other in cuts)}
    graph = diagram(count, gates)
    found = minimal_cut_sets(graph, order_max)
    assert len(found) == len(set(found))
    assert set(found) == minimal
    q = [0.1 * (each + 1) for each in range(count)]
    likely = {cut for cut in minimal if math.prod(q[each] for each in cut) >= 0.05}
    assert set(minimal_cut_sets(graph, order_max, fractions=q, fraction_min=0.05 - 1e-12)) == likely


@settings(max_examples=100, deadline=None)
@given(case=structures())
def test_many_states_at_once_are_each_state_alone(case: tuple[int, list[Gate]]) -> None:
    count, gates = case
    states = all_states(count)
    bits = [sum(1 << number for number, state in enumerate(states) if state[each]) for each in range(count)]
    up = states_up(gates, bits, (1 << len(states)) - 1)[-1]
    assert [bool(up >> number & 1) for number in range(len(states))] == [works(gates, state) for state in states]


def power_path() -> tuple[int, list[Gate]]:
    """Two utilities, two transformers, five modules of which four are needed a side, a busbar a side; either side is enough."""
    side_a = [Gate(1, (0, 1)), Gate(4, (4, 5, 6, 7, 8)), Gate(4, (-1, 2, -2, 14))]
    side_b = [Gate(1, (0, 1)), Gate(4, (9, 10, 11, 12, 13)), Gate(4, (-4, 3, -5, 15))]
    return 16, [*side_a, *side_b, Gate(1, (-3, -6))]


def test_trials_agree_within_four_sigma() -> None:
    count, gates = power_path()
    rng = np.random.default_rng(20_261_124)
    q = rng.uniform(0.02, 0.25, count)
    trials = 400_000
    up = rng.random((count, trials)) >= q[:, None]
    values: list[np.ndarray] = []
    for gate in gates:
        alive = sum((up[each] if each >= 0 else values[-1 - each]).astype(np.int8) for each in gate.inputs)
        values.append(alive >= gate.needed_count)
    share = 1 - values[-1].mean()
    exact = float(diagram_unavailability(diagram(count, gates), q.tolist())[0])
    assert 0.01 < exact < 0.5
    assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / trials)


def test_many_cases_at_once_are_each_case_alone() -> None:
    count, gates = power_path()
    q = np.random.default_rng(7).uniform(0, 0.3, (count, 5))
    graph = diagram(count, gates)
    together = diagram_unavailability(graph, list(q))[0]
    slopes = birnbaum(graph, list(q))
    for case in range(5):
        alone = q[:, case].tolist()
        assert np.asarray(together)[case] == pytest.approx(float(diagram_unavailability(graph, alone)[0]), rel=1e-12)
        assert [np.asarray(each)[case] for each in slopes] == pytest.approx(birnbaum(graph, alone), rel=1e-9)


def test_nine_nines_keep_their_digits() -> None:
    q = 8 / 250_008
    assert diagram_unavailability(diagram(2, [Gate(1, (0, 1))]), [q, q])[0] == pytest.approx(q * q, rel=1e-14)


def test_forty_modules_and_five_hundred_rows_stay_small() -> None:
    modules = diagram(40, [Gate(38, tuple(range(40)))])
    assert len(modules.components) <= 2 + 40 * 3
    # 500 rows, each with a busway of its own to either side, behind the sides 0 and 1
    gates: list[Gate] = []
    for row in range(500):
        a, b = 2 + 2 * row, 3 + 2 * row
        gates += [Gate(2, (0, a)), Gate(2, (1, b)), Gate(1, (-len(gates) - 1, -len(gates) - 2))]
    gates.append(Gate(500, tuple(-3 * (row + 1) for row in range(500))))
    rows = diagram(1002, gates)
    q = 1e-3
    # both sides up: every row has one of two; one side up: every row's busway on it must work
    both = (1 - q * q) ** 500
    one = (1 - q) ** 500
    exact = 1 - ((1 - q) ** 2 * both + 2 * q * (1 - q) * one)
    assert len(rows.components) < 3000
    assert diagram_unavailability(rows, [q] * 1002)[0] == pytest.approx(exact, rel=1e-9)


def test_a_group_weighs_as_many_as_must_be_out() -> None:
    """Component 1 stands for five modules of which four are needed: two of them out count twice."""
    graph = diagram(3, [Gate(2, (0, 1)), Gate(1, (-1, 2))])
    assert minimal_cut_sets(graph, 2, [1, 2, 1]) == [frozenset({0, 2})]
    assert minimal_cut_sets(graph, 3, [1, 2, 1]) == [frozenset({0, 2}), frozenset({1, 2})]


def test_mean_times_of_a_series_and_of_one_component() -> None:
    assert mean_times(diagram(1, [Gate(1, (0,))]), [1000.0], [10.0]) == (pytest.approx(1000.0), pytest.approx(10.0))
    mtbf, _ = mean_times(diagram(2, [Gate(2, (0, 1))]), [1000.0, 500.0], [10.0, 20.0])
    assert 1 / mtbf == pytest.approx(1 / 1000 + 1 / 500)
    assert mean_times(diagram(1, [Gate(0, (0,))]), [1000.0], [10.0]) == (math.inf, 0.0)


def test_a_structure_beyond_the_limit_is_refused() -> None:
    pairs = [Gate(2, (each, 12 + each)) for each in range(12)]
    gates = [*pairs, Gate(1, tuple(-1 - each for each in range(12)))]
    with pytest.raises(DiagramTooLargeError):
        diagram(24, gates, nodes_max_count=1000)  # all first halves before all second halves: the worst order
    good = diagram(24, gates, order=[half + each for each in range(12) for half in (0, 12)], nodes_max_count=1000)
    assert isinstance(good, Diagram)
