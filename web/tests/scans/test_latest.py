"""What an asset's scans say together is kept beside it: it is what walking through all of them says, whatever happened."""

import random
import threading
from importlib import import_module

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from making import people as made_people
from making import report

from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.assets import queries as assets
from vallum_web.assets import services
from vallum_web.assets.models import Asset
from vallum_web.scans import queries
from vallum_web.scans import services as scans
from vallum_web.scans.models import Latest, Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.scope import scope

SETS = tuple(RuleSet(name=name, version="1", rules=None) for name in ("secrets", "packages/npm", "code/python"))
ENDED = ("done", "incomplete")


def coverage(how):
    path = "" if how == "idle" else "src/"
    gap = Exclusion(path=path, ruleset="secrets", why="it broke", verdict=Verdict.FAILED)
    gaps = (gap,) if how in ("idle", "gaps") else ()
    return Coverage(rulesets=SETS, paths=("app.py",), exclusions=gaps, complete=how != "part")


def end(scan, how="", tool=""):
    said = report(coverage=coverage(how), target={"report": tool} if tool else {})
    with scope(scan.org_id):
        scans.finish(scan, said, engine="0.1.0", outcome={})
    return scan


def fail(asset):
    scan = scans.request(asset.org_id, asset.pk, None)
    scans.fail(scans.begin(asset.org_id, scan.pk), "it broke")


def walked(org):
    """The same figures and lists, read scan by scan."""
    old = first_of(clock.now() - queries.STALE)
    figures = dict.fromkeys(("assets", "never", "stale", "gaps", "rulesets", "ran"), 0)
    lists = {"never": [], "stale": [], "incomplete": []}
    for asset in Asset.objects.of(org).filter(retired_at=None).order_by("name"):
        ended = [scan for scan in Scan.objects.of(org).filter(asset=asset).order_by("pk") if scan.status in ENDED]
        newest = {scan.tool: scan.status for scan in ended}
        said = {
            "never": not ended,
            "stale": bool(ended) and not any(scan.complete and scan.pk >= old for scan in ended),
            "incomplete": "incomplete" in newest.values(),
        }
        for name, holds in said.items():
            figures[{"incomplete": "gaps"}.get(name, name)] += holds
            lists[name] += [asset.name] if holds else []
        figures["assets"] += 1
        figures["rulesets"] += ended[-1].stats["rulesets"] if ended else 0
        figures["ran"] += ended[-1].stats["ran"] if ended else 0
    ended = [scan.pk for scan in Scan.objects.of(org).filter(status__in=ENDED)]
    return queries.Standing(**figures), lists, max(ended, default=None)


def kept(org):
    every = assets.assets(org)
    lists = {how: [asset.name for asset in queries.scanned(org, every, how)] for how in queries.SCANNED}
    last = queries.last_finished(org)
    return queries.standing(org), lists, last.pk if last else None


def happen(chance, org, open_scans, number):
    """One thing that happens to some asset."""
    asset = chance.choice(list(Asset.objects.of(org).order_by("name")))
    tool = chance.choice(["", "", "sarif", "trivy"])
    what = chance.choice(["end", "end", "end", "begin", "late", "fail", "again", "retire", "add"])
    if what == "end":
        end(scans.imported(asset, None, tool=tool) if tool else scans.uploaded(asset, None), _how(chance), tool)
    elif what == "begin":
        open_scans.append((scans.imported(asset, None, tool=tool) if tool else scans.uploaded(asset, None), tool))
    elif what == "late" and open_scans:
        # Begun before others of the asset that are over by now.
        scan, tool = open_scans.pop(chance.randrange(len(open_scans)))
        end(scan, _how(chance), tool)
    elif what == "fail":
        fail(asset)
    elif what == "again" and (before := queries.last_finished(org, asset.pk)):
        scans.repeated(before, None)
    elif what == "retire" and chance.random() < 0.3:
        Asset.objects.of(org).filter(pk=asset.pk).update(retired_at=clock.now())
    elif what == "add":
        services.add(org, "repository", f"asset {number:03}", None)


def age(monkeypatch, mark):
    monkeypatch.setattr(queries, "first_of", lambda _: mark)
    monkeypatch.setitem(globals(), "first_of", lambda _: mark)


def _how(chance):
    return chance.choice(["", "", "", "gaps", "idle", "part"])


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_the_scans_say(org, monkeypatch, seed):
    chance, open_scans = random.Random(seed), []
    services.add(org, "repository", "shop", None)
    with scope(org.pk):
        for number in range(50):
            happen(chance, org, open_scans, number)
            if number == 20:
                # From here on, what ended before is old.
                age(monkeypatch, scans.uploaded(Asset.objects.of(org).earliest("name"), None).pk)
            assert kept(org) == walked(org), number
        for asset in Asset.objects.of(org):
            ended = [scan for scan in Scan.objects.of(org).filter(asset=asset) if scan.status in ENDED]
            assert queries.last_finished(org, asset.pk) == max(ended, key=lambda scan: scan.pk, default=None)


def test_what_an_older_record_holds_is_filled_in(live_database):
    """By the migration's own statements, as the owner of the tables, as what the services write."""
    org, chance, open_scans = made_people().org, random.Random(7), []
    services.add(org, "repository", "shop", None)
    facts = ("asset", "scan", "whole", "gaps", "rulesets", "ran")
    with scope(org.pk):
        for number in range(60):
            happen(chance, org, open_scans, number)
        written = set(Latest.objects.of(org).values_list(*facts))
        assert len(written) > 3
        Latest.objects.of(org).delete()
    with psycopg.connect(live_database.owner) as owner:
        for statement in import_module("vallum_web.scans.migrations.0006_fill_latest").BACKFILL:
            owner.execute(statement)
    with scope(org.pk):
        assert set(Latest.objects.of(org).values_list(*facts)) == written
    assert not Latest.objects.exists()  # the policy is forced again, and nobody's scope sees nothing


def test_of_two_that_end_at_once_both_count(live_database):
    org = made_people().org
    asset = services.add(org, "repository", "shop", None)
    ours, theirs = scans.uploaded(asset, None), scans.imported(asset, None, tool="sarif")
    failed = []

    def other():
        try:
            end(ours, "gaps")
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with scope(org.pk):
        end(theirs, "", "sarif")
        thread.start()
        with connection.cursor() as cursor:
            for _ in range(500):
                cursor.execute("select pg_sleep(0.01), exists (select from pg_locks where not granted)")
                if cursor.fetchone()[1]:
                    break
            else:
                pytest.fail("the other one did not wait")
    thread.join()
    assert failed == []
    with scope(org.pk):
        row = Latest.objects.of(org).get()
        assert (row.scan_id, row.whole, row.gaps) == (theirs.pk, theirs.pk, True)


def test_a_scan_that_is_not_kept_says_nothing(org):
    """Both are written, or neither is."""
    asset = services.add(org, "repository", "shop", None)
    with scope(org.pk):
        with transaction.atomic():
            end(scans.uploaded(asset, None))
            assert queries.standing(org).never == 0
            transaction.set_rollback(True)
        assert queries.standing(org).never == 1
        assert not Latest.objects.of(org).exists()


@pytest.mark.parametrize("address", ["findings/", "findings/?group=asset", "", "assets/", "assets/?scanned=stale"])
def test_a_list_asks_the_same_of_one_asset_and_of_a_thousand(org, alice, signed_in, address):
    browser = signed_in(alice)

    def asked():
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(f"/acme/{address}").status_code == 200
        return len(seen)

    end(scans.uploaded(services.add(org, "repository", "shop", None), None))
    asked()  # what is done once a minute, or once a process
    few = asked()
    with scope(org.pk):
        many = [Asset(org=org, kind="repository", name=f"asset {number:04}") for number in range(999)]
        Asset.objects.bulk_create(many)
    for asset in many[:5]:
        end(scans.uploaded(asset, None), "gaps")
    assert asked() == few
    assert few < 40
