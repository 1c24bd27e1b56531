"""Our rows as requests of the Broker API. Pure."""

import base64
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from brokerapp.broker.alpaca import limits
from brokerapp.broker.alpaca.models import CreateAccountRequest, DocumentUpload
from onboarding.models import Agreement, Document, KycApplication, ProfileChange, TaxForm
from onboarding.questions import catalogue
from onboarding.questions.conditions import is_empty
from onboarding.questions.descriptions import Question


def account_request(
    application: KycApplication, agreements: list[Agreement], tax_form: TaxForm | None = None
) -> CreateAccountRequest:
    """The body of `POST /v1/accounts` for these answers (docs.alpaca.markets, "Create an account").

    What was asked goes where its question says (`Question.sent`); the rest is the same for everybody.
    """
    request: dict[str, Any] = {
        "account_type": "trading",
        "enabled_assets": ["us_equity"],
        "contact": {"email_address": application.email_address},
        # Citizens and permanent residents are not asked: they are taxed there whatever else they do.
        "identity": {"country_of_tax_residence": "USA"},
        "agreements": [
            {
                "agreement": agreement.agreement,
                "signed_at": agreement.signed_at,
                "ip_address": limits.signing_address(agreement.ip_address),
                "revision": agreement.revision,
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
    if tax_form is not None:
        request["documents"] = [tax_form_upload(tax_form)]
    return CreateAccountRequest.model_validate(request)


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
        document_sub_type=document.sub_type or None,
        content=base64.b64encode(document.content).decode(),
        mime_type=document.mime_type,
    )


def tax_form_upload(form: TaxForm) -> DocumentUpload:
    """Form W-8BEN as data (`content_data`), of which the broker makes the printed form."""
    signed = {
        "signer_full_name": form.signature,
        "date": timezone.localdate(form.signed_at).isoformat(),
        "timestamp": form.signed_at.isoformat(),
        "ip_address": form.ip_address,
        "revision": form.revision,
    }
    return DocumentUpload(
        document_type="w8ben",
        document_sub_type="Form W-8BEN",
        mime_type="application/json",
        content_data={**form.content, **signed},
    )


def profile_body(
    change: ProfileChange, person: KycApplication, questions: Iterable[Question]
) -> dict[str, Any]:
    """What a change tells the broker, by `questions`, of a person as they are with it.

    Members as in `POST /v1/accounts`; those of the trading configuration stand under `configuration`, the
    level of options under `options`. What was taken out is told as empty text.
    """
    request: dict[str, Any] = {}
    changed = [question for question in questions if question.name in change.answers]
    for question in changed:
        if isinstance(question.sent, str) and question.sent and is_empty(change.answers[question.name]):
            _put(request, question.sent, "")
    for question in changed:
        if question.when(person.answer):
            for path, value in question.values_to_send(person.answer(question.name)):
                _put(request, path, value)
    if change.signed:
        ip_address = limits.signing_address(change.signed["ip_address"])
        request["agreements"] = [{**change.signed, "ip_address": ip_address}]
    return request
