"""Writes: cases, what an organization wants done about them, and what tokens usually do."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from vallum_web.accounts.abuse import cases, rounds, rules
from vallum_web.accounts.abuse.holding import TAKEN_KEPT_FOR
from vallum_web.accounts.abuse.models import AbuseCase, Attack, Taken, TokenHabit, Watching
from vallum_web.accounts.abuse.watch import Alarm
from vallum_web.accounts.models import ApiToken, SignIn, User
from vallum_web.accounts.networks import neighbourhood
from vallum_web.accounts.services import operators
from vallum_web.mail import services as mails
from vallum_web.mail.letters import letter
from vallum_web.mail.recipients import Recipient
from vallum_web.tenancy import clock
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org, RequestLog
from vallum_web.tenancy.scope import scope

HOUR = timedelta(hours=1)
MOST_AN_HOUR = 200
"""Attacks that are written down."""
KEPT_FOR = timedelta(days=365)
"""After a case is closed."""
OPEN_FOR = timedelta(days=90)
"""A case that nobody looked at is closed by itself then."""
HABIT_KEPT_FOR = timedelta(days=90)
OF_TOKENS = frozenset({AbuseCase.Rule.TOKEN_NETWORKS, AbuseCase.Rule.TOKEN_WOKE, AbuseCase.Rule.TOKEN_PATTERN})


class OwnExportError(Exception):
    """Nobody lets go what is held of their own."""


def look() -> None:
    """Hold the last hour of every organization's tokens against the rules. Raises NotLookedAtError."""
    rounds.look(look_at)


def look_at(org: UUID, now: datetime) -> int:
    """Says how many cases were raised."""
    with scope(org):
        hours = _hours(org, now)
        if not hours:
            return 0
        known = {row.token: row for row in TokenHabit.objects.of(org).filter(token__in=hours)}
        tokens = {row.pk: row for row in ApiToken.objects.of(org).filter(pk__in=hours)}
        raised = 0
        for key, hour in sorted(hours.items()):
            if key in tokens:
                habit = known.get(key) or TokenHabit(org_id=org, token=key, since=now)
                found = rules.judge(hour, _before(habit, now))
                raised += sum(raise_case(tokens[key], each) for each in found)
                # What was unusual does not become a habit: it would be usual the next time.
                if not found:
                    _learn(habit, hour, now)
        return raised


def _hours(org: UUID, now: datetime) -> dict[UUID, rules.Hour]:
    lately = RequestLog.objects.filter(org=org, at__gt=now - HOUR, at__lte=now, token__isnull=False)
    requests: dict[UUID, int] = defaultdict(int)
    routes: dict[UUID, set[str]] = defaultdict(set)
    networks: dict[UUID, set[str]] = defaultdict(set)
    for token, route, address in lately.values_list("token", "route", "address").iterator():
        if token is None:
            continue
        requests[token] += 1
        routes[token].add(route)
        networks[token].add(neighbourhood(address))
    return {
        token: rules.Hour(requests=n, routes=frozenset(routes[token]), networks=len(networks[token] - {""}))
        for token, n in requests.items()
    }


def _before(habit: TokenHabit, now: datetime) -> rules.Habit:
    return rules.Habit(
        age=now - habit.since, routes=frozenset(habit.routes), busiest=habit.busiest, networks=habit.networks
    )


def _learn(habit: TokenHabit, hour: rules.Hour, now: datetime) -> None:
    habit.routes = sorted({*habit.routes, *hour.routes})
    habit.busiest, habit.networks = max(habit.busiest, hour.requests), max(habit.networks, hour.networks)
    habit.updated_at = now
    TokenHabit.objects.bulk_create(
        [habit],
        update_conflicts=True,
        unique_fields=["org", "token"],
        update_fields=["routes", "busiest", "networks", "updated_at"],
    )


def raise_case(token: ApiToken, found: rules.Unusual) -> bool:
    """Inside the organization's scope. One open case for each rule and token; owners are told, and the token's maker."""
    org = token.org_id
    suspends = Watching.objects.of(org).filter(suspend_tokens=True).exists()
    called = f"{token.name} ({token.start}…)"
    if cases.opened(org, found, cases.Subject(about=token.pk, called=called, suspended=suspends)) is None:
        return False
    if suspends:
        ApiToken.objects.of(org).filter(pk=token.pk, suspended_at=None).update(suspended_at=clock.now())
    slug = Org.objects.values_list("slug", flat=True).get(pk=org)
    facts = {"start": token.start, "slug": slug, "words": found.words, "suspended": suspends}
    # Whoever made the token may have another role by now, to which the page is closed.
    cases.tell(org, cases.Telling(letter="unusual_token", facts=facts, page_for="tokens.revoke"), besides=(token.by,))
    return True


def close(org: Org, key: UUID, by: User, *, verdict: str, note: str) -> bool:
    """Say what it was, and whether the case was open. Raises OwnExportError.

    "That was us" lets a suspended token work again, unless another case of it is open or was not, and an export begin; "it was
    not" stops an export that is held.
    """
    with scope(org.pk, user=by.pk):
        case = AbuseCase.objects.of(org).select_for_update().filter(pk=key, closed_at=None).first()
        if case is None:
            return False
        if verdict == AbuseCase.Verdict.OURS and _is_own(case, by):
            raise OwnExportError
        AbuseCase.objects.of(org).filter(pk=key).update(
            closed_at=clock.now(), closed_by=by.pk, verdict=verdict, note=note
        )
        emit("abuse.closed", key, verdict=verdict)
        if verdict == AbuseCase.Verdict.OURS and case.rule in OF_TOKENS:
            told_not = Q(closed_at=None) | Q(verdict=AbuseCase.Verdict.ENDED)
            others = AbuseCase.objects.of(org).filter(told_not, about=case.about, suspended=True)
            if not others.exists():
                ApiToken.objects.of(org).filter(pk=case.about).update(suspended_at=None)
            _get_used_to(case)
        return True


def _is_own(case: AbuseCase, by: User) -> bool:
    """Whether it is held for what they asked for themselves, or a token that they made: another lets it go, or the hour ends."""
    return case.until is not None and case.until > clock.now() and case.who == by.pk


def _get_used_to(case: AbuseCase) -> None:
    """What people say is theirs raises nothing a second time."""
    habit, _ = TokenHabit.objects.of(case.org_id).get_or_create(
        token=case.about, defaults={"org_id": case.org_id, "since": clock.now()}
    )
    habit.busiest = max(habit.busiest, case.figures.get("requests", 0))
    habit.networks = max(habit.networks, case.figures.get("networks", 0))
    TokenHabit.objects.of(case.org_id).filter(pk=habit.pk).update(
        busiest=habit.busiest, networks=habit.networks, updated_at=clock.now()
    )


def choose(org: Org, by: User, *, suspend_tokens: bool, hold_exports: bool) -> None:
    wanted = {"suspend_tokens": suspend_tokens, "hold_exports": hold_exports}
    with scope(org.pk, user=by.pk):
        Watching.objects.update_or_create(org=org, defaults={**wanted, "chosen_at": clock.now(), "chosen_by": by.pk})
        emit("abuse.chosen", org.pk, **wanted)


def attacked(alarm: Alarm, words: str, came_in: Sequence[SignIn]) -> None:
    """Write an attack down, and tell operators and those whom somebody came in to meanwhile. No account is written down.

    Whoever comes from thousands of networks fills neither the table nor anybody's mailbox: both are bounded by the hour.
    """
    now = clock.now()
    with transaction.atomic():
        if Attack.objects.filter(at__gt=now - HOUR).count() < MOST_AN_HOUR:
            Attack.objects.create(
                rule=alarm.rule,
                at=now,
                network=neighbourhood(alarm.network),
                words=words,
                figures={"accounts": alarm.accounts, "came_in": alarm.came_in},
            )
        said = letter("attack_seen", words=words, link=settings.PUBLIC_URL + reverse("operator:attacks"))
        operators.tell(said, kind="security", once=f"attack/{now:%Y-%m-%dT%H}")
        for row in came_in:
            to = Recipient(address=row.user.email, person=row.user.pk)
            mails.queue(kind="security", to=to, letter=letter("signed_in_amid_attack", device=row.device))


def close_attack(key: UUID, by: User) -> None:
    Attack.objects.filter(pk=key, closed_at=None).update(closed_at=clock.now(), closed_by=by.pk)


def prune_org(org: UUID) -> int:
    now = clock.now()
    with scope(org):
        AbuseCase.objects.of(org).filter(closed_at=None, at__lt=now - OPEN_FOR).update(closed_at=F("at") + OPEN_FOR)
        gone: int = AbuseCase.objects.of(org).filter(closed_at__lt=now - KEPT_FOR).delete()[0]
        gone += Taken.objects.of(org).filter(at__lt=now - TAKEN_KEPT_FOR).delete()[0]
        return gone + int(TokenHabit.objects.of(org).filter(updated_at__lt=now - HABIT_KEPT_FOR).delete()[0])


def prune_attacks() -> int:
    now = clock.now()
    Attack.objects.filter(closed_at=None, at__lt=now - OPEN_FOR).update(closed_at=F("at") + OPEN_FOR)
    return Attack.objects.filter(closed_at__lt=now - KEPT_FOR).delete()[0]
