"""Every command of the README is run, in order, in a copy outside the repository, and prints what the README shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Run by themselves these would run this test again; that they exist is checked instead.
RECURSIVE = {"make check test"}
INPUTS = ("pyproject.toml", "constraints.txt")
KEPT = (*INPUTS, "factories", "plans", "planner", "topologies", "stacks", "Makefile", "Pulumi.dev.yaml")


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of all console blocks, each with the output shown below it."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def matches(shown: str, printed: str) -> bool:
    """Tell whether a text was printed; `[...]` on a line of its own stands for any lines."""
    printed = "".join(line.rstrip() + "\n" for line in printed.splitlines())
    pieces = re.split(r"^\[\.\.\.\]\n", shown, flags=re.MULTILINE)
    return re.fullmatch("(?:.*\n)*?".join(map(re.escape, pieces)), printed) is not None


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in KEPT:
        (shutil.copytree if (root / name).is_dir() else shutil.copy2)(root / name, folder / name)
    return folder


def test_every_command_of_the_readme(root: Path, copy: Path) -> None:
    environment = Path(sys.executable).parent
    # As `make plan` finds it: installed, so that nothing is downloaded in a test; the code is the copy's.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    variables = {**inherited, "PATH": f"{environment}:{os.environ['PATH']}", "PYTHONPATH": str(copy)}
    shown = commands((root / "README.md").read_text(encoding="utf-8"))
    assert len(shown) > 8
    for command, output in shown:
        if command.startswith("cat "):  # the README shows a file: it is written for the commands below it
            (copy / command.removeprefix("cat ")).write_text(output, encoding="utf-8")
            continue
        line = ["bash", "-c", command]
        if command.startswith("make "):
            # The environment that runs this test stands for the one that make would set up; nothing is installed here.
            line = ["make", f"VENV={environment.parent}", *(f"--assume-old={name}" for name in INPUTS), *command.split()[1:]]
        needed = ".all" if "preview" in command else ".core"
        if command in RECURSIVE or (command.startswith("make ") and not (environment.parent / needed).exists()):
            line.append("--dry-run")
        ran = subprocess.run(line, cwd=copy, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in ran.stderr, command
        assert ran.returncode in (0, 1, 2), (command, ran.stderr)
        if "--dry-run" not in line and output:
            assert matches(output, ran.stdout + ran.stderr), f"{command} prints now:\n{ran.stdout}{ran.stderr}"


def test_a_wrong_output_would_be_seen() -> None:
    assert matches("a\n[...]\nd\n", "a\nb\nc\nd\n")
    assert matches("a\n[...]\n", "a\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("b\n[...]\n", "a\nb\n")
