"""A copy of the audit log as a file: for people as CSV, for whoever verifies it as NDJSON. Streamed, batch by batch."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from uuid import UUID

from vallum_web.accounts.audit import listing, queries
from vallum_web.accounts.audit.filters import Filters
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit import queries as logs
from vallum_web.tenancy.audit.identity import Identity
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope
from vallum_web.ui import spreadsheet

BATCH = 1000
_COLUMNS = (
    "seq", "at", "what", "kind", "who", "by", "address", "browser", "subject", "subject id", "actor id", "token id",
    "facts", "hash",
)  # fmt: skip


class Form(StrEnum):
    """How a copy is written."""

    NDJSON = "ndjson"
    CSV = "csv"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [
            (cls.NDJSON.value, "NDJSON, to verify and to read by machine"),
            (cls.CSV.value, "CSV, for a spreadsheet"),
        ]

    @property
    def content_type(self) -> str:
        return {Form.NDJSON: "application/x-ndjson", Form.CSV: "text/csv; charset=utf-8"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is copied: the entries up to the one that was the last when it was asked for."""

    org: UUID
    user: UUID
    filters: Filters
    form: Form
    upto: int
    filename: str

    def lines(self) -> Iterator[str]:
        """Each batch in a scope of its own: no transaction is open while a slow reader takes the last one."""
        if self.form is Form.CSV:
            yield spreadsheet.line(_COLUMNS)
        last = 0
        while rows := self._batch(last):
            last, text = rows
            yield text
        if self.form is Form.NDJSON and not self.filters.narrowed:
            yield self._checkpoints()

    def _batch(self, last: int) -> tuple[int, str] | None:
        with scope(self.org, user=self.user):
            found = queries.entries(self.org, self.filters).filter(seq__gt=last, seq__lte=self.upto)
            rows = list(found.order_by("seq")[:BATCH])
            if not rows:
                return None
            known = listing.names(self.org, rows)
            lines = listing.lines(self.org, rows, known)
        write = _as_csv if self.form is Form.CSV else _as_json
        return rows[-1].seq, "".join(write(row, line, known) for row, line in zip(rows, lines, strict=True))

    def _checkpoints(self) -> str:
        with scope(self.org, user=self.user):
            points = logs.points(self.org, upto=self.upto)
        return "".join(_json({"checkpoint": point.told}) for point in points)


def begin(org: Org, user: UUID, filters: Filters, form: Form) -> Copy:
    """Record that a copy is made, in the caller's scope; nothing is read before that is committed."""
    with scope(org.pk, user=user):
        head = queries.state(org).head
        emit("audit.exported", org.pk, form=form.value, filters=dict(filters.pairs()))
    name = f"audit-{org.slug}-{clock.now().date()}.{form.value}"
    return Copy(org=org.pk, user=user, filters=filters, form=form, upto=head.seq if head else 0, filename=name)


def told(row: Entry, found: Identity | None) -> dict[str, object]:
    """An entry as it is verified, and what was sealed of it, for reading."""
    return {**logs.parts(row)._asdict(), "hash": bytes(row.hash).hex(), "identity": asdict(found) if found else None}


def _as_json(row: Entry, line: listing.Line, _known: listing.Names) -> str:
    return _json(told(row, line.identity))


def _as_csv(row: Entry, line: listing.Line, known: listing.Names) -> str:
    cells: Sequence[str | int] = (
        row.seq, logs.parts(row).at, line.what, row.kind, line.who, line.by, line.where,
        line.identity.agent if line.identity else "", known.of(row.subject), str(row.subject), str(row.actor or ""),
        str(row.via or ""), row.facts, bytes(row.hash).hex(),
    )  # fmt: skip
    return spreadsheet.line(cells)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
