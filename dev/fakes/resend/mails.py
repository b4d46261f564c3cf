"""The mails Resend took, what happens to them with time, and the webhooks that tell of it, signed as Svix does."""

import base64
import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import uuid4

from dev.fakes.clock import Clock, iso
from dev.fakes.post import Letter, Post
from dev.fakes.resend.checks import Refused, address
from dev.fakes.resend.fates import Fate, ends_sending, more, of_address, steps

WAITS: Final = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
"""Seconds between attempts of a webhook (https://resend.com/docs/dashboard/webhooks/introduction)."""


@dataclass(kw_only=True)
class Hook:
    """`secret` is `whsec_…` with Base64 behind it."""

    url: str
    secret: str
    id: str = field(default_factory=lambda: f"ep_{uuid4().hex[:24]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    at: float
    mail: str
    recipient: str
    fate: Fate
    event: str


@dataclass(kw_only=True)
class Mails:
    clock: Clock
    post: Post
    hooks: list[Hook] = field(default_factory=list)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    _steps: list[_Step] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.RLock)

    def take(self, mail: dict[str, Any], key: str | None) -> str:
        """Accept a mail. `key` is the idempotency key it came under."""
        with self._lock:
            name = str(uuid4())
            now = self.clock()
            due = max(now, mail["scheduled_at"] or 0)
            kept = {**mail, "id": name, "created": now, "key": key, "last_event": "queued", "due": due}
            self.kept[name] = kept
            if due > now:
                self._tell(kept, "scheduled", {})
            return name

    def tick(self) -> int:
        """What has happened to mails by now; how much it was."""
        with self._lock:
            now = self.clock()
            for mail in self.kept.values():
                if mail["last_event"] in {"queued", "scheduled"} and mail["due"] <= now:
                    self._start(mail)
            due = sorted((each for each in self._steps if each.at <= now), key=lambda step: step.at)
            self._steps = [each for each in self._steps if each.at > now]
            for step in due:
                self._tell(self.kept[step.mail], step.event, more(step.fate, step.event))
                if ends_sending(step.fate) and step.event in {"bounced", "complained"}:
                    self.suppressed.add(step.recipient)
            return len(due)

    def _start(self, mail: dict[str, Any]) -> None:
        """Each recipient's events come on their own, and do not say whose they are."""
        mail["last_event"] = "sent"
        for each in dict.fromkeys(address(one).lower() for one in [*mail["to"], *mail["cc"], *mail["bcc"]]):
            fate = of_address(each, self.fates, self.suppressed)
            self._steps += [
                _Step(at=mail["due"] + wait, mail=mail["id"], recipient=each, fate=fate, event=event)
                for event, wait in steps(fate)
            ]

    def change(self, name: str, due: float | None) -> None:
        """Move a mail that waits for its time, or call it off."""
        with self._lock:
            mail = self.find(name)
            if mail["last_event"] != "scheduled":
                raise Refused(422, "validation_error", "Only a mail that waits for its time can be changed.")
            if due is None:
                mail["last_event"] = "canceled"
            else:
                mail["due"] = mail["scheduled_at"] = due

    def find(self, name: str) -> dict[str, Any]:
        if name not in self.kept:
            raise Refused(404, "not_found", "There is no such mail.")
        return self.kept[name]

    def accepted_under(self) -> dict[str, int]:
        """How often mails were accepted, per idempotency key; mails without one under the empty name."""
        return dict(Counter(mail["key"] or "" for mail in self.kept.values()))

    def state(self) -> dict[str, Any]:
        """What outlives the process; a delayed delivery of the last minutes does not."""
        with self._lock:
            return {"mails": list(self.kept.values()), "suppressed": sorted(self.suppressed)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.kept = {mail["id"]: mail for mail in state["mails"]}
        self.suppressed = set(state["suppressed"])

    def _tell(self, mail: dict[str, Any], event: str, extra: Mapping[str, Any]) -> None:
        mail["last_event"] = event
        now = self.clock()
        data: dict[str, Any] = {
            "created_at": iso(mail["created"]),
            "email_id": mail["id"],
            "from": mail["from"],
            "to": mail["to"],
            "subject": mail["subject"],
            **extra,
        }
        if mail["headers"]:
            data["headers"] = [{"name": name, "value": value} for name, value in mail["headers"].items()]
        if mail["tags"]:
            data["tags"] = {tag["name"]: tag["value"] for tag in mail["tags"]}
        told = {"type": f"email.{event}", "created_at": iso(now), "data": data}
        self.events.append(told)
        body = json.dumps(told).encode()
        for hook in self.hooks:
            name = f"msg_{uuid4().hex[:27]}"
            self.post.put(
                Letter(
                    event=name,
                    endpoint=hook.id,
                    url=hook.url,
                    body=body,
                    due=now,
                    headers=partial(signed, hook.secret, name, body),
                )
            )


def signed(secret: str, name: str, body: bytes, at: float) -> dict[str, str]:
    """The three headers of Svix (https://docs.svix.com/receiving/verifying-payloads/how-manual)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    moment = str(int(at))
    digest = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "svix-id": name,
        "svix-timestamp": moment,
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
