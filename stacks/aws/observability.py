"""Where measurements and logs of the cluster go."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.aws.cluster import Cluster
from stacks.aws.keys import Keys
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Observability"]

_INSIGHTS = ("application", "dataplane", "host", "performance")


class Observability(pulumi.ComponentResource):
    """Make a Prometheus workspace, and the log groups of the cluster's workloads and machines.

    Agents in the cluster would make these groups themselves, unencrypted and kept for ever: so they are there before.
    """

    prometheus_endpoint: pulumi.Output[str]

    def __init__(
        self, name: str, settings: Settings, keys: Keys, cluster: Cluster, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        logged = f"/aws/vendedlogs/prometheus/{settings.plan.name}"
        require(name_problems("log group", logged))
        super().__init__("groundplan:aws:Observability", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        def log_group(logical: str, physical: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
            return aws.cloudwatch.LogGroup(
                f"{name}-{logical}",
                name=physical,
                retention_in_days=settings.cloud.logs_kept_days,
                kms_key_id=keys.logs_arn,
                tags=settings.tags(name, Name=f"{settings.plan.name}-{logical}"),
                opts=child,
            )

        for each in _INSIGHTS:
            log_group(each, pulumi.Output.concat("/aws/containerinsights/", cluster.cluster_name, "/", each))
        # Services that log for the account are given leave once for everything under /aws/vendedlogs/.
        log = log_group("prometheus", logged)
        workspace = aws.amp.Workspace(
            f"{name}-workspace",
            alias=settings.plan.name,
            kms_key_arn=keys.data_arn,
            # The service wants the streams of the group, not the group.
            logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(log_group_arn=pulumi.Output.concat(log.arn, ":*")),
            tags=settings.tags(name, Name=settings.plan.name),
            opts=child,
        )
        self.prometheus_endpoint = workspace.prometheus_endpoint
        self.register_outputs({"prometheus_endpoint": self.prometheus_endpoint})
