"""Numbers of payment cards: found by length, beginning and check digit, and masked. Pure.

Beginnings and lengths are those of ISO/IEC 7812's larger issuers: American Express, Visa, Mastercard, Maestro, Discover, JCB,
UnionPay, RuPay. A number of our own that fits is possible, and rare: one in ten digits passes the check, few begin like this.
"""

import re
from collections.abc import Iterator

LONGEST = 100_000
"""Characters of one text that are looked at: more than any field of a person's holds."""
# Digits in a row, or in groups as they are printed: each group may be set off by one space or hyphen.
_RUN = re.compile(r"(?<![0-9A-Za-z.:/_+-])[2-6][0-9](?:[ -]?[0-9]){11,17}(?![0-9A-Za-z_]|[.:-][0-9A-Za-z])")
_ISSUERS = re.compile(
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|62[0-9]{14,17}"
    r"|(?:508[0-9]|60[0-9]{2}|81[0-9]{2}|82[0-9]{2})[0-9]{12}|(?:50|5[6-9]|6[0-9])[0-9]{10,17})"
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand."""
    for found in _RUN.finditer(text[:LONGEST]):
        if is_card(_digits(found[0])):
            yield found.span()


def masked(text: str) -> str:
    """The text with all of each card number left out but its last four digits."""
    parts, at = [], 0
    for begin, end in spans(text):
        parts += [text[at:begin], f"[card …{_digits(text[begin:end])[-4:]}]"]
        at = end
    return "".join([*parts, text[at:]])


def is_card(digits: str) -> bool:
    return len(set(digits)) > 1 and _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _digits(text: str) -> str:
    return text.replace(" ", "").replace("-", "")


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + (place % 2)) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
