"""The life of an export: written in parts, taken up after a crash, accounted for, and gone after a week."""

import json
import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection
from making import secret

from vallum_web.findings import services as findings
from vallum_web.findings.files import selection
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.ingest import sweep
from vallum_web.reports import queries, services, work
from vallum_web.reports.formats.document import Ndjson
from vallum_web.reports.models import Export, Part
from vallum_web.tenancy import blobs, clock
from vallum_web.tenancy.scope import scope


class PowerCutError(BaseException):
    """What no `except Exception` sees."""


def files(org):
    return sorted(path.name for path in blobs._folder(org.pk, services.SHELF).glob("*"))


def ids(data):
    return [json.loads(line)["id"] for line in data.splitlines()]


def there(org):
    with scope(org.pk):
        return sorted(str(key) for key in Finding.objects.of(org).values_list("pk", flat=True))


def asked(people, form="ndjson", **filters):
    return services.ask(people.org, people.alice.pk, form=form, filters=Filters(**filters))


def again(people, row):
    work.run(people.org.pk, row.pk)
    with scope(people.org.pk):
        return queries.export(people.org, row.pk), queries.parts(people.org, row.pk)


@pytest.fixture
def seven(digest):
    digest(*(secret(f"f{n}", line=n + 1) for n in range(7)))


@pytest.fixture
def small(monkeypatch):
    """Pages of two findings, parts of three."""
    monkeypatch.setattr(selection, "PAGE", 2)
    monkeypatch.setattr(work, "PART_ROWS", 3)


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "sarif", "cyclonedx"])
def test_a_file_in_parts_is_the_file_in_one(people, record, export, content, form, monkeypatch):
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    whole = content(export(form, status="any"))
    monkeypatch.setattr(selection, "PAGE", 2)
    monkeypatch.setattr(work, "PART_ROWS", 3)
    row = export(form, status="any")
    with scope(people.org.pk):
        parts = queries.parts(people.org, row.pk)
    assert [part.rows for part in parts] == ([3, 3, 3] if form != "cyclonedx" else [3, 3])
    assert [part.final for part in parts] == [False] * (len(parts) - 1) + [True]
    assert sum(part.size for part in parts) == row.size

    def bare(data):
        """Without what tells two exports apart."""
        text = data.decode()
        return [line for line in text.split("\n") if "exported" not in line and "urn:uuid:" not in line]

    assert bare(content(row)) == bare(whole)


def test_exported_is_what_matches(people, record, export, content):
    for filters in (
        {},
        {"status": "any"},
        {"severities": ("critical", "low")},
        {"kinds": ("vulnerability",)},
        {"text": "lodash", "status": "any"},
    ):
        row = export("ndjson", **filters)
        with scope(people.org.pk):
            from vallum_web.findings.queries import matching  # noqa: PLC0415 - the worklist's own question

            expected = {str(key) for key in matching(people.org, Filters(**filters)).values_list("pk", flat=True)}
        assert set(ids(content(row))) == expected
        assert (row.rows, row.total, row.note) == (len(expected), len(expected), "")


@pytest.mark.parametrize("after", [0, 2, 5, 6])
def test_broken_off_it_goes_on_behind_the_last_whole_part(people, seven, small, content, monkeypatch, after):
    row = asked(people)
    written = []

    def line(self, one):
        if len(written) == after:
            raise PowerCutError
        written.append(one)
        return plain(self, one)

    plain = Ndjson.line
    monkeypatch.setattr(Ndjson, "line", line)
    with pytest.raises(PowerCutError):
        work.run(people.org.pk, row.pk)
    monkeypatch.setattr(Ndjson, "line", plain)
    with scope(people.org.pk):
        kept = [part.blob for part in queries.parts(people.org, row.pk)]
    assert len(kept) == after // 3
    done, parts = again(people, row)
    assert (done.status, done.attempts, done.rows) == ("done", 2, 7)
    assert [part.blob for part in parts][: len(kept)] == kept
    assert sorted(ids(content(done))) == there(people.org)
    assert len(files(people.org)) == len(parts) == 3


def test_broken_off_before_its_last_word_nothing_is_written_twice(people, seven, small, content, monkeypatch):
    row = asked(people, form="json")
    finish = services.finish
    monkeypatch.setattr(services, "finish", lambda _row: (_ for _ in ()).throw(PowerCutError))
    with pytest.raises(PowerCutError):
        work.run(people.org.pk, row.pk)
    monkeypatch.setattr(services, "finish", finish)
    done, _ = again(people, row)
    assert (done.status, done.attempts) == ("done", 2)
    assert json.loads(content(done))["count"] == 7


def test_tried_too_often_it_fails_and_says_so(people, seven, monkeypatch):
    row = asked(people)

    def cut(*_):
        raise PowerCutError

    monkeypatch.setattr(Ndjson, "line", cut)
    for _ in range(services.MAX_ATTEMPTS):
        with pytest.raises(PowerCutError):
            work.run(people.org.pk, row.pk)
    failed, parts = again(people, row)
    assert (failed.status, parts) == ("failed", [])
    assert failed.failure.startswith("Broken off 3 times, by a crash")
    assert "Export again" in failed.failure


def test_a_full_disk_fails_it_with_what_to_do(people, seven, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ndjson, "line", full)
    failed, _ = again(people, asked(people))
    assert failed.status == "failed"
    assert "No space left on device" in failed.failure
    assert files(people.org) == []


def test_deleted_while_it_is_written_it_stops_and_leaves_nothing(
    people, seven, small, monkeypatch, django_capture_on_commit_callbacks
):
    row = asked(people)
    follow = services.follow
    calls = []

    def delete(one, rows):
        follow(one, rows)
        calls.append(rows)
        if rows == 4:
            with django_capture_on_commit_callbacks(execute=True):
                services.delete(people.org, row.pk, people.alice.pk)

    monkeypatch.setattr(services, "follow", delete)
    work.run(people.org.pk, row.pk)
    with scope(people.org.pk):
        assert not Export.objects.of(people.org).exists()
        assert not Part.objects.of(people.org).exists()
    assert files(people.org) == []
    assert calls[-1] == 4


def test_an_attempt_that_was_overtaken_writes_nothing_more(people, seven, small, monkeypatch):
    row = asked(people)
    slow = services.begin(people.org.pk, row.pk)
    work.run(people.org.pk, row.pk)
    with pytest.raises(services.OvertakenError):
        services.follow(slow, 1)
    with blobs.create(people.org.pk, limit=10, shelf=services.SHELF) as blob:
        blob.write(b"x")
    with pytest.raises(services.OvertakenError):
        services.keep(slow, blob, services.Stretch(number=9, rows=1, last=None, final=True))
    services.fail(slow, "nonsense")
    with scope(people.org.pk):
        assert queries.export(people.org, row.pk).status == "done"
    assert len(files(people.org)) == 3


def test_what_moves_meanwhile_is_met_once_or_accounted_for(people, seven, small, content, monkeypatch, digest):
    """One is hidden, risks change, new ones are found: the file holds no finding twice, and the row says what happened."""
    row = asked(people, sort="-risk")
    before = there(people.org)
    follow = services.follow
    moved = []

    def move(one, rows):
        follow(one, rows)
        if rows == 2:
            findings.suppress(people.org, before[-1], people.alice.pk, reason="test_data")
            with scope(people.org.pk):
                Finding.objects.of(people.org).filter(pk=before[0]).update(risk=1)
            digest(secret("late"), name="tools")
            moved.append(1)

    monkeypatch.setattr(services, "follow", move)
    done, _ = again(people, row)
    assert moved
    assert ids(content(done)) == before[:-1]
    assert (done.total, done.rows) == (7, 6)
    assert done.note == "1 findings left the list while it was written."


def test_mine_stay_mine_whoever_writes_it(people, seven, export, content):
    """A worker is nobody: `me` is who asked."""
    mine = there(people.org)[2]
    with scope(people.org.pk):
        Finding.objects.of(people.org).filter(pk=mine).update(assignee=people.alice.pk)
    row = export("ndjson", assignee="me")
    assert row.query == f"assignee={people.alice.pk}"
    assert ids(content(row)) == [mine]
    with scope(people.org.pk):
        assert queries.told(people.org, [row])[row.pk] == "open findings; assigned to: Alice"


def test_a_search_that_was_cut_says_so(people, seven, export, monkeypatch):
    monkeypatch.setattr(queries.findings, "SEARCH_LIMIT", 1)
    assert "narrow it" in export("csv", text="example").note


def test_after_a_week_it_is_gone(people, seven, export):
    row = export("csv")
    other = asked(people)
    assert len(files(people.org)) == 1
    services.expire(people.org.pk)
    with clock.travelled(timedelta(days=7, minutes=1)):
        services.expire(people.org.pk)
        with scope(people.org.pk):
            assert not Export.objects.of(people.org).filter(pk__in=[row.pk, other.pk]).exists()
            assert not Part.objects.of(people.org).exists()
    assert files(people.org) == []


def test_it_is_kept_for_the_week_whatever_sweeps(people, seven, export, content):
    row = export("csv")
    with blobs.create(people.org.pk, limit=10, shelf=services.SHELF) as lost:
        lost.write(b"x")
    with clock.travelled(timedelta(days=6)):
        assert sweep.blobs_without_a_row(people.org.pk) == 0
        assert len(files(people.org)) == 2
        assert services.sweep(people.org.pk) == 1
    assert content(row).count(b"\n") == 8


def jobs(row):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where args->>'export' = %s", [str(row.pk)])
        return cursor.fetchone()[0]


def test_what_nobody_works_on_is_queued_again(people, seven):
    row = asked(people)
    assert (jobs(row), services.pick_up(people.org.pk)) == (1, 0)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    assert (services.pick_up(people.org.pk), jobs(row)) == (1, 1)
    again(people, row)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    assert services.pick_up(people.org.pk) == 0


def multiply(org, times):
    """So many more of each finding that is there."""
    fields = [field for field in Finding._meta.concrete_fields if not field.generated]
    columns = [field.column for field in fields if field.column not in {"id", "fingerprint"}]
    names = ", ".join(columns)
    with scope(org.pk), connection.cursor() as cursor:
        cursor.execute(
            f"insert into findings_finding (id, fingerprint, {names}) select vallum_uuid7(), md5(random()::text), {names} "
            "from findings_finding, generate_series(1, %s) n",
            [times],
        )


@pytest.mark.parametrize("form", ["csv", "sarif"])
def test_memory_does_not_grow_with_the_list(people, seven, export, form, monkeypatch):
    monkeypatch.setattr(selection, "PAGE", 100)

    def peak():
        tracemalloc.start()
        try:
            rows = export(form).rows
            return rows, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    export(form)  # what is loaded once
    multiply(people.org, 60)
    few, small_peak = peak()
    multiply(people.org, 5)
    many, large_peak = peak()
    assert (few, many) == (427, 2562)
    # Six times the list would need five megabytes more, were it all held at once; the allowance is a page of findings.
    assert large_peak < small_peak + 500_000
