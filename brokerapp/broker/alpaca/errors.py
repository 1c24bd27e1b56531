"""What can go wrong with a call, by the question that matters: certainly not done, or unknown?

BrokerError
  BrokerNotDone           certainly not done: it may be sent again
    BrokerRejected        4xx: refused, and refused again if sent again
      BrokerNotFound      404
    BrokerMisconfigured   401, 403, 404, … about our key, our address or our set-up: the fault is ours
    BrokerBusy            429, or the minute's calls are used up: later
      BrokerSlow          too many writes of ours wait for the broker already
    BrokerUnreachable     no connection was made
    CallNotRecorded       the call log could not be written, so nothing was sent
      ClaimLost           the row to be sent is no longer this process's to send
  BrokerOutcomeUnknown    may have been done: look before sending again
"""

from collections.abc import Mapping
from typing import Any

SUPPORT = "Please try again, and quote the reference if it keeps happening."

WORDS = (
    ("insufficient buying power", "There is not enough buying power for this order."),
    ("insufficient qty available", "There are not that many shares free to sell; open orders may hold some."),
    ("insufficient balance", "There is not enough available for this."),
    ("not fractionable", "This security trades in whole shares only."),
    ("is not tradable", "This security cannot be traded at the moment."),
    ("is not active", "This security is no longer traded."),
    ("potential wash trade", "An open order of yours on the other side of this one must be cancelled first."),
    ("cost basis must be", "The order is smaller than the smallest amount allowed."),
    ("notional must be", "The order is smaller than the smallest amount allowed."),
    ("client_order_id must be unique", "This order was already sent."),
    ("account not authorized to trade", "The account may not trade at the moment."),
    ("restricted to liquidation", "The account may only sell at the moment."),
    ("cannot replace order in", "The order cannot be changed before it has reached the market."),
    ("order already replaced", "The order was changed already."),
    ("order parameters are not changed", "Nothing of the order would change."),
    ("unable to replace order", "The order ended before the change reached it. Nothing was changed."),
    ("qty must be > filled_qty", "More than that is filled already."),
    ("sub-penny increment", "The price has too many decimals."),
    ("order is already in", "The order is already finished and can no longer be changed."),
    ("only one active ach relationship", "A bank is already linked to this account; unlink it first."),
    ("email address already exists", "An account with this e-mail address already exists at the broker."),
    ("deposits are not permitted", "Deposits are not permitted for this account."),
    ("withdrawals are not permitted", "Withdrawals are not permitted for this account."),
    ("position does not exist", "There is no such position."),
    ("pattern day trading", "Pattern day trading protection does not allow this trade at the moment."),
    ("cannot be sold short", "Only shares that the account holds can be sold."),
    ("not allowed to short", "Only shares that the account holds can be sold."),
    ("fractional orders must be", "Parts of shares can only be traded with simple orders for the day."),
    ("extended hours order must be", "Outside the regular hours only limit orders are taken."),
    ("stop price must be", "The stop price is on the wrong side of the current price."),
    ("having open closing position", "A position is being closed; new orders by amount wait until then."),
    ("deposit amount must be", "The amount is smaller than the smallest deposit."),
    ("withdrawal amount must be", "The amount is smaller than the smallest withdrawal."),
    ("cannot be a p.o. box", "The address cannot be a P.O. box."),
    ("account has open orders", "There is still an open order in the account."),
    ("account has open positions", "There is still something held in the account."),
    ("account has a non-zero balance", "There is still money in the account, or on its way."),
)
"""Part of the broker's words, and ours for the reader; its codes are too coarse to tell these apart."""

MAX_QUOTE = 200
"""Characters of the broker's own words that are shown."""


class BrokerError(Exception):
    """A call that did not end in a reply we could use.

    `message` is the broker's words (personal data removed), or ours if it said nothing; `details` the other
    members of its error body (`buying_power`, `available`, …), decimals as strings. `request_id` is the
    broker's and "" without a reply; `call_id` is ours.
    """

    summary = "The broker could not complete this."

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        http_status: int | None = None,
        request_id: str = "",
        call_id: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.call_id = call_id
        self.details = dict(details or {})

    @property
    def reference(self) -> str:
        """What to quote to support: the broker's Request ID or, where it never answered, our own call id."""
        return self.request_id or self.call_id

    @property
    def user_message(self) -> str:
        """Plain words for the end user, without the reference."""
        return self.summary

    def __str__(self) -> str:
        facts = [f"HTTP {self.http_status}"] if self.http_status else []
        if self.code is not None:
            facts.append(f"code {self.code}")
        if self.reference:
            facts.append(f"reference {self.reference}")
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class BrokerNotDone(BrokerError):
    """The broker certainly did not do it."""

    summary = f"The broker did not do this. {SUPPORT}"


class BrokerRejected(BrokerNotDone):
    """The broker understood and refused (4xx)."""

    summary = "The broker refused this."

    @property
    def user_message(self) -> str:
        """Our words for the broker's, and where we have none, its own."""
        said = self.message.lower()
        ours = next((ours for theirs, ours in WORDS if theirs in said), "")
        return ours or f"{self.summary}{self._quote()}"

    def _quote(self) -> str:
        words = " ".join(self.message.split())
        if not words or words == f"HTTP {self.http_status}":
            return ""
        if len(words) > MAX_QUOTE:
            words = words[: MAX_QUOTE - 1].rstrip() + "…"
        ending = "" if words[-1] in ".!?…" else "."
        return f" It said: “{words[0].upper()}{words[1:]}{ending}”"


class BrokerNotFound(BrokerRejected):
    """The broker knows no such thing (404)."""

    summary = "The broker does not know this."


class BrokerMisconfigured(BrokerNotDone):
    """Our key, our address or our set-up is not accepted.

    401, also with code 40110000: the key is of another environment, or the account not of our firm. Without a
    `code` 403, 405 and 407, and 404 to a write.
    """

    summary = "Something is wrong on our side. You need not do anything: we have been told."


class CallNotRecorded(BrokerNotDone):
    """The call was not sent, since it could not be recorded first, or its claim no longer holds."""

    summary = "Something is wrong on our side, and nothing was sent. We try again by ourselves."


class ClaimLost(CallNotRecorded):
    """The call was not sent: the row's claim was given back, and another process may send it."""


class BrokerBusy(BrokerNotDone):
    """Too many calls: 429, or by our own count. `retry_after` is how many seconds to wait, if known."""

    summary = "The broker is busy. Please try again in a minute."

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class BrokerSlow(BrokerBusy):
    """The call was not sent: as many writes as this process may have open wait for the broker already."""

    summary = "The broker is slow at the moment; nothing was sent. Please try again in a minute."


class BrokerUnreachable(BrokerNotDone):
    """No connection was made, so nothing was sent."""

    summary = "The broker cannot be reached at the moment. Please try again in a minute."


class BrokerOutcomeUnknown(BrokerError):
    """It may or may not have been done: timeout, cut connection, 5xx, or a reply we cannot read."""

    summary = "The broker has not confirmed this yet. We are checking; please do not send it again."
