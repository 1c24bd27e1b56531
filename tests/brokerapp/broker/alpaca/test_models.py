from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args, get_origin
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from brokerapp.broker.alpaca import models
from brokerapp.broker.alpaca.models.base import Instant, Number, read_page

ID = "61e69015-8549-4bfd-b9c3-01e75843f47d"
ORDER = {"id": ID, "client_order_id": "c", "status": "new", "filled_qty": "0"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2021-06-14T09:59:15Z", datetime(2021, 6, 14, 9, 59, 15, tzinfo=UTC)),
        ("2021-06-14T09:59:15.5Z", datetime(2021, 6, 14, 9, 59, 15, 500000, tzinfo=UTC)),
        ("2021-06-14T09:59:15.558338123Z", datetime(2021, 6, 14, 9, 59, 15, 558338, tzinfo=UTC)),
        ("2021-06-14T09:59:15.55-04:00", datetime(2021, 6, 14, 13, 59, 15, 550000, tzinfo=UTC)),
        ("2021-06-14T09:59:15+05:30", datetime(2021, 6, 14, 4, 29, 15, tzinfo=UTC)),
    ],
)
def test_instant_takes_any_precision_and_offset(sent, expected):
    found = TypeAdapter(Instant).validate_python(sent)
    assert found == expected
    assert found.tzinfo is UTC


def test_instant_refuses_a_time_without_a_zone():
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python("2021-06-14T09:59:15")


@pytest.mark.parametrize("sent", ["0.1", "1234567890.123456789", 3, Decimal("0.30")])
def test_number_keeps_every_digit(sent):
    assert TypeAdapter(Number).validate_python(sent) == Decimal(str(sent))


@pytest.mark.parametrize("sent", [10**15, "-1e15", "1e99999", "0e99999", "1e-99999"])
def test_number_refuses_what_no_column_holds(sent):
    with pytest.raises(ValidationError):
        TypeAdapter(Number).validate_python(sent)
    assert TypeAdapter(Number).validate_python("999999999999999.999999999")


@pytest.mark.parametrize("sent", [0.1, True, "NaN", "Infinity", "one", None, ""])
def test_number_refuses_what_is_not_exact(sent):
    with pytest.raises(ValidationError):
        TypeAdapter(Number).validate_python(sent)


def test_models_let_unknown_fields_and_statuses_through():
    order = models.Order.model_validate(ORDER | {"status": "quantum_pending", "brand_new": {"a": [1]}})
    assert order.status == "quantum_pending"
    assert not hasattr(order, "brand_new")


def test_models_keep_ids_as_uuids():
    assert models.Order.model_validate(ORDER).id == UUID(ID)


def test_errors_do_not_show_the_input():
    with pytest.raises(ValidationError) as caught:
        models.AchRelationship.model_validate({"bank_account_number": "32131231abc"})
    assert "32131231abc" not in str(caught.value)


def test_account_tolerates_nulls_and_short_forms():
    account = models.Account.model_validate(
        {"id": ID, "status": "SUBMITTED", "account_number": None, "crypto_status": None, "kyc_results": None}
    )
    assert account.account_number == ""
    assert account.kyc_results is None
    assert account.documents is None


def test_kyc_results_tolerate_unknown_codes_and_missing_sets():
    results = models.KycResults.model_validate(
        {"reject": None, "indeterminate": {"BRAND_NEW": {}, "ADDRESS_VERIFICATION": {}}, "summary": "fail"}
    )
    assert list(results.indeterminate) == ["BRAND_NEW", "ADDRESS_VERIFICATION"]
    assert results.reject == {} == results.accept


def test_account_repr_hides_the_email_address():
    account = models.Account.model_validate(
        {"id": ID, "status": "ACTIVE", "contact": {"email_address": "ann@example.com"}}
    )
    assert account.contact is not None
    assert account.contact.email_address == "ann@example.com"
    assert "ann@example.com" not in repr(account)


def test_journal_tolerates_the_blanks_of_a_cash_journal():
    journal = models.Journal.model_validate(
        {
            "id": ID,
            "entry_type": "JNLC",
            "from_account": ID,
            "to_account": ID,
            "status": "queued",
            "symbol": "",
            "qty": None,
            "price": "",
            "settle_date": None,
            "net_amount": "115.5",
        }
    )
    assert (journal.net_amount, journal.qty, journal.price) == (Decimal("115.5"), None, None)


def test_activities_are_told_apart_by_type_and_unknown_types_pass():
    fill = {
        "id": "20260302::1",
        "activity_type": "FILL",
        "transaction_time": "2026-03-02T15:00:00Z",
        "symbol": "AAPL",
        "side": "buy",
        "price": "190.01",
        "qty": "0.42",
        "order_id": ID,
    }
    other = {"id": "20260302::2", "activity_type": "NEWTYPE", "date": "2026-03-02", "net_amount": "-1"}

    found = TypeAdapter(list[models.Activity]).validate_python([fill, other])

    assert isinstance(found[0], models.Fill)
    assert isinstance(found[1], models.NonTrade)
    assert found[1].activity_type == "NEWTYPE"


def test_order_request_sends_plain_decimal_strings_and_leaves_out_the_rest():
    request = models.CreateOrderRequest(
        symbol="AAPL",
        qty=Decimal("4.20E-1"),
        side="buy",
        type="market",
        time_in_force="day",
        client_order_id="c",
    )
    assert request.body() == {
        "symbol": "AAPL",
        "qty": "0.42",
        "side": "buy",
        "type": "market",
        "time_in_force": "day",
        "client_order_id": "c",
    }


@pytest.mark.parametrize("size", [{}, {"qty": Decimal(1), "notional": Decimal(1)}, {"qty": Decimal(0)}])
def test_order_request_needs_exactly_one_positive_size(size):
    with pytest.raises(ValidationError):
        models.CreateOrderRequest(
            symbol="A", side="buy", type="market", time_in_force="day", client_order_id="c", **size
        )


def test_request_models_refuse_unknown_fields():
    with pytest.raises(ValidationError):
        models.CreateTransferRequest.model_validate(
            {"relationship_id": ID, "amount": "1", "direction": "INCOMING", "ammount": "2"}
        )


def test_account_request_hides_the_person_in_repr():
    identity = models.Identity(
        given_name="Adaeze",
        family_name="Okonkwo",
        date_of_birth=date(1990, 1, 2),
        tax_id="123-45-6789",
        tax_id_type="USA_SSN",
        country_of_tax_residence="USA",
        funding_source=["savings"],
    )
    for secret in ("Adaeze", "Okonkwo", "1990", "123-45-6789"):
        assert secret not in repr(identity)
    assert identity.body()["date_of_birth"] == "1990-01-02"


def test_agreement_is_sent_with_its_time_zone():
    signed = models.Agreement(
        agreement="customer_agreement", signed_at=datetime(2026, 3, 1, tzinfo=UTC), ip_address="203.0.113.7"
    )
    assert signed.body()["signed_at"] == "2026-03-01T00:00:00Z"


def test_snapshot_parts_may_be_missing():
    snapshot = models.Snapshot.model_validate(
        {
            "latestTrade": None,
            "prevDailyBar": {"t": "2022-08-16T04:00:00Z", "o": "1", "h": None, "l": "1", "c": "2", "v": 5},
        }
    )
    assert (snapshot.latest_trade, snapshot.latest_quote) == (None, None)
    assert snapshot.prev_daily_bar is not None
    assert snapshot.prev_daily_bar.close == 2


@pytest.mark.parametrize(
    ("model", "body", "name", "good"),
    [
        (models.Account, {"id": ID, "status": "DISABLED"}, "documents", {"document_type": "w8ben"}),
        (models.OptionsApprovals, {}, "options_approvals", {"id": ID}),
        (models.MostActives, {"last_updated": "2026-03-02T15:00:00Z"}, "most_actives", {"symbol": "A"}),
        (models.Movers, {"last_updated": "2026-03-02T15:00:00Z"}, "gainers", {"symbol": "A"}),
        (models.Watchlist, {"id": ID}, "assets", {"symbol": "A"}),
        (models.Order, ORDER, "legs", ORDER),
    ],
)
def test_a_list_within_an_object_is_read_member_by_member(model, body, name, good, caplog):
    found = getattr(model.model_validate(body | {name: [None, good, 3]}), name)
    assert (len(found), found.unreadable) == (1, 2)
    assert "2 of 3 members" in caplog.text

    for odd in ("x", {"id": ID}):
        found = getattr(model.model_validate(body | {name: odd}), name)
        assert (len(found), found.unreadable) == (0, 1)
    assert not getattr(model.model_validate(body | {name: None}), name)


def subclasses(model):
    return [model, *(each for below in model.__subclasses__() for each in subclasses(below))]


def _has_bare_list(annotation):
    return get_origin(annotation) is list or any(map(_has_bare_list, get_args(annotation)))


def test_every_list_of_a_model_says_how_odd_members_are_read():
    bare = [
        f"{model.__name__}.{name}"
        for model in subclasses(models.BrokerModel)
        for name, field in model.model_fields.items()
        if not field.metadata and _has_bare_list(field.annotation)
    ]
    assert bare == []


def test_portfolio_history_keeps_figures_beside_their_instants():
    history = models.PortfolioHistory.model_validate(
        {"timestamp": [1, "x", 3, None, 5, 10**30], "equity": ["1", "2", {}, "4", "5.5", "6"]}
    )
    assert [(at.second, equity) for at, equity in history.points()] == [(1, 1), (5, Decimal("5.5"))]
    assert models.PortfolioHistory.model_validate({"timestamp": None, "equity": None}).points() == []


def test_what_a_null_says_of_a_block_and_of_extended_hours():
    balances = {"id": ID, "status": "ACTIVE", "cash": "1", "buying_power": "1", "equity": "1"}
    account = models.TradeAccount.model_validate(balances | {"trading_blocked": None})
    assert (account.trading_blocked, account.account_blocked, account.cash) == (True, False, 1)
    assert models.Order.model_validate(ORDER | {"extended_hours": None}).extended_hours is False


@pytest.mark.parametrize(
    ("results", "codes"),
    [
        ({"indeterminate": ["ADDRESS_VERIFICATION"]}, ["ADDRESS_VERIFICATION"]),
        ({"indeterminate": ["ADDRESS_VERIFICATION", None]}, ["ADDRESS_VERIFICATION", "UNREADABLE"]),
        ({"indeterminate": 3, "accept": 3}, ["UNREADABLE"]),
        (["ADDRESS_VERIFICATION"], ["ADDRESS_VERIFICATION"]),
        (3, ["UNREADABLE"]),
    ],
)
def test_kyc_results_of_an_odd_shape_hide_neither_the_account_nor_that_something_is_asked(results, codes):
    account = models.Account.model_validate({"id": ID, "status": "REJECTED", "kyc_results": results})
    assert account.kyc_results is not None
    assert list(account.kyc_results.indeterminate) == codes
    assert account.kyc_results.accept == account.kyc_results.reject == {}


def test_text_is_without_what_no_column_takes():
    results = {"reject": {"A\0": {"said": ["x\0"]}}, "additional_information": "a\0b\ud800c"}
    account = models.Account.model_validate({"id": ID, "status": "ACTIVE", "kyc_results": results})
    assert account.kyc_results is not None
    assert account.kyc_results.additional_information == "abc"
    assert account.kyc_results.reject == {"A": {"said": ["x"]}}


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "1\0"},
        {"activity_type": "DIV\0"},
        {"id": "1\ud800"},
        {"net_amount": "1e15"},
        {"created_at": "0001-01-01T00:00:00+05:00"},
    ],
)
def test_an_activity_that_cannot_be_stored_is_left_out(odd):
    good = {"id": "1", "activity_type": "DIV", "net_amount": "1", "description": "a\0b"}
    page = read_page(models.Activity, [good | odd, good], "r")
    assert [(told.id, told.description) for told in page] == [("1", "ab")]
    assert page.unreadable == 1


def test_every_word_of_a_model_refuses_what_cannot_be_stored():
    bare = [
        f"{model.__name__}.{name}"
        for model in subclasses(models.BrokerModel)
        for name, field in model.model_fields.items()
        if field.annotation is str and not field.metadata
    ]
    assert bare == []
