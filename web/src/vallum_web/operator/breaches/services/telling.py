"""Telling people and owners: begun by an operator, carried out person by person, each with the proof that it was done.

A notice on the site and a mail are made in one transaction. Where mails do not leave, the notice stands all the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b, sha256
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from vallum_web.accounts.models import Membership, User
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.operator.breaches import papers
from vallum_web.operator.breaches.models import Duty, Incident, Listing, Telling, Told
from vallum_web.operator.breaches.services import NotNowError, held, note, settle_done
from vallum_web.tenancy import clock
from vallum_web.tenancy.jobs import enqueue_alone
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import Purpose, looking_back, scope

KIND = "breach"
TASK = "operator.tell_of_breach"
BATCH = 200
FORGOTTEN = timedelta(minutes=30)
"""So long after it was begun a telling that is not over is taken up again."""
AGAIN = timedelta(hours=1)
"""So long after it was begun, the same to the same list is a second click."""
Whom = Telling.Whom
Key = tuple[UUID, UUID | None]
"""A person, and the organization as whose owner they are told."""


def to_authority(key: UUID, by: UUID, reference: str) -> Telling:
    """Keep the document as it was handed in: the first settles the duty, each later one is what was found out since. Raises NotNowError."""
    with transaction.atomic():
        row = held(key)
        number = row.next_number(Whom.AUTHORITY)
        if row.duties.filter(what="authority", state=Duty.State.NOT).exists():
            row.duties.filter(what="authority").update(state=Duty.State.DUE)
        made = _make(row, Whom.AUTHORITY, papers.to_authority(row, number), by=by)
        made.done_at = made.at
        made.save(update_fields=["done_at"])
        settle_done(row, "authority", reference, by)
        note(row, f"Handed in to the authority, number {number}: {reference}", by)
        return made


def begin(key: UUID, whom: str, listing: UUID, *, text: str, advice: str, by: UUID) -> Telling:
    """Have everybody on a frozen list told, or the owners of its organizations. Raises NotNowError."""
    with transaction.atomic():
        row = held(key)
        frozen = Listing.objects.filter(pk=listing, incident=row).first()
        if frozen is None:
            raise NotNowError("Freeze a list first: only who stands on one is told.")
        lately = Q(done_at=None) | Q(at__gt=clock.now() - AGAIN)
        if row.tellings.filter(lately, whom=whom, text=text, advice=advice, listing=frozen).exists():
            raise NotNowError("The same is being told already, or was within the last hour: nobody is told twice.")
        made = _make(row, whom, text, by=by, advice=advice, listing=frozen)
        note(row, f"Telling {made.get_whom_display().lower()}, number {made.number}, by list {frozen.digest[:12]}.", by)
        enqueue_alone(TASK, lock=f"breach {made.pk}", telling=str(made.pk))
        return made


def _make(
    row: Incident, whom: str, text: str, *, by: UUID, advice: str = "", listing: Listing | None = None
) -> Telling:
    return Telling.objects.create(
        incident=row,
        listing=listing,
        whom=whom,
        number=row.next_number(whom),
        text=text,
        advice=advice,
        digest=sha256(text.encode()).hexdigest(),
        at=clock.now(),
        by=by,
    )


def carry_out(key: UUID) -> None:
    """Tell everybody who is not told yet. Killed anywhere, the next run goes on with who is left."""
    telling = Telling.objects.select_related("incident", "listing").get(pk=key)
    if telling.done_at is not None or telling.listing is None:
        return
    meant = list(_owners(telling.listing) if telling.whom == Whom.CUSTOMERS else _people(telling.listing))
    told = set(telling.rows.values_list("person", "of"))
    left = iter(each for each in meant if each not in told)
    missed = 0
    while batch := list(islice(left, BATCH)):
        missed += _tell(telling, batch)
    with transaction.atomic():
        row = Incident.objects.select_for_update().get(pk=telling.incident_id)
        telling.gone, telling.done_at = missed, clock.now()
        telling.save(update_fields=["gone", "done_at"])
        count = telling.rows.count()
        settle_done(row, telling.whom, f"{count} told, {missed} gone.", telling.by)
        note(row, f"Told {telling.get_whom_display().lower()}: {count}; {missed} are gone.", telling.by)


def pick_up() -> int:
    """Queue again what a dead worker left half told. Of two at once the second finds nobody left."""
    left = Telling.objects.filter(done_at=None, listing__isnull=False, at__lt=clock.now() - FORGOTTEN)
    for telling in left:
        enqueue_alone(TASK, lock=f"breach {telling.pk}", telling=str(telling.pk))
    return len(left)


def _people(listing: Listing) -> Iterator[Key]:
    yield from ((who, None) for who in listing.rows.order_by("person").values_list("person", flat=True))


def _owners(listing: Listing) -> Iterator[Key]:
    for key in map(UUID, listing.orgs):
        with scope(key, purpose=Purpose.PRIVACY):
            rows = Membership.objects.of(key).filter(role=Membership.Role.OWNER).order_by("since")
            found = list(rows.values_list("user_id", flat=True))
        yield from ((who, key) for who in found)


def _tell(telling: Telling, batch: Sequence[Key]) -> int:
    """One transaction: how many of these have no account any more."""
    names = _names({of for _, of in batch if of})
    with looking_back():
        there = dict(User.objects.filter(pk__in=[who for who, _ in batch]).values_list("pk", "email"))
        reached = [(who, of) for who, of in batch if who in there]
        rows = []
        for who, of in reached:
            said = _letter(telling, names.get(of) if of else None)
            to = Recipient(address=there[who], person=who)
            mail = mails.tell(kind=KIND, to=to, letter=said, once=_once(telling, who, of))
            rows.append(Told(telling=telling, person=who, of=of, at=clock.now(), mail=mail))
        Told.objects.bulk_create(rows)
    return len(batch) - len(reached)


def _once(telling: Telling, who: UUID, of: UUID | None) -> str:
    return f"breach:{telling.pk}:{blake2b(f'{who} {of}'.encode(), digest_size=16).hexdigest()}"


def _names(orgs: Iterable[UUID]) -> dict[UUID, str]:
    found = {}
    for key in orgs:
        with scope(key, purpose=Purpose.PRIVACY):
            found[key] = str(Org.objects.get(pk=key).name)
    return found


def _letter(telling: Telling, org: str | None) -> Letter:
    row = telling.incident
    lines = [line.strip() for line in telling.text.splitlines() if line.strip()]
    values = {
        "day": f"{row.aware_at:%Y-%m-%d}",
        "lines": lines,
        "link": settings.PUBLIC_URL + reverse("incidents:incident", args=[row.pk]),
    }
    if org is None:
        return letter("breach", advice=telling.advice, **values)
    return letter("breach_customer", org=org, advice=telling.advice, **values)
