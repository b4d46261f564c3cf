"""Several at once on the same findings: scans that are digested, people who decide, an action on all of them."""

import logging
import os
import random
import re
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import making
import pytest
from django.db import connections
from making import report, secret
from replaying import compare

from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Bulk, Comment, Decision, Finding
from vallum_web.findings.pattern import Pattern
from vallum_web.findings.services import bulk as bulks
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.slow

SIZE = int(os.environ.get("VALLUM_TOGETHER", "2400"))
ASSETS, DECISIONS, ROUNDS = 4, 60, 3
FINDINGS = SIZE // ASSETS
WHY = {"reason": "test_data", "justification": "", "note": "", "until": None}


@pytest.fixture
def crowd(live_database, monkeypatch):
    """Assets with many findings, in a database of their own: threads commit."""
    monkeypatch.setattr(bulks, "PART", max(100, min(bulks.PART, SIZE // 24)))  # many parts, so that others come between
    people = making.people()
    made = [assets.add(people.org, "repository", f"shop-{n}", people.alice.pk) for n in range(ASSETS)]
    for asset in made:
        services.digest(scans.uploaded(asset, None), seen(0))
    return people, made


def seen(round_, *more):
    """What a scan sees: each time another tenth is missing and moved lines change the rest."""
    return report(
        *(secret(f"n{number}", line=number + round_ + 1) for number in range(FINDINGS) if number % 10 != round_ % 10),
        *more,
        paths=("app.py", "new.py"),
    )


def closing(act):
    def run(*given):
        try:
            return act(*given)
        finally:
            connections.close_all()

    return run


def test_nothing_is_lost_and_nobody_waits_in_a_circle(crowd):
    people, made = crowd
    org = people.org
    with scope(org.pk):
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))

    @closing
    def scanning(asset):
        for round_ in range(1, ROUNDS + 1):
            services.digest(scans.uploaded(asset, None), seen(round_))

    @closing
    def deciding(person, seed):
        chance = random.Random(seed)
        for key in chance.sample(keys, DECISIONS):
            services.suppress(org, key, person.pk, reason="risk_accepted")
            if chance.random() < 0.5:
                services.lift(org, key, person.pk)
            services.assign(org, key, person.pk, assignee=person.pk, team=None)

    @closing
    def at_once():
        hidden = services.begin_bulk(org, people.alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, query="status=open")
        hidden = services.run_bulk(org.pk, hidden.pk)
        again = services.undo_bulk(org, hidden.pk, people.bob.pk)
        return hidden, services.run_bulk(org.pk, again.pk)

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(scanning, asset) for asset in made]
        running += [pool.submit(deciding, people.alice, 1), pool.submit(deciding, people.bob, 2)]
        actions = pool.submit(at_once)
        for each in running:
            each.result(timeout=300)
        hidden, again = actions.result(timeout=300)
    assert (hidden.status, again.status) == ("done", "done")
    whole(org, keys, hidden)


def whole(org, keys, hidden):
    """Every row as its decisions say, every change with its event."""
    with scope(org.pk):
        rows = {row.pk: row for row in Finding.objects.of(org)}
        assert set(keys) <= set(rows)
        assert len(rows) == FINDINGS * ASSETS
        covered = set(Decision.objects.of(org).filter(lifted_at=None).values_list("finding", flat=True))
        for row in rows.values():
            if row.status != "resolved":
                assert (row.status == "suppressed") == (row.pk in covered), row.pk
        assert not Decision.objects.of(org).filter(bulk=hidden.pk, lifted_at=None).exists()
        told = Event.objects.of(org).filter(kind="finding.suppressed", data__bulk=str(hidden.pk)).count()
        assert told == hidden.touched
        assert {row.assignee for row in rows.values()} - {None} != set()


class Browser:
    """Somebody at the pages: reads list after list, decides, undoes, comments, takes; keeps what was answered."""

    def __init__(self, browser, person, seed):
        self.browser, self.person, self.chance = browser, person, random.Random(seed)
        self.decided, self.undone, self.comments, self.taken = [], [], 0, 0
        self.seconds = defaultdict(list)

    def ask(self, what, path, data=None, **headers):
        began = time.monotonic()
        answer = self.browser.get(path) if data is None else self.browser.post(path, data, headers=headers)
        self.seconds[what].append(time.monotonic() - began)
        assert answer.status_code in (200, 302), (path, answer.status_code, answer.content[:500])
        return answer.content.decode()

    def until(self, over):
        query, rounds = "?status=any", 0
        while rounds < 15 or not over.is_set():
            rounds += 1
            page = self.ask("list", f"/acme/findings/{query}")
            rows = re.findall(r'<tr id="finding-([0-9a-f-]{36})"', page)
            onward = re.search(r'rel="next" href="([^"]+)"', page)
            query = self.chance.choice(("?status=any", "?status=suppressed", "?status=open&severity=high"))
            if onward and self.chance.random() < 0.7:
                query = onward[1].replace("&amp;", "&").partition("findings/")[2]
            if rows:
                self.act(self.chance.choice(rows))

    def act(self, key):
        path, act = f"/acme/findings/{key}/", self.chance.choice(("decide", "decide", "comment", "take"))
        self.ask("panel", path)
        if act == "comment":
            self.ask(act, f"{path}comments/", {"text": "Seen."})
            self.comments += 1
        elif act == "take":
            self.ask(act, f"{path}assign/", {"assignee": str(self.person.pk), "team": ""})
            self.taken += 1
        else:
            row = self.ask(act, f"{path}suppress/", {"reason": "risk_accepted"}, HX_Request="true")
            undo = re.search(rf"{path}lift/([0-9a-f-]{{36}})/", row)
            self.decided.append(undo[1])
            if self.chance.random() < 0.5:
                self.ask("undo", undo[0], {}, HX_Request="true")
                self.undone.append(undo[1])


def test_two_browsers_one_action_on_all_and_scans_lose_nothing(crowd, signed_in):
    people, made = crowd
    org, over = people.org, threading.Event()
    browsers = [Browser(signed_in(person), person, seed) for seed, person in enumerate((people.alice, people.bob))]
    asking = signed_in(people.alice)

    @closing
    def scanning():
        for round_ in range(1, ROUNDS + 1):
            for asset in made:
                fresh = [secret(f"new{round_}-{number}", path="new.py") for number in range(FINDINGS // 50)]
                services.digest(scans.uploaded(asset, None), seen(round_, *fresh))

    @closing
    def all_that_match():
        sent = {"verb": "suppress", "all": "yes", "query": "severity=high", "confirmed": "yes", "reason": "test_data"}
        hidden = services.run_bulk(org.pk, asking.post("/acme/findings/bulk/", sent).url.split("/")[-2])
        back = asking.post(f"/acme/findings/bulk/{hidden.pk}/undo/")
        return hidden, services.run_bulk(org.pk, back.url.split("/")[-2])

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(closing(browser.until), over) for browser in browsers]
        working = [pool.submit(scanning), pool.submit(all_that_match)]
        try:
            hidden, again = [each.result() for each in working][1]
        finally:
            over.set()
        for each in reading:
            each.result()
    spent = time.monotonic() - began
    nothing_lost(org, browsers, hidden, again)
    logging.getLogger(__name__).info(
        "%s; %s events replayed, %.0f s", figures(browsers, hidden, again), f"{compare(org):,}", spent
    )


def nothing_lost(org, browsers, hidden, again):
    with scope(org.pk):
        decisions = {str(row.pk): row for row in Decision.objects.of(org)}
        events = Event.objects.of(org)
        made = Counter(events.filter(kind="finding.suppressed").values_list("data__decision", flat=True))
        lists = events.filter(kind="finding.unsuppressed").values_list("data__decisions", flat=True)
        taken_back = Counter(key for keys in lists for key in keys)
        comments = Comment.objects.of(org).count()
        told = events.filter(kind="finding.commented").count()
        kinds = set(events.values_list("kind", flat=True).distinct())
    assert made == Counter(decisions.keys())
    assert taken_back == Counter(key for key, row in decisions.items() if row.lifted_at)
    for browser in browsers:
        assert all(decisions[key].by == browser.person.pk for key in browser.decided)
        assert all(decisions[key].lifted_at for key in browser.undone)
    assert comments == told == sum(browser.comments for browser in browsers)
    assert (hidden.status, again.status) == ("done", "done")
    of_action = [row for row in decisions.values() if row.bulk == hidden.pk]
    assert len(of_action) == hidden.touched
    assert of_action
    assert all(row.lifted_at for row in of_action)
    assert again.touched == again.seen == again.total
    assert {"finding.opened", "finding.resolved", "finding.reopened", "finding.assigned"} <= kinds


def figures(browsers, hidden, again):
    """What was done, and how long the slowest and the middle answer of each kind took."""
    seconds = defaultdict(list)
    for browser in browsers:
        for what, each in browser.seconds.items():
            seconds[what] += each
    answers = ", ".join(
        f"{len(each)} times {what} {1000 * sorted(each)[len(each) // 2]:.0f} ms (most {1000 * max(each):.0f})"
        for what, each in sorted(seconds.items())
    )
    return f"{SIZE:,} findings; {hidden.touched:,} hidden, {again.touched:,} taken back; {answers}"


def test_a_rule_misses_nothing_of_scans_that_began_before_it(crowd):
    people, made = crowd
    org, alice, bob = people.org, people.alice.pk, people.bob.pk
    with scope(org.pk):
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))
    passing, begun = services.make_rule(org, alice, Pattern.read(kind="secret"), reason="test_data")
    services.run_bulk(org.pk, begun.pk)

    @closing
    def scanning(asset):
        for round_ in range(1, ROUNDS + 1):
            services.digest(scans.uploaded(asset, None), seen(round_))

    @closing
    def deciding():
        for key in random.Random(3).sample(keys, DECISIONS):
            services.suppress(org, key, bob, reason="risk_accepted")
            services.lift(org, key, bob)

    @closing
    def ruling():
        lifted = services.lift_rule(org, passing.pk, alice)
        stays, begun = services.make_rule(org, alice, Pattern.read(rule="example-*"), reason="risk_accepted")
        return stays, services.run_bulk(org.pk, begun.pk), services.run_bulk(org.pk, lifted.pk)

    with ThreadPoolExecutor(8) as pool:
        running = [*(pool.submit(scanning, asset) for asset in made), pool.submit(deciding)]
        stays, *runs = pool.submit(ruling).result(timeout=300)
        for each in running:
            each.result(timeout=300)
    assert [run.status for run in runs] == ["done", "done"]
    with scope(org.pk):
        rows = {row.pk: row for row in Finding.objects.of(org).exclude(status="resolved")}
        standing = Decision.objects.of(org).filter(lifted_at=None)
        assert not standing.filter(by_rule=passing.pk).exists()
        mine = set(standing.filter(by_rule=stays.pk).values_list("finding", flat=True))
        # What Bob let count again after the rule hid it is an exception; everything else that is there is hidden.
        by_bob = Decision.objects.of(org).filter(by_rule=stays.pk, lifted_by=bob)
        assert set(rows) - mine == set(by_bob.values_list("finding", flat=True)) & set(rows)
        covered = set(standing.values_list("finding", flat=True))
        assert {key for key, row in rows.items() if row.status == "suppressed"} == covered & set(rows)


def test_days_that_end_rules_and_an_action_on_all_never_wait_in_a_circle(crowd):
    """What was hidden until yesterday is let go while scans write it, a rule hides a part, and an action hides all."""
    people, made = crowd
    org, alice, over = people.org, people.alice.pk, threading.Event()
    yesterday = {**WHY, "until": (clock.now().date() - timedelta(days=1)).isoformat()}
    rule, begun = services.make_rule(org, alice, Pattern.read(path="tests/**"), reason="test_data")
    services.run_bulk(org.pk, begun.pk)

    def hides(arguments):
        begun = services.begin_bulk(org, alice, Bulk.Verb.SUPPRESS, arguments=arguments, query="status=open")
        return services.run_bulk(org.pk, begun.pk)

    hides(yesterday)

    @closing
    def scanning(asset):
        for round_ in range(1, ROUNDS + 1):
            tests = (secret(f"t{number}", path=f"tests/{round_}.py") for number in range(FINDINGS // 10))
            services.digest(scans.uploaded(asset, None), seen(round_, *tests))

    @closing
    def expiring():
        ended = 0
        while not over.is_set():
            ended += services.expire_decisions(org.pk)
        return ended

    @closing
    def acting():
        for _ in range(ROUNDS):
            hides(yesterday)
        kept = hides(WHY)
        return services.run_bulk(org.pk, services.undo_bulk(org, kept.pk, alice).pk)

    with ThreadPoolExecutor(8) as pool:
        expiries = [pool.submit(expiring) for _ in range(2)]
        working = [*(pool.submit(scanning, asset) for asset in made), pool.submit(acting)]
        try:
            *_, undone = [each.result(timeout=300) for each in working]
        finally:
            over.set()
        ended = sum(each.result(timeout=300) for each in expiries)
    assert undone.status == "done"
    ended += services.expire_decisions(org.pk)
    assert ended > FINDINGS
    with scope(org.pk):
        told = Event.objects.of(org).filter(kind="finding.unsuppressed", data__expired=True).count()
        rows = list(Finding.objects.of(org).exclude(status="resolved"))
        mine = set(Decision.objects.of(org).filter(lifted_at=None, by_rule=rule.pk).values_list("finding", flat=True))
    assert told == ended
    assert {row.pk for row in rows if row.path.startswith("tests/")} == mine
    assert {row.pk for row in rows if row.status == "suppressed"} == mine
    assert compare(org) > 0
