"""The form of one card: the fields that answer what the broker, or our staff, ask for, and its papers."""

from typing import Any

from django import forms

from onboarding import rules
from onboarding.cards import STAFF, Card
from onboarding.forms.disclosures import detail_fields
from onboarding.forms.papers import PaperForm
from onboarding.kyc_results import Asks, Paper
from onboarding.models import KycApplication
from onboarding.questions.descriptions import Question
from onboarding.questions.visa import VISA
from onboarding.questions.work import WORK

CONTEXT_OF = {
    Asks.COMPANY: "CONTROLLED_FIRM",
    Asks.FIRM: "AFFILIATE_FIRM",
    Asks.FAMILY: "IMMEDIATE_FAMILY_EXPOSED",
}
OFFICE = {
    "employment_position": ("Your office or position", "Enter what your office is, or was."),
    "employer_name": ("Where: the government, party, court, force or company", "Enter where."),
    "employer_address": ("Its address", "Enter the address of your office."),
}
"""What a public official is asked, in the columns of work: label, and what is said where it is missing."""
WORDS = 2000


class CardForm(PaperForm):
    """Answers to one card. Fields are named after the card, as a page may have several."""

    def __init__(
        self, data: Any = None, files: Any = None, *, card: Card, application: KycApplication
    ) -> None:
        slug = card.code.lower().replace("_", "-").replace(":", "-")
        super().__init__(data, files, prefix=f"card-{slug}")
        self.card, self.application = card, application
        self.asks = card.request.asks
        self.questions: list[Question] = []
        {
            Asks.OFFICE: self._ask_office,
            Asks.VISA: self._ask_visa,
            Asks.WORDS: self._ask_words,
        }.get(self.asks, self._ask_details)()
        self._ask_papers(card.request.papers)

    def _ask_details(self) -> None:
        context = CONTEXT_OF.get(self.asks)
        if context is None:
            return
        told = [e for e in self.application.disclosure_context if e["context_type"] == context]
        known: dict[str, str] = told[0] if told else {}
        for name, field in detail_fields(context).items():
            self.fields[f"{context}-{name}"] = field
            self.initial[f"{context}-{name}"] = known.get(name, "")

    def _ask_office(self) -> None:
        # Not filled in beforehand: what they do now may be no public office.
        asked_by = {question.name: question for question in WORK.questions}
        for name, (label, missing) in OFFICE.items():
            self.fields[name] = Question(name, label, ask=asked_by[name].ask, missing=missing).field()

    def _ask_visa(self) -> None:
        for question, field in VISA.on_the_form(self.application.answer):
            self.fields[question.name] = field
            self.questions.append(question)
            self.initial[question.name] = self.application.answer(question.name)

    def _ask_words(self) -> None:
        is_staffs = self.card.code.startswith(STAFF)
        self.fields["words"] = forms.CharField(
            label="Your answer",
            required=not (is_staffs and self.card.request.papers),
            max_length=WORDS,
            widget=forms.Textarea({"rows": 4}),
            help_text="Our staff read it. No passwords, and no numbers of cards, please.",
            error_messages={"required": "Write what you want to say to it."},
        )

    def _ask_papers(self, papers: tuple[Paper, ...]) -> None:
        if not papers:
            return
        if len(papers) > 1:
            self.fields["paper"] = forms.ChoiceField(
                label="Which paper do you send?",
                choices=[(paper.key, paper.label) for paper in papers],
                widget=forms.RadioSelect,
                initial=papers[0].key,
            )
        label = papers[0].label if len(papers) == 1 else "Photo or scan of it"
        self.add_paper(label, required=not self.card.request.paper_optional)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for question in self.questions:
            self._check(question, cleaned)
        in_the_us = cleaned.get(f"{CONTEXT_OF.get(self.asks)}-company_country") == "USA"
        state = f"{CONTEXT_OF.get(self.asks)}-company_state"
        if in_the_us and not cleaned.get(state):
            self.add_error(state, "Choose the state of this US company.")
        nothing = not cleaned.get("words") and not cleaned.get("file")
        if self.asks == Asks.WORDS and nothing and not self.errors:
            self.add_error("words", "Write an answer, or choose a paper.")
        return cleaned

    def _check(self, question: Question, cleaned: dict[str, Any]) -> None:
        """Whether an answer that is asked for is there and holds; one that is not asked is taken out."""
        if not question.when(cleaned.get):
            self.errors.pop(question.name, None)
            cleaned[question.name] = None
            return
        if question.name not in cleaned:
            return
        answer = cleaned[question.name]
        try:
            if not answer:
                raise rules.AnswerRefused(question.missing)
            if question.rule:
                question.rule(answer)
        except rules.AnswerRefused as refusal:
            self.add_error(question.name, str(refusal))

    def answers(self) -> dict[str, Any]:
        """What goes to the broker with the account, by the names of the questions; details as `context`."""
        if context := CONTEXT_OF.get(self.asks):
            given = {name.partition("-")[2]: value for name, value in self._of(context).items() if value}
            if given.get("company_country") != "USA":
                given.pop("company_state", None)
            return {"context": {"context_type": context, **given}}
        names = [*OFFICE] if self.asks == Asks.OFFICE else [question.name for question in self.questions]
        return {name: self.cleaned_data.get(name) for name in names}

    def _of(self, context: str) -> dict[str, Any]:
        return {name: v for name, v in self.cleaned_data.items() if name.startswith(f"{context}-")}

    def words(self) -> str:
        """What the person wrote for our staff."""
        return str(self.cleaned_data.get("words") or "").strip()

    def kind_of_paper(self) -> Paper:
        """Which paper was sent; of several, what they chose."""
        chosen = self.cleaned_data.get("paper")
        papers = self.card.request.papers
        return next((paper for paper in papers if paper.key == chosen), papers[0])


class AppealForm(PaperForm):
    """Why a rejected application should be looked at again, with a paper if that helps."""

    words = forms.CharField(
        label="Why should it be looked at again?",
        max_length=WORDS,
        widget=forms.Textarea({"rows": 6}),
        help_text="What may have been misread, or has changed. No numbers of cards, and no passwords.",
        error_messages={"required": "Write why it should be looked at again."},
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix="appeal")
        self.add_paper("A paper that shows it", required=False)
