"""Pages about the person that are peculiar: the tax id, and documents."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from brokerapp.security.uploads.files import CleanFile, FileRefused, clean_file
from brokerapp.ui.widgets import FileDrop
from onboarding import rules
from onboarding.forms.step import StepForm
from onboarding.models import Document, KycApplication
from onboarding.questions.descriptions import Question


class TaxIdForm(StepForm):
    """The tax id. A saved number is never shown again; leaving the field empty keeps it."""

    key = "tax-id"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        if application.tax_id_last4:
            self.fields["tax_id"].required = False
            self.fields[
                "tax_id"
            ].help_text = (
                f"We have the one that ends in {application.tax_id_last4}. Leave this empty to keep it."
            )

    def saved_answers(self) -> dict[str, Any]:
        return {**super().saved_answers(), "tax_id": None}

    def _may_stay_empty(self, question: Question) -> bool:
        return question.name == "tax_id" and bool(self.application.tax_id_last4)

    def clean_tax_id(self) -> str:
        typed = self.cleaned_data["tax_id"]
        if not typed:
            return ""
        try:
            return rules.normalize_ssn(typed)
        except rules.AnswerRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        ssn = given.pop("tax_id")
        if not ssn:
            return given
        return {**given, "tax_id": ssn, "tax_id_type": rules.tax_id_type(ssn), "tax_id_last4": ssn[-4:]}


class DocumentsForm(StepForm):
    """An identity document: optional now, and Alpaca may ask for one later."""

    key = "documents"
    document_type = forms.ChoiceField(label="What is it?", choices=Document.Type.choices, required=False)
    file = forms.FileField(
        label="Photo or scan",
        help_text="PDF, PNG, JPEG or HEIC, up to 7.5 MB. You can go on without one; we ask again if it is "
        "needed.",
        required=False,
        widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg,.heic,.heif", max_bytes=rules.MAX_DOCUMENT_BYTES),
    )

    refused_as = ""
    """Why the file was refused after somebody looked into it, as `brokerapp.security.uploads.files.WORDS`."""

    def clean_document_type(self) -> str:
        # A browser always sends the first one; only what is written by hand leaves it out.
        return self.cleaned_data["document_type"] or Document.Type.IDENTITY_VERIFICATION

    def clean_file(self) -> CleanFile | None:
        upload: UploadedFile | None = self.cleaned_data["file"]
        if upload:
            try:
                rules.check_document(upload.read(16), upload.size or 0)
                upload.seek(0)
                content = upload.read().removeprefix(rules.BYTE_ORDER_MARK)
                return clean_file(content, most_bytes=rules.MAX_DOCUMENT_BYTES)
            except FileRefused as refusal:
                self.refused_as = refusal.reason
                raise ValidationError(str(refusal)) from refusal
            except rules.AnswerRefused as refusal:
                raise ValidationError(str(refusal)) from refusal
        if self.was_refused():
            raise ValidationError(
                "The file you chose was not taken: it is too large, or not a PDF, PNG, JPEG or HEIC. "
                "Choose another one, or go on without."
            )
        return None

    def was_refused(self) -> bool:
        """Whether a file was chosen that the page's script took back."""
        widget = self.fields["file"].widget
        return isinstance(widget, FileDrop) and widget.was_refused(self.data, self.add_prefix("file"))
