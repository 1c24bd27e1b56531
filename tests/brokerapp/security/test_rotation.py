from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command

from brokerapp.security import encryption, rotation
from funding.models import BankLink
from onboarding.models import Document, KycApplication
from onboarding.services import documents
from tests.brokerapp.security.test_encryption import copy_column, new_key, stored
from tests.factories import TOTP_SECRET, BankLinkFactory, KycApplicationFactory, StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(settings: Any) -> list[str]:
    """The key in use, and the newer one that it is given up for."""
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    BankLinkFactory.create()
    for number in range(5):
        application = KycApplicationFactory.create(tax_id=f"12455432{number}")
        documents.store_document(
            application=application,
            document_type="identity_verification",
            mime_type="application/pdf",
            content=b"a passport %d" % number,
        )
    KycApplicationFactory.create(tax_id="", date_of_birth=None)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    return [new, old]


def left() -> int:
    return sum(rotation.outdated(model).count() for model in (BankLink, Document, KycApplication))


def values() -> set[object]:
    rows = [application.tax_id for application in KycApplication.objects.all()]
    files = [document.content for document in Document.objects.all()]
    return {*rows, *files, BankLink.objects.get().bank_account_number}


def test_rotate_keys_leaves_nothing_under_the_older_key(keys: list[str], settings: Any) -> None:
    before = values()
    said = StringIO()
    call_command("rotate_keys", batch=2, stdout=said)
    assert left() == 0
    settings.FIELD_ENCRYPTION_KEYS = keys[:1]
    assert values() == before
    assert "onboarding.KycApplication: 2 of 7\n" in said.getvalue()
    assert "Nothing is left under an older key." in said.getvalue()


def test_rotate_keys_after_an_interruption_goes_on(keys: list[str], settings: Any) -> None:
    before, begun_with = values(), left()
    batches = []

    def say(line: str) -> None:
        batches.append(line)
        if len(batches) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(batch=2, say=say)
    assert 0 < left() < begun_with
    assert values() == before
    remaining = left()
    rotated = rotation.rotate(batch=2, say=lambda line: None)
    assert (rotated.done, rotated.failed, left()) == (remaining, 0, 0)
    settings.FIELD_ENCRYPTION_KEYS = keys[:1]
    assert values() == before


def test_rotate_keys_twice_does_nothing_more(keys: list[str]) -> None:
    rotation.rotate(say=lambda line: None)
    document = Document.objects.first()
    kept = stored(document, "content")
    assert rotation.rotate(say=lambda line: None) == rotation.Rotated(0, 0)
    assert stored(document, "content") == kept


def test_rotate_keys_keeps_what_the_site_writes_meanwhile(keys: list[str]) -> None:
    """A row that was read before the rotation and saved after it is readable, and found by the next run."""
    application = KycApplication.objects.get(tax_id_last4="4321", date_of_birth__isnull=True)
    other = KycApplication.objects.exclude(tax_id="").first()
    assert other is not None
    application.phone_number = "+12125550199"
    rotation.rotate(say=lambda line: None)
    application.save()
    other.given_name = "Augusta"
    other.save()
    assert left() == 2
    assert KycApplication.objects.get(pk=application.pk).phone_number == "+12125550199"
    assert rotation.rotate(say=lambda line: None).done == 2
    assert left() == 0


def test_rotate_keys_names_what_it_cannot_read(keys: list[str]) -> None:
    ada, eve, *_ = KycApplication.objects.exclude(tax_id="")
    copy_column("tax_id", of=ada, to=eve)
    said = StringIO()
    with pytest.raises(CommandError, match="1 cannot be read"):
        call_command("rotate_keys", stdout=said)
    assert str(eve.pk) in said.getvalue()
    assert left() == 1
    assert encryption.from_text(stored(ada, "tax_id")).startswith(encryption.newest_prefix())


def test_rotate_keys_keeps_second_steps_usable(settings: Any) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    app = Authenticator.objects.get(user=StaffFactory.create())
    settings.FIELD_ENCRYPTION_KEYS = [new, old]

    call_command("rotate_keys", stdout=StringIO())

    settings.FIELD_ENCRYPTION_KEYS = [new]
    app.refresh_from_db()
    assert decrypt(app.data["secret"]) == TOTP_SECRET
