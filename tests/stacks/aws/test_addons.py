from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from judged import complaints
from mocks import ENVIRONMENTS, of_kind, plan_of, record, settings_of, standing

from stacks.aws.addons import Addons
from stacks.aws.cluster import BEFORE_NODES
from stacks.aws.identity import SERVICE_ACCOUNTS
from stacks.expansion import Resource
from stacks.settings import Settings

ROLE = "arn:aws:iam::111122223333:role"


class _Group(pulumi.ComponentResource):
    """Stands in for a node group: who waits for a component waits for what it holds."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__("groundplan:test:Group", name)
        aws.ec2.PlacementGroup(name, strategy="cluster", tags=settings.tags(name), opts=pulumi.ResourceOptions(parent=self))


def component(settings: Settings) -> Addons:
    identity = standing(
        addon_role_arns={addon: f"{ROLE}/{addon}" for addon in SERVICE_ACCOUNTS},
        workload_role_arns={workload: f"{ROLE}/{workload}" for workload in ("training", "preparation")},
    )
    groups: Any = {group.name: _Group(group.name, settings) for group in settings.cloud.node_groups}
    return Addons("addons", settings, standing(cluster_name=settings.plan.name), identity, groups)


def made(stack: str = "dev") -> list[Resource]:
    return record(lambda: component(settings_of(stack)), stack=stack)


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_aws_and_the_policy_pack_take_them(stack: str) -> None:
    assert complaints(made(stack), settings_of(stack)) == []


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_every_add_on_of_the_plan_is_there_once(stack: str) -> None:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    planned = {addon.name: addon.version for addon in cloud.addons}
    addons = of_kind(made(stack), "Addon")
    found = {each.inputs["addonName"]: each.inputs["addonVersion"] for each in addons}
    assert len(found) == len(addons)
    # The cluster brings those that machines wait for.
    assert found == {name: version for name, version in planned.items() if name not in BEFORE_NODES}


def test_they_wait_for_machines_but_not_for_accelerators_that_may_not_come() -> None:
    for each in of_kind(made("staging"), "Addon"):
        assert each.options["depends_on"] == ["management", "preparation"]


def test_drivers_have_their_own_roles() -> None:
    roles = {each.inputs["addonName"]: each.inputs.get("podIdentityAssociations") for each in of_kind(made(), "Addon")}
    assert {name: each for name, each in roles.items() if each} == {
        name: [{"roleArn": f"{ROLE}/{name}", "serviceAccount": account}]
        for name, account in SERVICE_ACCOUNTS.items()
        if name not in BEFORE_NODES
    }


@pytest.mark.parametrize(("stack", "workloads"), [("dev", {"training"}), ("staging", {"training", "preparation"})])
def test_workloads_have_their_roles_in_their_own_namespaces(stack: str, workloads: set[str]) -> None:
    given = {each.inputs["namespace"]: each.inputs for each in of_kind(made(stack), "PodIdentityAssociation")}
    assert set(given) == workloads
    for workload, each in given.items():
        assert each["serviceAccount"] == workload
        assert each["roleArn"] == f"{ROLE}/{workload}"
        assert each["clusterName"] == plan_of(stack).name
