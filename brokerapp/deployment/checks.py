"""Settings that could hurt people or give away their data: no process starts with them.

Django runs these before most commands, and so in `release`; `start.refuse_unsafe` has the web process and the
workers make them too. All that is wrong is named at once, with what to do about it. What `DEBUG=true` has
values of its own for is checked without it only.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError
from django.http.request import validate_host
from django_countries import countries

from brokerapp.deployment.demo_accounts import open_demo_accounts
from brokerapp.security.encryption import check_keys
from brokerapp.units.broker_kind import BrokerKind, host_of, is_loopback

TAG = "deployment"
KOSOVO = "XKX"
"""Not in ISO 3166-1; people choose it by this code."""
LEAST_YEARS = 6
"""That the records of a closed account are kept (17 CFR 240.17a-4; 31 CFR 1023.220 asks for five)."""
SECRET_KEY_LENGTH, SECRET_KEY_DISTINCT = 50, 16
"""Characters, and different ones among them."""
HOW_TO_SIGN = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"'
HOW_TO_ENCRYPT = (
    'Make one: python -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
)


@register(TAG)
def check_demo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether what is for trying out is kept away from real people and real money."""
    problems: list[CheckMessage] = []
    for name, is_on in (("DEMO_MODE", settings.DEMO_MODE), ("DEBUG", settings.DEVELOPMENT)):
        if is_on and settings.BROKER_KIND is not BrokerKind.BUILT_IN:
            problems.append(
                Error(
                    f"{name} is on, and the broker is not the built-in sandbox: BROKER_BASE_URL, "
                    f"BROKER_DATA_URL and BROKER_KEY name {settings.BROKER_KIND}.",
                    hint=f"Take {name} away (`make run` does without it for a broker of your own), or leave "
                    "these three to the built-in sandbox, whose keys begin with SANDBOX.",
                    id="deployment.E001",
                )
            )
    if settings.DEMO_MODE and not settings.HAS_DEMO:
        problems.append(
            Error(
                "DEMO_MODE is on, and this installation was made without the demo.",
                hint="Take DEMO_MODE away; the demo is in the source tree, for `make run`.",
                id="deployment.E002",
            )
        )
    return problems


@register(TAG)
def check_countries(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether the countries that are not taken are countries, and leave somebody who can apply."""
    known = {countries.alpha3(code) for code, _ in countries} | {KOSOVO}
    unknown = sorted(settings.COUNTRIES_NOT_TAKEN - known)
    hint = "Three capital letters each, of ISO 3166-1, such as COUNTRIES_NOT_TAKEN=CUB,IRN,PRK,SYR."
    if unknown:
        said = f"COUNTRIES_NOT_TAKEN has what is no country: {', '.join(unknown)}."
        return [Error(said, hint=hint, id="deployment.E017")]
    if "USA" in settings.COUNTRIES_NOT_TAKEN:
        return [Error("COUNTRIES_NOT_TAKEN has the United States.", hint=hint, id="deployment.E018")]
    return []


@register(TAG)
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether the values that production was given are fit for it."""
    if settings.DEVELOPMENT:
        return []
    return [*_secret_keys(), *_field_keys(), *_hosts(), *_site(), *_broker(), *_retention()]


@register(Tags.database, TAG)
def check_demo_accounts(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Whether nobody can sign in as one of the demo's people; asked of the database, where that is in use."""
    if settings.DEMO_MODE or not databases:
        return []
    try:
        found = open_demo_accounts()
    except DatabaseError:
        return []  # who needs the database says so, or waits for it
    if not found:
        return []
    return [
        Error(
            f"The demo's accounts can sign in here: {', '.join(found)}.",
            hint="Close them: python manage.py close_demo_accounts. (In development, make reset.)",
            id="deployment.E003",
        )
    ]


def is_needed(name: str) -> bool:
    """Whether this process must be given that setting; it may do without some (`settings.NOT_NEEDED_BY`)."""
    return name not in settings.NOT_NEEDED_BY.get(settings.PROCESS, ())


def _secret_keys() -> Iterator[CheckMessage]:
    named = [("SECRET_KEY_FALLBACKS", key) for key in settings.SECRET_KEY_FALLBACKS]
    if is_needed("SECRET_KEY"):
        named.insert(0, ("SECRET_KEY", settings.SECRET_KEY))
    for name, key in named:
        if len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_DISTINCT:
            yield Error(
                f"{name} can be guessed: it has {len(key)} characters, {len(set(key))} of them different.",
                hint=f"{SECRET_KEY_LENGTH} random characters or more. {HOW_TO_SIGN}",
                id="deployment.E010",
            )


def _field_keys() -> Iterator[CheckMessage]:
    for name in filter(is_needed, ("FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEYS")):
        try:
            check_keys(getattr(settings, name))
        except ValueError as error:
            yield Error(f"{name} cannot be used: {error}.", hint=HOW_TO_ENCRYPT, id="deployment.E011")


def _hosts() -> Iterator[CheckMessage]:
    if any(host.strip() in ("*", ".") for host in settings.ALLOWED_HOSTS):
        yield Error(
            "ALLOWED_HOSTS lets every name in.",
            hint="Name the hosts that people use, such as broker.example.com.",
            id="deployment.E012",
        )
    elif not validate_host(host_of(settings.SITE_URL), settings.ALLOWED_HOSTS):
        yield Error(
            f"ALLOWED_HOSTS does not have the host of SITE_URL, {host_of(settings.SITE_URL) or 'none'}.",
            hint="Add it: links in mails lead there.",
            id="deployment.E013",
        )


def _site() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(settings.SITE_URL)):
        yield Error(
            f"SITE_URL is {settings.SITE_URL}: passwords and money would go over the network in the clear.",
            hint="https://…, with TLS in a proxy in front. Only a site on this machine alone, such as "
            "http://localhost:8000, may do without.",
            id="deployment.E014",
        )
    if parts.path or parts.query or parts.fragment:
        yield Error(
            f"SITE_URL is {settings.SITE_URL}: it ends with the host and port.",
            hint="Leave away what follows them, the last slash too.",
            id="deployment.E015",
        )


def _broker() -> Iterator[CheckMessage]:
    if settings.BROKER_KIND is BrokerKind.BUILT_IN:
        return
    for name in ("BROKER_BASE_URL", "BROKER_DATA_URL"):
        if urlsplit(getattr(settings, name)).scheme != "https":
            yield Error(
                f"{name} is {getattr(settings, name)}: keys and personal data would be sent in the clear.",
                hint="https://…; only the built-in sandbox may do without.",
                id="deployment.E016",
            )


def _retention() -> Iterator[CheckMessage]:
    if settings.ACCOUNT_RETENTION_YEARS < LEAST_YEARS:
        yield Error(
            f"ACCOUNT_RETENTION_YEARS is {settings.ACCOUNT_RETENTION_YEARS}: the records of closed accounts "
            "would be gone too early.",
            hint=f"{LEAST_YEARS} or more (17 CFR 240.17a-4).",
            id="deployment.E019",
        )
