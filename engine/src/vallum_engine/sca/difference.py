"""What became of a bill of materials: packages that came, went, rose, fell, or changed their licence.

A package is the same by its ecosystem and name: by its package URL without version and qualifiers. The release of a distribution
is not of its name, so that a newer base image shows what rose with it.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from vallum_engine.model.distributions import family
from vallum_engine.model.naming import normalised
from vallum_engine.sbom.bill import Bill, Component
from vallum_engine.sbom.difference import Change, Difference, Row
from vallum_engine.sbom.licences import is_expression
from vallum_engine.sca.spans import raw_key
from vallum_engine.sca.versions import ORDERS, Key, order

_Named = tuple[str, str]


def between(before: Bill, after: Bill) -> Difference:
    """Sorted by what happened, then by ecosystem and name."""
    old, new = _by_name(before), _by_name(after)
    rows: list[Row] = []
    same = 0
    for named in sorted(old.keys() | new.keys()):
        one, other = old.get(named, {}), new.get(named, {})
        kept = one.keys() & other.keys()
        for version in sorted(kept):
            found = list(_relicensed(one[version], other[version]))
            rows += found
            same += not found
        rows += _moved([one[v] for v in one.keys() - kept], [other[v] for v in other.keys() - kept], named[0])
    places = list(Change)
    return Difference(rows=tuple(sorted(rows, key=lambda row: places.index(row.change))), same=same)


def _by_name(bill: Bill) -> dict[_Named, dict[str, Component]]:
    """Versions of each package; of one in several builds (architectures) the first."""
    found: dict[_Named, dict[str, Component]] = {}
    for each in bill.components:
        if each.is_package:
            named = family(each.ecosystem), normalised(each.ecosystem, each.name)
            found.setdefault(named, {}).setdefault(each.version or each.fact("requested"), each)
    return found


def _moved(gone: Sequence[Component], come: Sequence[Component], ecosystem: str) -> Iterator[Row]:
    key = order(ecosystem) if ecosystem in ORDERS else None
    pairs = zip_longest(
        sorted(gone, key=lambda each: _placed(each, key)), sorted(come, key=lambda each: _placed(each, key))
    )
    for one, other in pairs:
        if one and other:
            yield _row(_direction(one, other, key), one, other)
            yield from _relicensed(one, other)
        elif found := one or other:
            yield _row(Change.REMOVED if one else Change.ADDED, one, other) if found else _row(Change.ADDED, one, other)


def _placed(of: Component, key: Key | None) -> tuple[bytes, str]:
    return (key(of.version) if key else None) or raw_key(of.version), of.version


def _direction(one: Component, other: Component, key: Key | None) -> Change:
    before, after = (key(one.version), key(other.version)) if key else (None, None)
    if before is None or after is None or before == after or not (one.version and other.version):
        return Change.CHANGED
    return Change.UPGRADED if before < after else Change.DOWNGRADED


def _row(change: Change, one: Component | None, other: Component | None) -> Row:
    said: Component = other or one  # type: ignore[assignment]  # one of them is there
    return Row(
        change=change,
        ecosystem=said.ecosystem,
        name=said.name,
        before=one.version or one.fact("requested") if one else "",
        after=other.version or other.fact("requested") if other else "",
        purl=said.purl,
    )


def _relicensed(one: Component, other: Component) -> Iterator[Row]:
    """Only where both say a licence: silence is no change."""
    before, after = (" AND ".join(sorted(map(_plain, each.licences))) for each in (one, other))
    if before and after and before != after:
        yield Row(
            change=Change.RELICENSED,
            ecosystem=other.ecosystem,
            name=other.name,
            before=before,
            after=after,
            version=other.version,
            purl=other.purl,
        )


def _plain(licence: str) -> str:
    """Without parentheses around all of it, which some tools write and some do not."""
    inner = licence[1:-1].strip()
    return inner if licence[:1] == "(" and licence[-1:] == ")" and is_expression(inner) else licence
