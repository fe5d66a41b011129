"""What the report of a cloud factory says: the same pages as a hall's, with the limits that apply there."""

from __future__ import annotations

from collections.abc import Iterable

from planner.plan import CloudNodeGroup, CloudPlan, Plan
from planner.report.words import Table, clean_text, count_text, money_text, percent_text, rate_text
from planner.units import figure

__all__ = ["cloud_answers", "cloud_tables"]


def cloud_answers(plan: Plan, cloud: CloudPlan) -> list[tuple[str, str]]:
    """Answer what a planner asks first."""
    compute = plan.compute
    nodes = ", ".join(f"{group.nodes:,} x {clean_text(group.name)}" for group in compute.groups)
    gpu_groups = [group for group in cloud.node_groups if group.role == "gpu"]
    rows = [
        ("Site", f"AWS {clean_text(cloud.region)} ({cloud.country}), GPUs and file system in {clean_text(cloud.gpu_zone)}"),
        ("GPUs", f"{compute.gpus:,} in {nodes}"),
        ("Capacity", _capacity(cloud, gpu_groups)),
        ("Fabric", "; ".join(_fabric(group) for group in gpu_groups)),
    ]
    if cloud.lustre is not None:
        path = "EFA" if cloud.lustre.efa else "TCP"
        text = f"{cloud.lustre.capacity_gib:,} GiB, {figure(cloud.lustre.throughput_gbyte_per_s)} Gbyte/s over {path}"
        rows.append(("Lustre", f"{text} ({cloud.lustre.tier} MB/s per TiB)"))
    per_gpu = sum(line.monthly_usd for line in cloud.costs) / max(compute.gpus, 1)
    block = cloud.capacity_block
    month, alarm = money_text(cloud.monthly_usd), money_text(cloud.budget_monthly_usd)
    rows.append(("Month", f"{month} USD, {figure(per_gpu)} USD a GPU; alarm at {alarm} USD"))
    if block is not None and block.total_usd is not None:
        rows.append(("Block", f"{money_text(block.total_usd)} USD up front for {figure(block.hours_count / 24)} days"))
    return rows


def _capacity(cloud: CloudPlan, groups: Iterable[CloudNodeGroup]) -> str:
    words = {
        "on-demand": "on demand: nothing is promised",
        "reservation": "a reservation made with the factory",
        "spot": "spot: can be taken back at any time",
        "capacity-block": "a capacity block bought by a person",
    }
    source = next((group.source for group in groups), "on-demand")
    block = cloud.capacity_block
    return words[source] + (f", {block.starts_at} to {block.ends_at}" if block else "")


def _fabric(group: CloudNodeGroup) -> str:
    efa = sum(each.kind == "efa-only" for each in group.interfaces)
    if not efa:
        return f"{group.instance}: TCP only"
    return f"{efa} EFA interface{'s' if efa > 1 else ''} a node, {rate_text(group.efa_gbit_per_s)} one way"


def cloud_tables(plan: Plan, cloud: CloudPlan) -> list[Table]:
    """Lay out the tables of a cloud factory."""
    return [_machines(cloud), _subnets(cloud), _storage(cloud), _quotas(cloud), _costs(plan, cloud), _addons(cloud)]


def _machines(cloud: CloudPlan) -> Table:
    rows = [
        (
            clean_text(group.name),
            clean_text(group.instance),
            f"{group.count:,}",
            f"{group.vcpus_per_node * group.count:,}",
            count_text(len(group.interfaces)),
            count_text(sum(each.kind == "efa-only" for each in group.interfaces)),
            figure(group.local_nvme_gb / 1000) if group.local_nvme_gb else "-",
            group.source,
        )
        for group in cloud.node_groups
    ]
    note = "Ifaces: network interfaces of a node, EFA among them; a dash where the cloud's default is taken. NVMe: TB a node."
    columns = ("Group", "Instance", "Nodes", "vCPUs", "Ifaces", "EFA", "NVMe", "Source")
    return Table("Machines", columns, tuple(rows), frozenset({2, 3, 4, 5, 6}), note, twin="machines")


def _subnets(cloud: CloudPlan) -> Table:
    rows = [
        (
            clean_text(subnet.name),
            clean_text(subnet.zone),
            subnet.network,
            f"{subnet.addresses_needed_count:,}",
            f"{subnet.addresses_usable_count:,}",
        )
        for subnet in cloud.subnets
    ]
    note = f"Of {cloud.network}; {len(cloud.endpoints)} services are reached without the way out."
    columns = ("Subnet", "Zone", "Network", "Needed", "Usable")
    return Table("Network", columns, tuple(rows), frozenset({3, 4}), note, twin="subnets")


def _storage(cloud: CloudPlan) -> Table:
    rows = []
    if cloud.lustre is not None:
        extra = [f"{cloud.lustre.tier} MB/s per TiB", "EFA" if cloud.lustre.efa else "TCP"]
        extra += ["LZ4"] if cloud.lustre.compression else []
        size = figure(cloud.lustre.capacity_gib * 2**30 / 1e12)
        rows.append(("lustre", size, figure(cloud.lustre.throughput_gbyte_per_s), ", ".join(extra)))
    if cloud.efs_tb is not None:
        rows.append(("efs", figure(cloud.efs_tb), "-", "grows with its content"))
    for bucket in cloud.buckets:
        extra = [f"seen at {clean_text(bucket.lustre_path)}"] if bucket.lustre_path else []
        extra += [f"infrequent after {bucket.infrequent_after_days} days"] if bucket.infrequent_after_days else []
        rows.append((f"bucket {clean_text(bucket.name)}", figure(bucket.size_tb), "-", ", ".join(extra) or "-"))
    note = "TB: provisioned for lustre, expected content of the others."
    return Table("Storage", ("What", "TB", "Gbyte/s", "How"), tuple(rows), frozenset({1, 2}), note, twin="buckets")


def _quotas(cloud: CloudPlan) -> Table:
    rows = [
        (
            quota.code.upper(),
            clean_text(quota.name),
            figure(quota.needed_count),
            figure(quota.granted_count) + ("" if quota.declared else "*"),
            quota.unit,
        )
        for quota in cloud.quotas
    ]
    note = "*: a new account's, since deploy.quotas does not declare it."
    columns = ("Quota", "What", "Needed", "Granted", "Unit")
    return Table("Service quotas", columns, tuple(rows), frozenset({2, 3}), note, twin="quotas")


def _costs(plan: Plan, cloud: CloudPlan) -> Table:
    units = {"hour": "h", "month": "month", "gb-month": "GB", "gb": "GB", "million": "M"}
    rows = [
        (
            clean_text(line.component),
            clean_text(line.item) + ("" if line.option == "on-demand" else f", {line.option}"),
            figure(line.quantity),
            "no price" if line.price_usd is None else f"{line.price_usd:,.5g}/{units[line.per]}",
            figure(line.monthly_usd),
            percent_text(line.monthly_usd / cloud.monthly_usd if cloud.monthly_usd else 0.0, 1),
        )
        for line in cloud.costs
    ]
    rows.append(("all", "", "", "", figure(cloud.monthly_usd), ""))
    dates = sorted({line.retrieved_on for line in cloud.costs if line.retrieved_on})
    note = f"A month of 730 hours, list prices of {plan.factory.deploy.region} before tax"
    note += f", read on {dates[0]}" + (f" to {dates[-1]}" if len(dates) > 1 else "") + "." if dates else "."
    columns = ("Component", "Item", "Count", "USD", "USD/month", "Share")
    return Table("Cost", columns, tuple(rows), frozenset({2, 3, 4, 5}), note, twin="cloud-costs")


def _addons(cloud: CloudPlan) -> Table:
    rows = [(clean_text(addon.name), clean_text(addon.version)) for addon in cloud.addons]
    return Table(f"Kubernetes {cloud.kubernetes_version}", ("Add-on", "Version"), tuple(rows), twin="addons")
