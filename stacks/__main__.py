"""The Pulumi program: what `pulumi up` runs. A plan's table of contents; it reads the reviewed plan and never plans."""

from __future__ import annotations

import sys

import pulumi

from stacks.aws.addons import Addons
from stacks.aws.buckets import Buckets
from stacks.aws.budget import Budget
from stacks.aws.cluster import Cluster
from stacks.aws.cpu_nodes import CpuNodes
from stacks.aws.efs import Efs
from stacks.aws.fabric import Fabric
from stacks.aws.gpu_nodes import GpuNodes
from stacks.aws.identity import Identity
from stacks.aws.keys import Keys
from stacks.aws.lustre import Lustre
from stacks.aws.network import Network
from stacks.aws.observability import Observability
from stacks.aws.rules import InvalidInput, require, settings_problems
from stacks.outputs import export
from stacks.settings import Refused, load_settings


def program() -> None:
    """Provision the plan of the stack that runs."""
    settings = load_settings()
    require(settings_problems(settings))
    cloud = settings.cloud
    keys = Keys("keys", settings)
    network = Network("network", settings, keys)
    buckets = Buckets("buckets", settings, keys)
    identity = Identity("identity", settings, keys, buckets)
    cluster = Cluster("cluster", settings, network, keys, identity)
    fabric = Fabric("fabric", settings, network)
    lustre = Lustre("lustre", settings, network, keys, cluster, fabric, buckets) if cloud.lustre else None
    efs = Efs("efs", settings, network, keys, cluster) if cloud.efs_tb else None
    groups = {
        group.name: GpuNodes(group.name, settings, group, network, keys, identity, cluster, fabric)
        if group.role == "gpu"
        else CpuNodes(group.name, settings, group, network, keys, identity, cluster)
        for group in cloud.node_groups
    }
    Addons("addons", settings, cluster, identity, groups)
    observability = Observability("observability", settings, keys, cluster)
    Budget("budget", settings)
    export(settings, network, cluster, groups, lustre, efs, buckets, observability)


def main() -> int:
    """Run the program; what must not be deployed is refused with every reason before any resource."""
    try:
        program()
    except (Refused, InvalidInput) as refused:
        found = refused.reasons if isinstance(refused, Refused) else refused.problems
        reasons = "".join(f"\n  - {reason}" for reason in found)
        pulumi.log.error(f"nothing was created, changed or deleted:{reasons}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
