"""No wildcard permission: what a role may do and who may take it is written out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, entries, later

__all__ = ["check_attachments", "check_identity_policies", "check_resource_policies", "check_trust"]

ROLE = "aws:iam/role:Role"
IDENTITY_POLICIES = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy")
KEY_POLICIES = ("aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy")
RESOURCE_POLICIES = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy",
    *KEY_POLICIES,
)
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

# Actions that know no resource, so that "*" is the only one to write:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
WITHOUT_RESOURCE = re.compile(
    r"(ec2|autoscaling):Describe\w+|fsx:DescribeFileSystems|ecr:GetAuthorizationToken|sts:GetCallerIdentity|cloudwatch:(PutMetricData|ListMetrics)"
)
ROOT = re.compile(r"arn:aws[a-z-]*:iam::[^:*]+:root|\d{12}")
FAR_TOO_MUCH = re.compile(r".*/(AdministratorAccess.*|PowerUserAccess|SystemAdministrator|IAM\w*|\w*FullAccess\w*)")

Statement = Mapping[str, Any]


def _statements(resource: Resource, path: str, document: Any) -> tuple[list[Statement], list[str]]:
    """Read a policy's statements that allow something, and what is wrong with reading it."""
    if document is None:
        return [], []
    if isinstance(document, Unknown):
        return [], [later(resource, path)]
    try:
        data = json.loads(document) if isinstance(document, str) else document
        statements = [each for each in entries(data["Statement"]) if each["Effect"] != "Deny"]
    except (ValueError, TypeError, KeyError):
        return [], [f"{resource.label}: {path} is no policy document with statements that have an effect"]
    if any(isinstance(value, Unknown) for each in statements for value in each.values()):
        return [], [later(resource, path)]
    return statements, []


def _named(resource: Resource, path: str, statement: Statement) -> str:
    return f"{resource.label}: {path} ({statement.get('Sid') or 'a statement without Sid'})"


def _principals(statement: Statement) -> list[str]:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return [str(each) for value in principal.values() for each in entries(value)]
    return [str(each) for each in entries(principal)]


def _of_one_account(statement: Statement) -> bool:
    """Tell whether a key's statement holds for callers of one account only: its principal may then be "*".

    A key cannot name a role that the cloud makes only later, such as a service's own for each file system.
    """
    conditions = statement.get("Condition")
    equal = conditions.get("StringEquals") if isinstance(conditions, Mapping) else None
    account = equal.get("kms:CallerAccount") if isinstance(equal, Mapping) else None
    return isinstance(account, str) and re.fullmatch(r"\d{12}", account) is not None


def _too_open(where: str, statement: Statement, of_one_account: bool = False) -> list[str]:
    """List what no policy may have, whatever it is on."""
    messages = [
        f"{where} allows by {key}, which is everything but what it names"
        for key in ("NotAction", "NotResource", "NotPrincipal")
        if key in statement
    ]
    messages += [
        f"{where} allows principal {each}, name the accounts, roles or services"
        for each in _principals(statement)
        if "*" in each and not (each == "*" and of_one_account)
    ]
    return messages


def check_identity_policies(resource: Resource, _: Reviewed) -> list[str]:
    """List wildcards in what roles may do: any in an action, and resources that are everything."""
    documents: list[tuple[str, Any]] = []
    if resource.type in IDENTITY_POLICIES:
        documents.append(("policy", resource.get("policy")))
    if resource.type == ROLE:
        inline = resource.get("inlinePolicies")
        documents += [
            (f"inlinePolicies[{index}]", each.get("policy") if isinstance(each, Mapping) else each)
            for index, each in enumerate(entries(inline))
        ]
    messages = []
    for path, document in documents:
        statements, found = _statements(resource, path, document)
        messages += found
        for statement in statements:
            where = _named(resource, path, statement)
            actions = [str(each) for each in entries(statement.get("Action"))]
            messages += _too_open(where, statement)
            messages += [
                f"{where} allows action {each}, write the actions out" for each in actions if "*" in each or "?" in each
            ]
            for each in entries(statement.get("Resource")):
                if _everything(str(each)) and not all(WITHOUT_RESOURCE.fullmatch(action) for action in actions):
                    bound = ", ".join(action for action in actions if not WITHOUT_RESOURCE.fullmatch(action))
                    messages.append(f"{where} allows {bound} on resource {each}, name the resources")
    return messages


def _everything(resource: str) -> bool:
    """Tell whether a resource is all of a service's: ``arn:aws:s3:::*`` is, ``arn:aws:s3:::a-bucket/*`` is not."""
    parts = resource.split(":", 5)
    return resource.startswith("*") or "*" in "".join(parts[1:3]) or parts[-1].startswith("*")


def check_resource_policies(resource: Resource, _: Reviewed) -> list[str]:
    """List wildcards in who may reach a bucket, file system or key.

    In a key's policy the resource is the key itself, and services ask for groups of actions such as ``kms:GenerateDataKey*``;
    all of its actions may only go to the account, without which nobody could ever change the policy.
    """
    if resource.type not in RESOURCE_POLICIES:
        return []
    statements, messages = _statements(resource, "policy", resource.get("policy"))
    for statement in statements:
        where = _named(resource, "policy", statement)
        in_account = resource.type in KEY_POLICIES and _of_one_account(statement)
        messages += _too_open(where, statement, in_account)
        to_account = all(ROOT.fullmatch(each) for each in _principals(statement))
        for action in (str(each) for each in entries(statement.get("Action"))):
            if action == "*" or (
                action.endswith(":*") and not (action == "kms:*" and to_account and resource.type in KEY_POLICIES)
            ):
                messages.append(f"{where} allows action {action} to {', '.join(_principals(statement))}, write the actions out")
            elif "*" in action and resource.type not in KEY_POLICIES:
                messages.append(f"{where} allows action {action}, write the actions out")
    return messages


def check_trust(resource: Resource, _: Reviewed) -> list[str]:
    """List roles that anybody may take."""
    if resource.type != ROLE:
        return []
    statements, messages = _statements(resource, "assumeRolePolicy", resource.get("assumeRolePolicy"))
    for statement in statements:
        where = _named(resource, "assumeRolePolicy", statement)
        messages += _too_open(where, statement)
        messages += [
            f"{where} allows action {action}, write the actions out"
            for action in map(str, entries(statement.get("Action")))
            if "*" in action
        ]
    return messages


def check_attachments(resource: Resource, _: Reviewed) -> list[str]:
    """List ready-made policies of the cloud that allow a whole service or everything."""
    given = {ATTACHMENT: ["policyArn"], ROLE: ["managedPolicyArns", "permissionsBoundary"]}.get(resource.type, [])
    messages: list[str] = []
    for path in given:
        for arn in entries(resource.get(path)):
            if isinstance(arn, Unknown):
                messages.append(later(resource, path))
            elif FAR_TOO_MUCH.fullmatch(f"/{arn}"):
                messages.append(f"{resource.label}: {path} is {arn}, which allows far more than a factory needs")
    return messages
