"""What a report says of the facility: answers first, all from the plan, worst things first, like things together."""

from __future__ import annotations

import io
import re

import pytest
from report.samples import availability, cooling, hostile_sample, limit, power, sample, year
from rich.console import Console

from planner.plan import Finding, Plan
from planner.plan_facility import CutSet, Outage
from planner.report.availability_view import worst_first
from planner.report.electrical_view import like_units
from planner.report.markdown import to_markdown
from planner.report.terminal import print_report
from planner.report.view import Report, Table, make_report
from planner.report.words import duration_text, money_text, nines_text, seconds_text


def terminal(report: Report) -> str:
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=80, color_system=None, highlight=False))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def table(plan: Plan, title: str) -> Table:
    return next(each for each in make_report(plan).tables if each.title == title)


def by_first(found: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in found.rows}


def test_a_cut_sets_size_counts_components_not_groups() -> None:
    plan = sample()
    assert plan.availability is not None
    cuts = (
        CutSet(components=("2 of 3 of ups-1 .. ups-3",), minutes_per_year=3.0),
        CutSet(components=("utility-1", "2 of 2 air: chillers"), minutes_per_year=2.0),
        CutSet(components=("common cause: all of ups-1 .. ups-3",), minutes_per_year=1.0),
    )
    plan = plan.model_copy(update={"availability": plan.availability.model_copy(update={"cut_sets": cuts})})
    assert [row[1] for row in table(plan, "Availability: minimal cut sets").rows] == ["2", "3", "1"]


def test_a_lossless_stage_loses_nothing_and_not_minus_nothing() -> None:
    plan = sample()
    assert plan.power is not None
    stages = tuple(stage.model_copy(update={"loss_kw": 0.0}) for stage in plan.power.stages)
    plan = plan.model_copy(update={"power": plan.power.model_copy(update={"stages": stages})})
    rows = table(plan, "Power: from the utility to the GPUs").rows
    assert not [row for row in rows if row[2].startswith("-0") and not row[2].strip("-0.")]


def test_generators_that_idle_along_are_said_to_foul() -> None:
    plan = sample()
    assert plan.power is not None
    for mean, fouls in ((0.18, True), (0.31, False)):
        power_plan = plan.power.model_copy(update={"generator_mean_load_fraction": mean})
        rows = by_first(table(plan.model_copy(update={"power": power_plan}), "Power: backup"))
        assert ("wet stacking" in rows["Generators' mean load"][1]) is fouls


def test_the_first_page_answers_in_this_order() -> None:
    answers = dict(make_report(sample()).answers)
    assert list(answers) == [
        *("About", "Site", "GPUs", "IT", "Grid", "Cooling", "PUE", "Water", "Uptime", "Racks"),
        *("Capex", "Opex", "Carbon", "Binds", "Then"),
    ]
    assert answers["IT"] == "1.16 MW design, 1.16 MW nameplate, 871 kW expected at work; the chain carries 120 kW more"
    assert answers["Grid"] == "1.27 MW at design of 1.5 MW (84.4 %); 940 kW expected, 990 kW in the year's peak hour"
    assert answers["PUE"] == "1.079 in the year, hours p50 1.077 and p99 1.091; 1.092 at design"
    assert answers["Uptime"] == "a rack 99.9950 % (out 26.3 min a year), every rack up 99.970 % (some rack out 2.63 h)"
    assert answers["Then"] == "hall.racks at 12 nodes, fabrics.compute at 455 nodes"


@pytest.mark.parametrize(
    ("part", "gone"), [("cooling", "Cooling"), ("year", "PUE"), ("availability", "Uptime"), ("carbon", "Carbon")]
)
def test_a_part_that_is_not_there_is_not_answered(part: str, gone: str) -> None:
    report = make_report(sample(**{part: None}))
    assert gone not in dict(report.answers)
    assert terminal(report)
    assert to_markdown(report)


def test_every_table_is_whole_and_fits_80_columns() -> None:
    for plan in (sample(), hostile_sample()):
        report = make_report(plan)
        assert len(report.tables) > 30
        for each in report.tables:
            assert all(len(row) == len(each.columns) for row in each.rows), each.title
            assert max(each.right, default=0) < len(each.columns), each.title
        assert max(map(len, terminal(report).splitlines())) <= 80


def test_titles_are_there_once() -> None:
    titles = [each.title for each in make_report(sample()).tables]
    assert len(titles) == len(set(titles))


def test_broken_limits_come_first_and_their_margin_is_negative() -> None:
    plan = sample(limits=(limit("hall.racks", 12, 8, 12, "racks"), limit("site.grid_feed", 7, 1100.0, 1000.0)))
    rows = table(plan, "Limits").rows
    assert [row[0] for row in rows] == ["site.grid_feed", "hall.racks"]
    assert rows[0] == ("site.grid_feed", "1,100", "1,000", "kW", "110.0 %", "-100", "7")


def test_a_limit_and_a_value_that_round_alike_are_told_apart() -> None:
    (row,) = table(sample(limits=(limit("a", 1, 1000.04, 1000.0),)), "Limits").rows
    assert row[1:3] == ("1,000.04", "1,000")


def test_an_error_is_told_before_the_answers() -> None:
    broken = Finding(severity="error", code="grid-feed", path="site.grid_feed", message="too much", hint="less")
    text = terminal(make_report(sample(findings=(broken,))))
    assert text.index("ERROR too much") < text.index("GPUs") < text.index("\nLimits\n")


def test_five_worries_at_most_close_limits_first() -> None:
    plan = sample(limits=(limit("site.grid_feed", 8, 990.0, 1000.0),), year=year().model_copy(update={"short_hours": 3}))
    rows = table(plan, "What to worry about").rows
    assert len(rows) == 5
    assert rows[0] == ("limit site.grid_feed", "99.0 % used, 10 kW left")
    assert rows[1] == ("utility out", "8 racks and 576 GPUs stop")
    assert rows[2] == ("utility", "50 % of a rack's time out, 13.1 min a year with its maintenance")
    assert rows[4] == ("hot hours", "3 h a year with more heat than the plant can carry")


def test_without_worries_about_outages_others_move_up() -> None:
    plan = sample(availability=None)
    rows = table(plan, "What to worry about").rows
    assert rows[0] == ("CDU pumps stop", "TCS too warm after 34.9 s")
    assert rows[-1] == ("no price", "1 lines of the bill are not in the capex")


def test_the_waterfall_begins_at_the_utility_and_ends_at_the_components() -> None:
    rows = table(sample(), "Power: from the utility to the GPUs").rows
    assert [row[0] for row in rows] == [
        *("utility", "- transformer", "- ups", "- distribution", "- cooling", "- house", "= racks", "- conversion"),
        *["  of racks"] * 3,
    ]
    assert rows[0][2:4] == ("1,266", "100.0 %")
    assert rows[8][1:4] == ("GPUs", "691.2", "54.6 %")


def test_like_units_are_one_row_and_unlike_ones_are_not() -> None:
    units = power().chain
    assert [len(group) for group in like_units(units)] == [1, 1, 2, 2, 2, 4]
    rows = by_first(table(sample(), "Power: equipment schedule"))
    assert rows["busway-row-a-a to busway-row-b-b"] == ("4", "800", "290", "45 %", "580", "91 %", "60", "another one is out")
    odd = units[2].model_copy(update={"load_kw": 640.1})
    assert sorted(len(group) for group in like_units((odd, *units[3:]))) == [1, 1, 2, 2, 4]
    same = units[2].model_copy(update={"load_kw": 640.0000001})
    assert sorted(len(group) for group in like_units((same, *units[3:]))) == [2, 2, 2, 4]


def test_an_overloaded_unit_has_less_than_nothing_to_spare() -> None:
    unit = power().chain[2].model_copy(update={"load_worst_kw": 2600.0, "worst_when": "transformer-b + generator"})
    plan = sample(power=power().model_copy(update={"chain": (unit,)}))
    (row,) = table(plan, "Power: equipment schedule").rows
    assert row[5:] == ("2,600", "104 %", "-100", "transformer-b + generator")


def test_a_chain_without_backup_says_so() -> None:
    nothing = dict.fromkeys(("ride_through_s", "generator_start_s", "generator_fuel_hours", "generator_mean_load_fraction"))
    rows = table(sample(power=power().model_copy(update=nothing)), "Power: backup").rows
    assert rows[-1] == ("Backup", "none", "neither batteries nor generators")


def test_generators_that_nothing_bridges_to_are_said() -> None:
    rows = table(sample(power=power().model_copy(update={"ride_through_s": 0.0})), "Power: backup").rows
    assert ("Ride-through", "0 s", "nothing carries the racks until others do") in rows


def test_long_tables_are_cut_on_a_terminal_only_and_say_where_the_rest_is() -> None:
    one = availability().outages[0]
    many = tuple(one.model_copy(update={"components": (f"part-{number:03d}",), "like_count": 1}) for number in range(60))
    report = make_report(sample(availability=availability().model_copy(update={"outages": many})))
    text, markdown = terminal(report), to_markdown(report)
    assert "and 44 more: groundplan report PLAN --format markdown, or --tables DIR" in text
    assert len(re.findall(r"part-\d{3}", text)) == 16
    assert len(re.findall(r"part-\d{3}", markdown)) == 60
    assert "more: groundplan" not in markdown


def test_outages_are_ordered_by_what_they_stop() -> None:
    def outage(name: str, gpus: int, throttled: int, full: float) -> Outage:
        base = availability().outages[0]
        return base.model_copy(
            update={"components": (name,), "gpus_lost": gpus, "gpus_throttled": throttled, "fullest_ratio": full}
        )

    found = [outage("full", 0, 0, 1.2), outage("slow", 0, 72, 0.5), outage("none", 0, 0, 0.1), outage("dead", 72, 0, 0.1)]
    assert [each.components[0] for each in worst_first(found)] == ["dead", "slow", "full", "none"]


def test_trips_are_told_shortest_first_and_in_the_unit_that_reads_best() -> None:
    rows = table(sample(), "Cooling: time to trip").rows
    assert [row[-2] for row in rows] == ["34.9 s", "2.33 min"]
    turned = cooling().model_copy(update={"trips": cooling().trips[::-1]})
    assert table(sample(cooling=turned), "Cooling: time to trip").rows == rows


def test_the_year_is_told_in_every_third_hour_and_in_nine_points_of_duration() -> None:
    pue = table(sample(), "Year: PUE by month and hour")
    assert len(pue.rows) == 12
    assert pue.columns[1:] == tuple(f"{hour:02d}:00" for hour in range(0, 24, 3))
    assert pue.rows[0][1] == "1.070"
    (row,) = table(sample(), "Year: load duration").rows
    assert row == ("kW", "990", "989", "985", "980", "965", "940", "915", "900", "890")


def test_months_are_told_without_carbon_where_there_is_none() -> None:
    assert table(sample(), "Year: month by month").columns == ("Month", "Peak kW", "t CO2e")
    assert table(sample(carbon=None), "Year: month by month").columns == ("Month", "Peak kW")


def test_the_widest_sensitivity_is_first() -> None:
    rows = table(sample(), "Cost: sensitivities").rows
    assert [row[0] for row in rows] == ["GB200 NVL72", "energy price"]


def test_sources_stand_beside_what_they_are_for() -> None:
    rows = table(sample(), "Availability: where MTBF and MTTR are from").rows
    assert ("secondary", "ups", "https://example.org/tm-5-698-5") in rows


def test_numbers_in_words() -> None:
    assert [nines_text(value) for value in (1.0, 0.5, 0.999, 0.99999999)] == ["100 %", "50.0 %", "99.90 %", "99.9999990 %"]
    assert [duration_text(value) for value in (0.0, 1.0, 60.0, 525_600.0)] == ["0 s", "60 s", "60 min", "8,760 h"]
    assert [seconds_text(value) for value in (34.88, 119.0, 120.0, 7200.0)] == ["34.9 s", "119 s", "2 min", "2 h"]
    assert [money_text(value) for value in (-5e6, 2e9, 950_533.2)] == ["-5.00 M", "2.00 bn", "950,533"]


def test_hostile_names_stay_text_in_every_report() -> None:
    report = make_report(hostile_sample())
    text, markdown = terminal(report), to_markdown(report)
    for written in (text, markdown):
        assert not {char for char in written if not char.isprintable()} - {"\n"}
    assert "<script" not in markdown.replace("\\<script", "")
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    bare = [re.sub(r"\\.", "", row).count("|") for row in rows]
    sizes = [2, *(len(each.columns) for each in report.tables)]
    counts = [len(report.answers), *(len(each.rows) for each in report.tables)]
    # A header, a ruler and the rows of each table, each with a bar more than it has columns.
    assert bare == [size + 1 for size, count in zip(sizes, counts, strict=True) for _ in range(count + 2)]


def test_nothing_in_the_report_is_a_fraction_of_something_unnamed() -> None:
    """Every column of percents says what it is a share of, or the note does."""
    for each in make_report(sample()).tables:
        percents = [number for number in range(len(each.columns)) if any(row[number].endswith(" %") for row in each.rows)]
        for number in percents:
            assert each.columns[number] or each.title == "Power: from the utility to the GPUs", each.title
