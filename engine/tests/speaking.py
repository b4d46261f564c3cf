"""What detectors of tests have in common."""

from vallum_engine.model.finding import Confidence, Finding, Kind, Location, Severity
from vallum_engine.model.report import Exclusion, Verdict


class ByItself:
    """Says of each file alone what it has to say."""

    name = "words"
    by_file = True
    stamp = "1"

    def __init__(self):
        self.timed = set()
        self._aside = []

    def leave(self, path):
        self._aside.append(Exclusion(path=path, ruleset="words", verdict=Verdict.SKIPPED, why="aside"))

    def conclude(self):
        return ()

    def exclusions(self):
        return self._aside

    def packages(self):
        return ()


def sighting(rule, path, line, identity, ruleset="words"):
    return Finding(
        kind=Kind.SECRET,
        ruleset=ruleset,
        rule=rule,
        title="t",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=f"{identity.decode('latin-1')} is here",
        locations=(Location(path=path, line=line, end_line=line),),
        identity=("w/1", ruleset, identity.decode("latin-1")),
    )
