from typing import Any

import pytest

from onboarding.models import KycApplication
from onboarding.services import duplicates
from tests.brokerapp.security.test_encryption import new_key
from tests.factories import KycApplicationFactory

pytestmark = pytest.mark.django_db


def test_tax_id_of_another_application_is_found_in_any_spelling() -> None:
    first = KycApplicationFactory.create(tax_id="124559876")
    second = KycApplicationFactory.create(tax_id="124559876")
    KycApplicationFactory.create(tax_id="124554321")
    assert list(duplicates.others_with_tax_id(second)) == [first]
    assert set(duplicates.with_tax_id("124-55 9876")) == {first, second}


def test_tax_id_that_was_forgotten_is_still_found() -> None:
    first, second = (KycApplicationFactory.create(tax_id="124559876") for _ in range(2))
    KycApplication.objects.filter(pk=first.pk).update(tax_id="")
    first = KycApplication.objects.get(pk=first.pk)
    first.save()
    assert list(duplicates.others_with_tax_id(first)) == [second]
    assert list(duplicates.others_with_tax_id(second)) == [first]


def test_application_without_tax_id_is_like_no_other() -> None:
    empty, _ = (KycApplicationFactory.create(tax_id="") for _ in range(2))
    assert not duplicates.others_with_tax_id(empty).exists()


def test_index_follows_its_column_when_only_that_is_saved() -> None:
    application = KycApplicationFactory.create(tax_id="124554321")
    application.tax_id = "124559876"
    application.save(update_fields=["tax_id"])
    assert list(duplicates.with_tax_id("124559876")) == [application]
    assert not duplicates.with_tax_id("124554321").exists()


def test_index_made_with_a_former_key_is_found(settings: Any) -> None:
    former, newer = new_key(), new_key()
    settings.BLIND_INDEX_KEYS = [former]
    application = KycApplicationFactory.create(tax_id="124559876")
    settings.BLIND_INDEX_KEYS = [newer, former]
    assert list(duplicates.with_tax_id("124559876")) == [application]
    settings.BLIND_INDEX_KEYS = [newer]
    assert not duplicates.with_tax_id("124559876").exists()


@pytest.mark.parametrize("typed", ["(212) 555-0197", "212.555.0197", "+1 212 555 0197"])
def test_phone_number_is_found_as_it_is_typed(typed: str) -> None:
    application = KycApplicationFactory.create(phone_number="+12125550197")
    assert list(duplicates.with_phone_number(typed)) == [application]


@pytest.mark.parametrize("typed", ["555", "ada@example.com", "+12125550123"])
def test_phone_number_that_is_none_or_another_is_not_found(typed: str) -> None:
    KycApplicationFactory.create(phone_number="+12125550197")
    assert not duplicates.with_phone_number(typed).exists()
