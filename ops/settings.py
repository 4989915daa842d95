"""One settings module. Which mode runs is decided by the environment alone:

DATABASE_URL  empty: SQLite in DATA_DIR                (embedded)   postgres://…  (scaled)
REDIS_URL     empty: in-process channel layer and queue (embedded)   redis://…     (scaled)

docs/operations/settings.md lists every variable; a test keeps it complete.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATABASE_URL = env.str("DATABASE_URL", "")
REDIS_URL = env.str("REDIS_URL", "")
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)  # shows the development mailbox; set by bin/run
DEMO_ANYWAY = env.bool("DEMO_ANYWAY", False)  # the demo where others can reach it; without this it refuses to start
EMBEDDED = not REDIS_URL  # tasks, beat and channel layer live inside the server process


def _secret_key() -> str:
    """From the environment, else made once and kept beside the data (owner-readable only)."""
    given: str = env.str("SECRET_KEY", "")
    if given:
        return given
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    path = DATA_DIR / "secret.key"
    if not path.exists():
        # Two processes may start at once: the file is there whole or not at all, and the first one's stays.
        with tempfile.NamedTemporaryFile("w", dir=DATA_DIR) as file, contextlib.suppress(FileExistsError):
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.link(file.name, path)
    return path.read_text().strip()


def _sqlite_file() -> Path:
    """Where the embedded mode keeps patients: readable by its owner only, and with it what SQLite lays beside it."""
    path = DATA_DIR / "lantern.sqlite3"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return path


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # earlier keys: they open, they never seal
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "csp",
    "portal_core.kernel",
    "portal_core.ui",
    "portal_core.notify",
    "portal_core.accounts",
    "portal_core.directory",
    "portal_core.scheduling",
    "portal_core.access",
    "helpdesk",
    "statuspage",
    "telehealth",
    "triage",
    "ops",
]

MIDDLEWARE = [
    "portal_core.kernel.http.request_id.RequestIdMiddleware",
    "portal_core.kernel.http.errors.ZeroBytesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal_core.accounts.sessions.RealmSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal_core.accounts.sessions.RealmAuthenticationMiddleware",
    "portal_core.directory.people.PeopleMiddleware",
    "portal_core.accounts.sessions.ClosedByDefaultMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal_core.kernel.http.errors.AppErrorMiddleware",
]

ROOT_URLCONF = "ops.urls"
ASGI_APPLICATION = "ops.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal_core.ui.context.ui",
            ],
        },
    }
]

# --- data -------------------------------------------------------------------------------------------------------------
if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _sqlite_file(),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # IMMEDIATE: a transaction that would read first and write later takes its place in line at once,
                # instead of failing with "database is locked" at the write.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    }

if REDIS_URL:
    # channels_redis blocks for 5 s in BZPOPMIN; redis-py 8 gives up reading after 5 s. Without this line every idle
    # socket is closed with 1011 every five seconds.
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 20000}]},
        }
    }
    CACHES: dict[str, Any] = {
        "default": {"BACKEND": "ops.runtime.redis_cache.ForgivingRedisCache", "LOCATION": REDIS_URL}
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT = "ops.runtime.redis_transport:Transport"
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "ops.runtime.channel_layer.HomeLoopChannelLayer"}}
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20000}}
    }
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT = "ops.runtime.memory_transport:Transport"

CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # a lost wake-up is repaired by the sweep; a request must not wait for the broker
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "kernel.drain_outbox": {"task": "kernel.drain_outbox", "schedule": 3.0},
    "notify.deliver_due": {"task": "notify.deliver_due", "schedule": 3.0, "args": ("mail",)},
    "notify.deliver_posts": {"task": "notify.deliver_due", "schedule": 3.0, "args": ("posts",)},
    "statuspage.refresh_snapshot": {"task": "statuspage.refresh_snapshot", "schedule": 15.0},
    "statuspage.challenge_webhooks": {"task": "statuspage.challenge_webhooks", "schedule": 15.0},
    "statuspage.import_subscribers": {"task": "statuspage.import_subscribers", "schedule": 15.0},
    "statuspage.purge_subscribers": {"task": "statuspage.purge_subscribers", "schedule": 3600.0},
    "statuspage.export_snapshot": {"task": "statuspage.export_snapshot", "schedule": 5.0},
    "statuspage.probe_entry_points": {"task": "statuspage.probe_entry_points", "schedule": 60.0},
    "ops.probe": {"task": "ops.probe", "schedule": 60.0},
    "statuspage.keep_time": {"task": "statuspage.keep_time", "schedule": 10.0},
    "statuspage.make_ahead": {"task": "statuspage.make_ahead", "schedule": 3600.0},
    "statuspage.fan_out": {"task": "statuspage.fan_out", "schedule": 3.0},
    "statuspage.send_digests": {"task": "statuspage.send_digests", "schedule": 60.0},
    "statuspage.settle_fan_outs": {"task": "statuspage.settle_fan_outs", "schedule": 30.0},
    "notify.forget_old": {"task": "notify.forget_old", "schedule": 3600.0},
    "kernel.purge": {"task": "kernel.purge", "schedule": 3600.0},
    "accounts.forget_what_is_over": {"task": "accounts.forget_what_is_over", "schedule": 3600.0},
    "access.sweep_onboarding": {"task": "access.sweep_onboarding", "schedule": 60.0},
    "helpdesk.fetch_recordings": {"task": "helpdesk.fetch_recordings", "schedule": 15.0},
    "helpdesk.remove_originals": {"task": "helpdesk.remove_originals", "schedule": 3600.0},
    "helpdesk.scan_files": {"task": "helpdesk.scan_files", "schedule": 15.0},
    "triage.end_checks": {"task": "triage.end_checks", "schedule": 60.0},
    "helpdesk.wake_tickets": {"task": "helpdesk.wake_tickets", "schedule": 60.0},
    "helpdesk.watch_deadlines": {"task": "helpdesk.watch_deadlines", "schedule": 60.0},
}
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # sweeps of seconds or an hour: nothing to remember on disk
STATUS_MAILS_PER_HOUR = env.int("STATUS_MAILS_PER_HOUR", 6)  # to one subscriber; the rest in one summary. 0: no limit
DELIVERY_KEEP_DAYS = env.int("DELIVERY_KEEP_DAYS", 90)  # the ledger says who heard what: it is not kept for ever
OUTBOX_WAKE = True  # tests switch it off and drain by hand

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["portal_core.accounts.backends.RealmBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_IDLE_SECONDS = {"staff": 30 * 60, "patient": 20 * 60}
SESSION_ABSOLUTE_SECONDS = {"staff": 12 * 3600, "patient": 8 * 3600}
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "portal_core.kernel.http.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --- pages ------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "portal_core" / "ui" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "portal_core.ui.storage.HashedStaticFilesStorage"},
}
FORM_RENDERER = "portal_core.ui.forms.UiFormRenderer"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # other hosts of the practice's domain are not ours to bind to HTTPS
    "security.W021",
    "security.W008",  # the proxy that holds the certificate redirects
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "object-src": [NONE],
    }
}

# --- the outside ------------------------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", "")  # smtp+tls://user:password@host:587; empty: mail waits (the demo has its mailbox)
MAIL_FROM = env.str("MAIL_FROM", "Lantern <no-reply@lantern.example>")
INBOUND_MAIL_DOMAIN = env.str("INBOUND_MAIL_DOMAIN", "")  # mail to this domain reaches us; empty: none does
INBOUND_MAIL_AUTHSERV = env.str("INBOUND_MAIL_AUTHSERV", "")  # the name our receiving server signs its checks with
INBOUND_MAIL_HOPS = env.int("INBOUND_MAIL_HOPS", 1)  # how many "Received" lines our own servers add
CLAMD_URL = env.str("CLAMD_URL", "")  # tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl; empty: nothing is checked
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", "")
TWILIO_FROM = env.str("TWILIO_FROM", "")
TWILIO_API_URL = env.str("TWILIO_API_URL", "")  # another base address for the official SDK, e.g. a local double
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", "")  # browser notifications; `manage.py make_vapid_key` makes one
VAPID_SUBJECT = env.str("VAPID_SUBJECT", "")  # mailto: or https: address push services may turn to
EMAIL_HOOK_SECRETS = env.list("EMAIL_HOOK_SECRETS", default=[])  # whoever reports bounces signs with one of them
OUTBOUND_POSTS = env.bool("OUTBOUND_POSTS", not DEMO)  # webhooks, Slack, Teams, push; off: the development mailbox
OUTBOUND_CA_FILE = env.str("OUTBOUND_CA_FILE", "")  # certificates trusted for them beside the system's
OUTBOUND_ALLOW_LOOPBACK = env.bool("OUTBOUND_ALLOW_LOOPBACK", False)  # tests only; a check refuses it in production
TURN_URLS = env.list("TURN_URLS", default=[])  # e.g. turn:turn.example.org:3478
TURN_SECRET = env.str("TURN_SECRET", "")
STATUS_SOCKETS_PER_ADDRESS = env.int("STATUS_SOCKETS_PER_ADDRESS", 200)  # open status pages of one address; 0: no cap
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # who carries it reads /metrics from anywhere, not only on this machine
STATUS_EXPORT = env.str("STATUS_EXPORT", "")  # a directory or s3://bucket/prefix the page is copied to as it changes
STATUS_AUTO_PUBLISH = env.list("STATUS_AUTO_PUBLISH", default=[])  # parts whose failing probe publishes by itself
SENTRY_DSN = env.str("SENTRY_DSN", "")

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal_core.accounts.api.RealmSessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "EXCEPTION_HANDLER": "ops.api.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lantern API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # from our own static files: our CSP loads nothing from anywhere else
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",  # what follows it groups the operations: patients, tickets, flags
    "ENUM_NAME_OVERRIDES": {
        "TicketState": "helpdesk.enums.TicketState",
        "FlagState": "triage.enums.EscalationState",
        "EndpointState": "triage.enums.EndpointState",
        "PortalState": "portal_core.access.enums.PortalState",
        "PortalFilter": "portal_core.access.api.shapes.FILTERS",
        "DeliveryState": "portal_core.notify.enums.DeliveryState",
        "TicketChannel": "helpdesk.enums.Channel",
        "DeliveryChannel": "portal_core.notify.enums.Channel",
        "ProxyScope": "portal_core.access.enums.ProxyScope",
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "ops.logging.LineFormatter",
            "format": "{asctime} {levelname} {name} {request_id} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
