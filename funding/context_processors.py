"""A returned transfer, for pages of an account that are not ours."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from brokerapp.ui.links import account_id_of
from funding.models import Transfer
from funding.services.transfers import get_returned


def returned(request: HttpRequest) -> dict[str, object]:
    """`returned_transfer` of the account that the page is about; asked of the database only if it is shown.

    Pages are about accounts of the signed-in person only: another person's has no such page.
    """
    account_id = account_id_of(request)
    user_id = request.user.pk
    if account_id is None or user_id is None:
        return {}

    def find() -> Transfer | None:
        return get_returned(account_id=account_id, user_id=user_id, now=timezone.now())

    return {"returned_transfer": SimpleLazyObject(find)}
