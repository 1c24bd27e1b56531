"""The agreements a person signs: which, at which revision, and whether they may decline."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AgreementText:
    """One agreement: Alpaca's name for it, the revision that is shown and sent, and where its text is."""

    key: str
    title: str
    revision: str
    required: bool
    summary: str

    @property
    def template(self) -> str:
        """The template that holds the text of this revision."""
        return f"onboarding/agreements/{self.key}.html"


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
        "Optional. Lets you borrow against your shares. You can lose more than you put in. "
        "Leave it unticked for a cash account.",
    ),
)
BY_KEY = {agreement.key: agreement for agreement in AGREEMENTS}
