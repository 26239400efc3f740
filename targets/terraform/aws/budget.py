"""What an environment may cost, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator

from mlopsc.compiler.schema.values import Rate
from mlopsc.targets.terraform.aws.monthly import monthly
from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.documents import owner_tags
from mlopsc.targets.terraform.expressions import Value
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.resources import Resource

_WARNINGS = (("FORECASTED", 80), ("ACTUAL", 80), ("ACTUAL", 100))


def budget(place: Place) -> Iterator[Resource]:
    """The budget that the spec gives the environment, which mails the owner of the pipeline."""
    written = place.build.pipeline.environment.settings.get("budget")
    if written is None:
        return
    amount = monthly(Rate.parse(str(written)))
    owner = str(place.build.pipeline.settings["owner"])
    assert amount is not None, "a check refuses any other"
    reason = place.written.because(f"Mails {owner} when the money is nearly spent", "budget")
    tags = owner_tags(place.written.pipeline, place.written.environment)
    # One filter: the provider reads back one for each name, and two would be a change in every plan.
    counted: list[Value] = [f"user:{key}${value}" for key, value in sorted(tags.items())]
    notifications: list[Value] = [
        {
            "notification_type": kind,
            "comparison_operator": "GREATER_THAN",
            "threshold": threshold,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": [owner],
        }
        for kind, threshold in _WARNINGS
    ]
    body: dict[str, Value] = {
        "name": name("aws_budgets_budget", place.written.pipeline, place.written.environment),
        "budget_type": "COST",
        "limit_amount": f"{amount.amount:g}",
        "limit_unit": amount.currency,
        "time_unit": "MONTHLY",
        "cost_filter": [{"name": "TagKeyValue", "values": counted}],
        "notification": notifications,
        "tags": place.tags(reason),
    }
    yield Resource("aws_budgets_budget", "cost", body, reason)
