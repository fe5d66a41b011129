"""How the engine is built: the version is one, and what is built is known to be up to date. Nothing is built here."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import tools


def test_the_cli_the_sdk_and_the_constraints_have_one_version() -> None:
    module = (tools.MODULE / "go.mod").read_text(encoding="utf-8")
    assert set(re.findall(r"github\.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", module)) == {tools.version()}
    assert version("pulumi") == tools.version()


def test_it_is_built_anew_when_what_it_is_built_from_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module"
    module.mkdir()
    for name in ("go.mod", "go.sum"):
        (module / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(tools, "MODULE", module)
    monkeypatch.setenv("GROUNDPLAN_ENGINE", str(tmp_path / "cache"))
    assert tools.built() is None
    assert "is not built in" in str(tools.missing())
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "built-from").write_text(tools.ingredients(), encoding="utf-8")
    assert tools.built() == tmp_path / "cache" / "bin"
    assert tools.missing() is None
    (module / "go.sum").write_text("another", encoding="utf-8")
    assert tools.built() is None
    assert "is built from other versions" in str(tools.missing())


def test_a_machine_without_go_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDPLAN_ENGINE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Go is missing" in str(tools.missing())
    with pytest.raises(tools.CannotBuild, match="Go is missing"):
        tools.build()
    assert not (tmp_path / "built-from").exists()


def test_what_the_cli_starts_is_laid_out_with_this_interpreter(tmp_path: Path) -> None:
    folder = tools.lay_out(tmp_path / "bin")
    assert {each.name for each in folder.iterdir()} == {"pulumi-language-python", "pulumi-resource-aws"}
    for each in folder.iterdir():
        assert each.stat().st_mode & 0o100
        assert Path(each.read_text(encoding="utf-8").split()[4]).is_file()
