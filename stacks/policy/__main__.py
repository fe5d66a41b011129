"""The policy pack: what each policy is called and asks for. All are mandatory."""

from __future__ import annotations

from pathlib import Path

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from stacks.policy import (
    encryption,
    exposure,
    network_fabric,
    permissions,
    placement,
    protection,
    quantities,
    sovereignty,
    tags,
)
from stacks.policy.pack import Check, StackCheck, on_each, on_stack, plan_reasons

__all__ = ["EACH", "STACK", "policies"]

EACH: dict[str, tuple[str, Check]] = {
    "subnets-as-planned": ("Subnets have the plan's addresses and zones.", placement.check_subnet),
    "capacity-as-planned": ("GPU machines come from where the plan says.", placement.check_capacity_source),
    "efa-interfaces-as-planned": ("GPU machines have exactly the plan's EFA interfaces.", network_fabric.check_interfaces),
    "lustre-efa-as-planned": ("The file system is reached over EFA where planned.", network_fabric.check_lustre_efa),
    "encrypted-at-rest": ("Everything at rest is encrypted.", encryption.check_encryption),
    "cluster-endpoint-private": ("The cluster is reached from api_access only.", exposure.check_cluster_endpoint),
    "no-public-addresses": ("No machine has a public address.", exposure.check_public_addresses),
    "no-ingress-from-outside": ("Only the plan's network is let in.", exposure.check_ingress),
    "no-public-bucket": ("No bucket is public.", exposure.check_bucket),
    "no-wildcard-permissions": ("Roles may do what is written out.", permissions.check_identity_policies),
    "no-wildcard-access": ("Buckets, file systems and keys name who reaches them.", permissions.check_resource_policies),
    "no-open-trust": ("Roles name who takes them.", permissions.check_trust),
    "no-administrator-policies": ("No ready-made policy allows everything.", permissions.check_attachments),
    "required-tags": ("Every resource carries the plan's labels.", tags.check_tags),
    "required-machine-tags": ("Machines and volumes carry the plan's labels.", tags.check_machine_tags),
    "data-protected": ("What holds data is protected.", protection.check_protection),
    "planned-kinds-only": ("Only kinds of resources that a plan has.", quantities.check_kind),
    "planned-machines-only": ("Only machines and volumes that the plan has.", quantities.check_machines),
    "sizes-within-plan": ("Nothing is larger or kept longer than planned.", quantities.check_sizes),
    "budget-within-plan": ("The budget's alarm is the plan's.", quantities.check_budget),
    "planned-region-only": ("Everything is in the plan's region.", sovereignty.check_region),
    "no-copies-elsewhere": ("Data and keys are not copied elsewhere.", sovereignty.check_copies),
}
STACK: dict[str, tuple[str, StackCheck]] = {
    "one-gpu-zone": ("GPU nodes, reservation and file system are in one zone.", placement.check_one_zone),
    "placed-together": ("GPU machines are in a cluster placement group where planned.", placement.check_placement_group),
    "capacity-type-as-planned": ("Node groups use the plan's capacity.", placement.check_capacity_type),
    "efa-security-group": ("EFA interfaces are in a group that refers to itself.", network_fabric.check_efa_security_group),
    "buckets-encrypted": ("Every bucket has an encryption configuration.", encryption.check_bucket_encryption),
    "logs-in-own-groups": ("Logs go to groups of this stack.", encryption.check_log_groups),
    "buckets-blocked": ("Every bucket has a public access block.", exposure.check_buckets_blocked),
    "node-counts-within-plan": ("No more machines than planned.", quantities.check_node_counts),
    "reservations-within-plan": ("No more machines reserved than planned.", quantities.check_reservations),
    "counts-within-plan": ("No more resources of a kind than planned.", quantities.check_counts),
    "cost-within-budget": ("The plan costs no more than its factory may.", quantities.check_monthly_cost),
    "data-repositories-own": ("File systems are linked to buckets of this stack.", sovereignty.check_data_repositories),
    "country-allowed": ("The plan's country is allowed.", sovereignty.check_country),
}


def policies(root: Path) -> list[Policy]:
    """Return all policies, for the plans in a project's folder."""

    def plan_as_reviewed(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for reason in plan_reasons(root, args.urn):
            report(reason, None)

    return [
        ResourceValidationPolicy("plan-as-reviewed", "The stack has a plan, as it was reviewed.", plan_as_reviewed),
        *(on_each(name, description, check, root) for name, (description, check) in EACH.items()),
        *(on_stack(name, description, check, root) for name, (description, check) in STACK.items()),
    ]


if __name__ == "__main__":
    PolicyPack("groundplan", policies(Path(__file__).resolve().parents[2]), EnforcementLevel.MANDATORY)
