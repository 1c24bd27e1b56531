import pytest
from django.test import Client

from brokerapp.mailing.models import MailStatus
from brokerapp.notices.models import Notice
from tests.brokerapp.notices.revisions import undo_transfer
from tests.brokerapp.notices.test_reader import write_all
from tests.factories import StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def test_notices_given_up_are_shown_to_staff_and_changed_by_nobody(client: Client) -> None:
    undo_transfer()
    write_all()
    Notice.objects.update(status=MailStatus.FAILED, error="SMTPRecipientsRefused")
    notice = Notice.objects.get()
    client.force_login(StaffFactory.create())

    found = client.get("/admin/notices/notice/", {"status__exact": "FAILED", "q": notice.row_id})
    one = client.get(f"/admin/notices/notice/{notice.pk}/change/").content.decode()

    assert "SMTPRecipientsRefused" in found.content.decode()
    assert "SMTPRecipientsRefused" in one
    assert f"/admin/workflow/statuschange/{notice.change_id}/change/" in one
    assert notice.user.email not in found.content.decode() + one
    assert 'name="_save"' not in one
    assert client.get("/admin/notices/notice/add/").status_code == 403
