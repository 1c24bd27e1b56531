"""A site with a live broker does not start before it says whose it is, and in its own words."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from brokerapp.legal.texts import samples
from brokerapp.ui.brand_checks import TAG
from brokerapp.units.broker_kind import BrokerKind

NEEDED = {
    "BRAND_NAME": "What the site is called.",
    "LEGAL_ENTITY": "The company, as it is registered.",
    "LEGAL_ADDRESS": "Its address.",
    "LEGAL_REGISTRATION": "What it is registered as, such as: Member FINRA/SIPC.",
    "LEGAL_FORM_CRS_URL": "Where its client relationship summary is (17 CFR 240.17a-14).",
    "SUPPORT_EMAIL": "Where people write to who cannot sign in.",
}


@register(TAG)
def check_legal(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether people who invest real money are told with whom, and under which terms."""
    if settings.DEVELOPMENT or settings.BROKER_KIND is not BrokerKind.LIVE:
        return []
    missing = [name for name in NEEDED if not _is_given(name)]
    problems: list[CheckMessage] = [
        Error(f"{name} is not set, and the broker is live.", hint=NEEDED[name], id="legal.E001")
        for name in missing
    ]
    if sample := samples():
        files = ", ".join(text.template for text in sample)
        problems.append(
            Error(
                f"These legal pages are still samples: {', '.join(text.title for text in sample)}.",
                hint=f"Set LEGAL_TEMPLATES_DIR to a folder that has, of your own: {files}.",
                id="legal.E002",
            )
        )
    return problems


def _is_given(name: str) -> bool:
    if name == "BRAND_NAME":
        return bool(settings.BRAND_NAME) and settings.BRAND_NAME != settings.SAMPLE_BRAND_NAME
    return bool(getattr(settings, name))
