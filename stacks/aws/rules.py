"""Rules that AWS enforces when resources are made, checked before any is: each returns what is wrong, in words.

What the plan knows is a finding of the plan; these hold for every caller of the components, also where no planner has been.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from planner.models.lustre import is_legal, metadata_iops_problem, nearest_legal_gib
from planner.plan import CloudNodeGroup, LustrePlan

__all__ = [
    "InvalidInput",
    "capacity_problems",
    "endpoint_problems",
    "lustre_problems",
    "name_problems",
    "require",
    "slot_problems",
    "tag_problems",
]

# kind -> most characters, and what they may be. A prefix leaves room for the 26 characters that the provider adds.
_NAMES: dict[str, tuple[int, str]] = {
    "bucket-prefix": (37, r"[a-z0-9][a-z0-9.-]*"),  # docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "role-prefix": (38, r"[A-Za-z0-9+=,.@_-]+"),  # docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "cluster": (100, r"[A-Za-z0-9][A-Za-z0-9_-]*"),  # docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    "node-group-prefix": (37, r"[A-Za-z0-9][A-Za-z0-9_-]*"),  # API_CreateNodegroup: 63 characters
    "launch-template-prefix": (99, r"[A-Za-z0-9().\-/_]+"),  # API_CreateLaunchTemplate: 3 to 128 characters
    "security-group-prefix": (229, r"(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+"),  # API_CreateSecurityGroup: 255 characters
    "placement-group": (255, r"[ -~]+"),
    "alias": (256, r"alias/(?!aws/)[A-Za-z0-9/_-]+"),  # docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    "log-group": (512, r"[.\-_/#A-Za-z0-9]+"),
    "budget": (100, r"[^:\\]+"),
}
_TAGS_MOST = 50  # docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html


class InvalidInput(ValueError):
    """Everything that AWS would refuse in the inputs of a component."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def require(*checks: Iterable[str]) -> None:
    """Raise all problems of all checks, before a resource is registered.

    Raises
    ------
    InvalidInput
        If there is any.
    """
    problems = [problem for check in checks for problem in check]
    if problems:
        raise InvalidInput(problems)


def name_problems(kind: str, name: str) -> list[str]:
    """List why AWS refuses a name.

    Examples
    --------
    >>> name_problems("bucket-prefix", "my-factory-data-"), name_problems("role-prefix", "r" * 39)
    ([], ["'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr' has 39 characters, a role-prefix may have 38"])
    """
    most, pattern = _NAMES[kind]
    problems = []
    if len(name) > most:
        problems.append(f"'{name}' has {len(name)} characters, a {kind} may have {most}")
    if not re.fullmatch(pattern, name):
        problems.append(f"'{name}' is not what a {kind} may be: {pattern}")
    return problems


def tag_problems(tags: Mapping[str, str]) -> list[str]:
    """List why AWS refuses labels."""
    problems = [f"{len(tags)} tags, a resource may have {_TAGS_MOST}"] if len(tags) > _TAGS_MOST else []
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            problems.append(f"tag '{key}': a key has 1 to 128 characters and does not begin with aws:")
        if len(value) > 256:
            problems.append(f"tag '{key}': its value has {len(value)} characters, 256 are allowed")
        if not re.fullmatch(r"[\w\s.:/=+@-]*", key + value):
            problems.append(f"tag '{key}': letters, digits, spaces and . : / = + - @ _ are allowed")
    return problems


def slot_problems(group: CloudNodeGroup) -> list[str]:
    """List what no instance type takes: a layout that none has, or machines with EFA in several zones.

    Which cards a type has, and what fits on each, is the planner's to know (`planner.models.interfaces`).
    """
    slots = [(each.card, each.device) for each in group.interfaces]
    problems = []
    if group.interfaces and (slots[0] != (0, 0) or group.interfaces[0].kind != "interface"):
        problems.append(f"{group.name}: the primary interface must be an ENA interface on card 0, device 0")
    problems += [
        f"{group.name}: two interfaces on card {c} device {d}" for c, d in sorted({s for s in slots if slots.count(s) > 1})
    ]
    efa = [each.card for each in group.interfaces if each.kind == "efa-only"]
    problems += [f"{group.name}: two EFA interfaces on card {card}" for card in sorted({c for c in efa if efa.count(c) > 1})]
    if group.role == "gpu" and len(group.subnets) != 1:
        problems.append(f"{group.name}: accelerated machines stand in one subnet, not in {len(group.subnets)}")
    return problems


def capacity_problems(group: CloudNodeGroup, reservation_id: str | None) -> list[str]:
    """List combinations of source and reservation that AWS refuses, or that would cost without being used."""
    problems = []
    if group.source == "capacity-block" and reservation_id is None:
        problems.append(f"{group.name}: machines of a capacity block need its id, cr-...")
    if group.source in ("on-demand", "spot") and reservation_id is not None:
        problems.append(f"{group.name}: {group.source} machines do not use reservation {reservation_id}")
    if reservation_id is not None and not re.fullmatch(r"cr-[0-9a-f]{8,17}", reservation_id):
        problems.append(f"{group.name}: '{reservation_id}' is no id of a reservation, cr- and 17 hexadecimal digits")
    if group.source == "capacity-block" and group.placement_group:
        problems.append(f"{group.name}: a capacity block brings its own placement, and takes no placement group")
    if group.count < 1:
        problems.append(f"{group.name}: {group.count} machines")
    return problems


def lustre_problems(planned: LustrePlan) -> list[str]:
    """List why FSx refuses a file system, with the nearest that it takes.

    Examples
    --------
    >>> smallest = LustrePlan(capacity_gib=1200, tier=125, throughput_gbyte_per_s=0.146, efa=False, compression=False,
    ...     metadata_iops=None, subnet="gpu")
    >>> lustre_problems(smallest), lustre_problems(smallest.model_copy(update={"capacity_gib": 3000}))
    ([], ['3,000 GiB at 125 MB/s per TiB over TCP are not sold: the nearest are 2,400 and 4,800 GiB'])
    """
    problems = []
    if not is_legal(planned.capacity_gib, planned.tier, planned.efa):
        below, above = nearest_legal_gib(planned.capacity_gib, planned.tier, planned.efa)
        near = f"{above:,}" if below is None else f"{below:,} and {above:,}"
        verb = "is" if below is None else "are"
        path = "EFA" if planned.efa else "TCP"
        text = f"{planned.capacity_gib:,} GiB at {planned.tier} MB/s per TiB over {path} are not sold"
        problems.append(f"{text}: the nearest {verb} {near} GiB")
    problem = metadata_iops_problem(planned.metadata_iops) if planned.metadata_iops is not None else None
    return problems + ([problem] if problem else [])


def endpoint_problems(public: bool, networks: Sequence[str]) -> list[str]:
    """List what is wrong with a cluster's endpoint: public to nobody named, named and not public, or open to all."""
    problems = []
    if public and not networks:
        problems.append("a public endpoint without networks is open to the whole internet")
    if networks and not public:
        problems.append(f"{', '.join(networks)} may reach an endpoint that is private")
    problems += [f"{network} is the whole internet" for network in networks if network.endswith("/0")]
    return problems
