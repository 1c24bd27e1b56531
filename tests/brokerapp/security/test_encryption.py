import base64
import os
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from brokerapp.security import encryption
from brokerapp.security.encryption import CannotDecrypt, Sealed
from funding.models import BankLink
from onboarding.models import Document, KycApplication
from onboarding.services import documents
from tests.factories import BankLinkFactory, KycApplicationFactory

CONTEXT = [{"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Sam", "family_name": "Senator"}]
ENCRYPTED = {
    "phone_number": "+12125550197",
    "street_address": "20 N San Mateo Dr",
    "unit": "4B",
    "city": "San Mateo",
    "state": "CA",
    "postal_code": "94401",
    "date_of_birth": date(1971, 2, 17),
    "tax_id": "124559876",
    "employer_address": "1 Engine Way, San Mateo, CA",
    "trusted_email_address": "grace@example.com",
    "trusted_phone_number": "+12125550198",
    "disclosure_context": CONTEXT,
}


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def stored(row: Any, column: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM {row._meta.db_table} WHERE id = %s', [row.pk])
        return cursor.fetchone()[0]


def copy_column(column: str, *, of: Any, to: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {of._meta.db_table} SET "{column}" = %s WHERE id = %s', [stored(of, column), to.pk]
        )


@pytest.mark.django_db
@pytest.mark.parametrize("column", ENCRYPTED)
def test_encrypted_column_is_not_in_the_database_and_comes_back(column: str) -> None:
    application = KycApplicationFactory.create(**ENCRYPTED)
    kept = stored(application, column)
    assert isinstance(kept, str)
    token = encryption.from_text(kept)
    assert token.startswith(encryption.newest_prefix())
    assert str(ENCRYPTED[column]).encode() not in token
    assert getattr(KycApplication.objects.get(pk=application.pk), column) == ENCRYPTED[column]


@pytest.mark.django_db
def test_document_is_not_in_the_database_and_comes_back() -> None:
    document = documents.store_document(
        application=KycApplicationFactory.create(),
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"a passport",
    )
    assert b"a passport" not in bytes(stored(document, "content"))
    assert Document.objects.get(pk=document.pk).content == b"a passport"


@pytest.mark.django_db
def test_encrypted_column_empty_stays_empty() -> None:
    empty = KycApplicationFactory.create(tax_id="", date_of_birth=None)
    assert stored(empty, "tax_id") == ""
    assert stored(empty, "date_of_birth") is None
    filled = KycApplicationFactory.create()
    assert list(KycApplication.objects.exclude(tax_id="")) == [filled]
    assert KycApplication.objects.get(pk=empty.pk).date_of_birth is None


@pytest.mark.django_db
def test_tax_id_copied_onto_another_person_does_not_decrypt() -> None:
    ada, eve = KycApplicationFactory.create(tax_id="124559876"), KycApplicationFactory.create()
    copy_column("tax_id", of=ada, to=eve)
    with pytest.raises(CannotDecrypt):
        _ = KycApplication.objects.get(pk=eve.pk).tax_id
    assert KycApplication.objects.get(pk=ada.pk).tax_id == "124559876"


@pytest.mark.django_db
def test_bank_number_copied_into_another_column_does_not_decrypt() -> None:
    link = BankLinkFactory.create()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE funding_banklink SET bank_routing_number = bank_account_number")
    link = BankLink.objects.get(pk=link.pk)
    assert link.bank_account_number == "000123456789"
    with pytest.raises(CannotDecrypt):
        _ = link.bank_routing_number


@pytest.mark.django_db
def test_save_of_a_row_leaves_alone_what_was_not_asked_for() -> None:
    application = KycApplicationFactory.create()
    before = stored(application, "tax_id")
    row = KycApplication.objects.get(pk=application.pk)
    row.given_name = "Augusta"
    row.save()
    assert stored(application, "tax_id") == before
    assert KycApplication.objects.get(pk=application.pk).tax_id == "124554321"


@pytest.mark.django_db
def test_update_with_a_plain_value_is_refused() -> None:
    KycApplicationFactory.create()
    with pytest.raises(TypeError):
        KycApplication.objects.update(tax_id="124559876")
    with pytest.raises(TypeError):
        KycApplication.objects.filter(tax_id="124559876").exists()


@pytest.mark.django_db
def test_values_of_an_encrypted_column_cannot_be_read() -> None:
    KycApplicationFactory.create()
    (value,) = KycApplication.objects.values_list("tax_id", flat=True)
    assert isinstance(value, Sealed)
    assert f"{value} {value!r}" == "(encrypted) (encrypted)"


@pytest.mark.django_db
def test_deferred_encrypted_column_is_read_when_asked_for() -> None:
    KycApplicationFactory.create()
    row = KycApplication.objects.defer("tax_id").get()
    assert row.get_deferred_fields() == {"tax_id"}
    assert row.tax_id == "124554321"


def test_decrypt_with_an_older_key(settings: Any) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    secret = encryption.encrypt(b"124554321", "a place")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert encryption.decrypt(secret, "a place") == b"124554321"
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with pytest.raises(CannotDecrypt):
        encryption.decrypt(secret, "a place")


@pytest.mark.parametrize("at", [0, 3, 8, -1])
def test_decrypt_of_what_was_changed(at: int) -> None:
    secret = bytearray(encryption.encrypt(b"124554321", "a place"))
    secret[at] ^= 1
    with pytest.raises(CannotDecrypt):
        encryption.decrypt(bytes(secret), "a place")


@pytest.mark.parametrize("key", ["short", "", base64.urlsafe_b64encode(bytes(31)).decode()])
def test_encrypt_with_a_key_of_the_wrong_length(settings: Any, key: str) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [key]
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        encryption.encrypt(b"1", "a place")
