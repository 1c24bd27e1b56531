"""The migrations that encrypt what older versions kept plain, or bound to no row."""

import uuid
from datetime import date
from typing import Any

import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from onboarding.models import Document, KycApplication
from onboarding.services import duplicates
from tests.factories import UserFactory

BEFORE = [("onboarding", "0001_initial"), ("funding", "0001_initial")]


@pytest.fixture
def older_tables(transactional_db: None) -> Any:
    """The tables as the first version had them; they are migrated again in the end."""
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    yield executor
    executor = MigrationExecutor(connection)
    executor.migrate(newest)


def insert(table: str, **columns: Any) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})",
            list(columns.values()),
        )


def test_rows_of_the_first_version_are_encrypted_and_read_as_before(older_tables: MigrationExecutor) -> None:
    fernet = MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
    user_id = UserFactory.create(email="ada@example.com").pk
    now = timezone.now()
    application_id, document_id = uuid.uuid4(), uuid.uuid4()
    sent = {
        "status_reason": "",
        "last_request_id": "",
        "status_at": now,
        "send_after": now,
        "failed_sends": 0,
    }
    texts = dict.fromkeys(
        (
            "email_address",
            "middle_name",
            "unit",
            "country_of_citizenship",
            "country_of_birth",
            "tax_id_type",
            "employment_status",
            "employer_name",
            "employer_address",
            "employment_position",
            "trusted_given_name",
            "trusted_family_name",
            "trusted_email_address",
            "trusted_phone_number",
        ),
        "",
    )
    insert(
        "onboarding_kycapplication",
        **sent,
        **texts,
        id=application_id,
        user_id=user_id,
        status="DRAFT",
        given_name="Ada",
        family_name="Byron",
        phone_number="+12125550197",
        street_address="20 N San Mateo Dr",
        city="San Mateo",
        state="CA",
        postal_code="94401",
        date_of_birth=date(1971, 2, 17),
        tax_id=fernet.encrypt(b"124559876").decode(),
        tax_id_last4="9876",
        funding_source=[],
        disclosure_context='[{"context_type": "AFFILIATE_FIRM"}]',
        signed_revisions="{}",
        created_at=now,
        updated_at=now,
    )
    insert(
        "onboarding_document",
        **sent,
        id=document_id,
        user_id=user_id,
        application_id=application_id,
        status="STORED",
        document_type="identity_verification",
        mime_type="application/pdf",
        size=10,
        sha256="0" * 64,
        content=fernet.encrypt(b"a passport"),
        created_at=now,
    )
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    application = KycApplication.objects.get(pk=application_id)
    assert (application.tax_id, application.phone_number) == ("124559876", "+12125550197")
    assert (application.date_of_birth, application.unit) == (date(1971, 2, 17), "")
    assert application.disclosure_context == [{"context_type": "AFFILIATE_FIRM"}]
    assert Document.objects.get(pk=document_id).content == b"a passport"
    assert list(duplicates.with_tax_id("124-55-9876")) == [application]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM onboarding_kycapplication a")
        (row,) = cursor.fetchone()
    # Nothing shorter: ids, hashes and ciphers hold any four digits at times.
    for plain in ("San Mateo", "1971-02-17", "12125550197", "AFFILIATE"):
        assert plain not in row
