"""The page and the files of a handout for the broker's support, of whatever calls a page of staff names."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from brokerapp.broker.calls import handout


def answer(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    calls: Iterable[Any],
    *,
    row: Model | None = None,
    reference: str = "",
    hidden: Sequence[tuple[str, str]] = (),
) -> HttpResponseBase:
    """The page that shows a handout and asks what was expected, or the file that `format` asks for.

    `calls` are rows of the call log, or copies of them. `hidden` names the calls again, for the page's form.
    """
    chosen = list(calls)[: handout.MOST]
    expected = request.GET.get("expected", "")[:1000]
    found = handout.document(chosen, row=row, expected=expected, reference=reference, now=timezone.now())
    if (wanted := request.GET.get("format")) in ("text", "json"):
        return _file(found, wanted)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "For the broker's support",
        "opts": model_admin.opts,
        "text": handout.as_text(found),
        "count": len(chosen),
        "hidden": hidden,
        "expected": expected,
    }
    return TemplateResponse(request, "admin/calls/handout.html", context)


def _file(found: dict[str, Any], wanted: str) -> HttpResponse:
    text = handout.as_json(found) if wanted == "json" else handout.as_text(found)
    kind, ending = ("application/json", "json") if wanted == "json" else ("text/plain; charset=utf-8", "txt")
    headers = {
        "Content-Disposition": f'attachment; filename="for-the-broker.{ending}"',
        "Cache-Control": "no-store, private",
    }
    return HttpResponse(text, content_type=kind, headers=headers)
