"""Strangers' texts in every place of every page: they are shown, and nothing of them is done."""

import making
import pytest
from django.test import Client
from providing import GROUP, USER, Provider

from vallum_engine.model.finding import AdvisoryRef, Kind, Location, PackageRef, Remediation
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, RuleSet, Stats, Verdict
from vallum_web.accounts import services, tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets.models import Asset
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.mail import services as mails
from vallum_web.mail.letters import Letter
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy.scope import scope

pytestmark = pytest.mark.browser

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>{{7*7}}</title></textarea>"
SHORT = "\"'><svg/onload=alert(4)>"
SCHEMES = (
    "javascript:alert(5)",
    "JaVaScRiPt:alert(6)",
    "data:text/html,<script>alert(7)</script>",
    "\tjavascript:alert(8)",
    "//evil.example/x",
    "https:javascript:alert(9)",
    "vbscript:x",
    "https://",
    "http:///x",
    'https://ok.example/"onclick=alert(1)',
)
# Anything a browser would run, or load from elsewhere, that is not the page's own.
FOREIGN = """() => [...document.querySelectorAll('*')].filter(e =>
  [...e.attributes].some(a => a.name.startsWith('on')) || ['IMG', 'IFRAME', 'OBJECT', 'EMBED', 'STYLE'].includes(e.tagName)
  || (e.tagName == 'SCRIPT' && !e.getAttribute('src')?.startsWith('/static/'))
  || (e.hasAttribute('href') && !/^(\\/(?!\\/)|#|\\?|https?:\\/\\/[^/]|mailto:)/.test(e.getAttribute('href')))
).map(e => e.outerHTML.slice(0, 300))"""


def hostile():
    """A finding of a package and one of a secret, with markup wherever a report may hold a text."""
    place = (Location(path=f"a/{MARKUP}.py"), Location(path=f"b/{MARKUP}.py", line=2, end_line=2))
    vulnerable = making.secret(
        "v",
        kind=Kind.VULNERABILITY,
        ruleset="packages/npm",
        rule=MARKUP[:100],
        title=MARKUP,
        message=MARKUP,
        evidence=MARKUP,
        locations=place,
        package=PackageRef(
            purl=SCHEMES[0], ecosystem=MARKUP, name=MARKUP, version=MARKUP, path=(MARKUP, MARKUP, MARKUP), direct=False
        ),
        advisories=tuple(
            AdvisoryRef(id=MARKUP, aliases=(MARKUP,), url=url, summary=MARKUP, cvss=MARKUP, fixed=(MARKUP,)) for url in SCHEMES
        ),
        remediation=Remediation(steps=(MARKUP, SCHEMES[0]), upgrade_to=MARKUP),
        references=SCHEMES,
    )  # fmt: skip
    secret = making.secret("s", rule=SHORT, title=MARKUP, message=MARKUP, evidence=MARKUP, locations=place)
    gaps = (
        Exclusion(path=MARKUP, ruleset=SHORT, verdict=Verdict.FAILED, why=MARKUP),
        Exclusion(path=MARKUP, ruleset="", verdict=Verdict.SKIPPED, why=MARKUP, covered=True),
    )
    rules = (RuleSet(name=SHORT, version=SHORT, rules=None),)
    coverage = Coverage(rulesets=rules, exclusions=gaps, paths=("a",))
    problem = Problem(path=MARKUP, what=MARKUP, todo=MARKUP)
    target = {"branch": MARKUP, "commit": SHORT}
    return making.report(vulnerable, secret, coverage=coverage, errors=(problem,), target=target)


def _scanned(org, alice, asset):
    """A scan with hostile findings, one that failed, and one finding suppressed: the paths of both scans, and the findings' ids."""
    with scope(org.pk):
        done = scans.uploaded(asset, alice.pk)
        report = hostile()
        scans.finish(done, report, engine=SHORT, outcome={"new": 2})
        findings.digest(done, report)
        failed = scans.uploaded(asset, alice.pk)
        scans.fail(failed, MARKUP)
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))
        findings.suppress(org, keys[0], alice.pk, reason="test_data", note=MARKUP)
        assert (Scan.objects.count(), Upload.objects.count()) == (2, 0)
    return [f"/acme/scans/{done.pk}/", f"/acme/scans/{failed.pk}/"], keys


def _imported(org, alice, asset):
    """A report of another tool that was refused, and one that was taken in part: their paths."""
    said = ingest.Reading(name=MARKUP, format="sarif")
    sent = ingest.accept(org.pk, alice.pk, asset_name=MARKUP, chunks=[MARKUP.encode()], reading=said)
    ingest.refuse(sent, MARKUP)
    foreign = Report(
        errors=tuple(Problem(path=MARKUP, what=MARKUP) for _ in range(60)),
        stats=Stats(records=60, rejected=60),
        target={"report": MARKUP[:100]},
    )
    with scope(org.pk):
        partly = scans.imported(asset, alice.pk, tool=SHORT)
        scans.finish(partly, foreign, engine="0.1.0", outcome={"records": 60, "rejected": 60, "seen": 0})
    return [f"/acme/scans/{partly.pk}/", f"/acme/scans/{sent.scan_id}/", f"/acme/scans/{sent.scan_id}/again/"]


def _provisioned(org, alice):
    _, text = tokens.make(org, alice, tokens.Wanted(name=SHORT, role="owner", kind="scim", scopes=["scim.manage"]))
    provider = Provider(text)
    provider.person(MARKUP, displayName=MARKUP, externalId=MARKUP)
    provider("POST", "/Users", {"schemas": [USER], "userName": MARKUP})
    provider("POST", "/Groups", {"schemas": [GROUP], "displayName": SHORT})


@pytest.fixture
def pages(live_database):
    """Every page that shows something of somebody else's, and Alice's session."""
    alice = making.person("alice@example.test", name=MARKUP[:80])
    org = services.found(MARKUP[:80], "acme", alice)
    repositories.add_by_url(org, alice.pk, url="https://code.example.test/a/b", name=MARKUP)
    made = repositories.add_archive(org, alice.pk, name=f"{MARKUP} 2", archive=org.pk, archive_name=MARKUP)
    tokens.make(org, alice, tokens.Wanted(name=SHORT, role=Membership.Role.DEVELOPER))
    with scope(org.pk):
        asset = Asset.objects.of(org).get(pk=made.asset_id)
    scanned, keys = _scanned(org, alice, asset)
    imported = _imported(org, alice, asset)
    _provisioned(org, alice)
    said = Letter(subject=MARKUP[:100], text=" ".join([MARKUP, *SCHEMES]))
    mails.queue(kind="security", to="alice@example.test", letter=said)
    browser = Client()
    browser.force_login(alice)
    asked = f"q={'%3Csvg/onload=alert(4)%3E'}&rule=%22%3E%3Csvg&status=any"
    return browser.cookies["session"].value, [
        "/",
        "/acme/",
        "/acme/assets/",
        f"/acme/assets/{asset.pk}/",
        "/acme/assets/add/",
        "/acme/findings/?status=any",
        f"/acme/findings/?{asked}",
        *(f"/acme/findings/{key}/?status=any&asset={asset.pk}" for key in keys),
        *scanned,
        *imported,
        f"/acme/import/?asset={asset.pk}",
        "/acme/settings/",
        "/acme/settings/tokens/",
        "/acme/settings/teams/",
        "/acme/settings/provisioning/",
        "/acme/settings/privacy/",
        "/accounts/email/",
        "/accounts/privacy/",
        "/legal/cookies/",
        "/legal/processing/",
        "/privacy/",
        "/inbox/",
    ]


@pytest.mark.policy("PP-7a", "PP-7b")
@pytest.mark.asvs("1.1.2", "1.2.1", "1.2.3", "1.3.7", "3.2.2")
def test_nothing_that_strangers_write_is_done(page, site, pages):
    session, paths = pages
    page.context.add_cookies([{"name": "session", "value": session, "url": site}])
    dialogs, elsewhere = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url else None)
    shown = 0
    for path in paths:
        answer = page.goto(path)
        assert answer.status == 200, path
        foreign = page.evaluate(FOREIGN)
        assert foreign == [], path
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""], path
        assert {cookie["name"] for cookie in page.context.cookies()} <= {"session", "csrf"}, path
        shown += "onerror=alert(1)" in page.inner_text("body")
        for opener in page.locator("details").all():
            opener.evaluate("e => e.open = true")
    assert shown > 6
    assert (dialogs, elsewhere) == ([], [])
