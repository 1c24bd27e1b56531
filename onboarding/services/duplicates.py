"""Whether an answer is another application's too, although it is encrypted: by its blind index."""

from typing import cast

from django.db.models import QuerySet

from brokerapp.security.blind_index import BlindIndexField
from onboarding import rules
from onboarding.models import KycApplication


def _index(name: str) -> BlindIndexField:
    return cast(BlindIndexField, KycApplication._meta.get_field(name))


def with_tax_id(tax_id: str) -> QuerySet[KycApplication]:
    """The applications with a tax id, in any spelling, also where we have forgotten the number since."""
    return KycApplication.objects.filter(tax_id_index__in=_index("tax_id_index").digests(tax_id))


def others_with_tax_id(application: KycApplication) -> QuerySet[KycApplication]:
    """Every other application with the same tax id; those of another person should make staff look."""
    known = KycApplication.objects.exclude(pk=application.pk).order_by("created_at")
    if application.foreign_tax_id:
        digests = _index("foreign_tax_id_index").digests(application.foreign_tax_id)
        return known.filter(foreign_tax_id_index__in=digests)
    if application.foreign_tax_id_index and not application.tax_id_index:
        return known.filter(foreign_tax_id_index=application.foreign_tax_id_index)
    if application.tax_id:
        return known.filter(pk__in=with_tax_id(application.tax_id).values("pk"))
    if application.tax_id_index:
        return known.filter(tax_id_index=application.tax_id_index)
    return known.none()


def with_phone_number(typed: str) -> QuerySet[KycApplication]:
    """The applications with a phone number, as a person would type it; none if it is not one."""
    try:
        number = rules.normalize_phone(typed)
    except rules.AnswerRefused:
        return KycApplication.objects.none()
    return KycApplication.objects.filter(phone_number_index__in=_index("phone_number_index").digests(number))
