"""Proving that a domain is an organization's own: a text in its DNS, or a file on its website.

The proof is looked for once a day. Gone once, the owners are told; gone twice in a row, the domain is nobody's again. DNS
that does not answer says nothing either way, for a week.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import IntegrityError

from vallum_guard import http
from vallum_guard.errors import GuardError
from vallum_web.accounts.models import Domain, User
from vallum_web.accounts.sso import queries, services
from vallum_web.mail.letters import letter
from vallum_web.tenancy import clock, egress, lookups
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

PREFIX: Final = "vallum-verification="
LABEL: Final = "_vallum"
PURPOSE: Final = "domain verification"
FILE: Final = "/.well-known/vallum-verification.txt"
MOST: Final = 50
"""Domains of one organization."""
_MISSES: Final = 2
_SILENCE: Final = timedelta(days=7)
_SHAPE: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Where anybody gets an address, so that no organization can speak for all who have one.
_MAIL: Final = """
aol.com duck.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk
hotmail.com hotmail.de hotmail.fr icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru mailbox.org me.com msn.com
naver.com orange.fr outlook.com outlook.de outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com
rocketmail.com seznam.cz t-online.de tutanota.com wanadoo.fr web.de yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de
yahoo.fr yandex.com yandex.ru ymail.com zoho.com 126.com 163.com
"""
# Under which anybody gets a name. The common ones: whoever proved one of the rest would own a registry's own zone.
_SUFFIXES: Final = """
ac.uk azurewebsites.net blogspot.com cloudfront.net co.id co.il co.in co.jp co.kr co.nz co.uk co.za com.ar com.au com.br com.cn
com.hk com.mx com.my com.sg com.tr com.tw edu.au github.io gitlab.io gov.uk herokuapp.com me.uk net.au net.in netlify.app nhs.uk
onmicrosoft.com or.jp org.au org.in org.uk pages.dev vercel.app workers.dev
"""
OPEN_TO_ALL: Final = frozenset(_MAIL.split())
SHARED: Final = frozenset(_SUFFIXES.split())


class Seen(StrEnum):
    PROVED = "proved"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """DNS did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    seen: Seen
    why: str = ""


class TakenError(ValueError):
    """Another organization has proved this domain."""


class TooManyError(ValueError):
    """The organization names as many domains as it may."""


def refused(name: str) -> str:
    """Why a domain cannot be anybody's here; empty if it can."""
    if not name.isascii():
        return "Write it in ASCII, as your DNS has it: it begins with xn-- where it has other letters."
    if not _SHAPE.fullmatch(name):
        return "Write a domain such as example.com."
    if name in OPEN_TO_ALL:
        return f"Anybody can have an address at {name}, so no organization can speak for it."
    if name in SHARED:
        return f"Names under {name} belong to many: enter your own."
    return ""


def add(org: Org, by: User, name: str) -> Domain:
    """Raises TooManyError. A domain that was named before is given back as it is."""
    with scope(org.pk, user=by.pk):
        if queries.domains(org).count() >= MOST:
            raise TooManyError(f"An organization can name {MOST} domains: remove one first.")
        made, new = Domain.objects.of(org).get_or_create(
            org=org, name=name, defaults={"challenge": secrets.token_hex(20)}
        )
        if new:
            emit("sso.domain_added", made.pk, domain=name)
        return made


def remove(domain: Domain, by: User) -> None:
    with scope(domain.org_id, user=by.pk):
        emit("sso.domain_removed", domain.pk, domain=domain.name)
        domain.delete()


def look(domain: Domain) -> Look:
    """Ask DNS, then the website. Outside of any transaction: both can take seconds."""
    wanted = f"{PREFIX}{domain.challenge}".encode()
    failure = ""
    for name in (f"{LABEL}.{domain.name}", domain.name):
        try:
            texts = egress.texts(domain.org_id, name, purpose=PURPOSE, subject=domain.pk)
        except GuardError as error:
            failure = str(error)
        else:
            if any(hmac.compare_digest(text.strip().encode(), wanted) for text in texts):
                return Look(seen=Seen.PROVED)
    if _on_website(domain, wanted):
        return Look(seen=Seen.PROVED)
    return Look(seen=Seen.UNKNOWN, why=failure) if failure else Look(seen=Seen.ABSENT)


def _on_website(domain: Domain, wanted: bytes) -> bool:
    try:
        answer = http.fetch(
            http.Request(url=f"https://{domain.name}{FILE}", purpose=PURPOSE),
            route=egress.route(domain.org_id, domain.pk),
            limits=http.Limits(seconds=8, body_bytes=4096),
        )
    except GuardError:
        return False  # a domain of mail alone has no website
    return answer.status == 200 and hmac.compare_digest(answer.body.strip(), wanted)


def check(org: UUID, key: UUID, by: User | None = None) -> Look:
    """Look for the proof, and keep what was seen. Raises Domain.DoesNotExist, TakenError."""
    with scope(org):
        domain = queries.domain(org, key)
    found = look(domain)
    try:
        with scope(org, user=by.pk if by else None):
            _keep(Domain.objects.of(org).select_for_update().get(pk=key), found)
    except IntegrityError as error:
        raise TakenError(
            f"Another organization has proved {domain.name}. It is free again once that one lets go of it."
        ) from error
    return found


def _keep(domain: Domain, found: Look) -> None:
    now = clock.now()
    if found.seen is Seen.UNKNOWN and now - (domain.checked_at or now) < _SILENCE:
        return
    domain.checked_at = now
    if found.seen is Seen.PROVED:
        domain.misses = 0
        if domain.verified_at is None:
            domain.verified_at = now
            emit("sso.domain_verified", domain.pk, domain=domain.name)
    elif domain.verified_at is not None:
        domain.misses += 1
        if domain.misses < _MISSES:
            services.tell(domain.org_id, letter("domain_missing", name=domain.name))
        else:
            domain.verified_at = None
            domain.misses = 0
            emit("sso.domain_lost", domain.pk, domain=domain.name)
            services.tell(domain.org_id, letter("domain_lost", name=domain.name))
    domain.save(update_fields=["checked_at", "misses", "verified_at"])


def check_all() -> None:
    """Every proved domain, once a day."""
    for org in lookups.all_orgs():
        with scope(org):
            keys = list(queries.domains(org).filter(verified_at__isnull=False).values_list("pk", flat=True))
        for key in keys:
            try:
                check(org, key)
            except Domain.DoesNotExist:
                continue  # removed since
