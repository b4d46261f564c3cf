"""The version to move to: the lowest that ends all of a package's advisories, else the lowest that ends the most."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vallum_engine.sca.spans import Span
from vallum_engine.sca.versions import Early, Key, preferred
from vallum_engine.values import immutable

MOST_CANDIDATES = 500
"""Fixed versions of one package that are tried one by one; the Linux kernel's bulletins have more, and name each other."""


@immutable
class Target:
    """A version, and the numbers of the advisories that hold it."""

    version: str
    held: frozenset[int]


def target(
    spans: Mapping[int, Sequence[Span]],
    ours: bytes,
    key: Key,
    *,
    admitted: Callable[[str], bool | None] = lambda _: None,
    is_early: Early | None = None,
) -> Target | None:
    """Of the fixed versions after `ours`: one that no advisory holds, first one that is `admitted`, then the lowest.

    Before the lowest that `is_early`, a release that begins with the same number.
    Where every one is held by something, the lowest of those that the fewest hold; None where that ends nothing.
    """
    now = holding(spans, ours)
    candidates = _candidates(spans, ours, key)
    free = [version for at, version in candidates if not holding(spans, at)]
    if free:
        chosen = next(filter(admitted, free), "") if len(free) > 1 else ""
        chosen = chosen or preferred(free, is_early)
        return Target(version=chosen, held=frozenset())
    told = [(holding(spans, at), version) for at, version in candidates]
    best = min(told, key=lambda each: len(each[0]), default=None)
    if best is None or len(best[0]) >= len(now) or not now - best[0]:
        return None
    return Target(version=best[1], held=best[0])


def holding(spans: Mapping[int, Sequence[Span]], at: bytes) -> frozenset[int]:
    return frozenset(number for number, own in spans.items() if any(span.holds(at) for span in own))


def _candidates(spans: Mapping[int, Sequence[Span]], ours: bytes, key: Key) -> list[tuple[bytes, str]]:
    found: dict[bytes, str] = {}
    for fixed in _fixed(spans.values()):
        at = key(fixed)
        if at is not None and at > ours and fixed < found.get(at, fixed + " "):
            found[at] = fixed
    return sorted(found.items())[:MOST_CANDIDATES]


def _fixed(spans: Iterable[Sequence[Span]]) -> set[str]:
    return {span.fixed for own in spans for span in own if span.fixed}
