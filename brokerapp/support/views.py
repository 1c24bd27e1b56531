"""The help page, and a person's own questions."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import View

from brokerapp.accounts.access import SignInRequiredMixin, person
from brokerapp.accounts.context_processors import own_accounts
from brokerapp.support import services
from brokerapp.support.forms import CaseForm, ReplyForm, mint_key
from brokerapp.support.models import Case

CASES_PER_PAGE = 20
LONGEST_REFERENCE = 64
TOO_MANY = (
    f"You have {services.MOST_OPEN} questions with us that we have not answered yet. "
    "Write into one of them, or wait for an answer first."
)


class Help(View):
    """How to reach us; who is signed in can write, with the reference of what failed filled in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        reference = request.GET.get("reference", "").strip()[:LONGEST_REFERENCE]
        initial = {"reference": reference, "topic": request.GET.get("topic", "")}
        account = request.GET.get("account", "")
        return self._page(request, reference, {**initial, "account": account})

    def _page(self, request: HttpRequest, reference: str, initial: dict[str, str]) -> HttpResponse:
        context: dict[str, Any] = {"reference": reference}
        if request.user.is_authenticated:
            form = _form(request, initial={**initial, "key": mint_key(person(request))})
            recent = Case.objects.filter(user=person(request))
            context |= {"form": form, "cases": list(recent[:5])}
        return render(request, "support/help.html", context)


class OpenCase(SignInRequiredMixin):
    """Takes the question of a signed-in person, once however often the form is sent."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("help")

    def post(self, request: HttpRequest) -> HttpResponse:
        form = _form(request, request.POST)
        if form.is_valid():
            try:
                case = services.open_case(
                    case_id=form.case_id,
                    person=person(request),
                    topic=form.cleaned_data["topic"],
                    account=form.chosen_account,
                    reference=form.cleaned_data["reference"],
                    text=form.cleaned_data["text"],
                    now=timezone.now(),
                )
            except services.TooManyCases:
                form.add_error(None, TOO_MANY)
            else:
                messages.success(request, "We have your question. The answer comes here and to your inbox.")
                return redirect("case", case.pk)
        context = {"form": form, "reference": request.POST.get("reference", ""), "cases": []}
        return render(request, "support/help.html", context, status=422)


def _form(request: HttpRequest, data: Any = None, **kwargs: Any) -> CaseForm:
    return CaseForm(data, person=person(request), accounts=own_accounts(request), **kwargs)


class Cases(SignInRequiredMixin):
    """A person's questions, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        mine = Case.objects.filter(user=person(request))
        page = Paginator(mine, CASES_PER_PAGE).get_page(request.GET.get("page"))
        return render(request, "support/cases.html", {"page": page})


class CasePage(SignInRequiredMixin):
    """One question with its answers; a POST writes a further message."""

    def get(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        return self._page(request, self._case(request, case_id), ReplyForm())

    def post(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        case = self._case(request, case_id)
        form = ReplyForm(request.POST)
        if not form.is_valid():
            return self._page(request, case, form, status=422)
        services.write(case=case, person=person(request), text=form.cleaned_data["text"], now=timezone.now())
        messages.success(request, "We have your message.")
        return redirect("case", case.pk)

    def _case(self, request: HttpRequest, case_id: UUID) -> Case:
        return get_object_or_404(Case.objects.select_related("account"), pk=case_id, user=person(request))

    def _page(self, request: HttpRequest, case: Case, form: ReplyForm, status: int = 200) -> HttpResponse:
        context = {"case": case, "conversation": list(case.messages.all()), "form": form}
        context["support_hours"] = settings.SUPPORT_HOURS
        return render(request, "support/case.html", context, status=status)
