"""Which legal pages there are, and whether a page's text is the company's own or our sample."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template import Origin
from django.template.loader import get_template


@dataclass(frozen=True)
class LegalText:
    """A legal page. `must_be_own`: a site with real money does not start with our sample of it."""

    key: str
    title: str
    must_be_own: bool = True

    @property
    def template(self) -> str:
        """Its text, alone."""
        return f"legal/texts/{self.key}.html"

    @property
    def is_sample(self) -> bool:
        """Whether the text is the one that comes with the product."""
        origin: Origin | None = getattr(get_template(self.template), "origin", None)
        return origin is None or Path(origin.name).is_relative_to(settings.BASE_DIR / "templates")


TEXTS = {
    text.key: text
    for text in (
        LegalText("terms", "Terms of use"),
        LegalText("privacy", "Privacy"),
        LegalText("disclosures", "Disclosures"),
        LegalText("form-crs", "Form CRS", must_be_own=False),
        LegalText("fees", "Fees", must_be_own=False),
        LegalText("business-continuity", "Business continuity"),
    )
}


def samples() -> list[LegalText]:
    """The pages whose text is still our sample."""
    return [text for text in TEXTS.values() if text.must_be_own and text.is_sample]
