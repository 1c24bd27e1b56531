"""The forms of the application's pages. Fields are named as their columns."""

from onboarding.forms.disclosures import (
    AgreementsForm,
    DisclosureDetailsForm,
    DisclosuresForm,
    TrustedContactForm,
)
from onboarding.forms.fields import StepForm
from onboarding.forms.personal import (
    ContactForm,
    DocumentsForm,
    IdentityForm,
    NameForm,
    TaxIdForm,
    WorkForm,
)

FORMS: dict[str, type[StepForm]] = {
    "name": NameForm,
    "contact": ContactForm,
    "identity": IdentityForm,
    "tax-id": TaxIdForm,
    "documents": DocumentsForm,
    "work": WorkForm,
    "disclosures": DisclosuresForm,
    "disclosure-details": DisclosureDetailsForm,
    "trusted-contact": TrustedContactForm,
    "agreements": AgreementsForm,
}
