"""Reports of other tools through the front door: read in the sandbox, every record accounted for, and refused with words."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import making
import pytest
from django.test import Client

from vallum_engine.parsers.catalogue import all_formats
from vallum_engine.parsers.read import parse
from vallum_engine.wire import dump
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.findings.models import Finding
from vallum_web.ingest import conversion, services, tasks, work
from vallum_web.ingest.models import Upload
from vallum_web.scans import command
from vallum_web.scans import services as scans
from vallum_web.scans.models import Rejected, Scan
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.skipif(
    command.isolation().level.value == "none", reason="this machine cannot isolate anything"
)

EXAMPLES = Path(__file__).parents[3] / "engine/tests/parsers/examples"


def example(format_id, kind="many"):
    (file,) = (EXAMPLES / format_id).glob(f"{kind}.*")
    return file


@pytest.fixture
def machine(people):
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=Membership.Role.DEVELOPER))
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def digest(people, machine):
    """Let the worker read what was taken in, and say what became of it."""

    def read(answer):
        tasks.digest_upload(people.org.pk, upload=answer["id"])
        return machine.get(answer["status_url"]).json()

    return read


@pytest.fixture
def send(machine, digest):
    def sent(data, *, asset="shop", **query):
        address = "/api/v1/uploads"
        answer = machine.post(
            f"{address}?asset={asset}" + "".join(f"&{name}={value}" for name, value in query.items()),
            data=data,
            content_type="application/octet-stream",
        )
        assert answer.status_code == 202, answer.content
        return digest(answer.json())

    return sent


def balanced(said):
    became = ("findings", "merged", "hidden", "passed", "rejected")
    return said["records"] == sum(said[name] for name in became)


def sarif(*names, **more):
    results = [
        {
            "ruleId": name,
            "level": "error",
            "message": {"text": f"About {name}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 3}}}],
        }
        for name in names
    ]
    run = {"tool": {"driver": {"name": "Example", "rules": []}}, "results": [*results, *more.get("also", ())]}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


@pytest.mark.parametrize(
    "format_id", ["sarif", "trivy", "zap", "nmap", "qualys", "gitlab-container-scanning", "prowler"]
)
def test_a_report_of_another_tool_becomes_findings(format_id, send, machine, people):
    said = send(example(format_id).read_bytes(), name=example(format_id).name)
    assert (said["status"], said["problem"], said["format"]) == ("digested", "", format_id)
    assert said["name"] == example(format_id).name
    assert balanced(said)
    assert said["findings"] > 1
    scan = machine.get(f"/api/v1/scans/{said['scan']}").json()
    assert (scan["origin"], scan["tool"]) == ("imported", format_id)
    assert scan["isolation"] in {"full", "reduced"}
    assert scan["outcome"]["new"] == scan["outcome"]["seen"]
    with scope(people.org.pk):
        assert Finding.objects.of(people.org).filter(status="open").count() == scan["outcome"]["new"]
        rows = Rejected.objects.of(people.org).filter(scan=said["scan"])
        assert sum(row.count for row in rows) == said["rejected"]
    assert [row["ruleset"] for row in machine.get(f"/api/v1/scans/{said['scan']}/coverage").json()] == [format_id]


def test_what_is_no_longer_listed_has_ended_unless_it_is_a_part(send, machine):
    send(sarif("one", "two"))
    part = send(sarif("two"), whole="false")
    assert (part["whole"], part["findings"]) == (False, 1)
    scan = machine.get(f"/api/v1/scans/{part['scan']}").json()
    assert (scan["status"], scan["complete"], scan["outcome"]["resolved"]) == ("done", False, 0)
    whole = send(sarif("two", "three"))
    outcome = machine.get(f"/api/v1/scans/{whole['scan']}").json()["outcome"]
    assert (outcome["new"], outcome["resolved"], outcome["seen"]) == (1, 1, 2)


def test_a_record_that_cannot_be_read_is_listed_and_ends_nothing(send, machine):
    send(sarif("one", "two"))
    said = send(sarif("two", also=["damaged", {"message": {"text": "no rule"}}, 7]))
    assert said["rejected"] > 0
    assert balanced(said)
    found, after = [], 0
    while after is not None:
        page = machine.get(f"/api/v1/uploads/{said['id']}/rejected", {"after": after}).json()
        found += page["items"]
        after = page["after"]
    assert len(found) == said["rejected"]
    assert all(item["at"].startswith("runs[0].results[") and item["why"] for item in found)
    scan = machine.get(f"/api/v1/scans/{said['scan']}").json()
    assert (scan["status"], scan["errors"], scan["outcome"]["resolved"]) == ("incomplete", [], 0)


def test_rejected_records_past_the_limit_are_counted_in_a_row(send, machine, monkeypatch):
    monkeypatch.setattr(scans, "MAX_REJECTED", 3)
    monkeypatch.setattr("vallum_web.ingest.api.PAGE", 2)
    said = send(sarif("one", also=[7] * 8))
    assert said["rejected"] == 8
    first = machine.get(f"/api/v1/uploads/{said['id']}/rejected").json()
    assert [item["number"] for item in first["items"]] == [1, 2]
    rest = machine.get(f"/api/v1/uploads/{said['id']}/rejected", {"after": first["after"]}).json()
    assert rest["after"] is None
    *_, last = rest["items"]
    assert (last["count"], last["why"].partition(" ")[0]) == (5, "5")
    assert sum(item["count"] for item in first["items"] + rest["items"]) == 8


def test_the_same_report_again_is_known_by_its_hash_and_changes_nothing(send, machine, people, monkeypatch):
    data = sarif("one", also=[7])
    said = send(data)
    before = machine.get("/api/v1/findings").json()
    # Nothing is read: there is nothing that could.
    monkeypatch.setattr(command, "run", None)
    answer = machine.post("/api/v1/uploads?asset=shop", data=data, content_type="text/plain")
    assert answer.status_code == 200
    again = answer.json()
    assert (again["status"], again["repeated"], said["repeated"]) == ("digested", True, False)
    assert again["id"] != said["id"]
    same = ("records", "findings", "merged", "hidden", "passed", "rejected", "format")
    assert [again[name] for name in same] == [said[name] for name in same]
    scan = machine.get(f"/api/v1/scans/{again['scan']}").json()
    assert (scan["status"], scan["outcome"]["new"], scan["outcome"]["seen"]) == ("incomplete", 0, 1)
    listed = [machine.get(f"/api/v1/uploads/{key}/rejected").json()["items"] for key in (said["id"], again["id"])]
    assert listed[0] == listed[1] != []
    coverage = [
        [(row["ruleset"], row["verdict"]) for row in machine.get(f"/api/v1/scans/{key}/coverage").json()]
        for key in (said["scan"], again["scan"])
    ]
    assert coverage[0] == coverage[1] != []
    assert machine.get("/api/v1/findings").json() == before
    third = machine.post("/api/v1/uploads?asset=shop", data=data, content_type="text/plain")
    assert third.status_code == 200
    with scope(people.org.pk):
        assert str(Scan.objects.of(people.org).get(pk=third.json()["scan"]).repeats) == said["scan"]
        assert Entry.objects.of(people.org).filter(kind="upload.repeated").count() == 2


def test_what_is_read_in_another_way_or_after_something_else_is_read(send, machine):
    send(sarif("one"))
    assert (
        machine.post("/api/v1/uploads?asset=shop&whole=false", data=sarif("one"), content_type="a/b").status_code == 202
    )
    assert machine.post("/api/v1/uploads?asset=other", data=sarif("one"), content_type="a/b").status_code == 202
    send(sarif("two"))
    back = send(sarif("one"))
    assert back["repeated"] is False
    outcome = machine.get(f"/api/v1/scans/{back['scan']}").json()["outcome"]
    assert (outcome["reopened"], outcome["resolved"]) == (1, 1)


def test_after_a_newer_engine_the_same_report_is_read(send, machine, people):
    said = send(sarif("one"))
    with scope(people.org.pk):
        Scan.objects.of(people.org).filter(pk=said["scan"]).update(engine="0.0.1")
    assert machine.post("/api/v1/uploads?asset=shop", data=sarif("one"), content_type="a/b").status_code == 202


def test_what_was_converted_elsewhere_has_the_same_account(send, machine):
    data = sarif("one", "two", also=[7])
    here = send(data, asset="here")
    there = send(dump(parse(data)), asset="there")
    assert (there["format"], there["name"]) == ("sarif", "")
    same = ("records", "findings", "merged", "hidden", "passed", "rejected")
    assert [there[name] for name in same] == [here[name] for name in same]
    listed = [machine.get(f"/api/v1/uploads/{said['id']}/rejected").json()["items"] for said in (here, there)]
    assert listed[0] == listed[1] != []
    scan = machine.get(f"/api/v1/scans/{there['scan']}").json()
    assert (scan["origin"], scan["tool"], scan["isolation"]) == ("uploaded", "sarif", "elsewhere")


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"records": 9}, id="records that became nothing"),
        pytest.param({"records": 3, "rejected": 1}, id="rejected without a word"),
    ],
)
def test_an_account_that_does_not_add_up_is_refused(lie, send):
    report = parse(sarif("one", "two"))
    said = send(dump(replace(report, stats=replace(report.stats, **lie))))
    assert said["status"] == "refused"
    assert "does not add up" in said["problem"]


def test_an_import_whose_job_is_lost_begins_again(machine, people):
    answer = machine.post("/api/v1/uploads?asset=shop", data=sarif("one"), content_type="a/b").json()
    key = UUID(answer["scan"])
    # A worker died in the middle: an attempt was begun, and what came out of the sandbox is nowhere.
    scans.begin(people.org.pk, key)
    work.run(people.org.pk, key)
    said = machine.get(answer["status_url"]).json()
    assert (said["status"], said["findings"]) == ("digested", 1)
    assert machine.get(f"/api/v1/scans/{key}").json()["attempts"] == 2


def test_an_import_whose_report_is_gone_says_so(machine, people):
    answer = machine.post("/api/v1/uploads?asset=shop", data=sarif("one"), content_type="a/b").json()
    with scope(people.org.pk):
        kept = Upload.objects.of(people.org).get()
    blobs.delete(people.org.pk, kept.blob)
    tasks.digest_upload(people.org.pk, upload=answer["id"])
    said = machine.get(answer["status_url"]).json()
    assert (said["status"], said["problem"]) == ("refused", "The report is no longer kept: upload it again.")


def test_two_tools_that_say_the_same_make_one_finding(send, people):
    vulnerability = {"VulnerabilityID": "CVE-2024-9999", "PkgName": "left-pad", "InstalledVersion": "1.0.0"}
    result = {"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": [vulnerability]}
    send(json.dumps({"SchemaVersion": 2, "ArtifactName": "shop", "Results": [result]}).encode())
    osv = {
        "results": [
            {
                "source": {"path": "package-lock.json", "type": "lockfile"},
                "packages": [
                    {
                        "package": {"name": "left-pad", "version": "1.0.0", "ecosystem": "npm"},
                        "vulnerabilities": [{"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2024-9999"]}],
                        "groups": [{"ids": ["GHSA-aaaa-bbbb-cccc"], "aliases": ["CVE-2024-9999"]}],
                    }
                ],
            }
        ]
    }
    said = send(json.dumps(osv).encode())
    assert (said["format"], said["findings"]) == ("osv-scanner", 1)
    with scope(people.org.pk):
        assert Finding.objects.of(people.org).count() == 1


def zipped(name, content):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return data.getvalue()


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><OWASPZAPReport>&b;</OWASPZAPReport>'
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><OWASPZAPReport version="2">&a;</OWASPZAPReport>'
HOSTILE = [
    pytest.param(b" \n", "The file is empty", "of no report format that is known", id="blank"),
    pytest.param(b"hello\n", "of no report format that is known", "Save it as SARIF", id="no report"),
    pytest.param(b'{"a": [1, 2', "breaks off or is malformed", "name its format", id="cut off"),
    pytest.param(zipped("bomb.json", b"0" * (200 << 20)), "unpacks to more than", "times itself", id="zip bomb"),
    pytest.param(ENTITIES, "declares entities", "which no tool's does", id="entities"),
    pytest.param(OUTSIDE, "declares entities", "refers to other files", id="a file of this machine"),
    pytest.param(b"[" * 200_000, "nested too deeply", "", id="deep JSON"),
    pytest.param(b"<a>" * 5_000, "deeper than 200", "", id="deep XML"),
]


@pytest.mark.parametrize(("data", "words", "todo"), HOSTILE)
def test_what_cannot_be_read_is_refused_with_words_and_kept(data, words, todo, machine, send, people):
    known = send(sarif("one"))
    said = send(data)
    assert said["status"] == "refused"
    assert words in said["problem"]
    assert todo in said["problem"]
    assert "scratch" not in said["problem"]
    assert "Traceback" not in said["problem"]
    assert "root:" not in said["problem"]
    scan = machine.get(f"/api/v1/scans/{said['scan']}").json()
    assert scan["status"] == "failed"
    assert "It is kept for 24 hours" in scan["failure"]
    with scope(people.org.pk):
        kept = Upload.objects.of(people.org).get(pk=said["id"])
        assert making.stored(people.org.pk, kept.blob) == data
        assert Finding.objects.of(people.org).get().status == "open"
        assert known["status"] == "digested"


LIMITS = [
    pytest.param({"seconds": 0.05}, "longer than the 0 seconds", id="time"),
    pytest.param({"memory_bytes": 150 << 20}, "of memory", id="memory"),
    pytest.param({"stdout_bytes": 100}, "stopped", id="output"),
]


@pytest.mark.parametrize(("limits", "words"), LIMITS)
def test_what_takes_too_much_is_stopped_and_says_so(limits, words, send, monkeypatch):
    monkeypatch.setattr(conversion, "LIMITS", replace(conversion.LIMITS, **limits))
    said = send(sarif(*(f"rule-{n}" for n in range(20_000))))
    assert said["status"] == "refused"
    assert words in said["problem"]
    assert "Split the report" in said["problem"]


def test_a_refused_report_is_read_again_as_what_it_is_named(send, digest, machine, people):
    empty = example("sarif", "none").read_bytes()
    wrong = send(sarif("one"), format="trivy")
    assert (wrong["status"], wrong["format"]) == ("refused", "trivy")
    assert "no record of Trivy" in wrong["problem"]
    answer = machine.post(f"/api/v1/uploads/{wrong['id']}/reading?format=sarif")
    assert answer.status_code == 202, answer.content
    said = digest(answer.json())
    assert (said["status"], said["format"], said["findings"]) == ("digested", "sarif", 1)
    assert machine.get(wrong["status_url"]).json()["status"] == "refused"
    assert send(empty)["findings"] == 0
    with clock.travelled(services.KEPT_FOR * 1.01):
        assert services.prune(people.org.pk) == 3
        gone = machine.post(f"/api/v1/uploads/{wrong['id']}/reading?format=sarif")
    assert (gone.status_code, gone.json()["detail"]) == (409, "The report is no longer kept: upload it again.")
    with scope(people.org.pk):
        assert Entry.objects.of(people.org).filter(kind="upload.again").count() == 1


def test_a_report_that_waits_is_not_read_twice(machine):
    answer = machine.post("/api/v1/uploads?asset=shop", data=sarif("one"), content_type="a/b").json()
    again = machine.post(f"/api/v1/uploads/{answer['id']}/reading?format=sarif")
    assert again.status_code == 409


def test_an_unknown_format_is_refused_at_the_door(machine, people):
    answer = machine.post("/api/v1/uploads?asset=shop&format=nope", data=b"x", content_type="a/b")
    assert answer.status_code == 422
    assert "/api/v1/formats" in answer.json()["detail"]
    with scope(people.org.pk):
        assert not Upload.objects.of(people.org).exists()
    listed = machine.get("/api/v1/formats").json()
    assert [item["id"] for item in listed] == list(all_formats())
    assert all(item["title"] and item["docs"] for item in listed)
