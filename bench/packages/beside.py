"""osv-scanner beside ours: the same lockfiles and the same bill of materials, the same archives, no connection for either.

Times are of whole commands: it reads archives each time, ours the database made of them once. Then findings are held to each
other, and each that only one of the two has is told with why, or as not judged.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns
from subprocess import run as call
from typing import Any

from bench import measure, tools
from bench.measure import Command
from bench.packages.lists import Entry
from vallum_engine.model.naming import normalised, purl
from vallum_engine.values import immutable

READ_BY_BOTH = frozenset({"Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm"})
"""Of a bill. It stops where it has no archive for an ecosystem, and distributions go by other names there."""
ENDINGS = frozenset({0, 1})

Place = tuple[str, str, str, str]
"""Path, ecosystem, name, version."""
Seen = dict[Place, list[frozenset[str]]]
"""The names of each vulnerability of each package."""


def run(peer: Path, data: Path, listed: Sequence[Entry], *, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        environment = measure.environment(scratch / "home") | {"OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": folder}
        for path in (data / "osv").glob("*.zip"):
            target = scratch / "osv-scanner" / path.stem / "all.zip"
            target.parent.mkdir(parents=True)
            copyfile(path, target)
        # 0: made; what it says of their age is not asked for.
        call(
            (str(tools.OURS / "vallum"), "db", "import", str(data / "osv")),
            env=environment,
            check=True,
            capture_output=True,
        )
        real, bill = scratch / "real", scratch / "bill"
        copytree(data / "lockfiles" / "real", real, ignore=ignore_patterns("expected.json"))
        bill.mkdir()
        both = [entry for entry in listed if entry[0] in READ_BY_BOTH]
        (bill / "packages.cdx.json").write_text(json.dumps(_bill(both)))
        at = _At(environment=environment, runs=runs)
        at.beside("real lockfiles", _commands(peer, "--recursive", "."), real, asked=frozenset())
        commands = _commands(peer, "--sbom", "packages.cdx.json")
        at.beside(f"a bill of {len(both):,} packages", commands, bill, asked=frozenset(both))


def _bill(listed: Sequence[Entry]) -> dict[str, Any]:
    components = [
        {"type": "library", "name": name, "version": version, "purl": purl(ecosystem, name, version)}
        for ecosystem, name, version in listed
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def _commands(peer: Path, *asked: str) -> list[Command]:
    offline = (str(peer), "scan", "--experimental-offline", "--format", "json", *asked)
    return [
        Command(
            name="vallum",
            arguments=(*tools.vallum().arguments, "--only", "packages", "--format", "json"),
            codes=ENDINGS,
        ),
        Command(name="osv-scanner", arguments=offline, codes=ENDINGS),
    ]


@immutable
class _At:
    environment: Mapping[str, str]
    runs: int

    def beside(self, name: str, commands: Sequence[Command], where: Path, *, asked: AbstractSet[Entry]) -> None:
        with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
            output = Path(folder)
            costs = measure.interleaved(
                commands, runs=self.runs, where=where, environment=self.environment, output=output
            )
            print(f"\n{name}, {self.runs} interleaved runs · {measure.machine()}")
            for tool, all_runs in costs.items():
                middle = measure.median(all_runs)
                print(f"  {tool:<12} {middle.wall:6.2f} s wall {middle.cpu:6.2f} s processor {middle.mib:5.0f} MiB")
            read = (output / "osv-scanner.err").read_text(errors="replace")
            ours = _ours(json.loads((output / "vallum.out").read_bytes()))
            theirs = _theirs(json.loads((output / "osv-scanner.out").read_bytes()), where)
        print(f"  vulnerabilities in packages: {_count(ours)} ours, {_count(theirs)} theirs")
        for sentence, count in sorted(Counter(_differences(ours, theirs, read=read, asked=asked)).items()):
            print(f"  {count:>5} {sentence}")


def _count(seen: Seen) -> int:
    return sum(map(len, seen.values()))


def _ours(report: Mapping[str, Any]) -> Seen:
    seen: Seen = {}
    for finding in report["findings"]:
        package = finding["package"]
        names = {finding["rule"], *(name for each in finding["advisories"] for name in (each["id"], *each["aliases"]))}
        for path in {place["path"] for place in finding["locations"]}:
            _add(seen, path, package, names)
    return seen


def _theirs(report: Mapping[str, Any], where: Path) -> Seen:
    """One for each group of records that it takes for one vulnerability."""
    seen: Seen = {}
    for result in report["results"]:
        path = Path(result["source"]["path"]).resolve().relative_to(where.resolve()).as_posix()
        for package in result["packages"]:
            for group in package.get("groups", ()):
                _add(seen, path, package["package"], {*group["ids"], *group.get("aliases", ())})
    return seen


def _add(seen: Seen, path: str, package: Mapping[str, str], names: set[str]) -> None:
    ecosystem = package["ecosystem"]
    place = (path, ecosystem, normalised(ecosystem, package["name"]), package["version"].removeprefix("v"))
    seen.setdefault(place, []).append(frozenset(names))


def _differences(ours: Seen, theirs: Seen, *, read: str, asked: AbstractSet[Entry]) -> Iterator[str]:
    for who, one, other in (("ours alone", ours, theirs), ("theirs alone", theirs, ours)):
        for place, found in one.items():
            met = other.get(place, [])
            for names in found:
                if not any(names & each for each in met):
                    yield f"{who}: {_why(who, place, names, read=read, asked=asked)}"


def _why(who: str, place: Place, names: frozenset[str], *, read: str, asked: AbstractSet[Entry]) -> str:
    path, ecosystem, name, version = place
    if who == "ours alone" and not re.search(rf"^Scanned \S*{re.escape(path)} ", read, re.MULTILINE):
        return f"it does not read {Path(path).name}"
    if who == "ours alone" and ecosystem == "Go" and name != name.lower():
        return "Go's package URLs are lower case, and it asks for that; the advisory's name has capitals"
    if who == "theirs alone" and (ecosystem, name, version) not in asked and ecosystem == "npm" and asked:
        return "npm tells capitals from small letters, and it does not: the record is about another package"
    return f"NOT JUDGED: {path}: {ecosystem} {name} {version}, {min(names)}"
