"""What all tests share: the repository's folder, options, and how the program is run as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# Scripts that run in the referees' own interpreters.
collect_ignore_glob = ["referees/*_judge.py"]

# Examples take as long as the machine is slow: no deadline, and the same examples on every run.
settings.register_profile(
    "groundplan", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("groundplan")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")
    parser.addoption("--require-referees", action="store_true", help="fail, instead of skip, where a referee is missing")
    parser.addoption("--require-engine", action="store_true", help="fail, instead of skip, where the Pulumi CLI is not built")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def groundplan(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in an empty folder, as a user would; `groundplan("plan", FILE)`."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR")}
        code = "from planner.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=cwd or tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def referee(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Find an outside program by name; skip the test, or fail it under --require-referees, where it is missing."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is None and request.config.getoption("--require-referees"):
            pytest.fail(f"referee {program} is required and not installed")
        if path is None:
            pytest.skip(f"referee {program} is not installed")
        return path

    return find
