"""Machines at the door: tokens, assets, scans, findings, and reports made elsewhere."""

import base64
import hashlib
import io
import json

import making
import pytest
import zstandard
from django.test import Client

from vallum_engine import wire
from vallum_engine.model.finding import Location
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.findings import queries
from vallum_web.ingest import services, tasks
from vallum_web.ingest.models import Upload
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

WIRE = "application/vnd.vallum.wire"


@pytest.fixture
def machine(people):
    """A client that carries a developer's token of Alice's organization."""
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    return Client(headers={"Authorization": f"Bearer {text}"})


def packed(report):
    out = io.BytesIO()
    wire.write(report, out)
    return out.getvalue()


@pytest.fixture
def upload(machine, people):
    """Send bytes as a report of `shop`, digest what was queued, and give the answer's status, again asked for."""

    def send(data):
        answer = machine.post("/api/v1/uploads?asset=shop", data=data, content_type=WIRE)
        assert answer.status_code == 202, answer.content
        with scope(people.org.pk):
            kept = Upload.objects.of(people.org).select_related("scan").get(pk=answer.json()["id"])
        services.digest(kept)
        return machine.get(answer.json()["status_url"]).json()

    return send


@pytest.mark.slow
def test_a_report_made_elsewhere_becomes_findings(machine, upload):
    said = upload(packed(making.report(making.secret("one"), making.secret("two", line=7))))
    assert (said["status"], said["problem"]) == ("digested", "")
    items = machine.get("/api/v1/findings").json()["items"]
    assert [(i["title"], i["severity"], i["path"], i["status"]) for i in items] == [
        ("Example token", "high", "app.py", "open")
    ] * 2
    scan = machine.get(f"/api/v1/scans/{said['scan']}").json()
    assert (scan["status"], scan["isolation"], scan["outcome"]["new"]) == ("done", "elsewhere", 2)
    assert [row["ruleset"] for row in machine.get(f"/api/v1/scans/{said['scan']}/coverage").json()] == ["secrets"]
    assert [a["name"] for a in machine.get("/api/v1/assets").json()["items"]] == ["shop"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(packed(making.report(making.secret()))[:-9], "cut off", id="truncated"),
        pytest.param(b"\x28\xb5\x2f\xfd not ours", "not a zstd stream", id="something else"),
        pytest.param(packed(making.report())[:20] + b"\xff" * 40, "zstd|cut off", id="damaged"),
    ],
)
def test_an_unreadable_report_is_refused_with_a_reason_and_kept(people, upload, data, problem):
    said = upload(data)
    assert said["status"] == "refused"
    assert any(part in said["problem"] for part in problem.split("|")), said["problem"]
    with scope(people.org.pk):
        kept = Upload.objects.of(people.org).get()
        assert making.stored(people.org.pk, kept.blob) == data
        scan = Scan.objects.of(people.org).get()
    assert scan.status == "failed"
    assert "kept for 24 hours" in scan.failure


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param("sha-256=:{right}:", 202, id="right"),
        pytest.param("sha-512=:AAAA:, sha-256=:{right}:", 202, id="right, beside another"),
        pytest.param("sha-512=:AAAA:", 202, id="one that is not ours"),
        pytest.param("sha-256=:AAAA:", 400, id="wrong"),
        pytest.param("sha-256={right}", 400, id="malformed"),
    ],
)
def test_a_body_that_was_damaged_on_the_way_is_refused_and_not_kept(machine, people, said, status):
    data = packed(making.report())
    right = base64.b64encode(hashlib.sha256(data).digest()).decode()
    headers = {"Content-Digest": said.format(right=right)}
    answer = machine.post("/api/v1/uploads?asset=shop", data=data, content_type=WIRE, headers=headers)
    assert answer.status_code == status
    assert status == 202 or answer.json()["detail"] == "The upload was damaged on the way: send it again."
    with scope(people.org.pk):
        assert Upload.objects.of(people.org).exists() == (status == 202)


def test_an_unknown_wire_version_is_refused_and_kept(people, upload):
    said = upload(zstandard.compress(b'{"wire": 99}\n{"end": 0}\n'))
    assert said["status"] == "refused"
    assert said["problem"] == "Report version 99, expected 1: update the side that is older."


def test_an_upload_that_breaks_off_leaves_nothing(machine, people):
    body = {"wsgi.input": io.BytesIO(b"half"), "CONTENT_LENGTH": "9"}
    answer = machine.generic("POST", "/api/v1/uploads?asset=shop", b"", content_type=WIRE, **body)
    assert answer.status_code == 400
    assert "broke off after 4 of 9 bytes" in answer.json()["detail"]
    with scope(people.org.pk):
        assert Upload.objects.of(people.org).count() == 0


def test_raw_reports_are_gone_after_a_day(people, upload):
    upload(packed(making.report()))
    with clock.travelled(services.KEPT_FOR * 1.01):
        assert services.prune(people.org.pk) == 1
    with scope(people.org.pk):
        assert Upload.objects.of(people.org).get().blob is None


def test_a_digest_runs_once_however_often_it_is_asked_for(people, machine):
    answer = machine.post("/api/v1/uploads?asset=shop", data=packed(making.report(making.secret())), content_type=WIRE)
    with scope(people.org.pk):
        kept = Upload.objects.of(people.org).select_related("scan").get(pk=answer.json()["id"])
    services.digest(kept)
    services.digest(kept)
    scan = machine.get(f"/api/v1/scans/{kept.scan_id}").json()
    assert scan["outcome"]["new"] == 1


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://127.0.0.1/a/b", id="this machine"),
        pytest.param("https://169.254.169.254/latest", id="metadata"),
        pytest.param("ssh://git@code.example.test/a/b", id="ssh"),
        pytest.param("file:///etc", id="a file"),
        pytest.param("http://code.example.test/a/b", id="unencrypted"),
    ],
)
def test_an_address_that_may_not_be_cloned_is_refused_with_words(machine, url):
    answer = machine.post("/api/v1/repositories", data=json.dumps({"url": url}), content_type="application/json")
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) > 20
    assert "token@" not in answer.json()["detail"]


def test_an_auditors_token_reads_and_changes_nothing(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="audit", role=Membership.Role.AUDITOR))
    auditor = Client(headers={"Authorization": f"Bearer {text}"})
    assert auditor.get("/api/v1/findings").status_code == 200
    for path, body in (("repositories", {"url": "https://code.example.test/a/b"}), ("tokens", {"name": "x"})):
        answer = auditor.post(f"/api/v1/{path}", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 403


def test_a_revoked_token_is_dead_at_once(people):
    wanted = tokens.Wanted(name="ci", role=Membership.Role.ADMIN)
    token, text = tokens.make(people.org, people.alice, wanted)
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    assert machine.get("/api/v1/assets").status_code == 200
    assert machine.delete(f"/api/v1/tokens/{token.pk}").status_code == 204
    assert machine.get("/api/v1/assets").status_code == 401


def test_an_expired_token_is_dead(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER, days=1))
    with clock.travelled(services.KEPT_FOR * 2):
        assert Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/assets").status_code == 401


def test_the_api_lists_every_place_in_pages(machine, upload, people, monkeypatch):
    places = tuple(Location(path=f"{n:04}.py", line=n + 1, end_line=n + 1) for n in range(7))
    upload(packed(making.report(making.secret(locations=places), paths=tuple(p.path for p in places))))
    key = machine.get("/api/v1/findings").json()["items"][0]["id"]
    monkeypatch.setattr(queries, "MOST_PLACES", 3)
    monkeypatch.setattr(queries.places, "__kwdefaults__", {"after": "", "size": 3})
    whole = machine.get(f"/api/v1/findings/{key}").json()
    assert (len(whole["places"]), whole["more_places"]) == (3, True)
    found, after = [], ""
    while True:
        page = machine.get(f"/api/v1/findings/{key}/places", {"after": after}).json()
        found += [place["path"] for place in page["items"]]
        after = page["after"]
        if not after:
            break
    assert sorted(found) == [place.path for place in places]
    assert len(found) == 7


def test_a_report_of_another_branch_changes_no_finding(machine, upload, people):
    upload(packed(making.report(making.secret(), target={"branch": "main"})))
    said = upload(packed(making.report(target={"branch": "feature"})))
    assert said["status"] == "digested"
    scan = machine.get(f"/api/v1/scans/{said['scan']}").json()
    assert scan["outcome"] == {"seen": 0, "other_branch": 1}
    assert [item["status"] for item in machine.get("/api/v1/findings").json()["items"]] == ["open"]
    upload(packed(making.report(target={"branch": "main"})))
    assert machine.get("/api/v1/findings").json()["items"] == []


def test_an_upload_whose_scan_was_given_up_says_so(machine, people):
    answer = machine.post("/api/v1/uploads?asset=shop", data=packed(making.report()), content_type=WIRE).json()
    with scope(people.org.pk):
        Scan.objects.of(people.org).update(attempts=scans.MAX_ATTEMPTS)
    tasks.digest_upload(people.org.pk, upload=answer["id"])
    said = machine.get(answer["status_url"]).json()
    assert said["status"] == "refused"
    assert "Broken off 3 times" in said["problem"]
