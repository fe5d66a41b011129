"""The pack as a whole: what it does without a plan, with other plans, with values that are not known yet, and as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from stacks.policy.__main__ import EACH, STACK
from stacks.policy.pack import UNKNOWN, Later, Resource, Unknown, plain, referred

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")

REPOSITORY = Path(__file__).parents[3]


# --- the plan


def test_without_a_plan_nothing_may_be_made(world: Any, judged: Any, tmp_path: Path) -> None:
    said = judged(world, tmp_path).violations
    assert set(said) == {"plan-as-reviewed"}
    assert len(said["plan-as-reviewed"]) == len(world)
    assert "plans/staging.json is missing" in said["plan-as-reviewed"][0]


def test_an_edited_plan_is_no_plan(world: Any, judged: Any, project: Path, tmp_path: Path) -> None:
    text = (project / "plans" / "staging.json").read_text(encoding="utf-8")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "staging.json").write_text(
        text.replace('"root_volume_gib": 300', '"root_volume_gib": 400'), encoding="utf-8"
    )
    said = judged(world, tmp_path).violations
    assert set(said) == {"plan-as-reviewed"}
    assert "edited" in said["plan-as-reviewed"][0]


def test_a_plan_for_a_hall_plans_nothing_in_a_cloud(world: Any, judged: Any, project: Path) -> None:
    said = judged(world, project, stack="hall").violations
    assert "plans/hall.json is for bare-metal" in said["plan-as-reviewed"][0]


def test_the_stack_is_told_by_the_resources(world: Any, judged: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_STACK", "another")
    assert judged(world, project).violations == {}


@pytest.mark.parametrize(
    ("stack", "policy", "says"),
    [
        ("dear", "cost-within-budget", ["USD a month", "1000.00 USD"]),
        ("abroad", "country-allowed", ["us-east-2 in US", "SE"]),
    ],
)
def test_a_plan_beyond_its_factory_is_blocked(
    world: Any, judged: Any, project: Path, stack: str, policy: str, says: list[str]
) -> None:
    messages = judged(world, project, stack=stack).violations[policy]
    assert [part for part in says if part not in messages[0]] == []


# --- other plans than staging's


def test_a_capacity_block_needs_its_market_its_target_and_its_type(world: Any, judged: Any, project: Path) -> None:
    said = judged(world, project, stack="block").violations
    assert any("market type on demand" in message and "capacity-block" in message for message in said["capacity-as-planned"])
    assert any("ON_DEMAND" in message and "CAPACITY_BLOCK" in message for message in said["capacity-type-as-planned"])
    world["gpu-template"].inputs["instanceMarketOptions"] = {"marketType": "capacity-block"}
    world["gpu-nodes"].inputs["capacityType"] = "CAPACITY_BLOCK"
    said = judged(world, project, stack="block").violations
    assert "capacity-as-planned" not in said
    assert "capacity-type-as-planned" not in said
    assert "reserve 4 of p5.48xlarge, the plan reserves 0" in said["reservations-within-plan"][0]
    target = world["gpu-template"].inputs["capacityReservationSpecification"]["capacityReservationTarget"]
    target["capacityReservationId"] = ""
    assert "targets no reservation" in judged(world, project, stack="block").violations["capacity-as-planned"][0]


def test_spot_machines_target_no_reservation(world: Any, judged: Any, project: Path) -> None:
    said = judged(world, project, stack="spot").violations
    assert "spot" in said["capacity-as-planned"][0]
    assert "SPOT" in said["capacity-type-as-planned"][0]


def test_file_systems_that_the_plan_does_not_have_are_refused(world: Any, judged: Any, project: Path) -> None:
    said = judged(world, project, stack="spot").violations
    assert [message.partition(",")[2] for message in sorted(said["sizes-within-plan"])] == [" the plan has none"] * 2
    assert sum("the plan has 0" in message for message in said["counts-within-plan"]) == 2


def test_an_endpoint_is_public_for_exactly_the_networks_of_the_plan(world: Any, judged: Any, project: Path) -> None:
    config = world["cluster"].inputs["vpcConfig"]
    config["endpointPublicAccess"] = True
    outcomes = {}
    for networks in (["198.51.100.0/24"], ["198.51.100.0/24", "0.0.0.0/0"], ["198.51.100.0/25"], []):
        config["publicAccessCidrs"] = networks
        said = judged(world, project, stack="open").violations
        outcomes[tuple(networks)] = said.get("cluster-endpoint-private", [])
    assert [bool(messages) for messages in outcomes.values()] == [False, True, True, True]
    assert "0.0.0.0/0, 198.51.100.0/24" in outcomes["198.51.100.0/24", "0.0.0.0/0"][0]


def test_without_customer_managed_keys_the_clouds_own_are_enough_but_something_encrypts(
    world: Any, judged: Any, project: Path
) -> None:
    del world["lustre"].inputs["kmsKeyId"]
    del world["efs"].inputs["kmsKeyId"]
    rule = world["data-sse"].inputs["rules"][0]
    rule["applyServerSideEncryptionByDefault"] = {"sseAlgorithm": "AES256"}
    assert "encrypted-at-rest" in judged(world, project).violations
    assert "encrypted-at-rest" not in judged(world, project, stack="open").violations
    world["efs"].inputs["encrypted"] = False
    assert "encrypted is False" in judged(world, project, stack="open").violations["encrypted-at-rest"][0]


# --- values that are known only when deployed


@pytest.mark.parametrize(
    ("name", "path", "policy"),
    [
        ("may", "policy", "no-wildcard-permissions"),
        ("data-key", "policy", "no-wildcard-access"),
        ("role", "assumeRolePolicy", "no-open-trust"),
        ("attached", "policyArn", "no-administrator-policies"),
        ("efs", "region", "planned-region-only"),
        ("efs", "encrypted", "encrypted-at-rest"),
        ("efs", "tags", "required-tags"),
        ("gpu-template", "networkInterfaces", "efa-interfaces-as-planned"),
        ("gpu-template", "instanceType", "planned-machines-only"),
        ("gpu-template", "tagSpecifications", "required-machine-tags"),
        ("gpu-template", "instanceMarketOptions", "capacity-as-planned"),
        ("gpu-template", "blockDeviceMappings", "encrypted-at-rest"),
        ("gpu-nodes", "scalingConfig", "node-counts-within-plan"),
        ("gpu-nodes", "capacityType", "capacity-type-as-planned"),
        ("reservation", "instanceCount", "reservations-within-plan"),
        ("lustre", "storageCapacity", "sizes-within-plan"),
        ("lustre", "efaEnabled", "lustre-efa-as-planned"),
        ("gpu", "cidrBlock", "subnets-as-planned"),
        ("gpu", "mapPublicIpOnLaunch", "no-public-addresses"),
        ("from-vpc", "cidrIpv4", "no-ingress-from-outside"),
        ("data-block", "blockPublicAcls", "no-public-bucket"),
        ("cluster", "vpcConfig", "cluster-endpoint-private"),
        ("cluster", "version", "sizes-within-plan"),
        ("budget", "limitAmount", "budget-within-plan"),
        ("data-key", "multiRegion", "no-copies-elsewhere"),
    ],
)
def test_an_unknown_value_is_told_and_decided_when_known(
    world: Any, judged: Any, project: Path, name: str, path: str, policy: str
) -> None:
    world[name].inputs[path] = world.ref("vpc")
    said = judged(world, project, known=False)
    assert policy not in said.violations
    assert f"{name}: " in said.remarks[policy][0]
    assert "is known only when deployed, and is checked then" in said.remarks[policy][0]


def test_no_unknown_value_anywhere_breaks_a_policy(world: Any, judged: Any, project: Path) -> None:
    for thing in world.values():
        thing.inputs = {key: world.ref("vpc") for key in thing.inputs}
    assert judged(world, project, known=False).remarks


def test_no_unknown_value_one_level_down_breaks_a_policy(world: Any, judged: Any, project: Path) -> None:
    def blurred(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: world.ref("vpc") for key in value}
        return [world.ref("vpc") for _ in value] if isinstance(value, list) else value

    for thing in world.values():
        thing.inputs = {key: blurred(value) for key, value in thing.inputs.items()}
    assert judged(world, project, known=False).remarks


def test_a_violation_is_told_beside_an_unknown_value(world: Any, judged: Any, project: Path) -> None:
    world["data-block"].inputs["blockPublicAcls"] = world.ref("vpc")
    world["data-block"].inputs["blockPublicPolicy"] = False
    said = judged(world, project, known=False)
    assert "blockPublicPolicy is False" in said.violations["no-public-bucket"][0]
    assert "blockPublicAcls" in said.remarks["no-public-bucket"][0]


def test_what_the_engine_hands_over_becomes_plain() -> None:
    given = unknown_checking_proxy({"a": [1.0, {"b": UNKNOWN_STRING_VALUE, "c": "x"}], "d": UNKNOWN_STRING_VALUE, "e": None})
    assert plain(given) == {"a": [1.0, {"b": UNKNOWN, "c": "x"}], "d": UNKNOWN, "e": None}


def test_a_path_ends_at_an_unknown_value_and_at_nothing() -> None:
    resource = Resource("t", "u", "n", {"a": {"b": 1}, "c": UNKNOWN, "d": "text"})
    assert (resource.get("a.b"), resource.get("a.x"), resource.get("d.x"), resource.get("x")) == (1, None, None, None)
    assert isinstance(resource.get("c.anything"), Unknown)


def test_a_reference_is_found_by_value_and_else_by_what_it_was_made_from() -> None:
    kind = "aws:ec2/subnet:Subnet"
    one = Resource(kind, "urn-1", "one", {"id": "subnet-1"})
    two = Resource(kind, "urn-2", "two", {"id": UNKNOWN})
    both = {"subnetIds": ("urn-1", "urn-2")}
    stack = [one, two]
    assert referred(Resource("t", "u", "n", {"subnetIds": ["subnet-1"]}, depends=both), "subnetIds", kind, stack) == [one]
    assert (
        referred(Resource("t", "u", "n", {"subnetIds": ["subnet-1", UNKNOWN]}, depends=both), "subnetIds", kind, stack) == stack
    )
    assert referred(
        Resource("t", "u", "n", {"subnetIds": UNKNOWN}, depends={"subnetIds": ("urn-2",)}), "subnetIds", kind, stack
    ) == [two]
    assert referred(Resource("t", "u", "n", {}, depends=both), "subnetIds", kind, stack) == []
    assert referred(Resource("t", "u", "n", {"subnetIds": ["subnet-9"]}), "subnetIds", kind, stack) == []


def test_a_remark_is_text() -> None:
    assert Later("later") == "later"


# --- as a process, as the engine starts it


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    folder = REPOSITORY / "stacks" / "policy"
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()


def test_the_pack_starts_and_every_policy_is_mandatory(analyzer: Any) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "groundplan"
    assert {policy.name for policy in info.policies} == {"plan-as-reviewed", *EACH, *STACK}
    assert {policy.enforcementLevel for policy in info.policies} == {analyzer_pb2.MANDATORY}


def test_the_pack_blocks_as_a_process(analyzer: Any) -> None:
    properties = struct_pb2.Struct()
    properties.update({"engine": "postgres"})
    request = analyzer_pb2.AnalyzeRequest(
        type="aws:rds/instance:Instance",
        name="database",
        urn="urn:pulumi:nobody-planned-this::groundplan::aws:rds/instance:Instance::database",
        properties=properties,
    )
    said = analyzer.Analyze(request).diagnostics
    assert [each.policyName for each in said] == ["plan-as-reviewed"]
    assert "plans/nobody-planned-this.json is missing" in said[0].message
    assert said[0].enforcementLevel == analyzer_pb2.MANDATORY


def test_no_module_of_the_pack_hides_a_library() -> None:
    """Python looks into the pack's folder first when the engine starts it."""
    own = {path.stem for path in (REPOSITORY / "stacks" / "policy").glob("*.py")} - {"__init__", "__main__"}
    code = f"import importlib.util, json; print(json.dumps([n for n in {sorted(own)!r} if importlib.util.find_spec(n)]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert json.loads(done.stdout) == []
