"""A factory file in, a factory and its catalog out; everything that is wrong with them at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.catalog import Catalog
from planner.catalog.load import read_catalog
from planner.errors import InputErrors, Problem, complaint, did_you_mean, dotted, quoted
from planner.plan import SCHEMA_VERSION, Finding, Plan
from planner.spec import Factory, allowed_keys, field_at, unfold_quantities
from planner.spec_facility import Power
from planner.steps.chain_problems import chain_problems
from planner.units import UNITS, unit_of
from planner.yamlfile import Document, KeyPath, read_text, read_yaml

if TYPE_CHECKING:
    from planner.epw import WeatherFile

__all__ = ["examine_plan", "locate_findings", "read_factory", "read_plan"]


def read_factory(path: Path, catalog_folder: Path | None = None) -> tuple[Factory, Catalog, WeatherFile | None]:
    """Read and check a factory file, and the weather file that it names.

    Parameters
    ----------
    path : Path
        The YAML file.
    catalog_folder : Path, optional
        Rows of the user's own, in place of the folder that the file may name.

    Returns
    -------
    tuple of Factory, Catalog, and WeatherFile or None
        The factory, the catalog that its ids were checked against, and what `site.weather_file` holds: all that a plan takes.

    Raises
    ------
    InputErrors
        With every problem of the file, of the user's catalog rows and of the weather file.
    """
    problems: list[Problem] = []
    document = read_yaml(path, problems)
    marred = {problem.path for problem in problems}
    named = _named_folder(document, path) if catalog_folder is None else None
    catalog, ids, faults = read_catalog(catalog_folder or named)
    for fault in faults:
        if named is not None and fault.file == str(named):  # what is wrong with the whole folder is wrong where it is named
            message = f"{quoted(document.data['catalog'])} {fault.message}"
            fault = document.problem(("catalog",), message, fault.hint)  # noqa: PLW2901
        problems.append(fault)
    factory, faults = _validate(document, ids, marred)
    problems += faults
    problems += _chain_faults(document, ids, catalog)
    if factory is not None and factory.hall.blocked:
        from planner.steps.hall import blocked_problems  # its numpy, as below

        problems += [document.problem(("hall", "blocked", n), what, hint) for n, what, hint in blocked_problems(factory)]
    weather = _weather(document, path, problems)
    if problems or factory is None:
        raise InputErrors(problems)
    return factory, catalog, weather


def read_plan(path: Path) -> Plan:
    """Read a plan file back.

    Raises
    ------
    InputErrors
        If it is no plan of this version, or was edited after it was made.
    """
    plan, problems = examine_plan(path)
    if problems or plan is None:
        raise InputErrors(problems)
    return plan


def locate_findings(path: Path, findings: Sequence[Finding]) -> InputErrors:
    """Turn findings about a factory file that was read before into errors with the lines that they are about."""
    document = read_yaml(path, [])
    return InputErrors([document.problem(tuple(each.path.split(".")), each.message, each.hint) for each in findings])


def examine_plan(path: Path) -> tuple[Plan | None, list[Problem]]:
    """Read a plan file as far as it goes, and list what is wrong with it: another version, no plan, edited by a byte."""
    try:
        text = read_text(path, most_bytes=20_000_000)
    except InputErrors as errors:
        return None, list(errors.problems)
    version = re.match(r'\{\s*"schema_version":\s*(\d+)\s*,', text)
    if version and int(version[1]) != SCHEMA_VERSION:
        what = f"is {version[1]}, this version reads {SCHEMA_VERSION}"
        return None, [Problem(str(path), 0, 0, "schema_version", what, "plan it again")]
    try:
        plan = Plan.from_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"is not a plan of schema version {SCHEMA_VERSION}: {first['msg']}"
        hint = "make one with: groundplan plan FACTORY.yaml -o PLAN.json"
        return None, [Problem(str(path), 0, 0, dotted(first["loc"]), message, hint)]
    faults = []
    if plan.digest != plan.factory.digest():
        faults.append(("digest", "does not fit the factory in the plan: the file was edited"))
    if plan.checksum != plan.content_checksum():
        faults.append(("checksum", "does not fit the plan: the file was edited"))
    elif plan.to_json() != text.replace("\r\n", "\n"):
        faults.append(("", "is not written as plans are: the file was edited"))
    return plan, [Problem(str(path), 0, 0, where, what, "plan it again") for where, what in faults]


def _chain_faults(document: Document, ids: Mapping[str, frozenset[str]], catalog: Catalog) -> list[Problem]:
    """List what is wrong with a declared chain as a whole, whatever is wrong with the rest of the file."""
    if not isinstance(document.data, dict) or not isinstance(document.data.get("power"), dict):
        return []
    data, _, _ = unfold_quantities({"power": document.data["power"]})
    try:
        links = Power.model_validate({"chain": data["power"].get("chain")}, context={"ids": ids}).chain
    except ValidationError:
        return []  # its parts come first
    if links is None or any(link.equipment not in catalog.rows["power_stages"] for link in links.values()):
        return []  # a faulty row of the user's own
    return [document.problem(*fault, of_key=True) for fault in chain_problems(links, catalog)]


def _named_folder(document: Document, path: Path) -> Path | None:
    named = document.data.get("catalog") if isinstance(document.data, dict) else None
    return path.parent / named if isinstance(named, str) else None


def _weather(document: Document, path: Path, problems: list[Problem]) -> WeatherFile | None:
    """Read the weather file that a factory names, whatever else is wrong with the factory."""
    site = document.data.get("site") if isinstance(document.data, dict) else None
    named = site.get("weather_file") if isinstance(site, dict) else None
    if not isinstance(named, str):
        return None
    from planner.epw import read_epw  # its numpy takes longer to load than most factories to check

    file = path.parent / named
    try:
        return read_epw(file)
    except InputErrors as errors:
        for fault in errors.problems:
            if fault.line == 0:  # what is wrong with the whole file is wrong where it is named
                message = f"{quoted(named)} {fault.message}"
                fault = document.problem(("site", "weather_file"), message, fault.hint)  # noqa: PLW2901
            problems.append(fault)
    return None


def _validate(
    document: Document, ids: Mapping[str, frozenset[str]], marred: Collection[str]
) -> tuple[Factory | None, list[Problem]]:
    """Check the data against the sections; what is missing from a part that could not be read in full is not a fault."""
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else "a single value"
        return None, [document.problem((), f"holds {kind}; a factory is a map of sections", "name: my-factory")]
    data, faults, written = unfold_quantities(document.data)
    problems = [document.problem(where, message, hint) for where, message, hint in faults]
    faulty = {where for where, _, _ in faults}
    try:
        factory = Factory.model_validate(data, context={"ids": ids})
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            field: KeyPath = fault["loc"]
            of_key = field[-1:] == ("[key]",) and field not in document.keys  # the validator's way to point at a key
            field = field[:-1] if of_key else field
            location = written.get(_words(field), field)
            if location in faulty or (fault["type"] == "missing" and dotted(field[:-1]) in marred):
                continue
            problems.append(_problem(document, field, location, dict(fault), of_key))
        return None, problems
    return factory, problems


def _words(location: KeyPath) -> tuple[str, ...]:
    return tuple(str(part) for part in location)


def _problem(document: Document, field: KeyPath, location: KeyPath, fault: dict[str, Any], of_key: bool) -> Problem:
    """Say in our own words what is wrong with a field, which the file may write under another name."""
    kind, context, value = fault["type"], fault.get("ctx", {}), fault["input"]
    shown = _shown(value, document.texts.get(location, ""))
    unit = UNITS[unit_of(str(field[-1])) or "count"][0] if field else ""
    message, hint = complaint(kind, context, shown, unit), ""
    if kind == "missing":
        declared = field_at(field)
        hint = _EXAMPLES.get(_words(field)) or (declared.description if declared else "") or ""
        line, column = document.place(location if location in document.keys else location[:-1], of_key=True)
        return Problem(document.file, line, column, dotted(location), message, hint)
    if kind == "extra_forbidden":
        of_key = True
        message, hint = "is not a known key", did_you_mean(str(location[-1]), allowed_keys(location[:-1]))
    elif "text" in context and "hint" in context:  # one of our own
        message, hint = context["text"], context["hint"]
    elif kind == "literal_error":
        near = did_you_mean(str(value), re.findall("'([^']*)'", context["expected"]))
        hint = near.partition(" (")[0] if near.startswith("did") else ""
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        message = f"must be a map (key: value), not {shown}"
        hint = _EXAMPLES.get(_words(field)) or did_you_mean("", allowed_keys(location)) or _COUNTS
    elif kind == "too_short":
        message, hint = "must not be empty", _EXAMPLES.get(_words(field), "")
    elif kind in ("tuple_type", "list_type"):
        message, hint = f"must be a list, not {shown}", "write it in brackets: [NVIDIA, Dell]"
    elif kind == "string_type":
        message = f"must be a text, not {shown}"
        hint = "put it in quotes" if not isinstance(value, dict | list | None) else ""
    elif kind == "string_pattern_mismatch":
        declared = field_at(field)
        message, hint = f"{shown} is not written as wanted", (declared.description if declared else "") or ""
    elif kind == "float_type" and isinstance(value, int) and not isinstance(value, bool):
        message = f"is too large: {shown}"  # an integer beyond all floating-point numbers
    if kind.startswith(("finite_", "float_", "greater_", "less_")) and unit:
        stem = str(field[-1]).removesuffix(f"_{unit_of(str(field[-1]))}")
        hint = f"a number in {unit}, or with a unit: '{stem}: 10 {unit}'"
    return document.problem(location, message or fault["msg"], hint, of_key)


_COUNTS = "write catalog ids and counts: {ID: 4}"
_EXAMPLES = {
    ("site",): "site: {country: DE}",
    ("compute",): "compute: {nodes: {dgx-h100: 16}}",
    ("compute", "nodes"): "write catalog ids and counts: {dgx-h100: 16}",
}


def _shown(value: Any, text: str) -> str:
    """Show a value as it stands in the file."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return quoted(value)
    return quoted(text or str(value))[1:-1]
