"""Files that are no code and yet name packages: what starts them, which drivers they take, and which names are aliases of own files."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles import ECOSYSTEMS, format_of
from vallum_engine.sca.reach.modules import Index

MOST_BYTES = 256 << 10
"""Of a file of settings; larger ones are data."""
MOST_ALIASES = 1000

_ENDINGS = frozenset({"cfg", "conf", "env", "ini", "json", "properties", "service", "sh", "toml", "xml", "yaml", "yml"})
_NAMES = re.compile(r"(?:Procfile|Makefile|(?:Docker|Container)file(?:\..+)?|.+\.[dD]ockerfile)$")
_STARTS = re.compile(r"(?:pre|post)?(?:start|serve|prod|production|deploy|migrate|install)(?:[:.-]|$)")
_PARTS = """
    author ava babel bin browser browserslist bugs bundleDependencies bundledDependencies c8 commitlint config
    contributors cpu dependencies description devDependencies devEngines directories engines eslintConfig
    eslintIgnore exports files funding homepage husky imports jest jsdelivr keywords license lint-staged main
    mocha module name nyc optionalDependencies os overrides packageManager peerDependencies
    peerDependenciesMeta pnpm postcss prettier private publishConfig readme release repository resolutions
    scripts sideEffects size-limit standard stylelint ts-jest tsd type types typesVersions typings unpkg
    version volta workspaces xo
"""
_USUAL = frozenset(_PARTS.split())
"""Parts of a `package.json` that ask for packages, describe the project, or are settings of tools."""
_TOKEN = re.compile(r"[^\s\"'`=,;&|()<>]+")
_SCHEME = re.compile(r"\+(\w+)(?:$|:)|^(\w+)://")
_PATHS = re.compile(rb'"paths"\s*+:\s*+\{([^}]{0,20000}+)\}')
_ALIAS = re.compile(rb'"([^"\\]{1,200})"\s*+:\s*+\[')
_RENAMED = re.compile(rb'"npm:((?:@[^/"@\s]{1,200}/)?[^/"@\s]{1,200})(?:@[^"]*+)?"')
_SETTINGS = re.compile(r"(?:ts|js)config.*\.json$")


def wanted(path: str) -> bool:
    """Whether a file that is no code is worth reading for names of packages. Lockfiles and manifests list them all: none of those."""
    name = path.rpartition("/")[2]
    if name == "package.json" or _SETTINGS.match(name):
        return True
    if name.rpartition(".")[2] not in _ENDINGS and not _NAMES.match(name):
        return False
    form = format_of(path)
    return not form or ECOSYSTEMS.get(form) in ("Docker", "GitHub Actions")


def gives_aliases(path: str) -> bool:
    return bool(_SETTINGS.match(path.rpartition("/")[2]))


def started(file: File) -> Iterator[tuple[str, int]]:
    """What a `package.json` names besides what it asks for: other names of packages, what scripts start, settings of unknown tools."""
    data = file.data
    for match in _RENAMED.finditer(data):
        yield match[1].decode("latin-1"), data.count(b"\n", 0, match.start()) + 1
    try:
        manifest = json.loads(data)
        own = sorted(set(manifest) - _USUAL)
        scripts = manifest.get("scripts")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return
    for name, text in scripts.items() if isinstance(scripts, dict) else ():
        if _STARTS.match(name) and isinstance(text, str):
            line = _line(data, name)
            yield from ((token, line) for token in _TOKEN.findall(text))
    for name in own:
        line = _line(data, name)
        yield from ((word, line) for word in _strings(manifest[name]))


def _line(data: bytes, key: str) -> int:
    return data.count(b"\n", 0, max(data.find(f'"{key}"'.encode()), 0)) + 1


def _strings(value: Any) -> Iterator[str]:
    """Texts and keys, however deep; a file of settings is small."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            rest += [*one, *one.values()]
        elif isinstance(one, list):
            rest += one


def named(word: str, index: Index, ecosystem: str) -> Iterable[str]:
    """The packages that one word in a text may name: as an import, as a driver in an address, by its own name."""
    if found := index.packages(word.partition(":")[0] if ecosystem == "PyPI" else word):
        return found
    if ecosystem == "PyPI" and ("+" in word or "://" in word) and (driver := _SCHEME.search(word)):
        return index.packages(driver[1] or driver[2])
    return ()


class Aliases:
    """Names of own files that look like packages: `paths` of a `tsconfig.json`."""

    def __init__(self) -> None:
        self._known: list[tuple[str, str, str]] = []

    def take(self, file: File) -> bool:
        """Whether the file is one that gives aliases."""
        if not gives_aliases(file.path):
            return False
        folder = file.path.rpartition("/")[0]
        for paths in _PATHS.finditer(file.data):
            for alias in _ALIAS.finditer(paths[1]):
                before, star, after = alias[1].decode("latin-1").partition("*")
                if (before or after) and len(self._known) < MOST_ALIASES:
                    self._known.append((folder + "/" if folder else "", before, after if star else "\0"))
        return True

    def means(self, specifier: str, path: str) -> bool:
        """Whether the specifier is an alias where the file lies."""
        return any(
            path.startswith(folder)
            and (specifier == before if after == "\0" else specifier.startswith(before) and specifier.endswith(after))
            for folder, before, after in self._known
        )
