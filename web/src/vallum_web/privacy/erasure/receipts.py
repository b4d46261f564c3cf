"""What the person gets: a signed statement of what went, and a second one when the last backup is gone."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.privacy.erasure import links, sealing
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock, signing
from vallum_web.tenancy.figures import valued
from vallum_web.tenancy.models import Leaving
from vallum_web.tenancy.scope import Purpose, looking_back

FORMAT: Final = "vallum erasure receipt 1"
SECOND: Final = "vallum erasure receipt 2"
BACKUPS_KEPT: Final = timedelta(days=90)
AT_WORK: Final = timedelta(days=1)
"""A backup that was being taken during the purge is written a while after it."""
KNOWN_BY_LOOK: Final = "a look at the storage of backups, in which everything is younger"
KNOWN_BY_RULE: Final = "the rule that deletes backups: this installation looks at no storage of them"
MAILS: Final = "mails"
WHAT: Final = {
    Deletion.Whose.PERSON.value: "Your account",
    Deletion.Whose.ORG.value: "The organization",
}
REMAINS: Final = (
    "Encrypted backups, until the day given here; what was sealed opens in none of them once the keyring's are seven days old.",
    "The database's write-ahead log and free pages, until they are written over: minutes to days, as the database is used.",
    "Entries of audit logs, for twelve months: done by an id that leads to nobody, with nothing in them that says who it was.",
    "Which terms were accepted and when, for five years, under the same id.",
)


def write(deletion: Deletion) -> str:
    """Write the receipt, and send it to where the person said they read mails."""
    now = clock.now()
    secret = links.new_secret()
    deletion.purged_at = now
    deletion.backups_until = (now + BACKUPS_KEPT).date()
    deletion.receipt_link = links.digest(secret)
    deletion.receipt = signed(_statement(deletion))
    said = letter(
        "deletion_done",
        what=WHAT[deletion.whose],
        day=f"{now:%Y-%m-%d}",
        last=deletion.backups_until.isoformat(),
        link=links.receipt(secret),
    )
    addresses = sealing.opened(deletion.pk, deletion.sealed)
    sent = [mails.queue(kind="deletion", to=address, letter=said) for address in addresses]
    deletion.sealed, deletion.facts = "", {MAILS: [str(key) for key in sent]}
    return "written"


def finish(deletion: Deletion) -> str:
    """Destroy what could tell where it was sent to."""
    sealing.forget(deletion.pk)
    deletion.state = Deletion.State.PURGED
    Leaving.objects.filter(pk=deletion.subject).delete()
    return "done"


def forget_addresses() -> int:
    """Of receipts that were delivered, or given up: the outbox keeps no address of them. How many deletions."""
    with looking_back(Purpose.PURGE):
        over = Deletion.objects.select_for_update().filter(state=Deletion.State.PURGED, facts__has_key=MAILS)
        ended = [deletion for deletion in over if mails.forget_ended(map(UUID, deletion.facts[MAILS]))]
        for deletion in ended:
            deletion.facts = {}
            deletion.save(update_fields=["facts"])
        return len(ended)


def _statement(deletion: Deletion) -> dict[str, Any]:
    done: Mapping[str, Any] = deletion.done
    return {
        "format": FORMAT,
        "receipt": str(deletion.pk),
        "whose": deletion.whose,
        "subject": str(deletion.subject),
        "asked": deletion.asked_at.isoformat(timespec="seconds"),
        "deleted": clock.now().isoformat(timespec="seconds"),
        "rows": {name.removeprefix("rows "): count for name, count in done.items() if name.startswith("rows ")},
        "also": {name: told for name, told in done.items() if not name.startswith(("rows ", "party ", "gather"))},
        "parties": {name.removeprefix("party "): told for name, told in done.items() if name.startswith("party ")},
        "backups_until": deletion.backups_until.isoformat() if deletion.backups_until else "",
        "remains": list(REMAINS),
        "by": settings.PUBLIC_URL,
    }


def tell_last_backup_gone() -> int:
    """Write the second receipt of every deletion that no backup remembers any more. How many."""
    now = clock.now()
    oldest, looked = valued("backup-oldest"), valued("backup-looked-at")
    written = 0
    with looking_back(Purpose.PURGE):
        waiting = Deletion.objects.select_for_update().filter(
            state=Deletion.State.PURGED, second_receipt__isnull=True, purged_at__lt=now - AT_WORK
        )
        for deletion in waiting:
            if known_by := _known_gone(deletion, now, oldest, looked):
                deletion.second_receipt = _second(deletion, known_by)
                deletion.save(update_fields=["second_receipt"])
                written += 1
    return written


def _known_gone(deletion: Deletion, now: datetime, oldest: float | None, looked: float | None) -> str:
    """How it is known that nothing in the storage of backups remembers; empty while something may. Ages in days."""
    since = (now - (deletion.purged_at or now) - AT_WORK) / timedelta(days=1)
    if oldest is not None:
        return KNOWN_BY_LOOK if oldest < since and looked is not None and looked < since else ""
    over = deletion.backups_until is not None and deletion.backups_until < now.date()
    return KNOWN_BY_RULE if over else ""


def _second(deletion: Deletion, known_by: str) -> dict[str, Any]:
    now = clock.now()
    return signed(
        {
            "format": SECOND,
            "receipt": str(deletion.pk),
            "subject": str(deletion.subject),
            "first": fingerprint(deletion.receipt or {}),
            "backups_gone": now.date().isoformat(),
            "known_by": known_by,
            "written": now.isoformat(timespec="seconds"),
        }
    )


def signed(statement: Mapping[str, Any]) -> dict[str, Any]:
    signature = signing.sign(text(statement))
    return {**statement, "key": signature.key, "signature": signature.value.hex()}


def text(statement: Mapping[str, Any]) -> bytes:
    """The one way in which a statement is signed: JSON, sorted, without spaces, without its signature."""
    told = {name: value for name, value in statement.items() if name not in {"key", "signature"}}
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(statement: Mapping[str, Any]) -> str:
    return sha256(text(statement)).hexdigest()
