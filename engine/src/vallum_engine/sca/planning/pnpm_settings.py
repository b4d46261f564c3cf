"""`overrides` in `pnpm-workspace.yaml`, where pnpm 10.5 and later read them, and pnpm 11 and later only there (https://pnpm.io/settings).

The file is read line by line, as people write it; what is written in another style is not touched.
"""

import re
from collections.abc import Mapping

from vallum_engine.sca.planning.overrides import Overrides

NAME = "pnpm-workspace.yaml"
KEY = ("overrides",)
SINCE = 11
"""The first version that reads no overrides from `package.json`."""

_HEAD = re.compile(r"^overrides[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_ENTRY = re.compile(
    r"([ ]+)(?:'((?:[^']|'')*)'|\"([^\"\\]*)\"|([^\s'\"#:][^:#]*?))[ \t]*:[ \t]+['\"]?([^'\"#]*?)['\"]?[ \t]*(?:#.*)?\r?"
)
_DECLARED = re.compile(r"pnpm@(\d{1,4})(?:[.+].*)?")


def declared(manifest: Mapping[str, object]) -> int | None:
    """The first number of the pnpm that a `package.json` names as its package manager."""
    found = _DECLARED.fullmatch(str(manifest.get("packageManager", "")))
    return int(found[1]) if found else None


class Settings:
    """One such file, and what is to stand among its overrides; written once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.key = KEY
        self.wanted: dict[str, str] = {}
        self._said: dict[str, str] = {}
        self._indent = "  "
        heads = list(_HEAD.finditer(text))
        self.overrules = len(heads) == 1 and heads[0][1].strip()[:1] in {"", "#"}
        self._at: int | None = None if heads else len(text)
        """Where a new line goes; None where the file is written in a style that is not read."""
        if self.overrules:
            self._at = self._read(heads[0].end())

    def says(self, overrides: Overrides) -> bool:
        """Whether all of it stands there already."""
        return bool(overrides.wanted) and all(self._said.get(name) == to for name, to in overrides.wanted.items())

    def line(self, overrides: Overrides) -> int | None:
        """Take it in, and say in which line; None where it cannot be written, or something else is said there."""
        if self._at is None or any(self._said.get(name, to) != to for name, to in overrides.wanted.items()):
            return None
        self.wanted.update(overrides.wanted)
        return self._text.count("\n", 0, self._at) + 1

    def splice(self) -> tuple[int, int, str] | None:
        new = {name: to for name, to in self.wanted.items() if name not in self._said}
        if self._at is None or not new:
            return None
        newline = "\r\n" if "\r\n" in self._text else "\n"
        before = self._text[: self._at]
        lead = "" if not before or before.endswith("\n") else newline
        head = "" if self.overrules else f"{newline if before.strip() else ''}overrides:{newline}"
        lines = (f"{self._indent}{_quoted(name)}: {_quoted(to)}{newline}" for name, to in new.items())
        return self._at, self._at, lead + head + "".join(lines)

    def _read(self, start: int) -> int | None:
        """The entries, and where the last of them ends; None for a line that is none."""
        at = text_at = min(start + 1, len(self._text))
        while text_at < len(self._text):
            end = self._text.find("\n", text_at)
            end = len(self._text) if end < 0 else end + 1
            line = self._text[text_at:end].rstrip("\n")
            if line.strip() and not line.lstrip().startswith("#"):
                if line[0] != " ":
                    break
                entry = _ENTRY.fullmatch(line)
                if not entry:
                    return None
                self._indent = entry[1]
                self._said[(entry[2] or "").replace("''", "'") or entry[3] or entry[4] or ""] = entry[5]
                at = end
            text_at = end
        return at


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
