"""Live figures about accounts; see tenancy/figures.py."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Min, Q

from vallum_web.accounts.legal.documents import versions
from vallum_web.accounts.models import Acceptance, Membership, SignIn, StaffAccess, User
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import figure, in_every_org
from vallum_web.tenancy.models import Event, FormerSlug, Org

ACCOUNT = frozenset(
    ["id", "email", "name", "password", "last_login", "is_active", "joined_at", "theme", "attested_adult_at"]
)
"""All that may be kept of an account itself. A column more is a decision about the privacy policy, not a migration."""
_DAY = timedelta(days=1)


@figure("account-columns", "PP-1.1a", words="columns of the account beyond what the policy names", at_most=0)
def account_columns() -> float:
    return len({field.attname for field in User._meta.concrete_fields} - ACCOUNT)  # noqa: SLF001 - Django's documented way to a model's fields


@figure("passwords-otherwise", "PP-1.1c", "PP-5c", words="passwords that are not hashed with bcrypt", at_most=0)
def passwords_otherwise() -> float:
    """`!` begins what stands for no password: of people who sign in elsewhere."""
    return User.objects.exclude(Q(password__startswith="bcrypt_sha256$") | Q(password__startswith="!")).count()  # noqa: S106 - prefixes


@figure(
    "acts-without-acceptance",
    "PP-0.2",
    "PP-8b",
    words="acts of the last day by people who never accepted the terms",
    at_most=0,
)
def acts_without_acceptance() -> float:
    since = clock.now() - _DAY

    def acted(org: UUID) -> set[UUID]:
        events = Event.objects.filter(org_id=org, at__gt=since, actor__isnull=False)
        return {actor for actor in events.values_list("actor", flat=True).distinct() if actor}

    people: set[UUID] = set()
    list(in_every_org(lambda org: people.update(acted(org))))
    real = set(User.objects.filter(pk__in=people).values_list("pk", flat=True))
    return len(real - set(Acceptance.objects.filter(user__in=real).values_list("user", flat=True)))


@figure("accepted-unknown", "PP-10a", words="acceptances of a version that there never was", at_most=0)
def accepted_unknown() -> float:
    known = {(version.document.value, version.number) for version in versions()}
    told = Acceptance.objects.values_list("document", "version").distinct()
    return len({(document, number) for document, number in told} - known)


@figure("not-of-age", "PP-9a", words="people who accepted the terms and never said that they are 18", at_most=0)
def not_of_age() -> float:
    accepted = Acceptance.objects.values("user")
    return User.objects.filter(attested_adult_at=None, pk__in=accepted).count()


@figure("oldest-sign-in", "PP-1.3a", words="age of the oldest sign-in that is kept", at_most=91, unit="days")
def oldest_sign_in() -> float | None:
    at = SignIn.objects.aggregate(at=Min("at"))["at"]
    return None if at is None else round((clock.now() - at) / _DAY, 1)


@figure("exact-addresses", "PP-1.3a", words="sign-ins with a whole address after 30 days", at_most=0)
def exact_addresses() -> float:
    return SignIn.objects.filter(at__lt=clock.now() - 31 * _DAY).exclude(address="").count()


@figure("roles-unknown", "PP-1.1d", words="memberships with a role that there is not", at_most=0)
def roles_unknown() -> float:
    return sum(in_every_org(lambda org: Membership.objects.of(org).exclude(role__in=Membership.Role.values).count()))


@figure("addresses-of-two", "PP-1.1b", words="former addresses that another organization has", at_most=0)
def addresses_of_two() -> float:
    def taken(org: UUID) -> float:
        mine = Org.objects.filter(pk=org).values("slug")
        return FormerSlug.objects.filter(org_id=org, slug__in=mine, until__gt=clock.now()).count()

    return sum(in_every_org(taken))


@figure("staff-too-long", "PP-2d", words="accesses by staff that were open for more than an hour", at_most=0)
def staff_too_long() -> float:
    most = timedelta(hours=1, minutes=1)
    return sum(in_every_org(lambda org: StaffAccess.objects.of(org).filter(ends_at__gt=F("began_at") + most).count()))


@figure("open-cookies", "PP-5d", "PP-7a", words="cookies that a script could read or plain HTTP could carry", at_most=0)
def open_cookies() -> float:
    hidden = (settings.SESSION_COOKIE_HTTPONLY, settings.CSRF_COOKIE_HTTPONLY)
    secure = (settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE) if settings.TLS else ()
    return [*hidden, *secure].count(False)
