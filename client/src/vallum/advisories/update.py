"""`vallum db update`: every ecosystem's archive and what is known to be exploited, then the database.

A source is OSV's public bucket, or any server laid out like it: `<source>/<ecosystem>/all.zip`. One of our own may
carry a list beside them, `<source>/manifest.json`, and then each archive must be what the list says:

    {"version": 1, "archives": {"npm": {"path": "npm/all.zip", "bytes": 123, "sha256": "…"}}, "feeds": {"kev": {…}}}
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from vallum import egress
from vallum.advisories import archives, feeds, location, moments
from vallum.advisories.archives import KNOWN, Origin, UnusableArchive
from vallum.advisories.download import Download, Expected, NotThere
from vallum.advisories.fetching import bring
from vallum.advisories.rebuild import alone, rebuild
from vallum.errors import Misuse, Unreachable
from vallum_engine.sca.advisories import Facts
from vallum_engine.sca.exploitation import PUBLISHERS, TITLES
from vallum_engine.values import immutable
from vallum_guard import http
from vallum_guard.errors import GuardError
from vallum_guard.http import Route

OSV = "https://osv-vulnerabilities.storage.googleapis.com"
USUAL = frozenset(
    {"CRAN", "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Maven", "NuGet", "Packagist", "Pub", "PyPI"}
    | {"RubyGems", "SwiftURL", "crates.io", "npm"}
)
"""What is fetched when nothing is named."""
SOURCES = {"epss": "VALLUM_EPSS_SOURCE", "kev": "VALLUM_KEV_SOURCE"}
"""What names another place for a feed."""
_MANIFEST = http.Limits(seconds=30.0, body_bytes=1 << 20, redirects=3)


@immutable
class _Source:
    base: str
    route: Route
    listed: Mapping[str, tuple[str, Expected]] | None
    """Archives by ecosystem, and feeds by name; None where the source has no list."""

    def feed(self, name: str, part: Path) -> Download:
        """From where the user says, else from the mirror, else from its publisher."""
        url, expected = PUBLISHERS[name], None
        if self.base != OSV:
            url = f"{self.base}/{url.rpartition('/')[2]}"
            if self.listed and name in self.listed:
                path, expected = self.listed[name]
                url = f"{self.base}/{quote(path)}"
        if named := os.environ.get(SOURCES[name]):
            url, expected = named, None
        return Download(url, part, route=self.route, expected=expected, most=feeds.MOST)

    def download(self, ecosystem: str, part: Path) -> Download:
        if self.listed is None:
            return Download(f"{self.base}/{quote(ecosystem)}/all.zip", part, route=self.route)
        if ecosystem not in self.listed:
            raise Unreachable(f"{self.base}/manifest.json lists no archive for {ecosystem}.")
        path, expected = self.listed[ecosystem]
        return Download(f"{self.base}/{quote(path)}", part, route=self.route, expected=expected)


def update(
    ecosystems: Iterable[str], source: str, *, say: Callable[[str], None], progress: Callable[[str, int], None]
) -> Facts | None:
    """Fetch what is new and build the database anew.

    Raises Unreachable at the end when an archive could not be had: those that could are in the database all the same,
    and of the others the old ones stay.
    """
    named = sorted(set(ecosystems))
    unknown = sorted(set(named) - set(KNOWN))
    if unknown:
        raise Misuse(f"No version order for {', '.join(unknown)} here; there are {', '.join(KNOWN)}.")
    failures: list[str] = []
    changed = False
    facts = None
    with alone() as folder:
        wanted = named or _usual(folder)
        opened = _opened(source or OSV)
        for ecosystem in wanted:
            try:
                changed |= _bring(opened, ecosystem, folder, progress)
            except (Unreachable, UnusableArchive) as error:
                failures.append(str(error))
        present = any((folder / f"{name}.zip").is_file() for name in KNOWN)
        feeds_changed = present and os.environ.get("VALLUM_FEEDS") != "off" and _feeds(opened, folder, failures, say)
        if changed or feeds_changed or (present and not location.database().is_file()):
            say("Building the database…")
            facts = rebuild(folder)
    if failures:
        raise Unreachable("\n        ".join(failures))
    return facts


def _feeds(source: _Source, folder: Path, failures: list[str], say: Callable[[str], None]) -> bool:
    """Whether any is new now. A mirror need not have them, which is said; what else goes wrong is a failure."""
    changed = False
    for name in feeds.NAMES:
        try:
            changed |= bring(name, source.feed(name, folder / f"{feeds.NAMES[name]}.part"), folder, say=say)
        except NotThere as error:
            if source.base == OSV or SOURCES[name] in os.environ:
                failures.append(str(error))
            else:
                say(f"{TITLES[name]}: {source.base} has none; what is here stays.")
        except (Unreachable, UnusableArchive) as error:
            failures.append(str(error))
    return changed


def _usual(folder: Path) -> list[str]:
    """The languages'; of the distributions, whose archives are larger by far, and of the rest those asked for once."""
    return [name for name in KNOWN if name in USUAL or (folder / f"{name}.zip").is_file()]


def _bring(source: _Source, ecosystem: str, folder: Path, progress: Callable[[str, int], None]) -> bool:
    """Whether the ecosystem's archive is a new one now."""
    known = archives.read_origin(folder, ecosystem)
    part = folder / f"{ecosystem}.zip.part"
    download = source.download(ecosystem, part)
    etag = known.etag if known and known.source == download.url else ""
    fetched = download.run(etag, progress=lambda have: progress(ecosystem, have))
    if fetched is None and known:
        archives.note(
            folder,
            ecosystem,
            Origin(source=known.source, etag=known.etag, sha256=known.sha256, bytes=known.bytes, as_of=moments.now()),
        )
        return True
    if fetched is None:
        raise Unreachable(f"{download.url}: the server says that nothing is new, but nothing is here. Try again.")
    _require_about(ecosystem, part, download.url)
    size = part.stat().st_size
    origin = Origin(
        source=download.url, etag=fetched.etag, sha256=archives.digest(part), bytes=size, as_of=moments.now()
    )
    archives.keep(part, folder, ecosystem, origin)
    return True


def _require_about(ecosystem: str, part: Path, url: str) -> None:
    """Read the archive to its end; one that is damaged, or about something else, is thrown away."""
    try:
        found = archives.examine(part).ecosystem
    except UnusableArchive:
        part.unlink(missing_ok=True)
        raise
    if found != ecosystem:
        part.unlink(missing_ok=True)
        raise UnusableArchive(f"{url} is about {found or 'nothing'}, not {ecosystem}: it is not used.")


def _opened(base: str) -> _Source:
    base = base.rstrip("/")
    route = egress.route()
    return _Source(base=base, route=route, listed=None if base == OSV else _manifest(base, route))


def _manifest(base: str, route: Route) -> Mapping[str, tuple[str, Expected]] | None:
    """The source's list of archives; None where it has none."""
    url = f"{base}/manifest.json"
    try:
        reply = http.fetch(http.Request(url=url, purpose="advisories"), route=route, limits=_MANIFEST)
    except GuardError as error:
        raise Unreachable(f"The source {base} cannot be used: {error}") from error
    if reply.status in (403, 404, 410):
        return None
    if reply.status != 200:
        raise Unreachable(f"The source {base} cannot be used: it answered {reply.status}.")
    try:
        told = json.loads(reply.body)
        return {
            str(name): (str(entry["path"]), Expected(bytes=int(entry["bytes"]), sha256=str(entry["sha256"])))
            for name, entry in (*told["archives"].items(), *told.get("feeds", {}).items())
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreachable(f"{url} is no list of archives ({error}): check --source.") from error
