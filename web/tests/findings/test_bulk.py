"""One action on many findings: what it touches, where it goes on, what it leaves alone, and how it is taken back."""

import re
from datetime import timedelta

import pytest
from making import report, secret

from vallum_web.accounts.services import teams
from vallum_web.assets import services as assets
from vallum_web.findings import queries, services, tasks
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Bulk, Decision, Finding
from vallum_web.findings.services import bulk as bulks
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

WHY = {"reason": "test_data", "justification": "", "note": "all of it", "until": None}


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def many(org, asset):
    def make(count):
        said = report(*(secret(f"n{number}", line=number + 1) for number in range(count)))
        services.digest(scans.uploaded(asset, None), said)
        with scope(org.pk):
            return list(Finding.objects.of(org).order_by("id").values_list("pk", flat=True))

    return make


def statuses(org):
    with scope(org.pk):
        return sorted(Finding.objects.of(org).values_list("status", flat=True))


def test_a_few_chosen_ones_are_done_at_once(org, alice, many):
    keys = many(5)
    done = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, keys=keys[:3])
    assert (done.status, done.total, done.seen, done.touched) == ("done", 3, 3, 3)
    assert statuses(org) == ["open", "open", "suppressed", "suppressed", "suppressed"]
    with scope(org.pk):
        assert Decision.objects.of(org).filter(bulk=done.pk, by=alice.pk, note="all of it").count() == 3
        assert Event.objects.of(org).filter(kind="finding.suppressed", actor=alice.pk).count() == 3
        (told,) = Event.objects.of(org).filter(kind="finding.bulk")
    assert told.data["arguments"]["reason"] == "test_data"
    assert "all of it" not in str(told.data)


def test_all_that_match_is_a_job_that_goes_on_where_it_broke_off(org, alice, many, monkeypatch):
    many(25)
    monkeypatch.setattr(bulks, "PART", 10)
    begun = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="severity=high")
    assert (begun.status, begun.total) == ("queued", 25)
    assert bulks._part(org.pk, begun.pk).seen == 10
    assert statuses(org).count("suppressed") == 10
    done = services.run_bulk(org.pk, begun.pk)  # as the next worker does
    assert (done.status, done.seen, done.touched) == ("done", 25, 25)
    assert services.run_bulk(org.pk, begun.pk).touched == 25


def test_what_came_after_the_question_is_left_alone(org, alice, asset, many):
    many(3)
    begun = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="status=open")
    services.digest(scans.uploaded(asset, None), report(*(secret(f"n{n}", line=n + 1) for n in range(5))))
    assert services.run_bulk(org.pk, begun.pk).touched == 3
    assert statuses(org).count("open") == 2


def test_undoing_takes_back_its_own_decisions_and_no_others(org, alice, many):
    keys = many(3)
    services.suppress(org, keys[0], alice.pk, reason="risk_accepted")
    done = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, keys=keys)
    assert done.touched == 2
    again = services.undo_bulk(org, done.pk, alice.pk)
    assert (again.status, again.touched) == ("done", 2)
    assert statuses(org) == ["open", "open", "suppressed"]


def test_an_undo_leaves_hidden_what_a_second_decision_hides(org, alice, many):
    (key,) = many(1)
    done = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, keys=[key])
    services.suppress(org, key, alice.pk, reason="risk_accepted")
    assert services.undo_bulk(org, done.pk, alice.pk).touched == 1
    assert statuses(org) == ["suppressed"]
    with scope(org.pk):
        (lifted,) = Decision.objects.of(org).filter(bulk=done.pk)
        (told,) = Event.objects.of(org).filter(kind="finding.unsuppressed", subject=key)
    assert told.data["decisions"] == [str(lifted.pk)]


def test_many_are_given_to_a_person_and_a_team(org, alice, bob, many):
    keys = many(4)
    team = teams.make(org, alice.pk, "Platform")
    given = {"assignee": str(bob.pk), "team": str(team.pk)}
    done = services.begin_bulk(org, alice.pk, Bulk.Verb.ASSIGN, arguments=given, keys=keys[:2])
    assert done.touched == 2
    assert services.begin_bulk(org, alice.pk, Bulk.Verb.ASSIGN, arguments=given, keys=keys).touched == 2
    with scope(org.pk, user=bob.pk):
        assert queries.matching(org, Filters(assignee="me")).count() == 4
        assert queries.matching(org, Filters(assignee="nobody")).count() == 0
        assert queries.matching(org, Filters(team=team.pk)).count() == 4


def test_mine_stays_the_askers_when_a_worker_does_it(org, alice, bob, many):
    keys = many(2)
    services.assign(org, keys[0], alice.pk, assignee=bob.pk, team=None)
    begun = services.begin_bulk(org, bob.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="assignee=me")
    assert (begun.total, services.run_bulk(org.pk, begun.pk).touched) == (1, 1)


def test_nobody_outside_is_given_anything(org, charlie, alice, many):
    keys = many(1)
    with pytest.raises(services.NotAMemberError):
        services.assign(org, keys[0], alice.pk, assignee=charlie.pk, team=None)
    with pytest.raises(services.NotAMemberError):
        services.begin_bulk(org, alice.pk, Bulk.Verb.ASSIGN, arguments={"assignee": str(charlie.pk)}, keys=keys)


def test_foreign_keys_are_touched_by_nobody(people, alice, many):
    keys = many(2)
    done = services.begin_bulk(people.elsewhere, people.charlie.pk, Bulk.Verb.SUPPRESS, arguments=WHY, keys=keys)
    assert done.touched == 0
    assert statuses(people.org) == ["open", "open"]


@pytest.mark.slow
def test_the_page_counts_before_it_acts_and_shows_the_end(org, alice, many, signed_in):
    keys = many(3)
    browser = signed_in(alice)
    page = browser.get("/acme/findings/").content.decode()
    assert page.count("data-pick ") == 3
    asked = browser.post("/acme/findings/bulk/", {"verb": "suppress", "all": "yes", "query": "?severity=high"})
    assert "Suppress 3 findings" in asked.content.decode()
    assert statuses(org) == ["open"] * 3
    chosen = {"verb": "suppress", "finding": [str(key) for key in keys[:2]], "confirmed": "yes"}
    refused = browser.post("/acme/findings/bulk/", chosen)
    assert refused.status_code == 422
    done = browser.post("/acme/findings/bulk/", {**chosen, "reason": "test_data"})
    assert done.status_code == 302
    end = browser.get(done.url).content.decode()
    assert "Done: 2 of 2 changed" in end
    assert statuses(org) == ["open", "suppressed", "suppressed"]
    undo = re.search(r'action="([^"]+/undo/)"', end)[1]
    browser.post(undo)
    assert statuses(org) == ["open"] * 3


def test_nothing_chosen_leads_back_to_the_list(alice, many, signed_in):
    many(1)
    answer = signed_in(alice).post("/acme/findings/bulk/", {"verb": "suppress", "query": "?severity=high"})
    assert answer.url == "/acme/findings/?severity=high"
    assert signed_in(alice).post("/acme/findings/bulk/", {"verb": "explode"}).status_code == 400


def test_the_panel_gives_a_finding_to_somebody(org, alice, bob, many, signed_in):
    (key,) = many(1)
    browser = signed_in(alice)
    answer = browser.post(f"/acme/findings/{key}/assign/", {"assignee": str(bob.pk), "team": ""}, follow=True)
    assert "Assigned to Bob" in answer.content.decode()
    assert "Assigned to Bob by Alice" in answer.content.decode()


def test_an_action_whose_job_is_lost_is_queued_again(org, alice, many, monkeypatch):
    many(3)
    begun = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="status=open")
    assert services.pick_up_bulks(org.pk) == 0
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert services.pick_up_bulks(org.pk) == 1
    services.run_bulk(org.pk, begun.pk)
    assert services.pick_up_bulks(org.pk) == 0


def test_an_action_that_the_database_does_not_take_says_so(org, alice, many):
    many(3)
    wrong = {**WHY, "reason": "r" * 50}
    begun = services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=wrong, query="status=open")
    tasks.run_bulk(org.pk, str(begun.pk))
    with scope(org.pk):
        failed = queries.bulk(org, begun.pk)
    assert (failed.status, failed.touched) == ("failed", 0)
    assert "does not take it" in failed.failure
    assert statuses(org) == ["open"] * 3
