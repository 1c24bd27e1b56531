"""Pages a broker has to ask: disclosures, trusted contact, agreements."""

from typing import Any

from django import forms
from django.core import signing
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import Follows, asked_after
from onboarding import agreements
from onboarding.forms.fields import PhoneField, StepForm, country_choices, text, yes_no
from onboarding.models import KycApplication
from onboarding.steps import disclosure_contexts

REVISED = "The {0} is now at revision {1}. Read it, and tick this to agree to it."


class DisclosuresForm(StepForm):
    """The four disclosures of FINRA and the Bank Secrecy Act that Alpaca asks for."""

    is_control_person = yes_no(
        "Are you a control person of a publicly traded company?",
        "A director, a policy-making officer, or someone who holds 10% or more of its shares.",
    )
    is_affiliated_exchange_or_finra = yes_no(
        "Do you work for, or are you affiliated with, a stock exchange or a FINRA member firm?",
        "A broker-dealer, for example.",
    )
    is_politically_exposed = yes_no(
        "Are you a current or former senior public official?",
        "A senior figure of a government, party, court, military or state-owned company, in any country.",
    )
    immediate_family_exposed = yes_no(
        "Is someone in your immediate family a current or former senior public official?",
        "Parents, siblings, spouse, children, in-laws.",
    )

    def answers(self) -> dict[str, Any]:
        # Details belong to the answers that asked for them; changed answers ask again.
        changed = any(getattr(self.application, name) != value for name, value in self.cleaned_data.items())
        return {**self.cleaned_data, **({"disclosure_context": []} if changed else {})}


FIRM_FIELDS = {
    "company_name": ("Name of the {0}", limits.COMPANY),
    "company_street_address": ("Street address of the {0}", limits.STREET),
    "company_city": ("City of the {0}", limits.CITY),
    "company_country": ("Country of the {0}", 3),
    "company_state": ("State of the {0}", 2),
    "company_compliance_email": ("E-mail address of the {0}'s compliance department", limits.EMAIL),
}
WHOSE = {"CONTROLLED_FIRM": "company", "AFFILIATE_FIRM": "exchange or firm"}
"""What the labels of two groups of the same fields call each, so that no two are alike."""
FAMILY_FIELDS = {
    "given_name": ("Their first name", limits.GIVEN_NAME),
    "family_name": ("Their last name", limits.FAMILY_NAME),
}
CONTEXT_TITLES = {
    "CONTROLLED_FIRM": "The company you control",
    "AFFILIATE_FIRM": "The exchange or firm you are affiliated with",
    "IMMEDIATE_FAMILY_EXPOSED": "The public official in your family",
}


class DisclosureDetailsForm(StepForm):
    """Details for each true disclosure: one `context` entry each (Broker API, "disclosures.context")."""

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.contexts = disclosure_contexts(application)
        known = {entry["context_type"]: entry for entry in application.disclosure_context}
        for context in self.contexts:
            wanted = FAMILY_FIELDS if context == "IMMEDIATE_FAMILY_EXPOSED" else FIRM_FIELDS
            for name, (label, length) in wanted.items():
                whose = label.format(WHOSE.get(context, ""))
                self.fields[f"{context}-{name}"] = self._field(context, name, whose, length)
                self.initial[f"{context}-{name}"] = known.get(context, {}).get(name, "")

    @staticmethod
    def _field(context: str, name: str, label: str, length: int) -> forms.Field:
        if name == "company_country":
            return forms.ChoiceField(
                label=label,
                choices=country_choices,
                error_messages={"required": "Choose the country."},
            )
        if name == "company_state":
            choices = [("", "Choose a state"), *STATE_CHOICES]
            state = forms.ChoiceField(label=label, choices=choices)
            in_the_us = Follows(f"{context}-company_country", ("USA",), words="if it is in the US")
            return asked_after(state, in_the_us)
        if name == "company_compliance_email":
            return BrokerEmailField(label=label)
        names = context == "IMMEDIATE_FAMILY_EXPOSED"
        return text(label, "off", names=names, max_length=length)

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        fields = self.visible_fields()
        return [
            (CONTEXT_TITLES[context], [field for field in fields if field.name.startswith(f"{context}-")])
            for context in self.contexts
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for context in self.contexts:
            if cleaned.get(f"{context}-company_country") == "USA" and not cleaned.get(
                f"{context}-company_state"
            ):
                self.add_error(f"{context}-company_state", "Choose the state of this US company.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        entries = []
        for context in self.contexts:
            entry = {"context_type": context}
            for name, value in self.cleaned_data.items():
                prefix, _, key = name.partition("-")
                if prefix == context and value:
                    entry[key] = value
            entries.append(entry)
        return {"disclosure_context": entries}


IF_WANTED = Follows("wants_trusted_contact", ("True",), words="if you name one")


class TrustedContactForm(StepForm):
    """Someone Alpaca may contact; a broker has to ask, and the person may decline (FINRA rule 4512)."""

    wants_trusted_contact = yes_no(
        "Would you like to name a trusted contact?",
        "Someone 18 or older we may call if we cannot reach you or suspect fraud. "
        "They cannot see or move your money.",
    )
    trusted_given_name = asked_after(text("Their first name", "off", max_length=limits.GIVEN_NAME), IF_WANTED)
    trusted_family_name = asked_after(
        text("Their last name", "off", max_length=limits.FAMILY_NAME), IF_WANTED
    )
    trusted_email_address = asked_after(
        BrokerEmailField(
            label="Their e-mail address", help_text="An e-mail address or a phone number is enough."
        ),
        IF_WANTED,
    )
    trusted_phone_number = asked_after(PhoneField(label="Their phone number"), IF_WANTED)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("wants_trusted_contact"):
            return cleaned
        if "trusted_given_name" in cleaned and not cleaned["trusted_given_name"]:
            self.add_error("trusted_given_name", "Enter their first name.")
        if "trusted_family_name" in cleaned and not cleaned["trusted_family_name"]:
            self.add_error("trusted_family_name", "Enter their last name.")
        reachable = cleaned.get("trusted_email_address") or cleaned.get("trusted_phone_number")
        if not reachable and not self.errors.keys() & {"trusted_email_address", "trusted_phone_number"}:
            self.add_error("trusted_email_address", "Enter their e-mail address or their phone number.")
        return cleaned

    def answers(self) -> dict[str, Any]:
        if self.cleaned_data["wants_trusted_contact"]:
            return dict(self.cleaned_data)
        return dict.fromkeys(self.cleaned_data, "") | {"wants_trusted_contact": False}


class AgreementsForm(StepForm):
    """One tick for each agreement; what is optional is not ticked beforehand.

    The revisions that the page shows come back signed with the answers, so that nobody agrees to a text that
    they were not shown.
    """

    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.salt = f"agreements:{application.pk}"
        self.initial["shown"] = self._seal()
        for agreement in agreements.AGREEMENTS:
            self.fields[agreement.key] = forms.BooleanField(
                label=f"I have read and agree to the {agreement.title}",
                help_text=agreement.summary,
                required=agreement.required,
                initial=application.signed_revisions.get(agreement.key) == agreement.revision,
                error_messages={
                    "required": f"Tick this to agree to the {agreement.title}. No account opens without it."
                },
            )

    def _seal(self) -> str:
        return signing.dumps(agreements.revisions_of(*agreements.BY_KEY), salt=self.salt)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            shown = signing.loads(cleaned.pop("shown", ""), salt=self.salt)
        except signing.BadSignature:
            shown = {}
        # Shown once more, the page has the texts of now, and what was revised is not ticked.
        again = {name: self.data[name] for name in self.data} | {"shown": self._seal()}
        for agreement in agreements.AGREEMENTS:
            if cleaned.get(agreement.key) and shown.get(agreement.key) != agreement.revision:
                del again[agreement.key]
                self.add_error(agreement.key, REVISED.format(agreement.title, agreement.revision))
        self.data = again
        return cleaned

    def signed(self) -> dict[str, str]:
        """The agreements that were ticked, each with its revision."""
        return agreements.revisions_of(*(key for key in agreements.BY_KEY if self.cleaned_data.get(key)))
