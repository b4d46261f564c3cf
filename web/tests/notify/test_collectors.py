"""Log collectors: a record for each thing, as JSON lines over HTTPS or as syslog over TLS."""

import json

import making
import pytest
from hooking import PATH, Hook

from dev.fakes.syslog import read, receiving
from vallum_engine import wire
from vallum_guard.errors import GuardError
from vallum_web.ingest import services as ingest
from vallum_web.notify import services, siem
from vallum_web.notify.follow import follow
from vallum_web.notify.services import RefusedError, Wanted
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

TOKEN = "Splunk 11111111-2222-3333-4444-555555555555"


def scanned(people, *found):
    data = wire.dump(making.report(*found))
    ingest.digest(ingest.accept(people.org.pk, people.alice.pk, asset_name="shop", chunks=[data]))


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """A receiver of syslog, opened and trusted."""
    with receiving(tmp_path) as receiver:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", receiver.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(receiver.authority))
        yield receiver


def told(*rows, count=None, kind="finding.opened"):
    """A message of a webhook with these findings."""
    findings = [{"severity": "high", "title": "T", "asset": {"id": "a", "name": "shop"}, **row} for row in rows]
    data = {"organization": {"slug": "acme", "name": "Acme"}, "count": count or len(rows), "findings": findings}
    when = "2026-11-26T19:23:20.123456+00:00"
    return json.dumps({"version": 1, "type": kind, "timestamp": when, "data": {**data, "url": "https://v.test/"}})


def test_each_finding_is_a_message_of_syslog(live_database, logs):
    people = making.people()
    hook = Hook(people, logs.place, shape="syslog", name="logs")
    assert hook.row.host == logs.place
    hook.test()
    scanned(people, making.secret("a"), making.secret("b"))
    follow(people.org.pk)
    hook.work()
    assert logs.faults == []
    trial, *found = logs.taken
    assert (trial.kind, trial.facility, trial.severity, trial.app) == ("test", 13, 5, "vallum")
    assert [(each.kind, each.severity) for each in found] == [("finding.opened", 3)] * 2
    record = json.loads(found[0].text)
    assert (record["organization"], record["asset"], record["severity"]) == ("acme", "shop", "high")
    assert record["time"] == found[0].timestamp
    assert {row.status for row in hook.deliveries()} == {"delivered"}
    assert "It read all" in hook.attempts()[0].answer
    with scope(people.org.pk):
        left = Departure.objects.of(people.org).get(subject=hook.pk, purpose="syslog", sent__gt=500)
    assert (left.entry, left.ok) == ("log-collector", True)


def test_a_receiver_that_hangs_up_has_it_tried_again(people, logs):
    hook = Hook(people, logs.place, shape="syslog")
    logs.deaf = True
    hook.test()
    hook.work()
    [row] = hook.deliveries()
    assert (row.status, row.tries) == ("waiting", 1)
    assert "hung up" in hook.attempts()[0].problem or "did not take it" in hook.attempts()[0].problem


def test_a_collector_gets_lines_of_json_and_what_it_wants_to_see(people, receiver, signed_in):
    hook = Hook(people, f"{receiver.url}{PATH}", shape="siem", authorization=TOKEN)
    hook.test()
    hook.work()
    [asked] = receiver.asked
    assert asked.headers["authorization"] == TOKEN
    assert asked.headers["content-type"] == "application/x-ndjson"
    assert "webhook-signature" not in asked.headers
    [line] = asked.body.splitlines()
    assert json.loads(line)["type"] == "test"
    page = signed_in(people.alice).get(f"/acme/settings/webhooks/{hook.pk}/").content.decode()
    assert TOKEN.split()[1] not in page
    with pytest.raises(RefusedError, match="its own"):
        services.rotate(people.org, hook.pk, people.alice.pk)


def test_what_is_meant_for_one_end_never_goes_to_another(people, receiver):
    hook = Hook(people, f"{receiver.url}{PATH}", shape="siem", authorization=TOKEN)
    signed = Hook(people, f"{receiver.url}{PATH}", name="signed")
    same = {"name": "Hook", "occasions": ("scan.failed",), "shape": "siem"}

    def sent(pk, **wanted):
        services.change(people.org, pk, people.alice.pk, Wanted(**{**same, "url": None, **wanted}))
        services.test(people.org, pk, people.alice.pk)
        (hook if pk == hook.pk else signed).work()
        return receiver.asked[-1].headers

    assert sent(hook.pk)["authorization"] == TOKEN, "it stays where nothing else changes"
    assert "authorization" not in sent(hook.pk, url=f"{receiver.url}{PATH}"), "a new address is another end"
    assert sent(hook.pk, authorization="Bearer x")["authorization"] == "Bearer x"
    headers = sent(hook.pk, shape="webhook")
    assert "authorization" not in headers
    assert headers["webhook-signature"]
    headers = sent(signed.pk, name="signed")
    assert "authorization" not in headers, "a key that signs is not shown"


def test_a_record_fits_what_every_receiver_takes():
    long = {"title": "\N{SNOWMAN}" * 9000, "path": "p" * 9000, "severity": "critical"}
    kept = siem.body(told(long, {}, count=7))
    first, second, more = json.loads(kept)
    assert (first["clipped"], "clipped" in second, more["more"]) == (True, False, 5)
    stream = siem.frames(kept, "vallum.example.test")
    for severity in (2, 3, 5):
        length, _, rest = stream.partition(b" ")
        message, stream = rest[: int(length)], rest[int(length) :]
        assert len(message) <= 8192
        assert (read(message).severity, read(message).host) == (severity, "vallum.example.test")
    assert stream == b""


@pytest.mark.parametrize("url", ["https://logs.example.test/", "10.0.0.7:6514", "localhost", "logs.example.test:22"])
def test_syslog_leads_to_a_public_host_and_its_port_alone(people, url):
    with pytest.raises(GuardError):
        services.make(
            people.org, people.alice.pk, Wanted(name="n", url=url, occasions=("scan.failed",), shape="syslog")
        )
