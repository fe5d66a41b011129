"""The rules of the house: who may know whom, what stays light, what is generated, what is not there yet."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

HEAVY = {"scipy", "plotly", "pandas", "pulumi", "numpy", "networkx", "simpy", "ruamel", "dask", "jinja2"}


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, timeout=120, check=False)


def test_rooms_know_only_the_rooms_below_them(root: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = run(root, "-c", code)
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import planner",
        "import topologies",
        "from planner.cli import app; app(['--help'], standalone_mode=False)",
        "from planner.cli import app; app(['plan', '--help'], standalone_mode=False)",
    ],
)
def test_help_and_import_load_nothing_heavy(root: Path, code: str) -> None:
    ran = run(root, "-c", f"{code}\nimport sys; print('|'.join(sys.modules))")
    assert ran.returncode == 0, ran.stderr
    loaded = {name.partition(".")[0] for name in ran.stdout.splitlines()[-1].split("|")}
    assert "sys" in loaded
    assert loaded & HEAVY == set()


def test_planning_loads_neither_plots_nor_clouds(root: Path) -> None:
    modules = "planner.engine, planner.reader, planner.report.view, planner.report.markdown"
    code = f"import {modules}, sys; print('|'.join(sys.modules))"
    loaded = {name.partition(".")[0] for name in run(root, "-c", code).stdout.strip().split("|")}
    assert "pydantic" in loaded
    assert loaded & {"scipy", "plotly", "pandas", "pulumi", "simpy", "rich", "typer"} == set()


def test_generated_documents_are_fresh(root: Path) -> None:
    ran = run(root, "docs/generate.py", "--check")
    assert ran.returncode == 0, ran.stderr


def test_the_program_outside_its_engine_says_why_in_words(root: Path) -> None:
    ran = run(root, "stacks")  # as the engine starts it: the folder, not the module
    assert ran.returncode != 0
    assert "nothing was created, changed or deleted" in ran.stderr
    assert "is missing; make it anew" in ran.stderr
    assert "Traceback" not in ran.stderr


def schema(root: Path) -> Draft202012Validator:
    data = json.loads((root / "docs/schema/factory.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(data)
    return Draft202012Validator(data)


def examples(root: Path) -> list[Path]:
    found = sorted((root / "factories").glob("*.yaml"))
    assert len(found) >= 4
    return found


def test_editors_accept_the_examples_by_the_schema(root: Path) -> None:
    from planner.yamlfile import read_yaml

    for path in examples(root):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../docs/schema/factory.schema.json", path.name
        assert list(schema(root).iter_errors(read_yaml(path).data)) == [], path.name


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"site": {"country": "US", "grid_feed": "12 Mb"}},
        {"site": {"country": "US", "grid_feed": "12 MW", "grid_feed_kw": 12000}},
        {"compute": {"nodes": {"dgx-h100": 0}}},
        {"compute": {"nodes": ["dgx-h100"]}},
        {"fabrics": {"compute": {"tiers": 4}}},
        {"deploy": {"target": "moon"}},
    ],
)
def test_editors_refuse_by_the_schema_what_the_planner_refuses(root: Path, change: dict[str, object]) -> None:
    data = {"name": "x", "site": {"country": "US"}, "compute": {"nodes": {"dgx-h100": 1}}}
    assert list(schema(root).iter_errors(data)) == []
    assert list(schema(root).iter_errors(data | change)) != []
