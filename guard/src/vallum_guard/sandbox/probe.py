"""How strong the isolation is here: found out by trying, once per process."""

from functools import cache
from typing import Final

from vallum_guard.errors import SandboxFailed, SandboxUnavailable
from vallum_guard.sandbox import seccomp
from vallum_guard.sandbox.launch import Streams, launch
from vallum_guard.sandbox.plan import ADVICE, find_bubblewrap
from vallum_guard.sandbox.policy import Isolation, Limits, Mechanism, Sandbox

_TRIAL: Final = Limits(seconds=20)
_STRONGEST_FIRST: Final = (Mechanism.BUBBLEWRAP, Mechanism.NAMESPACES, Mechanism.LANDLOCK)
_ALLOW_NAMESPACES: Final = "Allow user namespaces for it (sysctl user.max_user_namespaces, AppArmor's bwrap profile)."


def problem(mechanism: Mechanism) -> str:
    """Why this mechanism does not work here; empty when it does."""
    if mechanism is Mechanism.NOTHING:
        return ""
    if not seccomp.supported():
        return "this processor's system calls are not known to the filter"
    if mechanism is Mechanism.BUBBLEWRAP and find_bubblewrap() is None:
        return "bubblewrap is not installed"
    try:
        outcome = launch(("/bin/true",), Sandbox(limits=_TRIAL), mechanism, Streams())
    except (SandboxFailed, OSError) as error:
        return str(error)
    return "" if outcome.ok else f"a trial run ended with {outcome.returncode}: {outcome.stderr_tail.strip()}"


@cache
def isolation() -> Isolation:
    """The strongest mechanism that really works here, and why not a stronger one."""
    problems: list[str] = []
    for mechanism in _STRONGEST_FIRST:
        found = problem(mechanism)
        if not found:
            return Isolation(mechanism=mechanism, reason="; ".join(problems), advice=_advice(problems))
        problems.append(found)
    return Isolation(mechanism=Mechanism.NOTHING, reason="; ".join(problems), advice=_advice(problems))


def _advice(problems: list[str]) -> str:
    if not problems:
        return ""
    return ADVICE if find_bubblewrap() is None else _ALLOW_NAMESPACES


def chosen(sandbox: Sandbox) -> Mechanism:
    """What this sandbox will run with; refuses where it named none and this machine has none."""
    if sandbox.mechanism is not None:
        return sandbox.mechanism
    found = isolation()
    if found.mechanism is Mechanism.NOTHING:
        raise SandboxUnavailable(f"Untrusted work is not run without isolation: {found.reason}. {found.advice}")
    return found.mechanism
