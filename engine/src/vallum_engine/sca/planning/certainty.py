"""Whether an edit does what it should: the manifests are read again with it, and compared with what they said before."""

from collections.abc import Iterator, Mapping, Sequence

from vallum_engine.errors import BrokenData
from vallum_engine.model.file import File
from vallum_engine.model.package import Package
from vallum_engine.sca.inventory import taken_of
from vallum_engine.sca.lockfiles import TOGETHER, extractor, format_of, joiner, reader
from vallum_engine.sca.planning.asks import unaliased
from vallum_engine.sca.planning.ranges import STYLES, admits
from vallum_engine.sca.planning.spots import STYLE_OF, Spot, Texts
from vallum_engine.sca.versions import order
from vallum_engine.values import immutable

MOST_READ = 64 << 20
"""Bytes of manifests that are read again in one plan; a monorepo's takes a tenth of it."""

_BOM = b"\xef\xbb\xbf"
Splice = tuple[int, int, str]
_Said = dict[str, list[Package]]


@immutable
class Wish:
    """That what a reader found in the manifest at `path` be raised to `to`."""

    path: str
    package: Package
    to: str

    @property
    def written(self) -> str:
        return self.package.requested or self.package.version

    @property
    def key(self) -> tuple[str, int, str, str]:
        return self.path, self.package.location.line, self.package.name, self.to


@immutable
class Trial:
    """A wish, and the edit that may fulfil it."""

    wish: Wish
    spot: Spot
    new: str


class Certainty:
    """Serves one plan. Beyond MOST_READ bytes nothing is certain any more."""

    def __init__(self, files: Mapping[str, File], texts: Texts) -> None:
        self._files = files
        self._texts = texts
        self._before: dict[tuple[str, frozenset[str]], _Said] = {}
        self._read = 0

    def sure(self, trials: Sequence[Trial]) -> list[Trial]:
        """Those of the trials, all of one format, that do what they should: all at once, else by halves."""
        if not trials or self._read > MOST_READ:
            return []
        if self._do_all(trials):
            return list(trials)
        half = len(trials) // 2
        return [*self.sure(trials[:half]), *self.sure(trials[half:])] if half else []

    def _do_all(self, trials: Sequence[Trial]) -> bool:
        form = format_of(trials[0].wish.path)
        paths = self._together(form, trials)
        self._read += sum(len(self._files[path].data) for path in paths)
        try:
            before = self._said(form, paths)
            after = _said(form, {path: self._changed(path, trials) for path in paths})
        except BrokenData:
            return False
        wished: dict[str, list[Wish]] = {}
        for trial in trials:
            wished.setdefault(trial.wish.path, []).append(trial.wish)
        ranges = {(trial.wish.written, trial.wish.to) for trial in trials}
        return all(
            _are_raised(wished.get(path, ()), ranges, before.get(path, ()), after.get(path, ())) for path in paths
        )

    def _together(self, form: str, trials: Sequence[Trial]) -> frozenset[str]:
        if form not in TOGETHER:
            return frozenset(trial.wish.path for trial in trials)
        around = {path for trial in trials for path in (trial.wish.path, *self._texts.around(trial.wish.path))}
        return frozenset(around | {trial.spot.path for trial in trials})

    def _changed(self, path: str, trials: Sequence[Trial]) -> File:
        own = [trial for trial in trials if trial.spot.path == path]
        if not own:
            return self._files[path]
        splices = ((place.start, place.end, new) for place, (new, _) in highest(own).items())
        return File(path, as_bytes(self._files[path].data, applied(self._texts.of(path), list(splices))))

    def _said(self, form: str, paths: frozenset[str]) -> _Said:
        if (form, paths) not in self._before:
            self._before[form, paths] = _said(form, {path: self._files[path] for path in paths})
        return self._before[form, paths]


def highest(trials: Sequence[Trial]) -> dict[Spot, tuple[str, str]]:
    """By place what is to stand there, and for which version: one property may be the version of several packages."""
    found: dict[Spot, tuple[str, str]] = {}
    for trial in trials:
        key = order(STYLES[STYLE_OF[format_of(trial.wish.path)]].ecosystem)
        other = found.get(trial.spot)
        if other is None or (key(other[1]) or b"") < (key(trial.wish.to) or b""):
            found[trial.spot] = (trial.new, trial.wish.to)
    return found


def _said(form: str, files: Mapping[str, File]) -> _Said:
    """The packages that the readers find in the files. Raises BrokenData."""
    if form not in TOGETHER:
        return {path: taken_of(extractor(form)(file)).packages for path, file in files.items()}
    read = {path: reader(form)(file) for path, file in sorted(files.items()) if format_of(path) == form}
    found: _Said = {path: [] for path in read}
    for path, entry in joiner(form)(read):
        if isinstance(entry, Package):
            found[path].append(entry)
    return found


def _are_raised(
    wishes: Sequence[Wish], ranges: set[tuple[str, str]], before: Sequence[Package], after: Sequence[Package]
) -> bool:
    """Each wish is fulfilled, and whatever else changed had one of the `ranges`, and is raised as that is."""
    if len(before) != len(after):
        return False
    open_ = {(wish.package.location.line, wish.package.name): wish for wish in wishes}
    met: set[tuple[int, str]] = set()
    for old, new in zip(before, after, strict=True):
        if (old.name, old.groups) != (new.name, new.groups):
            return False
        if (old.version, old.requested) == (new.version, new.requested):
            continue
        wish = open_.get((old.location.line, old.name))
        if not any(_is_at_least(old, new, to) for to in _targets(wish, old, ranges)):
            return False
        met.add((old.location.line, old.name))
    return met >= open_.keys()


def _targets(wish: Wish | None, old: Package, ranges: set[tuple[str, str]]) -> Iterator[str]:
    if wish:
        yield wish.to
    else:
        yield from sorted(to for written, to in ranges if written == (old.requested or old.version))


def _is_at_least(old: Package, new: Package, to: str) -> bool:
    form = format_of(old.location.path)
    style = STYLES[STYLE_OF[form]]
    key = order(style.ecosystem)
    if new.version:
        at, asked = key(new.version), key(to)
        return at is not None and asked is not None and at >= asked
    return admits(style, unaliased("", new.requested)[1], to) is True


def applied(text: str, splices: Sequence[Splice]) -> str:
    parts, at = [], 0
    for start, end, new in sorted(splices):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def as_bytes(data: bytes, text: str) -> bytes:
    """The text as the file has it: with its byte order mark, if it has one."""
    return (_BOM if data.startswith(_BOM) else b"") + text.encode()
