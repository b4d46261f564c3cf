"""What a mail says, and how it looks: one text, from which the HTML is made, so that the two cannot differ.

A text is paragraphs. One that is nothing but an address of this installation becomes a button, lines that begin with two
spaces a list. Nothing else means anything, so no stranger's words can make a link.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context
from django.template.loader import get_template, render_to_string

from vallum_web.mail import kinds
from vallum_web.mail.kinds import Kind

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A subject, which is one line, and a text. `button` stands on the one link, if there is one."""

    subject: str
    text: str
    button: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One of `letters.toml`: a template, the kind it is of, and what stands in it in the previews."""

    id: str
    kind: Kind
    button: str
    sample: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A paragraph, a list or a link."""

    text: str = ""
    lines: tuple[str, ...] = ()
    link: str = ""


@cache
def shapes() -> dict[str, Shape]:
    entries = tomllib.loads((files(__package__) / "letters.toml").read_text("utf-8"))["letter"]
    found = {
        entry["id"]: Shape(
            id=entry["id"],
            kind=kinds.named(entry["kind"]),
            button=entry.get("button", ""),
            sample=entry.get("sample", {}),
        )
        for entry in entries
    }
    if len(found) != len(entries):
        raise kinds.BrokenKindError("letters.toml has a letter twice")
    return found


def letter(name: str, /, **values: Any) -> Letter:
    """The letter of this template (`mail/letters/<name>.txt`: the subject in its first line) with these values."""
    context = Context({key: _tame(value) for key, value in values.items()}, autoescape=False)
    rendered = get_template(f"mail/letters/{name}.txt").template.render(context)  # type: ignore[attr-defined]  # Django's own engine
    subject, _, text = rendered.strip().partition("\n")
    return Letter(subject=one_line(subject), text=_paragraphs(text), button=shapes()[name].button)


def sample(name: str) -> Letter:
    return letter(name, **{key: _placed(value) for key, value in shapes()[name].sample.items()})


def one_line(text: str) -> str:
    """A subject is a header: what would end it, or hide in it, becomes a space."""
    return " ".join(_tamed(text).split())[:LONGEST_SUBJECT]


def parts(text: str) -> Iterator[Part]:
    for paragraph in re.split(r"\n{2,}", text.strip("\n")):
        lines = paragraph.split("\n")
        if all(line.startswith("  ") for line in lines):
            yield Part(lines=tuple(line.strip() for line in lines))
        elif len(lines) == 1 and is_ours(lines[0]):
            yield Part(link=lines[0])
        else:
            yield Part(text=" ".join(lines))


def is_ours(text: str) -> bool:
    """Whether this is an address of this installation, and nothing beside it."""
    if re.search(r"\s", text):
        return False
    try:
        found, own = urlsplit(text), urlsplit(settings.PUBLIC_URL)
    except ValueError:
        return False
    return (found.scheme, found.netloc) == (own.scheme, own.netloc) and found.scheme in {"http", "https"}


def plain(said: Letter, kind: Kind, *, leave: str = "") -> str:
    """As text. `leave` is the address at which the kind can be switched off."""
    foot = [kind.what if not leave else f"{kind.what} Which mails you get is yours to choose: {leave}"]
    return "\n\n".join([said.text.strip("\n"), "-- ", *foot]) + "\n"


def html(said: Letter, kind: Kind, *, leave: str = "") -> str:
    """As HTML that loads nothing from anywhere."""
    context = {
        "letter": said,
        "parts": list(parts(said.text)),
        "kind": kind,
        "leave": leave,
        "button": said.button or "Open on Vallum",
    }
    return render_to_string("mail/letter.html", context)


def _paragraphs(text: str) -> str:
    return (
        re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))).strip("\n") + "\n"
    )


def _tame(value: Any) -> Any:
    """What stands in a text stays within its line."""
    if isinstance(value, str):
        return " ".join(_tamed(value).split())
    if isinstance(value, list | tuple):
        return [_tame(item) for item in value]
    if isinstance(value, dict):
        return {key: _tame(item) for key, item in value.items()}
    return value


def _tamed(text: str) -> str:
    """Without control characters, line separators and what turns the direction of writing."""
    return "".join(" " if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else sign for sign in text)


def _placed(value: Any) -> Any:
    return value.replace("{here}", settings.PUBLIC_URL) if isinstance(value, str) else value
