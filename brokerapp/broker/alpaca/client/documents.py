"""Documents of an account: those its owner uploads, and those the broker issues."""

from collections.abc import Sequence
from functools import partial
from typing import IO

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.downloads import fetch_file
from brokerapp.broker.alpaca.models import DocumentUpload, IssuedDocument, NoContent, Page
from brokerapp.broker.alpaca.models.base import read_page
from brokerapp.broker.alpaca.transport import Transport


class Documents(Noun):
    """Documents of an account."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._transport = transport

    def upload(self, account_id: Id, documents: Sequence[DocumentUpload]) -> NoContent:
        """POST /v1/accounts/{account_id}/documents/upload, at most 10."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/documents/upload",
            NoContent.from_reply,
            ids={"account_id": account_id},
            body=[document.body() for document in documents],
        )

    def list(self, account_id: Id) -> Page[IssuedDocument]:
        """GET /v1/accounts/{account_id}/documents: statements, confirmations, tax forms. All of them."""
        return self._send(
            "GET",
            "/v1/accounts/{account_id}/documents",
            partial(read_page, IssuedDocument),
            ids={"account_id": account_id},
        )

    def download(self, account_id: Id, document_id: Id, *, into: IO[bytes], most: int) -> str:
        """GET /v1/accounts/{account_id}/documents/{document_id}/download: a PDF of at most `most` bytes.

        Returns the Request ID. Raises `bodies.TooLarge` besides what every call does.
        """
        return fetch_file(
            self._transport,
            "/v1/accounts/{account_id}/documents/{document_id}/download",
            ids={"account_id": account_id, "document_id": document_id},
            into=into,
            most=most,
        )
