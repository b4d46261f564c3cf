"""An account of somebody younger than 18: reported without papers, deleted without the thirty days, organizations told."""

from datetime import timedelta

import making
import pytest
from django.core.management import call_command
from django.test import Client
from mailing import mails

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership, User
from vallum_web.findings.models import View
from vallum_web.mail.models import Notice
from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure import queries as deletions
from vallum_web.privacy.erasure import services as erasure
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.minors import queries, services
from vallum_web.privacy.minors.forms import ReportForm
from vallum_web.privacy.minors.models import Decision
from vallum_web.privacy.requests.models import Request
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import looking_back, outbox, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-9c")]
REPORT = {"account": "bob@example.test", "who": "A parent or guardian", "text": "", "email": "erin@example.test"}
HOW = "They say so themselves in a comment."


@pytest.fixture
def olga(people):
    olga = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test")
    return olga


def test_anybody_reports_without_papers_and_nobody_floods_it(people):
    known, unknown = (
        Client().post("/privacy/minors/", {**REPORT, "account": who}) for who in ("bob@example.test", "x")
    )
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert Request.objects.filter(kind="child").count() == 2
    assert [Client().post("/privacy/minors/", REPORT).status_code for _ in range(4)] == [302] * 3 + [429]
    asked = {
        name for name, field in ReportForm().fields.items() if field.__class__.__name__ in {"FileField", "DateField"}
    }
    assert asked == set()


@pytest.mark.slow
def test_from_a_report_to_the_receipt_at_once(people, olga, signed_in):
    """The child's data is gone within the minute; what Bob did in Acme stays Acme's, and Alice is told without a name."""
    with scope(people.org.pk, user=people.bob.pk):
        View.objects.create(org=people.org, name="of the team", query="", by=people.bob.pk, shared=True)
    childs, desk = signed_in(people.bob), signed_in(olga)
    Client().post("/privacy/minors/", REPORT)
    report = Request.objects.get()
    assert f"/operator/minors/{report.pk}/" in desk.get("/operator/minors/").content.decode()
    form = {"address": "bob@example.test", "how": HOW}
    assert desk.post(f"/operator/minors/{report.pk}/", form).status_code == 422  # not without being sure
    assert desk.post(f"/operator/minors/{report.pk}/", {**form, "sure": "on"}).status_code == 302
    assert childs.get("/acme/").status_code == 302  # signed out at once
    decision = Decision.objects.get()
    with looking_back():
        deletion = Deletion.objects.get(pk=decision.deletion)
    assert deletion.purge_at <= clock.now()
    purge.purge(deletion.pk)
    with looking_back():
        deletion.refresh_from_db()
        assert not User.objects.filter(pk=people.bob.pk).exists()
    assert deletion.state == "purged"
    assert "bob" not in str(deletion.receipt).lower()  # a receipt without data
    assert mails(to="bob@example.test", kind="deletion")
    with scope(people.org.pk):
        assert View.objects.of(people.org).get().name == "of the team"
    told = mails(to="alice@example.test", kind="security")[-1]
    assert ("Acme" in told.subject, "Bob" in told.text) == (True, False)
    with outbox():
        assert Notice.objects.filter(person=people.alice.pk, title=told.subject).exists()
    with clock.travelled(timedelta(hours=2)):
        assert queries.left() == 0
    assert HOW not in decision.sealed
    assert HOW in desk.get("/operator/minors/").content.decode()


def test_one_that_is_not_purged_fails_the_figure(people, olga):
    services.delete("bob@example.test", olga.pk, how=HOW)
    assert queries.left() == 0
    with clock.travelled(timedelta(hours=2)):
        assert queries.left() == 1


def purge_what_is_due():
    for key in deletions.due():
        purge.purge(key)


def test_what_an_authority_has_preserved_is_hidden_and_goes_when_that_ends(people, olga):
    kept = erasure.preserve(people.bob.pk, None)
    services.delete("bob@example.test", olga.pk, how=HOW)
    with clock.travelled(timedelta(hours=3)):
        purge_what_is_due()
        assert queries.left() == 0
        with looking_back():
            assert User.objects.filter(pk=people.bob.pk).exists()
        erasure.lift(kept)
    with clock.travelled(timedelta(hours=5)):
        assert queries.left() == 1
        purge_what_is_due()
        assert queries.left() == 0
    with looking_back():
        assert not User.objects.filter(pk=people.bob.pk).exists()


def test_an_organization_that_it_owned_alone_is_handed_to_a_member(people, olga):
    with pytest.raises(services.NotNowError, match="/acme/ has no other owner"):
        services.delete("alice@example.test", olga.pk, how=HOW)
    with pytest.raises(services.NotNowError, match="/acme/ has no other owner"):
        services.delete("alice@example.test", olga.pk, how=HOW, heir="charlie@example.test")
    services.delete("alice@example.test", olga.pk, how=HOW, heir="bob@example.test")
    with scope(people.org.pk):
        assert Membership.objects.of(people.org).get(user=people.bob).role == "owner"


def test_whoever_takes_it_over_is_somebody_else_who_is_there(people, olga):
    for name, active in (("alice", True), ("bob", False)):
        User.objects.filter(pk=people.bob.pk).update(is_active=active)
        accounts.join(people.org, making.person(f"dana-{name}@example.test"), "developer")
        with pytest.raises(services.NotNowError, match="somebody else, and not deactivated"):
            services.delete("alice@example.test", olga.pk, how=HOW, heir=f"{name}@example.test")
    with looking_back():
        assert not Deletion.objects.exists()


def test_an_organization_without_anybody_else_goes_as_any_that_is_deleted(people, olga):
    services.delete("charlie@example.test", olga.pk, how=HOW)
    with looking_back():
        rows = {row.whose: row.purge_at for row in Deletion.objects.all()}
    assert rows["person"] <= clock.now() < rows["org"] - timedelta(days=29)


def test_one_that_waits_for_its_thirty_days_waits_no_longer(people, olga):
    waiting = erasure.ask_for_person(people.bob)
    services.delete("bob@example.test", olga.pk, how=HOW)
    with looking_back():
        assert Deletion.objects.get(pk=waiting.pk).purge_at <= clock.now()


def test_one_that_is_being_purged_already_is_decided_about_all_the_same(people, olga):
    waiting = erasure.ask_for_person(people.bob)
    with looking_back():
        Deletion.objects.update(state="purging")
    assert services.delete("bob@example.test", olga.pk, how=HOW).deletion == waiting.pk


def test_the_report_is_answered_where_somebody_waits_for_it(people, olga):
    Client().post("/privacy/minors/", REPORT)
    row = Request.objects.get()
    Request.objects.update(state="open")
    assert queries.unlooked() == 0
    with clock.travelled(timedelta(days=8)):
        assert queries.unlooked() == 1
    services.delete("bob@example.test", olga.pk, how=HOW, request=row.pk)
    row.refresh_from_db()
    assert row.state == "done"


def test_the_desk_is_for_operators_alone(people, signed_in):
    for browser in (signed_in(people.alice), Client()):
        assert browser.get("/operator/minors/").status_code in {302, 404}
        browser.post("/operator/minors/", {"address": "bob@example.test", "how": HOW, "sure": "on"})
    assert not Decision.objects.exists()


def test_a_decision_is_forgotten_after_five_years(people, olga):
    services.delete("bob@example.test", olga.pk, how=HOW)
    with clock.travelled(timedelta(days=5 * 365 - 1)):
        assert services.prune() == 0
    with clock.travelled(timedelta(days=5 * 365 + 1)):
        assert services.prune() == 1
