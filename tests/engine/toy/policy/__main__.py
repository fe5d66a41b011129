"""A small pack with which the test harness itself is tested."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy


def owned(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == "aws:ec2/vpc:Vpc" and args.props.get("tags", {}).get("owner") == "nobody":
        report("a network needs an owner")


PolicyPack(
    "toy",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy("owned", "Networks have an owner.", owned)],
)
