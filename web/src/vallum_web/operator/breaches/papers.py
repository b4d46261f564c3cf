"""What is handed to others: the notification to an authority, in the order of its form, and the register itself."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from vallum_web.operator.breaches import clocks
from vallum_web.operator.breaches.models import Duty, Incident
from vallum_web.tenancy import clock
from vallum_web.ui import spreadsheet

NATURE = {
    "confidentiality": "confidentiality: somebody saw what they should not",
    "integrity": "integrity: something was changed",
    "availability": "availability: something was lost, or could not be reached",
}
COLUMNS = (
    *("id", "name", "state", "source", "party", "detected_at", "aware_at", "nature", "what", "data", "people"),
    *("records", "consequences", "measures", "safe_keys", "software", "fixed_at", "closed_at"),
)


def to_authority(row: Incident, number: int) -> str:
    """The fields that the form of the CNIL asks for, and Article 33, paragraph 3; what is not known yet says so."""
    return "\n".join(_lines(row, number)) + "\n"


def _lines(row: Incident, number: int) -> Iterator[str]:
    yield "Notification of a personal data breach (GDPR, Article 33)"
    yield f"Kind: {'initial' if number == 1 else f'complementary, number {number}'}"
    yield f"Our reference: {row.pk}"
    yield f"Written: {clock.now():%Y-%m-%d %H:%M} UTC"
    yield "\n1. Who notifies"
    yield f"Service: {settings.PUBLIC_URL}"
    yield f"Contact: {settings.SECURITY_CONTACT or 'to be added by hand'}"
    yield f"Told by: {row.get_source_display()}{f', {row.party}' if row.party else ''}"
    yield "\n2. When"
    yield f"Noticed: {row.detected_at:%Y-%m-%d %H:%M} UTC"
    yield f"Known as a breach: {row.aware_at:%Y-%m-%d %H:%M} UTC"
    yield f"Reason if later than 72 hours: {_late(row)}"
    yield "\n3. What happened"
    yield f"Nature: {'; '.join(NATURE[each] for each in row.nature) or _UNKNOWN}"
    yield row.what or _UNKNOWN
    yield "\n4. Data and people"
    yield row.data or _UNKNOWN
    yield f"People, about: {row.people if row.people is not None else _UNKNOWN}"
    yield f"Records, about: {row.records if row.records is not None else _UNKNOWN}"
    yield f"Protected before: {'encrypted, the keys are safe' if row.safe_keys else 'not so that nobody could read it'}"
    yield "\n5. Likely consequences"
    yield row.consequences or _UNKNOWN
    yield "\n6. Measures taken and proposed"
    yield row.measures or _UNKNOWN
    yield "\n7. Telling the people"
    yield from (_standing(duty) for duty in row.duties.filter(what__in=("people", "customers")).order_by("pk"))


_UNKNOWN = "not known yet: follows"


def _late(row: Incident) -> str:
    at = clocks.due("authority", row.aware_at, row.fixed_at)
    return "to be added by hand" if at and clock.now() > at else "in time"


def _standing(duty: Duty) -> str:
    when = f", {duty.settled_at:%Y-%m-%d %H:%M} UTC" if duty.settled_at else ""
    return f"{duty.get_what_display()}: {duty.get_state_display().lower()}{when}. {duty.reason}".strip()


def register() -> list[dict[str, Any]]:
    """Every breach, with what became of it (Article 33, paragraph 5)."""
    found = Incident.objects.prefetch_related("duties", "steps", "listings", "tellings").order_by("aware_at", "pk")
    return [_entry(row) for row in found]


def _entry(row: Incident) -> dict[str, Any]:
    return {
        **{name: _plain(getattr(row, name)) for name in COLUMNS},
        "duties": [
            {
                "who": duty.get_what_display(),
                "state": duty.state,
                "reason": duty.reason,
                "settled_at": _plain(duty.settled_at),
                "due_at": _plain(clocks.due(duty.what, row.aware_at, row.fixed_at)),
            }
            for duty in row.duties.all()
        ],
        "lists": [
            {"people": each.people, "gone": each.gone, "sha256": each.digest, "at": _plain(each.made_at)}
            for each in row.listings.all()
        ],
        "told": [
            {"whom": each.whom, "number": each.number, "sha256": each.digest, "at": _plain(each.at)}
            for each in row.tellings.all()
        ],
        "steps": [{"at": _plain(each.at), "words": each.words} for each in row.steps.all()],
    }


def as_csv() -> str:
    """One line for each breach, and who was told of it in the last columns."""
    duties = list(clocks.CLOCKS)
    lines = [spreadsheet.line([*COLUMNS, *duties])]
    for entry in register():
        stands = {
            duty["who"]: f"{duty['state']} {duty['settled_at'] or ''} {duty['reason']}".strip()
            for duty in entry["duties"]
        }
        told = [stands.get(clocks.CLOCKS[name].title, "") for name in duties]
        lines.append(spreadsheet.line([*(_cell(entry[name]) for name in COLUMNS), *told]))
    return "".join(lines)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return str(value) if isinstance(value, UUID) else value


def _cell(value: Any) -> str | int:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else value if isinstance(value, int) else str(value)
