from string import ascii_lowercase

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from tests.depth import SCALE
from tests.factories import AssetFactory
from trading import search
from trading.models import Asset
from trading.services import catalogue

pytestmark = pytest.mark.django_db

LISTED = {
    "AAPL": "Apple Inc.",
    "AJJ": "Johnson & Johnson 2.5% Notes due 2055",
    "BRK.A": "Berkshire Hathaway Inc. Class A",
    "BRK.B": "Berkshire Hathaway Inc. Class B",
    "BRKR": "Bruker Corporation",
    "COKE": "Coca-Cola Consolidated, Inc.",
    "EL": "The Estee Lauder Companies Inc. Class A",
    "JCI": "Johnson Controls International plc",
    "JEPI": "JPMorgan Equity Premium Income ETF",
    "JNJ": "Johnson & Johnson",
    "JPM": "JPMorgan Chase & Co.",
    "KO": "The Coca-Cola Company",
    "M": "Macy's, Inc.",
    "MCD": "McDonald's Corporation",
    "T": "AT&T Inc.",
    "TMUS": "T-Mobile US, Inc.",
    "NSRGY": "Nestlé S.A.",
    "RBRK": "Rubrik, Inc. Class A",
}


@pytest.fixture(autouse=True)
def assets() -> None:
    for symbol, name in LISTED.items():
        AssetFactory.create(symbol=symbol, name=name)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("aple", "AAPL"),
        ("berkshir hathway", "BRK.A"),
        ("coka cola", "COKE"),
        ("estee lauda", "EL"),
        ("jonson and jonson", "JNJ"),
        ("mcdonlads", "MCD"),
        ("Nesstle", "NSRGY"),
    ],
)
def test_nearest_finds_what_is_misspelled(typed: str, first: str) -> None:
    assert catalogue.likeliest(typed, 8) == []
    found = [asset.symbol for asset in catalogue.nearest(typed, 8)]

    assert found[0] == first


@pytest.mark.parametrize("typed", ["", "&", "zzz", "zzzz", "qwertz", "abcdefgh"])
def test_nearest_finds_nothing_for_what_is_nowhere_near(
    typed: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(1):
        assert catalogue.nearest(typed, 8) == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("brk-b", "BRK.B"),
        ("BRK/B", "BRK.B"),
        ("BRK B", "BRK.B"),
        ("BRKB", "BRK.B"),
        ("brk.b", "BRK.B"),
        ("BRK‑B", "BRK.B"),
        ("$AAPL", "AAPL"),
        ("NASDAQ:AAPL", "AAPL"),
        ("nyse: brk.b", "BRK.B"),
        ("coca cola", "COKE"),
        ("McDonald’s", "MCD"),
        ("mcdonalds", "MCD"),
        ("Macys", "M"),
        ("Macy's", "M"),
        ("T Mobile", "TMUS"),
        ("t-mobile", "TMUS"),
        ("JP Morgan", "JPM"),
        ("J.P. Morgan", "JPM"),
        ("Johnson and Johnson", "JNJ"),
        ("johnson & johnson", "JNJ"),
        ("Johnson Johnson", "JNJ"),
        ("Estée Lauder", "EL"),
        ("Nestle", "NSRGY"),
        ("AT&T", "T"),
        ("ＡＡＰＬ", "AAPL"),
        ("t", "T"),
    ],
)
def test_matching_finds_what_people_call_it(typed: str, first: str) -> None:
    assert Asset.objects.matching(typed).values_list("symbol", flat=True)[0] == first


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("JP Morgan", ["JPM", "JEPI"]),
        ("johnson", ["JCI", "JNJ", "AJJ"]),
        ("jpmorgan equity", ["JEPI"]),
        ("j", ["JCI", "JEPI", "JNJ", "JPM", "AJJ"]),
    ],
)
def test_matching_puts_shares_before_what_is_named_after_their_company(typed: str, listed: list[str]) -> None:
    assert list(Asset.objects.matching(typed).values_list("symbol", flat=True)) == listed


def test_matching_coca_cola_finds_both() -> None:
    assert set(Asset.objects.matching("coca cola").values_list("symbol", flat=True)) == {"COKE", "KO"}


@pytest.mark.parametrize("typed", ["", "%", "_", "\\", "&", "and", "李", "NASDAQ:", "zzzz"])
def test_matching_nothing(typed: str) -> None:
    assert not Asset.objects.matching(typed)


@pytest.mark.parametrize("typed", ["a", "brk", "coca cola", "nothing like it"])
def test_matching_is_one_query(typed: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        list(Asset.objects.matching(typed))


@pytest.mark.parametrize("written", ["BRK.B", "brk.b", "BRK-B", "BRK/B", "BRKB", "BRK B", "BRK_B"])
def test_get_by_symbol_however_it_is_written(written: str) -> None:
    assert Asset.objects.get_by_symbol(written).symbol == "BRK.B"


@pytest.mark.parametrize("written", ["BRK.C", "BRK", "-", ""])
def test_get_by_symbol_of_none(written: str) -> None:
    with pytest.raises(Asset.DoesNotExist):
        Asset.objects.get_by_symbol(written)


def test_get_by_symbol_exact_before_alike() -> None:
    AssetFactory.create(symbol="BRKB", name="Another")
    assert Asset.objects.get_by_symbol("BRKB").name == "Another"
    assert Asset.objects.get_by_symbol("BRK.B").name.startswith("Berkshire")


def test_address_of_another_spelling_is_known() -> None:
    assert Asset.objects.get_by_symbol("BRK-B").symbol == "BRK.B"


@settings(max_examples=40 * SCALE, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=30))
def test_key_of_the_database_is_ours(name: str) -> None:
    row = AssetFactory.create(symbol="ODD", name="x")
    Asset.objects.filter(pk=row.pk).update(name=name, synced_at=timezone.now())
    row.refresh_from_db()
    assert row.searched == f"odd {search.key('.' + name)}"


@pytest.mark.parametrize("typed", ["a", "br", "j", "coca cola", "the", "t", "inc", "zzzz", ""])
@pytest.mark.parametrize("most", [1, 3, 9])
def test_likeliest_are_the_first_of_all_that_match(typed: str, most: int) -> None:
    assert catalogue.likeliest(typed, most) == list(Asset.objects.matching(typed)[:most])


@pytest.mark.parametrize("most", [2, 5, 40])
def test_likeliest_of_one_letter_and_of_two_are_found_rank_by_rank_in_the_same_order(most: int) -> None:
    for typed in [*ascii_lowercase, "co", "th", "or", "ap", "in"]:
        found = catalogue.likeliest(typed, most)
        assert found == list(Asset.objects.matching(typed)[:most]), typed


@pytest.mark.parametrize("typed", ["a", "coca cola", "inc", "zzzz"])
def test_found_counts_and_slices_as_the_query_set(typed: str) -> None:
    found, wanted = catalogue.Found(typed, 3), Asset.objects.matching(typed)

    assert found.count() == wanted.count()
    assert [found[0:3], found[3:6], found[0 : found.count()]] == [
        list(wanted[0:3]),
        list(wanted[3:6]),
        list(wanted),
    ]
