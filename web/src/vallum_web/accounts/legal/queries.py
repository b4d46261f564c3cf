"""Which version of each text holds in this installation, which is announced, and what a person has accepted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import QuerySet

from vallum_web.accounts.legal import documents
from vallum_web.accounts.legal.documents import Document, Version, Weight, in_force
from vallum_web.accounts.models import Acceptance
from vallum_web.mail import notices
from vallum_web.mail import queries as mails
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing import days
from vallum_web.tenancy.announcing import queries as announcing
from vallum_web.tenancy.announcing.models import Announcement


def versions_here() -> tuple[Version, ...]:
    """What holds, held or is announced in this installation, each `since` its day here."""
    known = documents.versions()
    if all(version.weight is Weight.FIRST for version in known):
        return known
    announced, found = announcing.live(Announcement.Kind.POLICY), list[Version]()
    for document in Document:
        found += _placed([version for version in known if version.document is document], announced)
    return tuple(sorted(found))


def _placed(known: Sequence[Version], announced: Mapping[str, Announcement]) -> list[Version]:
    """Of one document. What is built on a change that was not announced waits with it, a change of words as well."""
    found: list[Version] = []
    waits = False
    for version in sorted(known, key=lambda each: each.number):
        row = announced.get(version.name)
        if version.weight is Weight.MATERIAL:
            waits = row is None and _accepted_earlier(version)
            if row is not None:
                version = replace(version, since=announcing.day_of(row))  # noqa: PLW2901 - the same version, on its day here
        elif found:
            version = replace(version, since=max(version.since, found[-1].since))  # noqa: PLW2901 - as above
        if not waits:
            found.append(version)
    return found


def _accepted_earlier(version: Version) -> bool:
    """Where nobody has, there is nobody to be told: a new installation begins with the newest text."""
    return Acceptance.objects.filter(document=version.document, version__lt=version.number).exists()


def unannounced() -> list[Version]:
    """What this release brings, and what holds only once an operator has announced it."""
    here = {version.name for version in versions_here()}
    return [each for each in documents.versions() if each.weight is Weight.MATERIAL and each.name not in here]


def in_force_today() -> tuple[Version, ...]:
    return in_force(versions_here(), clock.now().date())


def held() -> tuple[Version, ...]:
    """The versions that hold today, of what is accepted."""
    return tuple(version for version in in_force_today() if version.document.is_accepted)


def upcoming() -> tuple[Version, ...]:
    """What is announced and does not hold yet, of what is accepted."""
    today = clock.now().date()
    return tuple(each for each in versions_here() if each.since > today and each.document.is_accepted)


def offered() -> tuple[Version, ...]:
    """What somebody accepts who accepts now: what holds, and what is announced to follow."""
    return (*held(), *upcoming())


def missing(person: UUID) -> tuple[Version, ...]:
    """What holds today and this person has not accepted."""
    return _lacking(person, held())


def not_accepted(person: UUID) -> tuple[Version, ...]:
    """As `missing`, with what is announced."""
    return _lacking(person, offered())


def _lacking(person: UUID, wanted: Sequence[Version]) -> tuple[Version, ...]:
    known, accepted = documents.versions(), Acceptance.objects.filter(user=person).values_list("document", "version")
    said = [(Document(document), number) for document, number in accepted if document in set(Document)]

    def is_accepted(version: Version) -> bool:
        least = documents.agreed_by(version, known)
        return any(document is version.document and least <= number <= version.number for document, number in said)

    return tuple(version for version in wanted if not is_accepted(version))


def deemed(person: UUID) -> list[Version]:
    """Of what is missing, that of which this person learned thirty days before its day, and went on.

    Learned: their mail was handed over, or they said that they read the notice. Nothing is deemed of what came at shorter notice.
    """
    lacking = missing(person)
    announced = announcing.live(Announcement.Kind.POLICY) if lacking else {}
    return [version for version in lacking if _learned(person, announced.get(version.name))]


def _learned(person: UUID, row: Announcement | None) -> bool:
    told = announcing.told(row, person) if row else None
    if row is None or told is None or row.day is None or row.reason or not days.in_time(told.at, row.day):
        return False
    read = any(at for _, at in notices.receipt(person, row.kind, row.about))
    return read or mails.handed_over(told.message)


def reasons() -> Mapping[str, str]:
    """Of versions that came at shorter notice, why."""
    return {name: row.reason for name, row in announcing.live(Announcement.Kind.POLICY).items() if row.reason}


def accepted_before(person: UUID) -> bool:
    return Acceptance.objects.filter(user=person).exists()


def acceptances(document: str, number: int) -> QuerySet[Acceptance]:
    """Of this version or a later one."""
    return Acceptance.objects.filter(document=document, version__gte=number)
