"""The dev mailbox."""

import time
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from brokerapp.demo import codes
from brokerapp.demo.mails import read_mails


class Mailbox(View):
    """All mails, newest first; `?to=` narrows them to one address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        mails = read_mails(Path(settings.EMAIL_FILE_PATH))
        to = request.GET.get("to", "").strip().lower()
        if to:
            mails = [mail for mail in mails if to in mail.to.lower()]
        context = {"mails": mails, "to": to, "codes": [] if to else codes.current(time.time())}
        return render(request, "demo/mailbox.html", context)
