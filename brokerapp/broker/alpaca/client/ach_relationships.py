"""Banks linked for ACH."""

from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import AchRelationship, CreateAchRelationshipRequest, NoContent, Page
from brokerapp.broker.alpaca.models.base import read_page


class AchRelationships(Noun):
    """Banks linked for ACH."""

    def create(self, account_id: Id, request: CreateAchRelationshipRequest) -> AchRelationship:
        """POST /v1/accounts/{account_id}/ach_relationships. Refused (409) while another one is active."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/ach_relationships",
            AchRelationship.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def list(self, account_id: Id) -> Page[AchRelationship]:
        """GET /v1/accounts/{account_id}/ach_relationships."""
        return self._send(
            "GET",
            "/v1/accounts/{account_id}/ach_relationships",
            partial(read_page, AchRelationship),
            ids={"account_id": account_id},
        )

    def delete(self, account_id: Id, relationship_id: Id) -> NoContent:
        """DELETE /v1/accounts/{account_id}/ach_relationships/{relationship_id}."""
        return self._send(
            "DELETE",
            "/v1/accounts/{account_id}/ach_relationships/{relationship_id}",
            NoContent.from_reply,
            ids={"account_id": account_id, "relationship_id": relationship_id},
        )
