"""The agreements a person signs: which, at which revision, and whether they may decline."""

from collections.abc import Mapping
from dataclasses import dataclass

from onboarding.kinds import AccountKind


@dataclass(frozen=True)
class AgreementText:
    """One agreement: Alpaca's name for it, the revision that is shown and sent, and where its text is."""

    key: str
    title: str
    revision: str
    required: bool
    summary: str
    kinds: tuple[AccountKind, ...] = tuple(AccountKind)
    """The kinds of account that it is for."""

    @property
    def revision_words(self) -> str:
        """Which text it is, as the page and the file say it."""
        return f"Revision {self.revision}" if self.revision else "The revision in force"

    @property
    def text(self) -> str:
        """The template that holds the text of this revision."""
        return f"onboarding/agreements/text/{self.key}.html"


class AgreementRevised(Exception):
    """The text has another revision now than the one that the person was shown."""


AGREEMENTS = (
    AgreementText(
        "customer_agreement",
        "Customer Agreement",
        "22.2024.08",
        True,
        "How your account works, who holds your money and shares, and how disputes are settled.",
    ),
    AgreementText(
        "margin_agreement",
        "Margin Agreement",
        "22.2024.08",
        False,
        "Lets you borrow against your shares. You can lose more than you put in.",
        kinds=(AccountKind.INDIVIDUAL,),
    ),
    AgreementText(
        # Broker API, "Create an account", primary_account_holder_id: an IRA needs it beside the customer
        # agreement. The API tells of no revision: without one, the broker takes the one in force.
        "etc_agreement",
        "IRA Custodial Agreement",
        "",
        True,
        "Who keeps your IRA for the tax authorities, what they report, and what happens when you die.",
        kinds=(AccountKind.IRA,),
    ),
)
BY_KEY = {agreement.key: agreement for agreement in AGREEMENTS}
LATER = (
    AgreementText(
        "options_agreement",
        "Options Agreement",
        "22.2024.08",
        False,
        "What options can cost, and the rules of trading them.",
    ),
    AgreementText(
        "crypto_agreement",
        "Crypto Agreement",
        "04.2021.10",
        False,
        "Who keeps crypto for you, and what protects it and what does not.",
    ),
)
"""Signed when somebody asks for what they are about, never with the application."""


def asked_for(kind: str) -> list[AgreementText]:
    """The agreements that somebody who applies for a kind of account is asked to sign."""
    return [agreement for agreement in AGREEMENTS if kind in agreement.kinds]


def are_current(revisions: Mapping[str, str]) -> bool:
    """Whether each agreement was signed at the revision that is shown now."""
    return all(key in BY_KEY and BY_KEY[key].revision == revision for key, revision in revisions.items())


def revisions_of(*keys: str) -> dict[str, str]:
    """The agreements of these keys, each with the revision that is shown now."""
    return {key: BY_KEY[key].revision for key in keys}


def text_of(key: str) -> AgreementText:
    """The agreement with this key. Raises `KeyError`."""
    return BY_KEY.get(key) or {agreement.key: agreement for agreement in LATER}[key]
