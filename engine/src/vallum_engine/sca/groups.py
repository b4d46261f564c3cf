"""Which advisories are one vulnerability: their ids and aliases joined, and the id the group goes by.

A record that names two CVEs describes both and is neither: joining them would put a decision about the one on the
other. So an alias joins only where it is the only one of its kind in its record (one CVE, one GHSA).
"""

from collections import Counter

from vallum_engine.model.naming import preference


class Groups:
    """Disjoint sets of ids. Paths are halved on the way, so long chains of aliases stay cheap."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, identifier: str, aliases: tuple[str, ...]) -> None:
        root = self._root(identifier)
        kinds = Counter(_kind(alias) for alias in aliases)
        for alias in aliases:
            if kinds[_kind(alias)] > 1:
                continue
            other = self._root(alias)
            if other != root:
                self._parent[other] = root

    def members(self) -> dict[str, tuple[str, ...]]:
        """Every id with its whole group, best name first."""
        by_root: dict[str, list[str]] = {}
        for identifier in self._parent:
            by_root.setdefault(self._root(identifier), []).append(identifier)
        found: dict[str, tuple[str, ...]] = {}
        for ids in by_root.values():
            group = tuple(sorted(ids, key=preference))
            found.update(dict.fromkeys(ids, group))
        return found

    def _root(self, identifier: str) -> str:
        parent = self._parent
        if identifier not in parent:
            parent[identifier] = identifier
            return identifier
        while (above := parent[identifier]) != identifier:
            parent[identifier] = parent[above]
            identifier = parent[identifier]
        return identifier


def _kind(identifier: str) -> str:
    return identifier.partition("-")[0]
