"""The reviewed plans of the environments are what the planner makes of their factories today."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_plan_is_fresh(environment: str, groundplan: Run, root: Path) -> None:
    ran = groundplan("plan", root / "factories" / f"{environment}.yaml", "--json")
    assert ran.returncode == 0, ran.stdout
    kept = (root / "plans" / f"{environment}.json").read_text(encoding="utf-8")
    assert ran.stdout == kept, "review the change, then: make plans"


def test_every_environment_has_factory_plan_and_stack(root: Path) -> None:
    assert {path.stem for path in (root / "plans").iterdir()} == set(ENVIRONMENTS)
    assert {path.name for path in root.glob("Pulumi.*.yaml")} == {f"Pulumi.{each}.yaml" for each in ENVIRONMENTS}
    assert all((root / "factories" / f"{each}.yaml").is_file() for each in ENVIRONMENTS)
