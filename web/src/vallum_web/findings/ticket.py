"""A finding as a ticket for somebody's tracker: Markdown to copy, and an address that opens a new issue with it. Pure.

Nothing is sent from here. What a report says of a finding is a stranger's text: in a ticket it names nobody, closes nothing and
links nowhere. What was found of a secret is not in it at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from vallum_engine.model.finding import Kind
from vallum_web.findings.models import Finding
from vallum_web.findings.story import advisories, revoking, web_address
from vallum_web.ui import legible

MOST_TITLE = 200
MOST_TEXT = 2000
MOST_STEPS = 20
MOST_ADDRESS = 6000
"""Letters of an address that trackers and browsers still take."""
# What Markdown, or a tracker's own reading of it (people, numbers, labels), would take for more than text.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~&!])")
# What trackers make links of without any mark.
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_APART = "\u200b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """Where the code of an asset has its issues."""

    name: str
    new: str
    """The address of a new issue."""
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    title: str
    body: str
    tracker: str = ""
    url: str = ""
    """Opens a new issue that is filled in; empty where the code's host is not known to have such an address."""
    cut: bool = False
    """Whether the address holds the beginning alone."""


def ticket(finding: Finding, *, why: str, places: int, url: str, repository: str) -> Ticket:
    title = _title(finding)
    body = "\n\n".join(part for part in _parts(finding, why=why, places=places, url=url) if part) + "\n"
    tracker = tracker_of(repository)
    if tracker is None:
        return Ticket(title=title, body=body)
    address = _address(tracker, title, body)
    cut = len(address) > MOST_ADDRESS
    if cut:
        address = _address(tracker, title, f"{_where(finding, places)}\n\nAll that is known: {url}\n")
    return Ticket(title=title, body=body, tracker=tracker.name, url=address, cut=cut)


def tracker_of(repository: str) -> Tracker | None:
    """By the repository's address; a host of one's own is known by its name, `gitlab.…` or `github.…`."""
    if not web_address(repository):
        return None
    parts = urlsplit(repository)
    host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    path = parts.path.strip("/").removesuffix(".git")
    steps = path.split("/")
    if len(steps) < 2 or not all(re.fullmatch(r"[\w.~-]+", step, re.ASCII) for step in steps):
        return None
    base = f"{parts.scheme}://{host}/{path}"
    if host.startswith(("github.com.", "gitlab.com.")):
        return None  # looks like somebody it is not
    if host.startswith("github.") and len(steps) == 2:
        return Tracker(name="GitHub", new=f"{base}/issues/new", title="title", body="body")
    if host.startswith("gitlab."):
        return Tracker(name="GitLab", new=f"{base}/-/issues/new", title="issue[title]", body="issue[description]")
    return None


def _address(tracker: Tracker, title: str, body: str) -> str:
    return f"{tracker.new}?{urlencode({tracker.title: title, tracker.body: body})}"


def _title(finding: Finding) -> str:
    words = " ".join(_seen(finding.title).split()).replace("@", f"@{_APART}")
    title = f"{finding.get_severity_display().capitalize()}: {words}"
    return title if len(title) <= MOST_TITLE else title[: MOST_TITLE - 1] + "…"


def _parts(finding: Finding, *, why: str, places: int, url: str) -> Sequence[str]:
    data = finding.data
    secret = finding.kind == Kind.SECRET
    due = f"**Due:** {finding.due_at:%Y-%m-%d}" if finding.due_at and finding.status == Finding.Status.OPEN else ""
    return [
        f"**Severity:** {finding.get_severity_display()}, risk {finding.risk} of 100",
        due,
        _where(finding, places),
        f"**Package:** {_code(finding.package)}" if finding.package else "",
        f"**Rule:** {_code(finding.rule)}",
        "" if secret else f"**What:** {_text(finding.message)}",
        f"**Why this risk:** {_text(why)}",
        _steps(data),
        _known(data),
        f"**In Vallum:** {url}",
    ]


def _where(finding: Finding, places: int) -> str:
    more = f", and {places - 1:,} more place{'' if places == 2 else 's'}" if places > 1 else ""
    return f"**Where:** {_code(f'{finding.path}:{finding.line}')} of {_code(finding.asset.name)}{more}"


def _steps(data: Mapping[str, Any]) -> str:
    remediation = data.get("remediation") or {}
    steps = [_text(str(step)) for step in remediation.get("steps") or ()][:MOST_STEPS]
    if not steps and remediation.get("upgrade_to"):
        steps = [f"Move to {_code(str(remediation['upgrade_to']))}"]
    revoke = revoking(data)
    if revoke and _plain(revoke):
        steps.append(f"Revoke it at <{revoke}>")
    return "\n".join(["**What ends it:**", "", *(f"{n}. {step}" for n, step in enumerate(steps, 1))]) if steps else ""


def _known(data: Mapping[str, Any]) -> str:
    lines = [
        f"- {_code(item.id)}{f' <{item.url}>' if _plain(item.url) else ''}" for item in advisories(data) if item.id
    ]
    return "\n".join(["**Advisories:**", "", *lines]) if lines else ""


def _plain(url: str) -> bool:
    """Whether an address stays within its brackets."""
    return bool(url) and not re.search(r"[\s<>\\]", url)


def _text(text: str) -> str:
    """A stranger's words on one line, as words."""
    line = " ".join(_seen(text[:MOST_TEXT]).split()) + ("…" if len(text) > MOST_TEXT else "")
    return _LINKS.sub(_APART, _MARKS.sub(r"\\\1", line)).replace("@", f"@{_APART}")


def _code(text: str) -> str:
    """A stranger's words as code: a longer fence than any within."""
    line = " ".join(_seen(text[:MOST_TEXT]).split()) or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    blank = " " if "`" in line else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def _seen(text: str) -> str:
    """Without what cannot be seen: it would be pasted elsewhere."""
    return "".join(f"[{piece}]" if control else piece for piece, control in legible.pieces(text))
