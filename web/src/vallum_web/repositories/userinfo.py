"""What opens a private repository, as people give it: in its own fields, or in the address, where it must not stay. Pure."""

import re
from typing import Final
from urllib.parse import unquote

from vallum_guard.errors import BadUrl
from vallum_guard.git import Credential

USER: Final = r"[!-9;-~]{0,100}"
TEXT: Final = r"[!-~]{0,4000}"
DEFAULT_USER: Final = "x-access-token"
# Alone in front of the @, it may be a name or a token: code hosts' tokens are longer than people's names.
_LONGER_THAN_NAMES: Final = 20
# What stands in the place of a password where the token is the user name.
_NO_PASSWORDS: Final = frozenset({"", "x-oauth-basic"})


def apart(address: str) -> tuple[str, str, str]:
    """Address, user and token of `https://user:token@host/path`; what is not there is empty."""
    scheme, slashes, rest = address.strip().partition("://")
    place, slash, path = rest.partition("/")
    if "@" not in place:
        return address, "", ""
    info, _, host = place.rpartition("@")
    user, colon, token = info.partition(":")
    if (colon and token in _NO_PASSWORDS) or (not colon and len(user) >= _LONGER_THAN_NAMES):
        user, token = "", user
    return f"{scheme}{slashes}{host}{slash}{path}", unquote(user), unquote(token)


def credential(user: str, token: str) -> Credential | None:
    """None without a token. Raises BadUrl for what no request could carry."""
    if not token:
        return None
    if not re.fullmatch(TEXT, token) or not re.fullmatch(USER, user):
        raise BadUrl("The token or its user name holds a space or a character that none has: copy it again.")
    return Credential(token=token, user=user or DEFAULT_USER)
