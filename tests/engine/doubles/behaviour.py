"""How a resource lives in the provider double's account, whatever its type: made, changed, referred to, deleted.

Where AWS is more lenient the double is strict on purpose, so that an order is proved: anything that another resource refers to
by id or ARN cannot be deleted (AWS lets keys, roles and log groups go). No live account is behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from account import fresh, strings
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

Inputs = Mapping[str, Any]
Kinds = provider_pb2.PropertyDiff
DIFF_KINDS = {
    ("add", False): Kinds.ADD,
    ("add", True): Kinds.ADD_REPLACE,
    ("delete", False): Kinds.DELETE,
    ("delete", True): Kinds.DELETE_REPLACE,
    ("update", False): Kinds.UPDATE,
    ("update", True): Kinds.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Here:
    """Where the double stands."""

    region: str
    account: str = "123456789012"

    @property
    def partition(self) -> str:
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")


@dataclass(frozen=True)
class Made:
    """A resource in the making: what computed properties are computed from."""

    inputs: Inputs
    outputs: dict[str, Any]
    digits: str
    here: Here
    data: Mapping[str, Any]

    @property
    def hex(self) -> str:
        """What most ids end in: 17 digits."""
        return self.digits[:17]

    def text(self, template: str) -> str:
        """Fill a template with the place, the resource's digits and its own properties."""
        place = {"region": self.here.region, "account": self.here.account, "partition": self.here.partition}
        uuid = "-".join(self.digits[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        return template.format(**{**self.outputs, **place, "hex": self.hex, "uuid": uuid})

    def find(self, type_token: str, id_: object) -> Mapping[str, Any]:
        """Return another resource's outputs, or nothing."""
        entry: Mapping[str, Any] = self.data["resources"].get(key(type_token, str(id_)), {"outputs": {}})
        return entry["outputs"]


Computed = Mapping[str, str | Callable[[Made], Any]]


@dataclass(frozen=True)
class Type:
    """The behaviour of one type.

    `id`, `computed` and `defaults` are templates or functions of what is made; `computed` may name nested properties by
    dotted path, `defaults` hold only where the input is absent. `replaces` and `refers` are paths without list indices.
    `unique` names properties that no two resources share. `put`: it is set on something else, so making it again is no error,
    and nothing refers to it. `volatile`: a computed number -> whether a change of these inputs raises it. `refuses_...`: what
    AWS has against making or deleting it, as text or None.
    """

    id: str | Callable[[Made], str]
    replaces: tuple[str, ...] = ()
    replaced_if: Callable[[str, Inputs, Inputs], bool] = lambda path, old, new: False
    auto_name: str = ""
    defaults: Computed = field(default_factory=dict)
    computed: Computed = field(default_factory=dict)
    owns: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    put: bool = False
    volatile: Mapping[str, Callable[[set[str], Inputs], bool]] = field(default_factory=dict)
    refuses_create: Callable[[Inputs, Mapping[str, Any]], str | None] = lambda inputs, resources: None
    refuses_delete: Callable[[Inputs, Mapping[str, Any]], str | None] = lambda inputs, resources: None

    def replaced_by(self, path: str, old: Inputs, new: Inputs) -> bool:
        """Tell whether a change at a path replaces the resource."""
        bare = re.sub(r"\[\d+\]", "", path)
        listed = any(bare == each or bare.startswith((f"{each}.", f"{each}[")) for each in (*self.replaces, "region"))
        return listed or self.replaced_if(bare, old, new)

    def preview(self, inputs: Inputs) -> dict[str, Any]:
        """Return the outputs as far as they are known before the resource is made."""
        outputs = copied(dict(inputs))
        for name in self.named(inputs):
            outputs[name] = UNKNOWN
        for name in self.defaults:
            outputs.setdefault(name, UNKNOWN)
        for path in self.computed:
            put(outputs, path, UNKNOWN)
        return with_tags(outputs)

    def named(self, inputs: Inputs) -> tuple[str, ...]:
        """Return the property that AWS or the provider names from a prefix."""
        return (self.auto_name,) if self.auto_name and self.auto_name not in inputs else ()

    def updated(self, old: Inputs, outputs: Inputs, new: Inputs, unknown: str | None) -> dict[str, Any]:
        """Return the outputs after a change of the inputs; in a preview, `unknown` for what the change may change."""
        result = copied(dict(new))
        for name in (*self.named(new), *self.defaults):
            if name not in result and name in outputs:
                result[name] = outputs[name]
        for path in self.computed:
            put(result, path, get(outputs, path))
        changed = {re.split(r"[.\[]", path)[0] for path in changes(old, new)}
        for name, raised in self.volatile.items():
            if name not in new and raised(changed, new):
                result[name] = unknown if unknown is not None else int(outputs[name]) + 1
        return with_tags(result)


def key(type_token: str, id_: str) -> str:
    """Name a resource in the account: ids are unique within a type only."""
    return f"{type_token} {id_}"


def copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def with_tags(outputs: dict[str, Any]) -> dict[str, Any]:
    return {**outputs, "tagsAll": copied(outputs["tags"])} if "tags" in outputs else outputs


def get(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def put(values: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        inner = values.setdefault(step, {})
        if not isinstance(inner, dict):
            return  # an unknown block stays unknown as a whole
        values = inner
    values[last] = value


def reach(values: Any, path: str) -> Iterator[Any]:
    """Yield what lies at a dotted path, through lists."""
    if isinstance(values, list):
        for each in values:
            yield from reach(each, path)
    elif not path:
        yield values
    elif isinstance(values, Mapping):
        first, _, rest = path.partition(".")
        if first in values:
            yield from reach(values[first], rest)


def changes(old: Any, new: Any, path: str = "") -> dict[str, str]:
    """Return what differs: property path -> add, delete or update."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = {}
        for name in {**old, **new}:
            step = f"{path}.{name}" if path else name
            if not name.isidentifier():
                step = f'{path}["{name}"]'
            if name not in old:
                found[step] = "add"
            elif name not in new:
                found[step] = "delete"
            else:
                found.update(changes(old[name], new[name], step))
        return found
    if isinstance(old, list) and isinstance(new, list):
        found = {}
        for index in range(max(len(old), len(new))):
            step = f"{path}[{index}]"
            if index >= len(old) or index >= len(new):
                found[step] = "add" if index >= len(old) else "delete"
            else:
                found.update(changes(old[index], new[index], step))
        return found
    return {} if old == new else {path: "update"}


# An id that AWS makes, or an ARN: wherever it stands, it refers to something. Names do so only at the paths that a type lists.
# What a person buys outside of the stack (a capacity block, cr-) is not in the account.
_MADE_ID = re.compile(r"(?!cr-)[a-z]+-[0-9a-f]{17}")


def references(kind: Type, inputs: Inputs) -> set[str]:
    """Return what inputs refer to, as far as it must be in the account."""
    listed = {str(value).removesuffix(":*") for path in kind.refers for value in reach(inputs, path)}
    return listed | {each for each in _elsewhere(inputs) if _MADE_ID.fullmatch(each)}


def _elsewhere(inputs: Inputs) -> Iterator[str]:
    return strings({name: value for name, value in inputs.items() if not name.startswith("tag")})


def unknown_reference(data: Mapping[str, Any], kind: Type, inputs: Inputs) -> str:
    """Say which resource an input refers to that does not exist, or nothing."""
    existing = {name for entry in data["resources"].values() for name in (*entry["names"], *entry["owns"])}
    for name in sorted(references(kind, inputs) - existing):
        if name != "local" and ":aws:policy/" not in name:
            where = [path for path in kind.refers if {name, f"{name}:*"} & set(map(str, reach(inputs, path)))]
            return f"NotFound: {where[0] if where else 'an argument'} names {name}, which does not exist"
    return ""


def referred(data: Mapping[str, Any], kind: Type, inputs: Inputs) -> list[Mapping[str, Any]]:
    """Return the existing resources that inputs refer to."""
    wanted = references(kind, inputs)
    return [entry for entry in data["resources"].values() if wanted & set(entry["names"])]


def create(
    data: dict[str, Any], kind: Type, type_token: str, urn: str, inputs: Inputs, here: Here
) -> tuple[dict[str, Any] | None, str]:
    """Make a resource in the account, or say why not."""
    resources = data["resources"]
    refusal = unknown_reference(data, kind, inputs) or kind.refuses_create(inputs, resources)
    if refusal:
        return None, refusal
    made = Made(inputs, copied(dict(inputs)), fresh(data, urn), Here(inputs.get("region", here.region), here.account), data)

    def value(rule: str | Callable[[Made], Any]) -> Any:
        return made.text(rule) if isinstance(rule, str) else rule(made)

    for name in kind.named(inputs):
        # As the provider does with a prefix: 26 more digits.
        made.outputs[name] = f"{inputs.get(f'{name}Prefix', 'terraform-')}{int(made.hex, 16):026d}"
    for name, rule in kind.defaults.items():
        if name not in made.outputs:
            made.outputs[name] = value(rule)
    id_ = made.outputs["id"] = value(kind.id)
    for path, rule in kind.computed.items():
        put(made.outputs, path, value(rule))
    outputs = with_tags(made.outputs)
    del outputs["id"]
    for entry in resources.values():
        if kind.put or entry["type"] != type_token:
            continue
        shared = [outputs.get(name) for name in kind.unique]
        same = shared == [entry["outputs"].get(name) for name in kind.unique] and any(each is not None for each in shared)
        if entry["id"] == id_ or same:
            what = ", ".join(f"{name} {outputs.get(name)}" for name in kind.unique) or id_
            return None, f"AlreadyExists: {type_token.rpartition(':')[2]} with {what} exists already ({entry['id']})"
    data["serial"] += 1
    names = [] if kind.put else [id_, *reach(outputs, "arn")]
    owned = [each for path in kind.owns for each in reach(outputs, path)]
    entry = {"type": type_token, "id": id_, "urn": urn, "order": data["serial"], "names": names, "owns": owned}
    entry |= {"inputs": copied(dict(inputs)), "outputs": outputs}
    resources[key(type_token, id_)] = entry
    return entry, ""


def delete(data: dict[str, Any], types: Mapping[str, Type], type_token: str, id_: str) -> str:
    """Delete a resource from the account, or say why not. One that is gone already is no error."""
    resources = data["resources"]
    entry = resources.get(key(type_token, id_))
    if entry is None:
        return ""
    names = set(entry["names"])
    for other in resources.values():
        arns = {each.removesuffix(":*") for each in _elsewhere(other["inputs"]) if each.startswith(("arn:", "cr-"))}
        if other is not entry and names & (references(types[other["type"]], other["inputs"]) | arns):
            return f"DependencyViolation: {id_} cannot be deleted, {other['id']} ({other['type']}) uses it"
    refusal = types[type_token].refuses_delete(entry["inputs"], resources)
    if refusal:
        return refusal
    del resources[key(type_token, id_)]
    return ""
