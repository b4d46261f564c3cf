"""Resend on loopback: https://resend.com/docs/api-reference. Mails are taken and kept, and never leave."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from dev.fakes.clock import Clock, iso
from dev.fakes.doors import Call, Doors, Fake, as_json, find, route
from dev.fakes.keep import Keep
from dev.fakes.loopback import Answer, Asked
from dev.fakes.post import Post, Send, over_http
from dev.fakes.rate import Rate, Room
from dev.fakes.repeats import OtherRequest, Repeats, StillAtWork
from dev.fakes.resend import checks, inbox
from dev.fakes.resend.checks import Refused
from dev.fakes.resend.fates import Fate
from dev.fakes.resend.mails import WAITS, Hook, Mails
from dev.fakes.toxics import Toxics

KEY: Final = "re_fake_full_access"
SENDING_KEY: Final = "re_fake_sending_access"
LONGEST_KEY: Final = 256
"""Characters of an idempotency key."""


@dataclass(kw_only=True)
class Resend(Fake):
    """`domains` are those that may send; None lets any. `rate` is requests a second."""

    clock: Clock = field(default_factory=Clock)
    toxics: Toxics = field(default_factory=Toxics)
    rate: Rate = field(default_factory=lambda: Rate(limit=2))
    domains: set[str] | None = None
    send: Send = over_http
    keys: set[str] = field(default_factory=lambda: {KEY})
    sending_keys: set[str] = field(default_factory=lambda: {SENDING_KEY})
    keep: Keep | None = None

    def __post_init__(self) -> None:
        self.post = Post(now=self.clock, toxics=self.toxics, waits=WAITS, send=self.send)
        self.mails = Mails(clock=self.clock, post=self.post)
        self.repeats = Repeats(now=self.clock)
        self.doors = Doors(
            clock=self.clock,
            toxics=self.toxics,
            protocol=self._protocol,
            failed=_failed,
            post=self.post,
            tick=self.mails.tick,
            changed=self._save,
            controls=inbox.controls(self.mails),
        )
        if self.keep and (known := self.keep.load()):
            self.mails.restore(known)
        self.routes = [
            route("POST", "/emails", self._send),
            route("GET", "/emails", self._list),
            route("POST", "/emails/batch", self._batch),
            route("GET", "/emails/:id", self._read),
            route("PATCH", "/emails/:id", self._move),
            route("POST", "/emails/:id/cancel", self._cancel),
        ]

    def hook(self, url: str, secret: str) -> Hook:
        """Tell this address of every event."""
        made = Hook(url=url, secret=secret)
        self.mails.hooks.append(made)
        return made

    def fate(self, address: str, fate: Fate) -> None:
        """What becomes of mails to an address from now on."""
        self.mails.fates[address.lower()] = fate

    @property
    def accepted(self) -> list[dict[str, Any]]:
        return list(self.mails.kept.values())

    def accepted_under(self) -> dict[str, int]:
        return self.mails.accepted_under()

    def _save(self) -> None:
        if self.keep:
            self.keep.save(self.mails.state)

    def _protocol(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if path in {"/", "/inbox"} or path.startswith("/inbox/"):
            return inbox.page(self.mails, path)
        room = self.rate.take()
        limits = _limits(room)
        try:
            self._admit(asked, path, room)
            answer = self._handle(asked, path, query)
        except Refused as refused:
            return refused.answer(limits)
        return Answer(status=answer.status, body=answer.body, headers={**answer.headers, **limits})

    def _handle(self, asked: Asked, path: str, query: str) -> Answer:
        found, names, elsewhere = find(self.routes, asked.method, path)
        if not found:
            refusal = (405, "method_not_allowed") if elsewhere else (404, "not_found")
            raise Refused(*refusal, f"There is no {asked.method} {path}.")
        return found.handler(Call(asked=asked, path=path, query=query, names=names))

    def _admit(self, asked: Asked, path: str, room: Room) -> None:
        if not room.fits:
            raise Refused(429, "rate_limit_exceeded", f"More than {room.limit} requests a second.")
        if not asked.headers.get("user-agent"):
            raise Refused(403, "validation_error", "A request names its User-Agent.")
        scheme, _, key = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, "missing_api_key", "Authorization: Bearer re_… is missing.")
        if key in self.keys:
            return
        if key not in self.sending_keys:
            raise Refused(403, "invalid_api_key", "There is no such key.")
        if asked.method != "POST" or path not in {"/emails", "/emails/batch"}:
            raise Refused(401, "restricted_api_key", "This key may send, and nothing else.")

    def _once(self, call: Call, act: Callable[[str | None], Answer]) -> Answer:
        key = call.asked.headers.get("idempotency-key")
        if key is None:
            return act(None)
        if not 1 <= len(key) <= LONGEST_KEY:
            raise Refused(400, "invalid_idempotency_key", "An idempotency key has 1 to 256 characters.")
        request = hashlib.sha256(call.path.encode() + b"\n" + call.asked.body).hexdigest()
        try:
            answer, _ = self.repeats.once(key, request, lambda: act(key), keeps=lambda answer: answer.status < 300)
        except OtherRequest as error:
            raise Refused(409, "invalid_idempotent_request", "The key was used with another body.") from error
        except StillAtWork as error:
            raise Refused(409, "concurrent_idempotent_requests", "The first request is still at work.") from error
        return answer

    def _send(self, call: Call) -> Answer:
        def act(key: str | None) -> Answer:
            mail = checks.mail(_body(call), domains=self.domains, now=self.clock())
            return as_json({"id": self.mails.take(mail, key)})

        return self._once(call, act)

    def _batch(self, call: Call) -> Answer:
        """All or nothing, unless `x-batch-validation: permissive`."""
        permissive = call.asked.headers.get("x-batch-validation") == "permissive"

        def act(key: str | None) -> Answer:
            given = _body(call)
            if not isinstance(given, list) or not 1 <= len(given) <= checks.MOST_IN_BATCH:
                raise checks.invalid(f"A batch is a list of 1 to {checks.MOST_IN_BATCH} mails.")
            good, bad = self._sorted(given, permissive=permissive)
            taken = [{"id": self.mails.take(each, key)} for each in good]
            return as_json({"data": taken, **({"errors": bad} if permissive else {})})

        return self._once(call, act)

    def _sorted(self, given: list[Any], *, permissive: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        good, bad = [], []
        for index, each in enumerate(given):
            try:
                good.append(checks.mail(each, domains=self.domains, now=self.clock(), batch=True))
            except Refused as refused:
                if not permissive:
                    raise
                bad.append({"index": index, "message": refused.message})
        return good, bad

    def _read(self, call: Call) -> Answer:
        return as_json(_shown(self.mails.find(call.names["id"])))

    def _list(self, call: Call) -> Answer:
        """Newest first; `after` and `before` name a mail and exclude each other."""
        asked = dict(parse_qsl(call.query))
        limit = asked.get("limit", "20")
        if not limit.isdigit() or not 1 <= int(limit) <= 100 or {"after", "before"} <= asked.keys():
            raise checks.invalid("limit is from 1 to 100, and one of after and before is given.")
        mails = self.accepted[::-1]
        if "after" in asked:
            mails = mails[mails.index(self.mails.find(asked["after"])) + 1 :]
        if "before" in asked:
            mails = mails[: mails.index(self.mails.find(asked["before"]))][-int(limit) :]
        data = [_listed(each) for each in mails[: int(limit)]]
        return as_json({"object": "list", "has_more": len(mails) > int(limit), "data": data})

    def _move(self, call: Call) -> Answer:
        body = _body(call)
        due = checks.scheduled(body.get("scheduled_at") if isinstance(body, Mapping) else None, self.clock())
        if due is None:
            raise Refused(422, "missing_required_field", "The field scheduled_at is missing.")
        self.mails.change(call.names["id"], due)
        return as_json({"object": "email", "id": call.names["id"]})

    def _cancel(self, call: Call) -> Answer:
        self.mails.change(call.names["id"], None)
        return as_json({"object": "email", "id": call.names["id"]})


def _body(call: Call) -> Any:
    try:
        return json.loads(call.asked.body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "validation_error", "The body is no JSON.") from error


def _failed(status: int) -> Answer:
    name = "internal_server_error" if status == 500 else "service_unavailable"
    return Refused(status, name, "Something broke on this side.").answer()


def _limits(room: Room) -> dict[str, str]:
    told = {
        "ratelimit-limit": str(room.limit),
        "ratelimit-remaining": str(room.left),
        "ratelimit-reset": str(room.reset),
    }
    return told if room.fits else {**told, "retry-after": str(room.reset)}


def _listed(mail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": mail["id"],
        "to": mail["to"],
        "from": mail["from"],
        "created_at": iso(mail["created"]),
        "subject": mail["subject"],
        "bcc": mail["bcc"] or None,
        "cc": mail["cc"] or None,
        "reply_to": mail["reply_to"] or None,
        "last_event": mail["last_event"],
        "scheduled_at": iso(mail["scheduled_at"]) if mail["scheduled_at"] else None,
    }


def _shown(mail: Mapping[str, Any]) -> dict[str, Any]:
    return {"object": "email", **_listed(mail), "html": mail["html"], "text": mail["text"], "tags": mail["tags"]}
