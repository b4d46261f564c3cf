"""What Burp's reports share, whichever way they are written."""

import re

_INPUT = re.compile(r"\[([^\[\]]{1,200})\]\s*$")
_SENTENCE = re.compile(r"\.(?=\s|[A-Z]|$)|\n")
_FLOW = re.compile(r"Data is read from (\S{1,200}) and passed to (\S{1,200}?)\.?(?:\s|$)")


def attacked(location: object) -> str:
    """Of `/basket.jsp [b_id cookie]` the input in brackets."""
    found = _INPUT.search(str(location or ""))
    return found[1] if found else ""


def told_apart(detail: str) -> tuple[str, ...]:
    """What a detail says of an issue that stays from scan to scan: its first sentence names the input.

    Those after it hold payloads, but for the flow of an issue in the page's own scripts.
    """
    flat = " ".join(detail.split())
    flow = _FLOW.search(flat)
    return (_SENTENCE.split(flat, maxsplit=1)[0].strip(), *(flow.groups() if flow else ()))
