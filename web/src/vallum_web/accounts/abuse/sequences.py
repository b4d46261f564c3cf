"""What follows on what among the acts of an organization's people: one after the other is unusual, each alone is not. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vallum_web.accounts.abuse.rules import Unusual

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
OWNER = "owner"
RANKS = {"owner": 4, "admin": 3, "security": 2, "developer": 1, "auditor": 0, "billing": 0}
WAYS_IN = {
    "token.made": "a token",
    "webhook.made": "a webhook",
    "sso.provider_added": "an identity provider",
    "sso.provider_changed": "a change of the identity provider",
    "sso.switched_on": "single sign-on",
}
EXPORTS = frozenset({"export.made", "export.downloaded", "export.everything_asked", "export.everything_downloaded"})
OWNERS = frozenset({"member.role", "member.removed", "member.joined", "org.transferred"})
KEEPING = "org.keeping"
KINDS = OWNERS | WAYS_IN.keys() | EXPORTS | {KEEPING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An entry of the audit log. `actor` is None for what nobody of the organization did."""

    kind: str
    at: datetime
    subject: UUID
    actor: UUID | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A rule that speaks of somebody; of nothing later than `at`. `done_to`: those who lost something by it."""

    person: UUID
    done_to: tuple[UUID, ...] = ()
    at: datetime
    found: Unusual


def judge(acts: Sequence[Act], owners: Collection[UUID]) -> list[Seen]:
    """Of a day's acts, the oldest first, and of those who own the organization now."""
    return [*_replaced(acts, owners), *_escalated(acts), *_deleted(acts)]


def made_owner(act: Act) -> bool:
    """Whether somebody became an owner by it. Whoever founded the organization was never made one."""
    if act.kind == "org.transferred":
        return True
    return act.kind in {"member.role", "member.joined"} and act.facts.get("role") == OWNER


def shortened(act: Act) -> bool:
    days, before = act.facts.get("days"), act.facts.get("before")
    return act.kind == KEEPING and isinstance(days, int) and isinstance(before, int) and days < before


def _lost(act: Act) -> bool:
    """Whether an owner ceased to be one by somebody else's hand."""
    if act.actor == act.subject:
        return False
    if act.kind == "member.role":
        return act.facts.get("before") == OWNER and act.facts.get("role") != OWNER
    return act.kind == "member.removed" and act.facts.get("role") == OWNER


def _replaced(acts: Sequence[Act], owners: Collection[UUID]) -> Iterator[Seen]:
    lost = {act.subject: act.at for act in acts if _lost(act)}
    new = {act.subject for act in acts if made_owner(act)}
    if not lost or not set(owners) <= new:
        return
    person = max(lost, key=lambda key: (lost[key], key))
    yield Seen(
        person=person,
        done_to=tuple(sorted(lost)),
        at=lost[person],
        found=Unusual(
            rule="owners_replaced",
            words=f"Of those who owned the organization a day ago nobody does any more. Others took the role from {len(lost)} of them, "
            f"and all who own it now ({len(owners)}) were made owners within 24 hours. That raises this.",
            figures={"lost": len(lost), "new": len(owners), "hours": 24},
        ),
    )


def _risen(act: Act) -> bool:
    if act.kind == "org.transferred":
        return True
    before, role = act.facts.get("before"), act.facts.get("role")
    return act.kind == "member.role" and RANKS.get(str(role), 0) > RANKS.get(str(before), 0)


def _escalated(acts: Sequence[Act]) -> Iterator[Seen]:
    for rise in (act for act in acts if _risen(act)):
        after = [
            act
            for act in acts
            if act.kind in WAYS_IN and act.actor == rise.subject and timedelta() <= act.at - rise.at <= HOUR
        ]
        if after:
            minutes = int((after[0].at - rise.at) / timedelta(minutes=1))
            what = ", ".join(sorted({WAYS_IN[act.kind] for act in after}))
            yield Seen(
                person=rise.subject,
                at=after[-1].at,
                found=Unusual(
                    rule="escalated",
                    words=f"Somebody was given a higher role ({rise.facts.get('role', OWNER)}), and {minutes} minutes later "
                    f"made or changed: {what}. A token, a webhook or single sign-on within 60 minutes raises this.",
                    figures={"minutes": minutes, "bound": 60, "made": len(after)},
                ),
            )


def _deleted(acts: Sequence[Act]) -> Iterator[Seen]:
    for cut in (act for act in acts if shortened(act)):
        before = [act for act in acts if act.kind in EXPORTS and act.actor == cut.actor and act.at <= cut.at]
        if cut.actor and before and cut.at - before[-1].at <= DAY:
            yield Seen(
                person=cut.actor,
                at=cut.at,
                found=Unusual(
                    rule="export_delete",
                    words=f"Somebody exported, and then had findings kept for {cut.facts['days']} days instead of {cut.facts['before']}. "
                    "Both by one person within 24 hours raise this.",
                    figures={"days": cut.facts["days"], "before": cut.facts["before"], "hours": 24},
                ),
            )
