"""Manifests with other versions in them, and nothing else changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from vallum_engine.model.file import File
from vallum_engine.model.plan import Change, Patch
from vallum_engine.sca.lockfiles import TOGETHER, format_of
from vallum_engine.sca.planning import pnpm_settings
from vallum_engine.sca.planning.asks import unaliased
from vallum_engine.sca.planning.certainty import Certainty, Trial, Wish, applied, as_bytes, highest
from vallum_engine.sca.planning.overrides import KEYS, Overrides, Overruled
from vallum_engine.sca.planning.pnpm_settings import Settings
from vallum_engine.sca.planning.raising import raised
from vallum_engine.sca.planning.ranges import STYLES
from vallum_engine.sca.planning.spots import STYLE_OF, Spot, Texts, spots

_COMPILERS = ("uv pip compile", "pip-compile")
_HEAD = 500


class Raised(NamedTuple):
    """A line with another range in it, and that range."""

    change: Change
    written: str


class Manifests:
    """The manifests of one scan, and the edits that were taken in so far."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._texts = Texts(files)
        self._certainty = Certainty(files, self._texts)
        self._sure: dict[tuple[str, int, str, str], Trial | None] = {}
        self._taken: dict[str, list[Trial]] = {}
        self._overruled: dict[str, Overruled | Settings] = {}

    def has(self, path: str) -> bool:
        return path in self._files

    def compiler(self, path: str) -> str:
        """The tool that requirements say they were written by, in the comment that they begin with; empty where they do not."""
        head = self._texts.of(path)[:_HEAD]
        return next((tool for tool in _COMPILERS if f" {tool}" in head), "") if head.startswith("#") else ""

    def try_all(self, wishes: Iterable[Wish]) -> None:
        """Find out which of the wishes can be fulfilled, file by file: so a file is read again once and not for each of its lines."""
        groups: dict[str, list[Wish]] = {}
        for wish in {wish.key: wish for wish in wishes}.values():
            form = format_of(wish.path)
            groups.setdefault(form if form in TOGETHER else wish.path, []).append(wish)
        for group in groups.values():
            first = [trial for wish in group if (trial := next(self._trials(wish), None))]
            self._sure |= {trial.wish.key: trial for trial in self._certainty.sure(first)}
            for wish in group:
                if wish.key not in self._sure:
                    self._sure[wish.key] = self._alone(wish)

    def raise_to(self, wish: Wish) -> Raised | None:
        """Take the edit in, and say how its line looks with it; None where no certain one is found."""
        if wish.key not in self._sure:
            self._sure[wish.key] = self._alone(wish)
        trial = self._sure[wish.key]
        if trial is None:
            return None
        self._taken.setdefault(trial.spot.path, []).append(trial)
        return Raised(self._change(trial.spot, trial.new), trial.new)

    def overruling(self, lock: str) -> tuple[str, tuple[str, ...]] | None:
        """The file beside a lockfile that overrules ranges, and the object in it; None where there is none that is read."""
        folder, form = lock.rpartition("/")[0], format_of(lock)
        path, settings = (f"{folder}/{name}" if folder else name for name in ("package.json", pnpm_settings.NAME))
        if form not in KEYS or not self.has(path):
            return None
        if form == "pnpm":
            declared = self.declared_pnpm(lock) or 0
            place = self._place(settings) if self.has(settings) else None
            if isinstance(place, Settings) and (place.overrules or declared >= pnpm_settings.SINCE):
                return settings, pnpm_settings.KEY
            if declared >= pnpm_settings.SINCE:
                return None
        return path, KEYS[form]

    def declared_pnpm(self, lock: str) -> int | None:
        folder = lock.rpartition("/")[0]
        place = self._place(f"{folder}/package.json" if folder else "package.json")
        return pnpm_settings.declared(place.said) if isinstance(place, Overruled) else None

    def overrule(self, path: str, overrides: Overrides) -> Change | None:
        """Take in what a `package.json` is to overrule; None where it cannot be written there."""
        place = self._place(path).line(overrides)
        if place is None:
            return None
        told = ", ".join(f'"{name}": "{to}"' for name, to in overrides.wanted.items())
        return Change(path=path, line=place, before="", after=f'"{".".join(overrides.key)}": {{{told}}}')

    def overrules(self, path: str, overrides: Overrides) -> bool:
        """Whether the file says so already."""
        return self._place(path).says(overrides)

    def patches(self) -> Iterator[Patch]:
        changed = self._taken.keys() | {path for path, own in self._overruled.items() if own.wanted}
        for path in sorted(changed):
            data, text = self._files[path].data, self._texts.of(path)
            places = highest(self._taken.get(path, ())).items()
            splices = [(spot.start, spot.end, new) for spot, (new, _) in places]
            if path in self._overruled and (splice := self._overruled[path].splice()):
                splices.append(splice)
            if splices:
                yield Patch(path=path, before=data, after=as_bytes(data, applied(text, splices)))

    def _place(self, path: str) -> Overruled | Settings:
        if path not in self._overruled:
            text = self._texts.of(path)
            self._overruled[path] = Settings(text) if path.endswith(pnpm_settings.NAME) else Overruled(text)
        return self._overruled[path]

    def _alone(self, wish: Wish) -> Trial | None:
        return next((sure for trial in self._trials(wish) for sure in self._certainty.sure([trial])), None)

    def _trials(self, wish: Wish) -> Iterator[Trial]:
        form = format_of(wish.path)
        if form not in STYLE_OF or not wish.written:
            return
        _, asked = unaliased("", wish.written)
        for spot in spots(self._texts, wish.path, wish.package):
            joiner = f"{spot.quote}, {spot.quote}" if form == "gemspec" and spot.quote else ""
            new = raised(STYLES[STYLE_OF[form]], asked, wish.to, joiner=joiner)
            if not new or new == asked:
                return
            yield Trial(wish=wish, spot=spot, new=wish.written.removesuffix(asked) + new)

    def _change(self, spot: Spot, new: str) -> Change:
        text = self._texts.of(spot.path)
        start = text.rfind("\n", 0, spot.start) + 1
        end = text.find("\n", spot.end)
        end = len(text) if end < 0 else end
        return Change(
            path=spot.path,
            line=self._texts.line(spot.path, spot.start),
            before=text[start:end].rstrip("\r"),
            after=(text[start : spot.start] + new + text[spot.end : end]).rstrip("\r"),
        )
