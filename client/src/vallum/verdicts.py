"""What gates said, as one value for both doors: the platform's answer, and that of this machine."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from vallum_engine.gate.decide import Verdict
from vallum_engine.model.text import printable
from vallum_engine.values import immutable, made

FORMAT = 1
"""Of the JSON: rises when a field goes or changes its meaning."""
MOST_LISTED = 50
"""Offending findings of one gate; what is not listed is counted."""
_MARK = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.CANNOT_SAY: "cannot say"}
_WIDTH = 100


@immutable
class Why:
    """One reason."""

    code: str
    text: str
    count: int = 0
    url: str = ""


@immutable
class Offender:
    """One finding that breaks a gate, or may."""

    severity: str
    kind: str
    title: str
    path: str
    line: int
    url: str = ""


@immutable
class Said:
    """What one gate said."""

    gate: str
    verdict: Verdict
    reasons: Sequence[Why]
    counts: Mapping[str, int] = made(factory=dict)
    offending: Sequence[Offender] = ()
    not_listed: int = 0


@immutable
class Answer:
    """What all gates said of one asset or report."""

    about: str
    said: Sequence[Said]
    scan: str = ""
    reasons: Sequence[Why] = ()
    """Why there is no verdict of a gate, where there is none."""

    @property
    def verdict(self) -> Verdict:
        """Of several the worst: a gate that fails fails all, and nothing passes that nobody could ask about."""
        every = {each.verdict for each in self.said}
        if Verdict.FAIL in every:
            return Verdict.FAIL
        return Verdict.PASS if every == {Verdict.PASS} else Verdict.CANNOT_SAY


def to_json(answer: Answer) -> bytes:
    document = {
        "version": FORMAT,
        "verdict": answer.verdict,
        "about": answer.about,
        "scan": answer.scan,
        "reasons": [asdict(why) for why in answer.reasons],
        "gates": [asdict(each) for each in answer.said],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def to_table(answer: Answer) -> bytes:
    """The worst first, each with its reasons and what it is about; the last line is the verdict of all."""
    order = (Verdict.FAIL, Verdict.CANNOT_SAY, Verdict.PASS)
    lines: list[str] = []
    for each in sorted(answer.said, key=lambda said: (order.index(said.verdict), said.gate)):
        lines += [f"{_MARK[each.verdict].ljust(10)}  {printable(each.gate)}", *_reasons(each.reasons)]
        lines += _offending(each)
        if hidden := each.counts.get("suppressed", 0):
            what = "1 finding is suppressed and does" if hidden == 1 else f"{hidden:,} findings are suppressed and do"
            lines += _wrapped(f"{what} not count.")
    lines += _reasons(answer.reasons)
    about = f"{printable(answer.about)}{f', scan {printable(answer.scan)}' if answer.scan else ''}"
    return ("\n".join([*lines, "", f"{about}: {_MARK[answer.verdict]}."]) + "\n").encode("utf-8", "backslashreplace")


def _reasons(reasons: Iterable[Why]) -> Iterator[str]:
    for why in reasons:
        yield from _wrapped(f"{why.text}{f' {why.url}' if why.url else ''}")


def _offending(said: Said) -> Iterator[str]:
    for each in said.offending:
        yield from _wrapped(f"- {each.severity}  {each.title}  {each.path}:{each.line}", deeper="  ")
    if said.not_listed:
        yield f"{' ' * 12}and {said.not_listed:,} more"


def _wrapped(text: str, deeper: str = "") -> list[str]:
    """Words only, on lines of their own; paths and addresses are never cut, so that they can be copied."""
    lead = " " * 12
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=lead + deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
