"""Cash and shares between the firm's account and a customer's."""

from datetime import date
from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import CreateJournalRequest, Journal, Page
from brokerapp.broker.alpaca.models.base import read_page


class Journals(Noun):
    """Cash (JNLC) and shares (JNLS) moved between accounts of the firm."""

    def create(self, request: CreateJournalRequest, idempotency_key: str) -> Journal:
        """POST /v1/journals. The same key (at most 128 characters) and body give the first journal again."""
        return self._send(
            "POST",
            "/v1/journals",
            Journal.from_reply,
            body=request.body(),
            headers={"Idempotency-Key": idempotency_key},
        )

    def list(self, *, from_account: Id, to_account: Id, after: date) -> Page[Journal]:
        """GET /v1/journals: those from one account to another of the days from `after` on, newest first."""
        return self._send(
            "GET",
            "/v1/journals",
            partial(read_page, Journal),
            query={
                "from_account": str(from_account),
                "to_account": str(to_account),
                "after": after.isoformat(),
            },
        )

    def get(self, journal_id: Id) -> Journal:
        """GET /v1/journals/{journal_id}."""
        return self._send(
            "GET", "/v1/journals/{journal_id}", Journal.from_reply, ids={"journal_id": journal_id}
        )
