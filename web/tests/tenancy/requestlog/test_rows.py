"""One row for each request: what is in it, who sees it, and how long it stays."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import RequestLog
from vallum_web.tenancy.requestlog import buffer as module
from vallum_web.tenancy.requestlog import services
from vallum_web.tenancy.requestlog.buffer import BUFFER, Buffer
from vallum_web.tenancy.scope import person, scope


@pytest.fixture(autouse=True)
def _nothing_waits():
    BUFFER._rows.clear()
    yield
    BUFFER._rows.clear()


def rows():
    """What was written of the requests so far."""
    waiting = list(BUFFER._rows)
    BUFFER.flush()
    return waiting


def seen():
    return list(RequestLog.objects.order_by("at"))


class TestWhatIsInIt:
    @pytest.mark.asvs("16.2.1", "16.2.2")
    def test_a_person_s_request(self, people, signed_in):
        browser = signed_in(people.bob)
        answer = browser.get("/acme/findings/?q=secret", headers={"User-Agent": "Firefox"}, REMOTE_ADDR="192.0.2.7")
        rows()
        with scope(people.org.pk):
            row = seen()[-1]
        assert (row.method, row.route, row.status) == ("GET", "findings:worklist", 200)
        assert (row.org, row.person, row.token) == (people.org.pk, people.bob.pk, None)
        assert (row.address, row.agent) == ("192.0.2.7", "Firefox")
        assert abs(row.at - clock.now()) < timedelta(minutes=1)
        assert 0 <= row.milliseconds < 60_000
        assert answer.headers["X-Request-Id"] == str(row.pk)

    def test_a_machine_s_request_is_its_token_s_and_no_person_s(self, people):
        token, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
        Client(headers={"Authorization": f"Bearer {text}"}).post("/api/v1/findings")
        Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/findings")
        rows()
        with scope(people.org.pk):
            row = seen()[-1]
        assert (row.org, row.person, row.token) == (people.org.pk, None, token.pk)
        assert row.route.startswith("api:")

    def test_a_stranger_s_request_is_nobody_s(self, people, signed_in):
        Client().get("/acme/findings/")
        signed_in(people.charlie).get("/acme/findings/")
        Client().get("/there/is/nothing/here")
        told = [(row.route, row.status, row.org, row.person) for row in rows()]
        assert told == [
            ("findings:worklist", 302, None, None),
            ("findings:worklist", 404, None, people.charlie.pk),
            ("", 404, None, None),
        ]

    def test_nothing_else_has_a_column(self):
        assert {field.name for field in RequestLog._meta.fields} == {
            *("id", "at", "method", "route", "status", "milliseconds"),
            *("org", "person", "token", "address", "agent", "private"),
        }

    def test_what_asks_whether_the_process_lives_is_not_kept(self, db):
        Client().get("/healthz")
        Client().get("/readyz")
        assert rows() == []

    def test_what_is_not_there_has_no_number(self, people, signed_in):
        _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
        machine = Client(headers={"Authorization": f"Bearer {text}"})
        for browser, path in (
            (signed_in(people.bob), f"/acme/findings/{uuid4()}/"),
            (Client(), "/nowhere/at/all/"),
            (machine, f"/api/v1/findings/{uuid4()}"),
        ):
            answer = browser.get(path)
            assert (answer.status_code, "X-Request-Id" in answer.headers) == (404, False)
        assert "X-Request-Id" not in signed_in(people.bob).post("/acme/findings/").headers
        assert UUID(signed_in(people.bob).get("/acme/").headers["X-Request-Id"]).version == 7

    def test_odd_requests_are_rows_too(self, people):
        Client().generic("QUITEALONGVERB", "/accounts/login/", headers={"User-Agent": "a\x00b\n" + "x" * 5000})
        Client().get("/accounts/login/", REMOTE_ADDR="")
        assert len(rows()) == 2
        assert (BUFFER.lost, len(BUFFER._rows)) == (0, 0)


class TestWhoSeesIt:
    @pytest.fixture
    def three(self, people):
        for org, who in ((people.org.pk, people.bob.pk), (people.elsewhere.pk, people.charlie.pk), (None, None)):
            BUFFER.add(made(org=org, person=who))
        BUFFER.flush()

    def test_an_organization_sees_its_own_and_so_does_a_person(self, people, three):
        assert seen() == []
        with scope(people.org.pk):
            assert [row.person for row in seen()] == [people.bob.pk]
        with person(people.charlie.pk):
            assert [row.org for row in seen()] == [people.elsewhere.pk]

    def test_nothing_is_changed_and_nothing_goes_before_its_time(self, people, three):
        with scope(people.org.pk):
            assert RequestLog.objects.update(address="") == 0
            assert RequestLog.objects.all()._raw_delete("default") == 0
            assert len(seen()) == 1
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("truncate tenancy_requestlog")


def made(**values):
    facts = {"id": uuid4(), "at": clock.now(), "method": "GET", "route": "r", "status": 200, "milliseconds": 1}
    return RequestLog(**{**facts, "address": "", "agent": "", **values})


def test_after_thirty_days_it_is_gone(live_database):
    for days in (0, 29, 31, 400):
        BUFFER.add(made(at=clock.now() - timedelta(days=days)))
    BUFFER.flush()
    assert services.prune() == 2
    assert services.prune() == 0
    with psycopg.connect(live_database.owner, autocommit=True) as owner:
        owner.execute("insert into vallum_clock (moved) values ('32 days')")
    assert services.prune() == 2


class TestTheBuffer:
    def test_no_request_waits_for_the_table(self, people, django_assert_num_queries):
        with django_assert_num_queries(0):
            BUFFER.add(made())

    def test_what_it_cannot_hold_is_counted(self, db, caplog):
        small = Buffer(most=3)
        for _ in range(5):
            small.add(made())
        assert small.flush() == 3
        assert "2 requests are missing from the request log" in caplog.text
        assert small.lost == 0

    def test_while_the_database_is_away_rows_wait(self, db, monkeypatch, caplog):
        waiting = Buffer()
        kept = [made(milliseconds=n) for n in range(3)]
        for row in kept:
            waiting.add(row)
        with monkeypatch.context() as away:
            away.setattr(module, "_write", unreachable)
            assert waiting.flush() == 0
        assert list(waiting._rows) == kept
        assert waiting.flush() == 3

    def test_a_row_that_is_refused_holds_nobody_up(self, db, caplog):
        waiting = Buffer()
        waiting.add(made(route="x" * 200))
        assert waiting.flush() == 0
        waiting.add(made())
        assert waiting.flush() == 1
        assert "1 requests are missing" in caplog.text

    def test_threads_lose_none(self, db):
        shared = Buffer()
        threads = [threading.Thread(target=lambda: [shared.add(made()) for _ in range(200)]) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert shared.flush() == 1000


def unreachable(_rows):
    raise OperationalError("the connection is gone")
