"""For good: no row, file, key or job is left, the audit log holds, and the receipt can be verified by anybody."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import making
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from vallum_web.accounts.models import User
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.backups.models import Run
from vallum_web.findings import services as findings
from vallum_web.mail.models import Message
from vallum_web.privacy.erasure import figures, orgs, persons, plan, purge, queries, receipts, services
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.scans import services as scans
from vallum_web.tenancy import blobs, clock, jobs, keyring, signing
from vallum_web.tenancy.audit import services as audit
from vallum_web.tenancy.audit.models import Entry, Lasting
from vallum_web.tenancy.keyring.errors import ForgottenError
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.registry import _entry, entries
from vallum_web.tenancy.retention import holds
from vallum_web.tenancy.scope import Purpose, looking_back, outbox, scope


def over(made):
    with clock.travelled(timedelta(days=30, seconds=1)):
        assert queries.due() == [made.pk]
        return purge.purge(made.pk)


def rows_of(org):
    """How many rows each table holds of an organization, as the purge sees them."""
    found = {}
    with scope(org, purpose=Purpose.PURGE):
        for model in [*orgs.of_org(apps.get_models()), Org]:
            if count := model.objects.count():
                found[model._meta.label] = count
    return found


def holding(people):
    """An organization with a bit of everything that a scan leaves."""
    asset = assets.add(people.org, "repository", "shop", people.alice.pk)
    scan = scans.uploaded(asset, people.alice.pk)
    findings.digest(scan, making.report(making.secret(), making.secret("two")))
    with blobs.create(people.org.pk, limit=100) as file:
        file.write(b"bytes")
    jobs.enqueue("tenancy.rotate_keys", org=people.org.pk, version=1)


def test_nothing_is_purged_before_its_day(people):
    made = services.ask_for_person(people.bob)
    assert purge.purge(made.pk) is None
    with clock.travelled(timedelta(days=29)):
        assert queries.due() == []
    services.have_person_back(made)
    with clock.travelled(timedelta(days=31)):
        assert queries.due() == []
        assert purge.purge(made.pk) is None


@pytest.mark.policy("PP-4c", "PP-6c")
def test_an_organization_goes_and_its_audit_log_stays_and_holds(people, settings):
    holding(people)
    made = services.ask_for_org(people.org, people.alice)
    assert {"findings.Finding", "scans.Scan", "tenancy.Event", "accounts.Membership"} <= rows_of(people.org.pk).keys()
    done = over(made)
    assert rows_of(people.org.pk) == {}
    assert done.done["rows findings.Finding"] == 2
    assert done.done["files"] == 1
    assert done.done["queue"] >= 1
    assert not (settings.HOME / "blobs" / str(people.org.pk)).exists()
    with pytest.raises(ForgottenError):
        keyring.keys.current(keyring.keys.Owner.org(people.org.pk))
    with scope(people.org.pk):
        assert Entry.objects.of(people.org).count() > 2
    assert audit.check(people.org.pk, ()).problem == ""
    assert User.objects.filter(pk=people.alice.pk).exists()
    assert rows_of(people.elsewhere.pk)
    with looking_back():
        kept = Deletion.objects.get()
    assert (kept.state, kept.sealed, kept.asked_by) == ("purged", "", people.alice.pk)


@pytest.mark.policy("PP-4c", "PP-6c")
def test_a_person_goes_and_what_they_did_stays_done_by_nobody(people):
    asset = assets.add(people.org, "repository", "shop", people.bob.pk)
    made = services.ask_for_person(people.bob)
    over(made)
    with looking_back(Purpose.PURGE):
        assert not User.objects.filter(pk=people.bob.pk).exists()
    with scope(people.org.pk):
        assert Asset.objects.get().pk == asset.pk
    assert audit.check(people.org.pk, ()).problem == ""
    # The address is free, and whoever has it next is somebody else.
    again = making.person(people.bob.email)
    assert again.pk != people.bob.pk


def verified_without_us(receipt, public, folder):
    """What the program in docs/privacy.md says."""
    page = (Path(__file__).parents[4] / "docs" / "privacy.md").read_text("utf-8")
    program = page.partition("Without Vallum:")[2].partition("```python\n")[2].partition("```")[0]
    (folder / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    command = [sys.executable, "-c", program, str(folder / "receipt.json"), public]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_a_receipt_is_verified_with_the_public_key_alone_and_says_what_went(people, tmp_path):
    made = services.ask_for_person(people.bob)
    over(made)
    with looking_back():
        kept = Deletion.objects.get()
    receipt = kept.receipt
    public = signing.known_keys()
    signature = signing.Signature(key=receipt["key"], value=bytes.fromhex(receipt["signature"]))
    assert signing.is_genuine(receipts.text(receipt), signature, public)
    assert not signing.is_genuine(receipts.text({**receipt, "deleted": "yesterday"}), signature, public)
    assert receipt["rows"]["accounts.User"] == 1
    assert receipt["also"]["key"] == "destroyed"
    assert "bob" not in str(receipt)
    assert verified_without_us(receipt, public[receipt["key"]].hex(), tmp_path) == "genuine"
    assert verified_without_us({**receipt, "deleted": "yesterday"}, public[receipt["key"]].hex(), tmp_path) == ""
    assert kept.second_receipt is None
    with outbox():
        mail = Message.objects.filter(kind="deletion").latest("written_at")
        assert (mail.state, mail.person) == ("queued", None)
    with clock.travelled(timedelta(days=30 + 89)):
        assert receipts.tell_last_backup_gone() == 0
    with clock.travelled(timedelta(days=30 + 92)):
        assert receipts.tell_last_backup_gone() == 1
        assert receipts.tell_last_backup_gone() == 0
    with looking_back():
        second = Deletion.objects.get().second_receipt
    assert second["first"] == receipts.fingerprint(receipt)
    assert second["known_by"] == receipts.KNOWN_BY_RULE


def test_a_deletion_that_a_hold_keeps_waiting_is_not_late(people):
    held = holds.hold(people.org.pk, "Order 12/26", None)
    services.ask_for_org(people.org, people.alice)
    assert figures.lag() == 0
    with clock.travelled(timedelta(days=31)):
        assert figures.lag() == 0
        holds.lift(people.org.pk, held.pk)
        assert figures.lag() > 23


def test_the_second_receipt_waits_for_the_storage_of_backups_and_not_for_a_date(people):
    made = services.ask_for_person(people.bob)
    over(made)
    begun = clock.now()

    def looked(days, *, oldest):
        """What the daily look, so many days after the deletion was asked for, found to be the oldest."""
        Run.objects.create(kind=Run.Kind.CHECK, began_at=begun + timedelta(days=days), oldest=oldest)

    Run.objects.create(kind=Run.Kind.BACKUP, began_at=begun)
    with clock.travelled(timedelta(days=33)):  # looked at before the purge: what was written since is unknown
        looked(29, oldest=0.0)
        assert receipts.tell_last_backup_gone() == 0
    with clock.travelled(timedelta(days=30 + 95)):  # the promise was broken: no receipt says that it was kept
        looked(30 + 95, oldest=96.0)
        assert receipts.tell_last_backup_gone() == 0
    with clock.travelled(timedelta(days=30 + 96)):
        looked(30 + 96, oldest=60.0)
        assert receipts.tell_last_backup_gone() == 1
    with looking_back():
        assert Deletion.objects.get().second_receipt["known_by"] == receipts.KNOWN_BY_LOOK


def test_the_address_goes_when_the_receipt_is_delivered(people):
    made = services.ask_for_person(people.bob)
    over(made)
    assert receipts.forget_addresses() == 0
    with outbox():
        mail = Message.objects.filter(kind="deletion", state="queued")
        assert mail.exclude(sealed="").update(state="sent") == 1
    assert receipts.forget_addresses() == 1
    with outbox():
        assert not Message.objects.filter(kind="deletion").exclude(sealed="").exists()
    with looking_back():
        assert Deletion.objects.get().facts == {}


def test_a_step_is_never_done_twice_and_the_next_run_goes_on(people, monkeypatch):
    holding(people)
    made = services.ask_for_org(people.org, people.alice)
    with monkeypatch.context() as broken:
        broken.setattr(orgs.keyring, "forget_org", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            over(made)
    with looking_back():
        before = Deletion.objects.get()
    assert before.state == "purging"
    assert queries.due() == [made.pk]
    done = purge.purge(made.pk)
    assert done.state == "purged"
    assert done.done["rows findings.Finding"] == 2


def refused(table, says):
    with pytest.raises(ProgrammingError, match=says), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select vallum_purge(%s::regclass, 10)", [table])


def test_the_application_can_purge_nothing_outside_of_a_deletion(people):
    with scope(people.org.pk, purpose=Purpose.PURGE):
        refused("findings_finding", "Nothing is purged")


@pytest.mark.parametrize("table", ["audit_entry", "accounts_user", "procrastinate_jobs"])
def test_only_tables_of_organizations_are_purged(people, table):
    services.ask_for_org(people.org, people.alice)
    with scope(people.org.pk, purpose=Purpose.PURGE):
        refused(table, "no table of an organization")


def test_the_plan_holds_every_field_that_the_registry_says_goes_with_the_person():
    going = {e.model for e in entries(persons.PACKAGES) if e.erase.value == "with the person"}
    planned = {table.model._meta.label for table in persons.planned()}
    assert going - planned == set(plan.OTHERWISE)
    assert persons.planned()[-1].model is User


def test_a_table_that_leads_to_nobody_is_refused():
    entry = {"category": "account", "purpose": "p", "retention": "r", "export": "none", "erase": "with the person"}
    odd = _entry("accounts", {"model": "accounts.Domain", "fields": "id", **entry})
    with pytest.raises(plan.IncompletePlanError, match=r"accounts\.Domain"):
        plan.of_person([odd], apps.get_models())


def test_an_organizations_plan_holds_every_table_but_its_audit_log():
    found = orgs.of_org(apps.get_models())
    assert not [model for model in found if issubclass(model, Lasting)]
    labels = [model._meta.label for model in found]
    assert labels.index("findings.Occurrence") < labels.index("findings.Finding") < labels.index("assets.Asset")
