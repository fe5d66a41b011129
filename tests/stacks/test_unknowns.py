"""No text that a resource is made from holds what Python writes for a value that is not there, before or after it is known."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from mocks import EMAIL, ENVIRONMENTS, run, stack_of

from stacks.expansion import UNKNOWN, Expansion, Secret

# Why a text is wrong, and how it is recognised.
WRONG = {
    "None": re.compile(r"\bNone\b"),
    "an output as text": re.compile(r"Calling __str__ on an Output|Output<|<pulumi\.output"),
    "a template not filled": re.compile(r"\$\{"),
    "an unknown inside a text": re.compile(f"(?s)(?!{UNKNOWN}$).*{UNKNOWN}"),
}
A_NAME = re.compile(r"(name|nameprefix|bucketprefix|id|arn|bucket|alias)$", re.IGNORECASE)

Found = tuple[str, str, str]


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every single value with its path, also keys, secrets, and what is inside JSON texts and user data."""
    if isinstance(value, Secret):
        yield from walk(value.value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.(key)", key
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
    else:
        yield path, value
        if isinstance(value, str) and path.endswith("userData"):
            with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                yield f"{path}.(decoded)", base64.b64decode(value, validate=True).decode()
        elif isinstance(value, str) and value.startswith(("{", "[")):
            try:
                yield from walk(json.loads(value), f"{path}.(json)")
            except json.JSONDecodeError:
                yield f"{path}.(json)", None


def wrong(expansion: Expansion) -> set[Found]:
    """Return everything wrong as resource or output, path and reason."""
    found: set[Found] = set()
    wholes = [(each.label, each.inputs | {"logicalName": each.name}) for each in expansion.resources]
    for label, whole in [*wholes, ("(output)", expansion.outputs)]:
        for path, value in walk(whole, ""):
            if value is None and ".(json)" in path:
                found.add((label, path, "null or broken JSON"))
            if not isinstance(value, str):
                continue
            found |= {(label, path, reason) for reason, pattern in WRONG.items() if pattern.search(value)}
            if not value.strip() and A_NAME.search(path):
                found.add((label, path, "an empty name"))
    return found


@pytest.mark.parametrize("known", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_text_of_every_resource_is_whole(environment: str, known: bool) -> None:
    expansion = stack_of(environment, known)
    assert len(expansion.resources) > 50
    assert wrong(expansion) == set()
    assert expansion.log == ()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_depends_on_others_is_really_unknown_before_and_known_after(environment: str) -> None:
    before, after = (
        [value for each in stack_of(environment, known).resources for _, value in walk(each.inputs, "")]
        for known in (False, True)
    )
    assert before.count(UNKNOWN) > 50
    assert UNKNOWN not in after


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_placeholders_tell_resources_apart(environment: str) -> None:
    """Two resources with one label would hide that one is taken for the other."""
    labels = [each.label for each in stack_of(environment, True).resources]
    assert sorted(set(labels)) == sorted(labels)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_both_runs_ask_for_the_same_resources(environment: str) -> None:
    """What a first preview shows is what an update makes: no resource hangs on a value that is known later."""
    before, after = ({each.urn for each in stack_of(environment, known).resources} for known in (False, True))
    assert before == after


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_secret_wherever_they_go(environment: str) -> None:
    def open_texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from open_texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from open_texts(inner)
        elif isinstance(value, str):
            yield value

    expansion = stack_of(environment, True)
    everything = [each.inputs for each in expansion.resources] + [expansion.outputs]
    assert not [text for whole in everything for text in open_texts(whole) if EMAIL in text]
    hidden = [value for whole in everything for _, value in walk(whole, "") if isinstance(value, str) and EMAIL in value]
    assert hidden, "the address is used"


def planted() -> None:
    """Make every mistake once; what is missing from a made-up answer is None, as an input never given is in life."""
    vpc = aws.ec2.Vpc("vpc")
    missing = vpc.owner_id

    def tagged(name: str, value: Any) -> None:
        aws.ec2.Eip(name, tags={"What": value})

    tagged("none", missing.apply(lambda value: f"owner-{value}"))
    tagged("text", f"vpc-{vpc.id}")
    tagged("repr", f"vpc-{vpc.id!r}")
    tagged("node", "Output<T>")
    tagged("template", "name-${stack}")
    tagged("sentinel", f"vpc-{UNKNOWN}")
    tagged("secret", pulumi.Output.secret("None"))
    tagged("unknown", vpc.id.apply(lambda value: f"vpc-{value}", run_with_unknowns=True))
    tagged("fine", "Nonetheless, no mistake: $HOME {x}")
    aws.ec2.Eip("key", tags={"None": "x"})
    aws.iam.Role("empty", assume_role_policy="{}", name_prefix="")
    aws.iam.Role("null", assume_role_policy=pulumi.Output.json_dumps({"a": [{"b": missing}]}))
    aws.iam.Role("broken", assume_role_policy="{nothing")
    aws.ec2.LaunchTemplate("data", user_data=base64.b64encode(b"cluster: None\n").decode())
    aws.ec2.LaunchTemplate("list", vpc_security_group_ids=["sg-1", missing.apply(lambda value: f"{value}")])
    pulumi.export("exported", missing.apply(lambda value: f"{value}"))


ALWAYS = {
    ("text-eip", ".tags.What", "an output as text"),
    ("repr-eip", ".tags.What", "an output as text"),
    ("node-eip", ".tags.What", "an output as text"),
    ("template-eip", ".tags.What", "a template not filled"),
    ("sentinel-eip", ".tags.What", "an unknown inside a text"),
    ("secret-eip", ".tags.What", "None"),
    ("key-eip", ".tags.(key)", "None"),
    ("empty-role", ".namePrefix", "an empty name"),
    ("broken-role", ".assumeRolePolicy.(json)", "null or broken JSON"),
    ("data-launch-template", ".userData.(decoded)", "None"),
}
ONLY_AFTER = {
    ("none-eip", ".tags.What", "None"),
    ("null-role", ".assumeRolePolicy.(json).a.b", "null or broken JSON"),
    ("list-launch-template", ".vpcSecurityGroupIds", "None"),
    ("(output)", ".exported", "None"),
}
ONLY_BEFORE = {("unknown-eip", ".tags.What", "an output as text")}


def test_the_walk_finds_every_planted_mistake_and_nothing_else() -> None:
    after, before = run(planted), run(planted, known=False)
    assert wrong(after) == ALWAYS | ONLY_AFTER
    assert wrong(before) == ALWAYS | ONLY_BEFORE
    assert any("Calling __str__" in message for message in after.log)
