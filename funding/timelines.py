"""Where a transfer stands, in words and dates for the person who asked for it. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.timeline import LogLine, TimelineStep
from brokerapp.units.market_time import day_in_new_york, day_text
from brokerapp.units.money import usd
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from funding import ach_returns, bank_days
from funding.models import BankLink, Transfer
from funding.statuses import FAILED_TRANSFER, BankLinkStatus, RailName, TransferStatus

TRANSFER_TONES = {
    TransferStatus.COMPLETE: "success",
    TransferStatus.UNKNOWN: "warn",
    TransferStatus.NOT_MADE: "neutral",
    TransferStatus.CANCELED: "neutral",
    TransferStatus.REJECTED: "error",
    TransferStatus.RETURNED: "error",
    TransferStatus.EXPIRED: "error",
}
BANK_TONES = {
    BankLinkStatus.APPROVED: "success",
    BankLinkStatus.UNKNOWN: "warn",
    BankLinkStatus.REJECTED: "error",
    BankLinkStatus.CANCELED: "neutral",
}


def transfer_tone(transfer: Transfer) -> str:
    """The tone of the status tag."""
    if transfer.is_taken_back:
        return "error"
    return TRANSFER_TONES.get(TransferStatus(transfer.status), "info")


def bank_tone(link: BankLink) -> str:
    """The tone of the status tag."""
    return BANK_TONES.get(BankLinkStatus(link.status), "info")


def promise(transfer: Transfer, now: datetime) -> str:
    """By when the money should be there, and that it is late once it is."""
    by = day_text(transfer.expected_on)
    if bank_days.is_late(transfer.expected_on, now):
        return (
            f"Expected by {by} and not confirmed yet, so it is late. Nothing is lost: "
            "the banks have not told us the outcome. If it worries you, quote the reference to support."
        )
    return f"Expected by {by}. Banks do not move money on weekends and bank holidays."


def transfer_steps(transfer: Transfer, changes: Iterable[StatusChange], now: datetime) -> list[TimelineStep]:
    """Requested, with the broker, with the banks, there; ended early where it failed.

    What was there and is taken back keeps its steps and gets one more.
    """
    reached = {change.to_status: change.at for change in changes}
    steps = [TimelineStep("Requested", "done", transfer.created_at)]
    if transfer.broker_transfer_id is None:
        return [*steps, *_before_broker(transfer)]
    steps.append(TimelineStep("Accepted by the broker", "done", transfer.accepted_at))
    if transfer.completed_at is None and transfer.status in FAILED_TRANSFER:
        return [*steps, _failure(transfer)]
    between = "On its way between the banks" if transfer.rail == RailName.ACH else "Being booked"
    last = "Ready to invest" if transfer.is_deposit else "Paid out to your bank"
    if transfer.completed_at is None:
        on_the_way = TimelineStep(between, "current", None, promise(transfer, now))
        return [*steps, on_the_way, TimelineStep(last, "upcoming")]
    cleared = reached.get(TransferStatus.SENT_TO_CLEARING)
    steps += [
        TimelineStep(between, "done", cleared),
        TimelineStep(last, "done", transfer.completed_at),
    ]
    return [*steps, _failure(transfer)] if transfer.is_taken_back else steps


def event_log(row: Transfer | BankLink, changes: Iterable[StatusChange]) -> list[LogLine]:
    """Everything that happened to a row, oldest first."""
    labels = dict(BankLinkStatus.choices if isinstance(row, BankLink) else TransferStatus.choices)
    return [_log_line(change, labels) for change in changes]


def _log_line(change: StatusChange, labels: dict[str, str]) -> LogLine:
    by_staff = change.actor == ActorKind.STAFF
    if not change.from_status:
        return LogLine("Given by us" if by_staff else "Asked for by you", change.at)
    if change.from_status == change.to_status:
        return LogLine("Our staff are looking into it", change.at, reason=change.reason)
    title = str(labels.get(change.to_status, "Changed"))
    who = " (our staff)" if by_staff else ""
    return LogLine(f"{title}{who}", change.at, _sentence(change.reason), change.request_id)


def _sentence(text: str) -> str:
    """A reason on a line of its own: the banks' return codes in words, and a capital letter."""
    told = ach_returns.in_words(text)
    return told[:1].upper() + told[1:]


def _before_broker(transfer: Transfer) -> list[TimelineStep]:
    if transfer.status in (TransferStatus.REJECTED, TransferStatus.NOT_MADE):
        return [_failure(transfer)]
    if transfer.is_undecided:
        return [TimelineStep("Our staff are looking into it", "current", None, transfer.status_reason)]
    text = transfer.status_reason or "We are sending it to the broker."
    return [
        TimelineStep("Sending to the broker", "current", None, text),
        TimelineStep("On its way between the banks", "upcoming"),
    ]


def _failure(transfer: Transfer) -> TimelineStep:
    title = {
        TransferStatus.NOT_MADE: "Not made",
        TransferStatus.REJECTED: "Refused",
        TransferStatus.CANCELED: "Canceled",
        TransferStatus.EXPIRED: "Expired at the broker",
        TransferStatus.RETURNED: "Returned by your bank",
    }[TransferStatus(transfer.status)]
    if transfer.is_taken_back and transfer.status != TransferStatus.RETURNED:
        title = "Taken back by the broker"
    return TimelineStep(title, "failed", transfer.status_at, _sentence(transfer.status_reason))


def why_not_withdrawable(account: BrokerageAccount, recent: Iterable[Transfer]) -> list[str]:
    """What keeps an account's cash from being withdrawn, in sentences, as far as our rows tell.

    `recent` are transfers on their way or of the last days. What is on its way out aside, cash is held back
    as a new deposit, as money from sales that have not settled, or for open buy orders; nobody says which.
    """
    if account.balances_at is None:
        return ["The broker has not told us your balances yet."]
    rows = list(recent)
    out = [row for row in rows if not row.is_deposit and row.is_in_flight]
    said = [_on_its_way(row) for row in rows if row.is_in_flight]
    if account.cash <= 0:
        none = f"You owe the broker {usd(account.owed)}." if account.owed else "There is no cash to withdraw."
        return [none, *said]
    left = account.cash - max(account.cash_withdrawable, Decimal(0)) - _total(out)
    booked = [row for row in rows if row.is_deposit and row.completed_at]
    for row in booked:
        assert row.completed_at is not None
        on = day_text(day_in_new_york(row.completed_at))
        said.append(
            f"Your deposit of {usd(row.amount)} was complete on {on}. "
            "The broker may hold new deposits for some days, and does not say until when."
        )
    if left > 0:
        settles = bank_days.next_bank_day(day_in_new_york(account.balances_at))
        most = "Up to " if booked else ""
        said.append(
            f"{most}{usd(left)} of your cash is from sales that have not settled, or is held by open buy "
            f"orders. Sales settle one trading day later: these by {day_text(settles)}."
        )
    return said or ["The broker does not let go of your cash yet, and has not said why."]


def _on_its_way(transfer: Transfer) -> str:
    if transfer.is_deposit:
        return (
            f"Your deposit of {usd(transfer.amount)} is not complete yet: it is expected by "
            f"{day_text(transfer.expected_on)}."
        )
    return f"{usd(transfer.amount)} is on its way to your bank already."


def _total(rows: Iterable[Transfer]) -> Decimal:
    return sum((row.amount for row in rows), Decimal(0))
