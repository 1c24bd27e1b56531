"""What is held of people: how it is kept, where it may stand, and until when. Data, read by docs and tests.

`docs/security.md` is drawn from it (`manage.py classification`), and a journey with marked values is searched
by it: a value that is found anywhere else fails the test.
"""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a value is kept in the columns that it may stand in."""

    ENCRYPTED = "encrypted"
    DIGEST = "one-way"
    READABLE = "readable"


class Place(StrEnum):
    """Where else than in a table a value may be."""

    MAIL = "mails to the person"
    PAGE = "the person's own pages"
    ADMIN = "staff's pages, by role"
    BROKER = "calls to the broker"


@dataclass(frozen=True)
class Held:
    """One kind of value: its columns as `table.column`, and the places outside of the database."""

    what: str
    grade: Grade
    columns: tuple[str, ...]
    places: tuple[Place, ...]
    until: str


RECORDS = (
    "ACCOUNT_RETENTION_YEARS (six, 17 CFR 240.17a-4) after the account is closed; erased on request before "
    "anything was sent"
)
APPLICATION, DOCUMENT, BANK = "onboarding_kycapplication", "onboarding_document", "funding_banklink"
TAX_FORM, PROFILE_CHANGE = "onboarding_taxform", "onboarding_profilechange"


def _of(table: str, *columns: str) -> tuple[str, ...]:
    return tuple(f"{table}.{column}" for column in columns)


HELD = (
    Held(
        "Tax id (SSN, ITIN, or another country's): the person's, that of the child whose account it is, and "
        "those of the people who get an IRA",
        Grade.ENCRYPTED,
        (
            *_of(APPLICATION, "tax_id", "foreign_tax_id", "minor_tax_id", "beneficiary_tax_ids"),
            *_of(TAX_FORM, "content"),
        ),
        (Place.BROKER, Place.ADMIN),
        "TAX_ID_RETENTION_DAYS after the account is open",
    ),
    Held(
        "Digests by which a tax id or phone number is found",
        Grade.DIGEST,
        _of(APPLICATION, "tax_id_index", "foreign_tax_id_index", "phone_number_index"),
        (),
        RECORDS,
    ),
    Held(
        "Last four digits of tax id and bank account",
        Grade.READABLE,
        (*_of(APPLICATION, "tax_id_last4", "minor_tax_id_last4"), *_of(BANK, "last4")),
        (Place.PAGE, Place.ADMIN, Place.MAIL),
        RECORDS,
    ),
    Held(
        "Uploaded documents",
        Grade.ENCRYPTED,
        _of(DOCUMENT, "content"),
        (Place.BROKER,),
        "DOCUMENT_RETENTION_DAYS after the broker took or refused it",
    ),
    Held(
        "Bank account and routing number",
        Grade.ENCRYPTED,
        _of(BANK, "bank_account_number", "bank_routing_number"),
        (Place.BROKER, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Date of birth",
        Grade.ENCRYPTED,
        (*_of(APPLICATION, "date_of_birth"), *_of(TAX_FORM, "content")),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Phone number",
        Grade.ENCRYPTED,
        (*_of(APPLICATION, "phone_number"), *_of(PROFILE_CHANGE, "answers")),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Home address",
        Grade.ENCRYPTED,
        (
            *_of(APPLICATION, "street_address", "unit", "city", "state", "postal_code"),
            *_of(TAX_FORM, "content"),
            *_of(PROFILE_CHANGE, "answers"),
        ),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Employer's address, and what was disclosed",
        Grade.ENCRYPTED,
        _of(APPLICATION, "employer_address", "disclosure_context"),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Notes of staff about a person",
        Grade.ENCRYPTED,
        ("ops_staffnote.text",),
        (Place.ADMIN,),
        RECORDS,
    ),
    Held(
        "Answers to the application's other questions (those without a column of their own), form W-8BEN as "
        "it was signed, and changes of any answer",
        Grade.ENCRYPTED,
        (
            *_of(APPLICATION, "answers"),
            *_of(TAX_FORM, "content", "signature"),
            *_of(PROFILE_CHANGE, "answers", "signed"),
        ),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Answers as they were sent each time, and to what was asked afterwards",
        Grade.ENCRYPTED,
        ("onboarding_attempt.answers", "onboarding_kycanswer.answers"),
        (Place.BROKER, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "What people wrote to staff about their application, and notes of staff",
        Grade.ENCRYPTED,
        ("onboarding_word.text",),
        (Place.ADMIN,),
        RECORDS,
    ),
    Held(
        "What staff ask of an applicant, in their words",
        Grade.ENCRYPTED,
        ("onboarding_staffrequest.text",),
        (Place.MAIL, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Trusted contact's e-mail address and phone number",
        Grade.ENCRYPTED,
        _of(APPLICATION, "trusted_email_address", "trusted_phone_number"),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Names: the person's, the trusted contact's, the bank account's owner's",
        Grade.READABLE,
        (
            *_of(
                APPLICATION,
                "given_name",
                "middle_name",
                "family_name",
                "trusted_given_name",
                "trusted_family_name",
            ),
            *_of(BANK, "account_owner_name"),
        ),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Work: employer, job title, sources of money; citizenship and birthplace; answers to the disclosures",
        Grade.READABLE,
        _of(
            APPLICATION,
            "employer_name",
            "employment_position",
            "employment_status",
            "funding_source",
            "country_of_citizenship",
            "country_of_birth",
            "permanent_resident",
            "tax_id_type",
            "is_control_person",
            "is_affiliated_exchange_or_finra",
            "is_politically_exposed",
            "immediate_family_exposed",
            "wants_trusted_contact",
        ),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "What the person calls their bank account, the bank's name, and the kind of account",
        Grade.READABLE,
        _of(BANK, "nickname", "bank_name", "bank_account_type"),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Of an IRA: the year of a deposit, why money was taken out, and what was withheld",
        Grade.READABLE,
        _of(
            "funding_transfer",
            "tax_year",
            "distribution_reason",
            "fed_withholding_pct",
            "state_withholding_pct",
        ),
        (Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "E-mail address",
        Grade.READABLE,
        (
            "accounts_user.email",
            "account_emailaddress.email",
            *_of(APPLICATION, "email_address"),
        ),
        (Place.MAIL, Place.BROKER, Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held("Password", Grade.DIGEST, ("accounts_user.password",), (), "it is changed, or the person erased"),
    Held(
        "Keys of second steps (those of apps and recovery codes encrypted, public keys of passkeys readable)",
        Grade.ENCRYPTED,
        ("mfa_authenticator.data",),
        (),
        "the second step is taken away, or the person erased",
    ),
    Held(
        "Device of a session, and where it is",
        Grade.READABLE,
        ("usersessions_usersession.user_agent", "usersessions_usersession.ip"),
        (Place.PAGE, Place.ADMIN),
        "the session ends, or the person is erased",
    ),
    Held(
        "What the person asked our support, and the answers",
        Grade.ENCRYPTED,
        ("support_casemessage.text",),
        (Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Mails about the sign-in, until they have left",
        Grade.ENCRYPTED,
        ("mailing_queuedmail.content",),
        (),
        "the mail is sent or given up",
    ),
    Held(
        "IP address of signatures and of sign-ins",
        Grade.READABLE,
        (
            "onboarding_agreement.ip_address",
            "onboarding_taxform.ip_address",
            "security_log_securityevent.ip",
        ),
        (Place.BROKER, Place.ADMIN),
        RECORDS,
    ),
    Held(
        "Account number at the broker",
        Grade.READABLE,
        ("accounts_brokerageaccount.account_number",),
        (Place.PAGE, Place.ADMIN),
        RECORDS,
    ),
)

SCRUBBED = (
    "accounts_brokerageaccount.kyc_results",
    "accounts_brokerageaccount.status_reason",
    "activities_activity.description",
    "calls_apicall.error_message",
    "closing_accountclosing.status_reason",
    "events_brokerevent.error",
    "events_brokerevent.payload",
    "funding_banklink.status_reason",
    "funding_transfer.status_reason",
    "mailing_queuedmail.error",
    "notices_digest.error",
    "notices_notice.error",
    "onboarding_ciprecord.status_reason",
    "onboarding_document.status_reason",
    "onboarding_kycanswer.status_reason",
    "onboarding_kycapplication.status_reason",
    "onboarding_profilechange.status_reason",
    "onboarding_taxform.status_reason",
    "security_log_securityevent.detail",
    "security_log_securityevent.reason",
    "streams_streamcursor.problem",
    "support_case.status_reason",
    "support_casecall.error_message",
    "trading_order.cancel_refusal",
    "trading_order.status_reason",
    "trading_orderprogress.reason",
    "workflow_statuschange.reason",
)
"""Columns of texts that others wrote: what we know of the person was taken out before they were kept."""

BEGIN, END = "<!-- classification: made by manage.py classification -->", "<!-- /classification -->"


def allowed(column: str) -> set[str]:
    """Of which kinds of values a column may hold one."""
    return {held.what for held in HELD if column in held.columns}


def as_markdown() -> str:
    """The table for docs/security.md, between its two marks."""
    lines = [
        BEGIN,
        "",
        "| What | At rest | Columns | Leaves the database for | Kept until |",
        "|---|---|---|---|---|",
    ]
    for held in HELD:
        columns = ", ".join(f"`{column}`" for column in held.columns)
        places = ", ".join(held.places) or "nowhere"
        lines.append(f"| {held.what} | {held.grade} | {columns} | {places} | {held.until} |")
    scrubbed = ", ".join(f"`{column}`" for column in SCRUBBED)
    lines += ["", f"Scrubbed of all of these before they are kept: {scrubbed}.", "", END]
    return "\n".join(lines)
