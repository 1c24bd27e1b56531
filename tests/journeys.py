"""Steps of journeys against the sandbox process."""

from uuid import uuid4

from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_account
from onboarding.services import applications
from tests.factories import KycApplicationFactory
from tests.sandbox_process import SandboxProcess


def open_account_at(sandbox: SandboxProcess) -> BrokerageAccount:
    """An account that the sandbox opened for a complete application, ACTIVE."""
    application = KycApplicationFactory.create(user__email=f"{uuid4().hex}@example.com")
    application = applications.submit_application(
        application=application, by=application.user, now=timezone.now()
    )
    applications.open_account(application=application, now=timezone.now())
    account = BrokerageAccount.objects.get(application=application)
    sandbox.set_account_status(str(account.broker_account_id), "ACTIVE")
    return sync_account(account=account)
