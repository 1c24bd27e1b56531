"""The sidebar of staff's pages: what there is, by what one does with it, as far as one may read it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.request import QueryDict

from brokerapp.ops.models import SavedView
from brokerapp.ui.queues import queues_of

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "People",
        (
            "accounts.User",
            "accounts.BrokerageAccount",
            "onboarding.KycApplication",
            "onboarding.Document",
            "onboarding.KycAnswer",
            "onboarding.CipRecord",
            "onboarding.DuePaper",
            "onboarding.TaxForm",
            "onboarding.ProfileChange",
            "closing.AccountClosing",
        ),
    ),
    ("Money", ("funding.Transfer", "funding.BankLink", "activities.Activity", "accounts.WithdrawalHold")),
    ("Trading", ("trading.Order", "trading.Position", "trading.Asset", "trading.Quote")),
    ("Work", ("support.Case", "decisions.StaffDecision", "privacy.DataSubject")),
    (
        "Papers and mails",
        ("records.IssuedDocument", "notices.Notice", "notices.Digest", "mailing.QueuedMail"),
    ),
    ("The broker", ("calls.ApiCall", "events.BrokerEvent", "streams.StreamCursor", "workflow.StatusChange")),
    ("Books", ("trading.GainBook", "trading.DailyEquity", "trading.PositionsSync", "trading.QuotePause")),
    ("System", ("health.Heartbeat", "health.ErrorPage", "security_log.SecurityEvent", "auth.Group")),
)
MORE = "More"


@dataclass(frozen=True)
class Item:
    """One list in the sidebar."""

    title: str
    url: str
    is_current: bool


def sidebar(request: HttpRequest, available: list[dict[str, Any]]) -> list[tuple[str, list[Item]]]:
    """The groups with what this member of staff may open; what no group names stands under `MORE`.

    `available` is the admin site's own list of apps, which has what they may see.
    """
    items = {
        model["model"]._meta.label: Item(
            str(model["name"]), model["admin_url"], request.path.startswith(model["admin_url"])
        )
        for app in available
        for model in app["models"]
        if model["admin_url"]
    }
    groups = [(title, [items.pop(label) for label in labels if label in items]) for title, labels in GROUPS]
    groups.append((MORE, list(items.values())))
    return [(title, found) for title, found in groups if found]


def around(request: HttpRequest) -> dict[str, Any]:
    """What is around every page of staff."""
    available = admin.site.get_app_list(request)
    return {"sidebar": sidebar(request, available), "has_queues": bool(queues_of(request.user))}


def views_of_list(request: HttpRequest, page: admin.ModelAdmin) -> dict[str, Any]:
    """The views of a list that this member of staff saved, and the filters that could be saved now."""
    name = f"{page.opts.app_label}_{page.opts.model_name}"
    asked = QueryDict(request.GET.urlencode(), mutable=True)
    asked.pop("p", None)
    return {
        "saved_views": list(
            SavedView.objects.filter(person_id=request.user.pk or 0, page=name).order_by("name")
        ),
        "view_page": name,
        "view_query": asked.urlencode(),
    }
