"""What a report says: limits first, nothing a terminal must not get, nothing left out."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from rich.console import Console

from factories import any_factory, plan_of, simple
from planner.report.markdown import to_markdown
from planner.report.terminal import print_report
from planner.report.view import Report, make_report


def terminal(report: Report, width: int = 80) -> str:
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=width, color_system=None, highlight=False))
    return stream.getvalue()


def test_what_is_broken_comes_first() -> None:
    report = make_report(plan_of(simple(site={"country": "US", "grid_feed_kw": 1000.0}, hall={"racks": 5})))
    assert report.verdict == "CANNOT BE BUILT: 2 limits broken"
    for text in (terminal(report), to_markdown(report)):
        assert text.index("ERROR") < text.index("GPUs")
        assert text.index("GPUs") < text.index("Compute")


def test_a_report_without_limits_says_so() -> None:
    report = make_report(plan_of(simple(count=1)))
    assert report.verdict == "fits every limit it declares"
    assert report.broken == ()


def test_the_first_page_answers_the_question() -> None:
    plan = plan_of(simple(site={"country": "SE", "region": "Luleå", "grid_feed_kw": 3000.0}))
    answers = dict(make_report(plan).answers)
    first = ["Site", "GPUs", "IT", "Grid", "Cooling", "PUE", "Water", "Uptime", "Racks", "Fabric", "Capex", "Opex", "Carbon"]
    assert list(answers)[: len(first) + 1] == [*first, "Binds"]
    assert answers["Site"] == "SE, Luleå"
    assert answers["GPUs"] == "1,016 in 127 x DGX H100"
    assert answers["Binds"].startswith("site.grid_feed stops growth at ")


@pytest.mark.parametrize("text", ["\x1b[31mred", "two\nlines", "bell\x07", "\u202eturned", "[bold]markup[/bold]"])
def test_a_description_cannot_steer_the_terminal(text: str) -> None:
    printed = terminal(make_report(plan_of(simple(description=text))))
    assert not {char for char in printed if not char.isprintable()} - {"\n"}
    about = next(line for line in printed.splitlines() if "About" in line)
    assert "markup" not in text or "[bold]markup[/bold]" in about


def test_an_unpriced_item_is_said_to_be_unpriced() -> None:
    """Nothing is silently free: the bill says so, and a warning too."""
    from planner.catalog import Catalog, load_catalog
    from planner.engine import make_plan
    from planner.spec import Factory

    full = load_catalog()
    prices = {key: row for key, row in full.rows["prices"].items() if key != "qm9700"}
    plan = make_plan(Factory.model_validate(simple()), Catalog({**full.rows, "prices": prices}, "test"))
    assert any(each.code == "no-price" for each in plan.findings)
    assert "no price" in terminal(make_report(plan))


@settings(max_examples=25, phases=(Phase.explicit, Phase.generate))
@given(any_factory)
def test_any_plan_is_reported_within_80_columns(data: dict[str, Any]) -> None:
    report = make_report(plan_of(data))
    text = terminal(report)
    assert max(map(len, text.splitlines())) <= 80
    assert len(report.broken) == text.count("\n  ERROR ")
    assert to_markdown(report).count("\n- **") == len(report.broken) + len(report.remarks)
    for table in report.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_cables_of_the_largest_factories_keep_their_words_whole() -> None:
    """Of 147,456 GPUs, in a hall that takes tens of thousands of kilometres of fibre."""
    plan = plan_of(simple("gb300-nvl72", 2048, hall={"rack_pitch_m": 1.2}))
    _, _, table = terminal(make_report(plan)).partition("\nCables\n")
    rows = [line.split() for line in table.partition("\n  Counted")[0].splitlines()[2:]]
    assert {"out-of-band", "compute"} <= {row[0] for row in rows}
    assert {row[1] for row in rows} == {"node-leaf", "leaf-spine", "spine-core"}
    assert {"SMF", "MMF", "active"} <= {row[3] for row in rows}
