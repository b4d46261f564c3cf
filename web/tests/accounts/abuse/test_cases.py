"""From what happens to what people are told: attacks on signing in, and tokens that do what they never did."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from mailing import mails

from vallum_web.accounts import tokens
from vallum_web.accounts.abuse import figures, rounds, rules, services
from vallum_web.accounts.abuse.models import AbuseCase, Attack, TokenHabit
from vallum_web.accounts.models import ApiToken, Membership, Operator, SignIn
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.retention import engine
from vallum_web.tenancy.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-2d")]
LOGIN, PASSWORD = "/accounts/login/", "correct horse battery"
ATTACKER, HOME = "198.51.100.9", "192.0.2.7"


@pytest.fixture(autouse=True)
def _fresh(settings):
    settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
    cache.clear()


def sign_in(email, password, address=ATTACKER):
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": email, "password": password})


class TestSigningIn:
    def test_a_network_that_tries_many_accounts_waits_and_operators_are_told(self, people):
        Operator.objects.create(user=people.charlie)
        sign_in("bob@example.test", PASSWORD, HOME)
        sign_in("alice@example.test", PASSWORD)
        for number in range(9):
            sign_in(f"nobody{number}@example.test", f"leaked {number}")
        assert not Attack.objects.exists()
        sign_in("nobody9@example.test", "leaked 9")
        attack = Attack.objects.get()
        assert (attack.rule, attack.network, attack.figures) == (
            "stuffing",
            "198.51.100.0/24",
            {"accounts": 10, "came_in": 1},
        )
        assert len(mails(subject="An attack on signing in")) == 1
        # Whoever was signed in to from there is told, and nobody else.
        assert len(mails(subject="Somebody signed in to your account during an attack")) == 1
        # From there nobody is let in who was not there before; from elsewhere, everybody.
        assert sign_in("bob@example.test", PASSWORD).status_code == 429
        assert sign_in("alice@example.test", PASSWORD).status_code == 302
        assert sign_in("bob@example.test", PASSWORD, HOME).status_code == 302
        with clock.travelled(timedelta(minutes=61)):
            assert sign_in("bob@example.test", PASSWORD).status_code == 302

    def test_one_password_on_five_accounts(self, people):
        for number in range(5):
            sign_in(f"nobody{number}@example.test", "Spring2026!!Spring")
        attack = Attack.objects.get()
        assert (attack.rule, attack.figures["accounts"]) == ("spraying", 5)
        assert "Spring2026" not in repr(vars(attack))
        assert not SignIn.objects.exists()

    def test_whoever_comes_from_everywhere_fills_neither_table_nor_mailbox(self, people, monkeypatch):
        monkeypatch.setattr(services, "MOST_AN_HOUR", 2)
        Operator.objects.create(user=people.charlie)
        for network in range(4):
            for number in range(5):
                sign_in(f"nobody{number}@example.test", "Spring2026!!Spring", f"198.51.{network}.7")
        assert Attack.objects.count() == 2
        assert len(mails(subject="An attack on signing in")) == 1

    def test_operators_see_it_and_close_it_and_others_find_nothing(self, people, signed_in):
        for number in range(5):
            sign_in(f"nobody{number}@example.test", "Spring2026!!Spring")
        attack = Attack.objects.get()
        assert signed_in(people.alice).get("/operator/abuse/").status_code == 404
        Operator.objects.create(user=people.alice)
        browser = signed_in(people.alice)
        assert "198.51.100.0/24" in browser.get("/operator/abuse/").content.decode()
        assert browser.post(f"/operator/abuse/{attack.pk}/close/").status_code == 302
        attack.refresh_from_db()
        assert attack.closed_by == people.alice.pk


@pytest.fixture
def token(people):
    return tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role="developer"))


def called(org, token, times, *, route="api:list_findings", networks=1):
    at = clock.now() - timedelta(minutes=5)
    rows = [
        RequestLog(
            id=uuid4(), at=at, method="GET", route=route, status=200, milliseconds=1, org=org.pk, token=token.pk,
            address=f"203.0.{number % networks}.9", agent="curl/8",
        )
        for number in range(times)
    ]  # fmt: skip
    RequestLog.objects.bulk_create(rows)


class TestLooking:
    def test_an_organization_that_fails_stops_no_other_and_the_job_fails(self, people, token, monkeypatch, caplog):
        called(people.org, token[0], 60, networks=30)
        looked_at, look_at = [], services.look_at

        def failing(org, now):
            looked_at.append(org)
            if org == people.elsewhere.pk:
                raise LookupError("broken")
            return look_at(org, now)

        monkeypatch.setattr(services, "look_at", failing)
        monkeypatch.setattr(rounds.lookups, "all_orgs", lambda: [people.elsewhere.pk, people.org.pk])
        with pytest.raises(rounds.NotLookedAtError, match=": 1"):
            services.look()
        assert looked_at == [people.elsewhere.pk, people.org.pk]
        assert len(cases(people.org)) == 1
        assert str(people.elsewhere.pk) in caplog.text

    def test_who_may_not_say_what_it_was_is_sent_to_nothing_that_is_shut(self, people, token):
        called(people.org, token[0], 60, networks=30)
        services.look_at(people.org.pk, clock.now())
        letters = {mail.person: mail.text for mail in mails(subject="Something unusual about a token")}
        assert "/acme/settings/unusual/" in letters[people.alice.pk]
        assert "/acme/settings/" not in letters[people.bob.pk]
        assert "Tell an owner" in letters[people.bob.pk]


def cases(org):
    with scope(org.pk):
        return list(AbuseCase.objects.of(org).order_by("at", "id"))


class TestTokens:
    def test_from_many_networks_owners_and_maker_are_told_once_and_nothing_is_stopped(self, people, token):
        row, text = token
        called(people.org, row, 60, networks=30)
        assert services.look_at(people.org.pk, clock.now()) == 1
        assert services.look_at(people.org.pk, clock.now()) == 0
        (case,) = cases(people.org)
        assert (case.rule, case.suspended, case.figures["networks"]) == ("token_networks", False, 30)
        assert "30 networks" in case.words
        assert len(mails(subject="Something unusual about a token")) == 2
        assert tokens.authenticate(text) is not None
        assert cases(people.elsewhere) == []

    def test_where_the_organization_wants_that_it_is_suspended_until_somebody_says_it_was_them(
        self, people, token, signed_in
    ):
        row, text = token
        owner = signed_in(people.alice)
        assert owner.post("/acme/settings/unusual/choose/", {"suspend_tokens": "on"}).status_code == 302
        called(people.org, row, 60, networks=30)
        services.look()
        assert tokens.authenticate(text) is None
        (case,) = cases(people.org)
        page = owner.get("/acme/settings/unusual/").content.decode()
        assert "30 networks" in page
        assert "suspended" in page
        assert "Suspended" in owner.get("/acme/settings/tokens/").content.decode()
        close = f"/acme/settings/unusual/{case.pk}/close/"
        assert signed_in(people.bob).post(close, {"verdict": "ours"}).status_code == 403
        refused = owner.post(close, {"verdict": "perhaps"})
        assert (refused.status_code, "Nothing was written down" in refused.content.decode()) == (422, True)
        assert owner.post(close, {"verdict": "ours", "note": "The new runners"}).status_code == 302
        assert owner.post(close, {"verdict": "ours"}).status_code == 404
        assert tokens.authenticate(text) is not None
        # What is theirs is usual from then on.
        assert services.look_at(people.org.pk, clock.now()) == 0
        assert "The new runners" in owner.get("/acme/settings/unusual/").content.decode()

    def test_it_was_not_us_leaves_a_suspended_token_suspended(self, people, token, signed_in):
        row, text = token
        services.choose(people.org, people.alice, suspend_tokens=True, hold_exports=True)
        called(people.org, row, 60, networks=30)
        services.look()
        services.close(people.org, cases(people.org)[0].pk, people.alice, verdict="ended", note="")
        assert tokens.authenticate(text) is None
        page = signed_in(people.alice).get("/acme/settings/unusual/").content.decode()
        assert ("It was not us" in page, "and is ended" in page) == (True, False)

    def test_reading_everything_all_at_once(self, people, token):
        row, _ = token
        called(people.org, row, 20)
        services.look_at(people.org.pk, clock.now())
        with scope(people.org.pk):
            TokenHabit.objects.of(people.org).update(since=clock.now() - timedelta(days=30))
        for route in ("api:list_assets", "api:list_audit", "api:list_exports"):
            called(people.org, row, 100, route=route)
        services.look_at(people.org.pk, clock.now())
        (case,) = cases(people.org)
        assert (case.rule, case.figures["new"], case.figures["before"]) == ("token_pattern", 3, 20)

    @pytest.mark.parametrize(("days", "raised"), [(59, []), (61, ["token_woke"])])
    def test_after_a_long_silence(self, people, token, days, raised):
        row, text = token
        assert tokens.authenticate(text) is not None
        services.choose(people.org, people.alice, suspend_tokens=True, hold_exports=True)
        with scope(people.org.pk):
            ApiToken.objects.of(people.org).filter(pk=row.pk).update(used_at=clock.now() - timedelta(days=days))
        assert (tokens.authenticate(text) is None) == bool(raised)
        assert [case.rule for case in cases(people.org)] == raised

    def test_after_a_long_silence_it_may_still_do_no_more_than_its_maker(self, people):
        row, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role="developer"))
        assert tokens.authenticate(text) is not None
        with scope(people.org.pk):
            Membership.objects.of(people.org).filter(user=people.bob).update(role="auditor")
            ApiToken.objects.of(people.org).filter(pk=row.pk).update(used_at=clock.now() - timedelta(days=61))
        assert tokens.authenticate(text).role == "auditor"
        assert [case.rule for case in cases(people.org)] == ["token_woke"]

    def test_that_was_us_about_one_case_does_not_undo_that_it_was_not_about_another(self, people, token):
        row, text = token
        services.choose(people.org, people.alice, suspend_tokens=True, hold_exports=True)
        called(people.org, row, 60, networks=30)
        services.look()
        with scope(people.org.pk):
            services.raise_case(row, rules.woke(timedelta(days=61)))
        first, second = cases(people.org)
        services.close(people.org, first.pk, people.alice, verdict="ended", note="")
        services.close(people.org, second.pk, people.alice, verdict="ours", note="")
        assert tokens.authenticate(text) is None

    def test_operators_see_how_many_and_not_whose(self, people, token, signed_in):
        called(people.org, token[0], 60, networks=30)
        services.look()
        Operator.objects.create(user=people.charlie)
        page = signed_in(people.charlie).get("/operator/abuse/").content.decode()
        assert "A token is used from many networks" in page
        assert ("acme" in page.lower(), "30 networks" in page) == (False, False)


def test_cases_go_twelve_months_after_they_are_closed(people):
    now = clock.now()
    for days in (0, 89, 91):
        Attack.objects.create(rule="stuffing", at=now - timedelta(days=days), network="", words="w")
    for days in (364, 365.5):
        made = {"rule": "token_woke", "called": "ci", "words": "w", "at": now - timedelta(days=500)}
        with scope(people.org.pk):
            AbuseCase.objects.create(org=people.org, about=uuid4(), closed_at=now - timedelta(days=days), **made)
    assert figures.old_cases() == 0
    done = {row.rule: row for row in engine.run()}
    assert (done["abuse-cases"].deleted, done["attacks"].deleted) == (1, 0)
    assert [row for row in done.values() if row.overdue or row.failures] == []
    assert Attack.objects.filter(closed_at=None).count() == 2
    with scope(people.org.pk):
        AbuseCase.objects.of(people.org).update(closed_at=now - timedelta(days=367), words="")
    assert (figures.old_cases(), figures.unexplained()) == (1, 1)
