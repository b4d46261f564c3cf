"""What Amazon Inspector says of packages, in its own findings and in those of Security Hub: there keys begin with a capital."""

from collections.abc import Iterable, Mapping
from typing import Any

from vallum_engine.parsers.format import Component
from vallum_engine.parsers.words import dug, listed, texts

_MANAGERS = {
    "BUNDLER": "RubyGems",
    "CARGO": "crates.io",
    "COMPOSER": "Packagist",
    "DOTNET_CORE": "NuGet",
    "GEMSPEC": "RubyGems",
    "GO": "Go",
    "GOBINARY": "Go",
    "GOMOD": "Go",
    "JAR": "Maven",
    "JAVA": "Maven",
    "NODEPKG": "npm",
    "NODEJS": "npm",
    "NPM": "npm",
    "NUGET": "NuGet",
    "PIP": "PyPI",
    "PIPENV": "PyPI",
    "PNPM": "npm",
    "POETRY": "PyPI",
    "POM": "Maven",
    "PYTHON": "PyPI",
    "PYTHONPKG": "PyPI",
    "YARN": "npm",
}
# How a platform's name begins, of packages of the system: `DEBIAN_11`.
_PLATFORMS = {"ALPINE": "Alpine", "DEBIAN": "Debian", "RED_HAT": "Red Hat", "RHEL": "Red Hat", "UBUNTU": "Ubuntu"}
_NOTHING = frozenset({"", "None Provided", "NotAvailable"})


def lowered(value: Any) -> Any:
    """The same object with keys as Inspector itself writes them."""
    return {str(k)[:1].lower() + str(k)[1:]: v for k, v in value.items()} if isinstance(value, Mapping) else {}


def component(package: Mapping[str, Any], platform: str) -> Component:
    name, version = str(package.get("name") or ""), str(package.get("version") or "")
    manager = str(package.get("packageManager") or "")
    system = manager == "OS"
    ecosystem = _platform(platform) if system else _MANAGERS.get(manager, "")
    if name.startswith("go/") and manager == "GENERIC":  # `go/stdlib`
        ecosystem, name = "Go", name.removeprefix("go/")
    if ecosystem == "Go":
        version = version.removeprefix("v")
    if system and package.get("release"):
        version = f"{version}-{package['release']}"
    if system and str(package.get("epoch") or "0") != "0":
        version = f"{package['epoch']}:{version}"
    fixed = str(package.get("fixedInVersion") or "").removeprefix("0:")
    return Component(
        ecosystem=ecosystem,
        name=name,
        version=version,
        fixed=() if fixed in _NOTHING else texts([part.strip() for part in fixed.split(",")]),
    )


def _platform(name: str) -> str:
    return next((ecosystem for start, ecosystem in _PLATFORMS.items() if name.upper().startswith(start)), name.lower())


def affected(packages: Iterable[Any]) -> tuple[str, ...]:
    """Each package as a line: name, version, where it lies, and what it is fixed in."""
    lines = []
    for package in map(lowered, packages):
        path, fixed = package.get("filePath"), str(package.get("fixedInVersion") or "")
        where = f" in {path}" if path else ""
        until = f", fixed in {fixed.removeprefix('0:')}" if fixed not in _NOTHING else ""
        lines.append(f"{package.get('name')} {package.get('version') or ''}".strip() + where + until)
    return tuple(dict.fromkeys(lines))


def names(known: str, related: Any) -> tuple[str, ...]:
    """An advisory's one related vulnerability is the same by another name; of several it only speaks of all."""
    others = [text for text in texts(related) if text != known]
    return tuple(name for name in (known, *(others if len(others) == 1 else ())) if name)


def vector(scores: Any, key: str) -> str:
    given = [str(dug(score, key) or "") for score in listed(scores)]
    return next((text for text in given if text.startswith(("CVSS:4.", "CVSS:3."))), "")


def advice(*said: object) -> tuple[str, ...]:
    return tuple(text for text in texts(list(said)) if text not in _NOTHING)
