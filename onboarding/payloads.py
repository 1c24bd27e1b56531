"""Our rows as requests of the Broker API. Pure."""

import base64
from typing import Any

from brokerapp.broker.alpaca import limits
from brokerapp.broker.alpaca.models import CreateAccountRequest, DocumentUpload
from onboarding.kinds import ACCOUNT_TYPES, AccountKind
from onboarding.models import Agreement, Document, KycApplication
from onboarding.questions import catalogue


def account_request(application: KycApplication, agreements: list[Agreement]) -> CreateAccountRequest:
    """The body of `POST /v1/accounts` for these answers (docs.alpaca.markets, "Create an account").

    What was asked goes where its question says (`Question.sent`); the rest is the same for everybody.
    """
    request: dict[str, Any] = {
        "account_type": ACCOUNT_TYPES[AccountKind(application.account_kind)],
        "enabled_assets": ["us_equity"],
        **_owner(application),
        "agreements": [
            {
                "agreement": agreement.agreement,
                "signed_at": agreement.signed_at,
                "ip_address": limits.signing_address(agreement.ip_address),
                "revision": agreement.revision or None,
            }
            for agreement in agreements
        ],
    }
    for question in catalogue.asked(application):
        for path, value in question.values_to_send(application.answer(question.name)):
            _put(request, path, value)
    if not any(agreement.agreement == "margin_agreement" for agreement in agreements):
        # Alpaca's accounts are margin accounts unless told otherwise; who did not sign for margin gets none.
        request["trading_configurations"] = {"max_margin_multiplier": "1", "no_shorting": True}
    return CreateAccountRequest.model_validate(request)


def _owner(application: KycApplication) -> dict[str, Any]:
    """Who it is whose account this becomes, as far as no question says it."""
    if application.holder_id:
        return {"primary_account_holder_id": application.holder_id}
    return {
        "contact": {"email_address": application.email_address},
        # Citizens and permanent residents are not asked: they are taxed there whatever else they do.
        "identity": {"country_of_tax_residence": "USA"},
    }


def _put(request: dict[str, Any], path: str, value: Any) -> None:
    """Set a member of a request, `identity.given_name`."""
    *parts, name = path.split(".")
    for part in parts:
        request = request.setdefault(part, {})
    request[name] = value


def document_upload(document: Document) -> DocumentUpload:
    """One element of the body of `POST /v1/accounts/{id}/documents/upload`."""
    return DocumentUpload(
        document_type=document.document_type,
        content=base64.b64encode(document.content).decode(),
        mime_type=document.mime_type,
    )
