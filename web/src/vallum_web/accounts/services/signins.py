"""A person's own record of how their account was used: written at every sign-in, shown to them alone, kept for 90 days."""

from dataclasses import replace
from datetime import timedelta

from django.db import connection, transaction

from vallum_web.accounts import letters, signins
from vallum_web.accounts.addresses import looked_up
from vallum_web.accounts.models import SignIn, User
from vallum_web.accounts.networks import neighbourhood
from vallum_web.accounts.person import devices
from vallum_web.mail import services as mails
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, tombstones
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.origin import current_origin

Kind = SignIn.Kind
ADDRESS_KEPT_FOR = timedelta(days=30)
_CREDENTIALS = frozenset(
    {Kind.PASSWORD_CHANGED, Kind.PASSWORD_RESET, Kind.MFA_ADDED, Kind.MFA_REMOVED, Kind.CODES_RENEWED}
)
MOST_FAILURES = 20
"""Of one account within an hour: a flood of guesses fills no table."""
AN_HOUR = timedelta(hours=1)
SUSPICIOUS = 3
"""So many wrong second steps within an hour are told by mail: whoever makes them has the password."""
SETTLING_IN = timedelta(days=3)
"""An account as young as this has no device yet that could be another one."""


def note(user: User, kind: Kind, *, second: str = "") -> None:
    """Write down what happened just now, from where and with what."""
    with transaction.atomic():
        before = _failures(user, kind) if kind is Kind.MFA_FAILED else 0
        if before >= MOST_FAILURES:
            return
        here = _here()
        known = signins.came_from(user, family=here["family"], network=here["network"]).exists()
        row = SignIn.objects.create(user=user, at=clock.now(), kind=kind, second=second, known=known, **here)
        if kind in _CREDENTIALS:
            # A restored backup would take the former ones again.
            tombstones.record("credentials", user.pk, reason=kind.value)
        if kind is Kind.MFA_FAILED and before + 1 == SUSPICIOUS:
            mails.queue(kind="security", to=_to(user), letter=letters.second_step_failed(row))
        if kind in signins.SUCCESSES and not known and not _is_first(user, row):
            mails.queue(kind="security", to=_to(user), letter=letters.new_sign_in(row))


def failed(email: str) -> None:
    """Write down a wrong password, if somebody has this address: one statement, whether or not somebody has.

    It does not wait for the disk, where what was written down for nobody would not have to.
    """
    here = _here()
    table, users = (connection.ops.quote_name(model._meta.db_table) for model in (SignIn, User))  # noqa: SLF001 - Django's documented way to a model's table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")
        cursor.execute(
            f"""
            insert into {table} (id, user_id, at, kind, second, address, network, device, family, known)
            select %(id)s, u.id, %(now)s, 'failed', '', %(address)s, %(network)s, %(device)s, %(family)s,
              exists (select from {table} s where s.user_id = u.id and s.kind = any(%(successes)s)
                      and s.family = %(family)s and s.network = %(network)s)
            from {users} u where u.email = %(email)s and %(most)s > (
              select count(*) from {table} f where f.user_id = u.id and f.kind = 'failed' and f.at > %(since)s)
            """,  # noqa: S608 - the names are the models' own
            {
                **here,
                "id": uuid7(),
                "now": clock.now(),
                "successes": list(signins.SUCCESSES),
                "email": looked_up(email),
                "most": MOST_FAILURES,
                "since": clock.now() - AN_HOUR,
            },
        )


def prune() -> int:
    """Forget addresses after 30 days, and everything after 90."""
    gone = SignIn.objects.filter(at__lt=clock.now() - signins.KEPT_FOR).delete()[0]
    SignIn.objects.filter(at__lt=clock.now() - ADDRESS_KEPT_FOR).exclude(address="").update(address="")
    return gone


def _to(user: User) -> Recipient:
    return Recipient(address=user.email, person=user.pk)


def _here() -> dict[str, str]:
    origin = current_origin()
    address, agent = (origin.address, origin.agent) if origin else ("", "")
    device = devices.read(agent)
    return {
        "address": address,
        "network": neighbourhood(address),
        "device": str(device),
        "family": str(replace(device, version="")),
    }


def _failures(user: User, kind: Kind) -> int:
    return SignIn.objects.filter(user=user, kind=kind, at__gt=clock.now() - AN_HOUR).count()


def _is_first(user: User, row: SignIn) -> bool:
    young = clock.now() - user.joined_at < SETTLING_IN
    return young and not signins.successes().filter(user=user).exclude(pk=row.pk).exists()
