"""The first file of a newcomer plans as it stands, and keeps planning when its comments are taken away."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from factories import CATALOG, plan_file, plan_of, simple
from planner.reader import read_factory
from planner.starter import starter

NODES = sorted(CATALOG.rows["nodes"])


@functools.cache
def begin(node: str, count: int) -> str:
    return starter(plan_of(simple(node, count)))


def uncommented(text: str) -> str:
    """Take the # from every line of YAML that is commented out below the head."""
    head, name, body = text.partition("name: ")
    return head + name + re.sub(r"^( *)# (?=[a-z_]+:( |$))", r"\1", body, flags=re.MULTILINE)


def test_the_commented_lines_of_the_helper_are_found() -> None:
    text = uncommented(begin("dgx-h100", 4))
    found = " ".join(re.findall(r"^ *([a-z_]+):", text, flags=re.MULTILINE))
    assert found == (
        "name site country grid_feed hall racks rack_power compute nodes"
        " fabrics compute oversubscription_ratio tiers budget capex"
    )


@pytest.mark.parametrize("count", [1, 32])
@pytest.mark.parametrize("node", NODES)
def test_a_starter_of_any_node_plans_as_it_stands(tmp_path: Path, node: str, count: int) -> None:
    plan = plan_file(tmp_path, begin(node, count))
    assert plan.name == "x"
    assert not plan.has_error(), [finding.message for finding in plan.findings]
    assert (plan.compute.groups[0].node, plan.compute.nodes) == (node, count)


@pytest.mark.parametrize("count", [1, 32])
@pytest.mark.parametrize("node", NODES)
def test_a_starter_without_its_comments_can_be_read(tmp_path: Path, node: str, count: int) -> None:
    path = tmp_path / "factory.yaml"
    path.write_text(uncommented(begin(node, count)), encoding="utf-8")
    factory, _, _ = read_factory(path)
    assert factory.site.grid_feed_kw
    assert factory.hall.racks
    assert factory.budget.capex_usd


@pytest.mark.parametrize(
    ("node", "count"), [*((node, count) for node in NODES for count in (1, 2, 32)), ("dgx-h100", 800), ("gb200-nvl72", 127)]
)
def test_the_limits_in_the_comments_leave_room_for_what_is_planned(tmp_path: Path, node: str, count: int) -> None:
    text = re.sub(r" *# fabrics:(.*\n)+?\n", "", begin(node, count))
    plan = plan_file(tmp_path, uncommented(text))
    broken = [finding.code for finding in plan.findings if finding.severity == "error"]
    assert broken == []


def test_a_starter_is_short_and_commented() -> None:
    text = begin("dgx-h100", 32)
    assert len(text.splitlines()) <= 35
    assert text.count("#") >= 10
    assert all(len(line) <= 128 for line in text.splitlines())
    assert "$schema=" in text
