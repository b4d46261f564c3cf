"""Whether the domain that mails come from is set up so that they arrive, and others cannot use it: SPF, DKIM, DMARC. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,61}[a-z0-9_])?")
# Resend sends through Amazon SES, and its bounces go to a name of their own.
RESEND_SPF = "include:amazonses.com"
RESEND_SELECTOR, RESEND_RETURN = "resend", "send"


class Verdict(StrEnum):
    """In words that a list can show."""

    GOOD = "as it has to be"
    WEAK = "could be stricter"
    WRONG = "has to be changed"
    UNREAD = "could not be asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The names to ask for. `spf` is where bounces go to."""

    spf: str
    dkim: str
    dmarc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of the three. `found` is what is published; `todo` is empty where nothing is to be done."""

    what: str
    name: str
    found: tuple[str, ...]
    verdict: Verdict
    todo: str


def asked(domain: str, *, by_resend: bool, selector: str) -> Asked:
    """Raises ValueError where the domain or the selector cannot be one."""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{domain[:80]!r} is no domain that mails could come from: set VALLUM_MAIL_FROM.")
    if not _LABEL.fullmatch(selector):
        raise ValueError("A selector is a name in DNS: letters, digits and dashes.")
    return Asked(
        spf=f"{RESEND_RETURN}.{domain}" if by_resend else domain,
        dkim=f"{selector}._domainkey.{domain}",
        dmarc=f"_dmarc.{domain}",
    )


def spf(name: str, texts: Sequence[str] | None, *, by_resend: bool) -> Line:
    found = _of(texts, "v=spf1")
    words = found[0].lower().split() if len(found) == 1 else []
    verdict, todo = Verdict.GOOD, ""
    if texts is None:
        verdict, todo = Verdict.UNREAD, "Ask again later."
    elif not found:
        publish = f"v=spf1 {RESEND_SPF} ~all" if by_resend else "v=spf1 with your relay's addresses and -all"
        verdict, todo = Verdict.WRONG, f"Publish a text: {publish}."
    elif len(found) > 1:
        verdict, todo = Verdict.WRONG, "There are several: with more than one, none counts. Make them one."
    elif words[-1] not in {"-all", "~all"} and not any(word.startswith("redirect=") for word in words):
        verdict, todo = Verdict.WRONG, "End it with -all or ~all: as it is, anybody may send for the domain."
    elif by_resend and RESEND_SPF not in words:
        verdict, todo = Verdict.WRONG, f"Add {RESEND_SPF}: Resend's servers are not named."
    return Line(what="SPF", name=name, found=found, verdict=verdict, todo=todo)


def dkim(name: str, texts: Sequence[str] | None) -> Line:
    found = tuple(text for text in texts or () if _tags(text).get("p") is not None)
    verdict, todo = Verdict.GOOD, ""
    if texts is None:
        verdict, todo = Verdict.UNREAD, "Ask again later."
    elif not found:
        verdict, todo = Verdict.WRONG, "Publish the key that your provider shows for the domain."
    elif len(found) > 1:
        verdict, todo = Verdict.WRONG, "There are several keys under one name: leave one."
    elif not _tags(found[0])["p"]:
        verdict, todo = Verdict.WRONG, "The key is withdrawn (an empty p=): publish the present one."
    elif "y" in _tags(found[0]).get("t", "").split(":"):
        verdict, todo = Verdict.WEAK, "Take t=y away: as it is, the key is only being tried."
    return Line(what="DKIM", name=name, found=found, verdict=verdict, todo=todo)


def dmarc(name: str, texts: Sequence[str] | None) -> Line:
    found = _of(texts, "v=dmarc1")
    tags = _tags(found[0]) if len(found) == 1 else {}
    policy = tags.get("p", "").lower()
    verdict, todo = Verdict.GOOD, ""
    if texts is None:
        verdict, todo = Verdict.UNREAD, "Ask again later."
    elif not found:
        verdict, todo = Verdict.WRONG, "Publish a text: v=DMARC1; p=reject."
    elif len(found) > 1:
        verdict, todo = Verdict.WRONG, "There are several: with more than one, none counts."
    elif policy not in {"reject", "quarantine", "none"}:
        verdict, todo = Verdict.WRONG, "It says no policy that there is: set p=reject."
    elif policy != "reject" or tags.get("pct", "100") != "100" or tags.get("sp", "reject").lower() != "reject":
        verdict, todo = (
            Verdict.WEAK,
            "Set p=reject for all mails and all names below, once reports show nothing of yours fails.",
        )
    return Line(what="DMARC", name=name, found=found, verdict=verdict, todo=todo)


def _of(texts: Sequence[str] | None, version: str) -> tuple[str, ...]:
    return tuple(text for text in texts or () if re.split(r"[ ;]", text.strip().lower(), maxsplit=1)[0] == version)


def _tags(text: str) -> dict[str, str]:
    """`k=rsa; p=MIGf…` by name; spaces within a value mean nothing."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}
