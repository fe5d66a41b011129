"""What the guide to the facility shows can be written as it stands: every piece of YAML, every table, every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report.samples import sample
from typer.testing import CliRunner

from planner.cli import app
from planner.export.formats import FORMATS
from planner.report.twins import twins_of
from planner.spec import Factory, unfold_quantities
from planner.yamlfile import read_yaml

GUIDE = (Path(__file__).parents[2] / "docs" / "facility.md").read_text(encoding="utf-8")
PIECES = re.findall(r"(?s)```yaml\n(.*?)```", GUIDE)


@pytest.mark.parametrize("piece", PIECES, ids=lambda text: text.partition(":")[0])
def test_every_piece_of_yaml_is_a_factorys(piece: str, tmp_path: Path) -> None:
    rest = "".join(
        line
        for name, line in (("site", "site: {country: US}\n"), ("compute", "compute: {nodes: {dgx-h100: 1}}\n"))
        if not piece.startswith(name)
    )
    path = tmp_path / "factory.yaml"
    path.write_text(f"name: x\n{rest}{piece}", encoding="utf-8")
    data, problems, _ = unfold_quantities(read_yaml(path).data)
    assert problems == []
    assert Factory.model_validate(data).name == "x"


def test_every_table_that_is_named_is_written() -> None:
    named = {name for row in re.findall(r"(?m)^\| .*\? \| (.*) \|$", GUIDE) for name in re.findall(r"`([a-z-]+)`", row)}
    assert len(named) > 5
    assert named <= set(twins_of(sample()))


def test_every_command_that_is_named_exists() -> None:
    commands = re.findall(r"groundplan (\w+)", GUIDE)
    assert {"plan", "report", "headroom", "export"} <= set(commands)
    for command in set(commands):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    assert set(re.findall(r"groundplan export \S+ (\S+)", GUIDE)) <= set(FORMATS)
