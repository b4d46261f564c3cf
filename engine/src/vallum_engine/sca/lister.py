"""The detector behind `vallum packages`: takes the inventory, looks nothing up, and says of each entry how it came in."""

from collections.abc import Iterable, Iterator, Sequence

from vallum_engine.detector import Hit, Trigger
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.model.package import Listed, Package
from vallum_engine.model.report import Exclusion, Report, RuleSet
from vallum_engine.sbom.bill import Bill
from vallum_engine.sca.bill import MOST_EDGES, Assembly
from vallum_engine.sca.inventory import Inventory, note, wanted
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.origins import MOST_KEPT, Origins


class PackageLister:
    """Serves one scan, and finds nothing: it speaks for no rule."""

    name = "packages"
    looks_below = True
    reads_text = True
    triggers: Sequence[Trigger] = ()

    def __init__(self) -> None:
        self._inventory = Inventory()
        self._origins = Origins(self._inventory.asking)
        self._cut: Sequence[str] = ()

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

    def bill(self, report: Report) -> Bill:
        """Every entry and who asks for whom, of the scan that gave this report. In the place of `listed`, and once like it.

        What the report says of packages beyond the inventory (the licence that files say, the layer) is told too.
        Bills of materials among the files are left out: they tell of something, they are none of it.
        """
        told: dict[str, list[Package]] = {}
        for package in report.packages:
            told.setdefault(package.location.path, []).append(package)
        assembly = Assembly()
        for path, packages in sorted(self._inventory.by_path.items()):
            if format_of(path) != "sbom":
                hashes = self._origins.hashes(path)
                book = self._origins.book(path, packages)
                assembly.add(path, told.get(path, packages), book, system=self._inventory.system(path), hashes=hashes)
        self._cut = assembly.beyond
        return assembly.bill(report.target, report.layers, incomplete=report.incomplete)

    def untold(self) -> Sequence[Exclusion]:
        """Afterwards: the files that were too many to be kept, or whose graph is too large, and whose entries stand alone."""
        why = f"how its packages came in is not told: the lockfiles hold more than {MOST_KEPT >> 20} MiB"
        many = f"how its packages came in is not told: that are more than {MOST_EDGES:,} lines of a graph"
        return [
            *(note(path, why, covered=True) for path in self._origins.beyond),
            *(note(path, many, covered=True) for path in self._cut),
        ]
