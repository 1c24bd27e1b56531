"""The links between the pages of a list."""

from django.core.paginator import Paginator
from django.http import QueryDict

from brokerapp.ui.paging import page_links, rest_of

LIST = Paginator(range(200), 10)


def test_page_links_lead_to_both_ends_and_to_the_pages_around() -> None:
    html = page_links(QueryDict(), LIST.page(10))

    assert [int(part.partition('"')[0]) for part in html.split("?page=")[1:]] == [
        *(9, 1, 2, 7, 8, 9, 11, 12, 13, 19, 20, 11),
    ]
    assert '<span aria-current="page"><span class="visually-hidden">Page </span>10</span>' in html
    assert html.count("<span>…</span>") == 2


def test_page_links_of_the_first_page_have_no_way_back() -> None:
    html = page_links(QueryDict(), LIST.page(1))

    assert 'rel="prev"' not in html
    assert 'href="?page=2" rel="next"' in html
    assert 'rel="next"' not in page_links(QueryDict(), LIST.page(20))


def test_page_links_keep_the_rest_of_the_address_and_escape_it() -> None:
    html = page_links(QueryDict("q=%22%3E%3Cb%3E&page=7&side=BUY"), LIST.page(7), "#positions")

    assert 'href="?q=%22%3E%3Cb%3E&amp;side=BUY&amp;page=8#positions"' in html


def test_page_links_of_one_page_are_none() -> None:
    assert page_links(QueryDict(), Paginator([1], 10).page(1)) == ""


def test_rest_of_a_query_is_ready_for_more() -> None:
    assert rest_of(QueryDict("page=2"), "page") == ""
    assert rest_of(QueryDict("a=1&page=2&a=2"), "page") == "a=1&a=2&"
