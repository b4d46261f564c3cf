"""A range raised to a version, written as it was written: a caret stays a caret, `~=` stays `~=`."""

import re
from collections.abc import Sequence

from vallum_engine.sca.planning.ranges import Clause, Style, admits, alternatives, is_final, numbers

_BOUND = re.compile(r"(\[\s*)([^\s,\[\]()]+)(\s*(?:,\s*[^\s,\[\]()]*\s*)?[\])])")


def raised(style: Style, written: str, to: str, *, joiner: str = "") -> str | None:
    """The range from `to` on; None where no small change of it does that for sure."""
    text = written.strip()
    if not text or (admits(style, text, to) is None and not _is_read(style, text)):
        return None
    if text[0] in "[(":
        new = _interval(text, to)
    else:
        found = alternatives(style, text)
        if not found or len(found) > 1 or not found[0]:
            return None
        new = _clauses(style, text, found[0], to, joiner or _joiner(style, text))
    if new is None or (not joiner and admits(style, new, to) is not True):
        return None
    return written.replace(text, new, 1)


def _is_read(style: Style, text: str) -> bool:
    return style.soft or alternatives(style, text) is not None


def _interval(text: str, to: str) -> str | None:
    found = _BOUND.fullmatch(text)
    return f"{found[1]}{to}{found[3]}" if found else None


def _joiner(style: Style, text: str) -> str:
    return ", " if style.joiner == "," and ", " in text else style.joiner


def _clauses(style: Style, text: str, clauses: Sequence[Clause], to: str, joiner: str) -> str | None:
    new, floor = text, not any(clause.op in {"=", "^", "~", "~=", "~>", ">", ">="} for clause in clauses)
    for clause in reversed(clauses):
        rewritten = _clause(style, text[clause.start : clause.end], clause, to)
        if rewritten is None:
            return None
        body, needs_floor = rewritten
        floor = floor or needs_floor
        new = new[: clause.start] + body + new[clause.end :]
    if not floor:
        return new
    gap = " " if re.match(r"\D+\s", text) else ""
    bottom = f">={gap}{to}"
    return f"{bottom}{joiner}{new}" if new[0] in "<!" else f"{new}{joiner}{bottom}"


def _clause(style: Style, body: str, clause: Clause, to: str) -> tuple[str, bool] | None:
    """The clause anew, and whether a floor has to stand beside it."""
    sign = body[: clause.at - clause.start]
    if clause.op in {"<", "<=", "!="}:
        return _upper(style, body, sign, clause, to)
    if clause.wild or (style.short and clause.op == "=" and len(clause.parts) < 3):
        return _short(style, body, clause, to)
    if clause.op == ">":
        return sign.replace(">", ">=", 1) + to, False
    count, ours = len(clause.parts), numbers(to)
    if clause.op == style.drops and count < len(ours) and is_final(to):
        kept = ".".join(map(str, ours[:count]))
        return sign + kept, any(ours[count:])
    return sign + to, False


def _short(style: Style, body: str, clause: Clause, to: str) -> tuple[str, bool] | None:
    """`1.x` and `1.2.*`: where a caret or a tilde says the same with a floor, that; else the star and a floor."""
    count, ours = len(clause.parts), numbers(to)
    if not count or not is_final(to):
        return None
    if style.short:
        sign = "^" if count == 1 else "~"
        return f"{sign}{to}", False
    kept = ".".join(map(str, ours[:count]))
    return body.replace(".".join(map(str, clause.parts)), kept, 1), True


def _upper(style: Style, body: str, sign: str, clause: Clause, to: str) -> tuple[str, bool] | None:
    """What stays above `to` stays as it is; `<5` with 5.0.1 becomes `<6`."""
    if admits(style, body, to):
        return body, False
    count, ours = len(clause.parts), numbers(to)
    if clause.op != "<" or clause.wild or len(ours) < count or not is_final(to):
        return None
    return sign + ".".join(map(str, (*ours[: count - 1], ours[count - 1] + 1))), False
