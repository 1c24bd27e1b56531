"""A paper that a person uploads: one field, and how its file is looked into."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from brokerapp.security.uploads.files import CleanFile, FileRefused, clean_file
from brokerapp.ui.widgets import FileDrop
from brokerapp.ui.words import SpokenForm
from onboarding import rules

TOO_LARGE_OR_OTHER = (
    "The file you chose was not taken: it is too large, or not a PDF, PNG, JPEG or HEIC. Choose another one."
)


def paper_field(label: str, *, required: bool, missing: str = "Choose the photo or scan.") -> forms.FileField:
    """A field for one photo or scan."""
    return forms.FileField(
        label=label,
        help_text="PDF, PNG, JPEG or HEIC, up to 7.5 MB.",
        required=required,
        widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg,.heic,.heif", max_bytes=rules.MAX_DOCUMENT_BYTES),
        error_messages={"required": missing},
    )


def read_paper(upload: UploadedFile) -> CleanFile:
    """An uploaded file, made anew. Raises `FileRefused` or `rules.AnswerRefused` with what to do instead."""
    rules.check_document(upload.read(16), upload.size or 0)
    upload.seek(0)
    content = upload.read().removeprefix(rules.BYTE_ORDER_MARK)
    return clean_file(content, most_bytes=rules.MAX_DOCUMENT_BYTES)


class TakesPaper(SpokenForm):
    """A form that may have a paper, as `file`.

    `refused_as` says why it was refused after a look into it, as `brokerapp.security.uploads.files.WORDS`;
    `not_taken` is said of a file that the page's script took back.
    """

    refused_as = ""
    not_taken = TOO_LARGE_OR_OTHER

    def clean_file(self) -> CleanFile | None:
        upload: UploadedFile | None = self.cleaned_data["file"]
        if upload:
            try:
                return read_paper(upload)
            except FileRefused as refusal:
                self.refused_as = refusal.reason
                raise ValidationError(str(refusal)) from refusal
            except rules.AnswerRefused as refusal:
                raise ValidationError(str(refusal)) from refusal
        widget = self.fields["file"].widget
        if isinstance(widget, FileDrop) and widget.was_refused(self.data, self.add_prefix("file")):
            raise ValidationError(self.not_taken)
        return None


class PaperForm(TakesPaper):
    """A form that asks for a paper where one is due."""

    def add_paper(self, label: str, *, required: bool) -> None:
        """Ask for one."""
        self.fields["file"] = paper_field(label, required=required)

    def paper(self) -> CleanFile | None:
        """What was uploaded, after `is_valid()`."""
        found: Any = self.cleaned_data.get("file")
        return found or None
