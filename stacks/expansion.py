"""What a Pulumi program would ask its engine for, found out without an engine, a cloud or an account."""

from __future__ import annotations

import asyncio
import contextvars
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]  # ships no types
from pulumi.runtime import rpc, set_all_config
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack

__all__ = ["UNKNOWN", "Expansion", "Resource", "Secret", "expand"]

UNKNOWN = rpc.UNKNOWN  # stands for a value that is known only when what gives it has been made

_STACK = "pulumi:pulumi:Stack"

# What AWS adds to a resource beyond id, ARN and name, where the stacks read it: * becomes a placeholder.
_COMPUTED: dict[str, dict[str, Any]] = {
    "aws:amp/workspace:Workspace": {"prometheusEndpoint": "*"},
    "aws:ec2/eip:Eip": {"allocationId": "*", "publicIp": "*"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1, "defaultVersion": 1},
    "aws:ec2/natGateway:NatGateway": {"publicIp": "*"},
    "aws:ec2/placementGroup:PlacementGroup": {"placementGroupId": "*"},
    "aws:ec2/subnet:Subnet": {"availabilityZone": "*"},
    "aws:ec2/vpc:Vpc": {"defaultSecurityGroupId": "*", "defaultRouteTableId": "*", "mainRouteTableId": "*"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"prefixListId": "*"},
    "aws:efs/fileSystem:FileSystem": {"dnsName": "*"},
    "aws:eks/addon:Addon": {"addonVersion": "*"},
    "aws:eks/cluster:Cluster": {
        "endpoint": "*",
        "certificateAuthority": {"data": "*"},
        "identities": [{"oidcs": [{"issuer": "*"}]}],
        "platformVersion": "*",
        "vpcConfig": {"clusterSecurityGroupId": "*", "vpcId": "*"},
    },
    "aws:eks/nodeGroup:NodeGroup": {"nodeGroupName": "*", "resources": [{"autoscalingGroups": [{"name": "*"}]}]},
    "aws:fsx/lustreFileSystem:LustreFileSystem": {"dnsName": "*", "mountName": "*", "vpcId": "*"},
    "aws:iam/role:Role": {"uniqueId": "*"},
    "aws:kms/key:Key": {"keyId": "*"},
    "aws:s3/bucket:Bucket": {"bucket": "*", "bucketDomainName": "*", "bucketRegionalDomainName": "*"},
}
_ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": "<account>",
        "arn": "<caller.arn>",
        "id": "<account>",
        "userId": "<caller.id>",
    },
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"},
}


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi keeps secret."""

    value: Any

    def __repr__(self) -> str:
        """Hide it, also in a failing test."""
        return "[secret]"


@dataclass(frozen=True)
class Resource:
    """A resource as a program asks for it.

    `parent` is the logical name of the component that it belongs to, `component` that of the outermost one, which is the
    component's own name if it is one; both are empty for what belongs to the stack itself. Inputs have the provider's names,
    options those of `pulumi.ResourceOptions`; only options that are set are there, and `depends_on` does not repeat what an
    input depends on.
    """

    type: str
    name: str
    parent: str
    component: str
    custom: bool
    inputs: dict[str, Any]
    options: dict[str, Any]
    urn: str

    @property
    def kind(self) -> str:
        """Name the type in short: `LaunchTemplate`."""
        return self.type.rpartition(":")[2]

    @property
    def label(self) -> str:
        """Name the resource for people, within its component, with what it is: `network/gpu-subnet`."""
        if self.name == self.component:
            return self.name
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", self.kind).lower()
        name = self.name.removeprefix(f"{self.component}-")
        named = name if f"-{name}".endswith(f"-{kind}") or f"-{kind}".endswith(f"-{name}") else f"{name}-{kind}"
        return f"{self.component}/{named}" if self.component else named


@dataclass(frozen=True)
class Expansion:
    """Every resource of a program in the order of registration, the stack's outputs, and what was written to the log."""

    resources: tuple[Resource, ...]
    outputs: dict[str, Any]
    log: tuple[str, ...]


class _NoMocks(Mocks):
    """The base of Pulumi's monitor asks for mocks; ours answers itself."""

    def call(self, args: Any) -> Any:
        raise NotImplementedError(args.token)

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError(args.typ)


class _Engine:
    """Takes the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: Any) -> empty_pb2.Empty:  # noqa: N802 - named by the engine's protocol
        if request.severity != engine_pb2.DEBUG:
            self.messages.append(request.message)
        return empty_pb2.Empty()


class _Monitor(MockMonitor):
    """Takes the place of the engine's resource monitor: writes down what is asked for and makes up what a cloud would answer.

    Reads requests themselves, because only they tell options, secrets and unknown values apart.
    """

    def __init__(self, project: str, stack: str, known: bool) -> None:
        super().__init__(_NoMocks())
        self.project, self.stack, self.known = project, stack, known
        self.found: dict[str, Resource] = {}
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        chain = "" if _STACK in request.parent or not request.parent else request.parent.split("::")[2] + "$"
        urn = f"urn:pulumi:{self.stack}::{self.project}::{chain}{request.type}::{request.name}"
        if request.type == _STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.found:
            # The engine refuses this too.
            raise ValueError(f"two resources have the URN {urn}")
        above = self.found.get(request.parent)
        resource = Resource(
            type=request.type,
            name=request.name,
            parent=above.name if above else "",
            component=above.component if above else "" if request.custom else request.name,
            custom=request.custom,
            inputs=_plain(json_format.MessageToDict(request.object)),
            options=self._options(request),
            urn=urn,
        )
        self.found[urn] = resource
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=state)
        _add(state, self._computed(resource))
        number = f"<{resource.label}.id>" if self.known else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=number, object=state)

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        if f"::{_STACK}::" in request.urn:
            self.outputs = _plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        raise NotImplementedError(f"a stack makes what it uses, and reads no other resource: {request.type} {request.name}")

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        if request.tok not in _ANSWERS:
            raise NotImplementedError(f"a stack knows everything from its plan, and does not ask the cloud: {request.tok}")
        answer = struct_pb2.Struct()
        _add(answer, _ANSWERS[request.tok])
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def _computed(self, resource: Resource) -> dict[str, Any]:
        """Make up what the cloud adds to a resource; a preview does not know it yet, but knows that it will come."""

        def filled(value: Any, path: str) -> Any:
            if isinstance(value, dict):
                return {key: filled(each, f"{path}.{key}") for key, each in value.items()}
            if isinstance(value, list):
                return [filled(each, path) for each in value]
            if not self.known:
                return UNKNOWN
            return f"<{path}>" if value == "*" else value

        template = {"arn": "*", "name": "*", **_COMPUTED.get(resource.type, {})}
        return {
            key: filled(value, f"{resource.label}.{key}")
            for key, value in template.items()
            if isinstance(value, dict) or key not in resource.inputs
        }

    def _options(self, request: Any) -> dict[str, Any]:
        """Read the options that are set."""
        by_input = {urn for each in request.propertyDependencies.values() for urn in each.urns}
        depends_on = {self.found[urn].label for urn in set(request.dependencies) - by_input if urn in self.found}
        deleted_with = self.found.get(request.deletedWith)
        timeouts = json_format.MessageToDict(request.customTimeouts)
        options = {
            "protect": request.protect,
            "retain_on_delete": request.retainOnDelete,
            "delete_before_replace": request.deleteBeforeReplace,
            "ignore_changes": list(request.ignoreChanges),
            "replace_on_changes": list(request.replaceOnChanges),
            "depends_on": sorted(depends_on),
            "deleted_with": deleted_with.label if deleted_with else "",
            "custom_timeouts": timeouts,
        }
        return {name: value for name, value in options.items() if value}


def expand(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    root: Path,
    config: Mapping[str, str],
    secret_keys: Sequence[str] = (),
    known: bool = True,
) -> Expansion:
    """Run a Pulumi program without an engine and list what it asks for.

    Parameters
    ----------
    program : callable
        Registers resources and exports outputs.
    project, stack : str
        What the program is told it runs as.
    root : Path
        The project's folder.
    config : mapping
        Key with its namespace -> text, as the engine hands it over: lists and maps as JSON.
    secret_keys : sequence of str
        Keys whose values are secret.
    known : bool
        True for a stack that has been made, where ids and the like are placeholders such as ``<network/vpc.id>``. False for
        the first preview, where they are unknown.

    Returns
    -------
    Expansion
        The same for the same program and configuration.

    Raises
    ------
    Exception
        Whatever the program raises.

    Notes
    -----
    Pulumi's settings live in context variables: an empty context of its own keeps runs apart. One thread answers the program's
    requests, in their order.
    """
    monitor, engine = _Monitor(project, stack, known), _Engine()

    async def main() -> None:
        set_all_config(dict(config), list(secret_keys))
        configure(Settings(project, stack, monitor=monitor, engine=engine, dry_run=not known, root_directory=str(root)))
        await run_in_stack(program)

    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
        # The first error is raised; its echoes in Pulumi's futures, which nobody reads, need not be told.
        runner.get_loop().set_exception_handler(lambda *_: None)
        runner.run(main(), context=contextvars.Context())
    return Expansion(tuple(monitor.found.values()), monitor.outputs, tuple(engine.messages))


def _plain(value: Any) -> Any:
    """Mark secrets in what was decoded from the engine's protocol, where every number is a float."""
    if isinstance(value, dict):
        if rpc.is_rpc_secret(value):
            return Secret(_plain(rpc.unwrap_rpc_secret(value)))
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _add(state: struct_pb2.Struct, values: Mapping[str, Any]) -> None:
    """Add values to a state, maps to the maps that are there."""
    for key, value in values.items():
        if isinstance(value, dict) and state.fields[key].HasField("struct_value"):
            _add(state.fields[key].struct_value, value)
        else:
            state.update({key: value})
