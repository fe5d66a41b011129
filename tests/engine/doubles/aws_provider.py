"""A provider double for the package aws: the engine believes it creates, reads, updates and deletes AWS resources.

What a run against it proves: the program, the engine's ordering and recovery, and the rules that Check applies. It proves
nothing about a live account: none is used, and nothing of AWS runs here. GROUNDPLAN_DOUBLE names the folder of its account.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import aws_api
import aws_rules
import aws_types
import behaviour
import grpc
from account import Account
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from process import serve
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN

DEFAULTS = "__defaults"  # the real provider lists here which inputs it filled in


def plain(struct: Any) -> Any:
    """Return a protobuf struct as Python values; whole numbers as integers."""
    return _whole(json_format.MessageToDict(struct))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(values), struct_pb2.Struct())


def given(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs without the provider's own notes."""
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def problems(type_token: str, inputs: Mapping[str, Any], data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List what is wrong with inputs, as property path and reason: by AWS's service model, then by its documented rules, then
    beside those resources that they refer to and that exist.
    """
    found = list(aws_api.problems(type_token, inputs) or aws_rules.problems(type_token, inputs))
    if not found:
        for other in behaviour.referred(data, aws_types.TYPES[type_token], inputs):
            found += aws_rules.pair_problems(type_token, inputs, other["type"], given(other["inputs"]))
    return found


def said(found: Sequence[tuple[str, str]]) -> str:
    return "; ".join(f"InvalidParameter: {path} {reason}" for path, reason in found)


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, account: Account) -> None:
        self.account = account
        self.region = ""

    # What the engine asks before it begins

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi_aws"))

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": version("pulumi_aws")}))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        failures = []
        if not plain(request.news).get("region"):
            failures.append(provider_pb2.CheckFailure(property="region", reason="is missing: pulumi config set aws:region"))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        same = plain(request.old_inputs) == plain(request.news)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        )

    def Configure(self, request: Any, context: Any) -> Any:
        self.region = plain(request.args)["region"]
        # Without acceptSecrets the engine sends secrets as plain values and marks them again in what comes back.
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()  # as the real one: a call in flight is finished

    def Invoke(self, request: Any, context: Any) -> Any:
        here = behaviour.Here(self.region)
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": here.account,
                "arn": f"arn:{here.partition}:iam::{here.account}:user/double",
                "id": here.account,
                "userId": "AIDADOUBLE",
            },
            "aws:index/getPartition:getPartition": {
                "id": here.partition,
                "partition": here.partition,
                "dnsSuffix": "amazonaws.com",
                "reverseDnsPrefix": "com.amazonaws",
            },
            "aws:index/getRegion:getRegion": {
                "id": here.region,
                "name": here.region,
                "region": here.region,
                "description": here.region,
                "endpoint": f"ec2.{here.region}.amazonaws.com",
            },
        }
        if request.tok not in answers:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the double does not play {request.tok}")
        return provider_pb2.InvokeResponse(**{"return": struct(answers[request.tok])})

    # The life of a resource

    def Check(self, request: Any, context: Any) -> Any:
        inputs, old = given(plain(request.news)), plain(request.olds)
        kind = aws_types.TYPES.get(request.type)
        if kind is None:
            failure = provider_pb2.CheckFailure(
                property="", reason=f"the double does not play {request.type}: add it to aws_types.TYPES"
            )
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        filled = []
        name = kind.auto_name
        if name and name not in inputs and f"{name}Prefix" not in inputs:
            # As the real provider: the logical name and seven random digits, kept from then on.
            suffix = request.randomSeed.hex()[:7] or "0000000"
            inputs[name] = old[name] if name in old.get(DEFAULTS, []) else f"{request.name}-{suffix}"
            filled.append(name)
        found = problems(request.type, inputs, self.account.read())
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in found]
        return provider_pb2.CheckResponse(inputs=struct({**inputs, DEFAULTS: filled}), failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        old_all, new_all = plain(request.old_inputs), plain(request.news)
        kind, old, new = aws_types.TYPES[request.type], given(old_all), given(new_all)
        detailed, replaces = {}, []
        for path, kinds in behaviour.changes(old, new).items():
            replace = kind.replaced_by(path, old, new)
            detailed[path] = provider_pb2.PropertyDiff(kind=behaviour.DIFF_KINDS[kinds, replace], inputDiff=True)
            if replace:
                replaces.append(path)
        # As the real provider: a name that a person gave cannot be had twice, so the old one goes first.
        named = kind.auto_name in new and kind.auto_name not in new_all.get(DEFAULTS, [])
        response = provider_pb2.DiffResponse
        return response(
            changes=response.DIFF_SOME if detailed else response.DIFF_NONE,
            replaces=replaces,
            diffs=sorted({path.split(".")[0].split("[")[0] for path in detailed}),
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces and named),
        )

    def Create(self, request: Any, context: Any) -> Any:
        inputs, kind = plain(request.properties), aws_types.TYPES[request.type]
        if request.preview:
            return provider_pb2.CreateResponse(properties=struct(kind.preview(given(inputs))))
        fault = self.strike("create", request, context)
        with self.account.open() as data:
            wrong = problems(request.type, given(inputs), data)
            entry, refusal = (
                (None, said(wrong))
                if wrong
                else behaviour.create(data, kind, request.type, request.urn, given(inputs), behaviour.Here(self.region))
            )
            if entry is not None:
                entry["inputs"] = inputs  # with the provider's notes, as Read gives them back
        if entry is None:
            self.fail("create", request, "", refusal, context)
        self.after(fault, "create", request, entry["id"])
        if fault and fault["effect"] == "half":
            reason = fault.get("message", "it was made, and did not become ready (a fault of the test)")
            self.account.note("create", request.type, request.urn, entry["id"], "half", reason)
            self.half(entry, reason, context)
        self.account.note("create", request.type, request.urn, entry["id"], "ok")
        return provider_pb2.CreateResponse(id=entry["id"], properties=struct(entry["outputs"]))

    def Read(self, request: Any, context: Any) -> Any:
        self.strike("read", request, context)
        entry = self.account.read()["resources"].get(behaviour.key(request.type, request.id))
        if entry is None:
            return provider_pb2.ReadResponse()  # no id: it is gone
        return provider_pb2.ReadResponse(id=request.id, inputs=struct(entry["inputs"]), properties=struct(entry["outputs"]))

    def Update(self, request: Any, context: Any) -> Any:
        kind, news = aws_types.TYPES[request.type], plain(request.news)
        if request.preview:
            outputs = kind.updated(given(plain(request.old_inputs)), plain(request.olds), given(news), UNKNOWN)
            return provider_pb2.UpdateResponse(properties=struct(outputs))
        fault = self.strike("update", request, context)
        with self.account.open() as data:
            entry = data["resources"].get(behaviour.key(request.type, request.id))
            missing = f"NotFound: {request.id} does not exist" if entry is None else ""
            refusal = (
                missing
                or behaviour.unknown_reference(data, kind, given(news))
                or said(problems(request.type, given(news), data))
            )
            if entry is not None and not refusal:
                entry["outputs"] = kind.updated(given(entry["inputs"]), entry["outputs"], given(news), None)
                entry["inputs"] = news
        if entry is None or refusal:
            self.fail("update", request, request.id, refusal, context)
        self.after(fault, "update", request, request.id)
        self.account.note("update", request.type, request.urn, request.id, "ok")
        return provider_pb2.UpdateResponse(properties=struct(entry["outputs"]))

    def Delete(self, request: Any, context: Any) -> Any:
        fault = self.strike("delete", request, context)
        with self.account.open() as data:
            refusal = behaviour.delete(data, aws_types.TYPES, request.type, request.id)
        if refusal:
            self.fail("delete", request, request.id, refusal, context)
        self.after(fault, "delete", request, request.id)
        self.account.note("delete", request.type, request.urn, request.id, "ok")
        return empty_pb2.Empty()

    # Failures

    def strike(self, call: str, request: Any, context: Any) -> Mapping[str, Any] | None:
        """Find the fault of a call; fail or wait here, where nothing has happened yet."""
        fault = self.account.fault(call, request.type, request.urn)
        if fault is None:
            return None
        if fault["effect"] == "fail":
            self.fail(
                call, request, getattr(request, "id", ""), fault.get("message", "InternalError: a fault of the test"), context
            )
        if fault["effect"] == "slow" and fault.get("when", "before") == "before":
            self.account.note(call, request.type, request.urn, getattr(request, "id", ""), "slow")
            time.sleep(fault["seconds"])
        return fault

    def after(self, fault: Mapping[str, Any] | None, call: str, request: Any, id_: str) -> None:
        """Wait, where a fault says so, when it has happened and the engine does not know yet."""
        if fault and fault["effect"] == "slow" and fault.get("when", "before") == "after":
            self.account.note(call, request.type, request.urn, id_, "slow")
            time.sleep(fault["seconds"])

    def fail(self, call: str, request: Any, id_: str, reason: str, context: Any) -> NoReturn:
        self.account.note(call, request.type, request.urn, id_, "failed", reason)
        context.abort(grpc.StatusCode.UNKNOWN, reason)
        raise AssertionError(reason)  # not reached: abort raises

    def half(self, entry: Mapping[str, Any], reason: str, context: Any) -> NoReturn:
        """Tell the engine that a resource exists and is not well: it keeps it, and tries to mend it the next time."""
        detail = provider_pb2.ErrorResourceInitFailed(
            id=entry["id"], properties=struct(entry["outputs"]), inputs=struct(entry["inputs"]), reasons=[reason]
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, reason)
        raise AssertionError(reason)  # not reached: abort raises


if __name__ == "__main__":
    folder = os.environ.get("GROUNDPLAN_DOUBLE")
    if not folder:
        sys.exit("the provider double needs GROUNDPLAN_DOUBLE: the folder of its account")
    provider = Provider(Account(Path(folder)))
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))
