"""Who exactly it was, sealed under the actor's own key: destroyed with it, and missed by no hash."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection

from vallum_web.tenancy import keyring
from vallum_web.tenancy.audit.errors import NotRecordedError
from vallum_web.tenancy.keyring.errors import ForgottenError, KeyringError
from vallum_web.tenancy.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an entry says of its actor beyond an id, as it was then."""

    name: str = ""
    email: str = ""
    address: str = ""
    agent: str = ""
    request: str = ""


def present(person: UUID | None, origin: Origin | None) -> Identity:
    """The person as they are called now, and where the present request is from."""
    name, email = _called(person) if person else ("", "")
    if origin is None:
        return Identity(name=name, email=email)
    return Identity(name=name, email=email, address=origin.address, agent=origin.agent, request=str(origin.request_id))


def _called(person: UUID) -> tuple[str, str]:
    # Plain SQL: every act of a person waits for this.
    table = connection.ops.quote_name(get_user_model()._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table
    with connection.cursor() as cursor:
        cursor.execute(f"select name, email from {table} where id = %s", [person])  # noqa: S608 - a quoted name of ours
        return cursor.fetchone() or ("", "")


def seal(org: UUID, subject: UUID, identity: Identity) -> str:
    """Nothing for a person whose keys are destroyed: they asked for that. Raises NotRecordedError."""
    try:
        return keyring.seal_for(subject, _context(org), json.dumps(asdict(identity)))
    except ForgottenError:
        return ""
    except KeyringError as error:
        raise NotRecordedError(
            "Who does it could not be sealed for the audit log, so nothing was changed. The operator finds the reason in the logs."
        ) from error


def unsealed(org: UUID, texts: Iterable[tuple[UUID | None, str]]) -> list[Identity | None]:
    """Who each was, by whose key it is sealed under; None where that is erased, or opens with no key that is here."""
    known = {field.name for field in fields(Identity)}
    found: list[Identity | None] = []
    for text in keyring.unseal_all_for(_context(org), texts):
        kept = json.loads(text) if text is not None else None
        found.append(kept and Identity(**{name: str(value) for name, value in kept.items() if name in known}))
    return found


def _context(org: UUID) -> str:
    # Not the entry: its hash holds the digest of the sealed text, so a text that was moved breaks the chain.
    return f"audit.Entry.sealed:{org}"
