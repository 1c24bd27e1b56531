"""One more account of the same person: which kinds they can begin, and what is known already."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from onboarding import steps
from onboarding.forms import FORMS
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.services import kinds, retention
from tests.factories import BrokerageAccountFactory, UserFactory
from tests.onboarding.account_kinds import begin, body, missing

pytestmark = pytest.mark.django_db


def test_start_application_asks_only_what_is_new(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    assert missing(ira) == ["retirement", "beneficiaries", "agreements"]
    assert ira.holder_id == account.broker_account_id
    shown = {page.key for page in steps.steps_for(ira)}
    assert not shown & {"name", "contact", "eligibility", "tax-id", "documents", "finances"}
    assert (ira.tax_id, ira.tax_id_last4) == ("", "")
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert missing(child) == ["custody", "child", "account-email", "agreements"]
    assert (child.given_name, child.tax_id) == ("Ada", "124554321")


def test_start_application_asks_again_what_was_forgotten(account: BrokerageAccount) -> None:
    retention.drop_tax_ids(now=timezone.now() + timedelta(days=10_000))
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "tax-id" in missing(child)
    form = FORMS["tax-id"]({"tax_id": ""}, application=child)
    assert "tax_id" in form.errors


def test_start_application_asks_again_what_no_longer_holds(account: BrokerageAccount) -> None:
    application = account.application
    visa = {
        "permanent_resident": False,
        "country_of_citizenship": "IND",
        "country_of_tax_residence": "USA",
        "visa_type": "H1B",
        "visa_expiration_date": "2020-03-31",
    }
    application.keep_answers(visa)
    application.save()
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "visa" in missing(child)
    assert child.answer("visa_type") == "H1B"


def test_start_application_takes_over_what_the_profile_says_now(account: BrokerageAccount) -> None:
    ends = timezone.localdate() + timedelta(days=400)
    visa = {"visa_type": "H1B", "visa_expiration_date": ends.isoformat()}
    account.application.keep_answers(
        {
            "local_name_answered": True,
            "permanent_resident": False,
            "country_of_citizenship": "IND",
            "country_of_tax_residence": "USA",
            "visa_type": "F1",
            "visa_expiration_date": "2020-03-31",
        }
    )
    account.application.save()
    for part, answers, status in (
        ("phone", {"phone_number": "+12125550199"}, "APPLIED"),
        ("visa", visa, "APPLIED"),
        ("work", {"employer_name": "Looms"}, "REFUSED"),
    ):
        account.profile_changes.create(user=account.user, part=part, answers=answers, status=status)
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert missing(child) == ["custody", "child", "account-email", "agreements"]
    sent = body(child)
    assert sent["contact"]["phone_number"] == "+12125550199"
    assert (sent["identity"]["visa_type"], sent["identity"]["visa_expiration_date"]) == tuple(visa.values())
    assert sent["disclosures"]["employer_name"] == "Analytical Engines Inc"


def test_start_application_of_somebody_with_an_account_for_a_child_only(account: BrokerageAccount) -> None:
    KycApplication.objects.filter(account=account).update(account_kind="custodial")
    ira = begin(account.user, AccountKind.IRA)
    assert ira.holder_id is None
    assert "account-email" in missing(ira)


def test_start_application_twice_finds_the_one_that_was_begun(account: BrokerageAccount) -> None:
    first = begin(account.user, AccountKind.IRA)
    assert begin(account.user, AccountKind.IRA) == first
    assert begin(account.user, AccountKind.CUSTODIAL) != first


def test_start_application_before_the_first_account_is_open() -> None:
    waiting = BrokerageAccountFactory.create(status="SUBMITTED")
    with pytest.raises(kinds.FirstNotOpen):
        begin(waiting.user, AccountKind.IRA)
    nobody = begin(UserFactory.create(), AccountKind.IRA)
    assert nobody.holder_id is None
    assert {"eligibility", "name", "tax-id", "retirement"} <= set(missing(nobody))


def test_start_application_of_what_the_person_has(account: BrokerageAccount) -> None:
    with pytest.raises(kinds.HasItAlready):
        begin(account.user, AccountKind.INDIVIDUAL)
    for kind in ("roth", "traditional"):
        ira = begin(account.user, AccountKind.IRA)
        form = FORMS["retirement"]({"account_sub_type": "roth"}, application=ira)
        assert form.is_valid() is (kind == "roth")
        KycApplication.objects.filter(pk=ira.pk).update(status="SUBMITTED", submitted_at=timezone.now())
        ira.keep_answers({"account_sub_type": kind})
        ira.save(update_fields=["answers"])
    with pytest.raises(kinds.HasItAlready):
        begin(account.user, AccountKind.IRA)


def test_start_application_of_somebody_abroad(account: BrokerageAccount) -> None:
    application = account.application
    application.keep_answers({"country_of_residence": "FRA"})
    application.save()
    with pytest.raises(kinds.NotTaxedHere):
        begin(account.user, AccountKind.IRA)


@pytest.mark.parametrize("kind", [AccountKind.IRA, AccountKind.CUSTODIAL])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country_of_residence": "FRA"}, "country_of_residence"),
        (
            {
                "country_of_residence": "BRA",
                "country_of_citizenship": "BRA",
                "permanent_resident": "False",
                "country_of_tax_residence": "BRA",
            },
            "country_of_residence",
        ),
    ],
)
def test_first_application_of_somebody_abroad_is_refused_where_they_say_so(
    kind: AccountKind, change: dict[str, str], field: str
) -> None:
    application = begin(UserFactory.create(), kind)
    typed = {
        "country_of_residence": "USA",
        "date_of_birth_month": "3",
        "date_of_birth_day": "31",
        "date_of_birth_year": "1985",
        "country_of_citizenship": "USA",
    }
    assert FORMS["eligibility"](typed, application=application).is_valid()
    form = FORMS["eligibility"](typed | change, application=application)
    assert "only for people who live and pay tax in the United States" in str(form.errors[field])
    known = {"permanent_resident": False, "date_of_birth": date(1985, 3, 31)}
    application.keep_answers(typed | change | known)
    assert "eligibility" in missing(application)
    application.account_kind = AccountKind.INDIVIDUAL
    assert FORMS["eligibility"](typed | change, application=application).is_valid()
    assert "eligibility" not in missing(application)


def test_start_application_asks_of_another_citizenship_once(account: BrokerageAccount) -> None:
    account.application.keep_answers({"other_citizenship": "DEU"})
    account.application.save()
    ira = begin(account.user, AccountKind.IRA)
    assert ira.answer("other_citizenship") == "DEU"
    assert "eligibility" not in {page.key for page in steps.steps_for(ira)}
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "eligibility" in {page.key for page in steps.steps_for(child)}
    assert "eligibility" not in missing(child)


def test_start_application_takes_over_no_signature_and_no_paper(account: BrokerageAccount) -> None:
    signed = {"w8ben_signed": "digest", "identity_paper": "passport", "identity_paper_expires": "2031-03-31"}
    account.application.keep_answers(signed)
    account.application.save()
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert [child.answer(name) for name in signed] == [None, None, None]
