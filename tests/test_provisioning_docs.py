"""The page on provisioning says what the plans, the code and AWS's own service models say; the deployer's policy suffices.

That AWS decides as the policy is read here is not proved: no live account is used.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pulumi_aws
import pytest
import tools
from botocore import xform_name
from mocks import BOUGHT, ENVIRONMENTS, ROOT, plan_of

from planner.plan import CloudPlan, Finding
from stacks.aws.rules import BLOCK_LEFT_EARLY, name_problems
from stacks.policy import quantities
from stacks.preview import preview
from stacks.settings import KEYS, check_plan, read_plan

PAGE = (ROOT / "docs" / "provisioning.md").read_text(encoding="utf-8")
POLICIES: dict[str, Any] = json.loads((ROOT / "docs" / "deployer-policy.json").read_text(encoding="utf-8"))
LIMIT_CHARACTERS = 6144  # of a managed policy, without whitespace
HOURS_A_MONTH = 730
# With the longest use, AWS takes this name and no longer one, for roles and for node groups.
LONGEST = max(
    (
        "n" * length
        for length in range(1, 40)
        if not any(name_problems(kind, f"{'n' * length}-preparation-") for kind in ("role prefix", "node group prefix"))
    ),
    key=len,
)
# As long as AWS lets them be.
FILLED = {
    "ACCOUNT": "123456789012",
    "NAME": LONGEST,
    "REGION": "ap-northeast-1",
    "STATE_BUCKET": "b" * 63,
    "STATE_KEY": "12345678-1234-1234-1234-123456789012",
}


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table that begins with this cell, without its head."""
    lines = PAGE[PAGE.index(f"\n| {heading} |") + 1 :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def commands() -> list[str]:
    """Return every command of the page."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]


def words(command: str) -> list[list[str]]:
    """Split a command into the simple commands that it is made of."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("();<>|&"):
            parts.append([])
        elif word != "do":  # of a loop
            parts[-1].append(word)
    return parts


def called(program: str) -> list[list[str]]:
    """Return the arguments of every call of a program."""
    return [part[1:] for command in commands() for part in words(command) if part and part[0] == program]


def cloud_of(environment: str) -> CloudPlan:
    cloud = plan_of(environment).cloud
    assert cloud is not None
    return cloud


# Numbers


def test_costs_are_those_of_the_plans() -> None:
    dev, staging, prod = (cloud_of(environment) for environment in ENVIRONMENTS)
    gpus = sum(line.monthly_usd for line in dev.costs if line.component == "gpu")
    assert prod.capacity_block is not None
    assert prod.capacity_block.total_usd is not None
    months = {
        "dev": dev.monthly_usd,
        "dev with `gpuNodes off`": dev.monthly_usd - gpus,
        "staging": staging.monthly_usd,
        "prod without its Capacity Block": prod.monthly_usd - prod.capacity_block.total_usd,
    }
    expected = [
        [what, *(f"{usd / HOURS_A_MONTH * hours:,.2f}" for hours in (HOURS_A_MONTH, 24, 1))] for what, usd in months.items()
    ]
    *standing, block = table("what stands")
    assert standing == expected
    assert block[:2] == ["prod's Capacity Block, once, up front", f"{prod.capacity_block.total_usd:,.2f}"]


def test_quotas_are_those_of_the_plans() -> None:
    found = {environment: {quota.code: quota for quota in cloud_of(environment).quotas} for environment in ENVIRONMENTS}
    expected = []
    for code in sorted(set().union(*found.values())):
        row = next(each[code] for each in found.values() if code in each)
        cells = []
        for environment in ENVIRONMENTS:
            quota = found[environment].get(code)
            text = "-" if quota is None else f"{quota.needed_count:,.0f}"
            cells.append(f"**{text}**" if quota is not None and quota.needed_count > quota.granted_count else text)
        unit = {"count": "", "vcpus": ", vCPUs", "gib": ", GiB"}[row.unit]
        expected.append([code.upper(), row.service, f"{row.name}{unit}", *cells, f"{row.granted_count:,.0f}"])
    assert table("code") == expected


def test_quotas_to_ask_for_first_are_those_that_dev_lacks() -> None:
    step = PAGE[PAGE.index("2. Ask for the two") : PAGE.index("3. Let the administrator")]
    asked = re.findall(r"--service-code (\S+) --quota-code (\S+) --desired-value (\d+)", step)
    lacking = [quota for quota in cloud_of("dev").quotas if quota.needed_count > quota.granted_count]
    assert len(lacking) == 2
    assert sorted(asked) == sorted((each.service, each.code.upper(), f"{each.needed_count:.0f}") for each in lacking)


def test_the_capacity_block_is_the_one_that_prod_plans() -> None:
    section = PAGE[PAGE.index("## Buying a Capacity Block") : PAGE.index("## Reaching a private")]
    cloud = cloud_of("prod")
    block, group = cloud.capacity_block, next(each for each in cloud.node_groups if each.role == "gpu")
    assert block is not None
    assert block.total_usd is not None
    text = " ".join(section.split())
    wanted = f"{group.count} {group.instance} in {cloud.gpu_zone}, from {block.starts_at} to {block.ends_at}"
    assert f"{wanted}, {block.hours_count:.0f} hours, for about {block.total_usd:,.0f} USD" in text
    (search,) = (each for each in called("aws") if each[1] == "describe-capacity-block-offerings")
    given = dict(zip(search[2::2], search[3::2], strict=True))
    assert given["--region"] == cloud.region
    assert (given["--instance-type"], given["--instance-count"]) == (group.instance, str(group.count))
    assert given["--capacity-duration-hours"] == f"{block.hours_count:.0f}"
    assert given["--start-date-range"] < block.starts_at < block.ends_at < given["--end-date-range"]
    assert f"{BLOCK_LEFT_EARLY.seconds // 60} minutes before the end" in text


def test_environments_and_versions() -> None:
    groups = {name: next(each for each in cloud_of(name).node_groups if each.role == "gpu") for name in ENVIRONMENTS}
    assert groups["dev"].count == 2
    for name in ("staging", "prod"):
        assert f"`{name}` ({groups[name].count} x {groups[name].instance.partition('.')[0]} in" in PAGE.replace("\n", " ")
    pinned = dict(re.findall(r"^(\w+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    assert f"{pinned['pulumi']}, with which everything was tested." in PAGE
    assert f"AWS provider, {pinned['pulumi_aws']}, when it first runs" in " ".join(PAGE.split())
    assert set(re.findall(r"version (\d+\.\d+\.\d+)", PAGE)) == {pinned["pulumi"]}


# Names


def read_by_settings() -> set[str]:
    """Find the configuration keys that `stacks/settings.py` reads."""
    tree = ast.parse((ROOT / "stacks" / "settings.py").read_text(encoding="utf-8"))
    keys = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = ast.unparse(node.func)
        if name == "read" or re.fullmatch(r"config\.(get|require)\w*", name):
            keys.add(f"groundplan:{node.args[0].value}")
        elif re.fullmatch(r"pulumi\.Config\('aws'\)\.\w+", name):
            keys.add(f"aws:{node.args[0].value}")
    return keys


def test_configuration_is_what_settings_read() -> None:
    assert {key for key in read_by_settings() if not key.startswith("aws:")} == {f"groundplan:{key}" for key in KEYS}
    keys = {row[0].strip("`") for row in table("key")}
    of_provider = {"aws:allowedAccountIds"}
    assert keys == read_by_settings() | of_provider
    for key in of_provider:
        assert xform_name(key.partition(":")[2]) in pulumi_aws.ProviderArgs.__init__.__annotations__
    assert {key.strip("'\"`[0]") for key in re.findall(r"groundplan:\w+", PAGE)} <= keys


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)(?=`| ENV)", PAGE)) | {each[0] for each in called("make")}
    assert len(named) >= 3
    assert named <= targets


def test_every_file_named_exists() -> None:
    root = r"(?:docs|factories|plans|planner|stacks|tests)"
    named = set(re.findall(rf"(?<![\w/]){root}/[\w./-]*\w", PAGE)) | set(re.findall(r"Pulumi\.[a-z]+\.yaml", PAGE))
    assert {"stacks/policy", "factories/dev.yaml", "Pulumi.dev.yaml"} <= named
    assert [name for name in sorted(named) if "NAME" not in name and not (ROOT / name).exists()] == []
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_section_linked_to_exists() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    linked = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert len(linked) > 5
    assert linked <= anchors


def refusals(folder: Path) -> dict[str, list[str]]:
    """Refuse a plan in every way that the page knows, and return the reasons."""
    (folder / "plans").mkdir()
    path = folder / "plans" / "dev.json"
    missing = read_plan(folder, "dev")[1]
    text = (ROOT / "plans" / "dev.json").read_text(encoding="utf-8")
    path.write_text(text.replace("g6e.8xlarge", "g6e.4xlarge", 1), encoding="utf-8")
    edited = read_plan(folder, "dev")[1]
    old = plan_of("dev").model_copy(update={"catalog_version": "older"})
    path.write_text(old.model_copy(update={"checksum": old.content_checksum()}).to_json(), encoding="utf-8")
    outdated = read_plan(folder, "dev")[1]
    finding = Finding(severity="error", code="budget", path="budget.monthly", message="too dear", hint="spend more")
    broken = plan_of("dev").model_copy(update={"findings": (finding,)})
    return {
        "is missing; make it anew": missing,
        "the file was edited": edited,
        "was made with catalog": outdated,
        "the plan has an error": check_plan(broken, region="us-east-2", accepted=[], reservation_ids={}),
        "the plan is for": check_plan(plan_of("dev"), region="eu-north-1", accepted=[], reservation_ids={}),
        "is not named; buy it": check_plan(plan_of("prod"), region="us-east-2", accepted=[], reservation_ids={}),
        "are allowed: shorten it by": name_problems("bucket prefix", "x" * 40),
    }


def test_refusals_are_worded_as_they_are_read(tmp_path: Path) -> None:
    found = refusals(tmp_path)
    assert [row[0].strip("`") for row in table("it says")] == list(found)
    for text, reasons in found.items():
        assert any(text in reason for reason in reasons), (text, reasons)
    assert "nothing was created, changed or deleted" in (ROOT / "stacks" / "__main__.py").read_text(encoding="utf-8")
    assert "`nothing was created, changed or deleted`" in PAGE


def test_what_is_protected_is_what_the_stacks_protect() -> None:
    protected = {
        each.type
        for environment in ENVIRONMENTS
        for each in preview(ROOT, environment, given=_texts(environment)).resources
        if each.options.get("protect")
    }
    assert {row[0].strip("`") for row in table("kind")} == protected


def _texts(environment: str) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in BOUGHT.get(environment, {}).items()}


# Commands


def test_every_command_of_aws_exists_with_its_options() -> None:
    session = botocore.session.get_session()
    by_the_cli_itself = {("eks", "update-kubeconfig"): {"--region", "--name"}}
    checked = 0
    for service, operation, *rest in called("aws"):
        flags = {word for word in rest if word.startswith("--")} - {"--query", "--output"}
        checked += 1
        if (service, operation) in by_the_cli_itself:
            assert flags <= by_the_cli_itself[service, operation]
            continue
        model = session.get_service_model(service.replace("s3api", "s3"))
        names = {xform_name(name, "-"): name for name in model.operation_names}
        assert operation in names, (service, operation)
        shape = model.operation_model(names[operation]).input_shape
        options = {f"--{xform_name(member, '-')}": member for member in shape.members}
        assert flags <= {*options, "--region"}, (service, operation)
        assert {options[flag] for flag in flags if flag in options} >= set(shape.required_members), (service, operation)
    assert checked > 20


@pytest.mark.engine
def test_every_command_of_pulumi_exists_with_its_options(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    reason = tools.missing()
    if reason and request.config.getoption("--require-engine"):
        pytest.fail(f"required, but {reason}")
    if reason:
        pytest.skip(reason)
    calls = [*called("pulumi"), *(shlex.split(each)[1:] for each in re.findall(r"`(pulumi [^`]+)`", PAGE.replace("\n", " ")))]
    assert len(calls) > 25
    environment = {
        "PULUMI_HOME": str(tmp_path),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    }

    @functools.cache
    def help_of(*verbs: str) -> str:
        line = [str(tools.cache() / "bin" / "pulumi"), *verbs, "--help"]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout

    for call in calls:
        verbs = call[: 2 if call[0] in ("config", "stack", "state") and call[1:] and call[1].isalpha() else 1]
        # What it does not know, Pulumi answers with the help of what stands before it.
        assert help_of(*verbs) != help_of(*verbs[:-1]), call
        for flag in (word.partition("=")[0] for word in call if word.startswith("-")):
            assert re.search(rf"(?<![\w-]){flag}(?![\w-])", help_of(*verbs)), call


def test_the_policies_are_filled_in_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "deployer-policy.json", tmp_path / "docs")
    section = PAGE[PAGE.index("## Permissions") : PAGE.index("## Configuration")]
    local = [each for each in commands() if each in section and "aws " not in each]
    assert len(local) == 3
    for command in local:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, timeout=60, check=True)
    filled = {path.stem.removeprefix("deployer-"): path for path in (tmp_path / "build").glob("deployer-*.json")}
    assert set(filled) == {*POLICIES, "policy"}
    for part in POLICIES:
        text = filled[part].read_text(encoding="utf-8")
        assert not re.search("ACCOUNT|NAME|REGION|STATE", text)
        assert "arn:aws:" in text
        assert len(text.strip()) <= LIMIT_CHARACTERS
    parts = {match for command in commands() for match in re.findall(r"for part in ([a-z ]+);", command)}
    assert parts == {" ".join(POLICIES)}


# The policy

# What the provider calls to make, read, change and delete each kind of resource, and what a service then asks of the caller.
SECURITY_GROUP_RULES = """DescribeSecurityGroupRules DescribeSecurityGroups ModifySecurityGroupRules CreateTags DeleteTags"""
NEEDED = {
    "amp.Workspace": """aps: CreateWorkspace DescribeWorkspace UpdateWorkspaceAlias DeleteWorkspace CreateLoggingConfiguration
        DescribeLoggingConfiguration UpdateLoggingConfiguration DeleteLoggingConfiguration TagResource UntagResource
        ListTagsForResource kms: CreateGrant DescribeKey Decrypt GenerateDataKey logs: CreateLogDelivery GetLogDelivery
        UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy DescribeResourcePolicies DescribeLogGroups""",
    "autoscaling.Schedule": "autoscaling: PutScheduledUpdateGroupAction DescribeScheduledActions DeleteScheduledAction",
    "budgets.Budget": "budgets: ModifyBudget ViewBudget TagResource UntagResource ListTagsForResource",
    "cloudwatch.LogGroup": """logs: CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy
        AssociateKmsKey DisassociateKmsKey TagResource UntagResource ListTagsForResource""",
    "ec2.CapacityReservation": """ec2: CreateCapacityReservation DescribeCapacityReservations ModifyCapacityReservation
        CancelCapacityReservation CreateTags DeleteTags""",
    "ec2.DefaultSecurityGroup": """ec2: DescribeSecurityGroups RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags
        DeleteTags""",
    "ec2.Eip": "ec2: AllocateAddress DescribeAddresses DescribeAddressesAttribute ReleaseAddress CreateTags DeleteTags",
    "ec2.FlowLog": "ec2: CreateFlowLogs DescribeFlowLogs DeleteFlowLogs CreateTags DeleteTags iam: PassRole",
    "ec2.InternetGateway": """ec2: CreateInternetGateway AttachInternetGateway DescribeInternetGateways DetachInternetGateway
        DeleteInternetGateway CreateTags DeleteTags""",
    "ec2.LaunchTemplate": """ec2: CreateLaunchTemplate CreateLaunchTemplateVersion DescribeLaunchTemplates
        DescribeLaunchTemplateVersions DeleteLaunchTemplate CreateTags DeleteTags""",
    "ec2.NatGateway": "ec2: CreateNatGateway DescribeNatGateways DeleteNatGateway CreateTags DeleteTags",
    "ec2.PlacementGroup": "ec2: CreatePlacementGroup DescribePlacementGroups DeletePlacementGroup CreateTags DeleteTags",
    "ec2.Route": "ec2: CreateRoute ReplaceRoute DescribeRouteTables DeleteRoute",
    "ec2.RouteTable": "ec2: CreateRouteTable DescribeRouteTables DeleteRouteTable CreateTags DeleteTags",
    "ec2.RouteTableAssociation": """ec2: AssociateRouteTable ReplaceRouteTableAssociation DescribeRouteTables
        DisassociateRouteTable""",
    "ec2.SecurityGroup": """ec2: CreateSecurityGroup RevokeSecurityGroupEgress DescribeSecurityGroups DescribeNetworkInterfaces
        DeleteSecurityGroup CreateTags DeleteTags""",
    "ec2.Subnet": """ec2: CreateSubnet ModifySubnetAttribute DescribeSubnets DescribeAvailabilityZones DescribeNetworkInterfaces
        DeleteSubnet CreateTags DeleteTags""",
    "ec2.Vpc": """ec2: CreateVpc ModifyVpcAttribute DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables
        DescribeSecurityGroups DeleteVpc CreateTags DeleteTags""",
    "ec2.VpcEndpoint": """ec2: CreateVpcEndpoint ModifyVpcEndpoint DescribeVpcEndpoints DescribePrefixLists DeleteVpcEndpoints
        CreateTags DeleteTags route53: AssociateVPCWithHostedZone""",
    "efs.FileSystem": """elasticfilesystem: CreateFileSystem DescribeFileSystems UpdateFileSystem DeleteFileSystem
        PutLifecycleConfiguration DescribeLifecycleConfiguration TagResource UntagResource ListTagsForResource
        kms: CreateGrant DescribeKey GenerateDataKeyWithoutPlaintext iam: CreateServiceLinkedRole""",
    "efs.MountTarget": """elasticfilesystem: CreateMountTarget DescribeMountTargets DescribeMountTargetSecurityGroups
        ModifyMountTargetSecurityGroups DeleteMountTarget
        ec2: CreateNetworkInterface DescribeNetworkInterfaces DescribeSubnets""",
    "eks.AccessEntry": """eks: CreateAccessEntry DescribeAccessEntry UpdateAccessEntry DeleteAccessEntry TagResource
        UntagResource ListTagsForResource""",
    "eks.AccessPolicyAssociation": "eks: AssociateAccessPolicy ListAssociatedAccessPolicies DisassociateAccessPolicy",
    "eks.Addon": """eks: CreateAddon DescribeAddon UpdateAddon DeleteAddon DescribeUpdate TagResource UntagResource
        CreatePodIdentityAssociation DescribePodIdentityAssociation UpdatePodIdentityAssociation DeletePodIdentityAssociation
        ListPodIdentityAssociations iam: PassRole GetRole""",
    "eks.Cluster": """eks: CreateCluster DescribeCluster UpdateClusterConfig UpdateClusterVersion DeleteCluster DescribeUpdate
        TagResource UntagResource iam: PassRole GetRole CreateServiceLinkedRole kms: CreateGrant DescribeKey
        ec2: DescribeSubnets DescribeSecurityGroups DescribeVpcs""",
    "eks.NodeGroup": """eks: CreateNodegroup DescribeNodegroup UpdateNodegroupConfig UpdateNodegroupVersion DeleteNodegroup
        DescribeUpdate TagResource UntagResource iam: PassRole GetRole CreateServiceLinkedRole ListAttachedRolePolicies
        ec2: RunInstances CreateTags DescribeLaunchTemplateVersions DescribeInstanceTypes DescribeSubnets""",
    "eks.PodIdentityAssociation": """eks: CreatePodIdentityAssociation DescribePodIdentityAssociation
        UpdatePodIdentityAssociation DeletePodIdentityAssociation TagResource UntagResource iam: PassRole GetRole""",
    "fsx.DataRepositoryAssociation": """fsx: CreateDataRepositoryAssociation DescribeDataRepositoryAssociations
        UpdateDataRepositoryAssociation DeleteDataRepositoryAssociation TagResource UntagResource ListTagsForResource
        iam: CreateServiceLinkedRole AttachRolePolicy PutRolePolicy""",
    "fsx.LustreFileSystem": """fsx: CreateFileSystem DescribeFileSystems UpdateFileSystem DeleteFileSystem TagResource
        UntagResource ListTagsForResource kms: CreateGrant DescribeKey Decrypt GenerateDataKey iam: CreateServiceLinkedRole
        ec2: DescribeSubnets DescribeSecurityGroups DescribeVpcs GetSecurityGroupsForVpc
        logs: CreateLogStream PutLogEvents DescribeLogGroups""",
    "iam.Role": """iam: CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DeleteRole TagRole UntagRole
        ListRoleTags ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole""",
    "iam.RolePolicy": "iam: PutRolePolicy GetRolePolicy DeleteRolePolicy",
    "iam.RolePolicyAttachment": "iam: AttachRolePolicy ListAttachedRolePolicies DetachRolePolicy",
    "kms.Alias": "kms: CreateAlias UpdateAlias ListAliases DeleteAlias",
    "kms.Key": """kms: CreateKey DescribeKey PutKeyPolicy GetKeyPolicy EnableKeyRotation GetKeyRotationStatus
        UpdateKeyDescription TagResource UntagResource ListResourceTags ScheduleKeyDeletion""",
    "s3.Bucket": """s3: CreateBucket ListBucket DeleteBucket GetBucketLocation GetBucketAcl GetBucketCORS GetBucketWebsite
        GetBucketVersioning GetAccelerateConfiguration GetBucketRequestPayment GetBucketLogging GetLifecycleConfiguration
        GetReplicationConfiguration GetEncryptionConfiguration GetBucketObjectLockConfiguration GetBucketPolicy GetBucketTagging
        PutBucketTagging TagResource UntagResource ListTagsForResource ListBucketVersions DeleteObject DeleteObjectVersion""",
    "s3.BucketLifecycleConfiguration": "s3: PutLifecycleConfiguration GetLifecycleConfiguration",
    "s3.BucketOwnershipControls": "s3: PutBucketOwnershipControls GetBucketOwnershipControls",
    "s3.BucketPolicy": "s3: PutBucketPolicy GetBucketPolicy DeleteBucketPolicy",
    "s3.BucketPublicAccessBlock": "s3: PutBucketPublicAccessBlock GetBucketPublicAccessBlock",
    "s3.BucketServerSideEncryptionConfiguration": "s3: PutEncryptionConfiguration GetEncryptionConfiguration",
    "s3.BucketVersioning": "s3: PutBucketVersioning GetBucketVersioning",
    "vpc.SecurityGroupEgressRule": f"ec2: AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress {SECURITY_GROUP_RULES}",
    "vpc.SecurityGroupIngressRule": f"ec2: AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress {SECURITY_GROUP_RULES}",
}
# Names of S3's actions that are not those of its operations.
S3_OPERATIONS = {
    "DeleteObjectVersion": "DeleteObject",
    "GetAccelerateConfiguration": "GetBucketAccelerateConfiguration",
    "GetBucketCORS": "GetBucketCors",
    "GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "GetEncryptionConfiguration": "GetBucketEncryption",
    "GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "GetReplicationConfiguration": "GetBucketReplication",
    "ListBucket": "ListObjectsV2",
    "ListBucketVersions": "ListObjectVersions",
    "PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "PutEncryptionConfiguration": "PutBucketEncryption",
    "PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
}
# Actions without an operation of their own.
ONLY_PERMISSIONS = {
    "budgets:ModifyBudget",
    "budgets:ViewBudget",
    "iam:PassRole",
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")),
    "logs:ListLogDeliveries",
}


def needed(kind: str) -> set[str]:
    """Return the actions that a kind of resource needs."""
    service, actions = "", set()
    for word in NEEDED[kind].split():
        if word.endswith(":"):
            service = word
        else:
            actions.add(service + word)
    return actions


def statements(part: str | None = None) -> Iterator[dict[str, Any]]:
    """Return the statements of one part, or of all but the state's, which is not the stacks'."""
    for name, policy in POLICIES.items():
        if name == part or (part is None and name != "state"):
            yield from policy["Statement"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def kinds_made() -> set[str]:
    """Find the kinds of resources that the stacks make, in their source."""
    found = set()
    for path in (ROOT / "stacks" / "aws").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        found |= {f"{module}.{name}" for module, name in re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\b(?!Args)", source)}
    return {kind for kind in found if not kind.endswith("Args") and not kind.startswith("eks.outputs")}


def test_the_table_of_needs_has_every_kind_that_the_stacks_make() -> None:
    made = kinds_made()
    assert made == set(NEEDED)
    rendered = {
        each.type for environment in ENVIRONMENTS for each in preview(ROOT, environment, given=_texts(environment)).resources
    }
    shorts = {
        f"{kind.split(':')[1].partition('/')[0]}.{kind.rpartition(':')[2]}" for kind in rendered if kind.startswith("aws:")
    }
    assert shorts <= made
    assert made <= {f"{kind.split(':')[1].partition('/')[0]}.{kind.rpartition(':')[2]}" for kind in quantities.KINDS}


@pytest.mark.parametrize("kind", sorted(NEEDED))
def test_the_deployer_may_make_read_change_and_delete(kind: str) -> None:
    allowed = {action for each in statements() for action in each["Action"]}
    assert needed(kind) - allowed == set()


def test_the_deployer_may_nothing_that_no_resource_needs() -> None:
    allowed = {action for each in statements() for action in each["Action"]}
    assert allowed - set().union(*map(needed, NEEDED)) == set()


def test_every_action_exists() -> None:
    session = botocore.session.get_session()
    services = {"aps": "amp", "elasticfilesystem": "efs"}
    for name in POLICIES:
        for action in (action for each in statements(name) for action in each["Action"]):
            assert re.fullmatch(r"[a-z0-9]+:[A-Za-z0-9]+", action), f"{action} is no exact action"
            if action in ONLY_PERMISSIONS:
                continue
            service, _, verb = action.partition(":")
            operations = set(session.get_service_model(services.get(service, service)).operation_names)
            if service == "s3":
                operations |= set(session.get_service_model("s3control").operation_names)
                verb = S3_OPERATIONS.get(verb, verb)
            assert verb in operations, action


def test_statements_are_whole_and_sorted() -> None:
    for name, policy in POLICIES.items():
        assert policy["Version"] == "2012-10-17"
        sids = [each["Sid"] for each in policy["Statement"]]
        assert len(set(sids)) == len(sids), name
        for each in policy["Statement"]:
            assert set(each) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}
            assert each["Effect"] == "Allow"
            assert each["Action"] == sorted(set(each["Action"])), each["Sid"]
            for resource in listed(each["Resource"]):
                assert resource == "*" or resource.startswith("arn:aws:"), resource


def test_every_action_on_everything_has_its_reason_in_the_page() -> None:
    wide = [each for name in POLICIES for each in statements(name) if each["Resource"] == "*"]
    on_everything = [action for each in wide for action in each["Action"]]
    explained = [action for row in table("actions") for action in re.findall(r"`([^`]+)`", row[0])]
    assert sorted(on_everything) == sorted(explained)
    assert all(row[1] for row in table("actions"))
    for each in wide:
        if any(":Create" in action for action in each["Action"]) and each["Sid"] != "LogDelivery":
            assert each["Condition"] == {"StringEquals": {"aws:RequestTag/factory": "NAME"}}


@pytest.mark.parametrize("part", sorted(POLICIES))
def test_each_policy_fits_with_the_longest_names(part: str) -> None:
    text = json.dumps(POLICIES[part], separators=(",", ":"))
    for word, value in sorted(FILLED.items(), reverse=True):
        text = text.replace(word, value)
    assert len(text) <= LIMIT_CHARACTERS


def test_what_stands_for_names_is_what_the_page_names() -> None:
    text = json.dumps(POLICIES)
    assert set(re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)*\b", text)) - {"IDENTITY_POLICY"} <= {*FILLED, "VPC"}
    assert all(word in text for word in FILLED)
    section = PAGE[PAGE.index("## Permissions") : PAGE.index("## Configuration")]
    assert set(re.findall(r"^- ((?:[A-Z_]+)(?:, [A-Z_]+)?):", section, re.MULTILINE)) == {
        "ACCOUNT", "NAME", "REGION", "STATE_BUCKET, STATE_KEY",
    }  # fmt: skip
    assert f"{len(FILLED['NAME'])} characters at most" in section


# The policy as AWS reads it

OWN = {"aws:ResourceTag/factory": "lab"}
NEW = {"aws:RequestTag/factory": "lab"}
ANOTHER = {"aws:ResourceTag/factory": "another"}


def filled() -> list[dict[str, Any]]:
    text = json.dumps(list(statements()))
    for word, value in {"ACCOUNT": "123456789012", "REGION": "us-east-2", "NAME": "lab"}.items():
        text = text.replace(word, value)
    found: list[dict[str, Any]] = json.loads(text)
    return found


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            value = context.get(key)
            if value is None:
                if not operator.endswith("IfExists"):
                    return False
            elif operator in ("ArnLike", "ArnEquals"):
                if not any(fnmatchcase(value, each) for each in listed(wanted)):
                    return False
            else:
                assert operator in ("StringEquals", "StringEqualsIfExists", "Bool")
                if value not in listed(wanted):
                    return False
    return True


def may(action: str, resource: str, **context: str) -> bool:
    """Tell whether the policies allow an action on a resource; `context` with `__` for what names cannot hold."""
    return any(
        action in each["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in listed(each["Resource"]))
        and holds(each.get("Condition", {}), context)
        for each in filled()
    )


def ec2(kind: str, name: str = "id-1") -> str:
    return f"arn:aws:ec2:us-east-2:123456789012:{kind}/{name}"


ROLE = "arn:aws:iam::123456789012:role/"


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:CreateVpc", ec2("vpc"), NEW),
        ("ec2:CreateSubnet", ec2("vpc"), OWN),
        ("ec2:DeleteVpc", ec2("vpc"), OWN),
        ("ec2:CreateTags", ec2("subnet"), {**NEW, "ec2:CreateAction": "CreateSubnet"}),
        ("ec2:CreateTags", ec2("instance"), {**NEW, "ec2:CreateAction": "RunInstances"}),
        ("ec2:CreateTags", ec2("security-group"), NEW),
        ("ec2:AuthorizeSecurityGroupIngress", ec2("security-group"), {"aws:ResourceTag/kubernetes.io/cluster/lab": "owned"}),
        ("ec2:RunInstances", ec2("launch-template"), OWN),
        ("ec2:RunInstances", ec2("instance"), {"ec2:LaunchTemplate": ec2("launch-template")}),
        ("ec2:CreatePlacementGroup", ec2("placement-group", "lab-gpu"), NEW),
        ("eks:CreateCluster", "arn:aws:eks:us-east-2:123456789012:cluster/lab", NEW),
        ("eks:DeleteNodegroup", "arn:aws:eks:us-east-2:123456789012:nodegroup/lab/lab-gpu-1/uuid", {}),
        ("kms:CreateKey", "*", NEW),
        ("kms:ScheduleKeyDeletion", "arn:aws:kms:us-east-2:123456789012:key/k", OWN),
        ("s3:PutBucketPolicy", "arn:aws:s3:::lab-data-1", {}),
        ("logs:CreateLogGroup", "arn:aws:logs:us-east-2:123456789012:log-group:/aws/eks/lab/cluster", {}),
        ("logs:DeleteLogGroup", "arn:aws:logs:us-east-2:123456789012:log-group:/aws/vendedlogs/prometheus/lab", {}),
        ("iam:PassRole", f"{ROLE}lab-node-1", {"iam:PassedToService": "eks.amazonaws.com"}),
        ("iam:PassRole", f"{ROLE}lab-training-1", {"iam:PassedToService": "pods.eks.amazonaws.com"}),
        (
            "autoscaling:PutScheduledUpdateGroupAction",
            "arn:aws:autoscaling:us-east-2:123456789012:autoScalingGroup:u:autoScalingGroupName/eks-lab-gpu-1-u",
            {},
        ),
    ],
)
def test_the_deployer_may(action: str, resource: str, context: dict[str, str]) -> None:
    assert may(action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:CreateVpc", ec2("vpc"), {}),
        ("ec2:CreateVpc", ec2("vpc"), {"aws:RequestTag/factory": "another"}),
        ("ec2:DeleteVpc", ec2("vpc"), ANOTHER),
        ("ec2:DeleteVpc", ec2("vpc"), {}),
        ("ec2:CreateTags", ec2("vpc"), NEW),
        ("ec2:CreateTags", ec2("security-group"), {**NEW, **ANOTHER}),
        ("ec2:AuthorizeSecurityGroupIngress", ec2("security-group"), {"aws:ResourceTag/kubernetes.io/cluster/two": "owned"}),
        ("ec2:RunInstances", ec2("instance"), {}),
        ("ec2:RunInstances", ec2("launch-template"), ANOTHER),
        ("ec2:PurchaseCapacityBlock", "*", NEW),
        ("eks:CreateCluster", "arn:aws:eks:us-east-2:123456789012:cluster/lab", {}),
        ("eks:DeleteCluster", "arn:aws:eks:us-east-2:123456789012:cluster/another", {}),
        ("kms:ScheduleKeyDeletion", "arn:aws:kms:us-east-2:123456789012:key/k", ANOTHER),
        ("kms:TagResource", "arn:aws:kms:us-east-2:123456789012:key/k", {**NEW, **ANOTHER}),
        ("kms:Decrypt", "arn:aws:kms:us-east-2:123456789012:key/k", OWN),
        ("kms:CreateGrant", "arn:aws:kms:us-east-2:123456789012:key/k", OWN),
        ("s3:GetObject", "arn:aws:s3:::lab-data-1/object", {}),
        ("s3:DeleteBucket", "arn:aws:s3:::another-data-1", {}),
        ("fsx:DeleteFileSystem", "arn:aws:fsx:us-east-2:123456789012:file-system/fs-1", ANOTHER),
        ("iam:PassRole", f"{ROLE}lab-node-1", {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("iam:PassRole", f"{ROLE}administrator", {"iam:PassedToService": "eks.amazonaws.com"}),
        ("iam:PutRolePolicy", f"{ROLE}administrator", {}),
        ("iam:AttachRolePolicy", f"{ROLE}lab-node-1", {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        (
            "iam:CreateServiceLinkedRole",
            f"{ROLE}aws-service-role/lex.amazonaws.com/R",
            {"iam:AWSServiceName": "lex.amazonaws.com"},
        ),
        ("ssm:StartSession", ec2("instance"), OWN),
    ],
)
def test_the_deployer_may_not(action: str, resource: str, context: dict[str, str]) -> None:
    assert not may(action, resource, **context)


def rendered_roles() -> Iterator[tuple[str, str, set[str]]]:
    """Return name, the service that takes it and the ready-made policies of every role of the three environments."""
    for environment in ENVIRONMENTS:
        found = preview(ROOT, environment, given=_texts(environment)).resources
        name = plan_of(environment).name
        attached = [each.inputs for each in found if each.kind == "RolePolicyAttachment"]
        for role in (each for each in found if each.kind == "Role"):
            (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
            policies = {each["policyArn"] for each in attached if f"<{role.label}." in each["role"]}
            yield role.inputs["namePrefix"].replace(name, "lab", 1), trust["Principal"]["Service"], policies


def test_every_role_of_the_stacks_can_be_made_given_and_filled() -> None:
    roles = list(rendered_roles())
    assert len(roles) > 15
    assert any(policies for _, _, policies in roles)
    for prefix, service, policies in roles:
        role = f"{ROLE}{prefix}20261124"
        assert may("iam:CreateRole", role), prefix
        # A machine's role is given to EKS, which hands it on.
        passed = "eks.amazonaws.com" if service == "ec2.amazonaws.com" else service
        assert may("iam:PassRole", role, **{"iam:PassedToService": passed}), (prefix, service)
        for policy in policies:
            assert may("iam:AttachRolePolicy", role, **{"iam:PolicyARN": policy}), (prefix, policy)
    ready_made = next(each for each in statements("roles") if each["Sid"] == "ReadyMadePolicies")
    assert set(ready_made["Condition"]["ArnEquals"]["iam:PolicyARN"]) == set().union(*(each[2] for each in roles))


def test_every_log_group_of_the_stacks_can_be_made() -> None:
    for environment in ENVIRONMENTS:
        groups = [each for each in preview(ROOT, environment, given=_texts(environment)).resources if each.kind == "LogGroup"]
        assert len(groups) > 5
        for group in groups:
            name = group.inputs["name"].replace(plan_of(environment).name, "lab")
            assert may("logs:CreateLogGroup", f"arn:aws:logs:us-east-2:123456789012:log-group:{name}"), name
