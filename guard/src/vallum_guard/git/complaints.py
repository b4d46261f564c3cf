"""From what git and the proxy complained of to one sentence for the person who asked."""

import re
import signal
from collections.abc import Sequence
from typing import Final

from vallum_guard.errors import (
    BranchMissing,
    CloneFailed,
    GuardError,
    RedirectRefused,
    RepositoryNotFound,
    TooLarge,
    TooSlow,
    TransportFailed,
)
from vallum_guard.sandbox import End, Outcome

_ABSENT: Final = (
    r"Authentication failed|could not read (?:Username|Password)|repository .* not found|returned error: 4(?:0[134]|10)"
)
_NOT_GIT: Final = (
    r"not valid: is this a git repository|does not appear to be a git repository|dumb http transport|bad line length"
    r"|protocol error|info/refs unexpected"
)
_UNTRUSTED: Final = r"certificate|SSL peer|ssl/tls|TLS connection|gnutls_handshake|SSL_ERROR|SSL connect"
_BROKEN_OFF: Final = (
    r"Could not resolve|Failed to connect|Connection re|early EOF|RPC failed|hung up|Recv failure|transfer closed"
    r"|unexpected disconnect|Empty reply|Proxy CONNECT aborted"
)
_AUTHORITY: Final = "name your own authority's file in SSL_CERT_FILE if it is yours"

_ENDED_BY_US: Final[dict[End, type[GuardError]]] = {
    End.TIME: TooSlow,
    End.WATCH: TooLarge,
    End.STDOUT: CloneFailed,
    End.STDERR: CloneFailed,
    End.PROCESSES: CloneFailed,
}

# Read from top to bottom: the first that matches speaks.
_RULES: Final[tuple[tuple[str, type[GuardError], str], ...]] = (
    (r"Remote branch .* not found", BranchMissing, "has no such branch: check its spelling"),
    (
        r"returned error: 30[1-8]|unable to update url base from redirection",
        RedirectRefused,
        "redirects elsewhere, which is not followed: give the address it redirects to",
    ),
    (
        _ABSENT,
        RepositoryNotFound,
        "was not found, or needs a credential: check the address, and for a private repository its token",
    ),
    (r"returned error: 429", TransportFailed, "answers too many requests (429): try again later"),
    (r"returned error: 5\d\d", TransportFailed, "has a fault of its own (the server answered 5xx): try again later"),
    (_NOT_GIT, CloneFailed, "does not answer as a git repository does: check the address"),
    (_UNTRUSTED, TransportFailed, f"shows a certificate that is not trusted here: {_AUTHORITY}"),
    (r"Operation too slow|timed out", TooSlow, "sends nothing, or hardly anything: try again later"),
    (r"File too large|No space left|out of memory|mmap failed", TooLarge, "is larger than the limits allow"),
    (r"fsck error|badTree|gitmodules", CloneFailed, "holds malformed or hostile git objects"),
    (_BROKEN_OFF, TransportFailed, "broke off the connection: try again later"),
)


def explain(url: str, outcome: Outcome, problems: Sequence[GuardError]) -> GuardError:
    """The one exception that tells why a clone ended. The proxy knows best: it refused before git noticed."""
    if outcome.end in _ENDED_BY_US:
        return _ENDED_BY_US[outcome.end](f"Cloning {url} stopped: {outcome.reason}.")
    if problems:
        return type(problems[0])(f"{url} was not cloned: {problems[0]}")
    if outcome.returncode == 128 + signal.SIGXFSZ:
        return TooLarge(f"{url} is larger than the limits allow.")
    for pattern, kind, words in _RULES:
        if re.search(pattern, outcome.stderr_tail, re.IGNORECASE):
            return kind(f"{url} {words}.")
    return CloneFailed(f"{url} was not cloned: {_last_line(outcome)}")


def _last_line(outcome: Outcome) -> str:
    """The server's words may come along (`remote: …`), so nothing but plain text is let through."""
    lines = [line for line in re.split(r"[\r\n]+", outcome.stderr_tail) if line.strip()]
    plain = "".join(character for character in (lines[-1] if lines else "") if character.isprintable())
    return plain[:300] or f"git ended with {outcome.returncode} and no message."
