"""Made-up figures and a form in every state, for the style guide."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.paginator import Paginator
from django.utils.datastructures import MultiValueDict

from brokerapp.ui import preferences
from brokerapp.ui.fields import MoneyField
from brokerapp.ui.widgets import DateInputs, FileDrop, SSNInput
from brokerapp.ui.words import SpokenForm

NOW = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)

POSITIONS = [
    # symbol, name, quantity, price, value, gain, gain as a fraction
    ("AAPL", "Apple Inc.", "0.42", "238.17", "100.03", "12.41", "0.1416"),
    ("BRK.B", "Berkshire Hathaway Inc. Class B", "12", "501.20", "6014.40", "-84.36", "-0.0138"),
    ("VTI", "Vanguard Total Stock Market ETF", "103.204117", "291.66", "30100.51", "2218.90", "0.0796"),
    ("SHY", "iShares 1-3 Year Treasury Bond ETF", "40", "82.50", "3300.00", "0", "0"),
]

TIMELINE = [
    {"state": "done", "title": "Requested", "at": NOW, "text": ""},
    {"state": "done", "title": "Sent to your bank", "at": NOW + timedelta(minutes=1), "text": ""},
    {
        "state": "current",
        "title": "On its way",
        "at": None,
        "text": "Expected by Fri 6 Mar. Banks do not move money on weekends.",
    },
    {"state": "upcoming", "title": "Ready to invest", "at": None, "text": ""},
]
TIMELINE_FAILED = [
    TIMELINE[0],
    {
        "state": "failed",
        "title": "Returned by your bank",
        "at": NOW + timedelta(days=2),
        "text": "The account number was not found. Nothing was taken from your bank account.",
    },
]

TASKS = [
    ("About you", "Name, date of birth, address", "Done", "success"),
    ("Identity", "Social Security number", "Action needed", "warn"),
    ("Work and money", "", "In progress", "info"),
    ("Agreements", "", "Not started", "neutral"),
]


class SampleForm(SpokenForm):
    """One field of each kind."""

    name = forms.CharField(
        label="Legal first name",
        widget=forms.TextInput({"autocomplete": "given-name"}),
        help_text="As on your passport.",
    )
    email = forms.EmailField(label="Email address", widget=forms.EmailInput({"autocomplete": "email"}))
    middle_name = forms.CharField(required=False)
    password = forms.CharField(widget=forms.PasswordInput({"autocomplete": "new-password"}))
    born_on = forms.DateField(
        label="Date of birth", widget=DateInputs(autocomplete="bday"), help_text="For example, 3 27 1990."
    )
    ssn = forms.CharField(
        label="Social Security number",
        widget=SSNInput(),
        help_text="We must ask by law, to check who you are and to report taxes. It is stored encrypted.",
    )
    amount = MoneyField(help_text="Up to $25,000.00 a day.")
    state = forms.ChoiceField(choices=[("", "Choose a state"), ("CA", "California"), ("NY", "New York")])
    status = forms.ChoiceField(
        label="Employment",
        choices=[("EMPLOYED", "Employed"), ("STUDENT", "Student"), ("RETIRED", "Retired")],
        widget=forms.RadioSelect,
    )
    experience = forms.MultipleChoiceField(
        label="What have you invested in?",
        help_text="Choose all that apply.",
        choices=[("STOCKS", "Stocks"), ("FUNDS", "Funds"), ("OPTIONS", "Options")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    document = forms.FileField(
        label="Photo of your ID",
        widget=FileDrop(accept="image/jpeg,image/png,application/pdf", max_bytes=10_000_000),
        help_text="JPG, PNG or PDF, up to 10 MB.",
    )
    note = forms.CharField(
        label="Anything we should know?", widget=forms.Textarea({"rows": 3}), required=False
    )
    agree = forms.BooleanField(label="I have read and agree to the customer agreement")


def build() -> dict[str, Any]:
    """The context of the style guide."""
    bad = SampleForm(
        {
            "email": "pat@",
            "born_on_month": "2",
            "born_on_day": "31",
            "born_on_year": "1990",
            "amount": "$1,234.567",
        },
        MultiValueDict({"document": [SimpleUploadedFile("id.png", b"")]}),
        auto_id="bad_%s",
    )
    return {
        "sample_form": SampleForm(
            initial={"amount": Decimal(250), "born_on": "1990-03-27", "status": "EMPLOYED"}
        ),
        "refused_form": bad,
        "positions": [(row[0], row[1], *map(Decimal, row[2:])) for row in POSITIONS],
        "timeline": TIMELINE,
        "timeline_failed": TIMELINE_FAILED,
        "tasks": TASKS,
        "now": NOW,
        "stale_at": NOW,
        "page": Paginator(range(200), 10).page(4),
        "market": {"is_open": True, "text": "Open · closes 4:00 pm ET"},
        "themes": preferences.THEMES.items(),
        "tones": ["neutral", "info", "success", "warn", "error"],
        "gain": Decimal("1234.56"),
        "loss": Decimal("-84.36"),
        "zero": Decimal(0),
        "fraction": Decimal("0.0796"),
        "loss_fraction": Decimal("-0.0138"),
        "chart": chart_points(),
        "colors": [
            "canvas",
            "surface",
            "sunken",
            "line",
            "field",
            "ink",
            "muted",
            "primary",
            "gain",
            "loss",
            "error",
            "warn",
        ],
    }


def chart_points() -> list[tuple[datetime, Decimal]]:
    """Sixty made-up daily values that go up and down."""
    steps = [(7 * day * day + 13 * day) % 29 - 12 for day in range(60)]
    return [
        (NOW + timedelta(days=day - 60), Decimal(38000) + 40 * day + 25 * sum(steps[: day + 1]))
        for day in range(60)
    ]
