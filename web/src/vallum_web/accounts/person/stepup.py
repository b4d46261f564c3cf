"""Whether somebody has proved lately who they are. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

SECOND: Final = "mfa"
# Signing in counts as well as proving it again. Being sent a link does not: it says who reads the mail. Nor does an identity
# provider's word, unless it has just asked and opens the whole account: sso/door.py.
PROOFS: Final = frozenset({"password", SECOND})
_CLOCKS_DIFFER: Final = 60


def is_fresh(proofs: Iterable[Mapping[str, Any]], *, now: float, within: float, has_second: bool) -> bool:
    """Whether one of a session's proofs is young enough.

    Who has a second factor proves that one: a password alone may be known to whoever has stolen the session.
    """
    wanted = {SECOND} if has_second else PROOFS
    return any(
        proof.get("method") in wanted and -_CLOCKS_DIFFER <= now - float(proof.get("at", 0)) < within
        for proof in proofs
    )
