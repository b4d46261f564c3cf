"""What may be cloned, as it is written: the pure check that forms use."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from vallum_guard import urls
from vallum_guard.addresses import NOTHING_OPENED, Opening
from vallum_guard.errors import BadUrl
from vallum_guard.urls import Target

# git-check-ref-format, stricter: nothing that an option, a range or a glob could be read from.
_BRANCH: Final = re.compile(r"(?![-./])(?!.*(?:\.\.|//|/\.|@\{|\.lock$|\.lock/|[./]$))[^\x00-\x20~^:?*\[\\\x7f]{1,200}")
CONCEALED: Final = "[concealed]"
_SSH: Final = re.compile(r"[\w.-]+@[\w.-]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """For private repositories: a token, sent as the password of HTTP basic authentication."""

    token: str
    user: str = "x-access-token"

    def __repr__(self) -> str:
        return f"Credential(user={self.user!r})"  # never the token: reprs end up in logs

    @property
    def proof(self) -> str:
        """What HTTP basic authentication sends."""
        return base64.b64encode(f"{self.user}:{self.token}".encode()).decode()

    def conceal(self, text: str) -> str:
        """The text without token and proof: a server may repeat what it was sent, and its words go into messages."""
        return text.replace(self.proof, CONCEALED).replace(self.token, CONCEALED) if self.token else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which repository, which branch (None: its default one), and what opens it."""

    url: str
    branch: str | None = None
    credential: Credential | None = None
    history: bool = False
    """Whether to bring every branch and tag with all commits, or one commit alone."""

    def validate(self, *, opening: Opening = NOTHING_OPENED) -> Target:
        check_branch(self.branch)
        return validate(self.url, opening=opening)


def validate(url: str, *, opening: Opening = NOTHING_OPENED) -> Target:
    """The address taken apart, if it may be cloned. Touches no network; a refusal (GuardError) says what to write."""
    text = url.strip()
    if "://" not in text and _SSH.match(text):
        raise BadUrl(f"{text!r} is an SSH address: give the https:// one (private repositories: with a token).")
    if "::" in text.partition("/")[0]:
        raise BadUrl(f"{urls.redact(text)!r} names a git transport helper: only https:// is cloned.")
    target = urls.parse(text, opening=opening)
    if target.scheme != "https":
        raise BadUrl(f"{target.url} is not encrypted: write https://.")
    if "?" in target.path:
        raise BadUrl(f"{target.url} has a query (?…): give the repository's plain address.")
    if target.path == "/":
        raise BadUrl(f"{target.url} names a host, not a repository: add its path.")
    return target


def check_branch(branch: str | None) -> None:
    if branch is not None and not _BRANCH.fullmatch(branch):
        raise BadUrl(f"{branch!r} cannot be a branch's name.")
