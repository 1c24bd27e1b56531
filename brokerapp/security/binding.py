"""For migrations: columns that were plain, or encrypted without being bound to their row, as they are now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from brokerapp.security.encryption import encrypt, place_of, to_text

Row = dict[str, bytes]


def bind_to_rows(
    editor: BaseDatabaseSchemaEditor,
    table: str,
    *,
    plain: Sequence[str] = (),
    unbound: Sequence[str] = (),
    more: Callable[[Row], Mapping[str, object]] = lambda row: {},
    batch: int = 100,
) -> None:
    """Encrypt every filled column of a table, each value bound to its row, whose key is the column `id`.

    `plain` columns hold text, `unbound` ones what Fernet made with the same keys, as text or bytes. `more`
    gets what a row holds and gives further columns to write.
    """
    fernet = MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
    columns = [*plain, *unbound]
    quoted = ", ".join(f'"{column}"' for column in ["id", *columns])
    for rows in _batches(editor, f'SELECT {quoted} FROM "{table}"', batch):  # noqa: S608  our own names
        for pk, *values in rows:
            held = {name: value for name, value in zip(columns, values, strict=True) if value}
            opened = {
                name: fernet.decrypt(value) if name in unbound else str(value).encode()
                for name, value in ((name, _as_token(value)) for name, value in held.items())
            }
            sealed: dict[str, object] = {}
            for name, value in opened.items():
                token = encrypt(value, place_of(table, name, pk))
                sealed[name] = to_text(token) if isinstance(held[name], str) else token
            _write(editor, table, pk, sealed | dict(more(opened)))


def _as_token(value: Any) -> Any:
    return value if isinstance(value, str) else bytes(value)


def _batches(editor: BaseDatabaseSchemaEditor, select: str, batch: int) -> Iterable[list[Any]]:
    last = None
    with editor.connection.cursor() as cursor:
        while True:
            after = "" if last is None else "WHERE id > %s"
            parameters: list[Any] = [] if last is None else [last]
            cursor.execute(f"{select} {after} ORDER BY id LIMIT {batch}", parameters)
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield rows


def _write(editor: BaseDatabaseSchemaEditor, table: str, pk: Any, columns: Mapping[str, Any]) -> None:
    if not columns:
        return
    assignments = ", ".join(f'"{name}" = %s' for name in columns)
    with editor.connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" SET {assignments} WHERE id = %s',  # noqa: S608  our own names
            [*columns.values(), pk],
        )
