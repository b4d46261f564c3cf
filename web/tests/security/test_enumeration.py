"""Nobody learns who has an account: the same words, the same work, whoever is asked about.

Words are status, headers and body of an answer and of the page it leads to; work is the statements that reach the database, in
their order, and the passwords that are hashed. `bench/enumeration` measures what a clock can tell of the rest.
"""

import re
from dataclasses import dataclass
from itertools import count, zip_longest

import making
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from mailing import last, mails

from vallum_web.accounts import forms, throttle
from vallum_web.accounts.hashers import LowCost
from vallum_web.accounts.models import Membership, User
from vallum_web.accounts.services import invitations
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
SIGNUP = "/accounts/signup/"
CHANGE = "/accounts/email/"
UNKNOWN = "somebody@example.test"
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"')
# Lengths of addresses differ as little as possible: what counts is who they are.
KNOWN = {
    "with a password": "alicemay@example.test",
    "deactivated": "deaactiv@example.test",
    "not confirmed yet": "unproved@example.test",
    "with a second step": "twosteps@example.test",
    "with single sign-on alone": "ssoalone@example.test",
}
VARIES = {"Set-Cookie", "Content-Length", "Expires", "X-Request-Id"}
LITERALS = (
    (re.compile(r"'(?:[^']|'')*'(?:::\w+(?:\[\])?)?"), "?"),
    (re.compile(r"\b\d+\b"), "?"),
    (re.compile(r"_django_curs_\w+"), "cursor"),
    (re.compile(r'SAVEPOINT "\w+"'), "SAVEPOINT"),
    # The one difference, and it takes no longer: nothing is left of an account that was made for nobody.
    (re.compile(r"^ROLLBACK$"), "COMMIT"),
)

pytestmark = pytest.mark.asvs("6.3.8")


class Counted(LowCost):
    made = count()

    def encode(self, password, salt):
        next(self.made)
        return super().encode(password, salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that can be told of one request, its address aside."""

    status: int
    body: bytes
    headers: dict
    onward: bytes
    statements: list
    hashes: int
    mails: int


@pytest.fixture
def everybody(live_database, settings, monkeypatch):
    """People of every kind, in a database that commits, at one moment."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    cache.clear()
    made = {kind: making.person(address) for kind, address in KNOWN.items()}
    User.objects.filter(pk=made["deactivated"].pk).update(is_active=False)
    EmailAddress.objects.filter(user=made["not confirmed yet"]).update(verified=False)
    Authenticator.objects.create(user=made["with a second step"], type=Authenticator.Type.TOTP, data={})
    alone = made["with single sign-on alone"]
    alone.set_unusable_password()
    User.objects.filter(pk=alone.pk).update(password=alone.password)
    return making.people()


def shape(statement):
    for found, put in LITERALS:
        statement = found.sub(put, statement)
    return " ".join(statement.split())


def same(one, other, what=""):
    """Attribute by attribute, for a difference that can be read."""
    for name in Seen.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, list):
            assert (what, [pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1]]) == (what, [])
        assert (what, name, mine) == (what, name, theirs)


def ask(path, data, address, browser=None):
    browser = browser or Client()
    before, sent = next(Counted.made), len(mails())
    with CaptureQueriesContext(connection) as captured:
        answer = browser.post(path, data)
    statements = [shape(query["sql"]) for query in captured.captured_queries]
    hashes = next(Counted.made) - before - 1
    onward = browser.get(answer["Location"]).content if answer.has_header("Location") else b""

    def plain(content):
        return CSRF.sub(b"", content.replace(address.encode(), b"ADDRESS"))

    return Seen(
        status=answer.status_code,
        body=plain(answer.content),
        headers={name: set(value.split("; ")) for name, value in answer.headers.items() if name not in VARIES},
        onward=plain(onward),
        statements=statements,
        hashes=hashes,
        mails=len(mails()) - sent,
    )


def login(address, **more):
    return ask(LOGIN, {"login": address, "password": "wrong horse battery"}, address, **more)


def reset(address, **more):
    return ask(RESET, {"email": address}, address, **more)


def signup(address, **more):
    return ask(SIGNUP, making.signup_form(address), address, **more)


@pytest.mark.parametrize(
    ("door", "hashes", "mails"),
    [
        pytest.param(login, 1, 0, id="login"),
        pytest.param(reset, 0, 1, id="reset"),
        pytest.param(signup, 1, 1, id="signup"),
    ],
)
@pytest.mark.usefixtures("limits_alone")
class TestSignedOut:
    def test_an_account_of_any_kind_is_answered_as_none(self, door, hashes, mails, everybody):
        door("warm-up@example.test")
        unknown = door(UNKNOWN)
        assert (unknown.hashes, unknown.mails) == (hashes, mails)
        assert unknown.statements
        for kind, address in KNOWN.items():
            same(door(address), unknown, kind)
        written = door(KNOWN["with a password"].upper())
        assert (written.statements, written.hashes, written.status) == (unknown.statements, hashes, unknown.status)

    def test_also_when_it_was_too_often(self, door, hashes, mails, everybody):
        places = {KNOWN["with a password"]: "192.0.2.1", UNKNOWN: "192.0.2.2"}
        seen = [
            [door(address, browser=Client(REMOTE_ADDR=place)) for _ in range(25)] for address, place in places.items()
        ]
        assert [one.status for one in seen[0]] == [one.status for one in seen[1]]
        assert seen[0][-1].status == 429
        assert seen[0][-1].body == seen[1][-1].body


def test_signing_up_twice_tells_the_mailbox_and_nobody_else(everybody):
    address = KNOWN["with a password"]
    before = User.objects.count()
    signup(address)
    assert User.objects.count() == before
    told = last()
    assert told.to == address
    assert not User.objects.filter(email__endswith="@nobody.invalid").exists()
    signup(UNKNOWN)
    assert User.objects.filter(email=UNKNOWN).exists()


def test_two_who_sign_up_with_one_address_at_once_meet_the_same_page(everybody, monkeypatch):
    """The second finds the address free, and taken when it writes."""
    first = Client().post(SIGNUP, making.signup_form(UNKNOWN))
    monkeypatch.setattr(forms.SignupForm, "validate_unique_email", lambda form, value: value)
    second = Client().post(SIGNUP, making.signup_form(UNKNOWN))
    assert (second.status_code, second["Location"]) == (first.status_code, first["Location"])
    assert User.objects.filter(email=UNKNOWN).count() == 1
    assert len(mails(to=UNKNOWN)) == 2


def test_changing_one_s_address_to_a_taken_one_looks_like_any_other(everybody, signed_in):
    seen = []
    for address in (KNOWN["with a password"], UNKNOWN):
        browser = signed_in(everybody.bob)
        seen.append(ask(CHANGE, {"action_add": "", "email": address}, address, browser))
        EmailAddress.objects.filter(user=everybody.bob, verified=False).delete()
    same(*seen)
    assert seen[0].mails >= 1


def test_an_invitation_tells_its_bearer_nothing_of_whom_it_was_sent_to(everybody):
    seen = []
    with scope(everybody.org.pk):
        owner = Membership.objects.of(everybody.org).get(user=everybody.alice)
    for address in ("warm-up@example.test", KNOWN["with a password"], UNKNOWN):
        invitations.invite(everybody.org, owner, email=address, role="developer")
        secret = re.search(r"/invite/([^/\s]+)/", last().text)[1]
        browser = Client()
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(f"/invite/{secret}/")
        body = CSRF.sub(b"", page.content).replace(secret.encode(), b"SECRET")
        seen.append((page.status_code, body, [shape(query["sql"]) for query in captured.captured_queries]))
    assert seen[1] == seen[2]


def test_the_answer_to_a_reset_waits_for_its_floor_whoever_is_asked_about(people, monkeypatch):
    waits = []
    monkeypatch.setattr(throttle.time, "sleep", waits.append)
    floor = throttle.FLOORS["account_reset_password"]
    for address in ("alice@example.test", UNKNOWN):
        assert Client().post(RESET, {"email": address}).status_code == 302
    assert len(waits) == 2
    assert all(0 <= wait <= floor for wait in waits)
    Client().get(RESET)
    assert len(waits) == 2
