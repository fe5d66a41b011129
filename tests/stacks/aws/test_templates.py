from __future__ import annotations

import base64
import email
from email.message import Message
from typing import Any

import pytest
from mocks import ENVIRONMENTS, plan_of
from ruamel.yaml import YAML

from planner.plan import CloudNodeGroup
from stacks.aws.templates import user_data


def group_of(**changes: Any) -> CloudNodeGroup:
    cloud = plan_of("staging").cloud
    assert cloud is not None
    return CloudNodeGroup.model_validate({**dict(cloud.node_groups[0]), **changes})


def parts_of(group: CloudNodeGroup) -> dict[str, str]:
    """Decode and parse user data as cloud-init does: kind of part -> content."""
    text = user_data(group)
    assert text is not None
    message = email.message_from_bytes(base64.b64decode(text, validate=True))
    assert (message["MIME-Version"], message.get_content_type(), message.defects) == ("1.0", "multipart/mixed", [])
    inner = message.get_payload()
    assert isinstance(inner, list)
    found = {}
    for part in inner:
        assert isinstance(part, Message)
        assert part.defects == []
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[part.get_content_type()] = content.decode("ascii")
    assert len(found) == len(inner)
    return found


NODE = "application/node.eks.aws"
SCRIPT = "text/x-shellscript"


def test_local_disks_become_one_and_huge_pages_are_set_aside() -> None:
    parts = parts_of(group_of())
    assert list(parts) == [NODE, SCRIPT]
    assert YAML(typ="safe").load(parts[NODE]) == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
    }
    assert parts[SCRIPT].splitlines() == [
        "#!/bin/bash",
        "set -euo pipefail",
        "echo 'vm.nr_hugepages = 21121' > /etc/sysctl.d/90-groundplan-hugepages.conf",
        "sysctl --load=/etc/sysctl.d/90-groundplan-hugepages.conf",
    ]


def test_a_machine_is_told_only_what_it_has() -> None:
    assert list(parts_of(group_of(hugepages_2mib_count=0))) == [NODE]
    assert list(parts_of(group_of(local_nvme_gb=0.0))) == [SCRIPT]
    assert user_data(group_of(local_nvme_gb=0.0, hugepages_2mib_count=0)) is None


@pytest.mark.parametrize("count", [1, 3521])
def test_as_many_huge_pages_as_planned(count: int) -> None:
    assert f"vm.nr_hugepages = {count}'" in parts_of(group_of(hugepages_2mib_count=count))[SCRIPT]


def test_it_is_small_and_leaves_the_cluster_to_eks() -> None:
    for stack in ENVIRONMENTS:
        cloud = plan_of(stack).cloud
        assert cloud is not None
        for group in cloud.node_groups:
            text = base64.b64decode(user_data(group) or "").decode("ascii")
            assert len(text) < 16_384
            assert "apiServerEndpoint" not in text
            assert "certificateAuthority" not in text
            assert "None" not in text
