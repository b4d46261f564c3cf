"""What names a place outside this tree: a package registry's host (no mirror could stand in) or someone's machine.

The words are put together here from parts, so that this file does not trip itself.
"""

import re
from collections.abc import Iterator

from dev.lint.rule import Rule, everywhere
from dev.lint.source import Source

_HOSTS = (
    ("pypi", "org"),
    ("pypi", "python", "org"),
    ("pythonhosted", "org"),
    ("registry", "npmjs", "org"),
    ("registry", "npmjs", "com"),
    ("registry", "yarnpkg", "com"),
    ("npmjs", "com"),
    ("deb", "debian", "org"),
    ("ftp", "debian", "org"),
    ("security", "debian", "org"),
    ("snapshot", "debian", "org"),
    ("static", "crates", "io"),
    ("index", "crates", "io"),
    ("proxy", "golang", "org"),
    ("sum", "golang", "org"),
    ("repo", "maven", "apache", "org"),
    ("repo1", "maven", "org"),
    ("central", "sonatype", "com"),
    ("central", "sonatype", "org"),
)
# The ecosystem itself is called after this host in OSV's data, so it is a host only inside an address.
_IN_AN_ADDRESS = ("crates", "io")


def _pattern() -> re.Pattern[str]:
    anywhere = "|".join(r"\.".join(parts) for parts in _HOSTS)
    return re.compile(rf"(?<![\w-])(?:{anywhere})(?![\w-])|(?<=://){'[.]'.join(_IN_AN_ADDRESS)}", re.IGNORECASE)


_HOST = _pattern()
_MACHINE = re.compile(
    r"(?<![\w.~}/-])/(?:" + "|".join(("wo" + "rk/", "ro" + "ot/", "ho" + "me/[a-z0-9_]", "Us" + "ers/[a-z]")) + ")"
)


def hosts(source: Source) -> Iterator[tuple[int, str]]:
    for found in _HOST.finditer(source.text):
        yield source.text.count("\n", 0, found.start()) + 1, f"{found[0]} is a package registry"


def machines(source: Source) -> Iterator[tuple[int, str]]:
    for found in _MACHINE.finditer(source.text):
        yield source.text.count("\n", 0, found.start()) + 1, f"a path on one machine, {found[0]}…"


RULES = (
    Rule(
        name="registry-host", todo="leave the address to the package client's settings", where=everywhere, check=hosts
    ),
    Rule(
        name="machine-path",
        todo="use a relative path, a setting, or a temporary folder",
        where=everywhere,
        check=machines,
    ),
)
