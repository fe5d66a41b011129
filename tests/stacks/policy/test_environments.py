"""The program's own resources, rendered without an engine for the three environments, pass every policy."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stacks.expansion import Resource as Rendered
from stacks.expansion import Secret
from stacks.policy.__main__ import EACH, STACK
from stacks.policy.pack import Later, Resource, Reviewed, reviewed_as

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")

REPOSITORY = Path(__file__).parents[3]
RESERVATIONS = {"prod": {"gpu": "cr-0123456789abcdef0"}}  # what a person bought


def _mocks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mocks", REPOSITORY / "tests" / "stacks" / "mocks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _seen(rendered: Rendered, made: bool) -> Resource:
    """Turn a rendered resource into one that a policy sees; a stack's resources also have what the cloud added."""

    def shown(value: Any) -> Any:
        if isinstance(value, Secret):
            return shown(value.value)
        if isinstance(value, Mapping):
            return {key: shown(each) for key, each in value.items()}
        if isinstance(value, str):  # placeholders that a policy reads parts of
            value = value.replace("<account>", "111122223333")
            return re.sub(r"<([^<>]+)\.arn>", r"arn:aws:service:us-east-2:111122223333:\1", value)
        return [shown(each) for each in value] if isinstance(value, list) else value

    added = {key: f"<{rendered.label}.{key}>" for key in ("id", "arn", "name", "bucket", "availabilityZone")} if made else {}
    inputs = shown({**added, **rendered.inputs})
    return Resource(rendered.type, rendered.urn, rendered.name, inputs, bool(rendered.options.get("protect")))


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def rendered(request: pytest.FixtureRequest) -> tuple[list[Rendered], Reviewed]:
    from stacks.__main__ import program

    reviewed, reasons = reviewed_as(REPOSITORY, request.param)
    assert reviewed is not None, reasons
    config = {"groundplan:reservationIds": RESERVATIONS.get(request.param, {})}
    return _mocks().record(program, stack=request.param, config=config), reviewed


@pytest.mark.parametrize("policy", EACH)
def test_each_resource_of_an_environment_passes(rendered: tuple[list[Rendered], Reviewed], policy: str) -> None:
    resources, reviewed = rendered
    check = EACH[policy][1]
    assert [message for each in resources for message in check(_seen(each, made=False), reviewed)] == []


@pytest.mark.parametrize("policy", STACK)
def test_an_environment_as_a_whole_passes(rendered: tuple[list[Rendered], Reviewed], policy: str) -> None:
    resources, reviewed = rendered
    messages = STACK[policy][1]([_seen(each, made=True) for each in resources], reviewed)
    assert [message for message in messages if not isinstance(message, Later)] == []
    assert len(resources) > 50
