"""Rows for tests. Statuses are reached through the services that reach them in life: no impossible rows."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

import factory
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, TestCase
from django.utils import timezone
from factory.django import DjangoModelFactory

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca.models import Account, AchRelationship
from brokerapp.broker.alpaca.models import Order as BrokerOrder
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer
from brokerapp.workflow import state
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from funding.services.applying import apply_transfer
from funding.snapshots import Snapshot
from funding.statuses import BankLinkStatus, Direction, TransferStatus
from onboarding.agreements import revisions_of
from onboarding.models import Document, KycApplication
from onboarding.services import applications
from tests.copies import Original, original
from trading.models import Asset, Order, Position, Quote
from trading.services import orders

PASSWORD = "correct-horse-battery"
IP_ADDRESS = "203.0.113.7"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""When applications were sent."""


class UserFactory(DjangoModelFactory[User]):
    """A person with a verified e-mail address and the password `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def verified(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted is not False:
            self.emailaddress_set.create(email=self.email, verified=True, primary=True)  # type: ignore[attr-defined]


class StaffFactory(UserFactory):
    """A member of the ops staff who may do everything, with a second step unless `second_step=False`."""

    email = factory.Sequence(lambda n: f"ops{n}@example.com")
    is_staff = True
    is_superuser = True

    @factory.post_generation
    def second_step(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted is not False:
            give_second_step(self)  # type: ignore[arg-type]


TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_second_step(person: User) -> None:
    """An authenticator app with the key `TOTP_SECRET`, unless the person has one."""
    if not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
        totp.TOTP.activate(person, TOTP_SECRET)


def confirm(client: Client) -> None:
    """As if the client's person, who gets a second step, had just confirmed that it is them."""
    person = User.objects.get(pk=client.session[SESSION_KEY])
    give_second_step(person)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def staff_in_role(role: str, **columns: Any) -> User:
    """A member of staff with one role of `accounts.roles`, and no other right."""
    member: User = StaffFactory.create(is_superuser=False, **columns)
    member.groups.add(Group.objects.get(name=role))
    return member


class KycApplicationFactory(DjangoModelFactory[KycApplication]):
    """A complete application that has not been sent."""

    class Meta:
        model = KycApplication
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    email_address = factory.SelfAttribute("user.email")
    given_name = "Ada"
    family_name = "Byron"
    phone_number = "+12125550123"
    street_address = "20 N San Mateo Dr"
    city = "San Mateo"
    state = "CA"
    postal_code = "94401"
    date_of_birth = date(1985, 3, 31)
    country_of_birth = "USA"
    country_of_citizenship = "USA"
    tax_id = "124554321"
    tax_id_type = "USA_SSN"
    tax_id_last4 = "4321"
    funding_source = ["employment_income"]
    employment_status = "EMPLOYED"
    employer_name = "Analytical Engines Inc"
    employer_address = "1 Engine Way, San Mateo, CA"
    employment_position = "Programmer"
    is_control_person = False
    is_affiliated_exchange_or_finra = False
    is_politically_exposed = False
    immediate_family_exposed = False
    wants_trusted_contact = False
    documents_answered = True
    answers = factory.LazyFunction(
        lambda: {"country_of_residence": "USA", "finances_answered": True, "investing_answered": True}
    )

    @factory.post_generation
    def agreements_ticked(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            keys = extracted if extracted is not None else ["customer_agreement"]
            applications.sign_agreements(
                application=self,  # type: ignore[arg-type]
                signed=revisions_of(*keys),
                ip_address=IP_ADDRESS,
                now=NOW,
            )
            self.refresh_from_db()  # type: ignore[attr-defined]


def account_reply(**fields: Any) -> Account:
    """An account as the broker sends it."""
    body = {
        "id": str(uuid4()),
        "account_number": "684486106",
        "status": "ACTIVE",
        "currency": "USD",
        "last_equity": "0",
        "created_at": "2026-03-02T15:00:05.123456Z",
    }
    return Account.from_reply({**body, **fields}, uuid4().hex)


class BrokerageAccountFactory:
    """Accounts that the broker has opened for a complete application."""

    @staticmethod
    def create(user: User | None = None, **fields: Any) -> BrokerageAccount:
        """ACTIVE unless `status` says otherwise; balances (`cash=Decimal("100")`) are set as by a sync."""
        balances = {
            name: fields.pop(name)
            for name in ("cash", "cash_withdrawable", "buying_power", "equity", "multiplier")
            if name in fields
        }
        user = user or UserFactory.create()
        # What is done on commit is not copied: nothing is, where there is a commit.
        if not fields and opened and connection.in_atomic_block:
            account = cast(BrokerageAccount, opened[0].copy_for(user)[BrokerageAccount][0])
        else:
            account = opened_account(user, **fields)
        if balances:
            BrokerageAccount.objects.filter(pk=account.pk).update(**balances, balances_at=NOW)
        account.refresh_from_db()
        return account


def document_of(application: KycApplication) -> Document:
    """A picture that waits with an application."""
    return Document.objects.create(
        application=application,
        user=application.user,
        document_type=Document.Type.IDENTITY_VERIFICATION,
        mime_type="image/png",
        size=1,
        sha256="0" * 64,
        content=b"x",
    )


def opened_account(user: User, **fields: Any) -> BrokerageAccount:
    """An account that the broker opened for a person's complete application.

    One more of the same person is one that staff took over, as nobody is let apply for a second of its kind.
    """
    application = KycApplicationFactory.create(user=user)
    if BrokerageAccount.objects.filter(user=user).exists():
        take_over(application)
    else:
        applications.submit_application(application=application, by=user, now=NOW)
    return applications.apply_account(
        application=application, reply=account_reply(**fields), by=state.Process.REPLY, asked_at=NOW
    )


def take_over(application: KycApplication) -> None:
    """Send an application without asking whether the person may have one more account."""
    user = application.user
    state.move(application, "SUBMITTING", by=user, submitted_at=NOW, email_address=user.email)


opened: list[Original] = []
"""An account to copy, once `keep_opened_account` has made it."""


def keep_opened_account() -> None:
    """Make the account that `BrokerageAccountFactory` copies; nothing of it stays in the database."""
    TestCase.setUpClass()  # as in a test, so that it is rolled back
    try:
        opened[:] = [original(opened_account, UserFactory.create())]
    finally:
        TestCase.tearDownClass()


BANK = banks.BankDetails(
    account_owner_name="Ada Byron",
    bank_account_type="CHECKING",
    bank_account_number="000123456789",
    bank_routing_number="121000358",
    nickname="",
)


def bank_reply(**fields: Any) -> AchRelationship:
    """A bank link as the broker sends it."""
    body = {**BANK, "id": str(uuid4()), "status": "QUEUED", "updated_at": "2026-03-02T15:00:00Z"}
    return AchRelationship.from_reply({**body, **fields}, uuid4().hex)


def transfer_reply(transfer: Transfer, **fields: Any) -> BrokerTransfer:
    """A transfer as the broker sends it once it has taken `transfer` on."""
    return BrokerTransfer.from_reply(transfer_body(transfer, **fields), uuid4().hex)


def transfer_body(transfer: Transfer, **fields: Any) -> dict[str, Any]:
    """The JSON of one of our transfers."""
    return {
        "id": str(transfer.broker_transfer_id or uuid4()),
        "account_id": str(transfer.account.broker_account_id),
        "relationship_id": str(transfer.bank_link.relationship_id) if transfer.bank_link else None,
        "type": "ach",
        "status": "QUEUED",
        "amount": str(transfer.amount),
        "direction": transfer.direction,
        "created_at": transfer.created_at.isoformat(),
        "updated_at": transfer.created_at.isoformat(),
    } | fields


class BankLinkFactory:
    """Banks that a person linked, as far as `status` says."""

    @staticmethod
    def create(account: BrokerageAccount | None = None, status: str = "APPROVED", **details: Any) -> BankLink:
        """APPROVED unless `status` says otherwise; `details` are columns."""
        account = account or BrokerageAccountFactory.create()
        link = state.start(
            BankLink(
                user=account.user,
                account=account,
                last4="6789",
                bank_name="Bank of America",
                **{**BANK, **details},
            ),
            by=account.user,
        )
        if status == BankLinkStatus.SUBMITTING:
            return link
        now = timezone.now()
        if status == BankLinkStatus.UNKNOWN:
            return state.move(
                link, BankLinkStatus.UNKNOWN, by=state.Process.REPLY, reason="No reply.", claimed_at=now
            )
        BankLink.objects.filter(pk=link.pk).update(claimed_at=now)
        snapshot = Snapshot.of_bank(bank_reply(status=status))
        return banks.apply_bank_link(link=link, snapshot=snapshot, by=state.Process.REPLY)


class TransferFactory:
    """Transfers over an approved bank, as far as `status` says."""

    @staticmethod
    def create(
        account: BrokerageAccount | None = None,
        status: str = "QUEUED",
        direction: str = Direction.INCOMING,
        amount: str = "100.00",
        now: datetime | None = None,
    ) -> Transfer:
        """QUEUED unless `status` says otherwise; RETURNED ones were COMPLETE before."""
        account = account or BrokerageAccountFactory.create(cash_withdrawable=Decimal(1000))
        now = now or timezone.now()
        bank = BankLink.objects.active().filter(account=account).first() or BankLinkFactory.create(account)
        transfer = transfers.request_transfer(
            account=account,
            intent_id=uuid4(),
            direction=direction,
            amount=Decimal(amount),
            bank_link_id=str(bank.pk),
            by=account.user,
            now=now,
        )
        if status == TransferStatus.SUBMITTING:
            return transfer
        if status == TransferStatus.UNKNOWN:
            return state.move(
                transfer,
                TransferStatus.UNKNOWN,
                by=state.Process.REPLY,
                reason="No reply.",
                claimed_at=now,
            )
        steps = ["COMPLETE", "RETURNED"] if status == TransferStatus.RETURNED else [status]
        Transfer.objects.filter(pk=transfer.pk).update(claimed_at=now)
        reply_id = str(uuid4())
        for step in steps:
            reply = transfer_reply(transfer, id=reply_id, status=step)
            transfer = apply_transfer(
                transfer=transfer, snapshot=Snapshot.of_transfer(reply), by=state.Process.REPLY
            )
        return transfer


class AssetFactory(DjangoModelFactory[Asset]):
    """A US stock that can be traded in fractions."""

    class Meta:
        model = Asset
        django_get_or_create = ("symbol",)

    id = factory.LazyFunction(uuid4)
    symbol = "AAPL"
    name = "Apple Inc. Common Stock"
    exchange = "NASDAQ"
    asset_class = "us_equity"
    status = Asset.ACTIVE
    tradable = True
    fractionable = True
    marginable = True
    shortable = True
    synced_at = factory.LazyFunction(timezone.now)


class QuoteFactory(DjangoModelFactory[Quote]):
    """Prices synced just now."""

    class Meta:
        model = Quote
        django_get_or_create = ("asset",)

    class Params:
        symbol = "AAPL"

    asset = factory.SubFactory(AssetFactory, symbol=factory.SelfAttribute("..symbol"))
    bid = Decimal("199.90")
    ask = Decimal("200.10")
    last = Decimal("200.00")
    previous_close = Decimal("198.00")
    as_of = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    synced_at = factory.LazyFunction(timezone.now)


class PositionFactory(DjangoModelFactory[Position]):
    """Two shares bought at 150."""

    class Meta:
        model = Position

    asset = factory.SubFactory(AssetFactory)
    symbol = factory.SelfAttribute("asset.symbol")
    qty = Decimal(2)
    avg_entry_price = Decimal(150)
    cost_basis = Decimal(300)
    synced_at = factory.LazyFunction(timezone.now)


def order_reply(order: Order, status: str = "accepted", **fields: Any) -> BrokerOrder:
    """One of our orders as the broker sends it."""
    return BrokerOrder.from_reply(order_body(order, status, **fields), uuid4().hex)


def order_body(order: Order, status: str = "accepted", **fields: Any) -> dict[str, Any]:
    """The JSON of one of our orders."""
    at = "2026-03-02T15:00:00.123456789Z"
    return {
        "id": str(order.broker_order_id or uuid4()),
        "client_order_id": order.client_order_id,
        "status": status,
        "symbol": order.symbol,
        "side": order.side.lower(),
        "type": "market",
        "time_in_force": "day",
        "qty": str(order.qty) if order.qty is not None else None,
        "notional": str(order.notional) if order.notional is not None else None,
        "filled_qty": "0",
        "filled_avg_price": None,
        "created_at": at,
        "updated_at": at,
        "submitted_at": at,
    } | fields


class OrderFactory:
    """Orders that the broker has taken; SUBMITTING if `status` is ''."""

    @staticmethod
    def create(account: BrokerageAccount, status: str = "accepted", **columns: Any) -> Order:
        """`status` is Alpaca's word. A buy of 0.42 AAPL unless `columns` say otherwise."""
        asset = columns.pop("asset", None) or AssetFactory.create()
        fields = {key: columns.pop(key) for key in ("filled_qty", "filled_avg_price") if key in columns}
        if "notional" not in columns:
            columns.setdefault("qty", Decimal("0.42"))
        order_id = columns.pop("id", None) or uuid4()
        order = Order.objects.create(
            id=order_id,
            client_order_id=str(order_id),
            user=account.user,
            account=account,
            asset=asset,
            symbol=asset.symbol,
            **{"side": Order.Side.BUY, **columns},
        )
        return (
            orders.apply_order(order=order, reply=order_reply(order, status, **fields)) if status else order
        )
