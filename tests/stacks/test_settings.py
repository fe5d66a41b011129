"""What must not be deployed is refused before any resource, with every reason at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mocks import ENVIRONMENTS, ROOT, plan_of

from planner.catalog import load_catalog
from planner.plan import Finding, Plan
from stacks.expansion import expand
from stacks.settings import Refused, Settings, accepted_as, check_plan, load_settings, read_plan

BLOCK = {"gpu": "cr-0123456789abcdef0"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "plans", tmp_path / "plans")
    return tmp_path


def load(root: Path, stack: str, **config: Any) -> Settings:
    """Load settings as the program does."""
    found: list[Settings] = []
    texts = {"aws:region": "us-east-2"} | {key.replace("_", ":", 1): value for key, value in config.items()}
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in texts.items() if value is not None}
    expand(lambda: found.append(load_settings()), project="groundplan", stack=stack, root=root, config=given)
    return found[0]


def reasons(root: Path, stack: str, **config: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        load(root, stack, **config)
    return list(refused.value.reasons)


def change(root: Path, stack: str, edit: Callable[[Plan], Plan]) -> None:
    """Write another plan that is whole in itself."""
    path = root / "plans" / f"{stack}.json"
    plan = edit(Plan.from_json(path.read_text(encoding="utf-8")))
    path.write_text(plan.model_copy(update={"checksum": plan.content_checksum()}).to_json(), encoding="utf-8")


def with_error(plan: Plan) -> Plan:
    broken = Finding(severity="error", code="budget", path="budget.monthly", message="too dear by half", hint="spend more")
    return plan.model_copy(update={"findings": (broken, *plan.findings)})


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_three_environments_are_accepted(environment: str) -> None:
    settings = load(ROOT, environment, groundplan_reservationIds=BLOCK if environment == "prod" else None)
    assert settings.plan == plan_of(environment)
    assert settings.keep_data
    assert settings.gpu_nodes == ("scheduled" if environment == "prod" else "on")


def test_a_missing_plan(project: Path) -> None:
    assert reasons(project, "elsewhere")[0].startswith("plans/elsewhere.json is missing; make it anew: groundplan plan")


@pytest.mark.parametrize("place", range(0, 20_000, 997))
def test_one_changed_byte_anywhere(project: Path, place: int) -> None:
    path = project / "plans" / "dev.json"
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] = data[place] ^ 1
    path.write_bytes(data)
    assert any(
        word in " ".join(reasons(project, "dev")) for word in ("was edited", "is not a plan", "not UTF-8", "this version reads")
    )


@pytest.mark.parametrize(
    "edit", [lambda text: text + " ", lambda text: text.replace("  ", " ", 1), lambda text: text.replace(",\n", ", \n", 1)]
)
def test_a_byte_of_white_space(project: Path, edit: Callable[[str], str]) -> None:
    path = project / "plans" / "dev.json"
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert "was edited" in reasons(project, "dev")[0]


def test_another_schema(project: Path) -> None:
    path = project / "plans" / "dev.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"schema_version": 4', '"schema_version": 3'), encoding="utf-8")
    (reason,) = reasons(project, "dev")
    assert "schema_version is 3, this version reads 4" in reason


def test_another_catalog(project: Path) -> None:
    change(project, "dev", lambda plan: plan.model_copy(update={"catalog_version": "0123456789ab"}))
    (reason,) = reasons(project, "dev")
    assert f"was made with catalog 0123456789ab, this version has {load_catalog().version}" in reason


def test_an_error_finding_is_refused_until_a_person_answers_for_it(project: Path) -> None:
    change(project, "dev", with_error)
    (reason,) = reasons(project, "dev")
    assert "too dear by half" in reason
    assert "pulumi config set --path 'groundplan:acceptFindings[0]' 'budget@budget.monthly'" in reason
    assert load(project, "dev", groundplan_acceptFindings=["budget@budget.monthly"]).plan.has_error()


def test_what_is_accepted_must_be_there(project: Path) -> None:
    assert "no error of the plan" in reasons(project, "dev", groundplan_acceptFindings=["budget@budget.monthly"])[0]


def test_a_warning_needs_nobody(project: Path) -> None:
    assert any(finding.severity == "warning" for finding in load(project, "dev").plan.findings)


@pytest.mark.parametrize("region", ["us-west-2", None])
def test_another_region(project: Path, region: str | None) -> None:
    (reason,) = reasons(project, "dev", aws_region=region)
    assert "the plan is for us-east-2" in reason


def test_a_hall_is_not_deployed(project: Path, root: Path, groundplan: Callable[..., Any]) -> None:
    groundplan("plan", root / "factories" / "small-lab.yaml", "-o", project / "plans" / "dev.json")
    assert "the plan is for bare-metal, which is not provisioned yet" in reasons(project, "dev")[0]


def test_a_capacity_block_must_be_named(project: Path) -> None:
    (reason,) = reasons(project, "prod")
    assert "the capacity block of gpu is not named" in reason


@pytest.mark.parametrize(
    ("stack", "config", "words"),
    [
        ("dev", {"groundplan_reservationIds": BLOCK}, "whose machines come on-demand"),
        ("dev", {"groundplan_reservationIds": {"tpu": "cr-1"}}, "names tpu, the plan's groups are gpu"),
        ("dev", {"groundplan_reservationIds": {"gpu": "ami-1"}}, "must be a map from node group"),
        ("dev", {"groundplan_reservationIds": "cr-1"}, "must be a map from node group"),
        ("dev", {"groundplan_gpuNodes": "sometimes"}, "must be on, off or scheduled"),
        ("dev", {"groundplan_gpuNodes": "scheduled"}, "the plan has no capacity block"),
        ("dev", {"groundplan_keepData": "perhaps"}, "must be true or false"),
        ("dev", {"groundplan_clusterAdmins": "me"}, "must be a list of the ARNs"),
        ("dev", {"groundplan_clusterAdmins": ["me"]}, "must be a list of the ARNs"),
        ("dev", {"groundplan_clusterAdmins": 2 * ["arn:aws:iam::111122223333:role/a"]}, "each once"),
        ("dev", {"groundplan_gpuNode": "off"}, "gpuNode is no setting of a stack; did you mean gpuNodes?"),
        ("dev", {"groundplan_acceptFindings": {"a": 1}}, "must be a list of findings"),
    ],
)
def test_configuration_that_does_not_fit(project: Path, stack: str, config: dict[str, Any], words: str) -> None:
    (reason,) = reasons(project, stack, **config)
    assert words in reason


def test_all_reasons_at_once(project: Path) -> None:
    change(project, "prod", lambda plan: with_error(plan.model_copy(update={"catalog_version": "0123456789ab"})))
    found = reasons(project, "prod", aws_region="eu-west-1", groundplan_keepData="perhaps", groundplan_acceptFindings=["x@y"])
    for words in ("keepData", "0123456789ab", "too dear", "x@y", "eu-west-1", "capacity block"):
        assert sum(words in reason for reason in found) == 1, words
    assert len(found) == 6


def test_plan_and_configuration_may_be_checked_apart() -> None:
    plan, faults = read_plan(ROOT, "dev")
    assert faults == []
    assert plan is not None
    assert check_plan(plan, region="us-east-2", accepted=[], reservation_ids={}) == []
    assert accepted_as(with_error(plan).findings[0]) == "budget@budget.monthly"


def test_data_is_kept_unless_a_person_says_otherwise(project: Path) -> None:
    kept, given_up = load(project, "dev").stateful(), load(project, "dev", groundplan_keepData=False).stateful()
    assert (kept.protect, kept.retain_on_delete) == (True, True)
    assert (given_up.protect, given_up.retain_on_delete) == (False, False)


def test_labels_of_the_plan_do_not_hide_our_own() -> None:
    tags = load(ROOT, "dev").tags("network", Name="vpc")
    assert tags == {
        "owner": "platform",
        "cost-center": "experiments",
        "factory": "groundplan-dev",
        "environment": "dev",
        "component": "network",
        "managed-by": "groundplan",
        "Name": "vpc",
    }
