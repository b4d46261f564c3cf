"""Floods of passwords: they cost a known number of hashes, and their victim can still sign in."""

import threading
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.test import Client
from mailing import last

from vallum_web.accounts import hashers
from vallum_web.accounts.hashers import LowCost, Slots
from vallum_web.tenancy import clock
from vallum_web.tenancy.limits.catalogue import named
from vallum_web.tenancy.limits.gate import Refused

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
PASSWORD = "correct horse battery"
HOME = "198.51.100.7"
PER_NETWORK = named("LoginPerIPPrefix").rate.burst
PER_PAIR = named("LoginPerAccountAndPrefix").rate.burst
PER_ACCOUNT = named("LoginPerAccount").rate.burst


class Counted(LowCost):
    made = count()

    def encode(self, password, salt):
        next(self.made)
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings, monkeypatch):
    """How many passwords were hashed since the last time it was asked."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    monkeypatch.setattr(Counted, "made", count())
    last = 0

    def since():
        nonlocal last
        before, last = last, next(Counted.made)
        # Asking takes a number too.
        last += 1
        return last - 1 - before

    return since


@pytest.fixture(autouse=True)
def _still(monkeypatch, settings, limits_alone):
    """However long a test takes, no time passes but what it lets pass."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment + clock._offset)
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"


def sign_in(password, email="alice@example.test", address="192.0.2.1"):
    browser = Client(REMOTE_ADDR=address)
    answer = browser.post(LOGIN, {"login": email, "password": password})
    return answer.status_code


def addresses(number):
    return [f"203.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(number)]


@pytest.fixture
def at_home(people):
    """Alice has signed in from home before."""
    assert sign_in(PASSWORD, address=HOME) == 302


class TestOneAccountIsFlooded:
    @pytest.mark.asvs("6.3.1")
    def test_from_one_network_it_costs_five_hashes(self, people, hashes, at_home):
        hashes()
        statuses = [sign_in(f"guess {n}") for n in range(500)]
        assert statuses == [200] * PER_PAIR + [429] * (500 - PER_PAIR)
        assert hashes() == PER_PAIR
        assert sign_in(PASSWORD, address=HOME) == 302

    @pytest.mark.slow
    @pytest.mark.asvs("6.1.1", "6.3.1")
    def test_from_a_thousand_networks_it_costs_twenty_and_the_victim_signs_in(self, people, hashes, at_home):
        hashes()
        statuses = [sign_in("guess", address=address) for address in addresses(1000)]
        assert statuses == [200] * PER_ACCOUNT + [429] * (1000 - PER_ACCOUNT)
        assert hashes() == PER_ACCOUNT
        assert sign_in(PASSWORD, address=HOME) == 302
        assert sign_in(PASSWORD, address="198.51.100.8") == 429

    def test_where_the_victim_is_at_home_a_mistyped_password_still_counts(self, people, at_home):
        for address in addresses(30):
            sign_in("guess", address=address)
        assert [sign_in("mistyped", address=HOME) for _ in range(PER_PAIR + 1)] == [200] * PER_PAIR + [429]

    def test_from_elsewhere_the_victim_signs_in_after_setting_a_new_password(self, people, at_home):
        for address in addresses(30):
            sign_in("guess", address=address)
        browser = Client(REMOTE_ADDR="198.51.100.200")
        browser.post(RESET, {"email": "alice@example.test"})
        link = next(word for word in last().text.split() if word.startswith("http"))
        form = browser.get("/" + link.split("/", 3)[3], follow=True).redirect_chain[-1][0]
        new = {"password1": "another horse 1234", "password2": "another horse 1234"}
        assert browser.post(form, new).status_code == 302
        assert sign_in("another horse 1234", address="198.51.100.200") == 302
        assert sign_in("another horse 1234", address="198.51.100.201") == 429

    def test_in_an_hour_it_costs_forty_more(self, people, hashes, at_home):
        hashes()
        made = 0
        for minute in range(0, 61, 3):
            with clock.travelled(timedelta(minutes=minute)):
                for n in range(20):
                    sign_in("guess", address=addresses(400)[n + minute * 6])
                made += hashes()
        assert made == PER_ACCOUNT + named("LoginPerAccount").rate.count

    def test_a_known_place_is_forgotten_after_ninety_days(self, people, at_home):
        with clock.travelled(timedelta(days=91)):
            for address in addresses(30):
                sign_in("guess", address=address)
            assert sign_in(PASSWORD, address=HOME) == 429


class TestManyAccountsAreFlooded:
    @pytest.mark.asvs("6.3.1")
    def test_one_network_is_stopped_after_twenty(self, people, hashes):
        statuses = [sign_in("guess", f"person{n}@example.test") for n in range(100)]
        assert statuses == [200] * PER_NETWORK + [429] * (100 - PER_NETWORK)
        assert hashes() == PER_NETWORK

    def test_all_addresses_of_one_customer_are_one_network(self, people):
        statuses = [
            sign_in("guess", f"person{n}@example.test", f"2001:db8:0:{n:x}::{n:x}") for n in range(PER_NETWORK + 5)
        ]
        assert statuses == [200] * PER_NETWORK + [429] * 5
        assert sign_in("guess", address="2001:db8:0:100::1") == 200

    def test_a_company_behind_one_address_goes_on_signing_in(self, people):
        """Right passwords do not count, however many there are."""
        assert {sign_in(PASSWORD) for _ in range(PER_NETWORK * 3)} == {302}

    def test_a_right_password_between_guesses_does_not_make_room_for_more(self, people):
        statuses = [
            sign_in(PASSWORD, "bob@example.test") if n % 2 else sign_in("guess", f"x{n}@example.test")
            for n in range(PER_NETWORK * 2 + 4)
        ]
        assert statuses[0::2] == [200] * PER_NETWORK + [429] * 2


def test_the_page_says_when_to_try_again(people):
    for _ in range(PER_PAIR):
        sign_in("guess")
    answer = Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, {"login": "alice@example.test", "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "180"
    page = answer.content.decode()
    assert "Try again in 3 minutes." in page
    assert "alice" not in page
    with clock.travelled(timedelta(seconds=int(answer.headers["Retry-After"]))):
        assert sign_in(PASSWORD) == 302


class TestAtOnce:
    """A hash is a third of a second of a core: so many at once, so many in line, and nobody else."""

    def test_who_finds_the_line_full_is_told_to_come_back(self):
        slots = Slots(at_once=1, line=2, patience=10)
        inside, leave = threading.Event(), threading.Event()
        done = []

        def hold():
            with slots.one():
                inside.set()
                leave.wait(10)
                done.append("held")

        def wait_in_line():
            with slots.one():
                done.append("waited")

        holding = threading.Thread(target=hold)
        holding.start()
        inside.wait(10)
        waiting = threading.Thread(target=wait_in_line)
        waiting.start()
        while slots._line._value:
            threading.Event().wait(0.001)
        with pytest.raises(Refused) as refused, slots.one():
            pass
        assert refused.value.verdict.retry_after == timedelta(seconds=2)
        leave.set()
        holding.join()
        waiting.join()
        assert done == ["held", "waited"]
        with slots.one():
            pass

    def test_who_waits_in_vain_is_told_too(self):
        slots = Slots(at_once=1, line=2, patience=0.01)
        with slots.one(), pytest.raises(Refused), slots.one():
            pass

    def test_the_login_page_says_so(self, people, monkeypatch):
        full = Slots(at_once=1, line=1, patience=0)
        monkeypatch.setattr(hashers, "SLOTS", full)
        with full.one():
            answer = Client().post(LOGIN, {"login": "alice@example.test", "password": PASSWORD})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert "Try again in 2 seconds." in answer.content.decode()

    def test_every_hash_of_the_platform_stands_in_line(self):
        assert issubclass(hashers.Bcrypt, BCryptSHA256PasswordHasher)
        assert hashers.LINE <= 2
        assert 1 <= hashers.AT_ONCE <= hashers.LINE
