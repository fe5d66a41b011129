"""The factory: what it accepts, that it is the same however it is written, and that the schema says the same."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from factories import CATALOG, any_factory, simple
from planner.spec import Factory, Section, allowed_keys, field_at, json_schema, unfold_quantities
from planner.units import UNITS, QuantityError, parse_quantity, unit_of

SCHEMA = Draft202012Validator(json_schema())


def factory(data: Any) -> Factory:
    return Factory.model_validate(data, context={"ids": CATALOG.ids()})


def shuffled(data: Any, rng: random.Random) -> Any:
    if not isinstance(data, dict):
        return data
    items = [(key, shuffled(value, rng)) for key, value in data.items()]
    rng.shuffle(items)
    return dict(items)


def quantities(data: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in data.items():
        suffix = unit_of(key)
        if isinstance(value, dict):
            found += quantities(value, (*path, key))
        elif suffix and UNITS[suffix][1]:
            found.append((*path, key))
    return found


@given(any_factory, st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(data: dict[str, Any], rng: random.Random) -> None:
    one, other = factory(data), factory(shuffled(data, rng))
    assert one.digest() == other.digest()
    assert one.model_dump_json() == other.model_dump_json()


@given(any_factory, st.data())
def test_a_unit_in_the_key_or_in_the_value_makes_the_same_factory(data: dict[str, Any], choice: st.DataObject) -> None:
    written = unfold_quantities(data)[0]
    for path in quantities(data):
        section = written
        for part in path[:-1]:
            section = section[part]
        suffix = unit_of(path[-1]) or ""
        stem = path[-1].removesuffix(f"_{suffix}")
        key = choice.draw(st.sampled_from([stem, path[-1]]))
        section[key] = f"{section.pop(path[-1])!r} {UNITS[suffix][0]}"
    unfolded, problems, renamed = unfold_quantities(written)
    assert problems == []
    assert factory(unfolded).digest() == factory(data).digest()
    assert all(unit_of(name[-1]) for name in renamed)


@given(any_factory)
def test_what_is_declared_is_a_factory_again_and_fits_the_schema(data: dict[str, Any]) -> None:
    declared = factory(data).declared()
    assert factory(declared) == factory(data)
    assert list(SCHEMA.iter_errors(declared)) == []


def test_a_default_written_out_is_the_same_factory() -> None:
    assert factory(simple()).digest() == factory(simple(deploy={"target": "bare-metal"}, hall={})).digest()


def test_another_number_is_another_factory() -> None:
    assert factory(simple(count=1)).digest() != factory(simple(count=2)).digest()


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "../a", "a\n", "a b", "\x1b[31m", "a" * 64, "é", "\u0661", 1, True, None]
)
def test_a_name_is_safe_as_a_file_name(name: Any) -> None:
    with pytest.raises(ValidationError):
        factory(simple() | {"name": name})


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a" * 63])
def test_a_good_name_is_kept(name: str) -> None:
    assert factory(simple() | {"name": name}).name == name


def issubclass_of_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


NUMBERS = [
    (section, name)
    for section in ("site", "hall", "budget", "workloads")
    for name in Factory.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
    if unit_of(name) and name != "elevation_m"  # there are places below the sea
]


@pytest.mark.parametrize("bad", [-1, -1e-9, float("nan"), float("inf"), 1e30, 10**400, True, "1", [1], {}])
@pytest.mark.parametrize(("section", "name"), NUMBERS)
def test_no_quantity_is_negative_absurd_or_not_a_number(section: str, name: str, bad: Any) -> None:
    data = simple()
    data[section] = data.get(section, {}) | {name: bad}
    with pytest.raises(ValidationError):
        factory(data)


@pytest.mark.parametrize("bad", [0, -1, 1.5, 1.0, 1_000_001, 10**400, True, "1", None])
def test_counts_are_whole_and_positive(bad: Any) -> None:
    with pytest.raises(ValidationError):
        factory(simple(count=bad))


@pytest.mark.parametrize(
    "section", [name for name, field in Factory.model_fields.items() if issubclass_of_section(field.annotation)]
)
def test_every_section_refuses_an_unknown_key(section: str) -> None:
    data = simple()
    data[section] = data.get(section, {}) | {"colour": "red"}
    with pytest.raises(ValidationError, match=f"{section}.colour\n +Extra inputs"):
        factory(data)


def test_a_factory_cannot_be_changed() -> None:
    made = factory(simple())
    with pytest.raises(ValidationError, match="frozen"):
        made.site.country = "NO"  # type: ignore[misc]


@pytest.mark.parametrize("key", ["hall", "power", "catalog", "description"])
def test_nothing_after_a_known_key_is_as_if_it_were_not_there(key: str) -> None:
    data, problems, _ = unfold_quantities(simple(**{key: None}))
    assert (data, problems) == (simple(), [])


def test_nothing_after_an_unknown_key_is_kept_to_be_refused() -> None:
    assert "halls" in unfold_quantities(simple(halls=None))[0]


@pytest.mark.parametrize(
    ("hall", "words"),
    [
        ({"rack_power": "12"}, "has no unit"),
        ({"rack_power": 12}, "12 has no unit"),
        ({"rack_power": "12 kg"}, "not a unit of kW"),
        ({"rack_power": "12 kW", "rack_power_kw": 12}, "say the same thing"),
    ],
)
def test_a_faulty_quantity_is_found_where_the_file_has_it(hall: dict[str, Any], words: str) -> None:
    ((path, message, hint),) = unfold_quantities(simple(hall=hall))[1]
    assert path == ("hall", "rack_power")
    assert words in message
    assert hint


def test_a_quantity_may_stand_beside_an_empty_twin() -> None:
    assert unfold_quantities(simple(hall={"rack_power": "12 kW", "rack_power_kw": None}))[:2] == (
        simple(hall={"rack_power_kw": 12.0}),
        [],
    )


KEYS = st.sampled_from([*Factory.model_fields, *allowed_keys(("hall",)), "nodes", "dgx-h100", "compute", "link", "[key]", ""])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["12 MW", "400 Gb", "dgx-h100"])
)
NESTED = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=5))


@given(NESTED | st.fixed_dictionaries(dict.fromkeys(Factory.model_fields, NESTED)))
def test_any_data_is_a_factory_or_a_validation_error(data: Any) -> None:
    unfolded, problems, _ = unfold_quantities(data)
    assert all(message for _, message, _ in problems)
    try:
        factory(unfolded)
    except ValidationError as error:
        assert error.error_count() > 0  # noqa: PT017 - both outcomes are right


def test_a_field_is_found_by_its_path() -> None:
    field = field_at(("fabrics", "compute", "tiers"))
    assert field is not None
    assert "Default" in (field.description or "")
    assert field_at(("fabrics", "compute", "tiers", "x")) is None
    assert field_at(("nowhere",)) is None


def test_allowed_keys_hold_both_ways_to_write_a_quantity() -> None:
    assert allowed_keys(("site", "design_day")) == ["dry_bulb", "dry_bulb_c", "wet_bulb", "wet_bulb_c"]
    assert {"country", "grid_feed", "grid_feed_kw", "region"} <= set(allowed_keys(("site",)))
    assert allowed_keys(("compute", "nodes")) == []


@pytest.mark.parametrize(
    "text", ["12 MW", "12MW", "1_000.5 kW", "1e3 W", "-12 MW", "12 mw", "12", "12 Mb", "MW", "1,2 MW", ".5 MW", "1. MW"]
)
def test_the_schema_knows_the_quantities_that_the_planner_knows(text: str) -> None:
    accepted = True
    try:
        parse_quantity(text, "kw")
    except QuantityError:
        accepted = False
    assert SCHEMA.is_valid(simple(site={"country": "US", "grid_feed": text})) == accepted


def test_two_leaves_need_more_than_one_switch() -> None:
    simple_fabric = {"tiers": 1, "dual_tor": True}
    with pytest.raises(ValidationError, match="a single switch a plane"):
        Factory.model_validate(simple(fabrics={"compute": simple_fabric}))
    for fine in ({"tiers": 2}, {"dual_tor": False}):
        Factory.model_validate(simple(fabrics={"compute": {**simple_fabric, **fine}}))
