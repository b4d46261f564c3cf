"""Every write about requests of authorities: received, reviewed, agreed to, carried out, told of, forgotten."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from vallum_web.accounts import queries as people
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.services import operators, staff
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter, letter
from vallum_web.mail.recipients import Recipient
from vallum_web.privacy.authorities import agreeing, queries, scopes
from vallum_web.privacy.authorities.models import LegalRequest, LegalStep
from vallum_web.privacy.erasure import services as erasure
from vallum_web.tenancy import blobs, clock, keyring
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.jobs import SLOW, enqueue_alone
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.retention import holds
from vallum_web.tenancy.scope import Purpose, looking_back, scope

KEPT_FOR = timedelta(days=5 * 365)
FILE_KEPT_FOR = timedelta(days=7)
OPENED_FOR = timedelta(days=30)
"""After it was agreed to, an organization can be looked at for a request so long."""
REMIND_EVERY = timedelta(days=7)
REMIND_SECOND_EVERY = timedelta(days=1)
REMINDED = "Operators were told that a second has to look at it"
KIND = "authority"
SHELF = "authorities"
TASK = "privacy.write_disclosure"
State, Kind, Whose = LegalRequest.State, LegalRequest.Kind, LegalRequest.Whose


class NotNowError(ValueError):
    """What cannot be done with a request as it stands; the message says why."""


def receive(facts: Mapping[str, Any], by: UUID) -> LegalRequest:
    """Write a request down. Raises NotNowError."""
    tables = sorted(facts["tables"])
    try:
        scopes.demand(facts["whose"], tables, timed=bool(facts["since"] or facts["until"]))
    except scopes.BeyondScopeError as error:
        raise NotNowError(str(error)) from error
    if facts["kind"] != Kind.PRESERVATION and not tables:
        raise NotNowError("Name the tables that it asks for: without a scope nothing is given.")
    words = ("ref", "authority", "kind", "basis", "received_at", "whose", "subject", "since", "until")
    with transaction.atomic():
        row = LegalRequest(id=uuid7(), tables=tables, **{name: facts[name] for name in words})
        row.gag, row.gag_until = facts["gag"], facts["gag_until"] if facts["gag"] else None
        row.sealed = keyring.seal_for(row.pk, queries.place(row), facts["text"])
        row.save()
        note(row, "Received", "", by)
        return row


def review(key: UUID, by: UUID, words: str) -> None:
    """Say by what it was found valid: who asks, by which law, for what, of whom. Raises NotNowError."""
    with transaction.atomic():
        row = _held(key, State.RECEIVED)
        row.state, row.reviewed_at, row.reviewed_by = State.VALID, clock.now(), by
        row.save(update_fields=["state", "reviewed_at", "reviewed_by"])
        note(row, "Found valid", words, by)


def refuse(key: UUID, by: UUID, words: str) -> None:
    """Nothing is given, and the request stays in the register. Raises NotNowError."""
    with transaction.atomic():
        row = _held(key, State.RECEIVED, State.VALID, State.GRANTED)
        row.state, row.ended_at = State.REFUSED, clock.now()
        row.save(update_fields=["state", "ended_at"])
        note(row, "Refused", words, by)


def agree(key: UUID, by: UUID, words: str) -> None:
    """The first agrees, or the second, who is somebody else. Raises NotNowError."""
    with transaction.atomic():
        row = _held(key, State.VALID, State.GRANTED, State.CARRIED_OUT)
        if row.first_by is None:
            row.state, row.first_by, row.first_at = State.GRANTED, by, clock.now()
            row.operators = people.operators().count()
        elif row.second_by is not None:
            raise NotNowError("Two people have agreed already.")
        elif row.first_by == by:
            raise NotNowError("The second is somebody else than the first.")
        else:
            row.second_by, row.second_at = by, clock.now()
        row.save(update_fields=["state", "first_by", "first_at", "operators", "second_by", "second_at"])
        alone = row.second_by is None and row.operators == 1
        note(row, "Agreed to, by one who runs the platform alone: a day's delay" if alone else "Agreed to", words, by)


def carry_out(key: UUID, by: UUID, words: str) -> None:
    """Have data written for the authority, or kept for it. Raises NotNowError."""
    with transaction.atomic():
        row = _held(key, State.GRANTED)
        if missing := queries.agreed(row).missing(clock.now()):
            raise NotNowError(missing)
        if not queries.exists(row):
            raise NotNowError("Whom it is about is deleted: there is nothing to keep or to give.")
        note(row, "Being carried out", words, by)
        if row.kind == Kind.PRESERVATION:
            _preserve(row, by)
            row.state, row.carried_out_at = State.CARRIED_OUT, clock.now()
            row.save(update_fields=["state", "carried_out_at", "hold"])
        else:
            enqueue_alone(TASK, queue=SLOW, lock=f"disclosure {row.pk}", request=str(row.pk))


def _preserve(row: LegalRequest, by: UUID) -> None:
    """Retention and deletion pause; nothing is given to anybody."""
    if row.whose == Whose.ORG:
        made = holds.hold(row.subject, f"Legal request {row.ref}"[:200], by, until=row.until, silent=_hushed(row))
        row.hold = made.pk
    else:
        row.hold = erasure.preserve(row.subject, row.until)


def end_hold(key: UUID, by: UUID, words: str) -> None:
    """What waited for its end goes with the next run. Raises NotNowError."""
    with transaction.atomic():
        row = _held(key, State.CARRIED_OUT)
        if row.hold is None or row.hold_ended_at is not None:
            raise NotNowError("Nothing is kept for it.")
        lifted = holds.lift(row.subject, row.hold) if row.whose == Whose.ORG else erasure.lift(row.hold)
        if not lifted:
            raise NotNowError("What was kept for it is not there any more.")
        row.hold_ended_at = clock.now()
        row.save(update_fields=["hold_ended_at"])
        note(row, "No longer kept", words, by)


def end_holds_over() -> int:
    """Write down the end of what was kept until a day that has come: who deletes knows by itself. How many."""
    return sum(map(_end_over, queries.held_until_now()))


def _end_over(key: UUID) -> bool:
    with transaction.atomic():
        row = LegalRequest.objects.select_for_update().get(pk=key)
        if row.hold_ended_at is not None:
            return False
        row.hold_ended_at = clock.now()
        row.save(update_fields=["hold_ended_at"])
        note(row, "No longer kept: its day has come", "", None)
        return True


def carried_out(key: UUID, *, manifest: Mapping[str, Any], digest: str, blob: blobs.Writer) -> None:
    """The archive is written: its manifest stays, the file itself for a week. Raises NotNowError: it was refused meanwhile."""
    with transaction.atomic():
        row = _held(key, State.GRANTED)
        row.manifest, row.manifest_hash, row.blob = dict(manifest), digest, blob.id
        row.size, row.digest = blob.size, blob.digest
        row.state, row.carried_out_at = State.CARRIED_OUT, clock.now()
        row.save(update_fields=["manifest", "manifest_hash", "blob", "size", "digest", "state", "carried_out_at"])
        note(row, "Written", f"Manifest {digest}", None)


def fetched(key: UUID, by: UUID) -> None:
    """Before its first byte is sent."""
    with transaction.atomic():
        note(LegalRequest.objects.get(pk=key), "Downloaded, to be handed over", "", by)


def look_at_gag(key: UUID, by: UUID, words: str, *, gag: bool, until: datetime | None) -> None:
    """Say until when nobody may be told: longer, shorter, without an end, or no longer. Raises NotNowError."""
    with transaction.atomic():
        row = LegalRequest.objects.select_for_update().filter(pk=key).first()
        if row is None or row.notified_at is not None:
            raise NotNowError("Those whom it is about were told already.")
        row.gag, row.gag_until, row.gag_looked_at = gag, until if gag else None, clock.now()
        row.save(update_fields=["gag", "gag_until", "gag_looked_at"])
        said = "No gag" if not gag else f"Gag until {until:%Y-%m-%d %H:%M} UTC" if until else "Gag without an end"
        note(row, said, words, by)


def open_org(key: UUID, user: User) -> Org:
    """Look at the organization for this request; under a gag its members learn of it when that ends. Raises NotNowError."""
    row = queries.to_look_at().filter(pk=key).first()
    if row is None:
        raise NotNowError("Only to give data of an organization, once that was agreed to.")
    if row.first_at is None or row.first_at + OPENED_FOR <= clock.now():
        raise NotNowError(f"It was agreed to more than {OPENED_FOR.days} days ago.")
    if missing := queries.agreed(row).missing(clock.now()):
        raise NotNowError(missing)
    with scope(row.subject, purpose=Purpose.PRIVACY):
        slug = Org.objects.get(pk=row.subject).slug
    try:
        org = staff.begin(slug, user, f"Request of an authority, {row.ref}", request=row.pk, silent=_hushed(row))
    except staff.NoAccessError as error:
        raise NotNowError(str(error)) from error
    with transaction.atomic():
        note(row, queries.OPENED, "", user.pk)
    return org


def _hushed(row: LegalRequest) -> bool:
    return not agreeing.may_tell(gag=row.gag, until=row.gag_until, now=clock.now())


def tell_who_may_be() -> int:
    """Tell everybody of whom a request was that nothing keeps silent any more. How many requests."""
    for row in queries.looked_at_only():
        _tell_of_looks(row)
    return sum(map(_tell, queries.to_tell()))


def _tell_of_looks(row: LegalRequest) -> None:
    if queries.exists(row):
        with scope(row.subject, purpose=Purpose.PRIVACY):
            staff.tell_of_silent(Org.objects.get(pk=row.subject), row.pk)


def _tell(key: UUID) -> bool:
    with transaction.atomic():
        row = LegalRequest.objects.select_for_update().get(pk=key)
        if row.notified_at is not None or _hushed(row):
            return False
        told = _tell_org(row) if row.whose == Whose.ORG else _tell_person(row)
        row.notified_at = row.ended_at = clock.now()
        row.save(update_fields=["notified_at", "ended_at"])
        note(
            row, "Those whom it is about were told" if told else "Nobody is there any more who could be told", "", None
        )
    return True


def _tell_person(row: LegalRequest) -> int:
    with looking_back():
        user = User.objects.filter(pk=row.subject).first()
        if user is None:
            return 0
        _post(user.pk, user.email, _letter(row, "your account"), None)
        return 1


def _tell_org(row: LegalRequest) -> int:
    if not queries.exists(row):
        return 0
    with scope(row.subject, purpose=Purpose.PRIVACY):
        org = Org.objects.get(pk=row.subject)
        said = _letter(row, org.name)
        owners = Membership.objects.of(org).filter(role=Role.OWNER).values_list("user_id", "user__email")
        for who, address in owners:
            _post(who, address, said, org.pk)
        emit("staff.disclosed", row.pk, authority=row.authority, basis=row.basis, given=row.manifest is not None)
        if row.hold:
            holds.tell_of_silent(org.pk, row.hold)
        staff.tell_of_silent(org, row.pk)
        return len(owners)


def _post(who: UUID, address: str, said: Letter, org: UUID | None) -> None:
    mails.tell(kind=KIND, to=Recipient(address=address, person=who), letter=said, org=org)


def _letter(row: LegalRequest, whom: str) -> Letter:
    words = {
        "whom": whom,
        "authority": row.authority,
        "basis": row.basis,
        "day": f"{row.received_at:%Y-%m-%d}",
        "link": f"{settings.PUBLIC_URL}/trust/requests/",
    }
    if row.manifest is None:
        return letter("legal_hold", **words)
    return letter("legal_request", tables=row.tables, emergency=row.kind == Kind.EMERGENCY, **words)


def remind_of_gags() -> int:
    """Operators are told once a week of gags without an end that nobody has looked at for ninety days."""
    now, count = clock.now(), 0
    for row in queries.to_review():
        if row.gag_reminded_at and row.gag_reminded_at > now - REMIND_EVERY:
            continue
        with transaction.atomic():
            LegalRequest.objects.filter(pk=row.pk).update(gag_reminded_at=now)
            said = letter("gag_review", ref=row.ref, link=f"{settings.PUBLIC_URL}/operator/authorities/{row.pk}/")
            operators.tell(said)
        count += 1
    return count


def remind_of_emergencies() -> int:
    """Everybody but who decided is told once a day that a second has to look at it. How many requests."""
    return sum(map(_remind_of_emergency, queries.unseen()))


def _remind_of_emergency(row: LegalRequest) -> bool:
    others = people.operators().exclude(user=row.first_by)
    lately = row.steps.filter(what=REMINDED, at__gt=clock.now() - REMIND_SECOND_EVERY)
    if lately.exists() or not others.exists():
        return False
    said = letter("second_look", ref=row.ref, link=f"{settings.PUBLIC_URL}/operator/authorities/{row.pk}/")
    with transaction.atomic():
        note(row, REMINDED, "", None)
        operators.tell(said, but=row.first_by)
    return True


def forget_subjects() -> int:
    """Where whom it was about is deleted, the key of what named them goes: an id is left that leads to nobody."""
    gone = queries.gone()
    for key in gone:
        keyring.forget_subject(key)
        with transaction.atomic():
            LegalRequest.objects.filter(pk=key).update(sealed="")
            LegalStep.objects.filter(request=key).update(sealed="")
    return len(gone)


def prune() -> int:
    """Forget requests that ended five years ago, and files that were written a week ago."""
    for row in LegalRequest.objects.filter(blob__isnull=False, carried_out_at__lt=clock.now() - FILE_KEPT_FOR):
        LegalRequest.objects.filter(pk=row.pk).update(blob=None)
        blobs.delete(row.subject, row.blob or UUID(int=0), shelf=SHELF)
    _sweep()
    old = Q(ended_at__lt=clock.now() - KEPT_FOR) & (Q(hold=None) | Q(hold_ended_at__isnull=False))
    gone = list(LegalRequest.objects.filter(old).values_list("pk", flat=True))
    for key in gone:
        keyring.forget_subject(key)
    LegalRequest.objects.filter(pk__in=gone).delete()
    return len(gone)


def _sweep() -> None:
    """Files of a day ago that no request names: a crash between the two left them behind."""
    named: dict[UUID, set[UUID | None]] = {}
    for subject, blob in LegalRequest.objects.values_list("subject", "blob"):
        named.setdefault(subject, set()).add(blob)
    for subject, kept in named.items():
        for key in blobs.left(subject, shelf=SHELF):
            if key not in kept:
                blobs.delete(subject, key, shelf=SHELF)


def note(row: LegalRequest, what: str, words: str, by: UUID | None) -> None:
    step = LegalStep(id=uuid7(), request=row, at=clock.now(), by=by, what=what)
    if words and row.sealed:
        step.sealed = keyring.seal_for(row.pk, queries.place(step), words)
    step.save()


def _held(key: UUID, *states: str) -> LegalRequest:
    row = LegalRequest.objects.select_for_update().filter(pk=key).first()
    if row is None:
        raise NotNowError("There is no such request any more.")
    if row.state not in states:
        raise NotNowError(f"It is {row.get_state_display().lower()}.")
    return row
