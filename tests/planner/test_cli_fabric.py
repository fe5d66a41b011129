"""`groundplan fabric` and `groundplan export` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factories import plan_of, simple
from planner.export.formats import FORMATS
from planner.fabrics import fabric_of
from planner.plan import Plan
from topologies.formats.opensm import read, write

Run = Callable[..., subprocess.CompletedProcess[str]]
PLAN = plan_of(simple(count=32, fabrics={"compute": {"tiers": 2}}))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(PLAN.to_json(), encoding="utf-8")
    return path


def data(ran: subprocess.CompletedProcess[str]) -> dict:  # type: ignore[type-arg]
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def test_show_tells_what_the_plan_says(groundplan: Run, plan: Path) -> None:
    shown = data(groundplan("fabric", "show", plan, "--json"))
    planned = next(each for each in PLAN.fabrics if each.kind == "compute")
    assert shown["bisection"]["gbit_per_s"] == planned.bisection_gbit_per_s == 51_200
    assert shown["bisection"]["exact"] is True
    assert shown["switches_by_tier"] == {"leaf": 8, "spine": 4}
    assert shown["diameter_links"] == 4
    text = groundplan("fabric", "show", plan).stdout
    assert "51.2 Tbit/s one way" in text
    for name in ("storage", "in-band", "out-of-band"):
        assert groundplan("fabric", "show", plan, "--fabric", name).returncode == 0


def test_scale_up_domains_alone_and_joined(groundplan: Run, plan: Path) -> None:
    alone = data(groundplan("fabric", "show", plan, "--fabric", "scale-up", "--json"))
    assert (alone["switches_by_tier"], alone["links_by_layer"]) == ({"nvswitch": 128}, {"nvlink": 32 * 8 * 18})
    joined = data(groundplan("fabric", "show", plan, "--fabric", "joined", "--json"))
    assert joined["endpoints"] == 256
    assert joined["switches_by_tier"] == {"nic": 256, "nvswitch": 128, "leaf": 8, "spine": 4}
    way = data(
        groundplan("fabric", "routes", plan, "--fabric", "joined", "--from", "n0000-gpu0", "--to", "n0000-gpu7", "--json")
    )
    assert all(each["way"][1].startswith("n0000-nvswitch") for each in way["ways"])


def test_show_draws(groundplan: Run, plan: Path, tmp_path: Path) -> None:
    assert groundplan("fabric", "show", plan, "--draw", tmp_path / "fabric.svg").returncode == 0
    assert (tmp_path / "fabric.svg").read_text(encoding="utf-8").startswith("<svg")


def test_failures_one_by_one_and_together(groundplan: Run, plan: Path, tmp_path: Path) -> None:
    rows = json.loads(groundplan("fabric", "failures", plan, "--json").stdout)
    assert {(row["kind"], row["name"], row["count"]) for row in rows} == {
        ("switch", "leaf", 8),
        ("switch", "spine", 4),
        ("cable", "node_leaf", 256),
        ("cable", "leaf_spine", 256),
    }
    spine = next(row for row in rows if row["name"] == "spine")
    assert spine["uplinks_left_fraction"] == 0.75
    (tmp_path / "jobs.json").write_text('{"train": "n[0000-0015]", "idle": ["n0020"]}', encoding="utf-8")
    lost = ["--lose", "su00-rail3-leaf", "--lose", "n0020-nic0:1", "--jobs", tmp_path / "jobs.json"]
    together = data(groundplan("fabric", "failures", plan, *lost, "--json"))
    assert together["hosts_by_injection_left"] == {"0.75": 1, "0.875": 31}
    assert together["rails"] == [0, 3]
    assert together["jobs_slowed"] == ["train", "idle"]
    assert "jobs slowed" in groundplan("fabric", "failures", plan, *lost).stdout.lower()


def test_random_failures_are_drawn_the_same_again(groundplan: Run, plan: Path) -> None:
    texts = {groundplan("fabric", "failures", plan, "--random-cables", "5", "--seed", seed).stdout for seed in "778"}
    assert len(texts) == 2


def test_routes_are_balanced_and_do_not_lock_up(groundplan: Run, plan: Path) -> None:
    found = data(groundplan("fabric", "routes", plan, "--json"))
    assert found["unreachable_pairs"] == 0
    assert found["credit_loop"] is None
    assert set(found["most_over_mean_ratio"].values()) == {1.0}
    way = data(groundplan("fabric", "routes", plan, "--from", "n0000-nic0", "--to", "n0031-nic7", "--json"))["ways"][0]["way"]
    assert (way[0], way[1], way[-2], way[-1], len(way)) == ("n0000-nic0", "su00-rail0-leaf", "su00-rail7-leaf", "n0031-nic7", 5)
    cut = data(groundplan("fabric", "routes", plan, "--lose", "su00-rail0-leaf", "--json"))
    assert cut["engine"] == "up-down"
    assert cut["unreachable_pairs"] > 0


def test_with_two_planes_there_is_a_way_by_each(groundplan: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan_of(simple(count=64, fabrics={"compute": {"planes": 2}})).to_json(), encoding="utf-8")
    asked = ("fabric", "routes", path, "--from", "n0000-nic0", "--to", "n0040-nic7")
    ways = data(groundplan(*asked, "--json"))["ways"]
    assert [(way["way"][0], way["way"][-1], len(way["way"]), len(way["cables"])) for way in ways] == [
        ("n0000-nic0", "n0040-nic7", 5, 4)
    ] * 2
    assert [{name[:3] for name in way["way"][1:-1]} for way in ways] == [{"p0-"}, {"p1-"}]
    assert sum(line.startswith("n0000-nic0 -> ") for line in groundplan(*asked).stdout.splitlines()) == 2


def test_a_host_is_lost_with_all_its_nics(groundplan: Run, plan: Path) -> None:
    lost = data(groundplan("fabric", "failures", plan, "--lose", "n0003", "--json"))
    assert lost["cut_off"] == [f"n0003-nic{nic}" for nic in range(8)]


def test_a_network_without_nodes_has_no_flows(groundplan: Run, tmp_path: Path) -> None:
    """The out-of-band network of one node, and that of racks, whose trays it does not see."""
    path = tmp_path / "plan.json"
    for node in ("dgx-h100", "gb200-nvl72"):
        path.write_text(plan_of(simple(node, 1)).to_json(), encoding="utf-8")
        assert groundplan("fabric", "show", path, "--fabric", "out-of-band").returncode == 0
        for arguments in (["flows", path], ["flows", path, "--pattern", "rail-rings"], ["collective", path, "all-reduce"]):
            ran = groundplan("fabric", *arguments, "--fabric", "out-of-band")
            assert (ran.returncode, "two" in ran.stderr, "Traceback" in ran.stderr) == (2, True, False)


def test_flows_take_what_their_sharing_costs(groundplan: Run, plan: Path) -> None:
    incast = data(groundplan("fabric", "flows", plan, "--pattern", "incast:n0000-nic0", "--size", "1 GB", "--json"))
    assert incast["all_done_s"] == pytest.approx(255 * 8 / 400)
    assert incast["bottlenecks"][0]["link"] == "su00-rail0-leaf -> n0000-nic0"
    apart = data(groundplan("fabric", "flows", plan, "--pattern", "shift:8", "--size", "500 MB", "--json"))
    assert apart["all_done_s"] == pytest.approx(4 / 400)
    ring = data(groundplan("fabric", "collective", plan, "all-reduce", "--hosts", "n[0000-0007]", "--json"))
    assert ring["ranks"] == 64
    assert ring["algorithms"]["ring"]["total_s"] > ring["algorithms"]["hierarchical"]["total_s"] > 0


def test_flows_between_the_pairs_of_a_file(groundplan: Run, plan: Path, tmp_path: Path) -> None:
    """Two of three flows end in one NIC of 400 Gbit/s; the pair that is there twice is two flows."""
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("n0000-nic0,n0001-nic0\n\nn0000-nic1 , n0002-nic1\r\nn0003-nic1,n0002-nic1\n", encoding="utf-8")
    found = data(groundplan("fabric", "flows", plan, "--pattern", f"file:{pairs}", "--size", "500 MB", "--json"))
    assert found["flows"] == 3
    assert found["all_done_s"] == pytest.approx(2 * 4 / 400)
    assert (found["bottlenecks"][0]["link"], found["bottlenecks"][0]["flows"]) == ("su00-rail1-leaf -> n0002-nic1", 2)
    pairs.write_text("n0000-nic0,n0001-nic0\n" * 2, encoding="utf-8")
    assert data(groundplan("fabric", "flows", plan, "--pattern", f"file:{pairs}", "--json"))["flows"] == 2
    assert data(groundplan("fabric", "routes", plan, "--pattern", f"file:{pairs}", "--json"))["pattern"] == f"file:{pairs}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "n0000-nic0,n0001-nic0\n\nn0000-nic0,n0001-nicO\n",
            ("line 3: 'n0001-nicO' is no endpoint", "did you mean n0001-nic"),
        ),
        ("spine00,n0001-nic0\n", ("line 1: 'spine00' is no endpoint",)),
        ("n0000-nic0,n0001-nic0,400\n", ("line 1: not two names", "SOURCE,DESTINATION")),
        ("n0000-nic0,n0000-nic0\n", ("line 1: n0000-nic0 is both ends",)),
        ("\n", ("names no pair",)),
    ],
)
def test_a_wrong_line_of_pairs_is_told(
    groundplan: Run, plan: Path, tmp_path: Path, content: str, says: tuple[str, ...]
) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(content, encoding="utf-8")
    ran = groundplan("fabric", "flows", plan, "--pattern", f"file:{pairs}")
    assert ran.returncode == 2
    assert all(each in ran.stderr for each in says), ran.stderr
    assert "Traceback" not in ran.stderr


def test_as_built_equals_the_plan_or_says_what_differs(groundplan: Run, plan: Path, tmp_path: Path) -> None:
    fabric = fabric_of(next(each for each in PLAN.fabrics if each.kind == "compute"))
    found = tmp_path / "found.txt"
    found.write_text(write(fabric), encoding="utf-8")
    same = groundplan("fabric", "diff", plan, found)
    assert same.returncode == 0, same.stdout + same.stderr
    lines = write(fabric).splitlines(keepends=True)
    swapped = "".join(lines).replace('"su00-rail0-leaf"[1]', "@A").replace('"su00-rail1-leaf"[1]', '"su00-rail0-leaf"[1]')
    swapped = swapped.replace("@A", '"su00-rail1-leaf"[1]')
    swapped = (
        swapped.replace('[1] "n0000-nic0"', "@B")
        .replace('[1] "n0000-nic1"', '[1] "n0000-nic0"')
        .replace("@B", '[1] "n0000-nic1"')
    )
    found.write_text(swapped, encoding="utf-8")
    read(swapped)
    differs = groundplan("fabric", "diff", plan, found, "--draw", tmp_path / "diff.svg")
    assert differs.returncode == 1, differs.stdout + differs.stderr
    assert "n0000-nic0" in differs.stdout
    assert (tmp_path / "diff.svg").stat().st_size > 1000
    assert json.loads(groundplan("fabric", "diff", plan, found, "--json").stdout)
    order = groundplan("fabric", "diff", plan, found, "--fix-list")
    assert order.returncode == 1
    assert "exchange the plugs in n0000-nic0:1 and n0000-nic1:1" in order.stdout


def test_flows_of_what_is_cut_off_are_left_out(groundplan: Run, plan: Path) -> None:
    found = data(groundplan("fabric", "flows", plan, "--pattern", "shift:8", "--lose", "n0000-nic0", "--json"))
    assert (found["flows"], found["flows_without_way"]) == (254, 2)
    assert "2 more flows" in groundplan("fabric", "flows", plan, "--pattern", "shift:8", "--lose", "n0000-nic0").stdout


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written(form: str) -> None:
    planned = next(each for each in PLAN.fabrics if each.kind == "compute")
    fabric = fabric_of(planned)
    content = FORMATS[form].write(PLAN, planned, fabric)
    assert content
    assert FORMATS[form].write(PLAN, planned, fabric) == content


def test_exports_go_to_the_terminal_a_file_or_a_folder(groundplan: Run, plan: Path, tmp_path: Path) -> None:
    assert "SwitchName=" in groundplan("export", plan, "slurm-tree").stdout
    assert groundplan("export", plan, "graphml", "-o", tmp_path / "x.graphml").returncode == 0
    assert groundplan("export", plan, "ibdiagnet", "-o", tmp_path / "ibd").returncode == 0
    assert len(list((tmp_path / "ibd").iterdir())) >= 2
    listed = groundplan("export", "--list").stdout
    assert all(form in listed for form in FORMATS)
    assert set(json.loads(groundplan("export", "--list", "--json").stdout)) == set(FORMATS)


def test_an_extra_that_is_not_installed_is_named(plan: Path, root: Path) -> None:
    code = (
        "import sys; sys.modules['xlsxwriter'] = None; from planner.cli import main;"
        f"sys.argv = ['groundplan', 'export', {str(plan)!r}, 'cable-schedule-xlsx']; main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "groundplan[xlsx]" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fabric", "show", "PLAN", "--fabric", "compte"], "did you mean compute"),
        (["fabric", "failures", "PLAN", "--lose", "spin00"], "did you mean spine00"),
        (["fabric", "failures", "PLAN", "--lose", "spine00:99"], "no cable"),
        (["fabric", "failures", "PLAN", "--lose", "plane:3"], "no plane 3"),
        (["fabric", "failures", "PLAN", "--random-switches", "99"], "12"),
        (["fabric", "routes", "PLAN", "--routing", "d-mod"], "did you mean d-mod-k"),
        (["fabric", "routes", "PLAN", "--pattern", "incst:n0"], "no pattern"),
        (["fabric", "routes", "PLAN", "--from", "n0000-nic0"], "two ends"),
        (["fabric", "routes", "PLAN", "--from", "n0000-nic0", "--to", "n0001-nic0", "--pattern", "shift:1"], "--pattern"),
        (["fabric", "flows", "PLAN", "--size", "1 Gb"], "ambiguous"),
        (["fabric", "flows", "PLAN", "--size", "-1 GB"], "nothing is sent"),
        (["fabric", "flows", "PLAN", "--pattern", "pairs:99999999999"], "too many"),
        (["fabric", "flows", "PLAN", "--pattern", "pairs:\u00b2"], "no pattern"),
        (["fabric", "flows", "PLAN", "--pattern", "shift:512"], "itself"),
        (["fabric", "routes", "PLAN", "--from", "n0000-nic0", "--to", "n0000-nic0"], "both ends"),
        (["fabric", "collective", "PLAN", "all-redoce"], "did you mean all-reduce"),
        (["fabric", "collective", "PLAN", "all-reduce", "--hosts", "n[0030-0040]"], "n0032"),
        (["export", "PLAN", "slurm-tre"], "did you mean slurm-tree"),
        (["export", "PLAN", "ibdiagnet"], "--output"),
        (["export", "PLAN"], "--list"),
        (["fabric", "diff", "PLAN", "PLAN"], "ibnetdiscover"),
        (["fabric", "diff", "PLAN", "nothing.txt"], "no such file"),
    ],
)
def test_bad_calls_say_what_is_wrong(groundplan: Run, plan: Path, arguments: list[str], says: str) -> None:
    ran = groundplan(*(str(plan) if each == "PLAN" else each for each in arguments))
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_names_are_unique_in_the_factory() -> None:
    plan: Plan = plan_of(simple(count=64))
    names = [name for each in plan.fabrics if each.recipe for name in fabric_of(each).names]
    assert len(names) == len(set(names))
