"""The ticket."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from brokerapp.ui.fields import Follows, MoneyField, NumberField, QuantityField, TypedField, asked_after
from brokerapp.ui.words import SpokenForm
from trading import rules
from trading.forms import choices
from trading.legality import Choice, Situation, Size
from trading.models import Asset, Order
from trading.order_spec import OrderSpec
from trading.price_rules import tick

TYPE, TIME = Order.Type, Order.TimeInForce
NEEDED: Mapping[str, str] = {
    "limit_price": "Enter the limit: the worst price you would take.",
    "stop_price": "Enter the stop: the price at which the order comes to life.",
    "trail": "Enter how far behind the price the stop follows.",
    "take_profit_price": "Enter the price at which you would take the profit.",
    "stop_loss_price": "Enter the price at which you would end the loss.",
}
NOT_PART = "This has no effect on the order you chose. Leave it empty, or choose what it belongs to."


class PriceField(MoneyField):
    """USD per share: 2 dp from $1 up, 4 dp below."""

    default_error_messages = {
        "required": "Enter a price.",
        "invalid": "Enter a price in dollars and cents, like 250.00.",
        "positive": "Enter a price above zero.",
        "step": "From $1 up, a price can have at most 2 decimals.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(places=4, **options)

    def read(self, text: str) -> Decimal:
        price = super().read(text)
        if price % tick(price):
            raise self.refusal("step")
        return price


class AnswerField(forms.ChoiceField):
    """A choice that stands at its first answer until another is given."""

    def clean(self, value: Any) -> Any:
        return super().clean(value or self.initial)


def price_after(label: str, follows: Follows, help_text: str = "") -> PriceField:
    """A price that is asked for after an answer."""
    return asked_after(PriceField(label=label, help_text=help_text), follows)


IF_PAIR = Follows("type", (choices.PAIR,))
IF_TRAILING = Follows("type", choices.TRAILING, words="for trailing stops")
IF_PROFIT = Follows("exits", (choices.BOTH, choices.PROFIT), words="with this exit", or_after=IF_PAIR)
IF_LOSS = Follows("exits", (choices.BOTH, choices.LOSS), words="with this exit", or_after=IF_PAIR)


class TicketForm(SpokenForm):
    """What to trade: short (market and limit orders), or with every type, time and exit that is offered.

    What is not offered for the asset, to this account, at this hour is not among the choices; what does not
    go together with the rest is refused at its input, in the words of `trading.legality`.
    """

    SHARES, DOLLARS = choices.SHARES, choices.DOLLARS
    CHOSEN = ("type", "unit", "exits", "time_in_force", "extended_hours")
    """The inputs whose answers may not go together."""

    side = forms.ChoiceField(
        label="Buy or sell", choices=Order.Side, widget=forms.RadioSelect, initial=Order.Side.BUY
    )
    type = AnswerField(
        label="Order type",
        choices=[*TYPE.choices, (choices.PAIR, "Take profit or stop loss")],
        initial=TYPE.MARKET.value,
    )
    unit = forms.ChoiceField(
        label="Amount in",
        choices=((SHARES, "Shares"), (DOLLARS, "Dollars")),
        widget=forms.RadioSelect,
        initial=SHARES,
    )
    amount = TypedField(
        label="Amount",
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": "Enter how much to trade."},
    )
    limit_price = price_after("Limit price", Follows("type", choices.LIMITED, words="for limit orders"))
    stop_price = price_after("Stop price", Follows("type", choices.STOPPED, words="for stop orders"))
    trail_unit = asked_after(
        forms.ChoiceField(
            label="Trail in",
            choices=((DOLLARS, "Dollars"), (choices.PERCENT, "Percent")),
            widget=forms.RadioSelect,
            initial=DOLLARS,
        ),
        IF_TRAILING,
    )
    trail = asked_after(
        NumberField(
            places=4,
            label="Trail by",
            error_messages={
                "required": NEEDED["trail"],
                "positive": "Enter a distance above zero.",
                "places": "A distance can have at most %(places)d decimals.",
            },
        ),
        IF_TRAILING,
    )
    exits = asked_after(
        forms.ChoiceField(
            label="Then sell by itself",
            choices=(
                ("", "No exits"),
                (choices.BOTH, "Take profit and stop loss"),
                (choices.PROFIT, "Take profit only"),
                (choices.LOSS, "Stop loss only"),
            ),
        ),
        Follows("type", choices.SIMPLE_TYPES, words="for purchases at market or with a limit"),
    )
    take_profit_price = price_after("Take profit at", IF_PROFIT, "Sells at this price or more.")
    stop_loss_price = price_after("Stop loss at", IF_LOSS, "Sells at market once the price falls to this.")
    stop_loss_limit_price = price_after(
        "Stop loss limit",
        Follows("exits", (choices.BOTH, choices.LOSS), words="optional", or_after=IF_PAIR),
        "May be left empty. With it, the stop loss sells at this price or more only, or not at all.",
    )
    time_in_force = AnswerField(label="Good for", choices=TIME, initial=TIME.DAY.value)
    extended_hours = asked_after(
        forms.BooleanField(label="Also before and after regular hours, 4:00 am to 8:00 pm ET"),
        Follows("type", (TYPE.LIMIT,), words="for limit orders"),
    )

    def __init__(
        self, *args: Any, asset: Asset, situation: Situation | None = None, more: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asset, self.more = asset, more
        self.choice: Choice | None = None
        """What is chosen, once it was cleaned; None while that cannot be said."""
        self.situation = situation or Situation(fractionable=asset.fractionable)
        if not more:
            self._shorten()
        self._name_units()
        for name in self.CHOSEN:
            if name in self.fields:
                self._offer(name)

    def _name_units(self) -> None:
        field: Any = self.fields["unit"]
        field.choices = [(self.SHARES, self.asset.kind.units.capitalize()), (self.DOLLARS, "Dollars")]

    def _shorten(self) -> None:
        for name in set(self.fields) - choices.SHORT:
            del self.fields[name]
        for name, short in (("type", choices.SIMPLE_TYPES), ("time_in_force", choices.SIMPLE_TIMES)):
            field: Any = self.fields[name]
            field.widget = forms.RadioSelect()
            field.choices = [(value, label) for value, label in field.choices if value in short]

    def _offer(self, name: str) -> None:
        """Leave out what is never offered here, and say why."""
        field: Any = self.fields[name]
        reasons = {
            value: choices.never(self.asset.kind.orders, name, value, self.situation)
            for value in self._answers(name)
        }
        field.help_text = " ".join(dict.fromkeys(filter(None, reasons.values())))
        if not field.help_text:
            return
        if name == "extended_hours":
            del self.fields[name]
            return
        field.choices = [(value, label) for value, label in field.choices if not reasons[value]]
        field.error_messages["invalid_choice"] = field.help_text
        if reasons.get(field.initial):
            field.initial = field.choices[0][0]

    def _answers(self, name: str) -> list[str]:
        return [value for value, _ in getattr(self.fields[name], "choices", (("on", ""),))]

    def clean_amount(self) -> Decimal | None:
        """The amount in its unit; without one, nothing is guessed."""
        unit = self.cleaned_data.get("unit")
        return self._reader(unit).read(self.cleaned_data["amount"]) if unit else None

    def _reader(self, unit: str) -> NumberField:
        """How the amount is read."""
        if unit == self.SHARES:
            return QuantityField()
        words = {"too_little": "The smallest order is %(least)s."}
        return MoneyField(least=self.asset.kind.smallest_order, error_messages=words)

    def clean(self) -> dict[str, Any]:
        """Hold what was chosen against the table, and the prices against what was chosen."""
        data = self.cleaned_data
        choice = self.choice = choices.choice_of(data)
        if choice is None:
            return data
        wanted = choices.prices_of(data)
        for conflict in self.asset.kind.orders.conflicts(choice, self.situation):
            at = rules.input_of(conflict.parts[0], choice.order_class, choice.size)
            if at not in self.errors:
                self.add_refusal(rules.NotTogether(conflict.words, at))
        optional = {"stop_loss_limit_price"} if "stop_loss_price" in wanted else set()
        for name in (*NEEDED, "stop_loss_limit_price"):
            if name in self.errors or name not in self.fields:
                continue
            if name in wanted and data.get(name) is None:
                self.add_error(name, ValidationError(NEEDED[name], code="required"))
            elif name not in wanted | optional and data.get(name) is not None:
                self.add_error(name, ValidationError(NOT_PART, code="not_part"))
        return data

    def ticket(self) -> OrderSpec:
        """The valid form's ticket."""
        data, choice = self.cleaned_data, self.choice
        assert choice is not None
        size = "notional" if choice.size == Size.DOLLARS else "qty"
        trail = "trail_percent" if data.get("trail_unit") == choices.PERCENT else "trail_price"
        prices = {name: data.get(name) for name in ("limit_price", "stop_price", *choices.EXIT_PRICES)}
        return OrderSpec(
            asset=self.asset,
            side=choice.side,
            type=choice.type,
            time_in_force=choice.time_in_force,
            order_class=choice.order_class,
            extended_hours=choice.extended_hours,
            **{size: data["amount"], trail: data.get("trail")},
            **prices,
        )

    def refused_answers(self) -> list[tuple[str, str, str]]:
        """Input, answer and why it is not offered with what else is chosen; for the page's script."""
        if (choice := self.choice) is None:
            return []
        return [
            (name, *each)
            for name in self.CHOSEN
            if name in self.fields
            for each in choices.refused(
                self.asset.kind.orders, name, self._answers(name), choice, self.situation
            )
        ]

    def add_refusal(self, refusal: rules.TradeRefused) -> None:
        """Show a refusal at the input it is about."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
