"""Quantities: every unit means what it says, what may mean two things is refused, and every hint can be followed."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.units import UNITS, QuantityError, figure, parse_quantity, unit_of, written_units

WRITTEN = [(suffix, unit) for suffix, (_, table) in UNITS.items() for unit in table]
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12).map(lambda number: round(number, 6))


def refusal(text: str, suffix: str) -> QuantityError:
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text, suffix)
    return caught.value


@pytest.mark.parametrize(
    ("text", "suffix", "value"),
    [
        ("12 MW", "kw", 12_000),
        ("12MW", "kw", 12_000),
        ("  12   MW ", "kw", 12_000),
        ("+1.5e3 W", "kw", 1.5),
        ("0.1 kW", "w", 100),
        ("12_000 kW", "kw", 12_000),
        ("-3 kW", "kw", -3),
        ("400 Gbit/s", "gbit_per_s", 400),
        ("0.4 Tbit/s", "gbit_per_s", 400),
        ("50 GB/s", "gbit_per_s", 400),
        ("400 Gbit/s", "gbyte_per_s", 50),
        ("1 GiB", "gb", 1.073741824),
        ("1 TB", "tb", 1),
        ("10 ft", "m", 3.048),
        ("2 t", "kg", 2_000),
        ("1 lb", "kg", 0.45359237),
        ("2.5 BUSD", "usd", 2.5e9),
        ("11.7 MUSD/MW", "usd_per_kw", 11_700),
    ],
)
def test_a_quantity_is_converted_to_the_unit_of_the_name(text: str, suffix: str, value: float) -> None:
    assert parse_quantity(text, suffix) == value


@given(st.sampled_from(WRITTEN), NUMBERS)
def test_any_unit_written_out_gives_the_same_number_back(written: tuple[str, str], number: float) -> None:
    suffix, unit = written
    factor = UNITS[suffix][1][unit]
    assert parse_quantity(f"{number} {unit}", suffix) == pytest.approx(number * factor, rel=1e-14, abs=1e-300)


@given(st.sampled_from([suffix for suffix in UNITS if UNITS[suffix][1]]), NUMBERS)
def test_the_unit_of_the_name_itself_changes_no_digit(suffix: str, number: float) -> None:
    assert parse_quantity(f"{number} {UNITS[suffix][0]}", suffix) == number


@given(st.sampled_from(sorted(UNITS)), st.integers(1, 10**6), st.data())
def test_two_units_of_a_table_agree(suffix: str, number: int, data: st.DataObject) -> None:
    table = UNITS[suffix][1]
    assume(table)
    one, other = data.draw(st.sampled_from(list(table))), data.draw(st.sampled_from(list(table)))
    converted = number * table[one] / table[other]
    assert parse_quantity(f"{converted:.17g} {other}", suffix) == pytest.approx(parse_quantity(f"{number} {one}", suffix))


@pytest.mark.parametrize(
    ("text", "suffix", "words"),
    [
        ("12", "kw", "'12' has no unit"),
        ("1e5", "kw", "has no unit"),
        ("MW", "kw", "is not a quantity"),
        ("", "kw", "is not a quantity"),
        ("12 MW MW", "kw", "is not a quantity"),
        ("nan kW", "kw", "is not a quantity"),
        ("inf kW", "kw", "is not a quantity"),
        ("0x10 kW", "kw", "is not a quantity"),
        ("twelve MW", "kw", "is not a quantity"),
        ("12 kWh", "kw", "'kWh' is not a unit of kW"),
        ("12 GB", "gbit_per_s", "'GB' is not a unit of Gbit/s"),
        ("1,200 kW", "kw", "has a comma"),
        ("1,5 Gb", "gbit_per_s", "has a comma"),
        ("1e400 kW", "kw", "is not a finite number"),
        ("9" * 400 + " kW", "kw", "is not a finite number"),
        ("400 Gb", "gbit_per_s", "is ambiguous: 400 Gbit or 400 Gbyte?"),
        ("400 Gb/s", "gbit_per_s", "is ambiguous"),
        ("400 Gbps", "gbit_per_s", "is ambiguous"),
        ("400 GBps", "gbit_per_s", "is not spelled out"),
        ("80 Gb", "gb", "is ambiguous"),
        ("400 Gb/s", "gb", "'Gb/s' is not a unit of GB"),
        ("400 Gb", "kw", "'Gb' is not a unit of kW"),
        ("400 Gib", "gbit_per_s", "'Gib' is not a unit"),
        ("3 ducks", "count", "'ducks' is not a unit of a plain number"),
    ],
)
def test_what_is_no_quantity_is_refused_with_a_hint(text: str, suffix: str, words: str) -> None:
    error = refusal(text, suffix)
    assert words in str(error)
    assert error.hint


def test_the_two_meanings_of_an_ambiguous_unit_are_written_out() -> None:
    hint = "write '400 Gbit/s' (= 50 Gbyte/s) or '400 Gbyte/s' (= 3200 Gbit/s)"
    assert refusal("400 Gb", "gbit_per_s").hint == hint


def test_the_case_of_a_unit_matters_and_is_suggested() -> None:
    assert refusal("12 mw", "kw").hint == "did you mean MW? (units allowed here: W, kW, MW, GW)"
    assert refusal("400 Gbit", "gbit_per_s").hint.startswith("did you mean Gbit/s?")


ODD = [
    f"{prefix}{unit}{rate}"
    for prefix in ("", "k", "G", "E", "Gi")
    for unit in ("b", "B", "bit", "W", "g")
    for rate in ("", "/s", "ps")
]


@pytest.mark.parametrize("suffix", ["gbit_per_s", "gbyte_per_s", "gb", "gib", "kw", "count"])
@pytest.mark.parametrize("unit", ODD)
def test_every_quantity_that_a_hint_writes_is_accepted(suffix: str, unit: str) -> None:
    text = f"1_0.5 {unit}"
    try:
        parse_quantity(text, suffix)
    except QuantityError as error:
        hint = error.hint
    else:
        return
    for written in re.findall(r"'([^']+)'", hint):
        parse_quantity(written, suffix)
    for unit in re.findall(r"did you mean ([^?]+)\?", hint):
        parse_quantity(f"1 {unit}", suffix)


@given(st.text(), st.sampled_from(sorted(UNITS)))
def test_any_text_is_a_finite_number_or_refused_in_few_words(text: str, suffix: str) -> None:
    message = ""
    try:
        assert abs(parse_quantity(text, suffix)) < float("inf")
    except QuantityError as error:
        message = str(error)
    assert len(message) < 200


def test_a_long_text_is_cut_in_the_message() -> None:
    assert len(str(refusal("1" * 100_000, "kw"))) < 100
    assert len(str(refusal("1 " + "x" * 100_000, "kw"))) < 100


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("grid_feed_kw", "kw"),
        ("link_gbit_per_s", "gbit_per_s"),
        ("memory_gbyte_per_s", "gbyte_per_s"),
        ("price_usd_per_kw", "usd_per_kw"),
        ("overhead_kw_per_kw", "kw_per_kw"),
        ("retrieved_on", "on"),
        ("racks", None),
        ("kw", None),
        ("sitekw", None),
    ],
)
def test_the_longest_suffix_is_the_unit_of_a_name(name: str, suffix: str | None) -> None:
    assert unit_of(name) == suffix


@pytest.mark.parametrize("suffix", UNITS)
def test_the_unit_on_display_may_be_written(suffix: str) -> None:
    shown, table = UNITS[suffix]
    assert written_units(suffix) == list(table)
    assert not table or table[shown] == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1976.2545, "1,976"),
        (12.3456, "12.35"),
        (-12.3456, "-12.35"),
        (8192, "8,192"),
        (70908191.2, "70,908,191"),
        (0.00321, "0.00321"),
        (0.5, "0.5"),
        (1e13, "10,000,000,000,000"),
        (float("inf"), "unlimited"),
    ],
)
def test_a_figure_is_readable(value: float, text: str) -> None:
    assert figure(value) == text


@given(st.floats(-1e15, 1e15))
def test_a_figure_is_right_to_its_digits(value: float) -> None:
    assert float(figure(value).replace(",", "")) == pytest.approx(value, rel=0.5e-3, abs=1e-300)
