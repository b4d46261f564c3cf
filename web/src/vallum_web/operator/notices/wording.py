"""What people are told, by the kind of the announcement."""

from django.conf import settings
from django.urls import reverse

from vallum_web.mail.letters import Letter, letter
from vallum_web.tenancy.announcing.models import Announcement

Kind = Announcement.Kind
MAIL_KIND = {Kind.PROCESSOR: "processors"}
"""Of what is no change of what people agreed to; the others are `policy`."""


def mail_kind(row: Announcement) -> str:
    return MAIL_KIND.get(Kind(row.kind), "policy")


def worded(row: Announcement, *, leave: str = "") -> Letter:
    """`leave`: the address at which somebody without an account is told no more."""
    said, day = row.said, f"{row.day:%Y-%m-%d}" if row.day else ""
    match row.kind:
        case Kind.POLICY:
            return letter("policy_change", **said, day=day, link=_compared(row), reason=row.reason)
        case Kind.SUCCESSOR:
            return letter("successor", **said, day=day, link=here(reverse("privacy:centre")))
        case Kind.PROCESSOR:
            return letter(
                "new_processor", **said, day=day, leave=leave, link=here(f"{reverse('trust:index')}#sub-processors")
            )
    return letter("to_everybody", **said, link=here(reverse("legal", args=["privacy"])))


def _compared(row: Announcement) -> str:
    document, _, number = row.what.rpartition("-")
    before = row.said["before"]
    if not before:
        return here(reverse("legal_version", args=[document, number]))
    return here(reverse("legal_changes", args=[document, number, before]))


def here(path: str) -> str:
    return settings.PUBLIC_URL + path


def desk() -> str:
    """The operators' page of sub-processors."""
    return here(reverse("operator_notices:processors"))
