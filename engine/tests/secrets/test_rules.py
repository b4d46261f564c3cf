"""Every packaged rule finds what it says it finds, once, and leaves alone what it says it leaves alone."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaged import BOOK, PAIRS, compiled

from vallum_engine.detector import Trigger
from vallum_engine.model.file import File
from vallum_engine.model.finding import Finding
from vallum_engine.secrets import rulebook, samples
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.rule import Rule, Samples
from vallum_engine.secrets.trial import path_for
from vallum_engine.triggers import Database

REGISTRIES = [
    f"{name}.{end}" for name, end in (("pypi", "org"), ("npmjs", "com"), ("rubygems", "org"), ("crates", "io"))
]
# Issuers whose console or former name stands under another name than their documents.
OTHER_HOSTS: frozenset[str] = frozenset(
    [
        "api.dropboxapi.com",
        "api.getpostman.com",
        "api.hetzner.cloud",
        "api.hubapi.com",
        "api.linode.com",
        "api.mailgun.net",
        "api.prefect.cloud",
        "api.sendgrid.com",
        "api.slack.com",
        "app.prefect.cloud",
        "app.readthedocs.org",
        "app.sendgrid.com",
        "app.swaggerhub.com",
        "app.terraform.io",
        "bitbucket.org",
        "cloud.linode.com",
        "confluent.cloud",
        "console.neon.tech",
        "go.postman.co",
        "mandrillapp.com",
        "papertrailapp.com",
        "slack.com",
        "trello.com",
        "www.mercadopago.com",
        "www.notion.so",
        "www.ovh.com",
        "www.reddit.com",
    ]
)
LEAKS = [(rule, sample) for rule, found in PAIRS for sample in found.leaks]
CLEAN = [(rule, sample) for rule, found in PAIRS for sample in found.clean]


def _registered(host: str) -> str:
    """The part of a host's name that somebody registered: under `com.au` and its like three labels, else two."""
    labels = host.split(".")
    return ".".join(labels[-3 if len(labels) > 2 and labels[-2] in {"co", "com"} and len(labels[-1]) == 2 else -2 :])


def _is_the_issuers(rule: Rule, address: str) -> bool:
    host = urlsplit(address).hostname or ""
    named = {_registered(urlsplit(reference).hostname or "") for reference in rule.references}
    return _registered(host) in named or host in OTHER_HOSTS


@pytest.fixture(scope="module")
def database() -> Database:
    return compiled()


def seeing(database: Database) -> SecretsDetector:
    detector = SecretsDetector(BOOK)
    detector.see_with(lambda data: database.hits(data).get(0, ()))
    return detector


def found_in(rule: Rule, sample: str, database: Database) -> tuple[bytes, list[Finding]]:
    data = samples.fill(sample).encode()
    hits = database.hits(data).get(0, ())
    return data, list(seeing(database).detect(File(path_for(rule), data), hits))


@pytest.mark.parametrize(("rule", "sample"), LEAKS, ids=[f"{rule.id}: {sample[:40]}" for rule, sample in LEAKS])
def test_a_leak_is_found_once_by_its_own_rule_and_never_repeated(rule: Rule, sample: str, database: Database) -> None:
    data, findings = found_in(rule, sample, database)
    assert [finding.rule for finding in findings] == [rule.id]
    assert len(findings[0].locations) == 1
    said = repr(findings[0]).encode() + repr(findings[0].identity).encode()
    secrets = seeing(database)._matches(data, database.hits(data).get(0, ()), findings[0].locations[0].path)
    for match in secrets:
        assert match.value not in said


@pytest.mark.parametrize(("rule", "sample"), CLEAN, ids=[f"{rule.id}: {sample[:40]}" for rule, sample in CLEAN])
def test_what_is_clean_is_left_alone(rule: Rule, sample: str, database: Database) -> None:
    assert rule.id not in [finding.rule for finding in found_in(rule, sample, database)[1]]


@pytest.mark.parametrize(("rule", "found"), PAIRS, ids=[rule.id for rule, _ in PAIRS])
def test_a_rule_tells_people_what_to_do(rule: Rule, found: Samples) -> None:
    assert found.leaks
    assert found.clean
    assert rule.rotate
    assert all(reference.startswith("https://") for reference in rule.references)
    text = " ".join((*rule.references, *rule.rotate, *found.leaks, *found.clean, rule.pattern.decode()))
    assert not [host for host in REGISTRIES if host in text]


def test_where_a_credential_is_revoked_is_a_page_of_its_issuer() -> None:
    told = [rule for rule in BOOK.rules if rule.revoke]
    assert len({rule.provider for rule in told}) >= 200
    assert all(urlsplit(rule.revoke).scheme == "https" for rule in told)
    assert [(rule.id, rule.revoke) for rule in told if not _is_the_issuers(rule, rule.revoke)] == []


def test_who_is_asked_about_a_credential_is_its_issuer() -> None:
    asked = [(rule, rule.verify.url) for rule in BOOK.rules if rule.verify]
    assert len(asked) > 60
    assert [(rule.id, url) for rule, url in asked if not _is_the_issuers(rule, url)] == []


def test_there_are_many_rules_over_many_providers() -> None:
    assert len(BOOK.rules) >= 650
    assert len({rule.provider for rule in BOOK.rules}) >= 500


def test_the_rule_files_themselves_hold_no_secret(database: Database) -> None:
    for entry in sorted(Path(rulebook.FOLDER).iterdir()):
        data = entry.read_bytes()
        found = seeing(database).detect(File(f"rules/{entry.name}", data), database.hits(data).get(0, ()))
        assert [finding.rule for finding in found] == []


def test_a_leak_costs_few_hits(database: Database) -> None:
    """A trigger that ends in many places would storm the detector on long tokens."""
    triggered = [rule for rule in BOOK.rules if rule.trigger]
    costs = {}
    for rule, sample in LEAKS:
        if rule not in triggered:
            continue
        data = samples.fill(sample).encode()
        own = triggered.index(rule)
        costs[rule.id] = sum(hit.trigger == own for hit in database.hits(data).get(0, ()))
    assert {rule: cost for rule, cost in costs.items() if not 1 <= cost <= 4} == {}


def test_every_trigger_is_a_trigger() -> None:
    assert all(isinstance(trigger, Trigger) for trigger in SecretsDetector(BOOK).triggers)
