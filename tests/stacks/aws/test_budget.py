from __future__ import annotations

import pulumi
import pytest
from mocks import ENVIRONMENTS, only, plan_of, record, renamed, settings_of

from stacks.aws.budget import Budget
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource, Secret


def made(stack: str = "dev", email: str | None = None, budget_usd: float | None = None) -> Resource:
    def program() -> None:
        secret = None if email is None else pulumi.Output.secret(email)
        cloud = {} if budget_usd is None else {"budget_monthly_usd": budget_usd}
        Budget("budget", settings_of(stack, cloud=cloud, budget_email=secret))

    return only(record(program, stack=stack), "Budget", "monthly")


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_it_watches_what_the_factory_costs_a_month(stack: str) -> None:
    plan = plan_of(stack)
    assert plan.cloud is not None
    inputs = made(stack).inputs
    assert float(inputs["limitAmount"]) == plan.cloud.budget_monthly_usd
    assert (inputs["budgetType"], inputs["timeUnit"], inputs["limitUnit"]) == ("COST", "MONTHLY", "USD")
    assert inputs["name"] == f"{plan.name}-monthly"
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": [f"user:factory${plan.name}"]}]


def test_the_label_it_watches_is_the_one_that_everything_has() -> None:
    (watched,) = made().inputs["costFilters"][0]["values"]
    key, _, value = watched.removeprefix("user:").partition("$")
    assert settings_of("dev").tags("any")[key] == value


def test_money_is_written_in_cents() -> None:
    assert made(budget_usd=1234.5678).inputs["limitAmount"] == "1234.57"


def test_a_person_is_told_and_the_address_stays_secret() -> None:
    alarms = made(email="somebody@example.org").inputs["notifications"]
    told = [(each["threshold"], each["notificationType"], each["comparisonOperator"], each["thresholdType"]) for each in alarms]
    assert told == [(80, "ACTUAL", "GREATER_THAN", "PERCENTAGE"), (100, "FORECASTED", "GREATER_THAN", "PERCENTAGE")]
    for each in alarms:
        (address,) = each["subscriberEmailAddresses"]
        assert address == Secret("somebody@example.org")
        assert "somebody" not in repr(each)


def test_a_name_that_is_too_long_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="budget"):
        record(lambda: Budget("budget", renamed(settings_of("dev"), "x" * 100)))


def test_without_a_person_there_is_no_alarm_because_the_service_refuses_one() -> None:
    assert "notifications" not in made().inputs or made().inputs["notifications"] == []
