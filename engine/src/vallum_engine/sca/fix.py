"""What ends a finding: the version to move to, and the commands that get there, without asking a registry."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from vallum_engine.model.distributions import spoken
from vallum_engine.model.finding import Remediation
from vallum_engine.model.package import Package
from vallum_engine.sca import lookup
from vallum_engine.sca.lockfiles import format_of
from vallum_engine.sca.spans import Span
from vallum_engine.sca.systems import mending
from vallum_engine.sca.versions import Early, Key, early, preferred

_COMMANDS = {
    "bun": ("bun update", "{name}@{to}"),
    "cargo": ("cargo update -p", "{name}@{ours} --precise {to}"),
    "cocoapods": ("pod update", "{name}"),
    "composer": ("composer update --with-all-dependencies", "{name}"),
    "composer, dev": ("composer require --dev --with-all-dependencies", "{name}:^{to}"),
    "composer, direct": ("composer require --with-all-dependencies", "{name}:^{to}"),
    "composer_json": ("composer require --with-all-dependencies", "{name}:^{to}"),
    "composer_json, dev": ("composer require --dev --with-all-dependencies", "{name}:^{to}"),
    "gemfile": ("bundle update --conservative", "{name}"),
    "cabal": ("cabal freeze --constraint", "{name}=={to}"),
    "denolock": ("deno update", "{name}@{to}"),
    "gradle_lock": ("gradle dependencies --update-locks", "{name}"),
    "gleam": ("gleam update", "{name}"),
    "gleamtoml": ("gleam add", "{name}@{to}"),
    "gomod": ("go get", "{name}@v{to}"),
    "mix": ("mix deps.update", "{name}"),
    "msbuild": ("dotnet add package", "{name} --version {to}"),
    "npm": ("npm install", "{name}@{to}"),
    "npm, indirect": ("npm update", "{name}"),
    "packagejson": ("npm install", "{name}@{to}"),
    "nuget_lock": ("dotnet add package", "{name} --version {to}"),
    "packages_config": ("nuget update packages.config -Id", "{name} -Version {to}"),
    "paket": ("paket update", "{name} --version {to}"),
    "cargotoml": ("cargo add", "{name}@={to}"),
    "pipfilewish": ("pipenv install", "{name}=={to}"),
    "pdm": ("pdm update", "{name}"),
    "pipfile": ("pipenv upgrade", "{name}=={to}"),
    "pnpm": ("pnpm update", "{name}@{to}"),
    "poetry": ("poetry update", "{name}"),
    "pubspec": ("dart pub upgrade", "{name}"),
    "pubspec, dev": ("dart pub add", "dev:{name}:^{to}"),
    "pubspec, direct": ("dart pub add", "{name}:^{to}"),
    "rebar": ("rebar3 upgrade", "{name}"),
    "pylock": ("pip lock", "{name}=={to}"),
    "stdlib": ("go get", "go@{to} toolchain@go{to}"),
    "swift": ("swift package update", "{last}"),
    "uv": ("uv lock --upgrade-package", "{name}=={to}"),
    "yarn": ("yarn upgrade", "{name}@{to}"),
}
"""By format, and by how the package came in where that takes another command: a command, and its arguments, each quoted
after the values are filled in."""

_INSTALLED = "Replace the {name} {ours} that lies at {path} with {to}, by what installed it."
_BUILT = "Raise {name} from {ours} to {to} in the project that {path} comes from, and build it again."
_SENTENCES = {
    "actions": "In {path}: use {name} at {to} (was {ours}), by its commit.",
    "cargovendor": "Raise {name} from {ours} to {to} in Cargo.lock, then write {path} anew by `cargo vendor`.",
    "distinfo": _INSTALLED,
    "dotnet_libraries": _BUILT,
    "gemstub": _INSTALLED,
    "gobinary": _BUILT,
    "gosum": "In the folder whose `go.mod` {path} belongs to: `go get {name}@v{to}` (was {ours}).",
    "govendor": "Raise {name} from {ours} to {to} in go.mod, then write {path} anew by `go mod vendor`.",
    "gradle_verification": "Raise {name} from {ours} to {to} in the build, then write {path} anew.",
    "jar": "Replace {name} {ours} with {to} in the build of the archive that holds {path}.",
    "nodemodules": _INSTALLED,
    "requirements": "In {path}: write `{name}=={to}` (was {ours}), then install again.",
    "rustbinary": _BUILT,
    "sbom": "Raise {name} from {ours} to {to} in what {path} tells of, and write {path} anew.",
}
"""By format, where no command of a package manager does it."""


def lowest_fix(spans: Sequence[Span], ours: bytes, key: Key, is_early: Early | None = None) -> str:
    """The lowest version after `ours` that an advisory calls fixed and that none of the spans holds; else empty.

    `is_early` tells which are no releases yet: a release of the same line goes before them.
    """
    ends = {span.fixed for span in spans if span.fixed}
    if not ends:
        return ""
    candidates: dict[bytes, str] = {}
    for fixed in ends:
        at = key(fixed)
        if at is not None and at > ours and fixed < candidates.get(at, fixed + " "):
            candidates[at] = fixed
    free, beyond = list[str](), b""
    for at in sorted(candidates):
        if at < beyond:
            continue
        holder = next((span for span in spans if span.holds(at)), None)
        if holder is None:
            free.append(candidates[at])
            if not is_early or not is_early(free[-1]):
                break
        elif holder.high is None:
            break
        else:
            beyond = holder.high
    return preferred(free, is_early) if free else ""


class Mending:
    """What ends the findings of one version of a package, wherever it is locked: many need the same steps."""

    def __init__(self, packages: Iterable[Package], everything: str) -> None:
        """`everything` is the version that ends all of them; empty where none does."""
        self._listed = sorted(packages, key=lambda package: package.location)
        self._everything = everything
        self._told: dict[tuple[str, Sequence[str], str], Remediation] = {}

    def by(self, this: str, *, bulletins: tuple[str, ...] = (), standing: str = "") -> Remediation:
        """Steps for the first package of each lockfile. `this` is the version that ends the finding.

        `bulletins` are the ids of what mends it, `standing` is what a distribution says where nothing does.
        """
        asked = (this, bulletins, standing)
        if asked not in self._told:
            self._told[asked] = self._steps(this, bulletins) if this else self._nothing(standing)
        return self._told[asked]

    def _nothing(self, standing: str) -> Remediation:
        return Remediation(steps=(_nothing(self._listed[0], standing),))

    def _steps(self, this: str, bulletins: Sequence[str]) -> Remediation:
        steps, first = _steps(self._listed, this, bulletins), self._listed[0]
        name, version = lookup.named(first) if mending.is_system(first) else (first.name, first.version)
        is_early = early(first.ecosystem, version)
        if is_early and is_early(this):
            steps.append(f"{this} is no release yet: what is released after it does as well.")
        if self._everything and self._everything != this:
            steps.append(f"{self._everything} ends every known advisory of {name} {version}.")
        elif not self._everything:
            steps.append(f"Other advisories of {name} {version} have no fixed version yet.")
        return Remediation(steps=tuple(dict.fromkeys(steps)), upgrade_to=this)


def _nothing(package: Package, standing: str) -> str:
    todo = "replace it, or keep untrusted input away from it."
    if mending.is_system(package):
        name, todo = lookup.named(package)[0], "take it out if nothing needs it, or keep untrusted input away from it."
        if standing:
            return f"{spoken(package.ecosystem)} says of this in {name}: {standing}. If it matters here, {todo}"
        return f"{spoken(package.ecosystem)} has no fixed version of {name} yet: {todo}"
    return f"No fixed version of {package.name} is known: {todo}"


def _steps(listed: Sequence[Package], this: str, bulletins: Sequence[str]) -> list[str]:
    """One for each lockfile, and one for each system's database, which says what all of its packages need."""
    by_path: dict[str, list[Package]] = {}
    for package in listed:
        by_path.setdefault(package.location.path, []).append(package)
    return sorted(
        mending.step(own, this, bulletins) if mending.is_system(own[0]) else _step(own[0], this)
        for own in by_path.values()
    )


def _step(package: Package, upgrade: str) -> str:
    path, form = package.location.path, format_of(package.location.path)
    if form not in _COMMANDS or path.endswith((".props", ".targets")):
        sentence = _SENTENCES.get(form, "Raise {name} from {ours} to {to} in {path}.")
        return sentence.format(name=package.name, ours=package.version, to=upgrade, path=path)
    command = command_for(package, upgrade)
    if package.direct is False:
        return (
            f"In the folder of {path}: `{command}`. It is needed by another package, which may have to be raised first."
        )
    return f"In the folder of {path}: `{command}`."


def command_for(package: Package, upgrade: str) -> str:
    """What moves the package in the file that names it; empty where no command of a package manager does.

    Names come from the scanned tree and the command will be pasted into a shell, so every value is quoted.
    """
    form = format_of(package.location.path)
    if form not in _COMMANDS:
        return ""
    if form == "gomod" and package.name == "stdlib":
        form = "stdlib"
    else:
        form = next(way for way in (*_ways(package, form), form) if way in _COMMANDS)
    command, argument = _COMMANDS[form]
    values = {"name": package.name, "ours": package.version, "to": upgrade.removeprefix("v")}
    values["last"] = package.name.rpartition("/")[2]
    return f"{command} {' '.join(quote(part.format(**values)) for part in argument.split())}"


def _ways(package: Package, form: str) -> Iterator[str]:
    """How the package came in, by the keys of `_COMMANDS`."""
    if package.direct and "dev" in package.groups:
        yield f"{form}, dev"
    if package.direct is not None:
        yield f"{form}, direct" if package.direct else f"{form}, indirect"
