"""Every list that the worklist can make, by the functions its pages call, and digests into the full table."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from django.http import QueryDict
from django.test import Client

from bench.ingest.work import report
from vallum_web.accounts.models import User
from vallum_web.assets import services as assets
from vallum_web.findings import counting, due, due_queries, history_queries, queries, services, suppression_queries
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding
from vallum_web.findings.pattern import Pattern
from vallum_web.overview import home
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

LISTS = {
    "first page, by risk": "",
    "critical and high": "severity=critical&severity=high",
    "by severity": "sort=-severity",
    "oldest first": "sort=opened",
    "any status": "status=any",
    "resolved": "status=resolved",
    "one kind": "kind=secret",
    "low confidence": "confidence=low",
    "one rule": "rule=rule-77",
    "known exploited": "exploited=yes",
    "overdue, by date": "due=overdue&sort=due",
    "nobody's": "assignee=nobody",
    "search, common word": "q=credentials",
    "search, rare word": "q=w4321",
    "search, a CVE's package": "q=package-77",
    "search and severity": "q=injection&severity=critical",
}

RULES = {
    "a folder": {"path": "src/package_7/**"},
    "nearly all": {"path": "src/**", "severity": 4, "exploited": True},
    "one rule": {"rule": "rule-77"},
    "a package": {"package": "package-7*"},
}


def measure(org: Org, runs: int, what: str) -> None:
    print(f"\n{what}: milliseconds, {runs} runs each\n  {'':<34}{'p50':>8}{'p95':>9}{'p99':>9}")
    with scope(org.pk):
        asset = Finding.objects.of(org).values_list("asset", flat=True).first()
        key = Finding.objects.of(org).order_by("-risk").values_list("pk", flat=True).first()
    for name, act in _acts(org, asset, key):
        times = []
        for _ in range(max(3, runs // 10) if "tried" in name else runs):  # what is tried takes seconds, and is seldom
            with scope(org.pk):
                started = time.perf_counter()
                act()
                times.append((time.perf_counter() - started) * 1000)
        _say(name, times)
    gc.collect()
    gc.freeze()  # as the web server does once it has loaded (config/wsgi.py)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.get(email="bench@example.test"))
    for name, path in _pages(org, asset, key):
        browser.get(path, secure=True)
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            answer = browser.get(path, secure=True)
            times.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
        _say(name, times)


def _say(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.95, 0.99))
    print(f"  {name:<34}{statistics.median(times):>8.1f}{p95:>9.1f}{p99:>9.1f}", flush=True)


def _pages(org: Org, asset: object, key: object) -> Iterator[tuple[str, str]]:
    for name in ("first page, by risk", "one rule", "search, common word", "search, rare word", "any status"):
        yield f"page: {name}", f"/{org.slug}/findings/?{LISTS[name]}"
    yield "page: one asset", f"/{org.slug}/findings/?asset={asset}"
    yield "page: with a panel", f"/{org.slug}/findings/{key}/"
    yield "page: by fix", f"/{org.slug}/findings/?group=fix"
    yield "page: overview", f"/{org.slug}/"


def _acts(org: Org, asset: object, key: object) -> Iterator[tuple[str, Callable[[], object]]]:
    for name, query in {
        **LISTS,
        "one asset": f"asset={asset}",
        "one asset, by path": f"asset={asset}&sort=path",
    }.items():
        filters = Filters.parse(QueryDict(query))
        yield f"list: {name}", lambda filters=filters: queries.worklist(org, filters).rows
    deep = _deep(org)
    yield "list: page 200", lambda: queries.worklist(org, Filters(), after=deep).rows
    for name in ("first page, by risk", "critical and high", "one rule", "search, common word", "known exploited"):
        filters = Filters.parse(QueryDict(LISTS[name]))
        yield f"counts: {name}", lambda filters=filters: counting.counts(org, filters)
    yield "one finding, whole", lambda: queries.detail(org, key)
    since = clock.now() - timedelta(days=1)
    yield "overview, whole", lambda: home.home(org, since)
    yield "overview: scores", lambda: history_queries.scores(org)
    yield "overview: changes", lambda: history_queries.changes(org, since)
    yield "overview: times to resolve", lambda: history_queries.took(org)
    yield "overview: fixes", lambda: history_queries.fixes(org)
    yield "history, measured", lambda: services.measure(org.pk)
    yield "due dates, tried", lambda: due_queries.overdue_under(org, due.table({}))
    for name, said in RULES.items():
        wanted = Pattern.read(**said)
        yield f"suppression rule, tried: {name}", lambda wanted=wanted: suppression_queries.preview(org, wanted)


def _deep(org: Org) -> str:
    cursor = ""
    with scope(org.pk):
        for _ in range(200):
            cursor = queries.worklist(org, Filters(), after=cursor).next or cursor
    return cursor


def digests(org: Org, size: int) -> None:
    """A report of an asset of its own into the organization's table: new, the same again, a tenth changed, all gone."""
    if not size:
        return
    asset = assets.add(org, "repository", "digested", None)
    said = report(size)
    tenth = replace(
        said, findings=tuple(replace(f, title="Changed") if n % 10 == 0 else f for n, f in enumerate(said.findings))
    )
    print(f"\ndigest of {size:,}")
    for name, what in (
        ("new", said),
        ("same", said),
        ("a tenth changed", tenth),
        ("all resolved", replace(said, findings=())),
    ):
        scan = scans.uploaded(asset, None)
        started = time.perf_counter()
        services.digest(scan, what)
        _rate(name, size, started)
        started = time.perf_counter()
        services.settle(org.pk, asset.pk)
        _rate("  and its words and counts, after it", size, started)


def _rate(name: str, size: int, started: float) -> None:
    seconds = time.perf_counter() - started
    print(f"  {name:<36}{seconds:>6.1f} s {size / seconds:>9,.0f} rows/s", flush=True)
