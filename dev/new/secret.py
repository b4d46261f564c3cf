"""A secrets rule: one entry in `rules/<provider>.toml`. The provider is the first word of the rule's id."""

import re
import tomllib
from pathlib import Path

from dev.new.plan import Plan, Refused

RULES = "engine/src/vallum_engine/secrets/rules"
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")

_FILE = """\
provider = "{provider}"
references = ["{provider}: the page of the issuer that describes the form"]
rotate = [
  "Revoke it at {provider}, and make another.",
  "Look in {provider}'s log for uses that were not yours.",
]
"""

_RULE = """
[[rule]]
id = "{id}"
title = "{title}"
severity = "high"
pattern = '''\\b({first}_[0-9A-Za-z]{{32}})\\b'''
leaks = ["{variable}={first}_{{base62:32}}"]
clean = ["{variable}={first}_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]
"""


def plan(name: str, root: Path) -> Plan:
    if not _ID.fullmatch(name):
        raise Refused(f"{name!r} is no rule id: give words in lower case joined by hyphens, the provider first.")
    first, _, rest = name.partition("-")
    path = f"{RULES}/{first}.toml"
    for known in sorted((root / RULES).glob("*.toml")):
        if any(rule["id"] == name for rule in tomllib.loads(known.read_text("utf-8"))["rule"]):
            raise Refused(f"{name} exists in {known.relative_to(root)}. An id is never used twice: choose another.")
    provider = first.capitalize()
    rule = _RULE.format(
        id=name, first=first, title=f"{provider} {rest.replace('-', ' ')}", variable=name.replace("-", "_").upper()
    )
    todo = (
        f"Give the rule its real form in {path}: pattern, severity, references, how to rotate.",
        "Holes in `leaks`, like {base62:32}, are filled with noise when tests run: never write a whole sample.",
        "Run: make test T=engine/tests/secrets",
    )
    if (root / path).exists():
        return Plan(change={path: (root / path).read_text("utf-8").rstrip("\n") + "\n" + rule}, todo=todo)
    return Plan(create={path: _FILE.format(provider=provider) + rule}, todo=todo)
