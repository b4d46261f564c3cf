"""Files of accounts, one a line or one a block: .netrc, .pgpass, shadow and htpasswd; and those that are one key."""

import re
from collections.abc import Iterator

from vallum_engine.secrets.formats.setting import Setting

_NETRC = (
    rb"(?:\A|(?<=\s))(machine|default|login|user|password|passwd|account)[ \t\r\n]{1,20}(\"[^\"\n]{0,400}\"|[^\s]{1,400})"
    rb"|(?m:^[ \t]{0,20}#[^\n]*)"
)
_FIELD = rb"(?:[^:\\\n]|\\.){0,300}"
_PGPASS = (
    rb"(?m)^(?!#)("
    + _FIELD
    + rb"):("
    + _FIELD
    + rb"):("
    + _FIELD
    + rb"):("
    + _FIELD
    + rb"):((?:[^\\\r\n]|\\.){1,300}?)\r?$"
)
_HASHED = rb"(?m)^([^\s:#]{1,64}):([^\s:]{2,300})(?=:|\s{0,4}$)"


def netrc(data: bytes) -> Iterator[Setting]:
    """Passwords under the name of their machine.

    https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
    """
    machine, group = "default", 0
    for found in re.finditer(_NETRC, data):
        word = found[1]
        if word is None:
            continue
        value, start = found[2].strip(b'"'), found.start(2) + found[2].startswith(b'"')
        if word in (b"machine", b"default"):
            machine, group = value.decode("utf-8", "replace"), group + 1
            continue
        name = "password" if word in (b"password", b"passwd") else word.decode()
        yield Setting(path=machine, name=name, value=value, start=start, end=start + len(value), group=group)


def pgpass(data: bytes) -> Iterator[Setting]:
    """The fifth field of each line.

    https://www.postgresql.org/docs/current/libpq-pgpass.html
    """
    for number, found in enumerate(re.finditer(_PGPASS, data)):
        host = found[1].decode("utf-8", "replace")
        value = re.sub(rb"\\(.)", rb"\1", found[5])
        yield Setting(path=host, name="password", value=value, start=found.start(5), end=found.end(5), group=number)


def hashed(data: bytes) -> Iterator[Setting]:
    """The second field of each line of a shadow or htpasswd file, under the account's name."""
    for number, found in enumerate(re.finditer(_HASHED, data)):
        name = found[1].decode("utf-8", "replace")
        yield Setting(path=name, name="hash", value=found[2], start=found.start(2), end=found.end(2), group=number)


def alone(data: bytes) -> Iterator[Setting]:
    """The one word of a file that has no other."""
    words = data.split(None, 1)
    if len(words) == 1:
        start = data.index(words[0])
        yield Setting(path="", name="content", value=words[0], start=start, end=start + len(words[0]))
