"""The factory: what is asked. Intent and catalog ids only; frozen, unknown keys refused, units in every name."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import types
import typing
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from planner.errors import did_you_mean
from planner.section import (
    Count,
    CountryCode,
    Granted,
    MachineCounts,
    NodeId,
    Section,
    ServerCounts,
    SwitchId,
    ZoneId,
    known,
    sorted_by_key,
)
from planner.spec_facility import Carbon, ChainLink, Cooling, DesignDay, Hall, HeatReuse, Power, Site, Tariff, Workloads
from planner.units import UNITS, QuantityError, parse_quantity, unit_of, written_units

__all__ = [
    "ACCESS_MOST_COUNT",
    "PRIVATE_NETWORKS",
    "SIZED_BY_RULE",
    "Bucket",
    "Budget",
    "Capacity",
    "Carbon",
    "ChainLink",
    "Compute",
    "ComputeFabric",
    "Cooling",
    "Deploy",
    "DesignDay",
    "Fabrics",
    "Factory",
    "Hall",
    "HeatReuse",
    "InBandFabric",
    "Lustre",
    "OutOfBandFabric",
    "Platform",
    "Power",
    "Section",
    "Site",
    "Sovereignty",
    "Storage",
    "StorageFabric",
    "Tariff",
    "Workloads",
    "allowed_keys",
    "field_at",
    "json_schema",
    "unfold_quantities",
]


def _date(value: str) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        text = f"'{value}' is not a date"
        raise PydanticCustomError("date", "{text}", {"text": text, "hint": "write it as 2027-01-31"}) from None


def _network(value: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(value)
    except ValueError as error:
        hint = "write it as 10.0.0.0/16, with zeros behind the prefix"
        raise PydanticCustomError(
            "network", "{text}", {"text": f"'{value}' is no IPv4 network: {error}", "hint": hint}
        ) from None


MOST_TAGS = 44
ACCESS_MOST_COUNT = 40  # networks that EKS lets reach a cluster's public endpoint
TAGS_OF_GROUNDPLAN = ("Name", "component", "environment", "factory", "managed-by")
PRIVATE_NETWORKS = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def _private_network(value: str) -> str:
    network = _network(value)
    if not 16 <= network.prefixlen <= 22:
        text = f"'{value}' must have a prefix of /16 to /22"
        raise PydanticCustomError("network", "{text}", {"text": text, "hint": "such as 10.0.0.0/16"})
    if not any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
        text = f"'{value}' is not a private network"
        listed = ", ".join(map(str, PRIVATE_NETWORKS))
        raise PydanticCustomError("network", "{text}", {"text": text, "hint": f"choose a part of {listed}"})
    return str(network)


def _some_addresses(value: str) -> str:
    network = _network(value)
    if network.prefixlen < 8:
        text = f"'{value}' lets {network.num_addresses:,} addresses in"
        hint = "name the networks of your own people, such as 203.0.113.0/24; the whole internet is never let in"
        raise PydanticCustomError("network", "{text}", {"text": text, "hint": hint})
    if any(network.subnet_of(private) for private in PRIVATE_NETWORKS):
        text = f"'{value}' is private: nobody comes from there to the public endpoint"
        hint = "leave it out; from inside its network the endpoint is always reached"
        raise PydanticCustomError("network", "{text}", {"text": text, "hint": hint})
    return str(network)


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({each for each in values if values.count(each) > 1})
    if twice:
        text = f"{', '.join(twice)} is named more than once"
        raise PydanticCustomError("twice", "{text}", {"text": text, "hint": "name each once"})
    return values


def _few_tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        text = f"{len(tags)} tags; {MOST_TAGS} leave room for groundplan's own, of the 50 that the cloud allows"
        raise PydanticCustomError("tags", "{text}", {"text": text, "hint": "leave some out"})
    folded = sorted(key for key in tags if sum(key.lower() == other.lower() for other in tags) > 1)
    if folded:
        text = f"{', '.join(folded)} differ only in case, which some of the cloud's services do not tell apart"
        raise PydanticCustomError("tags", "{text}", {"text": text, "hint": "keep one"})
    return tags


def _own_tag(value: str) -> str:
    if value.lower().startswith("aws:") or value.lower() in map(str.lower, TAGS_OF_GROUNDPLAN):
        text = f"'{value}' is set by others"
        hint = f"the cloud keeps aws:..., groundplan sets {', '.join(TAGS_OF_GROUNDPLAN)}"
        raise PydanticCustomError("tag", "{text}", {"text": text, "hint": hint})
    return value


class Compute(Section):
    """The accelerated nodes."""

    nodes: Annotated[dict[NodeId, Count], Field(min_length=1), AfterValidator(sorted_by_key)] = Field(
        description="Catalog id of node, rack-scale system or cloud instance type -> how many"
    )


class OutOfBandFabric(Section):
    """The management network: leaves only, uplinks into the in-band network."""

    switch: SwitchId | None = Field(None, description="Catalog id of every switch of the network")


class InBandFabric(OutOfBandFabric):
    """Provisioning, login and control traffic: a plain fat tree."""

    oversubscription_ratio: Annotated[float, Field(ge=1, le=100)] | None = Field(
        None,
        description="Most downward over upward bandwidth of a leaf; 1 is non-blocking. Defaults: see the plan's assumptions",
    )


class StorageFabric(InBandFabric):
    """Between hosts and storage: a fat tree with leaves of its own for the storage systems."""

    fabric_managers: ServerCounts | None = Field(
        None,
        description="Catalog id of fabric manager -> how many; their ports come out of the leaves' free ports",
    )


Topology = Literal[
    "fat-tree", "rail-only", "dragonfly", "dragonfly-plus", "hyperx", "slim-fly", "torus", "optical-torus", "xgft"
]
SIZED_BY_RULE = ("fat-tree", "rail-only")
FROM_ELSEWHERE = {"hosts", "nics_per_host", "radix", "links_per_port"}  # what the nodes and the switch say


class ComputeFabric(StorageFabric):
    """The scale-out fabric between the accelerators: a rail-optimised fat tree unless another topology is named."""

    topology: Topology | None = Field(
        None,
        description="fat-tree and rail-only are sized for the nodes; the others take `parameters`. Default: fat-tree",
    )
    parameters: dict[str, int | float | bool | list[int] | list[bool] | list[list[int]]] | None = Field(
        None, description="Arguments of a topology that is not sized by rule, such as {p: 8, a: 16, h: 8} of a dragonfly"
    )
    tiers: Annotated[int, Field(ge=1, le=3)] | None = Field(
        None, description="1 (a single switch a plane), 2 or 3. Default: the fewest that carry the nodes"
    )
    planes: Annotated[int, Field(ge=1, le=8)] | None = Field(
        None,
        description="Identical fabrics side by side; each NIC port splits over them. Default: the node maker's design",
    )
    rail_optimised: bool | None = Field(
        None,
        description="NIC i of all nodes of a unit on its leaf of rail i; false: a node's NICs share a leaf. Default: true",
    )
    dual_tor: bool | None = Field(
        None, description="Every NIC port splits over two leaves, so that losing one costs half the bandwidth. Default: false"
    )
    spine_oversubscription_ratio: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="Most downward over upward bandwidth of a spine below cores. Default: 1, non-blocking"
    )
    nodes_per_unit: Annotated[int, Field(ge=1, le=512)] | None = Field(
        None,
        description="Hosts that share one leaf per rail (scalable unit). Default: as many as a leaf has ports down",
    )
    link_gbit_per_s: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        None, description="Rate of a link, one direction. Default: the NIC port's rate divided by the planes"
    )

    @field_validator("parameters")
    @classmethod
    def _of_the_topology(cls, value: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        """Refuse what the named topology does not take; whether a fabric exists is for the planner to say."""
        topology = info.data.get("topology")
        if value is None or "topology" not in info.data:  # the topology itself is wrong, which is said there
            return value
        if topology is None or topology in SIZED_BY_RULE:
            text = f"a {topology or 'fat-tree'} is sized for the nodes and takes no parameters"
            hint = f"leave them out, or name one of: {', '.join(set_of_topologies())}"
            raise PydanticCustomError("parameters", "{text}", {"text": text, "hint": hint})
        allowed = topology_parameters(topology)
        unknown = sorted(set(value) - set(allowed))
        if unknown:
            text = f"{topology} has no parameter '{unknown[0]}'"
            raise PydanticCustomError("parameters", "{text}", {"text": text, "hint": did_you_mean(unknown[0], allowed)})
        missing = [name for name, required in allowed.items() if required and name not in value]
        if missing:
            text = f"{topology} needs {', '.join(missing)}"
            raise PydanticCustomError("parameters", "{text}", {"text": text, "hint": f"allowed: {', '.join(allowed)}"})
        return dict(sorted(value.items()))

    @field_validator("dual_tor")
    @classmethod
    def _over_two_leaves(cls, value: bool | None, info: ValidationInfo) -> bool | None:
        """Refuse two leaves where there is a single switch."""
        if value and info.data.get("tiers") == 1 and info.data.get("topology") in (None, "fat-tree"):
            text = "splits every port over two leaves, and tiers: 1 is a single switch a plane"
            raise PydanticCustomError("dual_tor", "{text}", {"text": text, "hint": "tiers: 2, or leave one of them out"})
        return value


def set_of_topologies() -> list[str]:
    """List the topologies that take parameters."""
    return [name for name in typing.get_args(Topology) if name not in SIZED_BY_RULE]


def topology_parameters(topology: str) -> dict[str, bool]:
    """List the parameters of a topology that a file may give, and whether each must be given."""
    import inspect

    from topologies.families import TOPOLOGIES  # loads numpy: only where a file asks for it

    known = inspect.signature(TOPOLOGIES[topology]).parameters.items()
    return {name: each.default is each.empty for name, each in known if name not in FROM_ELSEWHERE and "gbit_per_s" not in name}


class Fabrics(Section):
    """The networks of the factory. Scale-up (NVLink and the like) comes with the node and is not declared."""

    compute: ComputeFabric = Field(default_factory=ComputeFabric, description="Between accelerators")
    storage: StorageFabric = Field(default_factory=StorageFabric, description="Between hosts and storage")
    in_band: InBandFabric = Field(default_factory=InBandFabric, description="Provisioning, login, control traffic")
    out_of_band: OutOfBandFabric = Field(default_factory=OutOfBandFabric, description="Management ports of every device")


class Lustre(Section):
    """The parallel file system of a cloud factory: the cheapest legal size that holds and carries at least this."""

    capacity_gib: Annotated[float, Field(gt=0, le=1e9)] | None = Field(
        None, description="To hold at least; the plan takes the next size that is sold. Default: the smallest"
    )
    throughput_gbyte_per_s: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="To carry at least, read or write. Default: what the size gives"
    )
    tier: Literal[125, 250, 500, 1000] | None = Field(
        None, description="MB/s per TiB of storage. Default: the cheapest that holds and carries what is asked"
    )
    efa: bool | None = Field(
        None, description="Clients reach it over EFA instead of TCP; sold in larger steps only. Default: false"
    )
    compression: bool | None = Field(None, description="LZ4 compression by the file servers. Default: false")
    metadata_iops: Annotated[int, Field(ge=1500, le=192_000)] | None = Field(
        None, description="Metadata operations per second to provide. Default: what comes with the capacity"
    )


class Bucket(Section):
    """An object store of a cloud factory."""

    size_tb: Annotated[float, Field(gt=0, le=1e6)] = Field(description="Expected content, for cost; nothing limits it")
    lustre_path: Annotated[str, Field(pattern="^/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")] | None = Field(
        None, description="Folder of the parallel file system that shows the bucket's content and writes changes back"
    )
    infrequent_after_days: Annotated[int, Field(ge=30, le=3650)] | None = Field(
        None, description="Objects move to cheaper, slower storage at this age. Default: never"
    )


class Storage(Section):
    """Storage systems on the storage network; in a cloud: its file systems and object stores."""

    systems: ServerCounts | None = Field(None, description="Catalog id of storage system -> how many. Default: none")
    lustre: Lustre | None = Field(None, description="Parallel file system of a cloud factory. Default: none")
    efs_tb: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Expected content of the shared home directories of a cloud factory, for cost. Default: none"
    )
    buckets: (
        Annotated[
            dict[Annotated[str, Field(pattern="^[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$")], Bucket],
            AfterValidator(sorted_by_key),
        ]
        | None
    ) = Field(None, description="Name -> object store of a cloud factory. Default: none")


class Platform(Section):
    """The machines that run the software platform."""

    management_nodes: MachineCounts | None = Field(
        None,
        description="Catalog id of server or instance type -> how many, for login, scheduling and provisioning. Default: none",
    )
    preparation_nodes: MachineCounts | None = Field(
        None, description="Catalog id of server or instance type -> how many, for data preparation. Default: none"
    )


class Sovereignty(Section):
    """Where data may be, who holds the keys, and where hardware may come from."""

    allowed_countries: tuple[CountryCode, ...] | None = Field(
        None,
        min_length=1,
        description="Countries that data and machines may be in, as ISO 3166-1 alpha-2 codes. Default: any",
        strict=False,
    )
    customer_managed_keys: bool | None = Field(
        None, description="Everything at rest in a cloud is encrypted with keys of the customer's own. Default: true"
    )
    excluded_vendors: tuple[Annotated[str, known("vendors")], ...] = Field(
        (), description="Makers whose equipment must not be planned", strict=False
    )


class Budget(Section):
    """What the factory may cost."""

    capex_usd: Annotated[float, Field(gt=0, le=1e13)] | None = Field(None, description="Most capital expenditure")
    monthly_usd: Annotated[float, Field(gt=0, le=1e12)] | None = Field(
        None, description="Most that a cloud factory may cost in a month of 730 hours"
    )
    horizon_years: Annotated[int, Field(ge=1, le=40)] | None = Field(
        None, description="Years that costs of ownership are added up over. Default: 5"
    )
    discount_fraction: Annotated[float, Field(ge=0, le=0.5)] | None = Field(
        None, description="What money costs a year, for the present value. Default: 0.08"
    )
    staff_count: Annotated[float, Field(ge=0, le=10_000)] | None = Field(
        None, description="People who run the hall, as full-time equivalents. Default: by its size"
    )


class Capacity(Section):
    """How the accelerated machines of a cloud factory are got."""

    source: Literal["on-demand", "reservation", "capacity-block", "spot"] | None = Field(
        None, description="A reservation comes with the factory; a capacity block is bought by a person. Default: on-demand"
    )
    commitment_years: Literal[0, 1, 3] | None = Field(
        None, description="Term of the savings plan that the price counts on, on demand or reserved. Default: 0, list price"
    )
    starts_on: Annotated[str, AfterValidator(_date)] | None = Field(
        None, description="First day of a capacity block, which begins at 11:30 UTC"
    )
    ends_on: Annotated[str, AfterValidator(_date)] | None = Field(
        None, description="Last day of a capacity block, which ends at 11:30 UTC"
    )


class Deploy(Section):
    """Where the plan is deployed to; everything but the target is for a cloud."""

    target: Literal["bare-metal", "aws"] = "bare-metal"
    region: Annotated[str, known("cloud_regions")] | None = Field(None, description="Region of the cloud; no default")
    zones: Annotated[tuple[ZoneId, ...], AfterValidator(_each_once)] | None = Field(
        None,
        min_length=2,
        max_length=6,
        description="Ids of the zones of the control plane, two at least. Default: the region's first two",
        strict=False,
    )
    gpu_zone: ZoneId | None = Field(
        None, description="Id of the zone of the accelerated machines and the file system. Default: the first of the zones"
    )
    capacity: Capacity = Field(default_factory=Capacity, description="How the accelerated machines are got")
    network: Annotated[str, AfterValidator(_private_network)] | None = Field(
        None, description="Private IPv4 network of the factory, /16 to /22. Default: 10.0.0.0/16"
    )
    nat: Literal["one", "per-zone"] | None = Field(
        None, description="Ways out to the internet: one for all zones, or one a zone, which no zone's loss takes. Default: one"
    )
    api_access: Annotated[tuple[Annotated[str, AfterValidator(_some_addresses)], ...], AfterValidator(_each_once)] | None = (
        Field(
            None,
            max_length=ACCESS_MOST_COUNT,
            description="IPv4 networks that reach the cluster's endpoint from outside. Default: none, the endpoint is private",
            strict=False,
        )
    )
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.[0-9]{2}$")] | None = Field(
        None, description="Version of Kubernetes, in quotes. Default: the newest that the catalog has add-ons for"
    )
    quotas: Annotated[dict[Annotated[str, known("cloud_quotas")], Granted], AfterValidator(sorted_by_key)] | None = Field(
        None, description="Code of a service quota -> what the account has been granted. Default: a new account's"
    )
    tags: (
        Annotated[
            dict[
                Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/=+@-]{1,128}$"), AfterValidator(_own_tag)],
                Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/=+@ -]{0,256}$")],
            ],
            AfterValidator(_few_tags),
            AfterValidator(sorted_by_key),
        ]
        | None
    ) = Field(None, description="Labels on every resource, such as {owner: ml-platform, cost-center: '4711'}. Default: none")


class Factory(Section):
    """One AI factory, as declared."""

    name: Annotated[str, Field(pattern="^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")] = Field(
        description="Lower-case letters, digits and hyphens, at most 63"
    )
    description: str | None = Field(None, max_length=500)
    catalog: str | None = Field(None, description="Folder with rows of your own, relative to this file")
    site: Site
    hall: Hall = Field(default_factory=Hall)
    compute: Compute
    fabrics: Fabrics = Field(default_factory=Fabrics)
    storage: Storage = Field(default_factory=Storage)
    power: Power = Field(default_factory=Power)
    cooling: Cooling = Field(default_factory=Cooling)
    workloads: Workloads = Field(default_factory=Workloads)
    platform: Platform = Field(default_factory=Platform)
    sovereignty: Sovereignty = Field(default_factory=Sovereignty)
    budget: Budget = Field(default_factory=Budget)
    deploy: Deploy = Field(default_factory=Deploy)

    @field_validator("deploy")
    @classmethod
    def _machines_of_the_target(cls, deploy: Deploy, info: ValidationInfo) -> Deploy:
        """Refuse a cloud's machines in a hall, a hall's machines in a cloud, and a cloud's settings without a cloud."""
        cloud = deploy.target != "bare-metal"
        sections = [info.data.get(name) for name in ("compute", "platform")]
        named = [(field, counts) for section in sections if section is not None for field, counts in section]
        for field, counts in named:
            for row_id in counts or ():
                if ("." in row_id) != cloud:
                    text = f"{field} names {row_id}, which is {'no' if cloud else 'an'} instance type"
                    hint = "name instance types such as p5.48xlarge" if cloud else "name the cloud: deploy: {target: aws, ...}"
                    raise PydanticCustomError("machine", "{text}", {"text": text, "hint": hint})
        if not cloud:
            declared = deploy.model_dump(exclude_none=True, exclude_defaults=True)
            if declared:
                text = f"{', '.join(sorted(declared))}: only a cloud has this"
                raise PydanticCustomError("machine", "{text}", {"text": text, "hint": "add target: aws, or leave it out"})
        elif deploy.region is None:
            hint = "such as region: us-east-2; groundplan catalog list cloud-regions"
            raise PydanticCustomError("machine", "{text}", {"text": "a cloud factory needs its region", "hint": hint})
        return deploy

    def declared(self) -> dict[str, Any]:
        """Return what the file says, without defaults, in canonical order and units."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def digest(self) -> str:
        """Return the SHA-256 of what the file says: the same for any order of keys and any way to write a unit."""
        text = json.dumps(self.declared(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _is_map(annotation: Any) -> bool:
    """Tell whether an annotation is one of named sections, such as ``dict[str, Bucket] | None``."""
    return typing.get_origin(annotation) is dict or any(map(_is_map, typing.get_args(annotation)))


def _inner_models(annotation: Any) -> type[Section] | None:
    """Find the section class in an annotation such as ``Site | None`` or ``dict[str, Bucket]``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, Annotated, dict):
        for part in typing.get_args(annotation):
            if found := _inner_models(part):
                return found
    return None


def _quantities(model: type[Section]) -> dict[str, str]:
    """Fields of a section that may be written with a unit: field name -> unit suffix."""
    suffixes = {name: unit_of(name) for name in model.model_fields}
    return {name: suffix for name, suffix in suffixes.items() if suffix and UNITS[suffix][1]}


Unfolded = tuple[Any, list[tuple[tuple[str, ...], str, str]], dict[tuple[str, ...], tuple[str, ...]]]


def unfold_quantities(data: Any, model: type[Section] = Factory, path: tuple[str, ...] = ()) -> Unfolded:
    """Turn ``grid_feed: 12 MW`` into ``grid_feed_kw: 12000.0`` throughout a file's data.

    Parameters
    ----------
    data : mapping
        A factory as plain data; anything else is passed through for the validator to refuse.
    model : type
        The section that the data should be.
    path : tuple of str
        Where the data stands in the file.

    Returns
    -------
    tuple
        The data with plain fields; problems as (path, message, hint); and for each renamed field the path that the file uses.

    Examples
    --------
    >>> unfold_quantities({"site": {"country": "NO", "grid_feed": "12 MW"}})[0]
    {'site': {'country': 'NO', 'grid_feed_kw': 12000.0}}
    """
    if not isinstance(data, dict):
        return data, [], {}
    result: dict[str, Any] = {}
    problems: list[tuple[tuple[str, ...], str, str]] = []
    written: dict[tuple[str, ...], tuple[str, ...]] = {}
    stems = {name.removesuffix("_" + suffix): (name, suffix) for name, suffix in _quantities(model).items()}
    for key, value in data.items():
        here = (*path, key)
        name, suffix = stems.get(key) or (key, _quantities(model).get(key, ""))
        if value is None and name in model.model_fields:  # a section whose lines are all commented out is not declared
            continue
        if suffix:
            if name != key:
                written[*path, name] = here
            if name != key and data.get(name) is not None:
                problems.append((here, f"{key} and {name} say the same thing", "keep one of them"))
                continue
            number, problem = _number(value, key, name, suffix)
            if problem:
                problems.append((here, *problem))
            else:
                result[name] = number
            continue
        field = model.model_fields.get(key)
        inner = _inner_models(field.annotation) if field else None
        if inner and field and _is_map(field.annotation) and isinstance(value, dict):
            result[key] = {}
            for name_of_one, one in value.items():
                result[key][name_of_one], more, renamed = unfold_quantities(one, inner, (*here, name_of_one))
                problems += more
                written |= renamed
        elif inner:
            result[key], more, renamed = unfold_quantities(value, inner, here)
            problems += more
            written |= renamed
        else:
            result[key] = value
    return result, problems, written


def _number(value: Any, key: str, name: str, suffix: str) -> tuple[Any, tuple[str, str] | None]:
    """Convert one quantity; what is not a text is left to the validator, but a bare number needs the unit in its key."""
    if isinstance(value, str):
        try:
            return parse_quantity(value, suffix), None
        except QuantityError as error:
            return None, (str(error), error.hint)
    if name != key and isinstance(value, int | float) and not isinstance(value, bool):
        return None, (f"{value} has no unit", f"write '{key}: {value} {UNITS[suffix][0]}' or '{name}: {value}'")
    return value, None


def field_at(path: typing.Sequence[str | int]) -> FieldInfo | None:
    """Find the declaration of a field by its path; None where the path leaves the sections."""
    model: type[Section] | None = Factory
    field: FieldInfo | None = None
    named = False  # the next part is a name that the file chose
    for part in path:
        if named:
            named = False
            continue
        field = model.model_fields.get(str(part)) if model else None
        model = _inner_models(field.annotation) if field else None
        named = bool(model and field and _is_map(field.annotation))
    return field


def allowed_keys(path: typing.Sequence[str | int]) -> list[str]:
    """List the keys that a section may hold, the ones with a unit also without it."""
    field = field_at(path)
    model = Factory if not path else _inner_models(field.annotation) if field else None
    if model is None:
        return []
    stems = [name.removesuffix("_" + suffix) for name, suffix in _quantities(model).items()]
    return sorted([*model.model_fields, *stems])


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a factory file, for editors: quantities may be numbers or texts with a unit."""
    schema = Factory.model_json_schema()
    models = {model.__name__: model for model in _sections(Factory)}
    for name, definition in [("Factory", schema), *schema["$defs"].items()]:
        for field, suffix in _quantities(models[name]).items():
            number = definition["properties"][field]
            text = {
                "type": "string",
                "pattern": r"^[+-]?[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)? *(" + "|".join(written_units(suffix)) + ")$",
            }
            description = number.pop("description", "")
            number.pop("title", None)
            definition["properties"][field] = {"description": description, "anyOf": [number, text]}
            stem = field.removesuffix("_" + suffix)
            definition["properties"][stem] = {"description": f"{description} (with its unit)".strip(), **text}
            definition.setdefault("allOf", []).append({"not": {"required": [field, stem]}})
            if field in definition.get("required", []):  # one way to write it or the other
                definition["required"].remove(field)
                definition["allOf"].append({"anyOf": [{"required": [field]}, {"required": [stem]}]})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Groundplan factory",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _sections(model: type[Section]) -> list[type[Section]]:
    found = [model]
    for field in model.model_fields.values():
        if (inner := _inner_models(field.annotation)) and inner not in found:
            found += [section for section in _sections(inner) if section not in found]
    return found
