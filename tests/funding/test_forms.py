import pytest

from funding.forms import LinkBankForm
from onboarding.models import KycApplication

BANK = {
    "account_owner_name": "Ada O'Byron",
    "bank_account_type": "CHECKING",
    "bank_routing_number": "121000358",
    "bank_account_number": "32131231123",
    "nickname": "",
}
ADA = KycApplication(given_name="Ada", middle_name="King", family_name="O'Byron")


def link(field: str, typed: str) -> LinkBankForm:
    return LinkBankForm({**BANK, field: typed}, application=ADA)


@pytest.mark.parametrize(
    ("field", "pasted", "kept"),
    [
        ("bank_routing_number", "1210‑00358", "121000358"),
        ("bank_routing_number", " 1210 00358\u200b", "121000358"),
        ("bank_routing_number", "１２１０００３５８", "121000358"),
        ("bank_account_number", "3213–1231–123", "32131231123"),
        ("account_owner_name", "Ada O’Byron", "Ada O'Byron"),
        ("account_owner_name", "ADA K. O'BYRON", "ADA K. O'BYRON"),
        ("account_owner_name", "Ada King O'Byron", "Ada King O'Byron"),
        ("nickname", "Ada’s", "Ada's"),
    ],
)
def test_link_bank_form_takes_what_is_pasted(field: str, pasted: str, kept: str) -> None:
    form = link(field, pasted)
    assert form.is_valid(), form.errors
    assert form.cleaned_data[field] == kept


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("bank_routing_number", "990000000", "not a routing number"),
        ("bank_routing_number", "500000005", "not a routing number"),
        ("bank_routing_number", "12100035", "nine digits"),
        ("bank_account_number", "12 34 5x", "4 to 17 digits"),
        ("account_owner_name", "Charles Babbage", "name on your application"),
        ("account_owner_name", "Adá O'Byron", "“á”"),
        ("nickname", "x" * 51, "50 characters fit"),
        ("bank_account_type", "", "checking or savings"),
    ],
)
def test_link_bank_form_refuses_and_shows_it_again(field: str, typed: str, words: str) -> None:
    form = link(field, typed)
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert form[field].value() == typed


def test_link_bank_form_cuts_nothing_that_is_pasted() -> None:
    assert "maxlength" not in str(LinkBankForm(application=ADA))
