"""What an organization's own people do one after the other: owners are told, nothing is stopped."""

from datetime import datetime
from uuid import UUID

from vallum_web.accounts.abuse import cases, rounds, sequences, told
from vallum_web.accounts.abuse.models import AbuseCase
from vallum_web.accounts.models import User
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def look() -> None:
    """Hold the last day's acts of every organization against the rules. Raises NotLookedAtError."""
    rounds.look(look_at)


def look_at(org: UUID, now: datetime) -> int:
    """Says how many cases were raised."""
    with scope(org):
        acts = told.acts(org, now - sequences.DAY)
        seen = sequences.judge(acts, told.owners(org)) if acts else []
        return sum(_raise(org, each) for each in seen)


def _raise(org: UUID, seen: sequences.Seen) -> bool:
    """What was told once is not told again after somebody said what it was."""
    rule, person = seen.found.rule, seen.person
    if AbuseCase.objects.of(org).filter(rule=rule, about=person, at__gte=seen.at).exists():
        return False
    # No name is kept: the page looks it up while the account exists.
    if cases.opened(org, seen.found, cases.Subject(about=person, called="", who=person)) is None:
        return False
    called = str(User.objects.filter(pk=person).first() or "A former member")
    slug = Org.objects.values_list("slug", flat=True).get(pk=org)
    said = cases.Telling(letter="unusual_act", facts={"slug": slug, "called": called, "words": seen.found.words})
    cases.tell(org, said, besides=(person,), former=seen.done_to)
    return True
