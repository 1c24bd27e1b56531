"""Forms of the help page, of a case, and of the answer that staff give."""

import uuid
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.support.statuses import Topic
from brokerapp.ui.words import SpokenForm

SALT = "support:case"
LONGEST = 4000


def mint_key(person: User) -> str:
    """A one-use id for the case that a person may open from a page, signed for them."""
    return signing.dumps([str(uuid.uuid4()), person.pk], salt=SALT)


class CaseForm(SpokenForm):
    """A question for our support. A second click carries the same key, and finds the first one's case."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    topic = forms.ChoiceField(
        label="What is it about?",
        choices=Topic.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what it is about, so that it reaches the right people."},
    )
    account = forms.ChoiceField(label="Which account?", required=False)
    reference = forms.CharField(
        label="Reference",
        required=False,
        max_length=64,
        help_text="From the page or mail that you ask about. By it we see what the broker answered.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    text = forms.CharField(
        label="What happened, and what did you expect?",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 7}),
        help_text="No passwords, codes or Social Security numbers: we never need them.",
        error_messages={"required": "Write what happened, in a sentence or two."},
    )

    def __init__(self, *args: Any, person: User, accounts: list[BrokerageAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person
        self._accounts = {str(account.pk): account for account in accounts}
        titles = [(key, row.title) for key, row in self._accounts.items()]
        choices = [("", "No account in particular"), *titles]
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if not self._accounts:
            del self.fields["account"]

    def clean_reference(self) -> str:
        return str(self.cleaned_data["reference"]).strip()

    @property
    def case_id(self) -> UUID:
        """The id that the case gets; a fresh one for a page that was made for somebody else or long ago."""
        try:
            case_id, made_for = signing.loads(self.cleaned_data["key"], salt=SALT, max_age=24 * 3600)
        except signing.BadSignature:
            return uuid.uuid4()
        return UUID(case_id) if made_for == self._person.pk else uuid.uuid4()

    @property
    def chosen_account(self) -> BrokerageAccount | None:
        """The account that it is about, if any."""
        return self._accounts.get(self.cleaned_data.get("account", ""))


class ReplyForm(SpokenForm):
    """A further message of a case's person."""

    text = forms.CharField(
        label="Write to us about this",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 5}),
        help_text="No passwords, codes or Social Security numbers: we never need them.",
        error_messages={"required": "Write a sentence or two."},
    )


class AnswerForm(SpokenForm):
    """What staff answer."""

    text = forms.CharField(
        label="Answer",
        min_length=10,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 8, "cols": 80}),
        help_text="The person reads it as you write it.",
        error_messages={
            "required": "Write the answer.",
            "min_length": "Answer in a sentence: this is too short to help anybody.",
        },
    )
