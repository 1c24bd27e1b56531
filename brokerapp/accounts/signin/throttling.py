"""How often a password may be tried, so that guessing is hopeless and strangers lock nobody out.

A browser in which the person has signed in before counts for itself. All others count by account and address
(IPv6 by its /64), by address, and together by account: guessing from many addresses is bounded too, and then
only new browsers have to wait.
"""

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from brokerapp.accounts.signin import known_devices

APP = "signin"
LIMITS = {
    "device": "10/5m/key,60/1d/key",
    "address": "40/5m/ip",
    "account_and_address": "5/5m/key",
    "account": "60/1h/key",
    "confirming": "5/5m/key",
}
"""In allauth's notation: attempts, in how long, counted by what."""
STRANGERS = ("address", "account_and_address", "account")


def consume(request: HttpRequest, email: str) -> ratelimit.RateLimitUsage | None:
    """Count one attempt to sign in, or of a signed-in person to confirm; None if there were too many."""
    if request.user.is_authenticated:
        # Whoever sits at an open session tries by themselves, and keeps nobody from signing in elsewhere.
        return _consume(request, "confirming", f"{request.user.pk}")
    device = known_devices.device_id(request, email)
    usage = _consume(request, "device", device) if device else None
    return usage or _consume_as_stranger(request, email)


def _consume_as_stranger(request: HttpRequest, email: str) -> ratelimit.RateLimitUsage | None:
    all_of_them = ratelimit.RateLimitUsage(usage=[])
    for name in STRANGERS:
        usage = _consume(request, name, _key(request, name, email))
        if usage is None:
            return None
        all_of_them.usage += usage.usage
    return all_of_them


def _key(request: HttpRequest, name: str, email: str) -> str:
    return f"{email} {ratelimit.get_ip(request)}" if name == "account_and_address" else email


def _consume(request: HttpRequest, name: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app=APP, action=name, config=LIMITS, key=key)


def clear(request: HttpRequest, email: str) -> None:
    """Forget the attempts of an account and of this address at it: a new password was chosen by mail."""
    for name in ("account_and_address", "account"):
        ratelimit.clear(request, app=APP, action=name, config=LIMITS, key=_key(request, name, email))
