"""What a suppression rule hides: facts of a finding, and how patterns are read. Pure.

`*` stands for any text, in a path for any within one folder, and `**` for any folders; `?` for one letter. The expressions
made of them mean the same to PostgreSQL and to Python.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from vallum_engine.model.finding import Kind, Severity

MOST_WILDCARDS = 10
LONGEST = {"rule": 120, "path": 300, "package": 200}
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_PARTS = re.compile(r"\*\*/|\*+|\?|[^*?]+")
# What fits every path, and every name; `*` alone is a file in no folder.
_ANYTHING = {
    "path": re.compile(r"(\*\*+/)*(\*\*+|(?<=/)\*)"),
    "rule": re.compile(r"\*+"),
    "package": re.compile(r"\*+"),
}


class PatternError(ValueError):
    """No pattern that a rule could have; the message says why, for whoever wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """All that is said has to be so; what is empty is not asked. Make one with `read`."""

    kind: str = ""
    rule: str = ""
    path: str = ""
    package: str = ""
    cve: str = ""
    asset: UUID | None = None
    severity: int = Severity.HIGH.rank
    """The worst that is hidden: what is critical only where this says so."""
    exploited: bool = False
    """Whether what is known to be exploited is hidden too."""

    @classmethod
    def read(cls, **said: Any) -> Self:
        """A pattern as a person wrote it. Raises PatternError."""
        pattern = cls(**{**said, **_tidied(said)})
        if pattern.kind and pattern.kind not in {kind.value for kind in Kind}:
            raise PatternError(f"{pattern.kind} is no kind of finding.")
        if pattern.cve and not _CVE.fullmatch(pattern.cve):
            raise PatternError("A CVE is written as in CVE-2021-44228, in full.")
        for name, most in LONGEST.items():
            _readable(name, getattr(pattern, name), most)
        if not any((pattern.kind, pattern.rule, pattern.path, pattern.package, pattern.cve, pattern.asset)):
            raise PatternError(
                "That would hide everything: say at least a kind, a rule, a path, a package, a CVE or an asset."
            )
        return pattern

    def words(self, asset: str = "") -> str:
        """The pattern as a sentence without its full stop; `asset`: what that one is called."""
        told = [
            f"{self.kind} findings" if self.kind else "Findings",
            f"of rule {self.rule}" if self.rule else "",
            f"in {self.path}" if self.path else "",
            f"of package {self.package}" if self.package else "",
            f"of {self.cve}" if self.cve else "",
            f"on {asset or 'one asset'}" if self.asset else "",
        ]
        worst = next(severity for severity in Severity if severity.rank == self.severity)
        limits = "of every severity" if worst is Severity.CRITICAL else f"up to severity {worst.value}"
        also = ", also what is known to be exploited" if self.exploited else ""
        text = f"{' '.join(part for part in told if part)}, {limits}{also}"
        return text[0].upper() + text[1:]


def _tidied(said: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: str(said.get(name) or "").strip() for name in ("kind", "rule", "path", "package", "cve")}
    texts["cve"] = texts["cve"].upper()
    texts["path"] = texts["path"].removeprefix("./")
    if texts["path"].endswith("/"):
        texts["path"] += "**"
    # What fits everything asks nothing.
    return {name: "" if name in _ANYTHING and _ANYTHING[name].fullmatch(text) else text for name, text in texts.items()}


def _readable(name: str, text: str, most: int) -> None:
    """Raises PatternError."""
    if len(text) > most:
        raise PatternError(f"A {name} has up to {most} letters.")
    if not text.isprintable():
        raise PatternError(f"Write the {name} in one line, without control characters.")
    if len(re.findall(r"\*+|\?", text)) > MOST_WILDCARDS:
        raise PatternError(f"A {name} has up to {MOST_WILDCARDS} of * and ?.")


def exact(text: str) -> bool:
    """Whether nothing in it stands for anything else."""
    return "*" not in text and "?" not in text


def of_rule(text: str) -> str:
    return f"^{_expression(text, any_text='.*', any_letter='.')}$"


def of_path(text: str) -> str:
    return f"^{_expression(text, any_text='[^/]*', any_letter='[^/]')}$"


def of_package(text: str) -> str:
    """Over the name and the version, as a finding has them in one."""
    return f"^{_expression(text, any_text='[^ ]*', any_letter='[^ ]')}( .*)?$"


def _expression(text: str, *, any_text: str, any_letter: str) -> str:
    within = {"*": any_text, "?": any_letter, "**/": "(.*/)?"}
    return "".join(
        within.get(part, ".*" if part.startswith("**") else re.escape(part)) for part in _PARTS.findall(text)
    )
