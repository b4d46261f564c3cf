"""What mails about a person's own account say: subject and text. Pure.

No name of anybody is in them and no text of a stranger; and no link that signs in, so that none is learned to be followed.
"""

from datetime import datetime, timedelta

from vallum_web.accounts.models import EmailChange, SignIn

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


def confirm_address(link: str) -> tuple[str, str]:
    return _letter(
        "Confirm your new address",
        "Somebody wants to use this address for their account on Vallum. If it was you, confirm that it is yours:",
        link,
        "The link is good for three days. If it was not you, do nothing: without it nobody uses this address.",
    )


def address_is_taken() -> tuple[str, str]:
    return _letter(
        "This address has an account already",
        "Somebody wants to use this address for another account on Vallum. It has one already, so nothing was changed.",
        "If it was you: one address has one account. Delete the one, or give it another address first.",
        "If it was not you, do nothing. They were not told that you have an account.",
    )


def address_changed(change: EmailChange, link: str, back: timedelta) -> tuple[str, str]:
    return _letter(
        "Your account has another address now",
        f"The account on Vallum that had this address has {masked(change.after)} instead, {moment(change.confirmed_at)}. Mails "
        "about it go there from now on.",
        "If it was you, there is nothing to do.",
        f"If it was not, take it back. For {back.days} days this link gives the account back to this address, signs everybody "
        "out of it, and makes its password void:",
        link,
    )


def address_reverted() -> tuple[str, str]:
    return _letter(
        "A change of address was taken back",
        "This address no longer belongs to an account on Vallum: the change to it was taken back from the address before. "
        "Everybody is signed out, and the password is void.",
        "If the account is yours and you did not do this, somebody else reads the mails of your former address. Tell whoever "
        "runs this installation.",
    )


def masked(address: str) -> str:
    """`n…@example.test`: its owner recognises it, and nobody else learns it."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


def _letter(subject: str, *paragraphs: str) -> tuple[str, str]:
    return subject, "\n\n".join(paragraphs) + "\n"


def _facts(row: SignIn) -> str:
    where = [f"from the address {row.address}"] if row.address else []
    return "\n".join(f"  {line}" for line in (words(row), row.device, *where, moment(row.at)))


def moment(at: datetime | None) -> str:
    return f"on {at:%Y-%m-%d} at {at:%H:%M} UTC" if at else ""
