"""Whether a credential still works, by what its issuer answers: what to ask, and what an answer says.

Pure: the caller sends the question, through its own guard and on its own request only. Neither a question nor an answer may
be written down: both may hold the secret.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from vallum_engine.model.verification import Liveness
from vallum_engine.secrets.rule import Check
from vallum_engine.values import immutable, unshown

_DEEPEST = 8


@immutable
class Question:
    """One request, to the host that the rule names and to no other."""

    method: str
    host: str
    url: str = unshown()
    headers: Mapping[str, str] = unshown()
    body: bytes | None = unshown()


@immutable(kw_only=False)
class Answer:
    """What it means, and why, in words that follow the host's name."""

    result: Liveness
    reason: str


def host(check: Check) -> str:
    """The one host that is asked."""
    return urlsplit(check.url).hostname or ""


def ask(check: Check, value: bytes, pair: bytes = b"") -> Question | None:
    """The question about this value; None where the issuer's address is not for such a one, or no header can hold it."""
    try:
        secret, other = value.decode("ascii"), pair.decode("ascii")
    except UnicodeDecodeError:
        return None
    if not (secret + other).isprintable() or (check.only and not re.fullmatch(check.only, secret)):
        return None
    if "{pair}" in _templates(check) and not other:
        return None
    headers = {name: _filled(text, secret, other) for name, text in check.headers}
    if check.basic:
        headers["Authorization"] = f"Basic {b64encode(_filled(check.basic, secret, other).encode()).decode()}"
    body = _filled(check.body, _in_json(secret), _in_json(other)).encode() if check.body else None
    url = _filled(check.url, quote(secret, safe=":"), quote(other, safe=":"))
    return Question(method=check.method, host=host(check), url=url, headers=headers, body=body)


def judge(check: Check, status: int, body: bytes) -> Answer:
    """What an answer says. Where the rule does not know it, nothing is concluded."""
    said = f"answered {status}"
    if status == 429:
        return Answer(Liveness.UNKNOWN, "asked to wait (429)")
    if 300 <= status < 400:
        return Answer(Liveness.UNKNOWN, f"sent us elsewhere ({status}), and nobody follows with a secret")
    fields = _fields(body) if check.live_when or check.revoked_when else None
    if status in check.live and _holds(fields, check.live_when):
        return Answer(Liveness.LIVE, said)
    known = check.revoked or (check.live if check.revoked_when else ())
    if status in known and _holds(fields, check.revoked_when):
        return Answer(Liveness.REVOKED, said)
    return Answer(Liveness.UNKNOWN, f"{said}, which says neither")


def _templates(check: Check) -> str:
    return " ".join((check.url, check.basic, check.body, *(text for _, text in check.headers)))


def _filled(template: str, secret: str, pair: str) -> str:
    """In one pass: a secret may hold the other's mark."""
    return re.sub(r"\{(secret|pair)\}", lambda mark: secret if mark[1] == "secret" else pair, template)


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _fields(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _holds(fields: Any, conditions: Sequence[tuple[str, str]]) -> bool:
    """Whether each named field of the answer is as it should be."""
    return all(re.fullmatch(pattern, _field(fields, path)) for path, pattern in conditions)


def _field(fields: Any, path: str) -> str:
    """A value by its dotted path: texts as they are, `true` and `false` as JSON has them; empty for anything else."""
    for name in path.split(".")[:_DEEPEST]:
        fields = fields.get(name) if isinstance(fields, dict) else None
    if isinstance(fields, bool):
        return str(fields).lower()
    return fields[:200] if isinstance(fields, str) else str(fields) if isinstance(fields, int) else ""
