"""Standing decisions: what fits a pattern is hidden, what is there and what comes, until the rule ends or is lifted."""

from typing import Unpack
from uuid import UUID

from django.db import connection

from vallum_web.assets.models import Asset
from vallum_web.findings import hiding
from vallum_web.findings.models import Bulk, SuppressionRule
from vallum_web.findings.pattern import Pattern
from vallum_web.findings.services.bulk import begin_of_rule
from vallum_web.findings.services.decide import Why
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST_RULES = 100


class RuleRefusedError(ValueError):
    """A suppression rule that cannot be made; the message says why, for whoever wanted it."""


def make_rule(org: Org, by: UUID, wanted: Pattern, **why: Unpack[Why]) -> tuple[SuppressionRule, Bulk]:
    """Hide what fits from now on, and what is there already as an action that can be watched. Raises RuleRefusedError."""
    with scope(org.pk, user=by):
        # Counted and made by one at a time: two at once would both be the last that fits.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"suppression rules {org.pk}"])
        if hiding.in_force(org).count() >= MOST_RULES:
            raise RuleRefusedError(f"{MOST_RULES} suppression rules are in force already: lift one first.")
        if wanted.asset and not Asset.objects.of(org).filter(pk=wanted.asset).exists():
            raise RuleRefusedError("There is no such asset.")
        names = ("kind", "rule", "path", "package", "cve", "severity", "exploited")
        facts = {name: getattr(wanted, name) for name in names}
        rule: SuppressionRule = SuppressionRule.objects.create(
            org=org, by=by, asset_id=wanted.asset, made_at=clock.now(), **facts, **why
        )
        until = why.get("until")
        # Not the note, which a person wrote: the log cannot forget it, and the rule has it.
        said = {"reason": why["reason"], "until": until.isoformat() if until else None}
        emit("suppression.made", rule.pk, hides=wanted.words(), asset=str(wanted.asset or ""), **said)
        return rule, begin_of_rule(org, by, Bulk.Verb.RULE, rule.pk)


def lift_rule(org: Org, rule: UUID, by: UUID) -> Bulk:
    """Let what the rule alone hid count again. Raises SuppressionRule.DoesNotExist, also for one that is lifted."""
    with scope(org.pk, user=by):
        row = SuppressionRule.objects.of(org).select_for_update().get(pk=rule, lifted_at=None)
        row.lifted_at, row.lifted_by = clock.now(), by
        row.save(update_fields=["lifted_at", "lifted_by"])
        emit("suppression.lifted", row.pk)
        return begin_of_rule(org, by, Bulk.Verb.UNRULE, row.pk)
