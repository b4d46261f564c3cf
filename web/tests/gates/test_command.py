"""`vallum gate --server` against the platform itself, over real HTTP: a process, a token, and an exit code."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import making
import pytest
from django.db import connections
from served import site

from vallum_engine import wire
from vallum_engine.gate.policy import parse as policy
from vallum_engine.model.finding import Severity
from vallum_web.accounts import tokens
from vallum_web.gates import services
from vallum_web.gates.reach import Reach
from vallum_web.gates.services import Wanted
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.tenancy.scope import scope

__all__ = ["site"]  # the fixture


@pytest.fixture
def platform(site):
    """A platform with a gate, and the command to ask it."""
    people = making.people()
    wanted = Wanted(name="Nothing bad", policy=policy({"version": 1, "max_severity": "high"}), scope=Reach())
    services.make(people.org, people.alice.pk, wanted)
    _, text = tokens.make(
        people.org, people.alice, tokens.Wanted(name="ci", role="developer", scopes=["gates.evaluate"])
    )

    def accept(*findings):
        data = wire.dump(making.report(*findings))
        return ingest.accept(people.org.pk, people.alice.pk, asset_name="shop", chunks=[data])

    def digest(upload):
        with scope(people.org.pk):
            kept = Upload.objects.of(people.org).select_related("scan__asset").get(pk=upload.pk)
        ingest.digest(kept)

    def command(*more, asset="shop", token=text):
        connections.close_all()  # the site's thread serves this process's database
        environment = {
            **os.environ,
            "VALLUM_TOKEN": token,
            "VALLUM_EGRESS_ALLOW": f"127.0.0.1/32:{urlsplit(site).port}",
        }
        arguments = [sys.executable, "-m", "vallum", "gate", "--server", site, "--asset", asset, *more]
        return subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def gate(*more, **kwargs):
        process = command(*more, **kwargs)
        out, err = process.communicate(timeout=60)
        return SimpleNamespace(code=process.returncode, out=out, err=err)

    return SimpleNamespace(accept=accept, digest=digest, gate=gate, command=command, url=site, people=people)


@pytest.mark.slow
def test_pass_fail_and_cannot_say(platform):
    assert platform.gate().code == 3
    upload = platform.accept(making.secret("one", severity=Severity.HIGH))
    waiting = platform.gate("--wait", "0")
    assert (waiting.code, "not digested yet" in waiting.out) == (3, True)
    platform.digest(upload)
    passed = platform.gate("--wait", "0")
    assert (passed.code, "pass        Nothing bad" in passed.out) == (0, True), passed.out + passed.err
    platform.digest(platform.accept(making.secret("two", severity=Severity.CRITICAL)))
    failed = platform.gate("--gate", "Nothing bad", "--format", "json")
    assert failed.code == 1
    (said,) = json.loads(failed.out)["gates"]
    assert said["reasons"][0]["url"].startswith(f"{platform.url}/acme/findings/?severity=critical&asset=")
    assert said["offending"][0]["title"] == "Example token"
    assert platform.gate("--scan", str(upload.scan_id)).code == 0


def test_it_waits_for_the_scan_to_be_digested(platform):
    upload = platform.accept(making.secret("one", severity=Severity.CRITICAL))
    process = platform.command("--wait", "60")
    platform.digest(upload)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "1 finding worse than high." in out) == (1, True), out + err


@pytest.mark.slow
def test_a_stranger_and_a_wrong_name_are_told_what_to_check(platform):
    platform.digest(platform.accept())
    assert "set VALLUM_TOKEN" in platform.gate(token="vlm_api_aaaaaaaaaaaaaaaaaaaaaaaaaa000000").err
    for wrong in (("--gate", "Nowhere"), ("--scan", "01a21619-6c1a-7f8b-98fd-9787ebaffd0c")):
        ran = platform.gate(*wrong)
        assert (ran.code, "no asset, gate or scan of that name" in ran.err) == (3, True)
    people = platform.people
    _, theirs = tokens.make(people.elsewhere, people.charlie, tokens.Wanted(name="ci", role="owner"))
    assert "no asset, gate or scan of that name" in platform.gate(token=theirs).err
    _, weak = tokens.make(people.org, people.alice, tokens.Wanted(name="weak", role="auditor"))
    assert "may not ask gates" in platform.gate(token=weak).err
