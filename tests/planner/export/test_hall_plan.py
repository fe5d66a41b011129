"""The picture of the hall: a shape for every position, well-formed whatever things are called."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from factories import plan_of, simple
from planner.export.formats import FORMATS
from planner.export.hall import hall_plan_svg
from planner.fabrics import fabric_of
from planner.steps.layout import layout_of

SVG = "{http://www.w3.org/2000/svg}"


def hovers(picture: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(picture).iter(f"{SVG}title")]  # noqa: S314 - our own text


@pytest.mark.parametrize(
    "hall",
    [{}, {"rows": 6, "blocked": ("A05", "C01-C04"), "row_power_kw": 400.0}, {"racks_per_row": 4}, {"blocked": ("B01-B02",)}],
)
def test_every_position_is_drawn_once(hall: dict[str, Any]) -> None:
    plan = plan_of(simple(hall=hall))
    said = hovers(hall_plan_svg(plan))
    racks = [each.partition(":")[0] for each in said if " kW and " in each]
    assert sorted(racks) == sorted(layout_of(plan).names)
    free = [each for each in said if each.endswith(": free")]
    blocked = [each for each in said if each.endswith(": blocked")]
    if hall.get("rows"):
        assert len(racks) + len(free) == sum(row.positions for row in plan.hall.rows)
        assert len(blocked) == 5
    assert len(said) == len(set(said))
    assert not set(racks) & {each.partition(":")[0] for each in free + blocked}


def test_names_are_escaped() -> None:
    plan = plan_of(simple(count=8))
    groups = tuple(group.model_copy(update={"name": "<script>&\"'"}) for group in plan.racks.groups)
    evil = plan.model_copy(update={"name": "</svg><b>", "racks": plan.racks.model_copy(update={"groups": groups})})
    picture = hall_plan_svg(evil)
    assert "<script>" not in picture
    assert any("<script>&" in each for each in hovers(picture))
    assert picture.count("</svg>") == 1


def test_a_hall_too_large_for_a_picture_is_refused() -> None:
    plan = plan_of(simple(count=1))
    many = plan.model_copy(update={"racks": plan.racks.model_copy(update={"count": 20_001})})
    with pytest.raises(ValueError, match="20,000 racks"):
        hall_plan_svg(many)


def test_both_are_formats_of_the_plan() -> None:
    plan = plan_of(simple(count=8))
    (planned,) = [each for each in plan.fabrics if each.name == "compute"]
    built = fabric_of(planned)
    assert str(FORMATS["hall-plan"].write(plan, planned, built)).startswith("<svg")
    assert str(FORMATS["rack-elevations"].write(plan, planned, built)).startswith("rack,use,")
