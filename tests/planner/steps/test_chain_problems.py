"""A chain declared link by link: every fault at its place, all at once; and a good one planned as it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chain_parts import chain_of, rows_of

from factories import CATALOG
from planner.catalog.records import PowerStage
from planner.errors import InputErrors, Problem
from planner.models.losses import input_kw
from planner.reader import read_factory
from planner.steps.losses import loss_law

HEAD = "name: x\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 4}}\npower:\n  chain:\n"
GOOD = """\
    grid: {equipment: utility-feed}
    gen: {equipment: generator-diesel-2500kw, rating: 6 MW}
    tx: {equipment: transformer-doe-2016-liquid-2500kva, rating: 6 MW, fed_by: [grid]}
    board: {equipment: switchboard-5000a, rating: 8 MW, fed_by: [tx], backed_by: [gen], feeds: [cooling, house]}
    ups-a: {equipment: ups-double-conversion, rating: 3 MW, fed_by: [board], feeds: [racks, pumps]}
    ups-b: {equipment: ups-double-conversion, rating: 3 MW, fed_by: [board], feeds: [racks, pumps]}
"""


def problems(folder: Path, text: str) -> list[Problem]:
    path = folder / "factory.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        read_factory(path)
    return list(caught.value.problems)


def test_a_good_chain_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "factory.yaml"
    path.write_text(HEAD + GOOD, encoding="utf-8")
    factory = read_factory(path)[0]
    assert factory.power.chain is not None
    assert factory.power.chain["board"].backed_by == ("gen",)


@pytest.mark.parametrize(
    ("old", "new", "where", "message", "hint"),
    [
        ("fed_by: [tx]", "fed_by: [txx]", "board.fed_by[0]", "'txx' is no link of this chain", "did you mean tx?"),
        ("backed_by: [gen]", "backed_by: [tx]", "board.backed_by[0]", "feeds board already", "fed_by or in backed_by"),
        ("fed_by: [tx]", "fed_by: [tx, tx]", "board.fed_by[1]", "tx stands twice in fed_by", "once"),
        ("fed_by: [grid]", "fed_by: [grid, ups-a]", "board.fed_by", "feeds itself: board -> ups-a -> tx -> board", "leave one"),
        ("fed_by: [grid]", "fed_by: [tx]", "tx.fed_by", "feeds itself", "leave one"),
        ("fed_by: [tx]", "fed_by: [tx], needs_count: 2", "board.needs_count", "needs 2 of the links in fed_by", "at most 1"),
        ("utility-feed}", "utility-feed, fed_by: [gen]}", "grid.fed_by", "grid is a utility: a source", "leave fed_by out"),
        (", fed_by: [grid]", "", "tx", "tx is a transformer that nothing feeds", "fed_by"),
        ("equipment: ups-double-conversion, rating: 3 MW, fed_by: [board], feeds: [racks, pumps]}\n    ups-b",
         "equipment: ups-double-conversion, rating: 3 MW, fed_by: [board]}\n    ups-b", "ups-a", "ups-a feeds nothing", ""),
        ("[cooling, house]", "[house]", "", "no link feeds the cooling", "feeds: cooling"),
        ("[cooling, house]", "[cooling, cooling, house]", "board.feeds", "cooling stands twice", "once"),
        ("[racks, pumps]", "[pumps]", "", "no link feeds the racks", "row-a, row-b"),
        ("generator-diesel-2500kw", "generator-none", "gen.equipment", "stands for no generator at all", "leave the link"),
        ("ups-double-conversion", "psu-titanium", "ups-a.equipment", "is a rectifier, which stands in a rack", "end the chain"),
        ("generator-diesel-2500kw, rating: 6 MW", "bess-1900kw-3900kwh, fed_by: [grid]", "board.backed_by[0]",
         "gen is a battery system, which cannot feed board for hours", "ride-through"),
    ],
)  # fmt: skip
def test_faults_are_found_where_they_are(tmp_path: Path, old: str, new: str, where: str, message: str, hint: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    path = f"power.chain.{where}".rstrip(".")
    match = [each for each in found if each.path == path and message in each.message]
    assert match, found
    assert hint in match[0].hint
    name = where.partition(".")[0]
    text = (HEAD + GOOD.replace(old, new)).splitlines()
    assert match[0].line > 0
    assert text[match[0].line - 1].lstrip().startswith(f"{name or 'chain'}:")


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace("fed_by: [tx]", "fed_by: [txx]")
        .replace("[cooling, house]", "[house]")
        .replace("fed_by: [grid]", "needs_count: 3")
    )
    paths = {each.path for each in problems(tmp_path, text)}
    links = {"", ".grid", ".board.fed_by[0]", ".tx", ".tx.needs_count"}
    assert paths == {f"power.chain{each}" for each in links}


def test_a_curve_needs_a_rating(tmp_path: Path) -> None:
    rows = "id,name,vendor,stage,loss_law,confidence,source_url,retrieved_on\nups-own,Own,Me,ups,curve,vendor,https://x.org/y,2026-01-31\n"
    points = "id,item,load_fraction,efficiency_fraction,confidence,source_url,retrieved_on\n"
    points += "".join(f"own-{load},ups-own,{load},0.95,vendor,https://x.org/y,2026-01-31\n" for load in (0.5, 1))
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "power_stages.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "rows" / "efficiency_points.csv").write_text(points, encoding="utf-8")
    text = (
        GOOD.replace("ups-a: {equipment: ups-double-conversion, rating: 3 MW", "ups-a: {equipment: ups-own") + "catalog: rows\n"
    )
    (found,) = problems(tmp_path, text)
    assert (found.path, found.hint) == ("power.chain.ups-a", "declare rating")
    assert "has none in the catalog" in found.message


def links(**changes: Any) -> dict[str, Any]:
    transformer, sets = "transformer-doe-2016-liquid-2500kva", ["gen-a", "gen-b"]
    ups = {"equipment": "ups-double-conversion", "rating_kw": 2000.0, "feeds": ["racks", "pumps"]}
    board = {"equipment": "switchboard-5000a", "backed_by": sets}
    chain: dict[str, Any] = {
        "grid": {"equipment": "utility-feed"},
        **{name: {"equipment": "generator-diesel-2500kw"} for name in sets},
        **{f"tx-{side}": {"equipment": transformer, "fed_by": ["grid"]} for side in "ab"},
        "board-a": {**board, "fed_by": ["tx-a"], "feeds": ["cooling"]},
        "board-b": {**board, "fed_by": ["tx-b"], "feeds": ["cooling", "house"]},
        **{f"ups-{side}": {**ups, "fed_by": [f"board-{side}"]} for side in "ab"},
    }
    for name, change in changes.items():
        chain[name.replace("_", "-")].update(change)
    return {"chain": chain}


LOADS = {"pumps_kw": 40.0, "cooling_kw": 300.0, "house_kw": 20.0}


def test_a_declared_2n_chain_by_hand() -> None:
    design, notes = chain_of(1500.0, 16, power=links(), **LOADS)
    assert [finding.message for finding in notes.findings() if finding.severity == "error"] == []
    units = {unit.name: unit for unit in design.units}
    ups = loss_law(CATALOG.get(PowerStage, "ups-double-conversion"), CATALOG, 2000.0)
    board = loss_law(CATALOG.get(PowerStage, "switchboard-5000a"), CATALOG)
    transformer = loss_law(CATALOG.get(PowerStage, "transformer-doe-2016-liquid-2500kva"), CATALOG)
    assert units["ups-a"].load_kw == pytest.approx(770)
    assert units["ups-a"].load_worst_kw == pytest.approx(1540)
    into_a = input_kw(board, input_kw(ups, 770.0) + 150)
    assert units["tx-a"].load_kw == pytest.approx(into_a)
    into_b = input_kw(board, input_kw(ups, 770.0) + 170)
    total = input_kw(transformer, into_a) + input_kw(transformer, into_b)
    assert units["grid"].load_kw == pytest.approx(total)
    assert units["grid"].rating_kw == pytest.approx(units["grid"].load_worst_kw), (
        "a line without a rating is as large as its load"
    )
    # With board-b out, board-a has all: racks and pumps through its UPS, cooling (house hangs on board-b alone).
    assert units["board-a"].worst_when in ("board-b", "tx-b")
    assert units["board-a"].load_worst_kw == pytest.approx(input_kw(ups, 1540.0) + 300)
    assert units["gen-a"].load_worst_kw == pytest.approx((into_a + into_b) / 2)
    assert design.generator_mean_load_fraction == pytest.approx((into_a + into_b) / 5000)
    assert design.redundancy == "declared"
    assert design.ride_through_s == pytest.approx(300 * 2000 / 770)
    losses = design.losses_kw(*map(np.asarray, (1500.0, 40.0, 300.0, 20.0)))
    assert 1860 + sum(float(kw) for kw in losses.values()) == pytest.approx(total, rel=1e-12)
    assert [stage.stage for stage in design.stages] == ["utility", "transformer", "switchgear", "ups"]
    for each in design.stranded:
        assert each.reserve_kw + each.used_kw + each.reachable_kw + each.stranded_kw == pytest.approx(each.installed_kw)


def test_lines_of_a_declared_chain_are_held_against_the_feed_together() -> None:
    """Each side of 2N on its own line: either takes all when the other is out, so that both never take that much at once."""
    split = links(tx_b={"fed_by": ["grid-b"]})
    split["chain"]["grid-b"] = {"equipment": "utility-feed"}
    one, _ = chain_of(1900.0, 16, power=links(), **LOADS)
    two, _ = chain_of(1900.0, 16, power=split, **LOADS)
    line = next(unit for unit in one.units if unit.stage == "utility")
    assert line.sized
    assert one.grid_worst_kw == pytest.approx(line.load_worst_kw)
    assert two.grid_worst_kw == pytest.approx(one.grid_worst_kw)
    assert two.grid_worst_kw < sum(unit.load_worst_kw for unit in two.units if unit.stage == "utility")
    assert two.grid_worst_kw > sum(unit.load_kw for unit in two.units if unit.stage == "utility")
    made, _ = chain_of(1900.0, 16, power=split, site={"country": "US", "grid_feed_kw": two.grid_worst_kw}, **LOADS)
    assert not any(unit.sized for unit in made.units if unit.stage == "utility")
    short, _ = chain_of(1900.0, 16, False, power=split, **LOADS)
    assert short.grid_worst_kw == pytest.approx(two.grid_worst_kw)


def test_a_declared_line_is_held_against_its_rating() -> None:
    _, notes = chain_of(1500.0, 16, power=links(grid={"rating_kw": 1000.0}), **LOADS)
    assert notes.found("chain-overload", "power.chain.grid") is not None


def test_generators_alone_have_no_grid_that_fails() -> None:
    chain = links()["chain"]
    del chain["grid"]
    sets = chain["board-a"].pop("backed_by")
    del chain["board-b"]["backed_by"], chain["tx-a"], chain["tx-b"]
    chain["board-a"]["fed_by"] = chain["board-b"]["fed_by"] = sets
    design, notes = chain_of(1500.0, 16, power={"chain": chain, "battery_minutes": 0.0}, **LOADS)
    assert [unit.load_kw > 0 for unit in design.units if unit.stage == "generator"] == [True, True]
    assert design.grid_worst_kw == 0.0
    assert notes.found("ride-through", "power.battery_minutes") is None


def test_losses_over_hours_are_those_of_every_hour() -> None:
    design, _ = chain_of(1500.0, 16, power=links(), **LOADS)
    factor = np.linspace(0, 1.2, 25)
    hours = design.losses_kw(1500 * factor, 40 * factor, 300 * factor**2, np.full(25, 20.0))
    for number, each in enumerate(factor):
        one = design.losses_kw(*(np.asarray(kw) for kw in (1500 * each, 40 * each, 300 * each**2, 20.0)))
        assert {stage: float(kw[number]) for stage, kw in hours.items()} == pytest.approx(
            {s: float(kw) for s, kw in one.items()}
        )
    assert np.all(np.diff(sum(hours.values()) + 1540 * factor + 300 * factor**2) > 0)


def test_overloads_are_said_with_value_limit_and_when() -> None:
    _, notes = chain_of(2500.0, 16, power=links(), **LOADS)
    worst = notes.found("chain-overload", "power.chain.ups-a")
    assert worst is not None
    assert (worst.severity, worst.value, worst.limit, worst.unit) == ("error", pytest.approx(2540), 2000, "kW")
    assert "is out" in worst.message
    _, notes = chain_of(2500.0, 16, power=links(ups_a={"rating_kw": 1000.0}), **LOADS)
    always = notes.found("chain-overload", "power.chain.ups-a")
    assert always is not None
    assert always.value == pytest.approx(1270)
    assert "with nothing out" in always.message


def test_needs_count_switches_over_what_would_be_overloaded() -> None:
    # Two modules at 80 %: with one out, the other would carry 160 %; with needs_count 2, their load goes to what backs them.
    chain = {
        "grid": {"equipment": "utility-feed", "feeds": ["cooling", "house"]},
        "a-1": {"equipment": "ups-double-conversion", "fed_by": ["grid"]},
        "a-2": {"equipment": "ups-double-conversion", "fed_by": ["grid"]},
        "reserve": {"equipment": "ups-double-conversion", "rating_kw": 2000.0, "fed_by": ["grid"]},
        "busway": {"equipment": "busway-415v", "rating_kw": 3000.0, "fed_by": ["a-1", "a-2"], "backed_by": ["reserve"],
                   "feeds": ["racks", "pumps"]},
    }  # fmt: skip
    _, notes = chain_of(1560.0, 16, power={"chain": chain}, **LOADS)
    assert notes.found("chain-overload", "power.chain.a-1") is not None
    chain["busway"]["needs_count"] = 2
    design, notes = chain_of(1560.0, 16, power={"chain": chain}, **LOADS)
    assert notes.found("chain-overload", "power.chain.a-1") is None
    units = {unit.name: unit for unit in design.units}
    assert units["reserve"].load_kw == 0
    assert units["reserve"].load_worst_kw == pytest.approx(units["a-1"].load_kw * 2)
    assert units["reserve"].loss_kw > 0, "it idles"


def test_rows_hang_where_the_file_says_and_a_row_without_a_link_is_said() -> None:
    power = links(ups_a={"feeds": ["row-a", "pumps"]}, ups_b={"feeds": ["row-a", "row-b", "row-z", "pumps"]})
    design, notes = chain_of(1500.0, 40, power=power, **LOADS)
    feeds = {feed.name: feed for feed in design.feeds}
    assert feeds["row-a"].fed_by == ("ups-a", "ups-b")
    assert feeds["row-b"].fed_by == ("ups-b",)
    assert feeds["row-b"].power_kw == pytest.approx(rows_of(40, 1500.0)[1].power_kw)
    missing = notes.found("chain-row", "power.chain.row-c")
    assert missing is not None
    assert (missing.severity, missing.message) == ("error", "row C (8 racks, 300.0 kW) hangs on no link")
    extra = notes.found("chain-row", "power.chain.ups-b.feeds")
    assert extra is not None
    assert extra.severity == "warning"
    assert "row-z" in extra.message


def test_generators_that_run_above_their_mean_are_said() -> None:
    _, notes = chain_of(3200.0, 16, power=links(), **LOADS)
    finding = notes.found("generator-mean", "power.chain")
    assert finding is not None
    assert finding.limit == 0.7
    assert finding.value is not None
    assert finding.value > 0.7


def test_what_a_scheme_would_use_changes_nothing_beside_a_declared_chain() -> None:
    power = {**links(), "redundancy": "2N", "ups": "ups-eco-mode"}
    _, notes = chain_of(1500.0, 16, power=power, **LOADS)
    assert notes.found("not-used", "power.redundancy") is not None
    assert notes.found("not-used", "power.ups") is not None
    assert not any(a.path in ("power.transformer", "power.switchgear") for a in notes.assumptions())


def test_large_declared_chains_are_quick() -> None:
    import time

    chain: dict[str, Any] = {"grid": {"equipment": "utility-feed", "feeds": ["cooling", "house", "pumps"]}}
    for number in range(1000):
        chain[f"ups-{number}"] = {"equipment": "ups-double-conversion", "fed_by": ["grid"], "feeds": ["racks"]}
    start = time.perf_counter()
    design, _ = chain_of(900_000.0, 10_000, power={"chain": chain}, **LOADS)
    assert time.perf_counter() - start < 2
    assert len(design.units) == 1001


def test_faults_of_the_chain_are_said_beside_those_of_the_rest(tmp_path: Path) -> None:
    text = GOOD.replace("fed_by: [tx]", "fed_by: [txx]") + "  redundancy: 9N\nhall: {racks: -1}\n"
    paths = {"power.chain.board.fed_by[0]", "power.chain.tx", "power.redundancy", "hall.racks"}
    assert {each.path for each in problems(tmp_path, text)} == paths
    # A part of the chain that cannot be read comes before what is wrong with the whole.
    (found,) = problems(
        tmp_path, text.replace("rating: 8 MW", "rating: -8 MW").replace("  redundancy: 9N\nhall: {racks: -1}\n", "")
    )
    assert found.path == "power.chain.board.rating"


def test_without_rows_a_declared_chain_is_checked_by_equal_rows_and_no_overload_is_said() -> None:
    power = links(ups_a={"feeds": ["row-a", "pumps"]}, ups_b={"feeds": ["row-b", "pumps"]})
    design, notes = chain_of(5000.0, 32, drawn=False, power=power, **LOADS)
    assert {feed.name: feed.power_kw for feed in design.feeds if feed.kind == "racks"} == {"row-a": 2500, "row-b": 2500}
    assert not [finding for finding in notes.findings() if finding.code == "chain-overload"]
