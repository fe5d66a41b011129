"""The command line as people use it: exit codes, what is written and what is not, and no traceback for anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from planner.cli import app

GOOD = "name: x\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 4}}\n"
BAD = GOOD.replace("dgx-h100", "dgx-h10") + "hal: {}\nhall: {rack_power: 12 kWh}\n"
TOO_BIG = GOOD.replace("country: US", "country: US, grid_feed: 1 kW")

Run = Callable[..., Result]
Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "bad": BAD, "big": TOO_BIG}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return invoke


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("file", "code"), [("good.yaml", 0), ("big.yaml", 1), ("bad.yaml", 2), ("none.yaml", 2), (".", 2)])
def test_the_exit_code_says_fits_does_not_fit_or_bad_input(run: Run, file: str, code: int) -> None:
    assert run("plan", file).exit_code == code
    assert run("plan", file, "--quiet").exit_code == code
    assert run("plan", file, "--json").exit_code == code
    assert run("check", file).exit_code == (2 if code == 2 else 0)


def test_bad_input_is_reported_whole_on_stderr_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    before = files(tmp_path)
    for command in (["check", "bad.yaml"], ["plan", "bad.yaml", "-o", "plan.json"], ["plan", "bad.yaml", "--json", "-q"]):
        result = run(*command)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.startswith("bad.yaml:3:19: compute.nodes.dgx-h10: 'dgx-h10' is not in the catalog of nodes\n")
        assert "\nbad.yaml:4:1: hal: is not a known key\n    hint: did you mean hall?" in result.stderr
        assert "\nbad.yaml:5:20: hall.rack_power: 'kWh' is not a unit of kW\n" in result.stderr
        assert result.stderr.endswith("\n3 problems; nothing was written\n")
        assert files(tmp_path) == before


def test_problems_of_a_long_list_are_cut_off(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(GOOD + "".join(f"x{number}: 1\n" for number in range(150)))
    result = run("check", "long.yaml")
    assert result.stderr.count("is not a known key") == 100
    assert "... and 50 more\n150 problems" in result.stderr


def test_check_says_ok_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    before = files(tmp_path)
    assert run("check", "good.yaml").stdout == "good.yaml: x is well formed\n"
    assert run("check", "good.yaml", "--quiet").output == ""
    assert files(tmp_path) == before


def test_check_lists_problems_as_json(run: Run) -> None:
    assert json.loads(run("check", "good.yaml", "--json").stdout) == {"problems": []}
    result = run("check", "bad.yaml", "--json")
    assert result.exit_code == 2
    assert [(each["line"], each["column"], each["path"]) for each in json.loads(result.stdout)["problems"]] == [
        (3, 19, "compute.nodes.dgx-h10"),
        (4, 1, "hal"),
        (5, 20, "hall.rack_power"),
    ]
    assert run("check", "bad.yaml", "--json", "--quiet").stdout == ""


def test_plan_prints_a_report_or_json_or_nothing(run: Run, tmp_path: Path) -> None:
    assert run("plan", "good.yaml").stdout.startswith("x: ")
    assert run("plan", "good.yaml", "--format", "markdown").stdout.startswith("# x: ")
    assert json.loads(run("plan", "good.yaml", "--json").stdout)["name"] == "x"
    assert run("plan", "good.yaml", "--quiet").output == ""
    assert run("plan", "good.yaml", "--json", "--quiet").output == ""
    both = run("plan", "good.yaml", "--json", "-o", "both.json")
    assert both.stdout == (tmp_path / "both.json").read_text()


def test_the_plan_is_written_whole_and_also_where_it_does_not_fit(run: Run, tmp_path: Path) -> None:
    for name, code in (("good", 0), ("big", 1)):
        result = run("plan", f"{name}.yaml", "-o", "plan.json", "-q")
        assert (result.exit_code, result.output) == (code, "")
        assert (tmp_path / "plan.json").read_text() == run("plan", f"{name}.yaml", "--json").stdout
    assert files(tmp_path) == {"good.yaml", "bad.yaml", "big.yaml", "plan.json"}, "no temporary file is left"
    assert run("report", "plan.json").exit_code == 1


def test_a_new_file_has_the_rights_of_the_umask_and_an_old_one_keeps_its_own(run: Run, tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        run("plan", "good.yaml", "-q", "-o", "plan.json")
        assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o640
        (tmp_path / "plan.json").chmod(0o604)
        run("plan", "good.yaml", "-q", "-o", "plan.json")
        assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(mask)


def test_a_link_is_kept_and_its_target_replaced(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("plan.json")
    run("plan", "good.yaml", "-q", "-o", "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "plan.json").read_text())["name"] == "x"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("none/plan.json", "none/plan.json cannot be written: No such file or directory"),
        ("good.yaml/plan.json", "good.yaml/plan.json cannot be written: Not a directory"),
        (".", ". is a folder"),
        ("", ". is a folder"),
        ("x" * 300, "cannot be written: File name too long"),
        ("good.yaml", "good.yaml is what is read here"),
        ("./good.yaml", "good.yaml is what is read here"),
        ("/proc/none.json", "/proc/none.json cannot be written"),
    ],
)
def test_where_nothing_can_be_written_nothing_is(run: Run, tmp_path: Path, output: str, words: str) -> None:
    before = files(tmp_path)
    result = run("plan", "good.yaml", "-q", "-o", output)
    assert result.exit_code == 2
    assert words in result.stderr
    assert files(tmp_path) == before
    assert (tmp_path / "good.yaml").read_text() == GOOD


def test_a_failed_write_leaves_the_last_good_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plan.json").write_text("good")
    before = files(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = run("plan", "good.yaml", "-q", "-o", "plan.json")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "plan.json cannot be written: No space left on device")
    assert (tmp_path / "plan.json").read_text() == "good"
    assert files(tmp_path) == before


def test_a_report_does_not_overwrite_its_plan(run: Run, tmp_path: Path) -> None:
    run("plan", "good.yaml", "-q", "-o", "plan.json")
    assert run("report", "plan.json", "-o", "plan.json").exit_code == 2
    assert run("report", "plan.json", "-o", "report.md").exit_code == 0
    assert (tmp_path / "report.md").read_text().startswith("# x: ")
    assert run("report", "good.yaml").exit_code == 2


def test_json_and_another_format_contradict(run: Run) -> None:
    assert run("plan", "good.yaml", "--json", "--format", "markdown").exit_code == 2


def test_init_writes_a_factory_that_plans(run: Run, tmp_path: Path) -> None:
    assert run("init", "mine").stdout == "wrote mine.yaml; next: groundplan plan mine.yaml\n"
    assert run("plan", "mine.yaml", "-q").exit_code == 0
    assert run("init", "yours", "--node", "gb200-nvl72", "--count", "2").exit_code == 0
    assert "gb200-nvl72: 2" in (tmp_path / "yours.yaml").read_text()


def test_init_never_writes_over_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    for name in ("good", "dangling"):
        result = run("init", name)
        assert result.exit_code == 2
        assert "exists and is left as it is" in result.stderr
    assert (tmp_path / "good.yaml").read_text() == GOOD
    assert "nowhere" not in files(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["../x"],
        ["A"],
        ["a/b"],
        [""],
        ["\x1b[31m"],
        ["a", "--node", "dgx-h10"],
        ["a", "--count", "0"],
        ["a", "--count", "-1"],
        ["a", "--count", "1000000"],
        ["a", "--count", "99999999999999999999"],
        ["a", "--count", "many"],
    ],
)
def test_init_of_nonsense_writes_nothing(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    before = files(tmp_path)
    result = run("init", *arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert "\x1b" not in result.stderr
    assert files(tmp_path) == before


def test_a_failed_init_leaves_no_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run("init", "mine").exit_code == 2
    assert files(tmp_path) == before


def test_the_catalog_is_listed_and_shown(run: Run) -> None:
    everything = run("catalog", "list").stdout
    nodes = run("catalog", "list", "nodes").stdout
    assert nodes in everything
    assert "dgx-h100 " in nodes
    assert "qm9700" not in nodes
    assert run("catalog", "list", "power-stages").exit_code == 0
    shown = run("catalog", "show", "dgx-h100").stdout
    assert "dgx-h100 (nodes)" in shown
    assert "dgx-h100 (prices)" in shown
    assert "source_url" in shown
    assert json.loads(run("catalog", "show", "dgx-h100", "--json").stdout)["nodes"]["id"] == "dgx-h100"
    assert json.loads(run("catalog", "list", "gpus", "--json").stdout).keys() == {"gpus"}


def test_what_the_catalog_does_not_know_is_suggested(run: Run) -> None:
    assert "did you mean nodes?" in run("catalog", "list", "node").stderr
    assert "did you mean dgx-h100?" in run("catalog", "show", "dgx-h10").stderr
    assert run("catalog", "show", "dgx-h10").exit_code == 2


def test_own_rows_extend_and_override_with_a_note_in_the_plan(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "nodes.csv").write_text("id,power_max_kw\ndgx-h100,9.5\n")
    assert "9.5" in run("catalog", "show", "dgx-h100", "--catalog", "rows").stdout
    own = json.loads(run("plan", "good.yaml", "--json", "--catalog", "rows").stdout)
    base = json.loads(run("plan", "good.yaml", "--json").stdout)
    assert own["compute"]["groups"][0]["power_max_kw"] == 38.0
    assert "power_max_kw 10.2 -> 9.5" in json.dumps([own["findings"], own["assumptions"]])
    assert own["catalog_version"] != base["catalog_version"]
    (tmp_path / "own.yaml").write_text(GOOD + "catalog: rows\n")
    in_file = json.loads(run("plan", "own.yaml", "--json").stdout)
    assert in_file["catalog_version"] == own["catalog_version"]


@pytest.mark.parametrize(
    "command", [["plan", "good.yaml"], ["check", "good.yaml"], ["catalog", "list"], ["catalog", "show", "x"]]
)
def test_a_faulty_folder_of_own_rows_is_bad_input(run: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "nodes.csv").write_text("id,power_max_kw\ndgx-h100,-1\n")
    for folder, words in (
        (".", "nodes.csv:2:10: dgx-h100.power_max_kw: must be more than 0 kW"),
        ("none", "none: is not a folder"),
    ):
        result = run(*command, "--catalog", folder)
        assert result.exit_code == 2
        assert words in result.stderr


def test_names_from_files_are_escaped_wherever_they_are_shown(run: Run, tmp_path: Path) -> None:
    rack = "id,name,vendor,height_u,load_max_kg,weight_kg,width_mm,depth_mm,confidence,source_url,retrieved_on,note\n"
    row = "a-rack,\x1b[31m | <b>,Me,48,1500,100,600,1200,vendor,https://x.org,2026-01-31,\x1b]0;title\x07\n"
    (tmp_path / "racks.csv").write_text(rack + row)
    text = (
        GOOD.replace("country: US", 'country: US, region: "\\e[2J"')
        + 'description: "a | b \\e[31m <script>"\nhall: {rack: a-rack}\n'
    )
    (tmp_path / "good.yaml").write_text(text)
    (tmp_path / "bad.yaml").write_text(text + '"\\e[31m": 1\n')
    for command in (
        ["catalog", "list"],
        ["catalog", "show", "a-rack"],
        ["plan", "good.yaml"],
        ["plan", "good.yaml", "--json"],
        ["plan", "good.yaml", "--format", "markdown"],
        ["check", "bad.yaml"],
    ):
        output = run(*command, "--catalog", ".").output
        assert output
        assert not {"\x1b", "\x07"} & set(output), command
    markdown = run("plan", "good.yaml", "--format", "markdown", "--catalog", ".").output
    assert r"a \| b" in markdown
    assert "<script>" not in markdown.replace(r"\<", "")


@pytest.mark.parametrize("arguments", [[], ["plan"], ["nonsense"], ["plan", "good.yaml", "--colour"], ["catalog"]])
def test_wrong_arguments_are_bad_input(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


# From here on the real program in a process of its own.

SCRIPT = "from planner.cli import main; main()"


def start(folder: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


def test_the_program_plans_checks_and_refuses(groundplan: Program, tmp_path: Path) -> None:
    assert groundplan("init", "mine").returncode == 0
    assert groundplan("check", "mine.yaml").stdout == "mine.yaml: mine is well formed\n"
    planned = groundplan("plan", "mine.yaml", "-o", "plan.json", "--quiet")
    assert (planned.returncode, planned.stdout, planned.stderr) == (0, "", "")
    (tmp_path / "mine.yaml").write_bytes(b"\xff")
    refused = groundplan("plan", "mine.yaml", "-o", "other.json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("mine.yaml:1:1: is not UTF-8: byte 0xff")
    assert files(tmp_path) == {"mine.yaml", "plan.json"}


def test_the_program_runs_as_a_module(tmp_path: Path, root: Path) -> None:
    command = [sys.executable, "-m", "planner.cli", "check", "none.yaml"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (2, "none.yaml: no such file")


def test_a_file_name_that_is_no_unicode_is_read_and_shown(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\x1b[31m.yaml")
    (tmp_path / name).write_text(GOOD)
    process = start(tmp_path, "check", name, stdout=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, rb"\udcff\x1b[31m.yaml: x is well formed" + b"\n", b"")


def test_a_terminal_without_unicode_gets_codes(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-c", SCRIPT, "plan", "good.yaml"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert rb"\u2500" in ran.stdout, "the rule of a table"


def test_a_reader_that_goes_away_ends_the_program_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(tmp_path, "catalog", "list", "--json", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (-signal.SIGPIPE, b"")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("the system has no /dev/full")
    with full.open("wb") as stream:
        process = start(tmp_path, "schema", stdout=stream)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (74, b"cannot write: No space left on device\n")


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    process = start(tmp_path, "plan", "good.yaml", "-q", "-o", "pipe", stdout=subprocess.DEVNULL)
    text, until = b"", time.monotonic() + 60
    with os.fdopen(reading, "rb", buffering=0) as stream:
        while (part := stream.read(2**16)) or (process.poll() is None and time.monotonic() < until):
            text += part or b""
            time.sleep(0 if part else 0.02)
    assert process.communicate(timeout=60)[1] == b""
    assert json.loads(text)["name"] == "x"
    assert (tmp_path / "pipe").is_fifo()


def test_ctrl_c_ends_the_program_quietly_and_leaves_the_last_good_file(tmp_path: Path, root: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "plan.json").write_text("good")
    interrupt = "import os, pathlib, signal; pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGINT)"
    command = [sys.executable, "-c", f"{interrupt}; {SCRIPT}", "plan", "good.yaml", "-o", "plan.json"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")
    assert (tmp_path / "plan.json").read_text() == "good"
    assert files(tmp_path) == {"good.yaml", "plan.json"}


def test_what_only_the_plan_finds_wrong_with_the_hall_is_located(run: Run, tmp_path: Path) -> None:
    """A position that the hall does not have, and a row of racks that no link feeds."""
    chain = (
        "power:\n  chain:\n    grid: {equipment: utility-feed}\n"
        "    tx: {equipment: transformer-doe-2016-liquid-2500kva, fed_by: [grid]}\n"
        "    busway: {equipment: busway-415v, fed_by: [tx], feeds: [row-a, cooling, house, pumps]}\n"
    )
    (tmp_path / "unfed.yaml").write_text(GOOD.replace(": 4}", ": 20}") + "hall: {rows: 2, racks_per_row: 4}\n" + chain)
    result = run("plan", "unfed.yaml", "-o", "plan.json")
    assert result.exit_code == 2
    assert "unfed.yaml:7:5: power.chain.row-b" in result.stderr
    assert "row B (2 racks" in result.stderr
    (tmp_path / "blocked.yaml").write_text(GOOD + "hall: {rows: 2, racks_per_row: 8, blocked: [A01, C01]}\n")
    result = run("plan", "blocked.yaml", "-o", "plan.json")
    assert result.exit_code == 2
    assert "blocked.yaml:4:50: hall.blocked[1]" in result.stderr
    assert "outside of the hall: its rows are A to B" in result.stderr
    assert not (tmp_path / "plan.json").exists()


def test_a_row_of_another_kind_is_located(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kind.yaml").write_text(GOOD + "power:\n  ups: switchboard-4000a\n")
    result = run("plan", "kind.yaml", "-o", "plan.json")
    assert result.exit_code == 2
    assert "kind.yaml:5:8: power.ups: switchboard-4000a is of kind switchgear; ups belongs here" in result.stderr
    assert not (tmp_path / "plan.json").exists()
