"""Every read of the audit log."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Func, Max, Min, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce

from vallum_web.tenancy.audit import verify
from vallum_web.tenancy.audit.attest import Attested
from vallum_web.tenancy.audit.chain import Parts, moment
from vallum_web.tenancy.audit.models import Checkpoint, Entry, Head
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope
from vallum_web.tenancy.signing import known_keys

CHUNK = 5000
# As `chain.moment` writes it.
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'


def audited() -> list[UUID]:
    """Whose audit logs there are; of organizations that are gone, too."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_audited()")
        return [row[0] for row in cursor.fetchall()]


def slug(org: UUID) -> str:
    """The address of an organization, or its id when it is gone."""
    with scope(org):
        return Org.objects.filter(pk=org).values_list("slug", flat=True).first() or str(org)


def unattested(orgs: Iterable[UUID], day: date) -> list[UUID]:
    """Those of which there is no checkpoint of this day yet."""
    missing = []
    for org in orgs:
        with scope(org):
            if not Checkpoint.objects.of(org).filter(reason=Checkpoint.Reason.DAILY, day=day).exists():
                missing.append(org)
    return missing


def verdict(org: UUID, outside: Iterable[Attested]) -> verify.Verdict:
    """Read the whole chain of an organization, and compare it with all that is said of it."""
    with _snapshot(), scope(org):
        head = Head.objects.of(org).first()
        points = [attested(row) for row in Checkpoint.objects.of(org).order_by("seq", "id")]
        cut = [point for point in points if point.reason == Checkpoint.Reason.PRUNED]
        claims = verify.Claims(
            base=cut[-1] if cut else None,
            head=verify.Point(seq=head.seq, hash=bytes(head.hash)) if head else verify.BEGINNING,
            attested=list({(p.signature, p.statement): p for p in (*points, *outside)}.values()),
            keys=known_keys(),
        )
        return verify.verify(rows(Entry.objects.of(org)), claims)


def rows(entries: QuerySet[Entry]) -> Iterator[verify.Row]:
    """The entries in the chain's order, streamed, as the texts that were hashed: the database writes them faster than we do."""
    columns = {name: _text("org_id" if name == "org" else name) for name in Parts._fields}
    columns["at"] = Func(
        Func(Value("UTC"), F("at"), function="timezone"), Value(MOMENT), function="to_char", output_field=TextField()
    )
    columns |= {name: _hexadecimal(name) for name in ("sealed_sha256", "previous")}
    found = entries.order_by("seq").values_list(*columns.values(), "sealed", _hexadecimal("hash"))
    size = len(Parts._fields)
    for value in found.iterator(chunk_size=CHUNK):
        yield Parts._make(value[:size]), value[size], value[size + 1]


def parts(row: Entry) -> Parts:
    """One entry's, of its row."""
    return Parts(
        org=str(row.org_id),
        seq=str(row.seq),
        id=str(row.pk),
        at=moment(row.at),
        kind=row.kind,
        subject=str(row.subject),
        actor=str(row.actor or ""),
        actor_kind=row.actor_kind,
        via=str(row.via or ""),
        sealed_sha256=bytes(row.sealed_sha256).hex(),
        facts=row.facts,
        previous=bytes(row.previous).hex(),
    )


def _text(column: str) -> Func:
    return Coalesce(Cast(column, TextField()), Value(""), output_field=TextField())


def _hexadecimal(column: str) -> Func:
    return Func(F(column), Value("hex"), function="encode", output_field=TextField())


def points(org: UUID, upto: int) -> list[Attested]:
    """The checkpoints of entries up to this one, in their order. Inside the scope."""
    return [attested(row) for row in Checkpoint.objects.of(org).filter(seq__lte=upto).order_by("seq", "at")]


def attested(row: Checkpoint) -> Attested:
    return Attested(
        org=row.org_id,
        reason=row.reason,
        day=row.day,
        at=row.at,
        seq=row.seq,
        hash=bytes(row.hash),
        key=row.key,
        signature=bytes(row.signature),
    )


def due(org: UUID, most: int) -> verify.Point | None:
    """The last of the oldest entries, `most` of them at once, that are all twelve months old. Inside the scope."""
    entries = Entry.objects.of(org)
    with connection.cursor() as cursor:
        cursor.execute("select vallum_now() - interval '12 months'")
        bound = cursor.fetchone()[0]
    first = entries.aggregate(first=Min("seq"))["first"]
    if first is None:
        return None
    young = entries.filter(at__gt=bound).aggregate(seq=Min("seq"))["seq"]
    old = entries.filter(seq__lt=first + most)
    last = (old if young is None else old.filter(seq__lt=young)).aggregate(seq=Max("seq"))["seq"]
    if last is None:
        return None
    return verify.Point(seq=last, hash=bytes(entries.values_list("hash", flat=True).get(seq=last)))


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of the chain and of what is said of it, while others go on adding to both."""
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield
