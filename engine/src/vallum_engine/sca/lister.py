"""The detector behind `vallum packages`: takes the inventory, looks nothing up, and says of each entry how it came in."""

from collections.abc import Iterable, Iterator, Sequence

from vallum_engine.detector import Hit, Trigger
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Listed, Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.sca.inventory import Inventory, note, wanted
from vallum_engine.sca.origins import MOST_KEPT, Origins


class PackageLister:
    """Serves one scan, and finds nothing: it speaks for no rule."""

    name = "packages"
    triggers: Sequence[Trigger] = ()

    def __init__(self) -> None:
        self._inventory = Inventory()
        self._origins = Origins(self._inventory.asking)

    def wants(self, path: str) -> bool:
        return wanted(path)

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:  # noqa: ARG002 - the protocol's; no triggers here
        if self._inventory.take(file):
            self._origins.keep(file)
        return ()

    def conclude(self) -> Iterable[Finding]:
        self._inventory.settle()
        return ()

    def rulesets(self) -> tuple[RuleSet, ...]:
        return ()

    def exclusions(self) -> Sequence[Exclusion]:
        return list(self._inventory.exclusions())

    def packages(self) -> Sequence[Package]:
        return self._inventory.packages()

    def listed(self) -> Iterator[Listed]:
        """Every entry with how it came in, file by file. To be asked once, after the scan: files are let go of on the way."""
        for path, packages in sorted(self._inventory.by_path.items()):
            book = self._origins.book(path, packages)
            for package in packages:
                yield Listed(package, book.origin(package.name, package.version).on(package.ref))

    def untold(self) -> Sequence[Exclusion]:
        """After `listed`: the files that were too many to be kept, whose entries are told without a way."""
        why = f"how its packages came in is not told: the lockfiles hold more than {MOST_KEPT >> 20} MiB"
        return [note(path, why, covered=True) for path in self._origins.beyond]
