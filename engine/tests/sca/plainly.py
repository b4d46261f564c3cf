"""Versions compared as the ecosystems' documents word it, step by step on text and numbers: slow, and with nothing of the keys."""

import re
from functools import cmp_to_key
from itertools import zip_longest

from packaging.version import InvalidVersion, Version

from vallum_engine.model.distributions import family

APK_SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"]
MAVEN_WORDS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"]
PHP_FORMS = ["dev", "alpha", "beta", "RC", "#", "patch"]


def sign(one, other):
    return (one > other) - (one < other)


def dpkg(one, other):
    """Policy 5.6.12: epoch, then upstream version, then revision."""
    return next(filter(None, map(dpkg_part, dpkg_split(one), dpkg_split(other))), 0)


def dpkg_split(text):
    epoch, colon, rest = text.partition(":")
    upstream, hyphen, revision = (rest if colon else text).rpartition("-")
    return (epoch if colon else "0", upstream if hyphen else revision, revision if hyphen else "0")


def dpkg_part(one, other):
    while one or other:
        (a, one), (b, other) = (re.fullmatch(r"(\D*)(.*)", text, re.DOTALL).groups() for text in (one, other))
        for left, right in zip_longest(a, b, fillvalue=""):
            if dpkg_weight(left) != dpkg_weight(right):
                return sign(dpkg_weight(left), dpkg_weight(right))
        (a, one), (b, other) = (re.fullmatch(r"(\d*)(.*)", text, re.DOTALL).groups() for text in (one, other))
        if int(a or 0) != int(b or 0):
            return sign(int(a or 0), int(b or 0))
    return 0


def dpkg_weight(letter):
    if letter in ("", "~"):
        return -len(letter)
    return ord(letter) + (0 if letter.isalpha() else 256)


def rpm(one, other):
    """Rpmvercmp of the manual, for epoch, version and release."""
    left, right = rpm_split(one), rpm_split(other)
    if left[0] != right[0]:
        return sign(left[0], right[0])
    return rpm_part(left[1], right[1]) or rpm_part(left[2], right[2])


def rpm_split(text):
    epoch, colon, rest = text.partition(":")
    version, hyphen, release = (rest if colon else text).rpartition("-")
    return int(epoch or 0) if colon else 0, version if hyphen else release, release if hyphen else ""


def rpm_part(one, other):
    mine, yours = (re.findall(r"\d+|[A-Za-z]+|~|\^", text) for text in (one, other))
    for a, b in zip_longest(mine, yours, fillvalue=""):
        if a == b:
            continue
        if "~" in (a, b):
            return -1 if a == "~" else 1
        if "" in (a, b):
            return 1 if b == "" else -1
        if "^" in (a, b):
            return -1 if a == "^" else 1
        if a.isdigit() and b.isdigit():
            if int(a) != int(b):
                return sign(int(a), int(b))
        else:
            return sign((a.isdigit(), a), (b.isdigit(), b))
    return 0


def apk(one, other):
    """Of apk-tools 3: token by token; where the kinds differ, what is no prerelease makes the later version."""
    mine, yours = apk_tokens(one), apk_tokens(other)
    for (kind, value), (other_kind, other_value) in zip_longest(mine, yours, fillvalue=("end", 0)):
        if kind == other_kind and value == other_value:
            continue
        if kind == other_kind:
            if kind == "number" and (value[0] == "0" or other_value[0] == "0"):
                return sign(value, other_value)
            return (
                sign(int(value), int(other_value))
                if kind in ("number", "count", "build", "first")
                else sign(value, other_value)
            )
        for mark, early in ((kind, value), (other_kind, other_value)):
            if mark == "suffix" and early < 4:
                return -1 if mark == kind else 1
        kinds = ["end", "build", "commit", "count", "suffix", "letter", "number"]
        return sign(kinds.index(kind), kinds.index(other_kind))
    return 0


def apk_tokens(text):
    number = r"^(?P<first>\d+)|\.(?P<number>\d+)"
    more = r"_(?P<suffix>[a-z]+)(?P<count>\d*)|~(?P<commit>[0-9a-f]+)|-r(?P<build>\d+)|(?P<letter>[a-z])"
    for found in re.finditer(f"{number}|{more}", text):
        for kind, value in found.groupdict().items():
            if value:
                yield kind, APK_SUFFIXES.index(value) if kind == "suffix" else value


def gems(one, other):
    """Gem::Version: segment by segment, a word before a number, what is missing being zero."""
    mine, yours = (
        [int(part) if part.isdigit() else part for part in re.findall(r"\d+|[A-Za-z]+", text.replace("-", ".pre."))]
        for text in (trimmed(one), trimmed(other))
    )
    for a, b in zip_longest(mine, yours, fillvalue=0):
        if a != b:
            return sign(a, b) if type(a) is type(b) else (-1 if isinstance(a, str) else 1)
    return 0


def trimmed(text):
    """Zeros at the end of the numbers before the first word count for nothing: `1.0.a` is `1.a`."""
    return re.sub(r"(?:\.0+)+(?=\.[A-Za-z]|-|$)", "", text, count=1)


def composer(one, other):
    """PHP's version_compare() of what Composer makes of a version."""
    mine, yours = composer_parts(one), composer_parts(other)
    for a, b in zip_longest(mine, yours, fillvalue=""):
        if a == b:
            continue
        if a.isdigit() and b.isdigit():
            return sign(int(a), int(b))
        if "" in (a, b):
            rest = a or b
            later = 1 if rest.isdigit() or PHP_FORMS.index(rest) > PHP_FORMS.index("#") else -1
            return later if a else -later
        left, right = (PHP_FORMS.index("#" if part.isdigit() else part) for part in (a, b))
        return sign(left, right)
    return 0


def composer_parts(text):
    core, stage, count, dev = re.fullmatch(
        r"v?(\d+(?:\.\d+)*)[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?[.-]?(dev)?",
        text,
        re.IGNORECASE,
    ).groups()
    parts = [str(int(number)) for number in core.split(".")]
    parts += ["0"] * (4 - len(parts))
    names = {"b": "beta", "a": "alpha", "rc": "RC", "pl": "patch", "p": "patch"}
    if stage and stage.lower() != "stable":
        parts += [names.get(stage.lower(), stage.lower()), *(str(int(n)) for n in re.findall(r"\d+", count or ""))]
    return parts + (["dev"] if dev else [])


def maven(one, other):
    """ComparableVersion: lists in lists."""
    return maven_lists(maven_read(one.lower()), maven_read(other.lower()))


def maven_read(text):
    top = here = []
    last = ""
    for at, part in enumerate(parts := re.findall(r"\d+|[^\d.-]+|[.-]", text)):
        if part in ".-":
            if last in (".", "-", ""):
                here.append(0)
        else:
            following = parts[at + 1 : at + 2]
            if last not in (".", "-", "") or (
                not part.isdigit() and (not following or following[0].isdigit()) and here
            ):
                here.append(here := [])
            here.append(int(part) if part.isdigit() else maven_word(part, bool(following and following[0].isdigit())))
        if part == "-":
            here.append(here := [])
        last = part
    return maven_normal(top)


def maven_word(part, before_digits):
    if before_digits:
        part = {"a": "alpha", "b": "beta", "m": "milestone"}.get(part, part)
    part = {"ga": "", "final": "", "release": "", "cr": "rc"}.get(part, part)
    return str(MAVEN_WORDS.index(part)) if part in MAVEN_WORDS else f"7-{part}"


def maven_normal(items):
    items = [maven_normal(item) if isinstance(item, list) else item for item in items]
    for at in range(len(items) - 1, -1, -1):
        if items[at] in (0, "5", []):
            del items[at]
        elif not isinstance(items[at], list):
            break
    return items


def maven_items(one, other):
    rank = [str, list, int]
    if other is None:
        if isinstance(one, list):
            return next(filter(None, (maven_items(item, None) for item in one)), 0)
        return sign(one, "5") if isinstance(one, str) else sign(one, 0)
    if type(one) is not type(other):
        return sign(rank.index(type(one)), rank.index(type(other)))
    return maven_lists(one, other) if isinstance(one, list) else sign(one, other)


def maven_lists(one, other):
    for a, b in zip_longest(one, other):
        found = maven_items(a, b) if a is not None else -maven_items(b, None)
        if found:
            return found
    return 0


def semver(text):
    """Precedence as the specification words it; short forms are filled up, tags may have a `v`, Go's releases have words."""
    plain = re.sub(r"^(go|v|=)", "", text)
    plain = re.sub(r"^(\d+\.\d+)(\.\d+)?(beta|rc)(\d+)$", lambda m: f"{m[1]}{m[2] or '.0'}-{m[3]}.{m[4]}", plain)
    core, _, prerelease = plain.partition("+")[0].partition("-")
    numbers = core.split(".")
    if len(numbers) > 3 or not all(n.isdecimal() for n in numbers):
        return None
    identifiers = [(0, int(i), "") if i.isdecimal() else (1, 0, i) for i in prerelease.split(".")] if prerelease else []
    return [*map(int, numbers), 0, 0][:3], not prerelease, identifiers


def nuget(text):
    core, _, labels = text.partition("+")[0].lower().partition("-")
    numbers = [int(number) for number in core.split(".")]
    named = [(0, int(i), "") if i.isdecimal() else (1, 0, i) for i in labels.split(".")] if labels else []
    return [*numbers, 0, 0, 0][:4], not labels, named


def python(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def readable(pattern, compare):
    of = cmp_to_key(compare)
    return lambda text: of(text) if re.fullmatch(pattern, text) else None


DPKG = readable(r"(\d+:)?[A-Za-z0-9.+~-]+", dpkg)
RPM = readable(r"\S+", rpm)
COMPARABLE = {
    "AlmaLinux": RPM,
    "Alpine": readable(r"\d+(\.\d+)*[a-z]?(_[a-z]+\d*)*(~[0-9a-f]+)?(-r\d+)?", apk),
    "Debian": DPKG,
    "Go": semver,
    "Hackage": lambda text: tuple(map(int, text.split("."))),
    "Maven": readable(r"\S+", maven),
    "NuGet": nuget,
    "Packagist": readable(
        r"(?i)v?\d+(\.\d+){0,3}[._-]?((stable|beta|b|rc|alpha|a|patch|pl|p)([.-]?\d+)*)?([.-]?dev)?", composer
    ),
    "PyPI": python,
    "RubyGems": readable(r"\d+(\.[0-9A-Za-z]+)*(-.*)?", gems),
    "crates.io": semver,
    "npm": semver,
}
"""By ecosystem: from a version to what Python orders as the ecosystem does, or None."""


def comparable(ecosystem, text):
    return COMPARABLE[family(ecosystem)](text)
