"""The demo's accounts, whose addresses everybody can read here: none may sign in where there is no demo."""

from django.contrib.auth import get_user_model
from django.db import connection, transaction

DEMO_ADDRESSES = (
    "applicant@example.com",
    "trader@example.com",
    "action@example.com",
    "returned@example.com",
    "ops@example.com",
    "approver@example.com",
    "support@example.com",
)


def open_demo_accounts() -> list[str]:
    """The demo's addresses that can sign in to this database. Raises `DatabaseError` if it does not answer.

    None while the table is still to be made. Only columns that every version of it has are read, as this runs
    before migrations do.
    """
    users = get_user_model()
    if users._meta.db_table not in connection.introspection.table_names():
        return []
    found = users._default_manager.filter(email__in=DEMO_ADDRESSES, is_active=True)
    return sorted(found.values_list("email", flat=True))


def close_demo_accounts() -> list[str]:
    """Take away the way in of each: inactive, and without a password. Returns their addresses."""
    users = get_user_model()._default_manager.filter(email__in=DEMO_ADDRESSES, is_active=True)
    closed = []
    with transaction.atomic():
        for user in users.select_for_update(no_key=True):
            user.is_active = False
            user.set_unusable_password()
            user.save(update_fields=["is_active", "password"])
            closed.append(user.email)
    return sorted(closed)
