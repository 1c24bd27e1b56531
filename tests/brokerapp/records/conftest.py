from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity, ActivityCursor
from brokerapp.records.models import DocumentsSync, IssuedDocument, kind_of
from tests.account_pages import AccountClient
from tests.factories import BrokerageAccountFactory

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent, by name, instead of sending them."""
    names: list[str] = []
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: names.append(path))
    return names


@pytest.fixture
def account() -> BrokerageAccount:
    """An account whose history was read to its end."""
    account = BrokerageAccountFactory.create()
    ActivityCursor.objects.create(name=str(account.pk), due_at=None, read_at=NOW)
    return account


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def activity(
    account: BrokerageAccount | None, kind: str = "DIV", amount: str = "1.25", **columns: Any
) -> Activity:
    """A stored activity; one that is not stored without an account."""
    name = str(uuid4())
    values: dict[str, Any] = {
        "activity_id": f"20260302000000000::{name}",
        "reference": name,
        "activity_type": kind,
        "at": NOW,
        "date": date(2026, 3, 4),
        "net_amount": Decimal(amount),
        "status": "executed",
        **columns,
    }
    if account is None:
        return Activity(**values)
    return Activity.objects.create(account=account, **values)


def fill(account: BrokerageAccount | None, **columns: Any) -> Activity:
    """A stored execution; a buy of 2 AAPL at $200."""
    values: dict[str, Any] = {
        "qty": Decimal(2),
        "price": Decimal(200),
        "side": "buy",
        "symbol": "AAPL",
        "subtype": "fill",
        "amount": "-400",
        **columns,
    }
    return activity(account, "FILL", values.pop("amount"), **values)


def document(account: BrokerageAccount, kind: str = "account_statement", **columns: Any) -> IssuedDocument:
    """A stored document, of the list that was read just now."""
    DocumentsSync.objects.update_or_create(account=account, defaults={"synced_at": NOW})
    values = {"type": kind, "kind": kind_of(kind), "date": date(2026, 2, 28), **columns}
    return IssuedDocument.objects.create(account=account, document_id=uuid4(), **values)


def shown(response: Any) -> str:
    """A page with its blanks folded."""
    return " ".join(response.content.decode().split())
