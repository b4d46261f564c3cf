"""What mails about a person's own account say.

No name of anybody is in them and no text of a stranger; and no link that signs in, so that none is learned to be followed.
"""

from datetime import datetime, timedelta

from vallum_web.accounts.models import EmailChange, SignIn
from vallum_web.mail.letters import Letter, letter

WHERE_TO = 'under "Your account" on Vallum, at the address you know it by'

_SECOND = {"totp": "a code from the app", "webauthn": "a passkey", "recovery_codes": "a recovery code"}


def words(row: SignIn) -> str:
    """`Signed in with the password, then a passkey`."""
    second = _SECOND.get(row.second)
    if second is None:
        return row.get_kind_display()
    return f"{row.get_kind_display()}{', then' if row.kind == SignIn.Kind.PASSWORD else ':'} {second}"


def new_sign_in(row: SignIn) -> Letter:
    return letter("new_sign_in", facts=_facts(row), where=WHERE_TO)


def second_step_failed(row: SignIn) -> Letter:
    return letter("second_step_failed", facts=_facts(row), where=WHERE_TO)


def address_changed(change: EmailChange, link: str, back: timedelta) -> Letter:
    return letter(
        "address_changed", after=masked(change.after), moment=moment(change.confirmed_at), days=back.days, link=link
    )


def masked(address: str) -> str:
    """`n…@example.test`: its owner recognises it, and nobody else learns it."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


def _facts(row: SignIn) -> list[str]:
    where = [f"from the address {row.address}"] if row.address else []
    return [words(row), row.device, *where, moment(row.at)]


def moment(at: datetime | None) -> str:
    return f"on {at:%Y-%m-%d} at {at:%H:%M} UTC" if at else ""
