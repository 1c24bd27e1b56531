"""A journey of a person whose every value is marked, and then a search for them, everywhere.

Found only where `brokerapp/privacy/classification.py` says so: in the columns of every table, Redis (cache,
pushes, task messages), our log and the database's, mails, sessions, and files that were left behind. The
broker does its worst meanwhile: whatever it may write freely, it fills with what it knows of the person.
"""

import base64
import json
import logging
import re
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import sync_account, sync_balances
from brokerapp.broker.alpaca.spellings import pattern_of
from brokerapp.broker.alpaca.stream import Event
from brokerapp.broker.streams.models import EventStream
from brokerapp.events.services import handle_event, store_event
from brokerapp.privacy.classification import HELD, SCRUBBED, Grade, Place, as_markdown
from brokerapp.web.middleware import LogFormatter
from devstack.paths import ROOT
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from funding.statuses import Direction
from onboarding import addresses
from onboarding.agreements import revisions_of
from onboarding.kinds import AccountKind
from onboarding.models import Document, KycApplication
from onboarding.services import applications, documents, kinds
from tests.account_pages import AccountClient, short
from tests.brokerapp.security.uploads.samples import pdf
from tests.factories import PASSWORD, StaffFactory, UserFactory
from tests.onboarding.account_kinds import IRA_PAGES
from tests.sandbox_process import SandboxProcess, eventually

MARKS: dict[str, str] = {
    "tax_id": "124559876",
    "beneficiary_tax_id": "124557654",
    "phone_number": "+12125550197",
    "street_address": "7731 Quillfeather Lane",
    "city": "Zephyrhills",
    "postal_code": "33540-2917",  # five digits alone turn up in ids by chance
    "date_of_birth": "1971-02-17",
    "given_name": "Wilhelmina",
    "middle_name": "Xanthippe",
    "family_name": "Quackenbush",
    "local_family_name": "クワッケンブッシュ",
    "employer_name": "Zwiebelkuchen Inc",
    "employer_address": "99 Gurkensalat Road",
    "trusted_given_name": "Balthasar",
    "trusted_family_name": "Kesselflicker",
    "trusted_email_address": "k.b.31177@example.com",
    "trusted_phone_number": "+12125550143",
    "bank_account_number": "000718293645",
    "bank_routing_number": "121000358",
    "nickname": "Sparstrumpf",
    "email": "q.w.47113@example.com",
    "password": PASSWORD,
    "document": "Passport P55118824",
}
FOUND_AS = {
    "email": ("email", "email_address"),
    "document": ("content",),
    "given_name": ("given_name", "account_owner_name"),
    "family_name": ("family_name", "account_owner_name"),
}
"""The columns of the classification that hold a mark, where they are not called like it."""
SECRETS_OF_ALL = (
    "tax_id",
    "beneficiary_tax_id",
    "bank_account_number",
    "bank_routing_number",
    "document",
    "password",
)
"""What no page shows, not even the person's own."""
SAID = (
    "R03: no account 0007-1829-3645 of Wilhelmina QUACKENBUSH (クワッケンブッシュ), SSN 124 55 9876, "
    "born Feb 17, 1971 (02/17/1971), 7731 quillfeather  lane, Zephyrhills 33540 2917, (212) 555-0197, "
    "q.w.47113@example.com; ask Balthasar"
)
"""What a bank or the broker writes: every value, none spelled as we keep it."""
SAID_OF_IRA = "beneficiaries.tax_id: no (1) 24-55 7654 is known, 124 55 7654 neither"
"""And of who gets an IRA, once we know them."""


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "state") as process:
        settings.BROKER_BASE_URL = process.url
        settings.BROKER_KEY, settings.BROKER_SECRET = process.key, process.secret
        yield process


def fill_in(client: Client, application: KycApplication) -> None:
    """The application's pages, as a browser sends them."""
    year, month, day = MARKS["date_of_birth"].split("-")
    answers: dict[str, dict[str, Any]] = {
        "eligibility": {
            "date_of_birth_month": month,
            "date_of_birth_day": day,
            "date_of_birth_year": year,
            "country_of_residence": "USA",
            "country_of_citizenship": "JPN",
            "permanent_resident": "True",
        },
        "local-name": {"local_family_name": MARKS["local_family_name"]},
        "finances": {},
        "investing": {},
        "name": {name: MARKS[name] for name in ("given_name", "middle_name", "family_name")},
        "contact": {
            "phone_number": "(212) 555-0197",
            "street_address": MARKS["street_address"],
            "city": MARKS["city"],
            "state": "FL",
            "postal_code": MARKS["postal_code"],
        },
        "identity": {"country_of_birth": "USA"},
        "tax-id": {"tax_id": "124-55-9876"},
        "documents": {
            "document_type": "identity_verification",
            "file": SimpleUploadedFile(f"{MARKS['family_name']}.pdf", marked_document()),
        },
        "work": {
            "employment_status": "EMPLOYED",
            "employer_name": MARKS["employer_name"],
            "employer_address": MARKS["employer_address"],
            "employment_position": "Clerk",
            "funding_source": ["savings"],
        },
        "disclosures": dict.fromkeys(
            (
                "is_control_person",
                "is_affiliated_exchange_or_finra",
                "is_politically_exposed",
                "immediate_family_exposed",
            ),
            "False",
        ),
        "trusted-contact": {"wants_trusted_contact": "True"}
        | {
            name: MARKS[name]
            for name in (
                "trusted_given_name",
                "trusted_family_name",
                "trusted_email_address",
                "trusted_phone_number",
            )
        },
    }
    for key, answer in answers.items():
        reply = client.post(reverse("apply_step", args=[key]), answer)
        assert reply.status_code == 302, (key, reply.content.decode())
    applications.sign_agreements(
        application=application,
        signed=revisions_of("customer_agreement"),
        ip_address="203.0.113.7",
        now=timezone.now(),
    )


def marked_document() -> bytes:
    def change(document: Any) -> None:
        document.pages[0].Contents = document.make_stream(f"BT ({MARKS['document']}) Tj ET".encode())

    return pdf(change)


def journey(sandbox: SandboxProcess) -> tuple[User, list[str]]:
    """From the first page to a deposit that came back; the person, and every page that was shown."""
    now, pages = timezone.now(), []
    user = UserFactory.create(email=MARKS["email"])
    client = Client()
    client.post(reverse("account_login"), {"login": MARKS["email"], "password": "wrong " + MARKS["password"]})
    client.force_login(user)
    client.get(reverse("apply"))
    application = KycApplication.objects.get(user=user)
    fill_in(client, application)
    pages += [client.get(reverse(name)).content.decode() for name in ("apply", "apply_check")]
    sandbox.fail_next("POST", "/v1/accounts", "status", status=422, message=SAID)
    for status in ("NEEDS_CHANGES", "SUBMITTED"):
        client.post(reverse("apply_check"))
        application.refresh_from_db()
        applications.open_account(application=application, now=timezone.now())
        application.refresh_from_db()
        assert application.status == status, application.status_reason
        pages.append(client.get(reverse("application_status")).content.decode())
    account = BrokerageAccount.objects.get(application=application)
    documents.send_document(document=Document.objects.get(), now=now)
    sandbox.set_account_status(
        str(account.broker_account_id),
        "ACTION_REQUIRED",
        kyc_results={"reject": {}, "indeterminate": {"OTHER": {}}, "additional_information": SAID},
    )
    account = sync_account(account=account)
    pages.append(client.get(reverse("application_status")).content.decode())
    sandbox.set_account_status(str(account.broker_account_id), "ACTIVE")
    account = sync_account(account=account)
    transfer = come_back(sandbox, account)
    owner = AccountClient(account)
    pages.append(owner.get(short("funding:transfer", transfer.pk)).content.decode())
    events(account, transfer)
    return user, pages + pages_of_an_ira(sandbox, client, user)


def pages_of_an_ira(sandbox: SandboxProcess, client: Client, user: User) -> list[str]:
    """One more account of the person, for which they name somebody; the pages that were shown."""
    ira = kinds.start_application(user=user, kind=AccountKind.IRA)
    keys = ("retirement", "beneficiaries", "beneficiary-details")
    number = {"1-tax_id": "124-55-7654"}
    for key, typed in zip(keys, (typed for _, typed in IRA_PAGES), strict=True):
        reply = client.post(
            addresses.url(ira, "apply_step", key), {**typed, **(number if key == keys[-1] else {})}
        )
        assert reply.status_code == 302, (key, reply.content.decode())
    applications.sign_agreements(
        application=ira,
        signed=revisions_of("customer_agreement", "etc_agreement"),
        ip_address="203.0.113.7",
        now=timezone.now(),
    )
    pages = [client.get(addresses.url(ira, "apply_step", key)).content.decode() for key in keys]
    sandbox.fail_next("POST", "/v1/accounts", "status", status=422, message=SAID_OF_IRA)
    for status in ("NEEDS_CHANGES", "SUBMITTED"):
        pages.append(client.get(addresses.url(ira, "apply_check")).content.decode())
        client.post(addresses.url(ira, "apply_check"))
        ira.refresh_from_db()
        applications.open_account(application=ira, now=timezone.now())
        ira.refresh_from_db()
        assert ira.status == status, ira.status_reason
        pages.append(client.get(addresses.url(ira, "application_status"), follow=True).content.decode())
    return pages


def come_back(sandbox: SandboxProcess, account: BrokerageAccount) -> Transfer:
    """A deposit from the person's bank that the bank sends back, with its words."""
    details = banks.BankDetails(
        account_owner_name=f"{MARKS['given_name']} {MARKS['family_name']}",
        bank_account_type="CHECKING",
        bank_account_number=MARKS["bank_account_number"],
        bank_routing_number=MARKS["bank_routing_number"],
        nickname=MARKS["nickname"],
    )
    path = f"/v1/accounts/{account.broker_account_id}/ach_relationships"
    sandbox.fail_next("POST", path, "status", status=422, message=SAID)
    refused = banks.link_bank(account=account, details=details, by=account.user)
    assert refused.status == "REJECTED"
    link = banks.link_bank(account=account, details=details, by=account.user)

    def approved() -> bool:
        banks.sync_bank_links(now=timezone.now())
        return BankLink.objects.get(pk=link.pk).is_approved

    eventually(approved, what="approval of the bank")
    transfer = transfers.request_transfer(
        account=account,
        intent_id=uuid4(),
        direction=Direction.INCOMING,
        amount=Decimal("100.00"),
        bank_link_id=str(link.pk),
        by=account.user,
        now=timezone.now(),
    )
    transfers.send_transfer(transfer=transfer, now=timezone.now())

    def is_now(status: str) -> bool:
        transfers.sync_account_transfers(account=account, now=timezone.now() + timedelta(hours=7))
        transfer.refresh_from_db()
        return transfer.status == status

    eventually(lambda: is_now("COMPLETE"), what="the deposit")
    sandbox.return_transfer(str(transfer.broker_transfer_id), SAID)
    eventually(lambda: is_now("RETURNED"), what="the return")
    assert "R03" in transfer.status_reason
    sync_balances(account=account)
    return transfer


def events(account: BrokerageAccount, transfer: Transfer) -> None:
    """What the streams bring: of the person's account, and of one that we do not know."""
    for account_id in (account.broker_account_id, uuid4()):
        body = {
            "account_id": str(account_id),
            "at": timezone.now().isoformat(),
            "entity_id": str(transfer.broker_transfer_id),
            "entity_type": "Transfer",
            "status_from": "COMPLETE",
            "status_to": "RETURNED",
            "reason": SAID,
        }
        row = store_event(stream=EventStream.FUNDING, event=Event(uuid4().hex, body))
        assert row is not None
        handle_event(event_pk=row.pk, now=timezone.now())


def fail_in_the_database(user: User) -> None:
    """A statement that fails, with the values of a row in it, as a page's would be logged."""
    for row in (User(email=MARKS["email"], password="x"), *KycApplication.objects.filter(user=user)):
        try:
            row.save(force_insert=True)
        except IntegrityError:
            logging.getLogger("django.request").exception("Internal Server Error: /apply/")


def spelled(name: str) -> re.Pattern[str]:
    return pattern_of(MARKS[name])


def marks_in(text: str) -> set[str]:
    return {name for name in MARKS if spelled(name).search(text)}


def may_stand_in(name: str, column: str) -> bool:
    """Whether the classification lets a mark be read in a column, as `table.column`."""
    called = FOUND_AS.get(name, (name,))
    return any(
        held.grade is Grade.READABLE and column in held.columns and column.partition(".")[2] in called
        for held in HELD
    )


def columns() -> Iterator[tuple[str, str]]:
    """Each column of each table, and all that is in it, as text; bytes both as they are and as base64."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
            yield f"{table}.{column}", "\n".join(as_text(value) for (value,) in cursor.fetchall())


def as_text(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    return json.dumps(value, default=str) if isinstance(value, (dict, list)) else str(value)


def everything_in_redis() -> str:
    """Every value of every key, and what task messages hold in base64."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    found = []
    for key in client.scan_iter(count=1000):
        kind = client.type(key)
        read: Any = {
            b"string": lambda key: [client.get(key)],
            b"list": lambda key: client.lrange(key, 0, -1),
            b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
        }
        for value in read[kind](key) if kind in read else []:
            text = (value or b"").decode("latin-1")
            bodies = re.findall(r'"body": "([A-Za-z0-9+/=]+)"', text)
            found += [text, *(base64.b64decode(body).decode("latin-1") for body in bodies)]
    return "\n".join(found)


def database_log() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        log = Path(cursor.fetchone()[0]).parent / "postgres.log"
    return log.read_text(errors="replace") if log.exists() else ""


def left_files(since: float) -> Iterator[tuple[Path, str]]:
    """Files that came since then where temporary ones go; not in pytest's folder, which is the sandbox's."""
    for path in Path(tempfile.gettempdir()).glob("*"):
        if path.is_file() and path.stat().st_mtime >= since:
            yield path, path.read_bytes().decode("latin-1")


@pytest.mark.django_db(transaction=True)
def test_marked_values_stand_only_where_the_classification_says(
    sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    since = timezone.now().timestamp()
    user, pages = journey(sandbox)
    fail_in_the_database(user)
    staff = Client()
    staff.force_login(StaffFactory.create())
    for page in ("funding/transfer", "funding/banklink", "workflow/statuschange", "calls/apicall"):
        pages.append(staff.get(f"/admin/{page}/").content.decode())
    pages.append(staff.get(f"/admin/funding/transfer/{Transfer.objects.get().pk}/change/").content.decode())

    found: dict[str, set[str]] = {}
    for column, text in columns():
        for name in marks_in(text):
            found.setdefault(name, set()).add(column)
    wrong = {
        name: {column for column in where if not may_stand_in(name, column)} for name, where in found.items()
    }
    assert {name: where for name, where in wrong.items() if where} == {}
    assert set(found) == {name for name in MARKS if any(may_stand_in(name, column) for column in ALL_COLUMNS)}

    assert marks_in(everything_in_redis()) == set()
    assert marks_in("\n".join(str(session.get_decoded()) for session in Session.objects.all())) == set()
    mails = "\n".join(f"{letter.to} {letter.subject} {letter.body}" for letter in mail.outbox)
    assert marks_in(mails) <= {"email"}
    formatter = LogFormatter("%(message)s")
    ours = "\n".join(formatter.format(record) for record in caplog.records)
    said = capfd.readouterr()
    assert "duplicate key value" in ours
    assert marks_in(ours + said.out + said.err) == set()
    assert marks_in(database_log()) == set()
    assert {path: marks_in(text) for path, text in left_files(since) if marks_in(text)} == {}
    for page in pages:
        assert not marks_in(page) & set(SECRETS_OF_ALL)
    assert "[removed]" in Transfer.objects.get().status_reason


ALL_COLUMNS = {column for held in HELD for column in held.columns}


@pytest.mark.django_db
def test_classification_names_columns_that_there_are() -> None:
    there = {column for column, _ in columns()}
    assert there >= ALL_COLUMNS
    assert set(SCRUBBED) <= there


@pytest.mark.django_db
def test_every_column_of_people_is_classified_or_plainly_not_theirs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying', 'jsonb', 'bytea', 'inet', 'ARRAY', 'date') "
            "AND table_name IN ('onboarding_kycapplication', 'onboarding_document', 'onboarding_agreement', "
            "'onboarding_taxform', 'onboarding_profilechange', 'funding_banklink', 'accounts_user')"
        )
        there = {f"{table}.{column}" for table, column in cursor.fetchall()}
    assert not there - ALL_COLUMNS - set(SCRUBBED) - OURS


OURS = {
    *(
        f"{table}.{column}"
        for table in (
            "onboarding_kycapplication",
            "onboarding_document",
            "onboarding_taxform",
            "onboarding_profilechange",
            "funding_banklink",
        )
        for column in ("status", "last_request_id", "broker_status")
    ),
    "onboarding_kycapplication.account_kind",
    "onboarding_kycapplication.signed_revisions",
    "onboarding_agreement.agreement",
    "onboarding_agreement.revision",
    "onboarding_document.document_type",
    "onboarding_document.sub_type",
    "onboarding_document.answers_to",
    "onboarding_document.asked_as",
    "onboarding_document.mime_type",
    "onboarding_document.sha256",
    "onboarding_taxform.revision",
    "onboarding_taxform.valid_until",
    "onboarding_profilechange.part",
    "accounts_user.mail_arrival",
}
"""Columns of these tables that say nothing of a person that the row itself does not."""


def test_security_page_has_the_classification_as_it_is() -> None:
    assert as_markdown() in (ROOT / "docs" / "security.md").read_text()


def test_classification_lets_secrets_be_read_nowhere() -> None:
    for held in HELD:
        is_written_to_them = held.columns == ("onboarding_staffrequest.text",)
        assert held.grade is Grade.READABLE or Place.MAIL not in held.places or is_written_to_them
    assert date.fromisoformat(MARKS["date_of_birth"]).year == 1971
