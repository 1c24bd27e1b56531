"""A person as whose data is held: the same row, on admin pages of its own."""

from brokerapp.accounts.models import User


class DataSubject(User):
    """A person whose data is exported or erased."""

    class Meta:
        proxy = True
        verbose_name = "person's data"
        verbose_name_plural = "people's data"
        permissions = [
            ("export_personal_data", "Can export all that is held of a person"),
            ("erase_personal_data", "Can erase what may be erased of a person"),
        ]
