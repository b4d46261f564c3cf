"""Writes: make, change and delete a gate; ask one, and keep the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from vallum_engine.gate import policy as policies
from vallum_engine.gate.decide import Reason
from vallum_engine.gate.policy import BadPolicy, Policy
from vallum_web.accounts.models import Team
from vallum_web.assets.models import Asset
from vallum_web.gates import queries, reach
from vallum_web.gates.judge import Judged, judge
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.gates.reach import Reach
from vallum_web.gates.subject import Subject
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

KEPT_FOR = timedelta(days=90)
MOST_GATES = 100


class NameTakenError(ValueError):
    """The organization has a gate of this name."""


class TooManyGatesError(ValueError):
    """The organization has as many gates as there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a gate is to be."""

    name: str
    policy: Policy
    scope: Reach


def make(org: Org, by: UUID | None, wanted: Wanted) -> Gate:
    """Raises NameTakenError, TooManyGatesError, and BadPolicy for a reach over what is not the organization's."""
    try:
        with scope(org.pk, user=by):
            if Gate.objects.of(org).count() >= MOST_GATES:
                raise TooManyGatesError(f"There are {MOST_GATES} gates already: change or delete one.")
            _check(org, wanted.scope)
            now = clock.now()
            gate = Gate.objects.create(
                org=org, made_at=now, made_by=by, changed_at=now, changed_by=by, **_written(wanted)
            )
            emit("gate.made", gate.pk, **_written(wanted))
            return gate
    except IntegrityError as error:
        raise NameTakenError(f"There is a gate called {wanted.name}: choose another name.") from error


def change(org: Org, key: UUID, by: UUID | None, wanted: Wanted) -> Gate:
    """Raises Gate.DoesNotExist, NameTakenError, and BadPolicy as above. What is as it was is no change."""
    try:
        with scope(org.pk, user=by):
            gate: Gate = Gate.objects.of(org).select_for_update().get(pk=key)
            _check(org, wanted.scope)
            written = _written(wanted)
            was = {name: getattr(gate, name) for name in written}
            if was == written:
                return gate
            for name, value in written.items():
                setattr(gate, name, value)
            gate.revision, gate.changed_at, gate.changed_by = gate.revision + 1, clock.now(), by
            gate.save(update_fields=[*written, "revision", "changed_at", "changed_by"])
            emit("gate.changed", gate.pk, revision=gate.revision, was=was, **written)
            return gate
    except IntegrityError as error:
        raise NameTakenError(f"There is a gate called {wanted.name}: choose another name.") from error


def delete(org: Org, key: UUID, by: UUID | None) -> None:
    """With what it answered. Raises Gate.DoesNotExist."""
    with scope(org.pk, user=by):
        gate: Gate = Gate.objects.of(org).select_for_update().get(pk=key)
        emit("gate.deleted", gate.pk, name=gate.name)
        gate.delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks a gate: a person, by a token."""

    by: UUID | None
    token: UUID | None = None


def evaluate(gate: Gate, asset: Asset, about: Subject, asker: Asker) -> tuple[Evaluation, Judged]:
    """Ask a gate about an asset, and keep what it answers."""
    with scope(gate.org_id, user=asker.by):
        org = Org.objects.get(pk=gate.org_id)
        said = judge(org, asset.pk, queries.policy(gate), about)
        kept = Evaluation.objects.create(
            org=org,
            gate=gate,
            revision=gate.revision,
            asset=asset,
            scan=said.scan,
            baseline=said.baseline,
            verdict=said.answer.verdict.value,
            reasons=[_reason(reason) for reason in said.answer.reasons],
            counts=dict(said.answer.counts),
            at=clock.now(),
            by=asker.by,
            token=asker.token,
        )
        emit(
            "gate.evaluated",
            gate.pk,
            evaluation=str(kept.pk),
            asset=str(asset.pk),
            verdict=kept.verdict,
            name=gate.name,
            reasons=[reason["text"] for reason in kept.reasons],
        )
        return kept, said


def prune(org: UUID) -> int:
    """Delete what was answered more than 90 days ago."""
    with scope(org):
        gone, _ = Evaluation.objects.of(org).filter(at__lt=clock.now() - KEPT_FOR).delete()
        return gone


def _check(org: Org, wanted: Reach) -> None:
    known = Asset.objects.of(org).filter(pk__in=wanted.assets).count() if wanted.assets else 0
    if known < len(wanted.assets):
        raise BadPolicy("scope.assets: one of these ids is no asset of the organization.")
    if wanted.team and not Team.objects.of(org).filter(pk=wanted.team).exists():
        raise BadPolicy("scope.team: the id is no team of the organization.")


def _written(wanted: Wanted) -> dict[str, Any]:
    return {"name": wanted.name, "policy": policies.plain(wanted.policy), "scope": reach.plain(wanted.scope)}


def _reason(reason: Reason) -> Mapping[str, Any]:
    return {"code": str(reason.code), "text": reason.text, "count": reason.count}
