"""What a receipt shows besides the entry: the rows of ours that it belongs to, and when we heard of it."""

from typing import Any

from brokerapp.activities.models import Activity
from brokerapp.activities.words import Entry
from brokerapp.ui.timeline import LogLine
from funding.models import Transfer
from trading.models import Order

READ = "Read from the broker’s list of activities"


def proof_of(entry: Entry) -> dict[str, Any]:
    """The entry's order, transfer and siblings, and its log. At most three queries."""
    activity = entry.activity
    siblings = Activity.objects.filter(account_id=activity.account_id, group_id=activity.group_id)
    return {
        "order": _order_of(activity),
        "transfer": _transfer_of(activity),
        "siblings": [Entry(each) for each in siblings.exclude(pk=activity.pk).newest_first()]
        if activity.group_id
        else [],
        "log": log_of(activity),
    }


def _order_of(activity: Activity) -> Order | None:
    if activity.broker_order_id is None:
        return None
    found = Order.objects.filter(account_id=activity.account_id, broker_order_id=activity.broker_order_id)
    return found.first()


def _transfer_of(activity: Activity) -> Transfer | None:
    if activity.broker_transfer_id is None:
        return None
    named = Transfer.objects.filter(broker_transfer_id=activity.broker_transfer_id)
    return named.filter(account_id=activity.account_id).first()


def log_of(activity: Activity) -> list[LogLine]:
    """When it entered the broker's books, and what we read of it when, oldest first."""
    lines = [
        LogLine("In the broker’s books" if not activity.is_fill else "Executed", activity.at),
        LogLine(
            "Read from the broker’s list of activities", activity.received_at, request_id=activity.request_id
        ),
    ]
    if activity.revised_at:
        reason = "The figures shown are the new ones."
        lines.append(LogLine("Changed by the broker", activity.revised_at, reason=reason))
    if activity.followed_at and activity.followed_at > activity.received_at:
        lines.append(LogLine("Cash and holdings asked for again", activity.followed_at))
    return sorted(lines, key=lambda line: line.at)
