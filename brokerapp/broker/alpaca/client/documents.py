"""Documents of an account."""

from collections.abc import Sequence

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import DocumentUpload, NoContent


class Documents(Noun):
    """Documents of an account."""

    def upload(self, account_id: Id, documents: Sequence[DocumentUpload]) -> NoContent:
        """POST /v1/accounts/{account_id}/documents/upload, at most 10."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/documents/upload",
            NoContent.from_reply,
            ids={"account_id": account_id},
            body=[document.body() for document in documents],
        )
