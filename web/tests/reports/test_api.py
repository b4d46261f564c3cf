"""Exports for machines."""

import json

import pytest
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.reports import work
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

EXPORTS = "/api/v1/exports"


@pytest.fixture
def machine(people):
    def make(role="security", scopes=("findings.export",)):
        _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role=role, scopes=list(scopes)))
        return Client(headers={"Authorization": f"Bearer {text}"})

    return make


def ask(client, **body):
    return client.post(EXPORTS, data=json.dumps(body), content_type="application/json")


def test_asked_for_followed_read_and_deleted(people, record, machine, django_capture_on_commit_callbacks):
    client = machine()
    answer = ask(client, format="ndjson", query="?status=any&severity=critical")
    assert answer.status_code == 202, answer.content
    said = answer.json()
    assert (said["query"], said["filters"], said["status"]) == (
        "status=any&severity=critical",
        "findings of any status; critical",
        "queued",
    )
    assert client.get(said["content_url"]).status_code == 409
    work.run(people.org.pk, said["id"])
    done = client.get(f"{EXPORTS}/{said['id']}").json()
    assert (done["status"], done["rows"], done["total"]) == ("done", 2, 2)
    assert [(part["rows"], part["size"]) for part in done["parts"]] == [(2, done["size"])]
    assert client.get(EXPORTS).json()["items"] == [done]
    whole = client.get(said["content_url"])
    data = b"".join(whole.streaming_content)
    assert {json.loads(line)["severity"] for line in data.splitlines()} == {"critical"}
    piece = client.get(said["content_url"], headers={"Range": "bytes=5-9", "If-Range": whole["ETag"]})
    assert (piece.status_code, b"".join(piece.streaming_content)) == (206, data[5:10])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{EXPORTS}/{said['id']}").status_code == 204
    assert client.get(f"{EXPORTS}/{said['id']}").status_code == 404
    with scope(people.org.pk):
        entries = Entry.objects.of(people.org).filter(kind__startswith="export.").order_by("seq")
        assert [(entry.kind, entry.actor_kind, json.loads(entry.facts).get("range")) for entry in entries] == [
            ("export.made", "token", None),
            ("export.downloaded", "token", ""),
            ("export.downloaded", "token", "bytes=5-9"),
            ("export.deleted", "token", None),
        ]


def test_a_token_whose_scopes_do_not_name_it_takes_nothing_out(people, record, machine, export):
    row = export("csv")
    client = machine(scopes=())
    assert ask(client, format="csv").status_code == 403
    for path in (EXPORTS, f"{EXPORTS}/{row.pk}", f"{EXPORTS}/{row.pk}/content"):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"format": "xlsx"}, id="no such format"),
        pytest.param({}, id="no format"),
        pytest.param({"format": "csv", "filter": "x"}, id="a field that is not"),
        pytest.param({"format": "csv", "query": "q=\x00"}, id="a NUL"),
        pytest.param({"format": "csv", "query": "severty=critical"}, id="a filter that is not"),
        pytest.param({"format": "csv", "query": "severity=dreadful"}, id="a value that is not"),
        pytest.param({"format": "csv", "query": "q" * 2001}, id="too long"),
    ],
)
def test_what_cannot_be_understood_is_refused(machine, body):
    assert ask(machine(), **body).status_code == 422
