"""What Amazon Inspector says of packages, in its own findings and in those of Security Hub: there keys begin with a capital."""

from collections.abc import Iterable, Mapping
from typing import Any

from vallum_engine.parsers.ecosystems import distribution, versioned
from vallum_engine.parsers.ecosystems import ecosystem as ecosystem_of
from vallum_engine.parsers.format import Component
from vallum_engine.parsers.words import texts

# Managers that go by other words elsewhere.
_MANAGERS = {"DOTNET_CORE": "NuGet", "NODEPKG": "npm", "PYTHONPKG": "PyPI"}
_NOTHING = frozenset({"", "None Provided", "NotAvailable"})


def lowered(value: Any) -> Any:
    """The same object with keys as Inspector itself writes them."""
    return {str(k)[:1].lower() + str(k)[1:]: v for k, v in value.items()} if isinstance(value, Mapping) else {}


def component(package: Mapping[str, Any], platform: str) -> Component:
    name, version = str(package.get("name") or ""), str(package.get("version") or "")
    manager = str(package.get("packageManager") or "")
    system = manager == "OS"
    ecosystem = _platform(platform) if system else _MANAGERS.get(manager) or ecosystem_of(manager)
    if name.startswith("go/") and manager == "GENERIC":  # `go/stdlib`
        ecosystem, name = "Go", name.removeprefix("go/")
    elif manager == "GENERIC":
        ecosystem = ""
    version = versioned(ecosystem, version)
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
    """`DEBIAN_11`, `ALPINE_LINUX_3_18`."""
    return distribution(name.replace("_", " ")) or name.lower()


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


def advice(*said: object) -> tuple[str, ...]:
    return tuple(text for text in texts(list(said)) if text not in _NOTHING)
