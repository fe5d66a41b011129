"""The parallel file system beside the accelerators."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from planner.plan import LustrePlan
from stacks.aws.buckets import Buckets
from stacks.aws.cluster import Cluster
from stacks.aws.fabric import Fabric
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.aws.rules import lustre_problems, name_problems, require
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
        planned = settings.cloud.lustre
        if planned is None:
            raise ValueError("the plan has no Lustre file system")
        linked = any(bucket.lustre_path is not None for bucket in settings.cloud.buckets)
        backups_kept_days = 0 if linked else _BACKUPS_KEPT_DAYS
        require(
            [
                *lustre_problems(planned, settings.cloud.buckets, backups_kept_days),
                *name_problems("security group prefix", f"{settings.plan.name}-{name}-"),
                *name_problems("log group", f"/aws/fsx/{settings.plan.name}"),
            ]
        )
        super().__init__("groundplan:aws:Lustre", name, None, opts)
        self._named, self._tags = name, settings.tags(name, Name=f"{settings.plan.name}-{name}")
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name_prefix=f"{settings.plan.name}-{name}-",
            description="Lustre file system, from the cluster only",
            vpc_id=network.vpc_id,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        rules = self._open(group.id, cluster.security_group_id)
        if planned.efa:
            rules += self._open_for_efa(group.id, fabric.security_group_id)
        system = self._system(settings, planned, network.subnet_ids[planned.subnet], group.id, keys, backups_kept_days, rules)
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

    def _open(self, group_id: pulumi.Output[str], clients_id: pulumi.Output[str]) -> list[pulumi.Resource]:
        """Let Lustre pass between the servers, and between them and the cluster's machines, whichever side begins."""
        rules: list[pulumi.Resource] = []
        for port in _PORTS:
            rules += self._both_ways(f"self-tcp-{port[0]}", group_id, group_id, port)
            rules += self._both_ways(f"cluster-tcp-{port[0]}", group_id, clients_id, port)
            # Servers call back clients that have gone quiet; the cluster's own group lets everything out, but nothing in.
            rules.append(self._one_way(aws.vpc.SecurityGroupIngressRule, f"callback-tcp-{port[0]}", clients_id, group_id, port))
        return rules

    def _open_for_efa(self, group_id: pulumi.Output[str], fabric_id: pulumi.Output[str]) -> list[pulumi.Resource]:
        """Let everything pass between servers and EFA interfaces: EFA passes only where groups name each other."""
        return [
            *self._both_ways("self-efa", group_id, group_id, None),
            *self._both_ways("fabric-efa", group_id, fabric_id, None),
            *self._both_ways("efa", fabric_id, group_id, None),
        ]

    def _both_ways(
        self, logical: str, group_id: pulumi.Output[str], other_id: pulumi.Output[str], port: tuple[int, int] | None
    ) -> list[pulumi.Resource]:
        """Open a security group in and out to another one."""
        return [
            self._one_way(aws.vpc.SecurityGroupIngressRule, f"{logical}-in", group_id, other_id, port),
            self._one_way(aws.vpc.SecurityGroupEgressRule, f"{logical}-out", group_id, other_id, port),
        ]

    def _one_way(
        self,
        kind: type[aws.vpc.SecurityGroupIngressRule | aws.vpc.SecurityGroupEgressRule],
        logical: str,
        group_id: pulumi.Output[str],
        other_id: pulumi.Output[str],
        port: tuple[int, int] | None,
    ) -> pulumi.Resource:
        """Open a security group to another one, for TCP on some ports or for everything."""
        return kind(
            f"{self._named}-{logical}",
            security_group_id=group_id,
            referenced_security_group_id=other_id,
            ip_protocol="tcp" if port else "-1",
            from_port=port[0] if port else None,
            to_port=port[1] if port else None,
            description="Lustre",
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _system(
        self,
        settings: Settings,
        planned: LustrePlan,
        subnet_id: pulumi.Output[str],
        group_id: pulumi.Output[str],
        keys: Keys,
        backups_kept_days: int,
        rules: list[pulumi.Resource],
    ) -> aws.fsx.LustreFileSystem:
        """Make the file system; only 2.15 can order metadata operations, which EFA needs."""
        log = aws.cloudwatch.LogGroup(
            f"{self._named}-log-group",
            # The service writes only to groups under /aws/fsx/.
            name=f"/aws/fsx/{settings.plan.name}",
            retention_in_days=settings.cloud.logs_kept_days,
            kms_key_id=keys.logs_arn,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        mode = "AUTOMATIC" if planned.metadata_iops is None else "USER_PROVISIONED"
        return aws.fsx.LustreFileSystem(
            f"{self._named}-file-system",
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
            automatic_backup_retention_days=backups_kept_days,
            skip_final_backup=not (backups_kept_days and settings.keep_data),
            tags=self._tags,
            # The service tries the ports when it makes the file system.
            opts=pulumi.ResourceOptions.merge(settings.stateful(), pulumi.ResourceOptions(parent=self, depends_on=rules)),
        )
