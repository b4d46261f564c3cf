"""Gates for a start: each is added by one press, and changed like any other."""

from collections.abc import Mapping
from dataclasses import dataclass

from vallum_engine.gate.policy import Baseline, Policy, Since
from vallum_engine.model.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    name: str
    why: str
    policy: Policy


READY: Mapping[str, Ready] = {
    "no-new-critical": Ready(
        name="No new critical",
        why="What is there already can wait for its turn; what a change brings cannot.",
        policy=Policy(max_severity=Severity.HIGH, new_since=Baseline(since=Since.PREVIOUS)),
    ),
    "no-secret": Ready(
        name="No secret",
        why="A token in the code is known to everybody who has the code.",
        policy=Policy(no_secret=True),
    ),
    "no-known-exploited": Ready(
        name="No known exploited vulnerability",
        why="What is in CISA's catalogue is being used by somebody already.",
        policy=Policy(no_exploited=True),
    ),
}
