"""CIP records, of correspondents that check people themselves (docs.alpaca.markets, "Upload CIP")."""

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import Cip, CipRequest


class CipRecords(Noun):
    """CIP records, one for each account."""

    def create(self, account_id: Id, request: CipRequest) -> Cip:
        """POST /v1/accounts/{account_id}/cip. A second one takes the place of the first."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/cip",
            Cip.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def get(self, account_id: Id) -> Cip:
        """GET /v1/accounts/{account_id}/cip. `BrokerRejected` (404) where there is none."""
        return self._send(
            "GET", "/v1/accounts/{account_id}/cip", Cip.from_reply, ids={"account_id": account_id}
        )
