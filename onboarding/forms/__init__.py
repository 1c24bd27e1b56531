"""The forms of the application's pages, by the pages' keys. Fields are named as their questions."""

from onboarding.forms.disclosures import AgreementsForm, DisclosureDetailsForm, DisclosuresForm
from onboarding.forms.foreign import ForeignTaxIdForm, W8BenForm
from onboarding.forms.kinds import (
    AccountEmailForm,
    BeneficiariesForm,
    ChildForm,
    EligibilityForm,
    RetirementForm,
)
from onboarding.forms.personal import ContactForm, DocumentsForm, NameForm, TaxIdForm
from onboarding.forms.step import StepForm, form_of
from onboarding.questions.catalogue import PAGES

PECULIAR: tuple[type[StepForm], ...] = (
    EligibilityForm,
    NameForm,
    ContactForm,
    TaxIdForm,
    ForeignTaxIdForm,
    DocumentsForm,
    DisclosuresForm,
    DisclosureDetailsForm,
    W8BenForm,
    AgreementsForm,
    RetirementForm,
    BeneficiariesForm,
    ChildForm,
    AccountEmailForm,
)
FORMS: dict[str, type[StepForm]] = {key: form_of(page) for key, page in PAGES.items()} | {
    form.key: form for form in PECULIAR
}
