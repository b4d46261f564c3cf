"""How one package gets to its version: by its manifest, by its lockfile alone, by overruling others, or by a parent."""

import posixpath
from collections.abc import Sequence
from shlex import quote

from vallum_engine.model.package import Package
from vallum_engine.model.plan import Change, Step, Way
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.planning import commands
from vallum_engine.sca.planning.asks import Ask
from vallum_engine.sca.planning.cases import Case
from vallum_engine.sca.planning.certainty import Wish
from vallum_engine.sca.planning.edits import Manifests
from vallum_engine.sca.planning.locks import Lock
from vallum_engine.sca.planning.overrides import KEYS, Overrides, selector
from vallum_engine.sca.planning.pnpm_settings import NAME, SINCE
from vallum_engine.sca.planning.ranges import STYLES, admits, numbers
from vallum_engine.sca.planning.spots import STYLE_OF
from vallum_engine.sca.versions import early

_SEMANTIC = {"cargo": "cargo", "pubspec": "pub"}
"""Lockfiles without ranges, of tools whose ranges nearly always end before the next major version."""
_PINNED = {
    "gradle_lock": 'Write `constraints {{ implementation("{name}:{to}") }}` among the dependencies of the build, then renew the lockfile: '
    "`gradle dependencies --write-locks`.",
    "nuget_lock": "NuGet takes the lowest version that anybody asks for, so the project has to ask for it itself; with central "
    "versions, by a `PackageVersion` and `CentralPackageTransitivePinningEnabled`.",
}
"""Lockfiles of tools where what others ask for is raised by asking for it oneself, and how that is said."""
_ANY = frozenset({"", "*", "latest"})
_REFERENCES = ("catalog:", "workspace")
"""What a manifest of pnpm, Bun, Yarn or Cargo says where another file has the range."""
_Wishes = Sequence[tuple[str, Package]]


class Stepper:
    """Makes the step of one case. Edits go to the manifests as they are found."""

    def __init__(self, case: Case, manifests: Manifests) -> None:
        self._case = case
        self._manifests = manifests
        self._say: list[str] = []
        self._changes: list[Change] = []
        self._blocked: list[str] = []
        self._parents: list[str] = []
        self._written = ""
        self._referred = False
        """Whether a manifest asks by a range that it has from another file, or by another name: no command raises that."""
        self._behind = False
        """Whether the manifests ask for it already, and only the lockfile does not have it."""

    def told(self) -> Step:
        """By what the findings say: nothing of it is edited."""
        best = next(
            (f for f in self._case.findings if f.remediation and f.remediation.upgrade_to == self._case.to),
            self._case.findings[0],
        )
        self._say += best.remediation.steps if best.remediation else ()
        return self._step(Way.OTHER, within=None, command="")

    def written(self, beside: _Wishes) -> Step:
        """In a manifest that is its own lockfile: the line itself is raised, and manifests `beside` it that keep that out."""
        self._raise([*((self._case.path, package) for package in self._case.packages), *beside])
        if self._case.package.name == "stdlib" and format_of(self._case.path) == "gomod":
            self._say.append(
                f"Or build with Go {self._case.to} or later: the line is the least that the module asks for."
            )
        package, within = self._case.package, self._within_written()
        if tool := self._manifests.compiler(self._case.path):
            command = f"{tool} --upgrade-package {quote(f'{package.name}=={self._case.to}')}"
            self._say.append(
                f"{self._case.path} is written by `{tool}`: as it was called, with what is new, `{command} …`. "
                f"Where the file that it is made from keeps {self._case.to} out, raise it there first."
            )
        command = commands.moving(package, self._case.to, written=self._written, later_yarn=False)
        way = Way.RAISE if self._changes else Way.OTHER
        return self._step(way, within=within, command=command)

    def _within_written(self) -> bool | None:
        style = STYLES[STYLE_OF[format_of(self._case.path)]]
        asked = self._case.package.requested or self._case.package.version
        return True if format_of(self._case.path) == "gomod" else admits(style, asked, self._case.to)

    def locked(self, lock: Lock, *, alone: bool) -> Step:
        """In a lockfile. `alone`: no other version of the package is there."""
        package, to = self._case.package, self._case.to
        wishes = lock.wishes(package.name, package.version)
        asks = lock.asks(package.name, package.version, to)
        blocking = [ask for ask, out in asks or () if out]
        within = self._within(lock, wishes, asks)
        if not blocking:
            self._raise(wishes)
        way = self._way(lock, wishes, blocking, within=within, alone=alone)
        command = commands.renewing(lock.path, lock.form, [package.name]) if self._behind else ""
        moved = way in {Way.RAISE, Way.RENEW} or (way is Way.OVERRIDE and lock.form == "nuget_lock")
        if moved and not self._behind:
            command = self._moving(lock, wishes, way)
        if way is Way.RENEW:
            self._renew(lock, within=within, command=command)
        return self._step(way, within=within, command=command, direct=self._direct(lock, wishes))

    def _moving(self, lock: Lock, wishes: _Wishes, way: Way) -> str:
        package, to, later = self._case.package, self._case.to, lock.is_later_yarn
        folders = {
            posixpath.relpath(path.rpartition("/")[0] or ".", lock.path.rpartition("/")[0] or ".") for path, _ in wishes
        }
        folders = {"" if folder == "." else folder for folder in folders} or {""}
        if way is Way.RENEW and wishes:
            return commands.renewed(package, to, later_yarn=later, folders=folders)
        if self._referred:
            return ""
        written = self._written or (to if wishes else "")
        return commands.moving(package, to, written=written, later_yarn=later, folders=folders)

    def _within(self, lock: Lock, wishes: _Wishes, asks: Sequence[tuple[Ask, bool | None]] | None) -> bool | None:
        """What nobody is known to ask for, somebody asks for whose file is not here."""
        told = [lock.lets_in(wish, self._case.to) for wish in wishes]
        told += [None if out is None else not out for _, out in asks or ()]
        only_here = wishes and lock.direct(self._case.package.name, self._case.package.version)
        if not told or (asks is None and not only_here):
            told.append(None)
        return False if False in told else None if None in told else True

    def _way(self, lock: Lock, wishes: _Wishes, blocking: Sequence[Ask], *, within: bool | None, alone: bool) -> Way:
        name, version, to = self._case.package.name, self._case.package.version, self._case.to
        if blocking:
            self._block(lock, blocking)
            way = self._overruling(lock, blocking, alone=alone)
            self._raise(wishes if way else ())
            return way or Way.PARENT
        if wishes:
            return Way.RAISE if self._changes or not within else Way.RENEW
        if lock.is_behind(name, version, to):
            self._behind = True
        elif not self._is_compatible(lock.form):
            self._parents += filter(None, [lock.top(name, version)])
            self._say.append(f"{to} is no longer in the range of {version}, so that who asks for it keeps it out.")
            return Way.PARENT
        elif lock.form in {"bun", "pnpm"} or (lock.form == "yarn" and not lock.is_later_yarn):
            return self._overruling(lock, (), alone=alone) or Way.RENEW
        elif lock.form in _PINNED:
            self._say.append(_PINNED[lock.form].format(name=name, to=to))
            return Way.OVERRIDE
        return Way.RENEW

    def _overruling(self, lock: Lock, blocking: Sequence[Ask], *, alone: bool) -> Way | None:
        """How it is overruled; None where nothing here can."""
        if not self._override(lock, blocking, alone=alone):
            return None
        return Way.RENEW if self._behind else Way.OVERRIDE

    def _is_compatible(self, form: str) -> bool:
        """Of lockfiles without ranges: whether a range that begins at our version would let the other in."""
        style = _SEMANTIC.get(form)
        return not style or admits(STYLES[style], f"^{self._case.package.version}", self._case.to) is not False

    def _direct(self, lock: Lock, wishes: _Wishes) -> bool | None:
        told = lock.direct(self._case.package.name, self._case.package.version)
        return True if wishes else self._case.package.direct if told is None else told

    def _raise(self, wishes: _Wishes) -> None:
        for path, package in wishes:
            written = package.requested or package.version
            raised = self._manifests.raise_to(Wish(path=path, package=package, to=self._case.to))
            if raised:
                if raised.change not in self._changes:
                    self._changes.append(raised.change)
                self._written = self._written or raised.written
                # Cargo's way to call a package by another name: `cargo add` would ask for it a second time.
                self._referred = self._referred or (path.endswith("Cargo.toml") and "package" in raised.change.before)
            elif written.startswith(_REFERENCES):
                self._referred = True
                if not self._changes:
                    self._say.append(
                        f"{path}:{package.location.line} asks for {package.name} by what stands elsewhere ({written!r}): "
                        f"raise it there, so that it lets {self._case.to} in, and nothing below."
                    )
            elif written not in _ANY:
                place = f"{path}:{package.location.line}"
                self._say.append(
                    f"{place} asks for {package.name} by {written!r}, which is not edited for you: see that it lets "
                    f"{self._case.to} in, and nothing below."
                )

    def _block(self, lock: Lock, blocking: Sequence[Ask]) -> None:
        self._blocked += dict.fromkeys(f"{ask.by} {ask.version} asks for {ask.range!r}" for ask in blocking)
        tops = (lock.top(ask.by, ask.version) for ask in blocking)
        self._parents += [top for top in dict.fromkeys(tops) if top]

    def _override(self, lock: Lock, blocking: Sequence[Ask], *, alone: bool) -> bool:
        """Overrule the ranges, in a file beside the lockfile. Whether there is one that can."""
        name, form, place = self._case.package.name, lock.form, self._manifests.overruling(lock.path)
        own = any(path.endswith("package.json") for path, _ in lock.wishes(name, self._case.package.version))
        to = f"${name}" if own and form in {"npm", "bun"} else f"^{self._case.to}"
        by = list(dict.fromkeys(ask.by for ask in blocking)) or [""]
        wanted = {selector(form, name, self._case.package.version, alone=alone, by=parent): to for parent in by}
        if place is None and form == "pnpm" and self._manifests.declared_pnpm(lock.path):
            told = ", ".join(f"'{key}': '{value}'" for key, value in wanted.items())
            self._say.append(f"Write {told} below `overrides:` in {NAME} beside {lock.path}.")
            return True
        if place is None or (form == "bun" and not alone):
            return False
        path, key = place
        if self._manifests.overrules(path, Overrides(key=key, wanted=wanted)):
            self._behind = True
            return True
        change = self._manifests.overrule(path, Overrides(key=key, wanted=wanted))
        if change is None:
            return False
        self._changes.append(change)
        self._say.append(f"{path} overrules it (`{'.'.join(key)}`): take that out again once no range needs it.")
        if form == "pnpm" and key == KEYS[form] and not self._manifests.declared_pnpm(lock.path):
            self._say.append(f"pnpm {SINCE} and later read overrides from {NAME} alone: move it there if you use one.")
        return True

    def _renew(self, lock: Lock, *, within: bool | None, command: str) -> None:
        if self._behind:
            self._say.append(f"The manifests ask for it already: only {lock.path} is renewed.")
        elif within:
            self._say.append(f"Every range that asks for it lets {self._case.to} in: only {lock.path} is renewed.")
        else:
            top = lock.top(self._case.package.name, self._case.package.version)
            who = f"raise {top}" if top and top != self._case.package.name else "raise what asks for it"
            or_else = ", or overrule it by `override-dependencies` in `[tool.uv]`" if lock.form == "uv" else ""
            self._say.append(
                f"{lock.path} does not say which ranges ask for it: if {self._case.to} is refused, {who} first{or_else}."
            )
        if not command:
            self._say.append(
                f"Take the entry of {self._case.package.name} {self._case.package.version} out of {lock.path} "
                f"(line {self._case.package.location.line}), and have it written anew: `{commands.AFTER.get(lock.form, '')}`."
            )

    def _step(self, way: Way, *, within: bool | None, command: str, direct: bool | None = None) -> Step:
        case = self._case
        package, told = case.package, case.findings[0].package
        is_early = early(package.ecosystem, package.version)
        if is_early and is_early(case.to) and way is not Way.OTHER:
            self._say.append(f"{case.to} is no release yet: what is released after it does as well.")
        if case.brings:
            self._say.append(f"{case.to} is itself affected by {', '.join(case.brings)}.")
        return Step(
            way=way,
            ecosystem=package.ecosystem,
            name=package.name,
            versions=(package.version,),
            to=case.to,
            file=case.path,
            line=package.location.line,
            direct=package.direct if direct is None else direct,
            dev=told.dev if told else None,
            within=within,
            major=_is_major(package.version, case.to),
            command=command,
            say=tuple(self._say),
            blocked=tuple(self._blocked),
            parents=tuple(self._parents),
            changes=tuple(self._changes),
            ends=case.ends,
            remains=case.remains,
            brings=case.brings,
        )


def _is_major(ours: str, to: str) -> bool:
    """Before 1.0 the second number counts."""
    old, new = numbers(ours), numbers(to)
    return old[:1] != new[:1] or (old[:1] == (0,) and old[:2] != new[:2])
