"""A layer of a container image: what one step of its build changed."""

import re

from vallum_engine.model.text import printable
from vallum_engine.values import immutable, replace

CONFIG_PATH = ".image/config.json"
"""Where an image's configuration is shown among its files: environment, labels and the commands it was built by."""

MOST_COMMAND = 300
SECRET_COMMAND = "(holds a secret: see {path}, line {line})"  # noqa: S105 - says that there is one

_MOST_READ = 4096
# Texts, not compiled: `re` compiles and keeps them at their first use, which a scan without images never comes to.
_NAMED = (
    r"(?i)((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|credential|authorization)[\w-]{0,40}[\"']?\s?[=:]\s?[\"']?)"
    r"(?:(?:bearer|basic|token)\s)?[^\s\"'&]+"
)
_USERINFO = r"(://)[^\s/@]{1,200}@"


@immutable
class Layer:
    number: int
    """From 1, the lowest."""
    digest: str
    """Of its content unpacked (the configuration's `diff_id`); empty where the image does not say."""
    created_by: str = ""
    """The command of the build that made it, as the image's history has it, cut at MOST_COMMAND letters."""
    base: bool = False
    """Whether it came with the image that this one was built on."""
    line: int = 0
    """Where its command stands in the configuration as it is shown; 0 where it does not."""

    @property
    def name(self) -> str:
        """What locations call it: its digest, else its number."""
        return self.digest or f"layer {self.number}"

    def without_secret(self) -> "Layer":
        """Its command left out, because a secret stands in it."""
        return replace(self, created_by=SECRET_COMMAND.format(path=CONFIG_PATH, line=self.line))


def command(text: object) -> str:
    """A command of a history on one line, cut, without the values of what is named like a secret.

    That is the least: where the secrets are looked for too, `without_secret` leaves the whole command out.
    """
    plain = " ".join(str(text or "")[:_MOST_READ].split())
    plain = printable(re.sub(_USERINFO, r"\1***@", re.sub(_NAMED, r"\1***", plain)))
    return plain if len(plain) <= MOST_COMMAND else plain[: MOST_COMMAND - 1] + "…"
