"""An alarm before the month's bill surprises anybody."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Budget"]

# What is reached, in percent of the budget, and how it is reckoned.
_ALARMS = ((80, "ACTUAL"), (100, "FORECASTED"))


class Budget(pulumi.ComponentResource):
    """Watch what everything labelled with the factory's name costs a month.

    It tells a person where the configuration names one; it stops nothing. The label `factory` counts only once the account's
    owner has activated it for cost allocation.
    """

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        called = f"{settings.plan.name}-monthly"
        require(name_problems("budget", called))
        super().__init__("groundplan:aws:Budget", name, None, opts)
        email = settings.budget_email
        # An alarm without anybody to tell is refused.
        alarms = [] if email is None else [_alarm(percent, kind, email) for percent, kind in _ALARMS]
        aws.budgets.Budget(
            f"{name}-monthly",
            name=called,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_unit="USD",
            limit_amount=f"{settings.cloud.budget_monthly_usd:.2f}",
            cost_filters=[aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:factory${settings.plan.name}"])],
            notifications=alarms,
            tags=settings.tags(name, Name=called),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _alarm(percent: int, kind: str, email: pulumi.Output[str]) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        comparison_operator="GREATER_THAN",
        threshold=percent,
        threshold_type="PERCENTAGE",
        notification_type=kind,
        subscriber_email_addresses=[email],
    )
