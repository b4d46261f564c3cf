"""The shapes of webhooks over the API."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

import orjson
from ninja import Schema
from pydantic import ConfigDict, Field

from vallum_engine.model.finding import Kind
from vallum_web.assets.worth import Importance
from vallum_web.findings.models import Finding
from vallum_web.notify.models import Attempt, Delivery, Occasion, Webhook
from vallum_web.notify.services import Wanted
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import OneLine, Storable

SeverityWord = Literal["critical", "high", "medium", "low", "info"]
ImportanceWord = Literal["low", "normal", "high", "critical"]


class WebhookIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: OneLine = Field(min_length=1, max_length=80)
    shape: Webhook.Shape = Webhook.Shape.WEBHOOK
    """`slack` and `teams`: messages for people, unsigned, as their incoming webhooks take them. `siem` and `syslog`: a record for
    each thing; the address of `syslog` is `host:port`."""
    url: Storable | None = Field(default=None, max_length=2048)
    """Left out in a change, it stays as it is. No answer has it."""
    authorization: Storable | None = Field(default=None, max_length=1000, pattern=r"^[!-~]+( [!-~]+)*$")
    """Of `siem`: what the header holds. Left out in a change it stays, unless the address changes. No answer has it."""
    occasions: list[Occasion] = Field(max_length=len(Occasion))
    """None: it is told by notification rules alone."""
    severity: SeverityWord = "info"
    """Of findings: the least that is told of."""
    kinds: list[Kind] = Field(default=[], max_length=len(Kind))
    """Of findings: none is all."""
    team: UUID | None = None
    importance: ImportanceWord | None = None

    def wanted(self) -> Wanted:
        return Wanted(
            name=self.name,
            url=self.url,
            occasions=tuple(dict.fromkeys(each.value for each in self.occasions)),
            severity=Finding.Severity[self.severity.upper()].value,
            kinds=tuple(dict.fromkeys(each.value for each in self.kinds)),
            team=self.team,
            importance=Importance[self.importance.upper()].value if self.importance else None,
            shape=self.shape.value,
            authorization=self.authorization,
        )


class WebhookOut(Schema):
    id: UUID
    name: str
    shape: str
    host: str
    occasions: list[str]
    severity: str
    kinds: list[str]
    team: UUID | None
    importance: str | None
    on: bool
    stopped_why: str
    """Why the platform switched it off; empty where a person did."""
    failing_since: datetime | None
    former_secret_until: datetime | None
    """Until when the secret before this one signs too."""
    made_at: datetime
    changed_at: datetime

    @classmethod
    def values(cls, row: Webhook) -> dict[str, Any]:
        return {
            "id": row.pk,
            "name": row.name,
            "shape": row.shape,
            "host": row.host,
            "occasions": row.occasions,
            "severity": Finding.Severity(row.severity).label,
            "kinds": row.kinds,
            "team": row.team,
            "importance": None if row.importance is None else Importance(row.importance).word,
            "on": row.on,
            "stopped_why": row.stopped_why,
            "failing_since": row.failing_since,
            "former_secret_until": row.former_until,
            "made_at": row.made_at,
            "changed_at": row.changed_at,
        }

    @classmethod
    def of(cls, row: Webhook) -> Self:
        return cls(**cls.values(row))


class WebhookMade(WebhookOut):
    secret: str
    """`whsec_` and its bytes in base64: shown here, and nowhere again."""


class WebhookPage(Schema):
    items: list[WebhookOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


class SecretOut(Schema):
    secret: str
    former_secret_until: datetime
    """Until then each message has a signature by either."""


class SwitchIn(Schema):
    model_config = ConfigDict(extra="forbid")

    on: bool


class DeliveriesWanted(After):
    webhook: UUID | None = Field(
        None, description="Of one webhook alone.", examples=["01a21983-d7fd-7880-864b-581668d4d3e5"]
    )


class AttemptOut(Schema):
    at: datetime
    status: int | None
    """Of the answer; none where there was no answer."""
    milliseconds: int
    answer: str
    """Its beginning, without control characters."""
    problem: str
    """Empty where the message was taken."""

    @classmethod
    def of(cls, row: Attempt) -> Self:
        return cls(at=row.at, status=row.status, milliseconds=row.milliseconds, answer=row.answer, problem=row.problem)


class DeliveryLine(Schema):
    id: UUID
    message: str
    """The header `webhook-id`, the same at each try."""
    webhook: UUID
    occasion: str
    status: Literal["waiting", "delivered", "failed"]
    made_at: datetime
    due_at: datetime | None
    """When it is tried next."""
    ended_at: datetime | None
    last: AttemptOut | None

    @classmethod
    def values(cls, row: Delivery, last: Attempt | None) -> dict[str, Any]:
        return {
            "id": row.pk,
            "message": row.message,
            "webhook": row.webhook_id,
            "occasion": row.occasion,
            "status": row.status,
            "made_at": row.made_at,
            "due_at": row.due_at,
            "ended_at": row.ended_at,
            "last": AttemptOut.of(last) if last else None,
        }


class DeliveryOut(DeliveryLine):
    payload: dict[str, Any] | list[dict[str, Any]]
    """As it is sent; of collectors its records."""
    attempts: list[AttemptOut]
    """The newest first, 50 at most."""

    @classmethod
    def of(cls, row: Delivery, attempts: list[Attempt]) -> Self:
        return cls(
            **cls.values(row, attempts[0] if attempts else None),
            payload=orjson.loads(row.body),
            attempts=[AttemptOut.of(each) for each in attempts],
        )


class DeliveryPage(Schema):
    items: list[DeliveryLine]
    after: str
    """Give it as `after` for the next page; empty on the last."""
