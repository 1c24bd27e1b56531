"""Changes of a profile: sent once, settled by what the broker has, signed for where that is needed."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker import broker_clock
from onboarding.agreements import AgreementRevised
from onboarding.models import KycApplication, ProfileChange, TaxForm
from onboarding.services import profile
from onboarding.statuses import ProfileChangeStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import IP_ADDRESS
from tests.onboarding import abroad
from tests.onboarding.profiles import NOW, ask, configuration_of, consent_to, path_of, reply, sent


def test_send_change_twice_sends_once_and_the_account_goes_into_review(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    broker.on("PATCH", path_of(account), json=reply(account, status="ACCOUNT_UPDATED"))
    for row in (change, ProfileChange.objects.get(pk=change.pk)):
        profile.send_change(change=row, now=timezone.now())
    change.refresh_from_db()
    assert (change.status, change.last_request_id) == (ProfileChangeStatus.APPLIED, REQUEST_ID)
    assert sent(broker) == [{"disclosures": {"employer_name": "Looms"}}]
    account.refresh_from_db()
    assert account.status == AccountStatus.ACCOUNT_UPDATED
    assert profile.current(account).employer_name == "Looms"
    assert KycApplication.objects.get(account=account).employer_name == "Analytical Engines Inc"


def test_request_change_while_one_is_under_way_is_refused(account: BrokerageAccount) -> None:
    ask(account, "work", {"employer_name": "Looms"})
    with pytest.raises(profile.ChangeUnderWay):
        ask(account, "work", {"employer_name": "Wheels"})
    ask(account, "phone", {"phone_number": "+12125550199"})


def test_send_change_refused_keeps_the_brokers_words_and_the_former_answer(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    error = {"code": 42210000, "message": "employer_name is invalid"}
    broker.on("PATCH", path_of(account), status=422, json=error)
    profile.send_change(change=change, now=timezone.now())
    change.refresh_from_db()
    assert (change.status, change.status_reason) == (ProfileChangeStatus.REFUSED, "employer_name is invalid")
    assert profile.current(account).employer_name == "Analytical Engines Inc"


@pytest.mark.parametrize(("employer", "ends"), [("Looms", "APPLIED"), ("Engines", "UNKNOWN")])
def test_settle_change_asks_what_the_broker_has(
    broker: BrokerStub, account: BrokerageAccount, employer: str, ends: str
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    broker.on("PATCH", path_of(account), status=500)
    profile.send_change(change=change, now=timezone.now())
    change.refresh_from_db()
    assert change.status == ProfileChangeStatus.UNKNOWN
    said = {**reply(account), "disclosures": {"employer_name": employer}}
    broker.on("GET", path_of(account), json=said)
    profile.settle_change(change=change, now=timezone.now() + timedelta(minutes=1))
    change.refresh_from_db()
    assert (change.status, broker.count("PATCH")) == (ends, 1 if ends == "APPLIED" else 2)


def test_margin_is_signed_for_first_and_then_switched_on(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    answers = {"wants_margin": True, "wants_shorting": False}
    change = ask(account, "margin", answers, consent_to("margin"))
    profile.send_change(change=change, now=timezone.now())
    assert len(broker.calls) == 0  # not before it is signed for
    assert change.follows is not None
    broker.on("PATCH", path_of(account), json=reply(account))
    broker.on("PATCH", configuration_of(account), json={})
    profile.send_change(change=change.follows, now=timezone.now())
    profile.send_change(change=ProfileChange.objects.get(pk=change.pk), now=timezone.now())
    agreed, configured = sent(broker)
    assert [(row["agreement"], row["ip_address"]) for row in agreed["agreements"]] == [
        ("margin_agreement", IP_ADDRESS)
    ]
    assert configured == {"max_margin_multiplier": "2", "no_shorting": True}
    assert "margin_agreement" in profile.signed_agreements(account)
    assert profile.current(account).answer("wants_margin") is True


def test_margin_is_not_switched_on_where_the_signature_is_refused(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "margin", {"wants_margin": True, "wants_shorting": False}, consent_to("margin"))
    broker.on(
        "PATCH", path_of(account), status=422, json={"code": 42210000, "message": "revision is invalid"}
    )
    assert change.follows is not None
    profile.send_change(change=change.follows, now=timezone.now())
    change = profile.send_change(change=ProfileChange.objects.get(pk=change.pk), now=timezone.now())
    assert (change.status, change.status_reason) == (ProfileChangeStatus.REFUSED, "revision is invalid")
    assert len(broker.calls) == 1


def test_settle_change_of_the_configuration_and_of_options(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    off = ask(account, "margin", {"wants_margin": False, "wants_shorting": None})
    level = ask(account, "options", {"options_level": "2"})
    ProfileChange.objects.update(status=ProfileChangeStatus.UNKNOWN, claimed_at=NOW)
    broker.on("GET", configuration_of(account), json={"max_margin_multiplier": "1", "no_shorting": True})
    asked = {"id": str(off.pk), "requested_level": 2, "created_at": (NOW + timedelta(seconds=1)).isoformat()}
    broker.on("GET", "/v1/accounts/options/approvals", json={"options_approvals": [asked]})
    for change in (off, level):
        change.refresh_from_db()
        profile.settle_change(change=change, now=timezone.now())
        change.refresh_from_db()
        assert change.status == ProfileChangeStatus.APPLIED


@pytest.mark.parametrize(
    ("clock_is", "made", "ends"),
    [
        (timedelta(minutes=-7), timedelta(), "APPLIED"),
        (timedelta(minutes=-7), timedelta(minutes=-3), "UNKNOWN"),
        (timedelta(minutes=7), timedelta(minutes=-3), "UNKNOWN"),
        (timedelta(), timedelta(milliseconds=-300), "APPLIED"),
    ],
)
def test_settle_change_of_options_goes_by_the_brokers_clock(
    broker: BrokerStub, account: BrokerageAccount, clock_is: timedelta, made: timedelta, ends: str
) -> None:
    now = timezone.now()
    change = ask(account, "options", {"options_level": "2"})
    ProfileChange.objects.update(status=ProfileChangeStatus.UNKNOWN, created_at=now, claimed_at=now)
    change.refresh_from_db()
    created_at = (now + clock_is + made).isoformat()
    asked = {"id": str(change.pk), "requested_level": 2, "created_at": created_at}
    date = format_datetime(now + clock_is, usegmt=True)
    broker.on("GET", "/v1/accounts/options/approvals", json={"options_approvals": [asked]}, date=date)
    broker_clock.forget()
    profile.settle_change(change=change, now=now)
    change.refresh_from_db()
    assert change.status == ends


def test_request_change_with_a_revision_that_is_no_longer_shown_is_refused(account: BrokerageAccount) -> None:
    old = profile.Consent("margin_agreement", "01.2001.01", NOW, IP_ADDRESS)
    with pytest.raises(AgreementRevised):
        ask(account, "margin", {"wants_margin": True}, old)
    assert not ProfileChange.objects.exists()


def test_agreement_that_was_refused_is_asked_for_again(broker: BrokerStub, account: BrokerageAccount) -> None:
    change = ask(account, "crypto", {"wants_crypto": True}, consent_to("crypto"))
    broker.on("PATCH", path_of(account), status=422, json={"code": 42210000, "message": "no"})
    assert change.follows is not None
    profile.send_change(change=change.follows, now=timezone.now())
    assert "crypto_agreement" not in profile.signed_agreements(account)


@pytest.mark.django_db
def test_change_that_is_a_paper_alone_needs_no_call(broker: BrokerStub) -> None:
    account = abroad.create_account()
    change = ask(account, "paper", {"identity_paper_expires": "2031-01-31"})
    profile.send_change(change=change, now=timezone.now())
    assert ProfileChange.objects.get().status == ProfileChangeStatus.APPLIED
    assert len(broker.calls) == 0
    assert profile.current(account).answer("identity_paper_expires") == "2031-01-31"


@pytest.mark.django_db
def test_change_of_what_stands_on_the_w8ben_makes_a_new_one_due(broker: BrokerStub) -> None:
    account = abroad.create_account()
    change = ask(account, "address", {"city": "Santos"})
    broker.on("PATCH", path_of(account), json=reply(account))
    profile.send_change(change=change, now=timezone.now())
    form = TaxForm.objects.get(application__account=account)
    assert (form.status, form.status_reason) == ("DUE", "What it says has changed.")
