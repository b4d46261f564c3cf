"""Every setting, from the environment that `vallum-web up` or an operator gives. `docs/operations.md` lists them."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from vallum_web.billing import keys
from vallum_web.config import secret

HOME = Path(os.environ.get("VALLUM_HOME", ".vallum/home")).resolve()
DEMO = os.environ.get("VALLUM_DEMO") == "1"
BIND = os.environ.get("VALLUM_BIND", "127.0.0.1")
LOOPBACK = os.environ.get("VALLUM_LOOPBACK", "1" if BIND in {"127.0.0.1", "::1", "localhost"} else "0") == "1"
TLS = os.environ.get("VALLUM_TLS") == "1"
PUBLIC_URL = os.environ.get("VALLUM_URL", "http://127.0.0.1:8000").rstrip("/")

# How many proxies of the operator's own stand in front: their entries of X-Forwarded-For are believed, no others.
TRUSTED_HOPS = int(os.environ.get("VALLUM_TRUSTED_HOPS", "0"))

# What the privacy policy promises and only whoever runs this can know: whom to ask, where it lies, and that disks are encrypted.
PRIVACY_CONTACT = os.environ.get("VALLUM_PRIVACY_CONTACT", "")
DATA_PROTECTION_OFFICER = os.environ.get("VALLUM_DPO", "")
SECURITY_CONTACT = os.environ.get("VALLUM_SECURITY_CONTACT", "")
HOSTING = os.environ.get("VALLUM_HOSTING", "")
DISK_ENCRYPTION = os.environ.get("VALLUM_DISK_ENCRYPTION", "")

DEBUG = False
SECRET_KEY = secret.key(HOME, "secret_key")
# Never rotated: what stands for a secret in the record would become another one.
FINGERPRINT_KEY = secret.key(HOME, "fingerprint_key")
# What the key that signs the audit logs' checkpoints is derived from.
AUDIT_KEY = secret.key(HOME, "audit_key")
# What data keys are wrapped under. Made at first use; never in a database, and apart from the keyring that it opens.
KEK_FILE = Path(os.environ.get("VALLUM_KEK_FILE", HOME / "keyring_key"))
# What a restored backup must not bring back: apart from the database, best on another volume.
TOMBSTONES = os.environ.get("VALLUM_TOMBSTONES", str(HOME / "tombstones"))
# The keyring on a server of its own; without it, a file in the state folder.
KEYRING_URL = os.environ.get("KEYRING_URL", "")
ALLOWED_HOSTS = [host for host in os.environ.get("VALLUM_HOSTS", "").split(",") if host] or [
    "127.0.0.1",
    "localhost",
    "[::1]",
    BIND,
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "vallum_web.config.urls"
WSGI_APPLICATION = "vallum_web.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "vallum_web.ui",  # first: its templates stand in front of allauth's and of Django's forms
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "vallum_web.tenancy",
    "vallum_web.tenancy.audit",
    "vallum_web.tenancy.retention",
    "vallum_web.tenancy.announcing",
    "vallum_web.tenancy.processors",
    "vallum_web.mail",
    "vallum_web.accounts",
    "vallum_web.accounts.objections",
    "vallum_web.accounts.subscribers",
    "vallum_web.accounts.suspensions",
    "vallum_web.accounts.usage",
    "vallum_web.accounts.abuse",
    "vallum_web.assets",
    "vallum_web.advisories",
    "vallum_web.scans",
    "vallum_web.repositories",
    "vallum_web.findings",
    "vallum_web.ingest",
    "vallum_web.gates",
    "vallum_web.notify",
    "vallum_web.reports",
    "vallum_web.billing",
    "vallum_web.privacy.erasure",
    "vallum_web.privacy.exports",
    "vallum_web.privacy.requests",
    "vallum_web.privacy.minors",
    "vallum_web.privacy.authorities",
    "vallum_web.privacy.centre",
    "vallum_web.privacy.inactivity",
    "vallum_web.overview",
    "vallum_web.operator",
    "vallum_web.operator.breaches",
    "vallum_web.operator.notices",
    "vallum_web.trust",
    "vallum_web.backups",
]

MIDDLEWARE = [
    "vallum_web.config.headers.told",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vallum_web.tenancy.origin.noted",
    "vallum_web.tenancy.requestlog.middleware.logged",
    "vallum_web.accounts.middleware.no_store",
    "vallum_web.tenancy.limits.answers.Answering",
    "vallum_web.repositories.uploads.leave_nothing",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "vallum_web.accounts.person.middleware.lifetimes",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "vallum_web.accounts.legal.door.accepted",
    "vallum_web.tenancy.audit.middleware.Unrecorded",
    "vallum_web.config.busy.Busy",
    "vallum_web.accounts.throttle.Doors",
    "vallum_web.config.calls.keeping",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vallum_web.config.context.page",
            ],
            "builtins": ["vallum_web.ui.templatetags.ui"],
        },
    }
]


# A report is compared in temporary tables: below this they stay in memory, which is taken when they are used.
_LIMITS = "-c statement_timeout=60s -c lock_timeout=15s -c temp_buffers=64MB"


def _database(url: str, *, limits: str = _LIMITS) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = unquote(query.pop("host", "") or parts.hostname or "")
    pooled = os.environ.get("VALLUM_POOL", "1") == "1"
    options: dict[str, Any] = {**query, "options": limits}
    if pooled:
        # Per process: two web processes and a worker stay far below the embedded server's 60 connections.
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "vallum",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 0,
        # A pooled connection whose server was restarted is replaced before a request meets it.
        "CONN_HEALTH_CHECKS": pooled,
        "OPTIONS": options,
    }


# Migrations run as the owner of the tables, everything else as a role that row-level security binds.
_AS_OWNER = os.environ.get("VALLUM_AS_OWNER") == "1"
# Their limits are a request's: an index over a large table takes as long as it takes.
_URL = os.environ.get("DATABASE_OWNER_URL" if _AS_OWNER else "DATABASE_URL", "postgresql://vallum_app@/vallum")
DATABASES = {"default": _database(_URL, limits="") if _AS_OWNER else _database(_URL)}
LOOKUP_ROLE = os.environ.get("VALLUM_LOOKUP_ROLE", "vallum_lookup")

# EPSS and KEV once a day; what an operator imports from files counts all the same.
FEEDS_DAILY = os.environ.get("VALLUM_FEEDS", "daily") != "off"
FEED_SOURCES = {"epss": os.environ.get("VALLUM_EPSS_SOURCE", ""), "kev": os.environ.get("VALLUM_KEV_SOURCE", "")}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["vallum_web.accounts.backends.Backend"]
# bcrypt over SHA-256: any length, no 72-byte cut, and "hashed with bcrypt" stays true.
PASSWORD_HASHERS = ["vallum_web.accounts.hashers.Bcrypt"]
# Each step doubles the work. Raised, a password is hashed anew when its owner next signs in; 12 takes 0.3 s of a core.
BCRYPT_COST = max(12, int(os.environ.get("VALLUM_BCRYPT_COST", "12")))
BREACHED_PASSWORDS = str(HOME / "breached_passwords")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "vallum_web.accounts.passwords.validators.LongestValidator"},
    {"NAME": "vallum_web.accounts.passwords.validators.FamiliarValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "vallum_web.accounts.passwords.validators.ContextValidator"},
    {"NAME": "vallum_web.accounts.passwords.validators.BreachedValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "vallum_web.accounts.adapter.Adapter"
ACCOUNT_USER_DISPLAY = "vallum_web.accounts.adapter.shown_in_mails"
ACCOUNT_FORMS = {
    "signup": "vallum_web.accounts.forms.SignupForm",
    "login": "vallum_web.accounts.passwords.forms.LoginForm",
    "reauthenticate": "vallum_web.accounts.passwords.forms.ReauthenticateForm",
    "change_password": "vallum_web.accounts.passwords.forms.ChangePasswordForm",
    "set_password": "vallum_web.accounts.passwords.forms.SetPasswordForm",
    "reset_password": "vallum_web.accounts.passwords.forms.ResetPasswordForm",
    "reset_password_from_key": "vallum_web.accounts.passwords.forms.ResetPasswordKeyForm",
}
# Limits are ours (tenancy/limits), named, counted in one statement and the same for every door.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_CHANGE_EMAIL = True
# Knows of the address as well, and asks the database nothing: allauth's own asks, where there is an account.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a name of Django's
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Secrets, exports and deletions ask for a proof of who it is that is not older.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
MFA_ADAPTER = "vallum_web.accounts.person.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Vallum"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "vallum_web.accounts.person.forms.SignInCode",
    "reauthenticate": "vallum_web.accounts.person.forms.StepUpCode",
    "activate_totp": "vallum_web.accounts.person.forms.FirstCode",
    "add_webauthn": "vallum_web.accounts.person.forms.NewPasskey",
    "edit_webauthn": "vallum_web.accounts.person.forms.PasskeyName",
}
# Closed and without an inbox unless said otherwise: a loopback address may stand behind a proxy that the world reaches.
# What a new organization starts on; an operator or billing changes it later.
DEFAULT_PLAN = os.environ.get("VALLUM_PLAN", "enterprise")
# Of payment providers; none: the operator says who has which plan, and nothing of billing is shown.
BILLING = keys.read(os.environ, play=DEMO and LOOPBACK)
# The folder in which the demo's stand-ins of outside services keep their clock, which people move, and their address.
STAND_INS = os.environ.get("VALLUM_STAND_INS", "")
INACTIVE_MONTHS = int(os.environ.get("VALLUM_INACTIVE_MONTHS", "0"))
SIGNUP_OPEN = os.environ.get("VALLUM_SIGNUP", "open" if DEMO else "closed") == "open"
EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
DEFAULT_FROM_EMAIL = os.environ.get("VALLUM_MAIL_FROM", "Vallum <vallum@localhost>")
# How mails leave: `resend`, `smtp`, `console`; `keep` leaves them in the outbox, where whoever runs this reads them.
RESEND_KEY = os.environ.get("VALLUM_RESEND_KEY", "")
RESEND_WEBHOOK_SECRET = os.environ.get("VALLUM_RESEND_WEBHOOK_SECRET", "")
RESEND_URL = os.environ.get("VALLUM_RESEND_URL", "")
SMTP_URL = os.environ.get("VALLUM_SMTP_URL", "")
MAIL = os.environ.get("VALLUM_MAIL", "resend" if RESEND_KEY else "smtp" if SMTP_URL else "keep")
# Mails a second: as many as Resend takes from a new account.
MAIL_RATE = float(os.environ.get("VALLUM_MAIL_RATE", "2"))
INBOX_PAGE = LOOPBACK and os.environ.get("VALLUM_INBOX", "1" if DEMO else "0") == "1"

SESSION_ENGINE = "vallum_web.accounts.person.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 86_400
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if TLS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
else:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
FILE_UPLOAD_HANDLERS = ["vallum_web.repositories.uploads.LimitedUpload"]
# Beside the blobs: an upload is moved there, not copied, and the system's shared /tmp never holds one.
FILE_UPLOAD_TEMP_DIR = str(HOME / "incoming")
Path(FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True, mode=0o700)

CACHES = {
    "default": {
        # In the database: a cache per process would give every rate limit as many lives as there are processes.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "config_cache",
    }
}

USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
# Served from the packages themselves: there is nothing to collect.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            # With the request's number, and without what it sent.
            "()": "vallum_web.tenancy.requestlog.lines.Lines",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(request_id)s%(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("VALLUM_LOG", "INFO")},
    "loggers": {
        # At WARNING it repeats every 404 and every refused call: these are the callers' errors, and their answers say so.
        "django.request": {"level": "ERROR"},
        # At INFO it tells of each job several times, one every ten seconds of an idle night.
        "procrastinate": {"level": os.environ.get("VALLUM_LOG_QUEUE", "WARNING")},
        # At INFO it names the credential of every sign-in with a passkey.
        "fido2": {"level": "WARNING"},
        # It warns that the program is the main module, which the worker's is on purpose.
        "procrastinate.blueprints": {"level": "ERROR"},
    },
}
