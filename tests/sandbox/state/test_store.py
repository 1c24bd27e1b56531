import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sandbox.kernel import eventlog
from sandbox.kernel.log import FrameFile, StateError
from sandbox.state import rows, store
from sandbox.state.store import Store

NOW = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


def account(number: str = "123456789") -> rows.Account:
    return rows.Account(id=f"id-{number}", account_number=number, status="ACTIVE", created_at=NOW)


def order(client_order_id: str, status: rows.OrderStatus = "accepted") -> rows.Order:
    return rows.Order(
        id=f"order-{client_order_id}", account_id="id-123456789", client_order_id=client_order_id,
        symbol="AAPL", side="buy", type="market", time_in_force="day", status=status, created_at=NOW,
        updated_at=NOW, qty=Decimal("0.420000000"),
    )  # fmt: skip


def fill_store(path: Path) -> None:
    """Two transactions: an account, then an order with an event."""
    first = Store(path)
    first.add(account())
    first.add(rows.Ledger(id="id-123456789", cash=Decimal("12.34")))
    first.commit()
    first.add(order("a"))
    first.emit(eventlog.TRADE, NOW, b'{"n":1}')
    first.commit()
    first.close()


def test_store_reopened_has_every_committed_row_exactly(tmp_path: Path) -> None:
    fill_store(tmp_path)

    again = Store(tmp_path)

    assert again.ledgers.rows["id-123456789"].cash == Decimal("12.34")
    assert again.orders.by_client_id("id-123456789", "a") == order("a")
    assert [row.id for row in again.orders.of("id-123456789")] == ["order-a"]
    assert [event.body for event in again.events.read(0, 1)] == [b'{"n":1}']


def test_store_reopened_after_uncommitted_change_has_none_of_it(tmp_path: Path) -> None:
    fill_store(tmp_path)
    unfinished = Store(tmp_path)
    unfinished.edit(unfinished.accounts.rows["id-123456789"]).status = "DISABLED"
    unfinished.add(order("b"))
    unfinished.close()

    again = Store(tmp_path)

    assert again.accounts.rows["id-123456789"].status == "ACTIVE"
    assert len(again.orders) == 1


def test_rollback_restores_fields_rows_and_indexes(tmp_path: Path) -> None:
    fill_store(tmp_path)
    kept = Store(tmp_path)
    kept.edit(kept.orders.rows["order-a"]).status = "filled"
    kept.add(order("b"))
    kept.emit(eventlog.TRADE, NOW, b"{}")

    kept.rollback()

    assert kept.orders.rows["order-a"].status == "accepted"
    assert [row.id for row in kept.orders.of("id-123456789")] == ["order-a"]
    assert kept.commit() is False
    assert len(kept.events) == 1


def test_store_with_torn_last_frame_keeps_what_is_whole(tmp_path: Path) -> None:
    fill_store(tmp_path)
    with (tmp_path / "wal").open("r+b") as wal:
        wal.truncate((tmp_path / "wal").stat().st_size - 3)

    again = Store(tmp_path)

    assert len(again.accounts) == 1
    assert len(again.orders) == 0
    assert len(again.events) == 0, "an event without its transaction must go"
    again.add(order("c"))
    again.commit()
    again.close()
    assert [row.client_order_id for row in Store(tmp_path).orders] == ["c"]


def test_store_with_flipped_byte_stops_before_it(tmp_path: Path) -> None:
    fill_store(tmp_path)
    data = bytearray((tmp_path / "wal").read_bytes())
    data[-5] ^= 0xFF
    (tmp_path / "wal").write_bytes(data)

    assert len(Store(tmp_path).orders) == 0


def test_compaction_keeps_rows_order_and_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_store(tmp_path)
    monkeypatch.setattr(store, "COMPACT_ABOVE", 0)
    Store(tmp_path).close()
    assert (tmp_path / "wal").stat().st_size == 0

    again = Store(tmp_path)

    assert again.orders.rows["order-a"] == order("a")
    assert again.ledgers.rows["id-123456789"].cash == Decimal("12.34")
    assert len(again.events) == 1


def test_store_replayed_over_newer_snapshot_gives_the_newest_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the new snapshot and the emptying of the log: both hold the same history."""
    fill_store(tmp_path)
    log_before = (tmp_path / "wal").read_bytes()
    monkeypatch.setattr(store, "COMPACT_ABOVE", 0)
    Store(tmp_path).close()
    (tmp_path / "wal").write_bytes(log_before)

    again = Store(tmp_path)

    assert [row.id for row in again.orders.of("id-123456789")] == ["order-a"]
    assert len(again.events) == 1


def test_removed_row_stays_removed(tmp_path: Path) -> None:
    fill_store(tmp_path)
    first = Store(tmp_path)
    first.remove(first.orders.rows["order-a"])
    first.commit()
    first.close()

    again = Store(tmp_path)

    assert len(again.orders) == 0
    assert again.orders.of("id-123456789") == []


def test_due_rows_come_up_again_after_a_restart(tmp_path: Path) -> None:
    fill_store(tmp_path)
    first = Store(tmp_path)
    first.edit(first.orders.rows["order-a"]).due_at = NOW
    first.commit()
    first.close()

    again = Store(tmp_path)

    assert again.pop_due(NOW - dt.timedelta(seconds=1)) is None
    assert again.pop_due(NOW) is again.orders.rows["order-a"]


def test_open_orders_follow_the_status(tmp_path: Path) -> None:
    fill_store(tmp_path)
    kept = Store(tmp_path)
    row = kept.orders.rows["order-a"]
    assert kept.orders.open_of("id-123456789") == [row]

    kept.edit(row).status = "filled"
    kept.commit()

    assert kept.orders.open_of("id-123456789") == []


def test_store_refuses_unknown_format(tmp_path: Path) -> None:
    fill_store(tmp_path)
    (tmp_path / "format").write_text("99\n")

    with pytest.raises(StateError, match="format '99', this sandbox reads '1'"):
        Store(tmp_path)


def test_store_refuses_rows_it_does_not_know_in_one_line(tmp_path: Path) -> None:
    fill_store(tmp_path)
    log = FrameFile(tmp_path / "wal")
    log.append(msgspec.msgpack.encode((1, [["from_the_future", "id"]])))
    log.close()

    with pytest.raises(StateError, match="written by another version of the sandbox") as refused:
        Store(tmp_path)
    assert "\n" not in str(refused.value)


def test_store_reads_rows_of_an_older_version(tmp_path: Path) -> None:
    fill_store(tmp_path)
    written: list[object] = msgspec.msgpack.decode(msgspec.msgpack.encode(order("old")))
    shorter = written[: 1 + rows.Order.__struct_fields__.index("order_class")]
    log = FrameFile(tmp_path / "wal")
    log.append(msgspec.msgpack.encode((1, [shorter])))
    log.close()

    again = Store(tmp_path)
    assert again.orders.rows["order-old"] == order("old")
    again.close()


def test_store_refuses_folder_in_use(tmp_path: Path) -> None:
    holder = Store(tmp_path)

    with pytest.raises(StateError, match="in use by another sandbox process"):
        Store(tmp_path)
    holder.close()


def test_commit_on_full_disk_leaves_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_store(tmp_path)
    kept = Store(tmp_path)
    kept.add(order("b"))
    kept.emit(eventlog.TRADE, NOW, b"{}")
    real_write, calls = os.write, []

    def short_write(fd: int, data: bytes) -> int:
        calls.append(fd)
        if (
            len(calls) < 3
        ):  # the event and its index entry are written, half of the frame too, then there is no room left
            return real_write(fd, data)
        real_write(fd, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", short_write)
    with pytest.raises(OSError, match="No space left"):
        kept.commit()
    monkeypatch.undo()
    kept.rollback()
    kept.close()

    again = Store(tmp_path)
    assert [row.id for row in again.orders] == ["order-a"]
    assert len(again.events) == 1
