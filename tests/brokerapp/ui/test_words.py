"""Every text with which a form can refuse is ours: no word of the framework's reaches a person."""

import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.core import validators
from django.core.validators import ProhibitNullCharactersValidator
from django.test import RequestFactory
from django.utils.module_loading import import_string

from brokerapp.accounts import adapters, emails
from brokerapp.accounts.models import User
from brokerapp.ui import fields, words
from funding import ira
from funding.rules import TransferFacts
from onboarding.cards import TO_DO, Card
from onboarding.forms import FORMS
from onboarding.forms.profile import FORMS as PROFILE_FORMS
from onboarding.forms.profile import ProfileForm
from onboarding.forms.step import StepForm
from onboarding.kyc_results import request_of
from onboarding.models import KycApplication
from trading.models import Asset, Order

MODULES = (
    "brokerapp.accounts.forms",
    "brokerapp.accounts.signin_pages.forms",
    "brokerapp.events.forms",
    "brokerapp.notices.forms",
    "brokerapp.ops.forms",
    "brokerapp.records.forms",
    "brokerapp.support.forms",
    "brokerapp.ui.forms",
    "funding.forms",
    "onboarding.forms.choice",
    "onboarding.forms.disclosures",
    "onboarding.forms.kyc",
    "onboarding.forms.papers",
    "onboarding.forms.kinds",
    "onboarding.forms.foreign",
    "onboarding.forms.personal",
    "onboarding.forms.profile",
    "onboarding.forms.step",
    "onboarding.staff.forms",
    "trading.forms.orders",
    "trading.forms.replace",
    "trading.forms.review",
    "trading.forms.search",
    "trading.forms.ticket",
    "trading.forms.watchlists",
)
BASES = (StepForm.__module__, ProfileForm.__module__)
"""The forms that they make of descriptions are in `FORMS` of each."""
LIST = Path(__file__).with_name("form_texts.txt")
"""The texts as people read them: who adds one adds it there, and reads it once more."""
FRAMEWORKS_WORDS = (
    "This field",
    "this field",
    "Ensure ",
    "valid choice",
    "Enter a valid",
    "a valid ",
    "token",
    "Token",
)


def known_arguments() -> dict[str, Any]:
    """What our forms are made with, by the name of the argument."""
    application = KycApplication(
        is_control_person=True,
        is_affiliated_exchange_or_finra=True,
        immediate_family_exposed=True,
        answers={"number_of_beneficiaries": "1"},
    )
    return {
        "application": application,
        "account": SimpleNamespace(application=application),
        "asset": Asset(id=uuid4(), symbol="AAPL", fractionable=True),
        "accounts": [SimpleNamespace(pk=uuid4(), title="Individual")],
        "bank": None,
        "card": Card(request_of("A_CODE_OF_TOMORROW"), TO_DO),
        "direction": "INCOMING",
        "facts": TransferFacts(ira=ira.Facts("roth", early=True)),
        "person": User(pk=1, email="ana@example.com"),
        "user": User(email="ana@example.com"),
        "authenticator": Authenticator(user=User(pk=1), type=Authenticator.Type.TOTP),
        "order": Order(
            qty=Decimal(1),
            limit_price=Decimal(1),
            stop_price=Decimal(1),
            trail_price=Decimal(1),
            trail_percent=Decimal(1),
            time_in_force="DAY",
        ),
        "instance": SimpleNamespace(wrap=lambda: SimpleNamespace(name="Phone")),
    }


HIDDEN_ARGUMENTS = {
    "EditPasskeyForm": {"instance"},
    "DeactivateTotpForm": {"authenticator"},
    "LoginPasskeyForm": set(),
}
"""Taken from `**kwargs`, where no signature shows them; of the second step's other forms it is the user."""


def build(form: type[forms.Form]) -> forms.Form:
    """A form with every argument that any class of its asks for."""
    wanted: set[str] = set()
    for parent in form.__mro__:
        if "__init__" in vars(parent):
            wanted |= set(inspect.signature(vars(parent)["__init__"]).parameters)
    if form.__module__.endswith("signin_pages.forms"):
        wanted |= HIDDEN_ARGUMENTS.get(form.__name__, {"user"})
    elif "Reauthenticate" in form.__name__:
        wanted.add("user")
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    with context.request_context(request):
        return form(**{name: value for name, value in known_arguments().items() if name in wanted})


def form_classes() -> list[type[forms.Form]]:
    found: set[type[forms.Form]] = {*FORMS.values(), *PROFILE_FORMS.values()}
    for name in MODULES:
        for kind in vars(import_module(name)).values():
            if (
                inspect.isclass(kind)
                and issubclass(kind, forms.Form)
                and kind.__module__ == name not in BASES
            ):
                found.add(kind)
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def texts_of(form: forms.Form) -> Iterator[tuple[str, str]]:
    """Field and text of every refusal that the form's fields can utter."""
    form.is_bound, form.data = True, {}
    form.full_clean()  # gives the fields their words
    for name, field in form.fields.items():
        for text in field.error_messages.values():
            yield name, str(text)


def frameworks_texts() -> set[str]:
    """Django's own, of fields and of validators."""
    found: set[str] = set()
    for module in (forms.fields, forms.models):
        for kind in vars(module).values():
            if inspect.isclass(kind) and issubclass(kind, forms.Field):
                found |= {str(text) for text in words.frameworks(kind).values()}
    for kind in vars(validators).values():
        if inspect.isclass(kind) and kind.__module__ == validators.__name__:
            found.add(str(vars(kind).get("message", "")))
            found |= {str(text) for text in getattr(kind, "__dict__", {}).get("messages", {}).values()}
    return found - {""}


@pytest.mark.django_db
@pytest.mark.parametrize("form", form_classes(), ids=lambda form: form.__name__)
def test_no_form_speaks_the_frameworks_words(form: type[forms.Form]) -> None:
    assert issubclass(form, words.SpokenForm)
    theirs = frameworks_texts()
    for name, text in texts_of(build(form)):
        assert text not in theirs, (name, text)
        assert not any(word in text for word in FRAMEWORKS_WORDS), (name, text)
        assert text.endswith((".", "?")), (name, text)


@pytest.mark.django_db
@pytest.mark.parametrize("form", form_classes(), ids=lambda form: form.__name__)
def test_every_validator_of_a_field_has_words_of_ours(form: type[forms.Form]) -> None:
    built = build(form)
    list(texts_of(built))
    for name, field in built.fields.items():
        for validator in field.validators:
            code = getattr(validator, "code", None)
            if code is not None:
                assert code in field.error_messages, (name, validator)


def test_texts_have_every_code_of_the_frameworks() -> None:
    kinds: list[Any] = [kind for kind in vars(validators).values() if inspect.isclass(kind)]
    codes = {kind.code for kind in kinds if isinstance(getattr(kind, "code", None), str)}
    codes |= set(validators.DecimalValidator.messages)
    for kind in vars(forms.fields).values():
        if inspect.isclass(kind) and issubclass(kind, forms.Field):
            codes |= set(words.frameworks(kind))
    assert codes - set(words.TEXTS) == set()
    assert ProhibitNullCharactersValidator.code in words.TEXTS


@pytest.mark.django_db
def test_form_texts_are_the_list() -> None:
    said = {text for form in form_classes() for _, text in texts_of(build(form))}
    said |= set(adapters.AccountAdapter.error_messages.values())
    said |= set(adapters.SecondFactorAdapter.error_messages.values())
    listed = LIST.read_text().splitlines()
    assert listed == sorted(listed)
    assert said - set(listed) == set(), "new texts: read them as a person would, then write them there"


def every_form(parent: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    """Every class of form that is loaded."""
    for kind in parent.__subclasses__():
        yield kind
        yield from every_form(kind)


def test_every_form_that_people_see_is_walked() -> None:
    ours = {kind.__module__ for kind in every_form(forms.BaseForm)}
    ours = {name for name in ours if name.split(".")[0] in ("brokerapp", "onboarding", "funding", "trading")}
    bases = {"brokerapp.ui.words"}
    staff = {name for name in ours if name.endswith((".admin", ".admin_pages", ".styleguide_samples"))}
    assert ours - bases - staff == set(MODULES)


def test_every_form_of_allauth_in_use_is_ours() -> None:
    for path in [*settings.ACCOUNT_FORMS.values(), *settings.MFA_FORMS.values()]:
        assert issubclass(import_string(path), words.SpokenForm)


@pytest.mark.parametrize(
    ("field", "typed", "text"),
    [
        (fields.TypedField(max_length=3), "Adam", "This is too long: 3 characters fit, and this has 4."),
        (fields.TypedField(min_length=2), "A", "This is too short: it takes 2 characters or more, not 1."),
        (fields.TypedField(), "", "Fill this in."),
        (fields.TypedField(), "\u200b ", "Fill this in."),
        (fields.MoneyField(), "", "Enter an amount."),
        (
            fields.MoneyField(),
            "123456789012345678",
            "That is more than can be entered here: $1,000,000,000.00 is the most.",
        ),
        (fields.MoneyField(), "-250", "Enter an amount above zero."),
        (
            fields.MoneyField(),
            "100,50",
            "Enter an amount in dollars and cents, like 250.00. Did you mean $100.50?",
        ),
        (fields.QuantityField(), "$2", "This is a number of shares, not of dollars. Did you mean 2 shares?"),
        (emails.BrokerEmailField(), "ana", "Enter an e-mail address like name@example.com."),
    ],
)  # fmt: skip
def test_fields_say_what_is_wrong(field: forms.Field, typed: str, text: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        field.clean(typed)
    assert refused.value.messages == [text]


@pytest.mark.parametrize(
    "kind", [forms.CharField, forms.EmailField, forms.DateField, forms.DecimalField, forms.FileField]
)
def test_speak_keeps_a_fields_own_words(kind: Callable[..., forms.Field]) -> None:
    field = words.speak(kind(error_messages={"required": "Ours."}))
    assert field.error_messages["required"] == "Ours."
    assert field.error_messages["invalid"] != words.frameworks(type(field)).get("invalid")
