"""Every name that crosses a boundary says its unit, or is on the short list of names that have none."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from planner import plan, plan_facility, spec, spec_facility
from planner.catalog import KINDS, load
from planner.catalog.records import Record
from planner.units import DIMENSIONLESS, UNITS, unit_of


def models(module: Any, base: type[BaseModel]) -> list[type[BaseModel]]:
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, base)]
    assert found
    return found


ALL = [
    *models(spec, spec.Section),
    *models(spec_facility, spec.Section),
    *models(plan, plan.Part),
    *models(plan_facility, plan.Part),
    *KINDS.values(),
]
NAMES = sorted({(model.__name__, name) for model in ALL for name in model.model_fields})


def says_its_unit(name: str) -> bool:
    return unit_of(name) is not None or name in DIMENSIONLESS


@pytest.mark.parametrize(("model", "name"), NAMES, ids=lambda value: value)
def test_every_field_carries_a_unit_or_is_dimensionless(model: str, name: str) -> None:
    assert says_its_unit(name), f"{model}.{name}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_csv_header_carries_a_unit_or_is_dimensionless(kind: str) -> None:
    with (load.DATA / f"{kind}.csv").open(newline="", encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    assert [name for name in header if not says_its_unit(name)] == []
    assert set(header) == set(KINDS[kind].model_fields)


def test_the_check_can_fail() -> None:
    assert not says_its_unit("power_draw")
    assert not says_its_unit("speed_gbps")
    assert not says_its_unit("link_gb_per_s")


def test_no_name_is_listed_in_vain() -> None:
    """A dimensionless name that no field uses would let a later field through unseen."""
    used = {name for _, name in NAMES}
    assert sorted(DIMENSIONLESS - used) == []


def test_a_quantity_without_its_unit_is_no_other_field() -> None:
    for model in [*models(spec, spec.Section), *models(spec_facility, spec.Section)]:
        units = {name: unit_of(name) for name in model.model_fields}
        stems = {name.removesuffix(f"_{unit}") for name, unit in units.items() if unit and UNITS[unit][1]}
        assert not stems & set(model.model_fields)


@pytest.mark.parametrize("kind", KINDS)
def test_every_catalog_row_says_where_and_when(kind: str) -> None:
    with (load.DATA / f"{kind}.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            assert row["source_url"].startswith("https://"), row["id"]
            assert row["retrieved_on"] >= "2026-01-01", row["id"]
            assert row["confidence"] in ("vendor", "secondary", "assumption"), row["id"]
            assert row["confidence"] == "vendor" or row["note"], f"{row['id']}: a weak number says why"


def test_the_catalog_has_no_file_that_nobody_reads() -> None:
    assert {path.stem for path in Path(load.DATA).iterdir()} == set(KINDS)
    assert all(issubclass(record, Record) for record in KINDS.values())
