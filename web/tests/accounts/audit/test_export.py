"""Copies of the audit log: safe to open, possible to verify without us, and acts themselves."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import making
import psycopg
import pytest

from vallum_web.accounts.audit import export
from vallum_web.accounts.services import teams
from vallum_web.tenancy import clock, keyring, signing
from vallum_web.tenancy.audit import services, tasks
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.scope import scope

EXPORT = "/acme/settings/audit/export/"
RECIPE = Path(__file__).parents[4] / "docs" / "audit.md"


@pytest.fixture
def people(live_database, settings, tmp_path):
    """Committed rows, and a state folder of the test's own."""
    settings.HOME, settings.KEK_FILE = tmp_path, tmp_path / "key"
    made = making.people()
    for name in ("=1+1", "Platform"):
        teams.make(made.org, made.alice.pk, name)
    with scope(made.org.pk, user=made.alice.pk):
        emit("asset.added", uuid4(), name="=cmd|'/c calc'!A0\n", branch="@SUM(A1)")
    return made


def copied(browser, written, query=""):
    answer = browser.post(EXPORT + query, {"written": written})
    assert answer.status_code == 200
    return answer, b"".join(answer.streaming_content).decode()


def kinds(org):
    with scope(org.pk):
        return list(Entry.objects.of(org).order_by("seq").values_list("kind", flat=True))


def verified(tmp_path, text, public):
    """What somebody else finds with the program from the documentation."""
    (recipe,) = re.findall(r"```python\n(.*?)```", RECIPE.read_text(), re.DOTALL)
    (tmp_path / "verify.py").write_text(recipe)
    (tmp_path / "copy.ndjson").write_text(text)
    command = [sys.executable, str(tmp_path / "verify.py"), str(tmp_path / "copy.ndjson"), public]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.asvs("5.4.2")
def test_ndjson_is_verified_with_the_program_in_the_documentation(people, signed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "BATCH", 2)
    tasks.keep()
    answer, text = copied(signed_in(people.alice), "ndjson")
    assert answer["Content-Type"] == "application/x-ndjson"
    assert answer["Content-Disposition"] == f'attachment; filename="audit-acme-{clock.now().date()}.ndjson"'
    public = signing.present_key()[1]
    assert verified(tmp_path, text, public) == "5 entries hold, 1 checkpoints"
    lines = text.splitlines(keepends=True)
    tampered = {
        "entry 5 was changed": text.replace("asset.added", "asset.adder"),
        "entry 4 does not follow": "".join(lines[:2] + lines[3:]),
        "entries after 4 are missing": "".join(lines[:4] + lines[5:]),
        "InvalidSignature": text.replace('"reason":"daily"', '"reason":"weekly"'),
    }
    for says, forged in tampered.items():
        assert says in verified(tmp_path, forged, public)


def test_a_pruned_log_is_verified_too(people, signed_in, tmp_path, live_database):
    tasks.keep()
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("insert into vallum_clock (moved) values ('366 days')")
    with clock.travelled(timedelta(days=366)):
        teams.make(people.org, people.alice.pk, "Later")
        services.prune(people.org.pk)
    _, text = copied(signed_in(people.alice), "ndjson")
    assert verified(tmp_path, text, signing.present_key()[1]) == "6 entries hold, 1 checkpoints"
    assert json.loads(text.splitlines()[0])["seq"] == "6"


def test_an_erased_identity_is_null_and_the_rest_verifies(people, signed_in, tmp_path):
    browser = signed_in(people.alice)
    assert json.loads(copied(browser, "ndjson")[1].splitlines()[0])["identity"]["email"] == "alice@example.test"
    keyring.forget_subject(people.alice.pk)
    _, text = copied(browser, "ndjson")
    assert json.loads(text.splitlines()[0])["identity"] is None
    assert verified(tmp_path, text, signing.present_key()[1]) == "6 entries hold, 0 checkpoints"


@pytest.mark.asvs("1.2.10")
def test_csv_holds_no_formula(people, signed_in):
    _, text = copied(signed_in(people.alice), "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["seq"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert (rows[4]["what"], rows[4]["who"], json.loads(rows[4]["facts"])["branch"]) == (
        "Asset added",
        "Alice",
        "@SUM(A1)",
    )
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_only_what_filters_leave_and_then_no_checkpoints(people, signed_in):
    tasks.keep()
    _, text = copied(signed_in(people.alice), "ndjson", "?kind=team")
    assert [json.loads(line)["kind"] for line in text.splitlines()] == ["team.made", "team.made"]


def test_a_copy_is_an_entry_before_its_first_line_is_read(people, signed_in):
    answer = signed_in(people.alice).post(f"{EXPORT}?kind=team", {"written": "csv"})
    with scope(people.org.pk):
        entry = Entry.objects.of(people.org).latest("seq")
    assert (entry.kind, entry.actor, json.loads(entry.facts)) == (
        "audit.exported",
        people.alice.pk,
        {"filters": {"kind": "team"}, "form": "csv"},
    )
    assert b"audit.exported" not in b"".join(answer.streaming_content)


def test_a_copy_that_cannot_be_recorded_is_not_made(people, signed_in, live_database):
    browser = signed_in(people.alice)
    with psycopg.connect(live_database.owner) as owner:
        owner.execute("revoke insert on audit_entry from vallum_app")
    assert browser.post(EXPORT, {"written": "csv"}).status_code == 503


@pytest.mark.asvs("7.5.3")
def test_who_has_not_proved_lately_who_they_are_proves_it_first(people, signed_in):
    answer = signed_in(people.alice, fresh=False).get(EXPORT)
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert "audit.exported" not in kinds(people.org)


def test_no_other_form_is_made(people, signed_in):
    answer = signed_in(people.alice).post(EXPORT, {"written": "xlsx"})
    assert (answer.status_code, "audit.exported" in kinds(people.org)) == (422, False)
