"""Text of strangers made safe to look at: nothing in it may be invisible or change the order of what is read."""

import unicodedata

_KEPT = frozenset("\t\n")


def pieces(text: str) -> list[tuple[str, bool]]:
    """Runs of plain text, and each control or format character alone as its code point (Trojan Source, CVE-2021-42574)."""
    result: list[tuple[str, bool]] = []
    run: list[str] = []
    for character in text:
        if character in _KEPT or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            run.append(character)
            continue
        if run:
            result.append(("".join(run), False))
            run = []
        result.append((f"U+{ord(character):04X}", True))
    if run:
        result.append(("".join(run), False))
    return result


def words(text: str) -> str:
    """The same in one text, for an attribute or a message."""
    return "".join(piece for piece, _ in pieces(text))
