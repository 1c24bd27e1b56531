"""Parts of pages that are rendered once."""

import pytest
from django.utils.safestring import mark_safe

from brokerapp.ui.flat import Flat

STAR = {flag: Flat("trading/_star.html", "symbol", is_watched=flag) for flag in (True, False)}


def test_flat_fills_places_in_escaped() -> None:
    html = STAR[True](symbol='<b> & "x"')

    assert 'value="&lt;b&gt; &amp; &quot;x&quot;"' in html
    assert "Watch &lt;b&gt;" in html
    assert "<b>" not in html


def test_flat_takes_html_that_is_marked_safe() -> None:
    assert "<i>x</i>" in STAR[True](symbol=mark_safe("<i>x</i>"))


def test_flat_goes_by_its_context() -> None:
    assert 'aria-pressed="true"' in STAR[True](symbol="A")
    assert 'aria-pressed="false"' in STAR[False](symbol="A")


def test_flat_without_a_value_for_a_place_is_refused() -> None:
    with pytest.raises(KeyError):
        STAR[True]()
