"""The forms of the application's pages, by the pages' keys. Fields are named as their questions."""

from onboarding.forms.disclosures import AgreementsForm, DisclosureDetailsForm, DisclosuresForm
from onboarding.forms.kinds import AccountEmailForm, BeneficiariesForm, ChildForm, RetirementForm
from onboarding.forms.personal import DocumentsForm, TaxIdForm
from onboarding.forms.step import StepForm, form_of
from onboarding.questions.catalogue import PAGES

PECULIAR: tuple[type[StepForm], ...] = (
    TaxIdForm,
    DocumentsForm,
    DisclosuresForm,
    DisclosureDetailsForm,
    AgreementsForm,
    RetirementForm,
    BeneficiariesForm,
    ChildForm,
    AccountEmailForm,
)
FORMS: dict[str, type[StepForm]] = {key: form_of(page) for key, page in PAGES.items()} | {
    form.key: form for form in PECULIAR
}
