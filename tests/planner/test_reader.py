"""A factory file in, a factory out, or everything that is wrong with it at once, each at its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import CATALOG, any_factory, plan_file
from planner.errors import InputErrors, Problem, did_you_mean
from planner.reader import read_factory, read_plan

GOOD = "name: x\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 4}}\n"

RACK = "id,name,vendor,height_u,load_max_kg,weight_kg,width_mm,depth_mm,confidence,source_url,retrieved_on,note\n"


def problems(folder: Path, text: str) -> list[Problem]:
    path = folder / "factory.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        read_factory(path)
    return list(caught.value.problems)


def only(folder: Path, text: str) -> Problem:
    (found,) = problems(folder, text)
    return found


def test_everything_wrong_is_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
name: My Factory
catalog: rows
site: {country: USA, grid_fed: 3 MW}
compute:
  nodes:
    dgx-h10: 4
    dgx-h100: -5
    qm9700: 1.5
    own-node: many
hall:
  racks: yes
  racks: 4
  rack_power: 12 kWh
  rack_floor_load_kg: 1e30
  pdu_redundancy: 2n
fabrics:
  compute: {switch: qm970, planes: 0, link: 400 Gb}
  storage: 7
sovereignty: {excluded_vendors: [nvidia]}
storage: [1]
"""
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "racks.csv").write_text(RACK + "my-rack,Rack,Me,tall,1,1,1,1,vendor,https://x.org,2026-01-31,\n")
    (tmp_path / "rows" / "gadgets.csv").touch()
    found = problems(tmp_path, text)
    assert [(each.line, each.column, each.path) for each in found if each.file.endswith(".yaml")] == [
        (1, 7, "name"),
        (3, 17, "site.country"),
        (3, 22, "site.grid_fed"),
        (6, 5, "compute.nodes.dgx-h10"),
        (7, 15, "compute.nodes.dgx-h100"),
        (8, 5, "compute.nodes.qm9700"),
        (8, 13, "compute.nodes.qm9700"),
        (9, 5, "compute.nodes.own-node"),
        (9, 15, "compute.nodes.own-node"),
        (11, 10, "hall.racks"),
        (12, 3, "hall.racks"),
        (13, 15, "hall.rack_power"),
        (14, 23, "hall.rack_floor_load_kg"),
        (15, 19, "hall.pdu_redundancy"),
        (17, 21, "fabrics.compute.switch"),
        (17, 36, "fabrics.compute.planes"),
        (17, 45, "fabrics.compute.link"),
        (18, 12, "fabrics.storage"),
        (19, 34, "sovereignty.excluded_vendors[0]"),
        (20, 10, "storage"),
    ]
    assert [(Path(each.file).name, each.line, each.column) for each in found if each.file.endswith(".csv")] == [
        ("gadgets.csv", 0, 0),
        ("racks.csv", 2, 17),
    ]


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        ("hal: {}", "hal: is not a known key", "did you mean hall? (allowed: budget, "),
        ("hal:", "hal: is not a known key", "did you mean hall?"),
        ("hall: {rack: rack-48u}", "'rack-48u' is not in the catalog of racks", "did you mean rack-48u-generic?"),
        ("hall: {rack: qm9700}", "(it is one of the switches)", "allowed: "),
        ("hall: {racks: 1.5}", "must be a whole number, not 1.5", ""),
        ("hall: {racks: 0x0}", "must be at least 1, not 0x0", ""),
        ("hall: {racks: -1}", "must be at least 1, not -1", ""),
        ("hall: {racks: true}", "must be a whole number, not true", ""),
        ("hall: {racks: [4]}", "must be a whole number, not a list", ""),
        ("hall: {racks: .nan}", "must be a whole number, not .nan", ""),
        (f"hall: {{racks: {10**400}}}", "must be at most 1,000,000, not 1000", ""),
        ("hall: {rack_power: 12 MW}", "must be at most 5,000 kW, not 12 MW", "'rack_power: 10 kW'"),
        ("hall: {rack_power: 0 kW}", "must be more than 0 kW, not 0 kW", "'rack_power: 10 kW'"),
        ("hall: {rack_power: 12}", "12 has no unit", "write 'rack_power: 12 kW' or 'rack_power_kw: 12'"),
        ("hall: {rack_power_kw: .inf}", "must be a finite number, not .inf", "a number in kW"),
        ("hall: {rack_power_kw: 1e999}", "must be a finite number, not 1e999", "a number in kW"),
        (f"hall: {{rack_power_kw: {10**400}}}", "is too large: 1000", "a number in kW"),
        ("hall: {rack_power_kw: {}}", "must be a number, not a map", "a number in kW"),
        ("hall: {pdu_redundancy: no}", "must be 'N', 'N+1' or '2N', not 'no'", "did you mean N?"),
        ("hall: [1]", "must be a map (key: value), not a list", "allowed: blocked, cable_slack, "),
        ("hall: x", "must be a map (key: value), not 'x'", "allowed: "),
        ("storage: {systems: [1]}", "must be a map (key: value), not a list", "{ID: 4}"),
        ("description: 2026", "must be a text, not 2026", "put it in quotes"),
        ("description: [a]", "must be a text, not a list", ""),
        (f"description: {'x' * 501}", "must have at most 500 characters", ""),
        ("fabrics: {compute: {link: 400 Gb}}", "'400 Gb' is ambiguous", "'400 Gbyte/s' (= 3200 Gbit/s)"),
        ("sovereignty: {excluded_vendors: NVIDIA}", "must be a list, not 'NVIDIA'", "[NVIDIA, Dell]"),
        ("sovereignty: {excluded_vendors: [nvidia]}", "'nvidia' is not in the catalog of vendors", "did you mean NVIDIA?"),
        ("catalog: nowhere", "'nowhere' is not a folder with catalog files", "nodes.csv"),
        ("catalog: factory.yaml", "'factory.yaml' is not a folder with catalog files", "nodes.csv"),
        ("catalog: .", "holds no catalog file", "nodes.csv"),
        ("catalog: /nowhere/at/all", "'/nowhere/at/all' is not a folder", "nodes.csv"),
        (f"catalog: {'x' * 5000}", "cannot be read: File name too long", ""),
        ("deploy: {target: moon}", "must be 'bare-metal' or 'aws', not 'moon'", ""),
    ],
)
def test_each_fault_is_said_in_plain_words(tmp_path: Path, lines: str, message: str, hint: str) -> None:
    found = only(tmp_path, GOOD + lines + "\n")
    assert message in f"{found.path}: {found.message}"
    assert hint in found.hint
    assert found.line == 4


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("- a\n", (1, 1), "holds a list"),
        ("hello\n", (1, 1), "holds a single value"),
        (GOOD.replace("name: x\n", ""), (1, 1), "is missing"),
        (GOOD.replace("name: x\n", "name:\n"), (1, 1), "is missing"),
        (GOOD.replace("{country: US}", "{region: Oslo}"), (2, 1), "is missing"),
        (GOOD.replace("{country: US}", ""), (2, 1), "is missing"),
        (GOOD.replace("{nodes: {dgx-h100: 4}}", "{}"), (3, 1), "is missing"),
        (GOOD.replace("{dgx-h100: 4}", "{}"), (3, 18), "must not be empty"),
        (GOOD.replace("{dgx-h100: 4}", "[dgx-h100]"), (3, 18), "must be a map"),
        (GOOD.replace("{dgx-h100: 4}", "{dgx-h100: }"), (3, 19), "must be a whole number, not nothing"),
        (GOOD.replace("dgx-h100", "'[key]'"), (3, 19), "'[key]' is not in the catalog of nodes"),
    ],
)
def test_a_fault_is_placed_at_the_key_or_value_to_look_at(
    tmp_path: Path, text: str, place: tuple[int, int], message: str
) -> None:
    found = only(tmp_path, text)
    assert (found.line, found.column) == place
    assert message in found.message
    assert found.hint or message == "must be a whole number, not nothing"


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {country: US}\nsite:\n  <<: *b\n",  # the country may be in what is merged
        "? [a]\n: b\n",  # a key that is no word may have been meant for one that is missing
        "name: x\n---\n",  # the rest may be in the second document
    ],
)
def test_what_may_stand_in_an_unreadable_part_is_not_reported_as_missing(tmp_path: Path, text: str) -> None:
    missing = [each.path for each in problems(tmp_path, text) if each.message == "is missing"]
    assert "site.country" not in missing
    assert text.startswith("base") or missing == []


def test_what_a_file_holds_reaches_no_terminal_unescaped(tmp_path: Path) -> None:
    text = GOOD + '"k\\e[31m\\n": 1\ncatalog: "c\\e[2J"\nhall: {rack: "r\\a", rack_power: "1 \\u202e"}\n'
    said = str(InputErrors(problems(tmp_path, text)))
    assert all(char.isprintable() or char == "\n" for char in said)
    assert said.count(r"\x1b") >= 2
    assert said.count("\n") == 2 * len(problems(tmp_path, text)) - 1, "one line and one hint each"


def test_the_folder_of_own_rows_is_found_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "racks.csv").write_text("id,height_u\nrack-48u-generic,50\n")
    (tmp_path / "factory.yaml").write_text(GOOD + "catalog: rows\n")
    monkeypatch.chdir("/")
    _, catalog, _ = read_factory(tmp_path / "factory.yaml")
    assert catalog.overrides == (("racks", "rack-48u-generic", "height_u 48 -> 50"),)


def test_the_folder_of_the_command_line_goes_before_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "racks.csv").write_text("id,height_u\nrack-48u-generic,50\n")
    (tmp_path / "factory.yaml").write_text(GOOD + "catalog: nowhere\n")
    assert read_factory(tmp_path / "factory.yaml", tmp_path / "rows")[1].overrides


def test_ids_of_faulty_rows_are_not_reported_a_second_time(tmp_path: Path) -> None:
    (tmp_path / "racks.csv").write_text(RACK + "my-rack,Rack,Me,0,1,1,1,1,vendor,https://x.org,2026-01-31,\n")
    (tmp_path / "nodes.csv").write_bytes(b"id\xff")
    found = problems(tmp_path, GOOD.replace("dgx-h100", "my-node") + "catalog: .\nhall: {rack: my-rack}\n")
    assert [Path(each.file).name for each in found] == ["nodes.csv", "racks.csv"]


@given(any_factory)
def test_a_factory_written_as_json_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("any", numbered=True) / "factory.yaml"
    path.write_text(json.dumps(data))
    factory, catalog, _ = read_factory(path)
    assert catalog == CATALOG
    assert json.loads(json.dumps(factory.declared())).keys() <= data.keys()


VALUES = st.recursive(
    st.sampled_from(
        [
            "",
            "~",
            "x",
            "yes",
            "-1",
            "1e999",
            ".nan",
            "12 MW",
            "400 Gb",
            "'\\e'",
            '"\\e[31m"',
            "*a",
            "&a 1",
            "!t 1",
            "0x_",
            "9" * 500,
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.lists(
            st.tuples(st.sampled_from(["nodes", "dgx-h100", "country", "rack_power", "switch", "a", "<<"]), inner), max_size=3
        ).map(lambda each: "{" + ", ".join(f"{key}: {value}" for key, value in each) + "}")
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "site", "compute", "hall", "fabrics", "catalog", "budget", "storage", "hal", '"\\e"', "? []\n", "a"]
)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6))
def test_any_nest_of_keys_and_values_is_read_or_refused_in_order(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]]
) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in lines)
    found = problems(tmp_path_factory.mktemp("nest", numbered=True), text)
    assert found
    assert found == sorted(found)
    assert all(1 <= each.line <= text.count("\n") + 1 and each.column >= 1 for each in found)
    assert all(char.isprintable() or char == "\n" for each in found for char in str(each))


def plan_text(folder: Path) -> str:
    return plan_file(folder, GOOD).to_json()


def test_a_plan_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan_text(tmp_path))
    assert read_plan(path).to_json() == plan_text(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"dgx-h100": 4', '"dgx-h100": 5', "was edited"),
        ('"schema_version": 4', '"schema_version": 5', "is 5, this version reads 4"),
        ('"name": "x"', '"name": NaN', "is not a plan"),
        ('"name": "x"', '"name": "x", "more": 1', "is not a plan"),
        ("{", "[", "is not a plan"),
        ("{", "[" * 100_000, "is not a plan"),
        ('"dgx-h100": 4', f'"dgx-h100": {10**400}', "is not a plan"),
    ],
)
def test_what_is_no_plan_of_ours_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = plan_text(tmp_path)
    assert old in text
    path = tmp_path / "plan.json"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputErrors, match=words):
        read_plan(path)


def test_an_empty_list_of_allowed_words_gives_no_hint() -> None:
    assert did_you_mean("x", []) == ""


def test_a_suggestion_does_not_mind_capitals() -> None:
    assert did_you_mean("DGX-H10", ["dgx-h100"]).startswith("did you mean dgx-h100?")
    assert did_you_mean("nvidia", ["NVIDIA"]).startswith("did you mean NVIDIA?")


def test_many_allowed_words_are_cut_short() -> None:
    assert did_you_mean("zzz", [f"word-{number:03}" for number in range(30)]).endswith("word-023 and 6 more")
