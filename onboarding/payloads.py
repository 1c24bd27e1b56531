"""Our rows as requests of the Broker API. Pure."""

import base64
from typing import Any

from brokerapp.broker.alpaca import limits
from brokerapp.broker.alpaca.models import CreateAccountRequest, DocumentUpload
from onboarding.models import Agreement, Document, KycApplication


def account_request(application: KycApplication, agreements: list[Agreement]) -> CreateAccountRequest:
    """The body of `POST /v1/accounts` for these answers (docs.alpaca.markets, "Create an account")."""
    request: dict[str, Any] = {
        "account_type": "trading",
        "enabled_assets": ["us_equity"],
        "contact": _contact(application),
        "identity": _identity(application),
        "disclosures": _disclosures(application),
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
    if application.wants_trusted_contact:
        request["trusted_contact"] = _filled(
            given_name=application.trusted_given_name,
            family_name=application.trusted_family_name,
            email_address=application.trusted_email_address,
            phone_number=application.trusted_phone_number,
        )
    if not any(agreement.agreement == "margin_agreement" for agreement in agreements):
        # Alpaca's accounts are margin accounts unless told otherwise; who did not sign for margin gets none.
        request["trading_configurations"] = {"max_margin_multiplier": "1", "no_shorting": True}
    return CreateAccountRequest.model_validate(request)


def document_upload(document: Document) -> DocumentUpload:
    """One element of the body of `POST /v1/accounts/{id}/documents/upload`."""
    return DocumentUpload(
        document_type=document.document_type,
        content=base64.b64encode(document.content).decode(),
        mime_type=document.mime_type,
    )


def _filled(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, [])}


def _contact(application: KycApplication) -> dict[str, Any]:
    return _filled(
        email_address=application.email_address,
        phone_number=application.phone_number,
        street_address=[application.street_address],
        unit=application.unit,
        city=application.city,
        state=application.state,
        postal_code=application.postal_code,
        country="USA",
    )


def _identity(application: KycApplication) -> dict[str, Any]:
    assert application.date_of_birth is not None  # check_complete ran before
    return _filled(
        given_name=application.given_name,
        middle_name=application.middle_name,
        family_name=application.family_name,
        date_of_birth=application.date_of_birth,
        tax_id=application.tax_id,
        tax_id_type=application.tax_id_type,
        country_of_citizenship=application.country_of_citizenship,
        country_of_birth=application.country_of_birth,
        country_of_tax_residence="USA",
        permanent_resident=application.permanent_resident,
        funding_source=application.funding_source,
    )


def _disclosures(application: KycApplication) -> dict[str, Any]:
    return {
        "is_control_person": application.is_control_person,
        "is_affiliated_exchange_or_finra": application.is_affiliated_exchange_or_finra,
        "is_politically_exposed": application.is_politically_exposed,
        "immediate_family_exposed": application.immediate_family_exposed,
        **_filled(
            employment_status=application.employment_status.lower(),
            employer_name=application.employer_name,
            employer_address=application.employer_address,
            employment_position=application.employment_position,
            context=application.disclosure_context,
        ),
    }
