"""What a browser says it is, in words a person recognises. Read here, offline; told to nobody. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What one has in front of oneself."""

    COMPUTER = "computer"
    PHONE = "phone"
    TABLET = "tablet"
    PROGRAM = "program"
    BOT = "bot"
    """It says so itself; what hides it is taken for what it pretends to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Browser and system by name, with the browser's major version: enough to say "that was me"."""

    browser: str
    version: str = ""
    system: str = ""
    kind: Kind = Kind.COMPUTER

    def __str__(self) -> str:
        what = f"{self.browser} {self.version}".strip()
        return f"{what} on {self.system}" if self.system else what


# The first that matches: all but the last few also say that they are Chrome or Safari.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"\bOPR/(\d+)")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d+)")),
    ("Vivaldi", re.compile(r"\bVivaldi/(\d+)")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"\b(?:HeadlessChrome|Chrome|CriOS)/(\d+)")),
    ("Chromium", re.compile(r"\bChromium/(\d+)")),
    ("Safari", re.compile(r"\bVersion/(\d+)[\d.]* (?:Mobile/\w+ )?Safari/")),
)
_SYSTEMS: Final = (
    ("iOS", Kind.PHONE, re.compile(r"\biPhone\b|\biPod\b")),
    ("iPadOS", Kind.TABLET, re.compile(r"\biPad\b")),
    ("Android", Kind.PHONE, re.compile(r"\bAndroid\b(?=.*\bMobile\b)")),
    ("Android", Kind.TABLET, re.compile(r"\bAndroid\b")),
    ("Windows", Kind.COMPUTER, re.compile(r"\bWindows NT\b")),
    ("macOS", Kind.COMPUTER, re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("ChromeOS", Kind.COMPUTER, re.compile(r"\bCrOS\b")),
    ("Linux", Kind.COMPUTER, re.compile(r"\bLinux\b|\bX11\b")),
)
# `curl/8.5.0`, `python-requests/2.32`. No dots: it is shown in mails, where a name with some would become a link.
_PROGRAM: Final = re.compile(r"([A-Za-z][\w-]{0,30})/v?(\d+)")
# Cubot makes phones.
_BOT: Final = re.compile(r"\b(?!cubot)[\w-]*(?:bot|crawler|spider)\b", re.IGNORECASE)
UNKNOWN: Final = Device(browser="An unknown browser")


def read(agent: str) -> Device:
    if _BOT.search(agent):
        return Device(browser="A bot", kind=Kind.BOT)
    system, kind = next(((name, kind) for name, kind, looks in _SYSTEMS if looks.search(agent)), ("", Kind.COMPUTER))
    for name, looks in _BROWSERS:
        if match := looks.search(agent):
            return Device(browser=name, version=match[1], system=system, kind=kind)
    if system:
        return Device(browser=UNKNOWN.browser, system=system, kind=kind)
    program = _PROGRAM.match(agent)
    return Device(browser=program[1], version=program[2], kind=Kind.PROGRAM) if program else UNKNOWN
