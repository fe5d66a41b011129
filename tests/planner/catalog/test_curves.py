"""Curves and tables whose points are a user's own rows: what is missing or cannot be is said at its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.catalog import load_catalog
from planner.catalog.records import EfficiencyPoint
from planner.errors import InputErrors, Problem

SOURCE = "vendor,https://x.org/y,2026-01-31"
STAGE = f"id,name,vendor,stage,rating_kw,loss_law,confidence,source_url,retrieved_on\nups-own,Own,Me,ups,500,curve,{SOURCE}\n"
UNIT = (
    "id,name,vendor,role,capacity_kw,power_max_kw,cop_ratio,leaving_c,entering_c,restart_s,confidence,source_url,retrieved_on\n"
    f"chiller-own,Own,Me,chiller,1000,200,5,18,35,300,{SOURCE}\n"
)


def curve(kind: str, value: str, item: str, *points: tuple[float, float]) -> str:
    lines = [f"own-{number},{item},{load:g},{each:g},{SOURCE}" for number, (load, each) in enumerate(points)]
    return "\n".join([f"id,item,load_fraction,{value},confidence,source_url,retrieved_on", *lines, ""])


def problems(where: Path, **files: str) -> list[Problem]:
    for name, text in files.items():
        (where / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        load_catalog(where)
    return list(caught.value.problems)


def efficiency(*points: tuple[float, float]) -> str:
    return curve("efficiency_points", "efficiency_fraction", "ups-own", *points)


def test_a_good_curve_of_ones_own_is_taken(tmp_path: Path) -> None:
    (tmp_path / "power_stages.csv").write_text(STAGE, encoding="utf-8")
    (tmp_path / "efficiency_points.csv").write_text(efficiency((1, 0.96), (0.5, 0.97), (0.1, 0.9)), encoding="utf-8")
    catalog = load_catalog(tmp_path)
    assert sum(point.item == "ups-own" for point in catalog.all(EfficiencyPoint)) == 3


@pytest.mark.parametrize(
    ("points", "file", "line", "path", "message"),
    [
        ([], "power_stages", 2, "ups-own.loss_law", "has 0 of its curve's points"),
        ([(1, 0.96)], "power_stages", 2, "ups-own.loss_law", "has 1 of its curve's points"),
        ([(0.25, 0.9), (0.5, 0.95)], "efficiency_points", 3, "own-1.load_fraction", "ends at load_fraction 0.5"),
        ([(0.5, 0.9), (0.5, 0.95), (1, 0.96)], "efficiency_points", 3, "own-1.load_fraction", "has load_fraction 0.5 twice"),
        ([(0.5, 0.5), (0.6, 0.9), (1, 0.96)], "efficiency_points", 3, "own-1.load_fraction", "more output needs less input"),
    ],
)
def test_faults_of_an_efficiency_curve(
    tmp_path: Path, points: list[tuple[float, float]], file: str, line: int, path: str, message: str
) -> None:
    files = {"power_stages": STAGE} | ({"efficiency_points": efficiency(*points)} if points else {})
    (found,) = problems(tmp_path, **files)
    assert (Path(found.file).name, found.line, found.path) == (f"{file}.csv", line, path)
    assert message in found.message
    assert found.hint


def test_efficiency_above_1_is_refused_and_the_rest_of_the_curve_not_judged(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, power_stages=STAGE, efficiency_points=efficiency((0.5, 0.95), (1, 1.02)))
    assert found.path == "own-1.efficiency_fraction"
    assert "at most 1" in found.message


def test_points_of_a_stage_that_loses_by_another_law_are_said(tmp_path: Path) -> None:
    points = curve("efficiency_points", "efficiency_fraction", "busway-415v", (0.5, 0.99), (1, 0.98))
    (found,) = problems(tmp_path, efficiency_points=points)
    assert "changes nothing: busway-415v has loss_law square" in found.message
    assert found.line == 2


def test_a_built_in_curve_can_be_overridden_only_into_a_good_one(tmp_path: Path) -> None:
    head = "id,item,load_fraction,efficiency_fraction,confidence,source_url,retrieved_on\n"
    (found,) = problems(tmp_path, efficiency_points=f"{head}ups-eco-mode-100,ups-eco-mode,0.95,0.98,{SOURCE}\n")
    assert (found.line, found.path) == (2, "ups-eco-mode-100.load_fraction")
    assert "ends at load_fraction 0.95" in found.message


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "chiller-own has 0 of its curve's points"),
        ([(0.5, 1.1), (0.75, 1.05)], "ends at load_fraction 0.75"),
        ([(0.5, 0.2), (0.6, 1.4), (1, 1.0)], "more output needs less power"),
    ],
)
def test_faults_of_a_chiller_s_part_load(tmp_path: Path, points: list[tuple[float, float]], message: str) -> None:
    files = {"cooling_units": UNIT}
    if points:
        files["part_load_points"] = curve("part_load_points", "factor_ratio", "chiller-own", *points)
    found = [each for each in problems(tmp_path, **files) if message in each.message]
    assert len(found) == 1
    assert found[0].line > 0


def test_a_derating_table_has_every_elevation_with_every_temperature(tmp_path: Path) -> None:
    head = "id,item,elevation_m,ambient_c,factor_fraction,confidence,source_url,retrieved_on\n"
    stage = STAGE.replace("ups-own,Own,Me,ups,500,curve", "gen-own,Own,Me,generator,500,constant")
    stage = stage.replace("loss_law,", "loss_law,efficiency_fraction,").replace("constant,", "constant,1,")
    places = [(0, 25), (0, 45), (1000, 25)]
    rows = "".join(f"own-{number},gen-own,{height},{ambient},0.9,{SOURCE}\n" for number, (height, ambient) in enumerate(places))
    (found,) = problems(tmp_path, power_stages=stage, derating_points=head + rows)
    assert found.message == "the table of gen-own has no point at 1000 m and 45 C (1 missing in all)"
    twice = head + rows + f"own-3,gen-own,1000,45,0.8,{SOURCE}\nown-4,gen-own,1000,45,0.7,{SOURCE}\n"
    (found,) = problems(tmp_path, derating_points=twice)
    assert (found.line, found.path) == (6, "own-4.elevation_m")
    assert "twice" in found.message
