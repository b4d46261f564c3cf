"""A receiver on loopback, reached through the guard, and a webhook of Alice's organization that leads there."""

import pytest
from hooking import PATH, Hook, Machine

from dev.fakes.loopback import Answer
from dev.fakes.site import running


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    with running(tmp_path) as site:
        monkeypatch.setenv("VALLUM_EGRESS_ALLOW", site.opening)
        monkeypatch.setenv("SSL_CERT_FILE", str(site.authority))
        site.pages[PATH] = Answer(body=b"thanks")
        yield site


@pytest.fixture
def hook(people, receiver):
    return Hook(people, f"{receiver.url}{PATH}?token=hunter2")


@pytest.fixture
def machine(people):
    return Machine(people.org, people.alice)
