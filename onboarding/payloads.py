"""Our rows as requests of the Broker API. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from brokerapp.broker.alpaca import limits
from brokerapp.broker.alpaca.models import (
    CipKyc,
    CipRequest,
    CreateAccountRequest,
    Details,
    DocumentUpload,
    UpdateAccountRequest,
)
from onboarding.kinds import ACCOUNT_TYPES, AccountKind
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
    if named := request.get("beneficiaries"):
        request["beneficiaries"] = _with_tax_ids(named, application.beneficiary_tax_ids or [])
    if not any(agreement.agreement == "margin_agreement" for agreement in agreements):
        # Alpaca's accounts are margin accounts unless told otherwise; who did not sign for margin gets none.
        request["trading_configurations"] = {"max_margin_multiplier": "1", "no_shorting": True}
    if tax_form is not None:
        request["documents"] = [tax_form_upload(tax_form)]
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


def _with_tax_ids(named: list[dict[str, Any]], tax_ids: list[str]) -> list[dict[str, Any]]:
    """Those who get an IRA, each with the number that is kept apart; its last four are for our pages."""
    return [
        {name: told for name, told in entry.items() if name != "tax_id_last4"} | {"tax_id": tax_id}
        for entry, tax_id in zip(named, tax_ids, strict=True)
    ]


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


CONTEXT = "context"
"""The details of one disclosure among answers; they join those that the application has."""


def as_json(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they will be read from the database again."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(answers), cls=DjangoJSONEncoder))
    return kept


def answers_to_keep(application: KycApplication, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers to the broker's questions by the names of the application's questions.

    Details of a disclosure take the place of those of the same type, and leave the others.
    """
    kept = {name: answer for name, answer in answers.items() if name != CONTEXT}
    if details := answers.get(CONTEXT):
        others = [
            entry
            for entry in application.disclosure_context
            if entry["context_type"] != details["context_type"]
        ]
        kept["disclosure_context"] = [*others, details]
    return kept


def account_change(application: KycApplication, answers: Mapping[str, Any]) -> UpdateAccountRequest:
    """The body of `PATCH /v1/accounts/{id}` for answers; each goes where its question says."""
    kept = answers_to_keep(application, answers)
    request: dict[str, Any] = {}
    for _, question in catalogue.every_question():
        if question.name in kept:
            for path, value in question.values_to_send(kept[question.name]):
                _put(request, path, value)
    return UpdateAccountRequest.model_validate(request)


def has_change(said: Details, change: UpdateAccountRequest) -> bool:
    """Whether the broker's account has every member of a change as it was sent."""
    return all(
        said.says(f"{part}.{name}", value)
        for part, members in change.body().items()
        for name, value in members.items()
    )


def cip_request(application: KycApplication, provider: str) -> CipRequest:
    """The body of `POST /v1/accounts/{id}/cip`: how our staff made sure who the person is."""
    record = application.cip
    signed = application.agreements.order_by("signed_at").first()
    assert application.submitted_at is not None, "it was sent to staff"
    lines = (application.street_address, application.unit, application.city, application.state)
    kyc = CipKyc(
        id=str(record.pk),
        applicant_name=" ".join(filter(None, (application.sent_given_name, application.family_name))),
        email_address=application.email_address,
        address=", ".join(filter(None, (*lines, application.answer("country_of_residence")))),
        postal_code=application.postal_code or None,
        country_of_residency=application.answer("country_of_residence") or None,
        nationality=application.country_of_citizenship or None,
        date_of_birth=application.date_of_birth,
        ip_address=limits.signing_address(signed.ip_address) if signed else None,
        check_initiated_at=application.submitted_at,
        check_completed_at=record.approved_at,
        kyc_completed_at=record.approved_at,
        approval_status="approved",
        approved_by=f"staff {record.approved_by_id}",
        approved_reason=record.reason,
        approved_at=record.approved_at,
    )
    return CipRequest(provider_name=[provider], kyc=kyc)


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
    level of options under `options`. What was taken out is told as empty.
    """
    request: dict[str, Any] = {}
    changed = [question for question in questions if question.name in change.answers]
    for question in changed:
        if isinstance(question.sent, str) and question.sent and is_empty(change.answers[question.name]):
            _put(request, question.sent, question.nothing)
    for question in changed:
        if question.when(person.answer):
            for path, value in question.values_to_send(person.answer(question.name)):
                _put(request, path, value)
    if change.signed:
        ip_address = limits.signing_address(change.signed["ip_address"])
        request["agreements"] = [{**change.signed, "ip_address": ip_address}]
    return request
