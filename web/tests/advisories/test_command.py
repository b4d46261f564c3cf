"""`vallum-web feeds` as an operator types it."""

import gzip
import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from dev.fakes import feeds
from dev.fakes.feeds import catalogue, publish_scores, put, scores
from vallum_web.advisories import queries
from vallum_web.embedded import doctor
from vallum_web.tenancy import clock

A, B = "CVE-2021-44228", "CVE-2024-0001"
NOW = clock.now().date().isoformat()


def run(*arguments):
    said = io.StringIO()
    call_command("feeds", *arguments, stdout=said)
    return said.getvalue()


def test_before_the_first_one_there_is_nothing(db):
    assert run("status") == "EPSS  not here yet\nKEV   not here yet\n"


def test_files_of_both_kinds_are_known_by_what_they_hold(file, known):
    one, other = file(gzip.compress(scores({A: (0.5, 0.9)})), "any.name"), file(catalogue([{"cveID": A}]), "other")
    said = run("import", str(one), str(other))
    assert said.splitlines() == [
        f"{one}: EPSS v2025.03.14, 1 entry. 1 may weigh differently now.",
        f"{other}: KEV 2026.11.20, 1 entry. 1 may weigh differently now.",
    ]
    status = run("status")
    assert "EPSS  v2025.03.14 of 2026-11-20, 1 entry, as of 2026-11-20 00:00 UTC" in status
    assert f"from {other}, taken in " in status


def test_a_file_that_is_none_does_not_keep_the_others(file, known, tmp_path):
    bad, good = file(b"<html>\n", "bad"), file(scores({A: (0.5, 0.9)}), "good")
    with pytest.raises(CommandError) as failure:
        run("import", str(bad), str(tmp_path / "absent"), str(tmp_path), str(good))
    lines = str(failure.value).splitlines()
    assert lines[0].startswith(f"{bad}: It is a web page: neither")
    assert lines[1:] == [f"{tmp_path}/absent: No such file or directory.", f"{tmp_path}: Is a directory."]
    assert known().keys() == {A}


def test_an_older_file_needs_force(file, known):
    run("import", str(file(scores({A: (0.5, 0.9)}, day="2026-11-20"))))
    older = str(file(scores({A: (0.4, 0.9)}, day="2026-11-01"), "older"))
    with pytest.raises(CommandError, match="is of 2026-11-01"):
        run("import", older)
    run("import", older, "--force")
    assert known()[A].epss == 0.4


def test_what_is_newer_is_fetched_now_whether_or_not_it_is_fetched_daily(publisher, known, settings):
    settings.FEEDS_DAILY = False
    publish_scores(publisher, {A: (0.5, 0.9), B: (0.1, 0.1)}, day=NOW)
    put(publisher, feeds.KEV, catalogue([{"cveID": A}], day=NOW))
    assert run("update").splitlines() == [
        "epss: EPSS v2025.03.14, 2 entries. 2 may weigh differently now.",
        f"kev: KEV {NOW.replace('-', '.')}, 1 entry. 1 may weigh differently now.",
    ]
    publisher.asked.clear()
    assert run("update", "kev") == "kev: nothing newer.\n"
    assert [each.path for each in publisher.asked] == [feeds.KEV]


def test_a_failure_is_said_and_stays_in_the_status(publisher, known):
    publish_scores(publisher, {A: (0.5, 0.9)}, day=NOW)
    with pytest.raises(CommandError, match="answered 404"):
        run("update")
    assert known().keys() == {A}
    assert "answered 404" in run("status")
    assert queries.feeds()["epss"].failure == ""


@pytest.mark.parametrize("arguments", [["update", "nvd"], ["import"], []])
def test_what_cannot_be_is_said(arguments):
    with pytest.raises(CommandError):
        run(*arguments)


def test_the_doctor_says_how_old_each_is(live_database, file, tmp_path):
    urls = {"DATABASE_URL": live_database.app, "DATABASE_OWNER_URL": live_database.owner}

    def found():
        return {line.subject: (line.verdict.value, line.found) for line in doctor.examine(tmp_path / "home", urls)}

    before = found()
    assert before["EPSS"] == before["KEV"] == ("WARN", "not here: findings are weighed without it")
    today, old = (clock.now() - timedelta(days=days) for days in (0, 40))
    run("import", str(file(scores({A: (0.5, 0.9)}, day=today.date().isoformat()))))
    run("import", str(file(catalogue([{"cveID": A}], day=old.date().isoformat()))))
    after = found()
    assert after["EPSS"][0] == "OK"
    assert after["KEV"] in {("WARN", "as of 40 days ago"), ("WARN", "as of 41 days ago")}
