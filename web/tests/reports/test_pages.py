"""The pages: from the worklist to the file, and what is recorded of it."""

import re

import pytest

from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership
from vallum_web.reports import queries, services, work
from vallum_web.reports.models import Export
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.limits.catalogue import named
from vallum_web.tenancy.scope import scope

LIST = "/acme/exports/"
MAKE = "/acme/exports/make/"


def rows(org):
    with scope(org.pk):
        return list(Export.objects.of(org).order_by("pk"))


def kinds(org):
    with scope(org.pk):
        found = Entry.objects.of(org).order_by("seq").values_list("kind", flat=True)
        return [kind for kind in found if kind.startswith("export.")]


@pytest.fixture
def auditor(people):
    accounts.join(people.org, people.charlie, Membership.Role.AUDITOR)
    return people.charlie


def test_from_the_worklist_to_the_file(people, record, signed_in, content):
    browser = signed_in(people.alice)
    page = browser.get("/acme/findings/?severity=critical&severity=high").content.decode()
    (address,) = re.findall(r'<a class="button" href="(/acme/exports/[^"]*)"', page)
    address = address.replace("&amp;", "&")
    assert address == f"{LIST}?severity=critical&severity=high"
    assert "open findings; critical or high" in browser.get(address).content.decode()
    answer = browser.post(f"{MAKE}?severity=critical&severity=high", {"format": "csv"})
    assert answer["Location"] == address
    (row,) = rows(people.org)
    assert (row.query, row.format, row.by) == ("severity=critical&severity=high", "csv", people.alice.pk)
    waiting = browser.get(LIST).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert "Download" not in waiting
    assert browser.get(f"{LIST}{row.pk}/download/")["Location"] == LIST
    work.run(people.org.pk, row.pk)
    part = browser.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' not in part
    assert "Alice" in part
    answer = browser.get(f"{LIST}{row.pk}/download/")
    assert b"".join(answer.streaming_content) == content(row)
    assert re.fullmatch(r'attachment; filename="findings-acme-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
    assert kinds(people.org) == ["export.made", "export.downloaded"]


def test_how_far_it_is_stands_on_the_page(people, record, signed_in):
    services.ask(people.org, people.alice.pk, form="csv", filters=queries.Filters())
    row = services.begin(people.org.pk, rows(people.org)[0].pk)
    services.measured(row, total=4, last=None, note="")
    services.follow(row, 3)
    page = signed_in(people.alice).get(LIST).content.decode()
    assert '<progress aria-label="3 of 4 findings" max="4" value="3">' in page


@pytest.mark.asvs("7.5.3")
def test_who_downloads_proves_once_more_who_they_are(people, record, signed_in, export):
    row = export("csv")
    browser = signed_in(people.alice, fresh=False)
    assert browser.get(LIST).status_code == 200
    answer = browser.get(f"{LIST}{row.pk}/download/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert kinds(people.org) == ["export.made"]


def test_who_reads_alone_may_export_and_who_develops_may_not(people, record, signed_in, auditor):
    assert "Export this list" in signed_in(auditor).get("/acme/findings/").content.decode()
    assert signed_in(auditor).post(MAKE, {"format": "csv"}).status_code == 302
    assert "Export this list" not in signed_in(people.bob).get("/acme/findings/").content.decode()
    assert signed_in(people.bob).post(MAKE, {"format": "csv"}).status_code == 403
    assert len(rows(people.org)) == 1


def test_a_format_that_there_is_not_is_refused(people, signed_in):
    answer = signed_in(people.alice).post(MAKE, {"format": "xlsx"})
    assert answer.status_code == 422
    assert rows(people.org) == []


def test_deleted_it_is_gone_with_its_file(people, record, signed_in, export, django_capture_on_commit_callbacks):
    row = export("csv")
    with scope(people.org.pk):
        (part,) = queries.parts(people.org, row.pk)
    path = services.blobs.path(people.org.pk, part.blob, shelf=services.SHELF)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in(people.alice).post(f"{LIST}{row.pk}/delete/").status_code == 302
    assert (rows(people.org), path.exists()) == ([], False)
    assert kinds(people.org) == ["export.made", "export.deleted"]


def test_the_search_that_strangers_wrote_is_shown_and_not_run(people, signed_in):
    text = "<script>alert(1)</script>"
    services.ask(people.org, people.alice.pk, form="csv", filters=queries.Filters(text=text))
    page = signed_in(people.alice).get(LIST).content.decode()
    assert text not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_more_than_its_limit_are_refused(people, signed_in):
    browser = signed_in(people.alice)
    answers = [browser.post(MAKE, {"format": "csv"}).status_code for _ in range(named("ExportsPerOrg").rate.burst + 1)]
    assert answers == [302] * (len(answers) - 1) + [429]
