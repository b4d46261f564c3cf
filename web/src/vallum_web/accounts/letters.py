"""What mails about a person's own account say: subject and text. Pure.

No name of anybody is in them and no text of a stranger; and no link that signs in, so that none is learned to be followed.
"""

from datetime import datetime

from vallum_web.accounts.models import SignIn

WHERE_TO = 'under "Your account" on Vallum, at the address you know it by'

_SECOND = {"totp": "a code from the app", "webauthn": "a passkey", "recovery_codes": "a recovery code"}


def words(row: SignIn) -> str:
    """`Signed in with the password, then a passkey`."""
    second = _SECOND.get(row.second)
    if second is None:
        return row.get_kind_display()
    return f"{row.get_kind_display()}{', then' if row.kind == SignIn.Kind.PASSWORD else ':'} {second}"


def new_sign_in(row: SignIn) -> tuple[str, str]:
    return _letter(
        "A sign-in from somewhere new",
        "Somebody signed in to your account on Vallum, with a device or in a network that was not seen with it before.",
        _facts(row),
        "If it was you, there is nothing to do.",
        f"If it was not: change your password, and end the sessions that are not yours. Both are found {WHERE_TO}.",
    )


def second_step_failed(row: SignIn) -> tuple[str, str]:
    return _letter(
        "Somebody may have your password",
        "Several times within an hour, somebody gave the right password of your account on Vallum and then failed the second "
        "step. They were not let in.",
        _facts(row),
        f"If it was not you: change your password, {WHERE_TO}.",
    )


def _letter(subject: str, *paragraphs: str) -> tuple[str, str]:
    return subject, "\n\n".join(paragraphs) + "\n"


def _facts(row: SignIn) -> str:
    where = [f"from the address {row.address}"] if row.address else []
    return "\n".join(f"  {line}" for line in (words(row), row.device, *where, moment(row.at)))


def moment(at: datetime) -> str:
    return f"on {at:%Y-%m-%d} at {at:%H:%M} UTC"
