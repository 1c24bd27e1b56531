"""Who may open and send what: every address of the URL conf, asked as everybody, held against the docs.

`WRITE_ACCESS_TABLE=1 make test ARGS="tests/test_access.py -n0"` writes docs/security-access.md anew.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from brokerapp.accounts import holds, securing
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.roles import Role
from brokerapp.accounts.statuses import HoldReason
from brokerapp.broker.streams.models import StreamCursor
from brokerapp.closing.models import AccountClosing
from brokerapp.decisions import services as decisions
from brokerapp.events.models import BrokerEvent
from brokerapp.health.models import ErrorPage, Heartbeat
from brokerapp.mailing.models import QueuedMail
from brokerapp.notices import samples
from brokerapp.notices.models import Digest, Notice, NoticeKind
from brokerapp.security_log.admin_site import OperationsSite
from brokerapp.support.models import Case
from brokerapp.support.services import open_case
from brokerapp.support.statuses import Topic
from brokerapp.ui.admin_pages import models_in_admin
from brokerapp.ui.links import ACCOUNT_ID
from devstack.paths import ROOT
from funding.services.settling import NEVER_MADE
from onboarding.cases import CipRecord, DuePaper, KycAnswer
from onboarding.kinds import AccountKind
from onboarding.models import ProfileChange, TaxForm
from onboarding.services import kinds
from tests.addresses import Address, addresses
from tests.brokerapp.accounts.test_pages import rows_of
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import (
    BrokerageAccountFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
    document_of,
    give_second_step,
    staff_in_role,
)
from trading.models import Asset, DailyEquity, GainBook, PositionsSync, QuotePause

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "security-access.md"
HEAD = """# Who may open what

Made by `tests/test_access.py`, which asks for every address of the URL conf as everybody below and holds this
page against the answers. To make it anew: `WRITE_ACCESS_TABLE=1 make test ARGS="tests/test_access.py -n0"`.
What each role is for, and why, is in `brokerapp/accounts/roles.py`.

- *see* and *send*: the page is shown, and what its form sends is looked at.
- *sign in*, *confirm*: leads to signing in, or to saying once more who one is, and does nothing before.
- *no*: refused (403), and kept in the security log. *not there*: as if the page did not exist (404).
- Where an address names an account or a row, it is the person's; everybody else comes with a stranger's ids.
- A *superuser* has every right, but for confirming what they proposed themselves. It is there to set the site
  up (`manage.py createsuperuser`): no page of the site makes one.
"""
ROLES = tuple(role.value for role in Role)
STAFF = (*ROLES, "superuser")
EVERYBODY = ("visitor", "the person", "another person", *STAFF)


@dataclass
class House:
    """One person with a row of everything, and a browser of everybody."""

    account: BrokerageAccount
    rows: dict[str, dict[str, object]]
    browsers: dict[str, Client]
    people: dict[str, User]


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No task is sent to a worker."""
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, unsent: None) -> House:
    # Who is answered what is decided before a page is put together, which takes most of its time.
    # Only pages: of a part of one, what it comes to may be kept for as long as the process lives.
    monkeypatch.setattr("django.shortcuts.loader", SimpleNamespace(render_to_string=lambda *_, **__: ""))
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    monkeypatch.setattr(OperationsSite, "each_context", lambda self, request: {})
    monkeypatch.setattr("brokerapp.web.session_limits.note", lambda session, now: False)
    monkeypatch.setattr("brokerapp.health.views.render_to_string", lambda *_, **__: "")
    monkeypatch.setattr("brokerapp.health.views.record_error", lambda **_: "")
    mail = EmailMultiAlternatives(alternatives=[("", "text/html")])
    monkeypatch.setattr(samples, "mails", lambda: {"secured": mail})
    return make_house()


def make_house() -> House:
    account = BrokerageAccountFactory.create(cash=1000, cash_withdrawable=1000)
    people = {"the person": account.user, "another person": BrokerageAccountFactory.create().user}
    people |= {role.value: staff_in_role(role) for role in Role} | {"superuser": StaffFactory.create()}
    browsers = {name: Client() for name in EVERYBODY}
    for name, person in people.items():
        give_second_step(person)
        browsers[name].force_login(person)
    ira = kinds.start_application(user=account.user, kind=AccountKind.IRA)
    draft: dict[str, object] = {"application_id": ira.pk}
    second_step: dict[str, object] = {"pk": Authenticator.objects.get(user=account.user).pk}
    rows = rows_of(account) | {
        "account_secure_by_link": {"token": securing.link_for(account.user).split("/")[-2]},
        "account_confirm_email": {"key": "no-such-key"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "no-such"},
        "mfa_edit_webauthn": second_step,
        "mfa_remove_webauthn": second_step,
        "agreement": {"key": "customer_agreement"},
        "agreement_pdf": {"key": "customer_agreement"},
        "apply_step": {"key": "name"},
        "apply_of": draft,
        "apply_check_of": draft,
        "apply_step_of": draft | {"key": "retirement"},
        "application_status_of": draft,
        "remove_document": {"document_id": document_of(account.application).pk},
        "answer_asked": {"application_id": account.application.pk},
        "appeal": {"application_id": account.application.pk},
        "short_address": {"path": "portfolio/"},
        "admin:app_list": {"app_label": "funding"},
        **{f"admin:ops_{page}": {"person_id": account.user_id} for page in ("person", "note", "sees")},
        "admin:ops_forget_view": {"view_id": 1},
        "case": {"case_id": case_of(account).pk},
        "legal_page": {"key": "terms"},
        "mail_sample": {"key": "secured"},
        "notice": notice_of(account),
        "mark_unread": notice_of(account),
    }
    return House(account, rows, browsers, people)


def case_of(account: BrokerageAccount) -> Case:
    return open_case(
        case_id=uuid4(), person=account.user, topic=Topic.OTHER, text="Where is it?", now=timezone.now()
    )


def notice_of(account: BrokerageAccount) -> dict[str, object]:
    notice, _ = Notice.objects.get_or_create(
        change_id=7,
        defaults={
            "user": account.user,
            "kind": NoticeKind.SECURED,
            "row_type": "accounts.WithdrawalHold",
            "row_id": "0",
        },
    )
    return {"pk": notice.pk}


def url_of(house: House, address: Address) -> str:
    """The address of the person's own rows."""
    arguments = dict(house.rows.get(address.name, {}))
    if ACCOUNT_ID in address.params:
        arguments[ACCOUNT_ID] = house.account.pk
    assert set(arguments) == set(address.params), f"say in this test what {address.name} names"
    return reverse(address.name, kwargs=arguments)


def asked(client: Client, method: str, url: str) -> str:
    """What somebody is answered, in the words of the table; nothing of what it did is left."""
    before, cookies = transaction.savepoint(), deepcopy(client.cookies)
    try:
        reply = client.generic(method, url)
    finally:
        transaction.savepoint_rollback(before)
        # Or thousands would lie within each other, and every row be looked for in each of them.
        transaction.savepoint_commit(before)
        client.cookies = cookies  # some pages sign out
    where = reply.headers.get("Location", "")
    if reply.status_code in (301, 302, 303):
        if where.startswith((reverse("account_login"), reverse("admin:login"))):
            return "sign in"
        if "reauthenticate" in where:
            return "confirm"
    refused = {403: "no", 404: "not there", 405: ""}
    assert reply.status_code < 500, url
    return refused.get(reply.status_code, "see" if method == "GET" else "send")


def cell(client: Client, url: str) -> str:
    words = [asked(client, method, url) for method in ("GET", "POST")]
    return ", ".join(dict.fromkeys(filter(None, words))) or "–"


def table(first: str, columns: tuple[str, ...], rows: list[list[str]]) -> str:
    head = [[first, *columns], ["---"] * (len(columns) + 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*head, *rows])


def hold(section: str, text: str) -> None:
    """Hold a section of the page against what was found; with WRITE_ACCESS_TABLE write it instead."""
    page = PAGE.read_text() if PAGE.exists() else HEAD
    sections = dict(_sections(page))
    if os.environ.get("WRITE_ACCESS_TABLE"):
        sections[section] = text
        order = sorted(sections, key=lambda name: (name != PEOPLE, name == ACTIONS, name))
        parts = [f"\n## {name}\n\n{sections[name]}" for name in order]
        PAGE.write_text(HEAD + "".join(parts))
    assert sections.get(section) == text, f"{PAGE.name} is not current: see the top of this test"


def _sections(page: str) -> Iterator[tuple[str, str]]:
    for part in page.split("\n## ")[1:]:
        name, _, text = part.partition("\n\n")
        yield name, text


PEOPLE, ACTIONS = "Pages of people", "Actions of staff"
OWN_ROW = {"application_id", "document_id", "case_id"}
"""What an address names of a person's own that is no account's."""


def test_pages_of_people(house: House) -> None:
    wanted = [address for address in addresses() if address.name and not address.is_admin]
    rows = []
    for address in wanted:
        url = url_of(house, address)
        cells = [cell(house.browsers[name], url) for name in ("visitor", "the person", "another person")]
        with_every_right = cell(house.browsers["superuser"], url)
        # What is not there for a superuser is there for no role.
        cells += [
            with_every_right if with_every_right == "not there" else cell(house.browsers[role], url)
            for role in ROLES
        ]
        cells.append(with_every_right)
        route = address.route.replace("|", "\\|")
        rows.append([f"`/{route}`", *cells])
        if OWN_ROW & set(address.params) or address.name in ("notice", "mark_unread"):
            assert cells[2] == "not there", (address, cells)
        if ACCOUNT_ID in address.params:
            assert set(cells[2:]) == {"not there"}, (address, cells)
            assert cells[0] == "sign in", (address, cells)
    hold(PEOPLE, table("Address", EVERYBODY, rows))


def test_page_names_everything(house: House) -> None:
    assert PAGE.read_text().startswith(HEAD)
    labels = {model._meta.app_label for model in models_in_admin()}
    names = [name for name, _ in _sections(PAGE.read_text())]
    assert sorted(names) == sorted([PEOPLE, ACTIONS, *map(section_of, labels)])


# The admin site


def a_row_of_everything(house: House) -> None:
    """Rows that `house` does not have yet, so that each model in admin has one."""
    account = house.account
    unknown = TransferFactory.create(account, status="UNKNOWN", amount="7.00")
    holds.place_hold(account.user, HoldReason.PASSWORD)
    decisions.propose(
        what=NEVER_MADE, row=unknown, by=house.people["operations"], reason="They say that they have none."
    )
    now = timezone.now()
    ApiCallFactory.create()
    QueuedMail.objects.create(subject="Reset your password", content={})
    Heartbeat.objects.create(name="people", at=now)
    ErrorPage.objects.create(reference="0" * 16, at=now, status=500)
    StreamCursor.objects.get_or_create(stream="trades")
    BrokerEvent.objects.create(stream="trades", event_id="1", payload={})
    Digest.objects.create(user=account.user)
    PositionsSync.objects.get_or_create(account=account)
    QuotePause.objects.create(asset=Asset.objects.get(), due_at=now)
    DailyEquity.objects.create(account=account, day=now.date(), at=now, equity=1)
    GainBook.objects.get_or_create(account=account)
    of_person = {"application": account.application, "user": account.user}
    KycAnswer.objects.create(**of_person, code="PEP")
    CipRecord.objects.create(**of_person, approved_by_id=1, approved_at=now, reason="They were here.")
    AccountClosing.objects.create(user=account.user, account=account)
    ProfileChange.objects.create(user=account.user, account=account, part="phone", answers={})
    DuePaper.objects.create(user=account.user, account=account, part="visa", ends_on=now.date())
    TaxForm.objects.create(
        application=account.application,
        user=account.user,
        content={},
        signed_at=now,
        ip_address="203.0.113.7",
        valid_until=now.date(),
    )


def section_of(label: str) -> str:
    return f"Operations: {label}"


OPERATIONS = {
    **dict.fromkeys(("changelist", "change", "history", "csv", "handout", "replay"), "see"),
    "delete": "delete",
    "add": "add",
}
# Papers are opened with a ticket that is given for a reason: their addresses alone show nothing.
OPERATIONS |= {"queue": "see", "queue_csv": "see", "review": "see", "paper": "see", "picture": "see"}


def may(client: Client, what: str, url: str) -> set[str]:
    """What somebody may do at one address of a model in admin, in the words of the table."""
    got = asked(client, "GET", url)
    if what in ("reveal", "export", "erase", "which"):
        return {what} if got == "confirm" else set()
    found = {OPERATIONS[what]} if got == "see" else set()
    assert got in ("see", "no"), (url, got)
    if what == "change" and asked(client, "POST", url) == "send":
        found.add("change")
    if what in ("add", "delete"):
        assert (asked(client, "POST", url) == "send") == bool(found), url
    return found


def urls_in_admin(model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """What each address of a model in admin is for, and its address with a row of the person's."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
    row = model._default_manager.first()
    assert row is not None, f"{model._meta.label}: give it a row in this test"
    for address in addresses():
        if address.name.startswith(name):
            what = address.name.removeprefix(name)
            yield what, reverse(address.name, args=[row.pk] if address.params else [])


def test_pages_of_operations(house: House) -> None:
    a_row_of_everything(house)
    sections: dict[str, list[list[str]]] = defaultdict(list)
    for model in sorted(models_in_admin(), key=lambda model: model._meta.label):
        sections[section_of(model._meta.app_label)].append(rights_of(house, model))
    for section, rows in sections.items():
        hold(section, table("Rows", STAFF, rows))


def rights_of(house: House, model: type[models.Model]) -> list[str]:
    """A row of the table: what each role may do with a model. People and strangers may nothing."""
    rights: dict[str, set[str]] = defaultdict(set)
    for what, url in urls_in_admin(model):
        for name in ("visitor", "the person"):
            assert cell(house.browsers[name], url) in ("sign in", "no"), (name, url)
        for role in STAFF:
            rights[role] |= may(house.browsers[role], what, url)
    order = ("see", "reveal", "export", "erase", "which", "add", "change", "delete")
    return [
        str(model._meta.verbose_name),
        *(", ".join(sorted(rights[role], key=order.index)) or "no" for role in STAFF),
    ]


def test_pages_of_operations_that_are_of_no_model(house: House) -> None:
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in models_in_admin()}
    for address in addresses():
        if not address.is_admin or address.name.removeprefix("admin:").rpartition("_")[0] in names:
            continue
        name = address.name
        if name in ("", "admin:login", "admin:logout", "admin:view_on_site"):
            continue
        url = reverse(name, kwargs=house.rows.get(name, {}))
        for person in ("visitor", "the person"):
            assert cell(house.browsers[person], url) in ("sign in", "no"), url


@pytest.mark.usefixtures("unsent")
def test_pages_of_operations_are_put_together_for_each_model() -> None:
    """And are held against the content security policy, as each page of a test is (tests/page_policy.py)."""
    house = make_house()
    a_row_of_everything(house)
    for model in models_in_admin():
        for what, url in urls_in_admin(model):
            if what in ("changelist", "change", "history"):
                assert house.browsers["superuser"].get(url).status_code == 200, url
            elif what in ("add", "delete"):  # of most models not even a superuser may
                assert house.browsers["superuser"].get(url).status_code in (200, 403), url


def test_object_of_nobody_or_nonsense_is_found_by_no_role(house: House) -> None:
    a_row_of_everything(house)
    for model in models_in_admin():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        for nonsense in ("0", "x", "00000000-0000-4000-8000-000000000000", "_5F"):
            for role in ("support", "superuser"):
                reply = house.browsers[role].get(reverse(name, args=[nonsense]))
                assert reply.status_code in (302, 403, 404), (name, nonsense)


def test_actions_of_staff(house: House) -> None:
    rows = []
    for model in sorted(models_in_admin(), key=lambda model: model._meta.label):
        page = admin.site.get_model_admin(model)
        by_role = {role: actions_of(page, house.people[role]) for role in STAFF}
        everything = actions_of(page, house.people["superuser"])
        for name, title in everything.items():
            cells = ["yes" if name in by_role[role] else "no" for role in STAFF]
            rows.append([f"{model._meta.verbose_name}: {title}", *cells])
    hold(ACTIONS, table("Action", STAFF, rows))


def actions_of(page: admin.ModelAdmin, person: User) -> dict[str, str]:
    """The actions that somebody may use; the admin site runs no other, whatever is sent."""
    request = RequestFactory().get("/")
    request.user = person
    request.resolver_match = resolve("/admin/")
    if not page.has_view_permission(request):
        return {}
    return {name: str(action[2]) for name, action in page.get_actions(request).items() if action}


def test_staff_without_a_role_see_nothing() -> None:
    client = Client()
    client.force_login(StaffFactory.create(is_superuser=False))
    for model in models_in_admin():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url).status_code == 403
        assert client.post(url, {"action": "delete_selected"}).status_code == 403


def test_person_in_a_roles_group_who_is_not_staff_sees_nothing() -> None:
    person, client = UserFactory.create(), Client()
    person.groups.add(*Group.objects.all())
    client.force_login(person)
    seen = partial(client.get, follow=False)
    for model in models_in_admin():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert seen(url).status_code in (302, 403)
