"""What people run to do a step, and to renew a lockfile after its manifests were changed."""

from collections.abc import Collection, Iterable, Mapping
from shlex import quote

from vallum_engine.model.package import Package
from vallum_engine.sca.fix import command_for
from vallum_engine.values import replace

AFTER: Mapping[str, str] = {
    "bun": "bun install",
    "cargo": "cargo update --workspace",
    "composer": "composer update --with-all-dependencies {names}",
    "gemfile": "bundle install",
    "gleam": "gleam deps download",
    "gomod": "go mod tidy",
    "gradle_lock": "gradle dependencies --write-locks",
    "npm": "npm install",
    "nuget_lock": "dotnet restore --force-evaluate",
    "pdm": "pdm lock --update-reuse",
    "pipfile": "pipenv lock",
    "pnpm": "pnpm install --no-frozen-lockfile",
    "poetry": "poetry lock",
    "uv": "uv lock",
    "yarn": "yarn install",
}
"""By format of the lockfile: it keeps what the changed manifests still let in."""

_ADDING: Mapping[str, str] = {
    "Cargo.lock": "cargo add",
    "npm-shrinkwrap.json": "npm install",
    "package-lock.json": "npm install",
    "package.json": "npm install",
    "pdm.lock": "pdm add",
    "pnpm-lock.yaml": "pnpm add",
    "poetry.lock": "poetry add",
    "uv.lock": "uv add",
}
"""By lockfile or manifest: what raises a range in the manifest, and renews the lockfile with it."""

_IN_FOLDER: Mapping[str, str] = {
    "Cargo.lock": "cargo add --manifest-path {folder}/Cargo.toml",
    "npm-shrinkwrap.json": "npm install --workspace {folder}",
    "package-lock.json": "npm install --workspace {folder}",
    "pnpm-lock.yaml": "pnpm --dir {folder} add",
    "uv.lock": "uv add --project {folder}",
}
"""The same for the manifest of a member, whose folder is seen from the lockfile's."""

_SIGNED = frozenset({"pdm.lock", "poetry.lock", "uv.lock"})
"""Where a range that begins with a sign follows the name at once; elsewhere after an `@`."""

_KEEPS_GROUP = frozenset({"npm-shrinkwrap.json", "package-lock.json", "package.json", "pnpm-lock.yaml"})
"""Where that leaves what is for development in its place."""

_RENEWED_BY_ADDING = frozenset({"npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml"})
"""Where nothing else takes just this version of what the project asks for."""

_VERSIONS: Mapping[str, str] = {
    "Go": "go list -m -versions {name}",
    "Maven": "mvn versions:display-dependency-updates",
    "NuGet": "dotnet package search {name} --exact-match",
    "Packagist": "composer show --all {name}",
    "PyPI": "pip index versions {name}",
    "RubyGems": "gem list --remote --all --exact {name}",
    "crates.io": "cargo info {name}",
    "npm": "npm view {name} versions",
}
"""By ecosystem: what lists the versions of a package."""


def renewing(lock: str, form: str, names: Iterable[str]) -> str:
    """What renews the lockfile after the diff; empty where nothing is known that does."""
    return AFTER.get(form, "").format(names=" ".join(quote(name) for name in sorted(set(names)))) if lock else ""


def listing(ecosystem: str, name: str) -> str:
    return _VERSIONS.get(ecosystem, "").format(name=quote(name))


def moving(package: Package, to: str, *, written: str, later_yarn: bool, folders: Collection[str] = ("",)) -> str:
    """What does a step without the diff; empty where only the diff does.

    `written` is the range that the manifest has after it, empty where it has none; `folders` are those of the manifests that
    ask for the package, seen from the lockfile's.
    """
    file = package.location.path.rpartition("/")[2]
    if written.startswith("npm:"):
        return ""
    if file == "yarn.lock":
        return _yarn(package, written, later=later_yarn, folders=folders)
    if written and file in _ADDING:
        adding = _adding(file, folders)
        signed = "" if written[0] in "<>=~!" and file in _SIGNED else "@"
        named = quote(f"{package.name}{signed}{written}")
        return f"{adding} {named}" if adding and (not package.groups or file in _KEEPS_GROUP) else ""
    if written and file == "Gemfile.lock":
        return ""
    if not written and file in {"pnpm-lock.yaml", "bun.lock"}:
        return ""
    return command_for(replace(package, direct=bool(written) or package.direct is True), to)


def renewed(package: Package, to: str, *, later_yarn: bool, folders: Collection[str]) -> str:
    """What renews the lockfile alone where the manifests let the version in; empty where nothing here is known to."""
    file = package.location.path.rpartition("/")[2]
    if file in _RENEWED_BY_ADDING:
        return moving(package, to, written=to, later_yarn=later_yarn, folders=folders)
    if file == "yarn.lock":
        return _yarn(package, to, later=later_yarn, folders=folders)
    return command_for(replace(package, direct=True), to)


def _adding(file: str, folders: Collection[str]) -> str:
    """In the lockfile's folder, or for its one member that asks; several are told one by one by the diff alone."""
    if set(folders) == {""}:
        return _ADDING[file]
    return _IN_FOLDER.get(file, "").format(folder=quote(next(iter(folders)))) if len(set(folders)) == 1 else ""


def _yarn(package: Package, written: str, *, later: bool, folders: Collection[str]) -> str:
    """The later one moves what any member asks for; the classic one what the folder does in which it is run."""
    if not written:
        return f"yarn up --recursive {quote(package.name)}" if later else ""
    if later:
        return f"yarn up {quote(f'{package.name}@{written}')}"
    if len(set(folders)) > 1:
        return ""
    folder = next(iter(folders), "")
    return f"yarn {f'--cwd {quote(folder)} ' if folder else ''}upgrade {quote(f'{package.name}@{written}')}"
