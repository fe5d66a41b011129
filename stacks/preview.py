"""What `pulumi up` would make, without the Pulumi program, a cloud or an account: `python -m stacks.preview dev`."""

from __future__ import annotations

import argparse
import base64
import binascii
import io
import json
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from planner.errors import InputErrors, did_you_mean
from planner.plan import CloudPlan
from planner.yamlfile import read_yaml
from stacks.aws.rules import InvalidInput
from stacks.expansion import Expansion, Resource, Secret, expand
from stacks.settings import Refused, read_plan

__all__ = ["Row", "documents", "main", "preview", "read_config", "rows", "table"]

ROOT = Path(__file__).parents[1]
PROJECT = "groundplan"
SECRET = "[secret]"  # noqa: S105 - stands for one
RESERVATIONS = f"{PROJECT}:reservationIds"
NOT_BOUGHT = "cr-00000000000000000"
_MARK = "# Written by: make preview"
_COLUMNS = 80


@dataclass(frozen=True)
class Row:
    """A component: how many resources of which types it has, and what it costs a month as planned."""

    component: str
    kinds: dict[str, int]
    monthly_usd: float

    @property
    def count(self) -> int:
        """Count the resources."""
        return sum(self.kinds.values())


def read_config(root: Path, environment: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read a stack's configuration as the engine would hand it over.

    Parameters
    ----------
    root : Path
        The project's folder.
    environment : str
        The stack's name.

    Returns
    -------
    tuple
        Key with namespace -> text, and the keys that are secret: those cannot be read, a placeholder stands for them.

    Raises
    ------
    InputErrors
        If the file is not YAML.
    """
    data = read_yaml(root / f"Pulumi.{environment}.yaml").data
    given = data.get("config") if isinstance(data, dict) else None
    config, secrets = {}, []
    for key, value in (given if isinstance(given, dict) else {}).items():
        name = key if ":" in key else f"{PROJECT}:{key}"
        config[name] = f"<secret {name}>" if _is_secret(value) else _as_text(value)
        if _is_secret(value):
            secrets.append(name)
    return config, tuple(secrets)


def _is_secret(value: Any) -> bool:
    """Tell whether a value of the configuration is encrypted, as a whole or in part."""
    if isinstance(value, dict):
        return "secure" in value or any(map(_is_secret, value.values()))
    return isinstance(value, list) and any(map(_is_secret, value))


def _as_text(value: Any) -> str:
    """Write a value of the configuration as the engine does."""
    return value if isinstance(value, str) else json.dumps(value)


def preview(
    root: Path, environment: str, program: Callable[[], None] | None = None, given: Mapping[str, Any] | None = None
) -> Expansion:
    """Run the stacks' program for an environment and list what it asks for.

    Parameters
    ----------
    root : Path
        The project's folder, with configuration and plans.
    environment : str
        The stack's name.
    program : callable, optional
        Another program than the stacks' own.
    given : mapping, optional
        Configuration beyond the file's: key with namespace -> value.

    Raises
    ------
    InputErrors
        If the configuration is not YAML.
    Refused
        With every reason why this must not be deployed.
    InvalidInput
        With everything in a component that the cloud would refuse.
    """
    config, secrets = read_config(root, environment)
    more = {key: _as_text(value) for key, value in (given or {}).items()}
    if program is None:
        # Only here: wrong arguments, and programs of others, need no cloud provider.
        from stacks.__main__ import program as own

        program = own
    return expand(
        program,
        project=PROJECT,
        stack=environment,
        root=root,
        config={**config, **more},
        secret_keys=secrets,
    )


def rows(expansion: Expansion, cloud: CloudPlan | None) -> list[Row]:
    """Sum up an expansion by component, in the order of the program; costs of what has no component come last."""
    kinds: dict[str, Counter[str]] = {}
    for each in expansion.resources:
        counted = kinds.setdefault(each.component, Counter())
        if each.custom:
            counted[each.kind] += 1
    costs: dict[str, float] = {}
    for line in cloud.costs if cloud else ():
        costs[line.component] = costs.get(line.component, 0.0) + line.monthly_usd
    return [Row(name, dict(sorted(kinds.get(name, {}).items())), costs.get(name, 0.0)) for name in {**kinds, **costs}]


def table(found: Sequence[Row], title: str) -> str:
    """Lay out the components for a terminal of 80 columns, without colour."""
    head = ("component", "resources", "what", "USD/month")
    total = Row("total", {}, sum(row.monthly_usd for row in found))
    first = max(len(head[0]), *(len(row.component) for row in [*found, total]))
    last = max(len(head[3]), *(len(_usd(row.monthly_usd)) for row in [*found, total]))
    what = max(20, _COLUMNS - first - len(head[1]) - last - 6)
    rule = "-" * (first + len(head[1]) + what + last + 6)

    def line(name: str, count: str, text: str, usd: str) -> str:
        return f"{name:<{first}}  {count:>{len(head[1])}}  {text:<{what}}  {usd:>{last}}".rstrip()

    lines = [*textwrap.wrap(title, _COLUMNS), "", line(*head), rule]
    for row in found:
        # A space that does not break keeps a number with what it counts.
        texts = ", ".join(f"{count}\N{NO-BREAK SPACE}{kind}" if count > 1 else kind for kind, count in row.kinds.items())
        wrapped = [each.replace("\N{NO-BREAK SPACE}", " ") for each in textwrap.wrap(texts, what)] or [""]
        lines.append(line(row.component or "(stack)", str(row.count), wrapped[0], _usd(row.monthly_usd)))
        lines += [line("", "", more, "") for more in wrapped[1:]]
    lines += [rule, line("total", str(sum(row.count for row in found)), "", _usd(total.monthly_usd))]
    return "\n".join(lines) + "\n"


def _usd(amount: float) -> str:
    return f"{amount:,.0f}"


def documents(expansion: Expansion) -> dict[str, str]:
    """Write every resource with its inputs as YAML.

    Returns
    -------
    dict
        File name -> text: a file for each component, in the order of type and name, and the stack's outputs. JSON texts are
        laid out and user data is decoded, so that a change can be reviewed; secrets are not shown.
    """
    found: dict[str, list[Resource]] = {}
    for each in expansion.resources:
        found.setdefault(each.component or "stack", []).append(each)
    texts = {
        f"{component}.yaml": _yaml([_described(each) for each in sorted(resources, key=lambda one: (one.custom, one.urn))])
        for component, resources in found.items()
    }
    return dict(sorted(texts.items())) | {"outputs.yaml": _yaml(_shown(expansion.outputs))}


def _described(resource: Resource) -> dict[str, Any]:
    """Describe a resource; what is empty is left out."""
    whole = {
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent if resource.parent != resource.component else "",
        "options": dict(sorted(resource.options.items())),
        "inputs": _shown(resource.inputs),
    }
    return {key: value for key, value in whole.items() if value}


def _shown(value: Any, key: str = "") -> Any:
    """Hide secrets, sort keys, and open up texts that hold more than a person can read."""
    if isinstance(value, Secret):
        return SECRET
    if isinstance(value, dict):
        return {each: _shown(inner, each) for each, inner in sorted(value.items())}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if not isinstance(value, str):
        return value
    if key == "userData":
        try:
            return LiteralScalarString(base64.b64decode(value, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            return value
    if value.startswith(("{", "[")):
        try:
            return LiteralScalarString(json.dumps(json.loads(value), indent=2) + "\n")
        except json.JSONDecodeError:
            return value
    return LiteralScalarString(value) if "\n" in value else value


def _yaml(data: Any) -> str:
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(data, stream)
    return stream.getvalue()


def write(folder: Path, environment: str, texts: Mapping[str, str]) -> None:
    """Write the files of a preview, and remove those of an earlier one that are no longer there; nothing else is touched."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        if old.name not in texts and old.read_text(encoding="utf-8").startswith(_MARK):
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(f"{_MARK} ENV={environment}\n{text}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None, root: Path = ROOT, program: Callable[[], None] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 1 with every reason why this must not be deployed; wrong arguments leave with 2.
    """
    parser = argparse.ArgumentParser(prog="python -m stacks.preview", description=__doc__)
    parser.add_argument("environment", help="the stack's name: its configuration is Pulumi.NAME.yaml, its plan plans/NAME.json")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder for the resources (default: build/preview/NAME)")
    parser.add_argument("--json", action="store_true", help="print the components, resources and outputs as JSON")
    parser.add_argument(
        "--config", action="append", default=[], metavar="KEY=VALUE", help="configuration beyond the file's; VALUE may be JSON"
    )
    asked = parser.parse_args(arguments)
    environment = asked.environment
    known = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
    if environment not in known:
        parser.error(f"there is no stack {environment!r}: {did_you_mean(environment, known)}")
    if wrong := [each for each in asked.config if "=" not in each]:
        parser.error(f"--config {wrong[0]!r} is not KEY=VALUE")
    given = dict(each.split("=", 1) for each in asked.config)
    folder = asked.output or Path("build") / "preview" / environment
    try:
        if unnamed := _not_named(root, environment, given):
            given[RESERVATIONS] = json.dumps(dict.fromkeys(unnamed, NOT_BOUGHT))
            sys.stderr.write(f"{NOT_BOUGHT} stands for the capacity block of {', '.join(unnamed)}, which is not named yet\n")
        expansion = preview(root, environment, program, given)
    except (InputErrors, Refused, InvalidInput) as error:
        reasons = error.reasons if isinstance(error, Refused) else [line for line in str(error).splitlines() if line.strip()]
        sys.stderr.write(f"{environment} must not be deployed:\n" + "".join(f"  - {reason}\n" for reason in reasons))
        return 1
    plan, _ = read_plan(root, environment)
    found = rows(expansion, plan.cloud if plan else None)
    texts = documents(expansion)
    write(folder, environment, texts)
    sys.stderr.write("".join(f"{message}\n" for message in expansion.log))
    if asked.json:
        sys.stdout.write(_as_json(environment, found, expansion))
        return 0
    named = f"{environment}: {plan.name}" if plan else environment
    title = f"{named}, {sum(row.count for row in found)} resources; nothing is made, and no account is asked"
    unpriced = sorted({line.item for line in plan.cloud.costs if line.price_usd is None}) if plan and plan.cloud else []
    sys.stdout.write(table(found, title))
    if unpriced:
        sys.stdout.write("\n".join(textwrap.wrap(f"without a price in the catalog: {', '.join(unpriced)}", _COLUMNS)) + "\n")
    sys.stdout.write(f"\nEvery resource with its inputs: {folder}/\n")
    return 0


def _not_named(root: Path, environment: str, given: Mapping[str, str]) -> list[str]:
    """List node groups whose capacity block nobody has named yet: a preview may be wanted before it is bought."""
    plan, _ = read_plan(root, environment)
    config = {**read_config(root, environment)[0], **given}
    if plan is None or plan.cloud is None or RESERVATIONS in config:
        return []
    return [group.name for group in plan.cloud.node_groups if group.source == "capacity-block"]


def _as_json(environment: str, found: Sequence[Row], expansion: Expansion) -> str:
    whole = {
        "stack": environment,
        "resources_count": sum(row.count for row in found),
        "monthly_usd": round(sum(row.monthly_usd for row in found), 2),
        "components": [{"name": row.component, "kinds": row.kinds, "monthly_usd": round(row.monthly_usd, 2)} for row in found],
        "resources": [{"component": each.component, **_described(each)} for each in expansion.resources],
        "outputs": _shown(expansion.outputs),
    }
    return json.dumps(whole, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
