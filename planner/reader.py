"""A factory file in, a factory and its catalog out; everything that is wrong with them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from planner.catalog import Catalog, load_catalog
from planner.errors import InputErrors, Problem, did_you_mean, dotted
from planner.plan import SCHEMA_VERSION, Plan
from planner.spec import Factory, allowed_keys, field_at, unfold_quantities
from planner.units import UNITS, figure, unit_of
from planner.yamlfile import Document, KeyPath, read_text, read_yaml

__all__ = ["read_factory", "read_plan"]


def read_factory(path: Path, catalog_folder: Path | None = None) -> tuple[Factory, Catalog]:
    """Read and check a factory file.

    Parameters
    ----------
    path : Path
        The YAML file.
    catalog_folder : Path, optional
        Rows of the user's own, in place of the folder that the file may name.

    Returns
    -------
    tuple of Factory and Catalog
        The factory, and the catalog that its ids were checked against.

    Raises
    ------
    InputErrors
        With every problem of the file and of the user's catalog rows.
    """
    document = read_yaml(path)
    problems: list[Problem] = []
    catalog: Catalog | None = None
    try:
        catalog = load_catalog(catalog_folder or _named_folder(document, path))
    except InputErrors as errors:
        problems += errors.problems
    factory, faults = _validate(document, catalog)
    problems += faults
    if problems or factory is None or catalog is None:
        raise InputErrors(problems)
    return factory, catalog


def read_plan(path: Path) -> Plan:
    """Read a plan file back.

    Raises
    ------
    InputErrors
        If it is no plan of this version, or was edited after it was made.
    """
    text = read_text(path, most_bytes=20_000_000)
    try:
        plan = Plan.from_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"is not a plan of schema version {SCHEMA_VERSION}: {first['msg']}"
        hint = "make one with: groundplan plan FACTORY.yaml -o PLAN.json"
        raise InputErrors([Problem(str(path), 0, 0, dotted(first["loc"]), message, hint)]) from None
    faults = []
    if plan.schema_version != SCHEMA_VERSION:
        faults.append(("schema_version", f"is {plan.schema_version}, this version reads {SCHEMA_VERSION}"))
    if plan.digest != plan.factory.digest():
        faults.append(("digest", "does not fit the factory in the plan: the file was edited"))
    if faults:
        raise InputErrors([Problem(str(path), 0, 0, where, what, "plan it again") for where, what in faults])
    return plan


def _named_folder(document: Document, path: Path) -> Path | None:
    named = document.data.get("catalog") if isinstance(document.data, dict) else None
    return path.parent / named if isinstance(named, str) else None


def _validate(document: Document, catalog: Catalog | None) -> tuple[Factory | None, list[Problem]]:
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else "a single value"
        return None, [document.problem((), f"holds {kind}; a factory is a map of sections", "name: my-factory")]
    data, faults, written = unfold_quantities(document.data)
    problems = [document.problem(where, message, hint) for where, message, hint in faults]
    faulty = {where for where, _, _ in faults}
    try:
        factory = Factory.model_validate(data, context={"ids": catalog.ids()} if catalog else None)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            location: KeyPath = tuple(part for part in fault["loc"] if part != "[key]")
            location = written.get(_words(location), location)
            if location not in faulty:
                problems.append(_problem(document, location, dict(fault), "[key]" in fault["loc"]))
        return None, problems
    return (None, problems) if problems else (factory, [])


def _words(location: KeyPath) -> tuple[str, ...]:
    return tuple(str(part) for part in location)


def _problem(document: Document, location: KeyPath, fault: dict[str, Any], of_key: bool) -> Problem:
    """Say in our own words what pydantic found."""
    kind, context, value = fault["type"], fault.get("ctx", {}), fault["input"]
    shown = _shown(value)
    hint = ""
    if kind == "extra_forbidden":
        of_key = True
        message = "is not a known key"
        hint = did_you_mean(str(location[-1]), allowed_keys(location[:-1]))
    elif kind == "missing":
        message = "is missing"
        field = field_at(location)
        hint = (field.description or "") if field else ""
        if location == ("site",):
            hint = "site: {country: DE}"
        elif location == ("compute",):
            hint = "compute: {nodes: {dgx-h100: 16}}"
    elif kind == "catalog_id":
        message, hint = context["text"], context["hint"]
    elif kind == "literal_error":
        message, hint = f"{shown} is not one of the allowed values", f"allowed: {context['expected']}"
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        message, hint = f"must be a map (key: value), not {shown}", did_you_mean("", allowed_keys(location))
        if location == ("compute", "nodes"):
            hint = "write the counts: {dgx-h100: 16}"
    elif kind in ("int_type", "int_from_float", "int_parsing"):
        message = f"must be a whole number, not {shown}"
    elif kind in ("float_type", "float_parsing"):
        message, hint = f"must be a number, not {shown}", _example(location)
    elif kind == "finite_number":
        message = f"must be a finite number, not {shown}"
    elif kind == "string_type":
        message, hint = (
            f"must be a text, not {shown}",
            f"quote it: '{value}'" if isinstance(value, bool | int | float) else "",
        )
    elif kind == "string_pattern_mismatch":
        message = f"{shown} is not written as wanted"
        hint = str(getattr(field_at(location), "description", "") or f"pattern: {context['pattern']}")
    elif kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        words = {
            "greater_than": "more than",
            "greater_than_equal": "at least",
            "less_than": "less than",
            "less_than_equal": "at most",
        }
        message = f"must be {words[kind]} {figure(bound, 9)}, not {shown}"
        hint = _example(location)
    elif kind == "too_short":
        message, hint = "must not be empty", "write the counts: {dgx-h100: 16}"
    elif kind in ("tuple_type", "list_type"):
        message, hint = f"must be a list, not {shown}", "write it as [NVIDIA, Dell]"
    else:
        message = fault["msg"]
    return document.problem(location, message, hint, of_key)


def _example(location: KeyPath) -> str:
    """Show how a quantity is written."""
    name = str(location[-1]) if location else ""
    suffix = unit_of(name)
    if suffix is None or not UNITS[suffix][1]:
        return ""
    stem = name.removesuffix("_" + suffix)
    return f"in {UNITS[suffix][0]}: is the unit right? A unit may be written out: {stem}: 10 {UNITS[suffix][0]}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = (
        value
        if isinstance(value, str)
        else figure(value, 9)
        if isinstance(value, int | float) and value == value
        else str(value)
    )
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'" if isinstance(value, str) else text
