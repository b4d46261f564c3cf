"""Tokens: `vlm_<kind>_` + 26 random base32 characters + 6 of a CRC32, so that a typo never reaches the database."""

import secrets
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.db import IntegrityError
from django.db.models import Q
from django.db.models.functions import Coalesce

from vallum_web.accounts.abuse import rules
from vallum_web.accounts.abuse import services as abuse
from vallum_web.accounts.models import ApiToken, Membership, User
from vallum_web.accounts.networks import admitted
from vallum_web.accounts.queries import lacks_second_step
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock, jobs, lookups, tombstones
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.origin import by_token, current_origin
from vallum_web.tenancy.scope import looking_back, scope

KINDS = tuple(ApiToken.Kind)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = 26
CHECK = 6
DAYS = 90
# The last use is a fact for people, to the minute; a write per call would be a write per call.
USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a token is asked to be. No scopes: all that its role may; no networks: from anywhere."""

    name: str
    role: str
    kind: str = ApiToken.Kind.API
    scopes: Sequence[str] = ()
    networks: Sequence[str] = ()
    days: int = DAYS


def make(org: Org, by: User, wanted: Wanted) -> tuple[ApiToken, str]:
    """A new token and its text, which is shown once and kept nowhere."""
    body = f"vlm_{ApiToken.Kind(wanted.kind).value}_" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    text = body + checksum(body)
    with scope(org.pk, user=by.pk):
        token = ApiToken.objects.create(
            org=org,
            kind=wanted.kind,
            name=wanted.name,
            start=text[: text.rindex("_") + 5],
            digest=sha256(text.encode()).digest(),
            role=wanted.role,
            scopes=sorted(wanted.scopes),
            networks=sorted(wanted.networks),
            by=by.pk,
            made_at=clock.now(),
            expires_at=clock.now() + timedelta(days=wanted.days),
        )
        emit("token.made", token.pk, token_kind=wanted.kind, role=wanted.role, scopes=list(token.scopes))
    return token, text


def revoke(token: ApiToken) -> None:
    with scope(token.org_id):
        if ApiToken.objects.of(token.org_id).filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
            tombstones.record("token", token.pk, reason="revoked", org=token.org_id)
            emit("token.revoked", token.pk)


def genuine(text: str) -> bool:
    """Whether the text could be a token of ours: its form and its check digits, without asking the database."""
    if not text.isascii():
        return False
    body, check = text[:-CHECK], text[-CHECK:]
    kind, _, random = body.removeprefix("vlm_").partition("_")
    return body.startswith("vlm_") and kind in KINDS and len(random) == RANDOM and checksum(body) == check


def find(text: str) -> ApiToken | None:
    """The token whose text this is, dead or alive."""
    found = lookups.token(sha256(text.encode()).digest()) if genuine(text) else None
    if found is None:
        return None
    org, key = found
    with scope(org):
        token: ApiToken | None = ApiToken.objects.of(org).filter(pk=key).first()
        return token


def report_leaked(text: str) -> None:
    """Revoke the token for good, and tell its maker and the organization's owners; no answer says whether it was one."""
    token = find(text.strip())
    if token is None:
        return
    with scope(token.org_id):
        ended = ApiToken.objects.of(token.org_id).filter(pk=token.pk, reported_at=None)
        if not ended.update(reported_at=clock.now(), revoked_at=Coalesce("revoked_at", clock.now())):
            return
        tombstones.record("token", token.pk, reason="leaked", org=token.org_id)
        emit("token.leaked", token.pk)
        told = Membership.objects.of(token.org_id).filter(Q(role=Membership.Role.OWNER) | Q(user=token.by))
        said = letter("token_leaked", start=token.start)
        for person, address in told.values_list("user_id", "user__email").distinct().order_by("user__email"):
            mails.queue(kind="security", to=Recipient(address=address, person=person), letter=said, org=token.org_id)


def authenticate(text: str, kind: str = ApiToken.Kind.API) -> ApiToken | None:
    """The live token of this kind that `text` is, or None: all that is wrong with one looks the same from outside.

    A token acts for its maker: it is dead when they have left or were deactivated, waits while they lack the second step
    that the organization asks for, and its role is never above theirs.
    """
    if not genuine(text) or not text.startswith(f"vlm_{kind}_"):
        return None
    found = lookups.token(sha256(text.encode()).digest())
    if found is None:
        return None
    org, key = found
    here = current_origin()
    address = here.address if here else ""
    with scope(org):
        live = ApiToken.objects.of(org).filter(pk=key, revoked_at=None, expires_at__gt=clock.now())
        token = live.filter(suspended_at=None).first()
        maker = _maker(token) if token else None
        if token is None or maker is None or not admitted(address, token.networks):
            return None
        token.role = weaker(token.role, maker.role)
        if token.used_at is None or clock.now() - token.used_at > USE_EVERY:
            silence = clock.now() - token.used_at if token.used_at else timedelta()
            if silence > rules.SILENCE:
                with suppress(IntegrityError), scope(org):  # of calls at one moment the first raises it
                    abuse.raise_case(token, rules.woke(silence))
                # Where the organization has it suspended, not even this call is let through.
                if not live.filter(suspended_at=None).exists():
                    return None
            ApiToken.objects.of(org).filter(pk=key).update(used_at=clock.now(), used_from=address)
        by_token(key)
        return token


def is_leaving(text: str) -> bool:
    """Whether it is a token of an organization that is being deleted: its machines are told to stop asking."""
    if not genuine(text):
        return False
    with looking_back():
        found = lookups.token(sha256(text.encode()).digest())
    return found is not None and jobs.is_leaving(found[0])


def _maker(token: ApiToken) -> Membership | None:
    """The member it acts for, if they would be let in themselves."""
    found: Membership | None = (
        Membership.objects.of(token.org_id).filter(user=token.by, user__is_active=True).select_related("org").first()
    )
    return None if found is None or lacks_second_step(found.org, found.user_id) else found


def weaker(one: str, other: str) -> Membership.Role:
    return max(Membership.Role(one), Membership.Role(other), key=tuple(Membership.Role).index)


def checksum(body: str) -> str:
    """CRC32 of the body, as six base62 digits."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        value, rest = divmod(value, 62)
        digits = DIGITS[rest] + digits
    return digits
