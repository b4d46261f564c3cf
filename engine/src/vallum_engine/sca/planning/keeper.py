"""The detector that keeps what a plan may read again: lockfiles and manifests, within a limit."""

from collections.abc import Iterable, Sequence

from vallum_engine.detector import Hit, Trigger
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.sca.inventory import wanted
from vallum_engine.sca.planning.pnpm_settings import NAME

MOST_KEPT = 256 << 20
"""Bytes of files that are kept: a monorepo with a thousand lockfiles stays below."""


class Keeper:
    """Finds nothing, and speaks for no rule."""

    name = "planning"
    triggers: Sequence[Trigger] = ()

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._size = 0
        self.files: dict[str, File] = {}
        self.beyond: list[str] = []
        """Files that were not kept, so that nothing of them is edited and no range in them is read."""

    def wants(self, path: str) -> bool:
        return wanted(path) or path.rpartition("/")[2] == NAME

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's; no triggers here
        if file.binary or file.lower or "!/" in file.path:
            return ()  # what is hidden by a layer, or lies in an archive, is not edited
        if self._size + len(file.data) > self._most:
            self.beyond.append(file.path)
        else:
            self._size += len(file.data)
            self.files[file.path] = file
        return ()

    def conclude(self) -> Iterable[Finding]:
        return ()

    def rulesets(self) -> tuple[RuleSet, ...]:
        return ()

    def exclusions(self) -> Sequence[Exclusion]:
        return ()

    def packages(self) -> Sequence[Package]:
        return ()
