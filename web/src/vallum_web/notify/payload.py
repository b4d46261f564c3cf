"""What a webhook is sent: JSON of version 1, as docs/webhooks.md has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.urls import reverse

from vallum_web.assets.models import Asset
from vallum_web.findings.models import Finding
from vallum_web.notify.happened import Step
from vallum_web.notify.models import Rule
from vallum_web.tenancy.models import Event, Org

VERSION = 1
DIGEST = "digest"
LISTED = 100
"""Findings in one message. How many more there are is said, with a link to them."""


def message(org: Org, occasion: str, at: datetime, data: Mapping[str, Any]) -> str:
    told = {
        "version": VERSION,
        "type": occasion,
        "timestamp": at.isoformat(),
        "data": {"organization": {"slug": org.slug, "name": org.name}, **data},
    }
    return orjson.dumps(told).decode()


def findings(org: Org, rows: Sequence[Finding], count: int) -> dict[str, Any]:
    """`rows` are the riskiest, at most LISTED of `count`."""
    return {
        "count": count,
        "listed": len(rows),
        "findings": [_finding(org, row) for row in rows],
        "url": site(reverse("findings:worklist", args=[org.slug])),
    }


def _finding(org: Org, row: Finding) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "title": row.title,
        "kind": row.kind,
        "severity": Finding.Severity(row.severity).label,
        "risk": row.risk,
        "status": row.status,
        "ending": row.ending,
        "rule": row.rule,
        "path": row.path,
        "line": row.line,
        "package": row.package,
        "cve": row.cve,
        "exploited": row.exploited,
        "opened_at": row.opened_at.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "asset": asset(row.asset),
        "url": site(reverse("findings:finding", args=[org.slug, row.pk])),
    }


def gate(org: Org, event: Event, about: Asset) -> dict[str, Any]:
    return {
        "gate": {"id": str(event.subject), "name": event.data.get("name", "")},
        "evaluation": event.data.get("evaluation"),
        "reasons": event.data.get("reasons", []),
        "asset": asset(about),
        "url": site(reverse("gates:gate", args=[org.slug, event.subject])),
    }


def scan(org: Org, event: Event, about: Asset) -> dict[str, Any]:
    return {
        "scan": {"id": str(event.subject)},
        "reason": event.data.get("reason", ""),
        "asset": asset(about),
        "url": site(reverse("scans:scan", args=[org.slug, event.subject])),
    }


def digest(org: Org, rule: Rule, title: str, lines: Sequence[str], steps: Sequence[Step]) -> dict[str, Any]:
    """What a rule tells together: `title` counts it all, `lines` name the riskiest."""
    told = [{"type": step.occasion, "at": step.at.isoformat(), "count": step.count} for step in steps[:LISTED]]
    return {
        "rule": {"id": str(rule.pk), "name": rule.name},
        "text": title,
        "lines": list(lines),
        "count": sum(step.count for step in steps),
        "happened": told,
        "url": site(reverse("findings:worklist", args=[org.slug])),
    }


def trial() -> dict[str, Any]:
    return {"text": "A test: whoever reads this is told of what happens."}


def asset(row: Asset) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name}


def site(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path
