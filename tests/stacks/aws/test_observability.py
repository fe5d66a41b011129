from __future__ import annotations

import pulumi
import pytest
from mocks import of_kind, only, record, renamed, run, settings_of, standing

from stacks.aws.observability import Observability
from stacks.aws.rules import InvalidInput


def component(name: str = "groundplan-dev") -> Observability:
    settings = renamed(settings_of("dev", cloud={"logs_kept_days": 90}), name)
    keys = standing(data_arn="arn:data", logs_arn="arn:logs")
    return Observability("observability", settings, keys, standing(cluster_name="the-cluster"))


def test_measurements_are_encrypted_and_their_queries_logged() -> None:
    workspace = only(record(component), "Workspace").inputs
    assert (workspace["alias"], workspace["kmsKeyArn"]) == ("groundplan-dev", "arn:data")
    # The service refuses the group's ARN without the streams.
    assert workspace["loggingConfiguration"] == {"logGroupArn": "<observability/prometheus-log-group.arn>:*"}
    assert workspace["tags"]["component"] == "observability"


def test_every_log_is_encrypted_and_kept_as_long_as_planned() -> None:
    groups = of_kind(record(component), "LogGroup")
    assert {each.inputs["name"] for each in groups} == {
        "/aws/containerinsights/the-cluster/application",
        "/aws/containerinsights/the-cluster/dataplane",
        "/aws/containerinsights/the-cluster/host",
        "/aws/containerinsights/the-cluster/performance",
        "/aws/vendedlogs/prometheus/groundplan-dev",
    }
    assert {(each.inputs["kmsKeyId"], each.inputs["retentionInDays"]) for each in groups} == {("arn:logs", 90)}


def test_a_name_that_is_too_long_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="log group"):
        record(lambda: component("x" * 500))


def test_it_tells_where_measurements_are_sent() -> None:
    outputs = run(lambda: pulumi.export("to", component().prometheus_endpoint)).outputs
    assert outputs == {"to": "<observability/workspace.prometheusEndpoint>"}
