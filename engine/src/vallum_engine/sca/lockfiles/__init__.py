"""Lockfile formats: which file names each reads, and its module by dotted path.

A format is one module with `extract(file)`, one line here, and an example folder in the tests. Where the file says who
asks for whom, the module has `graph(file)` too, and stands in GRAPHS: it is read only for files with something vulnerable.
Where a file needs others of its kind to be understood, the module stands in TOGETHER and has `read(file)` and `join(read)`.
A manifest, which asks for ranges, stands in MANIFESTS with the formats that lock it. What another file at a fixed place says,
and more, stands in LOCKED_BY.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.model.graph import Graph
from vallum_engine.plugins import load
from vallum_engine.sca.lockfiles.entry import Asking, Entry, Hashes
from vallum_engine.sca.systems import databases
from vallum_engine.values import immutable

Extract = Callable[[File], Iterable[Entry]]

_HERE = "vallum_engine.sca.lockfiles"

NAMES: Mapping[str, str] = {
    "Cargo.lock": "cargo",
    "Containerfile": "docker",
    "Directory.Build.props": "msbuild",
    "Directory.Build.targets": "msbuild",
    "Directory.Packages.props": "msbuild",
    "Dockerfile": "docker",
    "Gemfile": "gemspec",
    "Gemfile.lock": "gemfile",
    "JuliaManifest.toml": "julia",
    "JuliaProject.toml": "juliaproject",
    "Manifest.toml": "julia",
    "Package.resolved": "swift",
    "Packages.props": "msbuild",
    "Pipfile": "pipfilewish",
    "Pipfile.lock": "pipfile",
    "Podfile.lock": "cocoapods",
    "Project.toml": "juliaproject",
    "action.yaml": "actions",
    "action.yml": "actions",
    "build.gradle": "gradle_build",
    "build.gradle.kts": "gradle_build",
    "bom.json": "sbom",
    "bom.xml": "sbom",
    "buildscript-gradle.lockfile": "gradle_lock",
    "bun.lock": "bun",
    "bun.lockb": "bunlockb",
    "cabal.project.freeze": "cabal",
    "composer.json": "composer_json",
    "composer.lock": "composer",
    "conan.lock": "conan",
    "conanfile.txt": "conanfile",
    "deno.json": "deno",
    "deno.jsonc": "deno",
    "deno.lock": "denolock",
    "dep-v0": "rustbinary",
    "gems.locked": "gemfile",
    "gems.rb": "gemspec",
    "gleam.toml": "gleamtoml",
    "go.buildinfo": "gobinary",
    "go.mod": "gomod",
    "go.sum": "gosum",
    "gradle.lockfile": "gradle_lock",
    "manifest.toml": "gleam",
    "mix.exs": "mixexs",
    "mix.lock": "mix",
    "npm-shrinkwrap.json": "npm",
    "package-lock.json": "npm",
    "packages.config": "packages_config",
    "packages.lock.json": "nuget_lock",
    "paket.lock": "paket",
    "pdm.lock": "pdm",
    "pnpm-lock.yaml": "pnpm",
    "poetry.lock": "poetry",
    "project.assets.json": "dotnet_libraries",
    "pubspec.lock": "pubspec",
    "pubspec.yaml": "pubspecwish",
    "pylock.toml": "pylock",
    "pyproject.toml": "pyproject",
    "rebar.lock": "rebar",
    "renv.lock": "renv",
    "sbom.json": "sbom",
    "sbom.xml": "sbom",
    "setup.cfg": "setupcfg",
    "setup.py": "setuppy",
    "stack.yaml.lock": "stack",
    "uv.lock": "uv",
    "vcpkg.json": "vcpkg",
    "yarn.lock": "yarn",
}

PATTERNS: Mapping[str, str] = {
    "*.Dockerfile": "docker",
    "*.cdx.json": "sbom",
    "*.cdx.xml": "sbom",
    "*.csproj": "msbuild",
    "*.deps.json": "dotnet_libraries",
    "*.dist-info/METADATA": "distinfo",
    "*.dockerfile": "docker",
    "*.fsproj": "msbuild",
    "*.gemspec": "gemspec",
    "*.spdx": "sbom",
    "*.spdx.json": "sbom",
    "*.spdx3.json": "sbom",
    "*.vbproj": "msbuild",
    "*.versions.toml": "gradle_catalog",
    "*requirements*.txt": "requirements",
    ".github/workflows/*.yaml": "actions",
    ".github/workflows/*.yml": "actions",
    "Cargo.toml": "cargotoml",
    "Containerfile.*": "docker",
    "Dockerfile.*": "docker",
    "EGG-INFO/PKG-INFO": "distinfo",
    "META-INF/MANIFEST.MF": "jar",
    "META-INF/maven/*/*/pom.properties": "jar",
    "META-INF/maven/*/*/pom.xml": "jar",
    "Manifest-v*.toml": "julia",
    "compose.*.yaml": "compose",
    "compose.*.yml": "compose",
    "compose.yaml": "compose",
    "compose.yml": "compose",
    "composer/installed.json": "composer",
    "conda-meta/*.json": "conda",
    "constraints*.txt": "requirements",
    "dependency-locks/*.lockfile": "gradle_lock",
    "dist-packages/*.egg-info": "distinfo",
    "dist-packages/*.egg-info/PKG-INFO": "distinfo",
    "docker-compose*.yaml": "compose",
    "docker-compose*.yml": "compose",
    "dockerfile.*": "docker",
    "gradle/verification-metadata.xml": "gradle_verification",
    "node_modules/*/package.json": "nodemodules",
    "node_modules/@*/*/package.json": "nodemodules",
    "package.json": "packagejson",
    "packages.*.lock.json": "nuget_lock",
    "pom.xml": "pom",
    "pylock.*.toml": "pylock",
    "requirements/*.txt": "requirements",
    "site-packages/*.egg-info": "distinfo",
    "specifications/*.gemspec": "gemstub",
    "site-packages/*.egg-info/PKG-INFO": "distinfo",
    "vendor/*/Cargo.toml": "cargovendor",
    "vendor/modules.txt": "govendor",
}
"""Names that only a pattern can say, looked at after the exact ones. `*` stands for no slash; a pattern with slashes asks for
the last folders too, and goes before one with fewer. Each ends in a name's ending, or as in `Name.*` has its beginning, so that a
walk looks at few of them for a file."""

ECOSYSTEMS: Mapping[str, str] = {
    "actions": "GitHub Actions",
    "apk": "Alpine",
    "bun": "npm",
    "bunlockb": "npm",
    "cabal": "Hackage",
    "cargo": "crates.io",
    "cargotoml": "crates.io",
    "cargovendor": "crates.io",
    "cocoapods": "CocoaPods",
    "compose": "Docker",
    "composer": "Packagist",
    "composer_json": "Packagist",
    "conan": "ConanCenter",
    "conanfile": "ConanCenter",
    "conda": "Conda",
    "deno": "npm",
    "denolock": "npm",
    "distinfo": "PyPI",
    "docker": "Docker",
    "dotnet_libraries": "NuGet",
    "dpkg": "Debian",
    "gemfile": "RubyGems",
    "gemspec": "RubyGems",
    "gemstub": "RubyGems",
    "gleam": "Hex",
    "gleamtoml": "Hex",
    "gobinary": "Go",
    "gomod": "Go",
    "gosum": "Go",
    "govendor": "Go",
    "gradle_build": "Maven",
    "gradle_catalog": "Maven",
    "gradle_lock": "Maven",
    "gradle_verification": "Maven",
    "jar": "Maven",
    "julia": "Julia",
    "juliaproject": "Julia",
    "mix": "Hex",
    "mixexs": "Hex",
    "msbuild": "NuGet",
    "nodemodules": "npm",
    "npm": "npm",
    "nuget_lock": "NuGet",
    "opkg": "OpenWrt",
    "packagejson": "npm",
    "packages_config": "NuGet",
    "paket": "NuGet",
    "pdm": "PyPI",
    "pipfile": "PyPI",
    "pipfilewish": "PyPI",
    "pnpm": "npm",
    "poetry": "PyPI",
    "pom": "Maven",
    "pubspec": "Pub",
    "pubspecwish": "Pub",
    "pylock": "PyPI",
    "pyproject": "PyPI",
    "rebar": "Hex",
    "renv": "CRAN",
    "requirements": "PyPI",
    "rpmdb": "Red Hat",
    "rustbinary": "crates.io",
    "sbom": "",
    "setupcfg": "PyPI",
    "setuppy": "PyPI",
    "stack": "Hackage",
    "swift": "SwiftURL",
    "uv": "PyPI",
    "vcpkg": "vcpkg",
    "yarn": "npm",
}


GRAPHS = frozenset(
    {
        "bun",
        "cargo",
        "cocoapods",
        "composer",
        "conan",
        "denolock",
        "dotnet_libraries",
        "gemfile",
        "gleam",
        "gomod",
        "julia",
        "mix",
        "npm",
        "nuget_lock",
        "paket",
        "pdm",
        "pnpm",
        "poetry",
        "renv",
        "requirements",
        "rustbinary",
        "sbom",
        "uv",
        "yarn",
    }
)
"""Formats that say who asks for whom: their modules have `graph(file)`."""

WITH_MANIFESTS = frozenset({"cargo", "composer", "gemfile", "gleam", "julia", "mix", "pdm", "poetry", "yarn"})
"""Of these, the ones whose manifests say more of it: `graph(file, asking)`."""

HASHES = frozenset({"cargo", "npm", "nuget_lock", "pnpm", "yarn"})
"""Of these, the ones that say a hash of the one archive that a package is: their modules have `hashes(file)`."""

KNOWS_DEV = frozenset(
    {"composer", "conan", "gradle_build", "gradle_lock", "npm"}
    | {"packages_config", "paket", "pdm", "pipfile", "poetry", "pom"}
)
"""Formats whose groups part development from production for every entry, asked for or not."""

TOGETHER = frozenset({"jar", "msbuild", "pom"})
"""Formats whose files are understood together at the end of a scan: a parent holds what a child leaves out."""

LOCKED_BY: Mapping[str, tuple[str, ...]] = {
    "bunlockb": ("bun.lock", "package-lock.json", "pnpm-lock.yaml", "yarn.lock"),
    "gradle_build": ("gradle.lockfile",),
    "gradle_catalog": ("gradle.lockfile", "../gradle.lockfile"),
    "gradle_verification": ("../gradle.lockfile",),
    "gosum": ("go.mod",),
    "installed.json": ("../../composer.lock",),
    "msbuild": ("packages.lock.json", "obj/project.assets.json"),
    "package-lock.json": ("npm-shrinkwrap.json",),
    "project.assets.json": ("../packages.lock.json",),
}
"""By a file's name, or else its format: files seen from its folder that say the same and more. Beside one, it is not counted."""


@immutable
class Manifest:
    """`locks` are the formats that answer it, beside it or above it with it as a member; `todo` is how to make one."""

    locks: frozenset[str]
    todo: str


_PYTHON = frozenset({"pdm", "poetry", "pylock", "uv"})

MANIFESTS: Mapping[str, Manifest] = {
    "cargotoml": Manifest(locks=frozenset({"cargo"}), todo="Commit Cargo.lock: `cargo generate-lockfile` writes it."),
    "composer_json": Manifest(locks=frozenset({"composer"}), todo="Commit composer.lock: `composer update` writes it."),
    "conanfile": Manifest(locks=frozenset({"conan"}), todo="Commit conan.lock: `conan lock create .` writes it."),
    "gemspec": Manifest(locks=frozenset({"gemfile"}), todo="Commit Gemfile.lock: `bundle lock` writes it."),
    "pipfilewish": Manifest(locks=frozenset({"pipfile"}), todo="Commit Pipfile.lock: `pipenv lock` writes it."),
    "pyproject": Manifest(locks=_PYTHON, todo="Commit a lockfile: `uv lock`, `poetry lock` or `pdm lock` writes one."),
    "setupcfg": Manifest(locks=_PYTHON, todo="Commit what it comes to: `pip freeze > requirements.txt` writes it."),
    "setuppy": Manifest(locks=_PYTHON, todo="Commit what it comes to: `pip freeze > requirements.txt` writes it."),
    "gleamtoml": Manifest(locks=frozenset({"gleam"}), todo="Commit manifest.toml: `gleam deps download` writes it."),
    "mixexs": Manifest(locks=frozenset({"mix"}), todo="Commit mix.lock: `mix deps.get` writes it."),
    "juliaproject": Manifest(locks=frozenset({"julia"}), todo="Commit Manifest.toml: `Pkg.resolve()` writes it."),
    "pubspecwish": Manifest(locks=frozenset({"pubspec"}), todo="Commit pubspec.lock: `dart pub get` writes it."),
    "deno": Manifest(locks=frozenset({"denolock"}), todo="Commit a lockfile: `deno install` writes one."),
    "packagejson": Manifest(
        locks=frozenset({"bun", "bunlockb", "npm", "pnpm", "yarn"}),
        todo="Commit a lockfile: `npm install --package-lock-only` writes one.",
    ),
}

UNPUBLISHED = frozenset(
    {"", "CocoaPods", "Conda", "Docker", "JSR", "vcpkg"}
    | {"bitbucket", "generic", "github", "gitlab", "huggingface", "mlflow", "oci", "swid"}
)
"""Ecosystems without advisories in OSV's form: listed, never matched. The later ones are types of package URLs; the empty one is none."""


def _by_key() -> dict[str, list[tuple[str, int]]]:
    """Patterns with their slashes, by the ending or the beginning of the name that each asks for."""
    found: dict[str, list[tuple[str, int]]] = {}
    for pattern in sorted(PATTERNS, key=lambda pattern: (-pattern.count("/"), pattern)):
        name = pattern.rpartition("/")[2]
        key = name[:-1] if name.endswith(".*") else name.rpartition(".")[2]
        found.setdefault(key, []).append((pattern, pattern.count("/")))
    return found


_BY_KEY = _by_key()


def format_of(path: str) -> str:
    """The format that reads this path, or an empty string. Of an installed npm package only its own manifest counts."""
    form = _form(path)
    return form if "node_modules/" not in path or form == "nodemodules" else ""


def _form(path: str) -> str:
    name = path.rpartition("/")[2]
    if found := NAMES.get(name) or databases.format_of(path):
        return found
    for key in (name.rpartition(".")[2], name.partition(".")[0] + "."):
        for pattern, folders in _BY_KEY.get(key, ()):
            if fnmatchcase("/".join(path.rsplit("/", folders + 1)[-folders - 1 :]) if folders else name, pattern):
                return PATTERNS[pattern]
    return ""


def shadows(path: str) -> Iterator[str]:
    """Where the files would lie that say what this one says, and more."""
    folder, _, name = path.rpartition("/")
    for beside in LOCKED_BY.get(name) or LOCKED_BY.get(format_of(path), ()):
        at, up = folder, beside
        while up.startswith("../") and at:
            at, up = at.rpartition("/")[0], up[3:]
        if not up.startswith("../"):
            yield f"{at}/{up}" if at else up


def extractor(name: str) -> Extract:
    found: Extract = load(f"{_HERE}.{name}:extract")
    return found


def grapher(name: str) -> Callable[..., Graph]:
    """`graph(file)` of a format in GRAPHS; of one in WITH_MANIFESTS `graph(file, asking)`."""
    found: Callable[..., Graph] = load(f"{_HERE}.{name}:graph")
    return found


def graph_of(form: str, file: File, asking: Sequence[Asking]) -> Graph:
    """Who asks for whom in `file`, with what its manifests ask for. Raises BrokenData."""
    read = grapher(form)
    return read(file, asking) if form in WITH_MANIFESTS else read(file)


def hashes_of(form: str, file: File) -> Hashes:
    """What `file` says of the archives of its entries. Raises BrokenData."""
    return dict(load(f"{_HERE}.{form}:hashes")(file)) if form in HASHES else {}


def reader(name: str) -> Callable[[File], Any]:
    """Of a format in TOGETHER: what one file says, as a value of the format's own. Raises BrokenData."""
    found: Callable[[File], Any] = load(f"{_HERE}.{name}:read")
    return found


def joiner(name: str) -> Callable[[Mapping[str, Any]], Iterable[tuple[str, Entry]]]:
    """Of a format in TOGETHER: from what was read by path to the entries of each path."""
    found: Callable[[Mapping[str, Any]], Iterable[tuple[str, Entry]]] = load(f"{_HERE}.{name}:join")
    return found
