"""Headroom: how many more fit until each limit binds, and what relieving it buys."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from report.samples import cloudless_limit, hostile_sample, limit, sample

from planner.plan import LimitPlan, Plan
from planner.report.limits_view import headroom_data, headroom_tables, limits_table, next_limits
from planner.report.view import make_report

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def with_limits(*limits: LimitPlan) -> Plan:
    return sample(limits=limits, binding_constraint=None)


def counts(plan: Plan) -> list[tuple[int | None, int | None]]:
    return [(each["more_nodes_count"], each["relief_nodes_count"]) for each in headroom_data(plan)["limits"]]


def said(plan: Plan) -> dict[str, str]:
    return {row[0]: row[1] for row in headroom_tables(plan)[0].rows}


def test_relief_buys_the_way_to_the_next_limit() -> None:
    plan = with_limits(limit("a", 9), limit("b", 12), limit("c", 455))
    assert counts(plan) == [(1, 3), (4, 443), (447, None)]
    assert headroom_data(plan)["binds"] == "a"
    assert headroom_data(plan)["nodes_count"] == 8
    assert said(plan)["Binds first"] == "a: 1 more node fits"
    assert said(plan)["It buys"] == "3 nodes, until b binds at 12"
    assert said(plan)["Relief"] == "more of a"


def test_two_limits_that_bind_together_buy_nothing_alone() -> None:
    plan = with_limits(limit("a", 12), limit("b", 12), limit("c", 13))
    assert counts(plan) == [(4, 0), (4, 1), (5, None)]
    assert said(plan)["It buys"] == "nothing alone: b binds at the same 12 nodes"


def test_a_broken_limit_is_negative() -> None:
    plan = with_limits(limit("a", 3, 2000.0), limit("b", 0, 2000.0))
    assert counts(plan) == [(-5, -3), (-8, None)]
    assert said(plan)["Binds first"] == "a: broken, 5 nodes too many"


def test_a_full_factory_has_room_for_none() -> None:
    assert said(with_limits(limit("a", 8)))["Binds first"] == "a: no more nodes fit"
    assert said(with_limits(limit("a", 8)))["It buys"] == "all the growth there is: no other limit is left"


def test_a_limit_out_of_reach_neither_binds_nor_is_relief() -> None:
    plan = with_limits(limit("a", 9), cloudless_limit())
    assert counts(plan) == [(1, None), (None, None)]
    alone = with_limits(cloudless_limit())
    assert said(alone)["Binds first"] == "fabrics.compute: no factory is large enough to reach it"
    assert limits_table(alone).rows[0][-1] == "no end"


@pytest.mark.parametrize("most", [0, 1, 2])
def test_the_next_limits_are_those_after_the_first(most: int) -> None:
    words = ["hall.racks at 12 nodes", "fabrics.compute at 455 nodes"]
    assert next_limits(sample(), most) == ", ".join(words[:most])


def test_a_plan_without_limits_says_so() -> None:
    plan = with_limits()
    assert headroom_data(plan) == {"name": "sample", "nodes_count": 8, "binds": None, "limits": []}
    (answers,) = headroom_tables(plan)
    assert "no limit is declared" in dict(answers.rows)["Binds"]  # type: ignore[arg-type]
    assert dict(make_report(plan).answers)["Binds"] == "nothing: no limit is declared"
    assert "Then" not in dict(make_report(plan).answers)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, plan in (("sample", sample()), ("hostile", hostile_sample()), ("free", with_limits())):
        whole = plan.model_copy(update={"checksum": plan.content_checksum()})
        (tmp_path / f"{name}.json").write_text(whole.to_json(), encoding="utf-8")
    return tmp_path


def test_the_command_prints_words_or_json(groundplan: Run, files: Path) -> None:
    ran = groundplan("headroom", files / "sample.json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Binds first  site.grid_feed: 1 more node fits" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    data = json.loads(groundplan("headroom", files / "sample.json", "--json").stdout)
    assert data == headroom_data(sample())
    assert "no limit is declared" in groundplan("headroom", files / "free.json").stdout


def test_hostile_limits_steer_no_terminal(groundplan: Run, files: Path) -> None:
    text = groundplan("headroom", files / "hostile.json").stdout
    assert not {char for char in text if not char.isprintable()} - {"\n"}


def test_what_is_no_plan_is_refused(groundplan: Run, files: Path) -> None:
    (files / "text.json").write_text("{}", encoding="utf-8")
    ran = groundplan("headroom", files / "text.json")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
