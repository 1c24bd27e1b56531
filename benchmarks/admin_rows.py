"""The rows that the lists of `benchmarks.admin` are made of, made by the database (generate_series)."""

from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

DAYS = 120
"""Over which calls, orders and transfers are spread."""
CHUNK = 100_000


def uuid_of(kind: str, number: str = "g") -> str:
    """The SQL of the id of the row of a kind with a number: the same wherever it is named."""
    return f"md5('{kind}' || ({number}))::uuid"


def people_of(number: str, people: int) -> str:
    """The SQL of one of the people's numbers for a row's number."""
    return f"(1 + ({number}) % {people})"


def fill(model: type[models.Model], count: int, columns: dict[str, str]) -> None:
    """Insert `count` rows, numbered `g` from 1 on; columns that are not given have their model's default."""
    meta = model._meta
    given = {
        field.column: columns.get(field.name) or columns.get(field.column) for field in meta.concrete_fields
    }
    values = {
        field.column: given[field.column] or _default(field)
        for field in meta.concrete_fields
        if given[field.column] or not _is_made_by_the_database(field)
    }
    names = ", ".join(f'"{column}"' for column in values)
    for start in range(1, count + 1, CHUNK):
        stop = min(start + CHUNK - 1, count)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(values.values())} "
                f"FROM generate_series({start}, {stop}) g"
            )


def _is_made_by_the_database(field: Any) -> bool:
    return isinstance(field, models.AutoField) or field.generated or field.has_db_default()


def _default(field: Any) -> str:
    kind = field.db_type(connection)
    if field.null:
        return f"NULL::{kind}"
    if isinstance(field, models.DateTimeField):
        return "now()"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    value = _empty(field)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return f"'{{}}'::{kind}"
    return f"'{value if value is not None else ''}'::{kind}"


def _empty(field: Any) -> Any:
    """What a row has in a column of which nothing is said."""
    if field.has_default():
        return field.get_default()
    if isinstance(field, models.BooleanField):
        return False
    return field.get_empty_value() if hasattr(field, "get_empty_value") else ""


def make(*, people: int, calls: int, orders: int) -> None:
    """A company with so many people, calls and orders, and what belongs to them."""
    _people(people)
    _money(people, orders // 2)
    _orders(people, orders)
    _log(people, calls)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _numbered()):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _numbered() -> list[type[models.Model]]:
    from brokerapp.accounts.models import User

    return [User]


def _people(people: int) -> None:
    from brokerapp.accounts.models import BrokerageAccount, User
    from onboarding.models import KycApplication

    fill(
        User,
        people,
        {
            "id": "g",
            "email": "'person' || g || '@example.com'",
            "password": "'!'",
            "is_active": "true",
            "date_joined": f"now() - interval '{DAYS} days' * (g::float / {people})",
        },
    )
    fill(
        BrokerageAccount,
        people,
        {
            "id": uuid_of("account"),
            "user": "g",
            "broker_account_id": uuid_of("broker account"),
            "account_number": "(100000000 + g)::text",
            "status": "CASE WHEN g % 500 = 0 THEN 'ACTION_REQUIRED' ELSE 'ACTIVE' END",
            "broker_status": "CASE WHEN g % 500 = 0 THEN 'ACTION_REQUIRED' ELSE 'ACTIVE' END",
            "cash": "1000 + g % 1000",
        },
    )
    fill(
        KycApplication,
        people,
        {
            "id": uuid_of("application"),
            "user": "g",
            "account": uuid_of("account"),
            "status": "'SUBMITTED'",
            "given_name": "(ARRAY['Ada','Ben','Cleo','Dan','Eve','Finn','Gus','Hal','Ida','Jo'])[1 + g % 10]",
            "family_name": "'Family' || g",
            "submitted_at": "now()",
        },
    )


def _money(people: int, transfers: int) -> None:
    from brokerapp.activities.models import Activity
    from funding.models import BankLink, Transfer

    fill(
        BankLink,
        people,
        {
            "id": uuid_of("bank"),
            "user": "g",
            "account": uuid_of("account"),
            "status": "'APPROVED'",
            "relationship_id": uuid_of("relationship"),
            "last4": "'6789'",
        },
    )
    whose = people_of("g", people)
    at = f"now() - interval '{DAYS} days' * (g::float / {transfers})"
    fill(
        Transfer,
        transfers,
        {
            "id": uuid_of("transfer"),
            "user": whose,
            "account": uuid_of("account", whose),
            "bank_link": uuid_of("bank", whose),
            "rail": "'ach'",
            "direction": "CASE WHEN g % 3 = 0 THEN 'OUTGOING' ELSE 'INCOMING' END",
            "amount": "10 + g % 500",
            "status": "CASE WHEN g % 2000 = 0 THEN 'RETURNED' ELSE 'COMPLETE' END",
            "broker_transfer_id": uuid_of("broker transfer"),
            "expected_on": "current_date",
            "created_at": at,
            "status_at": at,
            "last_request_id": "md5('transfer request' || g)",
        },
    )
    fill(
        Activity,
        transfers,
        {
            "account": uuid_of("account", whose),
            "activity_id": "'20260101000000000::' || g",
            "reference": "md5('activity' || g)",
            "activity_type": "'CSD'",
            "at": at,
            "date": f"({at})::date",
            "net_amount": "10 + g % 500",
            "request_id": "md5('activity request' || (g / 100))",
            "followed_at": "now()",
        },
    )


def _orders(people: int, orders: int) -> None:
    from trading.models import Asset, Order

    fill(
        Asset,
        1000,
        {"id": uuid_of("asset"), "symbol": "'S' || g", "name": "'Company ' || g", "status": "'active'"},
    )
    whose, asset = people_of("g", people), "(1 + g % 1000)"
    at = f"now() - interval '{DAYS} days' * (g::float / {orders})"
    fill(
        Order,
        orders,
        {
            "id": uuid_of("order"),
            "client_order_id": f"{uuid_of('order')}::text",
            "user": whose,
            "account": uuid_of("account", whose),
            "asset": uuid_of("asset", asset),
            "symbol": f"'S' || {asset}",
            "side": "CASE WHEN g % 4 = 0 THEN 'SELL' ELSE 'BUY' END",
            "qty": "1 + g % 9",
            "status": "CASE WHEN g % 5000 = 0 THEN 'REJECTED' ELSE 'FILLED' END",
            "broker_order_id": uuid_of("broker order"),
            "filled_qty": "1 + g % 9",
            "recorded_qty": "1 + g % 9",
            "created_at": at,
            "status_at": at,
            "last_request_id": "md5('order request' || g)",
        },
    )


def _log(people: int, calls: int) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from brokerapp.broker.calls import partitions
    from brokerapp.broker.calls.models import ApiCall
    from brokerapp.events.models import BrokerEvent
    from brokerapp.notices.models import Notice
    from brokerapp.security_log.models import SecurityEvent
    from brokerapp.workflow.models import StatusChange

    now = timezone.now()
    made = {week.start for week in partitions.partitions()}
    for week in range(DAYS // 7 + 2):
        if (partition := partitions.Partition.at(now - timedelta(weeks=week))).start not in made:
            partitions.make(partition)
    whose = people_of("g", people)
    at = f"now() - interval '{DAYS} days' * (g::float / {calls})"
    fill(
        ApiCall,
        calls,
        {
            "id": "g",
            "call_id": uuid_of("call"),
            "request_id": "md5('request' || g)",
            "method": "CASE WHEN g % 10 = 0 THEN 'POST' ELSE 'GET' END",
            "path": "CASE WHEN g % 10 = 0 THEN '/v1/trading/accounts/{account_id}/orders' "
            "ELSE '/v1/trading/accounts/{account_id}/account' END",
            "account_id": uuid_of("broker account", whose),
            "http_status": "CASE WHEN g % 1000 = 0 THEN 500 ELSE 200 END",
            "outcome": "CASE WHEN g % 1000 = 0 THEN 'UNKNOWN' ELSE 'OK' END",
            "milliseconds": "20 + g % 200",
            "about_type": "'trading.Order'",
            "about_id": f"{uuid_of('order')}::text",
            "person_id": whose,
            "started_at": at,
            "finished_at": at,
        },
    )
    half = calls // 2
    at = f"now() - interval '{DAYS} days' * (g::float / {half})"
    fill(
        StatusChange,
        half,
        {
            "row_type": "'trading.Order'",
            "row_id": f"{uuid_of('order')}::text",
            "person_id": whose,
            "to_status": "'FILLED'",
            "actor": "'reply'",
            "request_id": "md5('request' || g)",
            "at": at,
        },
    )
    fill(
        BrokerEvent,
        half // 2,
        {
            "stream": "'trades'",
            "event_id": "'event' || g",
            "payload": "'{}'::jsonb",
            "received_at": at,
            "handled_at": "now()",
            "error": "CASE WHEN g % 5000 = 0 THEN 'RuntimeError' ELSE '' END",
        },
    )
    fill(
        Notice,
        half // 4,
        {
            "user": whose,
            "kind": "'ORDER_REVISED'",
            "row_type": "'trading.Order'",
            "row_id": "g::text",
            "change_id": "g",
            "status": "'SENT'",
            "sent_at": "now()",
            "created_at": at,
        },
    )
    fill(
        SecurityEvent,
        half // 2,
        {"kind": "'SIGNED_IN'", "person_id": whose, "at": at, "detail": "'{}'::jsonb"},
    )
