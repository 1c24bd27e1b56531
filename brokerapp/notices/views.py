"""The inbox: what a person was told, and what of it they want by mail."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.access import SignInRequiredMixin, person
from brokerapp.notices import inbox
from brokerapp.notices.forms import PreferencesForm
from brokerapp.notices.kinds import ALWAYS_MAILED, Category
from brokerapp.notices.messages import told_by
from brokerapp.notices.models import Notice, NoticePreferences

NOTICES_PER_PAGE = 25


class Inbox(SignInRequiredMixin):
    """Everything that a person was told, newest first, narrowed by what the address says."""

    def get(self, request: HttpRequest) -> HttpResponse:
        category = next((each for each in Category if each == request.GET.get("about")), None)
        only_unread = request.GET.get("show") == "unread"
        found = inbox.notices_of(person(request).pk, category, only_unread=only_unread)
        context = {
            "page": Paginator(found, NOTICES_PER_PAGE).get_page(request.GET.get("page")),
            "categories": Category,
            "category": category,
            "only_unread": only_unread,
        }
        return render(request, "inbox/inbox.html", context)


class NoticePage(SignInRequiredMixin):
    """One notice in full; opening it notes that it was read."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        notice = get_object_or_404(Notice, pk=pk, user=person(request))
        if notice.read_at is None and request.method == "GET":
            inbox.mark_read(user_id=notice.user_id, now=timezone.now(), notice_id=notice.pk)
            person(request).unread_notices = max(person(request).unread_notices - 1, 0)
        try:
            told = told_by(notice)
        except ObjectDoesNotExist:
            told = None  # its subject was erased since
        return render(request, "inbox/notice.html", {"notice": notice, "told": told})


class MarkRead(SignInRequiredMixin):
    """Notes that all notices were read."""

    def post(self, request: HttpRequest) -> HttpResponse:
        inbox.mark_read(user_id=person(request).pk, now=timezone.now())
        messages.success(request, "Everything in your inbox is marked as read.")
        return redirect("inbox")


class MarkUnread(SignInRequiredMixin):
    """Notes that a notice is to be looked at again."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        notice = get_object_or_404(Notice, pk=pk, user=person(request))
        inbox.mark_unread(user_id=notice.user_id, notice_id=notice.pk)
        return redirect(f"{reverse('inbox')}?show=unread")


class Preferences(SignInRequiredMixin):
    """Which mails a person gets."""

    def get(self, request: HttpRequest) -> HttpResponse:
        kept = NoticePreferences.objects.filter(user=person(request)).first() or NoticePreferences()
        initial = {name: getattr(kept, name) for name in PreferencesForm.base_fields}
        return self._page(request, PreferencesForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        NoticePreferences.objects.update_or_create(user=person(request), defaults=form.columns)
        messages.success(request, "Your choice is kept. It holds for what happens from now on.")
        return redirect("notice_preferences")

    def _page(self, request: HttpRequest, form: PreferencesForm, status: int = 200) -> HttpResponse:
        always = [category for category in Category if category in ALWAYS_MAILED]
        return render(request, "inbox/preferences.html", {"form": form, "always": always}, status=status)
