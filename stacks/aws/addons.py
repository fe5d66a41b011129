"""What the cluster runs of AWS's own beside the network: names, storage drivers, the watch over machines."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from stacks.aws.cluster import BEFORE_NODES, Cluster, make_addon
from stacks.aws.cpu_nodes import CpuNodes
from stacks.aws.gpu_nodes import GpuNodes
from stacks.aws.identity import Identity
from stacks.settings import Settings

__all__ = ["Addons"]


class Addons(pulumi.ComponentResource):
    """Make the add-ons that need machines to run on: without any they never become active, and an update would wait for them."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        cluster: Cluster,
        identity: Identity,
        groups: Mapping[str, GpuNodes | CpuNodes],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("groundplan:aws:Addons", name, None, opts)
        wait_for: list[pulumi.Resource] = [group for group in groups.values() if isinstance(group, CpuNodes)]
        for addon in settings.cloud.addons:
            if addon.name not in BEFORE_NODES:
                logical = f"{name}-{addon.name}"
                make_addon(self, logical, settings, cluster.cluster_name, identity, addon.name, addon.version, wait_for)
        self.register_outputs({})
