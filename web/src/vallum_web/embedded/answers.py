"""What the doctor answers to one question."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Only FAIL changes the exit code."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer. `advice` says what to do, and is empty where nothing is to be done."""

    verdict: Verdict
    subject: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict:<5}{self.subject:<12}{self.found}"
        return f"{line}\n{'':17}{self.advice}" if self.advice else line
