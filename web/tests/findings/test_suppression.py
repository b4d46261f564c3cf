"""Standing decisions: what a rule hides, what comes back, and that its preview says what it does."""

import random
import re
from datetime import timedelta

import pytest
from django.db import connection
from making import report, secret, vulnerability

from vallum_engine.model.finding import Location, Severity
from vallum_web.advisories.models import Threat
from vallum_web.assets import services as assets
from vallum_web.findings import history_queries, pattern, services, suppression_queries, trying
from vallum_web.findings.models import Bulk, Decision, Finding, SuppressionRule
from vallum_web.findings.pattern import Pattern, PatternError
from vallum_web.findings.services import bulk as bulks
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

WHY = {"reason": "test_data", "note": "fixtures"}


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def digest(asset):
    def run(*findings, of=None, **more):
        services.digest(scans.uploaded(of or asset, None), report(*findings, **more))

    return run


@pytest.fixture
def rule(org, alice):
    """Make a rule, and let its job run."""

    def make(until=None, **said):
        made, begun = services.make_rule(org, alice.pk, Pattern.read(**said), until=until, **WHY)
        return made, services.run_bulk(org.pk, begun.pk)

    return make


@pytest.fixture
def shown(org):
    """Which findings have a status, by the path that they are in."""

    def read(status="suppressed"):
        with scope(org.pk):
            return sorted(Finding.objects.of(org).filter(status=status).values_list("path", flat=True))

    return read


def scores(org):
    with scope(org.pk):
        return history_queries.scores(org)


@pytest.mark.parametrize(
    ("expression", "text", "fits"),
    [
        pytest.param(pattern.of_path("tests/**"), "tests/a/b.py", True, id="all below a folder"),
        pytest.param(pattern.of_path("tests/**"), "src/tests/b.py", False, id="of that folder only"),
        pytest.param(pattern.of_path("**/tests/*.py"), "tests/b.py", True, id="no folder before it"),
        pytest.param(pattern.of_path("**/tests/*.py"), "a/b/tests/b.py", True, id="folders before it"),
        pytest.param(pattern.of_path("**/tests/*.py"), "a/tests/b/c.py", False, id="one star stays in its folder"),
        pytest.param(pattern.of_path("a.py"), "aXpy", False, id="a full stop is one"),
        pytest.param(pattern.of_path("app/[id]/(x)+$.py"), "app/[id]/(x)+$.py", True, id="marks are themselves"),
        pytest.param(pattern.of_path("a?.py"), "ab.py", True, id="one letter"),
        pytest.param(pattern.of_path("a?.py"), "a/.py", False, id="which is no slash"),
        pytest.param(pattern.of_path("a b\u00e9#-~.py"), "a b\u00e9#-~.py", True, id="blanks and letters of others"),
        pytest.param(pattern.of_rule("aws-*"), "aws-s3-public", True, id="rules of a family"),
        pytest.param(pattern.of_rule("aws-*"), "my-aws-s3", False, id="from its beginning"),
        pytest.param(pattern.of_package("lodash"), "lodash 4.17.20", True, id="a package of every version"),
        pytest.param(pattern.of_package("lodash"), "lodash-es 4.17.20", False, id="and of that name"),
        pytest.param(pattern.of_package("@angular/*"), "@angular/core 1.0.0", True, id="packages of a scope"),
        pytest.param(pattern.of_package("*-plugin"), "x 1-plugin", False, id="a version is no name"),
    ],
)
def test_a_pattern_means_the_same_here_and_in_the_database(expression, text, fits, db):
    assert bool(re.fullmatch(expression, text)) is fits
    with connection.cursor() as cursor:
        cursor.execute("select %s ~ %s", [text, expression])
        assert cursor.fetchone()[0] is fits


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param({}, "hide everything", id="nothing"),
        pytest.param({"path": "**", "rule": "*"}, "hide everything", id="what fits everything"),
        pytest.param({"path": "**/*", "package": "*"}, "hide everything", id="in every folder"),
        pytest.param({"cve": "log4shell"}, "CVE-2021-44228", id="a nickname"),
        pytest.param({"kind": "bug"}, "no kind", id="a kind there is not"),
        pytest.param({"path": "*a" * 11}, "up to 10", id="too many stars"),
        pytest.param({"rule": "a\nb"}, "one line", id="two lines"),
        pytest.param({"package": "p" * 201}, "up to 200", id="too long"),
    ],
)
def test_what_is_no_pattern_is_told_why(said, why):
    with pytest.raises(PatternError, match=why):
        Pattern.read(**said)


def test_what_fits_a_part_is_not_taken_for_everything(digest, rule, shown):
    digest(secret("a", path="a.py"), secret("b", path="src/b.py"), secret("c", path="src/d/c.py"))
    for said, hidden in (
        ("*", ["a.py"]),
        ("*/*", ["a.py", "src/b.py"]),
        ("**/*/*/*", ["a.py", "src/b.py", "src/d/c.py"]),
    ):
        rule(path=said)
        assert shown() == hidden


def test_it_hides_what_is_there_and_what_comes(org, digest, rule, shown, alice):
    old = [secret("a", path="tests/a.py"), secret("b", path="src/b.py")]
    digest(*old)
    made, run = rule(path="tests/")
    assert (run.status, run.total, run.seen, run.touched) == ("done", 1, 1, 1)
    assert shown() == ["tests/a.py"]
    digest(*old, secret("c", path="tests/c/d.py"), secret("d", path="src/d.py"))
    assert shown() == ["tests/a.py", "tests/c/d.py"]
    with scope(org.pk):
        decisions = list(Decision.objects.of(org).order_by("pk"))
        told = Event.objects.of(org).filter(kind="finding.suppressed").order_by("at", "pk")
        assert [(d.by_rule, d.by, d.reason, d.note) for d in decisions] == [
            (made.pk, alice.pk, "test_data", "fixtures")
        ] * 2
        assert [(e.actor, e.data["rule"]) for e in told] == [(alice.pk, str(made.pk)), (None, str(made.pk))]
        assert "fixtures" not in str(Event.objects.of(org).get(kind="suppression.made").data)


def test_it_hides_what_comes_back(digest, rule, shown):
    digest(secret("a", path="tests/a.py"))
    digest(paths=("tests/a.py",))
    rule(path="tests/**")
    assert shown() == []
    digest(secret("a", path="tests/a.py"))
    assert shown() == ["tests/a.py"]


def test_what_is_critical_or_exploited_is_hidden_only_when_it_says_so(digest, rule, shown, db):
    Threat.objects.create(cve="CVE-2026-0002", kev_added=clock.now().date(), changed_at=clock.now())
    digest(
        secret("a", path="a.py", severity=Severity.CRITICAL),
        secret("b", path="b.py"),
        vulnerability("lodash", "CVE-2026-0002"),
        paths=("a.py",),
    )
    rule(rule="*-token")
    assert shown() == ["b.py"]
    rule(rule="example-token", severity=Severity.CRITICAL.rank)
    assert shown() == ["a.py", "b.py"]
    rule(package="lodash", severity=Severity.CRITICAL.rank)
    assert shown() == ["a.py", "b.py"]
    rule(package="lodash", severity=Severity.CRITICAL.rank, exploited=True)
    assert shown() == ["a.py", "b.py", "package-lock.json"]


def test_what_is_exploited_by_now_counts_again(org, asset, digest, rule, shown):
    digest(vulnerability("lodash", "CVE-2026-0002"))
    rule(cve="cve-2026-0002")
    assert shown() == ["package-lock.json"]
    Threat.objects.create(cve="CVE-2026-0002", kev_added=clock.now().date(), changed_at=clock.now())
    services.weigh_asset(org.pk, asset.pk)
    assert shown("open") == ["package-lock.json"]
    Threat.objects.update(kev_added=None)
    services.weigh_asset(org.pk, asset.pk)
    assert shown() == ["package-lock.json"]


def test_what_gets_worse_than_the_rule_says_counts_again(digest, rule, shown):
    digest(secret("a", path="tests/a.py"))
    rule(path="tests/**")
    digest(secret("a", path="tests/a.py", severity=Severity.CRITICAL))
    assert shown("open") == ["tests/a.py"]
    digest(secret("a", path="tests/a.py"))
    assert shown() == ["tests/a.py"]


def test_every_place_has_to_fit(digest, rule, shown):
    test, product = (Location(path=path, line=1, end_line=1) for path in ("tests/a.py", "src/a.py"))
    both = secret("a", locations=(test, product))
    files = ("tests/a.py", "src/a.py")
    digest(both, paths=files)
    rule(path="tests/**")
    assert shown() == []
    digest(secret("a", locations=(test,)), paths=files)
    assert shown() == ["tests/a.py"]
    digest(both, paths=files)
    assert shown("open") == ["tests/a.py"]


def test_lifting_brings_back_what_it_alone_hid(org, alice, digest, rule, shown):
    digest(secret("a", path="tests/a.py"), secret("b", path="tests/b.py"), secret("c", path="tests/c.py"))
    with scope(org.pk):
        key = Finding.objects.of(org).get(path="tests/c.py").pk
    services.suppress(org, key, alice.pk, reason="risk_accepted")
    wide, run = rule(path="tests/**")
    assert run.touched == 2
    _, run = rule(path="tests/a.*")
    assert run.touched == 0
    lifted = services.lift_rule(org, wide.pk, alice.pk)
    assert services.run_bulk(org.pk, lifted.pk).touched == 3
    assert shown() == ["tests/a.py", "tests/c.py"]
    with pytest.raises(SuppressionRule.DoesNotExist):
        services.lift_rule(org, wide.pk, alice.pk)
    digest(secret("b", path="tests/b.py", message="said otherwise"), secret("e", path="tests/e.py"))
    assert shown("open") == ["tests/b.py", "tests/e.py"]


def test_it_ends_by_itself(org, digest, rule, shown, monkeypatch):
    digest(secret("a", path="tests/a.py"))
    rule(path="tests/**", until=clock.now().date())
    assert shown() == ["tests/a.py"]
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert services.expire_decisions(org.pk) == 1
    digest(secret("a", path="tests/a.py"), secret("b", path="tests/b.py"))
    assert shown("open") == ["tests/a.py", "tests/b.py"]


def test_what_a_person_let_count_again_stays_so(org, alice, digest, rule, shown):
    digest(secret("a", path="tests/a.py"))
    rule(path="tests/**")
    with scope(org.pk):
        key = Finding.objects.of(org).get().pk
    services.lift(org, key, alice.pk)
    digest(secret("a", path="tests/a.py", message="said otherwise"))
    assert shown("open") == ["tests/a.py"]


def test_of_one_asset_only(org, alice, asset, digest, rule, shown):
    other = assets.add(org, "repository", "till", alice.pk)
    rule(kind="secret", asset=asset.pk)
    digest(secret("a", path="here.py"))
    digest(secret("a", path="there.py"), of=other)
    assert shown() == ["here.py"]


def test_it_goes_on_where_it_broke_off(org, alice, digest, shown, monkeypatch):
    monkeypatch.setattr(bulks, "PART", 10)
    digest(*(secret(f"n{number}", path=f"tests/{number}.py") for number in range(25)))
    made, begun = services.make_rule(org, alice.pk, Pattern.read(path="tests/**"), **WHY)
    assert (begun.status, shown()) == ("queued", [])
    bulks._part(org.pk, begun.pk)
    assert len(shown()) == 10
    services.run_bulk(org.pk, begun.pk)
    assert len(shown()) == 25
    again = services.lift_rule(org, made.pk, alice.pk)
    assert services.run_bulk(org.pk, again.pk).touched == 25
    assert shown() == []


def test_a_rule_that_is_lifted_meanwhile_hides_no_more(org, alice, digest, shown):
    digest(secret("a", path="tests/a.py"))
    made, begun = services.make_rule(org, alice.pk, Pattern.read(path="tests/**"), **WHY)
    services.lift_rule(org, made.pk, alice.pk)
    assert services.run_bulk(org.pk, begun.pk).touched == 0
    assert shown() == []


def test_rules_are_of_their_organization(people, alice, asset):
    made, _ = services.make_rule(people.org, alice.pk, Pattern.read(kind="secret"), **WHY)
    with pytest.raises(SuppressionRule.DoesNotExist):
        services.lift_rule(people.elsewhere, made.pk, people.charlie.pk)
    with pytest.raises(services.RuleRefusedError):
        services.make_rule(people.elsewhere, people.charlie.pk, Pattern.read(asset=asset.pk), **WHY)


PATTERNS = [
    {"path": "tests/**"},
    {"rule": "CVE-*"},
    {"package": "lo*", "severity": 4},
    {"kind": "vulnerability", "exploited": True, "severity": 4},
    {"kind": "secret", "severity": 1},
    {"cve": "CVE-2026-0002", "severity": 4, "exploited": True},
    {"path": "**/*.py", "rule": "example-*", "severity": 2},
]


def someones(random):
    """A record such as chance makes it."""
    for number in range(40):
        severity = random.choice(list(Severity))
        folder = random.choice(["tests", "src", "src/tests", "docs"])
        if random.random() < 0.4:
            name, known = random.choice(["lodash", "left-pad", "log4j"]), f"CVE-2026-000{random.randint(1, 4)}"
            yield vulnerability(f"{name}{number}", known, severity=severity)
        else:
            yield secret(f"n{number}", path=f"{folder}/{number}.py", severity=severity)


@pytest.mark.parametrize("seed", range(3))
def test_a_preview_says_what_the_rule_then_hides_and_the_real_score_stays(seed, org, alice, digest, rule, shown):
    chance = random.Random(seed)
    Threat.objects.create(cve="CVE-2026-0002", kev_added=clock.now().date(), changed_at=clock.now())
    found = list(someones(chance))
    digest(*found)
    digest(*found[5:], paths=tuple(place.path for each in found for place in each.locations))
    for said in chance.sample(PATTERNS, k=4):
        before = scores(org)
        with scope(org.pk):
            tried = suppression_queries.preview(org, Pattern.read(**said))
            ids = set(Finding.objects.of(org).filter(status="open").values_list("pk", flat=True))
        _, run = rule(**said)
        assert run.touched == tried.open == sum(tried.severities.values())
        assert run.total == tried.open + tried.suppressed
        after = scores(org)
        assert after.real == before.real == tried.real
        assert before.after - after.after == tried.risk
        assert (after.after < before.after) is (tried.open > 0)
        with scope(org.pk):
            hidden = ids - set(Finding.objects.of(org).filter(status="open").values_list("pk", flat=True))
            risks = sorted(Finding.objects.of(org).filter(pk__in=hidden).values_list("risk", flat=True), reverse=True)
        assert [row.risk for row in tried.worst] == risks[:10]


@pytest.mark.parametrize("how", ["decision", "bulk"])
def test_no_other_decision_lowers_the_real_score_either(how, org, alice, digest):
    digest(secret("a"), secret("b", line=9))
    before = scores(org)
    with scope(org.pk):
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))
    if how == "decision":
        services.suppress(org, keys[0], alice.pk, reason="risk_accepted")
    else:
        services.begin_bulk(org, alice.pk, Bulk.Verb.SUPPRESS, arguments=WHY, keys=keys)
    after = scores(org)
    assert after.real == before.real
    assert after.after < before.after


def test_a_preview_looks_back(org, digest, rule):
    digest(secret("a", path="tests/a.py"), secret("b", path="tests/b.py"), secret("c", path="tests/c.py"))
    digest(secret("a", path="tests/a.py"), secret("b", path="tests/b.py"), paths=("tests/c.py",))
    wide, _ = rule(path="tests/a*")
    with scope(org.pk):
        tried = suppression_queries.preview(org, Pattern.read(path="tests/**"))
        assert (tried.open, tried.suppressed, tried.recent, tried.fixed) == (1, 1, 3, 1)
        assert [row.path for row in tried.fixed_worst] == ["tests/c.py"]
        assert [(each.rule, each.findings) for each in tried.overlaps] == [(wide.pk, 1)]
        assert tried.overlaps[0].words == "Findings in tests/a*, up to severity high"
        assert round(tried.share) == 50


def test_a_preview_gives_up_in_time(org, digest, monkeypatch):
    digest(secret("a"))
    monkeypatch.setattr(trying, "LONGEST", "1ms")
    monkeypatch.setattr(suppression_queries, "_PREVIEW", f"{suppression_queries._PREVIEW} from pg_sleep(1)")
    with scope(org.pk):
        with pytest.raises(trying.TooManyToTryError):
            suppression_queries.preview(org, Pattern.read(kind="secret"))
        assert Finding.objects.of(org).count() == 1
