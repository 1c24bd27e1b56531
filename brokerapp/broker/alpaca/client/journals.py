"""Cash and shares between the firm's account and a customer's."""

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import CreateJournalRequest, Journal


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

    def get(self, journal_id: Id) -> Journal:
        """GET /v1/journals/{journal_id}."""
        return self._send(
            "GET", "/v1/journals/{journal_id}", Journal.from_reply, ids={"journal_id": journal_id}
        )
