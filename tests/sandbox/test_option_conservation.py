"""Options bought, written, exercised, assigned, expired, in whatever order: nothing appears or disappears.

The rules of ``test_conservation`` that options have to do with, from a start with some of everything.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.depth import SCALE
from tests.sandbox.people import trading_path
from tests.sandbox.test_conservation import COMMON, OPTIONED, Conservation
from tests.sandbox.traders import contract

# Rules of the base class without which there is more of the others.
LEFT_OUT = (
    "trade", "place_order", "place_odd_order", "sell_short_or_cover", "transfer", "wire", "end_transfer",
    "journal_cash", "journal_shares", "journal_batch", "cancel_journal", "correct_journal", "scenario",
)  # fmt: skip


class WithOptions(Conservation):
    @initialize()
    def open_accounts(self) -> None:
        """Everyone holds 200 shares, calls and puts, and owes a call or a put."""
        super().open_accounts()
        calls, puts = (contract(self.broker, OPTIONED, kind)["symbol"] for kind in ("call", "put"))
        far = {
            kind: contract(self.broker, OPTIONED, kind, moneyness="1.05", days=6)["symbol"]
            for kind in ("call", "put")
        }
        for number, account in enumerate(self.accounts):
            self.deposit(number, "5000")
            wanted = [(OPTIONED, "200", "buy"), (calls, "2", "buy"), (puts, "2", "buy")]
            wanted.append((far["put"], "1", "sell") if number == 1 else (far["call"], "1", "sell"))
            for symbol, qty, side in wanted:
                body = {"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": "day"}
                assert self.send("POST", trading_path(account, "/orders"), body).status == 200
                self.advance(1)

    @rule(seconds=st.sampled_from([1, 3600, 86_400, 86_400, 400_000]))
    def pass_time(self, seconds: float) -> None:
        self.advance(seconds)

    @rule(person=st.integers(0, 2))
    def fill_part_of_an_order(self, person: int) -> None:
        body = {"account_id": self.accounts[person], "qty": "1"}
        self.send("POST", "/_sandbox/scenarios/partial_fill", body)


OptionConservation: Any = type("OptionConservation", (WithOptions,), dict.fromkeys(LEFT_OUT))
TestOptionConservation = OptionConservation.TestCase
TestOptionConservation.settings = settings(max_examples=6 * SCALE, stateful_step_count=25, **COMMON)
