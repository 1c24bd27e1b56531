"""Pages a broker has to ask that are peculiar: disclosures and their details, agreements."""

from typing import Any

from django import forms
from django.core import signing

from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import Follows, asked_after
from onboarding import agreements
from onboarding.forms.step import StepForm
from onboarding.models import KycApplication
from onboarding.questions import fields
from onboarding.questions.descriptions import Question
from onboarding.questions.disclosures import CONTEXT_TITLES, CONTEXTS, disclosure_contexts

OPTIONAL = "Optional. {0} Leave it unticked for a cash account."
NO_STATE = "Choose the state of this US company."
REVISED = "The {0} is now at revision {1}. Read it, and tick this to agree to it."


class DisclosuresForm(StepForm):
    """The four disclosures of FINRA and the Bank Secrecy Act that Alpaca asks for."""

    key = "disclosures"

    def answers(self) -> dict[str, Any]:
        # Details belong to the answers that asked for them; changed answers ask again.
        given = super().answers()
        changed = any(self.application.answer(name) != value for name, value in given.items())
        return {**given, **({"disclosure_context": []} if changed else {})}


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
    "given_name": ("First name of the public official", limits.GIVEN_NAME),
    "family_name": ("Last name of the public official", limits.FAMILY_NAME),
}


class DisclosureDetailsForm(StepForm):
    """Details for each true disclosure: one `context` entry each (Broker API, "disclosures.context")."""

    key = "disclosure-details"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.contexts = disclosure_contexts(application.answer)
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
            make, missing = fields.country(), "Choose the country."
        elif name == "company_state":
            make, missing = fields.us_state(), ""
        elif name == "company_compliance_email":
            make, missing = BrokerEmailField, ""
        else:
            names = context == "IMMEDIATE_FAMILY_EXPOSED"
            make, missing = fields.line(names=names, max_length=length), ""
        field = Question(name, label, ask=make, missing=missing).field()
        if name == "company_state":
            in_the_us = Follows(f"{context}-company_country", ("USA",), words="if it is in the US")
            asked_after(field, in_the_us)
        return field

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        shown = self.visible_fields()
        return [
            (CONTEXT_TITLES[context], [field for field in shown if field.name.startswith(f"{context}-")])
            for context in self.contexts
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for context in self.contexts:
            if cleaned.get(f"{context}-company_country") == "USA" and not cleaned.get(
                f"{context}-company_state"
            ):
                self.add_error(f"{context}-company_state", NO_STATE)
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


def detail_fields(context: str) -> dict[str, forms.Field]:
    """The fields of one `context_type` by the broker's names, where they are asked for by themselves."""
    wanted = FAMILY_FIELDS if context == "IMMEDIATE_FAMILY_EXPOSED" else FIRM_FIELDS
    make = DisclosureDetailsForm._field
    return {
        name: make(context, name, label.format(WHOSE.get(context, "")), length)
        for name, (label, length) in wanted.items()
    }


class AllDisclosuresForm(StepForm):
    """The disclosures, each followed by its details: what an account's owner changes as one."""

    key = "disclosures"

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        super().__init__(data, files, **options)
        known = {entry["context_type"]: entry for entry in self.application.disclosure_context}
        self.needed: dict[str, list[str]] = {}
        order: list[str] = []
        for question in self.questions:
            order.append(question.name)
            if context := CONTEXTS.get(question.name):
                order += self._add_details(question.name, context, known.get(context, {}))
        self.order_fields(order)

    def _add_details(self, flag: str, context: str, known: dict[str, Any]) -> list[str]:
        if_yes = Follows(flag, ("True",), words="if you answer Yes")
        names = []
        for name, field in detail_fields(context).items():
            full = f"{context}-{name}"
            if field.required:
                self.needed.setdefault(flag, []).append(full)
                asked_after(field, if_yes)
            else:  # of the state, which follows the country too
                asked_after(field, field.follows, if_yes)  # type: ignore[attr-defined]
            self.fields[full], self.initial[full] = field, known.get(name, "")
            names.append(full)
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        entries = [self._entry(cleaned, flag, context) for flag, context in CONTEXTS.items()]
        cleaned["disclosure_context"] = [entry for entry in entries if entry]
        return cleaned

    def _entry(self, cleaned: dict[str, Any], flag: str, context: str) -> dict[str, Any]:
        """The details of one disclosure; none, and none of their errors, where it is answered by No."""
        names = [name for name in self.fields if name.startswith(f"{context}-")]
        if not cleaned.get(flag):
            for name in names:
                self.errors.pop(name, None)
            return {}
        for name in self.needed[flag]:
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        in_the_us = cleaned.get(f"{context}-company_country") == "USA"
        state = f"{context}-company_state"
        if in_the_us and not cleaned.get(state):
            self.add_error(state, NO_STATE)
        given = {name.partition("-")[2]: cleaned[name] for name in names if cleaned.get(name)}
        if not in_the_us:
            given.pop("company_state", None)
        return {"context_type": context, **given}


class AgreementsForm(StepForm):
    """One tick for each agreement; what is optional is not ticked beforehand.

    The revisions that the page shows come back signed with the answers, so that nobody agrees to a text that
    they were not shown.
    """

    key = "agreements"
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        self.salt = f"agreements:{application.pk}"
        self.initial["shown"] = self._seal()
        self.texts = agreements.asked_for(application.account_kind)
        for agreement in self.texts:
            self.fields[agreement.key] = forms.BooleanField(
                label=f"I have read and agree to the {agreement.title}",
                help_text=agreement.summary if agreement.required else OPTIONAL.format(agreement.summary),
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
        for agreement in self.texts:
            if cleaned.get(agreement.key) and shown.get(agreement.key) != agreement.revision:
                del again[agreement.key]
                self.add_error(agreement.key, REVISED.format(agreement.title, agreement.revision))
        self.data = again
        return cleaned

    def signed(self) -> dict[str, str]:
        """The agreements that were ticked, each with its revision."""
        return agreements.revisions_of(*(key for key in agreements.BY_KEY if self.cleaned_data.get(key)))
