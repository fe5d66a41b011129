"""The parallel file system beside the accelerators."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from planner.plan import LustrePlan
from stacks.aws.buckets import Buckets
from stacks.aws.cluster import Cluster
from stacks.aws.fabric import Fabric
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.settings import Settings

__all__ = ["Lustre"]

# What clients and servers of Lustre speak on: the service itself, and what they call each other back from.
_PORTS = ((988, 988), (1018, 1023))
_EVENTS = ["NEW", "CHANGED", "DELETED"]
_BACKUPS_KEPT_DAYS = 7
_MAINTENANCE = "7:04:00"  # Sunday, in the night of Europe and America


class Lustre(pulumi.ComponentResource):
    """Make the plan's FSx for Lustre in the accelerators' subnet, open to the cluster's machines only.

    Clients reach it by TCP, and by EFA where the plan says so: then everything is open between it, itself and the EFA security
    group, as the service checks when the file system is made. Buckets with a path are linked both ways: what is new, changed or
    deleted on one side becomes so on the other. The service makes no backups of a linked file system; the buckets are them.
    """

    file_system_id: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    mount_name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        network: Network,
        keys: Keys,
        cluster: Cluster,
        fabric: Fabric,
        buckets: Buckets,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("groundplan:aws:Lustre", name, None, opts)
        planned = settings.cloud.lustre
        if planned is None:
            raise ValueError("the plan has no Lustre file system")
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name_prefix=f"{settings.plan.name}-{name}-",
            description="Lustre file system, from the cluster only",
            vpc_id=network.vpc_id,
            tags=settings.tags(name, Name=f"{settings.plan.name}-{name}"),
            opts=child,
        )
        rules = self._open(name, settings, group.id, cluster.security_group_id)
        if planned.efa:
            rules += self._open_for_efa(name, settings, group.id, fabric.security_group_id)
        system = self._system(name, settings, planned, network.subnet_ids[planned.subnet], group.id, keys, rules)
        for bucket in settings.cloud.buckets:
            if bucket.lustre_path is not None:
                aws.fsx.DataRepositoryAssociation(
                    f"{name}-{bucket.name}",
                    file_system_id=system.id,
                    file_system_path=bucket.lustre_path,
                    data_repository_path=pulumi.Output.concat("s3://", buckets.names[bucket.name]),
                    batch_import_meta_data_on_create=True,
                    delete_data_in_filesystem=False,
                    s3=aws.fsx.DataRepositoryAssociationS3Args(
                        auto_import_policy=aws.fsx.DataRepositoryAssociationS3AutoImportPolicyArgs(events=_EVENTS),
                        auto_export_policy=aws.fsx.DataRepositoryAssociationS3AutoExportPolicyArgs(events=_EVENTS),
                    ),
                    tags=settings.tags(name, Name=f"{settings.plan.name}-{name}-{bucket.name}"),
                    # The service looks at the bucket's encryption when it is linked.
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[buckets]),
                )
        self.file_system_id, self.arn = system.id, system.arn
        self.dns_name, self.mount_name = system.dns_name, system.mount_name
        self.register_outputs(
            {
                "file_system_id": self.file_system_id,
                "dns_name": self.dns_name,
                "mount_name": self.mount_name,
                "arn": self.arn,
            }
        )

    def _open(
        self, name: str, settings: Settings, group_id: pulumi.Output[str], clients_id: pulumi.Output[str]
    ) -> list[pulumi.Resource]:
        """Let Lustre pass between the servers, and between them and the cluster's machines, whichever side begins."""
        rules: list[pulumi.Resource] = []
        for first, last in _PORTS:
            ends = f"tcp-{first}"
            port = {"ip_protocol": "tcp", "from_port": first, "to_port": last}
            rules += self._both_ways(f"{name}-self-{ends}", settings, name, group_id, group_id, port)
            rules += self._both_ways(f"{name}-cluster-{ends}", settings, name, group_id, clients_id, port)
            # Servers call back clients that have gone quiet; the cluster's own group lets everything out, but nothing in.
            rules.append(
                aws.vpc.SecurityGroupIngressRule(
                    f"{name}-callback-{ends}",
                    security_group_id=clients_id,
                    referenced_security_group_id=group_id,
                    description="Lustre servers",
                    tags=settings.tags(name),
                    opts=pulumi.ResourceOptions(parent=self),
                    **port,
                )
            )
        return rules

    def _open_for_efa(
        self, name: str, settings: Settings, group_id: pulumi.Output[str], fabric_id: pulumi.Output[str]
    ) -> list[pulumi.Resource]:
        """Let everything pass between servers and EFA interfaces: EFA passes only where groups name each other."""
        anything = {"ip_protocol": "-1"}
        return [
            *self._both_ways(f"{name}-self-efa", settings, name, group_id, group_id, anything),
            *self._both_ways(f"{name}-fabric-efa", settings, name, group_id, fabric_id, anything),
            *self._both_ways(f"{name}-efa", settings, name, fabric_id, group_id, anything),
        ]

    def _both_ways(
        self,
        logical: str,
        settings: Settings,
        name: str,
        group_id: pulumi.Output[str],
        other_id: pulumi.Output[str],
        what: Mapping[str, str | int],
    ) -> list[pulumi.Resource]:
        """Open a security group in and out to another one."""
        return [
            kind(
                f"{logical}-{way}",
                security_group_id=group_id,
                referenced_security_group_id=other_id,
                description="Lustre",
                tags=settings.tags(name),
                opts=pulumi.ResourceOptions(parent=self),
                **what,
            )
            for way, kind in (("in", aws.vpc.SecurityGroupIngressRule), ("out", aws.vpc.SecurityGroupEgressRule))
        ]

    def _system(
        self,
        name: str,
        settings: Settings,
        planned: LustrePlan,
        subnet_id: pulumi.Output[str],
        group_id: pulumi.Output[str],
        keys: Keys,
        rules: list[pulumi.Resource],
    ) -> aws.fsx.LustreFileSystem:
        """Make the file system; only 2.15 can order metadata operations, which EFA needs."""
        log = aws.cloudwatch.LogGroup(
            f"{name}-log-group",
            # The service writes only to groups under /aws/fsx/.
            name=f"/aws/fsx/{settings.plan.name}",
            retention_in_days=settings.cloud.logs_kept_days,
            kms_key_id=keys.logs_arn,
            tags=settings.tags(name, Name=f"{settings.plan.name}-{name}"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        linked = any(bucket.lustre_path is not None for bucket in settings.cloud.buckets)
        mode = "AUTOMATIC" if planned.metadata_iops is None else "USER_PROVISIONED"
        return aws.fsx.LustreFileSystem(
            f"{name}-file-system",
            deployment_type="PERSISTENT_2",
            storage_type="SSD",
            file_system_type_version="2.15",
            storage_capacity=planned.capacity_gib,
            per_unit_storage_throughput=planned.tier,
            efa_enabled=planned.efa,
            metadata_configuration=aws.fsx.LustreFileSystemMetadataConfigurationArgs(mode=mode, iops=planned.metadata_iops),
            data_compression_type="LZ4" if planned.compression else "NONE",
            subnet_ids=subnet_id,
            security_group_ids=[group_id],
            kms_key_id=keys.data_arn,
            log_configuration=aws.fsx.LustreFileSystemLogConfigurationArgs(destination=log.arn, level="WARN_ERROR"),
            weekly_maintenance_start_time=_MAINTENANCE,
            automatic_backup_retention_days=0 if linked else _BACKUPS_KEPT_DAYS,
            skip_final_backup=linked or not settings.keep_data,
            tags=settings.tags(name, Name=f"{settings.plan.name}-{name}"),
            # The service tries the ports when it makes the file system.
            opts=pulumi.ResourceOptions.merge(settings.stateful(), pulumi.ResourceOptions(parent=self, depends_on=rules)),
        )
