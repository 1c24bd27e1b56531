"""`/healthz/` and `/readyz/`, for whatever watches the processes.

They stand before everything else, as a watcher does not know the site's host name, nor how to ask by https.
"""

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from brokerapp.health.services import signs


class HealthMiddleware:
    """Answers the two addresses; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz/":
            return JsonResponse({"alive": True}, headers={"Cache-Control": "no-store"})
        if request.path == "/readyz/":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """Whether this process can serve pages: 200, or 503 while the database does not answer.

    `late` names the queues and streams that have been silent for too long. Pages are served without them,
    and say that figures are delayed; whoever runs the site should be told.
    """
    headers = {"Cache-Control": "no-store"}
    try:
        late = [sign.name for sign in signs(timezone.now()) if sign.late]
    except DatabaseError:
        return JsonResponse({"ready": False}, status=503, headers=headers)
    return JsonResponse({"ready": True, "late": late}, headers=headers)
