"""Settings, all from the environment (or `.env`); `.env.example` describes every variable.

With `DEBUG=true` every value has a development default. Without it the process refuses to start until each
value that production needs is given, and names all that are missing at once.
"""

from decimal import Decimal
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from brokerapp.units.broker_kind import BrokerKind, broker_kind
from brokerapp.units.dated import read_rates

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
if env.bool("DJANGO_READ_DOT_ENV", default=True):
    env.read_env(BASE_DIR / ".env")

DEVELOPMENT = env.bool("DEBUG", default=False)
DEBUG = DEVELOPMENT and env.bool("DEBUG_PAGES", default=False)
"""Django's own DEBUG: its error pages, with the source, and every query kept. Off in development too, so that
an error page is seen there as people see it."""

MAIL_PROVIDERS = ("brevo", "mailgun", "postmark", "resend")
"""Those of django-anymail's that say what became of each mail, in one small request with our reference."""
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="")
"""By whose API mails are sent; "" for the mail server of `EMAIL_URL`, which does not tell what came back."""
if MAIL_PROVIDER not in ("", *MAIL_PROVIDERS):
    raise ImproperlyConfigured(f"MAIL_PROVIDER is one of {', '.join(MAIL_PROVIDERS)}, or empty.")
_PROVIDER_SECRETS = ("MAIL_PROVIDER_OPTIONS", "MAIL_WEBHOOK_SECRET")

PROCESS = env.str("PROCESS", default="")
"""The process's name in the Procfile; "" for any other, which must be given everything."""
REQUIRED_IN_PRODUCTION = (
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "BLIND_INDEX_KEYS",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "TRUSTED_PROXY_HOPS",
    "DATABASE_URL",
    "REDIS_URL",
    *(_PROVIDER_SECRETS if MAIL_PROVIDER else ("EMAIL_URL",)),
    "DEFAULT_FROM_EMAIL",
    "BROKER_BASE_URL",
    "BROKER_DATA_URL",
    "BROKER_KEY",
    "BROKER_SECRET",
    "BROKER_FIRM_ACCOUNT_ID",
)
_BROKER_SECRETS = ("BROKER_KEY", "BROKER_SECRET")
_COLUMN_SECRETS = ("FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEYS")
_SENDING_SECRETS = ("EMAIL_URL", "MAIL_PROVIDER_OPTIONS")
_REPORT_SECRETS = ("MAIL_WEBHOOK_SECRET", "MAIL_WEBHOOK_OPTIONS")
_MAIL_SECRETS = (*_SENDING_SECRETS, *_REPORT_SECRETS)
_WORKER_SECRETS = ("SECRET_KEY", *_MAIL_SECRETS)
NOT_NEEDED_BY = {
    "release": (*_BROKER_SECRETS, *_MAIL_SECRETS),
    "web": _SENDING_SECRETS,
    "worker": _REPORT_SECRETS,
    "assets": (*_WORKER_SECRETS, *_COLUMN_SECRETS),
    "beat": (*_WORKER_SECRETS, *_COLUMN_SECRETS, *_BROKER_SECRETS),
    "events": _MAIL_SECRETS,
    "news": _MAIL_SECRETS,
    "sweeper": _MAIL_SECRETS,
    "market": _MAIL_SECRETS,
}
"""Secrets that a process does without, so that it need not be given them (docker-compose.yml does not)."""
if not DEVELOPMENT:
    missing = [
        name
        for name in REQUIRED_IN_PRODUCTION
        if name not in NOT_NEEDED_BY.get(PROCESS, ())
        and not (env.ENVIRON.get(name) or env.ENVIRON.get(f"{name}_FILE"))
    ]
    if missing:
        raise ImproperlyConfigured(
            f"Missing settings: {', '.join(missing)}. Set them in the environment or .env (.env.example); "
            "`make run` has a value of its own for each."
        )

DEMO_MODE = env.bool("DEMO_MODE", default=False)
"""Seeded people, the dev mailbox and the style guide are only there in demo mode."""
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
"""What the seeded people sign in with; `make run` makes one for each installation."""
HAS_DEMO = (BASE_DIR / "brokerapp" / "demo").is_dir()
"""The container image is made without it."""

SECRET_KEY = env.str("SECRET_KEY", default="development-only-not-a-secret" if DEVELOPMENT else "")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_ENCRYPTION_KEYS = env.list(
    "FIELD_ENCRYPTION_KEYS",
    default=["ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMDAwMDA="] if DEVELOPMENT else [],
)
"""32 bytes each in URL-safe base64, newest first: the first encrypts, all decrypt."""
BLIND_INDEX_KEYS = env.list(
    "BLIND_INDEX_KEYS", default=["ZGV2ZWxvcG1lbnQtb25seS1ibGluZC1pbmRleC1rZXk="] if DEVELOPMENT else []
)
"""As those: digests tell whether an encrypted value is known already (`brokerapp.security.blind_index`)."""

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXY_HOPS = env.int("TRUSTED_PROXY_HOPS", default=0)
WEB_THREADS = env.int("WEB_THREADS", default=8)
"""Pages that one web process works on at once; most of them wait, for the database or the broker."""

SAMPLE_BRAND_NAME = "Sample Broker"
BRAND_NAME = env.str("BRAND_NAME", default=SAMPLE_BRAND_NAME)
"""What the site is called, on every page and in every mail."""
BRAND_LOGO = env.str("BRAND_LOGO", default="")
"""The path of an .svg or .png."""
BRAND_COLOR = env.str("BRAND_COLOR", default="")
"""Of buttons and links, #rrggbb; `brokerapp.ui.brand_checks` refuses one that cannot be read."""
BRAND_COLOR_DARK = env.str("BRAND_COLOR_DARK", default="")
"""The same on dark backgrounds; made of `BRAND_COLOR` if empty."""
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="")
SUPPORT_PHONE = env.str("SUPPORT_PHONE", default="")
SUPPORT_HOURS = env.str("SUPPORT_HOURS", default="")
"""When somebody answers, in words: `Monday to Friday, 9 am to 5 pm ET`."""
LEGAL_ENTITY = env.str("LEGAL_ENTITY", default="")
"""The company that people deal with, as it is registered."""
LEGAL_ADDRESS = env.str("LEGAL_ADDRESS", default="")
LEGAL_REGISTRATION = env.str("LEGAL_REGISTRATION", default="")
"""What it is registered as, in words: `Member FINRA/SIPC`."""
LEGAL_FORM_CRS_URL = env.str("LEGAL_FORM_CRS_URL", default="")
"""Where its client relationship summary (Form CRS, 17 CFR 240.17a-14) is."""
LEGAL_TEMPLATES_DIR = env.str("LEGAL_TEMPLATES_DIR", default="")
"""A folder with its own `legal/texts/terms.html` and the others; without it pages show samples."""

INSTALLED_APPS = [
    "brokerapp.ui",
    "brokerapp.security_log.admin_app.OperationsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "brokerapp.security",
    "brokerapp.broker.calls",
    "brokerapp.broker.streams",
    "brokerapp.security_log",
    "brokerapp.workflow",
    "brokerapp.in_hand",
    "brokerapp.decisions",
    "brokerapp.accounts",
    "brokerapp.activities",
    "brokerapp.events",
    "brokerapp.mailing",
    "brokerapp.support",
    "brokerapp.notices",
    "brokerapp.health",
    "brokerapp.legal",
    "brokerapp.deployment",
    *(["brokerapp.demo"] if DEMO_MODE and HAS_DEMO else []),
    "onboarding",
    "funding",
    "trading",
    "brokerapp.records",
    "brokerapp.closing",
    "brokerapp.privacy",
    "brokerapp.ops",
]

MIDDLEWARE = [
    "brokerapp.health.middleware.HealthMiddleware",
    "brokerapp.web.middleware.ReferenceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "brokerapp.web.headers.HeadersMiddleware",
    # Before the static files: an image that is opened by itself is a page too.
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "brokerapp.web.middleware.UnreadableRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "brokerapp.accounts.signin_pages.middleware.SessionLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "brokerapp.accounts.signin_pages.middleware.ConfirmationMiddleware",
    "brokerapp.web.middleware.NoStoreMiddleware",
]

ROOT_URLCONF = "brokerapp.urls"
WSGI_APPLICATION = "brokerapp.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [*([Path(LEGAL_TEMPLATES_DIR)] if LEGAL_TEMPLATES_DIR else []), BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["brokerapp.ui.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "brokerapp.ui.context_processors.chrome",
                "brokerapp.accounts.context_processors.navigation",
                "trading.context_processors.market",
                "funding.context_processors.returned",
                "brokerapp.health.context_processors.stale",
            ],
        },
    },
]
FORM_RENDERER = "brokerapp.ui.forms.FormRenderer"

DATABASE_STATEMENT_SECONDS = env.int("DATABASE_STATEMENT_SECONDS", default=0)
"""How long one statement may take; 0 for as long as it needs. The Procfile sets it for the pages."""
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://localhost/brokerapp")}
DATABASES["default"].update(ENGINE="brokerapp.web.postgresql", CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True)
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# Values travel apart from the statement: what the database shows of one that runs, is slow or fails has none.
DATABASES["default"]["OPTIONS"].setdefault("server_side_binding", True)
# A statement that a connection has asked so often is kept there with its plan, if its cursor says so (see
# `web.postgresql.base.Cursor`). A pooler that hands one connection to several would need None.
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 3)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "brokerapp.web.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "brokerapp",
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "brokerapp.security.passwords.NotLikeYourEmail",
        "OPTIONS": {"user_attributes": ["email"]},
    },
    {
        "NAME": "brokerapp.security.passwords.LongEnough",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "brokerapp.security.passwords.NotCommon"},
    {"NAME": "brokerapp.security.passwords.NotOfThisSite"},
]
if env.bool("PASSWORDS_CHECK_BREACHED", default=False):
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "brokerapp.security.passwords.NotBreached"})
PWNED_PASSWORDS = {"API_TIMEOUT": 1.0, "ADD_PADDING": True}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_USER_DISPLAY = "brokerapp.accounts.adapters.display"
ACCOUNT_ADAPTER = "brokerapp.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("CONFIRM_AGAIN_AFTER_SECONDS", default=300)
"""How long a confirmation with password, code or passkey stands for what pays out or changes the sign-in."""
ACCOUNT_RATE_LIMITS = {
    # Codes of the second step; whoever gets there has the password. For passwords see `signin.throttling`.
    "login_failed": "5/5m/key,30/1d/key",
}
MFA_REQUIRED = env.str("MFA_REQUIRED", default="payouts")
"""Of whom a second step of signing in is required; of staff it always is.

`payouts`: before a withdrawal, a bank and another e-mail address; `always`: before anything; `never`.
"""
MFA_ADAPTER = "brokerapp.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# A new address waits to be confirmed beside the old one. Nobody signs in with one that is not confirmed.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
MFA_FORMS = {
    "activate_totp": "brokerapp.accounts.signin_pages.forms.ActivateTotpForm",
    "add_webauthn": "brokerapp.accounts.signin_pages.forms.AddPasskeyForm",
    "authenticate": "brokerapp.accounts.signin_pages.forms.AuthenticateForm",
    "authenticate_webauthn": "brokerapp.accounts.signin_pages.forms.AuthenticatePasskeyForm",
    "deactivate_totp": "brokerapp.accounts.signin_pages.forms.DeactivateTotpForm",
    "edit_webauthn": "brokerapp.accounts.signin_pages.forms.EditPasskeyForm",
    "generate_recovery_codes": "brokerapp.accounts.signin_pages.forms.GenerateRecoveryCodesForm",
    "login_webauthn": "brokerapp.accounts.signin_pages.forms.LoginPasskeyForm",
    "reauthenticate": "brokerapp.accounts.signin_pages.forms.ReauthenticateCodeForm",
    "reauthenticate_webauthn": "brokerapp.accounts.signin_pages.forms.ReauthenticatePasskeyForm",
}
ACCOUNT_FORMS = {
    "add_email": "brokerapp.accounts.forms.AddEmailForm",
    "change_email": "brokerapp.accounts.forms.ChangeEmailForm",
    "change_password": "brokerapp.accounts.forms.ChangePasswordForm",
    "login": "brokerapp.accounts.forms.LoginForm",
    "reauthenticate": "brokerapp.accounts.forms.ReauthenticateForm",
    "reset_password": "brokerapp.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "brokerapp.accounts.forms.ResetPasswordKeyForm",
    "set_password": "brokerapp.accounts.forms.SetPasswordForm",
    "signup": "brokerapp.accounts.forms.SignupForm",
    "user_token": "brokerapp.accounts.forms.UserTokenForm",
}
LOGIN_URL = "account_login"
CSRF_FAILURE_VIEW = "brokerapp.health.views.csrf_failure"
LOGIN_REDIRECT_URL = "home"

SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30)
"""How long people can be idle before they are signed out."""
STAFF_SESSION_IDLE_MINUTES = env.int("STAFF_SESSION_IDLE_MINUTES", default=15)
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
"""After so long everybody signs in again."""
SESSION_COOKIE_AGE = (SESSION_HOURS + 1) * 3600  # so that the end is noticed, and said
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "brokerapp.web.sessions"
MESSAGE_STORAGE = "brokerapp.web.cookies.MessageStorage"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
# A browser takes a cookie of this prefix only from this very host, over https, for the whole site.
_host_only = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME = f"{_host_only}sessionid"
CSRF_COOKIE_NAME = f"{_host_only}csrftoken"
DEVICE_COOKIE_NAME = f"{_host_only}device"
_HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=_HTTPS)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600 if _HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=_HTTPS)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
# Preloading is a promise for the whole domain that takes months to take back: for its owner to make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXY_HOPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "America/New_York"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = None if DEVELOPMENT else BASE_DIR / "staticfiles"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
_charts = BASE_DIR / "node_modules" / "lightweight-charts" / "dist"
if _charts.is_dir():
    STATICFILES_DIRS.append(("vendor/lightweight-charts", _charts))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEVELOPMENT
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT
# Of files without a hash in their name; those with one are kept for good.
WHITENOISE_MAX_AGE = env.int("WHITENOISE_MAX_AGE", default=0 if DEVELOPMENT else 60)

MAX_BODY_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
"""Requests above this are refused before they are read, except on the pages that take files."""
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_HANDLERS = ["brokerapp.web.uploads.BoundedMemoryHandler"]
MAX_FILE_BYTES = 7_500_000
"""Of a larger file of a form only its size is read. As `brokerapp.broker.alpaca.limits.DOCUMENT_BYTES`."""
CLAMD_URL = env.str("CLAMD_URL", default="")
"""A virus scanner, `tcp://host:3310` or `unix:///path/of/clamd.ctl`: without its word no file is kept."""
MAX_UPLOAD_BYTES = 32 * 1024 * 1024
"""The same for the pages that take files."""
UPLOAD_PATHS = ("/apply/documents/",)
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", default=200)
"""Connections that one address may have to one process at once; behind proxies, requests under way."""

EMAIL_FILE_PATH = env.str("EMAIL_FILE_PATH", default=str(BASE_DIR / ".dev" / "mail"))
if MAIL_PROVIDER:
    MAIL_TRANSPORT = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
elif {"EMAIL_URL", "EMAIL_URL_FILE"} & set(env.ENVIRON):
    _mail = env.email("EMAIL_URL")
    MAIL_TRANSPORT = _mail.pop("EMAIL_BACKEND")
    globals().update(_mail)
else:
    MAIL_TRANSPORT = "django.core.mail.backends.filebased.EmailBackend"
"""The mail backend that workers hand mails to."""
EMAIL_BACKEND = "brokerapp.mailing.backend.QueueBackend"
"""What pages send waits in the database for a worker."""
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{BRAND_NAME} <no-reply@localhost>")
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT", default=10.0)
"""How long connecting to the mail server, or each answer of it, may take, in seconds."""
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", default="")
"""`user:password` with which the provider tells `/mail/reports/` what became of mails."""
MAIL_PROVIDER_OPTIONS = env.dict("MAIL_PROVIDER_OPTIONS", default={})
"""What mails are sent with, and in the next one what the provider signs its reports with: in the names of
django-anymail."""
MAIL_WEBHOOK_OPTIONS = env.dict("MAIL_WEBHOOK_OPTIONS", default={})
_UNTRACKED = {"track_opens": False, "track_clicks": False}
ANYMAIL = {
    **MAIL_PROVIDER_OPTIONS,
    **MAIL_WEBHOOK_OPTIONS,
    "WEBHOOK_SECRET": MAIL_WEBHOOK_SECRET,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    # Links of ours lead to us, and who opens a mail is nobody's business.
    "MAILGUN_SEND_DEFAULTS": _UNTRACKED,
    "POSTMARK_SEND_DEFAULTS": _UNTRACKED,
}

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    # Kombu writes a UNIX socket's URL in words of its own.
    CELERY_BROKER_URL = "redis+socket" + REDIS_URL.removeprefix("unix").replace("?db=", "?virtual_host=", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    # A process that sends a message must not hang with the Redis-protocol server. Longer than the second for
    # which a worker's blocking read waits.
    "socket_timeout": 2.0,
    "socket_connect_timeout": 2.0,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT_SECONDS", default=120)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

BROKER_BASE_URL = env.str("BROKER_BASE_URL", default="http://127.0.0.1:8100")
BROKER_DATA_URL = env.str("BROKER_DATA_URL", default="http://127.0.0.1:8100")
BROKER_KEY = env.str("BROKER_KEY", default="")
BROKER_SECRET = env.str("BROKER_SECRET", default="")
BROKER_FIRM_ACCOUNT_ID = env.str("BROKER_FIRM_ACCOUNT_ID", default="")
BROKER_KIND = broker_kind(BROKER_BASE_URL, BROKER_DATA_URL, BROKER_KEY)
BROKER_IS_SANDBOX = BROKER_KIND is not BrokerKind.LIVE
"""Whether pages say that money is practice money: never for a broker that may be live."""
BROKER_TIMEOUTS = (
    env.float("BROKER_CONNECT_TIMEOUT", default=3.05),
    env.float("BROKER_READ_TIMEOUT", default=10.0),
)
MARKET_DATA_FEED = env.str("MARKET_DATA_FEED", default="iex")
"""Where share prices come from, in Alpaca's word: `iex`, `sip` or `delayed_sip`. Pages name it."""
BENCHMARK_SYMBOL = env.str("BENCHMARK_SYMBOL", default="SPY")
"""The fund whose return stands beside a person's own as the market's; empty for none."""
BROKER_PAGES_A_MINUTE = env.int("BROKER_PAGES_A_MINUTE", default=60)
"""How many pages that ask the broker one person may open within a minute."""
NOT_OFFERED = frozenset(env.list("NOT_OFFERED", default=[]))
"""What no account may do here, whatever the broker allows: names of `brokerapp.accounts.capabilities`."""
COUNTRIES_NOT_TAKEN = frozenset(env.list("COUNTRIES_NOT_TAKEN", default=["CUB", "IRN", "PRK", "SYR"]))
"""Where nobody who applies may live or pay tax, in ISO 3166-1's three letters: at least those that the broker
rates as prohibited (`GET /v1/country-info`, `securities_risk_rating`)."""
STAFF_APPROVE_APPLICATIONS = env.bool("STAFF_APPROVE_APPLICATIONS", default=False)
"""Whether our staff decide on an application before the broker has it, as a correspondent with a KYC of its
own does; else the broker decides alone."""
CIP_PROVIDER = env.str("CIP_PROVIDER", default="alloy")
"""With whom identities are checked, in Alpaca's word, as CIP records name it: `alloy`, `trulioo`, `onfido`,
`veriff`, `jumio` or `getmati`."""
WITHDRAWAL_HOLD_HOURS = env.int("WITHDRAWAL_HOLD_HOURS", default=24)
"""How long no money leaves after a change of how a person signs in or is paid out; 0 for no hold."""
SECOND_PERSON_ABOVE = Decimal(env.str("SECOND_PERSON_ABOVE", default="10000"))
"""How much money (USD) one member of staff may open for withdrawal by lifting a hold; above, two have to."""
BROKER_WRITES_IN_FLIGHT = env.int("BROKER_WRITES_IN_FLIGHT", default=max(1, WEB_THREADS // 2))
"""How many writes of one process may wait for the broker, so that a silent one leaves threads for pages."""
SETTLE_AFTER_SECONDS = env.int("SETTLE_AFTER_SECONDS", default=30)
"""Sweeps touch only rows older than this, which is longer than any call can take: no call is in flight.

`brokerapp.workflow.checks` holds it against the timeouts above.
"""
TRANSFER_UNDECIDED_AFTER_SECONDS = env.int("TRANSFER_UNDECIDED_AFTER_SECONDS", default=900)
"""How long we look for a transfer whose outcome is unknown before staff must find out."""
ORDER_SEND_WITHIN_SECONDS = env.int("ORDER_SEND_WITHIN_SECONDS", default=60)
"""An order that could not be sent, by a fault of ours, is tried again for so long and then not placed.

It was reviewed at the prices of that minute, so it is never sent late."""
FEE_RATES = {
    name: read_rates(env.list(setting, default=default))
    for name, setting, default in (
        # SEC, Section 31 fee rate advisories: USD per million of a sale's proceeds.
        ("SEC", "FEE_SEC_PER_MILLION", ["2025-05-14=0", "2026-04-04=20.60"]),
        # FINRA By-Laws, Schedule A, section 1: USD per share sold, and at the most per trade.
        ("TAF", "FEE_TAF_PER_SHARE", ["2024-01-01=0.000166", "2026-01-01=0.000195"]),
        ("TAF_CAP", "FEE_TAF_CAP", ["2024-01-01=8.30", "2026-01-01=9.79"]),
        # The broker's fee schedule, Consolidated Audit Trail: USD per share.
        ("CAT", "FEE_CAT_PER_SHARE", ["2025-01-01=0.0000265"]),
    )
}
"""Regulatory fees on sales of shares, each from a date on (`trading.fees`): estimates for the review."""
IRA_LIMITS = {
    name: read_rates(env.list(setting, default=default))
    for name, setting, default in (
        # IRS, Notices 2023-75, 2024-80 and 2025-67 (for 2024, 2025 and 2026): USD a year and person, the
        # second of those who are 50 or older at the end of the year (for 2026 $7,500 and $1,100 more).
        ("UNDER_50", "IRA_LIMIT", ["2024-01-01=7000", "2025-01-01=7000", "2026-01-01=7500"]),
        ("FROM_50", "IRA_LIMIT_FROM_50", ["2024-01-01=8000", "2025-01-01=8000", "2026-01-01=8600"]),
    )
}
"""What a person may pay into all their IRAs for a year, year by year (`accounts.retirement`): people are told
where the amount of a year is not here yet."""
WARN_LIMIT_AWAY_PERCENT = Decimal(env.str("WARN_LIMIT_AWAY_PERCENT", default="10"))
WARN_VOLUME_PERCENT = Decimal(env.str("WARN_VOLUME_PERCENT", default="1"))
WARN_PORTFOLIO_PERCENT = Decimal(env.str("WARN_PORTFOLIO_PERCENT", default="25"))
WARN_PENNY_BELOW = Decimal(env.str("WARN_PENNY_BELOW", default="5"))
"""What the review of an order warns of: a limit so far from the last price, more than that of an average
day's volume, more than that of the account's value, a share that costs less (USD)."""
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=10.0)
"""How often the sweeps run that poll statuses and settle unknown outcomes."""

API_CALL_RETENTION_DAYS = env.int("API_CALL_RETENTION_DAYS", default=400)
"""How long the log of broker calls keeps writes and failures: a tax year and the weeks of questions after."""
API_READ_RETENTION_DAYS = env.int("API_READ_RETENTION_DAYS", default=30)
"""How long reads that went well stay there; a week more at most, as the log is thinned by whole weeks."""

DOCUMENT_RETENTION_DAYS = env.int("DOCUMENT_RETENTION_DAYS", default=30)
"""How long an uploaded document stays here once the broker has it, or has refused it."""
TAX_ID_RETENTION_DAYS = env.int("TAX_ID_RETENTION_DAYS", default=30)
"""How long a tax id stays here once the account is open; its last four digits stay."""
ACCOUNT_RETENTION_YEARS = env.int("ACCOUNT_RETENTION_YEARS", default=6)
"""How long who somebody is stays here once their account is closed; the law asks for six years at least."""

ERROR_RETENTION_DAYS = env.int("ERROR_RETENTION_DAYS", default=90)
"""How long the reference of an error page is found."""

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "brokerapp.web.middleware.LogFormatter",
            "format": "%(asctime)sZ %(levelname)s %(name)s %(reference)s %(message)s",
        },
        "bare": {"format": "%(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "stdout": {"class": "logging.StreamHandler", "formatter": "bare", "stream": "ext://sys.stdout"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # Its DEBUG lines hold query strings, and a query can hold an e-mail address.
    "loggers": {
        "urllib3": {"level": "INFO"},
        # A line of JSON for each row of the security log, for a collector.
        "security_log": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
    },
}
