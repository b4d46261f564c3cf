"""Values that stand where a secret would: examples, templates, references, keyboard noise."""

from functools import lru_cache
from itertools import pairwise

from vallum_engine.compiling import expression

_WORDS = tuple(
    b"example xxxx your_ your- yourapi yourkey yourtoken yoursecret yourpassword placeholder changeme change-me change_me "
    b"changethis change-this change_this redacted dummy fake sample insert replaceme replace-me replace_me replacewith replace-with "
    b"replace_with lorem notareal not-a-real not_a_real -here _here deadbeef dead-beef dead_beef 00000000 ... *** ____ ----- "
    b"123e4567-e89b-12d3 550e8400-e29b-41d4 f47ac10b-58cc-4372 6ba7b810-9dad-11d1".split()  # the UUIDs of manuals
)
_DOCUMENTED = tuple(
    b"Eby8vdM02xNOcqFl QWxhZGRpbjpvcGVu dXNlcjpwYXNz dXNlcm5hbWU6 Zm9vOmJhcg "  # Azurite's key, user:pass and the like
    b"sk_test_4eC39HqLyjWDarjtT1zdp7dc sk_test_BQokikJOvBiI2HlWgH4olfQ2 "  # Stripe's manual
    b"6bec40cf957de430a6f1f2baa056b99a4fac9ea0 "  # Meraki's sandbox
    b"U2FsdGVkX1".split()  # "Salted__": what openssl has encrypted
)
_REFERENCE = (
    rb"<[^<>]*>|\$\{|\$\(|\{\{|\}\}|%\(|%[sd]\b|%[A-Z_]{3,}%|#\{|@\{|\{[\w.:-]*\}"
    rb"|\A\{[^{}]*\}\Z|\A\$[A-Za-z_]\w+\Z|\[\[|process\.env|os\.environ|ENC[\[(]"
)
_RUN = rb"(?s)(.)\1{5}"
_ROWS = (
    b"abcdefghijklmnopqrstuvwxyz",
    b"01234567890123456789",
    b"0123456789abcdef0123456789abcdef",
    b"abcdef0123456789abcdef0123456789",
    b"9876543210987654321",
    b"qwertyuiop",
    b"asdfghjkl",
)
_BLANKED = rb"(?i)(?:1234567890){2}|example|xxxxx|redacted|placeholder|\.\.\.|\*\*\*|\$\{|\{\{|<[a-z]"
_LONG = 200
_STEP = 6
_STEPS = frozenset(row[start : start + _STEP] for row in _ROWS for start in range(len(row) - _STEP + 1))
_BLOCK = 16
_FEW = 5
_ROUND = frozenset([b"za", b"fa", b"90", b"91"])
"""How a count goes on after the last letter, the last digit of base 16, the last digit."""
_COUNTED = 12
_COUNTED_SHARE = 0.6
"""Of 100,000 random values of 16 characters, 3 in base 16 and none in greater bases count by chance."""


def is_placeholder(value: bytes) -> bool:
    """Whether nobody would take the value for a real token."""
    if len(value) > _LONG:  # an encoded key holds any short word and any run by chance
        return bool(expression(_BLANKED).search(value))
    return _stands_in(value)


@lru_cache(maxsize=2048)  # the same few stand in every file of a project
def _stands_in(value: bytes) -> bool:
    lowered = value.lower()
    if any(word in lowered for word in _WORDS) or value.startswith(_DOCUMENTED):
        return True
    return (
        bool(expression(_REFERENCE).search(value) or expression(_RUN).search(value))
        or repetitive(lowered)
        or counts(lowered)
    )


def repetitive(lowered: bytes) -> bool:
    """Whether a value in lower case is a repeated block, a row of the keyboard or a count."""
    size = len(lowered)
    if size >= _FEW and len(set(lowered)) < _FEW:
        return True
    if any(lowered[block:] == lowered[:-block] for block in range(1, min(size // 2, _BLOCK) + 1)):
        return True
    return size >= _STEP and _covered(lowered) * 2 >= size


def counts(lowered: bytes) -> bool:
    """Whether its letters and its digits, each taken alone, count: `a1b2c3d4e5f6`, `1a2b3c4d`, `abcd1234efgh5678`."""
    steps = [
        bytes(step) for kind in (rb"[a-z]", rb"[0-9]") for step in pairwise(b"".join(expression(kind).findall(lowered)))
    ]
    if len(steps) < _COUNTED:
        return False
    return sum(
        second == first + 1 or bytes((first, second)) in _ROUND for first, second in steps
    ) >= _COUNTED_SHARE * len(steps)


def _covered(lowered: bytes) -> int:
    """How many bytes lie in stretches of a row."""
    covered, position, last = 0, 0, len(lowered) - _STEP
    while position <= last:
        if lowered[position : position + _STEP] in _STEPS:
            covered += _STEP
            position += _STEP
        else:
            position += 1
    return covered


_DUMMIES = frozenset(
    b"admin administrator root toor user username pass passwd password password1 password123 passphrase pwd secret token test "
    b"tests testing tester guest default demo foo bar baz foobar hunter2 postgres postgresql mysql mariadb mongo mongodb "
    b"redis rabbitmq oracle sa scott tiger letmein welcome welcome1 changeit changed none null nil true false empty string "
    b"value undefined unknown hidden masked xxx yyy zzz abc abc123 abcd1234 test123 test1234 testpass testpassword admin123 "
    b"root123 pass123 pass1234 qwerty qwerty123 qwer1234 1234qwer p@ssw0rd p@ssword passw0rd pa55word correct-horse-battery-staple s3cr3t "
    b"s3cret secret123 mypassword mysecret mypass my-password my-secret my_password my_secret somepassword supersecret newpassword "
    b"oldpassword userpass dbpass db_password localhost vagrant docker airflow django flask prefect minioadmin "
    b"elastic kibana grafana jenkins sonar wordpress drupal joomla magento msandbox keycloak nextcloud neo4j guacamole".split()
)
_BEGUN = (b"pass", b"test", b"dummy", b"my-", b"my_", b"your")
_ENDED = (b"pass", b"test", b"_pwd", b"-pwd")
_SPELT = rb"pa[a-z]?[a-z0-9]w[o0]{1,2}rd"
_LEET = bytes.maketrans(b"@430157$", b"aaeoists")
_LEET_L = bytes.maketrans(b"@430157$", b"aaeolsts")


@lru_cache(maxsize=2048)  # as above
def dummy_password(value: bytes) -> bool:
    """Whether the value is what people write where a password would stand, or a default that everybody knows."""
    lowered = value.lower().strip(b"!.,;")
    plain = lowered.translate(_LEET)
    return (
        not _DUMMIES.isdisjoint((lowered, plain, lowered.translate(_LEET_L)))
        or _all_dummies(lowered)
        or b"password" in plain
        or b"passwd" in plain
        or bool(expression(_SPELT).search(plain))
        or plain.startswith(_BEGUN)
        or plain.endswith(_ENDED)
        or is_placeholder(value)
        or value.isspace()
        or not value.strip(b"*xX.-_")
    )


def _all_dummies(lowered: bytes) -> bool:
    """Whether it is such words joined by signs: `user:pass`, `pass%20pass`."""
    words = expression(rb"[a-z0-9]+").findall(expression(rb"%[0-9a-f]{2}").sub(b" ", lowered))
    return bool(words) and all(word in _DUMMIES for word in words)
