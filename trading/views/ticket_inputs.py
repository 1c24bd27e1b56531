"""The inputs of a ticket as HTML. Empty ones are alike for everybody in the same situation, and made once."""

from collections.abc import Hashable, Mapping
from typing import cast

from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from trading.forms.ticket import TicketForm
from trading.legality import Situation
from trading.models import Asset

MOST_KEPT = 200
_kept: dict[Hashable, tuple[SafeString, SafeString]] = {}


class Inputs:
    """What a page shows of a ticket: `what` is traded, and `how`; the form itself is made if it is needed."""

    def __init__(self, asset: Asset, situation: Situation, more: bool, given: Mapping[str, str]) -> None:
        self.more, self.is_filled_in, self.is_refused = more, bool(given), False
        self.form = cast(
            TicketForm,
            SimpleLazyObject(
                lambda: TicketForm(asset=asset, situation=situation, more=more, initial=given),
            ),
        )
        if given.keys() - {"side"}:
            self.what, self.how = _render(self.form)
        else:
            self.what, self.how = _render_once(_key(asset, situation, more, given.get("side")), self.form)

    @classmethod
    def typed(cls, form: TicketForm) -> "Inputs":
        """Those of a form that was refused, with what was typed."""
        made = cls.__new__(cls)
        made.more, made.is_filled_in, made.is_refused = form.more, True, True
        made.form = form
        made.what, made.how = _render(form)
        return made

    @property
    def http_status(self) -> int:
        """Of the page."""
        return 422 if self.is_refused else 200


def _key(asset: Asset, situation: Situation, more: bool, side: str | None) -> Hashable:
    """All that an empty ticket depends on."""
    facts = {**vars(situation), "shut": tuple(sorted(situation.shut.items()))}
    return (asset.asset_class, more, side, *facts.values())


def _render_once(key: Hashable, form: TicketForm) -> tuple[SafeString, SafeString]:
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = _render(form)
    return found


def _render(form: TicketForm) -> tuple[SafeString, SafeString]:
    context = {"form": form}
    return (
        render_to_string("trading/_ticket_what.html", context),
        render_to_string("trading/_ticket_how.html", context),
    )
