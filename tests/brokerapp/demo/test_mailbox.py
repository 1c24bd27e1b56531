from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection
from django.test import Client

from brokerapp.demo.mails import read_mails


def send(folder: Path, *messages: EmailMessage) -> None:
    get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=str(folder)).send_messages(
        messages
    )


def test_read_mails_of_a_missing_folder(tmp_path: Path) -> None:
    assert read_mails(tmp_path / "none") == []


def test_read_mails_of_several_in_one_file(tmp_path: Path) -> None:
    send(
        tmp_path,
        EmailMessage("First", "Chloé, read https://example.com/a", to=["a@example.com"]),
        EmailMessage("Second", "Body", to=["b@example.com"]),
    )
    first = next(message for message in read_mails(tmp_path) if message.subject == "First")
    assert first.to == "a@example.com"
    assert "Chloé, read https://example.com/a" in first.body
    assert len(read_mails(tmp_path)) == 2


@pytest.mark.django_db
def test_mailbox_shows_links_and_narrows_to_an_address(client: Client, tmp_path: Path, settings: Any) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    send(tmp_path, EmailMessage("Verify", "Go to http://testserver/x/", to=["a@example.com"]))
    page = client.get("/mailbox/").content.decode()
    assert 'href="http://testserver/x/"' in page
    assert "No mail yet" in client.get("/mailbox/?to=b@example.com").content.decode()
    assert mail.outbox == []
