"""The factory: what is asked. Intent and catalog ids only; frozen, unknown keys refused, units in every name."""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from planner.errors import did_you_mean
from planner.units import UNITS, QuantityError, parse_quantity, unit_of, written_units

__all__ = [
    "SIZED_BY_RULE",
    "Budget",
    "Compute",
    "ComputeFabric",
    "Cooling",
    "Deploy",
    "Fabrics",
    "Factory",
    "Hall",
    "InBandFabric",
    "OutOfBandFabric",
    "Platform",
    "Power",
    "Section",
    "Site",
    "Sovereignty",
    "Storage",
    "StorageFabric",
    "Workloads",
    "allowed_keys",
    "field_at",
    "json_schema",
    "unfold_quantities",
]


class Section(BaseModel):
    """Base of every part of the factory: frozen, strict, no unknown keys, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _known(kind: str) -> AfterValidator:
    """Check an id against the catalog given as validation context ``{"ids": {kind: ids}}``; without context, accept."""

    def check(value: str, info: ValidationInfo) -> str:
        ids: Mapping[str, typing.Collection[str]] = (info.context or {}).get("ids", {})
        if kind in ids and value not in ids[kind]:
            elsewhere = sorted(other for other, known in ids.items() if value in known and other != "prices")
            message = f"'{value}' is not in the catalog of {kind.replace('_', ' ')}"
            if elsewhere:
                message += f" (it is one of the {elsewhere[0].replace('_', ' ')})"
            raise PydanticCustomError("catalog_id", "{text}", {"text": message, "hint": did_you_mean(value, ids[kind])})
        return value

    return AfterValidator(check)


def _sorted_by_key(value: dict[str, int]) -> dict[str, int]:
    return dict(sorted(value.items()))


Count = Annotated[int, Field(ge=1, le=1_000_000)]
NodeId = Annotated[str, _known("nodes")]
ServerId = Annotated[str, _known("servers")]
SwitchId = Annotated[str, _known("switches")]
ServerCounts = Annotated[dict[ServerId, Count], AfterValidator(_sorted_by_key)]
Kilowatt = Annotated[float, Field(gt=0, le=20_000_000)]


class Site(Section):
    """Where the factory stands and what the site gives it."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = Field(description="ISO 3166-1 alpha-2 code; a label of the report")
    region: str | None = Field(None, max_length=100, description="Town, grid zone or campus; a label of the report")
    grid_feed_kw: Kilowatt | None = Field(
        None,
        description="What the utility delivers to the factory at most. Default: not limited; the plan says what is needed",
    )


class Hall(Section):
    """The room: how many racks, what each may draw, weigh and hold."""

    racks: Count | None = Field(None, description="Floor positions for racks. Default: not limited")
    rack: Annotated[str, _known("racks")] | None = Field(
        None, description="Catalog id of the rack for all that is not a rack itself"
    )
    rack_power_kw: Annotated[float, Field(gt=0, le=5_000)] | None = Field(
        None,
        description="What one rack may draw at most. Default: as the node's maker places it; see the plan's assumptions",
    )
    rack_floor_load_kg: Annotated[float, Field(gt=0, le=50_000)] | None = Field(
        None, description="What the floor carries per rack position, rack included. Default: not limited"
    )
    pdu: Annotated[str, _known("pdus")] | None = Field(None, description="Catalog id of the rack PDU")
    pdu_redundancy: Literal["N", "N+1", "2N"] | None = Field(
        None, description="Spare rack PDUs: none, one, or every one twice. Default: N+1"
    )
    infrastructure_rack_power_kw: Annotated[float, Field(gt=0, le=5_000)] | None = Field(
        None,
        description="What a rack of switches, servers or storage may draw at most. Default: as rack_power, or one PDU's power",
    )
    racks_per_row: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Racks side by side in a row, before a cross aisle. Default: 16"
    )
    rack_pitch_m: Annotated[float, Field(gt=0, le=10)] | None = Field(
        None, description="From rack to rack in a row. Default: 0.6 m"
    )
    row_pitch_m: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="From row to row, aisles included; also the width of a cross aisle. Default: 2.4 m"
    )
    tray_height_m: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Height of the cable trays above the tallest rack. Default: 0.5 m"
    )
    cable_slack_m: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Length added at each end of a cable: to the rack's side, and a loop. Default: 0.5 m"
    )
    construction: Annotated[str, _known("construction")] | None = Field(
        None, description="Catalog id of what building, power and cooling cost per kW of IT load"
    )


class Compute(Section):
    """The accelerated nodes."""

    nodes: Annotated[dict[NodeId, Count], Field(min_length=1), AfterValidator(_sorted_by_key)] = Field(
        description="Catalog id of node or rack-scale system -> how many"
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


class Storage(Section):
    """The storage systems attached to the storage network."""

    systems: ServerCounts | None = Field(None, description="Catalog id of storage system -> how many. Default: none")


class Power(Section):
    """The chain from the grid feed to the rack, by catalog ids of its stages."""

    transformer: Annotated[str, _known("power_stages")] | None = None
    ups: Annotated[str, _known("power_stages")] | None = None
    distribution: Annotated[str, _known("power_stages")] | None = None


class Cooling(Section):
    """The plants that take the heat away, by catalog ids."""

    air: Annotated[str, _known("cooling_plants")] | None = Field(None, description="Plant for heat that leaves by air")
    liquid: Annotated[str, _known("cooling_plants")] | None = Field(None, description="Plant for heat that leaves by liquid")


class Workloads(Section):
    """What the work asks of the hardware."""

    duty_fraction: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="Mean draw of the nodes at work over their nameplate. Default: 0.76, as measured on 8 x H100",
    )


class Platform(Section):
    """The machines that run the software platform."""

    management_nodes: ServerCounts | None = Field(
        None,
        description="Catalog id of server -> how many, for login, scheduling and provisioning. Default: none",
    )


class Sovereignty(Section):
    """Where hardware may come from."""

    excluded_vendors: tuple[Annotated[str, _known("vendors")], ...] = Field(
        (), description="Makers whose equipment must not be planned", strict=False
    )


class Budget(Section):
    """What the factory may cost."""

    capex_usd: Annotated[float, Field(gt=0, le=1e13)] | None = Field(None, description="Most capital expenditure")


class Deploy(Section):
    """Where the plan is deployed to."""

    target: Literal["bare-metal"] = "bare-metal"


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

    def declared(self) -> dict[str, Any]:
        """Return what the file says, without defaults, in canonical order and units."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def digest(self) -> str:
        """Return the SHA-256 of what the file says: the same for any order of keys and any way to write a unit."""
        text = json.dumps(self.declared(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _inner_models(annotation: Any) -> type[Section] | None:
    """Find the section class inside an annotation such as ``Site | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, Annotated):
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
        if inner:
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
    for part in path:
        field = model.model_fields.get(str(part)) if model else None
        model = _inner_models(field.annotation) if field else None
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
