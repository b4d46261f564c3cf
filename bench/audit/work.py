"""What is measured: acts with an entry and without, many at once, and the chain read with hashing and without."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import User
from vallum_web.tenancy.audit import queries
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.events import Happened, emit, emit_many
from vallum_web.tenancy.scope import scope

Step = tuple[str, int, Callable[[], object]]
AT_ONCE = 10_000


def actions(entries: int, acts: int, runs: int) -> Iterator[Step]:
    """Each measured step with its name and how many things it does."""
    owner = User.objects.create(email="bench@example.test", name="Bench")
    org = accounts.found("Bench", "bench", owner).pk
    for _ in range(runs):
        yield "an act without an entry", acts, lambda: act(org, None, acts)
        yield "an act with an entry", acts, lambda: act(org, owner.pk, acts)
    for _ in range(entries // AT_ONCE):
        yield "one of 10,000 acts in one transaction", AT_ONCE, lambda: many(org, owner.pk)
    total = entries // AT_ONCE * AT_ONCE + acts * runs + 1
    for _ in range(runs):
        yield "an entry read and not hashed", total, lambda: read(org)
        yield "an entry verified", total, lambda: verify(org)


def act(org: UUID, person: UUID | None, acts: int) -> None:
    for number in range(acts):
        with scope(org, user=person):
            emit("finding.suppressed", uuid4(), reason="false_positive", decision=str(uuid4()), number=number)


def many(org: UUID, person: UUID) -> None:
    with scope(org, user=person):
        emit_many(
            Happened(kind="finding.suppressed", subject=uuid4(), data={"reason": "false_positive"})
            for _ in range(AT_ONCE)
        )


def read(org: UUID) -> None:
    with scope(org):
        for _ in queries.rows(Entry.objects.of(org)):
            pass


def verify(org: UUID) -> None:
    assert queries.verdict(org, ()).problem == ""
