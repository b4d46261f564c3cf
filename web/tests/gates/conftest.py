"""An asset whose scans are digested as reports from elsewhere are, and gates to ask about it."""

import json

import making
import pytest
from django.test import Client

from vallum_engine import wire
from vallum_engine.gate.policy import parse as policy
from vallum_web.accounts import tokens
from vallum_web.gates import services
from vallum_web.gates.reach import Reach
from vallum_web.gates.services import Wanted
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.tenancy.scope import scope


@pytest.fixture
def scanned(people):
    """Take a report in as a scan of `shop` (or of another asset), to its end; gives the scan."""

    def run(*findings, asset="shop", **more):
        data = wire.dump(making.report(*findings, **more))
        upload = ingest.accept(people.org.pk, people.alice.pk, asset_name=asset, chunks=[data])
        ingest.digest(upload)
        with scope(people.org.pk):
            return Upload.objects.of(people.org).select_related("scan__asset").get(pk=upload.pk).scan

    return run


@pytest.fixture
def gate(people):
    """Make a gate of these conditions."""

    def make(name="Gate", reach=None, **conditions):
        wanted = Wanted(name=name, policy=policy({"version": 1, **conditions}), scope=reach or Reach())
        return services.make(people.org, people.alice.pk, wanted)

    return make


class Machine:
    """A program with a token, that speaks JSON."""

    def __init__(self, org, person, role="developer", scopes=()):
        self.token, text = tokens.make(org, person, tokens.Wanted(name="ci", role=role, scopes=list(scopes)))
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query)

    def send(self, method, path, body=None):
        return getattr(self.client, method)(f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json")

    def ask(self, **body):
        return self.send("post", "gates/evaluations", {"asset": "shop", **body})


@pytest.fixture
def machine(people):
    return Machine(people.org, people.alice)


@pytest.fixture
def security(people):
    return Machine(people.org, people.alice, role="security")
