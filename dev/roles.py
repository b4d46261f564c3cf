"""Writes docs/roles.md from accounts/matrix.toml, the one place that says who may do what."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vallum_web.config.settings")
django.setup()

from vallum_web.accounts.matrix import Role, actions  # noqa: E402 - roles are of a model: it needs the lines above

PAGE = Path("docs/roles.md")
_HEAD = """# Roles

Written by `python -m dev.roles` from `web/src/vallum_web/accounts/matrix.toml`, which the doors themselves ask; a test keeps the two equal.
Nobody hands out, changes or removes a role above their own. An action with a key (🔑) asks for a fresh proof of who one is, unless
there was one in the last ten minutes; a token may do it only where its scopes name it.

"""


def page() -> str:
    """The matrix as a Markdown table: an action a row, a role a column."""
    lines = [
        "| action | what | " + " | ".join(role.label.lower() for role in Role) + " |",
        "|---|---|" + ":-:|" * len(Role),
    ]
    for row in actions().values():
        marks = " | ".join("✓" if role in row.roles else "" for role in Role)
        lines.append(f"| `{row.id}`{' 🔑' if row.step_up else ''} | {row.what} | {marks} |")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE} says what matrix.toml says.\n")
