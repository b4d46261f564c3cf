"""Live figures about the platform as a whole; see tenancy/figures.py."""

from datetime import timedelta
from importlib.resources import files
from tomllib import loads
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Q

from vallum_guard import sandbox
from vallum_web.accounts.legal import markdown, queries
from vallum_web.accounts.legal.documents import Document
from vallum_web.tenancy import clock, registry
from vallum_web.tenancy.figures import figure, in_every_org
from vallum_web.tenancy.keyring.envelope import SHAPE
from vallum_web.tenancy.keyring.field import sealed_columns
from vallum_web.tenancy.limits import catalogue
from vallum_web.tenancy.models import Departure, Org, PlatformDeparture, RequestLog, TenantModel
from vallum_web.trust.models import CardScan

_OF_A_CHILD = frozenset({"age", "birth", "birthday", "birth_date", "date_of_birth", "born", "born_at"})
_OF_A_SCREEN = frozenset({"screen_width", "screen_height", "canvas", "fonts", "fingerprint_js"})


def _fields() -> set[str]:
    return {field.name for model in apps.get_models() for field in model._meta.concrete_fields}  # noqa: SLF001 - Django's documented way


@figure("undeclared-fields", "PP-Q1", "PP-2a", words="fields without a purpose in the data registry", at_most=0)
def undeclared_fields() -> float:
    packages = ("vallum_web.config", *(app for app in settings.INSTALLED_APPS if app.startswith("vallum_web.")))
    declared = {f"{entry.model}.{field}" for entry in registry.entries(packages) for field in entry.fields}
    there = {
        f"{model._meta.label}.{field.name}"  # noqa: SLF001 - as above
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields  # noqa: SLF001 - as above
    }
    return len(there - declared)


@figure(
    "unforeseen-departures",
    "PP-Q2",
    "PP-2g",
    "PP-3a",
    "PP-3e",
    words="departures of the last 30 days to somebody whom the egress registry does not know",
    at_most=0,
)
def unforeseen_departures() -> float:
    lately = Q(at__gt=clock.now() - timedelta(days=30), ok=True, entry="")
    of_orgs = sum(in_every_org(lambda org: Departure.objects.of(org).filter(lately).count()))
    return of_orgs + PlatformDeparture.objects.filter(lately).count()


@figure("tables-in-common", "PP-1.2e", words="tables of organizations that the database does not hold apart", at_most=0)
def tables_in_common() -> float:
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel | Org)]  # noqa: SLF001 - as above
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_class where relname = any(%s) and not (relrowsecurity and relforcerowsecurity)",
            [tables],
        )
        return float(cursor.fetchone()[0])


@figure(
    "foreign-sources",
    "PP-1.3b",
    "PP-1.4a",
    "PP-3e",
    "PP-7b",
    "PP-7c",
    words="places elsewhere that a page may load anything from",
    at_most=0,
)
def foreign_sources() -> float:
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return sum(source not in {"'self'", "'none'"} for sources in policy.values() for source in sources)


@figure("screens", "PP-1.3c", words="fields with the measures of a screen or another fingerprint", at_most=0)
def screens() -> float:
    return len(_fields() & _OF_A_SCREEN)


@figure("birth-dates", "PP-9b", words="fields with an age or a date of birth", at_most=0)
def birth_dates() -> float:
    return len(_fields() & _OF_A_CHILD)


@figure("expired-requests", "PP-1.3d", words="requests in the log after 31 days", at_most=0)
def expired_requests() -> float:
    return RequestLog.objects.filter(at__lt=clock.now() - timedelta(days=31)).count()


@figure("plain-listener", "PP-5a", words="ways to reach this installation from elsewhere without TLS", at_most=0)
def plain_listener() -> float:
    return float(not settings.TLS and not settings.LOOPBACK)


@figure("unsealed", "PP-5b", words="credentials and secrets that are not sealed with Fernet", at_most=0)
def unsealed() -> float:
    def of_org(org: UUID) -> float:
        return sum(
            model.objects.filter(org_id=org).exclude(**{name: ""}).exclude(**{f"{name}__regex": f"^{SHAPE}$"}).count()
            for model, name in sealed_columns().values()
        )

    return sum(in_every_org(of_org))


@figure("isolation", "PP-5e", words="level of the sandbox: 2 full, 1 reduced, 0 none", at_least=1)
def isolation() -> float:
    return {"full": 2.0, "reduced": 1.0}.get(sandbox.isolation().level.value, 0.0)


@figure("limits", "PP-5f", words="named limits in force", at_least=10)
def limits() -> float:
    return len(catalogue.all_limits())


@figure("unsaid-lines", "PP-0.1", "PP-10c", words="lines of the policy that the text in force does not say", at_most=0)
def unsaid_lines() -> float:
    text = next(version.text for version in queries.in_force_today() if version.document is Document.PRIVACY)
    blocks = list(markdown.blocks(text))
    said = {sentence.name for block in blocks for line in block.parts for sentence in line}
    said |= {f"# {block.lines[0]}" for block in blocks}
    lines = loads((files(__package__) / "lines.toml").read_text("utf-8"))["line"]
    return sum(not set([where] if where.startswith("#") else where.split()) <= said for _, where in lines)


@figure("card-numbers", "PP-1.4b", words="card numbers that the last search of texts and logs found", at_most=0)
def card_numbers() -> float | None:
    last = CardScan.objects.order_by("-at").first()
    return None if last is None else last.found
