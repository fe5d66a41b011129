"""The one-line diagram: well-formed, like units of a block in one box, wires from what feeds to what is fed."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from report.samples import HOSTILE, hostile_sample, power, sample

from planner.export.one_line import one_line_svg
from planner.plan import Plan
from planner.plan_facility import ChainUnit

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SVG = "{http://www.w3.org/2000/svg}"


def boxes(text: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(text).iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]  # noqa: S314 - our own


def hovers(text: str) -> list[str]:
    return [(box.find(f"{SVG}title").text or "") for box in boxes(text)]  # type: ignore[union-attr]


def with_chain(*units: ChainUnit) -> Plan:
    return sample(power=power().model_copy(update={"chain": units, "feeds": ()}))


def unit(name: str, *fed_by: str, worst_kw: float = 50.0, backed_by: tuple[str, ...] = ()) -> ChainUnit:
    return ChainUnit(
        name=name,
        stage=name.partition("-")[0],
        item="item",
        rating_kw=100.0,
        limit_kw=80.0,
        fed_by=fed_by,
        backed_by=backed_by,
        needs_count=1,
        load_kw=25.0,
        loss_kw=1.0,
        load_worst_kw=worst_kw,
        worst_when="",
    )


def test_two_sides_stay_apart_and_like_units_of_a_side_are_one_box() -> None:
    names = [told.splitlines()[0] for told in hovers(one_line_svg(sample()))]
    assert sorted(names) == sorted(
        [
            *("utility-1", "generator-1", "transformer-a", "transformer-b", "switchgear-a", "switchgear-b", "ups-a", "ups-b"),
            *("busway-row-a-a to busway-row-b-a", "busway-row-a-b to busway-row-b-b", "racks row-a to racks row-b", "cooling"),
        ]
    )


def test_every_unit_and_load_is_in_exactly_one_box() -> None:
    plan = sample()
    assert plan.power is not None
    listed = ", ".join(told.splitlines()[-1] for told in hovers(one_line_svg(plan))).split(", ")
    assert sorted(listed) == sorted(each.name for each in (*plan.power.chain, *plan.power.feeds))


def test_a_box_says_rating_load_and_worst() -> None:
    told = next(each for each in hovers(one_line_svg(sample())) if each.startswith("ups-a"))
    assert "1 x 1,500 kW, carries 1,500" in told
    assert "load 580 (39 %)" in told
    assert "worst 1,160 (77 %)" in told


@pytest.mark.parametrize(("worst_kw", "width"), [(50.0, "1.2"), (78.0, "2.6"), (81.0, "2.6")])
def test_a_box_that_is_full_in_its_worst_outage_is_marked(worst_kw: float, width: str) -> None:
    (box,) = boxes(one_line_svg(with_chain(unit("ups", worst_kw=worst_kw))))
    assert box.get("stroke-width") == width
    assert (box.get("stroke") == "#b00020") == (worst_kw > 80)


def test_wires_are_full_where_they_feed_and_dashed_where_they_step_in() -> None:
    chain = with_chain(unit("utility-1"), unit("generator-1"), unit("board-1", "utility-1", backed_by=("generator-1",)))
    wires = list(ET.fromstring(one_line_svg(chain)).iter(f"{SVG}path"))  # noqa: S314 - our own
    assert sorted(each.get("stroke-dasharray") or "" for each in wires) == ["", "5 4"]


def test_boxes_do_not_lie_on_each_other() -> None:
    heads = [unit(f"transformer-{number}", "utility-1") for number in range(5)]
    boards = [unit(f"board-{number}", f"transformer-{number}") for number in range(5)]
    for plan in (sample(), with_chain(unit("utility-1"), *heads, *boards, unit("bus-1", *(each.name for each in boards)))):
        places = [(box.get("x"), box.get("y")) for box in boxes(one_line_svg(plan))]
        assert len(set(places)) == len(places)


def test_many_blocks_are_drawn_once() -> None:
    heads = [unit(f"transformer-{number}", "utility-1") for number in range(300)]
    boards = [unit(f"board-{number}", f"transformer-{number}") for number in range(300)]
    text = one_line_svg(with_chain(unit("utility-1"), *heads, *boards))
    assert [told.splitlines()[2].partition(" x ")[0] for told in hovers(text)] == ["1", "300", "300"]


def test_a_chain_that_feeds_itself_or_is_none_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="feeds itself"):
        one_line_svg(with_chain(unit("a", "b"), unit("b", "a")))
    with pytest.raises(ValueError, match="no power chain"):
        one_line_svg(sample(power=None))


def test_hostile_names_are_text() -> None:
    text = one_line_svg(hostile_sample())
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {"svg", "title", "rect", "text", "path"}
    assert "<script" not in text
    assert "\x1b" not in text
    assert HOSTILE not in text


def test_the_command_writes_it_without_a_network(groundplan: Run, tmp_path: Path) -> None:
    plan = sample()
    path = tmp_path / "plan.json"
    path.write_text(plan.model_copy(update={"checksum": plan.content_checksum()}).to_json(), encoding="utf-8")
    ran = groundplan("export", path, "one-line")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == one_line_svg(plan)
